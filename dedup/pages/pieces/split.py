"""Cuts, and lines at which copied passages begin or end → the pieces of each page."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.pages.pieces import kernels
from dedup.pages.pieces.headings import HEADED, Cuts

PIECE, REST = kernels.PIECE, kernels.REST
"""A text of its own; what a page puts around its texts."""

LEAST_PIECE = 100
"""Code points below which a boundary of a copied passage begins no piece."""


class Places(NamedTuple):
    """Lines of pages, in any order.

    page : ``[e] int64``
    line : ``[e] int64``
        Of the page, from 0.
    """

    page: np.ndarray
    line: np.ndarray


NOWHERE = Places(np.empty(0, np.int64), np.empty(0, np.int64))


class Pieces(NamedTuple):
    """The pieces of some pages; those of page d are ``first[d]`` to ``first[d + 1]``, and together they are the page.

    Attributes
    ----------
    first : ``[m + 1] int64``
    line, line_end : ``[p] int64``
        First line of the page that belongs to the piece, and the first that does not any more.
    start, end : ``[p] int64``
        Code points of the page.
    kind : ``[p] uint8``
        `PIECE` or `REST`; every page has at least one piece.
    """

    first: np.ndarray
    line: np.ndarray
    line_end: np.ndarray
    start: np.ndarray
    end: np.ndarray
    kind: np.ndarray

    def __len__(self) -> int:
        return len(self.line)

    def page_of(self) -> np.ndarray:
        """The page each piece stands on, ``[p] int64``."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def split(
    first: np.ndarray, points: np.ndarray, text_points: np.ndarray, cuts: Cuts, extra: Places = NOWHERE
) -> Pieces:
    """Cut pages at their cuts and at `extra` lines; a page without either is one piece.

    A line of `extra` is passed over within a heading, within rest, and where it would leave less than `LEAST_PIECE`
    code points below a cut or above the next: the copy was a little shorter than its text. Less than that between two
    of them goes to the first; at the beginning or the end of a page it is rest. A heading without a body is rest, and
    stretches of rest side by side are one.

    Parameters
    ----------
    first : ``[m + 1] int64``
    points : ``[lines] int64``
        As in `Lines`, of all pages.
    text_points : ``[m] int64``
        Code points of each page.
    cuts : Cuts
        Sorted by page and line, as blocks of `find_cuts` are when they are joined in order.
    extra : Places
        Where copied passages begin and end; see `nearest_lines` and `seams`.

    Notes
    -----
    Costs some nanoseconds for each page, cut and place, and a sort of `extra`; the texts are not needed.
    """
    places = _sorted(extra)
    pages = np.arange(len(first))
    cut_first, extra_first = np.searchsorted(cuts.page, pages), np.searchsorted(places.page, pages)
    most = len(first) - 1 + len(cuts.line) + len(places.line)
    firsts = np.zeros(len(first), np.int64)
    line = np.empty(most, np.int64)
    kind = np.empty(most, np.uint8)
    count = kernels.split_pages(
        *(first, points, text_points, cut_first, cuts.line, cuts.body, cuts.kind, extra_first, places.line),
        *(LEAST_PIECE, firsts, line, kind),
    )
    line, kind = line[:count], kind[:count]
    page = np.repeat(pages[:-1], np.diff(firsts))
    start = points[first[page] + line]
    last = firsts[1:] - 1
    line_end, end = np.append(line[1:], 0), np.append(start[1:], 0)
    line_end[last], end[last] = np.diff(first), text_points
    return Pieces(firsts, line, line_end, start, end, kind)


def nearest_lines(
    first: np.ndarray, points: np.ndarray, text_points: np.ndarray, page: np.ndarray, position: np.ndarray
) -> Places:
    """The line that begins nearest to each code point ``position`` ``[e] int64`` of ``page`` ``[e] int64``.

    The end of a page counts as the line below its last. Costs a binary search each.
    """
    line = np.empty(len(page), np.int64)
    kernels.nearest_lines(first, points, text_points, page, position, line)
    return Places(page, line)


def seams(cuts: Cuts, begins: Places, ends: Places) -> Places:
    """Of the lines at which copied passages begin and end, those at which one text of a page meets another.

    A passage also ends in the middle of a text that another page shows cut short. So a line is believed

    - where one passage ends and another begins, within a line of each other;
    - else, on a page with headings, where their numbers miss one, above the first and below the last;
    - else on a page without headings of which another line is believed for the first reason.

    Parameters
    ----------
    cuts : Cuts
        Sorted by page and line.
    begins, ends : Places
        See `nearest_lines`.

    Notes
    -----
    Given the planted passages of seeds 0 and 1, all lines split .077 of the single documents, these none; F1 of the
    boundaries of pieces without a heading is .86, with all lines .89. Costs sorting the lines.
    """
    begin, end = np.unique(begins.page << 32 | begins.line), np.unique(ends.page << 32 | ends.line)
    sure = begin[np.isin(begin, np.concatenate([end - 1, end, end + 1]))]
    place = np.union1d(begin, end)
    page = place >> 32
    is_heading = cuts.kind == HEADED
    group, number, headed = cuts.group[is_heading], cuts.number[is_heading], cuts.page[is_heading]
    above = np.searchsorted(headed << 32 | cuts.line[is_heading], place, "right") - 1
    # Whether the heading below counts on from the one above: then nothing is missing between them.
    counts_on = np.zeros(len(headed) + 1, bool)
    same = (headed[1:] == headed[:-1]) & (group[1:] == group[:-1])
    counts_on[: max(0, len(headed) - 1)] = same & (number[1:] == number[:-1] + 1)
    whole = (above >= 0) & counts_on[above]
    if len(headed):
        whole &= headed[above] == page
    believed = np.where(np.isin(page, headed), ~whole, np.isin(page, sure >> 32))
    chosen = np.union1d(sure, place[believed])
    return Places(chosen >> 32, chosen & 0xFFFFFFFF)


def _sorted(places: Places) -> Places:
    """In order and each once."""
    order = np.lexsort((places.line, places.page))
    page, line = places.page[order], places.line[order]
    fresh = np.ones(len(page), bool)
    fresh[1:] = (page[1:] != page[:-1]) | (line[1:] != line[:-1])
    return Places(page[fresh], line[fresh])
