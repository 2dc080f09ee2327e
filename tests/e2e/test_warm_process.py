"""A command in the warm process is what it is in one of its own."""

import json
import os
import signal
import subprocess

import pytest

from tests.e2e.warm_process import WarmProcess

# In the place of the command: tells what it was given and found, then ends as it is told.
COMMAND = """
import atexit, json, os, sys, tempfile

def main():
    atexit.register(os.write, 2, b"at the end\\n")
    found = {"arguments": sys.argv, "folder": os.getcwd(), "temporary": tempfile.gettempdir(), "read": sys.stdin.read()}
    found["word"], found["lost"] = os.environ["WORD"], os.environ.get("LOST")
    found["warm"] = "tfx.components" in sys.modules and "tensorflow" in sys.modules
    found["session"] = os.getppid()
    print(json.dumps(found))
    os.write(1, b"below Python\\n")
    print("a warning", file=sys.stderr)
    exec(sys.argv[-1])
"""


@pytest.fixture(scope="module")
def warm():
    process = WarmProcess()
    yield process
    process.close()


@pytest.fixture
def run(warm, tmp_path, monkeypatch):
    """Runs the command above, in a folder of its own, with one statement that it ends with."""
    source = tmp_path / "source" / "pipeline" / "cli"
    source.mkdir(parents=True)
    (source / "main.py").write_text(COMMAND)
    monkeypatch.setenv("LOST", "not for the command")
    environment = {name: value for name, value in os.environ.items() if name != "LOST"}
    environment |= {
        "PYTHONPATH": str(tmp_path / "source"),
        "TMPDIR": str(tmp_path),
        "WORD": "given",
        "PYTHONUNBUFFERED": "1",
    }

    def run(end, **options):
        return warm.run(["verb", end], tmp_path, environment, **options)

    return run


def test_a_command_has_its_arguments_folder_environment_and_output(run, tmp_path):
    done = run("pass")
    assert done.returncode == 0
    found = json.loads(done.stdout.splitlines()[0])
    assert found.pop("session") != os.getpid()
    assert found == {
        "arguments": ["mtl", "verb", "pass"],
        "folder": str(tmp_path),
        "temporary": str(tmp_path),
        "read": "",
        "word": "given",
        "lost": None,
        "warm": True,
    }
    assert done.stdout.splitlines()[1:] == ["below Python"]
    assert done.stderr == "a warning\nat the end\n"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("sys.exit(3)", 3),
        ("sys.exit('error: no')", 1),
        ("raise ValueError('a bug')", 1),
        ("os._exit(7)", 7),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_a_command_ends_as_every_process_ends(run, end, code):
    done = run(end)
    assert done.returncode == code
    assert ("at the end\n" in done.stderr) == end.startswith(("sys", "raise"))
    assert ("ValueError: a bug" in done.stderr) == end.startswith("raise")
    assert ("error: no" in done.stderr) == ("error" in end)


def test_a_command_leaves_nothing_to_the_next(run):
    run("import builtins; builtins.left = 1; os.environ['WORD'] = 'other'; os.chdir('/')")
    assert run("print(hasattr(__import__('builtins'), 'left'))").stdout.splitlines()[-1] == "False"


def test_a_command_that_takes_too_long_is_killed_and_the_next_one_runs(run):
    with pytest.raises(subprocess.TimeoutExpired):
        run("import time; time.sleep(600)", timeout=1)
    assert run("pass").returncode == 0
