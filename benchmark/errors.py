"""The errors a user can meet, as one small tree.

BenchmarkError            exit 1   something failed; what had succeeded is saved
├── UsageError            exit 2   the command, a name or an option is wrong
│   ├── TaskFileError     exit 2   a task, suite or board file is wrong
│   └── MissingExtraError exit 2   an optional dependency is not installed
├── DataError             exit 1   the data of a task is wrong
├── ModelError            exit 1   a model does not load or returns what it must not
└── ResultError           exit 1   a result file is unreadable or cannot be written

A message is one line: what, where (file, line, column, row), what to do now. It never holds a
text of the user's data: ids and row numbers stand for it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BenchmarkError(Exception):
    """Any failure that EmbedMark explains in one line."""

    exit_code = 1


class UsageError(BenchmarkError):
    """The command, a name or an option is wrong."""

    exit_code = 2


class TaskFileError(UsageError):
    """A task, suite or board file is wrong."""


class MissingExtraError(UsageError):
    """An optional dependency is not installed.

    >>> str(MissingExtraError("bm25s", "starter", "the model 'bm25'"))
    "the model 'bm25' needs the package 'bm25s'; run: pip install 'embedmark[starter]'"
    """

    def __init__(self, package: str, extra: str, needed_by: str) -> None:
        super().__init__(
            f"{needed_by} needs the package '{package}'; run: pip install 'embedmark[{extra}]'"
        )


class DataError(BenchmarkError):
    """The data of a task is wrong; ``problems`` holds every one found, one line each."""

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        more = len(self.problems) - 1
        tail = f" (and {more} more: embedmark tasks check lists them)" if more else ""
        super().__init__(f"{self.problems[0]}{tail}")


class ModelError(BenchmarkError):
    """A model does not load or returns what it must not."""


class ResultError(BenchmarkError):
    """A result file is unreadable or cannot be written."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint that ends an unknown-name error: the closest known name, or all of them.

    >>> nearest("langages", ["languages", "domains"])
    "; did you mean 'languages'?"
    >>> nearest("x", ["a", "b"])
    '; known: a, b'
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"; known: {shown}" if names else ""
