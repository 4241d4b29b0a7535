"""Find the files of a task's tables in its folder.

A table of rows lies in ``<split>.<ext>``; a retrieval in ``corpus.*``, ``queries.*`` and
``qrels/<split>.*`` or ``qrels.*``, as BEIR writes it, with candidates as qrels in ``top_ranked``;
any other table in a file of its name, or a folder of its name with a file a split. A subset is a
folder of its name, a split may be one too; ``pattern`` in ``[source]`` names other arrangements
with ``{subset}``, ``{split}`` and ``{table}``, and without ``{table}`` the rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.data.formats import COMPRESSIONS, FORMATS, split_suffixes
from benchmark.errors import DataError
from benchmark.task import DEFAULT_SUBSET, Source

_ROWS = ("rows", "train")  # in the file of their split
_SHARED = ("corpus", "qrels", "top_ranked", "changed", "candidates")  # by parallel subsets


def source_root(source: Source) -> Path:
    """The folder (or single file) that ``files`` names; it must lie within the task's folder."""
    return inside(source.folder, source.settings["files"])


def inside(folder: Path, name: str) -> Path:
    """Join ``name`` to ``folder``; DataError when it leads out of it, also by a link."""
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise DataError(
            f"{name}: leaves the folder of the task file ({folder}), by its path or by a link; "
            "put the data itself beside the task file"
        )
    return target


def find_table(source: Source, table: str, split: str, subset: str) -> tuple[Path, str]:
    """The file of one table and its label in messages (its path below the task's folder)."""
    root = source_root(source)
    if root.is_file():
        if table != "rows":
            raise DataError(
                f"{source.settings['files']}: one file holds no separate table '{table}'; name a "
                "folder in [source]"
            )
        return root, source.settings["files"]
    if not root.is_dir():
        raise DataError(f"{source.settings['files']}: no such file or folder; check [source]")
    tried: list[str] = []
    for name in _candidates(source, table, split, subset):
        for path in _with_endings(root, name):
            if path.is_file():
                inside(source.folder, str(path.relative_to(source.folder)))
                return path, str(path.relative_to(source.folder))
        tried.append(name)
    names = ", ".join(dict.fromkeys(tried))
    found = ", ".join(sorted(path.name for path in root.iterdir())[:12]) or "nothing"
    raise DataError(
        f"{source.settings['files']}: no file for the {table} of split '{split}', subset "
        f"'{subset}' (looked for {names} with .jsonl, .csv, .tsv or .parquet; found {found}); "
        "add the file or set pattern in [source]"
    )


def _candidates(source: Source, table: str, split: str, subset: str) -> Iterator[str]:
    pattern = source.settings.get("pattern")
    if pattern and (table in _ROWS or "{table}" in pattern):
        name = pattern.replace("{subset}", subset).replace("{split}", split)
        yield name.replace("{table}", table)
        return
    stems = {
        "rows": [split],
        "train": [split],
        "qrels": [f"qrels/{split}", "qrels", f"qrels/{split}_qrels"],
    }.get(table, [f"{table}/{split}", table])
    folders = [f"{split}/", ""]
    if subset != DEFAULT_SUBSET:
        folders = [f"{subset}/{split}/", f"{subset}/", *folders[:1]]
        if table in _SHARED:
            folders.append("")
    for stem in stems:
        for folder in folders:
            yield folder + stem


def _with_endings(root: Path, name: str) -> Iterator[Path]:
    """The name itself where a pattern gave its ending, then with every ending there is."""
    if split_suffixes(Path(name))[1]:
        yield root / name
    for ending in FORMATS:
        for compression in COMPRESSIONS:
            yield root / f"{name}{ending}{compression}"
