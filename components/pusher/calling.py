"""Asking a model in the ways that clients do: through its signatures in Python, and as TensorFlow Serving runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.model_format.manifest import Manifest
from components.pusher.comparing import Outputs
from components.pusher.unservable import Unservable, in_short
from components.shared.heavy_imports import heavy_imports


class LoadedModel:
    """A SavedModel; whatever it raises when it is asked becomes one sentence.

    Args:
        folder: the SavedModel, with its manifest in it.

    Attributes:
        columns: the raw columns that it takes.
        types: argument of `predict` -> NumPy's type of its values.
        load_seconds: how long the loading took.

    Raises:
        Unservable: it cannot be loaded, has other signatures than it must, or takes other columns than it says.
    """

    def __init__(self, folder: Path) -> None:
        with heavy_imports():
            import tensorflow as tf

        self._folder = folder
        started = time.perf_counter()
        try:
            self._signatures = tf.saved_model.load(str(folder)).signatures
        except Exception as error:  # whatever is broken in the model ends up here
            raise Unservable([f"The model must load in a fresh process, got {in_short(error)}."]) from error
        self.load_seconds = time.perf_counter() - started
        if missing := [name for name in ("serving_default", "predict") if name not in self._signatures]:
            found = ", ".join(self._signatures) or "none"
            raise Unservable([f"The model must have the signature `{missing[0]}`, got {found}. Export it again."])
        self.columns = Manifest.read(folder).columns
        arguments = self._signatures["predict"].structured_input_signature[1]
        if strange := {column.input for column in self.columns} ^ set(arguments):
            got = f"got `{min(strange)}` in one alone"
            raise Unservable([f"The listed columns must be the inputs of `predict`, {got}."])
        self.types = {name: spec.dtype.as_numpy_dtype for name, spec in arguments.items()}

    def by_example(self, examples: Sequence[bytes]) -> Outputs:
        """Returns what `serving_default` answers to serialized tf.Examples."""
        import tensorflow as tf

        return _ask("serving_default", lambda: self._signatures["serving_default"](examples=tf.constant(examples)))

    def by_column(self, columns: Mapping[str, np.ndarray]) -> Outputs:
        """Returns what `predict` answers to one array per raw column, by the argument that takes it."""
        import tensorflow as tf

        tensors = {name: tf.constant(values) for name, values in columns.items()}
        return _ask("predict", lambda: self._signatures["predict"](**tensors))

    def in_serving(self, columns: Mapping[str, np.ndarray]) -> Outputs:
        """Returns the same by graph and names of the signature map, which may be raw column names, as Serving does."""
        return _ask("predict", lambda: self._run(columns))

    def _run(self, columns: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
        import tensorflow as tf

        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            graph = tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(self._folder))
            signature = graph.signature_def["predict"]
            raw = set(signature.inputs) == {column.name for column in self.columns}
            feeds = {
                signature.inputs[column.name if raw else column.input].name: columns[column.input]
                for column in self.columns
            }
            return dict(session.run({name: info.name for name, info in signature.outputs.items()}, feeds))


def _ask(signature: str, call: Callable[[], Mapping[str, Any]]) -> Outputs:
    try:
        return {name: np.asarray(value) for name, value in call().items()}
    except Exception as error:  # any error of the model's graph means the same: it cannot be served
        raise Unservable([f"The signature `{signature}` must score the rows, got {in_short(error)}."]) from error
