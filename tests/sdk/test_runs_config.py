"""config, context, metadata: merging of assistant and run"""

from typing import Any

from tests.sdk.refusals import refused


async def test_run_wins_over_assistant(client: Any, thread: str) -> None:
    config = {"configurable": {"user_id": "ann", "tone": "dry"}, "tags": ["a"], "recursion_limit": 7}
    assistant = await client.assistants.create("memory", config, metadata={"kind": "a", "who": "assistant"})
    run = {"configurable": {"tone": "warm"}, "tags": ["b"]}
    seen = (await client.runs.wait(thread, assistant["assistant_id"], input={}, config=run, metadata={"who": "run"}))["seen"]
    assert seen["context"]["tone"] == "warm"
    assert seen["recursion_limit"] == 7
    assert "b" in seen["tags"]
    assert "a" not in seen["tags"]
    row = (await client.runs.list(thread))[0]
    assert {"kind": "a", "who": "run", "graph_id": "memory"}.items() <= row["metadata"].items()


async def test_context_reaches_the_graph(client: Any, thread: str) -> None:
    seen = (await client.runs.wait(thread, "memory", input={}, context={"tone": "warm", "unknown": 1}))["seen"]
    assert seen["context"] == {"user_id": "nobody", "tone": "warm", "limit": 3}


async def test_configurable_and_context_exclude_each_other(client: Any, thread: str) -> None:
    with refused(400):
        await client.runs.wait(thread, "memory", input={}, config={"configurable": {"tone": "a"}}, context={"tone": "b"})


async def test_ids_of_the_server_cannot_be_forged(client: Any, thread: str) -> None:
    forged = {"thread_id": "x", "graph_id": "x", "langgraph_auth_user": "root", "__pregel_x": 1, "checkpoint_ns": "a|b"}
    seen = (await client.runs.wait(thread, "memory", input={}, config={"configurable": forged}))["seen"]
    assert seen["configurable"]["graph_id"] == "memory"
    assert "__pregel_x" not in seen["configurable_keys"]


async def test_recursion_limit_ends_a_run(client: Any, thread: str) -> None:
    answer = await client.runs.wait(thread, "failing", input={"kind": "recursion"}, config={"recursion_limit": 5}, raise_error=False)
    assert answer["__error__"]["error"] == "GraphRecursionError"
    assert (await client.runs.list(thread))[0]["status"] == "error"


async def test_output_schema_hides_private_keys(client: Any, thread: str) -> None:
    assert set(await client.runs.wait(thread, "memory", input={})) == {"notes", "seen"}
