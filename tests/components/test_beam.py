"""The Beam steps: what an engine is to Beam, which runner is asked, and where its workers get their code."""

import argparse
import os
from importlib.metadata import version
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, StandardOptions
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.prism_runner import PrismRunner
from apache_beam.runners.runner import create_runner
from tfx.utils import dependency_utils

from pipeline.config.runtime import Runtime
from pipeline.workers.arguments import beam_arguments
from pipeline.workers.worker_pool import WorkerPool

ROOT = Path(__file__).parents[2]
IN_MEMORY = "--direct_running_mode=in_memory"
PLUGIN = "--beam_plugin=tfx.components"
IN_PYTHON = f"--update_compatibility_version={version('apache-beam')}"
NO_IMAGE = "--sdk_container_image=none"
PORTABLE = ["--runner=PortableRunner", "--job_endpoint=localhost:8073"]
DIRECT = [
    [],
    [IN_MEMORY],
    ["--direct_running_mode=multi_processing", "--direct_num_workers=2"],
    ["--direct_running_mode=multi_threading", "--direct_num_workers=2"],
    ["--runner=DirectRunner"],
    ["--runner", "SwitchingDirectRunner"],
    ["--runner=apache_beam.runners.direct.direct_runner.DirectRunner"],
]


GOOGLE = {"project": "project", "region": "europe-west1", "temp_location": "gs://bucket/tmp", "image": "mtl:1"}
ENGINES = [
    ({}, [IN_MEMORY, PLUGIN, IN_PYTHON, NO_IMAGE]),
    (
        {"workers": 3},
        ["--direct_running_mode=multi_processing", "--direct_num_workers=3", PLUGIN, IN_PYTHON, NO_IMAGE],
    ),
    (
        {"engine": "portable", "endpoint": "localhost:8073"},
        [*PORTABLE, "--environment_type=LOOPBACK", PLUGIN, NO_IMAGE],
    ),
    (
        {"engine": "portable", "endpoint": "jobs:8099", "pool": "localhost:50000", "workers": 4},
        [
            *("--runner=PortableRunner", "--job_endpoint=jobs:8099"),
            *("--environment_type=EXTERNAL", "--environment_config=localhost:50000"),
            *("--sdk_worker_parallelism=4", PLUGIN, NO_IMAGE),
        ],
    ),
    (
        {"engine": "portable", "endpoint": "jobs:8099", "image": "mtl:1"},
        [
            *("--runner=PortableRunner", "--job_endpoint=jobs:8099"),
            *("--environment_type=DOCKER", "--environment_config=mtl:1", PLUGIN, "--sdk_container_image=mtl:1"),
        ],
    ),
    (
        {"engine": "flink"},
        ["--runner=FlinkRunner", "--environment_type=LOOPBACK", "--parallelism=1", PLUGIN, NO_IMAGE],
    ),
    (
        {"engine": "flink", "endpoint": "f:8081", "jar": "/jobs.jar", "pool": "localhost:50000", "workers": 8},
        [
            *("--runner=FlinkRunner", "--flink_master=f:8081", "--flink_job_server_jar=/jobs.jar"),
            *("--environment_type=EXTERNAL", "--environment_config=localhost:50000"),
            *("--parallelism=8", PLUGIN, NO_IMAGE),
        ],
    ),
    (
        {"engine": "flink", "endpoint": "f:8081", "image": "mtl:1"},
        [
            *("--runner=FlinkRunner", "--flink_master=f:8081"),
            *("--environment_type=DOCKER", "--environment_config=mtl:1"),
            *("--parallelism=1", PLUGIN, "--sdk_container_image=mtl:1"),
        ],
    ),
    (
        {"engine": "dataflow", "workers": 5} | GOOGLE,
        [
            *(
                "--runner=DataflowRunner",
                "--project=project",
                "--region=europe-west1",
                "--temp_location=gs://bucket/tmp",
            ),
            *("--sdk_container_image=mtl:1", "--num_workers=5", "--max_num_workers=5", PLUGIN),
        ],
    ),
]


