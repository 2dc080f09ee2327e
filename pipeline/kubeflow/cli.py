"""The group `mtl kubeflow`; its verbs stand in modules of their own."""

from __future__ import annotations

import click

from pipeline.kubeflow import building, verbs


@click.group()
def kubeflow() -> None:
    """Run the same pipeline on Kubeflow Pipelines."""


for verb in (*building.VERBS, *verbs.VERBS):
    kubeflow.add_command(verb)
