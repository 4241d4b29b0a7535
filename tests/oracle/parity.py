"""Every comparison with mteb that a session made, and the table of them: docs/parity.md."""

from __future__ import annotations

import math
import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmark.catalog import KINDS
from tests.oracle.upstream import DEFECTS, LOOSENED

VECTORS = {
    "wordllama": "wordllama, 256 dimensions",
    "minilm": "all-MiniLM-L6-v2, 384 dimensions",
    "adversarial": "adversarial vectors",
    "random": "random vectors",
}
PACKAGES = ("mteb", "numpy", "scipy", "scikit-learn", "torch", "pyarrow", "wordllama")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part (split and subset) of one task, scored by both.

    Of ``compared`` numbers ``largest`` is the largest difference of those that mteb writes in full,
    ``rounded`` of those that it rounds, ``loose`` of the ``loosened`` others. ``flips`` are test
    rows whose predicted label differs, of ``predicted``; None where no label is predicted.
    ``switched`` is a comparison with mteb's defects switched on.
    """

    test: str
    kind: str
    vectors: str
    part: tuple[str, str]
    metric: str
    theirs: float
    ours: float
    compared: int
    largest: float
    rounded: float = 0.0
    loosened: int = 0
    loose: float = 0.0
    passed: bool = True
    flips: int | None = None
    predicted: int = 0
    switched: bool = False

    @property
    def task(self) -> str:
        """The test without the words that every test has."""
        return self.test.split("::")[-1].removeprefix("test_")

    @property
    def difference(self) -> float:
        """Absolute difference of the main scores; two that are undefined are equal."""
        if math.isnan(self.theirs) and math.isnan(self.ours):
            return 0.0
        return abs(self.theirs - self.ours)


COMPARISONS: list[Comparison] = []
NOT_COMPARED: list[tuple[str, str]] = []
"""Tests that were skipped, with the reason."""


ONE_NAN: dict[str, str] = {}
"""What mteb does with one NaN in a vector, by kind."""


PUBLISHED: dict[str, tuple[str, float, float]] = {}
"""Published scores by task: the metric, the score published, and ours."""


def current_test() -> str:
    """pytest's name of the running test."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def write(path: Path, comparisons: Sequence[Comparison]) -> None:
    """The whole page; its order depends on names alone."""
    lines = [
        "# Parity with mteb",
        "",
        "Written by `nox -s oracle`; do not edit. Every number that mteb writes for a task is",
        "compared with ours on the same rows and vectors: means, each experiment, each level of a",
        "clustering, each half of an instruction reranking, each nAUC.",
        "",
        *_environment(),
        "",
        *_summary(comparisons),
        "",
        *_published(),
    ]
    for kind in KINDS:
        of_kind = [each for each in comparisons if each.kind == kind]
        if of_kind:
            lines += [f"## {kind}", ""]
        for name, title in VECTORS.items():
            chosen = [each for each in of_kind if each.vectors == name]
            if chosen:
                lines += [f"### {kind}: {title}", "", *_rows(chosen, name), ""]
    lines += [*_loosened(comparisons), "", *_one_nan(), *_defects(), ""]
    if NOT_COMPARED:
        lines += ["## Not compared", ""]
        lines += [f"- `{test}`: {reason}" for test, reason in sorted(set(NOT_COMPARED))]
        lines += [""]
    path.write_text("\n".join(lines), "utf-8")


def _environment() -> list[str]:
    versions = [f"{name} {version(name)}" for name in PACKAGES]
    return [
        f"- Python {platform.python_version()} on {platform.machine()}; {', '.join(versions)}.",
        "- One BLAS thread on both sides.",
        "- Tolerance 1e-6 absolute; 1.1e-5 where mteb itself rounds to five decimals (means of",
        "  nDCG, MAP, recall, accuracy of a ranking, precision and hit rate). What is held to less",
        "  is named below.",
    ]


def _summary(comparisons: Sequence[Comparison]) -> list[str]:
    columns = ("kind", "parts", "numbers", "largest difference", "of numbers that mteb rounds")
    lines = _head(*columns, "beyond tolerance", "label flips", texts=1)
    for kind in KINDS:
        chosen = [each for each in comparisons if each.kind == kind]
        if chosen:
            lines.append(_summary_row(kind, chosen))
    lines.append(_summary_row("all", comparisons))
    lines += [
        "",
        "A part is one split and subset of one task with one kind of vectors. Numbers held to less",
        "than the tolerance, each with its reason below, are not in the largest difference:",
        f"{sum(each.loosened for each in comparisons):,} of them.",
    ]
    return lines


