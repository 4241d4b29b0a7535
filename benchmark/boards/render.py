"""Renders a leaderboard in every format that it has; the same board gives the same bytes."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.boards.board import DEFAULT_COLUMNS, FACTS
from benchmark.boards.build import Leaderboard, Row
from benchmark.boards.claims import STATUSES, Cell
from benchmark.boards.content import json_text
from benchmark.boards.html import page
from benchmark.boards.latex import escape_latex, tabular
from benchmark.boards.markdown import escape, plain
from benchmark.boards.note import note
from benchmark.stats.intervals import Interval
from benchmark.stats.rank_sets import RankSet

_FACT_TITLES = {
    "parameters": "Parameters",
    "dimension": "Dimension",
    "max_tokens": "Maximum tokens",
    "license": "Licence",
    "open_weights": "Open weights",
    "release_date": "Released",
}
_FACT_NUMBERS = ("parameters", "dimension", "max_tokens")
_SHORT_REVISION = 12  # as many characters as git shows of a commit in a large repository


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the board shows it: its key in CSV, its title in Markdown, its cells as text."""

    key: str
    title: str
    number: bool
    cell: Callable[[Row], str]


def columns(table: Leaderboard) -> tuple[Column, ...]:
    """The columns that a board asks for, each group of them in a fixed order."""
    return tuple(_columns(table))


def markdown(table: Leaderboard) -> str:
    """A GitHub-flavoured table under its title, closed by the note; names are escaped."""
    shown = columns(table)
    lines = [f"# {escape(table.board.title)}", ""]
    description = table.board.description or table.suite.description
    if description:
        lines += [escape(description), ""]
    lines.append(_line(column.title for column in shown))
    lines.append(_line("---:" if column.number else ":---" for column in shown))
    lines += [_line(escape(column.cell(row)) for column in shown) for row in table.rows]
    return "\n".join([*lines, "", escape(note(table)), ""])


def csv_text(table: Leaderboard) -> str:
    """The same cells with one header line of plain keys, quoted where CSV needs it.

    A kind's column is ``kind:<name>``, a group's ``group:<name>``, a task's its name. The note is
    left out, so that every line is a row.
    """
    shown = columns(table)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.key for column in shown)
    writer.writerows([column.cell(row) for column in shown] for row in table.rows)
    return text.getvalue()


def latex(table: Leaderboard) -> str:
    """A ``tabular`` between the rules of booktabs, and the note as a paragraph below it.

    All text is escaped.
    """
    shown = columns(table)
    rows = [[column.cell(row) for column in shown] for row in table.rows]
    heads = [plain(column.title) for column in shown]  # titles are Markdown
    body = tabular(heads, rows, [column.number for column in shown])
    return f"% {escape_latex(table.board.title)}\n{body}\n\n{escape_latex(note(table))}\n"


def html(table: Leaderboard) -> str:
    """A page of its own, without scripts and without anything from elsewhere; text is escaped."""
    shown = columns(table)
    rows = [[column.cell(row) for column in shown] for row in table.rows]
    heads = [plain(column.title) for column in shown]
    below = table.board.description or table.suite.description
    numbers = [column.number for column in shown]
    return page(table.board.title, below, heads, rows, numbers, note(table))


FORMATS: Mapping[str, Callable[[Leaderboard], str]] = {
    ".md": markdown,
    ".csv": csv_text,
    ".json": json_text,
    ".tex": latex,
    ".html": html,
}


def shown_score(score: float | None) -> str:
    """A score times 100 with two decimals, or nothing.

    >>> shown_score(0.12345), shown_score(-0.00001), shown_score(None)
    ('12.35', '0.00', '')
    """
    if score is None:
        return ""
    text = f"{100 * score:.2f}"
    return "0.00" if text == "-0.00" else text


def shown_interval(interval: Interval | None) -> str:
    """Both ends times 100 with one decimal, or nothing."""
    ends = interval.ends if interval else None
    return "" if ends is None else " to ".join(f"{100 * end:.1f}" for end in ends)


def shown_ranks(ranks: RankSet | None) -> str:
    """A set of ranks, marked where the model cannot be told from the leader, or nothing.

    >>> shown_ranks(RankSet(3, 9, False, "bc")), shown_ranks(RankSet(1, 1, True, "a"))
    ('3-9', '1 =')
    """
    if ranks is None:
        return ""
    text = f"{ranks.low}" if ranks.low == ranks.high else f"{ranks.low}-{ranks.high}"
    return f"{text} =" if ranks.with_leader else text


