"""Bundles: the same results as without, with no network and no file; damage and tricks refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.bundles import choices_of, make_bundle
from benchmark.catalog import find_choices
from benchmark.cli import main
from benchmark.data.bundle import open_bundle
from benchmark.errors import BenchmarkError, DataError, TaskFileError, UsageError
from benchmark.prepare import prepare
from tests.test_offline import FORBIDDEN

PAIRS = ["sentence1,sentence2,score", "a cat,a kitten,4", "a car,a cloud,0", "one,two,3", ",two,1"]
FILES = {
    "Pairs.toml": 'kind = "sts"\nmain_score = "cosine_spearman"\nsplits = ["test", "dev"]\n'
    '[source]\nfiles = "pairs"\n[subsets]\nde = ["deu-Latn"]\nen = ["eng-Latn"]\n',
    **{
        f"pairs/{subset}/{split}.csv": "\n".join([*PAIRS, f"{subset},{split},2"])
        for subset in ("de", "en")
        for split in ("test", "dev")
    },
    "Find.toml": 'kind = "retrieval"\nmain_score = "ndcg_at_10"\nlanguages = ["eng-Latn"]\n'
    '[source]\nfiles = "find"\n',
    "find/corpus.jsonl": "\n".join(
        json.dumps({"_id": f"d{n}", "title": "On", "text": f"a thing of number {n}"})
        for n in range(20)
    ),
    "find/queries.jsonl": "\n".join(
        json.dumps({"_id": f"q{n}", "text": f"number {n}"}) for n in range(6)
    ),
    "find/qrels/test.tsv": "query-id\tcorpus-id\tscore\n"
    + "\n".join(f"q{n}\td{n}\t1" for n in range(5)),
    "Sort.toml": 'kind = "classification"\nmain_score = "accuracy"\nlanguages = ["eng-Latn"]\n'
    '[source]\nfiles = "sort"\n',
    "sort/train.csv": "text,label\n"
    + "\n".join(f"{'good' if n % 2 else 'bad'} {n},{n % 2}" for n in range(20)),
    "sort/test.csv": "text,label\n"
    + "\n".join(f"{'good' if n % 2 else 'bad'} thing {n},{n % 2}" for n in range(8)),
    "Tags.toml": 'kind = "multilabel_classification"\nmain_score = "accuracy"\n'
    'languages = ["eng-Latn"]\n[source]\nfiles = "tags"\n',
    "tags/train.jsonl": "\n".join(
        json.dumps({"text": f"t {n}", "label": [n % 2, 2] if n % 3 else []}) for n in range(24)
    ),
    "tags/test.jsonl": "\n".join(
        json.dumps({"text": f"u {n}", "label": [n % 2]}) for n in range(6)
    ),
    "Group.toml": 'kind = "clustering"\nmain_score = "v_measure"\nlanguages = ["eng-Latn"]\n'
    'splits = ["test", "dev"]\n[source]\nfiles = "group"\n[options]\n'
    "max_document_to_embed = 8\nmax_documents_per_cluster = 6\nn_clusters = 2\n",
    **{
        f"group/{split}.csv": "text,label\n"
        + "\n".join(f"{split} {'red' if n % 2 else 'blue'} {n},{n % 2}" for n in range(12))
        for split in ("test", "dev")
    },
    "Mean.toml": 'kind = "aggregate"\nmain_score = "main_score"\nlanguages = ["eng-Latn"]\n'
    '[source]\ntasks = ["Find", "Sort"]\n',
    "Notes.toml": 'kind = "retrieval"\nmain_score = "ndcg_at_10"\n[source]\n'
    'documents = "notes"\n[subsets]\ntitle = ["eng-Latn"]\n',
    **{
        f"notes/{n}.md": f"# The {word} report\n\n"
        + " ".join(f"It says that {word} number {m} of the {n} was found again." for m in range(9))
        for n, word in enumerate(["river", "market", "harbour", "forest", "engine", "library"])
    },
    "Child.toml": 'extends = "Pairs"\nsplits = ["dev"]\n',
}
NAMES = ["Pairs", "Find", "Sort", "Tags", "Group", "Mean", "Child", "Notes"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with task files and data of six kinds."""
    folder = tmp_path / "work"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def bundle(folder: Path) -> Path:
    """A bundle of one task."""
    make_bundle(find_choices(["Pairs.toml"]), [], folder / "b.zip")
    return folder / "b.zip"


