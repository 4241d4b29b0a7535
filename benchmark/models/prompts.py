"""Which prompt a model puts before a text, resolved in mteb's order."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.protocols import Role


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
