"""Kubeflow Pipelines 2.14 to 2.17 on one machine, as far as a container can tell.

Driver, launcher, metadata and object store behave as their source says; every container is the real command with the
real arguments, as a process of its own. What no container sees (Argo, pods, credentials, the UI) is not emulated.
"""
