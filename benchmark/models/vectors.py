"""Vectors made elsewhere: a file that gives each text, or the id of each text, its vector.

``.parquet``: columns ``text`` or ``id``, and ``vector`` (a list of d numbers). ``.npz``: arrays
``texts`` or ``ids`` (strings) and ``vectors`` (n, d). ``.npy``: the vectors, with the ids beside it
in ``NAME.ids.txt``, one a line. Where a text or id stands for a query and for a document, a column
``role`` (array ``roles``; in ``.ids.txt`` after a tab) says which: ``query`` or ``document``.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.models.loading import choice
from benchmark.models.table import Settings, slug_of
from benchmark.protocols import Identity, Plan, Request, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "vectors": {"similarity": choice("cosine", "dot", "euclidean")}
}
_ANY = ""


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Vectors by text or id; one that the file lacks is an error, never a zero.

    ``rows`` has the row of each name by role, '' where the file gives none. State: ``seen`` holds a
    hash of the text that each id stood for, since ids of another task or subset may be the same.
    """

    identity: Identity
    rows: Mapping[str, Mapping[str, int]]
    by_id: bool
    vectors: NDArray[np.float32]
    similarity: str = "cosine"
    device: str = "cpu"
    seen: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """The dimensions of its vectors."""
        return int(self.vectors.shape[1])

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Look texts up, ``(n, d)`` float32."""
        import pyarrow as pa

        return self.look_up({"texts": Request(pa.array(texts, pa.large_string()), role)})["texts"]

    def look_up(self, plan: Plan) -> dict[str, NDArray[np.float32]]:
        """The vectors of a plan, each ``(n, d)`` float32.

        Raises ModelError for texts or ids without a vector, with how many and the first three, for
        texts without ids where the file has these alone, and for an id that stands for two texts.
        """
        found = {name: self._rows_of(name, request) for name, request in plan.items()}
        if any(min(places, default=0) < 0 for places in found.values()):
            raise self._absent(plan, found)
        return {name: self.vectors[places] for name, places in found.items()}

    def _absent(self, plan: Plan, found: Mapping[str, list[int]]) -> ModelError:
        """How many distinct ids or texts have no vector, and where the first three stand."""
        known: set[tuple[Role, str]] = set()
        absent: list[str] = []
        for name, request in plan.items():
            each = request.texts if request.ids is None or not self.by_id else request.ids
            for row, text in enumerate(each.to_pylist()):
                if (request.role, text) in known:
                    continue
                known.add((request.role, text))
                if found[name][row] < 0:
                    ids = request.ids
                    absent.append(f"row {row + 1} of '{name}'" if ids is None else f"'{ids[row]}'")
        more = ", ..." if len(absent) > 3 else ""
        return ModelError(
            f"{self.identity.name}: {len(absent)} of {len(known)} "
            f"{'ids' if self.by_id else 'texts'} have no vector in the file (first: "
            f"{', '.join(absent[:3])}{more}); write one for each text that the task reads"
        )

    def _rows_of(self, name: str, request: Request) -> list[int]:
        role = request.role or _ANY
        own, common = self.rows.get(role, {}), self.rows.get(_ANY, {})
        if not self.by_id:
            texts = request.texts.to_pylist()
            return [own.get(text, common.get(text, -1)) for text in texts]
        if request.ids is None:
            raise ModelError(
                f"{self.identity.name}: the file has vectors by id, and the texts of '{name}' have "
                "no ids in this task; write vectors by text"
            )
        ids = request.ids.to_pylist()
        changed = [
            f"'{each}'"
            for each, text in zip(ids, request.texts.to_pylist(), strict=True)
            if self.seen.setdefault((role if each in own else _ANY, each), hash(text)) != hash(text)
        ]
        if changed:
            raise ModelError(
                f"{self.identity.name}: {len(changed)} ids stand for two texts, of two roles, "
                f"subsets or tasks (first: {', '.join(changed[:3])}); write vectors by text, or a "
                "role beside each id"
            )
        return [own.get(each, common.get(each, -1)) for each in ids]


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> VectorFile:
    """Read the whole file.

    Raises ModelError for a file that is damaged, or that gives one text or id two vectors.
    """
    import numpy as np

    path = Path(target)
    readers = {".npz": _read_npz, ".npy": _read_npy, ".parquet": _read_parquet}
    if not path.is_file():
        raise UsageError(f"model 'vectors:{target}': no such file; check the path")
    if path.suffix not in readers:
        raise UsageError(f"model 'vectors:{target}': use .npz, .npy or .parquet")
    names, roles, found, by_id = readers[path.suffix](path)
    if found.ndim != 2 or len(found) != len(names) or found.dtype.kind not in "fiu":
        raise ModelError(
            f"{path}: {len(names)} {'ids' if by_id else 'texts'} but vectors of shape "
            f"{found.shape} and type {found.dtype}; write one row of numbers for each"
        )
    vectors = np.ascontiguousarray(found, np.float32)
    digest = hashlib.sha256()
    for part in _files_of(path):
        digest.update(part.read_bytes())
    identity = Identity(
        f"local/{path.stem}",
        digest.hexdigest()[:40],
        "vectors/1",
        dict(options),
        slug_of(options),
    )
    return VectorFile(identity, _index(path, names, roles, vectors), by_id, vectors, **options)


Content = tuple[list[str], list[str] | None, "NDArray[Any]", bool]
"""Texts or ids, their roles, their vectors, and whether they are ids."""


def _index(
    path: Path, names: list[str], roles: list[str] | None, vectors: NDArray[np.float32]
) -> dict[str, dict[str, int]]:
    """The row of each name by role; a name that stands there twice must have equal vectors."""
    import numpy as np

    wrong = sorted({role for role in roles or () if role not in ("query", "document", _ANY)})
    if wrong or (roles is not None and len(roles) != len(names)):
        raise ModelError(f"{path}: a role must be query, document or empty, one for each row")
    found: dict[str, dict[str, int]] = {}
    twice: list[str] = []
    for row, name in enumerate(names):
        first = found.setdefault(roles[row] if roles else _ANY, {}).setdefault(name, row)
        if first != row and not np.array_equal(vectors[first], vectors[row]):
            twice.append(f"rows {first + 1} and {row + 1}")
    if twice:
        raise ModelError(
            f"{path}: {len(twice)} rows give another vector to a text or id that has one (first: "
            f"{', '.join(twice[:3])}); keep one, or add the role of each"
        )
    return found


def _files_of(path: Path) -> Iterator[Path]:
    """The files that hold the vectors and what they stand for."""
    yield path
    if path.suffix == ".npy":
        yield _ids_beside(path)


def _ids_beside(path: Path) -> Path:
    return path.with_suffix(".ids.txt")


def _read_npy(path: Path) -> Content:
    import numpy as np

    beside = _ids_beside(path)
    try:
        lines = beside.read_text("utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError):
        raise ModelError(
            f"{path}: needs the ids of its rows in {beside.name} beside it, one a line, in UTF-8"
        ) from None
    pairs = [line.partition("\t")[::2] for line in lines]
    try:
        vectors = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError):
        raise ModelError(f"{path}: not a whole .npy file of numbers; write it again") from None
    return [each for each, _ in pairs], [role for _, role in pairs], vectors, True


def _read_npz(path: Path) -> Content:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            name = "texts" if "texts" in archive else "ids"
            roles = [str(role) for role in archive["roles"]] if "roles" in archive else None
            return [str(each) for each in archive[name]], roles, archive["vectors"], name == "ids"
    except KeyError:
        raise ModelError(f"{path}: needs the arrays 'texts' or 'ids', and 'vectors'") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise ModelError(
            f"{path}: not a whole .npz file of plain arrays (objects are refused); write it again"
        ) from None


def _read_parquet(path: Path) -> Content:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        columns = set(pq.read_schema(path).names)
        name = "text" if "text" in columns else "id"
        wanted = [name, "vector", *(["role"] if "role" in columns else [])]
        table = pq.read_table(path, columns=wanted)
        column = table.column("vector").combine_chunks()
        lengths = set(pc.list_value_length(column).to_pylist())
        flat = np.asarray(column.flatten().to_numpy(zero_copy_only=False), np.float32)
    except (pa.ArrowException, OSError, KeyError, ValueError):
        raise ModelError(
            f"{path}: not a whole parquet file with the columns 'text' or 'id', and 'vector' "
            "(lists of numbers)"
        ) from None
    if len(lengths) > 1 or column.null_count:
        raise ModelError(f"{path}: vectors of different lengths; write one length for all")
    names = table.column(name).cast(pa.large_string()).to_pylist()
    roles = None
    if "role" in columns:
        roles = [role or _ANY for role in table.column("role").to_pylist()]
    if None in names:
        raise ModelError(f"{path}: {names.count(None)} rows have no {name}; fill them or drop them")
    return names, roles, flat.reshape(len(names), -1), name == "id"
