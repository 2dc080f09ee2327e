"""The balancers against NumPy, and each of them under Keras's `fit` in the compiled loop."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_task import MODEL, TRAINING, rows, task

from components.formats.history import COSINE, WEIGHTS, History
from components.report.parts.training import training_curves
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from components.shared.implementations import implementation
from components.trainer.balancing.balancer import Balancer
from components.trainer.balancing.dwa import DynamicWeightAveraging
from components.trainer.balancing.famo import Famo
from components.trainer.balancing.gradnorm import GradNorm
from components.trainer.balancing.log import gradient_cosine
from components.trainer.balancing.pcgrad import correction
from components.trainer.balancing.uncertainty import UncertaintyWeighting
from components.trainer.choices import AUTO, BALANCERS, FIXED, TRUNKS
from components.trainer.fit import fit
from components.trainer.model import build_table_model, compile_model, is_shared
from components.trainer.network.encoder import FeatureSpace
from components.trainer.presets import SEED
from components.trainer.scan import ScanningModel, chunks
from components.trainer.stopping import MONITORED_LOSS

ROWS, BATCH = 70, 16
BALANCED = [name for name in BALANCERS if name != FIXED]
BUILT = [name for name in TRUNKS if name != AUTO]


def built(balancer):
    balancer.build()
    return balancer


def adam(gradients, rate):
    """Adam (Kingma & Ba 2015) from zero on a sequence of gradients: the sum of its steps."""
    first = second = total = 0.0
    for step, gradient in enumerate(gradients, start=1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        total = total - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
    return total


def softmax(values):
    return np.exp(values) / np.exp(values).sum()


def test_uncertainty_is_the_papers_objective():
    balancer = built(UncertaintyWeighting())
    log_variance = np.array([0.4, -1.1], "float32")
    balancer.log_variance.assign(log_variance)
    expected = 0.5 * np.exp(-0.4) * 3.0 + np.exp(1.1) * 0.7 + 0.5 * log_variance.sum()
    assert float(balancer.objective([tf.constant(3.0), tf.constant(0.7)])) == pytest.approx(expected, rel=1e-5)


def test_uncertainty_finds_the_variance_of_each_head():
    """At the minimum σ² is the mean squared error of the number and twice the cross-entropy of the class."""
    balancer = built(UncertaintyWeighting())
    optimizer = keras.optimizers.Adam(0.05)
    for _ in range(600):
        with tf.GradientTape() as tape:
            objective = balancer.objective([tf.constant(4.0), tf.constant(0.3)])
        optimizer.apply(tape.gradient(objective, balancer.trainable_variables), balancer.trainable_variables)
    np.testing.assert_allclose(np.exp(balancer.log_variance), [4.0, 0.6], rtol=1e-2)


def test_dynamic_weight_averaging_follows_the_ratio_of_the_last_two_epochs():
    balancer = built(DynamicWeightAveraging())
    means = []
    for epoch in ([(4.0, 1.0), (2.0, 1.0)], [(1.0, 0.9), (2.0, 0.7)]):
        np.testing.assert_array_equal(balancer.weights_of_heads(), [1, 1])
        for losses in epoch:
            balancer.after_step([tf.constant(loss) for loss in losses], list)
        balancer.after_epoch()
        means.append(np.mean(epoch, axis=0))
    expected = 2 * softmax(means[1] / means[0] / 2.0)
    np.testing.assert_allclose(balancer.weights_of_heads(), expected, rtol=1e-5)
    assert expected[1] > expected[0]  # the class fell to 0.8 of its loss, the number to 0.5


def test_gradnorm_moves_the_weights_as_the_paper_says():
    balancer = built(GradNorm(alpha=1.5, rate=0.025))
    first, weights, gradients = None, np.ones(2), [[], []]
    for losses, norms in (([4.0, 1.0], [6.0, 0.5]), ([2.0, 0.9], [5.0, 0.6])):
        balancer.update(tf.constant(losses), tf.constant(norms))
        losses, norms = np.array(losses), np.array(norms)
        first = losses if first is None else first
        relative = losses / first / (losses / first).mean()
        target = (weights * norms).mean() * relative**1.5
        gradient = np.sign(weights * norms - target) * norms
        for head in range(2):
            gradients[head].append(gradient[head])
        last = np.array([adam(each[:-1], 0.025) for each in gradients])
        moved = weights + np.array([adam(each, 0.025) for each in gradients]) - last
        weights = 2 * moved / moved.sum()
    np.testing.assert_allclose(balancer.weights_of_heads(), weights, rtol=1e-4)
    assert weights[0] < 1 < weights[1]  # the number's gradient was ten times as strong


@pytest.mark.parametrize("conflict", [True, False])
def test_pcgrad_projects_conflicting_gradients_only(conflict):
    random = np.random.default_rng(4)
    first = [random.normal(size=(3, 2)), random.normal(size=2)]
    second = [(-0.5 if conflict else 0.5) * part + 0.3 * random.normal(size=part.shape) for part in first]
    flat = [np.concatenate([part.ravel() for part in gradient]) for gradient in (first, second)]
    projected = [mine - min(mine @ other, 0) / (other @ other) * other for mine, other in (flat, flat[::-1])]
    change = correction(*([tf.constant(part) for part in gradient] for gradient in (first, second)))
    expected = sum(projected) - sum(flat)
    np.testing.assert_allclose(np.concatenate([part.numpy().ravel() for part in change]), expected, atol=1e-12)
    assert (flat[0] @ flat[1] < 0) == conflict == bool(np.abs(expected).max() > 0)


def test_famo_weighs_and_learns_as_the_paper_says():
    balancer = built(Famo(rate=0.025, decay=0.001))
    logits = np.zeros(2)
    losses = np.array([4.0, 0.5])
    shares = softmax(logits) / losses
    expected = 2 * shares / shares.sum()
    assert float(balancer.objective([tf.constant(4.0), tf.constant(0.5)])) == pytest.approx(expected @ losses, rel=1e-5)
    np.testing.assert_allclose(balancer.weights_of_heads(), expected, rtol=1e-5)
    fell = np.log([4.0, 0.5]) - np.log([2.0, 0.45])
    balancer.update(tf.constant([4.0, 0.5]), tf.constant([2.0, 0.45]))
    z = softmax(logits)
    gradient = z * (fell - z @ fell) + 0.001 * logits
    np.testing.assert_allclose(balancer.logits, [adam([part], 0.025) for part in gradient], rtol=1e-3)
    assert balancer.logits.numpy()[0] < 0  # the number's loss fell more


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(3)
    features = {"numeric": random.normal(size=(ROWS, 4)).astype("float32"), "missing": np.zeros((ROWS, 4), "float32")}
    return features, {
        REGRESSION: random.normal(size=(ROWS, 1)).astype("float32"),
        CLASSIFICATION: random.integers(0, 3, ROWS),
    }


def scanning(balancer, data, head_weights=(1.0, 1.0)):
    keras.utils.set_random_seed(5)
    space = FeatureSpace({"numeric": 4, "missing": 4})
    model = build_table_model(space, 3, SEED.architecture(hidden=(8, 8), l2=0.001), model_class=ScanningModel)
    weights = dict(zip((REGRESSION, CLASSIFICATION), head_weights, strict=True))
    compile_model(model, learning_rate=0.01, loss_weights=weights, jit_compile=True)
    if balancer:
        model.balance(balancer, head_weights)
    model.prepare(*({name: values[:8] for name, values in part.items()} for part in data))
    return model


def test_a_mini_batch_without_a_label_of_a_head_leaves_the_balance():
    """The loss of such a head is 0, which is no sign of quick learning."""
    famo, gradnorm = built(Famo()), built(GradNorm())
    assert float(famo.objective([tf.constant(2.0), tf.constant(0.0)])) == 2.0
    famo.update(tf.constant([2.0, 0.0]), tf.constant([1.0, 0.0]))
    np.testing.assert_array_equal(famo.weights_of_heads(), [1.0, 1.0])
    np.testing.assert_array_equal(famo.logits, [0.0, 0.0])
    gradnorm.update(tf.constant([2.0, 0.0]), tf.constant([1.0, 0.0]))
    np.testing.assert_array_equal(gradnorm.weights_of_heads(), [1.0, 1.0])
    gradnorm.update(tf.constant([2.0, 0.5]), tf.constant([1.0, 1.0]))
    np.testing.assert_array_equal(gradnorm.first, [2.0, 0.5])


def test_weights_of_one_change_nothing(data):
    """The balanced step with the base balancer gives the weights and the history of Keras's own step."""
    results = []
    for balancer in (None, Balancer()):
        model = scanning(balancer, data, (0.7, 1.3))
        history = model.fit(chunks(*data, BATCH, seed=9), epochs=2, shuffle=False, verbose=0).history
        results.append((model.get_weights(), history))
    for ours, theirs in zip(results[0][0], results[1][0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert set(results[0][1]) == set(results[1][1])
    for name, values in results[0][1].items():
        np.testing.assert_allclose(results[1][1][name], values, rtol=1e-4)


@pytest.mark.parametrize("name", BALANCED)
def test_a_balancer_is_saved_and_reloaded_with_the_model(name, data, tmp_path):
    model = scanning(implementation(BALANCERS[name])(), data, (0.7, 1.3))
    for state in model.balancer.variables:
        state.assign(state + 0.25)
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(reloaded.balancer) is implementation(BALANCERS[name])
    assert reloaded.head_weights == (0.7, 1.3)
    for ours, theirs in zip(model.balancer.variables, reloaded.balancer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(reloaded(data[0])[REGRESSION], model(data[0])[REGRESSION], rtol=1e-6)


@pytest.mark.parametrize("name", BALANCED)
def test_both_heads_learn_and_the_weights_are_logged(name, tmp_path):
    training = TRAINING | {"balancing": name, "epochs": 5, "patience": 5}
    network, history = fit(task(rows(400, 0), rows(200, 1)), MODEL, training, str(tmp_path))
    assert history[f"val_{REGRESSION}_mae"][-1] < 0.5 * history[f"val_{REGRESSION}_mae"][0]
    assert history[f"val_{CLASSIFICATION}_loss"][-1] < 0.6 * history[f"val_{CLASSIFICATION}_loss"][0]
    for series in (COSINE, *WEIGHTS.values()):
        assert len(history[series]) == len(history[MONITORED_LOSS])
        assert np.isfinite(history[series]).all()
    assert (np.array([history[series] for series in WEIGHTS.values()]) > 0).all()
    drawn = training_curves(History.of_logs(history), 1)
    assert (drawn.weights is None) == (name == "pcgrad"), "it turns the gradients and leaves the weights"
    assert drawn.gradient_cosine.mean == pytest.approx(np.mean(history[COSINE]))
    assert network.count_params() == 4 * 16 + 16 + 16 + 1 + 2 * 16 + 2


def test_heads_that_share_nothing_have_no_cosine_and_fixed_weights_no_weights(tmp_path):
    _, history = fit(task(rows(60, 0), rows(30, 1)), MODEL | {"trunk": "separate"}, TRAINING, str(tmp_path))
    assert not {COSINE, *WEIGHTS.values()} & set(history)
    drawn = training_curves(History.of_logs(history), 1)
    assert drawn.gradient_cosine is drawn.weights is None


def test_the_cosine_is_that_of_the_two_gradients(data):
    model = scanning(None, data)
    gradients = []
    for head, loss in ((REGRESSION, "mse"), (CLASSIFICATION, "sparse_categorical_crossentropy")):
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(keras.losses.get(loss)(data[1][head], model(data[0])[head]))
        shared = [variable for variable in model.trainable_variables if is_shared(variable)]
        gradients.append(np.concatenate([part.numpy().ravel() for part in tape.gradient(value, shared)]))
    first, second = gradients
    expected = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert float(gradient_cosine(model, *data)) == pytest.approx(expected, abs=1e-5)
    assert len(shared) == 4


# Each balancer once and each trunk once; the rest takes minutes.
PAIRS = [
    pytest.param(name, trunk, marks=[] if position % len(BUILT) == place else pytest.mark.slow)
    for position, name in enumerate(BALANCED)
    for place, trunk in enumerate(BUILT)
]


@pytest.mark.parametrize(("name", "trunk"), PAIRS)
def test_every_balancer_works_with_every_trunk(name, trunk, data):
    """Two compiled steps move the weights and leave them finite; members, whose losses are means, besides."""
    keras.utils.set_random_seed(5)
    space = FeatureSpace({"numeric": 4, "missing": 4})
    architecture = SEED.architecture(trunk=trunk, hidden=(4,), head_hidden=(3,), experts=2, members=2)
    model = build_table_model(space, 3, architecture, model_class=ScanningModel)
    compile_model(model, learning_rate=0.01, jit_compile=True)
    model.balance(implementation(BALANCERS[name])())
    model.prepare(*({key: values[:8] for key, values in part.items()} for part in data))
    before = [variable.numpy() for variable in model.trainable_variables]
    model.fit(chunks(*data, ROWS // 2, seed=9), epochs=1, shuffle=False, verbose=0)
    after = [variable.numpy() for variable in model.trainable_variables]
    assert all(np.isfinite(values).all() for values in after)
    moved = [not np.array_equal(old, new) for old, new in zip(before, after, strict=True)]
    assert sum(moved) >= len(moved) - 2  # a weight of the balancer may stay as it was
