"""Measure one split and subset of a task with one model."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

from benchmark.analysis.examples import texts_of
from benchmark.analysis.uncertainty import interval_of
from benchmark.encode import Encoded, Progress, Session, Share, encode_plan
from benchmark.errors import BenchmarkError, ModelError
from benchmark.metrics.search import dimensions_of
from benchmark.models.settings import settings_of
from benchmark.models.tokens import TokenCount, count_plan
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import Encoder, Fitted, Kind, Model, Run, Scores
from benchmark.ranking import PartRanker, can_rank
from benchmark.results.record import Part
from benchmark.results.samples import as_stored, digest_of


def can_measure(model: Model, kind: Kind) -> bool:
    """Whether a model gives what a kind needs: vectors, a ranking, or scores of its candidates."""
    return isinstance(model, Encoder | Fitted) or can_rank(model, kind)


def measure_part(
    model: Model,
    prepared: Prepared,
    part: PreparedPart,
    cache: Path | None,
    progress: Progress,
    *,
    session: Session | None = None,
    share: Share | None = None,
    keep_texts: bool = False,
) -> Part:
    """Encode (or search) and evaluate; a score that is not a number becomes None with an error.

    With a ``session`` most was encoded before, together with other tasks, and ``share`` is what of
    that the part stands for. ``keep_texts`` puts the examples' texts among their records.
    """
    task, kind = prepared.task, prepared.kind
    start, before = time.perf_counter(), _usage(model)
    encoded: Encoded | None = None
    ranker: PartRanker | None = None
    run: Run | None = None
    prompts: Mapping[str, str]
    if isinstance(model, Encoder | Fitted):
        encoded = encode_plan(
            model, part.plan, task, task.task_type or kind.TASK_TYPE,
            cache=cache, progress=progress, session=session,
        )  # fmt: skip
        prompts = encoded.prompts
    else:
        ranker = PartRanker(kind, part, task, cache, progress)
        run, prompts = ranker.rank(model), ranker.prompts
    middle = time.perf_counter()
    encode_seconds = middle - start + (share.seconds if share else 0.0)
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
    end, searched = time.perf_counter(), scores.search_seconds
    value = float(scores.metrics[task.main_score])
    problem = None
    if not math.isfinite(value):
        problem = f"{task.name}: {task.main_score} is not a number on these vectors"
    kept = texts_of(part.plan, scores.samples) if keep_texts else {}
    samples = as_stored({**scores.samples, **kept}, task.main_score)
    interval = None
    if not problem and task.main_score not in scores.degenerate:
        interval = interval_of(task.kind, task.main_score, value, scores.samples)
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
        prompts=prompts,
        tokens=ranker.tokens() if ranker else _counted(model, part, prompts, session, share),
        dimensions=dimensions_of(encoded.embeddings) if encoded else 0,
        seconds={
            "read": round(part.seconds, 4),
            "encode": round(encode_seconds, 4),
            **({"search": round(searched, 4)} if searched else {}),
            "evaluate": round(end - middle - searched, 4),
        },
        settings=settings_of(model),
        batches=_batches(encoded, share),
        usage={name: used - before.get(name, 0) for name, used in _usage(model).items()},
        error=problem,
        interval=interval,
        samples=samples,
        samples_digest=digest_of(samples),
    )


def _counted(
    model: Model,
    part: PreparedPart,
    prompts: Mapping[str, str],
    session: Session | None,
    share: Share | None,
) -> TokenCount | None:
    """The tokens of a part, where they were not counted before it was encoded."""
    if share and share.tokens:
        return share.tokens
    with session.asker.tokenizing if session else nullcontext():
        return count_plan(model, part.plan, prompts)


def _batches(encoded: Encoded | None, share: Share | None) -> dict[str, Any]:
    """What names the batches of a part: those it was planned in before, or in its own turn."""
    plan = (encoded.batches if encoded else None) or (share.batches if share else None)
    return plan.to_json() if plan else {}


def _usage(model: Model) -> dict[str, float]:
    """What a model behind an endpoint has used so far; empty for any other."""
    return dict(getattr(model, "usage", {}))


def _characters(part: PreparedPart) -> int:
    import pyarrow.compute as pc

    return sum(int(pc.sum(pc.utf8_length(r.texts)).as_py() or 0) for r in part.plan.values())
