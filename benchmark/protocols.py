"""The core types that every layer speaks in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import random

    import numpy as np
    import pyarrow as pa
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from benchmark.task import Task

    Vectors: TypeAlias = NDArray[np.float32] | sp.csr_matrix

Role = Literal["query", "document"] | None
"""What a text is to the model; None where the kind does not distinguish (STS, clustering, ...)."""

Tables = Mapping[str, "pa.Table"]
"""The data of one split and subset: table name (rows, train, corpus, queries, qrels) -> table."""


@dataclass(frozen=True, slots=True)
class Request:
    """Texts to encode, in order, and their role.

    ``apart`` keeps them out of the batches of other requests, so that a request that asks for the
    same texts in another subset finds all of them encoded. ``ids`` are those that the data give the
    texts, row by row, where they do.
    """

    texts: pa.Array
    role: Role = None
    apart: bool = False
    ids: pa.Array | None = None


Plan = Mapping[str, Request]
"""What one split and subset needs encoded: request name -> request."""


@dataclass(frozen=True, slots=True)
class Compression:
    """How the vectors of a plan were made smaller: codes in ``dtype``, of so many ``dimensions``.

    ``ranges`` ``(2, d)`` are those that integers were calibrated by. With ``rescore`` a search
    scores so many times its best documents again, by ``queries``: the vectors of queries before.
    """

    dtype: str
    dimensions: int
    ranges: NDArray[np.float32] | None = None
    rescore: int = 0
    queries: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The vectors of a plan: request name -> ``(n, d)`` float32 array, or sparse rows.

    ``similarity`` is the model's own: ``cosine``, ``dot`` or ``euclidean`` (negative distance).
    With ``compression`` the arrays hold codes, which ``metrics.search`` reads.
    """

    vectors: Mapping[str, Vectors]
    similarity: str = "cosine"
    compression: Compression | None = None

    def __getitem__(self, request: str) -> Vectors:
        return self.vectors[request]


@dataclass(frozen=True, slots=True)
class Run:
    """Ranked documents: row q holds the best documents of query q, best first.

    ``documents`` is ``(q, k)`` int32, -1 where a query has fewer than k; ``scores`` is ``(q, k)``
    float32. Equal scores stand by document id descending, as in trec_eval. ``seconds`` is how long
    the queries took to answer, without building an index; 0 where that was not measured.
    """

    documents: NDArray[np.int32]
    scores: NDArray[np.float32]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """What a kind's ``evaluate`` returns for one split and subset.

    ``metrics`` has mteb's names (floats, or nested lists such as ``scores_per_experiment``);
    ``examples`` counts what the main score is made of; ``degenerate`` names metrics that are
    undefined on these vectors and were counted as 0 (constant similarities have no correlation);
    ``warnings`` are one-line findings, ``name -> count``; ``samples`` are values per example.
    ``search_seconds`` is how long a corpus was searched, 0 where none was.
    """

    metrics: Mapping[str, Any]
    examples: int
    degenerate: tuple[str, ...] = ()
    warnings: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    search_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Identity:
    """What names a model's results: folder, cache key, ``model_meta.json``.

    ``name`` is ``org/model``; ``revision`` a commit or a digest; ``adapter`` the scheme and its
    version; ``options`` those that change numbers; ``slug`` the experiment folder they lead to
    ('' for the model's usual adapter with no such option). ``effective`` is what changes numbers
    where no option says it, such as length and type of weights: part of the cache's key alone.
    """

    name: str
    revision: str
    adapter: str
    options: Mapping[str, Any] = field(default_factory=dict)
    slug: str = ""
    effective: Mapping[str, Any] = field(default_factory=dict, compare=False)


UNVERSIONED = "unversioned"
"""The revision of a model whose content nothing identifies: never cached, never reused."""


class Model(Protocol):
    """What every adapter gives: who the model is and how its vectors are compared."""

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...


@runtime_checkable
class Encoder(Protocol):
    """A model that turns texts into vectors, each text on its own.

    ``prompt`` is the string to put before every text, already chosen; None for none.
    """

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...
    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Vectors: ...


