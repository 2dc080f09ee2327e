"""What is left when a run is told to end, as a container is by its host."""

import json
import signal
import subprocess

import pytest

from tests.e2e.conftest import MTL, ROOT, mtl, records, wait_for


@pytest.mark.slow
def test_a_terminated_run_says_so_and_the_next_one_continues(tmp_path):
    command = [MTL, "run", "--config", "data/wine/config.yaml", "--set", f"runtime.output={tmp_path}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(process, tmp_path, [], "Transform")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 143
    assert said == "error: Terminated. The next run continues from the steps that are done.\n"
    [record] = records(tmp_path)
    ended = json.loads(record.read_text())
    assert ended["state"] == "interrupted"
    assert {step["name"]: step["state"] for step in ended["steps"]}["Transform"] == "failed"

    after = mtl(tmp_path, "--config", "data/wine/config.yaml")
    assert after.code == 0, after.out + after.err
    assert after.states["StatisticsGen"] == "cached"
