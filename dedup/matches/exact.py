"""Equal texts first: they collapse onto one row, so that only one of them is compared and clustered."""

from __future__ import annotations

import numpy as np

from dedup.documents.normalise import Codes
from dedup.matches import kernels


def collapse(codes: Codes, hashes: np.ndarray, order: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """The first document in rank order that has the same text view.

    Hashes find them, codes decide: a collision joins nothing.

    Parameters
    ----------
    codes : Codes
    hashes : ``[m] uint64``
        Of the whole texts; 0 where there is no token: such a document equals none.
    order : ``[m] int64``
        Documents by rank.
    groups : ``[m] int64``, optional
        Only documents of one group are compared.

    Returns
    -------
    leaders : ``[m] int64``
        Itself where there is none before it.
    """
    m = len(order)
    leaders = np.arange(m)
    rows = np.flatnonzero(hashes[order] != 0)
    if not len(rows):
        return leaders
    keys = hashes[order[rows]]
    if groups is not None:
        keys = keys ^ spread(groups[order[rows]])
    bits = max(1, int(m - 1).bit_length())
    packed = (keys >> np.uint64(bits) << np.uint64(bits)) | rows.astype(np.uint64)
    packed.sort()
    ranked = np.arange(m)
    kernels.collapse(packed, bits, codes.values, codes.offsets, order, ranked)
    if groups is not None:
        # Hash bits of two groups can meet; their equal texts stay apart.
        apart = groups[order] != groups[order[ranked]]
        ranked[apart] = np.flatnonzero(apart)
    leaders[order] = order[ranked]
    return leaders


def spread(groups: np.ndarray) -> np.ndarray:
    """Group numbers as 64 mixed bits, to be put into keys."""
    h = (groups.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return h ^ (h >> np.uint64(29))
