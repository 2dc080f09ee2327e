"""The options that make a configuration, shared by every verb that needs one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from components.objects.place import one_of, prefixes
from pipeline.errors import ConfigError

DEFAULT_CONFIG = "mtl.yaml"


def configured(verb: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that make a configuration, and passes the resolved one as first argument."""

    @click.option(
        "-c",
        "--config",
        "file",
        type=click.Path(path_type=Path),
        help=f"YAML file [default: {DEFAULT_CONFIG}]",
    )
    @click.option("-d", "--data", help=f"CSV or Parquet: a file, folder or glob, here or at {one_of(prefixes())}.")
    @click.option("-r", "--regression", help="Column of the regression label, a number.")
    @click.option("-k", "--classification", help="Column of the class label.")
    @click.option("-p", "--preset", metavar="NAME", help="Network and training: the name of a preset, such as best.")
    @click.option(
        "-s",
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Any key of the file, e.g. training.epochs=20.",
    )
    @functools.wraps(verb)
    def wrapped(
        file: Path | None,
        data: str | None,
        regression: str | None,
        classification: str | None,
        preset: str | None,
        overrides: tuple[str, ...],
        **options: Any,
    ) -> None:
        from pipeline.config.resolve import resolve

        if file is None and data is None:
            if not Path(DEFAULT_CONFIG).exists():
                raise ConfigError(
                    "A configuration must be given, got none. Use --config FILE, or --data FILE --regression COLUMN "
                    "--classification COLUMN."
                )
            file = Path(DEFAULT_CONFIG)
        flags = {
            "data.path": data,
            "labels.regression": regression,
            "labels.classification": classification,
            "preset": preset,
        }
        verb(resolve(file, flags, overrides), **options)

    return wrapped
