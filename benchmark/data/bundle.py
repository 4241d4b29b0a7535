"""A bundle: one archive of task files and their tables, verified whole and read in place.

A zip of parts that are stored as they are, under ``tasks/``, ``hooks/``, ``suites/`` and ``data/``
(parquet), and ``manifest.json``, which holds the sha256 of every part. Nothing is ever extracted.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.data.formats import Columns
from benchmark.errors import DataError, UsageError
from benchmark.protocols import Finding, Kind
from benchmark.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
FORMAT, VERSION = "embedmark-bundle", 1
_NAME = re.compile(r"(tasks|hooks|suites|data)/[A-Za-z0-9][A-Za-z0-9._()+-]*|manifest\.json")
_LARGEST_MANIFEST = 2**28
_BLOCK = 2**20
# A table that is more than this and unpacks to so many times its size is no table of texts.
_SUSPECT_BYTES, _SUSPECT_RATIO = 2**30, 1000
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Bundle:
    """An archive that was found whole; ``digest`` is that of its manifest, and so of every part."""

    path: Path
    digest: str
    manifest: Mapping[str, Any] = field(repr=False)

    def read(self, name: str) -> bytes:
        """The bytes of one part."""
        with _archive(self.path) as archive, _named(self.path, name):
            return archive.read(name)


def open_bundle(path: Path) -> Bundle:
    """Verify an archive whole; DataError names the parts that are damaged, absent or not to trust.

    Raises UsageError when there is no such file.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file; name what 'embedmark tasks bundle -o' wrote")
    with _archive(path) as archive:
        _check_entries(path, archive.infolist())
        manifest, digest = _read_manifest(path, archive)
        _check_parts(path, archive, manifest["files"])
    return Bundle(path, digest, manifest)


def part_of(task: Task, split: str, subset: str) -> Mapping[str, Any] | None:
    """What the bundle of a task holds of one split and subset; None where it holds nothing."""
    settings = task.source.settings
    parts: Mapping[str, Mapping[str, Any]] = settings["bundle"].manifest["tasks"][task.name][
        "parts"
    ]
    return parts.get(f"{split}/{subset}")


def load_packed(
    task: Task, kind: Kind, split: str, subset: str, problems: list[str]
) -> dict[str, Columns]:
    """The tables of a split and subset, which are the kind's own already."""
    bundle: Bundle = task.source.settings["bundle"]
    part = part_of(task, split, subset)
    if part is None:
        problems.append(
            f"{bundle.path}: holds no {split}/{subset} of {task.name}; bundle the task whole"
        )
        return {}
    try:
        return {
            name: _columns(bundle, told["file"], told["label"], told["bytes"])
            for name, told in part["tables"].items()
        }
    except DataError as error:
        problems.extend(error.problems)
        return {}


def known_findings(task: Task, split: str, subset: str, found: list[Finding]) -> list[Finding]:
    """What was found when the data were packed, and the errors of now that are none of that."""
    part = part_of(task, split, subset) or {"findings": []}
    known = [Finding(*each) for each in part["findings"]]
    codes = {finding.code for finding in known}
    errors = [each for each in found if each.level == "error" and each.code not in codes]
    return [*errors, *known]


def parquet_of(table: pa.Table) -> tuple[bytes, int]:
    """A table as parquet, and the bytes that it takes in memory; equal tables give equal bytes.

    Nothing is written as codes of a dictionary, so that no short file unpacks to a long table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    bare = table.replace_schema_metadata(None).combine_chunks()
    sink = pa.BufferOutputStream()
    pq.write_table(
        bare,
        sink,
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
    )
    return sink.getvalue().to_pybytes(), bare.nbytes


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError):
        raise DataError(f"{path}: is no bundle, or one cut short; copy it again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or 'seek'}); check it") from None


@contextmanager
def _named(path: Path, name: str) -> Iterator[None]:
    """Say which part could not be read."""
    try:
        yield
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, KeyError):
        raise _damaged(path, [name]) from None


def _damaged(path: Path, names: list[str]) -> DataError:
    shown = ", ".join(names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return DataError(f"{path}: damaged: {shown}{more}; copy the bundle again, or make it again")


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse what no bundle holds: odd names, links, folders, compressed or overlapping parts."""
    seen: set[str] = set()
    for entry in entries:
        name, mode = entry.filename, entry.external_attr >> 16
        wrong = None
        if not _NAME.fullmatch(name):
            wrong = "a name that no part of a bundle has"
        elif name in seen:
            wrong = "a name that occurs twice"
        elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            wrong = "a link or a special file"
        elif entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            wrong = "compressed or encrypted, which no part of a bundle is"
        if wrong:
            shown = name if len(name) <= 80 else f"{name[:77]}..."
            raise DataError(f"{path}: refused: {shown!a} is {wrong}; make the bundle again")
        seen.add(name)
    size = sum(max(entry.file_size, entry.compress_size) for entry in entries)
    if size > path.stat().st_size:
        raise DataError(
            f"{path}: refused: its parts claim {size:,} bytes, more than the whole file has; "
            "make the bundle again"
        )


