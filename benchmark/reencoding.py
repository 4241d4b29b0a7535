"""Encode a few texts again: their vectors against the cache, or what follows from them alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.analysis.agreement import (
    HALF,
    VECTORS,
    Agreement,
    Verdict,
    compare_columns,
    compare_vectors,
)
from benchmark.cache import open_store, text_keys
from benchmark.encode import encode_plan, groups_of
from benchmark.models.derived import DerivedModel
from benchmark.pair_scores import pair_keys, score_pairs
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import UNVERSIONED, Embeddings, Encoder, Fitted, Lookup, Reranker, Searcher
from benchmark.results.record import Part
from benchmark.results.samples import Columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST, SHARE = 32, 100
_OF_PAIRS = ("sts", "pair_classification")
"""The kinds whose records hold what two vectors give, whatever the others are."""
_SHOWN = 3
_SEED = 42


@dataclass(frozen=True, slots=True)
class Reencoded:
    """What came of it, as (verdict, what, message); ``complete`` when all can be scored again.

    Then the cache holds every vector, or nothing is ever cached of such a model, and it is cheap.
    """

    checks: tuple[tuple[Verdict, str, str], ...]
    complete: bool


def reencode(
    model: Any,
    prepared: Prepared,
    part: PreparedPart,
    then: Part,
    samples: Columns,
    cache: Path | None,
) -> Reencoded:
    """Encode one percent of the examples again, at least 32 or all, outside of the cache.

    Models whose vectors depend on all texts together, or are looked up, and BM25 are measured
    whole. Raises ModelError when the model fails.
    """
    base = model.base if isinstance(model, DerivedModel) else model
    usable = cache is not None and cache.is_dir() and base.identity.revision != UNVERSIONED
    root = cache if usable else None
    if isinstance(base, Fitted | Lookup):
        return Reencoded((), True)
    if isinstance(base, Encoder):
        return _texts(model, base, prepared, part, then, samples, root)
    if isinstance(base, Searcher) and not hasattr(base, "encode_tokens"):
        return Reencoded((), True)
    if isinstance(base, Reranker) and not isinstance(base, Searcher):
        return _pairs(base, prepared, part, then, root)
    message = "models made of models, and vectors of tokens, are not encoded again"
    return Reencoded((("not checked", "vectors", message),), False)


def chosen_rows(count: int, examples: int) -> NDArray[np.int64]:
    """The rows of ``count`` that are encoded again; always the same, in order.

    >>> len(chosen_rows(20, 20)), len(chosen_rows(900, 900)), len(chosen_rows(5000, 5000))
    (20, 32, 50)
    """
    import numpy as np

    size = min(count, max(LEAST, -(-examples // SHARE)))
    return np.sort(np.random.default_rng([_SEED, count]).choice(count, size, replace=False))


def _texts(
    model: Any,
    base: Any,
    prepared: Prepared,
    part: PreparedPart,
    then: Part,
    samples: Columns,
    cache: Path | None,
) -> Reencoded:
    import pyarrow as pa

    rows = {
        name: chosen_rows(len(request.texts), then.examples) for name, request in part.plan.items()
    }
    few = {
        name: replace(request, texts=request.texts.take(pa.array(rows[name])), ids=None)
        for name, request in part.plan.items()
    }
    task, task_type = prepared.task, prepared.task_type
    now = encode_plan(base, few, task, task_type, cache=None).embeddings
    found: list[tuple[str, Agreement]] = []
    compared = absent = total = 0
    for group in groups_of(base, part.plan, task, task_type):
        total += len(group.unique)
        if cache is None:
            absent += len(group.unique)
            continue
        store = open_store(cache, base.identity, group.role, group.prompt)
        places = store.find(text_keys(group.unique.to_pylist()))
        absent += int((places < 0).sum())
        for name, positions in zip(group.names, group.positions, strict=True):
            wanted = places[positions[rows[name]]]
            held = wanted >= 0
            compared += int(held.sum())
            if held.any():
                agreement = compare_vectors(
                    now[name][held], store.read(wanted[held]), _tolerance(base)
                )
                found.append((name, _renumbered(agreement, rows[name][held])))
        store.close()
    checks = []
    if found:
        checks.append(_of_vectors(found, compared))
    if absent:
        message = f"{absent} of {total} texts are not in the cache, so nothing is scored again"
        checks.append(("not checked", "scores", message))
        if not compared:
            checks += _similarities(model, prepared, part, now, rows, then, samples)
    return Reencoded(tuple(checks), not absent)


def _similarities(
    model: Any,
    prepared: Prepared,
    part: PreparedPart,
    found: Embeddings,
    rows: Mapping[str, NDArray[np.int64]],
    then: Part,
    samples: Columns,
) -> Iterator[tuple[Verdict, str, str]]:
    """The similarity of each chosen pair against its record."""
    codes = isinstance(model, DerivedModel) and "int8" in model.derivation.dtype
    if prepared.task.kind not in _OF_PAIRS or "similarity" not in samples or codes:
        return  # integers are calibrated by all vectors
    if isinstance(model, DerivedModel):
        found = model.derive(found, part.plan)
    chosen = next(iter(rows.values()))
    task = prepared.task
    if task.main_score.startswith("max_"):
        score = task.main_score.removeprefix("max")
        names = [n for n in then.metrics if n.endswith(score) and not n.startswith("max_")]
        task = replace(task, main_score=max(names, key=lambda name: then.metrics[name]))
    now = prepared.kind.evaluate(_some(part.data, chosen), found, task).samples
    ((_, agreement),) = compare_columns(
        {"similarity": now["similarity"]},
        {"similarity": samples["similarity"][chosen]},
        _tolerance(getattr(model, "base", model)),
    )
    numbered = _renumbered(agreement, chosen)
    message = f"{len(chosen)} pairs encoded again; {_told(numbered, 'similarity')}"
    yield numbered.verdict, "similarities", message


def _pairs(
    model: Reranker, prepared: Prepared, part: PreparedPart, then: Part, cache: Path | None
) -> Reencoded:
    import numpy as np

    kind: Any = prepared.kind
    query, document = kind.pairs(part.data)
    queries, documents = (
        part.plan[name].texts.take(places).to_pylist()
        for name, places in (("queries", query), ("corpus", document))
    )
    rows = chosen_rows(len(queries), then.examples)
    now = score_pairs(
        model, [queries[row] for row in rows], [documents[row] for row in rows], cache=None
    )
    places = np.full(len(queries), -1, np.int64)
    checks = []
    if cache is not None:
        store = open_store(cache, model.identity, None, None)
        places = store.find(pair_keys(queries, documents))
        held = places[rows] >= 0
        if held.any():  # beside a 1: the difference of scores near 0 is no share of them
            then_scores = store.read(places[rows][held])
            one = np.ones_like(then_scores)
            agreement = compare_vectors(
                np.hstack([now[held, None], one]),
                np.hstack([then_scores, one]),
                _tolerance(model),
            )
            numbered = _renumbered(agreement, rows[held])
            checks.append(_of_vectors([("pairs", numbered)], int(held.sum())))
        store.close()
    absent = int((places < 0).sum())
    if absent:
        message = (
            f"{absent} of {len(places)} pairs are not in the cache, so nothing is scored again"
        )
        checks.append(("not checked", "scores", message))
    return Reencoded(tuple(checks), not absent)


def _tolerance(model: Any) -> float:
    return HALF.get(str(model.identity.effective.get("weights")), VECTORS)


def _some(data: Any, rows: NDArray[np.int64]) -> Any:
    """Some rows of a kind's data, all of whose fields are columns."""
    import pyarrow as pa

    columns = {each.name: getattr(data, each.name) for each in fields(data)}
    return replace(
        data,
        **{
            name: values.take(pa.array(rows)) if hasattr(values, "buffers") else values[rows]
            for name, values in columns.items()
        },
    )


