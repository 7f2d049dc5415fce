"""The JS client on a page of another origin, in Chromium: preflights, exposed headers, streams, refusals"""

import queue
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser.chromium import binary, visiting
from tests.browser.site import served
from tests.builders import Person
from tests.js.node import install

PAGES = Path(__file__).parent / "pages"
SECONDS = 60


@pytest.mark.parametrize("line", ["sdk-1", "sdk-2"])
def test_a_page_uses_the_client(live: str, owner: Person, tmp_path: Path, line: str) -> None:
    if binary() is None:
        pytest.skip("this machine has no Chromium, and `make test` could not install Debian's")
    install()
    with served(PAGES) as site:
        place = f"{site.address}/client.html#{quote(f'{live},{owner.key},{line}')}"
        with visiting(place, tmp_path / "profile"):
            try:
                found = site.reports.get(timeout=SECONDS)
            except queue.Empty:
                pytest.fail("the page did not report")
    assert len(found) == 7
    assert {what: error for what, error in found.items() if error} == {}
