"""Why two scores differ: a table of causes, the greatest first, and what speaks against each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from benchmark.analysis.moves import Moves

# Standard deviations of similarities. MiniLM on LeeNewsSimilarity moves by 0.0007 in float16 and by
# 0.006 in bfloat16, and by 0.095 with the prompt "query: ".
_LITTLE = 0.05
_EQUAL = 1e-9  # expectations of the same ties
_ALIKE = 0.9  # the share of a ranking that rounding leaves
_COMPARED = frozenset(
    (
        *("retrieval", "long_context", "instruction_retrieval", "reranking", "bitext", "sts"),
        *("instruction_reranking", "pair_classification", "summarization"),
        "zero_shot_classification",
    )
)
"""The kinds that compare vectors, so that their lengths do not matter to a cosine."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two manifests of one split and subset: facts, those that differ, warnings, and examples.

    ``expected`` are the main scores over all orders of equal scores, where these matter.
    """

    a: Mapping[str, Any]
    b: Mapping[str, Any]
    differing: Mapping[str, tuple[Any, Any]]
    warnings: tuple[Mapping[str, int], Mapping[str, int]] = field(default=({}, {}))
    expected: tuple[float | None, float | None] = (None, None)
    moves: Moves | None = None

    def same(self, name: str) -> bool:
        """Whether both sides know a fact, and it is equal."""
        return name in self.a and name in self.b and self.a[name] == self.b[name]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What examples and other facts say of a cause: for it, against it, or neither (None)."""

    fits: bool | None = None
    said: str = ""


