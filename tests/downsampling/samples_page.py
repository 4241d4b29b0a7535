"""Write the page of the study of smaller tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.downsampling.data import DATA

KEPT, LEAST, MOST = 0.97, 0.92, 0.98
"""Of significant pairs, what must keep its order; between what coverage must lie."""
_HEAD = """# How well smaller tasks tell the whole ones

Written by `nox -s downsampling -- samples`, unedited; `python -m
tests.downsampling.samples_study` does the same. The vectors of MiniLM are made by `python -m
tests.downsampling.minilm` where torch is.

`embedmark downsample samples` keeps some examples of a task. Here it is asked to, again and again
with other seeds, on public data; then {models} models are scored on the whole and on each smaller
form: WordLlama whole, cut to 128, 64, 32 and 16 dimensions, as signs and without its two main
directions; tf-idf of words, of characters, and cut to 64 dimensions; counts of words; MiniLM at
three layers and two poolings; where a corpus is searched BM25 and a hybrid with it. The smaller
form is made with wordllama, wordllama at 64 dimensions, tf-idf, counts of words and BM25, as by
default. A tenth of the characters is asked for; where that cannot hold 50 queries with their
relevant documents, or training rows for one draw, the data are shown at a cost that can.

Of data with several subsets one is studied: English for sib200, German and English for tatoeba,
search_snippets for short_texts (three clusterings of 1,000 texts, for time). 200 draws are the
default; 40 were made where trials are that many times the models (`--seeds 40`).

"""
_NOTES = """
Depth is how many documents a query and model are pooled within that cost. *Pairs kept* is the
share of the pairs of models whose difference on the whole is significant (`embedmark compare`, p
< 0.05) that the smaller form orders alike, mean over draws, and *worst* its 5 % quantile. *Rise*
is how much higher the smaller form's scores are, in points; *left* what remains of it after
correction, *off* how far the corrected score is from the whole's. *Coverage* is how often the 95
% interval of the whole's score holds it, *width* its width in points, *trials* draws times
models. Queries with the same relevant documents, as about five a paragraph of xquad, are drawn
together.

"""
_COLUMNS = (
    *("data", "kind", "cost", "kept", "depth", "models", "pairs", "pairs kept", "worst"),
    *("rank correlation", "rise", "left", "off", "coverage", "width", "trials"),
)
_DEEP = """
## How deep to pool

cosqa with 100 of its queries, by the number of documents that are pooled a query and model: what
that costs, and how much it raises the models that are pooled, and each of them when none of its
organisation is, as a new model. With a cost the depth is what fits; with `--keep` alone it is 250.

"""
_MINI = """
## The smaller starter suite

`starter-mini` over the built-in models (wordllama at four dimensions and in bits, tf-idf of words
and characters, counts, random, and where they rank bm25 and a hybrid): {kept} of {pairs}
significant pairs ({share:.1%}) keep their order, and {held:.1%} of {count} intervals hold. Measured
again by
`embedmark run MODEL... -t starter starter-mini -o results` and
`embedmark downsample report tasks/small --results results`.

