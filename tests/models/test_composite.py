"""Models made of models: fused and rescored rankings, by hand and by their laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.catalog import Choice, load_task
from benchmark.models import load_model
from benchmark.models.fusion import compact, fuse, ranked, reciprocal_ranks, relative_scores
from benchmark.models.table import Settings
from benchmark.prepare import PreparedPart
from benchmark.protocols import Composite, Identity, Model, Request, Run
from benchmark.ranking import PartRanker
from benchmark.run import RunSettings, run
from benchmark.task import Source, Task

CORPUS = ["red apple", "green pear", "red pear", "blue plum"]
BY_ROW = np.arange(4)


def as_run(documents: Sequence[Sequence[int]], scores: Sequence[Sequence[float]]) -> Run:
    """A run of nested lists."""
    return Run(np.array(documents, np.int32), np.array(scores, np.float32))


def test_reciprocal_ranks_by_hand() -> None:
    """Document 1 stands 2nd and 1st: 1/62 + 1/61; 0 stands 1st and 3rd: 1/61 + 1/63; 2 once."""
    first = as_run([[0, 1]], [[9, 8]])
    second = as_run([[1, 2, 0]], [[0.3, 0.2, 0.1]])

    fused = fuse([first, second], reciprocal_ranks, order=BY_ROW, depth=3)

    assert [[1, 0, 2]] == fused.documents.tolist()
    expected = [1 / 62 + 1 / 61, 1 / 61 + 1 / 63, 1 / 62]
    assert np.array([expected], np.float32).tolist() == fused.scores.tolist()


def test_relative_scores_by_hand() -> None:
    """Scores 10, 6, 2 become 1, .5, 0; scores .8, .6 become 1, 0; weights 1 and 3."""
    first = as_run([[0, 1, 2]], [[10, 6, 2]])
    second = as_run([[2, 3]], [[0.8, 0.6]])

    fused = fuse([first, second], relative_scores, order=BY_ROW, depth=4, weights=[1, 3])

    assert [[2, 0, 1, 3]] == fused.documents.tolist()
    assert [[3.0, 1.0, 0.5, 0.0]] == fused.scores.tolist()


def test_equal_sums_stand_by_document_id_descending() -> None:
    """Two documents that swap places have one sum; the order of ids is not that of rows."""
    runs = [as_run([[0, 1]], [[2, 1]]), as_run([[1, 0]], [[2, 1]])]

    by_row = fuse(runs, reciprocal_ranks, order=np.array([0, 1]), depth=2)
    turned = fuse(runs, reciprocal_ranks, order=np.array([1, 0]), depth=2)

    assert ([[1, 0]], [[0, 1]]) == (by_row.documents.tolist(), turned.documents.tolist())


def test_short_and_empty_rankings_are_padded() -> None:
    """A query for which nobody found anything has a row of padding; gaps are closed first."""
    runs = [as_run([[-1, 2], [-1, -1]], [[0, 5], [0, 0]]), as_run([[3], [-1]], [[1], [0]])]

    fused = fuse(runs, reciprocal_ranks, order=BY_ROW, depth=9)

    assert [[2]] == compact(as_run([[-1, 2]], [[0, 5]])).documents.tolist()
    assert [[3, 2], [-1, -1]] == fused.documents.tolist()


def test_equal_scores_of_one_query_are_all_found() -> None:
    """Nothing tells the best from the worst, but found is more than not found."""
    assert [[1.0, 1.0, 0.0]] == relative_scores(as_run([[0, 1, -1]], [[5, 5, 0]])).tolist()


@st.composite
def runs_of(draw: st.DrawFn, count: int = 3) -> list[Run]:
    """Rankings of three queries over twelve documents, scores falling."""
    depth = draw(st.integers(1, 12))
    found = []
    for _ in range(count):
        documents = [draw(st.permutations(range(12)))[:depth] for _ in range(3)]
        found.append(as_run(documents, [range(depth, 0, -1)] * 3))
    return found


@given(runs_of(1))
@pytest.mark.parametrize("points", [reciprocal_ranks, relative_scores])
def test_a_run_fused_with_itself_keeps_its_order(points: Any, runs: list[Run]) -> None:
    """Twice the points move nothing."""
    fused = fuse(runs * 2, points, order=np.arange(12), depth=12)

    assert runs[0].documents.tolist() == fused.documents.tolist()


@given(runs_of(), st.permutations(range(3)))
@pytest.mark.parametrize("points", [reciprocal_ranks, relative_scores])
def test_the_order_of_parts_does_not_matter(
    points: Any, runs: list[Run], turned: list[int]
) -> None:
    """Bit for bit."""
    one = fuse(runs, points, order=np.arange(12), depth=12)
    other = fuse([runs[n] for n in turned], points, order=np.arange(12), depth=12)

    assert one.documents.tobytes() == other.documents.tobytes()
    assert one.scores.tobytes() == other.scores.tobytes()


@given(runs_of(), st.integers(0, 2))
def test_a_weight_of_0_takes_a_part_out(runs: list[Run], out: int) -> None:
    """Its documents come last, with no points."""
    weights = [0.0 if n == out else 1.0 for n in range(3)]
    rest = [run for n, run in enumerate(runs) if n != out]

    whole = fuse(runs, reciprocal_ranks, order=np.arange(12), depth=12, weights=weights)
    without = fuse(rest, reciprocal_ranks, order=np.arange(12), depth=12)

    width = (without.documents >= 0).sum(axis=1)
    for row, count in enumerate(width):
        assert without.documents[row, :count].tolist() == whole.documents[row, :count].tolist()


def test_pairs_become_a_ranking() -> None:
    """Ragged, by score, equal ones by id descending, cut at the depth."""
    query, document = np.array([1, 0, 1, 1]), np.array([0, 3, 1, 2])

    found = ranked(
        query, document, np.array([2, 1, 5, 2], np.float32), order=BY_ROW, queries=3, depth=2
    )

    assert [[3, -1], [1, 2], [-1, -1]] == found.documents.tolist()


@dataclass
class Longest:
    """A reranker that prefers long documents, and counts what it was asked."""

    identity: Identity = Identity("test/longest", "1", "test/1")
    similarity: str = "dot"
    asked: int = 0

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> Any:
        """The length of the document."""
        self.asked += len(documents)
        return np.array([len(text) for text in documents], np.float32)


@dataclass
class Backwards:
    """A searcher that ranks the corpus from its last document to its first."""

    identity: Identity = Identity("test/backwards", "1", "test/1")
    similarity: str = "dot"

    def search(self, corpus: Sequence[str], queries: Sequence[str], *, top_k: int) -> Run:
        """The same order for each query."""
        documents = np.arange(len(corpus))[::-1][:top_k]
        scores = np.arange(len(documents), 0, -1)
        return as_run([documents.tolist()] * len(queries), [scores.tolist()] * len(queries))


def write_retrieval(folder: Path, candidates: str = "") -> Path:
    """A retrieval over four documents, or a reranking with candidates."""
    kind, score = ("reranking", "map_at_10") if candidates else ("retrieval", "ndcg_at_10")
    data = folder / "data"
    (data / "qrels").mkdir(parents=True)
    (data / "corpus.jsonl").write_text(
        "".join(f'{{"_id": "d{n}", "text": "{text}"}}\n' for n, text in enumerate(CORPUS))
    )
    (data / "queries.jsonl").write_text(
        '{"_id": "q0", "text": "red"}\n{"_id": "q1", "text": "pear"}\n'
    )
    (data / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\n")
    if candidates:
        (data / "top_ranked").mkdir()
        (data / "top_ranked" / "test.tsv").write_text(candidates)
    path = folder / "Fruit.toml"
    path.write_text(
        f'kind = "{kind}"\nmain_score = "{score}"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "data"\n'
    )
    return path


def ranker_of(path: Path) -> PartRanker:
    """A ranker on the only part of a task."""
    from benchmark.prepare import prepare

    prepared = prepare(Choice(load_task(path)))
    (part,) = prepared.parts
    assert part.error is None
    return PartRanker(prepared.kind, part, prepared.task, None, lambda done, total: None)


def composite(scheme: str, parts: Sequence[Model], **options: Any) -> Composite:
    """A composite of loaded parts."""
    from benchmark.models.composite import compose

    named = dict(zip("ABC", parts, strict=False))
    sign = "+" if scheme == "hybrid" else "|"
    return compose(scheme, sign.join(f"({name})" for name in named), options, named.__getitem__)


def test_a_second_stage_scores_the_best_k_alone(tmp_path: Path) -> None:
    """Backwards' first two of each query are scored again, and the ranking ends with them."""
    second = Longest()

    found = ranker_of(write_retrieval(tmp_path)).rank(composite("two", [Backwards(), second], k=2))

    # Shown the corpus by id descending, Backwards puts d0 "red apple" before d1 "green pear".
    assert [[1, 0], [1, 0]] == found.documents.tolist()
    assert 4 == second.asked


