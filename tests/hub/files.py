"""Write tables and cards as repositories of the hub hold them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Configs = Mapping[str, Mapping[str, str]]
Content = Mapping[str, list[Any]]
"""The columns of a table."""
Place = tuple[str, str]
"""Config and split."""


def write(path: Path, table: pa.Table) -> None:
    """A table in the format that the name ends in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    if name.endswith(".parquet"):
        pq.write_table(table, path)
        return
    rows = table.to_pylist()
    if name.endswith((".csv", ".tsv")):
        stream = io.StringIO(newline="")
        separator = "\t" if name.endswith(".tsv") else ","
        writer = csv.DictWriter(stream, table.column_names, delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
        data = stream.getvalue().encode()
    elif name.endswith(".json"):
        data = json.dumps(rows, indent=1).encode()
    else:
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zst":
        data = pa.compress(data, codec="zstd", asbytes=True)
    path.write_bytes(data)


def card(folder: Path, configs: Configs) -> None:
    """A card that names the files of each config and split."""
    lines = ["---", "configs:"]
    for config, splits in configs.items():
        lines += [f"- config_name: {config}", "  data_files:"]
        for split, path in splits.items():
            lines += [f"  - split: {split}", f"    path: {path}"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text("\n".join([*lines, "---", "", "Made-up rows."]), "utf-8")


def publish_at(folder: Path, tables: Mapping[Place, Content]) -> None:
    """A data set in this folder: a parquet file a config and split, named in its card."""
    configs: dict[str, dict[str, str]] = {}
    for (config, split), columns in tables.items():
        path = f"{config}/{split}.parquet"
        write(folder / path, pa.table(dict(columns)))
        configs.setdefault(config, {})[split] = path
    card(folder, configs)
