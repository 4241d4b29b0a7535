"""Vectors made elsewhere: a file that gives each text its vector.

``.npz``: arrays ``texts`` (strings) and ``vectors`` (n, d). ``.parquet``: columns ``text`` and
``vector`` (a list of d numbers).
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.models.table import Settings
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {"vectors": {}}


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Vectors by text; a text that the file lacks is an error, never a zero."""

    identity: Identity
    row_of: Mapping[str, int]
    vectors: NDArray[np.float32]
    similarity: str = "cosine"

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Look the vectors up, ``(n, d)`` float32."""
        rows = [self.row_of.get(text, -1) for text in texts]
        absent = [number for number, row in enumerate(rows) if row < 0]
        if absent:
            first = ", ".join(str(number + 1) for number in absent[:3])
            raise ModelError(
                f"{self.identity.name}: {len(absent)} of {len(rows)} texts have no vector in the "
                f"file (first: texts {first} of the batch); encode the same texts as the task reads"
            )
        return self.vectors[rows]


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> VectorFile:
    """Read the whole file."""
    import numpy as np

    path = Path(target)
    if not path.is_file():
        raise UsageError(f"model 'vectors:{target}': no such file; check the path")
    if path.suffix not in (".npz", ".parquet"):
        raise UsageError(f"model 'vectors:{target}': use .npz or .parquet")
    texts, vectors = (_read_npz if path.suffix == ".npz" else _read_parquet)(path)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ModelError(
            f"{path}: {len(texts)} texts but vectors of shape {vectors.shape}; write one row a text"
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:40]
    identity = Identity(f"local/{path.stem}", digest, "vectors/1")
    rows = {text: row for row, text in enumerate(texts)}
    return VectorFile(identity, rows, np.ascontiguousarray(vectors, np.float32))


def _read_npz(path: Path) -> tuple[list[str], NDArray[Any]]:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            return [str(text) for text in archive["texts"]], archive["vectors"]
    except KeyError:
        raise ModelError(f"{path}: needs the arrays 'texts' and 'vectors'") from None
    except (ValueError, OSError, zipfile.BadZipFile):
        raise ModelError(
            f"{path}: not a whole .npz file of plain arrays (objects are refused); write it again"
        ) from None


def _read_parquet(path: Path) -> tuple[list[str], NDArray[Any]]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=["text", "vector"])
    except (pa.ArrowInvalid, OSError, KeyError):
        raise ModelError(
            f"{path}: not a whole parquet file with the columns 'text' and 'vector'"
        ) from None
    column = table.column("vector").combine_chunks()
    lengths = set(column.value_lengths().to_pylist()) if table.num_rows else {1}
    if len(lengths) != 1 or column.null_count:
        raise ModelError(f"{path}: vectors of different lengths; write one length for all")
    flat = np.asarray(column.flatten().to_numpy(zero_copy_only=False), np.float32)
    return table.column("text").to_pylist(), flat.reshape(table.num_rows, -1)