@pytest.mark.parametrize(("settings", "expected"), ENGINES)
def test_an_engine_is_these_arguments_of_beam(settings: dict, expected: list[str]):
    assert beam_arguments(Runtime(**settings)) == expected


@pytest.mark.parametrize("settings", [settings for settings, _ in ENGINES])
def test_beam_knows_every_argument_and_finds_nothing_wrong(settings: dict, monkeypatch: pytest.MonkeyPatch):
    # It asks Google how long the bucket keeps what is deleted.
    monkeypatch.setattr(GoogleCloudOptions, "_warn_if_soft_delete_policy_enabled", lambda *_: None)
    arguments = beam_arguments(Runtime(**settings))
    names = {argument.partition("=")[0] for argument in arguments}
    assert names <= {name for options in PipelineOptions.__subclasses__() for name in names_of(options)}
    options = PipelineOptions(["--job_name=job", *arguments])
    runner = create_runner(options.view_as(StandardOptions).runner or "DirectRunner")
    assert PipelineOptionsValidator(options, runner).validate() == []


def names_of(options: type[PipelineOptions]) -> set[str]:
    """The arguments that a class of Beam's options declares."""
    parser = argparse.ArgumentParser(add_help=False)
    options._add_argparse_args(parser)
    return set(parser._option_string_actions)


def test_what_the_user_says_to_beam_comes_last_and_wins():
    said = ["--direct_running_mode=multi_threading", "--direct_num_workers=7"]
    arguments = beam_arguments(Runtime(workers=3, beam_args=said))
    assert arguments[-2:] == said
    found = PipelineOptions(arguments).get_all_options()
    assert (found["direct_running_mode"], found["direct_num_workers"]) == ("multi_threading", 7)


@pytest.mark.parametrize("settings", [{"engine": "portable", "endpoint": "jobs:8099"}, {"engine": "flink"}])
@pytest.mark.parametrize("said", [["--environment_type=PROCESS"], ["--environment_type", "PROCESS"]])
def test_a_place_of_the_workers_that_the_user_names_is_the_only_one(settings: dict, said: list[str]):
    arguments = beam_arguments(Runtime(**settings, workers=2, beam_args=said))
    assert [argument for argument in arguments if argument.startswith("--environment")] == said[:1]


@pytest.mark.parametrize("given", DIRECT)
def test_the_direct_runner_is_told_to_stay_in_python(given: list[str]):
    assert added(given) == [PLUGIN, IN_PYTHON, NO_IMAGE]


def added(given: list[str]) -> list[str]:
    """What the arguments are that a user gives beside the default engine, without those and that engine's."""
    arguments = beam_arguments(Runtime(beam_args=given))
    assert arguments[0] == IN_MEMORY
    rest = len(arguments) - len(given)
    assert arguments[rest:] == given
    return arguments[1:rest]


@pytest.mark.parametrize(
    "given", [["--update_compatibility_version=2.70.0"], ["--update_compatibility_version", "2.70.0"]]
)
def test_a_version_that_the_user_names_stays(given: list[str]):
    assert added(given) == [PLUGIN, NO_IMAGE]


