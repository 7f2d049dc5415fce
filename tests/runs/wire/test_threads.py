"""Bodies that create, patch and search threads, and the row."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from runs.models import Thread
from runs.wire.threads import FoundThread, ThreadCreate, ThreadPatch, ThreadSearch, thread_json
from tenants.exceptions import BadRequest, DomainError, Invalid, NotSupported
from tests.builders import now
from tests.conformance.transcripts import Step, transcript

PARSERS = {"/threads": ThreadCreate.parse, "/threads/search": ThreadSearch.parse}


def refused() -> list[Step]:
    """Bodies that the official server refused by their shape."""
    steps = [
        step for case in ("threads/create", "threads/search_count") for step in transcript(case).steps if step.request["path"] in PARSERS
    ]
    return [
        step for step in steps if step.response["status"] in (400, 422) and "json" in step.request and "extract" not in step.request["json"]
    ]


@pytest.mark.parametrize("step", refused())
def test_a_wrong_body_is_refused_with_the_recorded_text(step: Step) -> None:
    with pytest.raises(DomainError) as raised:
        PARSERS[step.request["path"]](step.request["json"])
    assert str(raised.value) == step.response["json"]["detail"]
    assert isinstance(raised.value, Invalid if step.response["status"] == 422 else BadRequest)


def test_reserved_metadata_is_dropped() -> None:
    step = transcript("threads/create").steps[1]
    created = ThreadCreate.parse(step.request["json"])
    assert created.metadata == step.response["json"]["metadata"]
    assert created.thread_id == UUID(step.request["json"]["thread_id"])


def test_an_empty_body_creates_a_thread() -> None:
    assert ThreadCreate.parse({}) == ThreadCreate(None, {}, "raise")
    assert ThreadCreate.parse({"metadata": None, "ttl": None, "supersteps": None}) == ThreadCreate(None, {}, "raise")


@pytest.mark.parametrize("body", [{"ttl": {"strategy": "delete", "ttl": 60}}])
def test_what_is_not_built_is_refused_at_creation(body: dict[str, Any]) -> None:
    with pytest.raises(NotSupported):
        ThreadCreate.parse(body)


def test_a_patch_keeps_nulls_in_metadata() -> None:
    assert ThreadPatch.parse({"metadata": {"new": None, "run_id": "x"}}).metadata == {"new": None}


def test_a_patch_of_the_ttl_is_not_built() -> None:
    with pytest.raises(NotSupported, match=r"^ttl is not supported yet$"):
        ThreadPatch.parse({"ttl": {"ttl": 5}})


def test_a_search_finds_ten_threads_newest_update_first() -> None:
    search = ThreadSearch.parse({})
    assert (search.limit, search.offset, search.sort_by, search.descending, search.ids) == (10, 0, "updated_at", True, None)


def thread_of(**fields: Any) -> Thread:
    """A thread that is not stored."""
    return Thread(thread_id=uuid4(), created_at=now(), updated_at=now(), state_updated_at=now(), **fields)


def test_an_untouched_thread_shows_the_recorded_keys() -> None:
    assert set(thread_json(thread_of())) == set(transcript("threads/create").steps[0].response["json"])
    assert set(thread_json(thread_of(status="busy"))) == set(transcript("runs/background").steps[1].response["json"])


@pytest.mark.parametrize(
    "fields", [{"head_checkpoint_id": "c", "values": {}}, {"error": {"error": "E", "message": ""}}, {"values": {"a": 1}}]
)
def test_a_touched_thread_shows_error_and_interrupts(fields: dict[str, Any]) -> None:
    row = thread_json(thread_of(**fields))
    assert set(row) == set(transcript("runs/background").steps[5].response["json"])


def test_a_search_selects_columns() -> None:
    search = ThreadSearch.parse({"select": ["thread_id", "context", "interrupts"]})
    assert set(search.row(FoundThread(thread_of(), {}))) == {"thread_id"}
    assert set(search.row(FoundThread(thread_of(values={}), {}))) == {"thread_id", "interrupts"}
