"""Where this server answers otherwise than the recorded one, and why: the one table."""

from dataclasses import dataclass

NOT_BUILT = {
    "runs/webhook": "webhooks are refused",
}


@dataclass(frozen=True, slots=True)
class Deviation:
    """A difference that is meant, in these steps; `pointer` is the place, and all below it."""

    case: str
    steps: tuple[int, ...]
    pointer: str
    reason: str

    def covers(self, case: str, step: int, pointer: str) -> bool:
        """Whether a difference is this one."""
        return case == self.case and step in self.steps and (pointer + "/").startswith(self.pointer.rstrip("/") + "/")


_ODD = "the test project has graphs of its own as well"
_UNBUILT = "not built yet"
_NOT_FOUND = "what one may not see is 404 on every route, not 200 with an error inside"
_STRICT = "a resume names what it answers: unknown, missing or ambiguous interrupts are refused instead of run to nothing"
_METADATA = "checkpoints of subgraphs carry the run's metadata, not the place in the parent graph, which `parents` and the namespace tell"
_SERIALIZED = (
    "checkpoints are stored: a value that has no strict msgpack form fails the run. tests/runs/wire/test_encoding.py has these values"
)
_OTHERS = "the recording server had threads of other cases, too"
_COPY = "the row of a copy is what its state says, with the configuration that its graph is made from"
_TOLD = "a timeout is told as one: in the stream, to whoever waits, and in words"
_CUT = "the recorder dropped input keys"

