"""A server on this machine that speaks like an endpoint, and fails as it is told."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

WIDTH = 8
Fault = Callable[["Handler", dict[str, Any]], None]


@dataclass
class Seen:
    """One request as the server saw it."""

    path: str
    parameters: dict[str, list[str]]
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Server:
    """What the tests ask and tell the server: faults for the next requests, then good answers."""

    url: str = ""
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    seen: list[Seen] = field(default_factory=list)
    width: int = WIDTH
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def texts(self) -> list[str]:
        """Every text that it was sent, repeated attempts too."""
        return [text for request in self.seen for text in request.body.get("input", [])]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer, or fail."""
        state: Server = self.server.state
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        with state.lock:
            state.seen.append(Seen(parts.path, parse_qs(parts.query), headers, body))
            fault = state.faults.popleft() if state.faults else state.always
            state.at_once += 1
            state.most_at_once = max(state.most_at_once, state.at_once)
        try:
            (fault or good)(self, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with state.lock:
                state.at_once -= 1


def vector(text: str, width: int = WIDTH) -> list[float]:
    """The numbers of a text, exact in float32."""
    digest = hashlib.sha256(text.encode()).digest()
    return [(digest[n % 32] - 128) / 64 for n in range(width)]


def vectors(texts: list[str], width: int = WIDTH) -> Any:
    """The vectors of texts, as they are expected back."""
    return np.array([vector(text, width) for text in texts], np.float32)


def relevance(query: str, document: str) -> float:
    """The score of a pair."""
    shared = set(query.split()) & set(document.split())
    return len(shared) + len(document) / 1024


def content(state: Server, path: str, body: dict[str, Any]) -> Any:
    """The right answer."""
    if path.endswith("/rerank"):
        documents = body.get("documents", body.get("texts"))
        found = [(n, relevance(body["query"], text)) for n, text in enumerate(documents)]
        found.sort(key=lambda pair: -pair[1])
        if "texts" in body:
            return [{"index": n, "score": score} for n, score in found]
        return {"results": [{"index": n, "relevance_score": score} for n, score in found]}
    width = body.get("dimensions", state.width)
    data = []
    for index, text in enumerate(body["input"]):
        numbers: Any = vector(text, width)
        if body.get("encoding_format") == "base64":
            numbers = base64.b64encode(struct.pack(f"<{width}f", *numbers)).decode()
        data.append({"object": "embedding", "index": index, "embedding": numbers})
    used = sum(len(text.split()) + 1 for text in body["input"])
    return {"data": data, "usage": {"prompt_tokens": used, "total_tokens": used}}


def answer(
    handler: Handler, found: Any, status: int = 200, headers: dict[str, str] | None = None
) -> None:
    """Send JSON, or bytes as they are."""
    data = found if isinstance(found, bytes) else json.dumps(found).encode()
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def good(handler: Handler, body: dict[str, Any]) -> None:
    """Answer as asked."""
    answer(handler, content(handler.server.state, urlsplit(handler.path).path, body))


def status(
    code: int, headers: dict[str, str] | None = None, found: Any = None, quote: bool = True
) -> Fault:
    """Refuse; the body quotes the key and the texts, as careless providers do."""

    def fault(handler: Handler, body: dict[str, Any]) -> None:
        key = handler.headers.get("authorization", handler.headers.get("api-key", ""))
        said = {"error": {"message": f"{key} {body}", "code": f"{key} {body}"}}
        answer(handler, found or (said if quote else {}), code, headers)

    return fault


def changed(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Answer with a right answer that was changed."""

    def fault(handler: Handler, body: dict[str, Any]) -> None:
        right = content(handler.server.state, urlsplit(handler.path).path, body)
        answer(handler, change(right))

    return fault


def hang(handler: Handler, body: dict[str, Any]) -> None:
    """Say nothing until the test is over."""
    handler.server.state.closing.wait()
    handler.close_connection = True


def drip(handler: Handler, body: dict[str, Any]) -> None:
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("content-length", "1000000")
    handler.end_headers()
    while not handler.server.state.closing.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()
    handler.close_connection = True


def drip_headers(handler: Handler, body: dict[str, Any]) -> None:
    """Send a header's byte now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
    while not handler.server.state.closing.wait(0.02):
        handler.wfile.write(b"x")
        handler.wfile.flush()
    handler.close_connection = True


def reset(handler: Handler, body: dict[str, Any]) -> None:
    """Tear the connection down."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True


def cut_short(handler: Handler, body: dict[str, Any]) -> None:
    """Send half of the JSON, and say that it is all."""
    right = json.dumps(content(handler.server.state, urlsplit(handler.path).path, body)).encode()
    answer(handler, right[: len(right) // 2])


def closed_early(handler: Handler, body: dict[str, Any]) -> None:
    """Send half of what was announced, and close."""
    right = json.dumps(content(handler.server.state, urlsplit(handler.path).path, body)).encode()
    handler.send_response(200)
    handler.send_header("content-length", str(len(right)))
    handler.end_headers()
    handler.wfile.write(right[: len(right) // 2])
    handler.close_connection = True


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    """A server on a free port of this machine, gone when the block ends; TLS by a certificate."""
    state = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)
    http.daemon_threads = False
    http.handle_error = lambda *_: None  # type: ignore[method-assign]
    http.state = state  # type: ignore[attr-defined]
    state.url = f"http{'s' if certificate else ''}://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        http.shutdown()
        http.server_close()
        thread.join()
