"""The same pipeline on open-source Kubeflow Pipelines: compiled, checked, run in its containers, scheduled."""
