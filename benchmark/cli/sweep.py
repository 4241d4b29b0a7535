"""The sweeps of ``embedmark run``: their options, their table, their plot."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.results.frame import Results
    from benchmark.results.tradeoffs import Point
    from benchmark.sweep import Sweep


_SHORT = {"bytes": "bytes", "milliseconds": "time"}


def add_sweeps(parser: ArgumentParser) -> None:
    """The options that take several values; every combination is scored from one encode."""
    group = parser.add_argument_group("sweeps, every combination scored from one encode")
    group.add_argument("--dim", type=_numbers, default=(), metavar="N,N", help="first dimensions")
    group.add_argument(
        "--dtype", type=_names, default=(), metavar="T,T", help="float32 float16 int8 uint8 binary"
    )
    group.add_argument("--layer", type=_numbers, default=(), metavar="N,N", help="layers of hf:")
    group.add_argument(
        "--index", type=_names, default=(), metavar="I,I", help="exact flat hnsw ivf"
    )
    group.add_argument(
        "--rescore",
        type=_numbers,
        default=(),
        metavar="N,N",
        help="score N times the best again by whole queries; 0 for not",
    )
    group.add_argument(
        "--plot", type=Path, metavar="FILE", help="where the plot goes (OUTPUT/sweep.svg)"
    )


def sweep_asked(args: Namespace) -> Sweep | None:
    """The sweep that was asked for, if any; UsageError for an unknown or repeated value."""
    named = {name: getattr(args, name) for name in ("dim", "dtype", "layer", "index", "rescore")}
    from benchmark.errors import UsageError

    if not any(named.values()):
        if args.plot is not None:
            raise UsageError("--plot draws a sweep; give --dim, --dtype, --layer or --index too")
        return None
    from benchmark.sweep import sweep_of

    try:
        return sweep_of(**named)
    except UsageError as error:
        raise UsageError(f"--{error}") from None


def save_plot(results: Results, args: Namespace) -> Path:
    """Write the plot; UsageError when the file cannot be written."""
    from benchmark.errors import UsageError
    from benchmark.results.tradeoff_plot import svg

    path: Path = args.plot or args.output / "sweep.svg"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg(results.points), "utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); give --plot") from None
    return path


def print_sweep(results: Results, plot: Path) -> None:
    """One line a combination, the best trade-offs marked, and a sentence that names them."""
    from benchmark.cli.output import print_table

    points = results.points
    models = list(dict.fromkeys(point.model for point in points))
    swept = list(dict.fromkeys(name for point in points for name in point.options))
    rows = []
    for point in points:
        rows.append(
            [
                *([point.model] if len(models) > 1 else []),
                *(_value(name, point.options.get(name)) for name in swept),
                "" if point.bytes is None else f"{point.bytes:,}",
                "failed" if point.score is None else f"{100 * point.score:.2f}",
                _share(point, points),
                "" if point.milliseconds is None else f"{point.milliseconds:.3f}",
                " and ".join(_SHORT[cost] for cost in point.best),
            ]
        )
    head = ["model"] if len(models) > 1 else []
    counted = ["bytes", "score", "of the best", "ms a query"]
    print_table([*head, *swept, *counted, "best by"], rows, right={*counted, "dim", "layer"})
    print()
    tasks = list(dict.fromkeys(row.task for row in results if not row.part_of))
    print(
        f"{models[0] if len(models) == 1 else f'{len(models)} models'} on {_listed(tasks)}. "
        "Scores are 0-100, bytes those of a stored vector.\nms a query is the search alone, on "
        "this machine; it differs from run to run."
    )
    best = sorted({(p.bytes or 0, 100 * (p.score or 0)) for p in points if "bytes" in p.best})
    told = ", ".join(f"{score:.2f} at {size:,}" for size, score in best)
    print(f"Best for their bytes: {told or 'none'}.")
    print(f"Results of combinations lie under experiments/; plot: {plot}")


def told_of(results: Results, plot: Path) -> dict[str, Any]:
    """The sweep for ``--json``."""
    return {"points": [point.to_json() for point in results.points], "plot": str(plot)}


def _share(point: Point, points: Sequence[Point]) -> str:
    """A score in hundredths of the model's best."""
    best = max((p.score for p in points if p.model == point.model and p.score), default=0.0)
    return f"{100 * point.score / best:.1f} %" if point.score is not None and best else ""


def _value(name: str, value: Any) -> str:
    return "" if value is None or (name == "rescore" and not value) else str(value)


def _listed(tasks: Sequence[str]) -> str:
    return tasks[0] if len(tasks) == 1 else f"{len(tasks)} tasks"


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    parts = _names(text)
    if not all(part.isdecimal() for part in parts):
        raise ArgumentTypeError(f"'{text}' is no list of whole numbers such as 64,128,256")
    return tuple(int(part) for part in parts)