def results(tree: Path) -> dict[str, Any]:
    """Every result of a tree without what differs between equal runs."""
    found = {}
    for path in sorted(tree.rglob("*.json")):
        if path.name != "model_meta.json":
            content = json.loads(path.read_text())
            for key in ("evaluation_time", "date"):
                del content[key]
            for key in ("environment", "cost"):
                del content["embedmark"][key]
            found[str(path.relative_to(tree))] = content
    return found


def test_results_are_those_without_a_bundle(folder: Path, tmp_path: Path) -> None:
    """Same digests, fingerprints, warnings and scores, elsewhere and with no socket allowed."""
    files = [f"{name}.toml" for name in NAMES]
    assert 0 == main(["run", "random", "-t", *files, "-o", "plain", "--no-cache"])
    assert 0 == main(["tasks", "bundle", "-t", *files, "-o", "b.zip"])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move("b.zip", elsewhere / "b.zip")
    for name in ("pairs", "find", "sort", "tags", "group", "notes"):
        shutil.rmtree(folder / name)

    arguments = ["run", "random", "--bundle", "b.zip", "-o", "out", "--no-cache"]
    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN, *arguments],
        cwd=elsewhere,
        env={
            "HOME": str(elsewhere),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[1]),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    expected = results(folder / "plain")
    assert len(NAMES) == len(expected)
    assert expected == results(elsewhere / "out")
    assert {"b.zip", "out"} <= {path.name for path in elsewhere.iterdir()}


def test_a_stored_result_is_reused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A result of the task file stands for the bundle's, and the other way round."""
    main(["tasks", "bundle", "-t", "Pairs.toml", "-o", "b.zip"])
    main(["run", "random", "-t", "Pairs.toml", "-o", "out", "--no-cache"])
    capsys.readouterr()

    assert 0 == main(["run", "random", "--bundle", "b.zip", "-o", "out", "--json", "--no-cache"])

    rows = json.loads(capsys.readouterr().out)["results"]
    assert ["reused"] * 4 == [row["status"] for row in rows]


def test_the_same_input_gives_the_same_bytes(folder: Path) -> None:
    """Whatever the order of names, and also when a bundle is made again elsewhere."""
    one = make_bundle(find_choices(["Find.toml", "Pairs.toml"]), [], folder / "1.zip")
    two = make_bundle(find_choices(["Pairs.toml", "Find.toml"]), [], folder / "2.zip")

    assert one == two
    assert (folder / "1.zip").read_bytes() == (folder / "2.zip").read_bytes()
    assert one.digest == open_bundle(folder / "1.zip").digest
    assert ("Find", "Pairs") == one.tasks


def test_other_data_give_another_digest(folder: Path) -> None:
    """One changed character shows."""
    one = make_bundle(find_choices(["Find.toml"]), [], folder / "1.zip")
    corpus = folder / "find" / "corpus.jsonl"
    corpus.write_text(corpus.read_text().replace("number 7", "number 8"))

    assert one.digest != make_bundle(find_choices(["Find.toml"]), [], folder / "2.zip").digest


