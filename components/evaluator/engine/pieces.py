"""The eval rows in pieces of some thousand, as they pass through the models on the workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.evaluator.analysis.rows import Predictions, Rows
from components.evaluator.engine.plan import Plan
from components.evaluator.scoring import rows_of
from components.example_gen.examples.batches import SplitFile
from components.example_gen.examples.reader import read_pieces


@dataclass(frozen=True)
class Piece:
    """Rows of one file, in its order.

    Args:
        examples: the serialized tf.Examples, object [n].
        batch: the same, decoded.
        rows: their labels and the columns to slice by.
        seen: bool [n], the rows that the production model has seen.
        candidate: what the new model says; None before it is asked.
        rival: what the production model says, or why it says nothing; None before it is asked, or without one.
    """

    examples: npt.NDArray[np.object_]
    batch: pa.RecordBatch
    rows: Rows
    seen: npt.NDArray[np.bool_]
    candidate: Predictions | None = None
    rival: Predictions | str | None = None


class CountRows(beam.DoFn):
    """Yields (file, rows) of each (split, file)."""

    def process(self, element: SplitFile) -> Iterator[tuple[str, int]]:
        """Reads a file."""
        _, file = element
        yield file, sum(len(piece) for piece in read_pieces(file))


class Pieces(beam.DoFn):
    """Yields the rows of each (split, file) as `Piece`s.

    Args:
        plan: what is to be read.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan

    def setup(self) -> None:
        """Makes what cannot travel."""
        self._decoder = ExamplesToRecordBatchDecoder(self._plan.schema)
        self._bits: np.ndarray | None = None
        if self._plan.seen is not None:
            with tf.io.gfile.GFile(self._plan.seen, "rb") as file:
                self._bits = np.frombuffer(file.read(), np.uint8)

    def process(self, element: SplitFile, rows: Mapping[str, int]) -> Iterator[Piece]:
        """Reads a file.

        Args:
            element: split and file.
            rows: rows of every file, where it is known which of them the production model has seen.
        """
        _, file = element
        start = sum(count for other, count in rows.items() if other < file)
        for examples in read_pieces(file):
            batch = self._decoder.DecodeBatch(examples.tolist())
            yield Piece(
                examples,
                batch,
                rows_of(batch, self._plan.labels, self._plan.columns),
                self._seen(start, start + len(examples)),
            )
            start += len(examples)

    def _seen(self, start: int, end: int) -> npt.NDArray[np.bool_]:
        if self._bits is None:
            return np.zeros(end - start, bool)
        first = start // 8
        bits = np.unpackbits(self._bits[first : (end + 7) // 8])
        return bits[start - 8 * first : end - 8 * first].astype(bool)
