import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.local.lock import only_run
from pipeline.runs import record
from pipeline.runs.record import Run, StepRecord, find_run, new_run, read_runs, record_path, unreadable


def finished(output: Path, run_id: str, state: str = "pushed", **fields: object) -> Run:
    run = Run(run_id, "t", state, "2026-01-01T00:00:00+00:00", {"name": "t"}, {"name": "inferred"}, **fields)
    run.write(output)
    return run


def test_what_was_written_is_read(tmp_path: Path):
    run = finished(
        tmp_path,
        "20260101-000000",
        digest="abc",
        steps=[
            StepRecord(
                "Trainer", "done", "data changed", "9,924 parameters", 1.5, {"code": "1f"}, {"model": "/m"}, 512.5
            )
        ],
        seconds=12.5,
        problems=['"größe" must be …'],
        metrics={"regression": {"mae": 0.25, "r2": None}},
        version=3,
    )
    assert read_runs(tmp_path) == [run]
    assert json.loads(record_path(tmp_path, run.id).read_text(encoding="utf-8"))["version"] == 3


@pytest.mark.parametrize("figure", ["peak_memory", "cpu_seconds"])
def test_a_record_from_before_a_figure_was_measured_is_read(tmp_path: Path, figure: str):
    run = finished(tmp_path, "20260101-000000", steps=[StepRecord("Trainer", "done", seconds=3.0)])
    path = record_path(tmp_path, run.id)
    old = json.loads(path.read_text())
    del old["steps"][0][figure]
    path.write_text(json.dumps(old))
    [step] = read_runs(tmp_path)[0].steps
    assert getattr(step, figure) is None
    assert step.busy_seconds == 3


def test_a_step_that_waited_for_a_processor_was_busy_for_less():
    assert StepRecord("Trainer", seconds=3.0, cpu_seconds=1.0).busy_seconds == 1
    assert StepRecord("Trainer", seconds=3.0, cpu_seconds=5.0).busy_seconds == 3


DAMAGE = {
    b"": "an empty file",
    b"\0" * 512: "a file that is no JSON",
    b'{"id": "20260101-000001", "pipeline": "t", "state": "pus': "a file that is no JSON",
    b"[]": "a JSON list",
    b"null": "a JSON NoneType",
    b"{}": "`id`: field required",
    b'{"id": "1", "pipeline": "t", "state": "pushed", "started": 5, "config": {}, "origins": {}}': (
        "`started`: input should be a valid string"
    ),
}


@pytest.mark.parametrize(("content", "got"), DAMAGE.items())
def test_a_damaged_record_is_left_out_and_named(tmp_path: Path, content: bytes, got: str):
    """What a power cut leaves of a file, and what no mtl has written."""
    kept = [finished(tmp_path, "20260101-000000"), finished(tmp_path, "20260101-000002")]
    path = record_path(tmp_path, "20260101-000001")
    path.write_bytes(content)
    assert read_runs(tmp_path) == kept
    assert unreadable([tmp_path]) == [
        f"{path} must hold what mtl wrote, got {got}. "
        "That run is left out of everything; remove the file to hear no more of it."
    ]
    with pytest.raises(InputError) as raised:
        find_run("20260101-000001", [tmp_path])
    assert str(raised.value) == (
        f"{path} must hold what mtl wrote, got {got}. Name another of `mtl runs`, or run again."
    )
    assert find_run("20260101-000002", [tmp_path]).run == kept[1]
    path.unlink()
    assert unreadable([tmp_path]) == []


def test_a_folder_in_the_place_of_a_record_is_named_too(tmp_path: Path):
    record_path(tmp_path, "1").mkdir(parents=True)
    assert read_runs(tmp_path) == []
    assert "got none (Is a directory)" in unreadable([tmp_path])[0]


def test_a_record_of_a_newer_mtl_is_read(tmp_path: Path):
    run = finished(
        tmp_path, "20260101-000000", steps=[StepRecord("Trainer", "done")], metrics={"regression": {"mae": 0.5}}
    )
    path = record_path(tmp_path, run.id)
    newer = json.loads(path.read_text())
    newer |= {"device": {"kind": "gpu"}}
    newer["steps"][0]["energy"] = 3.5
    path.write_text(json.dumps(newer))
    assert read_runs(tmp_path) == [run]
    assert unreadable([tmp_path]) == []


def test_a_record_of_a_newer_format_is_left_out_and_named(tmp_path: Path):
    kept = finished(tmp_path, "20260101-000000")
    path = record_path(tmp_path, finished(tmp_path, "20260101-000001").id)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    assert read_runs(tmp_path) == [kept]
    assert unreadable([tmp_path]) == [
        f"{path} must be of format 1, got format 2. "
        "That run is left out of everything; remove the file to hear no more of it."
    ]
    with pytest.raises(InputError, match=r"got format 2\. Name another of `mtl runs`, or run again\."):
        find_run("20260101-000001", [tmp_path])


def test_a_record_of_the_time_before_formats_had_a_number_is_read(tmp_path: Path):
    run = finished(tmp_path, "20260101-000000", steps=[StepRecord("Trainer", "done")])
    path = record_path(tmp_path, run.id)
    older = json.loads(path.read_text())
    assert older.pop("format") == 1
    path.write_text(json.dumps(older))
    assert read_runs(tmp_path) == [run]


