"""The database that knows what each step of each run has made, which the cache is found by, and its artifacts.

The number of an execution is the name of its folder, so a folder of artifacts belongs to one database.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from components.shared.kept_files import replace_text
from pipeline.config.run import Config
from pipeline.errors import InputError

DATABASE = "metadata.db"
_OWNER = ".database"


def require_database(path: Path) -> None:
    """Checks that the database can be read, if there is one.

    Raises:
        InputError: it is damaged; ML Metadata would end in an error that names no file.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            [[found]] = database.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError:
        return  # locked or not writable, which is no damage
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise InputError(
            f"{path} must be the database of the runs in its folder, got a damaged one ({found}). "
            "Move it and the artifacts away: the next run makes new ones and runs every step."
        )


def claim_artifacts(config: Config, new: bool) -> None:
    """Checks that the folder of the artifacts is this database's alone, and marks one outside the output folder as its.

    Args:
        config: the configuration.
        new: whether nothing was ever run into the database.

    Raises:
        InputError: it holds what another database, or one that was lost, knows; numbers of executions would meet.
    """
    folder = config.artifacts
    apart = config.runtime.artifacts is not None
    own = config.runtime.metadata or str(config.output / DATABASE)
    owner = folder / _OWNER
    try:
        if apart:
            folder.mkdir(parents=True, exist_ok=True)
        held = (
            sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
            if folder.exists()
            else []
        )
        of = owner.read_text(encoding="utf-8").strip() if owner.exists() else ""
        if apart and not held and not of:
            replace_text(owner, own)
            of = own
    except OSError as error:
        raise InputError(
            f"runtime.artifacts must be a folder that can be written, got {folder} ({error.strerror}). "
            "Choose another with --set runtime.artifacts=FOLDER."
        ) from None
    if apart and of != own:
        raise InputError(
            f"runtime.artifacts must be a folder of this pipeline's database alone, got {folder}, which is "
            f"{f'that of {of}' if of else 'not empty'}. Choose another; if the database has moved, write {own} into "
            f"{owner}."
        )
    if new and held:
        raise InputError(
            f"The folder of the artifacts must be empty where the database of the runs is new, got {', '.join(held)} "
            f"in {folder}. Move them away, or bring {own} back."
        )


def cache_place(config: Config) -> str:
    """Returns what the cache keys have of where the artifacts lie.

    Nothing where all is in the output folder, which may be copied whole; else the folder, as workers see no other, and
    a database server may know runs of other machines.
    """
    return str(config.artifacts) if config.runtime.artifacts or config.runtime.metadata else ""
