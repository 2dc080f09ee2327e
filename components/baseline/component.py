"""The Baseline step: the model now in production, as an ordinary artifact.

TFX's Resolver does this with a query that open-source Kubeflow refuses. Here the production model itself is the
baseline; when there is none, the artifact is empty and the Evaluator knows what that means.
"""

import json
from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model
from tfx.utils import path_utils

from components.pusher.local_store import CURRENT, open_store
from components.pusher.provenance import require_same_labels


@component
def Baseline(
    model: OutputArtifact[Model],
    destination: Parameter[str],
    version: Parameter[int],
    content: Parameter[str],
    labels: Parameter[str],
    replace: Parameter[int],
    code: Parameter[str],
) -> None:
    """Copies the production model into an artifact, so that pruning old versions cannot break the lineage.

    Args:
        model: the production model, its number in the property `version`; or nothing at all.
        destination: the folder of pushed versions, here or in an object store.
        version: the version to take; 0 for none, `CURRENT` for whichever is current now.
        content: fingerprint of that version's files, part of the cache key.
        labels: JSON list of the regression and the class label that the run trains.
        replace: 1 where a model that predicts other columns may be replaced.
        code: fingerprint of this step's code, part of the cache key.

    Raises:
        InputError: the production model predicts other columns.
    """
    del content, code
    store = open_store(destination)
    chosen = (store.current() or 0) if version == CURRENT else version
    model.set_int_custom_property("version", chosen)
    if not chosen:
        return
    if not replace:
        number, klass = json.loads(labels)
        require_same_labels(store.manifest(chosen), (number, klass), destination)
    target = Path(path_utils.serving_model_path(model.uri))
    target.parent.mkdir(parents=True, exist_ok=True)
    store.fetch(chosen, target)
