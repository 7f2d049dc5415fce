"""Deciding an item: once, by somebody who may, as it was shown."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from runs.services.decide import decide_review
from runs.services.review import assign_review, comment_review, get_review, search_reviews
from runs.wire.proposals import digest_of
from runs.wire.reviews import AssignRequest, CommentRequest, DecideRequest, ReviewSearch
from tenants.actors import ActorKind, Role
from tenants.exceptions import Conflict, NotAllowed
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, make_interrupt, make_person, make_thread
from tests.review.conftest import As, Json, ask, decide, items, only_item
from tests.statements import statements

REFUND = {"messages": [{"role": "user", "content": "book:Rome"}]}


@pytest.fixture
def thread(starts: httpx.Client) -> str:
    """Waits for the approval of a tool's call."""
    return ask(starts, "clerk_each", REFUND)


def test_an_item_shows_all_that_a_decision_needs(starts: httpx.Client, decides: httpx.Client, owner: Person, thread: str) -> None:
    item = only_item(decides, thread)
    run = starts.get(f"/threads/{thread}/runs").json()[0]
    assert (item["title"], item["summary"], item["action"], item["node"]) == ("Book", "city: Rome", "book", "tools")
    assert (item["kind"], item["risk"], item["assignee"], item["closed"]) == ("tool_approval", None, None, None)
    assert (item["requester"], item["run_id"], item["assistant_id"]) == (owner.actor.identity, run["run_id"], run["assistant_id"])
    assert sorted(item["allowed_decisions"]) == ["approve", "edit", "reject", "respond"]
    assert item["schema"]["properties"]["city"]["type"] == "string"
    assert (item["actions"][0]["name"], item["actions"][0]["args"]) == ("book", {"city": "Rome"})
    assert next(iter(item["value"])) == "type"  # in the graph's order of keys
    assert (item["may_decide"], [each["event"] for each in item["history"]]) == (True, ["opened"])


def test_a_decision_closes_the_item_and_says_by_whom_and_how(decides: httpx.Client, reviewer: Person, thread: str) -> None:
    review = only_item(decides, thread)["review_id"]
    decided = decide(decides, review, decision="reject", message="no").json()
    item = decides.get(f"/reviews/{review}").json()
    assert (item["status"], item["may_decide"]) == ("resolved", False)
    closed = item["closed"]
    assert (closed["how"], closed["by"], closed["decision"]) == ("answered", reviewer.actor.identity, "reject")
    assert (closed["run_id"], decided["status"]) == (decided["run_id"], "resolved")
    assert [each["event"] for each in item["history"]] == ["opened", "answered"]


def test_a_resume_through_the_sdk_closes_the_item_the_same_way(
    starts: httpx.Client, decides: httpx.Client, thread: str, owner: Person
) -> None:
    item = only_item(decides, thread)
    resume = {item["interrupt_id"]: {"type": "approve"}}
    starts.post(f"/threads/{thread}/runs/wait", json={"assistant_id": "clerk_each", "command": {"resume": resume}})
    late = decide(decides, item["review_id"], decision="approve")
    assert late.status_code == 409
    closed = late.json()["closed"]
    assert (closed["how"], closed["by"], closed["decision"]) == ("answered", owner.actor.identity, "approve")
    assert owner.actor.identity in late.json()["detail"] and closed["at"][:19] in late.json()["detail"]


def test_an_sdk_that_comes_second_is_told_who_was_first(starts: httpx.Client, decides: httpx.Client, reviewer: Person, thread: str) -> None:
    item = only_item(decides, thread)
    assert decide(decides, item["review_id"], decision="approve").status_code == 200
    command = {"resume": {item["interrupt_id"]: {"type": "approve"}}}
    late = starts.post(f"/threads/{thread}/runs", json={"assistant_id": "clerk_each", "command": command})
    assert (late.status_code, late.json()["answered_by"]) == (409, reviewer.actor.identity)


def test_a_repeat_with_its_key_gets_the_first_answer(
    starts: httpx.Client, decides: httpx.Client, as_: As, owner: Person, thread: str
) -> None:
    review = only_item(decides, thread)["review_id"]
    body = {"decision": "respond", "message": "by hand", "idempotency_key": "form-1"}
    first = decide(decides, review, **body)
    again = decide(decides, review, **body)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    other = decide(decides, review, **(body | {"message": "else"}))
    assert (other.status_code, "idempotency key" in other.json()["detail"]) == (409, True)
    assert decide(as_(owner), review, **body).status_code == 409  # somebody else's
    assert len(starts.get(f"/threads/{thread}/runs").json()) == 2


