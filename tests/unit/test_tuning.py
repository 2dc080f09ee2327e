"""The search space of `mtl tune`, and the configuration it writes."""

import itertools
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from components.formats.tuning import Trial, Tuning
from pipeline.config.resolve import resolve
from pipeline.config.run import Config
from pipeline.config.tuning import HELD, SearchRange, default_space
from pipeline.errors import ConfigError, InputError
from pipeline.verbs.tune import asked_for, nested, require_free, show_best, tuned

FILE = """\
# A comment.
data:
  path: t.csv
  missing: ["", "?"]
labels: {regression: y, classification: k}
training: {epochs: 7}
features:
  vectors: {emb.one: e_*}
tuning: {seed: 3, space: {model.dropout: [0, 0.5], training.learning_rate: {min: 0.01, max: 0.1}}}
push: {destination: s3://bucket/models}
preset: best
"""
REFERENCES = {"regression": 0.5, "classification": 0.8}


def trial(number: int, objective: float | None, **values: object) -> Trial:
    found = {key.replace("__", "."): value for key, value in values.items()}
    if objective is None:
        return Trial(number, found, None, problem="It diverged.")
    ratios = {"regression": objective - 0.1, "classification": objective + 0.1}
    losses = {head: ratio * REFERENCES[head] for head, ratio in ratios.items()}
    return Trial(number, found, objective, ratios, losses)


