"""Rank the documents of one split and subset with any model: by vectors, search or scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmark.encode import Encoded, Progress, encode_plan
from benchmark.guard import call_model
from benchmark.metrics.search import numbers_of, similarity_of
from benchmark.metrics.similarity import similarity_of_pairs
from benchmark.models.fusion import compact
from benchmark.models.tokens import TokenCount, count_pairs, count_plan, total
from benchmark.pair_scores import score_pairs
from benchmark.prepare import PreparedPart
from benchmark.protocols import (
    Composite,
    Encoder,
    Fitted,
    Kind,
    Model,
    Plan,
    Request,
    Reranker,
    Run,
    Searcher,
)
from benchmark.task import Task
from benchmark.token_vectors import cached_tokens

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


def can_rank(model: Model, kind: Kind) -> bool:
    """Whether a model gives a ranking on a kind."""
    if isinstance(model, Composite):
        return hasattr(kind, "rank") and all(can_rank(part, kind) for part in model.ranking_parts)
    if isinstance(model, Encoder | Fitted):
        return hasattr(kind, "rank")
    return hasattr(kind, "judge" if isinstance(model, Searcher) else "pairs")


@dataclass
class PartRanker:
    """Ranks the documents of one split and subset with whatever model it is handed.

    ``encoded`` holds what each encoder was asked for, by its name; ``tokens()`` counts afterwards
    what every model was shown.
    """

    kind: Any
    part: PreparedPart
    task: Task
    cache: Path | None
    progress: Progress
    encoded: dict[str, Encoded] = field(default_factory=dict)
    _counts: list[Callable[[], TokenCount | None]] = field(default_factory=list)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The rank of each document's id, ``(n,)``."""
        import numpy as np

        falling = self.part.data.tie_order
        order = np.empty(len(falling), np.int64)
        order[falling] = np.arange(len(falling))[::-1]
        return order

    @property
    def depth(self) -> int:
        """How many documents a ranking must hold."""
        return int(self.kind.depth(self.part.data, self.task))

    @property
    def prompts(self) -> dict[str, str]:
        """What was put before texts, by role and model."""
        return {
            f"{role} of {name}": prompt
            for name, found in self.encoded.items()
            for role, prompt in found.prompts.items()
        }

    def tokens(self) -> TokenCount | None:
        """What the models were shown, as far as they count tokens."""
        return total(count() for count in self._counts)

    def rank(self, model: Model) -> Run:
        """The ranking of a model; where a kind gives candidates, of these alone."""
        if isinstance(model, Composite):
            return model.combine(self)
        if isinstance(model, Encoder | Fitted):
            embeddings = self._encode(model, self.part.plan).embeddings
            run: Run = self.kind.rank(self.part.data, embeddings, self.task)
            return run
        if isinstance(model, Reranker) and hasattr(self.kind, "pairs"):
            # A model that can also search is asked for the given candidates only.
            return self._rerank(model)
        return self._search(cast("Searcher", model))

    def score(
        self, model: Model, query: NDArray[np.int64], document: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """A model's scores of pairs, ``(p,)``: its own, or the similarity of its vectors."""
        import numpy as np
        import pyarrow as pa

        plan = self.part.plan
        if isinstance(model, Reranker):
            queries = plan["queries"].texts.take(pa.array(query)).to_pylist()
            documents = plan["corpus"].texts.take(pa.array(document)).to_pylist()
            self._counts.append(partial(count_pairs, model, queries, documents))
            return score_pairs(model, queries, documents, cache=self.cache, progress=self.progress)
        if not isinstance(model, Fitted):  # whose vectors depend on the whole corpus
            wanted, document = np.unique(document, return_inverse=True)
            plan = {**plan, "corpus": _rows_of(plan["corpus"], pa.array(wanted))}
        found = self._encode(model, plan).embeddings
        return cast(
            "NDArray[np.float32]",
            similarity_of_pairs(
                numbers_of(found, "queries"),
                numbers_of(found, "corpus"),
                query,
                document,
                name=similarity_of(found),
            ),
        )

    def _encode(self, model: Model, plan: Plan) -> Encoded:
        task_type = self.task.task_type or self.kind.TASK_TYPE
        found = encode_plan(
            model, plan, self.task, task_type, cache=self.cache, progress=self.progress
        )
        self.encoded[model.identity.name] = found
        self._counts.append(partial(count_plan, model, plan, found.prompts))
        return found

    def _search(self, model: Searcher) -> Run:
        """Let a model rank the documents itself; equal scores by document id descending.

        A searcher keeps the order of equal scores, so it is shown the corpus in that order.
        """
        import numpy as np
        import pyarrow as pa

        order = self.part.data.tie_order
        corpus = self.part.plan["corpus"].texts.take(pa.array(order)).to_pylist()
        queries = self.part.plan["queries"].texts.to_pylist()
        self._counts.append(partial(count_plan, model, self.part.plan, {}))
        with cached_tokens(model, self.cache) as encode:
            search = partial(model.search, corpus, queries, top_k=self.depth, **encode)
            run: Run = call_model(model, search)
        found = np.where(run.documents >= 0, order[run.documents], -1).astype(np.int32)
        if hasattr(self.kind, "pairs"):
            query, document = self.kind.pairs(self.part.data)
            given = query * len(order) + document
            pairs = np.arange(len(found))[:, None] * len(order) + found
            return compact(Run(np.where(np.isin(pairs, given), found, -1), run.scores))
        return Run(found, run.scores)

    def _rerank(self, model: Reranker) -> Run:
        """Let a model score the candidates of each query."""
        scores = self.score(model, *self.kind.pairs(self.part.data))
        run: Run = self.kind.run_of(self.part.data, scores, self.task)
        return run


def _rows_of(request: Request, rows: pa.Array) -> Request:
    """Some rows of a request."""
    ids = None if request.ids is None else request.ids.take(rows)
    return replace(request, texts=request.texts.take(rows), ids=ids)
