"""Commands: what a client says instead of input, and LangGraph's form of it."""

from dataclasses import dataclass
from typing import Any

from langgraph.types import Command as GraphCommand
from langgraph.types import Send

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """A checked `command`. A null part counts as left out: the SDKs drop nulls, so nobody can mean one."""

    resume: object = None
    update: object = None
    goto: object = None

    @property
    def resumes(self) -> bool:
        """Whether it answers an interrupt."""
        return self.resume is not None

    @property
    def steers(self) -> bool:
        """Whether it changes state or position, which is a way around a gate."""
        return bool(self.update) or bool(self.goto)

    @classmethod
    def parse(cls, body: Json | None) -> "Command | None":
        """The command of a body that passed the schema; None if it says nothing, so that the input counts."""
        command = cls(**{key: body[key] for key in ("resume", "update", "goto") if key in body}) if body else cls()
        return command if command.resumes or command.steers else None

    def json(self) -> Json:
        """The parts that were given, as the run row shows them."""
        parts = {"resume": self.resume, "update": self.update, "goto": self.goto}
        return {key: part for key, part in parts.items() if part is not None}


def command_of(kwargs: Json) -> GraphCommand[Any] | None:
    """The LangGraph command of a run's kwargs, None if the run has input instead."""
    body = kwargs.get("command")
    if not body:
        return None
    update = body.get("update")
    if isinstance(update, list):
        update = [(key, value) for key, value in update]
    return GraphCommand(update=update, resume=body.get("resume"), goto=_goto(body.get("goto")))


def _goto(goto: Any) -> Any:
    if goto is None:
        return ()
    if isinstance(goto, list):
        return [_goto(target) for target in goto]
    return Send(goto["node"], goto["input"]) if isinstance(goto, dict) else goto
