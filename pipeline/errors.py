"""The errors of the user's surface, and how any error becomes one sentence and an exit code.

    components.shared.errors.MtlError
    ├── InputError (exit 2)
    │   ├── ConfigError      the configuration cannot be used
    │   ├── RunInProgress    another run holds the output folder
    │   └── ClusterError     Kubeflow Pipelines cannot be reached, or refuses
    └── Rejected (exit 3)    the data gate or the evaluator rejects

Exit codes: 0 done, 1 a bug, 2 the user's input, 3 rejected by a gate.
"""

from __future__ import annotations

import click

from components.shared.errors import InputError, MtlError, Rejected, did_you_mean

__all__ = ["ClusterError", "ConfigError", "InputError", "MtlError", "Rejected", "RunInProgress", "did_you_mean", "warn"]


def warn(sentence: str) -> None:
    """Says on the standard error what a person should know, although it stops nothing."""
    click.echo(click.style("warning: ", fg="yellow", bold=True) + sentence, err=True)


class ConfigError(InputError):
    """The configuration cannot be used as it is."""


class RunInProgress(InputError):
    """Another run holds the output folder."""


class ClusterError(InputError):
    """Kubeflow Pipelines cannot be reached, or refuses what is asked.

    Args:
        message: the sentence for the user.
        status: the HTTP status; None where no answer came.
    """

    def __init__(self, message: str, status: int | None = None):
        super().__init__(message)
        self.status = status
