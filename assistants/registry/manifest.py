"""langgraph.json: which graphs exist, where their code lies, what environment and store it needs."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import orjson

from assistants.registry.store_section import StoreSection

NAME = re.compile(r"[A-Za-z0-9_.-]+")


class ManifestError(Exception):
    """langgraph.json cannot be used; the text says what to change."""


@dataclass(frozen=True, slots=True)
class GraphEntry:
    """One graph: a variable of a file or of a module."""

    graph_id: str
    target: str
    variable: str
    description: str | None

    @classmethod
    def parse(cls, graph_id: str, value: object) -> "GraphEntry":
        """From `"path:variable"` or `{"path": …, "description": …}`. Raises ManifestError."""
        fields: Mapping[str, Any] = value if isinstance(value, dict) else {"path": value}
        path, description = fields.get("path"), fields.get("description")
        if not isinstance(path, str) or not (description is None or isinstance(description, str)):
            raise ManifestError(f"graphs.{graph_id} must be 'path:variable' or an object with 'path' and 'description'")
        target, colon, variable = path.rpartition(":")
        if not colon or not target or not variable.isidentifier():
            raise ManifestError(f"graphs.{graph_id} must name a file or module and a variable, as './agent.py:graph', not {path!r}")
        return cls(graph_id=graph_id, target=target, variable=variable, description=description)

    @property
    def is_file(self) -> bool:
        """Whether the target is a path, not a dotted module."""
        return self.target.endswith(".py") or "/" in self.target or "\\" in self.target


@dataclass(frozen=True, slots=True)
class Manifest:
    """A langgraph.json that was read and checked."""

    path: Path
    graphs: Mapping[str, GraphEntry]
    dependencies: tuple[str, ...]
    env: Mapping[str, str]
    store: StoreSection = field(default_factory=StoreSection)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read and check the file. Raises ManifestError with what to change; keys that are not ours are ignored."""
        path = path.resolve()
        try:
            content = orjson.loads(path.read_bytes())
        except OSError as error:
            raise ManifestError(f"{path} cannot be read: {error.strerror}") from error
        except orjson.JSONDecodeError as error:
            raise ManifestError(f"{path} is not JSON: {error}") from error
        graphs = content.get("graphs") if isinstance(content, dict) else None
        if not isinstance(graphs, dict) or not graphs:
            raise ManifestError(f"{path} needs 'graphs': an object of at least one graph")
        dependencies = content.get("dependencies", [])
        if not isinstance(dependencies, list) or not all(isinstance(one, str) for one in dependencies):
            raise ManifestError(f"{path}: 'dependencies' must be a list of folders and package names")
        try:
            store = StoreSection.parse(content.get("store") or {})
        except ValueError as error:
            raise ManifestError(f"{path}: {error}") from error
        return cls(
            path=path,
            graphs={name: GraphEntry.parse(name, value) for name, value in graphs.items()},
            dependencies=tuple(dependencies),
            env=_read_env(path, content.get("env", {})),
            store=store,
        )

    @property
    def folder(self) -> Path:
        """What relative paths start from."""
        return self.path.parent

    def folders(self) -> list[Path]:
        """The local dependencies: folders that become importable. A `src` folder inside counts as well, as installing would make it."""
        found = []
        for dependency in self.dependencies:
            folder = (self.folder / dependency).resolve()
            if folder.is_dir():
                found.append(folder)
                found.extend(inner for inner in (folder / "src",) if inner.is_dir())
        return found

    def missing(self) -> list[str]:
        """Dependencies that are neither a folder nor an installed package."""
        return [one for one in self.dependencies if not (self.folder / one).is_dir() and not _installed(one)]

    def set_environment(self) -> None:
        """Give the graphs their environment; what is already set wins."""
        for name, value in self.env.items():
            os.environ.setdefault(name, value)  # noqa: TID251 - graphs read their settings from there, as on the official server


def _installed(requirement: str) -> bool:
    name = NAME.match(requirement)
    if name is None or "/" in requirement:
        return False
    try:
        distribution(name.group())
    except (PackageNotFoundError, ValueError):
        return False
    return True


def _read_env(path: Path, env: object) -> dict[str, str]:
    if isinstance(env, dict):
        return {str(name): str(value) for name, value in env.items()}
    if not isinstance(env, str):
        raise ManifestError(f"{path}: 'env' must be an object or the path of a .env file")
    try:
        lines = (path.parent / env).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ManifestError(f"{path}: the env file {env!r} cannot be read: {error.strerror}") from error
    return dict(filter(None, (_assignment(line) for line in lines)))


def _assignment(line: str) -> tuple[str, str] | None:
    """`NAME=value`, `export NAME="value"`, `NAME=value # comment`; anything else is no assignment."""
    name, equals, value = line.strip().removeprefix("export ").partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name.isidentifier():
        return None
    if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
        return name, value[1:end]
    return name, value.partition(" #")[0].strip()
