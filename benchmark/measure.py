"""Measure one split and subset of a task with one model."""

from __future__ import annotations

import math
import time
from functools import partial
from pathlib import Path
from typing import Any, cast

from benchmark.encode import Encoded, Progress, encode_plan
from benchmark.errors import BenchmarkError, ModelError
from benchmark.guard import call_model
from benchmark.models.tokens import count_plan
from benchmark.pair_scores import score_pairs
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import Encoder, Fitted, Kind, Model, Reranker, Run, Scores, Searcher
from benchmark.results.record import Part


def can_measure(model: Model, kind: Kind) -> bool:
    """Whether a model gives what a kind needs: vectors, a ranking, or scores of its candidates."""
    if isinstance(model, Encoder | Fitted):
        return True
    return hasattr(kind, "judge" if isinstance(model, Searcher) else "pairs")


def measure_part(
    model: Model,
    prepared: Prepared,
    part: PreparedPart,
    cache: Path | None,
    progress: Progress,
) -> Part:
    """Encode (or search) and evaluate; a score that is not a number becomes None with an error."""
    task, kind = prepared.task, prepared.kind
    start = time.perf_counter()
    encoded: Encoded | None = None
    run: Run | None = None
    if isinstance(model, Encoder | Fitted):
        encoded = encode_plan(
            model, part.plan, task, kind.TASK_TYPE, cache=cache, progress=progress
        )
    elif isinstance(model, Searcher) and not _scores_candidates(model, kind):
        run = _search(model, cast("Any", kind), part, task)
    else:
        run = _rerank(cast("Reranker", model), cast("Any", kind), part, task, cache, progress)
    middle = time.perf_counter()
    try:
        scores: Scores = (
            kind.evaluate(part.data, encoded.embeddings, task)
            if encoded
            else cast("Any", kind).judge(part.data, run, task)
        )
    except (BenchmarkError, KeyboardInterrupt):
        raise
    except Exception as error:
        # The message of a foreign error may quote the data, so only its type is shown.
        raise ModelError(
            f"evaluating failed ({type(error).__name__}); please report it with the task file"
        ) from error
    end = time.perf_counter()
    value = float(scores.metrics[task.main_score])
    problem = None
    if not math.isfinite(value):
        problem = f"{task.name}: {task.main_score} is not a number on these vectors"
    return Part(
        split=part.split,
        subset=part.subset,
        languages=task.subsets[part.subset],
        metrics=scores.metrics,
        main_score=None if problem else value,
        examples=scores.examples,
        fingerprint=part.fingerprint,
        seed=int({**kind.OPTIONS, **task.options}.get("seed", 42)),
        degenerate=scores.degenerate,
        warnings={**part.warnings, **scores.warnings},
        texts=sum(len(request.texts) for request in part.plan.values()),
        characters=encoded.characters if encoded else _characters(part),
        prompts=encoded.prompts if encoded else {},
        tokens=count_plan(model, part.plan, encoded.prompts if encoded else {}),
        seconds={
            "read": round(part.seconds, 4),
            "encode": round(middle - start, 4),
            "evaluate": round(end - middle, 4),
        },
        error=problem,
    )


def _scores_candidates(model: Model, kind: Kind) -> bool:
    """Whether a model that can also search is asked for the given candidates only."""
    return isinstance(model, Reranker) and hasattr(kind, "pairs")


def _search(model: Searcher, kind: Any, part: PreparedPart, task: Any) -> Run:
    """Let a model rank the documents itself; equal scores by document id descending.

    A searcher keeps the order of equal scores, so it is shown the corpus in that order.
    """
    import numpy as np

    order = np.argsort(-part.data.order, kind="stable")
    corpus = part.plan["corpus"].texts.take(order).to_pylist()
    queries = part.plan["queries"].texts.to_pylist()
    depth = kind.depth(part.data, task)
    run: Run = call_model(model, partial(model.search, corpus, queries, top_k=depth))
    found = np.where(run.documents >= 0, order[run.documents], -1).astype(np.int32)
    return Run(found, run.scores)


def _rerank(
    model: Reranker,
    kind: Any,
    part: PreparedPart,
    task: Any,
    cache: Path | None,
    progress: Progress,
) -> Run:
    """Let a model score the candidates of each query."""
    query, document = kind.pairs(part.data)
    queries = part.plan["queries"].texts.take(query).to_pylist()
    documents = part.plan["corpus"].texts.take(document).to_pylist()
    scores = score_pairs(model, queries, documents, cache=cache, progress=progress)
    run: Run = kind.run_of(part.data, scores, task)
    return run


def _characters(part: PreparedPart) -> int:
    import pyarrow.compute as pc

    return sum(int(pc.sum(pc.utf8_length(r.texts)).as_py() or 0) for r in part.plan.values())
