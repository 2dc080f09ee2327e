"""The database in an output folder that knows what each step of each run has made, which the cache is found by."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.errors import InputError

DATABASE = "metadata.db"


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
            "Move it away: the next run makes a new one and runs every step."
        )