def test_an_encoder_scores_as_a_second_stage(tmp_path: Path) -> None:
    """By the similarity of its vectors: "red" is in d0 and d2, "pear" in d1 and d2."""
    found = ranker_of(write_retrieval(tmp_path)).rank(
        composite("two", [Backwards(), load_model("bow")], k=4)
    )

    assert {0, 2} == set(found.documents[0, :2].tolist())
    assert {1, 2} == set(found.documents[1, :2].tolist())


def test_parts_of_a_reranking_rank_candidates_alone(tmp_path: Path) -> None:
    """A searcher's other documents are taken out before ranks are counted.

    Of q0's candidates Backwards prefers d2 and Longest d3: a tie, by id descending.
    """
    path = write_retrieval(tmp_path, "query-id\tcorpus-id\nq0\td3\nq0\td2\nq1\td1\n")
    ranker = ranker_of(path)

    found = ranker.rank(composite("hybrid", [Backwards(), Longest()]))

    assert [[3, 2], [1, -1]] == found.documents.tolist()
    assert np.float32(2 / 61) == found.scores[1, 0]


def measured(folder: Path, uris: Sequence[Any], path: Path) -> tuple[Any, list[str]]:
    """Rows and notes of a run."""
    notes: list[str] = []

    class Listener:
        def job(self, model: str, task: str, number: int, jobs: int) -> None: ...
        def progress(self, share: float, pace: str) -> None: ...
        def note(self, message: str) -> None:
            notes.append(message)

        def rows(self, rows: Sequence[Any]) -> None: ...

    settings = RunSettings(output=folder / "out", cache=folder / "cache", model=Settings())
    return list(run(uris, [Choice(load_task(path))], settings, Listener())), notes


