"""``tasks list --from mteb`` and ``tasks new --from-mteb``: what an installed mteb knows."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.catalog import Choice


def choices_of_mteb(names: Sequence[str]) -> list[Choice]:
    """These tasks and benchmarks of mteb; no names: all that mteb itself lists, of text alone.

    What it lists and cannot run here is said on standard error.
    """
    from benchmark.catalog import Choice, find_choices
    from benchmark.data.mteb import PREFIX
    from benchmark.data.mteb.files import listed

    if names:
        return find_choices([f"{PREFIX}{name.removeprefix(PREFIX)}" for name in names])
    tasks, aggregates, refused = listed()
    for line in refused:
        print(f"left out: {line}", file=sys.stderr)
    made = find_choices([f"{PREFIX}{name}" for name in aggregates]) if aggregates else []
    return [*map(Choice, tasks), *made]


def write_from_mteb(args: Namespace) -> int:
    """Write the file of a task of mteb into the current folder."""
    from benchmark.catalog import load_task
    from benchmark.data.mteb import PREFIX
    from benchmark.data.mteb.files import task_texts
    from benchmark.errors import TaskFileError, UsageError

    if args.name or args.data or args.kind:
        raise UsageError("--from-mteb names the task and all of it; leave out NAME, --data, --kind")
    texts = task_texts(args.from_mteb.removeprefix(PREFIX))
    for name in texts:
        if Path(f"{name}.toml").exists():
            raise TaskFileError(f"{name}.toml: exists; remove it first, or work in another folder")
    for name, text in reversed(texts.items()):  # an aggregate after its parts
        path = Path(f"{name}.toml")
        try:
            path.write_text(text, "utf-8")
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be written ({error.strerror}); work in a folder where it can"
            ) from None
        load_task(path)
        print(f"wrote {path}")
    print(f"next: embedmark tasks check {path}")
    return 0
