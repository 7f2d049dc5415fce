"""What the OpenAPI document says about bodies and answers of threads and runs."""

from drf_spectacular.utils import OpenApiParameter

from runs.wire.schema import STREAM_MODES
from tenants.api.openapi import body as body
from tenants.api.openapi import many as many
from tenants.api.openapi import one_of as one_of
from tenants.api.openapi import part as part
from tenants.api.openapi import row as row
from tenants.api.openapi import thing as thing
from tenants.models import Json

TEXT: Json = {"type": "string"}
ID: Json = {"type": "string", "format": "uuid"}
TIME: Json = {"type": "string", "format": "date-time"}
OBJECT: Json = {"type": "object"}
WHOLE: Json = {"type": "integer"}
SWITCH: Json = {"type": "boolean"}
ANY: Json = {}
SAMPLE_ID = "019f1e52-e5eb-7a62-8c80-07c2602e4b0d"
NULLABLE: Json = {"type": ["string", "null"]}
TEXTS: Json = {"type": "array", "items": TEXT}
PAGE: Json = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
    "offset": {"type": "integer", "minimum": 0, "default": 0},
}
MODE = one_of(*STREAM_MODES)
ERROR = thing("detail", detail=TEXT)
STATUS = one_of("idle", "busy", "interrupted", "error")
RUN_STATUS = one_of("pending", "running", "success", "error", "timeout", "interrupted")
CHECKPOINT = thing(checkpoint_id=TEXT, checkpoint_ns=TEXT, thread_id=ID)
NULLABLE_CHECKPOINT = {"anyOf": [CHECKPOINT, {"type": "null"}]}
INTERRUPT = row("response_schema", id=TEXT, value=ANY, response_schema=OBJECT)
THREAD = row(
    "error",
    "interrupts",
    thread_id=ID,
    created_at=TIME,
    updated_at=TIME,
    state_updated_at=TIME,
    metadata=OBJECT,
    status=STATUS,
    config=OBJECT,
    values=ANY,
    error={"type": ["object", "null"]},
    interrupts={"type": "object", "additionalProperties": many(INTERRUPT)},
)
FOUND_THREAD = thing(**THREAD["properties"], extracted=OBJECT)
SUPERSTEP = thing("updates", updates=many(thing(values=ANY, command=thing(update=ANY, goto=ANY), as_node=NULLABLE)))
THREAD_CREATE = thing(
    thread_id=ID,
    metadata=OBJECT,
    if_exists=one_of("raise", "do_nothing"),
    supersteps=many(SUPERSTEP) | {"description": "The state to start with; `metadata.graph_id` says of which graph."},
)
THREAD_PATCH = thing(metadata=OBJECT)
THREAD_FILTER: Json = {"ids": many(ID), "metadata": OBJECT, "values": OBJECT, "status": STATUS}
THREAD_SEARCH = thing(
    **THREAD_FILTER,
    **PAGE,
    sort_by=one_of("thread_id", "status", "created_at", "updated_at", "state_updated_at"),
    sort_order=one_of("asc", "desc"),
    select=TEXTS,
    extract={
        "type": "object",
        "maxProperties": 10,
        "additionalProperties": {"type": "string", "maxLength": 1000, "pattern": r"^(config|interrupts|metadata|values)([.\[]|$)"},
        "description": "Alias to path: `values.messages[-1].content`. Each row then has `extracted`, with null where nothing is found.",
    },
)
PRUNE = thing(
    "thread_ids",
    thread_ids={"type": "array", "items": ID, "maxItems": 1000},
    strategy=one_of("delete", "keep_latest") | {"default": "delete"},
)
SIZE: Json = {"count": WHOLE, "bytes": WHOLE}
STORAGE = row(
    thread_id=ID,
    total_bytes=WHOLE,
    checkpoints=row(**SIZE),
    channel_values=row(**SIZE, by_channel={"type": "object", "additionalProperties": row(**SIZE)}),
    pending_writes=row(**SIZE),
)
TASK = row(
    "state",
    id=TEXT,
    name=TEXT,
    path={"type": "array", "items": {}},
    error=NULLABLE,
    interrupts=many(INTERRUPT),
    checkpoint=NULLABLE_CHECKPOINT,
    state={"type": ["object", "null"], "description": "The state of a subgraph, where it was asked for."},
    result=ANY,
)
STATE = row(
    values=ANY,
    next=TEXTS,
    tasks=many(TASK),
    metadata={"type": ["object", "null"]},
    created_at=NULLABLE,
    checkpoint=NULLABLE_CHECKPOINT,
    parent_checkpoint=NULLABLE_CHECKPOINT,
    interrupts=many(INTERRUPT),
    checkpoint_id=NULLABLE,
    parent_checkpoint_id=NULLABLE,
)
FOUND_STATE = part(STATE)
STATE_AT = thing("checkpoint", checkpoint=CHECKPOINT, subgraphs=SWITCH, select=TEXTS)
STATE_UPDATE = thing(values={"type": ["object", "array", "null"]}, as_node=TEXT, checkpoint=CHECKPOINT, checkpoint_id=TEXT)
STATE_PATCH = thing(metadata=OBJECT)
UPDATED = row(checkpoint=CHECKPOINT, configurable=CHECKPOINT, checkpoint_id=TEXT)
HISTORY = thing(
    limit={"type": "integer", "minimum": 0, "maximum": 1000, "default": 1}, before=ANY, metadata=OBJECT, checkpoint=CHECKPOINT, select=TEXTS
)
RUN_CREATE = thing(
    "assistant_id",
    assistant_id={"type": "string", "description": "The UUID of an assistant, or the name of a graph."},
    input=ANY,
    command=thing(resume=ANY, update=ANY, goto=ANY),
    config=thing(tags=TEXTS, recursion_limit=WHOLE, configurable=OBJECT, metadata=OBJECT),
    context=OBJECT,
    metadata=OBJECT,
    stream_mode={"anyOf": [MODE, many(MODE)], "default": "values", "description": "`[]` is the default, too."},
    stream_subgraphs=SWITCH,
    stream_resumable=SWITCH,
    interrupt_before={"anyOf": [one_of("*"), TEXTS]},
    interrupt_after={"anyOf": [one_of("*"), TEXTS]},
    multitask_strategy=one_of("enqueue", "reject", "interrupt", "rollback"),
    if_not_exists=one_of("create", "reject"),
    on_disconnect=one_of("cancel", "continue"),
    on_completion=one_of("delete", "keep"),
    checkpoint=CHECKPOINT,
    checkpoint_id=TEXT,
    durability=one_of("sync", "async", "exit"),
    feedback_keys=TEXTS,
    after_seconds={"type": "number", "minimum": 0, "description": "Not before so many seconds from now."},
)
RUN_BATCH: Json = {"type": "array", "items": RUN_CREATE, "minItems": 1, "maxItems": 500}
RUNS_CANCEL: Json = {
    "oneOf": [
        thing("thread_id", "run_ids", thread_id=ID, run_ids={"type": "array", "items": ID, "maxItems": 1000}),
        thing("status", status=one_of("pending", "running", "all")),
    ]
}
RUN = row(
    "cancel_reason",
    run_id=ID,
    thread_id=ID,
    assistant_id=ID,
    metadata=OBJECT,
    status=RUN_STATUS,
    kwargs=OBJECT,
    multitask_strategy=TEXT,
    created_at=TIME,
    updated_at=TIME,
    langsmith_session_name=NULLABLE,
    cancel_reason=NULLABLE,
)
FOUND_RUN = part(RUN)
LABELS: Json = {"type": "array", "items": {"type": "string", "minLength": 1, "pattern": "^[^.]+$"}}
ITEM: Json = {"namespace": TEXTS, "key": TEXT, "value": OBJECT, "created_at": TIME, "updated_at": TIME}
NULLABLE_ITEM: Json = {"anyOf": [thing(*ITEM, **ITEM), {"type": "null"}]}
ITEM_PUT = thing(
    "namespace",
    "key",
    "value",
    namespace=LABELS | {"minItems": 1},
    key=TEXT,
    value=OBJECT,
    index={"anyOf": [{"type": "boolean", "enum": [False]}, TEXTS, {"type": "null"}], "description": "Paths to embed; false: none."},
    ttl={"type": ["number", "null"], "minimum": 0, "description": "Minutes."},
)
ITEM_AT = thing("namespace", "key", namespace=LABELS, key=TEXT)
ITEM_SEARCH = thing(
    namespace_prefix=LABELS | {"description": "Without it: all namespaces."},
    filter={"type": "object", "description": "Equality, or `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`."},
    limit={"type": "integer", "minimum": 0, "maximum": 1000, "default": 10},
    offset=PAGE["offset"],
    query=NULLABLE,
    refresh_ttl={"type": ["boolean", "null"]},
)
FOUND_ITEMS = thing("items", items=many(thing(*ITEM, "score", **ITEM, score={"type": ["number", "null"]})))
NAMESPACES = thing(
    prefix=LABELS,
    suffix=LABELS,
    max_depth={"type": ["integer", "null"], "minimum": 1},
    limit={"type": "integer", "minimum": 0, "maximum": 1000, "default": 100},
    offset=PAGE["offset"],
)
FOUND_NAMESPACES = thing("namespaces", namespaces=many(TEXTS))
READY = row(ready=SWITCH, database=TEXT, redis=TEXT, graphs=thing(loaded=TEXTS, failed=TEXTS), vector=SWITCH)
INFO = row(version=TEXT, langgraph_py_version=TEXT, flags={"type": "object", "additionalProperties": SWITCH}, host=OBJECT)
OK = row(ok=SWITCH, services=OBJECT)

