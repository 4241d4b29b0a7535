"""How long ``embedmark --help`` takes, as a ratio to ``python -c pass``; exit 1 above the limit."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 20
LIMIT = 3.0


def main() -> int:
    """Time both commands in turn and print the ratio of their medians."""
    command = Path(sys.executable).with_name("embedmark")
    commands = {"help": [str(command), "--help"], "pass": [sys.executable, "-c", "pass"]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, arguments in commands.items():
            start = time.perf_counter()
            subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["help"] / medians["pass"]
    print(
        f"embedmark --help {medians['help'] * 1000:.1f} ms, "
        f"python -c pass {medians['pass'] * 1000:.1f} ms: "
        f"ratio {ratio:.2f} (medians of {RUNS}, limit {LIMIT})"
    )
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