"""


def write_samples_page(
    path: Path,
    found: Sequence[dict[str, Any]],
    deep: Sequence[dict[str, float]],
    mini: Sequence[dict[str, Any]],
) -> None:
    """Write tables of the data sets, of depths and of the smaller starter suite."""
    text = _HEAD.format(
        models=f"{min(f['models'] for f in found)} to {max(f['models'] for f in found)}"
    )
    text += _main_table(found) + _NOTES + _verdict(found) + _rises(found)
    text += _depths(deep) + _mini(mini)
    path.write_text(text, "utf-8")


def _main_table(found: Sequence[dict[str, Any]]) -> str:
    lines = [f"| {' | '.join(_COLUMNS)} |", "| :-- | :-- |" + " --: |" * 14]
    for each in found:
        lines.append(
            f"| {each['name']} | {each['kind']} | {each['cost']:.0%} | {each['kept']:,} of "
            f"{each['examples']:,} | {each['depth']:.0f} | {each['models']} | {each['pairs']} | "
            f"{each['pairs_kept']:.1%} | {each['pairs_kept_worst']:.1%} | {each['spearman']:.3f} | "
            f"{100 * each['rise']:+.1f} | {100 * each['left']:+.1f} | {100 * each['mae']:.1f} | "
            f"{each['coverage']:.1%} | {100 * each['width']:.1f} | {each['trials']:,} |"
        )
    return "\n".join(lines) + "\n"


def _verdict(found: Sequence[dict[str, Any]]) -> str:
    pairs = sum(each["pairs"] * each["seeds"] for each in found)
    kept = sum(each["pairs"] * each["seeds"] * each["pairs_kept"] for each in found) / pairs
    trials = sum(each["trials"] for each in found)
    held = sum(each["trials"] * each["coverage"] for each in found) / trials
    short = [f"{e['name']} ({e['pairs_kept']:.1%})" for e in found if e["pairs_kept"] < KEPT]
    off = [
        f"{e['name']} ({e['coverage']:.1%})" for e in found if not LEAST <= e["coverage"] <= MOST
    ]
    seeds = sorted({each["seeds"] for each in found})
    absent = [name for name in DATA if name not in {each["name"] for each in found}]
    lacks = f" Not studied here: {', '.join(absent)}." if absent else ""
    return (
        f"Over all of them {kept:.1%} of the significant pairs keep their order and {held:.1%} of "
        f"{trials:,} intervals hold the whole's score, over {' and '.join(map(str, seeds))} draws "
        f"a data set.\n\nShort of {KEPT:.0%} of the pairs: {', '.join(short) or 'none'}. Coverage "
        f"outside {LEAST:.0%} to {MOST:.0%}: {', '.join(off) or 'none'}.{lacks}\n"
    )


def _rises(found: Sequence[dict[str, Any]]) -> str:
    shown = [each for each in found if each["kind"] in ("retrieval", "bitext")]
    names = list(dict.fromkeys(name for each in shown for name in each["full"]))
    lines = [
        "\n## How much a smaller form raises each model\n",
        "Score on the whole and rise of the smaller form's, in points; coverage of the interval.\n",
        "| model | " + " | ".join(each["name"] for each in shown) + " |",
        "| :-- |" + " :-- |" * len(shown),
    ]
    for name in names:
        cells = [
            f"{100 * each['full'][name]:.1f} {100 * each['rises'][name]:+.1f}, "
            f"{each['coverages'][name]:.0%}"
            if name in each["full"]
            else ""
            for each in shown
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _depths(deep: Sequence[dict[str, float]]) -> str:
    lines = ["| depth | cost | rise, pooled | rise, new |", "| --: | --: | --: | --: |"]
    for each in deep:
        rises = f"{100 * each['rise']:+.1f} | {100 * each['new']:+.1f}"
        lines.append(f"| {each['depth']:.0f} | {each['share']:.0%} | {rises} |")
    return _DEEP + "\n".join(lines) + "\n"


def _mini(mini: Sequence[dict[str, Any]]) -> str:
    pairs, kept = (sum(each[name] for each in mini) for name in ("pairs", "pairs_kept"))
    covered = [s["covered"] for e in mini for s in e["scores"] if s["covered"] is not None]
    columns = ("task", "cost", "models", "rank correlation", "pairs kept", "offset", "off")
    lines = [f"| {' | '.join(columns)} | coverage | width |", "| :-- |" + " --: |" * 8]
    for each in mini:
        numbers = (
            f"{each['cost_share']:.0%} | {each['models']} | {each['spearman']:.3f} | "
            f"{each['pairs_kept']} of {each['pairs']} | {100 * each['offset']:+.1f} | "
            f"{100 * each['mae']:.1f} | {each['coverage95']:.0%} | "
            f"{100 * each['interval_width']:.1f}"
        )
        lines.append(f"| {each['task']} | {numbers} |")
    told = _MINI.format(
        kept=kept, pairs=pairs, share=kept / pairs,
        held=sum(covered) / len(covered), count=len(covered),
    )  # fmt: skip
    return told + "\n".join(lines) + "\n"