SUBGRAPHS = OpenApiParameter("subgraphs", bool, description="With the states of subgraphs.")
LIMIT = OpenApiParameter("limit", int, description="At most so many rows.")
OFFSET = OpenApiParameter("offset", int, description="Leave out so many rows first.")
SELECT_STATE = OpenApiParameter("select", str, many=True, description="Only these keys; `values.<key>` is one key of the values.")
SELECT = OpenApiParameter("select", str, many=True, description="Only these columns.")
RUN_STATUSES = OpenApiParameter("status", str, enum=RUN_STATUS["enum"], description="Only runs of this status.")
BEFORE = OpenApiParameter("before", str, description="Only states older than this checkpoint.")
ACTION = OpenApiParameter(
    "action", str, enum=["interrupt", "rollback"], description="Keep the finished steps, or remove the run with all it did."
)
WAIT = OpenApiParameter("wait", bool, description="Answer 200 once the worker has stopped, instead of 202 at once.")
CHECK = OpenApiParameter("check_db", int, description="1 asks the database, too.")
NAMESPACE = OpenApiParameter("namespace", str, required=True, description="Its labels joined with dots.")
KEY = OpenApiParameter("key", str, required=True, description="Its key in that namespace.")
REFRESH = OpenApiParameter("refresh_ttl", bool, description="Whether reading prolongs its life; as configured if not given.")
