"""The command `mtl`: its verbs, and how errors become one sentence and an exit code.

TensorFlow and TFX are imported inside the verbs that need them, so help and errors answer at once.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pipeline.errors import InputError, MtlError
from pipeline.kubeflow.cli import kubeflow
from pipeline.options import configured


def main() -> None:
    """Entry point of `mtl`: 0 done, 1 a bug, 2 the user's input, 3 a gate said no."""
    try:
        cli.main(prog_name="mtl", standalone_mode=False)
    except MtlError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        _fail("Interrupted. The next run continues from the steps that are done.", 130)
    except Exception as error:
        _fail(_bug(error), 1)


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
        from pipeline.config import Config

        click.echo(json.dumps(Config.model_json_schema(), indent=1))
        context.exit()


@cli.command()
@configured
@click.option("--no-cache", is_flag=True, help="Run every step anew.")
def run(resolved: Any, no_cache: bool) -> None:
    """Run the whole pipeline: ingest, validate, transform, train, evaluate, push."""
    from pipeline.check import check_before_run
    from pipeline.local import run as run_locally
    from pipeline.verdict import print_verdict

    console = Console()
    config = resolved.config
    check_before_run(config)
    console.print(f"[bold]{config.name}[/]  {config.data.path} → {config.output}", soft_wrap=True, highlight=False)
    record = run_locally(resolved, cache=not no_cache)
    print_verdict(console, record, config.output)
    if record.state != "pushed":
        sys.exit(3)


@cli.command()
@configured
def check(resolved: Any) -> None:
    """Check the config, the environment and the whole table; train nothing."""
    from pipeline.check import check_all

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
    from pipeline.show import show_config

    show_config(resolved, Console())


@cli.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Output folder [default: all under runs]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def runs(output: Path | None, as_json: bool) -> None:
    """List runs: when, what came of it, each head's headline metric."""
    from pipeline.show import show_runs

    show_runs([output] if output else _outputs(), Console(), as_json)


@cli.command()
@click.option("-i", "--input", "source", required=True, help="Rows as CSV or Parquet.")
@click.option("-o", "--output", "target", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path),
    help="Pushed model, or its folder of versions [default: the one pushed last under runs]",
)
def predict(source: str, target: Path, model: Path | None) -> None:
    """Predict with the pushed model; rows the schema does not allow are flagged, not lost."""
    from pipeline.predict import predict_file

    counts = predict_file(source, target, model or _last_pushed())
    click.echo(f"{counts.rows:,} rows → {target}, {counts.flagged:,} flagged, model {counts.model}")


@cli.command()
@click.option(
    "-m",
    "--model",
    type=click.Path(path_type=Path),
    help="Folder of versions [default: the one pushed to last under runs]",
)
def rollback(model: Path | None) -> None:
    """Go back to the version that was pushed before the current one."""
    from components.pusher.store import Store

    destination = model or _last_pushed()
    done = Store(destination).rollback()
    click.echo(f"Version {done.version} is current again; version {done.withdrawn} is withdrawn. {destination}")


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


cli.add_command(kubeflow)


def _outputs() -> list[Path]:
    return sorted(path.parent for path in Path("runs").glob("*/runs"))


def _last_pushed() -> Path:
    links = sorted(Path("runs").glob("*/serving/current"), key=lambda link: link.lstat().st_mtime)
    if not links:
        raise InputError("A pushed model must be under runs, got none. Run `mtl run` first, or give --model FOLDER.")
    return links[-1].parent
