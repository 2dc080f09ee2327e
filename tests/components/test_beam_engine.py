"""Whether a Beam job runs in this process, by the arguments of the engines."""

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from components.shared.beam_engine import runs_here
from pipeline.config.runtime import Runtime
from pipeline.workers.arguments import beam_arguments

HERE = [
    [],
    ["--direct_running_mode=in_memory"],
    ["--runner=DirectRunner"],
    ["--runner=apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner"],
]
ELSEWHERE = [
    ["--direct_running_mode=multi_processing", "--direct_num_workers=2"],
    ["--direct_running_mode=multi_threading", "--direct_num_workers=1"],
    ["--direct_running_mode=in_memory", "--direct_num_workers=2"],
    ["--direct_running_mode=in_memory", "--direct_num_workers=0"],
    ["--runner=PrismRunner"],
    ["--runner=PortableRunner", "--job_endpoint=localhost:8073", "--environment_type=LOOPBACK"],
]


@pytest.mark.parametrize("arguments", HERE)
def test_the_direct_runner_with_one_worker_is_here(arguments: list[str]):
    assert runs_here(beam.Pipeline(options=PipelineOptions(arguments)))


@pytest.mark.parametrize("arguments", ELSEWHERE)
def test_more_workers_and_other_runners_are_elsewhere(arguments: list[str]):
    assert not runs_here(beam.Pipeline(options=PipelineOptions(arguments)))


def test_an_engine_of_the_configuration_is_here_where_it_is_local_with_one_worker():
    def at(**settings: object) -> bool:
        return runs_here(beam.Pipeline(options=PipelineOptions(beam_arguments(Runtime(**settings)))))

    assert at()
    assert not at(workers=2)
    assert not at(engine="portable", endpoint="localhost:8073")
