"""The SchemaGen step: settles the schema that every later step follows.

It depends on the data and the reviewed schema alone. What the validation thinks of the data may change with every push,
because drift is measured against the production model; a schema that came from the validation would then run Transform
and Trainer again.
"""

import json
from pathlib import Path

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Schema

from components.formats.summary import Summary
from components.schema_gen.curation import (
    add_companions,
    curate,
    exclude_labels_from_serving,
    remove_companions,
    require_labels,
)
from components.schema_gen.domains import text_columns
from components.schema_gen.schema_file import parse_schema
from components.schema_gen.texts import split_texts
from components.shared.exact_numbers import companion
from components.shared.file_names import SCHEMA
from components.shared.splits import TRAIN
from components.statistics_gen.statistics import read_statistics


@component
def SchemaGen(
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    schema: OutputArtifact[Schema],
    reviewed_schema: Parameter[str],
    settings: Parameter[str],
    code: Parameter[str],
) -> None:
    """Takes the reviewed schema, or infers one from the train split.

    Args:
        examples: the ingested splits, for their summary.
        statistics: statistics of every split.
        schema: the schema in force, with labels excluded from SERVING.
        reviewed_schema: text of the reviewed schema; empty when there is none.
        settings: JSON: `labels`, the weight among them, and `keep`.
        code: fingerprint of this step's code, part of the cache key.

    Raises:
        InputError: the reviewed schema lacks a label, or no feature is left.
    """
    del code
    chosen, summary = json.loads(settings), Summary.read(examples.uri)
    if reviewed_schema:
        in_force = parse_schema(reviewed_schema)
    else:
        splits = artifact_utils.decode_split_names(statistics.split_names)
        stats = {split: read_statistics(statistics.uri, split) for split in splits}
        smallest = min(split.datasets[0].num_examples for split in stats.values())
        inferred = tfdv.infer_schema(stats[TRAIN], infer_feature_shape=False)
        train = stats[TRAIN].datasets[0]
        remove_companions(inferred)
        keep = [*chosen["keep"], *summary.number_like]  # numbers with a mark, of which the ingest has spoken
        folder = artifact_utils.get_split_uri([examples], TRAIN)
        texts = split_texts(train, folder, text_columns(inferred, train))
        in_force = curate(inferred, train, summary.vectors, chosen["labels"], keep, smallest, texts)
    add_companions(in_force, summary.wide)
    exclude_labels_from_serving(in_force, [*chosen["labels"], *map(companion, chosen["labels"])])
    require_labels(in_force, chosen["labels"])
    (Path(schema.uri) / SCHEMA).write_text(text_format.MessageToString(in_force), encoding="utf-8")
