"""The TFX pipeline of a configuration, for every runner, made of the steps in `pipeline.graph.steps`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.utils.import_utils import import_class_by_path

from pipeline.config.run import Config
from pipeline.graph.steps import STEPS
from pipeline.graph.steps.base import Inputs, Step
from pipeline.local.lineage import DATABASE
from pipeline.local.metadata_server import connection
from pipeline.workers.arguments import beam_arguments


def build(config: Config, inputs: Inputs, *, search: bool = False) -> Pipeline:
    """Returns the TFX pipeline of a configuration.

    Args:
        config: the resolved configuration.
        inputs: data, reviewed schema, code and production model.
        search: have a Tuner after Transform, for `mtl tune`; nothing comes after it.
    """
    nodes: dict[str, BaseComponent] = {}
    for step in STEPS.values():
        if step.wanted(config) and (search or not step.for_search):
            nodes[step.name] = _node(step, config, inputs, nodes)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.artifacts),
        metadata_connection_config=connection(config.runtime.metadata)
        if config.runtime.metadata
        else metadata.sqlite_metadata_connection_config(str(config.output / DATABASE)),
        components=list(nodes.values()),
        enable_cache=True,
        beam_pipeline_args=beam_arguments(config.runtime),
    )


def up_to(pipeline: Pipeline, last: str) -> Pipeline:
    """Returns the pipeline with one of its steps and all that this one needs, and nothing else.

    Up to the last step it is the whole: that one does not need all others, as what TFMA says goes into no report.
    """
    needed = {node.id for node in pipeline.components} if last == pipeline.components[-1].id else {last}
    for node in reversed(pipeline.components):  # what a step needs stands before it
        if node.id in needed:
            needed |= {earlier.id for earlier in node.upstream_nodes}
    kept = [node for node in pipeline.components if node.id in needed]
    for node in kept:
        for following in set(node.downstream_nodes) - set(kept):
            node.remove_downstream_node(following)
    if len(kept) < len(pipeline.components):  # with each assignment TFX repeats the arguments of the Beam steps
        pipeline.components = kept
    return pipeline


def _node(step: Step, config: Config, inputs: Inputs, earlier: Mapping[str, BaseComponent]) -> BaseComponent:
    """Returns the node of a step, bound to the outputs of earlier ones."""
    component = import_class_by_path(step.component)
    channels = {}
    for argument, place in step.takes.items():
        giver, _, output = place.partition(".")
        if giver in earlier:
            channels[argument] = earlier[giver].outputs[output]
    node = component(**channels, **_with_messages(component, step.arguments(config, inputs))).with_id(step.name)
    for name in step.after:
        node.add_upstream_node(earlier[name])
    return node


def _with_messages(component: type[BaseComponent], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments with a protocol buffer for each mapping where the component asks for one."""
    kinds = {name: parameter.type for name, parameter in component.SPEC_CLASS.PARAMETERS.items()}
    return {
        name: ParseDict(value, kinds[name]())
        if isinstance(value, dict) and isinstance(kinds.get(name), type) and issubclass(kinds[name], Message)
        else value
        for name, value in arguments.items()
    }
