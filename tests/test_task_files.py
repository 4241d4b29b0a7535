"""Every task and suite file of the project: it parses, is short, and says where its data lies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmark.catalog import (
    data_folder,
    find_choices,
    find_suite,
    load_kind,
    load_task,
    suite_files,
    task_files,
)
from benchmark.data.canonical import to_table
from benchmark.data.formats import Columns
from benchmark.data.hub_shapes import _SUMMARIES
from benchmark.data.sources import _mapping
from benchmark.task import Task

FOLDER = data_folder("tasks")
FILES = task_files([FOLDER])
TASKS = {name: load_task(path, files=FILES) for name, path in FILES.items()}
ON_HUB = [task for task in TASKS.values() if task.source.type == "hub"]
EACH = pytest.mark.parametrize("task", ON_HUB, ids=lambda task: task.name)
# By the suite's file name: its title, how many tasks it has.
SUITES = {
    "FinMTEB": ("FinMTEB", 63),
    "LongEmbed": ("LongEmbed", 6),
    "BEIR": ("BEIR", 15),
    "mteb-eng-v2": ("MTEB(eng, v2)", 41),
    "mteb-eng-v2-mini": ("MTEB(eng, v2), mini", 35),
    "mteb-eng-v1": ("MTEB(eng, v1)", 56),
    "C-MTEB": ("MTEB(cmn, v1)", 31),
    "CoIR": ("CoIR", 10),
    "hindi-marathi": ("Hindi and Marathi", 37),
}
MAX_LINES = 40


@EACH
def test_a_file_is_short_beside_its_subsets(task: Task) -> None:
    """Under 40 lines, and a line a subset."""
    assert task.path is not None
    lines = task.path.read_text("utf-8").splitlines()
    subsets = len(task.subsets) if len(task.subsets) > 1 else 0

    assert len(lines) - subsets < MAX_LINES
    assert all(line == line.rstrip() for line in lines)


@EACH
def test_a_file_describes_its_task(task: Task) -> None:
    """What is compared, in one or two sentences; where it is from, and under which licence."""
    assert re.fullmatch(r"[A-Z].{20,260}[.?]", task.description.strip(), re.DOTALL)
    assert task.reference.startswith(("https://", "http://"))
    assert task.license
    assert task.domains
    assert all(re.fullmatch(r"[a-z]{3}-[A-Z][a-z]{3}|[a-z+-]+-Code", x) for x in task.languages)


@EACH
def test_data_is_pinned_to_a_commit(task: Task) -> None:
    """The full hash: what a score was measured on cannot change."""
    assert re.fullmatch("[0-9a-f]{40}", task.source.settings["revision"])


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_has_all_its_tasks(name: str) -> None:
    """Found by its file's name and by its title, each task once, every group of its tasks."""
    title, count = SUITES[name]
    suite = find_suite(name)
    choices = find_choices([name])

    assert find_suite(title) == suite
    assert len(suite.tasks) == len(choices) == count
    assert [choice.task.name for choice in choices] == list(suite.task_names)


@pytest.mark.parametrize("name", sorted(suite_files()))
def test_the_tasks_of_every_suite_are_there(name: str) -> None:
    """With the splits and subsets that the suite asks for."""
    assert find_choices([name])


def test_tasks_of_one_data_set_say_so() -> None:
    """Two files that would measure the same twice without a word are a mistake."""
    seen: dict[object, Task] = {}
    for task in ON_HUB:
        content = (task.kind, str(task.source.settings), str(task.select), str(task.options))
        other = seen.setdefault(content, task)
        texts = [Path(str(each.path)).read_text("utf-8") for each in (task, other)]
        assert other is task or other.name in texts[0] or task.name in texts[1]


def test_tasks_that_mteb_has_under_another_meaning_are_named_apart() -> None:
    """FinMTEB's AFQMC is not C-MTEB's: a result under one name would pass for the other."""
    apart = {task.name for task in ON_HUB if task.name.endswith(".finmteb")}

    assert apart == {"AFQMC.finmteb", "FinQARetrieval.finmteb", "FinanceBenchRetrieval.finmteb"}


def recorded() -> list[tuple[str, str, list[str]]]:
    """Task, table and columns of the data sets whose columns their harness's code names."""
    path = Path(__file__).parent / "data" / "hub_columns.tsv"
    lines = path.read_text("utf-8").splitlines()[1:]
    cells = [line.split("\t") for line in lines]
    return [(task, table, columns.split(",")) for task, table, columns, _ in cells]


@pytest.mark.parametrize(("name", "table", "columns"), recorded())
def test_every_column_that_is_read_is_there(name: str, table: str, columns: list[str]) -> None:
    """Against the recorded columns; those that a list in a row becomes are added."""
    task = TASKS[name]
    kind = load_kind(task.kind)
    assert set(task.source.settings.get("where", {})) <= set(columns)
    assert task.source.settings.get("subset_column", columns[0]) in columns
    if task.kind == "summarization" or "positive" in columns:
        made = {"query", "positive", "negative"} | {*_SUMMARIES["rows"].values()}
        assert set(columns) & made
        assert not task.columns
        return
    there = {
        column: [] for column in [*columns, *(["set"] if task.kind.endswith("legacy") else [])]
    }
    mapping = _mapping(task.columns, kind.TABLES[table], table)
    _, found = to_table(Columns(there, 0, "hub"), kind.TABLES[table], mapping, table == "corpus")

    assert [finding.message for finding in found] == []
    assert set(mapping.values()) <= set(columns)


def test_columns_are_recorded_for_most_tasks() -> None:
    """All but the retrievals that mteb reads without naming their columns."""
    known = {name for name, _, _ in recorded()}
    assert all(TASKS[name] in ON_HUB for name in known)
    unknown = [task for task in ON_HUB if task.name not in known]
    assert {task.kind for task in unknown} <= {"retrieval", "reranking", "long_context"}


def test_the_page_of_suites_tells_their_names_and_sizes() -> None:
    """docs/suites.md: a row a suite, by the file's name, with the title and how many tasks."""
    page = (FOLDER.parent / "docs" / "suites.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| (?:`([^`]+)`)? ?\| (\d+) \|", page, re.MULTILINE)
    shown = {name: (title or name, int(count)) for name, title, count in rows}

    assert {name: shown[name] for name in SUITES} == SUITES
    assert all(len(find_suite(name).tasks) == count for name, (_, count) in shown.items())
