"""The command `mtl`: the group of its verbs, and how errors become one sentence and an exit code.

A verb is a function in one of the modules of verbs and one entry in its `VERBS`. TensorFlow and TFX are imported inside
the verbs that need them, so help and errors answer at once.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import traceback

import click

from components.shared.process_isolation import isolate_children
from pipeline.cli import config_verbs, data_verbs, history_verbs, model_verbs, pipeline_verbs, schema_verbs
from pipeline.errors import MtlError
from pipeline.kubeflow.verbs.group import kubeflow


def main() -> None:
    """Entry point of `mtl`: 0 done, 1 a bug, 2 the user's input, 3 rejected by a gate."""
    # Without a handler, a process that is number 1 of its container never gets the signal that is to end it.
    signal.signal(signal.SIGTERM, _terminate)
    isolate_children()
    try:
        cli.main(prog_name="mtl", standalone_mode=False)
    except MtlError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        _fail("Interrupted. The next run continues from the steps that are done.", 130)
    except Terminated:
        _fail("Terminated. The next run continues from the steps that are done.", 128 + signal.SIGTERM)
    except Exception as error:
        _fail(_bug(error), 1)


class Terminated(SystemExit):
    """The process got SIGTERM; raised like an interrupt, so that everything is left in order."""


def _terminate(*_: object) -> None:
    raise Terminated(128 + signal.SIGTERM)


def _fail(message: str, code: int) -> None:
    click.echo(click.style("error: ", fg="red", bold=True) + message, err=True)
    sys.exit(code)


def _bug(error: Exception) -> str:
    """Writes the traceback to a file and returns the sentence that names it."""
    with tempfile.NamedTemporaryFile("w", prefix="mtl-", suffix=".log", delete=False, encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    message = (str(error).strip().splitlines() or [""])[0]
    return f"This is a bug in mtl: {type(error).__name__}: {message}. Report it with the file {file.name}."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="mtl-pipeline", message="%(package)s %(version)s")
def cli() -> None:
    """Multi-task learning on tables: from a CSV to a pushed model with a regression and a classification head.

    Exit codes: 0 done, 1 a bug, 2 the input must change, 3 rejected by a gate.
    """


for module in (pipeline_verbs, config_verbs, history_verbs, model_verbs, data_verbs, schema_verbs):
    for verb in module.VERBS:
        cli.add_command(verb)
cli.add_command(kubeflow)


if __name__ == "__main__":
    main()
