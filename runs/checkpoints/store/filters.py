"""Filters of a search as SQL conditions, with the meaning they have on the recorded server: keys and values are parameters, never text."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from runs.checkpoints.saver import json_text
from tenants.exceptions import BadRequest

KEY = re.compile(r"[A-Za-z0-9_.-]{1,128}")
MOST = 100
COMPARISONS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
Parameters = dict[str, Any]


class BadOperation(BadRequest, ValueError):
    """The store cannot do this; to graph code it is a ValueError."""


def conditions(wanted: Mapping[str, Any] | None) -> tuple[str, Parameters]:
    """SQL that begins with `and` over `s.value`, or nothing; and its parameters. Raises BadOperation."""
    found: list[str] = []
    parameters: Parameters = {}
    for key, value in (wanted or {}).items():
        for text, given in _compared((key,), value):
            number = len(found)
            if number == MOST:
                raise BadOperation(f"A filter may have at most {MOST} conditions")
            found.append(text.format(path=f"%(path{number})s::text[]", value=f"%(value{number})s"))
            parameters |= {f"path{number}": list(given[0]), f"value{number}": given[1]}
    return "".join(f" and {each}" for each in found), parameters


Condition = tuple[str, tuple[tuple[str, ...], Any]]


def _compared(path: tuple[str, ...], wanted: Any) -> Iterator[Condition]:
    """Scalars and lists are equal; objects match in part, or hold operators. What an item does not have is null."""
    if path[-1].startswith("$"):
        raise BadOperation(f"Unsupported operator: {path[-1]}")
    if not KEY.fullmatch(path[-1]):
        raise BadOperation(f"Filter key {path[-1]!r} must consist of 1 to 128 letters, digits, '_', '.' and '-'")
    if not isinstance(wanted, Mapping):
        yield _equal(path, wanted, "=")
    elif any(key.startswith("$") for key in wanted):
        for operator, operand in wanted.items():
            yield _operated(path, operator, operand)
    else:
        yield "jsonb_typeof(s.value #> {path}) = {value}", (path, "object")
        for key, value in wanted.items():
            yield from _compared((*path, key), value)


def _operated(path: tuple[str, ...], operator: str, operand: Any) -> Condition:
    if operator in ("$eq", "$ne"):
        return _equal(path, operand, "=" if operator == "$eq" else "<>")
    if operator not in COMPARISONS:
        raise BadOperation(f"Unsupported operator: {operator}")
    sign = COMPARISONS[operator]
    if isinstance(operand, int | float | Decimal) and not isinstance(operand, bool):
        return _typed("number", f"(s.value #>> {{path}})::numeric {sign} {{value}}::numeric"), (path, str(operand))
    if isinstance(operand, str):
        return _typed("string", f'(s.value #>> {{path}}) collate "C" {sign} {{value}}'), (path, operand)
    raise BadOperation(f"{operator} compares numbers or strings")


def _typed(kind: str, condition: str) -> str:
    """`case` since `and` has no order: a cast must not see what is no number."""
    return f"case when jsonb_typeof(s.value #> {{path}}) = '{kind}' then {condition} end"


def _equal(path: tuple[str, ...], wanted: Any, sign: str) -> Condition:
    return f"coalesce(s.value #> {{path}}, 'null') {sign} {{value}}::jsonb", (path, json_text(wanted))
