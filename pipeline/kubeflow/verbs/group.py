"""The group `mtl kubeflow`; its verbs stand in modules of their own."""

from __future__ import annotations

import click

from pipeline.kubeflow.verbs import cluster, offline


@click.group()
def kubeflow() -> None:
    """Run the same pipeline on Kubeflow Pipelines."""


for verb in (*offline.VERBS, *cluster.VERBS):
    kubeflow.add_command(verb)