def test_a_path_that_is_not_utf8_is_kept(tmp_path: Path):
    run = finished(tmp_path, "20260101-000000", steps=[StepRecord("Trainer", artifacts={"model": "/m\udce9/größe"})])
    assert read_runs(tmp_path) == [run]


def test_a_record_is_on_the_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    flushed: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted(descriptor: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    def moved(source: Path, target: Path) -> None:
        assert str(source) in flushed
        flushed.clear()
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(os, "replace", moved)
    run = finished(tmp_path, "20260101-000000")
    assert flushed == [str(record_path(tmp_path, run.id).parent)], "and its name in the folder after that"


def test_an_artifact_is_found_by_its_step_and_output(tmp_path: Path):
    run = finished(tmp_path, "1", steps=[StepRecord("Trainer", artifacts={"model": "/m"}), StepRecord("Evaluator")])
    assert run.artifact("Trainer", "model") == "/m"
    assert [run.artifact(step, "model") for step in ("Evaluator", "Pusher")] == [None, None]
    assert run.artifact("Trainer", "model_run") is None


@pytest.mark.parametrize(
    ("state", "steps", "early"),
    [
        ("failed", [], True),
        ("interrupted", ["Start"], True),
        ("running", ["Start"], False),
        ("failed", ["Start", "ExampleGen"], False),
        ("pushed", ["Start", "ExampleGen"], False),
    ],
)
def test_a_run_that_ended_before_its_steps_were_known(tmp_path: Path, state: str, steps: list[str], early: bool):
    assert finished(tmp_path, "1", state, steps=[StepRecord(name) for name in steps]).ended_early is early


def test_no_runs_no_folder(tmp_path: Path):
    assert read_runs(tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


class _Frozen(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 1, 12, 0, 0, tzinfo=tz)


def test_runs_of_one_second_have_ids_of_their_own_and_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(record, "datetime", _Frozen)
    ids = []
    for _ in range(12):
        run = new_run(tmp_path, "t", {}, {})
        assert (run.state, run.started) == ("running", "2026-01-01T12:00:00+00:00")
        run.state = "pushed"
        run.write(tmp_path)
        ids.append(run.id)
    assert ids == ["20260101-120000", *(f"20260101-120000-{n}" for n in range(2, 13))]
    finished(tmp_path, "20260101-120001")
    finished(tmp_path, "20260101-115959")
    assert [run.id for run in read_runs(tmp_path)] == ["20260101-115959", *ids, "20260101-120001"]


def test_id_is_the_time_in_utc(tmp_path: Path):
    before = datetime.now(UTC).replace(microsecond=0)
    run = new_run(tmp_path, "t", {}, {})
    assert before <= datetime.strptime(run.id, "%Y%m%d-%H%M%S").replace(tzinfo=UTC) <= datetime.now(UTC)
    assert run.started.endswith("+00:00")


def test_a_run_whose_process_was_killed_is_interrupted(tmp_path: Path):
    finished(tmp_path, "20260101-000000", "rejected")
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from pipeline.local.lock import only_run; from pipeline.runs.record import new_run\n"
        "output = Path(sys.argv[1])\n"
        "with only_run(output):\n"
        "    new_run(output, 't', {}, {}).write(output)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=60)
    assert done.returncode == -9
    assert [run.state for run in read_runs(tmp_path)] == ["rejected", "interrupted"]


def test_a_run_whose_process_lives_is_running(tmp_path: Path):
    with only_run(tmp_path):
        new_run(tmp_path, "t", {}, {}).write(tmp_path)
        assert [run.state for run in read_runs(tmp_path)] == ["running"]


def test_a_record_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = finished(tmp_path, "20260101-000000")

    def killed(source: Path, target: Path) -> None:
        # What a reader sees at the last moment before the new record takes the place of the old one.
        assert json.loads(Path(target).read_text(encoding="utf-8"))["state"] == "pushed"
        assert json.loads(Path(source).read_text(encoding="utf-8"))["state"] == "failed"
        raise OSError("killed")

    run.state = "failed"
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(OSError, match="killed"):
            run.write(tmp_path)
    assert [found.state for found in read_runs(tmp_path)] == ["pushed"]
    run.write(tmp_path)
    assert [found.state for found in read_runs(tmp_path)] == ["failed"]
    assert [entry.name for entry in (tmp_path / "runs").iterdir()] == ["20260101-000000.json"]


def test_unknown_run_is_named_with_the_closest(tmp_path: Path):
    finished(tmp_path, "20260101-000000")
    message = f'The run must be one of those under {tmp_path}, got "20260101-00000". Did you mean "20260101-000000"?'
    with pytest.raises(InputError) as raised:
        find_run("20260101-00000", [tmp_path])
    assert str(raised.value) == f"{message} Use `mtl runs` to list them."


def test_a_run_in_two_folders_must_be_told_apart(tmp_path: Path):
    for name in ("one", "two"):
        finished(tmp_path / name, "20260101-000000")
    with pytest.raises(InputError, match="must be in one output folder"):
        find_run("20260101-000000", [tmp_path / "one", tmp_path / "two"])
    assert find_run("20260101-000000", [tmp_path / "two"]).output == tmp_path / "two"
