"""`Config`, a configuration as frozen models, and those of its sections that have no module of their own.

Paths in a file are relative to that file; paths on the command line are relative to the current folder.
`mtl config` prints the resolved result, `mtl config --json-schema` the schema for editors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from components.evaluator.analysis.bootstrap import LEVEL, RESAMPLES
from components.example_gen.cells.forms import Form
from components.example_gen.spec import IngestSpec, expand
from components.example_gen.tables.dates import dated
from components.example_gen.tables.dialect import Dialect
from components.objects.place import check_place, is_remote
from components.pusher.release import KEEP
from components.shared.column_names import plain_name
from components.trainer.network.architecture import Architecture
from components.trainer.presets import DEFAULT, PRESETS
from components.trainer.recipe import Recipe
from pipeline.config.base import STORES, Column, OneOf, Section
from pipeline.config.cluster import Kubeflow
from pipeline.config.data import Data
from pipeline.config.gates import Gates
from pipeline.config.intervals import Intervals
from pipeline.config.presets import with_preset
from pipeline.config.row_checks import Check
from pipeline.config.runtime import Runtime
from pipeline.config.tuning import Tuning


class Labels(Section):
    """The two columns to predict, and how much each row's labels count."""

    regression: Column
    """Column of the regression label, a number."""
    classification: Column
    """Column of the class label: text, whole number or boolean."""
    weight: Column | None = None
    """A number of at least 0 per row: how much its labels count in the losses of training and of early stopping. It is
    no feature, predictions do not need it, and the evaluation counts every eval row once."""
    partial: bool = True
    """Rows with only one of the two labels count for the head whose label they have, and `gates.labels` reports
    them; `false` leaves them out. Rows with neither label are always left out, and counted."""

    @model_validator(mode="after")
    def _different(self) -> Labels:
        if self.regression == self.classification:
            raise ValueError(f'must be two different columns, got "{self.regression}" for both. Change one')
        return self

    @property
    def columns(self) -> tuple[str, str]:
        """Both label columns, the regression label first."""
        return self.regression, self.classification

    @property
    def training_only(self) -> tuple[str, ...]:
        """The columns that training needs and serving does not: the labels and the weight, if there is one."""
        return self.columns if self.weight is None else (*self.columns, self.weight)


class Features(Section):
    """What the columns are; whatever is not named here is inferred from the data."""

    numeric: list[Column] = []
    """Columns that must be numbers."""
    categorical: list[Column] = []
    """Columns that are categories, even if they look like numbers."""
    vectors: dict[
        Annotated[str, StringConstraints(pattern=r"^\w[\w .-]*$")], Annotated[str, AfterValidator(plain_name)]
    ] = {}
    """Feature vectors made of CSV columns: name: pattern, for instance `embedding: emb_*`. Parquet list
    columns are feature vectors by themselves."""
    max_categories: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Vocabulary size of each categorical column; rarer categories share one bucket."""


class Evaluation(Section):
    """What is measured on the eval split."""

    slices: list[Column | list[Column]] = []
    """Columns whose values are evaluated apart; a list crosses its columns."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = LEVEL
    """Level of the metrics' intervals."""
    resamples: Annotated[int, Field(ge=100, le=10_000)] = RESAMPLES
    """Bootstrap resamples behind each interval."""
    tfma: bool = False
    """Also run TensorFlow Model Analysis (stock TFX Evaluator) on both heads and the slices."""
    relatedness: Annotated[int, Field(ge=0, le=100)] = 0
    """With how many seeds to train the network and one for each head alone, to tell whether sharing helps; 0 leaves it
    out. See components/relatedness/README.md."""

    @field_validator("relatedness")
    @classmethod
    def _some_seeds(cls, seeds: int) -> int:
        if seeds == 1:
            raise ValueError("must be 0 (off) or at least 2 seeds, got 1. One seed says nothing of chance")
        return seeds


class Push(Section):
    """Where a blessed model goes."""

    destination: str | None = Field(
        default=None,
        description=f"""Folder of versions for TensorFlow Serving, here or at {STORES}; left out: `serving` in the
    output folder.""",
    )
    keep: Annotated[int, Field(ge=1)] = KEEP
    """Versions kept."""
    replace: bool = False
    """Push over a model that predicts other labels, without a comparison."""

    @field_validator("destination")
    @classmethod
    def _known_place(cls, destination: str | None) -> str | None:
        if destination is not None:
            check_place(destination)
        return destination


