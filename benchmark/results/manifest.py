"""What result files say of how their numbers were made, by split and subset, for comparison."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.kinds.retrieval import TIED
from benchmark.results.task_result import TaskResult, read_content

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DATA = {
    "fingerprint": "fingerprint",
    "examples": "examples",
    "texts": "texts",
    "seed": "seed of draws",
    "dimensions": "dimensions",
}
_MACHINE = ("python", "system", "processors", "device", "commit")
_SETTINGS = (
    *("max_tokens", "max_query_tokens", "pooling", "layer", "attention", "similarity", "dtype"),
    *("dim", "rescore", "normalize", "weights"),
)
# Options whose effect stands in a result in another form: the prompts as they were put.
_RENDERED = frozenset(("prompt", "instruction"))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of one split and subset; a fact that nobody wrote down is not among ``facts``.

    ``options`` are those of the model that differ from its usual ones; None where another harness
    measured, and does not say.
    """

    facts: Mapping[str, Any]
    options: Mapping[str, Any] | None = None
    warnings: Mapping[str, int] = field(default_factory=dict)
    expected: float | None = None
    """The main score's expectation over all orders of equal scores, where it depends on these."""


def manifests_of(result: TaskResult) -> dict[str, Manifest]:
    """The manifest of each ``split/subset`` of a result file, of ours or of mteb's.

    What has a wrong type in the file is left out. Raises ResultError when the file is none.
    """
    content, _ = read_content(result.path)
    ours, keys = _table(content.get("embedmark")), [f"{e.split}/{e.subset}" for e in result.entries]
    shared: dict[str, Any] = {
        "harness": "EmbedMark" if ours else "mteb",
        "model": result.model,
        "revision": result.revision,
        "mteb version": result.mteb_version.partition("+")[0],
    }
    if _COMMIT.fullmatch(result.dataset_revision):  # else a fingerprint, which has its own place
        shared["dataset revision"] = result.dataset_revision
    if not ours:
        if result.slug:
            shared["experiment"] = result.slug
        return {key: Manifest({k: v for k, v in shared.items() if v}) for key in keys}
    shared |= {
        "kind": result.kind,
        "main score": result.main_score_name,
        "task digest": result.task_digest,
        "protocol": result.protocol,
        "version": ours.get("version"),
        "limit": result.limit,
    }
    name = f"{result.main_score_name}{TIED}"
    expected = {
        f"{split}/{row.get('hf_subset')}": row[name]
        for split, rows in content["scores"].items()
        for row in rows
        if isinstance(row.get(name), float)
    }
    return {key: replace(_of_part(ours, key, shared), expected=expected.get(key)) for key in keys}


def differing(a: Manifest, b: Manifest) -> dict[str, tuple[Any, Any]]:
    """The facts that both sides know and that are not equal, and what each says.

    An option of one side alone is held against ``usual``, unless its effect is known of both.
    """
    known = a.facts.keys() & b.facts.keys()
    found = {
        k: (a.facts[k], b.facts[k]) for k in a.facts if k in known and a.facts[k] != b.facts[k]
    }
    if a.options is None or b.options is None:
        return found
    for name in {**a.options, **b.options}:
        values = a.options.get(name, "usual"), b.options.get(name, "usual")
        if name not in known and name not in _RENDERED and values[0] != values[1]:
            found[name] = values
    return found


def _of_part(ours: Mapping[str, Any], key: str, shared: Mapping[str, Any]) -> Manifest:
    model, part = _table(ours.get("model")), _table(_table(ours.get("subsets")).get(key))
    cost = _table(ours.get("cost"))
    environment = _table(_table(ours.get("environments")).get(key) or ours.get("environment"))
    settings = _table(part.get("settings") or model.get("settings"))
    tokens = _table(part.get("tokens"))
    facts = dict(shared)
    facts["adapter"] = model.get("adapter")
    facts |= {name: part[key] for key, name in _DATA.items() if key in part}
    if not str(model.get("adapter")).startswith("mteb/"):  # who knows its prompts itself
        facts["prompts"] = _table(part.get("prompts"))
    facts |= {_setting(name): value for name, value in settings.items()}
    facts |= {
        name: tokens[key]
        for name, key in (("max tokens", "max_tokens"), ("truncated share", "truncated_share"))
        if key in tokens
    }
    facts |= {name: environment[name] for name in _MACHINE if name in environment}
    packages = _table(environment.get("packages"))
    facts |= {f"package {name}": version for name, version in packages.items()}
    plan = _table(_table(cost.get("batches")).get(key))
    if plan:
        facts["batches"] = f"{plan.get('batches')} ({str(plan.get('digest'))[7:19]})"
    options = {_setting(name): value for name, value in _table(model.get("options")).items()}
    warnings = {k: n for k, n in _table(part.get("warnings")).items() if isinstance(n, int)}
    return Manifest(facts, options, warnings)


def _setting(name: str) -> str:
    """The fact of a setting or option: those that only some models have are called options."""
    return name.replace("_", " ") if name in (*_SETTINGS, *_RENDERED) else f"option {name}"


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
