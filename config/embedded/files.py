"""What the launcher keeps in the data directory: secrets made once, and small records, readable by their owner only."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from config.embedded.process import Identity, ServerFailed, identity_of, private

Record = dict[str, Any]


def read_record(path: Path) -> Record:
    """A record as written, or an empty one when it is missing or was cut off."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_record(path: Path, record: Record) -> None:
    """Replace a record in one step; a reader sees the old or the new one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with open(beside, "w", opener=private) as file:
        json.dump(record, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def secret(data_dir: Path, name: str) -> str:
    """A random secret of this data directory, made when it is first asked for."""
    path = data_dir / "secrets.json"
    known = read_record(path)
    if name not in known:
        known[name] = secrets.token_urlsafe(24)
        write_record(path, known)
    return str(known[name])


def remember_secret(data_dir: Path, name: str, value: str) -> None:
    path = data_dir / "secrets.json"
    write_record(path, {**read_record(path), name: value})


def make_private(directory: Path) -> None:
    """Create a directory of ours; as root others may pass through it, since PostgreSQL runs as somebody else there."""
    directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)


def recorded(record: Record, key: str) -> Identity | None:
    """The living process a record names."""
    found = record.get(key)
    if not isinstance(found, list) or len(found) != 2:
        return None
    identity = Identity(int(found[0]), str(found[1]))
    return identity if identity.alive else None


def record_of(pid: int) -> list[int | str] | None:
    identity = identity_of(pid)
    return None if identity is None else [identity.pid, identity.started]


def leftover(record: Record, what: str) -> Identity | None:
    """A server that a launcher which is gone has left behind; one whose launcher lives is refused."""
    server = recorded(record, "server")
    launcher = recorded(record, "launcher")
    if server is not None and launcher is not None and launcher.pid != os.getpid():
        raise ServerFailed(f"{what} runs here already, started by process {launcher.pid}")
    return server
