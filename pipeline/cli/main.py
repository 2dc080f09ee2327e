"""The command `mtl`: its verbs, and how errors become one sentence and an exit code.

TensorFlow and TFX are imported inside the verbs that need them, so help and errors answer at once.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import sys
import tempfile
import traceback
import webbrowser
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from components.shared.process_isolation import isolate_children
from pipeline.cli.options import configured
from pipeline.cli.schema_verbs import schema
from pipeline.errors import InputError, MtlError
from pipeline.kubeflow.verbs.group import kubeflow


def main() -> None:
    """Entry point of `mtl`: 0 done, 1 a bug, 2 the user's input, 3 a gate said no."""
    # Without a handler, a process that is number 1 of its container never gets the signal that is to end it.
    signal.signal(signal.SIGTERM, _terminate)
    isolate_children()
    try:
        cli.main(prog_name="mtl", standalone_mode=False)
    except MtlError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        _fail("Interrupted. The next run continues from the steps that are done.", 130)
    except Terminated:
        _fail("Terminated. The next run continues from the steps that are done.", 128 + signal.SIGTERM)
    except Exception as error:
        _fail(_bug(error), 1)


class Terminated(SystemExit):
    """The process was told to end; raised like an interrupt, so that everything is left in order."""


def _terminate(*_: object) -> None:
    raise Terminated(128 + signal.SIGTERM)


def _fail(message: str, code: int) -> None:
    click.echo(click.style("error: ", fg="red", bold=True) + message, err=True)
    sys.exit(code)


