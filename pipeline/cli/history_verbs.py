"""The verbs that look at runs that have ended: `mtl runs`, `compare` and `report`."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click
from rich.console import Console

from pipeline.errors import InputError


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Output folder [default: all under runs]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def runs(output: Path | None, as_json: bool) -> None:
    """List runs: when, outcome, each head's primary metric; write a page that links their reports."""
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


@click.command()
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


@click.command()
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


def _outputs() -> list[Path]:
    return sorted(path.parent for path in Path("runs").glob("*/runs"))


VERBS = (runs, compare, report)
