from dataclasses import replace

import pytest

from components.evaluator.analysis.blessing import judge
from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.analysis.head import METRICS
from components.formats.estimates import Difference, Interval
from components.formats.evaluation import HeadResult


def interval(value, half):
    if value is None:
        return Interval(None, None, None, 0.95, 500, 500)
    return Interval(value, value - half, value + half, 0.95, 500, 0)


def difference(ours, theirs, half, below=None):
    gap = ours - theirs
    below = float(gap < 0) if below is None else below
    return Difference(gap, gap - half, gap + half, 0.95, 500, 0, ours, theirs, below, 1 - below)


def regression(n=1000):
    """MAE 0.31 against 0.68 of the median, 0.33 ± 0.03 of the production model."""
    return HeadResult(
        head="regression",
        n=n,
        primary_metric="mae",
        problem=None,
        metrics={
            "mae": interval(0.31, 0.08),
            "rmse": interval(0.5, 0.08),
            "r2": interval(0.6, 0.1),
            "median_absolute_error": interval(0.2, 0.05),
        },
        trivial={"mae": difference(0.31, 0.68, 0.11), "rmse": difference(0.5, 0.9, 0.2)},
        baseline={name: difference(0.31, 0.33, 0.03) for name in METRICS["regression"]},
        baseline_problem=None,
    )


def classification(n=1000):
    """Accuracy 0.9 against 0.6 of the majority, 0.91 ± 0.02 of the production model; no baseline by default."""
    return HeadResult(
        head="classification",
        n=n,
        primary_metric="log_loss",
        problem=None,
        metrics={
            "log_loss": interval(0.3, 0.05),
            "accuracy": interval(0.9, 0.02),
            "macro_f1": interval(0.88, 0.03),
            "auc": interval(0.97, 0.01),
            "calibration_error": interval(0.02, 0.01),
        },
        trivial={"log_loss": difference(0.3, 0.7, 0.1), "accuracy": difference(0.9, 0.6, 0.05)},
        baseline=None,
        baseline_problem=None,
    )


def verdict(gate=None, **heads):
    return judge(gate or Gate(), {"regression": regression(), "classification": classification()} | heads)


def check(found, head, name):
    (only,) = [check for check in found.checks if (check.head, check.name) == (head, name)]
    return only


def test_a_sound_model_is_blessed_with_a_sentence_for_each_check():
    found = verdict()
    assert found.blessed
    assert found.heads == {"regression": True, "classification": True}
    assert found.reasons == []
    assert found.sentence == "Blessed: all 6 checks passed."
    assert [check.sentence for check in found.checks] == [
        "regression: all 1,000 predictions are finite numbers.",
        "regression: MAE 0.31 [0.23, 0.39] is better than predicting the train median, 0.68 "
        "(difference −0.37 [−0.48, −0.26]).",
        "regression: MAE 0.31 [0.23, 0.39] is no worse than the production model's 0.33 "
        "(difference −0.020 [−0.050, 0.010]).",
        "classification: all 1,000 predictions are finite numbers.",
        "classification: log loss 0.30 [0.25, 0.35] is better than predicting the train class frequencies, "
        "0.70 (difference −0.40 [−0.50, −0.30]).",
        "classification: there is no production model yet to compare with.",
    ]
    assert not any(check.warning for check in found.checks)


