"""A model URI: ``scheme:target[@revision][?option=value&...]``, or a bare name.

A bare name means what its owner would expect: a scheme that needs no target (``wordllama``), a
``.py`` file, a file of vectors, a folder with a model in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from benchmark.errors import UsageError, nearest

_VECTORS = (".npz", ".parquet")


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
    body, _, query = uri.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if query and not options:
        raise UsageError(f"model '{uri}': options are written ?name=value&name=value")
    scheme, colon, target = body.partition(":")
    if not colon:
        scheme, target = _bare(body, uri, schemes)
    elif scheme not in schemes:
        raise UsageError(f"model '{uri}': unknown scheme '{scheme}'{nearest(scheme, schemes)}")
    revision = None
    if "@" in target and not Path(target).exists():
        target, _, revision = target.rpartition("@")
    return ModelURI(scheme, target, revision, options)


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
