"""A fingerprint of a step's code, so that a changed line re-runs what depends on it and nothing else.

TFX knows a step by its class name and arguments; code behind an import path is invisible to its cache.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

_README = "README.md"
_ROOT = __name__.partition(".")[0]
# The module that loads what registries name by import path; see `components.shared.registry.Choice`.
_LOADER = f"{_ROOT}.shared.implementations"
_IMPORT_PATH = re.compile(rf"({_ROOT}(?:\.\w+)+):\w+")


def code_fingerprint(module: str) -> str:
    """Returns the SHA-256 of a module's source and of every module of `components` it imports, however deep.

    Of a package it takes the other files too, such as templates, down to the packages inside it; but no README, which
    no step reads and which an installation does not have. Where the modules can load what a registry names
    (`components.shared.implementations` is among them), it takes in every module that a text in them names as
    `package.module:name`.

    Args:
        module: dotted name of the module that a step runs, for instance `components.trainer.run_fn`.
    """
    seen: dict[str, str] = {}
    named: set[str] = set()
    _collect(module, seen, named)
    while _LOADER in seen and (new := named - seen.keys()):
        named -= new
        for implementation in new:
            _collect(implementation, seen, named)
    listing = "\n".join(f"{name} {digest}" for name, digest in sorted(seen.items()))
    return hashlib.sha256(listing.encode()).hexdigest()


def _collect(module: str, seen: dict[str, str], named: set[str]) -> None:
    """Adds a module and what it imports to `seen`, and the modules that their texts name to `named`."""
    if module in seen:
        return
    path = _source(module)
    if path is None:
        return
    source = path.read_bytes()
    seen[module] = hashlib.sha256(source).hexdigest()
    if path.name == "__init__.py":
        seen.update({str(file.relative_to(path.parents[1])): _digest(file) for file in _assets(path.parent)})
    imports, paths = _reach(source)
    named |= paths
    for imported in imports:
        _collect(imported, seen, named)


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


@functools.cache  # most modules are reached from several steps
def _reach(source: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the modules of this package that a source imports, and those that it names by import path."""
    tree = ast.parse(source)
    return frozenset(_imports(tree)), frozenset(_named(tree))


def _imports(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name == _ROOT or name.startswith(f"{_ROOT}.")}


def _named(tree: ast.Module) -> set[str]:
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {found[1] for text in texts if (found := _IMPORT_PATH.fullmatch(text))}
