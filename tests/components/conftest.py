"""What holds for all tests of a process that trains networks."""

import os

from components.trainer.xla import FLAGS, PLAIN_EMITTERS

# They train small networks for a few steps, so that most of their time is XLA's; with these kernels it takes a quarter
# less. Which kernels a run has, by its network, is the subject of `test_xla.py`.
os.environ.setdefault(FLAGS, PLAIN_EMITTERS)
