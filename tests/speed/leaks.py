"""Seconds and memory of looking for training texts in a test, 100,000 against 100,000.

python tests/speed/leaks.py
"""

from __future__ import annotations

import resource
import time

import numpy as np
import pyarrow as pa

from benchmark.care.near import first_near, text_hashes

ROWS, WORDS, VOCABULARY = 100_000, 40, 30_000


def main() -> None:
    """Print one line; a tenth of the texts has one word of another, and all of these are found."""
    draws = np.random.default_rng(0)
    numbers = np.minimum(draws.zipf(1.3, (2 * ROWS, WORDS)), VOCABULARY)
    texts, others = numbers[:ROWS], numbers[ROWS:]
    texts[::10] = others[::10]
    texts[::10, 3] = VOCABULARY + 1
    columns = [
        pa.array([" ".join(map(str, row)) for row in each.tolist()], pa.large_string())
        for each in (texts, others)
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    hashes = [text_hashes(column) for column in columns]
    equal = time.perf_counter() - start
    near = first_near(*columns)
    seconds = time.perf_counter() - start
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found = float((near[::10] >= 0).mean())
    print(
        f"leaks: {ROWS:,} texts of {WORDS} words against {len(hashes[1]):,}: equal {equal:.1f} s, "
        f"nearly equal {seconds - equal:.1f} s, {more:.0f} MB more; {found:.1%} found"
    )


if __name__ == "__main__":
    main()
