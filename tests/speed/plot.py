"""A small SVG of two curves over the number of documents, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _MARGIN = 340, 220, 56
_INK, _LINE, _GRID = "#333333", "#1f6feb", "#dddddd"


@dataclass(frozen=True, slots=True)
class Curve:
    """One panel: a title with its unit, values by number of documents, and a limit if there is one.

    ``linear`` draws the line that grows in proportion from the last point.
    """

    title: str
    values: Mapping[int, float]
    limit: float | None = None
    linear: bool = False


def svg(curves: Sequence[Curve]) -> str:
    """The panels side by side."""
    width = len(curves) * (_WIDTH + _MARGIN) + _MARGIN
    height = _HEIGHT + 2 * _MARGIN
    panels = "".join(
        f'<g transform="translate({_MARGIN + number * (_WIDTH + _MARGIN)},{_MARGIN})">'
        f"{_panel(curve)}</g>\n"
        for number, curve in enumerate(curves)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{_INK}">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n{panels}</svg>\n'
    )


def _panel(curve: Curve) -> str:
    heights = [*curve.values.values(), *([curve.limit] if curve.limit else [])]
    x_axis = _decades(curve.values)
    y_axis = _decades(heights)
    parts = [f'<text x="0" y="-14" font-weight="bold">{curve.title}</text>']
    for decade in range(x_axis[0], x_axis[1] + 1):
        x = _place(10**decade, x_axis, _WIDTH)
        parts.append(_stroke(x, 0, x, _HEIGHT, _GRID))
        parts.append(
            f'<text x="{x:.0f}" y="{_HEIGHT + 18}" text-anchor="middle">{10**decade:,}</text>'
        )
    for decade in range(y_axis[0], y_axis[1] + 1):
        y = _HEIGHT - _place(10.0**decade, y_axis, _HEIGHT)
        parts.append(_stroke(0, y, _WIDTH, y, _GRID))
        parts.append(f'<text x="-6" y="{y + 4:.0f}" text-anchor="end">{10.0**decade:g}</text>')
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT + 38}" text-anchor="middle">documents</text>')
    if curve.limit:
        y = _HEIGHT - _place(curve.limit, y_axis, _HEIGHT)
        parts.append(_stroke(0, y, _WIDTH, y, "#cc3333", dashes="6 4"))
        parts.append(f'<text x="4" y="{y - 5:.0f}" fill="#cc3333">limit {curve.limit:g}</text>')
    points = [
        (_place(count, x_axis, _WIDTH), _HEIGHT - _place(value, y_axis, _HEIGHT))
        for count, value in sorted(curve.values.items())
    ]
    if curve.linear:
        last, first = max(curve.values), min(curve.values)
        slope = curve.values[last] / last
        low = max(first, 10.0 ** y_axis[0] / slope)
        parts.append(
            _stroke(
                _place(low, x_axis, _WIDTH),
                _HEIGHT - _place(slope * low, y_axis, _HEIGHT),
                *points[-1],
                _INK,
                dashes="2 4",
            )
        )
        parts.append(f'<text x="{_WIDTH}" y="-14" text-anchor="end">dotted: in proportion</text>')
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="2"/>')
    for (x, y), (_, value) in zip(points, sorted(curve.values.items()), strict=True):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_LINE}"/>')
        anchor = "end" if x > _WIDTH - 40 else "start"
        parts.append(
            f'<text x="{x - 8 if anchor == "end" else x + 8:.0f}" y="{y + 16:.0f}" '
            f'text-anchor="{anchor}">{value:.3g}</text>'
        )
    return "".join(parts)


def _decades(values: Sequence[float] | Mapping[int, float]) -> tuple[int, int]:
    """The powers of ten around all values."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _place(value: float, axis: tuple[int, int], length: float) -> float:
    return (math.log10(value) - axis[0]) / (axis[1] - axis[0]) * length


def _stroke(x: float, y: float, x2: float, y2: float, colour: str, dashes: str = "") -> str:
    pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{pattern}/>'
    )
