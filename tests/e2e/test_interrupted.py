"""What is left when a run is told to end, as a container is by its host, and when it is killed."""

import json
import os
import signal
import subprocess

import pytest

from tests.e2e.conftest import MTL, QUICK, ROOT, arguments, mtl, records, wait_for

pytestmark = pytest.mark.slow

ALWAYS_BLESSED = [
    *("--config", "data/wine/config.yaml", *QUICK),
    *arguments("gates.rule=classification", "gates.classification.no_worse_than_pushed=false"),
]

# Where a run is killed, and what is changed so that it comes to that step; earlier changes stay.
KILLS = {
    "ExampleGen": ["data.split.salt=other"],
    "Transform": ["features.max_categories=9"],
    "Trainer": ["training.seed=2"],
    "Evaluator": [],
    "Pusher": [],
}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("interrupted")


@pytest.fixture(scope="module")
def terminated(output):
    """A first run, told to end in Transform: its exit code, what it said, and its record."""
    command = [MTL, "run", *ALWAYS_BLESSED, "--set", f"runtime.output={output}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(process, output, [], "Transform")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    [record] = records(output)
    return process.returncode, said, json.loads(record.read_text())


@pytest.fixture(scope="module")
def continued(terminated, output):
    """The run after it, which pushes a model."""
    done = mtl(output, *ALWAYS_BLESSED)
    assert done.code == 0, done.out + done.err
    return done


def test_a_terminated_run_says_so(terminated):
    code, said, record = terminated
    assert code == 143
    assert said == "error: Terminated. The next run continues from the steps that are done.\n"
    assert record["state"] == "interrupted"
    assert {step["name"]: step["state"] for step in record["steps"]}["Transform"] == "failed"


def test_the_next_run_continues_where_it_ended(continued):
    assert (continued.states["StatisticsGen"], continued.states["Transform"]) == ("cached", "done")
    assert continued.record["state"] == "pushed"


def test_runs_killed_in_a_step_leave_the_pushed_model_and_the_next_run_continues(continued, output):
    words, current = [*ALWAYS_BLESSED], continued.model
    content = {path: path.read_bytes() for path in current.rglob("*") if path.is_file()}
    for step, changes in KILLS.items():
        words += arguments(*changes)
        command = [MTL, "run", *words, "--set", f"runtime.output={output}"]
        earlier = records(output)
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
        wait_for(process, output, earlier, step)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        listed = subprocess.run([MTL, "runs", "-o", output], capture_output=True, text=True, check=True).stdout
        *_, last_run, page = listed.splitlines()
        assert "interrupted" in last_run, step
        assert page.startswith("Page: ")
        assert continued.model == current, step
        assert {path: path.read_bytes() for path in current.rglob("*") if path.is_file()} == content, step

    after = mtl(output, *words)
    assert after.code == 0, after.out + after.err
    assert after.record["state"] == "pushed"
    done = ("ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer")
    assert {after.states[step] for step in done} == {"cached"}
    assert not list((output / "serving").glob(".staging*"))
