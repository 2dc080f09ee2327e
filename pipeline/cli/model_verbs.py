"""The verbs that work with pushed models: `mtl predict` and `rollback`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.errors import InputError

if TYPE_CHECKING:
    from components.pusher.release import VersionStore


@click.command()
@click.option("-i", "--input", "source", required=True, help="Rows as CSV or Parquet.")
@click.option("-o", "--output", "target", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "-m",
    "--model",
    help="Pushed model, or its folder of versions, here or in an object store "
    "[default: the production model pushed last under runs]",
)
def predict(source: str, target: Path, model: str | None) -> None:
    """Predict with the production model; rows the schema does not allow are flagged, not lost."""
    from components.pusher.provenance import spoken
    from pipeline.verbs.predict import predict_file

    counts = predict_file(source, target, model or _last_pushed())
    for note in counts.notes:
        click.echo(f"note {note}", err=True)
    click.echo(
        f"{counts.rows:,} rows → {target}, {counts.flagged:,} flagged, model {counts.model}: {spoken(counts.labels)}"
    )


@click.command()
@click.option(
    "-m",
    "--model",
    help="Folder of versions, here or in an object store [default: the one pushed to last under runs]",
)
def rollback(model: str | None) -> None:
    """Go back to the version that was pushed before the current one."""
    from components.pusher.local_store import open_store
    from components.pusher.provenance import spoken

    destination = model or _last_pushed()
    store = open_store(destination)
    current = store.current()
    before = None if current is None else _labels(store, current)
    done = store.rollback()
    click.echo(f"Version {done.version} is current again; version {done.withdrawn} is withdrawn. {destination}")
    now = _labels(store, done.version)
    if now and before and now != before:
        click.echo(f"note: version {done.version} predicts {spoken(now)}, version {done.withdrawn} {spoken(before)}.")


def _labels(store: VersionStore, version: int) -> tuple[str, str] | None:
    """Returns what a version predicts, None where that is not known: a rollback must not fail by it."""
    from components.pusher.provenance import labels_pushed

    try:
        return labels_pushed(store.manifest(version))
    except InputError:
        return None


def _last_pushed() -> str:
    links = sorted(Path("runs").glob("*/serving/current"), key=lambda link: link.lstat().st_mtime)
    if not links:
        raise InputError("A pushed model must be under runs, got none. Run `mtl run` first, or give --model FOLDER.")
    return str(links[-1].parent)


VERBS = (predict, rollback)
