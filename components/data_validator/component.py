"""The DataValidator step: judges the data and stops nothing.

The DataGate step reads the judgement; a report can be written in between.
"""

import json
from pathlib import Path

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.data_validator.anomalies import Levels, from_proto
from components.data_validator.finding import Anomaly, Findings
from components.outputs import TRAIN
from components.schema_gen.schema import FILE, TRAINING, identifier_notes, read_schema
from components.schema_gen.statistics import read_statistics


@component
def DataValidator(
    statistics: InputArtifact[ExampleStatistics],
    schema: InputArtifact[Schema],
    anomalies: OutputArtifact[ExampleAnomalies],
    settings: Parameter[str],
    code: Parameter[str],
) -> None:
    """Checks every split against the schema.

    Args:
        statistics: statistics of every split.
        schema: the schema in force.
        anomalies: TFDV's anomalies per split in TFX's layout, and `gate.json` with everything found.
        settings: JSON: `reviewed`, `level`, `levels`.
        code: fingerprint of this step's code, part of the cache key.
    """
    del code
    chosen = json.loads(settings)
    in_force = read_schema(Path(schema.uri) / FILE)
    found = _schema_anomalies(statistics, in_force, anomalies, Levels(chosen["level"], chosen["levels"]))
    train = read_statistics(statistics.uri, TRAIN).datasets[0]
    notes = [] if chosen["reviewed"] else identifier_notes(in_force, train)
    Findings(notes, found).write(anomalies.uri)


def _schema_anomalies(
    statistics: ExampleStatistics, schema: schema_pb2.Schema, anomalies: ExampleAnomalies, levels: Levels
) -> list[Anomaly]:
    """Returns what breaks the schema in each split, and writes TFDV's own account of it."""
    found = []
    anomalies.split_names = statistics.split_names
    for split in artifact_utils.decode_split_names(statistics.split_names):
        proto = tfdv.validate_statistics(read_statistics(statistics.uri, split), schema, environment=TRAINING)
        folder = Path(artifact_utils.get_split_uri([anomalies], split))
        folder.mkdir(parents=True)
        (folder / "SchemaDiff.pb").write_bytes(proto.SerializeToString())
        found += from_proto(proto, schema, split, levels)
    return found
