"""Two judgements of the same rows: one of arrays, one of counts and samples."""

import pytest


def assert_alike(found, expected, reach):
    """Asserts the same counts, checks and exact metrics, and sketches within their bound.

    Args:
        found: the judgement of counts and samples.
        expected: that of arrays.
        reach: by which share of an interval's width its bounds may differ, since the draws are others.
    """
    assert (found.n, found.confusion.counts) == (expected.n, expected.confusion.counts)
    assert found.verdict.blessed == expected.verdict.blessed
    assert [(check.head, check.name, check.passed) for check in found.verdict.checks] == [
        (check.head, check.name, check.passed) for check in expected.verdict.checks
    ]
    assert [(part.columns, part.name, part.n, part.labelled, part.small) for part in found.slices] == [
        (part.columns, part.name, part.n, part.labelled, part.small) for part in expected.slices
    ]
    for head, result in expected.heads.items():
        ours = found.heads[head]
        assert (ours.n, ours.contest, ours.baseline_problem) == (result.n, result.contest, result.baseline_problem)
        pairs = [(ours.metrics, result.metrics), (ours.trivial, result.trivial)]
        if result.baseline is not None:
            pairs.append((ours.baseline, result.baseline))
        for mine, theirs in pairs:
            assert list(mine) == list(theirs)
            for name, interval in theirs.items():
                # Of a difference each side has its bound.
                off = 2 * ours.within.get(name, 0.0) + 1e-6
                assert mine[name].value == pytest.approx(interval.value, rel=1e-6, abs=off), (head, name)
                width = interval.high - interval.low
                assert mine[name].low == pytest.approx(interval.low, abs=reach * width + off), (head, name)
                assert mine[name].high == pytest.approx(interval.high, abs=reach * width + off), (head, name)
    for mine, theirs in zip(found.slices, expected.slices, strict=True):
        assert list(mine.metrics) == list(theirs.metrics)
        for head, metrics in theirs.metrics.items():
            for name, interval in metrics.items():
                off = mine.within.get(head, {}).get(name, 0.0)
                near = pytest.approx(interval.value, rel=1e-6, abs=off + 1e-9)
                assert mine.metrics[head][name].value == near, (theirs.name, head, name)
