"""Where a leaderboard's files lie: written whole, and compared with what would be written."""

from __future__ import annotations

from pathlib import Path

from benchmark.boards.build import Leaderboard
from benchmark.boards.render import FORMATS
from benchmark.errors import ResultError


def table_files(table: Leaderboard, folder: Path) -> dict[Path, bytes]:
    """The files of a board and their content: ``<board>.md``, ``.csv``, ``.json`` and so on."""
    return {
        folder / f"{table.board.name}{ending}": render(table).encode()
        for ending, render in FORMATS.items()
    }


def write_tables(table: Leaderboard, folder: Path) -> list[Path]:
    """Write a board's files, each whole or not at all, and return their paths.

    Raises ResultError when the folder cannot be written to.
    """
    files = table_files(table, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            unfinished = path.with_name(f".{path.name}.unfinished")
            unfinished.write_bytes(content)
            unfinished.replace(path)
    except OSError as error:
        raise ResultError(
            f"{folder}: tables cannot be written ({error.strerror}); choose another with --out"
        ) from None
    return list(files)


def outdated(table: Leaderboard, folder: Path) -> dict[Path, str]:
    """The files of a board that are not what it would write now: path -> missing or out of date."""
    found = {}
    for path, content in table_files(table, folder).items():
        if not path.is_file():
            found[path] = "missing"
        elif path.read_bytes() != content:
            found[path] = "out of date"
    return found
