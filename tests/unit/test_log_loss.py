"""The log loss of a row against scikit-learn's, and which rows have a label."""

import numpy as np
import pytest
from sklearn import metrics

from components.shared.labelled_rows import has_class, has_number
from components.shared.log_loss import EPSILON, row_log_loss

RNG = np.random.default_rng(4)


def test_the_mean_over_the_rows_is_that_of_scikit_learn():
    probabilities, classes = RNG.dirichlet(np.ones(4), 300), RNG.integers(4, size=300)
    found = row_log_loss(probabilities, classes)
    assert found.mean() == pytest.approx(metrics.log_loss(classes, probabilities, labels=range(4)), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_class_without_probability_or_unknown_to_the_model_costs_as_much_as_there_is(dtype: type):
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.5, 0.5]], dtype)
    found = row_log_loss(probabilities, np.array([0, 0, -1, 2]))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [0.0, *[-np.log(EPSILON)] * 3])


def test_a_row_has_a_number_or_a_class_unless_it_holds_nan_or_none():
    assert has_number(np.array([1.0, np.nan, np.inf])).tolist() == [True, False, True]
    assert has_number(np.array([0, 3])).tolist() == [True, True]
    assert has_class(np.array(["a", None, "", "nan"], object)).tolist() == [True, False, True, True]
    assert has_class(np.array([], str)).tolist() == []
