"""Graph code: importing it, and telling one revision of it from another."""

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from assistants.registry.manifest import GraphEntry, Manifest

PACKAGES = ("langgraph", "langgraph-checkpoint", "langchain-core")
FORM = "2"  # of what is recorded about a graph: rows never change, so what says more about a graph records a new revision of it
SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "dist", "build"})


def make_importable(manifest: Manifest) -> None:
    """Append the folders of the dependencies to sys.path: behind everything, so that no graph file hides a module of ours."""
    for folder in map(str, manifest.folders()):
        if folder not in sys.path:
            sys.path.append(folder)


def import_variable(manifest: Manifest, entry: GraphEntry) -> object:
    """The object an entry names. Raises whatever importing its module raises."""
    module = _import_file(manifest, entry.target) if entry.is_file else importlib.import_module(entry.target)
    try:
        return getattr(module, entry.variable)
    except AttributeError:
        raise AttributeError(f"{entry.target} has no variable {entry.variable!r}") from None


def _import_file(manifest: Manifest, target: str) -> ModuleType:
    """A file is one module, however many graphs it has and under whichever name it is also imported by its neighbours."""
    path = (manifest.folder / target).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"{target} does not exist in {manifest.folder}")
    known = next((module for module in list(sys.modules.values()) if _is_from(module, path)), None)
    if known is not None:
        return known
    for name in _dotted_names(manifest, path):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin == str(path):
            return importlib.import_module(name)
    return _import_unnamed(target, path)


def _is_from(module: ModuleType, path: Path) -> bool:
    spec = getattr(module, "__spec__", None)
    return spec is not None and spec.origin == str(path) and spec.name == getattr(module, "__name__", None)


def _dotted_names(manifest: Manifest, path: Path) -> Iterator[str]:
    for folder in manifest.folders():
        if path.is_relative_to(folder):
            parts = path.relative_to(folder).with_suffix("").parts
            importable = all(part.isidentifier() for part in parts) and all(
                (folder.joinpath(*parts[:depth]) / "__init__.py").is_file() for depth in range(1, len(parts))
            )
            if importable:
                yield ".".join(parts)


def _import_unnamed(target: str, path: Path) -> ModuleType:
    """Under a name made from the target alone, since names of classes are part of the fingerprint and checkouts lie elsewhere."""
    name = f"graphs_{hashlib.sha256(target.encode()).hexdigest()[:12]}"
    if name in sys.modules:
        name = f"graphs_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{target} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def code_digest(manifest: Manifest) -> str:
    """SHA-256 over the Python files of the dependencies' folders and the versions of what runs them."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(f"{package}=={version(package)}\n".encode())
    roots = manifest.folders() or [manifest.folder]
    for root in roots:
        for path in _python_files(root):
            digest.update(f"{path.relative_to(root)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def revision_of(code: str, entry: GraphEntry) -> str:
    """The revision of one graph: all code of the manifest, its own entry, and the form in which it is recorded."""
    return hashlib.sha256("\0".join((FORM, code, entry.target, entry.variable, entry.description or "")).encode()).hexdigest()


def source_fingerprint(manifest: Manifest, entry: GraphEntry) -> str:
    """Of a factory that makes no graph without a real config: its file, else the manifest's code."""
    path = manifest.folder / entry.target
    source = path.read_bytes() if entry.is_file and path.is_file() else code_digest(manifest).encode()
    return hashlib.sha256(source + b"\0" + entry.variable.encode()).hexdigest()


def _python_files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in SKIPPED and not name.startswith("."))
        for file in sorted(files):
            if file.endswith(".py"):
                yield Path(folder, file)
