"""What the Evaluator is asked, and what it answers, wherever the rows are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tensorflow_metadata.proto.v0 import schema_pb2

from components.evaluator.analysis.gate import Gate
from components.evaluator.analysis.trivial import TrivialPredictor
from components.evaluator.scoring import ServingModel
from components.formats.evaluation import Judgement
from components.formats.figures import Figures
from components.formats.importance import Importance
from components.formats.uncertainty import Uncertainty
from components.shared.errors import InputError, did_you_mean
from components.shared.splits import EVAL, split_folder


@dataclass(frozen=True)
class Question:
    """Whether a model may be pushed.

    Args:
        examples: root of the Examples artifact.
        schema: the schema in force.
        candidate: the new model.
        rival: folder of the production model, which need not be there.
        gate: what the new model must reach.
        slices: `evaluation.slices`.
        resamples: bootstrap draws.
        level: the share of draws inside an interval.

    Raises:
        InputError: a slice names what is no column.
    """

    examples: str
    schema: schema_pb2.Schema
    candidate: ServingModel
    rival: Path
    gate: Gate
    slices: Sequence[str | Sequence[str]]
    resamples: int
    level: float

    def __post_init__(self) -> None:
        known = [feature.name for feature in self.schema.feature]
        for name in self.columns:
            if name not in known:
                raise InputError(
                    f'evaluation.slices must name columns of the data, got "{name}".{did_you_mean(name, known)}'
                )

    @property
    def split(self) -> Path:
        """Folder of the eval split."""
        return Path(split_folder(self.examples, EVAL))

    @property
    def labels(self) -> tuple[str, str]:
        """Regression and classification label column."""
        return self.candidate.manifest.regression, self.candidate.manifest.classification

    @property
    def columns(self) -> list[str]:
        """The columns that slices name, each once."""
        return list(dict.fromkeys(name for part in self.slices for name in ([part] if isinstance(part, str) else part)))

    @property
    def trivial(self) -> TrivialPredictor:
        """The constants that a head must beat."""
        train = self.candidate.manifest.train
        return TrivialPredictor(train.mean, train.median, train.class_counts)


@dataclass(frozen=True)
class Answer:
    """All that is written of it.

    Args:
        judgement: metrics and verdict.
        figures: what is drawn.
        importance: what each head loses without a column.
        uncertainty: how intervals and probabilities did; None for a model without a calibration.
    """

    judgement: Judgement
    figures: Figures
    importance: Importance
    uncertainty: Uncertainty | None
