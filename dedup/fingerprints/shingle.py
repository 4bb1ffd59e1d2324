"""Token codes → shingles: hashes of every n consecutive tokens."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.fingerprints import kernels


class Sets(NamedTuple):
    """Shingle sets of some texts: set i is ``values[offsets[i]:offsets[i + 1]]``, ``uint64``, distinct, unordered."""

    values: np.ndarray
    offsets: np.ndarray


def shingle_hashes(codes: np.ndarray, *, n: int = 5, seed: int = 1) -> np.ndarray:
    """The hashes of the shingles of one text in order of position.

    Parameters
    ----------
    codes : ``[m] uint32``
    n : int
        Tokens per shingle. A text of fewer is one shingle, the whole text; one of none has none.
    seed : int

    Returns
    -------
    hashes : ``uint64``, ``[max(m - n + 1, min(m, 1))]``
    """
    out = np.empty(max(1, len(codes)), np.uint64)
    return out[: kernels.hash_shingles(codes, 0, len(codes), n, seed, out)]


def shingle_sets(codes: Codes, rows: np.ndarray, *, n: int = 5, seed: int = 1) -> Sets:
    """The sets of distinct shingles of some rows, about 5 ns a token.

    Parameters
    ----------
    codes : Codes
    rows : ``[r] int64``
        Which rows, in the order wanted.
    """
    rows = np.ascontiguousarray(rows, np.int64)
    total = int((codes.offsets[rows + 1] - codes.offsets[rows]).sum()) if len(rows) else 0
    values = np.empty(total, np.uint64)
    offsets = np.zeros(len(rows) + 1, np.int64)
    kernels.shingle_sets(codes.values, codes.offsets, rows, n, seed, values, offsets[1:])
    return Sets(values[: offsets[-1]], offsets)
