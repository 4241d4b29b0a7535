"""A board over published results of 70 models on the 41 tasks of MTEB(eng, v2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.boards.board import Board
from benchmark.boards.build import Leaderboard, build_leaderboard
from benchmark.boards.files import table_files
from benchmark.results.load import read_results
from benchmark.results.task_result import TaskResult
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Source, Task

RESULTS = Path(__file__).parents[2].parent / "shared" / "public_results" / "results"
SUBSETS = {
    "AmazonCounterfactualClassification": "en",
    "MTOPDomainClassification": "en",
    "MassiveIntentClassification": "en",
    "MassiveScenarioClassification": "en",
    "STS17": "en-en",
    "STS22.v2": "en",
}

pytestmark = pytest.mark.skipif(not RESULTS.is_dir(), reason="the published results are absent")


@pytest.fixture(scope="module")
def results() -> list[TaskResult]:
    """Every file, read."""
    found, problems = read_results(RESULTS)
    assert [] == problems
    return found


def board(results: list[TaskResult], models: tuple[str, ...] = ("*",)) -> Leaderboard:
    """The English subsets of every task that the files are of."""
    names = sorted({result.task for result in results})
    tasks = {
        name: Task(
            name=name,
            kind="any",
            main_score="main_score",
            source=Source("files", {}, Path()),
            splits=("test",),
            subsets={SUBSETS.get(name, "default"): ("eng-Latn",)},
            columns={},
            options={},
            prompt={},
        )
        for name in names
    }
    suite = Suite("eng", "English", tuple(SuiteTask(name) for name in names))
    shown = Board("eng", "English", "eng", models=models, provenance="any", revisions="joined")
    return build_leaderboard(shown, suite, tasks, results)


def test_every_model_has_every_task(results: list[TaskResult]) -> None:
    """70 models x 41 tasks, none missing, in files that hold up to 51 subsets."""
    table = board(results)

    assert (70, 41) == (len(table.rows), len(table.tasks))
    assert {"imported", "external"} == set(table.counts)
    assert 70 * 41 == sum(table.counts.values())
    assert sorted(row.rank for row in table.rows)[0] == 1


def test_a_mean_by_hand(results: list[TaskResult]) -> None:
    """The mean of a model is that of its 41 main scores, as a plain loop finds them."""
    model = "sentence-transformers/all-MiniLM-L6-v2"
    scores = []
    for result in results:
        if result.model == model:
            wanted = SUBSETS.get(result.task, "default")
            scores += [
                entry.main_score
                for entry in result.entries
                if entry.split == "test" and entry.subset == wanted and entry.main_score is not None
            ]
    (row,) = board(results, (model,)).rows

    assert 41 == len(scores)
    assert sum(scores) / 41 == pytest.approx(row.mean, abs=1e-12)


def test_the_order_of_files_does_not_matter(results: list[TaskResult]) -> None:
    """The same bytes from reversed results."""
    folder = Path()

    assert table_files(board(results), folder) == table_files(board(results[::-1]), folder)
