"""Which prompt a model puts before a text, resolved in mteb's order."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.models.facts import facts_of
from benchmark.protocols import Role
from benchmark.task import Task

# What an instruction-tuned model is told where a task file has no [prompt], by type of task: the
# ``abstask_prompt`` of mteb 2.26.24, since a score depends on every letter of it.
_RETRIEVE = "Retrieve text based on user query."
INSTRUCTIONS: Mapping[str, str] = {
    "Retrieval": _RETRIEVE,
    "Reranking": _RETRIEVE,
    "InstructionRetrieval": _RETRIEVE,
    "InstructionReranking": _RETRIEVE,
    "STS": "Retrieve semantically similar text.",
    "PairClassification": "Retrieve text that are semantically similar to the given text.",
    "Classification": "Classify user passages.",
    "MultilabelClassification": "Classify user passages.",
    "ZeroShotClassification": "Classify the given input into one of the candidate labels.",
    "Clustering": "Identify categories in user passages.",
    "BitextMining": "Retrieve parallel sentences.",
    "Regression": "Predict the value of the user passage.",
    "Summarization": "Given a news summary, retrieve other semantically similar summaries.",
}
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Prompting:
    """All prompts of one model: the user's, its own or its family's, and how it is instructed.

    ``given`` is None where the user gave none; with ``given`` nothing else counts. ``default``
    names the own prompt of texts without a role. An empty ``template`` means that the model is
    not instruction-tuned, and then no task's prompt reaches it.
    """

    given: Mapping[str, str] | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    template: str = ""
    on_documents: bool = False
    bare: str = ""


def prompt_of(model: Any, task: Task, task_type: str, role: Role) -> str | None:
    """The prompt of a model for a task's texts: its ``prompt_for(name, type, role, [prompt])``."""
    prompt_for = getattr(model, "prompt_for", None)
    if prompt_for is None:
        return None
    found: str | None = prompt_for(task.name, task_type, role, task.prompt)
    return found


def prompting_of(
    name: str,
    options: Mapping[str, Any],
    own: Mapping[str, Any] | None = None,
    default: str | None = None,
) -> Prompting:
    """The prompts of a model: its own where it ships any, else those of its family.

    ``options`` may hold the user's ``prompt`` and ``instruction``.
    """
    shipped = {key: text for key, text in (own or {}).items() if text}
    facts = facts_of(name)
    if not shipped and facts:
        shipped, default = dict(facts.prompts), None
    given = given_prompts(options["prompt"]) if "prompt" in options else None
    if "instruction" in options:
        return Prompting(given, shipped, default, options["instruction"])
    if facts and facts.template:
        return Prompting(given, shipped, default, facts.template, facts.on_documents, facts.bare)
    return Prompting(given, shipped, default)


def choose_prompt(
    prompting: Prompting,
    task_name: str,
    task_type: str,
    role: Role,
    task_prompts: Mapping[str, str] | None = None,
) -> str | None:
    """The string to put before the texts of this task and role; None for none.

    Order: the user's; for an instruction-tuned model the task's own ``[prompt]`` (``task_prompts``)
    or the instruction of its type, in the model's template; then the model's own prompts.

    >>> choose_prompt(Prompting(own={"query": "q: "}), "Mine", "STS", None, {"text": "Compare"})
    >>> choose_prompt(Prompting(template="Do {instruction}: "), "Mine", "STS", None, {"text": "it"})
    'Do it: '
    """
    if prompting.given is not None:
        found = resolve_prompt(prompting.given, task_name, task_type, role)
        return (found if found is not None else prompting.given.get(_ANY)) or None
    if prompting.template:
        return _instructed(prompting, task_type, role, task_prompts or {})
    own = prompting.own
    found = resolve_prompt(own, task_name, task_type, role)
    # The default is for texts without a role: sentence-transformers, and so mteb, gives a role that
    # has no prompt of its own none at all.
    if found is None and role is None and prompting.default is not None:
        found = own.get(prompting.default)
    return (found if found is not None else own.get(_ANY)) or None


def _instructed(
    prompting: Prompting, task_type: str, role: Role, task_prompts: Mapping[str, str]
) -> str | None:
    if role == "document" and not prompting.on_documents:
        return None
    if task_prompts:
        instruction = task_prompts.get(role or "text", "")
    else:
        instruction = INSTRUCTIONS.get(task_type, "")
    if not instruction:
        return prompting.bare or None
    return prompting.template.replace("{instruction}", instruction)


def resolve_prompt(
    prompts: Mapping[str, str], task_name: str, task_type: str, role: Role
) -> str | None:
    """The model's prompt for a task and role; None when it has none that fits.

    Order: task and role, task, type of task and role, type of task, role, as ``get_prompt_name`` of
    mteb 2.26 (``models/abs_encoder.py``).

    >>> resolve_prompt({"query": "q: ", "Retrieval": "r: "}, "Mine", "Retrieval", "query")
    'r: '
    """
    names = [task_name, task_type]
    if role:
        names = [f"{task_name}-{role}", task_name, f"{task_type}-{role}", task_type, role]
    return next((prompts[name] for name in names if name in prompts), None)


def prompt_option(text: str) -> str:
    """The value of ``prompt=``: a text for every role, or a .toml or .json file of named ones.

    A file's content becomes part of the model's identity, as JSON. Raises ValueError.
    """
    if not text.endswith((".toml", ".json")):
        return text
    try:
        content = Path(text).read_text("utf-8")
        named = tomllib.loads(content) if text.endswith(".toml") else json.loads(content)
    except (OSError, json.JSONDecodeError, tomllib.TOMLDecodeError):
        raise ValueError(text) from None
    if not isinstance(named, dict) or not all(isinstance(item, str) for item in named.values()):
        raise ValueError(text)
    return json.dumps(named, sort_keys=True, ensure_ascii=False)


prompt_option.__name__ = "text, or a .toml or .json file of named texts"


def instruction_option(text: str) -> str:
    """The value of ``instruction=``: a template, which declares a model instruction-tuned."""
    if "{instruction}" not in text:
        raise ValueError(text)
    return text


instruction_option.__name__ = "template with {instruction} in it"

PROMPT_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "prompt": prompt_option,
    "instruction": instruction_option,
}


def given_prompts(option: str) -> Mapping[str, str]:
    """The prompts of an option's value: those named, or one for all texts (empty for none).

    >>> given_prompts("query: ")
    {'*': 'query: '}
    """
    if option.startswith("{"):
        try:
            named: dict[str, str] = json.loads(option)
        except json.JSONDecodeError:
            return {_ANY: option}
        return named
    return {_ANY: option}


def notes_on_prompts(prompting: Prompting, configured_name: str = "") -> tuple[str, ...]:
    """What a user should know: shipped prompts that no task asks for, a family left unnamed."""
    notes = []
    if prompting.given is None and not prompting.template:
        known = {"query", "document", prompting.default, _ANY}
        unused = sorted(
            name
            for name in prompting.own
            if name not in known and not name[:1].isupper() and not name[:1].isdigit()
        )
        if unused:
            notes.append(
                f"ships prompts that no task asks for ({', '.join(unused[:5])}) and that are not "
                "applied; choose with prompt=TEXT or prompt=FILE"
            )
    facts = facts_of(configured_name)
    if facts and not prompting.own and prompting.given is None and not prompting.template:
        names = "instructions" if facts.template else " and ".join(sorted(facts.prompts))
        if names:
            notes.append(
                f"its configuration names {configured_name}, whose prompts ({names}) are not "
                "applied to another model; give them with prompt=FILE if it was trained with them"
            )
    return tuple(notes)
