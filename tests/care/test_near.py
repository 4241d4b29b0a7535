"""Near duplicates: what MinHash finds is what the exact Jaccard index of all pairs says."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from benchmark.care.near import NEAR, first_equal, first_near, jaccard, runs_of, text_hashes

WORDS = [f"w{number}" for number in range(400)]


def exact(one: str, other: str) -> float:
    """The Jaccard index of the runs of three words, by sets of words."""
    sets = []
    for text in (one, other):
        words = text.split()
        sets.append({tuple(words[n : n + 3]) for n in range(len(words) - 2)})
    return len(sets[0] & sets[1]) / max(len(sets[0] | sets[1]), 1)


def changed(text: str, times: int, draws: random.Random) -> str:
    """The text with some words replaced."""
    words = text.split()
    for _ in range(times):
        words[draws.randrange(len(words))] = draws.choice(WORDS)
    return " ".join(words)


@pytest.mark.parametrize("length", [12, 40, 200])
def test_it_finds_what_all_pairs_say(length: int) -> None:
    """Of hundreds of pairs around the limit, none is wrong and hardly one is missed."""
    draws = random.Random(length)
    others = [" ".join(draws.choices(WORDS, k=length)) for _ in range(300)]
    texts = [
        changed(others[number % 300], 1 + number % (length // 6), draws) for number in range(600)
    ]
    table = np.array([[exact(one, other) for other in others] for one in texts])

    found = first_near(pa.array(texts), pa.array(others))

    expected = table.max(axis=1) >= NEAR
    hit = found >= 0
    assert expected.sum() > 30
    assert not (hit & ~expected).any()
    assert (hit & expected).sum() >= 0.98 * expected.sum()
    rows = np.flatnonzero(hit)
    assert (table[rows, found[rows]] >= NEAR).all()


def test_jaccard_is_that_of_sets() -> None:
    """Also for texts that repeat themselves, and for none."""
    draws = random.Random(1)
    for _ in range(200):
        one = " ".join(draws.choices(WORDS[:4], k=draws.randrange(12)))
        other = " ".join(draws.choices(WORDS[:4], k=draws.randrange(12)))
        assert exact(one, other) == pytest.approx(jaccard(runs_of(one), runs_of(other)))


def test_case_and_white_space_do_not_count() -> None:
    """For equality; for nearness marks do not count either."""
    texts = pa.array(["One\n two  THREE", "one two four", "", " "])
    others = pa.array(["nothing", "one two three", "ONE TWO THREE", ""])

    assert [1, -1, 3, 3] == first_equal(text_hashes(texts), text_hashes(others)).tolist()
    near = first_near(pa.array(["One, two: three! four"]), pa.array(["one two three four"]))
    assert [0] == near.tolist()


def test_texts_without_spaces() -> None:
    """A Chinese character is a word."""
    one = "市场预期公司明年的利润会大幅增长而股价上涨"
    assert [0] == first_near(pa.array([one]), pa.array([one[:-1]])).tolist()
    assert [-1] == first_near(pa.array([one]), pa.array([one[::-1]])).tolist()


def test_nothing_to_compare() -> None:
    """Empty columns, and texts too short to have a run of three words."""
    none = pa.array([], pa.large_string())
    some = pa.array(["one two", "", "one two three"], pa.large_string())

    assert [] == first_near(none, some).tolist()
    assert [-1, -1, -1] == first_near(some, none).tolist()
    assert [-1, -1, 2] == first_near(some, some).tolist()
    assert [-1, -1, -1] == first_equal(text_hashes(some), text_hashes(none)).tolist()


def test_a_template_stays_quick_and_right() -> None:
    """Thousands of texts that share most words, none of them a near duplicate."""
    form = " ".join(WORDS[:12])
    texts = [f"{form} {' '.join(f'{n}x{m}' for m in range(8))}" for n in range(3_000)]

    assert (first_near(pa.array(texts[:1_500]), pa.array(texts[1_500:])) == -1).all()
