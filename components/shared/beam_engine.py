"""Where a Beam job runs: in this very process, or on workers of its own."""

from __future__ import annotations

import shutil

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner, SwitchingDirectRunner

_IN_MEMORY = "in_memory"


def runs_here(pipeline: beam.Pipeline) -> bool:
    """Returns whether the job of a pipeline runs in this very process, one piece of work after the other.

    It does with the direct runner, `direct_running_mode=in_memory` and no more than one worker; no worker stands for
    as many as there are cores.

    Args:
        pipeline: the pipeline, which need not have been built yet.
    """
    direct = pipeline.options.view_as(DirectOptions)
    return (
        isinstance(pipeline.runner, SwitchingDirectRunner | BundleBasedDirectRunner)
        and direct.direct_running_mode == _IN_MEMORY
        and direct.direct_num_workers == 1
    )


def discard(pipeline: beam.Pipeline) -> None:
    """Removes the temporary folder of a pipeline that is not run; Beam makes it with the pipeline.

    Args:
        pipeline: the pipeline; its runner and options may still be used for others.
    """
    shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)
