"""The Pusher step: publishes a blessed model, after it has proved itself in a fresh process."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, Model, ModelBlessing, ModelEvaluation, PushedModel
from tfx.utils import path_utils

from components.example_gen.examples.reader import read_examples
from components.example_gen.splitting.split_record import Record
from components.formats.distributions import Distributions
from components.formats.evaluation import Evaluation
from components.formats.push import Push
from components.formats.summary import Summary
from components.formats.version import Labels, Rows, Version
from components.model_format.manifest import Manifest
from components.pusher.local_store import open_store
from components.pusher.provenance import require_same_labels
from components.pusher.release import Release
from components.pusher.smoke_test import check_in_fresh_process
from components.shared.file_names import EXTRA, SEEN
from components.shared.splits import EVAL, split_folder


@component
def Pusher(
    examples: InputArtifact[Examples],
    anomalies: InputArtifact[ExampleAnomalies],
    model: InputArtifact[Model],
    evaluation: InputArtifact[ModelEvaluation],
    blessing: InputArtifact[ModelBlessing],
    pushed_model: OutputArtifact[PushedModel],
    destination: Parameter[str],
    keep: Parameter[int],
    provenance: Parameter[str],
    replace: Parameter[int],
    code: Parameter[str],
) -> None:
    """Publishes the model if it is blessed; a rejected one leaves the destination as it is.

    Args:
        examples: the raw splits; some eval rows are scored before the model becomes visible.
        anomalies: what the DataValidator wrote; the distributions go with the version, to measure drift against.
        model: the candidate.
        evaluation: the Evaluator's figures, whose metrics go into the version's manifest.
        blessing: the Evaluator's verdict.
        pushed_model: `push.json` with what was done; property `pushed` 1 or 0.
        destination: the folder of pushed versions, here or in an object store.
        keep: how many versions stay.
        provenance: JSON that goes into the version's manifest: pipeline, digest, baseline, attempt, and how its
            rows were told apart.
        replace: 1 to push over a model that predicts other columns.
        code: fingerprint of this step's code, part of the cache key.
    """
    del code
    source = path_utils.serving_model_path(model.uri)
    folder = Path(pushed_model.uri)
    result = Push(pushed=False)
    if blessing.get_int_custom_property("blessed"):
        manifest = Manifest.read(source)
        rows_file = folder / "smoke_rows.tfrecord"
        with tf.io.TFRecordWriter(str(rows_file)) as writer:
            for example in _some_rows(examples.uri):
                writer.write(example)
        figures: dict[str, Any] = {}

        def check(staged: Path) -> None:
            figures.update(check_in_fresh_process(staged, rows_file))

        store = open_store(destination)
        current = store.current()
        if current is not None and not replace:
            # Another run may have pushed since the Baseline looked.
            require_same_labels(store.manifest(current), (manifest.regression, manifest.classification), destination)
        known, summary = json.loads(provenance), Summary.read(examples.uri)
        rows = Rows(summary.identity, summary.inherited, **known.pop("rows"))
        release = Release(
            source,
            Version(
                **known,
                rows=rows,
                labels=Labels(manifest.regression, manifest.classification),
                columns=[asdict(column) for column in manifest.columns],
                metrics=Evaluation.read(evaluation.uri).values,
            ),
            check,
            keep,
            {
                f"{EXTRA}/{Distributions.FILE}": Distributions.file_in(anomalies.uri).read_bytes(),
                f"{EXTRA}/{SEEN}": Record.of(examples.uri).to_bytes(),
            },
        )
        published = store.publish(release)
        path = str(published.path)
        result = Push(
            pushed=True,
            version=published.version,
            path=path,
            unchanged=published.unchanged,
            previous=published.previous,
            pruned=published.pruned,
            smoke=figures,
        )
        pushed_model.set_string_custom_property("pushed_destination", path)
        pushed_model.set_string_custom_property("pushed_version", str(published.version))
    result.write(folder)
    pushed_model.set_int_custom_property("pushed", int(result.pushed))


def _some_rows(uri: str, count: int = 32) -> list[bytes]:
    """Returns some eval rows as serialized tf.Examples: some of the first, evenly apart."""
    batch = list(next(read_examples(split_folder(uri, EVAL)), ()))
    return batch[:: max(len(batch) // count, 1)][:count]
