"""Matches → passages: one number for all places that hold the same text."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.reuse import kernels
from dedup.reuse.matches import Matches

# Two spans of one text are one occurrence if their ends differ by no more than this, in tokens and as a share.
SLACK, SHARE = 10, 0.1


class Occurrences(NamedTuple):
    """Where passages stand, by passage, then by place; positions count tokens of a row.

    Attributes
    ----------
    passage : ``[o] int64``
        0 is the passage that would save most if all but one of its occurrences were cut out.
    row, start, end : ``[o] int64``
    identity : ``[o] float64``
        Share of equal tokens of the alignment that ties it to the others, the closest there is; 1 for the first one.
    """

    passage: np.ndarray
    row: np.ndarray
    start: np.ndarray
    end: np.ndarray
    identity: np.ndarray

    def first(self) -> np.ndarray:
        """Which are the first of their passage, ``[o] bool``."""
        return np.diff(self.passage, prepend=-1) != 0


def find_occurrences(matches: Matches, *, length: int) -> Occurrences:
    """Put the places that hold one passage together.

    Two places belong together if they match, or nearly coincide. A text that repeats itself without a gap is taken
    apart into its repeats. A passage may stand within a longer one: if it stands elsewhere without it.

    Costs a few sorts of the matches.

    Parameters
    ----------
    matches : Matches
    length : int
        Least tokens of a passage.
    """
    overlap = (matches.a == matches.b) & (matches.end_a > matches.start_b)
    plain = matches.take(~overlap)
    left, right, first_row = _repeats(matches.take(overlap), length)
    row = np.concatenate([plain.a, plain.b, first_row, first_row])
    start = np.concatenate([plain.start_a, plain.start_b, left[:, 0], right[:, 0]])
    end = np.concatenate([plain.end_a, plain.end_b, left[:, 1], right[:, 1]])
    ones = np.ones(len(first_row))
    identity = np.concatenate([plain.identity(), plain.identity(), ones, ones])
    n, r = len(plain.a), len(first_row)
    ends_a = np.concatenate([np.arange(n), np.arange(2 * n, 2 * n + r)])
    ends_b = np.concatenate([np.arange(n, 2 * n), np.arange(2 * n + r, 2 * n + 2 * r)])
    order = np.lexsort((end, start, row))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    row, start, end, identity = row[order], start[order], end[order], identity[order]
    parent = np.arange(len(order))
    kernels.unite_spans(row, start, end, parent, SLACK, SHARE)
    kernels.unite_pairs(place[ends_a], place[ends_b], parent)
    roots = np.empty(len(order), np.int64)
    kernels.find_roots(parent, roots)
    return _numbered(*_merged(roots, row, start, end, identity, length))


def _repeats(overlapping: Matches, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Texts that repeat themselves without a gap, taken apart: pairs of neighbours ``[r, 2]``, and their rows.

    A unit is the shortest run of whole periods that is long enough to be a passage; a rest that is too short belongs
    to the last one.
    """
    lefts, rights, rows = [np.zeros((0, 2), np.int64)], [np.zeros((0, 2), np.int64)], [np.zeros(0, np.int64)]
    columns = (overlapping.a, overlapping.start_a, overlapping.start_b, overlapping.end_b)
    for row, begin, again, end in zip(*(column.tolist() for column in columns), strict=True):
        period = again - begin
        unit = -(-length // period) * period
        edges = np.arange(begin, end + 1, unit)
        if end - edges[-1] >= length:
            edges = np.append(edges, end)
        else:
            edges[-1] = end
        spans = np.column_stack([edges[:-1], edges[1:]])
        if len(spans) < 2:
            # Too short for two repeats: but what one side stands for elsewhere, the other does as well.
            spans = np.array([[begin, end - period], [again, end]])
        lefts.append(spans[:-1])
        rights.append(spans[1:])
        rows.append(np.full(len(spans) - 1, row))
    return np.concatenate(lefts), np.concatenate(rights), np.concatenate(rows)


def _merged(
    roots: np.ndarray, row: np.ndarray, start: np.ndarray, end: np.ndarray, identity: np.ndarray, length: int
) -> tuple[np.ndarray, ...]:
    """One span for each occurrence of each passage."""
    order = np.lexsort((end, start, row, roots))
    roots, row, start, end, identity = (column[order] for column in (roots, row, start, end, identity))
    kept = np.empty(len(order), np.int64)
    count = kernels.merge_spans(roots, row, start, end, length, kept)
    best = np.zeros(count)
    np.maximum.at(best, kept, identity)
    return roots[:count], row[:count], start[:count], end[:count], best


def _numbered(
    roots: np.ndarray, row: np.ndarray, start: np.ndarray, end: np.ndarray, identity: np.ndarray
) -> Occurrences:
    """Passages with two and more occurrences by what cutting would save; then by place."""
    _, which, sizes = np.unique(roots, return_inverse=True, return_counts=True)
    several = sizes[which] > 1
    which, row, start, end, identity = (column[several] for column in (which, row, start, end, identity))
    heads = np.flatnonzero(np.diff(which, prepend=-1))
    if not len(heads):
        nothing = np.zeros(0, np.int64)
        return Occurrences(nothing, nothing, nothing, nothing, np.zeros(0))
    total = np.add.reduceat(end - start, heads)
    saved = total - (end - start)[heads]
    ranks = np.empty(len(heads), np.int64)
    ranks[np.lexsort((np.arange(len(heads)), -saved))] = np.arange(len(heads))
    number = ranks[np.cumsum(np.diff(which, prepend=-1) != 0) - 1]
    identity[heads] = 1.0
    order = np.argsort(number, kind="stable")
    return Occurrences(number[order], row[order], start[order], end[order], identity[order])
