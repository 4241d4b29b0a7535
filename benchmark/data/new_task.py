"""Write the task file of a folder, with comments that help; or the task itself for ``--data``."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from textwrap import wrap

from benchmark.data.detect import Shape, detect
from benchmark.data.documents import MADE_OF_DOCUMENTS, MEANINGS, SEED
from benchmark.protocols import Kind
from benchmark.task import Task, build_task

# Language and usual script of two-letter folder and file names (ISO 639-1 to 639-3, ISO 15924).
_LANGUAGES: dict[str, str] = {
    "ar": "ara-Arab", "bn": "ben-Beng", "cs": "ces-Latn", "da": "dan-Latn", "de": "deu-Latn",
    "el": "ell-Grek", "en": "eng-Latn", "es": "spa-Latn", "fa": "fas-Arab", "fi": "fin-Latn",
    "fr": "fra-Latn", "he": "heb-Hebr", "hi": "hin-Deva", "hu": "hun-Latn", "id": "ind-Latn",
    "it": "ita-Latn", "ja": "jpn-Jpan", "ko": "kor-Hang", "mr": "mar-Deva", "nl": "nld-Latn",
    "no": "nor-Latn", "pl": "pol-Latn", "pt": "por-Latn", "ro": "ron-Latn", "ru": "rus-Cyrl",
    "sv": "swe-Latn", "sw": "swh-Latn", "ta": "tam-Taml", "te": "tel-Telu", "th": "tha-Thai",
    "tr": "tur-Latn", "uk": "ukr-Cyrl", "ur": "urd-Arab", "vi": "vie-Latn", "zh": "zho-Hans",
    "cmn": "cmn-Hans",
}  # fmt: skip
UNDETERMINED = "und-Zyyy"  # ISO 639-2 and ISO 15924 for "not determined"


def render_task(shape: Shape, files: str, kind: Kind) -> str:
    """The text of a task file; ``files`` is the data folder's name beside it."""
    lines = [
        f"kind = {_quote(shape.kind)}",
        f"main_score = {_quote(kind.MAIN_SCORE)}  # or one of: {', '.join(list(kind.METRICS)[:8])}",
    ]
    if not shape.subsets:
        lines.append(
            f'languages = ["{UNDETERMINED}"]  # say which: ISO 639-3 and script, as "eng-Latn"'
        )
    others = f"  # also there: {', '.join(shape.unused)}" if shape.unused else ""
    lines.append(f"splits = [{', '.join(map(_quote, shape.splits))}]{others}")
    lines.append(
        '# domains = ["finance"], license = "cc-by-4.0", description = "...", reference = "https://..."'
    )
    if shape.documents:
        lines += _of_documents(shape, files)
        return "\n".join(lines) + "\n"
    lines += ["", "[source]", f"files = {_quote(files)}  # a folder beside this file"]
    if shape.pattern:
        lines.append(f"pattern = {_quote(shape.pattern)}")
    if shape.header:
        columns = ", ".join(map(_quote, shape.header))
        lines.append(f"header = [{columns}]  # the files have no header row")
    if shape.columns:
        table = f".{shape.table}" if shape.table else ""
        lines += ["", f"[columns{table}]  # field = column of the file"]
        lines += [f"{name} = {_quote(column)}" for name, column in shape.columns.items()]
    if shape.subsets:
        lines += ["", "[subsets]  # name = languages (ISO 639-3 and script)"]
        for name in shape.subsets:
            lines.append(f"{_quote(name)} = [{', '.join(map(_quote, _languages_of(name)))}]")
    if shape.kind == "clustering":
        lines += [
            "",
            "[options]",
            'max_document_to_embed = "all"  # mteb embeds 4 % unless told; small sets need all',
        ]
    return "\n".join(lines) + "\n"


def _of_documents(shape: Shape, folder: str) -> list[str]:
    """The source and subsets of a task made of documents, and what its score can tell."""
    warning = f"{MADE_OF_DOCUMENTS[0].upper()}{MADE_OF_DOCUMENTS[1:]}."
    return [
        "",
        *(f"# {line}" for line in wrap(warning, 98)),
        "[source]",
        f"documents = {_quote(folder)}  # a folder beside this file",
        f"seed = {SEED}  # of all draws",
        "",
        "[subsets]  # construction = languages (ISO 639-3 and script)",
        *(f'{name} = ["{UNDETERMINED}"]  # {MEANINGS[name]}' for name in shape.subsets),
    ]


def task_of_folder(
    folder: Path, kind: str | None, load_kind: Callable[[str], Kind]
) -> tuple[Task, str]:
    """A task made of a folder's data alone, and one line that says what was recognised."""
    shape = detect(folder, kind)
    whole = folder.resolve()
    text = render_task(shape, whole.name, load_kind(shape.kind))
    name = re.sub(r"[^A-Za-z0-9._()+-]", "_", whole.name).lstrip("._-") or "data"
    task = build_task(whole.parent / f"{name}.toml", tomllib.loads(text), folder=whole.parent)
    return task, shape.seen


def _languages_of(name: str) -> list[str]:
    """The languages that a subset's name says: ``de``, ``deu`` or a pair such as ``deu-eng``."""
    by_code = _LANGUAGES | {code[:3]: code for code in _LANGUAGES.values()}
    parts = name.lower().replace("_", "-").split("-")
    known = [by_code[part] for part in parts if part in by_code]
    return known if len(known) == len(parts) <= 2 else [UNDETERMINED]


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
