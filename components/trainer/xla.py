"""How XLA compiles a training step for a CPU."""

from __future__ import annotations

import os

FLAGS = "XLA_FLAGS"
PLAIN_EMITTERS = "--xla_cpu_use_fusion_emitters=false"


def prefer_plain_emitters() -> None:
    """Has XLA emit fused kernels straight through LLVM instead of MLIR, unless `XLA_FLAGS` is set.

    Networks of several members compile in about two thirds of the time with it and train at two to three times the
    speed (`python -m tests.benchmarks.emitters`); those of one member are slower, by half with PCGrad, so they keep
    XLA's choice. XLA reads its flags once in a process, when it first compiles.
    """
    os.environ.setdefault(FLAGS, PLAIN_EMITTERS)
