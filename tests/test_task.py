"""A task file becomes a frozen Task; its digest covers what a score depends on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.catalog import KINDS, load_kind
from benchmark.data.detect import Shape
from benchmark.data.new_task import render_task
from benchmark.errors import TaskFileError
from benchmark.task import DEFAULT_SUBSET, Source, Task, check_name, parse_task

WHOLE = """kind = "retrieval"
main_score = "ndcg_at_10"
languages = ["eng-Latn"]
domains = ["finance"]
license = "cc-by-4.0"
description = "About it."
reference = "https://example.org"
citation = "@misc{x}"
data_set = "Reports"
splits = ["dev", "test"]
hard = true
[source]
files = "documents"
pattern = "{split}/{table}.jsonl"
[columns.corpus]
text = ["title", "text"]
[prompt]
query = "Find it"
[options]
k_values = [1, 10]
"""
MINIMAL = """kind = "sts"
main_score = "cosine_spearman"
languages = ["eng-Latn", "deu-Latn"]
[source]
files = "data"
"""


def parsed(folder: Path, text: str, name: str = "T.toml") -> Task:
    """The task of a file with that text."""
    path = folder / name
    path.write_text(text, "utf-8")
    return parse_task(path)


def test_every_key_has_its_place(tmp_path: Path) -> None:
    """The file's stem is the name, and paths start at its folder."""
    task = parsed(tmp_path, WHOLE, "My-Task_1.0(x).toml")

    expected = Task(
        name="My-Task_1.0(x)",
        kind="retrieval",
        main_score="ndcg_at_10",
        source=Source(
            "files", {"files": "documents", "pattern": "{split}/{table}.jsonl"}, tmp_path
        ),
        splits=("dev", "test"),
        subsets={DEFAULT_SUBSET: ("eng-Latn",)},
        columns={"corpus": {"text": ["title", "text"]}},
        options={"k_values": [1, 10]},
        prompt={"query": "Find it"},
        domains=("finance",),
        license="cc-by-4.0",
        description="About it.",
        reference="https://example.org",
        citation="@misc{x}",
        hard=True,
        digest=task.digest,
    )
    assert expected == task
    assert tmp_path / "My-Task_1.0(x).toml" == task.path


def test_what_may_be_left_out_has_a_default(tmp_path: Path) -> None:
    """One split, ``test``, and one subset with all languages."""
    task = parsed(tmp_path, MINIMAL)

    assert ("test",) == task.splits
    assert {DEFAULT_SUBSET: ("eng-Latn", "deu-Latn")} == task.subsets
    assert ("eng-Latn", "deu-Latn") == task.languages
    assert ({}, {}, {}, False, False) == (
        task.columns,
        task.options,
        task.prompt,
        task.hard,
        task.trusted,
    )


def test_subsets_keep_their_order_and_name_the_languages(tmp_path: Path) -> None:
    """``languages`` is not needed beside them."""
    text = MINIMAL.replace('languages = ["eng-Latn", "deu-Latn"]\n', "")
    text += '[subsets]\nfr = ["fra-Latn", "eng-Latn"]\nde = ["deu-Latn", "eng-Latn"]\n'

    task = parsed(tmp_path, text)

    assert ["fr", "de"] == list(task.subsets)
    assert ("fra-Latn", "eng-Latn", "deu-Latn") == task.languages


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", "mine/data"),
        ('kind = "sts"', 'kind = "sts"\ndata_set = "Tickets"', "Tickets"),
        ('files = "data"', 'hub = "org/name"\nrevision = "unpinned"', "org/name"),
        ('files = "data"', 'generate = "passkey"', "passkey"),
        ('files = "data"', 'tasks = ["A", "B"]', "T"),
    ],
)
def test_what_the_data_were_made_of(old: str, new: str, expected: str, tmp_path: Path) -> None:
    """What is declared, else the source, of files with their folder; of an aggregate its name."""
    (tmp_path / "mine").mkdir()

    assert expected == parsed(tmp_path / "mine", MINIMAL.replace(old, new)).data_set


def test_a_task_is_frozen(tmp_path: Path) -> None:
    """Neither its fields nor its tables can be set."""
    task = parsed(tmp_path, MINIMAL)

    with pytest.raises(dataclasses.FrozenInstanceError):
        task.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        task.options["seed"] = 1  # type: ignore[index]


def digest(folder: Path, text: str) -> str:
    """The digest of a task file with that text."""
    return parsed(folder, text).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"finance"', '"legal"'),
        ("cc-by-4.0", "mit"),
        ("About it.", "More about it."),
        ("hard = true", "hard = false"),
        ("@misc{x}", "@misc{y}"),
        ('"Reports"', '"Accounts"'),
        ("example.org", "example.com"),
        ("[source]", "# a comment\n\n[source]"),
        ('domains = ["finance"]\nlicense = "cc-by-4.0"', 'license = "x"\ndomains = ["y"]'),
    ],
)
def test_descriptions_are_no_part_of_the_digest(old: str, new: str, tmp_path: Path) -> None:
    """Nor are comments, or the order of keys."""
    assert digest(tmp_path, WHOLE) == digest(tmp_path, WHOLE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"retrieval"', '"long_context"'),
        ("ndcg_at_10", "ndcg_at_1"),
        ('["dev", "test"]', '["test"]'),
        ('["dev", "test"]', '["test", "dev"]'),
        ('["title", "text"]', '["text"]'),
        ("Find it", "Find"),
        ("[1, 10]", "[1]"),
        ('"documents"', '"papers"'),
        ('["eng-Latn"]', '["deu-Latn"]'),
    ],
)
def test_what_a_score_depends_on_is_part_of_the_digest(old: str, new: str, tmp_path: Path) -> None:
    """Every other key."""
    assert digest(tmp_path, WHOLE) != digest(tmp_path, WHOLE.replace(old, new))


