"""What a run or a schedule may change without compiling again: the parameters of the compiled pipeline.

A parameter is one key of the configuration. Inside the graph its value is part of a JSON argument of a step, where KFP
cannot reach. So each step that depends on it gets one more input, bound to the parameter of the pipeline, and the
entrypoint writes that input to its place before TFX sees the arguments. Compiler and entrypoint share this table.
The steps that report show the configuration, so what a run changes must reach their copies of it as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pipeline.config.messages import explain
from pipeline.config.run import Config
from pipeline.errors import InputError
from pipeline.graph.steps import STEPS

KINDS = {str: "STRING", bool: "BOOLEAN", int: "NUMBER_INTEGER", float: "NUMBER_DOUBLE", list: "LIST", dict: "STRUCT"}


@dataclass(frozen=True)
class Parameter:
    """One key of the configuration that a run may change.

    Args:
        key: dotted key of the configuration.
        description: what it means, for the form of the KFP UI.
    """

    key: str
    description: str

    @property
    def places(self) -> dict[str, str]:
        """Step that depends on it -> where its value stands: an argument of the step, then keys inside its JSON."""
        return {name: step.parameters[self.key] for name, step in STEPS.items() if self.key in step.parameters}

    @property
    def name(self) -> str:
        """Its name in the compiled pipeline."""
        return self.key.removeprefix("gates.").replace(".", "_")

    def value(self, config: Config) -> Any:
        """Returns its value in a configuration."""
        value: Any = config.as_json()
        for part in self.key.split("."):
            value = value[part]
        return value

    def put(self, step: str, arguments: dict[str, Any], value: Any) -> None:
        """Writes a value to its place among the arguments of a step, in place."""
        place = self.places[step]
        argument, *inside = place.split(".")
        if not inside:
            arguments[argument] = value
            return
        tree = json.loads(arguments[argument])
        node = tree
        for part in inside[:-1]:
            node = node[part]
        # The ingest always takes a list; the configuration may hold one path.
        node[inside[-1]] = [value] if place == "spec.paths" and isinstance(value, str) else value
        arguments[argument] = json.dumps(tree, sort_keys=True)


PARAMETERS = (
    Parameter("data.path", "Where the rows come from."),
    Parameter("data.date", "Day that {date} in data_path stands for; empty: today."),
    Parameter("training.epochs", "At most this many passes."),
    Parameter("training.learning_rate", "Of Adam."),
    Parameter("training.seed", "Of weights and shuffling."),
    Parameter("gates.regression.thresholds", "Bounds of the regression head."),
    Parameter("gates.classification.thresholds", "Bounds of the classification head."),
    Parameter("push.destination", "Folder or bucket of pushed versions."),
)
"""Where each stands among the arguments of a step, the step says; see `pipeline.graph.steps.base.Step.parameters`."""


def substitute(step: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments of a step with every parameter among them moved to its place.

    Args:
        step: name of the step; one that no parameter names keeps its arguments.
        arguments: argument -> value, as KFP hands them over; numbers are floats.

    Raises:
        InputError: a value is not allowed; the same sentences as for a configuration file.
    """
    given = [parameter for parameter in PARAMETERS if step in parameter.places and parameter.name in arguments]
    allowed = _allowed({parameter.key: arguments[parameter.name] for parameter in given})
    result = {name: value for name, value in arguments.items() if name not in {p.name for p in given}}
    for parameter in given:
        parameter.put(step, result, parameter.value(allowed))
    return result


def _allowed(values: Mapping[str, Any]) -> Config:
    """Returns a configuration with these values at their keys, checked and of the right types."""
    tree: dict[str, Any] = {"data": {"path": "-"}, "labels": {"regression": "r", "classification": "c"}}
    for key, value in values.items():
        *sections, last = key.split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
        node[last] = value
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        origins = dict.fromkeys(values, "the parameters of the run")
        raise InputError("\n".join(explain(error, tree, origins, None))) from None
