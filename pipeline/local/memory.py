"""The most memory this process held since a moment, as the Linux kernel keeps it: exact, with no thread to sample."""

from __future__ import annotations

from pathlib import Path

_RESET_PEAK = "5"  # proc(5), /proc/pid/clear_refs: resets VmHWM


def reset_peak(proc: Path = Path("/proc/self")) -> bool:
    """Begins a new measurement; False where the system keeps no such mark."""
    try:
        (proc / "clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def peak(proc: Path = Path("/proc/self")) -> float | None:
    """Returns the peak of resident memory since the last reset, in MiB; None where the system does not say.

    Memory of child processes, such as Beam's with several workers, is not in it.
    """
    try:
        lines = (proc / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    marks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(marks[0]) / 1024 if marks else None
