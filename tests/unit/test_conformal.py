"""Conformal margins against their definition and against their promise, over many draws."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import betabinom

from components.model_format.conformal import least_rows, margin


@pytest.mark.parametrize("n", [9, 10, 11, 19, 99, 100, 1000])
@pytest.mark.parametrize("coverage", ["0.5", "0.7", "0.8", "0.9"])
def test_the_margin_is_the_score_of_the_rank_in_exact_arithmetic(n, coverage):
    scores = np.random.default_rng(n).gamma(2.0, size=n)
    rank = -((-(n + 1) * Fraction(coverage)) // 1)
    assert margin(scores, float(coverage)) == sorted(scores)[int(rank) - 1]


@pytest.mark.parametrize(("coverage", "least"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99), (0.999, 999)])
def test_too_few_rows_bound_nothing(coverage, least):
    assert least_rows(coverage) == least
    assert margin(np.arange(least - 1.0), coverage) is None
    assert margin(np.arange(float(least)), coverage) == least - 1


def test_rows_without_a_finite_score_are_infinitely_far():
    scores = np.array([*range(1, 18), np.nan, np.inf], float)
    assert margin(scores, 0.8) == 16
    assert margin(scores, 0.95) is None
    assert margin(np.full(20, np.nan), 0.5) is None


@pytest.mark.parametrize(("n", "coverage"), [(9, 0.9), (50, 0.9), (200, 0.8), (500, 0.95)])
def test_new_rows_are_covered_as_promised_whatever_the_noise(n, coverage):
    """Over draws of exchangeable rows, the number covered of m new ones is beta-binomial (Vovk 2012)."""
    draws, new = 4000, 20
    random = np.random.default_rng(n)
    scores = np.abs(random.standard_t(2, size=(draws, n + new))) * random.gamma(1.0, size=(draws, n + new))
    counts = [int((row[n:] <= margin(row[:n], coverage)).sum()) for row in scores]
    rank = np.ceil(round((n + 1) * coverage, 9))
    promised = betabinom(new, rank, n + 1 - rank)
    assert coverage <= promised.mean() / new <= coverage + 1 / (n + 1) + 1e-12
    assert np.mean(counts) / new == pytest.approx(promised.mean() / new, abs=4 * promised.std() / new / draws**0.5)
    observed = np.bincount(counts, minlength=new + 1) / draws
    np.testing.assert_allclose(observed, promised.pmf(np.arange(new + 1)), atol=4 * (0.25 / draws) ** 0.5)
