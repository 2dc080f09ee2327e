import subprocess
import sys
from pathlib import Path

from pipeline.local.memory import peak, reset_peak

SCRIPT = """
from pipeline.local.memory import peak, reset_peak
reset_peak()
start = peak()
block = bytearray(200 << 20)
del block
reached = peak()
reset_peak()
print(round(reached - start), round(peak() - start))
"""


def test_the_peak_is_what_was_held_at_once_and_a_reset_forgets_it():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)
    held, after = map(int, done.stdout.split())
    assert 195 <= held <= 210
    assert after < 20


def test_a_system_without_such_marks_says_nothing(tmp_path: Path):
    assert peak(tmp_path) is None
    assert not reset_peak(tmp_path / "none")
    (tmp_path / "status").write_text("Name:\tpython\n")
    assert peak(tmp_path) is None
