"""The recorded exchanges of the official server, sent to ours."""

import httpx
import pytest

from tests.builders import Person
from tests.conformance.deviations import NOT_BUILT, TABLE
from tests.conformance.replay import Replay
from tests.conformance.transcripts import cases, transcript

BUILT = [case for case in cases() if case not in NOT_BUILT and transcript(case).steps]


@pytest.mark.parametrize("case", BUILT)
def test_answers_are_as_recorded_but_for_the_table(case: str, live: str, owner: Person) -> None:
    with httpx.Client(base_url=live, headers=owner.headers, timeout=30) as client:
        found = Replay(case, client).run()
    assert [str(each) for each in found if each.deviation is None] == []
    seen = {each.deviation for each in found}
    unseen = [entry for entry in TABLE if entry.case == case and entry not in seen and not entry.sometimes]
    assert unseen == [], "the table names differences that are gone"
