"""Decisions of people, and the exact resume value that each becomes: what the official SDK or an agent inbox would send for that kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runs.wire.proposals import Action, Proposal
from tenants.exceptions import Invalid

Json = dict[str, Any]
DECISIONS = ("approve", "edit", "respond", "reject", "ignore", "continue")


class NotGiven:
    """A value that was left out: null is an answer."""


NOT_GIVEN = NotGiven()


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision: with `args` (and the `action` if it is to be another) an edit, with `message` or `value` an answer."""

    decision: str
    args: Any = NOT_GIVEN
    action: str | None = None
    message: str | None = None
    value: Any = NOT_GIVEN

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Choice":
        """Of a part that passed the schema."""
        return cls(
            given["decision"], given.get("args", NOT_GIVEN), given.get("action"), given.get("message"), given.get("value", NOT_GIVEN)
        )


def resume_value(proposal: Proposal, choices: tuple[Choice, ...]) -> Any:
    """What the graph's `interrupt()` is answered; None for a breakpoint, which takes nothing.

    `choices` is one, or for a batch one per request. Raises Invalid for what this kind does not take, naming what it takes.
    """
    if proposal.kind == "batch":
        actions = proposal.actions
        if len(choices) != len(actions):
            raise Invalid(f"This item has {len(actions)} requests: give `decisions` with one for each, in their order.")
        return {"decisions": [_tool_decision(action, choice) for action, choice in zip(actions, choices, strict=True)]}
    if len(choices) != 1:
        raise Invalid("This item takes one decision, not a list: give `decision`.")
    (choice,) = choices
    if proposal.kind == "tool_approval":
        return _tool_decision(proposal.actions[0], choice)
    if proposal.kind == "inbox_request":
        return [_inbox_response(proposal, choice)]
    _require(choice, proposal.allowed)
    return None if proposal.kind == "breakpoint" else _answer(proposal.kind, choice)


def _tool_decision(action: Action, choice: Choice) -> Json:
    _require(choice, action.allowed)
    if choice.decision == "edit":
        return {"type": "edit", "edited_action": {"name": choice.action or action.name, "args": _args(choice)}}
    if choice.decision == "respond":
        return {"type": "respond", "message": _message(choice)}
    if choice.decision == "reject" and choice.message is not None:
        return {"type": "reject", "message": choice.message}
    return {"type": choice.decision}


def _inbox_response(proposal: Proposal, choice: Choice) -> Json:
    (action,) = proposal.actions
    _require(choice, action.allowed)
    if choice.decision == "approve":
        first = proposal.value[0] if isinstance(proposal.value, list) else proposal.value
        return {"type": "accept", "args": first["action_request"]}
    if choice.decision == "edit":
        return {"type": "edit", "args": {"action": choice.action or action.name, "args": _args(choice)}}
    if choice.decision == "respond":
        return {"type": "response", "args": _message(choice)}
    return {"type": "ignore", "args": None}


def _answer(kind: str, choice: Choice) -> Any:
    if choice.value is not NOT_GIVEN:
        return choice.value
    if kind == "question" and choice.message is not None:
        return choice.message
    raise Invalid("Give the answer as `value`" + (", or as text in `message`." if kind == "question" else "."))


def _require(choice: Choice, allowed: tuple[str, ...]) -> None:
    if choice.decision not in allowed:
        raise Invalid(f"The decision must be one of {list(allowed)}, not {choice.decision!r}")


def _args(choice: Choice) -> Any:
    if not isinstance(choice.args, dict):
        raise Invalid("An edit says all arguments in `args`, an object.")
    return choice.args


def _message(choice: Choice) -> str:
    if choice.message is None:
        raise Invalid("Say in `message` what is answered.")
    return choice.message
