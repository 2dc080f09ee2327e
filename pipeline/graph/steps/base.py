"""What a step of the pipeline says of itself, and what its arguments are made of.

Nothing here or in the entries imports TFX: a step names its component by an import path, so that runs are listed and
reports are written without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.example_gen.spec import IngestSpec
from pipeline.config.run import Config

Arguments = dict[str, Any]

DATA = ("data.path", "data.date")
TRAINING = ("training.epochs", "training.learning_rate", "training.seed")
THRESHOLDS = ("gates.regression.thresholds", "gates.classification.thresholds")
DESTINATION = "push.destination"
"""The keys that a run on Kubeflow may change, see `pipeline.kubeflow.compiling.parameters`."""

SERVING = "Format-Serving"
"""Where TFX puts the serving model in a Model artifact; its own module for that imports TensorFlow."""


@dataclass(frozen=True)
class Production:
    """The production model a run is judged against, and how its own push will be known.

    Args:
        digest: digest of data, configuration and code; equal digests give equal models.
        baseline: version of the production model to compare with, 0 for none, `CURRENT` for the one that is current
            when the step runs.
        content: fingerprint of that version's files; a folder that was emptied numbers from 1 again.
        attempt: text that is new for each attempt to push, so that a push is never taken from the cache
            when its version is gone.
        rows: `given`, how the production model's rows were told apart, as ExampleGen takes it, and `key`, which is
            equal where equal data are read alike.
    """

    digest: str
    baseline: int
    content: str
    attempt: str
    rows: Mapping[str, str] = field(default_factory=lambda: {"given": "", "key": ""})


@dataclass(frozen=True)
class Inputs:
    """What a run depends on besides its configuration.

    Args:
        fingerprint: fingerprint of the data's content; empty if only the run itself sees the data.
        reviewed_schema: text of the reviewed schema, empty when there is none.
        spec: what to ingest and how.
        code: step -> fingerprint of its code.
        production: the production model and this run's own push.
    """

    fingerprint: str
    reviewed_schema: str
    spec: IngestSpec
    code: Mapping[str, str]
    production: Production


def _always(config: Config) -> bool:
    del config
    return True


@dataclass(frozen=True)
class Step:
    """One step of the pipeline: all that the rest of the program knows of it.

    Args:
        name: its id, in the graph, in the records of runs and in Kubeflow.
        component: import path of its TFX component.
        module: module whose source, with all of `components` that it imports, is the code of the step in its cache
            key; None for a step that runs no code of this project.
        takes: argument of the component -> `Step.output` that it gets. What a step gives that is not part of the run is
            left out, so the component must have a default for it.
        arguments: configuration and inputs -> the other arguments of the component, which are its cache key: only what
            it depends on. A protocol buffer stands as a mapping.
        after: steps that must come before it although it takes nothing from them.
        wanted: whether it is part of the runs of a configuration.
        for_search: whether it is part of `mtl tune` only.
        summary: output -> folder, to a few words on what it did, for the table of a run.
        report_source: field of the report's `Sources` -> the output that it is.
        reporting: whether it only reports: no pushed model and no verdict depends on its code.
        reason: why it runs each time, for a step that does.
        cached: whether Kubeflow may take it from its cache, whose key knows the arguments and the ids of the inputs.
        retried: whether Kubeflow starts it again when it fails; not where that is a verdict.
        parameters: key of the configuration that a run on Kubeflow may change -> where its value stands: an argument,
            then keys inside its JSON.
    """

    name: str
    component: str
    module: str | None
    takes: Mapping[str, str]
    arguments: Callable[[Config, Inputs], Arguments]
    after: tuple[str, ...] = ()
    wanted: Callable[[Config], bool] = _always
    for_search: bool = False
    summary: Callable[[Mapping[str, str]], str] | None = None
    report_source: Mapping[str, str] = field(default_factory=dict)
    reporting: bool = False
    reason: str = ""
    cached: bool = True
    retried: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict)


def within(place: str, *keys: str) -> dict[str, str]:
    """Returns where keys stand in a copy of the configuration, or of a part of it that has whole sections.

    Args:
        place: where the copy stands, `settings.config` for instance.
        keys: dotted keys.
    """
    return {key: f"{place}.{key}" for key in keys}


def as_json(value: Any) -> str:
    """Returns a value as an argument of a step: the same text for the same value."""
    return json.dumps(value, sort_keys=True)