@pytest.mark.parametrize(
    ("head", "bounds", "passed", "sentence"),
    [
        ("regression", {"mae": 0.5}, True, "regression: MAE 0.31 [0.23, 0.39] is at most 0.5."),
        ("regression", {"mae": 0.31}, True, "regression: MAE 0.31 [0.23, 0.39] is at most 0.31."),
        ("regression", {"mae": 0.3}, False, "regression: MAE must be at most 0.3, got 0.31 [0.23, 0.39]."),
        (
            "regression",
            {"mae": 0.30999},
            False,
            "regression: MAE must be at most 0.30999, got 0.31 [0.23, 0.39].",
        ),
        ("regression", {"r2": 0.5}, True, "regression: R² 0.60 [0.50, 0.70] is at least 0.5."),
        (
            "classification",
            {"accuracy": 0.95},
            False,
            "classification: accuracy must be at least 0.95, got 0.900 [0.880, 0.920].",
        ),
    ],
)
def test_thresholds_bound_the_value_on_the_metrics_own_side(head, bounds, passed, sentence):
    found = verdict(Gate(**{head: HeadGate(bounds)}))
    only = check(found, head, "threshold")
    ((name, bound),) = bounds.items()
    value = {"mae": 0.31, "r2": 0.6, "accuracy": 0.9}[name]
    assert (only.passed, only.value, only.bound, only.sentence) == (passed, value, bound, sentence)
    assert found.blessed == passed


def test_a_value_just_beyond_its_threshold_is_not_rounded_onto_it():
    close = replace(regression(), metrics=regression().metrics | {"mae": interval(0.30004, 0.1)})
    found = verdict(Gate(regression=HeadGate({"mae": 0.3})), regression=close)
    assert found.reasons == ["regression: MAE must be at most 0.3, got 0.30004."]


def test_an_undefined_metric_fails_its_threshold():
    constant = replace(regression(), metrics=regression().metrics | {"r2": interval(None, 0)})
    found = verdict(Gate(regression=HeadGate({"r2": -1.0})), regression=constant)
    assert found.reasons == ["regression: R² must be at least -1, but it is undefined on these 1,000 rows."]


def against_trivial(n, mae, rmse):
    return verdict(regression=replace(regression(n), trivial={"mae": mae, "rmse": rmse}))


UNCLEAR = difference(0.31, 0.35, 0.06, below=0.9)
HOPELESS = difference(0.5, 0.4, 0.05)


def test_a_gain_that_few_rows_cannot_prove_passes_with_a_warning():
    found = against_trivial(36, UNCLEAR, HOPELESS)
    only = check(found, "regression", "better_than_trivial")
    assert found.blessed
    assert only.warning
    assert only.sentence == (
        "regression: MAE 0.31 [0.23, 0.39] is probably better than predicting the train median, 0.35 "
        "(difference −0.04 [−0.10, 0.02], better in 90% of the draws); 36 rows cannot show more."
    )


@pytest.mark.parametrize(
    ("n", "mae"),
    [
        (500, UNCLEAR),  # enough rows to be clear
        (36, difference(0.31, 0.32, 0.06, below=0.7)),  # a coin toss
        (36, difference(0.31, 0.30, 0.06, below=0.9)),  # the value itself is worse
        (36, replace(UNCLEAR, low=None, high=None, below=None, above=None)),  # no interval
        (1000, difference(0.31, 0.31, 0.0)),  # the trivial predictor itself
    ],
)
def test_a_gain_that_is_not_clear_is_refused(n, mae):
    found = against_trivial(n, mae, HOPELESS)
    assert not found.blessed
    assert found.heads == {"regression": False, "classification": True}
    (reason,) = found.reasons
    assert "is not clearly better than predicting the train median" in reason
    assert "; RMSE 0.50 [0.42, 0.58] is worse than predicting the train mean, 0.40 (difference 0.10" in reason


def test_one_metric_clearly_better_suffices_and_the_other_is_told():
    found = against_trivial(1000, difference(0.31, 0.20, 0.05), difference(0.5, 0.9, 0.2))
    only = check(found, "regression", "better_than_trivial")
    assert (only.passed, only.warning, only.value, only.bound) == (True, True, 0.5, 0.9)
    assert only.sentence == (
        "regression: RMSE 0.50 [0.42, 0.58] is better than predicting the train mean, 0.90 "
        "(difference −0.40 [−0.60, −0.20]); MAE 0.31 [0.23, 0.39] is worse than predicting the train median, "
        "0.20 (difference 0.11 [0.06, 0.16])."
    )


