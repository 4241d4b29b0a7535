"""The command that made a smaller suite, as its file repeats it."""

from __future__ import annotations

import shlex
from argparse import Namespace

_SILENT = {"method": "gaussian", "seed": 42}
_ASKED = (
    *("suite", "results", "cost", "keep", "time", "model", "costs", "method"),
    *("stay", "drop", "language", "domain", "title", "seed", "output"),
)


def command_of(args: Namespace) -> str:
    """What was asked of ``downsample tasks``, in one line, to be asked again.

    >>> command_of(Namespace(suite="a b", cost="20%", seed=42, output="mini.toml"))
    "embedmark downsample tasks --suite 'a b' --cost 20% -o mini.toml"
    """
    words = ["embedmark", "downsample", "tasks"]
    for name in _ASKED:
        value = getattr(args, name, None)
        if value in (None, [], _SILENT.get(name)):
            continue
        value = f"{value:g}s" if name == "time" else value
        values = value if isinstance(value, list) else [value]
        words += ["-o" if name == "output" else f"--{name}", *map(str, values)]
    return " ".join(shlex.join(words).split())
