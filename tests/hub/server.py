"""A local server of data sets that speaks as the Hugging Face hub does to its clients.

Folders are data sets, ``root/org/name/<revision>/...``, and a revision is the name of its folder:
a branch such as ``main`` has a commit that follows from the content. Sources: the calls that
huggingface_hub 2.4.0 and datasets 5.2.0 make, and the documentation of the hub's API.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Headers = dict[str, str]
LFS_ENDINGS = (
    ".parquet",
    ".gz",
    ".zst",
    ".arrow",
)  # kept apart from git, as the hub's defaults are


@dataclass
class Hub:
    """What the server holds and how it misbehaves; ``calls`` are those that came, in order.

    ``token`` is wanted by ``private`` and ``gated`` sets. ``cut`` is how many bytes of a file are
    sent before the connection breaks, ``cuts`` how many times; ``limited`` is how many calls are
    answered 429; ``changed`` are paths whose bytes are not those that are listed.
    """

    root: Path
    token: str = "hf_secret"
    private: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    cut: int = 0
    cuts: int = 0
    limited: int = 0
    changed: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, part: str) -> int:
        """How many calls had this in method and path."""
        return sum(part in call for call in self.calls)


@dataclass(frozen=True)
class Snapshot:
    """A data set at one revision."""

    folder: Path

    @cached_property
    def files(self) -> dict[str, Path]:
        """Its files by path."""
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in found}

    @cached_property
    def commit(self) -> str:
        """The folder's name where it is a commit, otherwise a digest of the content."""
        if re.fullmatch(r"[0-9a-f]{40}", self.folder.name):
            return self.folder.name
        lines = [f"{path} {git_id(file)}" for path, file in self.files.items()]
        return hashlib.sha1("\n".join(lines).encode()).hexdigest()

    def entry(self, path: str) -> dict[str, Any]:
        """What the tree says of a file."""
        file = self.files[path]
        entry = {"type": "file", "oid": git_id(file), "size": file.stat().st_size, "path": path}
        if is_lfs(path):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            entry["lfs"] = {"oid": digest, "size": entry["size"], "pointerSize": 134}
        return entry


def is_lfs(path: str) -> bool:
    """Whether the hub keeps such a file apart from git."""
    return path.endswith(LFS_ENDINGS)


def etag(file: Path) -> str:
    """A file's digest: SHA-256 where it is kept apart from git, git's own otherwise."""
    if is_lfs(file.name):
        return hashlib.sha256(file.read_bytes()).hexdigest()
    return git_id(file)


def git_id(file: Path) -> str:
    """The id that git gives to what it holds: the file, or the pointer to it."""
    data = file.read_bytes()
    if is_lfs(file.name):
        digest = hashlib.sha256(data).hexdigest()
        data = (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n"
        ).encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def find(hub: Hub, name: str, revision: str) -> Snapshot | None:
    """A data set at a revision: its folder, a commit that has a branch, or the start of one."""
    known = [Snapshot(path) for path in sorted((hub.root / name).iterdir()) if path.is_dir()]
    for snapshot in known:
        if snapshot.folder.name == revision.replace("/", "--"):
            return snapshot
    short = len(revision) >= 7 and re.fullmatch(r"[0-9a-f]+", revision)
    return next((s for s in known if short and s.commit.startswith(revision)), None)


