"""How tests are dealt to processes, where `make test` runs them in several, how XLA compiles, and what takes long."""

from __future__ import annotations

import os
from typing import Any

import pytest

from components.trainer.xla import FLAGS, PLAIN_EMITTERS

# Tests train small networks for a few steps, so that most of their time is XLA's, and most of that LLVM's: without
# optimisation, and with these kernels, it takes half. Which kernels a run has, by its network, is the subject of
# `test_xla.py`; the fixture `wine` compiles as a user's run does.
os.environ.setdefault(FLAGS, f"{PLAIN_EMITTERS} --xla_backend_optimization_level=0")

# The files that use the fixture `wine`, which takes half a minute to make: all of them run in one process.
WINE = tuple(f"tests/e2e/test_{name}.py" for name in ("relate", "report", "run", "tune", "validate"))
# What these files share, they make again for each of its parameters, which may run in different processes.
APART = ("tests/e2e/test_real_data.py", "tests/real_writers/test_real_writers.py")
# The longest first, so that all processes have something to do until the end.
FOLDERS = ("e2e", "components")
LONG = 120
"""Seconds; a test that takes longer is a slow proof, or two tests."""


def _unit(name: str) -> str:
    """Returns what runs in one process with the test of a name: its file, more than that, or less."""
    file, _, test = name.partition("::")
    if file in WINE:
        return "wine"
    return f"{file}[{test.partition('[')[2]}" if file in APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deals units in the order in which they are collected.

    Marks of `--dist loadgroup` would be nearer to the tests, but pytest-xdist 3.8 does not see them with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Units(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _unit(nodeid)

    config.option.loadscopereorder = False
    return Units(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts long tests first where pytest-xdist deals them.

    Raises:
        pytest.UsageError: a file uses `wine` and is not in `WINE`.
    """
    users = {item.nodeid.partition("::")[0] for item in items if "wine" in getattr(item, "fixturenames", ())}
    if users - set(WINE):
        raise pytest.UsageError(f"WINE in tests/conftest.py must name {', '.join(sorted(users - set(WINE)))}.")
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    folder = item.nodeid.split("/")[1]
    return FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the tests of the default lane that take long, with their fixtures."""
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            if getattr(report, "duration", 0) > LONG and not {"slow", "browser", "image"} & set(report.keywords):
                terminalreporter.write_line(f"over {LONG} seconds: {report.nodeid} ({report.when})", yellow=True)
