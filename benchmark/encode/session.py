"""One model in one run: how it is asked, and where its vectors are kept until they are scored."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cache import VectorStore, open_store
from benchmark.encode.asker import Asker
from benchmark.encode.workers import WorkersModel
from benchmark.protocols import UNVERSIONED, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass
class Session:
    """An asker and a folder of vectors: the cache, or one that lasts as long as the run.

    Without a folder nothing is kept: each plan is encoded for itself, into memory.

    State: the stores that are written to, and the texts that the run has planned in each, by the
    first half of their keys, so that a text is planned once.
    """

    asker: Asker
    root: Path | None
    _stores: dict[tuple[Role, str | None], VectorStore] = field(default_factory=dict)
    _planned: dict[tuple[Role, str | None], NDArray[np.uint64]] = field(default_factory=dict)
    _read: dict[tuple[Role, str | None], VectorStore] = field(default_factory=dict)

    def store(self, role: Role, prompt: str | None) -> VectorStore:
        """The store to write to; open until the session ends, so that nothing prunes it."""
        if (role, prompt) not in self._stores:
            self._stores[role, prompt] = self._open(role, prompt)
        return self._stores[role, prompt]

    def find(
        self, role: Role, prompt: str | None, keys: NDArray[np.bytes_]
    ) -> tuple[VectorStore, NDArray[np.int64]]:
        """A store to read from, and where the keys lie there, -1 for none.

        What a store holds is read again only when something is missing. For one thread, that which
        scores.
        """
        store = self._read.get((role, prompt))
        if store is not None:
            places = store.find(keys)
            if (places >= 0).all():
                return store, places
        store = self._open(role, prompt)
        self._read[role, prompt] = store
        return store, store.find(keys)

    def _open(self, role: Role, prompt: str | None) -> VectorStore:
        if self.root is None:
            raise RuntimeError("a session without a folder keeps nothing")
        return open_store(self.root, self.asker.model.identity, role, prompt)

    def plan(self, role: Role, prompt: str | None, keys: NDArray[np.bytes_]) -> Any:
        """Which texts were not planned before, ``(n,)`` bool; from now on they are."""
        import numpy as np

        halves = np.ascontiguousarray(keys).view(np.uint64).reshape(-1, 2)[:, 0]
        known = self._planned.get((role, prompt), np.empty(0, np.uint64))
        new = ~np.isin(halves, known)
        self._planned[role, prompt] = np.concatenate([known, halves[new]])
        return new

    def close(self) -> None:
        """Close what is written to, and end workers."""
        for store in self._stores.values():
            store.close()
        if isinstance(self.asker.model, WorkersModel):
            self.asker.model.close()


@contextmanager
def open_session(
    model: Any, cache: Path | None, note: Callable[[str], None], *, once: bool = False
) -> Iterator[Session]:
    """A session with the model.

    Vectors of a model whose content nothing identifies never enter the cache: like all where there
    is none, they lie in a folder for temporary files and go when the session ends. Where all that
    is asked is asked ``once``, by a single plan, these need no folder either.
    """
    if isinstance(model, WorkersModel):
        model.note = note
    cached = cache is not None and model.identity.revision != UNVERSIONED
    with ExitStack() as stack:
        root = cache if cached else None
        if root is None and not once:
            folder = tempfile.TemporaryDirectory(prefix="embedmark-", ignore_cleanup_errors=True)
            root = Path(stack.enter_context(folder))
        session = Session(Asker(model, note), root)
        stack.callback(session.close)
        yield session
