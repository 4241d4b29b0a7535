"""Consent at the command line: said beforehand with ``--yes``, or asked in a terminal."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from benchmark.errors import UsageError
from benchmark.models.http.consent import Outgoing, refuse


@dataclass(slots=True)
class TerminalConsent:
    """Says what would be sent and asks, once a host and model; state: the answers given."""

    yes: bool
    given: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, outgoing: Outgoing) -> None:
        """Return when the texts may be sent; raises UsageError when not."""
        key = (outgoing.host, outgoing.model)
        if key in self.given:
            return
        print(f"{outgoing.model}: this sends {outgoing}", file=sys.stderr)
        if not self.yes:
            self._ask(outgoing)
        self.given.add(key)

    def _ask(self, outgoing: Outgoing) -> None:
        if not _is_terminal():
            refuse(outgoing)
        print("Send it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise UsageError("not agreed to; nothing was sent")


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
