"""What needs mteb itself, run in a process of its own: the registry's facts, or a task's tables.

``python child.py index FILE`` writes the facts as JSON. ``python child.py load FOLDER`` loads the
task that ``asked.json`` in the folder names, and leaves its tables there as Arrow files.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_ASSIGNED = re.compile(r"self\.(\w+)\s*=\s*([^=\n].*)")
_CANDIDATES = re.compile(r"""top_ranked(?!["']?\s*[:=]\s*None)""")
_STATE = {"dataset", "data_loaded", "hf_subsets", "metadata", "seed", "superseded_by", "tasks"}
_ROWS = 20_000  # of a table at once


def registry() -> dict[str, Any]:
    """The facts of every task, and what each benchmark counts of which tasks."""
    import mteb

    every = {"exclude_superseded": False, "exclude_private": False, "exclude_beta": False}
    tasks = {task.metadata.name: task for task in mteb.get_tasks(**every)}
    listed = {task.metadata.name for task in mteb.get_tasks()}
    benchmarks = {}
    for benchmark in mteb.get_benchmarks():
        chosen = [_chosen(task) for task in benchmark.tasks]
        for name in (benchmark.name, *(getattr(benchmark, "aliases", None) or ())):
            benchmarks[name] = chosen
    return {
        "tasks": {name: _facts(task, name in listed) for name, task in sorted(tasks.items())},
        "benchmarks": benchmarks,
    }


def _facts(task: Any, listed: bool) -> dict[str, Any]:
    metadata = task.metadata
    if list(metadata.modalities) != ["text"]:
        return {"modalities": list(metadata.modalities)}
    base = _base(type(task))
    prompt = metadata.prompt
    return {
        "modalities": ["text"],
        "type": metadata.type,
        "base": base.__name__,
        "dataset": dict(metadata.dataset),
        "splits": list(metadata.eval_splits),
        "languages": metadata.eval_langs,
        "main_score": metadata.main_score,
        "domains": list(metadata.domains or ()),
        "license": metadata.license,
        "reference": metadata.reference,
        "prompt": prompt if isinstance(prompt, str | None) else dict(prompt),
        "listed": listed,
        "code": sorted(_overridden(type(task), base)),
        "attributes": _attributes(type(task), base),
        "conversations": "Conversational retrieval" in (metadata.task_subtypes or ()),
        "candidates": _has_candidates(type(task), base),
        "parts": [part.metadata.name for part in metadata.tasks] if task.is_aggregate else [],
    }


def _chosen(task: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": task.metadata.name}
    if task.is_aggregate:
        return found
    for key, chosen, every in (
        ("subsets", task.hf_subsets, task.metadata.hf_subsets),
        ("splits", task.eval_splits, task.metadata.eval_splits),
    ):
        if set(chosen) != set(every):
            found[key] = list(chosen)
    return found


def _base(of: type) -> type:
    """The class of mteb's framework that a task is made of."""
    return next(one for one in of.__mro__ if one.__module__.startswith("mteb.abstasks"))


def _own(of: type, base: type) -> Iterable[tuple[str, Any]]:
    """Functions that a task adds to its base."""
    for one in of.__mro__[: of.__mro__.index(base)]:
        for name, value in vars(one).items():
            function = getattr(value, "__func__", value)
            if inspect.isfunction(function):
                yield name, function


def _overridden(of: type, base: type) -> set[str]:
    return {name for name, _ in _own(of, base) if hasattr(base, name)}


def _has_candidates(of: type, base: type) -> bool | None:
    """Whether a task's own loading gives candidates to each query; None where it loads nothing."""
    if not {"load_data", "dataset_transform"} & _overridden(of, base):
        return None
    return bool(_CANDIDATES.search(inspect.getsource(sys.modules[of.__module__])))


def _attributes(of: type, base: type) -> dict[str, Any]:
    """Attributes that are not the base's, also those that the task's code sets when it loads."""
    found = {}
    for name in dir(base):
        usual, value = getattr(base, name), getattr(of, name)
        if name.startswith("_") or name in _STATE or inspect.isroutine(usual):
            continue
        if isinstance(usual, property) or repr(value) == repr(usual):
            continue
        found[name] = value
    for _, function in _own(of, base):
        source = inspect.getsource(function)
        if hasattr(base, "parallel_subsets") and '"gold":' in source:
            found["gold"] = True  # second sentences of their own, and which of them translates
        for name, value in _ASSIGNED.findall(source):
            if hasattr(base, name) and name not in _STATE:
                try:
                    found[name] = ast.literal_eval(value)
                except (ValueError, SyntaxError):
                    found[name] = "computed"
    return found


def load(folder: Path) -> dict[str, Any]:
    """Load the task asked for; returns the names of its files by split, subset and table."""
    import mteb

    asked = json.loads((folder / "asked.json").read_text("utf-8"))
    task = mteb.get_task(asked["name"], hf_subsets=asked["subsets"])
    revision = task.metadata.dataset["revision"]
    if asked["revision"] not in ("", revision):
        return {"revision": revision}
    task.load_data()
    if hasattr(task, "convert_v1_dataset_format_to_v2"):
        task.convert_v1_dataset_format_to_v2(num_proc=None)
    writer = _Writer(folder)
    found: dict[str, Any] = {}
    for split in task.metadata.eval_splits:
        for subset in task.hf_subsets:
            found.setdefault(split, {})[subset] = _tables(task, split, subset, asked, writer)
    return {"files": found}


class _Writer:
    """Writes tables into a folder, each object once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: dict[int, tuple[str, Any]] = {}

    def __call__(self, content: Any) -> str:
        """The name of the file of a data set, or of an Arrow table."""
        if id(content) not in self.written:
            name = f"{len(self.written)}.arrow"
            _write(self.folder / name, content)
            self.written[id(content)] = name, content  # kept, so that its id stays its own
        return self.written[id(content)][0]


def _write(path: Path, content: Any) -> None:
    import pyarrow as pa
    from datasets import Dataset

    if isinstance(content, Dataset) and len(content):
        batches: Iterable[pa.Table] = content.with_format("arrow").iter(_ROWS)
    elif isinstance(content, Dataset):
        batches = [content.features.arrow_schema.empty_table()]
    elif isinstance(content, pa.Table):
        batches = [content]
    else:
        batches = [pa.Table.from_pylist(list(content))]
    writer = None
    with pa.OSFile(str(path), "wb") as sink:
        for batch in batches:
            writer = writer or pa.ipc.new_file(sink, batch.schema)
            writer.write_table(batch)
        if writer:
            writer.close()


def _tables(
    task: Any, split: str, subset: str, asked: Mapping[str, Any], write: _Writer
) -> dict[str, str]:
    whole = task.dataset
    shared = getattr(task, "parallel_subsets", False) or (
        subset == "default" and subset not in whole
    )
    of_subset = whole if shared else whole[subset]
    if asked["ranked"]:
        tables = _ranked(of_subset[split], "top_ranked" in asked["tables"])
        if "changed" in asked["tables"]:
            tables["changed"] = _changed(task, split, subset)
    elif "sentence2" in asked["tables"]:
        tables = _gold(of_subset[split])
    else:
        tables = {"rows": of_subset[split]}
        if "train" in asked["tables"]:
            tables["train"] = of_subset[asked["train_split"]]
    return {name: write(table) for name, table in tables.items()}


def _ranked(data: Mapping[str, Any], has_candidates: bool) -> dict[str, Any]:
    """Corpus, queries with a judgement, judgements and candidates: all where none are named."""
    import pyarrow as pa

    judged = {query: found for query, found in data["relevant_docs"].items() if found}
    rows = [number for number, query in enumerate(data["queries"]["id"]) if query in judged]
    pairs = [(query, *pair) for query, found in judged.items() for pair in found.items()]
    tables = {
        "corpus": data["corpus"],
        "queries": _with_texts(data["queries"].select(rows)),
        "qrels": pa.table(
            {
                "query-id": [str(query) for query, _, _ in pairs],
                "corpus-id": [str(document) for _, document, _ in pairs],
                "score": [int(score) for _, _, score in pairs],
            }
        ),
    }
    if data.get("top_ranked") is not None:
        tables["top_ranked"] = _pairs(data["top_ranked"])
    elif has_candidates:
        tables["top_ranked"] = _pairs(dict.fromkeys(judged, data["corpus"]["id"]))
    return tables


def _with_texts(queries: Any) -> Any:
    """The queries; a conversation becomes the text that mteb makes of it for a model."""
    if not len(queries) or isinstance(queries[0]["text"], str):
        return queries
    import pyarrow as pa
    from mteb._create_dataloaders import _retrieval_texts
    from mteb.types import PromptType

    texts = _retrieval_texts(queries, PromptType.query)
    return pa.table({"id": list(map(str, queries["id"])), "text": list(texts)})


def _gold(data: Mapping[str, Any]) -> dict[str, Any]:
    """Sentences with the number of their translation, and the numbered second sentences."""
    import pyarrow as pa

    translations = [str(second) for _, second in data["gold"]]
    numbers = [str(number) for number in range(len(data["sentence2"]))]
    return {
        "rows": pa.table({"sentence1": list(data["sentence1"]), "gold": translations}),
        "sentence2": pa.table({"id": numbers, "text": list(data["sentence2"])}),
    }


def _pairs(found: Mapping[str, Iterable[Any]]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = pa.array([list(map(str, one)) for one in found.values()], pa.list_(pa.string()))
    queries = pa.array(list(map(str, found)), pa.string())
    owners = queries.take(pc.list_parent_indices(ids))
    return pa.table({"query-id": owners, "corpus-id": pc.list_flatten(ids)})


def _changed(task: Any, split: str, subset: str) -> Any:
    """The documents whose judgement an instruction changes, as the task hands them to its score."""
    module: Any = sys.modules[type(task).__module__]
    found: dict[str, Any] = {}

    def keep(_qrels: Any, _results: Any, changed: Mapping[str, Any], _k_values: Any) -> Any:
        found.update(changed)
        return {}

    module.evaluate_p_mrr_change = keep
    task.task_specific_scores({}, {}, {}, split, subset)
    return _pairs(found)


def main(verb: str, target: Path) -> int:
    """Do what the command line asks; what fails is written down by the names of its classes."""
    warnings.simplefilter("ignore")
    if verb == "index":
        target.write_text(json.dumps(registry(), default=repr, ensure_ascii=False), "utf-8")
        return 0
    try:
        told = load(target)
    except Exception as error:  # noqa: BLE001 -- a task's code raises anything
        chain: list[BaseException] = [error]
        while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
            chain.append(cause)
        told = {"failed": [base.__name__ for one in chain for base in type(one).__mro__[:-3]]}
    (target / "told.json").write_text(json.dumps(told), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
