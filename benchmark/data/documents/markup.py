"""Title and text of Markdown, HTML and plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from benchmark.data.documents.passages import ends_sentence
from benchmark.data.documents.record import fold, paragraphs_of, words_of

_TITLE_WORDS = 20  # a first line of more is no title
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_NAMED = re.compile(r"^title:(.*)$", re.MULTILINE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+(?P<after>\S.*)$|^(?P<under>\S.*)\n=+[ \t]*\r?$", re.MULTILINE
)
# A heading, an item of a list and a row of a table are each a paragraph, without an empty line.
_LINE = re.compile(r"^[ \t]*(?:#{1,6}[ \t].*|(?:[-*+]|\d+[.)])[ \t].*|\|.*)$", re.MULTILINE)
_LAST_OF_HEADING = re.compile(r"^( {0,3}#{1,6}[ \t].*)$", re.MULTILINE)
_DROPPED = ("script", "style")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Those that the HTML standard's rendering section sets apart from the text around them.
_BLOCKS = {
    *_HEADINGS, "address", "article", "aside", "blockquote", "body", "caption", "center", "dd",
    "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
    "form", "head", "header", "hgroup", "hr", "html", "legend", "li", "listing", "main", "menu",
    "nav", "ol", "optgroup", "option", "p", "pre", "search", "section", "summary", "table",
    "tbody", "tfoot", "thead", "tr", "ul", "xmp",
}  # fmt: skip
_SPACED = {"br", "td", "th"}

Parts = tuple[str, tuple[str, ...]]
"""A title ('' for none) and the paragraphs without it."""


def read_plain(text: str) -> Parts:
    r"""A first paragraph of one short line that is no sentence is the title.

    >>> read_plain("On dogs\n\nDogs bark.\n")
    ('On dogs', ('Dogs bark.',))
    """
    found = paragraphs_of(text)
    if len(found) > 1 and "\n" not in text.strip().split("\n\n", 1)[0].strip():
        first = found[0]
        if 0 < len(words_of(first)) <= _TITLE_WORDS and not ends_sentence(first):
            return first, found[1:]
    return "", found


def read_markdown(text: str) -> Parts:
    r"""The title is ``title`` of the front matter or the first heading; markup stays as it is.

    >>> read_markdown("# On dogs\n\nDogs *bark*.\n")
    ('On dogs', ('Dogs *bark*.',))
    """
    named = ""
    if front := _FRONT.match(text):
        named = "".join(_NAMED.findall(front[1])[:1]).strip().strip("\"'")
        text = text[front.end() :]
    text = _without_comments(text)
    if heading := _HEADING.search(_without_code(text)):
        title = (heading["after"] or heading["under"]).rstrip().rstrip("#")
        if not named or fold(named) == fold(title):
            named = title
            text = f"{text[: heading.start()]}\n{text[heading.end() :]}"
    text = _LINE.sub(r"\n\n\g<0>", _LAST_OF_HEADING.sub(r"\1\n\n", text))
    return fold(named.replace("`", "")), paragraphs_of(text)


def _without_code(text: str) -> str:
    """Lines of code, which may hold a "# comment", blanked, so that all places stay the same."""
    lines, fence = text.split("\n"), ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if fence or mark:
            lines[number] = " " * len(line)
        if not fence:
            fence = mark[1] if mark else ""
        elif mark and mark[1].startswith(fence):
            fence = ""
    return "\n".join(lines)


def _without_comments(text: str) -> str:
    first, *rest = text.split("<!--")
    return first + "".join(f" {part.partition('-->')[2]}" for part in rest)


def read_html(text: str) -> Parts:
    """The title is ``<title>`` or the first heading; scripts and styles are dropped.

    >>> read_html("<title>On dogs</title><h1>On dogs</h1><p>Dogs&nbsp;<b>bark</b>.<p>Or not.")
    ('On dogs', ('Dogs bark.', 'Or not.'))
    """
    page = _Page()
    page.feed(text)
    page.close()
    page.end_block()
    title = fold(page.title) or page.heading
    return title, tuple(block for block in page.blocks if block != title)


class _Page(HTMLParser):
    """Collects the text of a page block by block; state: where in the page it is."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.title = self.heading = ""
        self._parts: list[str] = []
        self._dropped = 0
        self._in_title = self._titled = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        elif tag == "title":
            self._in_title = not self._titled  # an image in the page may have one too
        self._divide(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag == "title":
            self._in_title, self._titled = False, True
        elif tag in _HEADINGS and not self.heading:
            self.heading = fold("".join(self._parts))
        self._divide(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._dropped:
            self._parts.append(data)

    def end_block(self) -> None:
        """Close the block at hand."""
        if block := fold("".join(self._parts)):
            self.blocks.append(block)
        self._parts.clear()

    def _divide(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._in_title = False
            self.end_block()
        elif tag in _SPACED:
            self._parts.append(" ")
