"""Tasks of the hub through the command, which obeys HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

pytest.importorskip("huggingface_hub", reason="needs the extra hub")

from tests.hub.files import card, write
from tests.hub.server import Hub, Snapshot, serving

COMMIT = "b0fddb56ed78048fa8b90373c8a3cfc37b684831"
HEAD = 'main_score = "{score}"\nlanguages = ["eng-Latn"]\n[source]\nhub = "org/{name}"\n'
PAIRS = pa.table(
    {
        "first": ["a cat", "a car", "one tree", "two trees"],
        "second": ["a kitten", "a cloud", "one tree", "two birds"],
        "score": [4.0, 0.5, 5.0, 2.0],
    }
)
COLUMNS = '[columns]\nsentence1 = "first"\nsentence2 = "second"\n'


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Hub]:
    """A hub and task files: pairs at a commit, at the newest one, and in a format of its own."""
    with serving(tmp_path / "hub") as hub:
        for name in (COMMIT, "main"):
            write(hub.root / "org/pairs" / name / "data/test-00000-of-00001.parquet", PAIRS)
        head = 'kind = "sts"\n' + HEAD.format(score="cosine_spearman", name="pairs")
        (tmp_path / "Pairs.toml").write_text(f'{head}revision = "{COMMIT}"\n{COLUMNS}')
        (tmp_path / "Newest.toml").write_text(f'{head}revision = "unpinned"\n{COLUMNS}')
        yield hub


def run(folder: Path, hub: Hub, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and error of ``embedmark``."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", *arguments],
        cwd=folder,
        env={
            **inherited,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "home"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def result_of(folder: Path, task: str) -> dict[str, Any]:
    """The one result file of a task."""
    (path,) = (folder / "out").rglob(f"{task}.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_a_run_and_then_offline(tmp_path: Path, room: Hub) -> None:
    """The result names the commit; what is cached is checked, planned and run without network."""
    assert (0, "ok: Pairs.toml\n", "") == run(tmp_path, room, "tasks", "check", "Pairs.toml")
    room.calls.clear()
    offline = {"HF_HUB_OFFLINE": "1"}

    assert (0, "ok: Pairs.toml\n", "") == run(
        tmp_path, room, "tasks", "check", "Pairs.toml", **offline
    )
    code, out, err = run(tmp_path, room, "run", "tfidf", "-t", "Pairs.toml", "--plan", **offline)
    assert (0, "") == (code, err)
    assert "Pairs" in out
    code, _, err = run(tmp_path, room, "run", "tfidf", "-t", "Pairs.toml", "-o", "out", **offline)
    assert 0 == code, err
    result = result_of(tmp_path, "Pairs")
    assert COMMIT == result["dataset_revision"]
    assert 4 == result["embedmark"]["subsets"]["test/default"]["examples"]
    assert [] == room.calls


def test_a_plan_fetches_nothing(tmp_path: Path, room: Hub) -> None:
    """It tells the size of what a run would fetch, and counts what is here."""
    size = (room.root / "org/pairs" / COMMIT / "data/test-00000-of-00001.parquet").stat().st_size
    plan = ("run", "tfidf", "-t", "Pairs.toml", "--plan")

    code, out, err = run(tmp_path, room, *plan, "--json")
    assert (0, "") == (code, err)
    (row,) = json.loads(out)["tasks"]
    assert (None, size) == (row["texts"], row["bytes_to_fetch"])
    assert "The data of 1 task are not here: 0.0 MB to fetch" in run(tmp_path, room, *plan)[1]
    assert 0 == room.count("GET /cdn/")

    run(tmp_path, room, "tasks", "check", "Pairs.toml")
    (row,) = json.loads(run(tmp_path, room, *plan, "--json")[1])["tasks"]
    assert (8, 0) == (row["texts"], row["bytes_to_fetch"])


def test_the_newest_commit_is_named(tmp_path: Path, room: Hub) -> None:
    """A warning says which commit it is, and the result holds it."""
    commit = Snapshot(room.root / "org/pairs/main").commit

    code, _, err = run(tmp_path, room, "run", "tfidf", "-t", "Newest.toml", "-o", "out")

    assert 0 == code, err
    assert f"note: Newest: org/pairs: the newest commit is now {commit}; write that as" in err
    result = result_of(tmp_path, "Newest")
    assert commit == result["dataset_revision"]
    assert {"unpinned": 1} == result["embedmark"]["subsets"]["test/default"]["warnings"]


def test_out_of_reach(tmp_path: Path, room: Hub) -> None:
    """A check says that only the file was checked; a run fails, and measures the others."""
    assert 0 == run(tmp_path, room, "tasks", "check", "Pairs.toml")[0]
    offline = {"HF_HUB_OFFLINE": "1"}

    code, out, err = run(tmp_path, room, "tasks", "check", "Newest.toml", **offline)
    assert (0, "") == (code, err)
    assert "is not in the cache, and the hub is out of reach" in out
    assert out.endswith("only the task file was checked\nok: Newest.toml, 1 warning\n")

    tasks = ("-t", "Newest.toml", "-t", "Pairs.toml")
    code, out, err = run(tmp_path, room, "run", "tfidf", *tasks, "-o", "out", **offline)
    assert 1 == code
    assert "Newest: data set 'org/pairs': revision 'unpinned' is not in the cache" in out + err
    assert COMMIT == result_of(tmp_path, "Pairs")["dataset_revision"]


def test_faults_in_one_line_each(tmp_path: Path, room: Hub) -> None:
    """A column that is gone, a split, a config, a script, files that are absent."""
    text = (tmp_path / "Pairs.toml").read_text()
    label = "org/pairs@b0fddb5"
    changes = {
        "Column": (COLUMNS, COLUMNS.replace('"second"', '"secnd"')),
        "Split": ("languages", 'splits = ["tests"]\nlanguages'),
        "Config": ("revision", 'config = "defaul"\nrevision'),
        "Files": ("revision", 'files = "x/*.csv"\nrevision'),
        "Leaves": ("revision", 'files = "../x.csv"\nrevision'),
        "Script": ("org/pairs", "org/scripted"),
    }
    write(room.root / "org/scripted" / COMMIT / "test.csv", PAIRS)
    (room.root / "org/scripted" / COMMIT / "scripted.py").write_text("raise SystemExit('run!')")
    for name, (old, new) in changes.items():
        (tmp_path / f"{name}.toml").write_text(text.replace(old, new))

    code, out, err = run(tmp_path, room, "tasks", "check", *(f"{name}.toml" for name in changes))

    assert (1, "") == (code, out)
    expected = {
        "Column": f"{label} default/test: no column 'secnd' for the field 'sentence2' (columns "
        "found: first, second, score; nearest: second); name it under [columns] in the task file",
        "Split": f"{label}: the config 'default' has no split 'tests'; did you mean 'test'?",
        "Config": f"{label}: has no config 'defaul'; did you mean 'default'?",
        "Files": f"{label}: no file 'x/*.csv' (data files there: data/test-00000-of-00001.parquet)",
        "Leaves": f"{label}: '../x.csv' lies outside the repository; name files in it",
        "Script": "org/scripted@b0fddb5: its data come from a script, scripted.py, which is never "
        'run; name the files in [source] (files = "...") or a revision whose files are data',
    }
    assert [f"error: {task}: {line}" for task, line in expected.items()] == err.splitlines()


def test_formats_that_the_datasets_package_reads(tmp_path: Path, room: Hub) -> None:
    """An Arrow file, by the same server and cache."""
    pytest.importorskip("datasets", reason="needs the extra hub")
    folder = room.root / "org/foreign" / COMMIT
    folder.mkdir(parents=True)
    with pa.ipc.new_stream(str(folder / "test.arrow"), PAIRS.schema) as stream:
        stream.write_table(PAIRS)
    text = (tmp_path / "Pairs.toml").read_text().replace("org/pairs", "org/foreign")
    (tmp_path / "Foreign.toml").write_text(text)

    assert (0, "ok: Foreign.toml\n", "") == run(tmp_path, room, "tasks", "check", "Foreign.toml")


def test_subsets_and_retrieval(tmp_path: Path, room: Hub) -> None:
    """Configs that mteb names, a subset's own, and judgements that lie in another repository."""
    corpus = pa.table({"_id": ["1", "2"], "title": ["t", ""], "text": ["one cat", "two dogs"]})
    queries = pa.table({"_id": ["a", "b"], "text": ["cats", "dogs"]})
    qrels = pa.table({"query-id": ["a", "b"], "corpus-id": ["1", "2"], "score": [1, 1]})
    folder = room.root / "org/ranked" / COMMIT
    for name, table in (("fr-corpus", corpus), ("fr-queries", queries)):
        write(folder / name / "data.jsonl", table)
    card(folder, {name: {"x": f"{name}/*"} for name in ("fr-corpus", "fr-queries")})
    write(room.root / "org/judged" / COMMIT / "fr/dev.tsv", qrels)
    (tmp_path / "Ranked.toml").write_text(
        'kind = "retrieval"\nsplits = ["dev"]\n'
        + HEAD.format(score="ndcg_at_10", name="ranked").replace('languages = ["eng-Latn"]\n', "")
        + f'revision = "{COMMIT}"\n'
        f'qrels = {{ hub = "org/judged", revision = "{COMMIT}", '
        'files = "{config}/{split}.tsv" }\n'
        '[subsets.french]\nlanguages = ["fra-Latn"]\nconfig = "fr"\n'
    )

    code, out, err = run(tmp_path, room, "run", "tfidf", "-t", "Ranked.toml", "-o", "out")

    assert 0 == code, out + err
    (entry,) = result_of(tmp_path, "Ranked")["scores"]["dev"]
    assert ("french", ["fra-Latn"]) == (entry["hf_subset"], entry["languages"])
