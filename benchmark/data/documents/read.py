"""Read the documents of a folder, whatever of the known formats they are in."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmark.data.documents import PROSE
from benchmark.data.documents.markup import Parts, read_html, read_markdown, read_plain
from benchmark.data.documents.record import Document, fold, paragraphs_of
from benchmark.data.formats import (
    FileOptions,
    first_row,
    looks_like_names,
    read_columns,
    split_suffixes,
)
from benchmark.errors import DataError, MissingExtraError

_READERS: Mapping[str, Callable[[str], Parts]] = {
    ".txt": read_plain,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
}
_TEXT = ("text", "body", "content")
_TITLE = "title"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder: its path below it, and what tells that it changed.

    ``problem`` says why it must not be read, '' for all others.
    """

    name: str
    size: int
    changed: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """The documents of a folder by id, the problems of files left out, and the files by ending."""

    documents: tuple[Document, ...]
    problems: tuple[str, ...]
    endings: Mapping[str, int]

    @property
    def files(self) -> int:
        """How many files there are, with those left out."""
        return sum(self.endings.values())


def list_files(folder: Path) -> tuple[Entry, ...]:
    """The files of known formats below a folder, by name; hidden ones are skipped.

    Links to folders are not followed; a link to a file is, unless it leads out of the folder.
    """
    root = folder.resolve()
    return tuple(sorted(_entries(root), key=lambda entry: entry.name))


def _entries(root: Path) -> Iterator[Entry]:
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for file in names:
            path = Path(place, file)
            if file.startswith(".") or not ending_of(path):
                continue
            name = path.relative_to(root).as_posix()
            if not _is_unicode(name):
                shown = name.encode("utf-8", "backslashreplace").decode()
                yield Entry(shown, 0, 0, f"{shown}: its name is not UTF-8; rename the file")
            elif path.is_symlink() and not path.resolve().is_relative_to(root):
                problem = f"{name}: a link that leaves the folder; put the file itself there"
                yield Entry(name, 0, 0, problem)
            elif not path.exists():
                yield Entry(name, 0, 0, f"{name}: a link to nothing; remove it")
            elif path.is_file():
                facts = path.stat()
                yield Entry(name, facts.st_size, facts.st_mtime_ns)


def ending_of(path: Path) -> str:
    """The ending of a file that may hold documents, '' for all others."""
    plain = path.suffix.lower()
    return plain if plain in PROSE else split_suffixes(path)[1]


@lru_cache(maxsize=1)
def read_folder(folder: Path, files: tuple[Entry, ...]) -> Collection:
    """The documents of ``list_files(folder)``; what cannot be read is left out and named.

    Only the last folder is kept. Raises MissingExtraError when there is a pdf and no pypdf.
    """
    endings = Counter(ending_of(Path(entry.name)) for entry in files)
    if ".pdf" in endings and find_spec("pypdf") is None:
        raise MissingExtraError("pypdf", "pdf", f"a .pdf in {folder.name}")
    documents: list[Document] = []
    problems: list[str] = []
    for entry in files:
        try:
            if entry.problem:
                raise DataError(entry.problem)
            documents += _read(folder / entry.name, entry.name)
        except DataError as error:
            problems.append(error.problems[0])
    documents.sort(key=lambda document: document.id)
    return Collection(tuple(documents), tuple(problems), dict(sorted(endings.items())))


def _read(path: Path, name: str) -> list[Document]:
    ending = ending_of(path)
    if ending == ".pdf":
        found = [Document(name, "", paragraphs_of(_pdf_text(path, name)))]
    elif ending in _READERS:
        found = [Document(name, *_READERS[ending](_decoded(path, name)))]
    else:
        found = list(_rows(path, name))
    for document in found:
        if not _is_unicode(document.title + document.text):
            what = "holds half a surrogate pair; write the whole character"
            raise DataError(f"{document.id}: {what}")
    return found


def _decoded(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise DataError(f"{name}: cannot be read ({reason}); check the file") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = error.object[error.start]
        message = f"{name} line {line}: not UTF-8 (byte 0x{byte:02x}); save the file as UTF-8"
        raise DataError(message) from None
    if "\0" in text:
        raise DataError(f"{name}: holds zero bytes, so it is no text; remove it or save it as text")
    return text


def _pdf_text(path: Path, name: str) -> str:
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it may quote the file
    try:
        return "\n".join(page.extract_text() for page in PdfReader(path).pages)
    except Exception as error:  # noqa: BLE001 -- a damaged file raises anything
        # Only the type: the message of a foreign error may quote the data.
        reason = f"{name}: not readable as PDF ({type(error).__name__})"
        raise DataError(f"{reason}; open it with its password or save it again") from None


def _rows(path: Path, name: str) -> Iterator[Document]:
    """A document a row: its title and text where there are such columns, else all its columns.

    A table of one column is that column's texts.
    """
    row = first_row(path, name)
    header = () if looks_like_names(row) else tuple(f"column{n}" for n, _ in enumerate(row, 1))
    columns = read_columns(path, name, FileOptions(header=header))
    values: dict[str, Any] = {
        column: found.to_pylist() if hasattr(found, "to_pylist") else found
        for column, found in columns.values.items()
    }
    by_name = {column.strip().lower(): column for column in values}
    title = by_name.get(_TITLE)
    text = next((by_name[column] for column in _TEXT if column in by_name), None)
    if len(values) == 1:
        title, text = None, next(iter(values))
    for number in range(columns.rows):
        cells = {column: _shown(found[number]) for column, found in values.items()}
        headed = fold(cells.pop(title)) if title else ""
        if text:
            yield Document(f"{name}:{number + 1}", headed, paragraphs_of(cells[text]))
            continue
        lines = tuple(f"{c}: {fold(v)}" if c else fold(v) for c, v in cells.items() if v.strip())
        yield Document(f"{name}:{number + 1}", headed, lines, fields=True)


def _shown(value: Any) -> str:
    """A cell as text; a list or an object as JSON."""
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, list | dict)
        else str(value)
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
