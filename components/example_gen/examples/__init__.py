"""`tf.Example`s on disk: encoded, written and read back."""
