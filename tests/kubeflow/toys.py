"""Small steps with every kind of output, for containers of their own."""

import json
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Model, ModelEvaluation
from tfx.types.value_artifact import ValueArtifact

from components.shared.errors import InputError, Rejected


class Page(ValueArtifact):
    """One HTML file, which the KFP UI shows."""

    TYPE_NAME = "system.HTML"

    def encode(self, value: str) -> bytes:
        return value.encode()

    def decode(self, serialized_value: bytes) -> str:
        return serialized_value.decode()


class Figures(Artifact):
    """Numbers, which the KFP UI shows as a table."""

    TYPE_NAME = "system.Metrics"


class Confusion(Artifact):
    """A matrix, which the KFP UI draws."""

    TYPE_NAME = "system.ClassificationMetrics"


MATRIX = {"annotationSpecs": [{"displayName": "a"}, {"displayName": "b"}], "rows": [{"row": [3, 1]}, {"row": [0, 4]}]}


@component
def Give(
    page: OutputArtifact[Page],
    figures: OutputArtifact[Figures],
    confusion: OutputArtifact[Confusion],
    model: OutputArtifact[Model],
    nothing: OutputArtifact[Model],
    epochs: Parameter[int],
) -> None:
    """Writes one artifact of each kind; `nothing` is empty on purpose."""
    page.write("<h1>ü</h1>")
    figures.set_float_custom_property("mae", 0.25)
    figures.set_int_custom_property("epochs", epochs)
    confusion.set_json_value_custom_property("confusionMatrix", MATRIX)
    (Path(model.uri) / "inner").mkdir()
    (Path(model.uri) / "inner" / "weights").write_text("1 2 3")
    model.set_string_custom_property("where", model.uri)
    assert not list(Path(nothing.uri).iterdir())


@component
def Take(
    page: InputArtifact[Page],
    figures: InputArtifact[Figures],
    confusion: InputArtifact[Confusion],
    model: InputArtifact[Model],
    nothing: InputArtifact[Model],
    seen: OutputArtifact[ModelEvaluation],
) -> None:
    """Writes down what came in."""
    found = {
        "page": page.read(),
        "mae": figures.get_float_custom_property("mae"),
        "epochs": figures.get_int_custom_property("epochs"),
        "confusion": confusion.get_json_value_custom_property("confusionMatrix"),
        "weights": (Path(model.uri) / "inner" / "weights").read_text(),
        "nothing": [path.name for path in Path(nothing.uri).iterdir()],
    }
    (Path(seen.uri) / "seen.json").write_text(json.dumps(found))


@component
def Weigh(
    model: InputArtifact[Model],
    weight: OutputArtifact[ModelEvaluation],
    settings: Parameter[str],
    code: Parameter[str],
) -> None:
    """Writes down how large a model is."""
    size = sum(path.stat().st_size for path in Path(model.uri).rglob("*") if path.is_file())
    (Path(weight.uri) / "weight.json").write_text(json.dumps({"bytes": size, "settings": settings, "code": code}))


@component
def Refuse(kind: Parameter[str]) -> None:
    """Fails on purpose."""
    if kind == "gate":
        raise Rejected(["The rows must be 10 or more, got 3.", "Add rows."])
    if kind == "input":
        raise InputError("The file must exist, got none.")
    raise ValueError("a bug")
