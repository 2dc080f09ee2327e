"""How tests are dealt to processes, where `make test` runs them in several, how XLA compiles, and what takes long."""

import os

import pytest

from components.trainer.xla import FLAGS, PLAIN_EMITTERS

# Tests train small networks for a few steps, so that most of their time is XLA's, and most of that LLVM's: without
# optimisation, and with these kernels, it takes half. Which kernels a run has, by its network, is the subject of
# `test_xla.py`; the fixture `wine` compiles as a user's run does.
os.environ.setdefault(FLAGS, f"{PLAIN_EMITTERS} --xla_backend_optimization_level=0")

# What several files use and takes long to make: all tests that use it run in one process.
SHARED = ("wine",)
# What is made again for each of its parameters: the tests of each may run in another process.
APART = ("other_set", "written")
# The longest first, so that all processes have something to do until the end.
FOLDERS = ("e2e", "components")
LONG = 120
"""Seconds; a test that takes longer is a slow proof, or two tests."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps together the tests of a file, and those that share what is expensive; only for pytest-xdist."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=_place)


def _group(item: pytest.Item) -> str:
    fixtures = getattr(item, "fixturenames", ())
    for name in SHARED:
        if name in fixtures:
            return name
    file = item.nodeid.partition("::")[0]
    for name in APART:
        if name in fixtures:
            return f"{file}-{item.callspec.params[name]}"
    return file


def _place(item: pytest.Item) -> int:
    folder = item.nodeid.split("/")[1]
    return FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the tests of the default lane that take long, with their fixtures."""
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            if getattr(report, "duration", 0) > LONG and not {"slow", "browser", "image"} & set(report.keywords):
                terminalreporter.write_line(f"over {LONG} seconds: {report.nodeid} ({report.when})", yellow=True)
