"""A whole run beside the same pipeline wired with TFX's own components, step by step, in turn on one machine.

    python -m tests.benchmarks.beside [ROWS ...]    # 1000, 100000 and 1000000 when left out

The reference is `plain_tfx.py` in `../shared/bench`, which also makes the table: ten normal numbers, and a number and
a class of three that follow from them. Both train the seed network for ten epochs in mini-batches of 32. A pair is one
run of each, three of them up to 100,000 rows; `beside.json` keeps their medians, of which the table is printed.

A last row has a third of the rows in eval, as many as the reference evaluates, and one epoch.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "bench"
FIGURES = Path(__file__).with_name("beside.json")
_ONCE = 100_000  # above, one pair takes minutes
LABELS = ("--regression", "y_reg", "--classification", "y_cls")
_RECIPE = ("--preset", "seed", "--set", "training.batch_size=32")
_THIRD = [
    *("--set", "data.split.eval=0.333", "--set", "data.split.validation=0.05"),
    *("--set", "data.split.calibration=0.05", "--set", "training.epochs=1"),
]
_MEASURED = (
    "import resource, subprocess, sys\n"
    "code = subprocess.call(sys.argv[1:])\n"
    "print('##', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    "sys.exit(code)"
)
# What is compared: a name, our steps, the reference's nodes.
_PARTS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "ExampleGen": (["ExampleGen"], ["CsvExampleGen"]),
    "statistics and data report": (["StatisticsGen", "DataValidator", "DataReport"], ["StatisticsGen"]),
    "Transform": (["Transform"], ["Transform"]),
    "Trainer": (["Trainer"], ["Trainer"]),
    "Evaluator": (["Evaluator"], ["Evaluator"]),
}


@dataclass(frozen=True)
class Ran:
    """One run: seconds of the whole process, its peak memory in MiB, and seconds by step."""

    seconds: float
    memory: float
    steps: dict[str, float]


def timed(command: Sequence[object], folder: Path, *imports: Path) -> tuple[float, float, str]:
    """Returns seconds and peak memory in MiB of a process and all it started, and what it printed.

    Args:
        command: what to run.
        folder: where to run it.
        imports: folders that its Python imports from.
    """
    began = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, imports))}
    words = [sys.executable, "-c", _MEASURED, *map(str, command)]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds, int(done.stdout.rpartition("## ")[2]) / 1024, done.stdout


def reference(rows: int, folder: Path) -> Ran:
    """Runs the stock components; the folder keeps the table as `data/data.csv`."""
    seconds, memory, said = timed([sys.executable, REFERENCE / "plain_tfx.py", rows, folder], folder, ROOT, REFERENCE)
    nodes = {name: float(took) for name, took in re.findall(r"^## (\w+) ([\d.]+)s$", said, re.MULTILINE)}
    return Ran(seconds, memory, nodes)


def ours(table: Path, output: Path, *options: str) -> Ran:
    """Runs `mtl run` on a table."""
    mtl = Path(sys.executable).with_name("mtl")
    words = [mtl, "run", "--data", table, *LABELS, *_RECIPE, "--set", f"runtime.output={output}", *options]
    seconds, memory, _ = timed(words, output.parent, ROOT)
    record = json.loads(next((output / "runs").glob("*.json")).read_text(encoding="utf-8"))
    return Ran(seconds, memory, {step["name"]: step["seconds"] for step in record["steps"]})


def median(runs: Sequence[Ran]) -> Ran:
    """Returns the median of each figure."""
    steps = {name: statistics.median(run.steps[name] for run in runs) for name in runs[0].steps}
    return Ran(statistics.median(run.seconds for run in runs), statistics.median(run.memory for run in runs), steps)


def pairs(rows: int) -> dict[str, dict]:
    """Returns the medians of both on so many rows."""
    found: dict[str, list[Ran]] = {"ours": [], "reference": []}
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(3 if rows <= _ONCE else 1):
            stock = Path(folder, f"stock-{pair}")
            stock.mkdir()
            found["reference"].append(reference(rows, stock))
            table = stock / "data" / "data.csv"
            found["ours"].append(ours(table, Path(folder, f"ours-{pair}"), "--set", "training.epochs=10"))
        evaluated = ours(table, Path(folder, "third"), *_THIRD) if rows > _ONCE else None
    both = {who: asdict(median(runs)) for who, runs in found.items()}
    return both | ({"third": asdict(evaluated)} if evaluated else {})


def lines(figures: Mapping[str, Mapping]) -> list[str]:
    """Returns the table: seconds of the reference, ours, and ours over the reference's."""
    names = ["whole run", "peak memory, MiB", *_PARTS, "Evaluator, as many rows"]
    table = ["| rows | what | TFX's own | here | ratio |", "| --- | --- | --- | --- | --- |"]
    for rows, both in figures.items():
        mine, stock = both["ours"], both["reference"]
        values = [(stock["seconds"], mine["seconds"]), (stock["memory"], mine["memory"])]
        for here, there in _PARTS.values():
            values.append((sum(stock["steps"][name] for name in there), sum(mine["steps"][name] for name in here)))
        if "third" in both:
            values.append((stock["steps"]["Evaluator"], both["third"]["steps"]["Evaluator"]))
        for name, (theirs, here_) in zip(names, values, strict=False):
            table.append(f"| {int(rows):,} | {name} | {theirs:,.1f} | {here_:,.1f} | {here_ / theirs:.2f} |")
    return table


def main(arguments: Sequence[str]) -> None:
    """Measures, keeps the figures and prints the table."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for rows in map(int, arguments or ("1000", "100000", "1000000")):
        figures[str(rows)] = pairs(rows)
        ordered = dict(sorted(figures.items(), key=lambda entry: int(entry[0])))
        FIGURES.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines(figures)))


if __name__ == "__main__":
    main(sys.argv[1:])
