"""A fingerprint of a step's code, so that a changed line re-runs what depends on it and nothing else.

TFX knows a step by its class name and arguments; code behind an import path is invisible to its cache.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_README = "README.md"
_ROOT = __name__.partition(".")[0]
# The module that loads what registries name by import path; see `components.shared.registry.Choice`.
_LOADER = f"{_ROOT}.shared.implementations"
_IMPORT_PATH = re.compile(rf"({_ROOT}(?:\.\w+)+):\w+")


def code_fingerprints(modules: Iterable[str]) -> dict[str, str]:
    """Returns for each module the SHA-256 of its source and of every module of `components` it imports, however deep.

    Of a package it takes the other files too, such as templates, down to the packages inside it; but no README, which
    no step reads and which an installation does not have. Where the modules can load what a registry names
    (`components.shared.implementations` is among them), it takes in every module that a text in them names as
    `package.module:name`.

    Args:
        modules: dotted names of the modules that steps run, for instance `components.trainer.run_fn`.
    """
    sources = _Sources()
    return {module: sources.fingerprint(module) for module in modules}


class _Sources:
    """The source files as they are now, each read once."""

    def __init__(self) -> None:
        self._root = Path(__file__).parents[2]
        self._files = {_module_of(path.relative_to(self._root)): path for path in _python_files(self._root / _ROOT)}
        self._read: dict[str, _Source | None] = {}

    def fingerprint(self, module: str) -> str:
        seen: dict[str, str] = {}
        named: set[str] = set()
        self._collect(module, seen, named)
        while _LOADER in seen and (new := named - seen.keys()):
            named -= new
            for implementation in new:
                self._collect(implementation, seen, named)
        listing = "\n".join(f"{name} {digest}" for name, digest in sorted(seen.items()))
        return hashlib.sha256(listing.encode()).hexdigest()

    def _collect(self, module: str, seen: dict[str, str], named: set[str]) -> None:
        """Adds a module and what it imports to `seen`, and the modules that their texts name to `named`."""
        if module in seen or (source := self._source(module)) is None:
            return
        seen[module] = source.digest
        seen.update(source.assets)
        named |= source.named
        for imported in source.imports:
            self._collect(imported, seen, named)

    def _source(self, module: str) -> _Source | None:
        """Returns a module, None for a name inside one; imports nothing."""
        if module not in self._read:
            path = self._files.get(module) if module.partition(".")[0] == _ROOT else self._elsewhere(module)
            self._read[module] = None if path is None else _Source.of(path)
        return self._read[module]

    def _elsewhere(self, module: str) -> Path | None:
        path = self._root.joinpath(*module.split("."))
        return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


class _Source(NamedTuple):
    """A module: the digest of its file, those of its package's other files, what it imports, what its texts name."""

    digest: str
    assets: dict[str, str]
    imports: frozenset[str]
    named: frozenset[str]

    @classmethod
    def of(cls, path: Path) -> _Source:
        content, assets = path.read_bytes(), {}
        if path.name == "__init__.py":
            assets = {str(file.relative_to(path.parents[1])): _digest(file) for file in _assets(path.parent)}
        return cls(hashlib.sha256(content).hexdigest(), assets, *_reach(content))


def _python_files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if name.endswith(".py"))


def _module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _assets(package: Path) -> Iterator[Path]:
    """Yields the files of a package that a step may read: neither Python nor for people alone."""
    for path in package.iterdir():
        if path.is_file() and path.suffix != ".py" and path.name != _README:
            yield path
        elif path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _assets(path)


@functools.cache
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
