"""An SVG of quality against bytes and against time, with a line through the best trade-offs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from benchmark.results.tradeoffs import Point

_WIDTH, _HEIGHT, _LEFT, _TOP = 380, 260, 64, 48
_INK, _GRID, _LINE = "#333333", "#dddddd", "#1f6feb"
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a")
_COSTS = (("bytes", "bytes a vector"), ("milliseconds", "milliseconds a query"))


def svg(points: Sequence[Point]) -> str:
    """Two panels, costs on logarithmic axes; a colour a model, filled among the best.

    Points without score or cost are left out.
    """
    models = list(dict.fromkeys(point.model for point in points))
    colour_of = {model: _COLOURS[n % len(_COLOURS)] for n, model in enumerate(models)}
    width = len(_COSTS) * (_WIDTH + _LEFT + 24) + 24
    height = _TOP + _HEIGHT + 56 + 18 * len(models)
    panels = "".join(
        f'<g transform="translate({_LEFT + number * (_WIDTH + _LEFT + 24)},{_TOP})">\n'
        f"{_panel(points, cost, title, colour_of)}</g>\n"
        for number, (cost, title) in enumerate(_COSTS)
    )
    legend = "".join(
        f'<circle cx="{_LEFT + 5}" cy="{_TOP + _HEIGHT + 56 + 18 * n}" r="5" '
        f'fill="{colour_of[model]}"/>'
        f'<text x="{_LEFT + 16}" y="{_TOP + _HEIGHT + 60 + 18 * n}">{escape(model)}</text>\n'
        for n, model in enumerate(models)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{_INK}">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n{panels}{legend}</svg>\n'
    )


def short_name(point: Point) -> str:
    """The values of a combination, by which a point is told from the others of its model."""
    told = [
        f"rescored {value}" if name == "rescore" else str(value)
        for name, value in point.options.items()
        if name != "rescore" or value
    ]
    return " ".join(told) or point.label


def _panel(points: Sequence[Point], cost: str, title: str, colour_of: dict[str, str]) -> str:
    drawn = [
        (point, float(getattr(point, cost)), 100 * point.score)
        for point in points
        if point.score is not None and getattr(point, cost)
    ]
    parts = [f'<text x="0" y="-18" font-weight="bold">score against {title}</text>\n']
    if not drawn:
        return "".join([*parts, '<text x="0" y="0">no combination has both</text>\n'])
    place_x, ticks_x = _logarithmic([price for _, price, _ in drawn])
    place_y, ticks_y = _linear([score for *_, score in drawn])
    for tick in ticks_x:
        parts.append(_stroke(place_x(tick), 0, place_x(tick), _HEIGHT))
        parts.append(_text(place_x(tick), _HEIGHT + 18, f"{tick:g}", "middle"))
    for tick in ticks_y:
        parts.append(_stroke(0, _HEIGHT - place_y(tick), _WIDTH, _HEIGHT - place_y(tick)))
        parts.append(_text(-8, _HEIGHT - place_y(tick) + 4, f"{tick:g}", "end"))
    parts.append(_text(_WIDTH / 2, _HEIGHT + 36, title, "middle"))
    front = sorted((price, score) for point, price, score in drawn if cost in point.best)
    line = " ".join(f"{place_x(p):.1f},{_HEIGHT - place_y(s):.1f}" for p, s in front)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-dasharray="4 3"/>')
    for point, price, score in drawn:
        x, y = place_x(price), _HEIGHT - place_y(score)
        colour = colour_of[point.model]
        fill = colour if cost in point.best else "white"
        told = escape(f"{point.label}: {score:.2f} at {price:g} {title}")
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}" stroke="{colour}">'
            f"<title>{told}</title></circle>\n"
        )
        if cost not in point.best:
            continue  # its name is its title, which a pointer shows
        end = x > _WIDTH * 0.6
        beside = (x - 6, y - 9, "end") if end else (x + 9, y + 4, "start")
        parts.append(
            f'<text x="{beside[0]:.1f}" y="{beside[1]:.1f}" text-anchor="{beside[2]}" '
            f'font-size="10">{escape(short_name(point))}</text>\n'
        )
    return "".join(parts)


def _logarithmic(values: Sequence[float]) -> tuple[Callable[[float], float], list[float]]:
    """Where a value stands on an axis of powers of two, and its ticks."""
    low, high = math.floor(math.log2(min(values))), math.ceil(math.log2(max(values)))
    low, high = (low - 1, high + 1) if low == high else (low, high)
    step = max(1, (high - low) // 6)
    ticks = [2.0**power for power in range(low, high + 1, step)]
    return lambda value: (math.log2(value) - low) / (high - low) * _WIDTH, ticks


def _linear(values: Sequence[float]) -> tuple[Callable[[float], float], list[float]]:
    """Where a value stands on an axis that starts near the least, and its ticks."""
    spread = max(max(values) - min(values), 1e-3)
    step = 10.0 ** math.floor(math.log10(spread))
    step *= next(m for m in (0.2, 0.5, 1, 2) if spread / (step * m) <= 6 or m == 2)
    low, high = math.floor(min(values) / step) * step, math.ceil(max(values) / step) * step
    high = high if high > low else low + step
    ticks = [round(low + n * step, 6) for n in range(round((high - low) / step) + 1)]
    return lambda value: (value - low) / (high - low) * _HEIGHT, ticks


def _stroke(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{_GRID}"/>\n'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>\n'
