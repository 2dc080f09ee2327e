"""The section `intervals` of the configuration."""

from __future__ import annotations

from typing import Literal

from pipeline.config.base import Fraction, Section


class Intervals(Section):
    """The intervals that come with every predicted value of the regression head; they need a calibration split."""

    coverage: Fraction = 0.9
    """Share of the labels that the prediction intervals are to contain."""
    method: Literal["split", "cqr"] = "split"
    """`split`: equally wide for all rows (split conformal prediction; Lei et al. 2018); `cqr`: wide where the data is
    uncertain, by two quantiles learnt beside the predicted value (conformalised quantile regression; Romano et al.
    2019)."""