class Config(Section):
    """The whole configuration; `data.path` and the two labels are enough."""

    name: str = ""
    """Name of the pipeline: lower-case letters, digits and hyphens; left out, taken from the data's file
    name."""
    preset: Annotated[str, OneOf(PRESETS)] = DEFAULT
    """Gives `model` and `training` their defaults, see components/trainer/README.md#presets."""
    data: Data
    labels: Labels
    features: Features = Features()
    model: Architecture = Architecture()
    training: Recipe = Recipe()
    intervals: Intervals = Intervals()
    tuning: Tuning = Tuning()
    checks: list[Check] = []
    """Checks of the source rows. See components/data_validator/README.md#custom-checks."""
    evaluation: Evaluation = Evaluation()
    gates: Gates = Gates()
    push: Push = Push()
    runtime: Runtime = Runtime()
    kubeflow: Kubeflow = Kubeflow()

    @model_validator(mode="before")
    @classmethod
    def _of_preset(cls, values: Any) -> Any:
        return with_preset(values) if isinstance(values, dict) else values

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name and not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?", name):
            raise ValueError(f'must be up to 64 lower-case letters, digits and inner hyphens, got "{name}". Rename it')
        return name

    @model_validator(mode="after")
    def _columns_have_one_role(self) -> Config:
        roles: dict[str, str] = {}
        groups: dict[str, Sequence[str]] = {
            "labels": self.labels.training_only,
            "data.ignore": self.data.ignore,
            "features.numeric": self.features.numeric,
            "features.categorical": self.features.categorical,
        }
        for role, columns in groups.items():
            for column in columns:
                if column in roles:
                    where = " and ".join(dict.fromkeys((roles[column], role)))
                    raise ValueError(f'a column must be named once, got "{column}" in {where}. Remove one')
                roles[column] = role
        return self

    @model_validator(mode="after")
    def _related_heads_are_trained(self) -> Config:
        for name in ("regression_weight", "classification_weight"):
            if self.evaluation.relatedness and not getattr(self.training, name) > 0:
                raise ValueError(
                    f"the weight training.{name} must be above 0 to compare both heads with networks of their own, "
                    "got 0. Raise it, or set evaluation.relatedness to 0"
                )
        return self

    @property
    def output(self) -> Path:
        """Folder of this pipeline's logs, records of runs and lock and, unless configured, all that it makes."""
        return Path(self.runtime.output or f"runs/{self.name}").absolute()

    @property
    def artifacts(self) -> Path:
        """Folder of what the steps write, which every worker must see."""
        return Path(self.runtime.artifacts).absolute() if self.runtime.artifacts else self.output / "artifacts"

    @property
    def destination(self) -> str:
        """Folder that holds the pushed versions, or its URI in an object store."""
        given = self.push.destination
        if given is not None and is_remote(given):
            return given
        return str(Path(given).absolute() if given else self.output / "serving")

    @property
    def dialect(self) -> Dialect:
        """How the data is written, as far as the user says."""
        data = self.data
        return Dialect(data.format, data.delimiter, tuple(data.missing), data.quoting, data.escape, data.decimal)

    def ingest_spec(
        self, types: dict[str, str] | None = None, forms: dict[str, Form] | None = None, *, find_files: bool = True
    ) -> IngestSpec:
        """Returns what the ingest needs to know.

        Args:
            types: column types of a reviewed schema.
            forms: what the texts that it knows of a column stand for.
            find_files: False leaves `data.path` as it is written, for a machine that does not see the data.

        Raises:
            InputError: `data.path` names no file.
        """
        split = self.data.split
        written = (self.data.path,) if isinstance(self.data.path, str) else tuple(self.data.path)
        return IngestSpec(
            paths=expand(dated(written, self.data.date)) if find_files else written,
            date="" if find_files else self.data.date,
            regression=self.labels.regression,
            classification=self.labels.classification,
            dialect=self.dialect,
            ignore=tuple(self.data.ignore),
            numeric=tuple(self.features.numeric),
            categorical=tuple(self.features.categorical),
            vectors=dict(self.features.vectors),
            types=types or {},
            forms=forms or {},
            split=split.by,
            column=split.column,
            fractions=(
                1 - split.validation - split.calibration - split.eval,
                split.validation,
                split.calibration,
                split.eval,
            ),
            salt=split.salt,
            weight=self.labels.weight,
            partial=self.labels.partial,
        )

    def as_json(self) -> dict[str, Any]:
        """The configuration as plain JSON values."""
        return self.model_dump(mode="json")
