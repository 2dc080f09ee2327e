"""A fingerprint of a step's code, so that a changed line re-runs what depends on it and nothing else.

TFX knows a step by its class name and arguments; code behind an import path is invisible to its cache.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

_README = "README.md"


def code_fingerprint(module: str) -> str:
    """Returns the SHA-256 of a module's source and of every module of `components` it imports, however deep.

    Of a package it takes the other files too, such as templates, down to the packages inside it; but no README, which
    no step reads and which an installation does not have.

    Args:
        module: dotted name of the module that a step runs, for instance `components.trainer.run_fn`.
    """
    seen: dict[str, str] = {}
    _collect(module, seen)
    listing = "\n".join(f"{name} {digest}" for name, digest in sorted(seen.items()))
    return hashlib.sha256(listing.encode()).hexdigest()


def _collect(module: str, seen: dict[str, str]) -> None:
    if module in seen:
        return
    path = _source(module)
    if path is None:
        return
    source = path.read_bytes()
    seen[module] = hashlib.sha256(source).hexdigest()
    if path.name == "__init__.py":
        seen.update({str(file.relative_to(path.parents[1])): _digest(file) for file in _assets(path.parent)})
    for imported in _imports(ast.parse(source)):
        _collect(imported, seen)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _assets(package: Path) -> Iterator[Path]:
    """Yields the files of a package that a step may read: neither Python nor for people alone."""
    for path in package.iterdir():
        if path.is_file() and path.suffix != ".py" and path.name != _README:
            yield path
        elif path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _assets(path)


def _source(module: str) -> Path | None:
    """Returns the file of a module of this package, None for a name inside a module; imports nothing."""
    path = Path(__file__).parents[2].joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(tree: ast.Module) -> set[str]:
    root = __name__.partition(".")[0]
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name == root or name.startswith(f"{root}.")}
