"""A transform applied to whole files of examples, each to a file of tensors with its rows in their order."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.example_gen.examples.batches import SplitFile
from components.example_gen.examples.reader import records, rows_per_piece
from components.example_gen.examples.row_hashes import row_hashes
from components.shared import tensor_names
from components.shared.splits import split_folder
from components.transform.tensor_files import SUFFIX, write_tensors


class Apply(beam.DoFn):
    """Applies a transform to (split, path) of a file of examples; the rows keep their order, and get a fingerprint.

    Args:
        graph: folder of the transform, which is there as soon as the first element is.
        target: folder to write the splits to.
    """

    def __init__(self, graph: str, target: str) -> None:
        super().__init__()
        self._graph = graph
        self._target = target
        self._transform: Any = None
        self._decoder: Any = None

    def process(self, element: SplitFile, learnt: Any) -> None:
        """Writes one file, which appears when it is whole.

        Args:
            element: split and path.
            learnt: what says that the transform has been written.
        """
        del learnt
        if self._transform is None:
            self._transform, self._decoder = _loaded(self._graph)
        split, source = element
        folder = split_folder(self._target, split)
        os.makedirs(folder, exist_ok=True)
        target = os.path.join(folder, Path(source).name.removesuffix(".gz") + SUFFIX)
        temporary = f"{target}.{uuid.uuid4().hex}.tmp"  # process ids of two containers are the same
        write_tensors(self._transformed(source), temporary)
        os.replace(temporary, target)

    def _transformed(self, source: str) -> Iterator[dict[str, np.ndarray]]:
        """Yields the tensors of a file in pieces.

        A fingerprint is of what a row holds, not of its bytes: Protocol Buffers write the features of an example in an
        order that differs from process to process.
        """
        # Not `map`, which would have the transform traced and optimised again for each file.
        for examples in records([source], rows_per_piece(source)):
            tensors = {name: tensor.numpy() for name, tensor in self._transform(examples).items()}
            hashes = row_hashes(self._decoder.DecodeBatch(examples.numpy().tolist()))
            yield tensors | {tensor_names.FINGERPRINT: (hashes >> np.uint64(1)).astype(np.int64)}


def _loaded(graph: str) -> tuple[Any, ExamplesToRecordBatchDecoder]:
    """Returns the transform as a function of serialized examples, traced once for all files, and their decoder."""
    output = tft.TFTransformOutput(graph)
    spec, layer = output.raw_feature_spec(), output.transform_features_layer()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def transform(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed: dict[str, tf.Tensor] = layer(tf.io.parse_example(examples, spec))
        return transformed

    return transform, ExamplesToRecordBatchDecoder(output.raw_metadata.schema.SerializeToString())
