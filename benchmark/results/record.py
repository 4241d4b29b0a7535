"""One task's result: a frozen record, and its JSON in mteb's layout with ours beside it.

mteb's loader reads its own keys and drops ``embedmark``; ours holds what makes the number
comparable, its manifest (docs/differences.md). Everything that differs between two equal runs lies
under ``cost`` and ``environment`` and mteb's ``evaluation_time`` and ``date``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark._version import PROTOCOL, REFERENCE, __version__
from benchmark.data.fingerprint import combined
from benchmark.errors import ResultError
from benchmark.models.tokens import TokenCount
from benchmark.protocols import Identity
from benchmark.results.samples import Columns
from benchmark.stats.combining import combined_interval
from benchmark.stats.intervals import Interval, read_interval
from benchmark.task import Task


@dataclass(frozen=True, slots=True)
class Part:
    """The measured scores of one split and subset."""

    split: str
    subset: str
    languages: tuple[str, ...]
    metrics: Mapping[str, Any]
    main_score: float | None
    examples: int
    fingerprint: str
    seed: int = 42
    degenerate: tuple[str, ...] = ()
    warnings: Mapping[str, int] = field(default_factory=dict)
    texts: int = 0
    characters: int = 0
    prompts: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How the model made its vectors in fact, of whatever option, file or library."""
    tokens: TokenCount | None = None
    """What the model's tokenizer counted, where it has one."""
    dimensions: int = 0
    """The dimensions of the vectors that were compared; 0 for sparse ones, or none."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    usage: Mapping[str, float] = field(default_factory=dict)
    """What an endpoint was asked for and paid; what the cache held is not in it."""
    batches: Mapping[str, Any] = field(default_factory=dict)
    """What names the batches that its texts were planned in, where they were encoded in batches."""
    environment: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """That of a part that was measured before its result's others; empty for the result's own."""
    error: str | None = None
    interval: Interval | None = None
    """Of the main score; none where the metric has none, and in results of before there were."""
    samples: Columns = field(default_factory=dict, compare=False)
    """The records of the examples, while they are not in their file yet."""
    samples_digest: str = ""
    """What names the records that are, or will be, in the file."""

    @property
    def key(self) -> str:
        """``split/subset``, what names the part within its result."""
        return f"{self.split}/{self.subset}"


@dataclass(frozen=True, slots=True)
class Result:
    """One model's result on one task, as its file holds it."""

    task: str
    kind: str
    main_score_name: str
    task_digest: str
    identity: Identity
    parts: Mapping[str, Part]
    hard: bool = False
    pinned: str = ""
    """What names the data: the hub's commit, or the fingerprint declared, where they have it."""
    limit: int | None = None
    notes: tuple[str, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    peak_memory_mb: float = 0.0
    date: float | None = None
    protocol: str = PROTOCOL
    version: str = __version__

    def measures(self, task: Task, identity: Identity) -> bool:
        """Whether it is of this task, model and protocol; the data's fingerprint is the part's."""
        return (
            self.task_digest == task.digest
            and self.protocol == PROTOCOL
            and self.identity == identity
        )


def to_json(result: Result) -> dict[str, Any]:
    """The JSON object of a result."""
    scores: dict[str, list[dict[str, Any]]] = {}
    for part in result.parts.values():
        entry = {name: plain(value) for name, value in part.metrics.items()}
        entry |= {
            "main_score": plain(part.main_score),
            "hf_subset": part.subset,
            "languages": list(part.languages),
        }
        scores.setdefault(part.split, []).append(entry)
    seconds = {key: dict(part.seconds) for key, part in result.parts.items()}
    usage = {key: dict(part.usage) for key, part in result.parts.items() if part.usage}
    batches = {key: dict(part.batches) for key, part in result.parts.items() if part.batches}
    settings = next((dict(part.settings) for part in result.parts.values()), {})
    elsewhere = {
        key: dict(part.environment)
        for key, part in result.parts.items()
        if part.environment and part.environment != result.environment
    }
    fingerprints = {key: part.fingerprint for key, part in result.parts.items()}
    return {
        # The declared fingerprint covers all parts, so results of some and of others merge in mteb.
        "dataset_revision": result.pinned or combined(fingerprints),
        "task_name": result.task,
        "mteb_version": f"{REFERENCE}+embedmark.{result.version}",
        "scores": scores,
        "evaluation_time": sum(sum(stages.values()) for stages in seconds.values()),
        "kg_co2_emissions": None,
        "date": result.date,
        "embedmark": {
            "version": result.version,
            "protocol": result.protocol,
            "kind": result.kind,
            "main_score_name": result.main_score_name,
            "hard": result.hard,
            "pinned": result.pinned,
            "limit": result.limit,
            "task_digest": result.task_digest,
            "model": {
                "name": result.identity.name,
                "revision": result.identity.revision,
                "adapter": result.identity.adapter,
                "options": dict(result.identity.options),
                "slug": result.identity.slug,
                "settings": settings,
            },
            "notes": list(result.notes),
            **_interval_json("interval", _interval(result)),
            "subsets": {
                key: _part_json(part)
                | ({"settings": dict(part.settings)} if part.settings != settings else {})
                for key, part in result.parts.items()
            },
            "environment": dict(result.environment),
            **({"environments": elsewhere} if elsewhere else {}),
            "cost": {
                "seconds": seconds,
                "peak_memory_mb": result.peak_memory_mb,
                **({"usage": usage} if usage else {}),
                **({"batches": batches} if batches else {}),
            },
        },
    }


def from_json(content: Any, where: str) -> Result:
    """Read a result of ours; ResultError when it is none, or damaged."""
    try:
        ours = content["embedmark"]
        cost = ours["cost"]
        parts: dict[str, Part] = {}
        for split, entries in content["scores"].items():
            for entry in entries:
                part = _read_part(split, entry, ours)
                parts[part.key] = part
        model = ours["model"]
        return Result(
            task=content["task_name"],
            kind=ours["kind"],
            main_score_name=ours["main_score_name"],
            task_digest=ours["task_digest"],
            identity=Identity(
                model["name"], model["revision"], model["adapter"], model["options"], model["slug"]
            ),
            parts=parts,
            hard=ours["hard"],
            pinned=ours["pinned"],
            limit=ours["limit"],
            notes=tuple(ours["notes"]),
            environment=ours["environment"],
            peak_memory_mb=cost["peak_memory_mb"],
            date=content["date"],
            protocol=ours["protocol"],
            version=ours["version"],
        )
    except (KeyError, TypeError, AttributeError):
        raise ResultError(
            f"{where}: not a result of EmbedMark, or damaged; run with --fresh to measure again"
        ) from None


def merged(old: Result, new: Result) -> Result:
    """The new result, with the parts that only the old one has."""
    parts = {**old.parts, **new.parts}
    return replace(new, parts=dict(sorted(parts.items())))


def _part_json(part: Part) -> dict[str, Any]:
    return {
        "fingerprint": part.fingerprint,
        "examples": part.examples,
        "seed": part.seed,
        "texts": part.texts,
        "characters": part.characters,
        "prompts": dict(part.prompts),
        **({"tokens": part.tokens.to_json()} if part.tokens else {}),
        **({"dimensions": part.dimensions} if part.dimensions else {}),
        "degenerate": list(part.degenerate),
        "warnings": dict(part.warnings),
        "error": part.error,
        **_interval_json("interval", part.interval),
        **({"samples": part.samples_digest} if part.samples_digest else {}),
    }


def _interval_json(name: str, interval: Interval | None) -> dict[str, Any]:
    return {name: interval.to_json()} if interval else {}


def _interval(result: Result) -> Interval | None:
    """That of the mean over all parts, each weighing the same."""
    scores = [part.main_score for part in result.parts.values()]
    intervals = [part.interval for part in result.parts.values()]
    known = [score for score in scores if score is not None]
    alike = [part.examples for part in result.parts.values()]
    if known != scores:
        return None
    return combined_interval(known, intervals, [1.0] * len(scores), alike)


def _read_part(split: str, entry: dict[str, Any], ours: Mapping[str, Any]) -> Part:
    metrics = dict(entry)
    subset, main_score = metrics.pop("hf_subset"), metrics.pop("main_score")
    languages = tuple(metrics.pop("languages"))
    key = f"{split}/{subset}"
    known, cost = ours["subsets"][key], ours["cost"]
    return Part(
        split=split,
        subset=subset,
        languages=languages,
        metrics=metrics,
        main_score=main_score,
        examples=known["examples"],
        fingerprint=known["fingerprint"],
        seed=known["seed"],
        degenerate=tuple(known["degenerate"]),
        warnings=known["warnings"],
        texts=known["texts"],
        characters=known["characters"],
        prompts=known["prompts"],
        tokens=TokenCount.from_json(known["tokens"]) if "tokens" in known else None,
        dimensions=known.get("dimensions", 0),
        seconds=cost["seconds"][key],
        usage=cost.get("usage", {}).get(key, {}),
        batches=cost.get("batches", {}).get(key, {}),
        settings=known.get("settings", ours["model"].get("settings", {})),
        environment=ours.get("environments", {}).get(key, ours["environment"]),
        error=known["error"],
        interval=read_interval(known.get("interval")),
        samples_digest=known.get("samples", ""),
    )


def plain(value: Any) -> Any:
    """Numbers as JSON holds them: NaN and infinity are null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
