"""HTML: a table as a page of its own, that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = (
    "body{font:14px sans-serif;margin:2em}div{overflow-x:auto}table{border-collapse:collapse}"
    "td,th{padding:.3em .7em;border-bottom:1px solid #ddd;text-align:left;white-space:nowrap}"
    ".n{text-align:right}p{max-width:60em}"
)


def page(
    title: str,
    description: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Sequence[bool],
    below: str,
) -> str:
    """The table under its title and description, with a line below; all text is escaped.

    Columns of ``numbers`` are aligned right.
    """
    lines = [
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{_text(title)}</title>',
        f"<style>{_STYLE}</style>\n<h1>{_text(title)}</h1>",
        *([f"<p>{_text(description)}</p>"] if description else []),
        "<div><table>",
        _row("th", heads, numbers),
        *(_row("td", row, numbers) for row in rows),
        f"</table></div>\n<p>{_text(below)}</p>\n</html>\n",
    ]
    return "\n".join(lines)


def _row(tag: str, cells: Sequence[str], numbers: Sequence[bool]) -> str:
    marks = (' class="n"' if number else "" for number in numbers)
    row = (f"<{tag}{m}>{_text(cell)}</{tag}>" for m, cell in zip(marks, cells, strict=True))
    return f"<tr>{''.join(row)}</tr>"


def _text(text: str) -> str:
    """On one line, nothing of it markup."""
    return escape("".join(char if char.isprintable() else " " for char in text))
