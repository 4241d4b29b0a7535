"""The texts of plans by role and prompt, which with the text decide a vector; each text once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.models.prompts import prompt_of
from benchmark.protocols import Model, Plan, Request, Role
from benchmark.task import Task

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that share role and prompt: their texts, each once, and each request's rows there.

    ``parts`` says of each request to which of the plans it belongs, by number.
    """

    role: Role
    prompt: str | None
    names: list[str]
    unique: pa.Array
    positions: list[NDArray[np.int64]]
    parts: list[int]

    @property
    def characters(self) -> int:
        """The characters of the texts, each once."""
        return _characters(self.unique)

    def named(self, row: int) -> str:
        """Where a unique text first stands in a plan."""
        import numpy as np

        return next(
            f"row {np.flatnonzero(rows == row)[0] + 1} of '{name}'"
            for name, rows in zip(self.names, self.positions, strict=True)
            if (rows == row).any()
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The plan of one split and subset, and the task that it is of."""

    plan: Plan
    task: Task
    task_type: str


def groups_of(model: Model, plan: Plan, task: Task, task_type: str) -> list[Group]:
    """The requests of a plan by what a model puts before their texts, each text once a group."""
    return joint_groups(model, [Wanted(plan, task, task_type)])


def joint_groups(model: Model, wanted: Sequence[Wanted]) -> list[Group]:
    """The same over several plans, whose requests stand together where they share a prompt.

    Requests that ask to stay ``apart`` stand only with those of the same name.
    """
    members: dict[tuple[Role, str | None, str], list[tuple[int, str]]] = {}
    for number, each in enumerate(wanted):
        for name, request in each.plan.items():
            prompt = prompt_of(model, each.task, each.task_type, request.role)
            apart = name if request.apart else ""
            members.setdefault((request.role, prompt, apart), []).append((number, name))
    return [
        Group(
            role,
            prompt,
            [name for _, name in found],
            *unique_texts([wanted[number].plan[name].texts for number, name in found]),
            [number for number, _ in found],
        )
        for (role, prompt, _), found in members.items()
    ]


def unique_texts(requests: Sequence[pa.Array]) -> tuple[pa.Array, list[NDArray[np.int64]]]:
    """The distinct texts in order of first occurrence, and each request's rows among them."""
    import numpy as np
    import pyarrow as pa

    chunks = [chunk for request in requests for chunk in _chunks(request)]
    encoded = pa.chunked_array(chunks, pa.large_string()).dictionary_encode().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no rows at all
        return pa.array([], pa.large_string()), [np.empty(0, np.int64) for _ in requests]
    rows = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum([len(request) for request in requests])[:-1]
    return encoded.dictionary, np.split(rows, ends)


def _chunks(texts: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    import pyarrow as pa

    wide = texts.cast(pa.large_string())
    return list(wide.chunks) if isinstance(wide, pa.ChunkedArray) else [wide]


def as_range(rows: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Rows that follow each other as a slice, which copies no vector; others as they are."""
    import numpy as np

    if not len(rows) or not (np.diff(rows) == 1).all():
        return rows
    return slice(int(rows[0]), int(rows[-1]) + 1)


def characters(plan: Mapping[str, Request]) -> int:
    """The characters of all texts of a plan, as often as they stand in it."""
    return sum(_characters(request.texts) for request in plan.values())


def _characters(texts: pa.Array) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(pc.utf8_length(texts)).as_py() or 0)
