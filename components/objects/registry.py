"""The schemes of object stores. A store that fsspec knows is added by one entry."""

from __future__ import annotations

from components.objects.amazon import MINIO, S3
from components.objects.base import Scheme
from components.objects.google import GS

SCHEMES: dict[str, Scheme] = {scheme.name: scheme for scheme in (S3, MINIO, GS)}
"""What URIs begin with, before `://` -> all there is to know of the scheme."""
