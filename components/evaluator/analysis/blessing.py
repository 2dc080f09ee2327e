"""The verdict: may this model be pushed, and why.

Each head is held against four checks:

1. **Predictions**: all are finite numbers. It counts for both heads under every rule: both are served.
2. **Thresholds**: the value itself (not its interval) keeps each bound given in the gate.
3. **Better than trivial**: the paired interval of the difference to the trivial predictor lies on the good
   side. Two metrics are tried, each against the constant that is best for it (see `trivial.py`), and one
   suffices: on a skewed label a useful model trained on squared error can lose to the median in MAE, and an
   overconfident one to the class frequencies in log loss, but one without any use wins neither. On fewer than
   `SMALL` rows an interval that includes 0 may only mean too few rows, so there it is enough that the value
   is better and the difference on the good side in at least `LIKELY` of the draws; the check then carries a
   warning. With `SMALL` rows or more, a difference that is not clear is too small to be of use.
4. **No worse than the production model**: fails only if the paired interval of the difference in the primary
   metric lies wholly on the bad side, beyond the tolerance. Noise never rejects a model. Rows that the production model
   has seen, or whose class only the new model knows, are not compared; where too few others are left, and where
   the production model cannot answer, the check passes with a warning that says so.

A metric that is undefined fails the check that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.evaluator.analysis.gate import Gate
from components.evaluator.analysis.head import METRICS, PRIMARY_METRIC, left_out_because
from components.evaluator.analysis.trivial import PREDICTORS
from components.evaluator.analysis.wording import decimals, estimate, figure
from components.formats.estimates import Difference
from components.formats.evaluation import HeadResult
from components.formats.verdict import Check, Verdict

SMALL = 500
LIKELY = 0.8


def judge(gate: Gate, results: Mapping[str, HeadResult]) -> Verdict:
    """Holds each head's figures against the gate; `results` has one entry for each head."""
    checks = [check for head in METRICS for check in _checks(gate, results[head])]
    failed = [check for check in checks if check.decides and not check.passed]
    count = sum(check.decides for check in checks)
    return Verdict(
        blessed=not failed,
        rule=gate.rule,
        heads={head: all(check.passed for check in checks if check.head == head) for head in METRICS},
        checks=tuple(checks),
        sentence=f"Not blessed: {len(failed)} of {count} checks failed."
        if failed
        else f"Blessed: all {count} checks passed.",
    )


def _checks(gate: Gate, result: HeadResult) -> list[Check]:
    demands = gate.head(result.head)
    decides = gate.rule in ("all", result.head)
    if result.problem is not None:
        sentence = f"{result.head}: {result.problem}, so no metric can be trusted."
        return [Check(result.head, "predictions", False, None, None, sentence)]
    sentence = f"{result.head}: all {result.n:,} predictions are finite numbers."
    checks = [Check(result.head, "predictions", True, None, None, sentence)]
    checks += [_threshold(result, name, float(bound), decides) for name, bound in demands.thresholds.items()]
    if demands.better_than_trivial:
        checks.append(_better_than_trivial(result, decides))
    if demands.no_worse_than_pushed:
        checks.append(_no_worse_than_pushed(result, result.primary_metric, demands.tolerance, decides))
    return checks


def _threshold(result: HeadResult, name: str, bound: float, decides: bool) -> Check:
    metric, interval = METRICS[result.head][name], result.metrics[name]
    side, word = (-1, "at most") if metric.lower_is_better else (1, "at least")
    passed = interval.value is not None and side * interval.value >= side * bound
    value = estimate(interval)
    shown = round(interval.value or 0.0, decimals(interval))
    if not passed and interval.value is not None and side * shown >= side * bound:
        value = f"{interval.value:.8g}"  # the rounded value would seem to keep the bound
    if passed:
        said = f"{metric.title} {value} is {word} {bound:g}."
    elif interval.value is None:
        said = f"{metric.title} must be {word} {bound:g}, but it is undefined on these {result.n:,} rows."
    else:
        said = f"{metric.title} must be {word} {bound:g}, got {value}."
    return Check(result.head, "threshold", passed, interval.value, bound, f"{result.head}: {said}", decides=decides)


