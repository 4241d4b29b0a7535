"""One result file, ours or mteb's of any version, as main scores by split and subset."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmark.errors import ResultError
from benchmark.protocols import Identity
from benchmark.results.before_1_11 import converted
from benchmark.results.facts import ModelFacts
from benchmark.results.mteb_tasks import kind_of
from benchmark.results.store import result_path
from benchmark.stats.intervals import Interval, read_interval
from benchmark.task import DEFAULT_SUBSET

EXTERNAL = "external"
"""The revision under which mteb keeps what model cards report and nobody measured again."""

LARGEST = 64 * 2**20
"""Bytes; all 41,412 subsets of mteb's largest task take some 12 MB."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The main score of one split and subset; None when it failed or is not a number."""

    split: str
    subset: str
    main_score: float | None
    languages: tuple[str, ...] = ()
    standard_error: float | None = None
    examples: int | None = None
    fingerprint: str = ""
    seconds: float | None = None
    degenerate: tuple[str, ...] = ()
    error: str = ""
    interval: Interval | None = None
    samples: str = ""
    """What names the records of the examples."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """The other metrics that were asked for, where the file has them."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One result file: a model's scores on one task.

    ``measured`` says that EmbedMark wrote it; what mteb's own files do not hold is then empty
    (``protocol``, ``task_digest``, the fingerprints), and ``kind`` is known of mteb's text tasks.
    ``date`` is in seconds since 1970.
    ``remarks`` is what is wrong with single entries, one line each; the others are good.
    """

    path: Path
    model: str
    revision: str
    slug: str
    task: str
    entries: tuple[Entry, ...]
    measured: bool = False
    kind: str = ""
    main_score_name: str = ""
    protocol: str = ""
    task_digest: str = ""
    dataset_revision: str = ""
    mteb_version: str = ""
    date: float | None = None
    limit: int | None = None
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    facts: ModelFacts = field(default_factory=ModelFacts, compare=False)

    @property
    def provenance(self) -> str:
        """``measured`` by EmbedMark, ``imported`` from another harness, or ``external``."""
        if self.measured:
            return "measured"
        return EXTERNAL if self.revision == EXTERNAL else "imported"


def locate(path: Path) -> tuple[str, str, str]:
    """Model, revision and experiment slug of a result file, by the folders that it lies in.

    >>> locate(Path("results/org__model/1a2b/experiments/dim_64/Task.json"))
    ('org/model', '1a2b', 'dim_64')
    """
    *above, _ = ("", "", "", "", *path.absolute().parts)
    if above[-2] == "experiments":
        return above[-4].replace("__", "/"), above[-3], above[-1]
    return above[-2].replace("__", "/"), above[-1], ""


def read_result_file(
    path: Path,
    model: str,
    revision: str,
    slug: str = "",
    *,
    metrics: Collection[str] = (),
    facts: ModelFacts | None = None,
) -> TaskResult:
    """Read one result file; ``model``, ``revision`` and ``slug`` stand where it names none.

    Files from before mteb 1.11 are converted as mteb does. A main score that is no finite number
    is None, and a remark says so. Raises ResultError when the file is not a result file, names
    another task than its own file name does, scores one subset twice, or nothing.
    """
    content, name = read_content(path)
    ours = _table(content.get("embedmark"))
    identity, limit = _table(ours.get("model")), ours.get("limit")
    remarks: list[str] = []
    entries = tuple(_entries(path, content["scores"], ours, metrics, remarks))
    if not entries:
        raise ResultError(f"{path}: holds no score; delete it and measure again")
    return TaskResult(
        path=path,
        model=_text(identity.get("name")) or model,
        revision=_text(identity.get("revision")) or revision,
        slug=_text(identity.get("slug")) or slug,
        task=name,
        entries=entries,
        measured=bool(ours),
        kind=_text(ours.get("kind")) or kind_of(name),
        main_score_name=_text(ours.get("main_score_name")),
        protocol=_text(ours.get("protocol")),
        task_digest=_text(ours.get("task_digest")),
        dataset_revision=_text(content.get("dataset_revision")),
        mteb_version=_text(content.get("mteb_version")),
        date=_number(content.get("date")),
        limit=limit if isinstance(limit, int) else None,
        notes=_texts(ours.get("notes")),
        remarks=tuple(remarks),
        facts=facts or ModelFacts(),
    )


def read_content(path: Path) -> tuple[dict[str, Any], str]:
    """The JSON of a result file in the layout since mteb 1.11, and the name of its task.

    Raises ResultError as ``read_result_file`` does.
    """
    content = _load(path)
    named = _text(content.get("task_name")) or _text(content.get("mteb_dataset_name")) or path.stem
    stem = path.stem.rpartition(".")[0] if path.parent.name == "history" else path.stem
    if file_stem(named) != stem:
        raise ResultError(
            f"{path}: holds the task {quoted(named)}; rename the file to {file_stem(named)}.json"
        )
    if "mteb_dataset_name" in content and "scores" not in content:
        content = converted(content, str(path))
    if not isinstance(content.get("scores"), dict):
        raise ResultError(
            f"{path}: has no 'scores' by split, as result files do; delete it and measure again"
        )
    return content, _text(content.get("task_name")) or path.stem


def load_json(data: bytes) -> Any:
    """Parse JSON, with Python's NaN and Infinity; ValueError or RecursionError when it is none."""
    import orjson  # six times as fast as json on result files

    try:
        return orjson.loads(data)
    except ValueError:
        return json.loads(data)


