"""One whole process, from a cold start: wall time, peak memory and what it printed."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds from start to end, the resident memory at its highest in MB, and stdout."""

    seconds: float
    megabytes: float
    output: str


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command; its stderr is shown when it fails.

    This process stays small, since a child counts its parent's memory until it runs its program.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=out, stderr=errors, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read()[-4000:]}{out.read()}")
        return Measured(seconds, usage.ru_maxrss / 1024, out.read())


def read_anew(environment: Path) -> None:
    """Have an environment's libraries read from disk again, where the system can be told so.

    Pages that an installer has just written may be mapped in large pieces, which adds some 40 MB to
    whichever side was installed last.
    """
    if not hasattr(os, "posix_fadvise"):
        return
    os.sync()  # what is not on disk yet cannot be dropped
    for path in environment.rglob("*.so*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def spread_of(values: Sequence[float], digits: int) -> str:
    """``median (least-most)``."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
