"""HTML → its main text: trafilatura chooses the blocks, and the chosen ones are written down as they stand.

trafilatura's own output is made for reading: of a paragraph that stands twice it may leave out the second one (copies
are what this package looks for), and a page laid out as a table comes as one line. So every block of the page gets an
invisible number before trafilatura sees it, and its output only tells which numbers to keep.

This file imports nothing of the package: it is also run by itself, as the process that takes pages apart (`serve`).
"""

from __future__ import annotations

import logging
import os
import re
import signal
import struct
import sys
from typing import IO, Any, NamedTuple

import trafilatura
from lxml import etree

# Time and memory grow with the page: 1 s and 70 MB a million characters; of the oddest ones (tags never closed) 6 s and
# 300 MB. Crawlers cut off earlier.
LARGEST = 5_000_000

NO_TEXT = "no main text found in the HTML"
# What ends a line of text; cells of a table do not, for a row is a line.
BREAKS = frozenset(
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody"
    " tfoot thead tr ul".split()
)
SILENT = frozenset(
    "audio button canvas head iframe math noscript object option script select style svg template textarea"
    " video".split()
)
PARAGRAPHS = frozenset("dd dt h1 h2 h3 h4 h5 h6 li p".split())
LISTS = frozenset("dl menu ol ul".split())

# A block's number is written in Braille patterns: printable, no letters, and rarer than anything in running text.
_SIGN, _ZERO, _BASE = "\u28ff", 0x2801, 200
_MARK = re.compile("\u28ff([\u2801-\u28c8]{3})")
_BRAILLE = re.compile("[\u2800-\u28ff]")
_TAG = re.compile(r"<[a-zA-Z/!?]")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*>")

# Without a handler of its own every odd page would be told about on stderr; a program's own handlers still hear it.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())


def main_text(page: str) -> str:
    """The main text of an HTML page, one block a line, blanks put together, a heading of the page (h1) first.

    Parameters
    ----------
    page : str
        A page or a fragment of one; without any tag it is returned as it is.

    Raises
    ------
    ValueError
        Saying why there is none.

    Notes
    -----
    2 to 10 ms a page, linear in its length; most of it holds the interpreter's lock.
    """
    if not page.strip():
        raise ValueError("the page is empty")
    if len(page) > LARGEST:
        raise ValueError(f"{len(page):,} characters of HTML; pages of more than {LARGEST:,} are not taken apart")
    if not _TAG.search(page):
        if "\0" in page:
            raise ValueError("no HTML but binary data")
        return page
    page = _DECLARATION.sub("", page, count=1)  # it speaks of bytes, and may lead the parser astray
    if "<html" not in page[:4096].lower():  # a fragment, which trafilatura would turn down
        page = f"<html><body><div>{page}</div></body></html>"
    try:
        tree = trafilatura.load_html(page)
        blocks = number_blocks(tree) if tree is not None else []
        # A page of no blocks may hold its text in a script (JSON-LD).
        chosen = trafilatura.extract(tree, include_comments=False, favor_recall=True) if tree is not None else None
    except Exception as error:  # whatever a broken page brings about
        first = (str(error).splitlines() or [""])[0]
        raise ValueError(f"the HTML cannot be taken apart: {type(error).__name__}: {first}"[:200]) from None
    kept = {_number(mark) for mark in _MARK.findall(chosen or "")}
    text = "\n".join(blocks[i].text for i in complete(blocks, kept) if i < len(blocks)) if kept else chosen or ""
    if not text.strip():
        raise ValueError(NO_TEXT)
    return text


class Block(NamedTuple):
    """A line of a page: its text, the element it stands in, and the share of it that is links."""

    text: str
    home: Any
    linked: float