def _better_than_trivial(result: HeadResult, decides: bool) -> Check:
    verbs = ("is better than", "is probably better than", "is not clearly better than", "is worse than")
    ranked = sorted(
        ((_standing(result, name), name) for name in result.trivial), key=lambda pair: pair[0]
    )  # stable: the primary metric stays first among equals
    clauses = [
        f"{METRICS[result.head][name].title} {estimate(result.metrics[name])} {verbs[standing]} "
        f"predicting {PREDICTORS[name]}, {_other(result, result.trivial[name], name)}"
        + (f", better in {_good_share(result, name):.0%} of the draws" if standing == 1 else "")
        + ")"
        for standing, name in ranked
    ]
    best, name = ranked[0]
    passed = best <= 1
    # One clause proves the point; to refuse it takes both.
    said = clauses[0] if passed and name == PRIMARY_METRIC[result.head] else "; ".join(clauses)
    if best == 1:
        said += f"; {result.n:,} rows cannot show more"
    difference = result.trivial[name]
    return Check(
        head=result.head,
        name="better_than_trivial",
        passed=passed,
        value=difference.ours,
        bound=difference.theirs,
        sentence=f"{result.head}: {said}.",
        decides=decides,
        warning=passed and (best == 1 or name != PRIMARY_METRIC[result.head]),
    )


def _standing(result: HeadResult, name: str) -> int:
    """0 clearly better than trivial, 1 probably better on few rows, 2 not clear, 3 clearly worse."""
    low, high = _badness(result, name, result.trivial[name])
    if low is None or high is None:
        return 2
    if high < 0:
        return 0
    if low > 0:
        return 3
    difference = result.trivial[name].value or 0.0
    better = difference < 0 if METRICS[result.head][name].lower_is_better else difference > 0
    return 1 if better and result.n < SMALL and _good_share(result, name) >= LIKELY else 2


def _good_share(result: HeadResult, name: str) -> float:
    difference = result.trivial[name]
    return (difference.below if METRICS[result.head][name].lower_is_better else difference.above) or 0.0


def _badness(result: HeadResult, name: str, difference: Difference) -> tuple[float | None, float | None]:
    """The interval of the difference, turned so that positive is worse."""
    if difference.low is None or difference.high is None:
        return None, None
    if METRICS[result.head][name].lower_is_better:
        return difference.low, difference.high
    return -difference.high, -difference.low


def _no_worse_than_pushed(result: HeadResult, name: str, tolerance: float, decides: bool) -> Check:
    interval, title, contest = result.metrics[name], METRICS[result.head][name].title, result.contest
    passed, warning, bound = True, False, None
    if result.baseline is None:
        if result.baseline_problem is None:
            said = "there is no production model yet to compare with."
        else:
            said = f"nothing is compared with the production model: {result.baseline_problem}."
            warning = True
    else:
        difference = result.baseline[name]
        bound = difference.theirs
        low, high = _badness(result, name, difference)
        allowed = tolerance * abs(difference.theirs or 0.0)
        ours, n = estimate(interval), result.n
        if contest is not None and contest.n < result.n:
            ours, n = f"{figure(difference.ours, decimals(interval))} on {contest.n:,} of {result.n:,} rows", contest.n
        said = f"{title} {ours} "
        theirs = f"the production model's {_other(result, difference, name)})"
        if low is None or high is None:
            passed = False
            said = f"{title} cannot be compared with the production model's on these {n:,} rows."
        elif low > allowed:
            passed = False
            beyond = f" and the tolerance of {100 * tolerance:g} %" if tolerance else ""
            said += f"is worse than {theirs}, by more than noise{beyond}."
        elif low > 0:
            warning = True
            said += f"is worse than {theirs}, but not by more than the tolerance of {100 * tolerance:g} %."
        else:
            said += f"is {'better' if high < 0 else 'no worse'} than {theirs}."
        if contest is not None:
            because = left_out_because(contest)
            said = " ".join(
                [said, *([f"The other rows are left out: {because}."] if because else []), *contest.remarks]
            )
    if contest is not None and contest.doubt is not None:
        said, warning = f"{said} {contest.doubt}", True
    return Check(
        head=result.head,
        name="no_worse_than_pushed",
        passed=passed,
        value=interval.value,
        bound=bound,
        sentence=f"{result.head}: {said}",
        decides=decides,
        warning=warning,
    )


def _other(result: HeadResult, difference: Difference, name: str) -> str:
    """`0.68 (difference −0.37 [−0.48, −0.26]`: the other's value and the difference, left open."""
    theirs = figure(difference.theirs, decimals(result.metrics[name]))
    return f"{theirs} (difference {estimate(difference)}"
