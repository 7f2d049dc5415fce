"""Whether an answer is one that its interrupt admits: schema and allowed decisions."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from runs.services.situation import KnownInterrupt
from tenants.exceptions import Invalid
from tenants.validation import Validator

logger = logging.getLogger("runs.answers")


def check_answer(interrupt: KnownInterrupt, answer: Any) -> None:
    """Raise Invalid, naming the interrupt, unless the answer fits the schema and its decisions are allowed."""
    if interrupt.schema is not None and (validator := _validator(orjson.dumps(interrupt.schema))):
        try:
            validator.validate(answer)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise Invalid(f"The answer to interrupt {interrupt.interrupt_id} does not fit its schema: {error}") from error
    for decision in _decisions(interrupt, answer):
        if decision not in interrupt.allowed:
            raise Invalid(f"The answer to interrupt {interrupt.interrupt_id} must be one of {interrupt.allowed}, not {decision!r}")


def _decisions(interrupt: KnownInterrupt, answer: Any) -> Iterable[object]:
    """The words of the answer that `allowed` speaks of; a form or a question has none."""
    if interrupt.kind == "batch":
        decisions = answer.get("decisions") if isinstance(answer, dict) else None
        wanted = len(interrupt.value.get("action_requests", ())) if isinstance(interrupt.value, dict) else 0
        if not isinstance(decisions, list) or len(decisions) != wanted:
            raise Invalid(
                f'The answer to interrupt {interrupt.interrupt_id} must be {{"decisions": [...]}} with one decision per request ({wanted})'
            )
        return [_type(decision) for decision in decisions]
    if interrupt.kind == "tool_approval":
        return [_type(answer)]
    if interrupt.kind == "inbox_request":
        return [_type(response) for response in (answer if isinstance(answer, list) and answer else [answer])]
    return []


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
