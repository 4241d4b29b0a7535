"""What went wrong on the way to the hub, in one line that says what to do now."""

from __future__ import annotations

import errno
import os

from benchmark.errors import DataError

_FULL = (errno.ENOSPC, errno.EDQUOT)
NO_NETWORK = {
    "LocalEntryNotFoundError",
    "IncompleteSnapshotError",
    "OfflineModeIsEnabled",
    "RevisionResolutionError",
    "CachedRepoTreeNotFoundError",
    "TransportError",
    "ConnectionError",
    "TimeoutException",
    "Timeout",
}


class OutOfReachError(DataError):
    """Data are not in the cache and there is no network; nothing is known to be wrong with them."""


def explained(name: str, revision: str, error: BaseException, size: int | None = None) -> DataError:
    """One line for what huggingface_hub raised; ``size`` is the bytes that were asked for.

    Errors are told by the names of their classes, which outlive the modules that hold them.
    """
    line, away = _line(name, revision, error, size)
    return OutOfReachError(line) if away else DataError(line)


def _line(name: str, revision: str, error: BaseException, size: int | None) -> tuple[str, bool]:
    """The line, and whether there is no network."""
    chain = list(_chain(error))
    names = {base.__name__ for each in chain for base in type(each).__mro__}
    status = next((s for s in map(status_of, chain) if s), None)
    page = f"{_endpoint()}/datasets/{name}"
    what = f"data set '{name}'"
    wanted = f" ({_bytes(size)})" if size else ""
    if any(isinstance(each, OSError) and each.errno in _FULL for each in chain):
        line = (
            f"the disk of the hub's cache is full{wanted}; nothing partial was kept; make room, or "
            "set HF_HOME to a folder on another disk"
        )
    elif "GatedRepoError" in names or status == 403:
        line = f"it is gated; accept its terms at {page} and set HF_TOKEN to your token"
    elif "RevisionNotFoundError" in names:
        line = f"it has no revision '{revision}'; see {page}/commits/main"
    elif status == 429:
        line = (
            "the hub answers that there were too many requests (429); wait, or set HF_TOKEN, since "
            "it grants more to those who log in"
        )
    elif "RepositoryNotFoundError" in names or status in (401, 404):
        line = (
            "it is unknown to the hub, or private; check the name in [source], or set HF_TOKEN to "
            f"a token that may read {page}"
        )
    elif names & NO_NETWORK:
        line = (
            f"revision '{revision}'{wanted} is not in the cache, and the hub is out of reach; run "
            "once with network, or bring it from another machine: embedmark tasks bundle"
        )
        return f"{what}: {line}", True
    elif status and status >= 500:
        line = f"the hub failed ({status}); run again later, what was fetched is kept"
    elif "Consistency check failed" in str(error):
        line = "a download ended early; run again, files that are whole are kept"
    elif isinstance(error, OSError) and error.errno:
        line = f"the hub's cache cannot be written ({error.strerror}); see HF_HOME"
    else:
        line = f"the hub's answer is not understood ({type(error).__name__}); see {page}"
    return f"{what}: {line}", False


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error tells of; None where there was no answer."""
    code = getattr(getattr(error, "response", None), "status_code", None)
    return code if isinstance(code, int) else None


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _bytes(size: int) -> str:
    """A size for people.

    >>> _bytes(512), _bytes(81_234_567)
    ('512 bytes', '81.2 MB')
    """
    return f"{size} bytes" if size < 100_000 else f"{size / 1e6:,.1f} MB"
