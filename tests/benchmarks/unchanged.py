"""Whether two checkouts say the same: a run of each on every real set, with equal seeds; splits and metrics compared.

    python -m tests.benchmarks.unchanged run CHECKOUT FOLDER    # once for each checkout
    python -m tests.benchmarks.unchanged compare FOLDER FOLDER

The sets are those of `tests.e2e.test_real_data`, with its labels and epochs, and the two that lie in this repository.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.test_real_data import LARGE, PENGUIN_IDENTIFIERS, ROOT, SETS, SHARED

MAIN = (
    "import importlib, importlib.util as u\n"
    "found = u.find_spec('pipeline.cli').submodule_search_locations\n"
    "importlib.import_module('pipeline.cli.main' if found else 'pipeline.cli').main()\n"
)


def sets() -> dict[str, list[str]]:
    """Returns set → arguments of `mtl run`."""
    found = {}
    here = {
        "penguins_raw": ("penguins_raw.csv", "Body Mass (g)", "Species", PENGUIN_IDENTIFIERS),
        "california_housing": ("california_housing.csv.gz", "median_house_value", "ocean_proximity", []),
    }
    for name, (file, *labels) in here.items():
        found[name] = _arguments(ROOT / "tests" / "data" / file, *labels, 10)
    for name, labels in SETS.items():
        found[name] = _arguments(SHARED / f"{name}.csv", *labels, 6 if name in LARGE else 20)
    return found


def _arguments(data: Path, regression: str, classification: str, ignore: list[str], epochs: int) -> list[str]:
    ignored = f"data.ignore={json.dumps(ignore)}"
    return [
        *("-d", str(data), "-r", regression, "-k", classification, "--set", ignored),
        *("--set", f"training.epochs={epochs}"),
    ]


def run(checkout: Path, folder: Path) -> None:
    """Runs a checkout on every set, each into a folder of its own; sets that are done are not run again."""
    for name, arguments in sets().items():
        output = folder / name
        if (output / "said.txt").exists():
            continue
        output.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-P", "-c", MAIN, "run", *arguments, "--set", f"runtime.output={output}"]
        environment = os.environ | {"PYTHONPATH": str(checkout)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=checkout)
        print(f"{name}: exit {done.returncode}", flush=True)
        (output / "said.txt").write_text(done.stdout + done.stderr, encoding="utf-8")


def outcome(output: Path) -> dict[str, Any]:
    """Returns what the newest run in a folder came to: splits, and the value of every metric."""
    record = json.loads(sorted((output / "runs").glob("*.json"))[-1].read_text(encoding="utf-8"))
    artifacts = {step["name"]: step["artifacts"] for step in record["steps"]}
    summary = json.loads(Path(artifacts["ExampleGen"]["examples"], "summary.json").read_text(encoding="utf-8"))
    splits = {key: summary[key] for key in ("splits", "classes", "judged", "missing", "columns")}
    return {"state": record["state"], "splits": splits, "metrics": metrics(record)}


def metrics(record: Mapping[str, Any]) -> dict[str, float | None]:
    """Returns the value of every metric of a run, by head and name, from its record."""
    [folder] = [step["artifacts"]["evaluation"] for step in record["steps"] if step["name"] == "Evaluator"]
    figures = json.loads(Path(folder, "evaluation.json").read_text(encoding="utf-8"))
    return {
        f"{head}.{metric}": value["value"]
        for head, found in figures["heads"].items()
        for metric, value in found["metrics"].items()
    }


def compare(one: Path, other: Path) -> bool:
    """Prints a table of the sets, and returns whether all of them are equal: splits exactly, metrics to 1e-6."""
    equal = True
    print("| set | state | splits | largest relative difference of a metric |\n|---|---|---|---|")
    for name in sets():
        first, second = outcome(one / name), outcome(other / name)
        same = first["splits"] == second["splits"] and first["metrics"].keys() == second["metrics"].keys()
        largest = max(_difference(value, second["metrics"].get(key)) for key, value in first["metrics"].items())
        state = first["state"] if first["state"] == second["state"] else f"{first['state']} → {second['state']}"
        print(f"| {name} | {state} | {'same' if same else 'differ'} | {largest:.1e} |")
        equal &= same and largest <= 1e-6 and first["state"] == second["state"]
    return equal


def _difference(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else math.inf
    return abs(one - other) / max(abs(one), abs(other), 1e-12)


if __name__ == "__main__":
    verb, *folders = sys.argv[1:]
    if verb == "run":
        run(*map(Path, folders))
    else:
        sys.exit(0 if compare(*map(Path, folders)) else 1)
