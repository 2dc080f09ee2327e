"""A process that refuses a CSV ends with 2 whatever Arrow's threads do at that moment.

With a Python callback for bad rows, or Python's memory under the text, 3 of 200 calls on a loaded machine ended in
"terminate called without an active exception": one of Arrow's threads asked for the interpreter while it ended.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

CALLS = 40


@pytest.mark.slow
def test_a_refused_csv_always_ends_with_2(tmp_path):
    rows = "".join(f"{n / 7},{n % 11},{'ab'[n % 2]}\n" for n in range(20_000))
    (tmp_path / "t.csv").write_text(f"x,y,c\n{rows}1,2,a,4\n")
    command = [sys.executable, "-c", "from pipeline.cli.main import main; main()"]
    flags = ["check", "-d", str(tmp_path / "t.csv"), "-r", "y", "-k", "c"]

    def code(_: int) -> int:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run([*command, *flags], cwd=tmp_path, env=environment, capture_output=True).returncode

    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:  # more than there are cores: a loaded machine
        assert list(pool.map(code, range(CALLS))) == [2] * CALLS
