"""Groups of equal prints → matches: two places that hold the same passage."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.reuse import kernels
from dedup.reuse.prints.groups import Crowded, Entries, group_prints
from dedup.reuse.prints.winnow import winnow

# Widest gap that is bridged, in tokens: damage by a site reaches 20 (see tests/corpus), a sentence more is an edit.
REACH = 40
PIECE_ENTRIES = 1 << 16


class Matches(NamedTuple):
    """Two places that hold the same passage; the first one stands earlier. Positions count tokens of a row.

    Attributes
    ----------
    a, start_a, end_a, b, start_b, end_b : ``[n] int64``
        Rows, and the range of each; two ranges of one row may overlap where a text repeats itself.
    equal : ``[n] int64``
        Tokens that are equal, in order, in both.
    """

    a: np.ndarray
    start_a: np.ndarray
    end_a: np.ndarray
    b: np.ndarray
    start_b: np.ndarray
    end_b: np.ndarray
    equal: np.ndarray

    def identity(self) -> np.ndarray:
        """Share of equal tokens of the longer side, ``[n] float64``."""
        return self.equal / np.maximum(1, np.maximum(self.end_a - self.start_a, self.end_b - self.start_b))

    def take(self, which: np.ndarray) -> Matches:
        """Some of them."""
        return Matches(*(column[which] for column in self))


def find_matches(
    codes: Codes, *, length: int = 50, cap: int = 100, identity: float = 0.85, executor: Executor
) -> tuple[Matches, Crowded]:
    """Every pair of places that hold the same passage.

    Two runs of at least `length` equal tokens are always found if they stand in no more than `cap` documents. (Of runs
    in more than 16 places not every pair is listed: each place is paired with those in the first 16 documents, and
    with the place before it in its own.) From such a run an edited passage is followed in both directions over gaps of
    up to 40 tokens as long as at least `identity` of what is won agrees; so an edited passage is found if one run of
    `length` tokens in it was left alone. (Where more than 16 passages of the same two texts lie over one another, the
    others are not followed over gaps.)

    Costs about 10 ns a token and 2 bytes of memory a token; linear also for texts that repeat themselves.

    Parameters
    ----------
    codes : Codes
    length : int
        Tokens.
    cap : int
        Documents.
    identity : float
        1: equal runs only.

    Returns
    -------
    matches : Matches
        In order of the second place.
    crowded : Crowded
        What the cap left out.
    """
    prints = winnow(codes, length=length, executor=executor)
    entries, crowded = group_prints(codes, prints, length=length, cap=cap, executor=executor)
    del prints
    reach = REACH if identity < 1 else 0
    price = identity / (1 - identity) if identity < 1 else 0.0

    def align(begin: int, end: int) -> np.ndarray:
        return kernels.match_rows(
            codes.values, codes.offsets, begin, end, *entries, crowded.pos, crowded.end, length, reach, price
        )

    parts = [np.zeros((0, 7), np.int64), *executor.map(lambda ends: align(*ends), _ranges(entries))]
    table = np.concatenate(parts)
    row_a, row_b = table[:, 0], table[:, 3]
    begin_a, begin_b = codes.offsets[row_a], codes.offsets[row_b]
    matches = Matches(
        row_a,
        table[:, 1] - begin_a,
        table[:, 2] - begin_a,
        row_b,
        table[:, 4] - begin_b,
        table[:, 5] - begin_b,
        table[:, 6].copy(),
    )
    return matches, crowded


def _ranges(entries: Entries) -> list[tuple[int, int]]:
    """Ranges of entries, whole rows each."""
    starts = np.flatnonzero(np.diff(entries.row, prepend=-1))
    wanted = np.searchsorted(starts, np.arange(0, len(entries.pos), PIECE_ENTRIES))
    if not len(starts):
        return []
    edges = np.unique(np.append(starts[np.minimum(wanted, len(starts) - 1)], len(entries.pos))).tolist()
    return list(zip(edges, edges[1:], strict=False))
