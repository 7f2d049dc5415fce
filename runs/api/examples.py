"""Examples in the OpenAPI document: what to send, and what comes back. A test sends every request to a running server."""

from typing import Any

from tenants.models import Json

THREAD_ID = "019aa8c1-7c2e-7d10-9f5b-3f1d2c4b5a60"
RUN_ID = "019aa8c1-8f40-7c31-8a57-6b0e9d1f2a34"
ASSISTANT_ID = "5e2ab6c1-90c4-5f0a-9c39-3f6a0f0c7d18"
CHECKPOINT_ID = "1f0c6a3e-77b2-6c40-8002-9a3d5e7f1b20"
TIME = "2026-11-21T09:30:00.000000+00:00"
INPUT: Json = {"messages": [{"role": "user", "content": "hello"}]}
VALUES: Json = {"messages": [{"type": "human", "content": "hello"}, {"type": "ai", "content": "hello to you"}]}
THREAD: Json = {
    "thread_id": THREAD_ID,
    "created_at": TIME,
    "updated_at": TIME,
    "state_updated_at": TIME,
    "metadata": {"customer": "c-17", "graph_id": "echo"},
    "status": "idle",
    "config": {},
    "values": VALUES,
    "error": None,
    "interrupts": {},
}
RUN: Json = {
    "run_id": RUN_ID,
    "thread_id": THREAD_ID,
    "assistant_id": ASSISTANT_ID,
    "metadata": {"graph_id": "echo", "assistant_id": ASSISTANT_ID},
    "status": "pending",
    "kwargs": {"input": INPUT, "stream_mode": ["values"]},
    "multitask_strategy": "enqueue",
    "created_at": TIME,
    "updated_at": TIME,
    "langsmith_session_name": None,
}
AT: Json = {"checkpoint_id": CHECKPOINT_ID, "thread_id": THREAD_ID, "checkpoint_ns": ""}
STATE: Json = {
    "values": VALUES,
    "next": [],
    "tasks": [],
    "metadata": {"source": "loop", "step": 1, "run_id": RUN_ID, "thread_id": THREAD_ID},
    "created_at": TIME,
    "checkpoint": AT,
    "parent_checkpoint": AT | {"checkpoint_id": "1f0c6a3e-77b2-6c40-8001-9a3d5e7f1b20"},
    "interrupts": [],
    "checkpoint_id": CHECKPOINT_ID,
    "parent_checkpoint_id": "1f0c6a3e-77b2-6c40-8001-9a3d5e7f1b20",
}
ITEM: Json = {"namespace": ["memories", "ann"], "key": "color", "value": {"text": "likes blue"}, "created_at": TIME, "updated_at": TIME}
COUNTED: Json = {"count": 3, "bytes": 2048}
REVIEW_ID = "7b0f6f0e-4a3d-4f0c-9f57-2d9f5c1f8a11"
PERSON = "key:2f6d1c1e-6e0a-4a57-9a6c-0d7f4a1b9c3e"
REVIEW: Json = {
    "review_id": REVIEW_ID,
    "status": "pending",
    "kind": "tool_approval",
    "title": "Refund",
    "summary": "order_id: 1234 · amount: 49.0",
    "action": "refund",
    "allowed_decisions": ["approve", "edit", "respond", "reject"],
    "thread_id": THREAD_ID,
    "run_id": RUN_ID,
    "assistant_id": ASSISTANT_ID,
    "node": "tools",
    "interrupt_id": "0f6a0b0f3a9d4b3e8f5c7d1e2a3b4c5d",
    "requester": PERSON,
    "assignee": None,
    "risk": None,
    "created_at": TIME,
    "closed": None,
}
COMMENT: Json = {
    "comment_id": "b1d2a0de-6a3f-4b39-8d8a-6f6f0c0b7d21",
    "review_id": REVIEW_ID,
    "author": PERSON,
    "text": "The customer called about it.",
    "created_at": TIME,
}
REFUND_ARGS: Json = {"order_id": "1234", "amount": 49.0}
REFUND_SCHEMA: Json = {"type": "object", "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}}}
REVIEW_ITEM: Json = REVIEW | {
    "checkpoint_id": CHECKPOINT_ID,
    "value": {"type": "tool_approval", "action": "refund", "args": REFUND_ARGS},
    "schema": REFUND_SCHEMA,
    "response_schema": {"oneOf": [{"type": "object"}]},
    "actions": [
        {
            "name": "refund",
            "args": REFUND_ARGS,
            "description": None,
            "schema": REFUND_SCHEMA,
            "allowed": ["approve", "edit", "respond", "reject"],
        }
    ],
    "shown_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "may_decide": True,
    "history": [{"at": TIME, "event": "opened", "by": PERSON}],
    "comments": [COMMENT],
}
EVENTS = (
    f'event: metadata\r\ndata: {{"run_id":"{RUN_ID}","attempt":1}}\r\n\r\n'
    'event: values\r\ndata: {"messages":[{"type":"human","content":"hello"}]}\r\n\r\n'
)

BODIES: dict[str, Any] = {
    "create_thread": {"metadata": {"customer": "c-17"}},
    "patch_thread": {"metadata": {"customer": "c-18"}},
    "search_threads": {"metadata": {"customer": "c-17"}, "status": "idle", "limit": 20, "sort_by": "updated_at", "sort_order": "desc"},
    "count_threads": {"metadata": {"customer": "c-17"}},
    "update_thread_state": {"values": {"messages": [{"role": "user", "content": "hello again"}]}},
    "post_thread_state_checkpoint": {"checkpoint": {"checkpoint_id": CHECKPOINT_ID}, "subgraphs": True},
    "post_thread_history": {"limit": 10, "before": {"configurable": {"checkpoint_id": CHECKPOINT_ID}}},
    "create_run": {"assistant_id": "echo", "input": INPUT},
    "wait_run": {"assistant_id": "echo", "input": INPUT},
    "stream_run": {"assistant_id": "echo", "input": INPUT, "stream_mode": ["messages-tuple", "updates"], "stream_resumable": True},
    "create_stateless_run": {"assistant_id": "echo", "input": INPUT, "on_completion": "keep"},
    "wait_stateless_run": {"assistant_id": "echo", "input": INPUT},
    "stream_stateless_run": {"assistant_id": "echo", "input": INPUT, "stream_mode": "messages"},
    "patch_thread_state": {"metadata": {"reviewed": True}},
    "prune_threads": {"thread_ids": [THREAD_ID], "strategy": "keep_latest"},
    "delete_item": {"namespace": ["memories", "ann"], "key": "color"},
    "search_reviews": {"status": "pending", "tool": "refund", "limit": 20, "sort_order": "asc"},
    "assign_review": {"assignee": "me"},
    "comment_review": {"text": "The customer called about it."},
    "create_ticket": {"path": f"/ws/threads/{THREAD_ID}/runs/{RUN_ID}"},
}
ANSWERS: dict[str, Any] = {
    "root": {"ok": True, "services": {}},
    "ok": {"ok": True, "services": {}},
    "info": {
        "version": "0.1.0",
        "langgraph_py_version": "1.2.22",
        "flags": {"assistants": True, "strict_resume": True},
        "host": {"kind": "self-hosted"},
    },
    "ready": {"ready": True, "database": "ok", "redis": "ok", "graphs": {"loaded": ["echo"], "failed": []}, "vector": True},
    "create_thread": THREAD | {"status": "idle", "values": None},
    "get_thread": THREAD,
    "patch_thread": THREAD,
    "copy_thread": THREAD,
    "search_threads": [THREAD],
    "count_threads": 1,
    "get_thread_state": STATE,
    "get_thread_state_at": STATE,
    "post_thread_state_checkpoint": STATE,
    "update_thread_state": {"checkpoint": AT, "configurable": AT, "checkpoint_id": CHECKPOINT_ID},
    "get_thread_history": [STATE],
    "post_thread_history": [STATE],
    "list_runs": [RUN | {"status": "success"}],
    "create_run": RUN,
    "create_run_batch": [RUN],
    "get_run": RUN | {"status": "success"},
    "cancel_run": {},
    "join_run": VALUES,
    "wait_run": VALUES,
    "stream_run": EVENTS,
    "join_run_stream": EVENTS,
    "create_stateless_run": RUN,
    "wait_stateless_run": VALUES,
    "stream_stateless_run": EVENTS,
    "get_thread_storage": {
        "thread_id": THREAD_ID,
        "total_bytes": 6144,
        "checkpoints": COUNTED,
        "channel_values": COUNTED | {"by_channel": {"messages": COUNTED}},
        "pending_writes": COUNTED,
    },
    "prune_threads": {"pruned_count": 1},
    "get_item": ITEM,
    "search_items": {"items": [ITEM | {"score": 0.83}]},
    "list_namespaces": {"namespaces": [["memories", "ann"], ["memories", "ben"]]},
    "metrics": {
        "text/plain": "# HELP lg_api_num_pending_runs Runs that wait.\nlg_api_num_pending_runs 3.0\n",
        "application/json": {"queue": {"n_pending": 3, "n_due": 1, "n_running": 2}},
    },
    "search_reviews": [REVIEW],
    "get_review": REVIEW_ITEM,
    "decide_review": {
        "review_id": REVIEW_ID,
        "status": "resolved",
        "decision": "approve",
        "thread_id": THREAD_ID,
        "run_id": RUN_ID,
        "decided_by": PERSON,
        "decided_at": TIME,
    },
    "assign_review": REVIEW | {"assignee": PERSON},
    "list_review_comments": [COMMENT],
    "comment_review": COMMENT,
    "create_ticket": {"ticket": "b0c1…", "expires_at": TIME},
}


def illustrate(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """drf-spectacular's hook: put the examples where no view has given one."""
    for item in result["paths"].values():
        for operation in item.values():
            name = operation["operationId"]
            _put(operation.get("requestBody", {}), BODIES.get(name))
            _put(operation["responses"].get("200", {}), ANSWERS.get(name))
    return result


def _put(holder: Json, example: Any) -> None:
    for kind, content in holder.get("content", {}).items():
        if example is not None and "examples" not in content:
            content["example"] = example[kind] if isinstance(example, dict) and kind in example else example
