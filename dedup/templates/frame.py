"""A text aligned to a frame: the constant tokens of a template in a row, with holes where texts have values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.templates import kernels
from dedup.templates.tokens import NEWLINE

# Costs, where a token that stands on one side only costs 10.
OPENING = 20  # to begin a place that differs
VALUE = 1  # a token of a value
LINE, OTHER_LINE = 30, 1000  # a line end in a value that may have lines: it stands between lines; and in any other
SKIP = 15  # to leave out a block

NO_HOLE = -1


class Frame(NamedTuple):
    """Constant tokens and the holes between them.

    Attributes
    ----------
    keys : ``[t] uint32``
    holes : ``[t + 1] int32``
        Number of the hole before each token and behind the last, or -1.
    skips : ``[t + 1] int32``
        Where a block ends that may be left out: where it begins; -1 elsewhere.
    """

    keys: np.ndarray
    holes: np.ndarray
    skips: np.ndarray

    @classmethod
    def solid(cls, keys: np.ndarray) -> Frame:
        """A frame without holes."""
        none = np.full(len(keys) + 1, -1, np.int32)
        return cls(np.ascontiguousarray(keys, np.uint32), none, none)


class Aligned(NamedTuple):
    """How a text lies in a frame.

    Attributes
    ----------
    at : ``[t] int32``
        The token of the text that each of the frame is, or -1.
    owner : ``[m] int32``
        The hole that each token of the text stands in, or -1.
    """

    at: np.ndarray
    owner: np.ndarray


def align(frame: Frame, keys: np.ndarray, *, opening: int = OPENING) -> Aligned:
    """Align a text to a frame.

    Parameters
    ----------
    frame : Frame
    keys : ``[m] uint32``
        Its tokens.
    opening : int
        What it costs to begin a place that differs; the larger, the less equal tokens by chance are believed.

    Returns
    -------
    aligned : Aligned

    Notes
    -----
    Anchors are k-grams that stand once in either; between them the least cost is found exactly, in gaps of up to a
    million cells. About 60 µs for 3,400 tokens with 90 values.
    """
    ends = np.concatenate([[True], frame.keys == NEWLINE, [True]])
    line = np.where(ends[:-1] & ends[1:], LINE, OTHER_LINE).astype(np.int32)
    at = np.empty(len(frame.keys), np.int32)
    owner = np.empty(len(keys), np.int32)
    keys = np.ascontiguousarray(keys, np.uint32)
    kernels.align_text(
        frame.keys, frame.holes, frame.skips, keys, keys == NEWLINE, opening, VALUE, line, SKIP, at, owner
    )
    return Aligned(at, owner)


class Place(NamedTuple):
    """Tokens of a frame and tokens of a text that stand against each other, between equal ones; either may be none."""

    first: int
    stop: int
    start: int
    end: int


def places(at: np.ndarray, size: int) -> list[Place]:
    """What lies between the equal tokens of a frame and a text of `size` tokens."""
    matched = np.flatnonzero(at >= 0)
    first = np.concatenate([[0], matched + 1])
    stop = np.concatenate([matched, [len(at)]])
    start = np.concatenate([[0], at[matched] + 1])
    end = np.concatenate([at[matched], [size]])
    differ = (first < stop) | (start < end)
    return [Place(*row) for row in np.column_stack([first, stop, start, end])[differ].tolist()]
