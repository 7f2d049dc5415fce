"""Fixtures: a database per test process, a fresh committed tenant per test, and a running product for those who ask."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from hypothesis import settings as hypothesis_settings
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.client import LangGraphClient, SyncLangGraphClient
from pytest_django import DjangoDbBlocker

from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.models import Tenant
from tests import builders, servers, stack
from tests.builders import Person
from tests.servers import Stack

Sdk = Callable[[str], LangGraphClient]
SyncSdk = Callable[[str], SyncLangGraphClient]
PRODUCT = "product"

hypothesis_settings.register_profile("change", max_examples=20, derandomize=True, database=None)
hypothesis_settings.register_profile("nightly", max_examples=300, database=None, print_blob=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that asks for the running product shares its database; for all others no worker claims what they accept."""
    shares = "product" in getattr(item, "fixturenames", ())
    servers.point_to(f"{stack.own_database()}_{PRODUCT}" if shares else stack.own_database())


@pytest.fixture(scope="session", autouse=True)
def _unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Every test may use the database, as the app role; there is no transaction around it."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Instead of pytest-django's: databases are clones of the template."""


@pytest.fixture
def db() -> None:
    """Refused: it would roll back."""
    pytest.fail("no rollback, no flush: use `tenant`")


@pytest.fixture
def transactional_db() -> None:
    """Refused: it would flush."""
    pytest.fail("no rollback, no flush: use `tenant`")


@pytest.fixture(scope="session")
def database() -> None:
    """This process's own database."""
    stack.clone_template(stack.own_database())


@pytest.fixture(scope="session")
def product(database: None) -> Iterator[Stack]:
    """Web and one worker over a database of their own, where tests that ask for them live. No test may kill or freeze them."""
    running = Stack.beside_the_test(PRODUCT)
    try:
        running.start_web(wait=False)
        running.start_worker(wait=False)
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def live(product: Stack) -> str:
    """The base URL of a running web process that has a worker."""
    return product.base_url


@pytest.fixture(scope="session")
def sweeps(product: Stack) -> None:
    """The running product has its sweeps, too: delayed runs need them."""
    product.start_sweeps()


@pytest.fixture
def tenant(database: None) -> Iterator[Tenant]:
    """A fresh committed tenant, for which the test acts."""
    made = builders.make_tenant()
    with acting_for(made.tenant_id):
        yield made


@pytest.fixture
def owner(tenant: Tenant) -> Person:
    """A developer, whose threads the test is about."""
    return builders.make_person(tenant, Role.DEVELOPER)


@pytest.fixture
def colleague(tenant: Tenant) -> Person:
    """An operator of the same tenant."""
    return builders.make_person(tenant, Role.OPERATOR)


@pytest.fixture
def stranger(database: None) -> Person:
    """An owner of another tenant."""
    return builders.make_person(builders.make_tenant(), Role.OWNER)


@pytest.fixture
async def sdk(live: str) -> AsyncIterator[Sdk]:
    """The official client, for a key."""
    opened: list[LangGraphClient] = []

    def client(key: str) -> LangGraphClient:
        opened.append(get_client(url=live, api_key=key))
        return opened[-1]

    yield client
    for each in opened:
        await each.aclose()


@pytest.fixture
def sync_sdk(live: str) -> Iterator[SyncSdk]:
    """The official client without async, for a key."""
    opened: list[SyncLangGraphClient] = []

    def client(key: str) -> SyncLangGraphClient:
        opened.append(get_sync_client(url=live, api_key=key))
        return opened[-1]

    yield client
    for each in opened:
        each.close()


@pytest.fixture
def client(sdk: Sdk, owner: Person) -> LangGraphClient:
    """The owner's client."""
    return sdk(owner.key)


@pytest.fixture
def sync_client(sync_sdk: SyncSdk, owner: Person) -> SyncLangGraphClient:
    """The owner's client without async."""
    return sync_sdk(owner.key)


@pytest.fixture(scope="session")
def _apart(database: None) -> Iterator[Stack]:
    made = Stack.apart("apart")
    try:
        made.start_web()
        yield made
    finally:
        made.stop()


@pytest.fixture
def apart(_apart: Stack) -> Iterator[Stack]:
    """A second stack whose workers the test starts, kills and freezes; its web process stays. Ask for it before `tenant`.

    Tests that use it carry `pytest.mark.xdist_group("apart")`, so that one process makes it once.
    """
    with _apart.adopted():
        yield _apart
        _apart.keep_workers(0)
        _apart.flush_redis()


@pytest.fixture(scope="session")
def shipped(database: None) -> Iterator[Stack]:
    """A running product with the graphs that ship, as `make up` serves them.

    Tests that use it carry `pytest.mark.xdist_group("shipped")`, so that one process makes it once.
    """
    made = Stack.apart("shipped", HOLDFAST_CONFIG=str(stack.ROOT / "examples" / "langgraph.json"))
    try:
        made.start_web(wait=False)
        made.start_worker(wait=False)
        made.wait_until_ready()
        yield made
    finally:
        made.stop()


@pytest.fixture
def visitor(shipped: Stack) -> dict[str, str]:
    """The environment of somebody who has pasted the two exports of `make up`, as admin of a new tenant."""
    with shipped.adopted():
        key = builders.key_of(builders.make_tenant(), Role.ADMIN)
    return {"LANGGRAPH_API_URL": shipped.base_url, "LANGGRAPH_API_KEY": key}
