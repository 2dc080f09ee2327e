"""The StatisticsGen step: TensorFlow Data Validation's statistics of all splits, in one Beam pipeline.

TFX's own makes a pipeline of a thousand transforms, a quarter for each split, which takes longer to build than a
hundred thousand rows take to count; here the splits are the slices of one.
"""

import apache_beam as beam
from tensorflow_data_validation import StatsOptions
from tensorflow_data_validation.statistics.stats_impl import GenerateSlicedStatisticsImpl
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.component.experimental.annotations import BeamComponentParameter, InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from components.example_gen.examples.batches import Decode, SplitFiles
from components.statistics_gen.statistics import write_slices, write_statistics


@component(use_beam=True)
def StatisticsGen(
    examples: InputArtifact[Examples],
    statistics: OutputArtifact[ExampleStatistics],
    code: Parameter[str],
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Counts every split.

    Args:
        examples: the ingested splits.
        statistics: `FeatureStats.pb` of each split, as TFX's own step lays it out.
        code: fingerprint of this step's code, part of the cache key.
        beam_pipeline: where it is counted.
    """
    del code
    splits = artifact_utils.decode_split_names(examples.split_names)
    statistics.split_names = artifact_utils.encode_split_names(splits)
    statistics.span = examples.span
    for split in splits:  # one without rows is no slice
        write_statistics(statistics.uri, split, statistics_pb2.DatasetFeatureStatistics())
    with beam_pipeline as pipeline:
        _ = (
            pipeline
            | SplitFiles(examples.uri, splits)
            | beam.ParDo(Decode())
            | GenerateSlicedStatisticsImpl(StatsOptions(), is_slicing_enabled=True)
            | beam.Map(write_slices, statistics.uri)
        )
