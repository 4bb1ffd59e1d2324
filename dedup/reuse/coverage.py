"""Matches → how much of each of two texts stands in the other: containment (Broder 1997), and where."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.reuse import kernels
from dedup.reuse.matches import Matches


class Coverage(NamedTuple):
    """Pairs of different rows that share passages; ``a < b``, sorted.

    Attributes
    ----------
    a, b : ``[p] int64``
    covered_a, covered_b : ``[p] int64``
        Tokens of each that stand in the other.
    longest : ``[p] int64``
        Tokens of their longest passage, gaps left out.
    """

    a: np.ndarray
    b: np.ndarray
    covered_a: np.ndarray
    covered_b: np.ndarray
    longest: np.ndarray


def measure_coverage(matches: Matches) -> Coverage:
    """Sum up the matches of each pair of rows."""
    apart = matches.take(matches.a != matches.b)
    keys, pair = np.unique(apart.a << 32 | apart.b, return_inverse=True)
    longest = np.zeros(len(keys), np.int64)
    np.maximum.at(longest, pair, apart.equal)
    covered = []
    for start, end in ((apart.start_a, apart.end_a), (apart.start_b, apart.end_b)):
        order = np.lexsort((start, pair))
        tokens = np.zeros(len(keys), np.int64)
        kernels.count_covered(pair[order], start[order], end[order], tokens)
        covered.append(tokens)
    return Coverage(keys >> 32, keys & 0xFFFFFFFF, covered[0], covered[1], longest)
