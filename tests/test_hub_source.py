"""``[source] hub``: what a task file may say of data on the hub, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import TaskFileError
from benchmark.task import Task, parse_task

COMMIT = "b0fddb56ed78048fa8b90373c8a3cfc37b684831"
HEAD = f"""kind = "sts"
main_score = "cosine_spearman"
languages = ["eng-Latn"]
[source]
hub = "org/name"
revision = "{COMMIT}"
"""


def parsed(folder: Path, text: str) -> Task:
    """The task of a file with this text."""
    path = folder / "T.toml"
    path.write_text(text)
    return parse_task(path)


def test_every_key_of_the_source(tmp_path: Path) -> None:
    """What docs/hub.md names is accepted and kept as it stands."""
    text = HEAD + (
        'config = "c"\nsplits = { test = "validation" }\nsubset_column = "lang"\n'
        'files = { test = ["a-*.parquet", "b.jsonl"] }\n'
        'corpus = { config = "{subset}-corpus", split = "corpus", files = "c.jsonl" }\n'
        f'qrels = {{ hub = "org/qrels", revision = "{COMMIT}" }}\n'
    )

    source = parsed(tmp_path, text).source

    assert source.type == "hub"
    assert source.settings["splits"] == {"test": "validation"}
    assert source.settings["qrels"] == {"hub": "org/qrels", "revision": COMMIT}


def test_subsets_name_their_config_or_are_their_config(tmp_path: Path) -> None:
    """A subset is a list of languages, or a table with these and a config."""
    subsets = '[subsets]\na = ["eng-Latn"]\n[subsets.b]\nlanguages = ["fra-Latn"]\nconfig = "x"\n'

    task = parsed(tmp_path, HEAD + subsets)

    assert dict(task.subsets) == {"a": ("eng-Latn",), "b": ("fra-Latn",)}
    assert dict(task.configs) == {"b": "x"}
    assert task.digest != parsed(tmp_path, HEAD + subsets.replace('"x"', '"y"')).digest


@pytest.mark.parametrize(
    "revision", ["unpinned", "main", "b0fddb5", "refs/convert/parquet", "v1.0"]
)
def test_revisions_that_resolve_on_first_use(revision: str, tmp_path: Path) -> None:
    """A revision may be symbolic or short."""
    task = parsed(tmp_path, HEAD.replace(COMMIT, revision))

    assert task.source.settings["revision"] == revision


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f'revision = "{COMMIT}"\n', "", ":4: [source] of a hub needs 'revision'; add it (40 hex"),
        ('"org/name"', '"a/b/c"', ":5: 'hub' must be the name of a data set, org/name, not"),
        ('"org/name"', '"../x"', ":5: 'hub' must be the name of a data set, org/name, not"),
        (COMMIT, "a..b", ":6: 'revision' must be a commit of 40 hex digits"),
        (COMMIT, "a b", ":6: 'revision' must be a commit of 40 hex digits"),
        ("revision", 'splitz = "a"\nrevision', ":6: unknown key 'splitz' in [source]; did you"),
        ("revision", "splits = { test = 1 }\nrevision", ": 'test' must be a string"),
        ("revision", "files = { test = [] }\nrevision", ":6: 'files' must be a glob, a list of"),
        ("revision", "files = 1\nrevision", ":6: 'files' must be a glob, a list of globs"),
        ("revision", 'corpus = { conf = "a" }\nrevision', ": unknown key 'conf' in 'corpus' of"),
        ("revision", 'qrels = { hub = "a/b" }\nrevision', ":6: 'qrels' has a hub of its own; add"),
        ("revision", 'qrels = { revision = "a" }\nrevision', ":6: 'qrels' has a revision of its"),
        ("revision", 'package = "a"\nrevision', ":4: [source] must name exactly one of hub, files"),
        ("[source]", '[subsets.a]\nconfig = "x"\n[source]', ":4: [subsets.a] needs 'languages'"),
        (
            "[source]",
            '[subsets.a]\nlanguages = ["x"]\nconfg = "x"\n[source]',
            ":6: unknown key 'confg' in [subsets.a]; did you mean 'config'?",
        ),
    ],
)
def test_what_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """One line with the file, the line where it stands, and what to do."""
    with pytest.raises(TaskFileError) as error:
        parsed(tmp_path, HEAD.replace(old, new, 1))

    assert (
        f"{tmp_path / 'T.toml'}{message}" == str(error.value)[: len(f"{tmp_path}/T.toml{message}")]
    )


def test_only_a_hub_has_configs(tmp_path: Path) -> None:
    """A config of a subset of files would be read by nothing."""
    text = HEAD.replace('hub = "org/name"\n', 'files = "a"\n').replace(
        f'revision = "{COMMIT}"\n', '[subsets.a]\nlanguages = ["x"]\nconfig = "y"\n'
    )

    with pytest.raises(TaskFileError, match="names a config, which only a hub has"):
        parsed(tmp_path, text)
