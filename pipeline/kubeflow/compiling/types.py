"""Artifact types that are not TFX's own: inside a container TFX knows a type by its title only."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration.kubeflow.v2.compiler_utils import TITLE_TO_CLASS_PATH
from tfx.types.artifact import Artifact
from tfx.types.value_artifact import ValueArtifact
from tfx.utils.import_utils import import_class_by_path


def register(executor: str) -> None:
    """Makes known every artifact type that the components in an executor's module take or give.

    Args:
        executor: import path of the executor's class, for instance `components.pusher.component.Pusher_Executor`.
    """
    for kind in _types(executor.rpartition(".")[0]):
        TITLE_TO_CLASS_PATH.setdefault(kind.TYPE_NAME, f"{kind.__module__}.{kind.__qualname__}")


def is_file(title: str) -> bool:
    """Returns whether the URI of artifacts of this title is a file; of all others it is a folder."""
    return title in TITLE_TO_CLASS_PATH and issubclass(import_class_by_path(TITLE_TO_CLASS_PATH[title]), ValueArtifact)


def _types(module: str) -> Iterator[type[Artifact]]:
    found: list[Any] = [
        value
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, type) and issubclass(value, BaseComponent)
    ]
    for component in found:
        for channels in (component.SPEC_CLASS.INPUTS, component.SPEC_CLASS.OUTPUTS):
            yield from (channel.type for channel in channels.values())