class Handler(BaseHTTPRequestHandler):
    """One call of a client."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """As GET, without a body."""
        self.answer()

    def do_GET(self) -> None:
        """Answer any of the calls below."""
        self.answer()

    def do_POST(self) -> None:
        """Only ``paths-info`` is posted."""
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def answer(self, body: bytes = b"") -> None:
        """Refuse, or hand over to the call's own method."""
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        with self.hub.lock:
            self.hub.calls.append(f"{self.command} {path} {self.headers.get('Range', '')}".strip())
            limited = self.hub.limited > 0
            self.hub.limited -= limited
        if limited:
            return self.send(429, b"", {"Retry-After": "0"})
        if found := re.fullmatch(r"/cdn/([^/]+/[^/]+)/([^/]+)/(.+)", path):
            return self.send_file(found[1], found[2], found[3], direct=True)
        if found := re.fullmatch(
            r"/api/datasets/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/(.+))?", path
        ):
            return self.api(found[1], found[2] or "revision", found[3] or "main", body, parts.query)
        if found := re.fullmatch(
            r"/datasets/([^/]+/[^/]+)/resolve/(refs/[^/]+/[^/]+|[^/]+)/(.+)", path
        ):
            if self.refused(found[1]):
                return None
            return self.send_file(found[1], found[2], found[3], direct=False)
        return self.error(404, "EntryNotFound", "Not found")

    def refused(self, name: str) -> bool:
        """Answer for a set that is unknown, or that this client may not see."""
        allowed = self.headers.get("Authorization") == f"Bearer {self.hub.token}"
        if name in self.hub.gated and not allowed:
            self.error(
                403 if self.headers.get("Authorization") else 401,
                "GatedRepo",
                "Access to dataset is restricted",
            )
            return True
        if not (self.hub.root / name).is_dir() or (name in self.hub.private and not allowed):
            self.error(404 if allowed else 401, "RepoNotFound", "Repository not found")
            return True
        return False

    def snapshot(self, name: str, revision: str) -> Snapshot | None:
        """The set at this revision, or None after saying that there is none."""
        found = find(self.hub, name, revision)
        if found is None:
            self.error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def api(self, name: str, call: str, rest: str, body: bytes, query: str) -> None:
        """``/api/datasets/NAME``, its revisions, trees and information on paths."""
        # The description of a gated set is public on the hub; its files are not.
        if (name not in self.hub.gated or call != "revision") and self.refused(name):
            return
        revision, _, inner = rest.partition("/")
        if rest.startswith("refs/"):
            revision, inner = rest, ""
        snapshot = self.snapshot(name, revision)
        if snapshot is None:
            return
        if call == "revision":
            files = [{"rfilename": path} for path in snapshot.files]
            about = {
                "id": name,
                "sha": snapshot.commit,
                "private": name in self.hub.private,
                "gated": name in self.hub.gated,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": files,
            }
            self.send_json(about)
        elif call == "paths-info":
            self.paths_info(snapshot, body)
        else:
            recursive = parse_qs(query).get("recursive", ["false"])[0].lower() in ("true", "1")
            self.tree(snapshot, inner, recursive)

    def paths_info(self, snapshot: Snapshot, body: bytes) -> None:
        """Files and folders among the paths asked for; those that are neither are left out."""
        if "json" in self.headers.get("Content-Type", ""):
            paths = json.loads(body)["paths"]
        else:
            paths = parse_qs(body.decode()).get("paths", [])
        found = []
        for path in [paths] if isinstance(paths, str) else paths:
            if path in snapshot.files:
                found.append(snapshot.entry(path))
            elif any(file.startswith(f"{path}/") for file in snapshot.files):
                found.append(folder_entry(path))
        self.send_json(found)

    def tree(self, snapshot: Snapshot, inner: str, recursive: bool) -> None:
        """The entries of a folder, a page of at most 50 at a time."""
        start = f"{inner}/" if inner else ""
        entries: dict[str, dict[str, Any]] = {}
        for path in snapshot.files:
            if not path.startswith(start):
                continue
            parts = path.removeprefix(start).split("/")
            for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
                folder = start + "/".join(parts[:depth])
                entries.setdefault(folder, folder_entry(folder))
            if recursive or len(parts) == 1:
                entries[path] = snapshot.entry(path)
        if inner and not entries:
            return self.error(404, "EntryNotFound", "Path not found")
        query = parse_qs(urlsplit(self.path).query)
        first = int(query.get("cursor", ["0"])[0])
        page = list(entries.values())[first : first + 50]
        headers = {}
        if first + 50 < len(entries):
            here = f"{self.hub.url}{urlsplit(self.path).path}"
            word = "true" if recursive else "false"
            headers["Link"] = f'<{here}?recursive={word}&cursor={first + 50}>; rel="next"'
        return self.send_json(page, headers)

    def send_file(self, name: str, revision: str, path: str, *, direct: bool) -> None:
        """A file, or a range of it; what is kept apart from git by a redirect to a store."""
        snapshot = self.snapshot(name, revision)
        if snapshot is None:
            return None
        about = {"X-Repo-Commit": snapshot.commit}
        file = snapshot.files.get(path)
        if file is None:
            return self.error(404, "EntryNotFound", "Entry not found", about)
        data = file.read_bytes()
        if is_lfs(path) and not direct:
            location = f"{self.hub.url}/cdn/{name}/{revision.replace('/', '--')}/{path}"
            linked = {
                "Location": location,
                "X-Linked-Etag": f'"{etag(file)}"',
                "X-Linked-Size": str(len(data)),
            }
            return self.send(302, b"", {**about, **linked})
        headers = {**about, "ETag": f'"{etag(file)}"', "Accept-Ranges": "bytes"}
        if path in self.hub.changed:
            data = bytes([data[0] ^ 1]) + data[1:]
        status = 200
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            end = int(asked[2] or len(data) - 1)
            headers["Content-Range"] = f"bytes {asked[1]}-{end}/{len(data)}"
            data, status = data[int(asked[1]) : end + 1], 206
        return self.send(status, data, headers, may_cut=True)

    def send_json(self, content: Any, headers: Mapping[str, str] = {}) -> None:
        """An answer in JSON."""
        self.send(
            200, json.dumps(content).encode(), {"Content-Type": "application/json", **headers}
        )

    def error(self, status: int, code: str, message: str, headers: Mapping[str, str] = {}) -> None:
        """An error as the hub words it, in headers and body."""
        told = {
            "X-Error-Code": code,
            "X-Error-Message": message,
            "Content-Type": "application/json",
        }
        self.send(status, json.dumps({"error": message}).encode(), {**told, **headers})

    def send(
        self, status: int, body: bytes, headers: Mapping[str, str], *, may_cut: bool = False
    ) -> None:
        """Send it all, or, where files are cut, break off in the middle."""
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        with self.hub.lock:
            cuts = may_cut and self.hub.cuts > 0 and len(body) > self.hub.cut
            self.hub.cuts -= cuts
        if cuts:
            self.wfile.write(body[: self.hub.cut])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)


def folder_entry(path: str) -> dict[str, Any]:
    """What the tree says of a folder."""
    return {
        "type": "directory",
        "oid": hashlib.sha1(path.encode()).hexdigest(),
        "size": 0,
        "path": path,
    }


@contextmanager
def serving(root: Path) -> Iterator[Hub]:
    """Serve the data sets of a folder until the block ends."""
    hub = Hub(root)
    handler = type("Bound", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
