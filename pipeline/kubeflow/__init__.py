"""The pipeline on Kubeflow Pipelines: compiled, checked, submitted, scheduled."""
