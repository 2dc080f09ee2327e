"""The boosted trees to compare with, one model per label."""

from __future__ import annotations

import lightgbm
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tests.benchmarks.sets import Split

Answer = tuple[np.ndarray, np.ndarray]
"""The numbers [n] and the probabilities [n, K] of the test rows."""


def lightgbm_trees(split: Split, seed: int) -> Answer:
    """LightGBM with early stopping on the validation rows."""
    train, validation, test = split.parts
    x, stop = split.frame, [lightgbm.early_stopping(50, verbose=False)]
    common = {"n_estimators": 2000, "learning_rate": 0.05, "random_state": seed, "verbose": -1, "n_jobs": 2}
    number = lightgbm.LGBMRegressor(**common).fit(
        x.iloc[train],
        split.number[train],
        eval_set=[(x.iloc[validation], split.number[validation])],
        callbacks=stop,
    )
    label = lightgbm.LGBMClassifier(**common).fit(
        x.iloc[train],
        split.label[train],
        eval_set=[(x.iloc[validation], split.label[validation])],
        callbacks=[lightgbm.early_stopping(50, verbose=False)],
    )
    return number.predict(x.iloc[test]), label.predict_proba(x.iloc[test])


def histogram_trees(split: Split, seed: int) -> Answer:
    """scikit-learn's HistGradientBoosting with its defaults; where a class has one row it does not stop early."""
    train, _, test = split.parts
    x = split.frame
    options = {"categorical_features": "from_dtype", "random_state": seed}
    number = HistGradientBoostingRegressor(**options).fit(x.iloc[train], split.number[train])
    stop = "auto" if np.bincount(split.label[train]).min() > 1 else False
    label = HistGradientBoostingClassifier(early_stopping=stop, **options).fit(x.iloc[train], split.label[train])
    return number.predict(x.iloc[test]), label.predict_proba(x.iloc[test])
