"""The group `mtl schema`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import configured

if TYPE_CHECKING:
    from pipeline.config.resolve import Resolved


@click.group()
def schema() -> None:
    """Write, compare and update a reviewed schema."""


@schema.command("infer")
@configured
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
def schema_infer(resolved: Resolved, target: Path) -> None:
    """Write the schema that the data suggests to a file, for review."""
    from pipeline.verbs.schema import infer

    infer(resolved, target)
    click.echo(f"{target} is written. Review it, and name it as data.schema_file.")


@schema.command("diff")
@configured
def schema_diff(resolved: Resolved) -> None:
    """Say what differs between the reviewed schema and the data as it is now."""
    from pipeline.verbs.schema import diff

    sentences = [change.sentence for change in diff(resolved)]
    click.echo("\n".join(sentences) or "The data is as the reviewed schema says.")


@schema.command("accept")
@configured
def schema_accept(resolved: Resolved) -> None:
    """Write what `mtl schema diff` says into the reviewed schema; the newest run's schema where there is none yet."""
    from pipeline.verbs.schema import accept

    sentences = [change.sentence for change in accept(resolved)]
    click.echo("\n".join([*sentences, f"{resolved.config.data.schema_file} is up to date."]))


VERBS = (schema,)
