"""Runs of the real command, shared by the tests that look at them."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.warm_process import WarmProcess

ROOT = Path(__file__).parents[2]
MTL = Path(sys.executable).with_name("mtl")


def arguments(*settings):
    """Settings, each `key=value`, as arguments of the command."""
    return [word for setting in settings for word in ("--set", setting)]


SMALL = ("model.members=1", "model.hidden=[32]", "model.head_hidden=[]", "model.number_encoding=plain")
BRIEF = ("training.learning_rate=0.02", "training.epochs=12")
QUICK = arguments(*SMALL, *BRIEF)
"""A network that learns the bundled data well enough to be pushed, for tests that ask no more of it."""


@dataclass(frozen=True)
class Done:
    """A finished command: exit code, what it printed, and the folder it wrote to."""

    code: int
    out: str
    err: str
    output: Path

    @property
    def record(self):
        """The newest run record."""
        return json.loads(sorted((self.output / "runs").glob("*.json"))[-1].read_text())

    @property
    def states(self):
        """Step -> state of the newest run."""
        return {step["name"]: step["state"] for step in self.record["steps"]}

    @property
    def reasons(self):
        """Step -> why it ran or did not."""
        return {step["name"]: step["reason"] for step in self.record["steps"]}

    def artifact(self, step, output):
        """The folder of a step's output."""
        return Path(next(s for s in self.record["steps"] if s["name"] == step)["artifacts"][output])

    @property
    def evaluation(self):
        """The Evaluator's figures."""
        return json.loads((self.artifact("Evaluator", "evaluation") / "evaluation.json").read_text())

    @property
    def model(self):
        """The model that is current."""
        return (self.output / "serving" / "current").resolve()


_WARM = WarmProcess()


def command(*words, code_from=None):
    """Runs `mtl` with a verb and its arguments; `code_from` is another copy of the source to run, in its folder."""
    found = {} if code_from is None else {"PYTHONPATH": str(code_from)}
    return _WARM.run(words, code_from or ROOT, os.environ | found)


def mtl(output, *words, verb="run", code_from=None):
    """Runs a verb of `mtl` into an output folder."""
    done = command(verb, *words, "--set", f"runtime.output={output}", code_from=code_from)
    return Done(done.returncode, done.stdout, done.stderr, Path(output))


def records(output):
    """The run records of an output folder, oldest first."""
    return sorted((output / "runs").glob("*.json"))


def wait_for(process, output, earlier, step):
    """Waits until the run that is not among the earlier ones is in a step."""
    while process.poll() is None:
        for record in set(records(output)) - set(earlier):
            steps = json.loads(record.read_text())["steps"]
            if any(s["name"] == step and s["state"] == "running" for s in steps):
                return
        time.sleep(0.05)
    raise AssertionError(f"the run ended before it came to {step}")


@pytest.fixture(scope="session")
def traces(tmp_path_factory):
    """The home and the temporary folder of the user who runs `wine`."""
    return tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="session")
def wine(tmp_path_factory, traces):
    """The bundled data through the whole pipeline, by a user whose home and temporary folder are new: see `traces`.

    It runs in a new process, as the command of a user does. No test changes its output: those that run something there
    take a copy, see `copied`.
    """
    home, temporary = traces
    output = tmp_path_factory.mktemp("wine")
    words = ["run", "--config", "data/wine/config.yaml", *arguments("evaluation.slices=[cultivar]")]
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(temporary)}
    environment.pop("XLA_FLAGS", None)
    done = subprocess.run(
        [MTL, *words, *arguments(f"runtime.output={output}")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr, output)


@pytest.fixture(scope="module")
def copied(wine, tmp_path_factory):
    """A copy of the output of `wine`, in which the steps up to Transform come from the cache."""
    output = tmp_path_factory.mktemp("copied") / "output"
    shutil.copytree(wine.output, output, symlinks=True)
    return output
