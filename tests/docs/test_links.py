"""Links between the documents lead somewhere."""

import re
from pathlib import Path

import pytest

from tests import stack

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
DOCUMENTS = [*stack.ROOT.glob("*.md"), *stack.ROOT.glob("docs/**/*.md")]


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(document.read_text())}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.relative_to(stack.ROOT).as_posix())
def test_its_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in LINK.findall(document.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_document_is_reached_from_the_readme() -> None:
    pages = [*stack.ROOT.glob("docs/*.md"), *stack.ROOT.glob("docs/guides/*.md")]
    linked = "".join((stack.ROOT / name).read_text() for name in ("README.md", "docs/architecture.md"))
    assert [page.name for page in pages if page.name not in linked] == []
