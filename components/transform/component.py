"""The Transform step: TensorFlow Transform learns from train, and what it makes of every split is written to Parquet.

TFX's own step reads one record at a time and asks the graph about a thousand at most, which at a million rows takes
longer than everything else of a run; here files are read in pieces, and each becomes one file of columns.
"""

import functools
import json
import os

import apache_beam as beam
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io
from tfx.dsl.component.experimental.annotations import BeamComponentParameter, InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, Schema, TransformGraph
from tfx_bsl.public.tfxio import TFExampleBeamRecord

from components.example_gen.examples.batches import Decode, SplitFiles
from components.schema_gen.schema_file import read_schema
from components.shared.file_names import SCHEMA
from components.shared.splits import TRAIN
from components.transform.apply import Apply
from components.transform.preprocessing import preprocessing_fn

_TEMPORARY = ".temporary"


@component(use_beam=True)
def Transform(
    examples: InputArtifact[Examples],
    schema: InputArtifact[Schema],
    transform_graph: OutputArtifact[TransformGraph],
    transformed_examples: OutputArtifact[Examples],
    settings: Parameter[str],
    code: Parameter[str],
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Learns scales and vocabularies from train and applies them to all splits.

    Args:
        examples: the ingested splits.
        schema: the schema in force.
        transform_graph: the graph, as TFX's own step lays it out.
        transformed_examples: the tensors of every row, see `tensor_files`; each file holds the rows of one file of
            `examples` in their order.
        settings: JSON, `custom_config` of `preprocessing_fn`.
        code: fingerprint of this step's code, part of the cache key.
        beam_pipeline: where it is done.
    """
    del code
    splits = artifact_utils.decode_split_names(examples.split_names)
    transformed_examples.split_names = artifact_utils.encode_split_names(splits)
    transformed_examples.span, transformed_examples.version = examples.span, examples.version
    # TFX's names, spelled out: importing them from tfx.components imports every component.
    transformed_examples.set_string_custom_property("payload_format", "FORMAT_PARQUET")
    transformed_examples.set_string_custom_property("file_format", "FILE_FORMAT_PARQUET")

    in_force = read_schema(os.path.join(schema.uri, SCHEMA))
    graph, temporary = transform_graph.uri, os.path.join(transform_graph.uri, _TEMPORARY)
    metadata_io.write_metadata(
        dataset_metadata.DatasetMetadata(in_force), os.path.join(graph, tft.TFTransformOutput.RAW_METADATA_DIR)
    )
    decoded = TFExampleBeamRecord(physical_format="inmem", telemetry_descriptors=["Transform"], schema=in_force)
    learn = functools.partial(preprocessing_fn, custom_config=json.loads(settings))
    with beam_pipeline as pipeline, tft_beam.Context(temporary, force_tf_compat_v1=False):
        train = (
            pipeline
            | "Train" >> SplitFiles(examples.uri, [TRAIN])
            | "Decode" >> beam.ParDo(Decode(in_force))
            | "Rows" >> beam.Values()
        )
        learnt = (train, decoded.TensorAdapterConfig()) | "Learn" >> tft_beam.AnalyzeDataset(learn)
        written = learnt | "Write" >> tft_beam.WriteTransformFn(graph)
        _ = (
            pipeline
            | "All" >> SplitFiles(examples.uri, splits)
            | "Apply" >> beam.ParDo(Apply(graph, transformed_examples.uri), beam.pvalue.AsSingleton(written))
        )
    tf.io.gfile.rmtree(temporary)
