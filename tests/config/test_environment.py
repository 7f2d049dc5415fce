"""What the launcher reads, and what it hands on."""

import socket
from pathlib import Path

import pytest

from config.embedded.environment import Options, next_free_port, role_urls, shared_environment
from config.embedded.process import ServerFailed
from config.embedded.services import product


@pytest.fixture
def graphs(tmp_path: Path) -> Path:
    path = tmp_path / "langgraph.json"
    path.write_text("{}")
    return path


def test_what_is_not_set_is_embedded(graphs: Path) -> None:
    options = Options.read({"HOLDFAST_CONFIG": str(graphs), "PORT": ""})
    assert (options.port, options.database_url, options.redis_url, options.data_dir.name) == (2024, "", "", ".holdfast")


@pytest.mark.parametrize("port", ["0", "65536", "abc", "-1", "80.0"])
def test_a_port_that_cannot_be_meant_is_refused(graphs: Path, port: str) -> None:
    with pytest.raises(ServerFailed, match="PORT must be a number"):
        Options.read({"HOLDFAST_CONFIG": str(graphs), "PORT": port})


def test_the_next_free_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert next_free_port(port) > port


def test_roles_get_their_own_passwords_once(tmp_path: Path) -> None:
    urls = role_urls("postgresql://admin:secret@db.example:6432/postgres?sslmode=require", tmp_path)
    assert urls == role_urls("postgresql://admin:secret@db.example:6432/postgres?sslmode=require", tmp_path)
    assert len({url.split("@")[0].rpartition(":")[2] for url in urls.values()}) == 4
    assert urls["HOLDFAST_DB_APP"].startswith("postgresql://holdfast_app:")
    assert urls["HOLDFAST_DB_APP"].endswith("@db.example:6432/holdfast?sslmode=require")
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_database_of_another_name_gives_its_name_to_the_roles(tmp_path: Path) -> None:
    assert role_urls("postgresql://admin@db/agents", tmp_path)["HOLDFAST_DB_SYSTEM"].startswith("postgresql://agents_system:")


def test_each_process_gets_its_own_roles_and_no_administrator(graphs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://admin:secret@db/postgres")
    options = Options.read({"HOLDFAST_CONFIG": str(graphs), "HOLDFAST_DATA_DIR": str(tmp_path)})
    shared = shared_environment(options, "redis://x", 2030)
    children = product(shared, role_urls("postgresql://admin:secret@db/postgres", tmp_path), tmp_path, tmp_path / "logs")
    given = {child.name: child.launch.environment or {} for child in children}
    roles = {name: {key for key in environment if key.startswith("HOLDFAST_DB_")} for name, environment in given.items()}
    assert roles == {"web": {"HOLDFAST_DB_APP"}, "worker": {"HOLDFAST_DB_WORKER"}, "sweeps": {"HOLDFAST_DB_WORKER", "HOLDFAST_DB_SYSTEM"}}
    assert all("DATABASE_URL" not in environment and environment["PORT"] == "2030" for environment in given.values())
