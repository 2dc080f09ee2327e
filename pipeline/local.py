"""Runs the pipeline on this machine under TFX's LocalDagRunner, and tells what happened."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from components.data_gate.settings import SUMMARY as GATE_SUMMARY
from components.errors import MtlError, Rejected
from pipeline import summary
from pipeline.facts import STEP_MODULES, Facts, gather
from pipeline.lock import only_run
from pipeline.progress import Progress
from pipeline.quiet import output_to
from pipeline.resolve import Resolved
from pipeline.runs import Run, Step, new_run, read_runs