@pytest.mark.parametrize(
    ("given", "image"),
    [
        (["--runner=PrismRunner"], "none"),
        (["--runner=FlinkRunner"], "none"),
        (["--runner=FlinkRunner", "--flink_master=[local]"], "none"),
        (["--runner=SparkRunner"], "none"),
        ([*PORTABLE, "--environment_type=LOOPBACK"], "none"),
        ([*PORTABLE, "--environment_type=EXTERNAL", "--environment_config=localhost:50000"], "none"),
        (["--runner=FlinkRunner", "--flink_master=f:1", "--environment_type=EXTERNAL"], "none"),
        ([*PORTABLE, "--environment_type=beam:env:external:v1", "--environment_config=localhost:50000"], "none"),
        ([*PORTABLE, "--environment_type=PROCESS", "--environment_option=process_command=/boot"], "none"),
        ([*PORTABLE, "--environment_type=DOCKER", "--environment_config=mtl:1"], "mtl:1"),
        ([*PORTABLE, "--environment_config=mtl:1"], "mtl:1"),
        ([*PORTABLE, "--environment_option=docker_container_image=mtl:1"], "mtl:1"),
        (PORTABLE, None),
        ([*PORTABLE, "--environment_type=DOCKER"], None),
        (["--runner=FlinkRunner", "--flink_master=flink:8081"], None),
        (["--runner=FlinkRunner", "--output_executable_path=job.jar"], None),
        (["--runner", "SparkRunner", "--spark_master_url=spark://s:7077"], None),
        (["--runner=DataflowRunner", "--project=p"], None),
    ],
)
def test_tfx_builds_a_package_for_workers_in_an_image_that_nobody_names(
    monkeypatch, given: list[str], image: str | None
):
    monkeypatch.setattr(dependency_utils, "build_ephemeral_package", lambda: "tfx.tar.gz")
    assert added(given) == [PLUGIN, *([] if image is None else [f"--sdk_container_image={image}"])]
    arguments = beam_arguments(Runtime(beam_args=given))
    package = ["--extra_package=tfx.tar.gz"] if image is None else []
    assert dependency_utils.make_beam_dependency_flags(arguments) == [*arguments, *package]


@pytest.mark.parametrize("named", ["--sdk_container_image=mtl:1", "--extra_package=own.tar.gz"])
def test_what_the_user_gives_workers_is_all_they_get(named: str):
    given = ["--runner=DataflowRunner", "--project=p", named]
    assert added(given) == [PLUGIN]
    arguments = beam_arguments(Runtime(beam_args=given))
    assert dependency_utils.make_beam_dependency_flags(arguments) == arguments


class Asked(Exception):
    """A runner was asked for."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runners that were asked to run something; none does."""
    names: list[str] = []
    for runner in (PrismRunner, FnApiRunner):

        def run(self, pipeline, options):
            names.append(type(self).__name__)
            raise Asked

        monkeypatch.setattr(runner, "run_pipeline", run)
    return names


def runners_of(arguments: list[str], asked: list[str]) -> list[str]:
    asked.clear()
    pipeline = beam.Pipeline(options=PipelineOptions(arguments))
    _ = pipeline | beam.Create([1]) | beam.Map(abs)
    with pytest.raises(Asked):
        pipeline.run()
    return [*asked]


def test_the_direct_runner_of_this_beam_asks_for_prism_unless_it_is_told(asked: list[str]):
    """What Beam 2.73.0 does, so that it is noticed when it needs no telling."""
    assert runners_of([], asked) == ["PrismRunner", "FnApiRunner"]
    for given in DIRECT:
        assert runners_of(beam_arguments(Runtime(beam_args=given)), asked) == ["FnApiRunner"], given
    assert runners_of(beam_arguments(Runtime(beam_args=["--runner=PrismRunner"])), asked) == ["PrismRunner"], (
        "who names it gets it"
    )


def test_a_worker_of_the_pool_imports_what_the_job_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Beam 2.73.0's own pool starts workers without the job's options: `--beam_plugin` is nothing to them."""
    (tmp_path / "plugged.py").write_text("import os\nos.environ['PLUGGED'] = 'yes'\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    address, server = WorkerPool.start(use_process=True)
    job = ["--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=EXTERNAL"]
    options = PipelineOptions([*job, f"--environment_config={address}", "--beam_plugin=plugged"])
    try:
        with beam.Pipeline(options=options) as pipeline:
            seen = pipeline | beam.Create([1]) | beam.Map(lambda _: f"{os.environ.get('PLUGGED')} {os.getpid()}")
            _ = seen | beam.io.WriteToText(str(tmp_path / "seen"))
    finally:
        server.stop(0)
    [path] = tmp_path.glob("seen*")
    plugged, process = path.read_text().split()
    assert plugged == "yes"
    assert int(process) != os.getpid(), "a process of its own"


def test_a_pool_that_cannot_start_a_worker_says_why():
    request = beam_fn_api_pb2.StartWorkerRequest(worker_id="1")
    request.provision_endpoint.url = "localhost:1"
    assert "failed to connect to all addresses" in WorkerPool(use_process=True).StartWorker(request, None).error
