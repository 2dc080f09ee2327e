"""The models as Beam's RunInference asks them: loaded once in each process of a worker, asked a piece at a time.

Beam's own handlers for TensorFlow take a tensor for each row and give one for each; here a piece of some thousand rows
is one call of a signature, which answers for both heads.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from apache_beam.ml.inference.base import ModelHandler

from components.evaluator.analysis.rows import Predictions
from components.evaluator.engine.pieces import Piece
from components.evaluator.incumbent import answer, silence
from components.evaluator.scoring import ServingModel


class _Handler(ModelHandler[Piece, Piece, Any]):
    """Asks a model about pieces, and hands them on in their order with what it says.

    Args:
        model_dir: the SavedModel.
    """

    def __init__(self, model_dir: str) -> None:
        super().__init__()
        self._model_dir = model_dir

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        """A piece is as many rows as pay, so it is a batch of its own."""
        return {"min_batch_size": 1, "max_batch_size": 1}

    def get_num_bytes(self, batch: Sequence[Piece]) -> int:
        """Bytes of the examples, for Beam's own counters; Beam would pickle all of it to know."""
        return sum(piece.batch.nbytes for piece in batch)


class Candidate(_Handler):
    """The new model, by `serving_default`, as TensorFlow Serving asks it."""

    def load_model(self) -> ServingModel:
        """Loads it."""
        return ServingModel(self._model_dir)

    def run_inference(
        self, batch: Sequence[Piece], model: ServingModel, inference_args: dict[str, Any] | None = None
    ) -> Iterator[Piece]:
        """Yields the pieces with what it says."""
        del inference_args
        for piece in batch:
            yield dataclasses.replace(piece, candidate=model.predict_examples(piece.examples))


@dataclasses.dataclass(frozen=True)
class _Loaded:
    """A model, or why it says nothing; Beam keeps what it loads by a reference that a text cannot have."""

    model: ServingModel | str


class Rival(_Handler):
    """The production model, by raw columns, see `incumbent`; what goes wrong with it is said and stops nothing."""

    def load_model(self) -> _Loaded:
        """Loads it, or says why it does not load."""
        try:
            return _Loaded(ServingModel(Path(self._model_dir)))
        except Exception as error:
            return _Loaded(silence(error))

    def run_inference(
        self, batch: Sequence[Piece], model: _Loaded, inference_args: dict[str, Any] | None = None
    ) -> Iterator[Piece]:
        """Yields the pieces with what it says."""
        del inference_args
        for piece in batch:
            yield dataclasses.replace(piece, rival=_said(model.model, piece))


def _said(model: ServingModel | str, piece: Piece) -> Predictions | str:
    if isinstance(model, str):
        return model
    try:
        return answer(model, piece.batch)
    except Exception as error:
        return silence(error)
