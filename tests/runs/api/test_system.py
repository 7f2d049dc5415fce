"""Routes that are open to everybody."""

import httpx

from runs.api.system import valued


def test_ok(live: str) -> None:
    for path in ("/ok", "/", "/ok?check_db=1"):
        assert httpx.get(f"{live}{path}").json() == {"ok": True, "services": {}}
    refused = httpx.get(f"{live}/ok?check_db=true")
    assert (refused.status_code, refused.json()) == (400, {"detail": "invalid literal for int() with base 10: 'true'"})


def test_ready_names_its_parts(live: str) -> None:
    answer = httpx.get(f"{live}/ready")
    found = answer.json()
    assert (answer.status_code, found["ready"], found["database"], found["redis"]) == (200, True, "ok", "ok")
    assert "approval" in found["graphs"]["loaded"] and found["graphs"]["failed"] == []


def test_info_tells_clients_what_they_may_use(live: str) -> None:
    found = httpx.get(f"{live}/info").json()
    assert (found["flags"]["assistants"], found["flags"]["crons"], found["flags"]["strict_resume"]) == (True, False, True)
    assert found["langgraph_py_version"] and found["version"]


def test_the_document_has_every_operation_and_the_page_shows_it(live: str) -> None:
    found = httpx.get(f"{live}/openapi.json").json()
    assert found["openapi"].startswith("3.")
    operations = {
        operation["operationId"] for item in found["paths"].values() for operation in item.values() if isinstance(operation, dict)
    }
    assert {"create_thread", "create_run", "stream_run", "update_thread_state", "create_assistant"} <= operations
    page = httpx.get(f"{live}/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert all(name in page.text for name in ("create_run", "/threads/{thread_id}/runs")) and "<script" not in page.text


def test_schemas_are_told_in_words() -> None:
    assert valued({"type": ["string", "null"]}) == "string or null"
    assert valued({"enum": ["raise", "do_nothing"]}) == "one of raise, do_nothing"
    assert valued({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]}) == "boolean or list of string"
    assert valued({}) == "anything"
