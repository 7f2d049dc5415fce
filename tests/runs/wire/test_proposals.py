"""What is asked, in words, whatever shape it has."""

from typing import Any

import pytest

from runs.wire.proposals import Proposal, digest_of

CONFIG = {"allow_accept": True, "allow_ignore": True}


@pytest.mark.parametrize(
    ("kind", "value", "title", "summary"),
    [
        ("tool_approval", {"action": "send_mail", "args": {"to": "ann", "urgent": True}}, "Send mail", "to: ann · urgent: true"),
        ("tool_approval", {"name": "refund", "args": "odd"}, "Refund", "odd"),
        ("tool_approval", {}, "Unnamed action", ""),
        (
            "batch",
            {"action_requests": [{"name": "book", "args": {"city": "Rome"}}, {"name": "pay"}, 3], "review_configs": [7]},
            "Book, pay and unnamed action",
            "book: city: Rome · pay: · unnamed action:",
        ),
        ("batch", {"action_requests": [], "review_configs": []}, "Question from ask", "action_requests: [] · review_configs: []"),
        ("inbox_request", [{"action_request": {"action": "ask_ann", "args": {}}, "config": CONFIG}], "Ask ann", ""),
        ("form", {"question": "How much?"}, "How much?", "question: How much?"),
        ("question", "  Well?  ", "Well?", "Well?"),
        ("question", {"n": 1}, "Question from ask", "n: 1"),
        ("question", None, "Question from ask", ""),
        ("question", [1, None], "Question from ask", "[1,null]"),
        ("breakpoint", None, "Stopped at ask", ""),
    ],
)
def test_every_shape_has_a_title(kind: str, value: Any, title: str, summary: str) -> None:
    proposal = Proposal(kind, "ask", value, None, ("accept", "ignore"))
    assert (proposal.title, proposal.summary.replace("  ", " ")) == (title, summary)


def test_long_texts_are_shortened() -> None:
    asked = Proposal("question", "ask", "x" * 500, None)
    assert (len(asked.title), asked.title[-1]) == (120, "…")


EDITED = {"properties": {"name": {"const": "book"}, "args": {"$ref": "#/$defs/Book"}}}
SCHEMA = {
    "$defs": {
        "Book": {"type": "object", "properties": {"city": {"type": "string"}}},
        "Edit": {"properties": {"type": {"const": "edit"}, "edited_action": EDITED}},
        "Approve": {"properties": {"type": {"enum": ["approve"]}}},
    },
    "oneOf": [{"$ref": "#/$defs/Approve"}, {"$ref": "#/$defs/Edit"}],
}


def test_the_schema_of_the_arguments_is_found_behind_references() -> None:
    proposal = Proposal("tool_approval", "tools", {"name": "book"}, SCHEMA, ("approve", "edit", "respond", "reject"))
    assert proposal.allowed == ("approve", "edit")
    assert proposal.args_schema is not None
    assert proposal.args_schema["properties"] == {"city": {"type": "string"}}


@pytest.mark.parametrize("schema", [{}, {"oneOf": 3}, {"$ref": "#/nowhere"}, {"$ref": "#"}, {"oneOf": [1, {"properties": 2}]}], ids=str)
def test_a_schema_that_says_nothing_leaves_all_decisions(schema: Any) -> None:
    proposal = Proposal("tool_approval", "tools", {"name": "book"}, schema, ("approve", "reject"))
    assert (proposal.allowed, proposal.args_schema) == (("approve", "reject"), None)


def test_another_checkpoint_has_another_digest() -> None:
    assert len({digest_of("c1", "{}"), digest_of("c2", "{}"), digest_of("c1", "[]"), digest_of(None, "{}")}) == 4