def test_chosen_parts_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was left out is not run, and asking for it says so."""
    arguments = ["tasks", "bundle", "-t", "Pairs.toml", "--subset", "de", "--split", "test"]
    assert 0 == main([*arguments, "-o", "b.zip", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (1, 5) == (told["parts"], told["rows"])

    assert 0 == main(["run", "random", "--bundle", "b.zip", "-o", "out", "--json", "--no-cache"])
    rows = json.loads(capsys.readouterr().out)["results"]
    assert [("test", "de")] == [(row["split"], row["subset"]) for row in rows]

    assert 2 == main(["run", "random", "--bundle", "b.zip", "--subset", "en"])
    assert "no subset 'en' in the tasks asked for" in capsys.readouterr().err


def test_a_suite_is_found_in_its_bundle(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name and its title, with the splits and subsets that it picks."""
    suites = folder / "tasks" / "suites"
    suites.mkdir(parents=True)
    shutil.copy("Find.toml", "tasks")
    shutil.copytree("find", "tasks/find")
    shutil.copy("Pairs.toml", "tasks")
    shutil.copytree("pairs", "tasks/pairs")
    entry = '{name = "Pairs", splits = ["dev"], subsets = ["en"]}'
    (suites / "Ours.toml").write_text(f'title = "Our own, v1"\ntasks = [{entry}, "Find"]\n')
    assert 0 == main(["tasks", "bundle", "-t", "Ours", "-o", "b.zip"])
    shutil.rmtree("tasks")
    bundle = open_bundle(folder / "b.zip")

    for name in ("Ours", "Our own, v1"):
        choices = choices_of(bundle, [name])
        assert [("Pairs", ("dev",), ("en",)), ("Find", (), ())] == [
            (choice.task.name, choice.splits, choice.subsets) for choice in choices
        ]
    with pytest.raises(UsageError, match="holds no task or suite 'Fnd'; did you mean 'Find'"):
        choices_of(bundle, ["Fnd"])
    capsys.readouterr()
    assert 0 == main(["tasks", "list", "--bundle", "b.zip", "--json"])
    assert ["Find", "Pairs"] == [
        row["name"] for row in json.loads(capsys.readouterr().out)["tasks"]
    ]
    assert 0 == main(["tasks", "show", "Pairs", "--bundle", "b.zip", "--json"])
    sizes = json.loads(capsys.readouterr().out)["tasks"][0]["sizes"]
    assert [{"split": "dev", "subset": "en", "table": "rows", "rows": 5}] == sizes
    assert 0 == main(["tasks", "check", "--bundle", "b.zip"])


def test_warnings_are_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding names the file and row that it was made in."""
    main(["tasks", "bundle", "-t", "Pairs.toml", "-o", "b.zip"])
    shutil.rmtree("pairs")
    capsys.readouterr()

    assert 0 == main(["tasks", "check", "--bundle", "b.zip", "--json"])

    findings = json.loads(capsys.readouterr().out)["findings"]
    assert "pairs/de/test.csv row 4: the field 'sentence1' is empty" in findings[0]["message"]


def test_a_hook_is_packed_only_when_trusted(folder: Path) -> None:
    """Its tables are packed, so that its code never runs again."""
    (folder / "Pairs.toml").write_text('hook = "change.py:tables"\n' + FILES["Pairs.toml"])
    (folder / "change.py").write_text(
        "from pathlib import Path\ndef tables(given):\n"
        "    Path('ran').touch()\n    return {n: t.slice(1) for n, t in given.items()}\n"
    )
    choices = find_choices(["Pairs.toml"])
    with pytest.raises(TaskFileError, match=r"code of its own \(change.py:tables\).*--trust"):
        make_bundle(choices, [], folder / "b.zip")
    assert not (folder / "b.zip").exists()

    made = make_bundle(choices, [], folder / "b.zip", trust=True)
    (folder / "ran").unlink()
    (choice,) = choices_of(open_bundle(folder / "b.zip"))

    assert 16 == made.rows
    assert choices[0].task.digest == choice.task.digest
    assert 0 == main(["run", "random", "--bundle", "b.zip", "-o", "out", "--no-cache"])
    assert not (folder / "ran").exists()


def test_data_with_errors_are_not_packed(folder: Path) -> None:
    """Nothing is written, not even a part."""
    (folder / "pairs" / "de" / "dev.csv").write_text("sentence1,sentence2,score\na,b,none\n")

    with pytest.raises(DataError, match=r"Pairs: pairs/de/dev.csv row 1: .* not a finite number"):
        make_bundle(find_choices(["Pairs.toml"]), [], folder / "b.zip")

    assert not [path for path in folder.iterdir() if "zip" in path.name or "bundle" in path.name]


def test_nothing_is_overwritten(folder: Path, bundle: Path) -> None:
    """A file that exists stays; a folder that does not is named."""
    before = bundle.read_bytes()
    with pytest.raises(UsageError, match=r"b.zip: exists"):
        make_bundle(find_choices(["Find.toml"]), [], bundle)
    with pytest.raises(UsageError, match="cannot be written"):
        make_bundle(find_choices(["Find.toml"]), [], folder / "none" / "b.zip")
    assert before == bundle.read_bytes()


def test_every_damaged_part_is_named(bundle: Path) -> None:
    """One byte changed within any part is found before anything runs."""
    whole = bundle.read_bytes()
    with zipfile.ZipFile(bundle) as archive:
        entries = archive.infolist()
    for entry in entries:
        start = entry.header_offset + 30 + len(entry.filename)
        for at in (start, start + entry.file_size - 1):
            bundle.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(DataError, match=f"damaged: {entry.filename}; copy"):
                open_bundle(bundle)


def test_any_changed_byte_is_found_or_means_nothing(bundle: Path) -> None:
    """Also in the zip's own records: one line, or the same content as before."""
    whole, digest = bundle.read_bytes(), open_bundle(bundle).digest
    draws, lines = random.Random(6), set()
    for _ in range(400):
        at = draws.randrange(len(whole))
        changed = bytes([whole[at] ^ 1 << draws.randrange(8)])
        bundle.write_bytes(whole[:at] + changed + whole[at + 1 :])
        try:
            opened = open_bundle(bundle)
            names = [choice.task.name for choice in choices_of(opened)]
        except BenchmarkError as error:
            lines.add(str(error).count("\n"))
        else:
            assert (digest, ["Pairs"]) == (opened.digest, names)
    assert {0} == lines


