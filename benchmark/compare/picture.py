"""A forest plot of comparisons as SVG: each task's difference with its interval, then the means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from benchmark.compare.suite import LEVEL, Pair
from benchmark.stats.paired import Paired

_LABEL, _PLOT, _RIGHT, _ROW, _TOP = 260, 420, 190, 22, 58
_INK, _GRID, _TOLD, _NOT = "#333333", "#dddddd", "#1f6feb", "#8a93a6"
Line = tuple[str, Paired | None, float, float, bool]
"""A name, its test, the difference, the p that it is judged by, and whether it is a mean."""


def svg(pairs: Sequence[Pair]) -> str:
    """One panel a pair of models: what has p above 5 % after correction is grey, a mean a diamond.

    A difference without an interval is a point alone.
    """
    parts: list[str] = []
    top = 0
    for pair in pairs:
        lines = _lines_of(pair)
        parts.append(f'<g transform="translate(0,{top})">\n{_panel(pair, lines)}</g>\n')
        top += _TOP + _ROW * len(lines) + 56
    width = _LABEL + _PLOT + _RIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" '
        f'viewBox="0 0 {width} {top}" font-family="sans-serif" font-size="12" fill="{_INK}">\n'
        f'<rect width="{width}" height="{top}" fill="white"/>\n{"".join(parts)}</svg>\n'
    )


def _lines_of(pair: Pair) -> list[Line]:
    lines: list[Line] = []
    for task, p in zip(pair.tasks, pair.corrected, strict=True):
        paired = task.comparison.paired if task.comparison else None
        lines.append((task.task, paired, task.difference, p, False))
    for group, p in ((pair.these, pair.p_suite), (pair.like_these, math.nan)):
        if group is not None:
            own = group.paired.p if group.paired and math.isnan(p) else p
            lines.append((group.name, group.paired, group.a - group.b, own, True))
    return lines


def _panel(pair: Pair, lines: Sequence[Line]) -> str:
    ends = [0.0]
    for _, paired, difference, *_ in lines:
        ends += [100 * difference, *_ends(paired)]
    step = _step(max(ends) - min(ends))
    low, high = math.floor(min(ends) / step) * step, math.ceil(max(ends) / step) * step
    high = high if high > low else low + step

    def across(points: float) -> float:
        return _LABEL + (points - low) / (high - low) * _PLOT

    bottom = _TOP + _ROW * len(lines)
    title = f"{pair.a} less {pair.b}: difference in points, 95 % intervals"
    parts = [_text(16, 22, title, "start", bold=True)]
    for n in range(round((high - low) / step) + 1):
        tick = low + n * step
        colour = _INK if abs(tick) < step / 2 else _GRID
        parts.append(_stroke(across(tick), _TOP - 12, across(tick), bottom, colour))
        parts.append(_text(across(tick), bottom + 16, f"{tick:+g}" if tick else "0", "middle"))
    parts.append(_text(across(0) - 6, _TOP - 18, f"{pair.b} leads", "end"))
    parts.append(_text(across(0) + 6, _TOP - 18, f"{pair.a} leads", "start"))
    legend = "blue: p at most 5 % after correction; grey: not told apart"
    parts.append(_text(_LABEL, bottom + 34, legend, "start"))
    for n, line in enumerate(lines):
        parts.append(_row(line, _TOP + _ROW * n + 4, across))
    return "".join(parts)


def _row(line: Line, y: float, place: Callable[[float], float]) -> str:
    name, paired, difference, p, is_mean = line
    colour = _TOLD if p <= LEVEL else _NOT
    x = place(100 * difference)
    parts = [_text(_LABEL - 12, y + 4, name, "end", bold=is_mean)]
    told = f"{100 * difference:+.2f}"
    ends = _ends(paired)
    if ends:
        parts.append(_stroke(place(ends[0]), y, place(ends[1]), y, colour, wide=2))
        told += f" ({ends[0]:+.2f} to {ends[1]:+.2f})"
    if is_mean:
        shape = f'<path d="M{x - 7:.1f},{y:.1f} l7,-6 l7,6 l-7,6 z" fill="{colour}">'
    else:
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}">'
    kind = "path" if is_mean else "circle"
    parts.append(f"{shape}<title>{escape(f'{name}: {told}')}</title></{kind}>\n")
    parts.append(_text(_LABEL + _PLOT + 12, y + 4, told, "start"))
    return "".join(parts)


def _ends(paired: Paired | None) -> list[float]:
    """In points; empty where there are none."""
    ends = paired.interval.ends if paired else None
    return [100 * end for end in ends] if ends else []


def _step(spread: float) -> float:
    """Between ticks, so that there are at most eight."""
    step = 10.0 ** math.floor(math.log10(max(spread, 0.1)))
    return step * next(m for m in (0.2, 0.5, 1, 2) if spread / (step * m) <= 7 or m == 2)


def _stroke(x1: float, y1: float, x2: float, y2: float, colour: str, wide: int = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{wide}"/>\n'


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(text)}</text>\n'
