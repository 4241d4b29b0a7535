"""The table of mteb's tasks, against the registry of mteb 2.26.24.

Written by: python tests/oracle/test_mteb_tasks.py
"""

from __future__ import annotations

import re

import pytest
from mteb.get_tasks import _TASKS_REGISTRY

from benchmark.results.mteb_tasks import TABLE

pytestmark = pytest.mark.oracle

MOST_SUBSETS = 100


def table() -> str:
    """One line a text task: name, kind, main score, and languages by subset."""
    lines = []
    for name, task in sorted(_TASKS_REGISTRY.items()):
        metadata = task.metadata
        if metadata.modalities != ["text"]:
            continue
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metadata.type).lower()
        kind = words.removesuffix("_mining")
        subsets = metadata.hf_subsets_to_langscripts
        if len(subsets) > MOST_SUBSETS:
            subsets = {}
        languages = [
            ",".join(codes) if subset == "default" else f"{subset}={','.join(codes)}"
            for subset, codes in subsets.items()
        ]
        lines.append("\t".join([name, kind, metadata.main_score, *languages]) + "\n")
    return "".join(lines)


def test_the_table_is_that_of_mteb() -> None:
    """Every text task, its kind, main score and languages."""
    assert table() == TABLE.read_text("utf-8")


if __name__ == "__main__":
    TABLE.write_text(table(), "utf-8")