RESULTS = Tuning(
    method="random",
    seed=3,
    epochs=7,
    metrics={},
    references=REFERENCES,
    space={},
    start={},
    trials=(
        trial(1, 1.25, model__dropout=0.0, training__learning_rate=0.001, model__hidden=[128, 64]),
        trial(2, None, model__dropout=0.5, training__learning_rate=0.1, model__hidden=[64]),
        trial(3, 0.75, model__dropout=0.5, training__learning_rate=0.02, model__hidden=[64, 64]),
        trial(4, 0.75, model__dropout=0.5, training__learning_rate=0.03, model__hidden=[64]),
    ),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "mtl.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "conf"


def spaced(folder: Path, space: str):
    file = folder / "space.yaml"
    file.write_text(
        f"data: {{path: t.csv}}\nlabels: {{regression: y, classification: k}}\ntuning: {{space: {space}}}\n"
    )
    return resolve(file).config.tuning.space


def refusal(folder: Path, space: str) -> str:
    with pytest.raises(ConfigError) as raised:
        spaced(folder, space)
    return str(raised.value)


def test_every_value_of_the_default_space_is_one_the_configuration_takes():
    sections = {
        "model": Config.model_fields["model"].annotation,
        "training": Config.model_fields["training"].annotation,
    }
    for key, allowed in default_space().items():
        section, name = key.split(".")
        assert key not in HELD
        for value in [allowed.min, allowed.max] if isinstance(allowed, SearchRange) else allowed:
            assert getattr(sections[section].model_validate({name: value}), name) == value, key


def test_the_default_space_can_be_checked_as_a_users_is(folder: Path):
    written = {key: one.model_dump() if isinstance(one, SearchRange) else one for key, one in default_space().items()}
    assert spaced(folder, yaml.safe_dump(written, default_flow_style=True)) == default_space()


def test_values_are_what_the_configuration_makes_of_them(folder: Path):
    space = spaced(folder, "{training.batch_size: [16.0, 32], model.dropout: {min: 0, max: 1.0e-1}}")
    assert space == {"training.batch_size": [16, 32], "model.dropout": SearchRange(min=0, max=0.1)}
    assert all(type(value) is int for value in space["training.batch_size"])


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ("{model.dropout: [0.1, 1.5]}", "model.dropout must be below 1, got 1.5. Correct it in tuning.space."),
        (
            "{model.block: [plan]}",
            'model.block must be plain or residual, got "plan". Did you mean "plain"?',
        ),
        ("{model.hiden: [[8]]}", 'model.hiden must be a known key, got an unknown one. Did you mean "hidden"?'),
        (
            "{modell.hidden: [[8]]}",
            'tuning.space must name keys of model or training that may vary, got "modell.hidden". '
            'Did you mean "model.hidden"?',
        ),
        (
            "{training: [1]}",
            'tuning.space must name keys of model or training that may vary, got "training". Take it out.',
        ),
        (
            "{training.seed: [1, 2]}",
            'tuning.space must name keys of model or training that may vary, got "training.seed". Take it out.',
        ),
        (
            "{training.memory_mb: [1, 2]}",
            'tuning.space must name keys of model or training that may vary, got "training.memory_mb". Take it out.',
        ),
        (
            "{training.minutes: [1, 2]}",
            'tuning.space must name keys of model or training that may vary, got "training.minutes". Take it out.',
        ),
        ("{model.l2: []}", "tuning.space: model.l2 must have at least one value, got none. Name one."),
        ("{model.l2: 0.1}", "tuning.space.model.l2 must be a list, got 0.1. Write [0.1]."),
        ("{model.l2: {min: 0}}", "tuning.space.model.l2.max must be given, got nothing. Add it to space.yaml."),
        ("{model.l2: {min: 2, max: 1}}", "tuning.space.model.l2.min must be below max, got 2 and 1. Swap them."),
        (
            "{model.l2: {min: 0, max: 1, log: true}}",
            "tuning.space.model.l2.min must be above 0 on a logarithmic scale, got 0. Raise it.",
        ),
        (
            "{model.l2: {min: 0.1, max: 1, log: true}}",
            "model.l2 must be above 0 to be searched on a logarithmic scale, got 0. Set it, or give a list of values "
            "in tuning.space.",
        ),
        (
            "{model.l2: {min: 0, max: 1, lg: true}}",
            'tuning.space.model.l2.lg must be a known key, got an unknown one. Did you mean "log"?',
        ),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(folder: Path, space: str, sentence: str):
    assert refusal(folder, space) == sentence


def test_a_range_of_what_is_no_number_is_refused(folder: Path):
    assert refusal(folder, "{model.hidden: {min: 1, max: 2}}").splitlines() == [
        "model.hidden must be a list, got 1.0. Write [1.0].",
        "model.hidden must be a list, got 2.0. Write [2.0].",
    ]


def test_the_written_file_resolves_to_the_best_values_and_to_the_users_own(folder: Path):
    resolved = resolve(folder / "mtl.yaml", {}, ["training.patience=4"])
    target = folder / "tuned.yaml"
    target.write_text(tuned(resolved, RESULTS, target), encoding="utf-8")
    again = resolve(target).config
    assert again.model.hidden == [64, 64]
    assert (again.model.dropout, again.training.learning_rate) == (0.5, 0.02)
    best = {"model": nested(RESULTS.trials[2].values)["model"]}
    expected = resolved.config.model_copy(
        update={
            "model": resolved.config.model.model_copy(update=best["model"]),
            "training": resolved.config.training.model_copy(update={"learning_rate": 0.02}),
        }
    )
    assert again == expected


def test_only_what_was_given_is_written_and_paths_stay_beside_the_file(folder: Path):
    resolved = resolve(folder / "mtl.yaml")
    text = tuned(resolved, RESULTS, folder / "tuned.yaml")
    assert text.startswith("# Found by mtl tune: trial 3 of 4, objective 0.7500, start 1.2500.\n")
    assert yaml.safe_load(text) == {
        "data": {"path": "t.csv", "missing": ["", "?"]},
        "labels": {"regression": "y", "classification": "k"},
        "features": {"vectors": {"emb.one": "e_*"}},
        "training": {"epochs": 7, "learning_rate": 0.02},
        "tuning": {
            "seed": 3,
            "space": {"model.dropout": [0.0, 0.5], "training.learning_rate": {"min": 0.01, "max": 0.1}},
        },
        "push": {"destination": "s3://bucket/models"},
        "preset": "best",
        "model": {"dropout": 0.5, "hidden": [64, 64]},
    }
    assert "  hidden: [64, 64]\n" in text
    elsewhere = yaml.safe_load(tuned(resolved, RESULTS, folder.parent / "other" / "tuned.yaml"))
    assert elsewhere["data"]["path"] == str(folder / "t.csv")


def test_options_of_the_command_line_replace_those_of_the_file(folder: Path):
    resolved = resolve(folder / "mtl.yaml")
    asked = asked_for(resolved, 5, 1.5)
    assert (asked.config.tuning.trials, asked.config.tuning.minutes, asked.config.tuning.seed) == (5, 1.5, 3)
    assert asked.origin("tuning.trials") == "command line"
    assert asked_for(resolved, None, None) == resolved


def test_both_heads_must_count(folder: Path):
    resolved = resolve(folder / "mtl.yaml", {}, ["training.classification_weight=0"])
    with pytest.raises(ConfigError) as raised:
        asked_for(resolved, None, None)
    assert str(raised.value) == (
        "training.classification_weight must be above 0 to judge trials by both heads, got 0. Set it."
    )


def test_a_file_is_never_lost(folder: Path):
    there = folder / "mtl.yaml"
    require_free(there, overwrite=True)
    require_free(folder / "new.yaml", overwrite=False)
    with pytest.raises(InputError) as raised:
        require_free(there, overwrite=False)
    assert str(raised.value) == (
        f"--write must be a file that is not there yet, got {there}. Name another one, or add --overwrite."
    )
    with pytest.raises(InputError, match="--write must be in a folder that is there, got"):
        require_free(folder / "no" / "new.yaml", overwrite=False)


def test_the_best_is_shown_beside_the_start():
    console = Console(width=40, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        show_best(console, RESULTS)
    assert captured.get().splitlines() == [
        "",
        "start  trial 1: objective 1.2500 = mean of regression 1.1500 (0.575 / 0.5 alone), "
        "classification 1.3500 (1.08 / 0.8 alone)",
        "best   trial 3: objective 0.7500 = mean of regression 0.6500 (0.325 / 0.5 alone), "
        "classification 0.8500 (0.68 / 0.8 alone)",
        "",
        "model:",
        "  dropout: 0.5",
        "  hidden: [64, 64]",
        "training:",
        "  learning_rate: 0.02",
    ]


def test_widths_and_depths_of_the_default_space():
    assert sorted(default_space()["model.hidden"]) == sorted(
        [width] * depth for width, depth in itertools.product((64, 128, 256), (1, 2, 3))
    )
