"""The page of comparisons with mteb: docs/parity.md."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmark.catalog import KINDS
from tests.oracle.parity import NOT_COMPARED, ONE_NAN, PUBLISHED, VECTORS, Comparison
from tests.oracle.upstream import DEFECTS, LOOSENED

PACKAGES = ("mteb", "numpy", "scipy", "scikit-learn", "torch", "pyarrow", "wordllama")


def write(path: Path, comparisons: Sequence[Comparison]) -> None:
    """The whole page; its order depends on names alone."""
    usual = [each for each in comparisons if not each.switched]
    lines = [
        "# Parity with mteb",
        "",
        "Written by `nox -s oracle`; do not edit. Every number that mteb writes for a task is",
        "compared with ours on the same rows and vectors: means, each experiment, each level of a",
        "clustering, each half of an instruction reranking, each nAUC.",
        "",
        *_environment(),
        "",
        *_summary(usual),
        "",
        *_switched([each for each in comparisons if each.switched]),
        "",
        *_published(),
    ]
    for kind in KINDS:
        of_kind = [each for each in usual if each.kind == kind]
        if of_kind:
            lines += [f"## {kind}", ""]
        for name, title in VECTORS.items():
            chosen = [each for each in of_kind if each.vectors == name]
            if chosen:
                lines += [f"### {kind}: {title}", "", *_note(chosen), *_rows(chosen, name), ""]
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


def _switched(comparisons: Sequence[Comparison]) -> list[str]:
    lines = [
        "## With mteb's defects switched on",
        "",
        'The same comparisons again with `upstream_defects = "all"`, which writes mteb\'s number',
        "where ours differs on purpose (see the defects below). Both round alike: every number is",
        "held to 1e-6, but for those counted in the last column.",
        "",
    ]
    columns = ("kind", "parts", "numbers", "largest difference", "beyond tolerance")
    lines += _head(*columns, "label flips", "held to less", texts=1)
    for kind in (*KINDS, "all"):
        chosen = [each for each in comparisons if kind in (each.kind, "all")]
        if chosen:
            cells = [cell.strip() for cell in _summary_row(kind, chosen).split("|")[1:-1]]
            loosened = sum(each.loosened for each in chosen)
            lines.append(f"| {' | '.join([*cells[:4], *cells[5:], f'{loosened:,}'])} |")
    return lines


def _note(chosen: Sequence[Comparison]) -> list[str]:
    """Why a model has fewer examples than another, above its numbers."""
    if not any(each.words for each in chosen) and chosen[0].vectors != "minilm":
        return []
    return [
        "The model is slow here, so that it reads at most the first `words` of a text and fewer",
        "`examples` of the large sets. Both sides are given the same vectors.",
        "",
    ]


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
    real = vectors in ("wordllama", "minilm")
    more = ("examples", "words") if real else ()
    lines = _head(*columns, "numbers", "flips", *more, texts=2)
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
            + (f" {first.examples:,} | {first.words or 'all'} |" if real else "")
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
            name += ", switched on" if each.switched else ""
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
        "Where we differ by default, the switch gives mteb's number; where we keep a defect, since",
        "scores are compared by it, the right one. `upstream_defects` is one of three words:",
        '"some", the default, as listed here; "all"; and "none". It is part of a task\'s digest:',
        "results with it and without never stand for each other.",
        "",
        "| defect | by default | switch |",
        "| --- | --- | --- |",
        *(f"| {each.name} | {_first(each.ours)} | {_first(each.switch)} |" for each in DEFECTS),
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
            f"- Reason: {defect.reason}",
        ]
    return lines


def _first(text: str) -> str:
    """What stands before the colon, or the sentence's end."""
    return text.partition(":")[0].removesuffix(".")
