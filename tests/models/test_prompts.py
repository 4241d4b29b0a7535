"""Whose prompt stands before a text: the user's, the task's, the model's, its family's."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.models.facts import FAMILIES, facts_of
from benchmark.models.identity import slug_for, usual_scheme
from benchmark.models.prompts import (
    INSTRUCTIONS,
    Prompting,
    choose_prompt,
    notes_on_prompts,
    prompt_option,
    prompting_of,
)

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
E5 = "intfloat/e5-base-v2"
QWEN = "Qwen/Qwen3-Embedding-0.6B"


def chosen(prompting: Prompting, task_type: str = "Retrieval") -> list[str | None]:
    """The prompts of a query, a document and a text without role, of a task with its own."""
    task = {"query": "Find it", "text": "Compare"}
    return [
        choose_prompt(prompting, "Mine", task_type, role, task)
        for role in ("query", "document", None)
    ]


def test_a_family_gives_what_the_configuration_lacks() -> None:
    """E5's prefixes by role; none for a model of no family."""
    assert ["query: ", "passage: ", None] == chosen(prompting_of(E5, {}))
    assert [None, None, None] == chosen(prompting_of("org/unknown", {}))


def test_own_prompts_come_before_the_familys() -> None:
    """All of them or none: a model that ships prompts means them."""
    assert ["q: ", None, None] == chosen(prompting_of(E5, {}, {"query": "q: ", "document": ""}))


def test_a_tasks_prompt_never_reaches_minilm() -> None:
    """Nor any model that is not declared instruction-tuned."""
    assert [None, None, None] == chosen(prompting_of(MINILM, {}))
    assert ["query: ", "passage: ", None] == chosen(prompting_of(E5, {}))


def test_an_instructed_model_is_told_the_task() -> None:
    """In its template, documents bare; of a task without prompt, the instruction of its type."""
    prompting = prompting_of(QWEN, {})

    expected = ["Instruct: Find it\nQuery:", None, "Instruct: Compare\nQuery:"]
    assert expected == chosen(prompting)
    found = choose_prompt(prompting, "Mine", "STS", None, {})
    assert f"Instruct: {INSTRUCTIONS['STS']}\nQuery:" == found


def test_the_user_declares_a_model_instructed() -> None:
    """``instruction=`` is a template."""
    prompting = prompting_of("org/mine", {"instruction": "Task: {instruction}\n"})

    assert ["Task: Find it\n", None, "Task: Compare\n"] == chosen(prompting)


def test_the_users_prompt_comes_first(tmp_path: Path) -> None:
    """A text for all roles, none for none, or named ones from a file."""
    assert ["x: "] * 3 == chosen(prompting_of(QWEN, {"prompt": prompt_option("x: ")}))
    assert [None] * 3 == chosen(prompting_of(E5, {"prompt": prompt_option("")}))
    for name, text in (
        ("p.toml", 'query = "a: "\nSTS = "s: "'),
        ("p.json", '{"query": "a: ", "STS": "s: "}'),
    ):
        (tmp_path / name).write_text(text)
        given = prompting_of(E5, {"prompt": prompt_option(str(tmp_path / name))})
        assert ["a: ", None, None] == chosen(given)
        assert ["s: ", "s: ", "s: "] == chosen(given, "STS")


def test_a_file_of_prompts_is_named_by_its_content(tmp_path: Path) -> None:
    """Two files of one content are one experiment, and one changed is another."""
    slugs = []
    for name, text in (("a.json", "x"), ("b.json", "x"), ("c.json", "y")):
        (tmp_path / name).write_text('{"query": "%s"}' % text)  # noqa: UP031
        slugs.append(slug_for("st", "st", {"prompt": prompt_option(str(tmp_path / name))}))

    assert slugs[0] == slugs[1] != slugs[2]


@pytest.mark.parametrize("content", ["[]", '{"query": 1}', "{"])
def test_a_file_that_holds_no_prompts(content: str, tmp_path: Path) -> None:
    """Refused before a model is loaded."""
    (tmp_path / "p.json").write_text(content)

    with pytest.raises(ValueError):
        prompt_option(str(tmp_path / "p.json"))


def test_prompts_that_nothing_asks_for_are_noted() -> None:
    """Names of roles that only the model knows, and a family behind a folder's name."""
    own = {"s2p_query": "a", "passage": "b", "query": "c", "Banking77Classification": "d"}
    (note,) = notes_on_prompts(prompting_of("local/mine", {}, own))
    assert "passage, s2p_query" in note

    (note,) = notes_on_prompts(prompting_of("local/mine", {}), E5)
    assert "intfloat/e5-base-v2" in note
    assert "document and query" in note

    assert () == notes_on_prompts(prompting_of("local/mine", {"prompt": "x"}, own), E5)
    assert () == notes_on_prompts(prompting_of(E5, {}), E5)
    assert () == notes_on_prompts(prompting_of("local/mine", {}), MINILM)


def test_every_family_has_a_source_and_is_found() -> None:
    """Some sixty families, lower-case patterns, no two for one name."""
    assert len(FAMILIES) >= 50
    for facts in FAMILIES:
        assert facts.source
        for pattern in facts.names:
            assert pattern == pattern.lower()
            assert facts is facts_of(pattern.replace("*", "x"))


@pytest.mark.parametrize(
    ("files", "scheme"),
    [
        ({"config.json": '{"model_type": "bert"}', "model.safetensors": ""}, "st"),
        ({"modules.json": "[]", "config.json": "{}"}, "st"),
        ({"config.json": '{"architectures": ["BertForSequenceClassification"]}'}, "ce"),
        ({"config_sentence_transformers.json": '{"model_type": "CrossEncoder"}'}, "ce"),
        ({"config_sentence_transformers.json": '{"model_type": "SparseEncoder"}'}, "sparse"),
        ({"config_sentence_transformers.json": '{"model_type": "MultiVectorEncoder"}'}, "colbert"),
        ({"config.json": '{"architectures": ["HF_ColBERT"]}'}, "colbert"),
        ({"config.json": '{"model_type": "model2vec"}'}, "m2v"),
        ({"tokenizer.json": "{}", "onnx/model.onnx": ""}, "onnx"),
    ],
)
def test_the_usual_adapter_is_read_from_the_files(
    files: dict[str, str], scheme: str, tmp_path: Path
) -> None:
    """What the owner means; another adapter is an experiment."""
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)

    assert scheme == usual_scheme(tmp_path)
    assert "" == slug_for(scheme, usual_scheme(tmp_path), {})
    assert "adapter_x" == slug_for("x", usual_scheme(tmp_path), {})