def _read_manifest(path: Path, archive: zipfile.ZipFile) -> tuple[dict[str, Any], str]:
    entry = archive.NameToInfo.get(MANIFEST)
    if entry is None or entry.file_size > _LARGEST_MANIFEST:
        raise DataError(f"{path}: is no bundle: it has no {MANIFEST}; name one that EmbedMark made")
    with _named(path, MANIFEST):
        content = archive.read(MANIFEST)
    try:
        manifest = json.loads(content)
        known = manifest["format"] == FORMAT
        version = manifest["version"]
        fits = not known or version != VERSION or _fits(manifest)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise _damaged(path, [MANIFEST]) from None
    if not known:
        raise DataError(f"{path}: is no bundle; name one that EmbedMark made")
    if version != VERSION:
        raise DataError(
            f"{path}: is a bundle of version {str(version)[:20]!a}, and this EmbedMark reads "
            f"{VERSION}; install the EmbedMark that made it, or make the bundle again"
        )
    if not fits:
        raise _damaged(path, [MANIFEST])
    return manifest, hashlib.sha256(content).hexdigest()


def _fits(manifest: Any) -> bool:
    """Whether a manifest has the shape that is read later on."""
    files = manifest["files"]
    whole = all(isinstance(each["sha256"], str) for each in files.values())
    for name, task in manifest["tasks"].items():
        whole = whole and f"tasks/{name}.json" in files and isinstance(task["digest"], str)
        whole = whole and all(isinstance(n, str) for n in (*task["splits"], *task["subsets"]))
        whole = whole and isinstance(task["pinned"], str) and isinstance(task["asked"], bool)
        for part in task["parts"].values():
            for told in part["tables"].values():
                whole = whole and told["file"] in files and isinstance(told["label"], str)
                whole = whole and isinstance(told["bytes"], int)
            for level, code, message, count in part["findings"]:
                whole = whole and level in ("warning", "failure") and isinstance(count, int)
                whole = whole and isinstance(code, str) and isinstance(message, str)
    return whole


def _check_parts(
    path: Path, archive: zipfile.ZipFile, files: Mapping[str, Mapping[str, Any]]
) -> None:
    present = set(archive.namelist()) - {MANIFEST}
    damaged = sorted(present ^ set(files))
    for name in sorted(present & set(files)):
        digest = hashlib.sha256()
        try:
            with archive.open(name) as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
        except (zipfile.BadZipFile, EOFError):
            damaged.append(name)
            continue
        if digest.hexdigest() != files[name]["sha256"]:
            damaged.append(name)
    if damaged:
        raise _damaged(path, damaged)


def _columns(bundle: Bundle, name: str, label: str, size: int) -> Columns:
    """One table; DataError when it is no parquet, or larger than the manifest says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = bundle.read(name)
    if size > max(_SUSPECT_BYTES, _SUSPECT_RATIO * len(content)):
        raise DataError(
            f"{bundle.path}: refused: {name} has {len(content):,} bytes and claims to hold "
            f"{size:,}; make the bundle again"
        )
    allowed = 2 * size + _BLOCK
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        batches, held = [], 0
        if not _is_plain(file.metadata, allowed):
            raise _damaged(bundle.path, [name])
        for batch in file.iter_batches():
            batches.append(batch)
            held += batch.nbytes
            if held > allowed:
                raise _damaged(bundle.path, [name])
        table = pa.Table.from_batches(batches, file.schema_arrow)
    except (pa.ArrowException, OSError, ValueError):
        raise _damaged(bundle.path, [name]) from None
    values = {column: table.column(column) for column in table.column_names}
    return Columns(values, table.num_rows, label)


def _is_plain(metadata: Any, allowed: int) -> bool:
    """Whether values are written out, and no more of them than ``allowed`` bytes."""
    chunks = [
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    ]
    coded = any("DICTIONARY" in encoding for chunk in chunks for encoding in chunk.encodings)
    return not coded and sum(chunk.total_uncompressed_size for chunk in chunks) <= allowed
