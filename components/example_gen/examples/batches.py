"""Splits as Arrow record batches, read by the workers of whatever runs Apache Beam.

Beam's own reader of TFRecords hands on one record at a time in Python, which takes several times as long as all that is
then done with it; here a file is read and decoded in pieces of thousands of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.example_gen.examples.reader import example_files, read_pieces
from components.shared.splits import split_folder

SplitFile = tuple[str, str]


class SplitFiles(beam.PTransform):
    """The files of splits, dealt to the workers: (split, path).

    Args:
        artifact: folder of an Examples artifact.
        splits: which of its splits.
    """

    def __init__(self, artifact: str, splits: Collection[str]) -> None:
        super().__init__()
        self._files = [(split, file) for split in splits for file in example_files(split_folder(artifact, split))]

    def expand(self, pipeline: Any) -> Any:
        """Returns the collection of (split, path)."""
        return (
            pipeline
            | "Files" >> beam.Create(self._files, reshuffle=False).with_output_types(SplitFile)
            | "Deal" >> beam.Reshuffle()
        )


class Decode(beam.DoFn):
    """Yields the rows of (split, path) as (split, record batch): a list column for each feature, null where missing.

    Args:
        schema: which features there are, and of what type; None takes what the examples have.
    """

    def __init__(self, schema: schema_pb2.Schema | None = None) -> None:
        super().__init__()
        self._schema = schema and schema.SerializeToString()

    def setup(self) -> None:
        """Makes the decoder, which cannot travel."""
        self._decoder = ExamplesToRecordBatchDecoder(*([] if self._schema is None else [self._schema]))

    def process(self, element: SplitFile) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Reads a file."""
        split, file = element
        for piece in read_pieces(file):
            yield split, self._decoder.DecodeBatch(piece.tolist())
