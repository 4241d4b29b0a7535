"""What a run writes down of a model of one's own: tokens, cuts, prompts, candidates' scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark import evaluate
from benchmark.catalog import find_choices
from benchmark.cli import main
from benchmark.run import RunSettings, Silent, run
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytest.importorskip("sentence_transformers", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]


@pytest.fixture
def sts(tmp_path: Path) -> Path:
    """A task of three pairs, one text of which is longer than 64 tokens."""
    rows = [
        {"sentence1": "rain", "sentence2": "red", "score": 1},
        {"sentence1": "rain", "sentence2": "green house", "score": 2},
        {"sentence1": "a man plays", "sentence2": "long " * 100, "score": 3},
    ]
    (tmp_path / "Pairs").mkdir()
    (tmp_path / "Pairs" / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    path = tmp_path / "Pairs.toml"
    path.write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "Pairs"\n[prompt]\ntext = "Compare"\n'
    )
    return path


def part_of(output: Path) -> Any:
    """The only part of the only result."""
    (path,) = (path for path in output.rglob("*.json") if path.name != "model_meta.json")
    return json.loads(path.read_text())["embedmark"]["subsets"]["test/default"]


@pytest.mark.parametrize("scheme", ["st", "hf", "onnx", "sparse"])
def test_tokens_and_cuts_are_in_the_result(
    scheme: str, made: Made, sts: Path, tmp_path: Path
) -> None:
    """3 + 3 + 3 + 4 + 5 + 102 tokens, one text cut of six, at the model's own length."""
    evaluate(f"{scheme}:{made(scheme)}", str(sts), output=tmp_path / "out", cache=tmp_path / "c")

    found = part_of(tmp_path / "out")["tokens"]
    assert 32 == found.pop("max_tokens") or scheme in ("hf", "sparse")
    assert {"count": 120, "texts": 6, "truncated": 1, "truncated_share": 0.166667} == found


def test_prompts_are_in_the_result(made: Made, sts: Path, tmp_path: Path) -> None:
    """The user's with its tokens; a task's only where the model is declared instructed."""
    folder = made("st")
    for number, (options, prompts) in enumerate(
        [
            ("", {}),
            ("?prompt=query:%20", {"text": "query: "}),
            ("?instruction={instruction}:%20", {"text": "Compare: "}),
        ]
    ):
        output = tmp_path / str(number)
        evaluate(f"st:{folder}{options}", str(sts), output=output, cache=tmp_path / "c")

        assert prompts == part_of(output)["prompts"]


def test_a_model_of_unapplied_prompts_gets_a_note(sts: Path, tmp_path: Path) -> None:
    """Once, before its first task; and so do texts that are cut."""

    class Notes(Silent):
        def __init__(self) -> None:
            self.found: list[str] = []

        def note(self, message: str) -> None:
            self.found.append(message)

    folder = making.sentence_transformer(tmp_path, prompts={"s2p_query": "q: "})
    listener = Notes()
    run([f"st:{folder}"], find_choices([str(sts)]), RunSettings(), listener)

    assert ["s2p_query" in note for note in listener.found] == [True, False]
    assert "1 of 6 texts (17 %) are longer than 32 tokens" in listener.found[1]


@pytest.mark.parametrize("scheme", ["ce", "colbert", "sparse"])
def test_candidates_are_scored(scheme: str, made: Made, tmp_path: Path) -> None:
    """A reranking with each kind of model that ranks; its score is a number."""
    folder = tmp_path / "Rerank"
    folder.mkdir()
    tables = {
        "corpus": [{"_id": f"d{n}", "text": text} for n, text in enumerate(making.texts(6, 8))],
        "queries": [{"_id": "q0", "text": "rain"}, {"_id": "q1", "text": "red house"}],
        "qrels": [{"query-id": f"q{n}", "corpus-id": f"d{n}", "score": 1} for n in range(2)],
        "top_ranked": [
            {"query-id": f"q{n}", "corpus-id": f"d{m}"} for n in range(2) for m in range(6)
        ],
    }
    for name, rows in tables.items():
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = tmp_path / "Rerank.toml"
    task.write_text(
        'kind = "reranking"\nmain_score = "map_at_1000"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "Rerank"\n'
    )

    (row,) = evaluate(f"{scheme}:{made(scheme)}", str(task), cache=tmp_path / "c")

    assert row.error is None
    assert 0 < row.main_score <= 1


def test_a_prompt_on_the_command_line(
    made: Made, sts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--prompt`` is the option of the URI; a file names prompts by kind and role."""
    (tmp_path / "prompts.toml").write_text('STS = "like : "\nquery = "query : "\n')
    for number, (given, expected) in enumerate(
        [("query: ", "query: "), (str(tmp_path / "prompts.toml"), "like : ")]
    ):
        output = tmp_path / str(number)
        arguments = [f"st:{made('st')}", "-t", str(sts), "-o", str(output), "--no-cache"]
        assert 0 == main(["run", *arguments, "--prompt", given])
        assert {"text": expected} == part_of(output)["prompts"]
    capsys.readouterr()
