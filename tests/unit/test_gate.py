import pytest

from components.evaluator.analysis.gate import Gate, HeadGate
from components.shared.errors import InputError


def test_by_default_both_heads_must_beat_trivial_and_keep_up_with_the_pushed_model():
    for head in ("regression", "classification"):
        demands = Gate().head(head)
        assert demands.better_than_trivial
        assert demands.no_worse_than_pushed
        assert (dict(demands.thresholds), demands.tolerance, demands.headline) == ({}, 0.0, None)
    assert Gate().rule == "all"


def test_each_head_has_its_own_demands():
    gate = Gate(HeadGate({"mae": 0.5}), HeadGate({"accuracy": 0.8}))
    assert gate.head("regression").thresholds == {"mae": 0.5}
    assert gate.head("classification").thresholds == {"accuracy": 0.8}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "any"}, 'must be one of all, regression, classification, got "any"'),
        ({"rule": "regresion"}, 'got "regresion". Did you mean "regression"?'),
        ({"regression": HeadGate({"mea": 1})}, 'of this head, got "mea". Did you mean "mae"? Use one of mae'),
        ({"regression": HeadGate({"accuracy": 1})}, 'of this head, got "accuracy". Use one of mae, rmse'),
        ({"classification": HeadGate(headline="loss")}, 'got "loss". Did you mean "log_loss"?'),
        (
            {"classification": HeadGate({"auc": float("nan")})},
            "`gates.classification.thresholds.auc` must be a finite number, got nan",
        ),
        (
            {"regression": HeadGate(tolerance=-0.1)},
            "`gates.regression.tolerance` must be 0 or more, got -0.1",
        ),
    ],
)
def test_refuses_what_cannot_be_meant(options, message):
    with pytest.raises(InputError) as raised:
        Gate(**options)
    assert message in str(raised.value)