UNKNOWN = Evidence()


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason for a gap: the facts that show it (patterns of their names), and why it matters.

    ``seen`` looks for evidence. A cause that is ``only_if_seen`` needs some, since the facts that
    it shares with a more general one do not suffice.
    """

    name: str
    facts: tuple[str, ...]
    why: str
    seen: Callable[[Pair], Evidence] = lambda pair: UNKNOWN
    only_if_seen: bool = False

    def of(self, name: str) -> bool:
        """Whether a fact shows it."""
        return any(fnmatchcase(name, pattern) for pattern in self.facts)


@dataclass(frozen=True, slots=True)
class Difference:
    """A cause whose facts differ; ``values`` is what each side says, by fact."""

    cause: str
    values: Mapping[str, tuple[Any, Any]]
    why: str
    evidence: Evidence


def explain(pair: Pair) -> list[Difference]:
    """What differs, the likeliest reason first.

    The order is that of the table, which is by how far such a thing usually moves a score; a cause
    that the evidence speaks against comes after all others. A fact counts for one cause alone.
    """
    left = dict(pair.differing)
    found = []
    for cause in CAUSES:
        values = {name: values for name, values in left.items() if cause.of(name)}
        evidence = cause.seen(pair) if values else UNKNOWN
        if not values or (cause.only_if_seen and not evidence.fits):
            continue
        found.append(Difference(cause.name, values, cause.why, evidence))
        left = {name: values for name, values in left.items() if name not in found[-1].values}
    return sorted(found, key=lambda difference: difference.evidence.fits is False)


def unsaid(pair: Pair) -> Iterator[str]:
    """The causes of which one side says something and the other nothing."""
    for cause in CAUSES:
        known = [any(map(cause.of, side)) for side in (pair.a, pair.b)]
        if not cause.only_if_seen and any(known) and not all(known):
            yield cause.name


def _copies(pair: Pair) -> Evidence:
    first, second = (
        sum(count for name, count in side.items() if name.startswith("duplicate"))
        for side in pair.warnings
    )
    if first != second:
        return Evidence(True, f"{first} and {second} duplicates are in the data")
    if pair.moves and pair.moves.copies:
        return Evidence(True, "both have the same examples, one of them some more than once")
    return UNKNOWN


def _same_content(pair: Pair) -> Evidence:
    if pair.same("fingerprint") and pair.same("limit"):
        return Evidence(False, "but the content is the same")
    return UNKNOWN


def _tied(pair: Pair) -> Evidence:
    a, b = pair.expected
    moved = pair.moves is not None and bool(pair.moves.moved.any())
    if a is None or b is None or not moved or abs(a - b) > _EQUAL:
        return UNKNOWN
    return Evidence(True, "over all orders of equal scores both have the same expectation")


def _reordered(pair: Pair) -> Evidence:
    share = pair.moves.reordered if pair.moves else None
    if share is None:
        return UNKNOWN
    said = f"of the rankings that changed {share:.0%} hold the same documents in another order"
    return Evidence(share >= _ALIKE, said)


def _named_apart(pair: Pair) -> Evidence:
    names = [str(side.get("model", "")) for side in (pair.a, pair.b)]
    local = any(name.startswith("local/") for name in names)
    return Evidence(names[0] != names[1] and not local)


def _other_role(pair: Pair) -> Evidence:
    first, second = pair.differing["prompts"]
    return Evidence(sorted(map(str, first.values())) == sorted(map(str, second.values())))


def _all_move(pair: Pair) -> Evidence:
    equal = pair.moves.equal if pair.moves else None
    if equal is None or equal <= 0.5:
        return UNKNOWN
    return Evidence(False, f"but {equal:.0%} of the examples are digit by digit the same")


def _cut(pair: Pair) -> Evidence:
    shares = [side.get("truncated share") for side in (pair.a, pair.b)]
    if shares == [0, 0]:
        return Evidence(False, "but no text was cut on either side")
    equal = pair.moves.equal if pair.moves else None
    if equal:
        return Evidence(True, f"{equal:.0%} of the examples are digit by digit the same")
    if equal == 0 and all(share is not None and share < 0.25 for share in shares):
        return Evidence(False, "but examples moved in which no text was cut")
    return UNKNOWN


def _little(pair: Pair) -> Evidence:
    moves = pair.moves
    if moves and moves.shift is not None:
        fits, limit = moves.shift < _LITTLE, "" if moves.shift < _LITTLE else ", more than rounding"
        said = f"the median similarity moved by {moves.shift:.2g} standard deviations{limit}"
    elif moves and moves.overlap is not None:
        fits = moves.overlap > _ALIKE
        said = f"{moves.overlap:.0%} of the best documents are the same"
    else:
        return UNKNOWN
    return Evidence(fits, said if fits else f"but {said}")


def _lengths(pair: Pair) -> Evidence:
    cosine = pair.same("similarity") and pair.a["similarity"] == "cosine"
    if cosine and pair.same("kind") and pair.a["kind"] in _COMPARED:
        return Evidence(False, "but a cosine does not depend on lengths")
    return UNKNOWN


CAUSES = (
    Cause("another measure", ("main score", "kind"), "the numbers are of different things"),
    Cause(
        "dropped duplicates",
        ("fingerprint", "dataset revision", "examples", "texts"),
        "repeated examples count more than once, repeated documents push others down",
        _copies,
        only_if_seen=True,
    ),
    Cause(
        "other data",
        ("fingerprint", "dataset revision", "limit", "examples", "texts"),
        "scores on other data do not compare models",
        _same_content,
    ),
    Cause(
        "order of equal scores",
        ("protocol", "task digest", "version", "commit"),
        "documents that score alike stand in another order",
        _tied,
        only_if_seen=True,
    ),
    Cause(
        "order of equal scores",
        ("protocol", "task digest"),
        "documents that score alike stand in another order",
        _reordered,
        only_if_seen=True,
    ),
    Cause("another protocol", ("protocol",), "it is raised when a change moves scores"),
    Cause(
        "another model",
        ("model", "revision"),
        "other models score differently",
        _named_apart,
        only_if_seen=True,
    ),
    Cause(
        "prompt on another role",
        ("prompts",),
        "a model tells queries from documents by their prompts",
        _other_role,
        only_if_seen=True,
    ),
    Cause("another prompt", ("prompts",), "a prompt moves every vector", _all_move),
    Cause(
        "truncation",
        ("max tokens", "max query tokens", "truncated share"),
        "of longer texts only the beginning is read",
        _cut,
    ),
    Cause("pooling", ("pooling",), "other tokens make the vector", _all_move),
    Cause("layer or attention", ("layer", "attention"), "other states make the vector", _all_move),
    Cause("similarity", ("similarity",), "vectors are compared in another way"),
    Cause(
        "size or type of vectors",
        ("dtype", "dim", "rescore", "dimensions"),
        "vectors that are cut or rounded hold less",
    ),
    Cause("other options", ("option *", "experiment"), "the model was asked for something else"),
    # What stands from here to the weights is said by digests that also cover what is above.
    Cause(
        "another task file",
        ("task digest", "seed of draws"),
        "its options, columns or draws are others",
    ),
    Cause(
        "other weights",
        ("model", "revision"),
        "another commit, or other files, settings among them",
        _all_move,
    ),
    Cause(
        "normalisation",
        ("normalize",),
        "lengths count in dot products and in classifiers",
        _lengths,
    ),
    Cause("type of weights", ("weights",), "half precision rounds in every layer", _little),
    Cause("another mteb version", ("mteb version",), "draws, metrics and data change between them"),
    Cause("another harness", ("harness",), "docs/parity.md says where the two differ, and how far"),
    Cause("another adapter", ("adapter",), "another library runs the model"),
    Cause("our own code", ("version", "commit"), "equal protocols promise equal scores", _little),
    Cause(
        "versions of libraries", ("package *", "python"), "kernels and tokenizers change", _little
    ),
    Cause("device", ("device",), "other kernels round in another way", _little),
    Cause("batches", ("batches",), "padding and batch size change the rounding", _little),
    Cause("machine", ("system", "processors"), "other kernels round in another way", _little),
)
"""By how far such a thing usually moves a score; of two that share facts the special one first."""