def test_a_double_click_resumes_once(starts: httpx.Client, decides: httpx.Client, thread: str) -> None:
    review = only_item(decides, thread)["review_id"]
    with ThreadPoolExecutor(4) as pool:
        clicks = [pool.submit(decide, decides, review, decision="approve", idempotency_key="click") for _ in range(4)]
    answers = [click.result() for click in clicks]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert len(starts.get(f"/threads/{thread}/runs").json()) == 2


def test_a_digest_of_something_else_is_refused(decides: httpx.Client, thread: str) -> None:
    item = only_item(decides, thread)
    refused = decide(decides, item["review_id"], decision="approve", shown_digest="0" * 64)
    assert (refused.status_code, refused.json()["shown_digest"]) == (409, item["shown_digest"])
    assert decide(decides, item["review_id"], decision="approve", shown_digest=item["shown_digest"]).status_code == 200


def test_a_proposal_that_has_changed_is_refused_with_the_difference(starts: httpx.Client, decides: httpx.Client) -> None:
    thread = ask(starts, "approval", {"mode": "single", "request": "pay 10"})
    shown = only_item(decides, thread)
    starts.post(f"/threads/{thread}/runs/wait", json={"assistant_id": "approval", "input": {"request": "pay 1000"}})
    now = only_item(decides, thread)
    refused = decide(decides, shown["review_id"], decision="respond", value="ok", shown_digest=shown["shown_digest"])
    told = refused.json()
    assert (refused.status_code, told["successor"], told["shown_digest"]) == (409, now["review_id"], now["shown_digest"])
    assert told["difference"] == [{"op": "replace", "path": "/request", "before": "pay 10", "after": "pay 1000"}]
    assert (told["closed"]["how"], only_item(decides, thread)["review_id"]) == ("new_run", now["review_id"])


def test_a_node_that_asks_something_else_is_noticed(tenant: Tenant, reviewer: Person, owner: Person) -> None:
    before, after = (f'{{"value":{{"amount":{amount},"to":"ann"}},"schema":null}}' for amount in (10, 1000))
    row = make_interrupt(tenant, make_thread(tenant, owner.actor), proposal=after, former=before)
    shown = DecideRequest.parse({"decision": "respond", "value": 1, "shown_digest": digest_of(row.checkpoint_id, before)})
    with pytest.raises(Conflict, match="changed since it was shown") as refused:
        decide_review(actor=reviewer.actor, review_id=row.review_id, request=shown)
    assert refused.value.more is not None
    assert refused.value.more["difference"] == [{"op": "replace", "path": "/amount", "before": 10, "after": 1000}]


def test_arguments_of_an_edit_must_fit_their_schema(decides: httpx.Client, thread: str) -> None:
    item = only_item(decides, thread)
    refused = decide(decides, item["review_id"], decision="edit", args={"city": 3})
    assert (refused.status_code, "arguments of book" in refused.json()["detail"]) == (422, True)
    assert decide(decides, item["review_id"], decision="edit", args={"city": "Bonn"}).status_code == 200


TWICE = [{"decision": "approve"}] * 2


@pytest.mark.parametrize(
    "body",
    [{}, {"decision": "dance"}, {"decision": "approve", "decisions": []}, {"decisions": TWICE}, {"decision": 1}, []],
    ids=str,
)
def test_what_is_no_decision_is_refused(decides: httpx.Client, thread: str, body: Any) -> None:
    item = only_item(decides, thread)
    assert decides.post(f"/reviews/{item['review_id']}/decide", json=body).status_code == 422
    assert [each["review_id"] for each in items(decides, thread)] == [item["review_id"]]


def test_a_state_update_closes_the_item(starts: httpx.Client, decides: httpx.Client, owner: Person) -> None:
    thread = ask(starts, "approval", {"mode": "single"})
    review = only_item(decides, thread)["review_id"]
    starts.post(f"/threads/{thread}/state", json={"values": {"answers": ["skipped"]}, "as_node": "ask"})
    closed = decides.get(f"/reviews/{review}").json()["closed"]
    assert (closed["how"], closed["by"]) == ("state_updated", owner.actor.identity)
    assert decide(decides, review, decision="respond", value=1).status_code == 409


