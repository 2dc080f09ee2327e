import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from components.shared.errors import InputError
from pipeline.errors import RunInProgress
from pipeline.local.lock import is_running, only_run

SPAWN = multiprocessing.get_context("spawn")


def hold(output: Path, told: Connection) -> None:
    """Runs in another process: holds the folder until it is told to go on."""
    with only_run(output):
        told.send(os.getpid())
        told.recv()
    told.send("released")
    told.recv()


@pytest.fixture
def holder(tmp_path: Path):
    """A process that holds `tmp_path / "out"`, and the pipe to it."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=hold, args=(tmp_path / "out", there))
    process.start()
    assert here.poll(30)
    assert here.recv() == process.pid
    yield process, here
    process.kill()
    process.join()


def test_a_second_process_is_refused_with_the_first_ones_number(tmp_path: Path, holder):
    process, pipe = holder
    output = tmp_path / "out"
    assert is_running(output)
    with pytest.raises(RunInProgress) as raised, only_run(output):
        pass
    assert str(raised.value) == (
        f"runtime.output must be free, got {output}, in use by process {process.pid}. "
        "Wait for that run, or choose another folder with --set runtime.output=FOLDER."
    )
    assert raised.value.exit_code == 2
    pipe.send("go on")
    assert pipe.poll(30)
    assert pipe.recv() == "released"
    assert not is_running(output)
    with only_run(output):
        assert is_running(output)


def test_a_killed_process_holds_nothing(tmp_path: Path, holder):
    process, _ = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with only_run(tmp_path / "out"):
        assert (tmp_path / "out" / ".lock").read_text() == str(os.getpid())


def test_an_error_inside_frees_the_folder(tmp_path: Path):
    with pytest.raises(ValueError, match="inside"), only_run(tmp_path):
        raise ValueError("inside")
    with only_run(tmp_path):
        pass


def test_other_folders_are_free(tmp_path: Path, holder):
    with only_run(tmp_path / "other" / "deep"):
        assert (tmp_path / "other" / "deep").is_dir()


@pytest.mark.parametrize(("below", "reason"), [("", "File exists"), ("deep/er", "Not a directory")])
def test_a_file_in_the_way(tmp_path: Path, below: str, reason: str):
    (tmp_path / "file").write_text("")
    output = tmp_path / "file" / below
    with pytest.raises(InputError) as raised, only_run(output):
        pass
    assert str(raised.value) == (
        f"runtime.output must be a folder that can be written, got {output} ({reason}). "
        "Choose another with --set runtime.output=FOLDER."
    )
