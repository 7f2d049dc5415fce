"""Guides as programs: the blocks of each language in order, with the output that stands below them."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests import stack

GUIDES = [*sorted((stack.ROOT / "docs" / "guides").glob("*.md")), stack.ROOT / "docs" / "review.md"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "---- end of block ----"
ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """Code to paste, and what it prints, if the guide says it."""

    language: str
    code: str
    output: str | None


def blocks(guide: Path) -> list[Block]:
    """All code of a guide; a `text` fence is the output of the block above it."""
    found: list[Block] = []
    for language, text in FENCE.findall(guide.read_text()):
        if language == "text":
            found[-1] = Block(found[-1].language, found[-1].code, text)
        else:
            found.append(Block(language, text, None))
    return found


def program(guide: Path, language: str) -> str:
    """The blocks of one language as one program that prints a mark after each."""
    mark = {"python": f"print({MARK!r})", "sh": f"echo '{MARK}'", "js": f"console.log({MARK!r})"}[language]
    return "".join(f"{block.code}\n{mark}\n" for block in blocks(guide) if block.language == language)


def promised(guide: Path, language: str) -> list[str | None]:
    """What the guide says that each block of this language prints."""
    return [block.output for block in blocks(guide) if block.language == language]


def fits(told: str, output: str) -> bool:
    """Whether a block printed what the guide shows; there `…` stands for whatever a line has in this place."""
    pattern = ".*".join(re.escape(piece) for piece in output.strip().split(ANYTHING))
    return re.fullmatch(pattern, told.strip()) is not None
