"""The launcher's reading of the environment, and what it hands to the processes it starts."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.embedded.files import secret
from config.embedded.process import ServerFailed, is_free

CHECKOUT = Path(__file__).resolve().parents[2]
DATABASE = "holdfast"
ROLES = ("owner", "app", "worker", "system")
PORTS_TRIED = 200
# What a command of manage.py needs to reach the servers that `make up` has started.
MANAGE = (
    "DATABASE_URL",
    *(f"HOLDFAST_DB_{role.upper()}" for role in ROLES),
    "REDIS_URL",
    "HOLDFAST_SECRET_KEY",
    "HOLDFAST_CONFIG",
    "HOLDFAST_DATA_DIR",
)
CODE = ("config", "tenants", "assistants", "runs", "uv.lock")


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose; empty means: embedded."""

    data_dir: Path
    config: Path
    port: int
    database_url: str
    redis_url: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Options":
        """Raises ServerFailed on a value that cannot be meant."""
        port = environ.get("PORT") or "2024"
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise ServerFailed(f"PORT must be a number from 1 to 65535, not {port!r}")
        config = Path(environ.get("HOLDFAST_CONFIG") or CHECKOUT / "examples" / "langgraph.json").absolute()
        if not config.is_file():
            raise ServerFailed(f"there is no file {config} (HOLDFAST_CONFIG)")
        return cls(
            data_dir=Path(environ.get("HOLDFAST_DATA_DIR") or CHECKOUT / ".holdfast").absolute(),
            config=config,
            port=int(port),
            database_url=environ.get("DATABASE_URL", ""),
            redis_url=environ.get("REDIS_URL", ""),
        )


def manage_path(options: Options) -> Path:
    """Where a running launcher keeps MANAGE."""
    return options.data_dir / "manage.json"


def next_free_port(wanted: int) -> int:
    """The wanted port, or the first free one after it."""
    for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
        if is_free(port):
            return port
    raise ServerFailed(f"no port from {wanted} on is free; set PORT")


def role_urls(database_url: str, data_dir: Path) -> dict[str, str]:
    """The URLs of the four database roles, with passwords made once per data directory."""
    parts = urlsplit(database_url)
    name = parts.path.lstrip("/")
    database = name if name not in ("", "postgres") else DATABASE
    address = parts.netloc.rpartition("@")[2]
    return {
        f"HOLDFAST_DB_{role.upper()}": parts._replace(
            netloc=f"{database}_{role}:{secret(data_dir, f'database_{role}')}@{address}", path=f"/{database}"
        ).geturl()
        for role in ROLES
    }


def shared_environment(options: Options, redis_url: str, port: int) -> dict[str, str]:
    """What every process of the product gets: the caller's environment, addresses, and nothing of `make`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "HOLDFAST_DB_"))}
    own.pop("DATABASE_URL", None)
    return own | {
        "REDIS_URL": redis_url,
        "HOLDFAST_SECRET_KEY": os.environ.get("HOLDFAST_SECRET_KEY") or secret(options.data_dir, "secret_key"),
        "HOLDFAST_CONFIG": str(options.config),
        "HOLDFAST_DATA_DIR": str(options.data_dir),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }


def checkout_name() -> str:
    """A short name that no other checkout on this machine has."""
    return hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:8]


def code_fingerprint(config: Path) -> str:
    """Changes whenever a file changes that could change the database: code, SQL, locked packages, the langgraph.json."""
    found = hashlib.sha256()
    for place in (*(CHECKOUT / name for name in CODE), config):
        for path in sorted(place.rglob("*.*")) if place.is_dir() else [place]:
            if path.suffix in (".py", ".sql", ".lock", ".json"):
                about = path.stat()
                found.update(f"{path} {about.st_mtime_ns} {about.st_size}\n".encode())
    return found.hexdigest()
