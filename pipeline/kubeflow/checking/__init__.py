"""What Kubeflow Pipelines will refuse, ignore or get wrong in a compiled pipeline."""
