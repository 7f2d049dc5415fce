"""Joined writes: what waits together goes together, and one bad item harms nobody else."""

import asyncio

import pytest

from runs.engine.batcher import Batcher


async def test_items_that_queue_up_during_a_flush_go_out_as_one() -> None:
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def flush(items: list[int]) -> list[int | Exception]:
        batches.append(items)
        await gate.wait()
        return [item * 10 for item in items]

    batcher: Batcher[int, int] = Batcher(flush)
    tasks = [asyncio.create_task(batcher.submit(1))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(batcher.submit(item)) for item in (2, 3, 4)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*tasks) == [10, 20, 30, 40]
    assert batches == [[1], [2, 3, 4]]


async def test_a_batch_that_fails_is_repeated_item_by_item() -> None:
    async def flush(items: list[int]) -> list[int | Exception]:
        if 2 in items:
            raise ValueError("bad item")
        return list(items)

    batcher: Batcher[int, int] = Batcher(flush)
    outcomes = await asyncio.gather(*(batcher.submit(item) for item in (1, 2, 3)), return_exceptions=True)
    assert [outcomes[0], outcomes[2]] == [1, 3]
    assert isinstance(outcomes[1], ValueError)


async def test_one_item_can_be_refused_without_repeating_the_others() -> None:
    batches: list[list[int]] = []

    async def flush(items: list[int]) -> list[int | Exception]:
        batches.append(items)
        return [LookupError("stale") if item == 2 else item for item in items]

    batcher: Batcher[int, int] = Batcher(flush)
    with pytest.raises(LookupError):
        await asyncio.gather(batcher.submit(1), batcher.submit(2))
    assert batches == [[1, 2]]
