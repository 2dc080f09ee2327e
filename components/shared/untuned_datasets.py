"""Datasets that are read once and in order, where there is nothing for TensorFlow to tune."""

from __future__ import annotations

import tensorflow as tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the dataset without the thread that tunes it while it is read.

    That thread sleeps ever longer between its looks, up to a minute, and the end of a pass may wait until it wakes up.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
