"""Generators of data from a seed.

To add one, write ``generator(arguments, seed, subset, split) -> {table: Arrow table}`` in a module
of this package and name it below as ``"module:function"``. ``arguments`` is the task's
``[source.arguments]``; the tables have the columns of the task's kind. Equal arguments give equal
tables on every machine: draw from ``random.Random(seed)`` only, and sort what has no order.
"""

from __future__ import annotations

from collections.abc import Mapping

GENERATORS: Mapping[str, str] = {
    "needle": "benchmark.data.generators.needle:generate",
    "passkey": "benchmark.data.generators.passkey:generate",
}
