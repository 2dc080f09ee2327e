"""What a Beam job that ends badly becomes: the errors that Beam raises, made by jobs that do end badly."""

import errno
import math
import os
import shutil
from pathlib import Path

import apache_beam as beam
import grpc
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from tfx.dsl.compiler.placeholder_utils import ResolutionContext, resolve_placeholder_expression
from tfx.orchestration.portable import outputs_utils
from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.executable_spec_pb2 import BeamExecutableSpec
from tfx.types.standard_artifacts import Model

from components.shared.kept_files import read_json
from pipeline.config.runtime import Runtime
from pipeline.errors import InputError
from pipeline.workers.arguments import beam_arguments
from pipeline.workers.failures import explained, jobs_explained, reason
from pipeline.workers.heartbeat import heartbeat_arguments

THERE = Runtime(engine="portable", endpoint="jobs:8099", pool="localhost:50000")
THERE_IN_WORDS = "the engine portable at jobs:8099"


def failed(function, element: object) -> Exception:
    """What Beam raises where a function fails in a job."""
    options = PipelineOptions(beam_arguments(Runtime()))
    with pytest.raises((RuntimeError, ValueError)) as raised, beam.Pipeline(options=options) as job:
        _ = job | beam.Create([element]) | beam.Map(function)
    return raised.value


def lost(text: str) -> Exception:
    """What the portable runner raises where the job server says that the job has failed."""
    from apache_beam.runners.portability import portable_runner

    error = RuntimeError(f"Pipeline job-002 failed in state FAILED: {text}")
    # Raised from a function whose module is Beam's, as `wait_until_finish` does.
    raiser = eval("lambda error: (_ for _ in ()).throw(error)", {"__name__": portable_runner.__name__})
    with pytest.raises(RuntimeError) as raised:
        next(raiser(error))
    return raised.value


def test_a_folder_that_a_worker_does_not_see_is_the_machines(tmp_path: Path):
    sentence = explained(failed(os.listdir, str(tmp_path / "none")), "Transform", THERE)
    assert str(sentence) == (
        "The job of Transform must end well on the engine portable at jobs:8099, got "
        f"\"FileNotFoundError: [Errno 2] No such file or directory: '{tmp_path}/none'\". "
        "See the logs of the engine and of its workers; the next run continues from the steps that are done."
    )


def test_what_a_worker_says_of_the_input_is_said(tmp_path: Path):
    path = tmp_path / "record.json"
    path.write_text("[1]")
    sentence = explained(failed(read_json, str(path)), "ExampleGen", Runtime())
    assert isinstance(sentence, InputError)
    assert str(sentence) == (
        f"{path} must hold what mtl wrote, got a JSON list. Run again with --no-cache, which writes it again."
    )


def test_a_bug_in_a_worker_stays_a_bug():
    error = failed(math.sqrt, -1)
    assert str(error) == "math domain error [while running 'Map(sqrt)']"
    assert explained(error, "Transform", THERE) is None


def test_a_lost_worker_is_said_with_what_to_do():
    error = lost("bundle inst004 stage-005 failed:SDK worker disconnected: worker[1], 2 active instructions")
    assert str(explained(error, "StatisticsGen", THERE)) == (
        "The job of StatisticsGen must end well on the engine portable at jobs:8099, got "
        '"Pipeline job-002 failed in state FAILED: bundle inst004 stage-005 failed:SDK worker disconnected: worker[1], '
        '2 active instructions". See the logs of the engine and of its workers; the next run continues from the steps '
        "that are done."
    )
    assert "Where the memory is too small for them, lower runtime.workers;" in str(
        explained(error, "StatisticsGen", Runtime(workers=2))
    )


def test_a_job_server_that_is_gone_is_said():
    with pytest.raises(grpc.RpcError) as raised, grpc.insecure_channel("localhost:1") as channel:
        channel.unary_unary("/a/b")(b"", timeout=30)
    assert str(explained(raised.value, "Transform", THERE)) == (
        f'The job of Transform must end well on the engine portable at jobs:8099, got "{reason(raised.value)}". '
        "See the logs of the engine and of its workers; the next run continues from the steps that are done."
    )
    assert "\n" not in reason(raised.value)


@pytest.mark.parametrize("error", [RuntimeError("of this process"), KeyError("x"), ValueError()])
def test_what_did_not_come_from_a_job_stays_as_it_is(error: Exception):
    assert explained(error, "Transform", THERE) is None


def test_the_text_of_another_process_is_read_to_its_end():
    """As Prism 2.73.0 hands on what a worker in a pool raised."""
    text = "bundle inst001 failed:Traceback (most recent call last):\n  File x, line 1, in y\n    raise z\n"
    assert explained(lost(f"{text}KeyError: 'x'"), "Transform", THERE) is None
    name = "tensorflow.python.framework.errors_impl.NotFoundError"
    found = explained(lost(f"{text}{name}: /v/1.gz; No such file [while running 'Decode-ptransform-9']"), "T", THERE)
    assert str(found).startswith(
        f'The job of T must end well on {THERE_IN_WORDS}, got "NotFoundError: /v/1.gz; No such'
    )
    told = explained(lost(f"{text}components.shared.errors.InputError: A row must be whole. Mend it."), "T", THERE)
    assert str(told) == "A row must be whole. Mend it."


def test_an_error_on_purpose_stays_itself():
    error = InputError("The data must be better.")
    assert explained(error, "Transform", THERE) is error


def test_outputs_are_removed_although_a_worker_still_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "model" / "3"
    (folder / "Split-train").mkdir(parents=True)
    removed = shutil.rmtree

    def written_meanwhile(path: object, *rest: object, **named: object) -> None:
        monkeypatch.setattr(shutil, "rmtree", removed)
        raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))

    monkeypatch.setattr(shutil, "rmtree", written_meanwhile)
    model = Model()
    model.uri = str(folder)
    with jobs_explained(Runtime()):
        outputs_utils.remove_output_dirs({"model": [model]})
    assert list(folder.parent.iterdir()) == []


@pytest.mark.parametrize("engine", ["portable", "local"])
def test_a_step_on_another_engine_asks_its_workers_for_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
):
    given: list[str] = []

    def run_executor(self: BeamExecutorOperator, execution_info: ExecutionInfo) -> None:
        context = ResolutionContext(exec_info=execution_info)
        given.extend(str(resolve_placeholder_expression(argument, context)) for argument in self.beam_pipeline_args)

    monkeypatch.setattr(BeamExecutorOperator, "run_executor", run_executor)
    executor = BeamExecutableSpec()
    executor.python_executor_spec.class_path = "components.statistics_gen.component.StatisticsGen_Executor"
    executor.beam_pipeline_args_placeholders.add().value.string_value = "--runner=X"
    operator = BeamExecutorOperator(executor)
    with jobs_explained(THERE if engine == "portable" else Runtime()):
        operator.run_executor(ExecutionInfo(tmp_dir=str(tmp_path)))
    signs = heartbeat_arguments(tmp_path / "heartbeats") if engine == "portable" else []
    assert given == ["--runner=X", *signs]