@lru_cache(maxsize=4096)
def file_stem(task: str) -> str:
    """The name of a task's file without its ending."""
    return result_path(Path(), Identity("", "", ""), task).stem


def quoted(name: str) -> str:
    """A name from a file, in quotes, on one line and not without end."""
    return repr(name if len(name) <= 80 else f"{name[:77]}...")


def _load(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror}); check it") from None
    if len(data) > LARGEST:
        raise ResultError(
            f"{path}: larger than {LARGEST // 2**20} MB, which no result file is; delete it"
        )
    try:
        content = load_json(data)
    except (ValueError, RecursionError):
        raise ResultError(f"{path}: not valid JSON; delete it and measure again") from None
    if not isinstance(content, dict):
        raise ResultError(
            f"{path}: has no 'scores' by split, as result files do; delete it and measure again"
        )
    return content


def _entries(
    path: Path,
    scores: Mapping[str, Any],
    ours: Mapping[str, Any],
    metrics: Collection[str],
    remarks: list[str],
) -> Iterator[Entry]:
    details = _table(ours.get("subsets"))
    seconds = _table(_table(ours.get("cost")).get("seconds"))
    seen = set()
    for split, rows in scores.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ResultError(
                f"{path}: 'scores' of split {quoted(split)} is no list of tables; delete the file"
                " and measure again"
            )
        for row in rows:
            subset = _text(row.get("hf_subset")) or DEFAULT_SUBSET
            if (split, subset) in seen:
                raise ResultError(
                    f"{path}: two entries for split {quoted(split)} and subset {quoted(subset)};"
                    " delete one"
                )
            seen.add((split, subset))
            key = f"{split}/{subset}"
            main_score = _number(row.get("main_score"))
            error = "" if main_score is not None or ours else _no_score(row.get("main_score"))
            if error:
                remarks.append(f"{error} for split {quoted(split)} and subset {quoted(subset)}")
            yield Entry(
                split=_text(split),
                subset=subset,
                main_score=main_score,
                languages=_texts(row.get("languages")),
                metrics={
                    name: value for name in metrics if (value := _number(row.get(name))) is not None
                },
                **(
                    _details(_table(details.get(key)), _table(seconds.get(key)))
                    if ours
                    else {"error": error}
                ),
            )


def _details(detail: Mapping[str, Any], seconds: Mapping[str, Any]) -> dict[str, Any]:
    """What only our own files say about a split and subset."""
    stages = [part for value in seconds.values() if (part := _number(value)) is not None]
    examples = detail.get("examples")
    return {
        "standard_error": _number(_table(detail.get("interval")).get("standard_error")),
        "interval": read_interval(detail.get("interval")),
        "samples": _text(detail.get("samples")),
        "examples": examples if isinstance(examples, int) else None,
        "fingerprint": _text(detail.get("fingerprint")),
        "seconds": math.fsum(stages) if stages else None,
        "degenerate": _texts(detail.get("degenerate")),
        "error": _text(detail.get("error")),
    }


def _no_score(value: Any) -> str:
    if value is None:
        return "no main score"
    if isinstance(value, float):
        return "the main score is not finite"
    return f"the main score is no number but {type(value).__name__}"


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, value)) if isinstance(value, list) else ()


def _number(value: Any) -> float | None:
    """A finite number, or None: NaN, null, true and text are no scores."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number beyond what a float holds
        return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    # Half a surrogate pair, which JSON can hold, can be written nowhere.
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
