"""The verb `mtl synth`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-n", "--rows", default=10_000, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--noise", default=1.0, show_default=True, help="Standard deviation of the regression label's noise.")
@click.option("--missing", default=0.0, show_default=True, help="Share of missing cells in columns without effect.")
def synth(path: Path, rows: int, seed: int, noise: float, missing: float) -> None:
    """Write synthetic data (CSV or Parquet) whose best possible scores are known, and print those."""
    from data.synthetic import write

    best = write(path, rows, seed=seed, noise=noise, missing=missing)
    click.echo(f"{path}: {rows:,} rows, labels y (regression) and label (classification).")
    click.echo(json.dumps(dataclasses.asdict(best), indent=1))


VERBS = (synth,)
