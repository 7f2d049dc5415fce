"""Where this server answers otherwise than the recorded one, and why: the one table."""

from dataclasses import dataclass

NOT_BUILT: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Deviation:
    """A difference that is meant. `steps` empty: every step; `pointer`: the place and everything below; `sometimes`: it depends on timing."""

    case: str
    steps: tuple[int, ...]
    pointer: str
    reason: str
    sometimes: bool = False

    def covers(self, case: str, step: int, pointer: str) -> bool:
        """Whether a difference is this one."""
        return case == self.case and (not self.steps or step in self.steps) and (pointer + "/").startswith(self.pointer.rstrip("/") + "/")


TABLE: tuple[Deviation, ...] = ()
