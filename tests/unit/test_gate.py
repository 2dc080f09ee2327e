import pytest

from components.evaluator.analysis.gate import Gate, HeadGate
from components.evaluator.analysis.head import METRICS
from components.evaluator.analysis.metric import Metric, ratio
from components.shared.errors import InputError
from pipeline.cli.reference import config_table
from pipeline.config.resolve import resolve
from pipeline.config.run import Config


def test_by_default_both_heads_must_beat_trivial_and_keep_up_with_the_pushed_model():
    for head in ("regression", "classification"):
        demands = Gate().head(head)
        assert demands.better_than_trivial
        assert demands.no_worse_than_pushed
        assert (dict(demands.thresholds), demands.tolerance) == ({}, 0.0)
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
        ({"classification": HeadGate({"loss": 1})}, 'got "loss". Did you mean "log_loss"?'),
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


@pytest.mark.parametrize("head", METRICS)
def test_the_configuration_takes_the_metrics_of_the_evaluator(head: str, monkeypatch: pytest.MonkeyPatch):
    for name in METRICS[head]:
        assert bounds({head: {name: 1}}) == {head: {name: 1.0}}
    with pytest.raises(InputError, match=r'must be .*, got "largest_eror"'):
        bounds({head: {"largest_eror": 1}})
    monkeypatch.setitem(METRICS[head], "largest_error", Metric("largest error", True, ratio, ratio))
    assert bounds({head: {"largest_error": 1}}) == {head: {"largest_error": 1.0}}
    with pytest.raises(InputError, match=r'got "largest_eror". Did you mean "largest_error"\?'):
        bounds({head: {"largest_eror": 1}})
    assert "`largest_error` to number" in config_table()


def bounds(thresholds: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Returns what the configuration makes of thresholds per head."""
    flags = {"data.path": "t.csv", "labels.regression": "y", "labels.classification": "k"}
    gates = resolve(None, flags | {f"gates.{head}.thresholds": one for head, one in thresholds.items()}).config.gates
    return {head: getattr(gates, head).thresholds for head in thresholds}


def test_the_schema_for_editors_says_which_side_of_a_metric_is_good():
    keys = Config.model_json_schema()["$defs"]["RegressionGate"]["properties"]["thresholds"]["propertyNames"]
    said = dict(zip(keys["enum"], keys["enumDescriptions"], strict=True))
    assert list(said) == list(METRICS["regression"])
    assert said["median_absolute_error"] == "median absolute error, lower is better"
    assert said["r2"] == "R², higher is better"