def _summary_row(name: str, chosen: Sequence[Comparison]) -> str:
    predicted = sum(each.predicted for each in chosen)
    flips = sum(each.flips or 0 for each in chosen)
    return (
        f"| {name} | {len(chosen):,} | {sum(each.compared for each in chosen):,} "
        f"| {max((each.largest for each in chosen), default=0.0):.1e} "
        f"| {_or_none(max((each.rounded for each in chosen), default=0.0))} "
        f"| {sum(not each.passed for each in chosen)} "
        f"| {f'{flips} of {predicted:,}' if predicted else '-'} |"
    )


def _rows(chosen: Iterable[Comparison], vectors: str) -> list[str]:
    """Real data by part; made-up data by task, with the part whose main score differs most."""
    columns = ("task", "metric", "theirs", "ours", "difference", "largest of all", "of rounded")
    lines = _head(*columns, "numbers", "flips", texts=2)
    real = vectors in ("wordllama", "minilm")
    grouped: dict[tuple[str, ...], list[Comparison]] = {}
    for each in chosen:
        part = each.part if real else ()
        grouped.setdefault((each.task, each.test, *part, each.metric), []).append(each)
    for key in sorted(grouped):
        group = grouped[key]
        first = max(group, key=lambda each: (each.difference, each.part))
        name = f"{first.task} {_part(first.part)}".strip() if real else first.task
        flips = "-" if first.flips is None else str(sum(each.flips or 0 for each in group))
        largest = max(each.largest for each in group)
        rounded = _or_none(max(each.rounded for each in group))
        failed = "" if all(each.passed for each in group) else " **beyond**"
        lines.append(
            f"| {name} | {first.metric} | {first.theirs:.7f} | {first.ours:.7f} "
            f"| {first.difference:.7f} | {largest:.7f}{failed} | {rounded} "
            f"| {sum(each.compared for each in group):,} | {flips} |"
        )
    return lines


def _head(*columns: str, texts: int) -> list[str]:
    """A table's first two lines; all columns after the first ``texts`` hold numbers."""
    rules = [*["---"] * texts, *["---:"] * (len(columns) - texts)]
    return [f"| {' | '.join(columns)} |", f"| {' | '.join(rules)} |"]


def _or_none(value: float) -> str:
    return f"{value:.7f}" if value else "-"


def _part(part: tuple[str, str]) -> str:
    return "/".join(name for name in part if name not in ("test", "default"))


def _loosened(comparisons: Sequence[Comparison]) -> list[str]:
    lines = ["## Held to less than the tolerance", ""]
    lines += [f"- {each.numbers}: {each.reason}" for each in LOOSENED]
    tests = Counter[str]()
    most: dict[str, float] = {}
    for each in comparisons:
        if each.loosened:
            name = f"{each.kind}, {VECTORS[each.vectors]}"
            tests[name] += each.loosened
            most[name] = max(most.get(name, 0.0), each.loose)
    if tests:
        lines += ["", "| where | numbers | largest difference |", "| --- | ---: | ---: |"]
        lines += [f"| {name} | {tests[name]:,} | {most[name]:.7f} |" for name in sorted(tests)]
    return lines


def _published() -> list[str]:
    if not PUBLISHED:
        return []
    rows = [
        f"| {name} | {metric} | {published:.5f} | {score:.5f} | {abs(score - published):.5f} |"
        for name, (metric, published, score) in sorted(PUBLISHED.items())
    ]
    return [
        "## Published scores of all-MiniLM-L6-v2",
        "",
        "| task | metric | published | ours | difference |",
        "| --- | --- | ---: | ---: | ---: |",
        *rows,
        "",
    ]


def _one_nan() -> list[str]:
    if not ONE_NAN:
        return []
    return [
        "## One NaN in a vector",
        "",
        "Ours is always a one-line error that names the request and the row.",
        "",
        "| kind | mteb |",
        "| --- | --- |",
        *(f"| {kind} | {ONE_NAN[kind]} |" for kind in KINDS if kind in ONE_NAN),
        "",
    ]


def _defects() -> list[str]:
    lines = [
        "## Defects of mteb 2.26.24 found on the way",
        "",
        "Kept where keeping them is what makes scores comparable; said where we differ.",
    ]
    for defect in DEFECTS:
        lines += [
            "",
            f"### {defect.name}",
            "",
            f"- Where: {defect.where}",
            f"- What: {defect.what}",
            f"- Ours: {defect.ours}",
            f"- Switch: {defect.switch}",
        ]
    return lines


def flips(theirs: Sequence[Sequence[object]], ours: Sequence[Sequence[object]]) -> tuple[int, int]:
    """How many predicted labels differ, and how many there are."""
    pairs = [
        (left, right)
        for one, other in zip(theirs, ours, strict=True)
        for left, right in zip(one, other, strict=True)
    ]
    return sum(left != right for left, right in pairs), len(pairs)


def main_of(metrics: Mapping[str, object], name: str) -> float:
    """The main score; None, where mteb leaves it out, is NaN."""
    value = metrics.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")
