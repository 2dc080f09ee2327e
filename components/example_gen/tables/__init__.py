"""Tables in files of any format, here or in an object store, as one stream of record batches."""