def test_a_hybrid_runs_like_any_model(tmp_path: Path) -> None:
    """Measured, saved, reused; the identity is made of those of its parts."""
    path = write_retrieval(tmp_path)
    uri = "hybrid:(tfidf)+(two:(bow)|(tfidf)?k=3)?fusion=score&weights=2,1"

    (first,), _ = measured(tmp_path, [uri], path)
    (second,), _ = measured(tmp_path, [uri], path)

    assert ("measured", "reused") == (first.status, second.status)
    assert first.main_score == second.main_score == pytest.approx(1 / np.log2(3))
    model = load_model(uri)
    assert "hybrid/tfidf+bow+tfidf" == model.identity.name
    assert "fusion_score__weights_2,1" == model.identity.slug
    parts = model.identity.options["parts"]
    assert ["tfidf/1 embedmark/tfidf@1", "two/1 two/bow+tfidf"] == [
        parts[0], parts[1].partition("@")[0]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        "hybrid:(tfidf)+(random)",
        "hybrid:(bow)+(tfidf)",
        "hybrid:(tfidf)+(bow)?k=10",
        "hybrid:(tfidf)+(bow)+(bow)",
    ],
)
def test_another_part_or_option_is_another_model(other: str) -> None:
    """Also another order of parts, where weights could differ."""
    assert load_model("hybrid:(tfidf)+(bow)").identity != load_model(other).identity


def test_a_part_without_a_version_leaves_the_whole_without() -> None:
    """Then nothing may be reused."""
    unversioned = Backwards(Identity("local/x", "unversioned", "py/1"))

    assert "unversioned" == composite("hybrid", [unversioned, Longest()]).identity.revision


def test_kinds_that_do_not_rank_are_left_out(tmp_path: Path) -> None:
    """With a note, as for any model that cannot be measured on them."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "test.jsonl").write_text(
        '{"sentence1": "a", "sentence2": "b", "score": 1}\n' * 3
    )
    path = tmp_path / "Pairs.toml"
    path.write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "data"\n'
    )

    rows, notes = measured(tmp_path, ["hybrid:(tfidf)+(bow)"], path)

    assert [] == rows
    assert ["hybrid:(tfidf)+(bow) ranks documents only; Pairs (sts) is left out"] == notes


def test_a_hybrid_with_a_reranker_needs_candidates(tmp_path: Path) -> None:
    """A part that cannot rank a whole corpus leaves the hybrid out."""
    model = composite("hybrid", [Backwards(), Longest()])

    rows, notes = measured(tmp_path, [model], write_retrieval(tmp_path))

    assert [] == rows
    assert 1 == len(notes)


def test_prompts_are_told_apart_by_part() -> None:
    """What each part put before texts is recorded under its name."""

    @dataclass
    class Prompted:
        identity: Identity = Identity("test/prompted", "1", "test/1")
        similarity: str = "dot"

        def encode(self, texts: Sequence[str], *, role: Any = None, prompt: Any = None) -> Any:
            return np.eye(len(texts), 3, dtype=np.float32)

        def prompt_for(self, name: str, task_type: str, role: Any, prompts: Any) -> str | None:
            return f"{role}: "

    @dataclass
    class Data:
        tie_order: Any

    class Kind:
        TASK_TYPE = "Retrieval"

        @staticmethod
        def rank(data: Any, embeddings: Any, task: Any) -> Run:
            return as_run([[0]], [[1]])

        @staticmethod
        def depth(data: Any, task: Any) -> int:
            return 1

    part = PreparedPart(
        "test", "default", Data(np.arange(1)), {"queries": Request(pa.array(["x"]), "query")}
    )
    task = Task(
        "T", "retrieval", "ndcg_at_10", Source("files", {}, Path()), ("test",), {}, {}, {}, {}
    )
    ranker = PartRanker(Kind, part, task, None, lambda done, total: None)

    ranker.rank(composite("hybrid", [Prompted(), Prompted()]))

    assert {"query of test/prompted": "query: "} == ranker.prompts
