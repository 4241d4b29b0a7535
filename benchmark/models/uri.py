"""A model URI: ``scheme:target[@revision][?option=value&...]``, or a bare name.

A bare name means what its owner would expect: a scheme that needs no target (``wordllama``), a
``.py`` file, a file of vectors, a folder with a model in it. A target may be made of models, each a
URI in parentheses: ``hybrid:(bm25)+(wordllama?dim=64)?fusion=rrf``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote

from benchmark.errors import UsageError, nearest
from benchmark.protocols import Identity

_VECTORS = (".npz", ".npy", ".parquet")
_ELSEWHERE = frozenset(("py", "vectors", "openai", "rerank", "hybrid", "two"))
"""The schemes whose target an identity does not hold."""
_WITHOUT_TARGET = frozenset(("wordllama", "tfidf", "bow", "bm25", "random", "constant"))


@dataclass(frozen=True, slots=True)
class ModelURI:
    """The parts of a model URI; ``options`` keep their text."""

    scheme: str
    target: str
    revision: str | None
    options: Mapping[str, str]


def parse_uri(uri: str, schemes: Collection[str]) -> ModelURI:
    """Split a URI; UsageError names the nearest scheme when it is unknown.

    >>> parse_uri("st:org/model@main?dtype=float16", ["st"])
    ModelURI(scheme='st', target='org/model', revision='main', options={'dtype': 'float16'})
    """
    end = end_of_parts(uri)
    body, _, query = uri[end:].partition("?")
    body = uri[:end] + body
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if query and not options:
        raise UsageError(f"model '{uri}': options are written ?name=value&name=value")
    if len(options) < len(pairs):
        twice = next(name for name in options if sum(name == each for each, _ in pairs) > 1)
        raise UsageError(f"model '{uri}': option {twice} is given twice; give it once")
    scheme, colon, target = body.partition(":")
    if not colon:
        scheme, target = _bare(body, uri, schemes)
    elif scheme not in schemes:
        raise UsageError(f"model '{uri}': unknown scheme '{scheme}'{nearest(scheme, schemes)}")
    revision = None
    if not end and "@" in target and not Path(target).exists():
        target, _, revision = target.rpartition("@")
    return ModelURI(scheme, target, revision, options)


def with_option(uri: str, name: str, value: str) -> str:
    """The URI with one option more, its value encoded.

    >>> with_option("st:org/model?dim=64", "prompt", "query: ")
    'st:org/model?dim=64&prompt=query%3A%20'
    """
    mark = "&" if "?" in uri[end_of_parts(uri) :] else "?"
    return f"{uri}{mark}{name}={quote(value, safe='')}"


def uri_of(identity: Identity) -> str:
    """The URI that loads the model of an identity, as far as an identity tells.

    Raises UsageError for a file or folder, an endpoint and a model made of models: where these are
    only the user knows.

    >>> uri_of(Identity("org/model", "1a2b", "st/1", {"prompt": "query: "}))
    'st:org/model@1a2b?prompt=query%3A%20'
    >>> uri_of(Identity("embedmark/random", "1", "random/1", {"seed": 7}))
    'random?seed=7'
    """
    scheme = identity.adapter.partition("/")[0]
    if identity.name.startswith("local/") or scheme in _ELSEWHERE:
        raise UsageError(
            f"model '{identity.name}': its result does not say where it lies; name it with --model"
        )
    uri = scheme
    if scheme not in _WITHOUT_TARGET:
        uri += f":{identity.name}@{identity.revision}"
    for name, value in identity.options.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        uri = with_option(uri, name, text)
    return uri


def split_parts(uri: str, target: str, separator: str) -> list[str]:
    """The URIs of the parts of a target, without their parentheses.

    >>> split_parts("two:(bm25)|(ce:a/b)", "(bm25)|(ce:a/b)", "|")
    ['bm25', 'ce:a/b']
    """
    parts: list[str] = []
    start = depth = 0
    for at, sign in enumerate(target):
        if sign == "(":
            start = start if depth else at + 1
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                parts.append(target[start:at])
    if separator.join(f"({part})" for part in parts) != target:
        raise UsageError(
            f"model '{uri}': each part stands in parentheses, with '{separator}' between: "
            f"(A){separator}(B)"
        )
    return parts


def end_of_parts(uri: str) -> int:
    """Where the parts of a target end and options may begin; 0 for a target without parts."""
    start = uri.find(":(") + 1
    if not start or not uri[: start - 1].isidentifier():
        return 0
    depth = 0
    for at in range(start, len(uri)):
        depth += {"(": 1, ")": -1}.get(uri[at], 0)
        if depth < 0 or (depth == 0 and uri[at] == "?"):
            break
    else:
        at = len(uri)
    if depth:
        raise UsageError(f"model '{uri}': a parenthesis has no partner; each part is (URI)")
    return at


def _bare(name: str, uri: str, schemes: Collection[str]) -> tuple[str, str]:
    path = Path(name)
    if name in schemes:
        return name, ""
    if name.endswith(".py"):
        return "py", name
    if name.endswith(_VECTORS):
        return "vectors", name
    if path.is_dir():
        return "st", name
    if "/" in name and not name.startswith((".", "/")):
        hint = f"; for a model of the hub write 'st:{name}'"
        raise UsageError(f"model '{uri}': no such folder{hint}")
    raise UsageError(
        f"model '{uri}': no scheme, file or folder of that name{nearest(name, schemes)}"
    )
