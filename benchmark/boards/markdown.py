"""Markdown: text that it shows letter by letter, and the text behind it."""

from __future__ import annotations

import re


def escape(text: str) -> str:
    r"""Text as Markdown shows it letter by letter, on one line of a table.

    >>> escape("a|b_c <img> *x*")
    'a\\|b_c \\<img\\> \\*x\\*'
    """
    one_line = "".join(char if char.isprintable() else " " for char in text)
    marked = re.sub(r"([\\`*\[\]<>|~#&$])", r"\\\1", one_line)
    # Inside a word an underscore is only itself.
    marked = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", marked)
    # No link or mention is made of a name.
    return re.sub(r"(?i)(https?|ftp|www|mailto)(?=[:.])|(?<!\w)@(?=\w)", r"\g<0>&#8203;", marked)


def plain(title: str) -> str:
    """A title without the escapes of Markdown."""
    return re.sub(r"\\(.)", r"\1", title).replace("&#8203;", "")
