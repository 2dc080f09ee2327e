"""The model that a verb is about, wherever it lies."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from components.objects.place import is_remote
from components.pusher.remote_store import RemoteStore
from components.shared.file_names import SAVED_MODEL
from pipeline.errors import InputError


@contextlib.contextmanager
def local_model(model: str) -> Iterator[tuple[Path, str]]:
    """Yields the folder of a pushed model on this machine, and its name for the user.

    A remote one is fetched to a temporary folder, which the end of the block removes.

    Args:
        model: a SavedModel, or a folder of versions, of which the current one is taken; a path or URI.

    Raises:
        InputError: there is none.
    """
    if is_remote(model):
        with tempfile.TemporaryDirectory(prefix="mtl-model-") as folder:
            yield _fetch(model, Path(folder, "model"))
        return
    for local in (Path(model), Path(model) / "current"):
        if (local / SAVED_MODEL).is_file():
            yield local.resolve(), str(local.resolve())
            return
    raise _no_model(model)


def _fetch(model: str, target: Path) -> tuple[Path, str]:
    parent, _, last = model.rstrip("/").rpartition("/")
    store = RemoteStore(parent if last.isdecimal() else model)
    version = int(last) if last.isdecimal() else store.current()
    if version not in store.versions():
        raise _no_model(model)
    store.fetch(version, target)
    return target, store.folder(version)


def _no_model(model: str) -> InputError:
    return InputError(f"--model must be a pushed model or its folder of versions, got {model}. Run `mtl run` first.")
