"""The recorded exchanges of the official server, sent to ours."""

import httpx
import pytest

from tests.builders import Person
from tests.conformance.deviations import NOT_BUILT, TABLE
from tests.conformance.replay import Replay, built
from tests.conformance.transcripts import cases, transcript
from tests.servers import Stack

NEEDS_SWEEPS = ("runs/after_seconds",)
APART = "runs/timeout"  # of a server with another time limit


@pytest.mark.parametrize("case", [case for case in built() if case != APART])
def test_answers_are_as_recorded_but_for_the_table(case: str, live: str, owner: Person, request: pytest.FixtureRequest) -> None:
    if case in NEEDS_SWEEPS:
        request.getfixturevalue("sweeps")
    assert_as_recorded(case, live, owner)


@pytest.mark.xdist_group("apart")
def test_runs_that_take_too_long_are_as_recorded_but_for_the_table(apart: Stack, owner: Person) -> None:
    apart.start_worker(HOLDFAST_RUN_TIMEOUT_SECONDS="2")
    assert_as_recorded(APART, apart.base_url, owner)


def assert_as_recorded(case: str, url: str, owner: Person) -> None:
    """Every difference is in the table, and every entry of the table is a difference."""
    with httpx.Client(base_url=url, headers=owner.headers, timeout=30) as client:
        found = Replay(case, client).run()
    assert [str(each) for each in found if each.deviation is None] == []
    seen = {each.deviation for each in found}
    assert [entry for entry in TABLE if entry.case == case and entry not in seen] == [], (
        "these differences are gone: take them off the table"
    )


def test_the_table_names_transcripts_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert {entry.case for entry in TABLE} <= set(built())
    assert set(NOT_BUILT) <= set(cases())
    assert all(entry.reason for entry in TABLE)
    steps = sum(len(transcript(case).steps) for case in built())
    deviating = len({(entry.case, step) for entry in TABLE for step in entry.steps})
    with capsys.disabled():
        print(
            f"\nreplay: {steps - deviating} steps as recorded, {deviating} deviate by the table, {len(NOT_BUILT)} cases are not built yet"
        )
