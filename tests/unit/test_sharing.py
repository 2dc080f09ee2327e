"""What sharing did to a head: the change with its interval against SciPy, and the rule of the verdict."""

import itertools

import numpy as np
import pytest
from scipy import stats

from components.formats.estimates import Interval
from components.formats.relatedness import Network, Price
from components.relatedness.cost import cost
from components.relatedness.sharing import joined, judge, percent, verdict_of

ROWS = 4_000


def change(low: float | None, high: float | None, value: float = 0.0) -> Interval:
    return Interval(value, low, high, 0.95, 500, 0)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.05, -0.02, "helped"),
        (-0.05, -0.001, "helped"),
        (0.001, 0.05, "hurt"),
        (-0.01, 0.01, "no difference"),
        (-0.008, -0.002, "no difference"),
        (0.002, 0.008, "no difference"),
        (-0.05, 0.0, "not clear"),
        (0.0, 0.011, "not clear"),
        (-0.2, 0.3, "not clear"),
        (None, None, "not clear"),
    ],
)
def test_the_interval_alone_decides(low, high, verdict):
    assert verdict_of(change(low, high)) == verdict


def losses(shift: float, between_seeds: float, seeds: int = 4, rows: int = ROWS, seed: int = 0):
    """Losses of rows that are hard or easy for all networks; each network is off by a share of its own."""
    rng = np.random.default_rng(seed)
    hard = rng.gamma(2, 1, rows)
    kinds = []
    for level in (1 + shift, 1.0):
        off = level * (1 + between_seeds * rng.standard_normal((seeds, 1)))
        kinds.append(hard * off * (1 + 0.02 * rng.random((seeds, rows))))
    return kinds


def test_the_figures_are_means_over_rows_and_seeds():
    multi, single = losses(-0.1, 0.01)
    found = judge("regression", multi, single)
    assert (found.metric, found.title, found.n) == ("mae", "MAE", ROWS)
    assert found.multi_task == pytest.approx(multi.mean())
    assert found.single_task == pytest.approx(single.mean())
    assert found.change.value == pytest.approx(multi.mean() / single.mean() - 1)
    np.testing.assert_allclose(found.by_seed, multi.mean(axis=1) / single.mean(axis=1) - 1)


def test_the_part_of_the_seeds_is_students_interval_and_that_of_the_rows_the_delta_methods():
    multi, single = losses(-0.1, 0.03, seeds=5)
    found = judge("classification", multi, single, resamples=4000, level=0.9)
    low, high = stats.t.interval(0.9, 4, np.mean(found.by_seed), stats.sem(found.by_seed))
    assert found.seeds_width == pytest.approx(high - low)
    together, alone = multi.mean(axis=0), single.mean(axis=0)
    error = (together - together.mean() / alone.mean() * alone).std() / alone.mean() / np.sqrt(ROWS)
    assert found.rows_width == pytest.approx(2 * stats.norm.ppf(0.95) * error, rel=0.06)
    half = np.hypot(found.seeds_width, found.rows_width) / 2
    assert found.change.high - found.change.low == pytest.approx(2 * half, rel=0.02)
    assert found.change.low < found.change.value < found.change.high


def test_widths_are_joined_like_independent_chances():
    wide = joined(change(-0.03, 0.04), 0.0)
    assert (wide.low, wide.high) == pytest.approx((-0.03, 0.04))
    wide = joined(change(-0.03, 0.04), 0.04)
    assert (wide.low, wide.high) == pytest.approx((-0.05, np.sqrt(2) * 0.04))
    assert joined(change(None, None), 0.04).low is None
    assert joined(change(-0.03, 0.04), float("nan")).high is None


@pytest.mark.parametrize(
    ("shift", "between", "verdict", "said"),
    [
        (-0.1, 0.005, "helped", "Sharing helped: MAE 1."),
        (0.1, 0.005, "hurt", "Sharing hurt: MAE 2."),
        (0.0, 0.001, "no difference", "Sharing made no difference: MAE "),
        (0.0, 0.1, "not clear", "Whether sharing helped is not clear: MAE "),
    ],
)
def test_verdicts(shift, between, verdict, said):
    found = judge("regression", *losses(shift, between))
    assert (found.verdict, found.sentence.startswith(said)) == (verdict, True), found.sentence
    assert f"a change of {percent(found.change)}." in found.sentence
    assert found.sentence.endswith("due to the number of seeds; more of them would narrow it.") == (between == 0.1)


def test_two_draws_of_one_kind_of_network_are_rarely_called_different():
    """With many rows the rows alone would call nearly every such pair different; the seeds are in the interval too."""
    verdicts = [judge("regression", *losses(0.0, 0.03, 3, 500, seed), resamples=100).verdict for seed in range(200)]
    assert sum(verdict in ("helped", "hurt") for verdict in verdicts) <= 0.08 * 200


def test_few_rows_leave_it_open_and_say_so():
    rng = np.random.default_rng(1)
    multi, single = rng.gamma(1, 1, (3, 20)).mean(axis=0), rng.gamma(1, 1, (3, 20)).mean(axis=0)
    found = judge("regression", np.stack([multi, 1.001 * multi]), np.stack([single, single]))
    assert found.verdict == "not clear"
    assert found.sentence.endswith("due to the number of eval rows; more of them would narrow it.")
    found = judge("regression", np.ones((2, 3)), np.ones((2, 3)))
    assert (found.change.low, found.rows_width, found.verdict) == (None, None, "not clear")


def test_a_head_without_error_alone_has_no_relative_change():
    found = judge("classification", np.ones((2, 9)), np.zeros((2, 9)))
    assert (found.change.value, found.by_seed, found.verdict) == (None, (None, None), "not clear")
    assert found.sentence == (
        "Whether sharing helped is not clear: log loss 1 in the shared network, 0 in one of its own."
    )


@pytest.mark.parametrize(
    ("multi", "single", "message"),
    [
        (np.ones((1, 9)), np.ones((1, 9)), r"at least 2 seeds and 1 row, got \(1, 9\) and \(1, 9\)"),
        (np.ones((2, 9)), np.ones((2, 8)), r"of one shape"),
        (np.ones((2, 0)), np.ones((2, 0)), r"at least 2 seeds and 1 row"),
        (np.full((2, 9), np.nan), np.ones((2, 9)), "must be finite"),
    ],
)
def test_what_cannot_be_judged(multi, single, message):
    with pytest.raises(ValueError, match=message):
        judge("regression", multi, single)


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (change(-0.0712, -0.0131, -0.0421), "−4.2 % [−7.1 %, −1.3 %]"),
        (change(-0.4, 1.25, 0.31), "31 % [−40 %, 125 %]"),
        (change(-0.00012, 0.00013, 0.00001), "0.00 % [−0.01 %, 0.01 %]"),
        (change(None, None, -0.0421), "−4.21 %"),
    ],
)
def test_changes_are_written_in_percent(interval, text):
    assert percent(interval) == text


def test_two_networks_cost_the_sum_of_what_each_costs():
    shared = Network(100, (9.0, 2.0, 3.0), (7, 8, 9))
    single = [Network(60, (5.0, 1.0, 1.5), (5, 5, 5)), Network(70, (2.0, 4.0, 2.5), (5, 5, 5))]
    calls = itertools.repeat(0.002, 5)
    found = cost(shared, single, [0.001, 0.5, 0.0012], list(calls))
    assert found.parameters == Price(100, 130)
    assert found.seconds == Price(3.0, 1.5 + 2.5)
    assert found.latency == Price(0.0012, 0.002)