def _bug(error: Exception) -> str:
    """Writes the traceback to a file and returns the sentence that names it."""
    with tempfile.NamedTemporaryFile("w", prefix="mtl-", suffix=".log", delete=False, encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    message = (str(error).strip().splitlines() or [""])[0]
    return f"This is a bug in mtl: {type(error).__name__}: {message}. Report it with the file {file.name}."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mtl-pipeline", message="%(package)s %(version)s")
def cli() -> None:
    """Multi-task learning on tables: from a CSV to a pushed model that predicts a number and a class.

    Exit codes: 0 done, 1 a bug, 2 the input must change, 3 a gate said no.
    """


def _print_json_schema(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Prints the schema of the file and ends; it needs no configuration."""
    if wanted:
        from pipeline.config.run import Config

        click.echo(json.dumps(Config.model_json_schema(), indent=1))
        context.exit()


@cli.command()
@configured
@click.option("--no-cache", is_flag=True, help="Run every step anew.")
def run(resolved: Any, no_cache: bool) -> None:
    """Run the whole pipeline: ingest, validate, transform, train, evaluate, push."""
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report, print_verdict
    from pipeline.verbs.check import check_before_run

    console = Console()
    config = resolved.config
    check_before_run(config)
    console.print(f"[bold]{config.name}[/]  {config.data.path} → {config.output}", soft_wrap=True, highlight=False)
    try:
        record = run_locally(resolved, cache=not no_cache)
        print_verdict(console, record, config.output)
    finally:
        print_report(console, config.output)
    if record.state != "pushed":
        sys.exit(3)


@cli.command()
@configured
@click.option("--serving", help="A log of served rows, without labels: CSV or Parquet.")
@click.option("--no-cache", is_flag=True, help="Run every step anew.")
def validate(resolved: Any, serving: str | None, no_cache: bool) -> None:
    """Judge the data and train nothing: everything the data gate looks at, with exit code 3 where it says no."""
    from components.example_gen.spec import expand
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report
    from pipeline.verbs.check import check_before_run
    from pipeline.verbs.validate import judge_serving, show_findings

    console = Console()
    config = resolved.config
    check_before_run(config)
    files = None if serving is None else expand(serving)
    skew = None
    try:
        record = run_locally(resolved, cache=not no_cache, until="DataGate")
        if files is not None:
            folder = record.artifact("DataValidator", "anomalies")
            assert folder is not None, "the run came as far as its data gate"
            skew = judge_serving(config, Path(folder), files)
        passed = show_findings(console, record, skew)
    finally:
        print_report(console, config.output)
    if not passed:
        sys.exit(3)


@cli.command()
@configured
@click.option(
    "--seeds",
    type=click.IntRange(2, 100),
    help="Seeds of each network [default: evaluation.relatedness, or 3]",
)
@click.option("--no-cache", is_flag=True, help="Run every step anew.")
def relate(resolved: Any, seeds: int | None, no_cache: bool) -> None:
    """Tell whether sharing one network helps each head, against a network of its own; push nothing."""
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report
    from pipeline.verbs.check import check_before_run
    from pipeline.verbs.relate import STEP, show_relatedness, with_seeds

    console = Console()
    chosen = with_seeds(resolved, seeds)
    check_before_run(chosen.config)
    try:
        record = run_locally(chosen, cache=not no_cache, until=STEP)
        stopped = not show_relatedness(console, record)
    finally:
        print_report(console, chosen.config.output)
    if stopped:
        sys.exit(3)


@cli.command()
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
def tune(resolved: Any, trials: int | None, minutes: float | None, target: Path, overwrite: bool) -> None:
    """Search for settings of the network and its training that suit both heads; write the best as a configuration."""
    from pipeline.local.runner import TUNER
    from pipeline.local.runner import run as run_locally
    from pipeline.runs.outcome import print_report, print_stopped
    from pipeline.verbs.check import check_before_run
    from pipeline.verbs.tune import asked_for, require_free, results_of, show_best, tuned

    console = Console()
    require_free(target, overwrite)
    resolved = asked_for(resolved, trials, minutes)
    check_before_run(resolved.config)
    try:
        record = run_locally(resolved, until=TUNER)
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


@cli.command()
@configured
def check(resolved: Any) -> None:
    """Check the config, the environment and the whole table; train nothing."""
    from pipeline.verbs.check import check_all

    check_all(resolved.config, Console())


@cli.command()
@configured
@click.option(
    "--json-schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_json_schema,
    help="Print the JSON Schema of the file instead, for editors.",
)
def config(resolved: Any) -> None:
    """Print the resolved configuration and where each value comes from."""
    from pipeline.verbs.show import show_config

    show_config(resolved, Console())


@cli.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Output folder [default: all under runs]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def runs(output: Path | None, as_json: bool) -> None:
    """List runs: when, what came of it, each head's headline metric; write a page that links their reports."""
    from pipeline.runs.history import write_index
    from pipeline.runs.record import warn_of_unreadable
    from pipeline.verbs.show import show_runs

    outputs = [output] if output else _outputs()
    warn_of_unreadable(outputs)
    show_runs(outputs, Console(), as_json)
    if not as_json:
        for folder in outputs:
            try:
                click.echo(f"Page: {write_index(folder)}")
            except OSError as error:  # a list of runs is worth having where nothing may be written
                click.echo(f"No page in {folder}: {error.strerror}.")


@cli.command()
@click.argument("a")
@click.argument("b")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Output folder [default: all under runs]")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write the comparison to this page as well.")
def compare(a: str, b: str, output: Path | None, page: Path | None) -> None:
    """Compare two runs: what differs in configuration and data, and the metrics of each head with intervals."""
    from components.report.page import render_comparison
    from pipeline.runs.compare import compare as compare_runs
    from pipeline.runs.record import find_run, warn_of_unreadable
    from pipeline.verbs.show import show_comparison

    outputs = [output] if output else _outputs()
    warn_of_unreadable(outputs)
    comparison = compare_runs(find_run(a, outputs), find_run(b, outputs))
    show_comparison(comparison, Console())
    if page:
        try:
            page.write_text(render_comparison(comparison), encoding="utf-8")
        except OSError as error:
            raise InputError(f"--html must be a file that can be written, got {page} ({error.strerror}).") from None
        click.echo(f"Page: {page}")


@cli.command()
@click.argument("run", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Output folder [default: all under runs]")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
def report(run: str | None, output: Path | None, opens: bool) -> None:
    """Print where the report of a run lies, the newest unless one is named."""
    from pipeline.runs.record import warn_of_unreadable
    from pipeline.runs.report import find_report

    outputs = [output] if output else _outputs()
    warn_of_unreadable(outputs)
    page = find_report(outputs, run).resolve()
    click.echo(str(page))
    if opens and not webbrowser.open(page.as_uri()):
        raise InputError(f"There must be a browser to open {page} with, got none. Open the file by hand.")


@cli.command()
@click.option("-i", "--input", "source", required=True, help="Rows as CSV or Parquet.")
@click.option("-o", "--output", "target", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "-m",
    "--model",
    help="Pushed model, or its folder of versions, here or in an object store "
    "[default: the one pushed last under runs]",
)
def predict(source: str, target: Path, model: str | None) -> None:
    """Predict with the pushed model; rows the schema does not allow are flagged, not lost."""
    from components.pusher.provenance import spoken
    from pipeline.verbs.predict import predict_file

    counts = predict_file(source, target, model or _last_pushed())
    for note in counts.notes:
        click.echo(f"note {note}", err=True)
    click.echo(
        f"{counts.rows:,} rows → {target}, {counts.flagged:,} flagged, model {counts.model}: {spoken(counts.labels)}"
    )


@cli.command()
@click.option(
    "-m",
    "--model",
    help="Folder of versions, here or in an object store [default: the one pushed to last under runs]",
)
def rollback(model: str | None) -> None:
    """Go back to the version that was pushed before the current one."""
    from components.pusher.local_store import open_store
    from components.pusher.provenance import labels_pushed, spoken

    destination = model or _last_pushed()
    store = open_store(destination)
    current = store.current()
    before = None if current is None else labels_pushed(store.manifest(current))
    done = store.rollback()
    click.echo(f"Version {done.version} is current again; version {done.withdrawn} is withdrawn. {destination}")
    now = labels_pushed(store.manifest(done.version))
    if now and before and now != before:
        click.echo(f"note: version {done.version} predicts {spoken(now)}, version {done.withdrawn} {spoken(before)}.")


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-n", "--rows", default=10_000, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--noise", default=1.0, show_default=True, help="Standard deviation of the number's noise.")
@click.option("--missing", default=0.0, show_default=True, help="Share of missing cells in columns without effect.")
def synth(path: Path, rows: int, seed: int, noise: float, missing: float) -> None:
    """Write synthetic data (CSV or Parquet) whose best possible scores are known, and print those."""
    from data.synthetic import write

    best = write(path, rows, seed=seed, noise=noise, missing=missing)
    click.echo(f"{path}: {rows:,} rows, labels y (number) and label (class).")
    click.echo(json.dumps(dataclasses.asdict(best), indent=1))


cli.add_command(schema)
cli.add_command(kubeflow)


def _outputs() -> list[Path]:
    return sorted(path.parent for path in Path("runs").glob("*/runs"))


def _last_pushed() -> str:
    links = sorted(Path("runs").glob("*/serving/current"), key=lambda link: link.lstat().st_mtime)
    if not links:
        raise InputError("A pushed model must be under runs, got none. Run `mtl run` first, or give --model FOLDER.")
    return str(links[-1].parent)


if __name__ == "__main__":
    main()
