"""A small picture of how long a task's texts are, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _PLOT, _TOP, _PANEL = 360, 90, 30, 150
_INK, _BAR = "#1f2430", "#0b6e4f"


def lengths_picture(title: str, panels: Sequence[tuple[str, Sequence[int]]]) -> str:
    """One histogram under the other: a name, and how many texts have 0, 1, 2-3, 4-7, ... letters.

    Names are escaped.
    """
    height = _TOP + _PANEL * len(panels)
    parts = [_text(10, 18, title, bold=True)]
    for number, (name, counts) in enumerate(panels):
        top = _TOP + number * _PANEL
        most, step = max([*counts, 1]), (_WIDTH - 20) / max(len(counts), 1)
        parts.append(_text(10, top + 12, name))
        for place, count in enumerate(counts):
            tall = _PLOT * count / most
            left, bottom = 10 + place * step, top + 20 + _PLOT
            parts.append(
                f'<rect x="{left:.1f}" y="{bottom - tall:.1f}" width="{max(step - 1, 1):.1f}" '
                f'height="{tall:.1f}" fill="{_BAR}"><title>{count:,}</title></rect>'
            )
            if place % 2 == 0:
                parts.append(_text(left, bottom + 12, f"{2 ** (place - 1) if place else 0:,}"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="sans-serif" font-size="10">'
    )
    back = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head, back, *parts, "</svg>\n"])


def _text(x: float, y: float, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{_INK}"{weight}>{escape(text)}</text>'
