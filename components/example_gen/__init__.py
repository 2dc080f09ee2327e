"""CSV and Parquet tables to `tf.Example`s in train, validation and eval splits."""
