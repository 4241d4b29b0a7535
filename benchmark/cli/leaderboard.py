"""embedmark leaderboard build|check: tables from result files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cli.filters import add_sources, sources
from benchmark.errors import UsageError, nearest

if TYPE_CHECKING:
    from benchmark.boards.board import Board
    from benchmark.boards.build import Leaderboard


EXAMPLES = """examples:
  embedmark leaderboard build                    every board, beside its file
  embedmark leaderboard build my_board.toml --results results more.index.parquet -o tables
  embedmark leaderboard check                    exit 1 when a table is out of date
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands and their options."""
    commands = parser.add_subparsers(dest="leaderboard_command", required=True, metavar="COMMAND")
    for name, text in (
        ("build", "write the tables of boards: .md, .csv, .json, .tex and .html"),
        ("check", "exit 1 when a table is not what build would write"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "boards",
            nargs="*",
            metavar="BOARD",
            help="a board's name, or the path of a board file (default: all in leaderboards/)",
        )
        add_sources(command)
        command.add_argument(
            "-o",
            "--out",
            type=Path,
            metavar="DIR",
            help="the folder of the tables (default: that of the board file)",
        )


def run(args: argparse.Namespace) -> int:
    """Build or check boards.

    Returns 0 when all is well, 1 when a result file could not be read or, for ``check``, a table
    is missing or out of date. What could be built is written all the same; a board without any
    result gets no table.
    """
    from benchmark.boards.board import parse_board
    from benchmark.boards.build import build_leaderboard
    from benchmark.boards.files import table_files
    from benchmark.catalog import find_suite, find_tasks
    from benchmark.cli.output import visible
    from benchmark.results.load import read_all

    boards = [parse_board(path) for path in _board_files(args.boards)]
    suites = {board.name: find_suite(_suite_of(board)) for board in boards}
    wanted = {name for suite in suites.values() for name in suite.task_names}
    results, problems = read_all(sources(args), wanted)
    for problem in problems:
        print(visible(problem), file=sys.stderr)
    failed = bool(problems)
    for board in boards:
        suite = suites[board.name]
        tasks = {task.name: task for task in find_tasks(suite.task_names)}
        table = build_leaderboard(board, suite, tasks, results)
        if board.imputed == "show":
            table = _imputed(table)
        folder = args.out or _default_folder(board.path)
        empty = not (table.rows or table.without_scores)
        if empty and not any(path.exists() for path in table_files(table, folder)):
            where = ", ".join(map(str, sources(args)))
            print(f"{board.name}: no result of its suite in {where}; no table", file=sys.stderr)
        elif args.leaderboard_command == "build":
            _build(table, folder)
        else:
            failed = not _check(table, folder) or failed
    return int(failed)


def _imputed(table: Leaderboard) -> Leaderboard:
    from benchmark.catalog import suite_path
    from benchmark.downsample.imputing import with_predictions
    from benchmark.downsample.mini import read_mini

    name = table.board.mini
    path = Path(name) if name.endswith(".toml") else suite_path(name)
    if path is None:
        raise UsageError(f"{table.board.path}: 'mini': no suite is named '{name}'")
    return with_predictions(table, read_mini(path))


def _build(table: Leaderboard, folder: Path) -> None:
    from benchmark.boards.files import write_tables
    from benchmark.boards.note import note
    from benchmark.boards.render import columns
    from benchmark.cli.output import print_table

    paths = write_tables(table, folder)
    shown = [column for column in columns(table) if column.key not in table.tasks]
    print_table(
        [column.key for column in shown],
        [[column.cell(row) for column in shown] for row in table.rows],
        right={column.key for column in shown if column.number},
    )
    print(f"\n{note(table)}")
    for path in paths:
        print(f"wrote {path}", file=sys.stderr)


def _check(table: Leaderboard, folder: Path) -> bool:
    from benchmark.boards.files import outdated

    differing = outdated(table, folder)
    for path, state in differing.items():
        print(f"{path}: {state}; run: embedmark leaderboard build {table.board.name}")
    if not differing:
        print(f"{table.board.name}: up to date")
    return not differing


def _board_files(names: Sequence[str]) -> list[Path]:
    known = _known_boards()
    if not names and not known:
        raise UsageError("no board file in ./leaderboards; name one by its path")
    paths = []
    for name in names or known:
        if name.endswith(".toml"):
            paths.append(Path(name))
        elif name in known:
            paths.append(known[name])
        else:
            raise UsageError(f"no board is named '{name}'{nearest(name, known)}")
    return list(dict.fromkeys(paths))


def _suite_of(board: Board) -> str:
    """The suite's name, or its path, which starts at the board file."""
    if board.path is not None and board.suite.endswith(".toml"):
        return str(board.path.parent / board.suite)
    return board.suite


def _known_boards() -> Mapping[str, Path]:
    """Board files by name: those in ./leaderboards, then the project's own."""
    from benchmark.catalog import data_folder

    found: dict[str, Path] = {}
    for folder in (Path("leaderboards"), data_folder("leaderboards")):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


def _default_folder(board: Path | None) -> Path:
    """Beside the board file; a board that lies inside the package gets ./leaderboards."""
    import benchmark

    packed = Path(benchmark.__file__).parent / "_data"
    if board is None or board.is_relative_to(packed):
        return Path("leaderboards")
    return board.parent