def _columns(table: Leaderboard) -> Iterator[Column]:
    asked = table.board.columns
    ambiguous = _ambiguous(table)
    if "rank" in asked:
        yield Column("rank", "Rank (Borda)", True, lambda row: str(row.rank))
        if any(row.ranks.borda for row in table.rows):
            title = "Ranks (Borda, tasks like these)"
            yield Column("borda_ranks_like", title, True, lambda r: shown_ranks(r.ranks.borda))
    yield Column("model", "Model", False, lambda row: _name(row, ambiguous))
    if "revision" in asked:
        yield Column("revision", "Revision", False, lambda row: " ".join(row.revisions))
    if "mean" in asked:
        yield Column("mean", "Mean (tasks)", True, lambda row: shown_score(row.mean))
    yield from _interval_columns(table)
    if "mean" in asked:
        yield from _rank_columns(table)
    if "mean_by_kind" in asked:
        yield Column(
            "mean_by_kind", "Mean (kinds)", True, lambda row: shown_score(row.mean_by_kind)
        )
    if any(row.predicted for row in table.rows):
        yield Column(
            "predicted_mean",
            "Predicted mean (90 %), not measured",
            True,
            lambda row: _guess(row, "mean"),
        )
    yield from _score_columns(table)
    yield from _fact_columns(asked)
    if any(_remarks(row) for row in table.rows):
        yield Column("notes", "Notes", False, _remarks)


def _score_columns(table: Leaderboard) -> Iterator[Column]:
    asked = table.board.columns
    if "kinds" in asked:
        for kind in dict.fromkeys(table.averaging.kinds.values()):
            title = f"Mean {kind.replace('_', ' ')}"
            yield Column(f"kind:{kind}", escape(title), True, _of_kind(kind))
    if "groups" in asked:
        for group in table.averaging.groups:
            yield Column(f"group:{group}", escape(f"Group {group}"), True, _of_group(group))
    if "tasks" in asked:
        for name, task in table.tasks.items():
            title = escape(name) + (" (hard)" if task.hard else "")
            yield Column(name, title, True, _of_task(name))


def _interval_columns(table: Leaderboard) -> Iterator[Column]:
    """Those that some row has; a board of other harnesses' files shows them where it asks to."""
    if "interval" not in table.board.columns:
        return
    ours = any(row.interval for row in table.rows)
    if ours:
        title = "95 % (these tasks)"
        yield Column("mean_interval", title, True, lambda row: shown_interval(row.interval))
    if ours or table.board.columns != DEFAULT_COLUMNS:
        title = "95 % (tasks like these)"
        yield Column(
            "mean_interval_like", title, True, lambda row: shown_interval(row.interval_like)
        )


def _rank_columns(table: Leaderboard) -> Iterator[Column]:
    """Sets of ranks by the mean, and the letters of the models that cannot be told apart."""
    if any(row.ranks.mean_these for row in table.rows):
        title = "Ranks (these tasks)"
        yield Column("mean_ranks", title, True, lambda row: shown_ranks(row.ranks.mean_these))
    if any(row.ranks.mean_like for row in table.rows):
        title = "Ranks (tasks like these)"
        yield Column("mean_ranks_like", title, True, lambda row: shown_ranks(row.ranks.mean_like))
        yield Column("letters", "Letters (tasks like these)", False, _letters)


def _fact_columns(asked: Collection[str]) -> Iterator[Column]:
    for fact in FACTS:
        if fact in asked:
            yield Column(fact, _FACT_TITLES[fact], fact in _FACT_NUMBERS, _of_fact(fact))
    if "zero_shot" in asked:
        yield Column("zero_shot", "Zero-shot (declared)", True, _zero_shot)


def _guess(row: Row, *place: str) -> str:
    """As nothing measured looks: about how much, and between what; nothing where none is."""
    told: Any = row.predicted
    for key in place:
        told = (told or {}).get(key)
    return f"≈{told['predicted']:.1f} ({told['low']:.1f} to {told['high']:.1f})" if told else ""


def _of_kind(kind: str) -> Callable[[Row], str]:
    return lambda row: shown_score(row.kinds[kind]) or _guess(row, "kinds", kind)


def _of_group(group: str) -> Callable[[Row], str]:
    return lambda row: shown_score(row.groups[group])


def _of_task(name: str) -> Callable[[Row], str]:
    return lambda row: _guess(row, "tasks", name) or _cell_text(row.cells[name])


def _of_fact(fact: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        value = getattr(row.facts, fact)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value)

    return text


def _letters(row: Row) -> str:
    return "" if row.ranks.mean_like is None else row.ranks.mean_like.letters


def _zero_shot(row: Row) -> str:
    return "" if row.zero_shot is None else f"{100 * row.zero_shot:.0f}%"


def _cell_text(cell: Cell) -> str:
    return cell.status if cell.score is None else shown_score(cell.score)


def _ambiguous(table: Leaderboard) -> frozenset[tuple[str, str]]:
    """Names that several rows have; these show their revision."""
    counts = Counter((row.model, row.slug) for row in table.rows)
    return frozenset(name for name, count in counts.items() if count > 1)


def _name(row: Row, ambiguous: frozenset[tuple[str, str]]) -> str:
    name = row.model
    if (row.model, row.slug) in ambiguous:
        name += "@" + "+".join(revision[:_SHORT_REVISION] for revision in row.revisions)
    return f"{name} ({row.slug})" if row.slug else name


def _remarks(row: Row) -> str:
    """What a reader of a row must know: whose numbers, and which cells are not claimed."""
    counts = Counter(cell.status for cell in row.cells.values())
    remarks = [f"{status} {counts[status]}" for status in STATUSES if counts[status]]
    return "; ".join(r for r in remarks if r.split()[0] != "measured")


def _line(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"
