"""The engine: every text of the chosen tasks encoded once, in batches of like length."""

from __future__ import annotations

from benchmark.encode.batches import Sizes as Sizes
from benchmark.encode.batches import batches as batches
from benchmark.encode.batches import sizes_of as sizes_of
from benchmark.encode.groups import Group as Group
from benchmark.encode.groups import Wanted as Wanted
from benchmark.encode.groups import groups_of as groups_of
from benchmark.encode.groups import joint_groups as joint_groups
from benchmark.encode.plan import Encoded as Encoded
from benchmark.encode.plan import Progress as Progress
from benchmark.encode.plan import encode_plan as encode_plan
from benchmark.encode.session import Session as Session
from benchmark.encode.session import open_session as open_session
from benchmark.encode.together import Piece as Piece
from benchmark.encode.together import Share as Share
from benchmark.encode.together import encode_together as encode_together

__all__ = [
    "Encoded",
    "Group",
    "Piece",
    "Progress",
    "Session",
    "Share",
    "Sizes",
    "Wanted",
    "batches",
    "encode_plan",
    "encode_together",
    "groups_of",
    "joint_groups",
    "open_session",
    "sizes_of",
]
