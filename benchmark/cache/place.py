"""Where a cache may lie: a folder of its own on a local disk."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from benchmark.errors import UsageError

# File systems of other machines that do not keep what several processes see in step.
_NETWORK = {
    "afs",
    "cifs",
    "davfs",
    "fuse.davfs2",
    "fuse.gcsfuse",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.smbnetfs",
    "fuse.sshfs",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
}
_WAY_OUT = "name a folder on a local disk with --cache DIR or use --no-cache"


def make_root(root: Path) -> None:
    """Make the cache folder, for its owner only.

    Raises UsageError when it cannot be made, or lies on a network file system.
    """
    found = _network_of(root.absolute())
    if found:
        raise UsageError(
            f"{root}: a cache on a network file system ({found}) is unsafe; {_WAY_OUT}"
        )
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"{root}: the cache folder cannot be made ({error.strerror}); {_WAY_OUT}"
        ) from None


@cache
def _network_of(path: Path) -> str:
    if str(path).startswith("\\\\"):
        return "a Windows share"
    if sys.platform != "linux":
        return ""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    return network_type(path.resolve(), lines)


def network_type(path: Path, mounts: Iterable[str]) -> str:
    """The type of the network file system that holds a path, '' on a local one.

    ``mounts`` are lines of /proc/mounts; of those above the path the deepest counts, and of equal
    ones the last.

    >>> network_type(Path("/home/me/x"), ["/dev/sda / ext4 rw 0 0", "host:/ /home nfs4 rw 0 0"])
    'nfs4'
    """
    deepest, found = -1, ""
    for line in mounts:
        _, point, kind, *_ = line.split(" ")
        # The kernel writes spaces and tabs of a path as octal escapes.
        mounted = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), point))
        if path.is_relative_to(mounted) and len(mounted.parts) >= deepest:
            deepest, found = len(mounted.parts), kind
    return found if found in _NETWORK else ""
