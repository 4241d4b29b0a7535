"""What there is by name, and where its files lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import benchmark
from benchmark import catalog
from benchmark.catalog import (
    KINDS,
    Choice,
    checked,
    data_folder,
    find_choices,
    find_suite,
    find_tasks,
    load_kind,
    load_task,
    task_files,
    task_roots,
)
from benchmark.data.canonical import to_table
from benchmark.data.formats import Columns
from benchmark.errors import TaskFileError, UsageError

TASK = """kind = "sts"
main_score = "cosine_spearman"
languages = ["eng-Latn"]
splits = ["dev", "test"]
[source]
files = "data"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, text: str = TASK) -> Path:
    """A task file below the working directory."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_is_a_module_with_all_its_parts(name: str) -> None:
    """The literal table names nothing that is not there."""
    kind = load_kind(name)

    assert kind.MAIN_SCORE in kind.METRICS
    assert all(callable(getattr(kind, part)) for part in ("read", "plan", "evaluate", "check"))
    for fields in kind.TABLES.values():
        named = {field: field for field in fields}
        columns = Columns({field: [] for field in fields}, 0, "f")
        table, findings = to_table(columns, fields, named, False)
        assert table is not None
        assert (list(fields), []) == (table.column_names, findings)


def test_an_unknown_kind_names_the_nearest() -> None:
    """Before anything is imported."""
    with pytest.raises(UsageError, match="unknown kind 'clusterin'; did you mean 'clustering'"):
        load_kind("clusterin")


def test_the_project_and_the_local_folder_are_searched(here: Path) -> None:
    """The project's own first, then ./tasks at any depth; suites are no tasks."""
    write("tasks/mine/Mine.toml")
    write("tasks/suites/mine.toml", 'title = "Mine"\ntasks = ["Mine"]\n')

    files = task_files()

    assert [data_folder("tasks"), Path("tasks")] == task_roots()
    assert Path("tasks/mine/Mine.toml") == files["Mine"]
    assert "LeeNewsSimilarity" in files
    assert not {"mine", "starter"} & set(files)


def test_the_checkout_itself_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """When ./tasks is the project's own."""
    monkeypatch.chdir(data_folder("tasks").parent)

    assert [data_folder("tasks")] == task_roots()


