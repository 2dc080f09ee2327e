"""Which kernels XLA makes, in fresh processes, because XLA reads its flags once."""

import os
import subprocess
import sys

import pytest

from components.trainer.xla import FLAGS, PLAIN_EMITTERS

OWN = "--xla_cpu_enable_fast_math=false"
"""What a user may have set."""
FIT = """
import os, sys
import small_task
from components.trainer.fit import fit
model = small_task.MODEL | {"members": int(sys.argv[1])}
rows = small_task.rows(64, 0)
fit(small_task.task(rows, rows), model, small_task.TRAINING | {"epochs": 1}, sys.argv[2])
print("flags:", os.environ.get("XLA_FLAGS"))
"""


@pytest.mark.parametrize(
    ("members", "given", "flags"),
    [
        (1, None, None),
        (2, None, PLAIN_EMITTERS),
        (2, OWN, OWN),
    ],
)
def test_networks_of_several_members_get_plain_kernels(members, given, flags, tmp_path):
    """XLA ends the process over a flag it does not know, so that this also shows that TensorFlow has it."""
    environment = {name: value for name, value in os.environ.items() if name != FLAGS}
    if given:
        environment[FLAGS] = given
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", FIT, str(members), tmp_path],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"flags: {flags}"
