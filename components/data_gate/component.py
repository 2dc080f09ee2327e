"""The DataGate step: settles the schema, checks every split against it, and stops the run where it must.

Transform takes its schema from this step, so nothing trains on data that did not pass.
"""

import json
from pathlib import Path

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema

from components import outputs
from components.data_gate import anomalies as findings
from components.data_gate.schema import TRAINING, curate, exclude_labels_from_serving, require_labels
from components.errors import Rejected
from components.example_gen.summary import read_summary

SUMMARY = "gate.json"


@component
def DataGate(
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    inferred_schema: InputArtifact[Schema],
    schema: OutputArtifact[Schema],
    anomalies: OutputArtifact[ExampleAnomalies],
    reviewed_schema: Parameter[str],
    settings: Parameter[str],
    code: Parameter[str],
) -> None:
    """Checks the statistics of every split against the reviewed or the inferred schema.

    Args:
        examples: the ingested splits, for their summary.
        statistics: statistics of every split.
        inferred_schema: TFDV's schema of the train split.
        schema: the schema in force, with labels excluded from SERVING.
        anomalies: TFDV's anomalies per split in TFX's layout, and `gate.json` with the sentences.
        reviewed_schema: text of the reviewed schema; empty when there is none.
        settings: JSON: `labels`, `keep`, `level`, `levels`.
        code: fingerprint of this step's code, part of the cache key.

    Raises:
        Rejected: an anomaly has level `fail`.
    """
    del code
    chosen = json.loads(settings)
    splits = artifact_utils.decode_split_names(statistics.split_names)
    stats = {split: _statistics(statistics.uri, split) for split in splits}
    vectors = read_summary(examples.uri).vectors
    smallest = min(split.datasets[0].num_examples for split in stats.values())

    notes: list[str] = []
    if reviewed_schema:
        in_force = text_format.Parse(reviewed_schema, schema_pb2.Schema())
    else:
        inferred = text_format.Parse(
            (Path(inferred_schema.uri) / "schema.pbtxt").read_text(encoding="utf-8"), schema_pb2.Schema()
        )
        in_force, notes = curate(
            inferred, stats[outputs.TRAIN].datasets[0], vectors, chosen["labels"], chosen["keep"], smallest
        )
    exclude_labels_from_serving(in_force, chosen["labels"])
    require_labels(in_force, chosen["labels"])
    (Path(schema.uri) / "schema.pbtxt").write_text(text_format.MessageToString(in_force), encoding="utf-8")

    levels = findings.Levels(chosen["level"], chosen["levels"])
    found = []
    anomalies.split_names = statistics.split_names
    for split in splits:
        proto = tfdv.validate_statistics(stats[split], in_force, environment=TRAINING)
        folder = Path(artifact_utils.get_split_uri([anomalies], split))
        folder.mkdir(parents=True)
        (folder / "SchemaDiff.pb").write_bytes(proto.SerializeToString())
        found += findings.from_proto(proto, in_force, split, levels)
    summary = {"notes": notes, "anomalies": [anomaly.as_dict() for anomaly in found]}
    (Path(anomalies.uri) / SUMMARY).write_text(json.dumps(summary, indent=1), encoding="utf-8")

    problems = [anomaly.sentence for anomaly in found if anomaly.level == findings.FAIL]
    if problems:
        raise Rejected(problems)


def _statistics(uri: str, split: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    path = Path(uri) / f"Split-{split}" / "FeatureStats.pb"
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
