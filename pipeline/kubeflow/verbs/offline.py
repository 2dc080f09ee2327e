"""The verbs that need no cluster: `mtl kubeflow compile` and `check`; what they do is imported inside them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import configured
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.config.resolve import Resolved


@click.command("compile")
@configured
@click.option("-i", "--image", required=True, help="Image of every step; pin it by digest to use KFP's cache.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="pipeline.yaml",
    show_default=True,
    help="YAML to write.",
)
def compile_(resolved: Resolved, image: str, output: Path) -> None:
    """Compile the pipeline to a file that Kubeflow Pipelines 2.14 and newer runs."""
    from pipeline.kubeflow.compiling.compile import write
    from pipeline.local.captured_output import output_to

    with tempfile.TemporaryDirectory() as folder, output_to(Path(folder) / "log"):
        steps = write(resolved.config, image, output)
    click.echo(f"{output}: {steps} steps of {resolved.config.name}, image {image}")


@click.command("check")
@click.argument("pipeline", type=click.Path(path_type=Path))
def check(pipeline: Path) -> None:
    """List what Kubeflow Pipelines would refuse, ignore or get wrong in any compiled TFX pipeline."""
    from pipeline.kubeflow.checking.check import findings_of, read

    findings = findings_of(read(pipeline))
    for finding in findings:
        click.echo(f"{finding.where}: {finding.effect}. {finding.remedy}")
    if findings:
        raise ConfigError(f"{pipeline} must have no findings, got {len(findings)}. Do what they say and check again.")
    click.echo(f"{pipeline}: nothing that Kubeflow Pipelines 2.14 to 2.17 would refuse.")


VERBS = (compile_, check)
