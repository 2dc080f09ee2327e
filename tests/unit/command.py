"""The command in this process, and a table for it."""

import os
import sys
from dataclasses import dataclass

import pandas as pd
import pytest

from pipeline.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    error: str


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> Said:
    """Runs `mtl` with arguments."""
    monkeypatch.setattr(sys, "argv", ["mtl", *map(str, arguments)])
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):  # what the command changes for its children does not outlive it
        monkeypatch.setenv(name, os.environ.get(name, ""))
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    captured = capsys.readouterr()
    return Said(code, captured.out, captured.err)


def rows(**columns: object) -> pd.DataFrame:
    """Forty rows with two features, a number y and a class k; `columns` replaces or adds."""
    table = {
        "x": range(40),
        "c": ["red", "blue"] * 20,
        "y": [row / 2 for row in range(40)],
        "k": ["a", "b", "b", "c"] * 10,
    }
    return pd.DataFrame(table | columns)


def write(table: pd.DataFrame, path: str = "t.csv") -> None:
    table.to_csv(path, index=False)


FLAGS = ("--data", "t.csv", "--regression", "y", "--classification", "k")


def refused(said: Said) -> str:
    """The one sentence of a refusal."""
    assert said.code == 2, said
    assert "Traceback" not in said.error + said.out
    assert said.error.startswith("error: ")
    assert said.error.count("error:") == 1
    assert said.error.count("\n") == 1
    return said.error.removeprefix("error: ").rstrip("\n")