def test_a_deleted_thread_leaves_a_closed_item_without_its_contents(as_: As, tenant: Tenant, starts: httpx.Client, thread: str) -> None:
    admin = make_person(tenant, Role.ADMIN)
    review = only_item(starts, thread)["review_id"]
    as_(admin).post(f"/reviews/{review}/comments", json={"text": "secret"})
    assert as_(admin).delete(f"/threads/{thread}").status_code == 204
    item = starts.get(f"/reviews/{review}").json()
    assert (item["status"], item["closed"]["how"], item["closed"]["by"]) == ("discarded", "thread_deleted", admin.actor.identity)
    assert (item["value"], item["comments"], item["may_decide"]) == (None, [], False)
    refused = decide(starts, review, decision="approve")
    assert (refused.status_code, "its thread was deleted" in refused.json()["detail"]) == (409, True)


def test_a_failed_answer_opens_the_item_again(starts: httpx.Client, decides: httpx.Client) -> None:
    thread = ask(starts, "review", {"mode": "typed"})
    review = only_item(decides, thread)["review_id"]
    decided = decide(decides, review, decision="respond", value={"amount": 101})
    starts.get(decided.headers["Content-Location"] + "/join")
    item = only_item(decides, thread)
    assert (item["review_id"], item["closed"], [each["event"] for each in item["history"]]) == (review, None, ["opened", "answered"])
    assert decide(decides, review, decision="respond", value={"amount": 100}).status_code == 200


def test_decisions_are_audited_by_digest(decides: httpx.Client, tenant: Tenant, thread: str) -> None:
    item = only_item(decides, thread)
    decide(decides, item["review_id"], decision="edit", args={"city": "Secretville"})
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="review.decide")
    assert event.after is not None and event.target_id == item["review_id"]
    assert (event.after["shown"], event.after["decision"], "Secretville" in str(event.after)) == (item["shown_digest"], "edit", False)


def member(person: Person) -> Person:
    """The same, as a member of the tenant."""
    return replace(person, actor=replace(person.actor, kind=ActorKind.MEMBER))


def waiting(tenant: Tenant, requester: Person, kind: str = "tool_approval") -> UUID:
    """The row of an item that somebody asked for."""
    allowed = ["approve", "edit", "respond", "reject"] if kind == "tool_approval" else ["respond"]
    value: Json = {"type": "tool_approval", "action": "refund", "args": {}}
    fields = {"kind": kind, "value": value, "requester": requester.actor.identity, "allowed": allowed}
    return make_interrupt(tenant, make_thread(tenant, requester.actor), **fields).review_id


def test_the_requester_may_not_decide(tenant: Tenant, owner: Person) -> None:
    review, author = waiting(tenant, owner), member(owner)
    assert not get_review(actor=author.actor, review_id=review).may_decide
    with pytest.raises(NotAllowed, match="second person"):
        decide_review(actor=author.actor, review_id=review, request=DecideRequest.parse({"decision": "approve"}))
    other = member(make_person(tenant, Role.REVIEWER))
    assert get_review(actor=other.actor, review_id=review).may_decide
    assert get_review(actor=owner.actor, review_id=review).may_decide  # a key, unless the tenant says otherwise


def test_the_requester_may_answer_what_is_left_to_owners(tenant: Tenant, owner: Person) -> None:
    assert get_review(actor=member(owner).actor, review_id=waiting(tenant, owner, "question")).may_decide


def test_keys_need_a_second_person_where_the_tenant_says_so(tenant: Tenant, owner: Person) -> None:
    tenant.settings = {"keys_need_second_person": True}
    tenant.save()
    assert not get_review(actor=owner.actor, review_id=waiting(tenant, owner)).may_decide


def test_an_item_is_assigned_and_taken_back(as_: As, decides: httpx.Client, reviewer: Person, owner: Person, thread: str) -> None:
    review = only_item(decides, thread)["review_id"]
    assert decides.post(f"/reviews/{review}/assign", json={"assignee": "me"}).json()["assignee"] == reviewer.actor.identity
    assert [each["review_id"] for each in search(decides, assignee=reviewer.actor.identity)] == [review]
    assert search(decides, unassigned=True) == []
    assert decides.post(f"/reviews/{review}/assign", json={"assignee": owner.actor.identity}).status_code == 200
    assert decides.post(f"/reviews/{review}/assign", json={"assignee": None}).json()["assignee"] is None
    assert [each["event"] for each in decides.get(f"/reviews/{review}").json()["history"]] == ["opened", *["assigned"] * 3]
    assert decide(decides, review, decision="approve").status_code == 200
    assert decides.post(f"/reviews/{review}/assign", json={"assignee": "me"}).status_code == 409


