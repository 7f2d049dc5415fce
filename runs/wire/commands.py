"""Commands: what a client says instead of input, and LangGraph's form of it."""

from dataclasses import dataclass
from typing import Any

from langgraph.constants import END
from langgraph.types import Command as GraphCommand
from langgraph.types import Send

Json = dict[str, Any]

ROOT_CHANNEL = "__root__"
# Channels of LangGraph itself: `__resume__` would answer an interrupt past all checks, `branch:to:` is a goto in disguise.
_RESERVED_CHANNELS = ("__", "branch:to:")


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
        """The command of a body that passed the schema; None if it says nothing, so that the input counts. Reserved keys are dropped."""
        given = body or {}
        command = cls(given.get("resume"), _own_update(given.get("update")), given.get("goto"))
        return command if command.resumes or command.steers else None

    def json(self) -> Json:
        """The parts that were given, as the run row shows them."""
        parts = {"resume": self.resume, "update": self.update, "goto": self.goto}
        return {key: part for key, part in parts.items() if part is not None}


def ends(kwargs: Json) -> bool:
    """Whether the run's command drops what the thread waits for: `goto` the end, and no answer, which would be used first."""
    command = kwargs.get("command") or {}
    return "resume" not in command and command.get("goto") in (END, [END])


def command_of(kwargs: Json) -> GraphCommand[Any] | None:
    """The LangGraph command of a run's kwargs, None if the run has input instead."""
    body = kwargs.get("command")
    return graph_command(body) if body else None


def graph_command(body: Json) -> GraphCommand[Any]:
    """LangGraph's form of a command's parts."""
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


def _own_update(update: Any) -> Any:
    """An object or a list of pairs, without LangGraph's own channels; the one of graphs whose state is a single value stays."""
    if isinstance(update, dict):
        return {key: value for key, value in update.items() if _is_own(key)}
    return [pair for pair in update if _is_own(pair[0])] if isinstance(update, list) else update


def _is_own(channel: str) -> bool:
    return channel == ROOT_CHANNEL or not channel.startswith(_RESERVED_CHANNELS)
