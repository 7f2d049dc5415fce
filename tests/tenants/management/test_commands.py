"""`manage.py tenant`, `apikey`, `member`."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError

from tenants.exceptions import NotAuthenticated
from tenants.models import Tenant
from tenants.services.api_keys import authenticate
from tests.builders import now


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command prints."""

    def call(*arguments: str) -> Any:
        call_command(*arguments)
        out = capsys.readouterr().out
        return json.loads(out) if "--json" in arguments else out

    return call


def test_from_nothing_to_a_working_key(database: None, run: Any) -> None:
    name = f"Acme {uuid4().hex[:8]}"
    slug = run("tenant", "create", name, "--json")["slug"]
    made = run("apikey", "create", slug, "--role", "developer", "--json")
    actor = authenticate(made["key"], now=now())
    assert (str(actor.tenant_id), actor.role) == (made["tenant_id"], "developer")
    assert slug in [row["slug"] for row in run("tenant", "list", "--json")]


def test_without_json_the_secret_stands_alone(tenant: Tenant, run: Any) -> None:
    secret = run("apikey", "create", tenant.slug, "--role", "viewer").strip()
    assert authenticate(secret, now=now()).role == "viewer"
    assert secret not in run("apikey", "list", tenant.slug)


def test_a_revoked_key_is_refused(tenant: Tenant, run: Any) -> None:
    made = run("apikey", "create", tenant.slug, "--role", "viewer", "--json")
    run("apikey", "revoke", tenant.slug, made["key_id"])
    with pytest.raises(NotAuthenticated):
        authenticate(made["key"], now=now())
    (listed,) = run("apikey", "list", tenant.slug, "--json")
    assert listed["revoked_at"]


def test_a_key_lives_as_long_as_said(tenant: Tenant, run: Any) -> None:
    made = run("apikey", "create", tenant.slug, "--role", "viewer", "--days", "1", "--json")
    assert (made["expires_at"][:10] > made["created_at"][:10]) and made["expires_at"] > now().isoformat()
    with pytest.raises(CommandError, match="future"):
        run("apikey", "create", tenant.slug, "--role", "viewer", "--days", "0")


def test_a_member_is_added_and_listed(tenant: Tenant, run: Any) -> None:
    email = f"{uuid4().hex}@example.org"
    added = run("member", "add", tenant.slug, email, "--role", "reviewer", "--name", "Ann", "--json")
    expected = {"user_id": added["user_id"], "email": email, "name": "Ann", "role": "reviewer", "created_at": added["created_at"]}
    assert run("member", "list", tenant.slug, "--json") == [expected]
    assert email in run("member", "list", tenant.slug)
    with pytest.raises(CommandError, match="already"):
        run("member", "add", tenant.slug, email, "--role", "viewer")


@pytest.mark.parametrize("command", [("apikey", "create", "--role", "viewer"), ("apikey", "list"), ("member", "list")])
def test_an_unknown_tenant_says_how_to_list(database: None, run: Any, command: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"no tenant 'nowhere'.*tenant list"):
        run(*command[:2], "nowhere", *command[2:])


def test_an_unknown_role_lists_the_known(tenant: Tenant, run: Any) -> None:
    with pytest.raises(CommandError, match=r"'king' \(choose from 'viewer', 'operator'"):
        run("apikey", "create", tenant.slug, "--role", "king")


def test_a_key_id_that_is_none_is_told(tenant: Tenant, run: Any) -> None:
    with pytest.raises(CommandError, match="KEY_ID"):
        run("apikey", "revoke", tenant.slug, "nope")
    with pytest.raises(CommandError, match="not found"):
        run("apikey", "revoke", tenant.slug, str(uuid4()))


def test_an_unprepared_database_says_how_to_prepare(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ProgrammingError('relation "tenant" does not exist')

    monkeypatch.setattr("tenants.management.commands.tenant.list_tenants", missing)
    with pytest.raises(CommandError, match=r"manage\.py setup"):
        run("tenant", "list")


def test_the_other_forms_are_for_people(tenant: Tenant, run: Any) -> None:
    assert tenant.slug in run("tenant", "list")
    assert run("apikey", "list", tenant.slug) == "no keys yet\n"
    assert run("member", "list", tenant.slug) == "no members yet\n"
    assert "created" in run("tenant", "create", f"T {uuid4().hex}")


def test_a_rotated_key_has_a_successor_and_an_end(tenant: Tenant, run: Any) -> None:
    old = run("apikey", "create", tenant.slug, "--role", "operator", "--json")
    new = run("apikey", "rotate", tenant.slug, old["key_id"], "--overlap-hours", "1", "--json")
    assert (new["identity"], new["role"], new["key_id"] != old["key_id"]) == (old["identity"], "operator", True)
    assert authenticate(new["key"], now=now()).identity == authenticate(old["key"], now=now()).identity
    with pytest.raises(NotAuthenticated):
        authenticate(old["key"], now=now() + timedelta(hours=1))
    again = run("apikey", "rotate", tenant.slug, new["key_id"]).strip()
    assert authenticate(again, now=now()).role == "operator"


def test_a_member_gets_another_role_and_goes(tenant: Tenant, run: Any) -> None:
    email = f"{uuid4().hex}@example.org"
    run("member", "add", tenant.slug, email, "--role", "owner")
    with pytest.raises(CommandError, match="last owner"):
        run("member", "role", tenant.slug, email, "--role", "viewer")
    run("member", "add", tenant.slug, f"{uuid4().hex}@example.org", "--role", "owner")
    assert run("member", "role", tenant.slug, email, "--role", "viewer", "--json")["role"] == "viewer"
    run("member", "remove", tenant.slug, email.upper())
    assert email not in run("member", "list", tenant.slug)
    with pytest.raises(CommandError, match="no member"):
        run("member", "remove", tenant.slug, email)
