"""Read a JSON object from a package's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmark.data.package import wrong_shape


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; DataError when it is missing or holds something else."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise wrong_shape(path, f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise wrong_shape(path, "not a JSON file in UTF-8") from None
    if not isinstance(content, dict):
        raise wrong_shape(path, "not a JSON object")
    return content