TABLE: tuple[Deviation, ...] = (
    Deviation("assistants/create_errors", (1,), "/json/detail", _ODD),
    Deviation("assistants/patch_versions_latest", (8, 12), "/json/graph_id", "setting the latest version restores the graph, too"),
    Deviation("assistants/patch_versions_latest", (8, 12), "/json/context", "setting the latest version restores the context, too"),
    Deviation("assistants/patch_versions_latest", (16,), "/json/detail", _ODD),
    Deviation("assistants/search_count", (5, 14), "/json/detail", _ODD),
    Deviation("runs/background", (12,), "/json/detail", "the columns are listed in a stable order"),
    Deviation("runs/background", (19, 20), "/status", _NOT_FOUND),
    Deviation("runs/command_update_goto", (3,), "/body/detail", "the schema has another place in its file"),
    Deviation("runs/create_errors", (1,), "/json/detail", _ODD),
    Deviation("runs/create_errors", (13,), "/json/detail", _UNBUILT + ": webhooks"),
    Deviation("runs/create_errors", (17,), "/status", _STRICT),
    Deviation("runs/create_errors", (22,), "/json/detail", _ODD),
    Deviation("runs/delete_running", (1,), "/json/status", "the thread of a deleted run is not busy"),
    Deviation("runs/json_encoding", (0,), "/body", _SERIALIZED),
    Deviation("runs/json_encoding", (1, 2), "/json/values", _SERIALIZED),
    Deviation("runs/json_encoding", (7, 9), "/body", _CUT),
    Deviation(
        "runs/message_inputs",
        (5,),
        "/body/messages/1",
        "jsonb does not keep the order of an object's keys, and this graph answers with their repr",
    ),
    Deviation("runs/resume", (6, 12, 19), "/status", _STRICT),
    Deviation("runs/resume", (13,), "/body/answers/length", "the values include what the answered sibling has written"),
    Deviation("runs/stateless", (0,), "/json/metadata/graph_id", "stateless runs name their graph as all others do"),
    Deviation("runs/stateless", (0,), "/json/kwargs/config/metadata/graph_id", "stateless runs name their graph as all others do"),
    Deviation(
        "runs/stateless",
        (2,),
        "/status",
        "the run can be read until the sweep deletes its hidden thread, so that a broken wait can be joined",
    ),
    Deviation("runs/timeout", (0,), "/sse/length", _TOLD),
    Deviation("runs/timeout", (2,), "/json/error/message", _TOLD),
    Deviation("runs/timeout", (3,), "/body", _TOLD),
    Deviation("store/search_namespaces", (11,), "/status", "without a prefix all items are meant, as with an empty one"),
    Deviation("store/search_namespaces", (13,), "/status", "a negative limit is refused, not counted from the end"),
    Deviation("stream/not_resumable", (4, 5), "/status", _NOT_FOUND),
    Deviation("stream/resumable_error", (1,), "/sse/length", "the error event is stored and replayed"),
    Deviation("stream/subgraphs_interrupt", (2,), "/json/tasks/0/state/metadata", _METADATA),
    Deviation(
        "stream/subgraphs_interrupt", (3,), "/json/interrupts", "the thread row is that of the root checkpoint, whatever was streamed"
    ),
    Deviation("stream/subgraphs_interrupt", (7,), "/json/metadata", _METADATA),
    Deviation("stream/subgraphs_interrupt", (9,), "/json/0/metadata", _METADATA),
    Deviation("stream/thread_errors", (3,), "/status", _NOT_FOUND),
    Deviation("system/meta", (4,), "/json/version", "our own"),
    Deviation("system/meta", (4,), "/json/flags", "what this server has"),
    Deviation("system/meta", (5,), "/json/queue", "with the number of due runs and of expired leases; other runs wait here"),
    Deviation("system/meta", (5,), "/json/api", "with the number of open streams; other requests were sent here"),
    Deviation("system/meta", (5,), "/json/workers", "with the number of processes and the lag of their loops; this server has other slots"),
    Deviation("system/meta", (6,), "/text", "the recorder kept the TYPE lines alone; tests/runs/api/test_metrics.py has them"),
    Deviation("system/meta", (8,), "/json", "our own description"),
    Deviation("system/meta", (9,), "/headers/content-type", "a preflight has no body"),
    Deviation("system/meta", (9,), "/text", "a preflight has no body"),
    Deviation("system/meta", (9,), "/headers/access-control-allow-methods", "no route answers QUERY"),
    Deviation("system/meta", (9,), "/headers/access-control-allow-headers", "all headers that clients send are named"),
    *(
        Deviation(case, steps, f"/json/{key}", _COPY)
        for case, steps in (("threads/copy", (0, 2)), ("threads/copy_interrupted", (1, 3)))
        for key in ("status", "config", "values", "error", "interrupts")
    ),
    Deviation("threads/copy", (5,), "/status", "an id that is no UUID gets the same answer on every route"),
    Deviation("threads/create", (7,), "/status", _UNBUILT + ": ttl"),
    Deviation("threads/get_patch_delete", (8,), "/status", _UNBUILT + ": ttl"),
    Deviation("threads/history_post", (5, 7), "/status", "`before` is accepted in all forms that clients send"),
    Deviation("threads/search_count", (5,), "/status", "a thread without values does not match a filter on values, and that is no error"),
    Deviation("threads/search_count", (8,), "/headers/x-pagination-total", "an array contains its sub-lists"),
    Deviation("threads/search_count", (8,), "/json/length", "an array contains its sub-lists"),
    Deviation("threads/search_count", (15,), "/json", "threads of one status have an order of their own"),
    Deviation("threads/prune", (1,), "/status", "keep_latest is built"),
    *(
        Deviation("threads/search_count", (28,), pointer, _OTHERS)
        for pointer in ("/headers/x-pagination-total", "/headers/x-pagination-next", "/json/length")
    ),
    Deviation("threads/state_and_history", (7, 8), "/json/checkpoint/checkpoint_ns", "the namespace is always named"),
    Deviation("threads/supersteps", (1,), "/json/metadata/checkpoint_id", "metadata does not name the checkpoint before it"),
    Deviation("threads/supersteps", (3,), "/status", "a thread whose state cannot be made is not made"),
    Deviation("threads/state_update_busy", (0,), "/json/detail", "run ids instead of a Python repr"),
)
