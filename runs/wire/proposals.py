"""What a person is asked to decide, read from a stored interrupt: a title in words, the actions, their schemas, the allowed decisions.

Pure functions of what the row holds, made when an item is read: that costs microseconds, needs no columns, and old rows gain with the code.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

Json = dict[str, Any]

TITLE_LENGTH, SUMMARY_LENGTH, PART_LENGTH = 120, 200, 60
ASKING = ("question", "title", "message", "prompt", "description", "text", "instructions")
TOOL_DECISIONS = ("approve", "edit", "respond", "reject")
INBOX_WORDS = {"accept": "approve", "edit": "edit", "response": "respond", "ignore": "ignore"}
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Action:
    """One call that waits: `schema` is that of its arguments, None if nobody said."""

    name: str | None
    args: Any
    description: str | None
    schema: Json | None
    allowed: tuple[str, ...]

    def json(self) -> Json:
        """As an item shows it."""
        return {
            "name": self.name,
            "args": self.args,
            "description": self.description,
            "schema": self.schema,
            "allowed": list(self.allowed),
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """An interrupt as people see it: kind, the node that asks, value and schema in the graph's own order of keys, stored decisions."""

    kind: str
    node: str | None
    value: Any
    schema: Json | None
    stored: tuple[str, ...] = ()

    @property
    def actions(self) -> list[Action]:
        """The calls of an approval, a batch or an inbox request; none for forms, questions and breakpoints. Odd shapes become odd calls."""
        if self.kind == "tool_approval":
            schema, allowed = _edit_schema(self.schema), _branches(self.schema)
            words = tuple(word for word in TOOL_DECISIONS if word in allowed) or self.stored or TOOL_DECISIONS
            return [_action(self.value, self.value.get("action") or self.value.get("name"), schema, words)]
        if self.kind == "batch":
            return list(self._batch())
        if self.kind == "inbox_request":
            first = self.value[0] if isinstance(self.value, list) else self.value
            request = first["action_request"]
            words = tuple(INBOX_WORDS[word] for word in self.stored if word in INBOX_WORDS)
            return [_action(request | {"description": first.get("description")}, request.get("action"), None, words)]
        return []

    def _batch(self) -> Iterator[Action]:
        configs = {str(config.get("action_name")): config for config in self.value["review_configs"] if isinstance(config, dict)}
        for request in self.value["action_requests"]:
            given = request if isinstance(request, dict) else {}
            config = configs.get(str(given.get("name")), {})
            schema = config.get("args_schema")
            words = config.get("allowed_decisions")
            allowed = tuple(map(str, words)) if isinstance(words, list) and words else self.stored or TOOL_DECISIONS
            yield _action(given, given.get("name"), schema if isinstance(schema, dict) else None, allowed)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The decisions that can be taken on all of it."""
        if self.kind == "breakpoint":
            return ("continue",)
        actions = self.actions
        if not actions:
            return ("respond",)
        return tuple(word for word in actions[0].allowed if all(word in action.allowed for action in actions))

    @property
    def args_schema(self) -> Json | None:
        """Of the one call's arguments, or of the form's answer; a batch has one per action."""
        if self.kind == "form":
            return self.schema
        actions = self.actions
        return actions[0].schema if len(actions) == 1 else None

    @property
    def title(self) -> str:
        """What will happen, or what is asked, in words."""
        if self.kind == "breakpoint":
            return f"Stopped at {self.node}"
        actions = self.actions
        if actions:
            names = [_words(action.name) for action in actions]
            shown = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            return _shortened(shown[:1].upper() + shown[1:], TITLE_LENGTH)
        asked = _asked(self.value)
        return _shortened(asked, TITLE_LENGTH) if asked else f"Question from {self.node}" if self.node else "Question"

    @property
    def summary(self) -> str:
        """One line of what it is about: the arguments."""
        if self.kind == "breakpoint":
            return ""
        actions = self.actions
        if len(actions) > 1:
            return _shortened(" · ".join(f"{_words(action.name)}: {_line(action.args)}" for action in actions), SUMMARY_LENGTH)
        return _shortened(_line(actions[0].args) if actions else _line(self.value), SUMMARY_LENGTH)


def digest_of(checkpoint_id: str | None, proposal: str) -> str:
    """Names what was shown: another proposal, or the same one at another checkpoint, has another digest."""
    return hashlib.sha256(orjson.dumps([checkpoint_id, proposal])).hexdigest()


def _action(source: Json, name: Any, schema: Json | None, allowed: tuple[str, ...]) -> Action:
    description = source.get("description")
    return Action(
        name if isinstance(name, str) else None,
        source.get("args"),
        description if isinstance(description, str) else None,
        schema,
        allowed,
    )


def _resolved(node: Any, root: Json) -> Json:
    """A schema without references to the definitions beside it; {} for what is none."""
    for _ in range(DEEPEST):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        found: Any = root
        for part in reference[2:].split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        node = found
    return node if isinstance(node, dict) else {}


def _union(schema: Json | None) -> dict[str, Json]:
    """The branches of a union of decisions, by their `type`."""
    if schema is None:
        return {}
    root = _resolved(schema, schema)
    members = root.get("oneOf") or root.get("anyOf")
    branches = [_resolved(member, schema) for member in (members if isinstance(members, list) else [root])]
    found = {}
    for branch in branches:
        kind = _resolved(_property(branch, "type"), schema)
        several = kind.get("enum")
        for word in [kind.get("const"), *(several if isinstance(several, list) else [])]:
            if isinstance(word, str):
                found[word] = branch
    return found


def _branches(schema: Json | None) -> frozenset[str]:
    return frozenset(_union(schema))


def _edit_schema(schema: Json | None) -> Json | None:
    """The schema of the arguments that an edit sends, with the definitions it refers to."""
    branch = _union(schema).get("edit")
    if branch is None or schema is None:
        return None
    args = _resolved(_property(_resolved(_property(branch, "edited_action"), schema), "args"), schema)
    if not args:
        return None
    return args | ({"$defs": schema["$defs"]} if "$defs" in schema else {})


def _property(schema: Json, name: str) -> Any:
    properties = schema.get("properties")
    return properties.get(name) if isinstance(properties, dict) else None


def _asked(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        texts = (value.get(key) for key in ASKING)
        return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), None)
    return None


def _words(name: str | None) -> str:
    """`send_mail` → `send mail`."""
    return (name or "").replace("_", " ").replace("-", " ").strip() or "unnamed action"


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return " · ".join(f"{key}: {_part(part)}" for key, part in value.items())
    return "" if value is None else _part(value)


def _part(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return _shortened(text, PART_LENGTH)


def _shortened(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
