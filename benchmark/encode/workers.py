"""Several processes of one model, one a device, each asked for a batch at a time."""

from __future__ import annotations

import importlib
import importlib.util
import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.encode.frames import read_frame, vectors_of_frame, write_frame
from benchmark.errors import ModelError
from benchmark.guard import ModelMemoryError
from benchmark.models.derived import DerivedModel
from benchmark.models.loading import tokens_at_once
from benchmark.models.table import Settings, load_model
from benchmark.protocols import Encoder, Fitted, Identity, Lookup, Role, StreamEncoder

if TYPE_CHECKING:
    from benchmark.protocols import Vectors

_PASSED_ON = frozenset(
    (
        *("batch_texts", "count_tokens", "manifest", "max_tokens", "notes", "prompt_for"),
        *("result_notes", "width"),
    )
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
_TRIES = 2  # workers that may end on one batch
_PATIENCE = 5.0  # seconds for a worker to end by itself


class _EndedError(Exception):
    """A worker has ended; its message says how."""


@dataclass
class _Worker:
    """A process that has loaded the model; it ends when its pipe does."""

    process: subprocess.Popen[bytes]
    name: str

    def ask(self, header: dict[str, Any]) -> Vectors:
        """The vectors of a batch; ``_EndedError`` when the process is gone."""
        try:
            write_frame(self.process.stdin, header)
            found, payload = read_frame(self.process.stdout)
        except (OSError, EOFError, ValueError):
            code = self.process.wait(_PATIENCE)
            raise _EndedError(f"{self.name} has ended (exit code {code})") from None
        if "memory" in found:
            raise ModelMemoryError(found["memory"])
        if "error" in found:
            raise ModelError(found["error"])
        return vectors_of_frame(found, payload)


@dataclass
class WorkersModel:
    """A model whose batches are encoded by processes, as many at once as there are.

    ``model`` is loaded here too, without a device of its own: it counts tokens and knows prompts.
    State: the processes, which start with the first batch, and those of them that are free.
    """

    model: Any
    uri: str
    settings: Settings
    devices: tuple[str, ...]
    note: Callable[[str], None] = lambda message: None
    _free: queue.Queue[_Worker | None] = field(default_factory=queue.Queue)
    _alive: int = 0
    _last: str = ""
    _lock: Any = field(default_factory=threading.Lock)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        weakref.finalize(self, _end, self._processes)

    @property
    def identity(self) -> Identity:
        """The model's own: how it is computed is no part of what it is."""
        found: Identity = self.model.identity
        return found

    @property
    def similarity(self) -> str:
        """How the model compares its vectors."""
        return str(self.model.similarity)

    @property
    def device(self) -> str | None:
        """Those of the processes; None where each chooses, as the model here has."""
        return None if "auto" in self.devices else ",".join(self.devices)

    @property
    def parallel(self) -> int:
        """A batch for each process."""
        return len(self.devices)

    @property
    def batch_tokens(self) -> int | None:
        """What a batch may hold on the workers' device, where the model counts tokens."""
        if getattr(self.model, "batch_tokens", None) is None:
            return None
        device = "cpu" if self.devices[0] == "auto" else self.devices[0]
        return tokens_at_once(self.settings, device)

    def __getattr__(self, name: str) -> Any:
        if name in _PASSED_ON:
            return getattr(self.model, name)
        raise AttributeError(name)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Vectors:
        """The vectors of a batch, by whichever process is free; another takes over when it ends."""
        with self._lock:
            if not self._processes:
                self._start()
        header = {"texts": list(texts), "role": role, "prompt": prompt}
        for _ in range(_TRIES):
            worker = self._free.get()
            if worker is None:
                self._free.put(None)
                break
            try:
                found = worker.ask(header)
            except _EndedError as ended:
                self._lose(worker, str(ended))
                continue
            except ModelError:
                self._free.put(worker)
                raise
            self._free.put(worker)
            return found
        raise ModelError(
            f"{self.identity.name}: {self._last}; run with fewer workers, or with a smaller "
            "--batch-size"
        )

    def close(self) -> None:
        """End the processes; others start if a batch comes after all."""
        with self._lock:
            _end(self._processes)
            self._free = queue.Queue()

    def _lose(self, worker: _Worker, message: str) -> None:
        with self._lock:
            self._alive -= 1
            self._last = message
            if not self._alive:
                self._free.put(None)  # wakes all that wait
            left = self._alive
        self.note(f"{self.identity.name}: {message}; {left} of {self.parallel} workers go on")

    def _start(self) -> None:
        total = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
        threads = str(max(1, total // self.parallel))
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        environment = {
            **os.environ,
            **dict.fromkeys(_THREADS, threads),
            "PYTHONPATH": path,
            "TQDM_DISABLE": "1",
        }
        for device in self.devices:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmark.encode.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
            self._processes.append(process)
            told = {
                "uri": self.uri,
                "batch_size": self.settings.batch_size,
                "device": device,
                "trust": self.settings.trust,
                "identity": asdict(self.identity),
            }
            write_frame(process.stdin, told)
            number = len(self._processes)
            self._free.put(_Worker(process, f"worker {number} ({device})"))
        self._alive = self.parallel


def wants_workers(settings: Settings) -> bool:
    """Whether more than one process is to encode."""
    return len(_devices(settings)) > 1


def load_with_workers(uri: str, settings: Settings) -> Any:
    """The model, with workers where more than one is asked for and it encodes texts by itself.

    Where workers have the devices, it is loaded here on none of them.
    """
    devices = _devices(settings)
    if len(devices) == 1:
        return load_model(uri, settings)
    model: Any = load_model(uri, replace(settings, device="cpu"))
    base = model.base if isinstance(model, DerivedModel) else model
    if not isinstance(base, Encoder) or isinstance(base, StreamEncoder | Fitted | Lookup):
        return load_model(uri, replace(settings, device=devices[0]))
    pool = WorkersModel(base, uri, settings, devices)
    return pool if base is model else replace(model, base=pool)


def _devices(settings: Settings) -> tuple[str, ...]:
    """A device for each worker: those named, or all GPUs, in turn."""
    named = [name for name in settings.device.split(",") if name]
    if named == ["auto"] and settings.workers > 1:
        torch = importlib.import_module("torch") if _has_torch() else None
        gpus = torch.cuda.device_count() if torch else 0
        named = [f"cuda:{number}" for number in range(gpus)] or ["auto"]
    count = max(settings.workers, len(named))
    return tuple(named[number % len(named)] for number in range(count))


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.stdin:
            try:
                process.stdin.close()
            except OSError:
                continue
    for process in processes:
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
    processes.clear()
