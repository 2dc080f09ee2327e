"""What a validation found, in the terminal; and the skew of a serving log, which needs no step of the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.text import Text

from components.data_validator.analysis.distribution import describe
from components.data_validator.analysis.drift import SERVING_SKEW, Tolerance, compare
from components.data_validator.analysis.rows import read_cells
from components.example_gen.cells.forms import Form, form_of, form_of_numbers
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Table
from components.formats.distributions import Distribution, Distributions, Numbers
from components.formats.findings import FAIL, IGNORE, OK, Anomaly, Findings
from components.objects.staging import staged
from components.shared.errors import InputError
from components.shared.splits import TRAIN
from pipeline.config.run import Config
from pipeline.runs.record import Run

ROWS = 50_000
_MARKS = {OK: ("✓", "green"), "warn": ("!", "yellow"), FAIL: ("✗", "bold red")}
_SERVING = "serving"


def judge_serving(config: Config, folder: Path, files: Sequence[str]) -> Findings:
    """Compares a serving log, which has no labels, with the train split.

    Args:
        config: the configuration.
        folder: the `anomalies` artifact of the validation.
        files: the log, as `spec.expand` returns its files.

    Raises:
        InputError: the log cannot be read, or has lists in a column of single values.
    """
    train = Distributions.read(folder).splits[TRAIN]
    features = {name: one for name, one in train.items() if name not in config.labels.columns}
    with staged(files):
        table = replace(open_table(files, config.dialect.of_any_format), forms=_forms(features))
        alike = {name: one for name, one in features.items() if name in table.columns}
        now = _distributions(table, alike)
    level = config.gates.drift.skew
    missing = [
        Anomaly(
            split=_SERVING,
            column=name,
            kind="SERVING_SKEW",
            level=level,
            sentence=f'"{name}" must be in the serving log, got no such column.',
            remedy="data.ignore, if it is not known when predictions are asked for",
        )
        for name in features
        if name not in alike and level != IGNORE
    ]
    tolerance = Tolerance(level, config.gates.drift.false_alarms, config.gates.drift.model_dump()["thresholds"])
    comparisons, anomalies = compare(SERVING_SKEW, _SERVING, now, features, TRAIN, tolerance)
    return Findings((), (*missing, *anomalies), tuple(comparisons))


def _forms(like: dict[str, Distribution]) -> dict[str, Form]:
    """Returns how each column is read, so that its cells mean what they mean in train."""
    return {
        name: form_of_numbers(one.points) if isinstance(one, Numbers) else form_of(one.counts)
        for name, one in like.items()
    }


def _distributions(table: Table, like: dict[str, Distribution]) -> dict[str, Distribution]:
    """Returns the distributions of a uniform sample of the rows, each column of the kind it has in train."""
    if not like:
        return {}
    first = next(iter(like))
    rows = sum(batch.data.num_rows for batch in table.batches([first]))
    if not rows:
        raise table.no_rows()
    chosen = np.zeros(rows, bool)
    chosen[np.random.default_rng(0).permutation(rows)[:ROWS]] = True
    parts: dict[str, list[Any]] = {name: [] for name in like}
    seen = 0
    for batch in table.batches(list(like)):
        kept = batch.data.filter(pa.array(chosen[seen : seen + batch.data.num_rows]))
        seen += batch.data.num_rows
        for name, one in like.items():
            cells = read_cells(kept, name, table)
            if cells.is_vector:
                raise InputError(
                    f'The column "{name}" of the serving log must hold single values as in train, '
                    "got lists of numbers. Log it as it was trained on."
                )
            parts[name].append(cells.numbers() if isinstance(one, Numbers) else cells.text())
    return {
        name: describe(np.concatenate(some) if isinstance(like[name], Numbers) else pa.concat_arrays(some))
        for name, some in parts.items()
    }


def show_findings(console: Console, run: Run, serving: Findings | None) -> bool:
    """Prints what was found, worst last, and returns whether it passed."""
    folder = run.artifact("DataValidator", "anomalies")
    assert folder is not None, "only a run that came as far as its data gate is shown"
    found = Findings.read(folder)
    anomalies, comparisons = [*found.anomalies], [*found.comparisons]
    if serving is not None:
        anomalies += serving.anomalies
        comparisons += serving.comparisons
    console.print()
    for note in found.notes:
        console.print(Text.assemble(("note  ", "yellow"), note), soft_wrap=True)
    for anomaly in sorted(anomalies, key=lambda one: one.level == FAIL):
        _print(console, anomaly)
    for kind in dict.fromkeys(one.kind for one in comparisons):
        levels = [one.level for one in comparisons if one.kind == kind]
        against = f" against {found.against}" if kind == "drift" else ""
        within = f"{levels.count(OK):,} of {len(levels):,} measures within bounds"
        console.print(Text.assemble(_MARKS[OK if set(levels) == {OK} else "warn"], f" {kind}{against}: {within}"))
    if found.against is None:
        console.print(Text("  drift: not measured: this run had no earlier version to compare with", "dim"))
    failed = sum(one.level == FAIL for one in anomalies)
    passed = not failed
    console.print(Text(f"\n{'passed' if passed else 'failed'}: ", "green" if passed else "bold red"), end="")
    console.print(f"{failed} failed, {len(anomalies) - failed} warned", highlight=False)
    return passed


def _print(console: Console, anomaly: Anomaly) -> None:
    console.print(Text.assemble(_MARKS[anomaly.level], " ", anomaly.sentence), soft_wrap=True)
    places = ", ".join(f"{one.file}:{one.line} {one.value}".rstrip() for one in anomaly.examples)
    if places:
        console.print(Text(f"    rows      {places}", "dim"), soft_wrap=True)
    if anomaly.remedy:
        console.print(Text(f"    intended? {anomaly.remedy}", "dim"), soft_wrap=True)