def test_a_wheel_carries_its_files_beside_the_modules(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In ``_data``; a foreign project above site-packages is not looked into."""
    package = here / "site/benchmark"
    package.mkdir(parents=True)
    monkeypatch.setattr(benchmark, "__file__", str(package / "__init__.py"))
    write("site/pyproject.toml", '[project]\nname = "other"\n')

    assert package / "_data/tasks" == data_folder("tasks")

    write("site/pyproject.toml", '[project]\nname = "embedmark"\n')
    assert here / "site/tasks" == data_folder("tasks")

    (package / "_data/tasks").mkdir(parents=True)
    assert package / "_data/tasks" == data_folder("tasks")


def test_the_same_file_found_twice_is_one_task(here: Path) -> None:
    """A copy is no conflict, by name or by path."""
    name, path = next(iter(task_files().items()))
    Path("tasks").mkdir()
    shutil.copy(path, f"tasks/{name}.toml")

    assert path == task_files()[name]
    assert [name] == [task.name for task in find_tasks([name, f"tasks/{name}.toml"])]


def test_other_content_under_a_name_is_an_error(here: Path) -> None:
    """Both files are named."""
    write("tasks/a/T.toml")
    write("tasks/b/T.toml", TASK + "[options]\nmin_score = 1.0\n")

    with pytest.raises(TaskFileError) as caught:
        task_files()

    expected = "two tasks are named 'T': tasks/a/T.toml and tasks/b/T.toml; rename one of them"
    assert expected == str(caught.value)


def test_names_suites_files_and_folders_are_found(here: Path) -> None:
    """In the order asked for, each once."""
    write("tasks/One.toml")
    write("elsewhere/Two.toml")
    write("elsewhere/deep/Three.toml")
    write("tasks/suites/both.toml", 'title = "Both"\ntasks = ["One", "LeeNewsSimilarity"]\n')

    def names(*asked: str) -> list[str]:
        return [task.name for task in find_tasks(asked)]

    assert ["One"] == names("One")
    assert ["One", "LeeNewsSimilarity"] == names("both")
    assert ["One", "LeeNewsSimilarity"] == names("tasks/suites/both.toml")
    assert ["Two", "Three"] == names("elsewhere")
    assert ["Two", "One"] == names("elsewhere/Two.toml", "One", "elsewhere/Two.toml", "One")


def test_a_name_comes_before_a_folder_of_that_name(here: Path) -> None:
    """A task's data often lies in a folder of the task's name."""
    write("tasks/Mine.toml")
    Path("Mine").mkdir()

    assert ["Mine"] == [task.name for task in find_tasks(["Mine"])]


def test_nothing_asked_for_is_the_starter_suite(here: Path) -> None:
    """All tasks of the suite, in its order."""
    assert list(find_suite("starter").task_names) == [task.name for task in find_tasks([])]


def test_a_suite_narrows_a_task(here: Path) -> None:
    """The task stays whole, since its draws are those of the whole."""
    write("tasks/One.toml")
    write(
        "tasks/suites/narrow.toml",
        'title = "Narrow"\ntasks = [{name = "One", splits = ["dev"]}]\n',
    )

    (choice,) = find_choices(["narrow"])

    assert ("dev", "test") == choice.task.splits
    assert (("dev",), ()) == (choice.splits, choice.subsets)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('{name = "One", splits = ["tset"]}', "One has no split 'tset'; did you mean 'test'?"),
        ('{name = "One", subsets = ["de"]}', "One has no subset 'de'; known: default"),
        ('"Onne"', "suite 'broken': no task is named 'Onne'; did you mean 'One'?"),
    ],
)
def test_a_suite_that_names_what_is_not_there(entry: str, message: str, here: Path) -> None:
    """The nearest name is suggested."""
    write("tasks/One.toml")
    write("tasks/suites/broken.toml", f'title = "Broken"\ntasks = [{entry}]\n')

    with pytest.raises(UsageError) as caught:
        find_choices(["broken"])

    assert message == str(caught.value)


def test_only_a_path_or_the_users_word_makes_a_task_trusted(here: Path) -> None:
    """A name may come from a suite that somebody else wrote."""
    path = write("tasks/One.toml")

    def trusted(name: str, *, trust: bool = False) -> bool:
        return find_choices([name], trust=trust)[0].task.trusted

    assert (False, True, True, True) == (
        trusted("One"),
        trusted(str(path)),
        trusted("tasks"),
        trusted("One", trust=True),
    )


def test_a_base_is_found_by_name_wherever_it_lies(here: Path) -> None:
    """As every task is."""
    write("tasks/deep/Base.toml")
    path = write("elsewhere/Child.toml", 'extends = "Base"\nsplits = ["test"]\n')

    task = load_task(path)

    assert (("test",), Path("tasks/deep")) == (task.splits, task.source.folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("samples_per_label = 0", "must be a whole number from 1 (default 8), not 0"),
        ("samples_per_label = 8.0", "must be a whole number from 1 (default 8), not 8.0"),
        ("samples_per_label = true", "must be a whole number from 1 (default 8), not True"),
        ("train_split = 3", "must be a string (default 'train'), not 3"),
        ("seed = -1", "must be a whole number from 0 (default 42), not -1"),
    ],
)
def test_options_are_of_their_defaults_type(options: str, message: str, here: Path) -> None:
    """So that no kind meets a value that it cannot use."""
    text = TASK.replace("sts", "classification").replace("cosine_spearman", "accuracy")
    path = write("T.toml", f"{text}[options]\n{options}\n")

    with pytest.raises(TaskFileError) as caught:
        load_task(path)

    name = options.partition(" ")[0]
    assert f"T.toml:8: option '{name}' {message}" == str(caught.value)


@pytest.mark.parametrize(
    ("kind", "metric", "options"),
    [
        ("classification", "f1", "seed = 0"),
        ("clustering", "v_measure", 'max_document_to_embed = "all"'),
        ("clustering", "v_measure", "max_fraction_of_documents_to_embed = 1"),
        ("retrieval", "ndcg_at_3", "k_values = [3]"),
        ("retrieval", "recall_at_10", "ignore_identical_ids = true"),
        ("sts", "cosine_spearman", "min_score = -1"),
    ],
)
def test_options_that_are_meant(kind: str, metric: str, options: str, here: Path) -> None:
    """A cut-off among ``k_values`` is a metric; zero is a seed; a whole number is a number."""
    text = TASK.replace("sts", kind).replace("cosine_spearman", metric)

    assert metric == load_task(write("T.toml", f"{text}[options]\n{options}\n")).main_score


@pytest.mark.parametrize("values", ['["a"]', "[]", "[0]", "10", "[true]"])
def test_cut_offs_that_are_none(values: str, here: Path) -> None:
    """They are whole numbers from 1."""
    text = TASK.replace("sts", "retrieval").replace("cosine_spearman", "ndcg_at_10")

    with pytest.raises(TaskFileError, match="'k_values' must be a list of whole numbers from 1"):
        load_task(write("T.toml", f"{text}[options]\nk_values = {values}\n"))


def test_columns_are_of_one_table_or_of_all(here: Path) -> None:
    """``[columns.corpus]`` and ``[columns]`` do not mix; only texts are joined."""
    text = TASK.replace("sts", "retrieval").replace("cosine_spearman", "ndcg_at_10")

    load_task(write("A.toml", f'{text}[columns]\nid = "docno"\ntext = ["a", "b"]\n'))
    load_task(
        write("B.toml", f'{text}[columns.corpus]\nid = "docno"\n[columns.qrels]\nscore = "grade"\n')
    )
    with pytest.raises(TaskFileError, match="mixes tables and fields"):
        load_task(write("C.toml", f'{text}[columns]\nid = "x"\n[columns.corpus]\ntext = "y"\n'))
    with pytest.raises(TaskFileError, match=r"unknown key 'title' in \[columns.corpus\]"):
        load_task(write("D.toml", f'{text}[columns.corpus]\ntitle = "y"\n'))
    with pytest.raises(TaskFileError, match="'id' must be a string, not a list"):
        load_task(write("E.toml", f'{text}[columns.corpus]\nid = ["y", "z"]\n'))


def test_checked_returns_the_choice_itself(here: Path) -> None:
    """When its task has all that it names."""
    choice = Choice(load_task(write("T.toml")), ("test",), ("default",))

    assert choice is checked(choice)


def test_an_unknown_suite_names_the_nearest(here: Path) -> None:
    """Also for boards, which name a suite."""
    with pytest.raises(UsageError, match="no suite is named 'startr'; did you mean 'starter'"):
        catalog.find_suite("startr")
