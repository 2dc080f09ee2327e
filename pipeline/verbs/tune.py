"""What a search found, in the terminal and as a configuration that `mtl run` takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

from components.formats.tuning import Tuning
from pipeline.config.resolve import Resolved, map_paths, with_value
from pipeline.errors import ConfigError, InputError
from pipeline.runs.record import Run

_LIST = "tag:yaml.org,2002:seq"
_GIVEN_BY_NOBODY = ("default", "inferred", "preset ")


def asked_for(resolved: Resolved, trials: int | None, minutes: float | None) -> Resolved:
    """Returns the configuration with the options of the command line in it.

    Raises:
        ConfigError: a head's weight is 0, so that there is nothing to judge its half of a trial by.
    """
    for head in ("regression", "classification"):
        if not (weight := getattr(resolved.config.training, f"{head}_weight")):
            raise ConfigError(
                f"training.{head}_weight must be above 0 to judge trials by both heads, got {weight:g}. Set it."
            )
    for name, value in (("trials", trials), ("minutes", minutes)):
        if value is not None:
            resolved = with_value(resolved, f"tuning.{name}", value, "command line")
    return resolved


def require_free(target: Path, overwrite: bool) -> None:
    """Raises InputError if a file would be lost, or cannot be written, before anything is searched."""
    if target.exists() and not overwrite:
        raise InputError(
            f"--write must be a file that is not there yet, got {target}. Name another one, or add --overwrite."
        )
    if not target.absolute().parent.is_dir():
        raise InputError(f"--write must be in a folder that is there, got {target}. Make the folder, or name another.")


def results_of(run: Run) -> Tuning:
    """Returns what the search of a run found."""
    folder = run.artifact("Tuner", "tuner_results")
    assert folder is not None, "the search has ended, so it has left its results"
    return Tuning.read(folder)


def show_best(console: Console, results: Tuning) -> None:
    """Prints the best trial beside the starting configuration, the first trial."""
    best = results.best
    console.print()
    for title, trial in (("start", results.trials[0]), ("best", best)):
        if trial.ratios is None or trial.losses is None:
            console.print(Text(f"{title:<6} failed: {trial.problem}"), soft_wrap=True)
            continue
        heads = ", ".join(
            f"{head} {trial.ratios[head]:.4f} ({trial.losses[head]:.4g} / {reference:.4g} alone)"
            for head, reference in results.references.items()
        )
        line = f"{title:<6} trial {trial.number}: objective {trial.score:.4f} = mean of {heads}"
        console.print(Text(line), soft_wrap=True)
    console.print(Text(f"\n{_yaml(nested(best.values))}"), soft_wrap=True, end="")


def tuned(resolved: Resolved, results: Tuning, target: Path) -> str:
    """Returns the user's configuration with the best trial's values in it, as YAML.

    What the user set stays, by whatever way it was given; comments do not. Paths are written as the file at `target`
    must have them.

    Args:
        resolved: the configuration the search started from.
        results: what the search found.
        target: where the text is to lie.
    """
    values = _given(resolved.config.as_json(), resolved)
    map_paths(values, lambda path: _relative(path, target.absolute().parent))
    best = results.best
    for section, found in nested(best.values).items():
        values[section] = values.get(section, {}) | found
    kept = f"# Found by mtl tune: trial {best.number} of {len(results.trials)}, objective {best.score:.4f}"
    return f"{kept}, start {_start(results)}.\n{_yaml(values)}"


def nested(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns dotted keys as sections."""
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
    return sections


def _start(results: Tuning) -> str:
    first = results.trials[0].objective
    return "failed" if first is None else f"{first:.4f}"


def _given(values: Mapping[str, Any], resolved: Resolved, prefix: str = "") -> dict[str, Any]:
    """Returns the values that the user gave, sections and all."""
    kept = {}
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            inner = _given(value, resolved, f"{key}.")
            if inner:
                kept[name] = inner
        elif not resolved.origin(key).startswith(_GIVEN_BY_NOBODY):
            kept[name] = value
    return kept


def _relative(path: str, folder: Path) -> str:
    """Returns a path as a file in the folder names it: what lies in the folder moves with it."""
    inside = "://" not in path and Path(path).is_relative_to(folder)
    return str(Path(path).relative_to(folder)) if inside else path


class _Dumper(yaml.SafeDumper):
    """Writes mappings as blocks and lists in one line, as a person would."""


_Dumper.add_representer(list, lambda dumper, values: dumper.represent_sequence(_LIST, values, flow_style=True))


def _yaml(values: Mapping[str, Any]) -> str:
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