@runtime_checkable
class StreamEncoder(Protocol):
    """An encoder that is handed all texts at once, and gives vectors as they come (an endpoint).

    Each item is some rows of ``texts`` and their vectors; every row comes once, in any order. What
    came is kept when a later item fails, and only texts that the cache lacks are asked for.
    """

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...
    def encode_stream(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Iterator[tuple[Sequence[int], Vectors]]: ...


@runtime_checkable
class Lookup(Protocol):
    """An encoder that has its vectors already, by text or by id; nothing of it is cached."""

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...
    def look_up(self, plan: Plan) -> Mapping[str, Vectors]: ...


@runtime_checkable
class Fitted(Protocol):
    """A model whose vectors depend on the texts it is shown together (tf-idf): fit, then encode."""

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...
    def fit(self, texts: Sequence[str]) -> Encoder: ...


@runtime_checkable
class Searcher(Protocol):
    """A model that ranks documents for queries without vectors (BM25)."""

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...
    def search(self, corpus: Sequence[str], queries: Sequence[str], *, top_k: int) -> Run: ...


@runtime_checkable
class Reranker(Protocol):
    """A model that scores pairs of a query and a document, given as parallel lists: ``(n,)``.

    Higher is better. It runs on the kinds that have candidates. A reranker that also has
    ``score_stream`` is handed all pairs at once and gives (rows, scores) as they come, as
    ``StreamEncoder`` does.
    """

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...
    def score(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.float32]: ...


class Ranker(Protocol):
    """How the parts of a composite are asked, on one split and subset.

    ``order`` ``(n,)`` is the rank of each document's id, which breaks ties (descending); ``depth``
    is how many documents a ranking must hold. ``score`` takes parallel arrays of query and document
    numbers.
    """

    @property
    def order(self) -> NDArray[np.int64]: ...
    @property
    def depth(self) -> int: ...
    def rank(self, model: Model) -> Run: ...
    def score(
        self, model: Model, query: NDArray[np.int64], document: NDArray[np.int64]
    ) -> NDArray[np.float32]: ...


@runtime_checkable
class Composite(Protocol):
    """Models that make one ranking together; ``ranking_parts`` are those that rank themselves."""

    @property
    def identity(self) -> Identity: ...
    @property
    def similarity(self) -> str: ...
    @property
    def parts(self) -> Sequence[Model]: ...
    @property
    def ranking_parts(self) -> Sequence[Model]: ...
    def combine(self, ranker: Ranker) -> Run: ...


class Kind(Protocol):
    """A kind of task: a module with these constants and three functions.

    ``TABLES`` maps each table to its fields and their types (``id``, ``text``, ``label``,
    ``labels``, ``label_lists``, ``number``; a trailing ``?`` marks an optional field). ``OPTIONS``
    maps option names to defaults. ``METRICS`` are the names that ``main_score`` may take.

    A kind may also have ``tables_of(options)`` and ``metrics_of(options)``, where options change
    these, and ``problems_of(task)``: ``(key, message)`` of what is wrong in a task file. A kind
    that ranks has ``judge(data, run, task)``, and one with candidates ``pairs(data)`` (arrays of
    query and document numbers) and ``run_of(data, scores, task)``, for models without vectors.
    """

    TASK_TYPE: str
    TABLES: Mapping[str, Mapping[str, str]]
    METRICS: Sequence[str]
    MAIN_SCORE: str
    OPTIONS: Mapping[str, Any]

    def check(self, tables: Tables, task: Task) -> list[Finding]: ...
    def read(self, tables: Tables, task: Task, draws: random.Random) -> Any: ...
    def plan(self, data: Any, task: Task) -> Plan: ...
    def evaluate(self, data: Any, embeddings: Embeddings, task: Task) -> Scores: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a task's data: an error stops the task, a warning is counted.

    A failure leaves a part of the data out: the rest is evaluated, and the command ends with 1.
    ``code`` is a short stable name (``empty_text``, ``query_without_relevant``); ``message`` is one
    line: where, what, what to do now, without any text of the data; ``count`` is how many rows.
    """

    level: Literal["error", "failure", "warning"]
    code: str
    message: str
    count: int = 1
