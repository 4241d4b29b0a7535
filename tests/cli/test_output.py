"""What commands print on stdout."""

from __future__ import annotations

import io
import json
import sys

import pytest

from benchmark.cli.output import print_json, print_table


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Aligned columns, numbers to the right, no colour, no trailing blanks."""
    print_table(["model", "score"], [["org/one", 5.5], ["b", None]], right={"score"})

    assert "model     score\n───────────────\norg/one     5.5\nb\n" == capsys.readouterr().out


def test_an_id_is_never_cut_or_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    """However long; a cut id is no id."""
    name = "org/" + "long-" * 200
    print_table(["model", "x"], [[name, 1]])

    assert [name, "1"] == capsys.readouterr().out.splitlines()[2].split()


def test_markup_and_control_characters_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets are no style, and an escape sequence does not reach the terminal."""
    print_table(["a"], [["[red]x[/red]"], ["\x1b[31mx\n"], [":smile:"]])

    assert ["[red]x[/red]", "\\x1b[31mx\\n", ":smile:"] == capsys.readouterr().out.splitlines()[2:]


def test_a_stdout_that_knows_only_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other characters are written as escapes, and nothing fails."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    print_table(["näme"], [["日本"]])
    stdout.flush()

    assert b"\\u65e5\\u672c" in stdout.buffer.getvalue()


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One value, keys in their order, only ASCII, never NaN."""
    print_json({"b": "ä", "a": [1.5, None]})
    text = capsys.readouterr().out

    assert {"b": "ä", "a": [1.5, None]} == json.loads(text)
    assert text.isascii()
    assert text.index('"b"') < text.index('"a"')
    with pytest.raises(ValueError):
        print_json(float("nan"))
