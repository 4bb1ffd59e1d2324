"""Links → families around anchors: what a family rests on is verified, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dedup.matches.cluster import cluster

# A row whose link is refused tries its next one; so often at most.
ROUNDS = 12
# Families are joined as long as some were; so often at most.
JOININGS = 4

Verify = Callable[[np.ndarray, np.ndarray], np.ndarray]


def anchor_families(rows: int, lower: np.ndarray, higher: np.ndarray, verify: Verify) -> np.ndarray:
    """Each row's anchor: the lowest row of its family.

    Parameters
    ----------
    rows : int
        Rows, in rank order.
    lower, higher : ``[p] int64``
        Candidate links, ``lower < higher``.
    verify : function of two ``[q] int64``
        Which pairs are one body of text, ``[q] bool``.

    Returns
    -------
    anchor : ``[rows] int64``
        Itself for anchors, and for rows that are alone.

    Notes
    -----
    At most `ROUNDS` verifications a row, and one for every pair of families that some link connects.
    """
    anchor = _verified(rows, lower, higher, verify)
    for _ in range(JOININGS):
        # An anchor that lacks the optional blocks is like few of its family; the others then have one of their own.
        ends = np.sort(np.column_stack([anchor[lower], anchor[higher]]), axis=1)
        ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
        if not len(ends):
            break
        head = _verified(rows, ends[:, 0].copy(), ends[:, 1].copy(), verify)
        joined = head[anchor]
        if (joined == anchor).all():
            break
        anchor = joined
    return anchor


def _verified(rows: int, lower: np.ndarray, higher: np.ndarray, verify: Verify) -> np.ndarray:
    """Cluster, verify the links that this rests on, drop those that are refused, and cluster anew."""
    proven = np.zeros(len(lower), np.bool_)
    for turn in range(ROUNDS + 1):
        if turn == ROUNDS:
            lower, higher = lower[proven], higher[proven]
        anchor = cluster(rows, lower, higher)
        deciding = np.flatnonzero((anchor[higher] == lower) & ~proven[: len(lower)]) if turn < ROUNDS else ()
        if not len(deciding):
            break
        accepted = verify(lower[deciding], higher[deciding])
        proven[deciding[accepted]] = True
        left = np.ones(len(lower), np.bool_)
        left[deciding[~accepted]] = False
        lower, higher, proven = lower[left], higher[left], proven[left]
    return anchor


def join_frames(anchor: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Families with the lines of one frame made one.

    A family goes into a frame as a whole if most of its members stand in it, else none of them does: `(模板11篇)` makes
    one family of titles whatever they are about, also where several are about the same.

    Parameters
    ----------
    anchor : ``[r] int64``
    frame : ``[r] int64``
        As `framed` numbers them, -1 for none.
    """
    sizes = np.bincount(anchor, minlength=len(anchor))
    inside = np.flatnonzero(frame >= 0)
    pairs, count = np.unique(np.column_stack([anchor[inside], frame[inside]]), axis=0, return_counts=True)
    most = 2 * count > sizes[pairs[:, 0]]
    heads, frames = pairs[most].T
    first = np.full(int(frame.max(initial=-1)) + 1, len(anchor))
    np.minimum.at(first, frames, heads)
    joined = np.arange(len(anchor))
    joined[heads] = first[frames]
    return joined[anchor]


def drop_small(anchor: np.ndarray, short: np.ndarray, least: int) -> np.ndarray:
    """Families of fewer than `least` short texts taken apart."""
    few = np.bincount(anchor, minlength=len(anchor)) < least
    all_short = np.ones(len(anchor), np.bool_)
    all_short[anchor[~short]] = False
    return np.where((few & all_short)[anchor], np.arange(len(anchor)), anchor)
