"""Prints what the tests reach of each package, in per cent of its lines and branches, from a report of coverage.py.

`make coverage` calls it. Two commits are compared by its output for each; where the other one has no such target, run
there `coverage run --rcfile HERE/pyproject.toml -m pytest`, and from then on the commands of the Makefile.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath


def by_package(files: dict[str, dict]) -> dict[str, tuple[int, int]]:
    """Returns the lines and branches that were reached, and all there are, of each package two folders deep.

    Args:
        files: path of a file -> its entry in coverage's JSON, of which `summary` is read.
    """
    reached, there = Counter[str](), Counter[str]()
    for path, entry in files.items():
        summary = entry["summary"]
        package = "/".join(PurePosixPath(path).parts[:-1][:2])
        reached[package] += summary["covered_lines"] + summary["covered_branches"]
        there[package] += summary["num_statements"] + summary["num_branches"]
    return {package: (reached[package], there[package]) for package in sorted(there)}


def lines(packages: dict[str, tuple[int, int]]) -> Iterable[str]:
    """Yields one line for each package, and one for all."""
    whole = [sum(counts) for counts in zip(*packages.values(), strict=True)]
    for package, (reached, there) in [*packages.items(), ("all", tuple(whole))]:
        yield f"{100 * reached / there if there else 100:6.2f} %  {reached:6,} of {there:6,}  {package}"


if __name__ == "__main__":
    print("\n".join(lines(by_package(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]))))
