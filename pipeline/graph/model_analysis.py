"""TensorFlow Model Analysis of both heads: the EvalConfig that users get wrong by hand."""

from __future__ import annotations

import tensorflow_model_analysis as tfma

from components.shared import tensor_names
from components.shared.head_outputs import CLASSIFICATION, REGRESSION
from pipeline.config.run import Config


def eval_config(config: Config) -> tfma.EvalConfig:
    """Returns TFMA's configuration for the two heads and the configured slices.

    Labels come from the `transform_features` signature: the regression label in its own units and the index of the
    class. So do the weights, 1 where a row has the label of the output and 0 where it is missing.
    """
    slices = [[part] if isinstance(part, str) else part for part in config.evaluation.slices]
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name="serving_default",
                label_keys={
                    REGRESSION: tensor_names.REGRESSION_LABEL,
                    CLASSIFICATION: tensor_names.CLASSIFICATION_LABEL,
                },
                example_weight_keys={
                    REGRESSION: tensor_names.REGRESSION_PRESENT,
                    CLASSIFICATION: tensor_names.CLASSIFICATION_PRESENT,
                },
                preprocessing_function_names=["transform_features"],
            )
        ],
        slicing_specs=[tfma.SlicingSpec(), *(tfma.SlicingSpec(feature_keys=keys) for keys in slices)],
        metrics_specs=[
            tfma.MetricsSpec(
                output_names=[REGRESSION],
                metrics=[
                    tfma.MetricConfig(class_name=name)
                    for name in ("ExampleCount", "MeanAbsoluteError", "MeanSquaredError")
                ],
            ),
            tfma.MetricsSpec(
                output_names=[CLASSIFICATION],
                metrics=[
                    tfma.MetricConfig(class_name=name)
                    for name in ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy")
                ],
            ),
        ],
    )
