"""Look after a cache: what it holds, how large it may be, whether its bytes are whole."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.cache.segments import PATTERN, in_use, is_intact, map_segment, walk, width_of
from benchmark.cache.store import ABOUT, folder_of

USUAL_SIZE = 50 * 10**9
"""What a cache may hold where nobody says otherwise: 30 million vectors of 384 numbers."""
_STORE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Holding:
    """What one store holds; ``about`` is its ``store.json``, None where that is absent.

    ``bytes`` are those of its segments, ``vectors`` those of whole length, ``used`` the time in
    seconds when it was last opened.
    """

    folder: Path
    about: Mapping[str, Any] | None
    segments: int
    vectors: int
    dimensions: int
    bytes: int
    used: float


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where the bytes of a segment are not those that were written.

    ``texts`` is how many vectors are lost there, None where nothing after it can be read.
    """

    path: Path
    start: int
    texts: int | None
    repaired: bool = False

    def __str__(self) -> str:
        """One line: where, what."""
        lost = "cut short or overwritten" if self.texts is None else f"{self.texts} vectors damaged"
        done = "; removed" if self.repaired else ""
        return f"{self.path}: record at byte {self.start}: {lost}{done}"


def holdings(root: Path) -> list[Holding]:
    """Every store below a cache folder, by the name of its model."""
    found = []
    for folder in _stores(root):
        segments = vectors = dimensions = size = 0
        used = 0.0
        for path in sorted(folder.glob(PATTERN)):
            data = map_segment(path)
            for record in walk(data):
                vectors += record.texts
                dimensions = dimensions or width_of(data, record)
            segments += 1
            size += len(data)
            with suppress(OSError):
                used = max(used, path.stat().st_mtime)
        found.append(Holding(folder, _about(folder), segments, vectors, dimensions, size, used))
    return sorted(found, key=lambda held: (str((held.about or {}).get("name")), held.folder.name))


def prune(root: Path, size: int) -> tuple[int, int]:
    """Remove the segments that were longest not used, until at most ``size`` bytes remain.

    Returns the number of segments removed and their bytes. A segment that a process appends to
    stays; a store without segments goes.
    """
    known = []
    for folder in _stores(root):
        for path in folder.glob(PATTERN):
            with suppress(FileNotFoundError):
                status = path.stat()
                known.append((status.st_mtime_ns, path.name, path, status.st_size))
    excess = sum(length for *_, length in known) - size
    removed = freed = 0
    for *_, path, length in sorted(known):
        if freed >= excess:
            break
        if in_use(path):
            continue
        with suppress(OSError):  # Windows keeps a file that is open
            path.unlink()
            removed += 1
            freed += length
            _remove_if_empty(path.parent)
    return removed, freed


def keep_below(root: Path, size: int) -> str:
    """Prune, and say in one line what went; '' when nothing did."""
    removed, freed = prune(root, size)
    if not removed:
        return ""
    return (
        f"the cache was above {show_size(size)}, so {show_size(freed)} that were longest not used "
        "are removed; --cache-size allows more"
    )


def verify(root: Path, *, repair: bool = False) -> list[Damage]:
    """Every record whose checksum differs, and every place from which a segment is unreadable.

    With ``repair`` a damaged segment is written anew without these. A segment that a process
    appends to is left alone, since its last record may not be whole yet.
    """
    found: list[Damage] = []
    for folder in _stores(root):
        for path in sorted(folder.glob(PATTERN)):
            if in_use(path):
                continue
            damaged = list(_damages(path))
            if damaged and repair:
                _rewrite(path)
                damaged = [Damage(item.path, item.start, item.texts, True) for item in damaged]
            found += damaged
    return found


def misplaced(root: Path) -> list[Path]:
    """Stores whose ``store.json`` does not belong to their folder: nothing reads them."""
    found = []
    for folder in _stores(root):
        about = _about(folder)
        if about is not None and folder_of(about) != folder.name:
            found.append(folder)
    return found


def read_size(text: str) -> int:
    """A number of bytes, with a unit of a thousand: ValueError for anything else.

    >>> read_size("20GB"), read_size("1.5 mb"), read_size("0")
    (20000000000, 1500000, 0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if not match:
        raise ValueError(text)
    return int(float(match[1]) * 1000 ** "_kmgt".index(match[2] or "_"))


def show_size(size: float) -> str:
    """A number of bytes for people.

    >>> show_size(999), show_size(1_500_000), show_size(50 * 10**9)
    ('999 B', '1.5 MB', '50.0 GB')
    """
    units = ("B", "kB", "MB", "GB", "TB")
    power = min(4, (len(str(int(size))) - 1) // 3)
    return f"{size / 1000**power:.{int(power > 0)}f} {units[power]}"


def _stores(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from sorted(
            path for path in root.iterdir() if _STORE.fullmatch(path.name) and path.is_dir()
        )


def _about(folder: Path) -> Mapping[str, Any] | None:
    try:
        content = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.glob(PATTERN)):
        with suppress(OSError):  # a process may begin a segment at this moment
            (folder / ABOUT).unlink(missing_ok=True)
            folder.rmdir()


def _damages(path: Path) -> Iterator[Damage]:
    data = map_segment(path)
    end = 0
    for record in walk(data):
        if not is_intact(data, record):
            yield Damage(path, record.start, record.texts)
        end = record.end
    if end < len(data):
        yield Damage(path, end, None)


def _rewrite(path: Path) -> None:
    """Put a file of the whole records in the place of a segment, or nothing where none is whole."""
    data = map_segment(path)
    whole = [record for record in walk(data) if is_intact(data, record)]
    if not whole:
        path.unlink()
        _remove_if_empty(path.parent)
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "wb") as stream:
        for record in whole:
            stream.write(data[record.start : record.end].data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(name, path)
