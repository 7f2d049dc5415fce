"""threads.search"""

from typing import Any

import pytest
from langgraph_sdk.errors import BadRequestError


@pytest.fixture
async def threads(client: Any) -> list[str]:
    """Three threads, oldest first."""
    return [(await client.threads.create(metadata={"n": n, "kind": "odd" if n % 2 else "even"}))["thread_id"] for n in range(3)]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """Their ids."""
    return [row["thread_id"] for row in rows]


async def test_newest_come_first(client: Any, threads: list[str]) -> None:
    assert ids(await client.threads.search()) == threads[::-1]


async def test_metadata_must_contain_all(client: Any, threads: list[str]) -> None:
    assert ids(await client.threads.search(metadata={"kind": "even"})) == [threads[2], threads[0]]
    assert ids(await client.threads.search(metadata={"kind": "even", "n": 2})) == [threads[2]]
    assert await client.threads.search(metadata={"kind": "even", "n": 1}) == []


async def test_pages(client: Any, threads: list[str]) -> None:
    assert ids(await client.threads.search(limit=2)) == [threads[2], threads[1]]
    assert ids(await client.threads.search(limit=2, offset=2)) == [threads[0]]


async def test_order_can_be_chosen(client: Any, threads: list[str]) -> None:
    assert ids(await client.threads.search(sort_by="created_at", sort_order="asc")) == threads
    assert ids(await client.threads.search(sort_by="thread_id", sort_order="desc")) == sorted(threads, reverse=True)


async def test_ids_are_a_filter(client: Any, threads: list[str]) -> None:
    assert ids(await client.threads.search(ids=[threads[1]])) == [threads[1]]


async def test_bad_id_is_refused(client: Any) -> None:
    with pytest.raises(BadRequestError):
        await client.threads.search(ids=["seven"])


async def test_status_is_a_filter(client: Any, threads: list[str]) -> None:
    await client.runs.wait(threads[0], "approval", input={})
    assert ids(await client.threads.search(status="interrupted")) == [threads[0]]
    assert set(ids(await client.threads.search(status="idle"))) == set(threads[1:])


async def test_values_are_a_filter(client: Any, threads: list[str]) -> None:
    await client.runs.wait(threads[0], "approval", input={"request": "refund"})
    assert ids(await client.threads.search(values={"request": "refund"})) == [threads[0]]
    assert await client.threads.search(values={"request": "other"}) == []
    assert await client.threads.count(values={"request": "refund"}, metadata={"n": 0}) == 1


async def test_parts_are_extracted(client: Any, threads: list[str]) -> None:
    await client.runs.wait(threads[0], "approval", input={"request": "refund"})
    found = await client.threads.search(ids=[threads[0]], select=["thread_id"], extract={"last": "values.answers[-1]", "n": "metadata.n"})
    assert found == [{"thread_id": threads[0], "extracted": {"last": "planned", "n": 0}}]


async def test_threads_are_counted(client: Any, threads: list[str]) -> None:
    assert await client.threads.count() == 3
    assert await client.threads.count(metadata={"kind": "even"}, status="idle") == 2
    assert await client.threads.count(metadata={"kind": "none"}) == 0
