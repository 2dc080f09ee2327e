"""The losses against NumPy, SciPy and scikit-learn."""

import keras
import numpy as np
import pytest
from scipy.special import huber
from sklearn.metrics import log_loss as reference_log_loss
from sklearn.metrics import mean_pinball_loss

from components.shared.errors import InputError
from components.shared.head_outputs import CLASSIFICATION
from components.trainer.losses import ClassificationLoss, RegressionLoss, accuracy, log_loss, losses_of, mae
from components.trainer.presets import SEED

RANDOM = np.random.default_rng(0)
LABEL, ANSWER = RANDOM.normal(size=(2, 50, 1)).astype("float32") * 2
CLASSES = RANDOM.integers(0, 3, 50)
PROBABILITIES = RANDOM.dirichlet([1, 1, 1], 50).astype("float32")
ERROR = (ANSWER - LABEL)[:, 0].astype("float64")


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (RegressionLoss("mse"), ERROR**2),
        (RegressionLoss("mae"), np.abs(ERROR)),
        (RegressionLoss("huber", delta=0.7), huber(0.7, ERROR)),
        (RegressionLoss("log_cosh"), np.log(np.cosh(ERROR))),
    ],
)
def test_losses_of_the_number_are_those_of_numpy(loss, expected):
    np.testing.assert_allclose(loss.call(LABEL, ANSWER), expected, rtol=1e-4, atol=1e-6)
    assert float(loss(LABEL, ANSWER)) == pytest.approx(expected.mean(), rel=1e-5)


def test_quantile_loss_is_that_of_scikit_learn():
    expected = mean_pinball_loss(LABEL, ANSWER, alpha=0.2)
    assert float(RegressionLoss("quantile", quantile=0.2)(LABEL, ANSWER)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("members", [(), (4,)])
def test_each_prediction_has_its_quantile(members):
    alphas = (0.05, 0.5, 0.9)
    answers = RANDOM.normal(size=(50, *members, 3)).astype("float32")
    of_members = answers.reshape(50, -1, 3).swapaxes(0, 1)
    expected = [mean_pinball_loss(LABEL[:, 0], one[:, i], alpha=alphas[i]) for one in of_members for i in range(3)]
    loss = RegressionLoss("quantile", quantile=alphas)
    assert loss.call(LABEL, answers).shape == (50,)
    assert float(loss(LABEL, answers)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_cross_entropy_is_that_of_scikit_learn():
    expected = reference_log_loss(CLASSES, PROBABILITIES, labels=[0, 1, 2])
    assert float(ClassificationLoss()(CLASSES, PROBABILITIES)) == pytest.approx(expected, rel=1e-5)
    assert float(np.mean(log_loss(CLASSES, PROBABILITIES))) == pytest.approx(expected, rel=1e-5)


def test_smoothing_focus_and_class_weights_follow_the_formula():
    weights = np.array([0.5, 2.0, 1.0])
    own = PROBABILITIES[np.arange(50), CLASSES].astype("float64")
    target = 0.9 * np.eye(3)[CLASSES] + 0.1 / 3
    expected = weights[CLASSES] * (1 - own) ** 1.5 * -(target * np.log(PROBABILITIES)).sum(axis=1)
    loss = ClassificationLoss(gamma=1.5, smoothing=0.1, class_weights=weights)
    np.testing.assert_allclose(loss.call(CLASSES, PROBABILITIES), expected, rtol=1e-4)


@pytest.mark.parametrize("loss", [RegressionLoss("mae"), mae])
def test_members_count_on_average(loss):
    answers = np.stack([ANSWER, ANSWER + 1, ANSWER - 2], axis=1)
    expected = np.mean([np.abs(ERROR), np.abs(ERROR + 1), np.abs(ERROR - 2)], axis=0)
    call = loss.call if isinstance(loss, keras.losses.Loss) else loss
    np.testing.assert_allclose(call(LABEL, answers), expected, rtol=1e-5)


def test_members_of_the_class_count_on_average():
    members = np.stack([PROBABILITIES, PROBABILITIES[:, ::-1]], axis=1)
    rows = np.arange(50)
    own = members[rows, :, CLASSES].astype("float64")
    np.testing.assert_allclose(ClassificationLoss().call(CLASSES, members), -np.log(own).mean(axis=1), rtol=1e-4)
    right = (members.argmax(axis=2) == CLASSES[:, None]).mean(axis=1)
    np.testing.assert_allclose(accuracy(CLASSES, members), right)


def test_the_gradient_stays_finite_where_the_answer_is_certain():
    import tensorflow as tf

    certain = tf.constant([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    for loss in (ClassificationLoss(), ClassificationLoss(gamma=0.5, smoothing=0.1)):
        with tf.GradientTape() as tape:
            tape.watch(certain)
            value = loss(np.array([0, 0]), certain)
        assert np.isfinite(tape.gradient(value, certain)).all()


def test_a_loss_is_saved_and_reloaded():
    for loss in (
        RegressionLoss("huber", 0.3),
        RegressionLoss("quantile", quantile=[0.1, 0.9]),
        ClassificationLoss(2.0, 0.1, [1, 2, 3]),
    ):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
        assert again.get_config() == loss.get_config()


def test_balanced_class_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    expected = compute_class_weight("balanced", classes=np.arange(3), y=CLASSES)
    loss = losses_of(SEED.recipe(class_weights="balanced"), CLASSES, ["a", "b", "c"])[CLASSIFICATION]
    np.testing.assert_allclose(loss.class_weights, expected)


@pytest.mark.parametrize(("rows", "size"), [(10, 32), (4096, 64), (5000, 64), (30_000, 256), (10**6, 512)])
def test_an_automatic_batch_size_suits_the_rows(rows, size):
    assert SEED.recipe(batch_size=None).batch_size_for(rows) == size
    assert SEED.recipe(batch_size=7).batch_size_for(rows) == 7


@pytest.mark.parametrize(("rows", "steps"), [(100, 4), (64, 2), (65, 3), (10, 1)])
@pytest.mark.parametrize("epochs", [0.5, 1.0, 3.0])
def test_the_moving_average_reaches_back_some_epochs(rows, steps, epochs):
    recipe = SEED.recipe(batch_size=32, ema_epochs=epochs)
    assert recipe.ema_momentum_for(rows) ** (steps * epochs) == pytest.approx(np.exp(-1))
    assert SEED.recipe().ema_momentum_for(rows) == 0


def test_class_weights_by_name_become_weights_by_index():
    recipe = SEED.recipe(class_weights={"b": 2.0})
    assert losses_of(recipe, CLASSES, ["a", "b", "c"])[CLASSIFICATION].class_weights == [1.0, 2.0, 1.0]
    assert losses_of(SEED.recipe(), CLASSES, ["a", "b", "c"])[CLASSIFICATION].class_weights is None
    with pytest.raises(InputError) as raised:
        losses_of(recipe, CLASSES, ["a", "c"])
    assert str(raised.value) == (
        'training.class_weights must name classes of the train split, got "b". The classes are a, c.'
    )