def test_a_full_disk_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of a file, and no file of another name."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    before = sorted(folder.iterdir())

    with pytest.raises(UsageError, match=r"b\.zip: cannot be written \(No space left"):
        make_bundle(find_choices(["Pairs.toml"]), [], folder / "b.zip")

    assert before == sorted(folder.iterdir())


def test_a_bundle_cut_short_is_refused(bundle: Path) -> None:
    """At any length."""
    whole = bundle.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 30):
        bundle.write_bytes(whole[:length])
        with pytest.raises(DataError, match="is no bundle, or one cut short"):
            open_bundle(bundle)


def remade(path: Path, change: Callable[[str, bytes], Iterator[tuple[Any, bytes, int]]]) -> None:
    """Write an archive again with other entries; zipfile computes what is right for them."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            for entry, held, method in change(name, content):
                archive.writestr(entry, held, method)


def added(entry: Any, content: bytes = b"x", method: int = zipfile.ZIP_STORED) -> Any:
    """A change that adds an entry before the manifest."""

    def change(name: str, held: bytes) -> Iterator[tuple[Any, bytes, int]]:
        if name == "manifest.json":
            yield entry, content, method
        yield name, held, zipfile.ZIP_STORED

    return change


def link() -> zipfile.ZipInfo:
    """An entry that is a symbolic link."""
    entry = zipfile.ZipInfo("data/link")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (added("../escape"), "'../escape' is a name that no part"),
        (added("/etc/escape"), "'/etc/escape' is a name that no part"),
        (added("data/../../escape"), "is a name that no part"),
        (added("data/..\\escape"), "is a name that no part"),
        (added("data/" + "x" * 60000), "'data/x{72}...' is a name that no part|damaged"),
        (added("data/a\x1b[2Jb"), r"'data/a\\x1b\[2Jb' is a name"),
        (added("data/"), "is a name that no part"),
        (added(link(), b"/etc/passwd"), "'data/link' is a link"),
        (added("data/big", b"0" * 2**20, zipfile.ZIP_DEFLATED), "'data/big' is compressed"),
        (added("data/more"), "damaged: data/more"),
    ],
)
def test_odd_entries_are_refused(
    bundle: Path, change: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that leave their folder, links, compressed and unknown parts; nothing is written."""
    remade(bundle, change)
    before = sorted(bundle.parent.rglob("*"))

    with pytest.raises(DataError, match=message) as caught:
        open_bundle(bundle)

    assert "\n" not in str(caught.value)
    assert before == sorted(bundle.parent.rglob("*"))


