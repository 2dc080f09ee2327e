"""What became of one table in the hands of each writer: `python -m tests.real_writers.table [FOLDER]`.

Prints the table in Markdown; with a folder, writes `writers.json` and `writers.md` there as well.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.real_writers import environment, source
from tests.real_writers.reading import KEY, Reader, covers

COLUMNS = ("writer", "version", "wrote", "cannot hold", "rows in", "rows out", "cells", "cells that differ")


def outcomes():
    """Yields a dictionary for each table, or for each writer that cannot be had, with the reason."""
    table = source.make()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        source.save(table, root / "source.json")
        reader = Reader(table, root)
        for writer in environment.WRITERS:
            try:
                written = environment.write(writer, root / "source.json", root / writer.replace(" ", "-"))
            except environment.LackingError as lacking:
                yield {"writer": writer, "version": "", "wrote": f"not tried: {lacking}"}
                continue
            for made in written:
                outcome = reader.outcome(made["path"], made["columns"])
                yield {
                    "writer": made["writer"],
                    "version": made["version"],
                    "wrote": made["what"],
                    "cannot hold": ", ".join(name for name in table if not covers(made["columns"], name)),
                    "rows in": len(table[KEY]),
                    "rows out": outcome.rows,
                    "cells": outcome.cells,
                    "cells that differ": outcome.cells if outcome.error else len(outcome.differing),
                    "differing": outcome.differing,
                    "refused": outcome.error,
                }


def markdown(rows):
    """Returns the outcomes as a Markdown table."""
    lines = [[name.capitalize() for name in COLUMNS], ["---"] * 4 + ["---:"] * 4]
    lines += [[str(row.get(name, "")) for name in COLUMNS] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main():
    rows = list(outcomes())
    print(markdown(rows), end="")
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "writers.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
        (folder / "writers.md").write_text(markdown(rows), "utf-8")


if __name__ == "__main__":
    main()
