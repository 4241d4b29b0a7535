"""embedmark results diff: what differs between two results, and the examples that moved most."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmark.cli.filters import add_sources
from benchmark.errors import UsageError

if TYPE_CHECKING:
    from benchmark.analysis.causes import Difference
    from benchmark.differences import Gap
    from benchmark.results.task_result import TaskResult

_DIGITS = 12  # of a digest or commit in the table; --json has it whole
_VALUE = 60  # characters of a value in the table


def add_diff(commands: Any) -> argparse.ArgumentParser:
    """Add the subcommand and its options."""
    text = "why two results differ: likely causes first, then the examples that moved most"
    parser: argparse.ArgumentParser = commands.add_parser("diff", help=text, description=text)
    for name in ("a", "b"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a model's name, a result file (also mteb's), or a folder of them",
        )
    parser.add_argument(
        "-t", "--task", nargs="+", action="extend", default=[], metavar="TASK",
        help="only these tasks, by name or by the path of their files",
    )  # fmt: skip
    parser.add_argument(
        "--examples", type=int, default=10, metavar="N", help="how many examples (10)"
    )
    parser.add_argument("--texts", action="store_true", help="show their texts too, from the data")
    parser.add_argument("--trust", action="store_true", help="let a task run code of its own")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    add_sources(parser)
    return parser


def run_diff(args: argparse.Namespace, found: Sequence[tuple[list[TaskResult], list[str]]]) -> int:
    """Print them; 1 when a file cannot be read (the others are compared), also if none differ."""
    from benchmark.cli.output import print_json, visible
    from benchmark.differences import gaps_between

    if args.examples < 0:
        raise UsageError(f"--examples: '{args.examples}' is no whole number from 0")
    wanted = {task.rpartition("/")[2].removesuffix(".toml"): task for task in args.task}
    a, b = (
        [result for result in results if not wanted or result.task in wanted]
        for results, _ in found
    )
    gaps, problems = gaps_between(a, b, (args.a, args.b))
    problems = [*(line for _, lines in found for line in lines), *problems]
    for problem in problems:
        print(visible(problem), file=sys.stderr)
    examples = _most_moved(gaps, args.examples)
    if args.texts:
        _add_texts(examples, a, wanted, args)
    if args.json:
        content = {"a": args.a, "b": args.b, "parts": [_gap_json(gap) for gap in gaps]}
        print_json({**content, "examples": [example.to_json() for example in examples]})
    else:
        print(f"a: {visible(args.a)}\nb: {visible(args.b)}\n")
        _print(gaps, examples)
    return int(bool(problems))


@dataclass(frozen=True, slots=True)
class _Example:
    """One example of a gap, by its place among those that both sides have, and its texts."""

    gap: Gap
    place: int
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def losses(self) -> tuple[float, float]:
        """What it costs each side's score."""
        assert self.gap.moves is not None
        a, b = self.gap.moves.loss[self.place].tolist()
        return a, b

    @property
    def moved(self) -> float:
        """How much more it costs the second side."""
        return self.losses[1] - self.losses[0]

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` gives it."""
        assert self.gap.examples is not None
        return {
            "task": self.gap.task,
            "split": self.gap.split,
            "subset": self.gap.subset,
            "example": str(self.gap.examples[self.place]),
            "loss_a": self.losses[0],
            "loss_b": self.losses[1],
            "moved": self.moved,
            **({"texts": self.texts} if self.texts else {}),
        }


def _most_moved(gaps: Sequence[Gap], count: int) -> list[_Example]:
    examples = []
    for gap in gaps:
        if gap.moves is None:
            continue
        moved = abs(gap.moves.moved)
        order = (-moved).argsort(kind="stable")[:count]
        examples += [_Example(gap, int(place)) for place in order if moved[place] > 0]
    return sorted(examples, key=lambda example: -abs(example.moved))[:count]


def _add_texts(
    examples: Iterable[_Example],
    results: Sequence[TaskResult],
    paths: Mapping[str, str],
    args: argparse.Namespace,
) -> None:
    """Put the texts of the first side's data to the examples, where they can be read."""
    from benchmark.analysis.examples import TEXT, texts_of
    from benchmark.cli.samples import parts_of
    from benchmark.results.samples import read_samples, samples_path

    for result in results:
        mine = [example for example in examples if example.gap.task == result.task]
        if not mine:
            continue
        parts = parts_of(paths.get(result.task, result.task), result, args.trust)
        digests = {f"{entry.split}/{entry.subset}": entry.samples for entry in result.entries}
        samples, _ = read_samples(samples_path(result.path), digests)
        for example in mine:
            key, moves = f"{example.gap.split}/{example.gap.subset}", example.gap.moves
            if moves is not None and key in parts:
                row = moves.first[example.place]
                for name, values in texts_of(parts[key].plan, samples[key]).items():
                    example.texts[name.removeprefix(TEXT)] = str(values[row])


def _gap_json(gap: Gap) -> dict[str, Any]:
    moves = gap.moves
    return {
        "task": gap.task,
        "split": gap.split,
        "subset": gap.subset,
        "a": gap.scores[0],
        "b": gap.scores[1],
        "gap": gap.gap,
        "causes": [
            {
                "cause": each.cause,
                "a": {name: values[0] for name, values in each.values.items()},
                "b": {name: values[1] for name, values in each.values.items()},
                "why": each.why,
                "fits": each.evidence.fits,
                "evidence": each.evidence.said,
            }
            for each in gap.causes
        ],
        "unsaid": list(gap.unsaid),
        "examples": None
        if moves is None
        else {
            "both": len(moves.first),
            "only_a": moves.only[0],
            "only_b": moves.only[1],
            "worse_in_b": int((moves.moved > 0).sum()),
            "better_in_b": int((moves.moved < 0).sum()),
        },
    }


def _print(gaps: Sequence[Gap], examples: Sequence[_Example]) -> None:
    from benchmark.cli.output import print_table, visible

    rows = [
        [gap.task, gap.split, gap.subset, *map(_points, (*gap.scores, gap.gap)), *_of_examples(gap)]
        for gap in gaps
    ]
    columns = ["task", "split", "subset", "a", "b", "b - a", "examples", "worse", "better"]
    numbers = {"a", "b", "b - a", "examples", "worse", "better"}
    print_table(columns, rows, right=numbers)
    causes = _joint(gaps)
    if causes:
        several = len(gaps) > 1
        print("\nWhat differs, the likeliest reason first:\n")
        print_table(
            ["", "a", "b", *(["parts"] if several else []), "why it matters"],
            [
                [
                    each.cause,
                    _side(each, 0),
                    _side(each, 1),
                    *([f"{count} of {len(gaps)}"] if several else []),
                    "; ".join(filter(None, (each.why, each.evidence.said))),
                ]
                for each, count in causes
            ],
        )
    else:
        print("\nNothing that the results say of how they were made differs.")
    silent = sorted({name for gap in gaps for name in gap.unsaid})
    if silent:
        print(f"\nOnly one of the two says anything of: {visible(', '.join(silent))}.")
    if examples:
        print("\nExamples that moved most, and what each costs the score:\n")
        _print_examples(examples, several=len(gaps) > 1)


def _print_examples(examples: Sequence[_Example], *, several: bool) -> None:
    from benchmark.cli.output import print_table
    from benchmark.cli.samples import cut

    where = ["task", "split", "subset"] if several else []
    losses = ["loss a", "loss b", "moved"]
    texts = list(dict.fromkeys(name for each in examples for name in each.texts))
    rows = [
        [
            *(each.to_json()[name] for name in [*where, "example"]),
            *(f"{loss:.3f}" for loss in each.losses),
            f"{each.moved:+.3f}",
            *(cut(each.texts.get(name, "")) for name in texts),
        ]
        for each in examples
    ]
    print_table([*where, "example", *losses, *texts], rows, right=set(losses))


def _joint(gaps: Sequence[Gap]) -> list[tuple[Difference, int]]:
    """The causes of all parts, each with its number of parts, by their mean place in the lists."""
    found: dict[str, list[Difference]] = {}
    places: dict[str, float] = {}
    for gap in gaps:
        for place, each in enumerate(gap.causes):
            found.setdefault(each.cause, []).append(each)
            places[each.cause] = places.get(each.cause, 0.0) + place
    absent = max((len(gap.causes) for gap in gaps), default=0)

    def mean_place(cause: str) -> float:
        return (places[cause] + absent * (len(gaps) - len(found[cause]))) / len(gaps)

    return [(found[cause][0], len(found[cause])) for cause in sorted(found, key=mean_place)]


def _of_examples(gap: Gap) -> list[int | None]:
    if gap.moves is None:
        return [None, None, None]
    moved = gap.moves.moved
    return [len(moved), int((moved > 0).sum()), int((moved < 0).sum())]


def _points(score: float | None) -> str:
    return "" if score is None else f"{100 * score:.2f}"


def _side(difference: Difference, side: int) -> str:
    """What one side says: the value alone of a single fact, else each with its name."""
    said = {name: _shown(values[side]) for name, values in difference.values.items()}
    if len(said) == 1:
        return next(iter(said.values()))
    return ", ".join(f"{name} {value}" for name, value in said.items())


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text!r}" for name, text in value.items())[:_VALUE]
    text = f"{value:.3g}" if isinstance(value, float) else str(value).removeprefix("sha256:")
    if len(text) >= 40 and all(digit in "0123456789abcdef" for digit in text):
        return text[:_DIGITS]
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 3]}..."