def test_a_name_twice_is_refused(bundle: Path) -> None:
    """Readers differ in which of two they take."""
    with zipfile.ZipFile(bundle, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("manifest.json", b"{}")

    with pytest.raises(DataError, match=r"'manifest.json' is a name that occurs twice"):
        open_bundle(bundle)


def test_a_declared_size_beyond_the_file_is_refused(bundle: Path) -> None:
    """Before a byte of it is read."""
    content = bytearray(bundle.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    struct.pack_into("<II", content, at + 20, 2**31, 2**31)
    bundle.write_bytes(content)

    with pytest.raises(
        DataError, match=r"its parts claim 2,147,48\d,\d+ bytes, more than the whole"
    ):
        open_bundle(bundle)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged: manifest.json"),
        (b"[" * 100_000, "damaged: manifest.json"),
        (b"[]", "damaged: manifest.json"),
        (b'{"format": "other"}', "damaged: manifest.json"),
        (b'{"format": "other", "version": 1}', "is no bundle"),
        (b'{"format": "embedmark-bundle", "version": 2}', "of version '2'"),
        (b'{"format": "embedmark-bundle", "version": 1}', "damaged: manifest.json"),
        (
            b'{"format": "embedmark-bundle", "version": 1, "tasks": [], "files": {}}',
            "damaged: manifest.json",
        ),
    ],
)
def test_other_manifests_are_refused(bundle: Path, content: bytes, message: str) -> None:
    """Whatever stands in it."""

    def change(name: str, held: bytes) -> Iterator[tuple[Any, bytes, int]]:
        yield name, content if name == "manifest.json" else held, zipfile.ZIP_STORED

    remade(bundle, change)

    with pytest.raises(DataError, match=message):
        open_bundle(bundle)


def forged(path: Path, part: Callable[[dict[str, Any]], dict[str, bytes]]) -> None:
    """Write a bundle whose manifest agrees with changed parts, as a forger would."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    for name, content in part(manifest).items():
        parts[name] = content
        manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest()}
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def parquet(table: pa.Table, **options: Any) -> bytes:
    """A table as parquet."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return bytes(sink.getvalue().to_pybytes())


LONG = pa.table({"sentence1": ["x" * 1000] * 100_000})


@pytest.mark.parametrize(
    ("content", "size", "message"),
    [
        (b"no parquet", 1000, "damaged: data/"),
        (parquet(LONG), 1000, "damaged: data/"),  # a dictionary: few bytes, many rows
        (parquet(LONG, use_dictionary=False, compression="zstd"), 1000, "damaged: data/"),
        (parquet(LONG, use_dictionary=False, compression="zstd"), 2**40, "claims to hold"),
        (
            parquet(pa.table({"sentence1": ["a"]}), use_dictionary=False),
            1000,
            "no column 'sentence2' for the field",
        ),
    ],
)
def test_forged_tables_are_refused(bundle: Path, content: bytes, size: int, message: str) -> None:
    """Sizes that a short file unpacks to, and tables that the kind does not have."""

    def part(manifest: dict[str, Any]) -> dict[str, bytes]:
        tables = [p["tables"]["rows"] for p in manifest["tasks"]["Pairs"]["parts"].values()]
        for told in tables:
            told["bytes"] = size
        return {told["file"]: content for told in tables}

    forged(bundle, part)
    (choice,) = choices_of(open_bundle(bundle))

    errors = [str(part.error) for part in prepare(choice).parts]

    assert 4 == len(errors)
    assert all(message in error for error in errors)


def test_a_task_of_another_reading_is_refused(bundle: Path) -> None:
    """A forged file, or one that this version reads in another way, has another digest."""

    def part(manifest: dict[str, Any]) -> dict[str, bytes]:
        content = {"kind": "sts", "main_score": "cosine_pearson", "languages": ["eng-Latn"]}
        return {"tasks/Pairs.json": json.dumps({**content, "source": {"files": "x"}}).encode()}

    forged(bundle, part)

    with pytest.raises(TaskFileError, match="reads the task in another way"):
        choices_of(open_bundle(bundle))


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 100_000, b'{"kind": "sts", "extra": 1}'])
def test_task_files_that_are_none(bundle: Path, content: bytes) -> None:
    """One line, also for what no JSON reader takes."""
    forged(bundle, lambda manifest: {"tasks/Pairs.json": content})

    with pytest.raises(TaskFileError, match=r"b.zip/tasks/Pairs.json: "):
        choices_of(open_bundle(bundle))


def test_what_is_no_bundle(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such file, a folder, a text, another zip: one line each, and the code."""
    (folder / "text.zip").write_text("text")
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("data/a", b"x")
    cases = {"none.zip": 2, "pairs": 2, "text.zip": 1, "other.zip": 1}
    for name, code in cases.items():
        assert code == main(["run", "random", "--bundle", name]), name
        error = capsys.readouterr().err
        assert error.startswith(f"embedmark: error: {name}: ")
        assert 1 == error.count("\n")
    assert 2 == main(["run", "random", "--bundle", "text.zip", "--data", "pairs"])
    assert "--data and --bundle exclude each other" in capsys.readouterr().err
