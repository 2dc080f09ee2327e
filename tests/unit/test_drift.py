"""Drift and skew: false alarms on halves of one set, real shifts found, and the measures against other libraries."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError
from scipy import stats
from scipy.spatial.distance import jensenshannon

from components.data_validator.analysis.distance import DISTANCES, Distance, jensen_shannon, measure
from components.data_validator.analysis.distribution import describe
from components.data_validator.analysis.drift import DRIFT, Tolerance, compare
from components.formats.distributions import Distribution, Distributions, Numbers, Texts
from components.shared.errors import InputError
from pipeline.cli.reference import config_table
from pipeline.config.gates import DriftGate

ROWS = 5_000
CITIES = np.array(["berlin", "london", "paris", "rome", "oslo"])


def table(rows: int, seed: int) -> dict[str, np.ndarray]:
    """Columns of every shape that has caused false alarms: heavy tails, few values, atoms, missing, many texts."""
    rng = np.random.default_rng(seed)
    gappy = rng.normal(size=rows)
    gappy[rng.random(rows) < 0.2] = np.nan
    atoms = np.where(rng.random(rows) < 0.4, 0.0, rng.exponential(size=rows))
    return {
        "normal": rng.normal(size=rows),
        "heavy": rng.standard_cauchy(rows),
        "count": rng.poisson(2, rows).astype(float),
        "binary": (rng.random(rows) < 0.03).astype(float),
        "gappy": gappy,
        "atoms": atoms,
        "city": rng.choice(CITIES, rows, p=[0.5, 0.3, 0.1, 0.07, 0.03]).astype(object),
        "street": np.array([f"s{n}" for n in np.minimum(rng.zipf(1.4, rows), 100_000)], object),
        "id": np.array([f"i{n}" for n in rng.integers(0, 4 * rows, rows)], object),
    }


def described(columns: dict[str, np.ndarray], keep: np.ndarray | slice = slice(None)) -> dict[str, Distribution]:
    return {
        name: describe(pa.array(values[keep], pa.string()) if values.dtype == object else values[keep])
        for name, values in columns.items()
    }


def found(now: dict[str, np.ndarray], before: dict[str, np.ndarray], **tolerance: object) -> set[tuple[str, str]]:
    _, anomalies = compare(
        DRIFT, "train", described(now), described(before), "version 1", Tolerance("warn", **tolerance)
    )
    return {(anomaly.column, anomaly.method) for anomaly in anomalies}


@pytest.mark.parametrize("share", [0.5, 0.76])
def test_random_halves_of_one_set_do_not_alarm(share: float):
    columns = table(ROWS, 0)
    alarms = []
    for seed in range(100):
        first = np.random.default_rng(seed).random(ROWS) < share
        _, anomalies = compare(
            DRIFT, "train", described(columns, first), described(columns, ~first), "other half", Tolerance("warn")
        )
        if anomalies:
            alarms.append([anomaly.sentence for anomaly in anomalies])
    assert len(alarms) <= 1, alarms


def test_fresh_samples_of_one_distribution_do_not_alarm():
    alarms = [seed for seed in range(50) if found(table(ROWS, 2 * seed), table(ROWS, 2 * seed + 1))]
    assert len(alarms) <= 1


@pytest.mark.parametrize("rows", [ROWS, int(0.64 * ROWS), int(0.2 * ROWS)])
def test_real_shifts_are_found(rows: int):
    before, now = table(rows, 1), table(rows, 2)
    rng = np.random.default_rng(3)
    now["normal"] = now["normal"] + 0.5
    now["city"] = np.where(rng.random(rows) < 0.05, "vienna", now["city"]).astype(object)
    now["gappy"] = np.where(rng.random(rows) < 0.125, np.nan, now["gappy"])  # 20 % missing become 30 %
    alarms = found(now, before)
    assert {(column, method) for column, method in alarms if column in ("normal", "city", "gappy")} >= {
        ("normal", DISTANCES["kolmogorov_smirnov"].words),
        ("normal", DISTANCES["jensen_shannon"].words),
        ("city", DISTANCES["new_values"].words),
    }
    assert rows < 2_000 or ("gappy", DISTANCES["missing"].words) in alarms
    assert {column for column, _ in alarms} <= {"normal", "city", "gappy"}


def test_large_samples_do_not_alarm_on_trivial_differences():
    before, now = table(300_000, 1), table(300_000, 2)
    shifted = now["normal"] + 0.05
    assert stats.ks_2samp(shifted, before["normal"]).pvalue < 1e-6
    now["normal"] = shifted
    assert found(now, before) == set()


def test_ks_distance_equals_scipys():
    rng = np.random.default_rng(0)
    pairs = [
        (rng.normal(size=4_000), rng.normal(0.3, 1.2, size=3_000)),
        (rng.poisson(2, 4_000).astype(float), rng.poisson(3, 3_000).astype(float)),
        (np.where(rng.random(4_000) < 0.3, 1.0, rng.normal(size=4_000)), rng.normal(size=3_000)),
        (np.array([0.0, 1.0] * 50), np.array([0.5] * 50)),
    ]
    for now, before in pairs:
        [ks] = [
            one for one in measure(describe(now), describe(before), 0.001) if one.distance.name == "kolmogorov_smirnov"
        ]
        assert ks.value == pytest.approx(stats.ks_2samp(now, before).statistic, abs=2 / 256)


def test_jensen_shannon_equals_scipys():
    p, q = np.array([0.1, 0.0, 0.4, 0.5]), np.array([0.3, 0.2, 0.0, 0.5])
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2)
    assert jensen_shannon(p, p) == 0
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


def test_bounds_equal_the_formulas():
    rng = np.random.default_rng(0)
    now, before = describe(rng.normal(size=400)), describe(rng.normal(size=300))
    bounds = {one.distance.name: one.threshold for one in measure(now, before, 0.01)}
    spread = 1 / 400 + 1 / 300
    assert bounds["kolmogorov_smirnov"] == pytest.approx(stats.kstwobign.isf(0.01) * math.sqrt(spread), rel=1e-3)
    assert bounds["jensen_shannon"] == pytest.approx(stats.chi2.isf(0.01, 19) * spread / (8 * math.log(2)))
    texts = [describe(pa.array(["a"] * ones + ["b"] * (200 - ones))) for ones in (90, 110)]
    bounds = {one.distance.name: one.threshold for one in measure(texts[0], texts[1], 0.01)}
    # The pooled share of each is 1/2; there are two texts.
    assert bounds["l_infinity"] == pytest.approx(stats.norm.isf(0.01 / 4) * math.sqrt(0.25 * 2 / 200))
    unseen = math.log(100) / 200
    assert bounds["new_values"] == pytest.approx(unseen + stats.norm.isf(0.005) * math.sqrt(unseen / 200))


def test_rows_of_one_key_count_once():
    values = np.repeat(np.random.default_rng(0).normal(size=100), 50)
    alone, grouped = (describe(values, independent) for independent in (None, 100))
    bounds = [measure(one, one, 0.01)[1].threshold for one in (alone, grouped)]
    assert bounds[1] == pytest.approx(bounds[0] * math.sqrt(50), rel=0.05) or bounds[0] == 0.05


def test_sentences_say_what_changed():
    before = {"x": np.array([1.0] * 100), "c": np.array(["a"] * 100, object), "m": np.zeros(100)}
    now = {"x": np.array([2.0] * 100), "c": np.array(["b"] * 100, object), "m": np.array([0.0] * 50 + [np.nan] * 50)}
    _, anomalies = compare(
        DRIFT, "eval", described(now), described(before), "pushed version 3", Tolerance("fail", 0.01)
    )
    sentences = {(anomaly.column, anomaly.method): anomaly.sentence for anomaly in anomalies}
    assert sentences["x", "Kolmogorov-Smirnov distance"] == (
        '"x" must be alike in the eval split and in pushed version 3, got a Kolmogorov-Smirnov distance of 1 '
        "(at most 0.274): the median 1 became 2."
    )
    assert sentences["c", "share of new values"].endswith('new are "b".')
    assert sentences["c", "L-infinity distance"].endswith(': "a" went from 100.0% to 0.0%.')
    assert sentences["m", "difference in missing share"].endswith(": 0.0% missing became 50.0%.")
    [missing] = [anomaly for anomaly in anomalies if anomaly.column == "m"]
    assert (missing.kind, missing.level, missing.remedy) == ("DRIFT", "fail", "gates.drift.thresholds: {missing: 0.53}")


def test_thresholds_of_the_configuration_replace_the_derived_ones():
    before = {"x": np.linspace(0, 1, 1_000)}
    now = {"x": np.linspace(0.1, 1.1, 1_000)}
    loose = {"kolmogorov_smirnov": 0.5, "jensen_shannon": 0.9}
    assert len(found(now, before)) == 2
    assert found(now, before, thresholds=loose) == set()
    with pytest.raises(InputError) as raised:
        Tolerance("warn", thresholds={"jensen_shanon": 0.1})
    assert str(raised.value).endswith('got "jensen_shanon". Did you mean "jensen_shannon"?')


def test_few_rows_are_not_measured():
    comparisons, anomalies = compare(
        DRIFT, "eval", described({"x": np.zeros(5)}), described({"x": np.ones(5)}), "train", Tolerance("warn")
    )
    assert anomalies == []
    assert {one.method for one in comparisons if one.value is None} == {
        DISTANCES["kolmogorov_smirnov"].words,
        DISTANCES["jensen_shannon"].words,
    }


def test_distributions_survive_the_file(tmp_path: Path):
    columns = described(table(3_000, 0) | {"none": np.full(3_000, np.nan)})
    Distributions({"train": columns}).write(tmp_path)
    assert (tmp_path / "distributions.json").stat().st_size < 200_000
    again = Distributions.read(tmp_path).splits["train"]
    assert again.keys() == columns.keys()
    for name, one in columns.items():
        assert all((found.value or 0) < 1e-5 for found in measure(again[name], one, 0.01)), name
    assert isinstance(again["city"], Texts)
    assert isinstance(again["none"], Numbers)
    assert (again["none"].missing, len(again["none"].points)) == (3_000, 0)


def test_a_number_is_the_same_in_32_and_64_bits():
    short, long = (describe(np.array([0.1, 0.2, 0.3] * 100, kind).astype(np.float64)) for kind in ("f4", "f8"))
    assert all(one.value == 0 for one in measure(short, long, 0.01))


def test_a_distance_is_one_entry(monkeypatch: pytest.MonkeyPatch):
    """It is measured, it shares the false alarms with the others, and the configuration takes its name."""
    before, now = {"x": np.linspace(0, 1, 400)}, {"x": np.linspace(0.5, 1.5, 300)}
    rates = []

    def medians(now: Numbers, before: Numbers, rate: float) -> tuple[float, float]:
        rates.append(rate)
        return abs(now.quantile(0.5) - before.quantile(0.5)), 0.1

    distance = Distance(
        "medians",
        "difference of medians",
        kinds=(Numbers,),
        compare=medians,
        smallest_effect=0.2,
        change=lambda now, before: "it moved",
    )
    with pytest.raises(ValidationError):
        DriftGate(thresholds={"medians": 0.3})
    monkeypatch.setitem(DISTANCES, "medians", distance)
    assert DriftGate(thresholds={"medians": 0.3}).thresholds == {"medians": 0.3}
    assert "`medians`" in config_table()
    comparisons, anomalies = compare(DRIFT, "eval", described(now), described(before), "train", Tolerance("warn", 0.01))
    assert rates == [0.01 / 4]
    [comparison] = [one for one in comparisons if one.method == "difference of medians"]
    assert (comparison.value, comparison.threshold) == (pytest.approx(0.5, abs=0.01), 0.2)
    [anomaly] = [one for one in anomalies if one.method == "difference of medians"]
    assert anomaly.sentence.endswith("got a difference of medians of 0.5 (at most 0.2): it moved.")
    assert anomaly.remedy is not None
    assert anomaly.remedy.startswith("gates.drift.thresholds: {medians: ")


def test_only_some_differences_are_shown_by_rows():
    before = describe(pa.array(["a", "b"]))
    rules = {name: distance.example_rule("c", before) for name, distance in DISTANCES.items()}
    assert {name: rule.must for name, rule in rules.items() if rule is not None} == {
        "missing": "have a value in every row",
        "new_values": "be one of a, b",
    }
