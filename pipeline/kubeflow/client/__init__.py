"""Talking to a server of Kubeflow Pipelines: packages, runs and schedules."""
