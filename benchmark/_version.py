"""The version, as a literal: importlib.metadata would triple the time of ``embedmark --help``."""

__version__ = "0.1.0"

PROTOCOL = "1"
"""Version of the evaluation protocol; raised when a change moves scores."""

REFERENCE = "2.26.24"
"""The version of mteb whose protocol and result layout this follows."""
