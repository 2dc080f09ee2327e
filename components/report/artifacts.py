"""The artifact types of a report; those named `system` are shown by Kubeflow Pipelines itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfx.types.artifact import Artifact
from tfx.types.value_artifact import ValueArtifact

from components.formats.confusion import Confusion
from components.formats.estimates import Interval


class RunReport(Artifact):
    """A folder with the page, its numbers and the model card."""

    TYPE_NAME = "mtl.RunReport"  # TFX compiles a type for Kubeflow only if its name has a namespace


class HTML(ValueArtifact):
    """One page; its URI is the file."""

    TYPE_NAME = "system.HTML"

    def encode(self, value: str) -> bytes:
        """Returns the page as UTF-8."""
        return value.encode()

    def decode(self, serialized_value: bytes) -> str:
        """Returns the page."""
        return serialized_value.decode()


class Metrics(Artifact):
    """Numbers by name, as custom properties."""

    TYPE_NAME = "system.Metrics"


class ClassificationMetrics(Artifact):
    """A confusion matrix, as the custom property `confusionMatrix`."""

    TYPE_NAME = "system.ClassificationMetrics"


def set_metrics(artifact: Any, metrics: Mapping[str, Interval]) -> None:
    """Sets the defined values of a head's metrics."""
    for name, found in metrics.items():
        if found.value is not None:
            artifact.set_float_custom_property(name, found.value)


def set_confusion(artifact: Any, confusion: Confusion) -> None:
    """Sets a confusion matrix, square, the way Kubeflow Pipelines reads it."""
    matrix = {
        "annotationSpecs": [{"displayName": name} for name in confusion.labels],
        "rows": [{"row": list(row)} for row in confusion.counts],
    }
    artifact.set_json_value_custom_property("confusionMatrix", matrix)
