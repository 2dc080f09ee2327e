"""Objects at `s3://`, `minio://` and `gs://`: the few operations that data and pushed models need."""
