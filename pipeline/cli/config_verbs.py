"""The verbs that look at a configuration and its data and run nothing: `mtl check` and `config`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipeline.cli.options import configured

if TYPE_CHECKING:
    from pipeline.config.resolve import Resolved


@click.command()
@configured
def check(resolved: Resolved) -> None:
    """Check the config, the environment, the engine and the whole table; train nothing.

    The last line but notes says about how long a run takes here and how much memory it needs, from runs that were
    measured and a twentieth of a second of work on this machine: within a factor of two on a machine that does nothing
    else and trains on its CPU, if nothing comes from the cache and training takes as many epochs as is usual.
    """
    from pipeline.verbs.check import check_all

    check_all(resolved.config, Console())


def _print_json_schema(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Prints the schema of the file and ends; it needs no configuration."""
    if wanted:
        from pipeline.config.run import Config

        click.echo(json.dumps(Config.model_json_schema(), indent=1))
        context.exit()


@click.command()
@configured
@click.option(
    "--json-schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_json_schema,
    help="Print the JSON Schema of the file instead, for editors.",
)
def config(resolved: Resolved) -> None:
    """Print the resolved configuration and where each value comes from."""
    from pipeline.verbs.show import show_config

    show_config(resolved, Console())


VERBS = (check, config)