def test_higher_is_better_turns_the_difference_round():
    trivial = {"log_loss": difference(0.8, 0.7, 0.05), "accuracy": difference(0.5, 0.6, 0.05)}
    found = verdict(classification=replace(classification(), trivial=trivial))
    assert "accuracy 0.900 [0.880, 0.920] is worse than predicting the majority class, 0.600" in found.reasons[0]


def against_pushed(gap, half, **demands):
    baseline = {name: difference(0.31, 0.31 - gap, half) for name in METRICS["regression"]}
    return verdict(Gate(regression=HeadGate(**demands)), regression=replace(regression(), baseline=baseline))


@pytest.mark.parametrize(
    ("gap", "half", "demands", "passed", "warning", "said"),
    [
        (-0.06, 0.02, {}, True, False, "is better than the production model's 0.37"),
        (0.01, 0.02, {}, True, False, "is no worse than the production model's 0.30"),
        (
            0.06,
            0.02,
            {},
            False,
            False,
            "is worse than the production model's 0.25 (difference 0.060 [0.040, 0.080])",
        ),
        (0.06, 0.02, {"tolerance": 0.2}, True, True, "but not by more than the tolerance of 20 %."),
        (0.06, 0.02, {"tolerance": 0.1}, False, False, "by more than noise and the tolerance of 10 %."),
        (0.06, 0.02, {"no_worse_than_pushed": False}, True, False, None),
    ],
)
def test_only_a_clear_loss_against_the_pushed_model_rejects(gap, half, demands, passed, warning, said):
    found = against_pushed(gap, half, **demands)
    assert found.blessed == passed
    checks = [check for check in found.checks if check.name == "no_worse_than_pushed" and check.head == "regression"]
    if said is None:
        assert checks == []
    else:
        assert (checks[0].passed, checks[0].warning) == (passed, warning)
        assert said in checks[0].sentence
        assert checks[0].bound == pytest.approx(0.31 - gap)


def test_a_score_that_falls_below_that_of_the_pushed_model_rejects():
    result = replace(regression(), primary_metric="r2", baseline={"r2": difference(0.6, 0.7, 0.02)})
    found = check(verdict(regression=result), "regression", "no_worse_than_pushed")
    assert not found.passed
    assert "R² 0.60 [0.50, 0.70] is worse than the production" in found.sentence


def test_too_few_rows_to_compare_never_bless():
    bare = {name: replace(difference(0.3, 0.3, 0), low=None, high=None) for name in METRICS["regression"]}
    found = verdict(regression=replace(regression(4), baseline=bare))
    assert found.reasons == ["regression: MAE cannot be compared with the production model's on these 4 rows."]


def test_a_pushed_model_that_cannot_be_scored_keeps_no_model_out():
    broken = replace(regression(), baseline=None, baseline_problem="3 of 36 predictions are NaN or infinite")
    only = check(verdict(regression=broken), "regression", "no_worse_than_pushed")
    assert (only.passed, only.warning) == (True, True)
    assert only.sentence == (
        "regression: nothing is compared with the production model: 3 of 36 predictions are NaN or infinite."
    )


def broken_head(head):
    return HeadResult(head, 36, "mae", "3 of 36 predictions are NaN or infinite", {}, {}, None, None)


@pytest.mark.parametrize("rule", ["all", "regression", "classification"])
@pytest.mark.parametrize("head", ["regression", "classification"])
def test_predictions_that_are_not_finite_are_never_blessed(rule, head):
    found = verdict(Gate(rule=rule), **{head: broken_head(head)})
    assert not found.blessed
    assert found.reasons == [f"{head}: 3 of 36 predictions are NaN or infinite, so no metric can be trusted."]
    assert not found.heads[head]


@pytest.mark.parametrize(("rule", "blessed"), [("all", False), ("regression", False), ("classification", True)])
def test_under_a_primary_head_the_other_is_reported_but_does_not_decide(rule, blessed):
    found = verdict(Gate(HeadGate({"mae": 0.1}), rule=rule))
    assert found.blessed == blessed
    assert found.heads == {"regression": False, "classification": True}
    assert check(found, "regression", "threshold").decides != blessed
    assert len(found.reasons) == (not blessed)
