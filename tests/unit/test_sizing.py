"""What a run is said to take: the model on constants of its own, and on those that were measured."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.trainer.network.architecture import Architecture
from components.trainer.network.work import multiply_adds
from components.trainer.presets import PRESETS
from components.trainer.recipe import Recipe
from pipeline.config.resolve import resolve
from pipeline.sizing.estimate import Constants, Epochs, Estimate, Job, constants, costs, expected, held, terms
from pipeline.sizing.growth import growth_rows, job_of, run_rows
from pipeline.sizing.shape import Shape, shape_of
from pipeline.sizing.speed import Speed
from pipeline.sizing.words import in_a_sentence, in_gibibytes, in_words
from pipeline.verbs.check import check_data
from tests.benchmarks.sizing import coefficients, fitted

SHAPE = Shape(rows=20_000, columns=12, numbers=10, texts=2, entries=44)
SPEED = Speed(loop=0.01, product=0.002, cores=2)
KNOWN = Constants(
    SPEED,
    seconds={
        "Transform": {"fixed": 3.0, "columns": 0.1, "rows": 5.0},
        "Trainer": {"fixed": 2.0, "trainings": 4.0, "network": 10.0},
    },
    memory={"Transform": {"fixed": 900.0}, "Trainer": {"fixed": 1000.0, "held": 1.5}},
    epochs={"default": (10, 20, 40, 15), "seed": (25, 50, 90, 0)},
    runs=(),
)
SAMPLE = {
    "preset": "default",
    "training": {"epochs": 5},
    "epochs": [5, 10],
    "shape": asdict(SHAPE),
}


def job(shape: Shape = SHAPE, **training: object) -> Job:
    return Job(shape, Architecture(), Recipe(**training))


def test_the_size_of_a_table_is_what_its_columns_hold(tmp_path: Path):
    count = 300
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": random.normal(size=count),
            "whole": random.integers(0, 50, count),
            "town": random.choice([f"town {place}" for place in range(7)], count),
            "code": random.integers(0, 9, count),
            "v1": random.normal(size=count),
            "v2": random.normal(size=count),
            "y": random.normal(size=count),
            "k": random.choice(["a", "b", "c", "d"], count),
        }
    )
    frame.loc[0, ["y", "k"]] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    flags = {"data.path": str(tmp_path / "t.csv"), "labels.regression": "y", "labels.classification": "k"}
    settings = ["features.categorical=[code]", "features.vectors={v: v*}", "data.split.eval=0.2"]
    config = resolve(flags=flags, overrides=settings).config
    checked = check_data(config)
    found = shape_of(checked.plan.profile, checked.features, config)
    texts = frame["town"].nunique() + 2 + frame["code"].nunique() + 2
    assert (found.rows, found.columns, found.numbers, found.texts) == (count - 1, 5, 4, 2)
    assert (found.entries, found.classes) == (texts, 4)
    assert (found.train, found.validation, found.eval) == pytest.approx((1 - 0.16 - 0.08 - 0.2, 0.16, 0.2))
    few = resolve(flags=flags, overrides=[*settings, "features.max_categories=3"]).config
    assert shape_of(checked.plan.profile, checked.features, few).entries == 2 * (3 + 2)


def test_seconds_are_the_sum_of_the_terms():
    times, memory = costs(replace(job(), epochs=Epochs(3)), SPEED, KNOWN)
    assert times["Transform"] == pytest.approx(3 + 0.1 * 12 + 5 * 0.02)
    answer = multiply_adds(Architecture(), 10, 2, 44, 3)
    assert times["Trainer"] == pytest.approx(2 + 4 + 10 * 3 * answer * (3 * 12_800 + 3_200) / 1e12)
    features, labels = 12_800 * 12 * 8, 12_800 * 20
    validation = 3_200 * (12 * 8 + 20)
    assert memory == pytest.approx({"Transform": 900, "Trainer": 1000 + 1.5 * (features + labels + validation) / 2**20})


def test_a_slower_machine_takes_longer_where_it_is_slower():
    one = costs(job(), SPEED, KNOWN)[0]
    loop = costs(job(), replace(SPEED, loop=0.02), KNOWN)[0]
    product = costs(job(), replace(SPEED, product=0.004), KNOWN)[0]
    assert loop["Transform"] == pytest.approx(2 * one["Transform"])
    assert product["Transform"] == pytest.approx(one["Transform"])
    assert (loop["Trainer"] - one["Trainer"], product["Trainer"] - one["Trainer"]) == pytest.approx(
        (2 + 4, one["Trainer"] - 6)
    )
    assert costs(job(), replace(SPEED, cores=1), KNOWN)[0]["Trainer"] == pytest.approx(product["Trainer"])
    assert costs(job(), replace(SPEED, cores=16), KNOWN)[0] == one


@pytest.mark.parametrize("size", ["rows", "columns", "numbers", "texts", "entries", "classes"])
def test_nothing_takes_less_of_a_larger_table(size: str):
    known = constants()
    for preset in PRESETS.values():
        smaller = Job(SHAPE, preset.architecture(), preset.recipe(), Epochs(5))
        for factor in (2, 10, 1000):
            larger = replace(smaller, shape=replace(SHAPE, **{size: factor * getattr(SHAPE, size)}))
            for before, after in zip(costs(smaller, SPEED, known), costs(larger, SPEED, known), strict=True):
                assert all(after[step] >= value * (1 - 1e-12) for step, value in before.items())


def test_rows_cost_seconds_and_labels_memory():
    known = constants()
    one, two = (
        costs(Job(replace(SHAPE, rows=rows), Architecture(), Recipe(), Epochs(5)), SPEED, known)
        for rows in (10**6, 10**7)
    )
    for step in ("ExampleGen", "Transform", "Trainer", "Evaluator"):
        assert two[0][step] > one[0][step]
    assert two[1]["Trainer"] > one[1]["Trainer"]


def test_a_member_that_sees_fewer_rows_costs_less():
    few, many = (replace(SHAPE, rows=rows) for rows in (78_000, 79_000))
    assert few.train_rows <= 50_000 < many.train_rows
    ratio = job(many).epoch() / job(few).epoch()
    share = (3 * 2 / 8 * 0.64 + 0.16) / (3 * 0.64 + 0.16)
    assert ratio == pytest.approx(share * 79 / 78, rel=1e-3)


@pytest.mark.parametrize(
    ("training", "epochs", "fewest", "most", "alone"),
    [
        ({}, 20, 10, 40, True),
        ({"epochs": 30}, 20, 10, 30, True),
        ({"epochs": 15}, 15, 10, 15, True),
        ({"epochs": 4}, 4, 4, 4, True),
        ({"minutes": 1000}, 20, 10, 40, True),
        ({"regression_weight": 0}, 20, 10, 40, False),
    ],
)
def test_epochs_are_the_usual_ones_within_what_is_allowed(training, epochs, fewest, most, alone):
    found = expected(job(**training), "default", SPEED, KNOWN)
    assert (found.epochs, found.fewest, found.most) == (epochs, fewest, most)
    both = costs(replace(job(**training), epochs=Epochs(epochs)), SPEED, KNOWN)[0]["Trainer"]
    assert (found.seconds["Trainer"] > both + 4) is alone


def test_heads_train_alone_no_longer_than_allowed():
    found = expected(job(epochs=4), "default", SPEED, KNOWN)
    assert found.seconds == costs(replace(job(epochs=4), epochs=Epochs(4, 8)), SPEED, KNOWN)[0]


def test_minutes_bound_the_epochs():
    one, two = (costs(replace(job(), epochs=Epochs(epochs)), SPEED, KNOWN)[0]["Trainer"] for epochs in (1, 2))
    minutes = 6.5 * (two - one) / 60
    found = expected(job(minutes=minutes), "default", SPEED, KNOWN)
    assert (found.epochs, found.fewest, found.most) == (7, 7, 7)
    # No time is left for the heads alone.
    assert found.seconds["Trainer"] == pytest.approx(one + 6 * (two - one))


def test_a_preset_without_a_measurement_has_the_epochs_of_the_default():
    assert expected(job(), "seed", SPEED, KNOWN).epochs == 50
    assert expected(job(), "best", SPEED, KNOWN).epochs == 20


@pytest.mark.parametrize(
    ("trunk", "rows", "branches"),
    [("auto", 20_000, True), ("auto", 5_000, False), ("auto", 90_000, False), ("mmoe", 20_000, False)],
)
def test_heads_are_tried_alone_where_the_trainer_tries_them(trunk: str, rows: int, branches: bool):
    assert Job(replace(SHAPE, rows=rows), Architecture(trunk=trunk), Recipe()).branches is branches


def test_relatedness_trains_three_networks_for_each_seed():
    without, two, four = (costs(replace(job(), seeds=seeds), SPEED, KNOWN)[0] for seeds in (0, 2, 4))
    assert "Relatedness" not in without
    assert four["Relatedness"] == pytest.approx(2 * two["Relatedness"])
    assert two["Relatedness"] > 2 * (2 + 3 * 4)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "5 seconds"),
        (42, "40 seconds"),
        (89, "90 seconds"),
        (91, "2 minutes"),
        (840, "14 minutes"),
        (5399, "90 minutes"),
        (5401, "2 hours"),
        (3600 * 47, "47 hours"),
        (3600 * 49, "2 days"),
        (86_400 * 1234, "1,234 days"),
    ],
)
def test_spans_are_as_rough_as_an_estimate(seconds: float, words: str):
    assert in_words(seconds) == words


def test_memory_is_in_gibibytes():
    assert [in_gibibytes(size) for size in (1434, 9.9 * 1024, 10 * 1024, 4e6)] == [
        "1.4 GiB",
        "9.9 GiB",
        "10 GiB",
        "3,906 GiB",
    ]


FOUND = Estimate(
    seconds={"StatisticsGen": 60.0, "Transform": 120.0, "Trainer": 660.0},
    memory={"StatisticsGen": 9 * 1024, "Transform": 2048.0, "Trainer": 3072.0},
    epochs=40,
    fewest=15,
    most=90,
)


def test_the_sentence_says_the_whole_run_and_what_it_hangs_on():
    assert in_a_sentence(FOUND, "local") == (
        "about 14 minutes and 9.0 GiB of memory here (training 11 minutes at 40 epochs; 15 to 90 are usual)"
    )
    bounded = replace(FOUND, epochs=1, fewest=1, most=1)
    assert in_a_sentence(bounded, "local").endswith("here (training 11 minutes at 1 epoch)")


def test_the_sentence_leaves_out_what_is_done_elsewhere():
    assert in_a_sentence(FOUND, "flink", tfma=True) == (
        "about 11 minutes and 3.0 GiB of memory here beside the Beam steps by flink "
        "and TensorFlow Model Analysis (training 11 minutes at 40 epochs; 15 to 90 are usual)"
    )


def test_speed_is_told_in_a_moment():
    found = [Speed.measured() for _ in range(2)]
    assert all(0 < value < 0.1 for speed in found for value in (speed.loop, speed.product))
    assert found[0].cores >= 1


def test_a_fit_finds_the_coefficients_that_made_the_figures():
    random = np.random.default_rng(3)
    runs = []
    for _ in range(30):
        rows, numbers, texts = (int(value) for value in random.integers((10**3, 2, 0), (10**6, 90, 20)))
        shape = Shape(rows, numbers + texts, numbers, texts, 22 * texts)
        runs.append(SAMPLE | {"shape": asdict(shape), "epochs": [int(random.integers(1, 30)), 0]})
    truth = {"fixed": 2.0, "trainings": 4.0, "rows": 3.0, "network": 10.0}
    for run in runs:
        amounts = terms("Trainer", job_of(run))
        run["seconds"] = {"Trainer": sum(truth.get(name, 0.0) * amount for name, amount in amounts.items())}
        run["memory"] = {"Trainer": 1000 + held("Trainer", job_of(run))["held"]}
    seconds, memory = fitted(runs)
    for run in runs:
        made = sum(seconds["Trainer"].get(name, 0.0) * value for name, value in terms("Trainer", job_of(run)).items())
        assert made == pytest.approx(run["seconds"]["Trainer"], rel=1e-6)
    assert seconds["Trainer"]["network"] == pytest.approx(10, rel=1e-6)
    assert seconds["Trainer"]["rows"] == pytest.approx(3, rel=1e-6)
    assert memory["Trainer"] == pytest.approx({"fixed": 1000, "held": 1}, rel=1e-6)


def test_a_fit_takes_no_slope_from_noise():
    amounts = [{"fixed": 1.0, "rows": rows} for rows in (0.001, 0.1, 1.0)]
    found = coefficients(list(zip(amounts, (900.0, 930.0, 940.0), strict=True)))
    assert found["rows"] > 0
    runs = [
        SAMPLE
        | {"shape": asdict(replace(SHAPE, rows=rows)), "seconds": {"Transform": 1.0}, "memory": {"Transform": held}}
        for rows, held in ((1_000, 900.0), (100_000, 930.0), (1_000_000, 940.0))
    ]
    assert fitted(runs)[1]["Transform"] == pytest.approx({"fixed": 3 / (1 / 900 + 1 / 930 + 1 / 940)}, rel=0.01)


def test_the_table_of_growth_adds_up():
    heading, *rows = growth_rows()
    figures = {name: [float(cell.replace(",", "").removesuffix(" h")) for cell in cells] for name, *cells in rows}
    assert {len(row) for row in rows} == {len(heading)}
    whole = figures.pop("whole run")
    assert [sum(column) for column in zip(*figures.values(), strict=True)][:4] == pytest.approx(whole[:4], abs=0.5)
    assert whole[-1] == max(row[-1] for row in figures.values())
    fixed, slope, first, second = whole[:4]
    assert first == pytest.approx((fixed + 100 * slope) / 3600, abs=0.1, rel=0.02)
    assert second == pytest.approx((fixed + 1000 * slope) / 3600, abs=0.1, rel=0.02)


def test_the_table_of_runs_shows_what_was_measured():
    heading, *rows = run_rows()
    assert len(rows) == len(constants().runs)
    for row, run in zip(rows, constants().runs, strict=True):
        assert row[0] == f"{run['shape']['rows']:,}"
        assert float(row[5]) == pytest.approx(sum(run["seconds"].values()), abs=0.5)
        assert len(row) == len(heading)