def _renumbered(agreement: Agreement, rows: NDArray[np.int64]) -> Agreement:
    return replace(agreement, rows=tuple(int(rows[row]) for row in agreement.rows))


def _of_vectors(found: list[tuple[str, Agreement]], compared: int) -> tuple[Verdict, str, str]:
    worst = max((each for _, each in found), key=lambda each: (len(each.rows) > 0, each.greatest))
    verdict: Verdict = (
        "different" if any(a.verdict == "different" for _, a in found) else (worst.verdict)
    )
    told = "; ".join(_told(each, name) for name, each in found if each.verdict == "different")
    told = told or _told(worst, "all")
    return verdict, "vectors", f"{compared} encoded again; {told}"


def _told(agreement: Agreement, name: str) -> str:
    """What differs, by row numbers from 1; never a text."""
    if agreement.verdict == "identical":
        return "each as before"
    if agreement.verdict == "within tolerance":
        return f"at most {agreement.greatest:.1g} from before"
    shown = ", ".join(str(row + 1) for row in agreement.rows[:_SHOWN])
    more = ", ..." if len(agreement.rows) > _SHOWN else ""
    return (
        f"{len(agreement.rows)} of {name} differ by up to {agreement.greatest:.2g}: "
        f"rows {shown}{more}"
    )
