"""Run the code that a task brings for its own data, when the user vouched for it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchmark.errors import BenchmarkError, DataError, TaskFileError
from benchmark.task import Task

if TYPE_CHECKING:
    import pyarrow as pa


def run_hook(task: Task, tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Run ``tables(tables) -> tables`` of the file beside a task that the user vouched for."""
    import pyarrow as pa

    file, _, name = task.hook.partition(":")
    if task.path is None or not task.trusted:
        raise TaskFileError(
            f"{task.path}: the task runs code of its own ({task.hook}); "
            "name the task by its path or add --trust to allow it"
        )
    path = task.path.parent / file
    spec = importlib.util.spec_from_file_location(f"embedmark_hook_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise TaskFileError(f"{path}: is no Python file; check hook in {task.path}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        changed: Any = getattr(module, name)(dict(tables))
    except BenchmarkError:
        raise
    except Exception as error:  # noqa: BLE001 -- the user's code may raise anything
        # Only the type: the message of a foreign error may quote the data.
        raise DataError(
            f"{path}: the hook '{name}' failed ({type(error).__name__}); run it alone to see why"
        ) from None
    for table in tables:
        if not isinstance(changed, Mapping) or not isinstance(changed.get(table), pa.Table):
            raise DataError(
                f"{path}: the hook '{name}' returned no Arrow table '{table}'; return every table "
                "that it was given"
            )
    return {table: changed[table] for table in tables}