def search(client: httpx.Client, **filters: Any) -> list[Json]:
    """Found items."""
    answer = client.post("/reviews/search", json=filters)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


def test_only_who_may_decide_is_assigned(tenant: Tenant, decides: httpx.Client, stranger: Person, thread: str) -> None:
    review = only_item(decides, thread)["review_id"]
    for nobody in (make_person(tenant, Role.VIEWER).actor.identity, stranger.actor.identity, "key:nobody", "ann"):
        assert decides.post(f"/reviews/{review}/assign", json={"assignee": nobody}).status_code == 422
    assert decides.post(f"/reviews/{review}/assign", json={}).status_code == 422


def test_comments_stay_among_people(starts: httpx.Client, decides: httpx.Client, reviewer: Person, thread: str) -> None:
    review = only_item(decides, thread)["review_id"]
    for text in ("The customer called.", "Ask Ann?"):
        assert decides.post(f"/reviews/{review}/comments", json={"text": text}).json()["text"] == text
    listed = decides.get(f"/reviews/{review}/comments?limit=1")
    assert [(each["text"], each["author"]) for each in listed.json()] == [("The customer called.", reviewer.actor.identity)]
    assert listed.headers["X-Pagination-Next"] == "1"
    assert [each["text"] for each in only_item(decides, thread)["comments"]] == ["The customer called.", "Ask Ann?"]
    assert "customer called" not in starts.get(f"/threads/{thread}/state").text
    assert decides.post(f"/reviews/{review}/comments", json={"text": ""}).status_code == 422


def test_items_are_found_by_what_they_are(starts: httpx.Client, decides: httpx.Client, thread: str) -> None:
    question = ask(starts, "approval", {"mode": "parallel"})
    assert [each["thread_id"] for each in search(decides)] == [question, question, thread]
    assert [each["thread_id"] for each in search(decides, tool="book")] == [thread]
    assert [each["thread_id"] for each in search(decides, kind="tool_approval")] == [thread]
    assistant = items(decides, thread)[0]["assistant_id"]
    assert [each["thread_id"] for each in search(decides, assistant_id=assistant)] == [thread]
    decide(decides, items(decides, thread)[0]["review_id"], decision="approve")
    assert [each["thread_id"] for each in search(decides, status="pending")] == [question, question]
    assert [each["closed"]["decision"] for each in search(decides, status="closed")] == ["approve"]


def test_pages_go_on_behind_an_item(tenant: Tenant, owner: Person, decides: httpx.Client) -> None:
    made = [str(waiting(tenant, owner)) for _ in range(5)]
    for order, expected in (("asc", made), ("desc", made[::-1])):
        first = decides.post("/reviews/search", json={"limit": 2, "sort_order": order})
        assert (first.headers["X-Pagination-Next"], [each["review_id"] for each in first.json()]) == ("2", expected[:2])
        rest = search(decides, after=expected[1], sort_order=order)
        assert [each["review_id"] for each in rest] == expected[2:]
        assert [each["review_id"] for each in search(decides, offset=2, sort_order=order)] == expected[2:]


def test_parallel_questions_are_decided_one_by_one(starts: httpx.Client, decides: httpx.Client) -> None:
    thread = ask(starts, "approval", {"mode": "parallel"})
    first, second = items(decides, thread)
    assert decide(decides, first["review_id"], decision="respond", value=1).status_code == 200
    decided = decide(decides, second["review_id"], decision="respond", value=2)
    assert decided.status_code == 200, decided.text
    starts.get(decided.headers["Content-Location"] + "/join")
    assert starts.get(f"/threads/{thread}/state").json()["values"]["done"] is True


def test_what_each_use_case_asks_of_the_database(tenant: Tenant, owner: Person, reviewer: Person) -> None:
    review = waiting(tenant, owner)
    with statements() as found:
        search_reviews(actor=reviewer.actor, request=ReviewSearch.parse({}))
    with statements() as one:
        get_review(actor=reviewer.actor, review_id=review)
    with statements() as assigned:
        assign_review(actor=reviewer.actor, review_id=review, request=AssignRequest("me"))
    with statements() as said:
        comment_review(actor=reviewer.actor, review_id=review, request=CommentRequest("hm"))
    assert [len(each) for each in (found, one, assigned, said)] == [1, 4, 3, 3]
