import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.local.captured_output import output_to


def test_everything_goes_to_the_log_and_the_terminal_gets_what_is_meant_for_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    log = tmp_path / "run.log"
    log.write_text("earlier\n")
    os.write(1, b"before\n")
    with output_to(log) as terminal:
        os.write(1, b"from C, 1\n")
        os.write(2, b"from C, 2\n")
        subprocess.run([sys.executable, "-c", "import os; os.write(2, b'from a child\\n')"], check=True)
        print("table ✓", file=terminal)
    os.write(1, b"after\n")
    os.write(2, b"stderr again\n")
    captured = capfd.readouterr()
    assert captured.out == "before\ntable ✓\nafter\n"
    assert captured.err == "stderr again\n"
    assert log.read_text().splitlines() == [
        "earlier",
        *("from C, 1", "from C, 2", "from a child"),
    ]


def test_what_python_still_held_back_lands_on_its_own_side(tmp_path: Path):
    script = (
        "import sys; from pathlib import Path; from pipeline.local.captured_output import output_to\n"
        "sys.stdout.write('held before ')\n"
        "with output_to(Path(sys.argv[1])) as terminal:\n"
        "    sys.stdout.write('held inside ')\n"
        "    sys.stdout.flush(); sys.stderr.write('warned '); sys.stderr.flush()\n"
        "    sys.stdout.write('held again')\n"
        "    terminal.write('shown ')\n"
        "sys.stdout.write('held after')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "log")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("held before shown held after", "")
    assert (tmp_path / "log").read_text() == "held inside warned held again"


def test_an_error_gives_the_terminal_back(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    open_before = set(os.listdir("/proc/self/fd"))

    def fail() -> None:
        with output_to(tmp_path / "log"):
            os.write(1, b"logged\n")
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    os.write(1, b"shown\n")
    assert capfd.readouterr().out == "shown\n"
    assert (tmp_path / "log").read_text() == "logged\n"
    assert set(os.listdir("/proc/self/fd")) == open_before


def test_blocks_nest(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    with output_to(tmp_path / "outer"):
        with output_to(tmp_path / "inner"):
            os.write(2, b"in\n")
        os.write(2, b"out\n")
    assert capfd.readouterr().err == ""
    assert ((tmp_path / "outer").read_text(), (tmp_path / "inner").read_text()) == ("out\n", "in\n")
