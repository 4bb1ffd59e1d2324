"""Token codes → prints: the few places of each text at which equal runs are looked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.reuse.prints import kernels

PIECE_TOKENS = 2 << 20


class Prints(NamedTuple):
    """Prints in order of position.

    Attributes
    ----------
    pos : ``[p] int64``
        Place in the codes' values.
    row : ``[p] int32``
    hashes : ``[p] uint64``
    begin : ``[p] int64``
        The first window whose least hash it is.
    """

    pos: np.ndarray
    row: np.ndarray
    hashes: np.ndarray
    begin: np.ndarray


def gram_of(length: int) -> int:
    """Tokens of a print for passages of `length`: half of them.

    Shorter ones would need fewer prints, but meet in phrases that everybody uses; longer ones stand too dense.
    """
    return length // 2


def winnow(codes: Codes, *, length: int, executor: Executor) -> Prints:
    """Choose the prints of all texts (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003, section 3).

    Any two equal runs of `length` tokens have a print in common, at the same place of both. About 4 ns a token, and
    28 bytes a print; with a length of 50, seven tokens of a hundred are prints.

    Parameters
    ----------
    codes : Codes
    length : int
        Tokens.
    """
    k = gram_of(length)
    parts = list(executor.map(lambda rows: _winnow_rows(codes, rows[0], rows[1], k, length - k + 1), row_ranges(codes)))
    parts.insert(0, _no_prints())
    return Prints(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def row_ranges(codes: Codes) -> Iterator[tuple[int, int]]:
    """Ranges of rows of about `PIECE_TOKENS`."""
    offsets = codes.offsets
    edges = np.searchsorted(offsets, np.arange(0, offsets[-1], PIECE_TOKENS)[1:])
    edges = np.unique(np.concatenate([[0], edges, [len(offsets) - 1]])).tolist()
    yield from zip(edges, edges[1:], strict=False)


def _winnow_rows(codes: Codes, first: int, last: int, k: int, w: int) -> Prints:
    room = int(codes.offsets[last] - codes.offsets[first])
    made = Prints(
        np.empty(room, np.int64), np.empty(room, np.int32), np.empty(room, np.uint64), np.empty(room, np.int64)
    )
    count = kernels.winnow(codes.values, codes.offsets, first, last, k, w, made.pos, made.hashes, made.row, made.begin)
    return Prints(*(column[:count].copy() for column in made))


def _no_prints() -> Prints:
    nothing = np.zeros(0, np.int64)
    return Prints(nothing, np.zeros(0, np.int32), np.zeros(0, np.uint64), nothing)
