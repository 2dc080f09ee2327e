"""The registry of the pipeline's steps: whatever lists steps reads it here.

A new step is its folder in `components`, with a TFX component in it, and one entry in `data`, `training` or
`publishing`. From that entry come its place in the graph, its code in the cache key, its line in the table of a run,
where the report finds its artifact, and what is particular to it on Kubeflow. Only a report on what it made takes more
than the entry: TFX reads what a step takes from the signature of its component, so `components.report.component.Report`
gets one more argument, and `Sources` of `components.report.collect` one more field.
"""

from __future__ import annotations

from pipeline.graph.steps import data, publishing, training
from pipeline.graph.steps.base import Step

STEPS: dict[str, Step] = {step.name: step for step in (*data.STEPS, *training.STEPS, *publishing.STEPS)}
"""Name -> step, in the order in which the data flows: whatever a step takes or comes after stands before it."""
