"""What a writer says of the files it wrote."""

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

from tests.real_writers.source import load


def report(package, write):
    """Calls a writer with the source table and a folder, and prints what it wrote as JSON.

    Args:
        package: the distribution that writes, for its version.
        write: takes the table and the folder; yields what it wrote in words, the path, and the columns in it.
    """
    source, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    written = [
        {"writer": package, "version": version(package), "what": what, "path": str(path), "columns": list(columns)}
        for what, path, columns in write(load(source), Path(folder))
    ]
    print(json.dumps(written), flush=True)
    # What is written is closed. Arrow's threads, up to the newest pyarrow, can abort a process that ends in order.
    os._exit(0)