def test_the_order_of_subsets_is_part_of_the_digest(tmp_path: Path) -> None:
    """One generator draws through them in that order."""
    one = '[subsets]\na = ["eng-Latn"]\nb = ["eng-Latn"]\n'
    other = '[subsets]\nb = ["eng-Latn"]\na = ["eng-Latn"]\n'

    assert digest(tmp_path, MINIMAL + one) != digest(tmp_path, MINIMAL + other)


def test_a_declared_fingerprint_is_no_part_of_the_digest(tmp_path: Path) -> None:
    """A result is compared with the data's own."""
    text = MINIMAL.replace('files = "data"', 'generate = "passkey"\nseed = 1')

    assert digest(tmp_path, text) == digest(tmp_path, text + 'fingerprint = "sha256:0"\n')
    assert digest(tmp_path, text) != digest(tmp_path, text.replace("seed = 1", "seed = 2"))


def test_the_code_of_a_hook_is_part_of_the_digest(tmp_path: Path) -> None:
    """It makes the data."""
    hook = tmp_path / "hook.py"
    text = 'hook = "hook.py:tables"\n' + MINIMAL
    hook.write_text("def tables(tables): return tables\n", "utf-8")
    before = digest(tmp_path, text)

    hook.write_text("def tables(tables): return dict(tables)\n", "utf-8")

    assert before != digest(tmp_path, text)


def test_extends_takes_what_it_does_not_set(tmp_path: Path) -> None:
    """Tables are merged key by key, except source and subsets, which are replaced."""
    base = tmp_path / "bases"
    base.mkdir()
    (base / "Base.toml").write_text(WHOLE, "utf-8")
    path = tmp_path / "T.toml"
    path.write_text(
        'extends = "Base"\nmain_score = "ndcg_at_1"\n[prompt]\ndocument = "D"\n'
        "[options]\nk_values = [1]\n",
        "utf-8",
    )

    task = parse_task(path, lambda name: base / f"{name}.toml")

    assert ("T", "retrieval", "ndcg_at_1") == (task.name, task.kind, task.main_score)
    assert {"query": "Find it", "document": "D"} == task.prompt
    assert {"k_values": [1]} == task.options
    assert base == task.source.folder  # where the base's data lies


def test_extends_with_a_source_of_its_own(tmp_path: Path) -> None:
    """Then paths start at the file that sets it; the base may lie beside."""
    (tmp_path / "Base.toml").write_text(WHOLE, "utf-8")

    task = parsed(tmp_path, 'extends = "Base"\n[source]\nfiles = "mine"\n')

    assert Source("files", {"files": "mine"}, tmp_path) == task.source


def test_extending_is_the_same_as_writing_it_out(tmp_path: Path) -> None:
    """The digest is of the merged content."""
    (tmp_path / "Base.toml").write_text(WHOLE, "utf-8")

    child = parsed(tmp_path, 'extends = "Base"\n[options]\nk_values = [1]\n').digest

    assert digest(tmp_path, WHOLE.replace("[1, 10]", "[1]")) == child


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """Some editors write one."""
    path = tmp_path / "T.toml"
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())

    assert "sts" == parse_task(path).kind


@pytest.mark.parametrize("name", ["my task", ".hidden", "a/b", "ü", ""])
def test_names_that_cannot_be(name: str, tmp_path: Path) -> None:
    """A name is part of paths and of other people's tables."""
    path = tmp_path / f"{name}.toml"
    if name in ("a/b", ""):  # the stem is then another
        assert path.stem in ("b", ".toml")
        return

    with pytest.raises(TaskFileError, match="the file's stem is the task's name"):
        check_name(path)


names = st.from_regex(r"[a-z]{1,6}(-[a-z]{1,3})?", fullmatch=True)
columns = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@settings(deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_what_is_rendered_parses_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    """``tasks new`` writes a file that says what was recognised, whatever the names are."""
    draw = data.draw
    splits = tuple(draw(st.lists(names, min_size=1, max_size=3, unique=True)))
    fields = sorted({f for table in load_kind(kind).TABLES.values() for f in table})
    mapping: dict[str, Any] = draw(st.dictionaries(st.sampled_from(fields), columns))
    shape = Shape(
        kind=kind,
        splits=splits,
        subsets=tuple(draw(st.lists(names, max_size=3, unique=True))),
        pattern=draw(st.sampled_from(["", "{subset}-{split}.csv"])),
        header=tuple(draw(st.lists(columns, max_size=3, unique=True))),
        columns=mapping,
    )

    folder = tmp_path_factory.mktemp("rendered")
    task = parsed(folder, render_task(shape, "my data", load_kind(kind)))

    expected = {"files": "my data"}
    expected |= {"pattern": shape.pattern} if shape.pattern else {}
    assert (kind, splits, mapping) == (task.kind, task.splits, task.columns)
    assert (shape.subsets or (DEFAULT_SUBSET,)) == tuple(task.subsets)
    header = task.source.settings.get("header", [])
    assert (expected, list(shape.header)) == (
        {key: value for key, value in task.source.settings.items() if key != "header"},
        header,
    )
