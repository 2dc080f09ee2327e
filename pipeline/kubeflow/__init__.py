"""The same pipeline on open-source Kubeflow Pipelines: compiled, checked, and run inside its containers."""
