"""What web and workers tell each other."""

import asyncio
from typing import Any
from uuid import uuid4

from runs.streams import control, keys
from runs.streams.connection import sync_redis
from runs.streams.hub import Hub
from tests.runs.streams.made import reference


async def test_worker_hears_threads_and_loops_and_ignores_rubbish(center: Hub) -> None:
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    owner, run_id = f"worker-{uuid4()}", uuid4()
    listener = control.ControlListener(owner, heard.put_nowait)
    await listener.start()
    async with asyncio.timeout(5):
        while not sync_redis().pubsub_numsub(keys.control(owner))[0][1]:
            await asyncio.sleep(0.01)
        sync_redis().publish(keys.control(owner), b"rubbish")
        await asyncio.to_thread(control.send, owner, control.stop_message(run_id, "interrupt"))
        assert await heard.get() == {"stop": str(run_id), "reason": "interrupt"}
        await control.send_soon(owner, control.listen_message(run_id))
        assert await heard.get() == {"listen": str(run_id)}
    await listener.stop()
    await asyncio.sleep(0)


async def test_listened_runs_are_found_in_one_look(center: Hub) -> None:
    followed, alone, of_thread, of_its_namesake = reference(), reference(), reference(), reference()
    sync_redis().set(keys.listen(followed.run_id), b"1", ex=5)
    sync_redis().set(keys.listen_thread(of_thread.tenant_id, of_thread.thread_id), b"1", ex=5)
    sync_redis().set(keys.listen_thread(uuid4(), of_its_namesake.thread_id), b"1", ex=5)
    assert await control.listened([followed, alone, of_thread, of_its_namesake]) == {followed.run_id, of_thread.run_id}
    assert await control.listened([]) == set()
