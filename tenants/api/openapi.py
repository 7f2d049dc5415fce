"""What the OpenAPI document says of every operation alike: refusals, ids in paths, headers; and the words in which schemas are said."""

from typing import Any

Json = dict[str, Any]

ERROR_SCHEMA: Json = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string", "description": "What is wrong, and what to do about it."}},
    "examples": [{"detail": "Thread with ID 7d5c0a7e-6a0e-4c06-8d2b-0f1c7a0a1b11 not found"}],
}
UUID: Json = {"type": "string", "format": "uuid"}
REFUSALS: dict[str, tuple[str, str]] = {
    "400": ("BadRequest", "The request contradicts itself, or a number is none."),
    "401": ("NotAuthenticated", "No key, or one that is unknown, expired or revoked."),
    "403": ("NotAllowed", "Your role does not allow this."),
    "404": ("NotFound", "It does not exist, or belongs to another tenant: the answer is the same."),
    "409": ("Conflict", "Not possible now: an id is taken, a thread is busy, an interrupt has been answered."),
    "413": ("TooLarge", "The body is too large."),
    "422": ("Invalid", "The body, a parameter or an id is not valid."),
    "503": ("Unavailable", "The database is busy or away: try again after `Retry-After` seconds."),
}
WRITES = ("post", "put", "patch", "delete")
VERBS = ("get", *WRITES)
REQUEST_ID: Json = {"schema": {"type": "string"}, "description": "Names the request in logs and audit; yours, if you sent one."}


def thing(*required: str, **properties: Json) -> Json:
    """The schema of an object."""
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def row(*optional: str, **properties: Json) -> Json:
    """The schema of an object whose keys are always there, but for the optional ones."""
    return thing(*[name for name in properties if name not in optional], **properties)


def part(schema: Json) -> Json:
    """The same object with only the keys that were asked for."""
    return {name: value for name, value in schema.items() if name != "required"}


def many(schema: Json) -> Json:
    """The schema of a bare array."""
    return {"type": "array", "items": schema}


def body(schema: Json) -> Json:
    """A request's JSON."""
    return {"application/json": schema}


def one_of(*values: str) -> Json:
    """The schema of a word."""
    return {"type": "string", "enum": list(values)}


def complete(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """drf-spectacular's hook: add to each operation what no view has to say itself."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR_SCHEMA
    result["components"]["responses"] = {
        name: {
            "description": text,
            "headers": {"X-Request-Id": REQUEST_ID},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for name, text in REFUSALS.values()
    }
    for path, item in result["paths"].items():
        for verb in VERBS:
            if verb in item:
                _complete(verb, path, item[verb])
    return result


def _complete(verb: str, path: str, operation: Json) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"].endswith("_id") and parameter["schema"] == {"type": "string"}:
            parameter["schema"] = UUID
        if parameter["in"] == "path" and not parameter.get("description"):
            parameter["description"] = f"The id of the {parameter['name'].removesuffix('_id').replace('_', ' ')}."
    if body := operation.pop("x-request-body", None):  # of DELETE, for which drf-spectacular knows none
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}, "required": True}
    responses = operation["responses"]
    for status in _refusals(verb, path, operation) - responses.keys():
        responses[status] = {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
    for status, answer in responses.items():
        if "$ref" not in answer:
            answer["description"] = answer.get("description") or ("Done." if status < "300" else REFUSALS[status][1])
            answer.setdefault("headers", {})["X-Request-Id"] = REQUEST_ID
    operation["responses"] = dict(sorted(responses.items()))


def _refusals(verb: str, path: str, operation: Json) -> set[str]:
    """The statuses with which any operation of this shape may refuse."""
    found = {"422", "503"}
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
        found |= {"400"}
    if operation.get("security"):
        found |= {"401", "403"}
    if "{" in path:
        found |= {"404", "409"}
    if verb in WRITES and operation.get("security"):
        found |= {"400", "404", "409", "413"}
    return found
