"""What smaller tasks' scores tell of the whole tasks: printed apart from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.catalog import Choice
    from benchmark.results.frame import Results


def wholes(choices: Sequence[Choice], results: Results) -> list[dict[str, Any]]:
    """For each of these smaller tasks and model with a saved result: the whole's score."""
    small = {choice.task.name: choice.task for choice in choices}
    if not small:
        return []
    from benchmark.downsample.standing import standing_of_result

    found = []
    for model, name, path in dict.fromkeys(
        (row.model, row.task, row.path) for row in results if row.task in small and row.path
    ):
        told = standing_of_result(small[name], Path(path))
        if told is None:
            continue
        ends = told.interval.ends if told.interval else None
        found.append(
            {
                "model": model,
                "task": name,
                "of": name.rpartition(".small")[0] or name.rpartition(".")[0],
                "small": told.small,
                "whole": told.whole,
                "low": ends[0] if ends else None,
                "high": ends[1] if ends else None,
                "level": 0.95,
                "rise": told.rise,
            }
        )
    return found


def print_wholes(found: Sequence[dict[str, Any]]) -> None:
    """A table of them, in points, and what it says."""
    from benchmark.cli.output import print_table

    if not found:
        return
    rows = [
        [
            each["model"],
            each["of"],
            f"{100 * each['small']:.2f}",
            f"~{100 * each['whole']:.2f}",
            "" if each["low"] is None else f"{100 * each['low']:.2f} to {100 * each['high']:.2f}",
            f"{100 * each['rise']:+.2f}" if each["rise"] else "",
        ]
        for each in found
    ]
    columns = ["model", "whole task", "small", "whole", "95 % interval", "rise"]
    print()
    print_table(columns, rows, right={"small", "whole", "rise"})
    print(
        "\nThe whole task's score as the smaller form tells it, not measured. Rise is by how much "
        "the smaller form\nraised the models that it was made with; it is taken off."
    )
