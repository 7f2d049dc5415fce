"""Whether an answer is one that its interrupt admits: schema and allowed decisions."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from runs.services.situation import KnownInterrupt
from tenants.exceptions import Invalid
from tenants.models import Json
from tenants.validation import Validator

logger = logging.getLogger("runs.answers")

# What a decision on a LangChain agent's tool call carries; without it the agent's middleware would fail the run.
NEEDED: dict[str, tuple[tuple[str, type], ...]] = {"edit": (("edited_action", dict),), "respond": (("message", str),)}


def check_answer(interrupt: KnownInterrupt, answer: Any) -> None:
    """Raise Invalid, naming the interrupt, unless the answer fits the schema and its decisions are allowed."""
    if interrupt.schema is not None and (validator := _validator(orjson.dumps(interrupt.schema))):
        try:
            validator.validate(answer)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise Invalid(f"The answer to interrupt {interrupt.interrupt_id} does not fit its schema: {error}") from error
    for decision, allowed in _decisions(interrupt, answer):
        if _type(decision) not in allowed:
            raise Invalid(f"The answer to interrupt {interrupt.interrupt_id} must be one of {allowed}, not {_type(decision)!r}")


def check_args(name: str, schema: Json | None, args: Any) -> None:
    """Raise Invalid, naming the action, unless the arguments fit their schema."""
    if schema is not None and (validator := _validator(orjson.dumps(schema))):
        try:
            validator.validate(args)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise Invalid(f"The arguments of {name} do not fit their schema: {error}") from error


def _decisions(interrupt: KnownInterrupt, answer: Any) -> Iterable[tuple[object, Sequence[object]]]:
    """The decisions of the answer, each with the words it may be; a form or a question has none."""
    if interrupt.kind == "batch":
        return _batch(interrupt, answer)
    if interrupt.kind == "tool_approval":
        return [(answer, interrupt.allowed)]
    if interrupt.kind == "inbox_request":
        return [(response, interrupt.allowed) for response in (answer if isinstance(answer, list) and answer else [answer])]
    return []


def _batch(interrupt: KnownInterrupt, answer: Any) -> Iterator[tuple[object, Sequence[object]]]:
    """One decision per request, in order, each of a kind that its action admits, with what that kind needs."""
    value = interrupt.value if isinstance(interrupt.value, dict) else {}
    requests = value.get("action_requests") or []
    decisions = answer.get("decisions") if isinstance(answer, dict) else None
    name = interrupt.interrupt_id
    if not isinstance(decisions, list) or len(decisions) != len(requests):
        raise Invalid(f'The answer to interrupt {name} must be {{"decisions": [...]}} with one decision per request ({len(requests)})')
    configs = {str(config.get("action_name")): config for config in value.get("review_configs") or [] if isinstance(config, dict)}
    for request, decision in zip(requests, decisions, strict=True):
        config = configs.get(str(request.get("name")), {}) if isinstance(request, dict) else {}
        yield decision, config.get("allowed_decisions") or interrupt.allowed
        for field, kind in NEEDED.get(str(_type(decision)), ()):
            if not isinstance(decision, dict) or not isinstance(decision.get(field), kind):
                raise Invalid(f"The answer to interrupt {name} must say `{field}` with a decision of type {_type(decision)!r}")


def _type(decision: object) -> object:
    return decision.get("type") if isinstance(decision, dict) else None


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Validator | None:
    """None for a schema that is none: its author's mistake must not close the thread for ever."""
    try:
        return jsonschema_rs.validator_for(orjson.loads(schema), retriever=_refuse)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, OSError) as error:
        logger.warning("an interrupt's schema cannot be used", extra={"reason": type(error).__name__})
        return None


def _refuse(uri: str) -> Any:
    """Schemas name nothing outside themselves."""
    raise ValueError(uri)
