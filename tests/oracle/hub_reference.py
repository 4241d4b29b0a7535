"""Score tasks of mteb with their data from a hub; a process of its own, for HF_ENDPOINT's sake.

``python hub_reference.py SPECIFICATION OUTPUT``: JSON, a list of names and subsets in, scores out.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import mteb
import numpy as np
from mteb.models.model_meta import ModelMeta, ScoringFunction
from mteb.similarity_functions import select_pairwise_similarity, select_similarity
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from hub_vectors import vector_of


class HashEncoder:
    """An mteb encoder whose vector of a text follows from its bytes."""

    def __init__(self) -> None:
        self.mteb_model_meta = ModelMeta.create_empty()

    def encode(self, inputs: Any, **_: Any) -> NDArray[Any]:
        return np.stack([vector_of(text) for batch in inputs for text in batch["text"]])

    def similarity(self, a: Any, b: Any) -> Any:
        return select_similarity(a, b, ScoringFunction.COSINE)

    def similarity_pairwise(self, a: Any, b: Any) -> Any:
        return select_pairwise_similarity(a, b, ScoringFunction.COSINE)


def scores_of(name: str, subsets: list[str], splits: list[str]) -> dict[str, Any]:
    """mteb's scores by ``split/subset``."""
    task = mteb.get_task(name, hf_subsets=subsets or None)
    if hasattr(task, "_eval_splits"):
        task._eval_splits = splits
    found = {}
    for split in splits:
        scores = task.evaluate(
            HashEncoder(),
            split,
            subsets_to_run=subsets or ["default"],
            encode_kwargs={"batch_size": 512},
        )
        found.update({f"{split}/{subset}": values for subset, values in scores.items()})
    return found


def main() -> None:
    """Score what the file names; what fails is named instead."""
    warnings.simplefilter("ignore")
    asked = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    found = {}
    for each in asked:
        try:
            found[each["name"]] = scores_of(each["name"], each["subsets"], each["splits"])
        except Exception as error:  # noqa: BLE001 -- the test says which one failed
            found[each["name"]] = f"{type(error).__name__}: {error}"
    text = json.dumps(found, default=lambda value: np.asarray(value).tolist())
    Path(sys.argv[2]).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
