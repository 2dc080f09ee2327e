"""The candidate against the production model: on rows that this one has not seen."""

import numpy as np
import pytest
from judged_rows import CLASSES, fast, train_labels, with_gaps, world

from components.evaluator.analysis.rows import Incumbent


def pushed_checks(found):
    return [check for check in found.verdict.checks if check.name == "no_worse_than_pushed"]


def test_rows_that_the_pushed_model_has_seen_are_left_out_of_the_comparison():
    """It knows the rows it was trained on by heart; on the others it is worse, and the candidate must be let in."""
    rows, predict = world(1_000)
    ours, theirs = predict(0.2), predict(0.5, seed=2)
    seen = np.arange(1_000) % 5 < 3
    theirs.number[seen] = rows.number[seen]
    theirs.probabilities[seen] = np.eye(3)[[CLASSES.index(label) for label in rows.label[seen]]]
    blind = fast(rows, ours, train_labels(), baseline=Incumbent(theirs))
    assert [check.passed for check in pushed_checks(blind)] == [False, False]
    fair = fast(rows, ours, train_labels(), baseline=Incumbent(theirs, seen))
    assert fair.verdict.blessed
    mae = [np.abs(model.number - rows.number)[~seen].mean() for model in (ours, theirs)]
    difference = fair.heads["regression"].baseline["mae"]
    assert (difference.ours, difference.theirs) == pytest.approx(tuple(mae))
    assert difference.high < 0
    first, second = pushed_checks(fair)
    assert first.sentence.startswith(f"regression: MAE {mae[0]:.2f} on 400 of 1,000 rows is better than the ")
    assert first.sentence.endswith("The other rows are left out: 600 were part of the production model's training.")
    assert "on 400 of 1,000 rows is better" in second.sentence
    whole = fast(rows, ours, train_labels())
    assert fair.heads["regression"].metrics == whole.heads["regression"].metrics


@pytest.mark.parametrize(("left", "compared"), [(19, False), (20, True)])
def test_too_few_rows_that_are_new_to_the_pushed_model_are_a_warning(left, compared):
    rows, predict = world(400)
    seen = np.arange(400) >= left
    found = fast(rows, predict(0.8), train_labels(), baseline=Incumbent(predict(0.0), seen))
    for check in pushed_checks(found):
        if compared:
            assert check.bound is not None
            assert "on 20 of 400 rows is" in check.sentence
        else:
            assert (check.passed, check.warning, check.bound) == (True, True, None)
            assert check.sentence.endswith(
                "nothing is compared with the production model: only 19 of 400 rows could be, which is too few: 381 "
                "were part of the production model's training."
            )


def test_each_head_leaves_out_the_seen_rows_with_its_label():
    rows, predict = world(2_000)
    gappy, has_number, has_class = with_gaps(rows)
    seen = np.arange(2_000) % 3 == 0
    found = fast(gappy, predict(0.1), train_labels(), baseline=Incumbent(predict(0.4, seed=2), seen))
    for head, has in (("regression", has_number), ("classification", has_class)):
        contest = found.heads[head].contest
        assert (contest.n, contest.seen) == ((has & ~seen).sum(), (has & seen).sum())


def test_remarks_are_said_and_doubts_warn():
    rows, predict = world(400)
    rival = Incumbent(predict(0.3), remarks=("Nobody knows.",), doubts={"regression": "The unit may have changed."})
    first, second = pushed_checks(fast(rows, predict(0.1), train_labels(), baseline=rival))
    assert first.sentence.endswith("). Nobody knows. The unit may have changed.")
    assert (first.passed, first.warning) == (True, True)
    assert second.sentence.endswith("). Nobody knows.")
    assert (second.passed, second.warning) == (True, False)


def test_a_pushed_model_that_cannot_be_asked_is_a_warning_and_blocks_nothing():
    rows, predict = world(400)
    found = fast(rows, predict(0.2), train_labels(), baseline=Incumbent("it cannot score these rows: KeyError: x"))
    assert found.verdict.blessed
    checks = [check for check in found.verdict.checks if check.name == "no_worse_than_pushed"]
    assert [check.warning for check in checks] == [True, True]
    assert checks[0].sentence == (
        "regression: nothing is compared with the production model: it cannot score these rows: KeyError: x."
    )
