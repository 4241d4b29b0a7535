"""Score the same vectors with mteb and with EmbedMark."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from mteb.models.model_meta import ModelMeta, ScoringFunction
from mteb.similarity_functions import select_pairwise_similarity, select_similarity
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmark.catalog import load_kind
from benchmark.protocols import Embeddings
from benchmark.task import Source, Task
from tests.oracle.mteb_task import Parts, mteb_task
from tests.oracle.predictions import our_predictions, their_predictions
from tests.oracle.recording import Found, constant_scores


class LookupEncoder:
    """An mteb encoder that knows the vector of every text."""

    def __init__(self, vectors: Mapping[str, NDArray[Any]], similarity: str) -> None:
        self.vectors = vectors
        self.function = ScoringFunction(similarity)
        self.mteb_model_meta = ModelMeta.create_empty()

    def encode(self, inputs: Any, **_: Any) -> NDArray[Any]:
        texts = [text for batch in inputs for text in batch["text"]]
        return np.stack([self.vectors[text] for text in texts])

    def similarity(self, a: Any, b: Any) -> Any:
        return select_similarity(a, b, self.function)

    def similarity_pairwise(self, a: Any, b: Any) -> Any:
        return select_pairwise_similarity(a, b, self.function)


def make_task(kind: str, parts: Parts, main_score: str, options: Mapping[str, Any]) -> Task:
    """Our task for data in memory."""
    splits = tuple(dict.fromkeys(split for split, _ in parts))
    subsets = {subset: ("eng-Latn",) for _, subset in parts}
    return Task(
        name="Memory",
        kind=kind,
        main_score=main_score,
        source=Source("files", {}, Path()),
        splits=splits,
        subsets=MappingProxyType(subsets),
        columns={},
        options=MappingProxyType(dict(options)),
        prompt={},
    )


def ours(
    task: Task,
    parts: Parts,
    vectors: Mapping[str, NDArray[Any]],
    similarity: str = "cosine",
    only: Sequence[tuple[str, str]] | None = None,
) -> Found:
    """Our metrics of every part; ``only`` evaluates some and still draws for all."""
    kind: Any = load_kind(task.kind)
    draws = random.Random(42)
    scores, labels, constants, degenerate, examples = Found(), {}, {}, {}, {}
    scores.task, scores.vectors = task, getattr(vectors, "name", "random")
    scores.words = getattr(vectors, "words", 0)
    for split in task.splits:
        for subset in task.subsets:
            tables = parts[split, subset]
            data = kind.read(tables, task, draws)
            if only is not None and (split, subset) not in only:
                continue
            encoded = {
                name: np.stack([vectors[text] for text in request.texts.to_pylist()])
                for name, request in kind.plan(data, task).items()
            }
            embeddings = Embeddings(encoded, similarity)
            with our_predictions(task.kind, tables) as predicted, constant_scores() as constant:
                found = kind.evaluate(data, embeddings, task)
            scores[split, subset] = dict(found.metrics)
            labels[split, subset], constants[split, subset] = predicted, constant
            degenerate[split, subset] = set(found.degenerate)
            examples[split, subset] = found.examples
    scores.labels, scores.constant = labels, constants
    scores.degenerate, scores.examples = degenerate, examples
    return scores


def theirs(
    task: Task,
    parts: Parts,
    vectors: Mapping[str, NDArray[Any]],
    similarity: str = "cosine",
    only: Sequence[tuple[str, str]] | None = None,
) -> Found:
    """mteb's metrics of every part, or ``only`` of some, in the order of ``mteb.evaluate``."""
    instance = mteb_task(task, parts)
    encoder = LookupEncoder(vectors, similarity)
    scores, labels = Found(), {}
    with threadpool_limits(1), warnings.catch_warnings(), their_predictions() as predicted:
        warnings.simplefilter("ignore")  # what mteb warns of is not ours to mend
        for split in task.splits:
            for subset in task.subsets:
                if only is not None and (split, subset) not in only:
                    continue
                found = instance.evaluate(
                    encoder, split, subsets_to_run=[subset], encode_kwargs={"batch_size": 512}
                )
                scores[split, subset] = found[subset]
                labels[split, subset] = list(predicted)
                predicted.clear()
    scores.labels = labels
    return scores
