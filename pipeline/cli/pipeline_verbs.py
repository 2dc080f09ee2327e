"""The verbs that run the pipeline or a part of it: `mtl run`, `validate`, `relate` and `tune`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipeline.cli.options import configured

if TYPE_CHECKING:
    from pipeline.config.resolve import Resolved


@click.command()
@configured
@click.option("--no-cache", is_flag=True, help="Run every step again; reuse no earlier output.")
def run(resolved: Resolved, no_cache: bool) -> None:
    """Run the whole pipeline: ingest, validate, transform, train, evaluate, push."""
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report, print_verdict
    from pipeline.verbs.check import check_before_run

    console = Console()
    config = resolved.config
    source = check_before_run(config)
    console.print(f"[bold]{config.name}[/]  {config.data.path} → {config.output}", soft_wrap=True, highlight=False)
    try:
        record = run_locally(resolved, cache=not no_cache, source=source)
        print_verdict(console, record, config.output)
    finally:
        print_report(console, config.output)
    if record.state != "pushed":
        sys.exit(3)


@click.command()
@configured
@click.option("--serving", help="A log of served rows, without labels: CSV or Parquet.")
@click.option("--no-cache", is_flag=True, help="Run every step again; reuse no earlier output.")
def validate(resolved: Resolved, serving: str | None, no_cache: bool) -> None:
    """Validate the data and train nothing: everything the data gate checks, with exit code 3 where it rejects."""
    from components.example_gen.spec import expand
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report
    from pipeline.verbs.check import check_before_run
    from pipeline.verbs.validate import judge_serving, show_findings

    console = Console()
    config = resolved.config
    source = check_before_run(config)
    files = None if serving is None else expand(serving)
    skew = None
    try:
        record = run_locally(resolved, cache=not no_cache, until="DataGate", source=source)
        if files is not None:
            folder = record.artifact("DataValidator", "anomalies")
            assert folder is not None, "the run came as far as its data gate"
            skew = judge_serving(config, Path(folder), files)
        passed = show_findings(console, record, skew)
    finally:
        print_report(console, config.output)
    if not passed:
        sys.exit(3)


@click.command()
@configured
@click.option(
    "--seeds",
    type=click.IntRange(2, 100),
    help="Seeds of each network [default: evaluation.relatedness, or 3]",
)
@click.option("--no-cache", is_flag=True, help="Run every step again; reuse no earlier output.")
def relate(resolved: Resolved, seeds: int | None, no_cache: bool) -> None:
    """Test whether sharing one network helps each head, against a network of its own; push nothing."""
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report
    from pipeline.verbs.check import check_before_run
    from pipeline.verbs.relate import STEP, show_relatedness, with_seeds

    console = Console()
    chosen = with_seeds(resolved, seeds)
    source = check_before_run(chosen.config)
    try:
        record = run_locally(chosen, cache=not no_cache, until=STEP, source=source)
        stopped = not show_relatedness(console, record)
    finally:
        print_report(console, chosen.config.output)
    if stopped:
        sys.exit(3)


@click.command()
@configured
@click.option("--trials", type=click.IntRange(min=1), help="At most this many trials [default: tuning.trials]")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Start no trial after this many minutes [default: tuning.minutes]",
)
@click.option(
    "--write",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("tuned.yaml"),
    show_default=True,
    help="Configuration to write.",
)
@click.option("--overwrite", is_flag=True, help="Replace that file if it is there.")
def tune(resolved: Resolved, trials: int | None, minutes: float | None, target: Path, overwrite: bool) -> None:
    """Search for settings of the network and its training that suit both heads; write the best as a configuration."""
    from pipeline.local.runner import TUNER
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report, print_stopped
    from pipeline.verbs.check import check_before_run
    from pipeline.verbs.tune import asked_for, require_free, results_of, show_best, tuned

    console = Console()
    require_free(target, overwrite)
    resolved = asked_for(resolved, trials, minutes)
    source = check_before_run(resolved.config)
    try:
        record = run_locally(resolved, until=TUNER, source=source)
        if record.state == "tuned":
            results = results_of(record)
            show_best(console, results)
            target.write_text(tuned(resolved, results, target), encoding="utf-8")
            console.print(f"\nWritten to {target}. Train with it: mtl run --config {target}", soft_wrap=True)
        else:
            print_stopped(console, record)
    finally:
        print_report(console, resolved.config.output)
    if record.state != "tuned":
        sys.exit(3)


VERBS = (run, validate, relate, tune)
