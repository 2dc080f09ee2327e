"""Modules come from the installation, also where files of their names lie in the current folder."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from command import Said

from components.pusher import smoke_test
from components.shared.process_isolation import isolated
from pipeline.kubeflow.compiling.compile import COMMAND

ROOT = Path(__file__).parents[2]
HOSTILE = ("random.py", "json.py", "math.py", "click.py", "components/__init__.py", "numpy/__init__.py", "yaml.py")


@pytest.fixture
def beside_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules write a file when they are imported, and end the process."""
    for name in HOSTILE:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"import os\nopen({str(tmp_path / 'was-run')!r}, 'a').write(__name__)\nos._exit(9)\n", encoding="utf-8"
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # coverage.py would import some of them first
    return tmp_path


def run(arguments: Sequence[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=60)


def test_the_folder_is_hostile(beside_the_data: Path):
    """Python as it is, without any of this project, runs what lies in the current folder."""
    for options in (["-m", "tempfile"], ["-c", "import random"]):
        assert run([sys.executable, *options]).returncode == 9, options
    environment = os.environ | {"PYTHONPATH": f":{ROOT}"}
    assert run([sys.executable, "-P", "-c", "import random"], environment).returncode == 9, "an empty entry is enough"
    assert (beside_the_data / "was-run").exists()


@pytest.mark.parametrize("path", [f"{ROOT}", f".::{ROOT}"])
def test_the_command_runs_nothing_that_lies_beside_the_data(beside_the_data: Path, path: str):
    environment = os.environ | {"PYTHONPATH": path}
    mtl = str(Path(sys.executable).with_name("mtl"))
    for command in ([mtl], [sys.executable, "-m", "pipeline.cli.main"]):
        done = run([*command, "synth", "s.csv", "--rows", "10"], environment)
        assert done.stdout.startswith("s.csv: 10 rows"), done
    assert not (beside_the_data / "was-run").exists()


@pytest.mark.parametrize("path", [None, "", ".::"])
@pytest.mark.parametrize("options", [["-m"], ["-P", "-m"]])
def test_a_child_finds_this_installation_and_nothing_else(beside_the_data: Path, path: str | None, options: list[str]):
    """As Beam starts its workers, with `-m` alone, and as the push starts its check."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = isolated(given if path is None else given | {"PYTHONPATH": path})
    done = run([sys.executable, *options, "components.pusher.smoke_test", "model"], environment)
    assert "ValueError: not enough values to unpack" in done.stderr, "it came as far as its arguments"
    assert f'File "{ROOT}/components/pusher/smoke_test.py"' in done.stderr
    assert not (beside_the_data / "was-run").exists()


def test_a_folder_that_is_named_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text("print('mine')")
    monkeypatch.chdir(tmp_path)
    for named in ("own", str(tmp_path / "own"), f":{tmp_path / 'own'}:"):
        environment = isolated(os.environ | {"PYTHONPATH": named})
        assert environment["PYTHONPATH"].split(":") == [str(ROOT), str(tmp_path / "own")]
        assert run([sys.executable, "-c", "import mine"], environment).stdout == "mine\n"
    monkeypatch.chdir(tmp_path / "own")
    assert str(tmp_path / "own") in isolated({"PYTHONPATH": str(tmp_path / "own")})["PYTHONPATH"], "by its whole path"


def test_what_an_installation_in_the_environment_gets(monkeypatch: pytest.MonkeyPatch):
    """There the packages are found without help, and a site-packages before the standard library would hide parts."""
    monkeypatch.setattr("site.getsitepackages", lambda: [str(ROOT)])
    assert isolated({"HOME": "/h"}) == {"HOME": "/h", "PYTHONSAFEPATH": "1", "PYTHONPATH": ""}


def test_every_process_that_is_started_is_isolated(
    mtl: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    started: list[tuple[list[str], dict[str, str]]] = []

    class Noted:
        def __init__(self, command: list[str], env: dict[str, str], **options: Any) -> None:
            started.append((command, env))

        def communicate(self, said: str, timeout: float) -> tuple[str, str]:
            assert json.loads(said) == [str(tmp_path), str(tmp_path / "rows.tfrecord")]
            return json.dumps({"rows": 1}), ""

    with monkeypatch.context() as patch:
        patch.setattr(smoke_test.subprocess, "Popen", Noted)
        smoke_test.check_in_fresh_process(tmp_path, tmp_path / "rows.tfrecord")
    [(command, environment)] = started
    assert command[1:4] == ["-P", "-m", "components.pusher.smoke_test"]
    assert environment["PYTHONSAFEPATH"] == "1"
    assert COMMAND == ["python", "-P", "-m", "pipeline.kubeflow.running.entrypoint"]
    mtl("runs")
    assert os.environ["PYTHONSAFEPATH"] == "1", "what libraries start inherits it"
    assert os.environ["PYTHONPATH"].split(":")[0] == str(ROOT)
