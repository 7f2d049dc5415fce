"""What the body of a bulk cancel means."""

from dataclasses import dataclass
from uuid import UUID

from runs.wire.schema import check
from tenants.exceptions import Invalid
from tenants.validation import path_id

BOTH = (
    "When providing a 'status', 'thread_id' and 'run_ids' must be omitted. The 'status' parameter cancels all runs with the given status, "
    "regardless of thread or run ID."
)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Either runs of one thread by their ids, or all runs of these statuses."""

    thread_id: UUID | None = None
    run_ids: tuple[UUID, ...] = ()
    statuses: tuple[str, ...] = ()

    @classmethod
    def parse(cls, body: object) -> "CancelRequest":
        """Invalid where the schema is violated, both forms are mixed, or an id is none."""
        given = check("runs_cancel", body)
        status = given.get("status")
        if status is not None:
            if "thread_id" in given or "run_ids" in given:
                raise Invalid(BOTH)
            return cls(statuses=("pending", "running") if status == "all" else (status,))
        run_ids = tuple(dict.fromkeys(path_id(run_id, "run") for run_id in given["run_ids"]))
        return cls(path_id(given["thread_id"]), run_ids)
