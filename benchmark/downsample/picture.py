"""Pictures of a choice, as SVG: correlations in cluster order, truth against prediction."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from benchmark.downsample.table import ScoreTable
from benchmark.stats.local_gaussian import filled

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL, _LABEL, _MARGIN = 14, 290, 24
_PLOT, _EDGE = 420, 56
_INK, _CHOSEN, _OTHER = "#1f2430", "#0b6e4f", "#8a93a6"


def correlation_picture(table: ScoreTable, chosen: Sequence[int], title: str) -> str:
    """The correlations of all tasks over models, alike beside alike, chosen ones marked.

    The order is that of average linkage on one minus the correlation. A constant task correlates
    with nothing.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    scores = filled(table.scores)
    spread = scores.std(axis=0)
    standard = (scores - scores.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    matrix = standard.T @ standard / len(scores)
    apart = np.clip(1 - (matrix + matrix.T) / 2, 0, 2)
    np.fill_diagonal(apart, 0)
    count = len(table.tasks)
    order = leaves_list(linkage(squareform(apart), "average")) if count > 2 else range(count)
    side = count * _CELL
    width, height = _LABEL + side + _MARGIN, 2 * _MARGIN + side + 20
    parts = [_text(_LABEL, 18, title, "start", bold=True)]
    for row, one in enumerate(order):
        top = _MARGIN + 8 + row * _CELL
        mark = one in set(chosen)
        name = f"{'● ' if mark else ''}{table.tasks[one]}"
        colour = _CHOSEN if mark else _OTHER
        parts.append(_text(_LABEL - 6, top + 11, name, "end", colour=colour, bold=mark))
        parts += [
            f'<rect x="{_LABEL + column * _CELL}" y="{top}" width="{_CELL}" height="{_CELL}" '
            f'fill="{_shade(float(matrix[one, other]))}"/>'
            for column, other in enumerate(order)
        ]
    legend = f"● runs ({len(set(chosen))} of {count}); darker is more correlated over models"
    parts.append(_text(_LABEL, _MARGIN + side + 28, legend, "start"))
    return _svg(width, height, parts)


def scatter_picture(
    truth: NDArray[np.float64],
    guess: NDArray[np.float64],
    widths: NDArray[np.float64],
    new: NDArray[np.bool_],
    title: str,
) -> str:
    """Predicted means against true ones, ``(m,)`` each, with 90 % intervals and the diagonal.

    ``new`` marks models of organisations that the fit does not know.
    """
    low = float(min(truth.min(), (guess - widths).min())) - 1
    high = float(max(truth.max(), (guess + widths).max())) + 1
    scale = _PLOT / (high - low)

    def across(value: float) -> float:
        return _EDGE + (value - low) * scale

    def down(value: float) -> float:
        return _EDGE + _PLOT - (value - low) * scale

    parts = [
        _text(_EDGE, 20, title, "start", bold=True),
        (
            f'<rect x="{_EDGE}" y="{_EDGE}" width="{_PLOT}" height="{_PLOT}" fill="none" '
            f'stroke="{_OTHER}"/>'
        ),
        _line(across(low), down(low), across(high), down(high), _OTHER),
    ]
    for tick in np.arange(np.ceil(low / 10) * 10, high, 10):
        parts.append(_text(across(tick), _EDGE + _PLOT + 16, f"{tick:.0f}", "middle"))
        parts.append(_text(_EDGE - 6, down(tick) + 4, f"{tick:.0f}", "end"))
    for true, mean, half, fresh in zip(truth, guess, widths, new, strict=True):
        colour = _CHOSEN if fresh else _INK
        parts.append(
            _line(across(true), down(mean - half), across(true), down(mean + half), colour)
        )
        parts.append(
            f'<circle cx="{across(true):.1f}" cy="{down(mean):.1f}" r="2.6" fill="{colour}"/>'
        )
    bottom = _EDGE + _PLOT + 34
    parts.append(_text(_EDGE + _PLOT / 2, bottom, "mean over all tasks, measured", "middle"))
    parts.append(_text(_EDGE, 40, "predicted, with 90 % intervals; green: a new maker", "start"))
    return _svg(2 * _EDGE + _PLOT, bottom + 16, parts)


def _shade(correlation: float) -> str:
    """White at 0, blue at 1, red at -1."""
    part = min(abs(correlation), 1.0)
    far = np.array([20, 60, 130]) if correlation >= 0 else np.array([160, 40, 30])
    red, green, blue = (255 + (far - 255) * part).round().astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _text(
    x: float, y: float, text: str, anchor: str, *, colour: str = _INK, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>'
        f"{escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        'stroke-width="0.8"/>'
    )


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
                'font-family="sans-serif" font-size="11">'
            ),
            '<rect width="100%" height="100%" fill="white"/>',
            *parts,
            "</svg>\n",
        ]
    )
