"""The gates of a configuration: what must hold before data is trained on and a model is pushed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.data_validator.analysis.distance import DISTANCES
from components.data_validator.analysis.drift import Tolerance
from components.evaluator.analysis import classification, gate, regression
from pipeline.config.base import Level, OneOf, Section


class HeadGate(Section):
    """What one head must reach before the model is pushed."""

    better_than_trivial: bool = gate.HeadGate.better_than_trivial
    """Better than a constant baseline: the train median or mean, or the train class frequencies."""
    no_worse_than_pushed: bool = gate.HeadGate.no_worse_than_pushed
    """No worse than the production model by more than noise (paired bootstrap) and `tolerance`."""
    tolerance: Annotated[float, Field(ge=0)] = gate.HeadGate.tolerance
    """How much worse than the production model is acceptable, as a share of its primary metric (0.01 = 1 %)."""


class RegressionGate(HeadGate):
    """Gate of the regression head."""

    thresholds: dict[Annotated[str, OneOf(regression.METRICS)], float] = {}
    """Bounds per metric: an upper one for errors, a lower one for scores such as r2."""


class ClassificationGate(HeadGate):
    """Gate of the classification head."""

    thresholds: dict[Annotated[str, OneOf(classification.METRICS)], float] = {}
    """Bounds per metric: an upper one for errors and losses, a lower one for scores such as accuracy."""


class DataGate(Section):
    """Which anomalies stop a run before training."""

    reviewed: Level = "fail"
    """Level of an anomaly against a reviewed schema (`data.schema_file`)."""
    inferred: Level = "warn"
    """Level of an anomaly against the schema just inferred from the train split."""
    levels: dict[str, Level] = {}
    """Level per anomaly type, for instance `ENUM_TYPE_UNEXPECTED_STRING_VALUES: warn`."""


class DriftGate(Section):
    """How much the data may differ from what the production model was trained on, and eval from train."""

    level: Level = "warn"
    """Level of drift: train and eval against the data of the production model."""
    skew: Level = "warn"
    """Level of skew: eval against train, and a serving log against train. Where rows are split by column or time,
    eval differs from train by design, so `fail` counts as `warn` between these two."""
    false_alarms: Annotated[float, Field(gt=0, lt=0.5)] = Tolerance.false_alarms
    """Probability that two samples of the same data raise any alarm, over all columns and measures together; the
    thresholds follow from it and the numbers of rows."""
    thresholds: dict[Annotated[str, OneOf(DISTANCES)], Annotated[float, Field(ge=0, le=1)]] = {}
    """Thresholds that replace those derived from the numbers of rows."""


class LabelGate(Section):
    """What the labels must be like to be learnt and evaluated."""

    level: Level = "warn"
    """Level of missing labels, of rare, absent and dominant classes, of a constant or outlying regression label, and of
    leaks."""
    leakage: Annotated[float, Field(gt=0, le=1)] = 0.95
    """Share of a label that no single feature may explain: R² of the ranks for the regression label, share of errors
    avoided for the class label, on the validation split."""


class Gates(Section):
    """What must hold before a model is pushed."""

    data: DataGate = DataGate()
    drift: DriftGate = DriftGate()
    labels: LabelGate = LabelGate()
    regression: RegressionGate = RegressionGate()
    classification: ClassificationGate = ClassificationGate()
    rule: Literal["all", "regression", "classification"] = "all"
    """`all`: both heads must pass; or the one head that decides."""
