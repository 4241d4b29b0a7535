"""LaTeX: text that it sets letter by letter, and a table between the rules of booktabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}


def escape_latex(text: str) -> str:
    r"""Text as LaTeX sets it letter by letter, on one line.

    >>> print(escape_latex(r"a_b & 5% \input{x}"))
    a\_b \& 5\% \textbackslash{}input\{x\}
    """
    one_line = "".join(char if char.isprintable() else " " for char in text)
    return "".join(_ESCAPES.get(char, char) for char in one_line)


def tabular(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[bool]) -> str:
    """A ``tabular`` of text cells; columns of numbers are aligned right."""
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{''.join('r' if number else 'l' for number in numbers)}}}",
            r"\toprule",
            _line(heads),
            r"\midrule",
            *map(_line, rows),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _line(cells: Iterable[str]) -> str:
    return " & ".join(map(escape_latex, cells)) + r" \\"
