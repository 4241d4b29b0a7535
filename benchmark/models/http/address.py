"""Where an endpoint is, and the key that opens it."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from benchmark.errors import UsageError

# A key is sent on its own only to the provider that gave it; for others, key_env names it.
_KEY_OF_HOST = {
    "api.openai.com": "OPENAI_API_KEY",
    "api.cohere.com": "CO_API_KEY",
    "api.jina.ai": "JINA_API_KEY",
}
_AZURE, _AZURE_KEY = (".openai.azure.com", ".cognitiveservices.azure.com"), "AZURE_OPENAI_API_KEY"
_SECRET_PARAMETERS = {"api-key", "api_key", "apikey", "key", "token", "access_token", "sig"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where requests go; ``host`` has the port where it is not the usual one.

    ``headers`` hold the key, so they are in no repr. ``place`` is what names the endpoint beside
    the host: its path and parameters, '' for ``/v1`` alone.
    """

    url: str
    host: str
    local: bool
    parameters: Mapping[str, str]
    key_name: str
    """The environment variable that the key came from; '' when none was sent."""
    place: str = ""
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)


def find_address(model: str, route: str, options: Mapping[str, Any], who: str) -> Address:
    """The address for ``route`` (``embeddings``) of the server at the option ``url``.

    Azure's addresses get their deployment's path, when they have none, and Azure's header for the
    key. Raises UsageError, which never shows the address, since one with a password has come here.
    """
    try:
        parts = urlsplit(options["url"])
        port = parts.port
    except ValueError:
        raise UsageError(f"{who}: url is not an address; write url=https://host/v1") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{who}: url must begin with http:// or https:// and name a host")
    parameters = dict(sorted(parse_qsl(parts.query)))
    if parts.username or parts.password or _SECRET_PARAMETERS & {n.lower() for n in parameters}:
        raise UsageError(
            f"{who}: url holds a password or key; put it into an environment variable and name "
            "that with key_env=NAME"
        )
    others = urlencode({n: v for n, v in parameters.items() if n != "api-version"})
    if "api_version" in options:
        parameters["api-version"] = options["api_version"]
    name = parts.hostname
    azure = name.endswith(_AZURE) or "api-version" in parameters
    path = parts.path.rstrip("/")
    if azure and not path:
        path = f"/openai/deployments/{model}"
    place = path.removesuffix(f"/{route}")
    shown = f"[{name}]" if ":" in name else name
    host = shown if port in (None, 443 if parts.scheme == "https" else 80) else f"{shown}:{port}"
    local = _is_local(name)
    key_name, key = _key(name, azure, local, options, who)
    return Address(
        url=f"{parts.scheme}://{host}{place}/{route}",
        host=host,
        local=local,
        parameters=parameters,
        key_name=key_name,
        place="?".join(filter(None, ["" if place == "/v1" else place.strip("/"), others])),
        headers={"api-key" if azure else "authorization": key if azure else f"Bearer {key}"}
        if key
        else {},
    )


def _key(
    name: str, azure: bool, local: bool, options: Mapping[str, Any], who: str
) -> tuple[str, str]:
    """The variable that holds the key, and the key; both '' when none is to be sent.

    An empty ``key_env`` sends none; a server on this machine needs none.
    """
    usual = _KEY_OF_HOST.get(name, _AZURE_KEY if azure and name.endswith(_AZURE) else "")
    if local:
        usual = "OPENAI_API_KEY"
    wanted = options.get("key_env", usual)
    key = os.environ.get(wanted, "").strip() if wanted else ""
    if wanted and not key and (wanted != usual or not local):
        raise UsageError(f"{who}: the environment variable {wanted} is not set; put the key there")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"{who}: the key in {wanted} has characters that no key has")
    return (wanted if key else ""), key


def _is_local(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
