"""From a configuration to a package that Kubeflow Pipelines runs."""
