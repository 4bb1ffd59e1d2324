"""Pages → the lines at which the pieces they collect begin, as far as headings tell."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import utf8_buffers
from dedup.pages.lines import Lines
from dedup.pages.pieces import forms, kernels
from dedup.pages.pieces.families import kernels as family_kernels
from dedup.pages.pieces.marks import kernels as mark_kernels

HEADED, WEAK, LED, REST = kernels.HEADED, kernels.WEAK, kernels.LED, kernels.REST
"""What begins at a cut: a piece under a heading; one whose heading is lost, told by its opening or by what closes the
text before; one that the first heading found shows to stand before it; what is no piece, an introduction or a list of
titles."""


class Cuts(NamedTuple):
    """Where stretches of pages begin, in order; a page without cuts has no row.

    Every page that has cuts has one at its line 0, so that each line stands in a stretch of known kind.

    Attributes
    ----------
    page : ``[c] int64``
        Number of the text in its block; add the first page of the block before blocks are joined.
    line : ``[c] int64``
        Of the page, from 0.
    body : ``[c] int64``
        First line of the body: the first below the heading that is not blank; `line` itself without a heading.
    kind : ``[c] uint8``
        `HEADED`, `WEAK`, `LED` or `REST`, the surest first.
    group : ``[c] int32``
        Headings of one family share it, within the page; -1 without a heading.
    number : ``[c] int32``
        As the heading counts; 0 without a heading.
    """

    page: np.ndarray
    line: np.ndarray
    body: np.ndarray
    kind: np.ndarray
    group: np.ndarray
    number: np.ndarray


class Block(NamedTuple):
    """Lines of pages as the kernels read them.

    Attributes
    ----------
    data : ``[bytes] uint8``
    starts : ``[lines + 1] int64``
        Bytes.
    points : ``[lines] int64``
        Code points of the page before the line.
    doubtful : ``[lines] bool``
        Set by the kernels where a line must be composed (NFKC) to be cleaned right: its characters alone do not tell.
    """

    data: np.ndarray
    starts: np.ndarray
    points: np.ndarray
    doubtful: np.ndarray


def find_cuts(lines: Lines) -> Cuts:
    """Find the headings under which pages collect texts, and where a list of other titles or a footer begins.

    A form alone makes no heading: at least two lines must share title and form and count upwards, so that sections
    (``一、`` ``1.``), articles of a law and Markdown sections of one document are none. Lines are compared without
    pinyin notes, full-width signs and traditional characters, as sites change all three.

    Costs one look at the ends of every short line, .3 ns a byte of Chinese and up to 1.5 of pages of nothing but short
    lines. Only pages with lines that repeat each other's title, or name themselves a piece (``篇三``), are read on,
    about 1 ns a byte in all; compiled loops without the GIL, but for pages with characters that must be composed.
    """
    data, starts = utf8_buffers(lines.texts)
    marks = np.empty(len(lines), np.uint8)
    keys = np.empty(len(lines), np.int64)
    wanted = np.zeros(len(lines.first) - 1, np.uint8)
    mark_kernels.mark_headings(data, starts, lines.first, forms.LONGEST, forms.numerals(), marks, keys, wanted)
    pages = np.flatnonzero(wanted)
    block = Block(data, starts, lines.points, np.zeros(len(lines), np.bool_))
    sizes = np.empty(len(pages), np.int64)
    family_kernels.measure_pages(data, starts, lines.points, lines.first, pages, sizes)
    rows = _cut_pages(block, marks, keys, lines.first, pages, sizes)
    if block.doubtful.any():
        again = np.unique(np.searchsorted(lines.first, np.flatnonzero(block.doubtful), side="right") - 1)
        block, sizes = _compose(block, lines.first, again), sizes[np.searchsorted(pages, again)]
        composed = _cut_pages(block, marks, keys, lines.first, again, sizes)
        rows = np.concatenate([rows[~np.isin(rows[:, 0], again)], composed])
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
    page, line, body, kind, group, number = rows.T.copy()
    return Cuts(page, line, body, kind.astype(np.uint8), group.astype(np.int32), number.astype(np.int32))


def _cut_pages(
    block: Block, marks: np.ndarray, keys: np.ndarray, first: np.ndarray, pages: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Rows of page, line, body, kind, group and number, ``[c, 6] int64``."""
    letters, words = forms.letters(), forms.words()
    most = kernels.READINGS * int(((marks == kernels.NAMED) | (marks == kernels.NUMBERED)).sum())
    heads = np.empty((most, 8), np.int64)
    titles = np.empty((most + 1) * (forms.LONGEST + 1), np.int32)
    bounds = np.empty(2 * len(pages) + 1, np.int64)
    families = np.empty(len(pages), np.int64)
    kernels.read_headings(block, letters, words, marks, first, pages, heads, titles, bounds)
    family_kernels.tell_pieces(block, marks, keys, first, pages, sizes, heads, titles, bounds, families)
    rows = np.empty((int((first[pages + 1] - first[pages]).sum()), 6), np.int64)
    return rows[: kernels.cut_pages(block, letters, words, marks, first, pages, heads, bounds, families, rows)]


def _compose(block: Block, first: np.ndarray, pages: np.ndarray) -> Block:
    """The block with every short line of some pages composed; lines of other pages are left empty."""
    sizes = np.zeros(len(block.points), np.int64)
    parts = []
    for page in pages.tolist():
        for line in range(first[page], first[page + 1]):
            part = block.data[block.starts[line] : block.starts[line + 1]].tobytes()
            if len(part) <= kernels.WIDEST_FOOTER:
                part = unicodedata.normalize("NFKC", part.decode()).encode()
            parts.append(part)
            sizes[line] = len(part)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return block._replace(data=np.frombuffer(b"".join(parts), np.uint8), starts=starts)
