"""The Beam steps: which runner they ask for, where its workers get their code, and what comes of it."""

import os
from importlib.metadata import version
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.prism_runner import PrismRunner
from tfx.utils import dependency_utils

from pipeline.workers.arguments import beam_args
from pipeline.workers.worker_pool import WorkerPool

ROOT = Path(__file__).parents[2]
PLUGIN = "--beam_plugin=tfx.components"
IN_PYTHON = f"--update_compatibility_version={version('apache-beam')}"
NO_IMAGE = "--sdk_container_image=none"
PORTABLE = ["--runner=PortableRunner", "--job_endpoint=localhost:8073"]
DIRECT = [
    [],
    ["--direct_running_mode=in_memory"],
    ["--direct_running_mode=multi_processing", "--direct_num_workers=2"],
    ["--direct_running_mode=multi_threading", "--direct_num_workers=2"],
    ["--runner=DirectRunner"],
    ["--runner", "SwitchingDirectRunner"],
    ["--runner=apache_beam.runners.direct.direct_runner.DirectRunner"],
]


@pytest.mark.parametrize("given", DIRECT)
def test_the_direct_runner_is_told_to_stay_in_python(given: list[str]):
    assert beam_args(given) == [*given, PLUGIN, IN_PYTHON, NO_IMAGE]


@pytest.mark.parametrize(
    "given", [["--update_compatibility_version=2.70.0"], ["--update_compatibility_version", "2.70.0"]]
)
def test_a_version_that_the_user_names_stays(given: list[str]):
    assert beam_args(given) == [*given, PLUGIN, NO_IMAGE]


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
    arguments = beam_args(given)
    assert arguments == [*given, PLUGIN, *([] if image is None else [f"--sdk_container_image={image}"])]
    package = ["--extra_package=tfx.tar.gz"] if image is None else []
    assert dependency_utils.make_beam_dependency_flags(arguments) == [*arguments, *package]


@pytest.mark.parametrize("named", ["--sdk_container_image=mtl:1", "--extra_package=own.tar.gz"])
def test_what_the_user_gives_workers_is_all_they_get(named: str):
    given = ["--runner=DataflowRunner", "--project=p", named]
    assert beam_args(given) == [*given, PLUGIN]
    assert dependency_utils.make_beam_dependency_flags(beam_args(given)) == beam_args(given)


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
        assert runners_of(beam_args(given), asked) == ["FnApiRunner"], given
    assert runners_of(beam_args(["--runner=PrismRunner"]), asked) == ["PrismRunner"], "who names it gets it"


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
