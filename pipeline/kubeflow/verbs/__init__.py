"""The group `mtl kubeflow`."""
