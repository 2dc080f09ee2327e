"""Tables of any format to `tf.Example`s in four splits: train, validation, calibration and eval."""