def number_blocks(tree: Any) -> list[Block]:
    """The blocks of a page in their order; in the tree, each gets its number put before its text."""
    blocks: list[Block] = []
    pieces: list[str] = []
    open_: list[Any] = []  # elements that break lines
    home, linked, links = None, 0, 0

    def close() -> None:
        nonlocal home, linked
        if home is not None:
            blocks.append(_block("".join(pieces), home, linked))
        home, linked = None, 0
        pieces.clear()

    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if not isinstance(tag, str) or tag in SILENT:
                walk.skip_subtree()
                continue
            if tag in BREAKS:
                close()
                open_.append(element)
            links += tag == "a"
            side = "text"
        else:
            if tag in BREAKS:
                close()
                open_.pop()
            elif tag in ("td", "th"):
                pieces.append(" ")
            links -= tag == "a"
            side = "tail"
        text = getattr(element, side)
        if not text:
            continue
        if home is None and not text.isspace():
            home = open_[-1] if open_ else element
            setattr(element, side, _mark(len(blocks)) + _BRAILLE.sub("?", text))
        linked += len(text.strip()) if links else 0
        pieces.append(text)
    close()
    return blocks


def _block(raw: str, home: Any, linked: int) -> Block:
    if home.tag == "pre":
        lines = [line.rstrip() for line in raw.split("\n")]
        text = "\n".join(line for line in lines if line)
    else:
        text = " ".join(raw.split())
    return Block(text, home, linked / max(1, len(text)))


def complete(blocks: list[Block], kept: set[int]) -> list[int]:
    """The numbers to write down: those kept, the page's heading, and what was left out between their like.

    A paragraph, a heading or an item of a list that stands between two kept blocks of the same element belongs to the
    text, unless it is mostly links.
    """
    places = [_section(block.home) for block in blocks]
    first: dict[Any, int] = {}
    last: dict[Any, int] = {}
    for number in sorted(kept & set(range(len(blocks)))):
        first.setdefault(places[number], number)
        last[places[number]] = number
    wanted = set(kept)
    for number, (block, place) in enumerate(zip(blocks, places, strict=True)):
        if block.linked > 0.5 or number in kept:
            continue
        if block.home.tag in PARAGRAPHS and place in first and first[place] < number < last[place]:
            wanted.add(number)
    for number in range(min(kept)):
        if blocks[number].home.tag == "h1" and blocks[number].linked <= 0.5:
            wanted.add(number)
            break
    return sorted(wanted)


def _section(home: Any) -> Any:
    """The element that holds a block's element, lists looked through: paragraphs of one text have the same."""
    above = home.getparent() if home.tag != "br" else home
    while above is not None and above.tag in LISTS:
        above = above.getparent()
    return above


def _mark(number: int) -> str:
    return _SIGN + "".join(chr(_ZERO + number // power % _BASE) for power in (_BASE * _BASE, _BASE, 1))


def _number(mark: str) -> int:
    high, middle, low = (ord(sign) - _ZERO for sign in mark)
    return (high * _BASE + middle) * _BASE + low


# -- a process of its own ----------------------------------------------------------------------------------------

HEAD = struct.Struct("<?q")  # whether it is a text (else a reason), bytes


def send(stream: IO[bytes], good: bool, text: str) -> None:
    """Write one message."""
    raw = text.encode(errors="replace")
    stream.write(HEAD.pack(good, len(raw)))
    stream.write(raw)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[bool, str]:
    """Read one message.

    Raises
    ------
    EOFError
        If there is none, or only the beginning of one.
    """
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    good, size = HEAD.unpack(head)
    raw = stream.read(size)
    if len(raw) < size:
        raise EOFError
    return good, raw.decode()


def serve() -> None:
    """Answer pages on standard input by texts on standard output until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the end of the input tells us
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not talk into the answers
    send(out, True, "")  # ready
    while True:
        try:
            _, page = receive(sys.stdin.buffer)
        except EOFError:
            return
        try:
            send(out, True, main_text(page))
        except ValueError as error:
            send(out, False, str(error))


if __name__ == "__main__":
    serve()
