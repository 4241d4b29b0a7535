"""What commands print on stdout: aligned tables and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Collection[str] = ()
) -> None:
    """Print rows under their column names, every cell whole on one line.

    Columns named in ``right`` are aligned right. None prints as an empty cell. A cell is never
    cut or wrapped: a table wider than the terminal runs on. Colour stands only in a terminal.
    Control characters, and characters that stdout cannot encode, are printed as escapes.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(
            Text(visible(column)), justify="right" if column in right else "left", no_wrap=True
        )
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    # Far wider than any table: rich cuts cells to the width that it is given.
    console = Console(file=sys.stdout, highlight=False, width=1_000_000)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def print_json(content: Any) -> None:
    """Print one JSON value, indented, keys in their order; NaN is a ValueError, as JSON has none.

    Everything outside ASCII is escaped, so that any stdout can carry it.
    """
    print(json.dumps(content, indent=2, allow_nan=False))


def visible(cell: object) -> str:
    """Text on one line, with escapes for what is not printable or not in stdout's encoding."""
    if cell is None:
        return ""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(cell))
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
