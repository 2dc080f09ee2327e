"""Objects of remote stores, `s3://` and others: the few operations that data and pushed models need."""
