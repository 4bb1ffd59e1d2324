"""How far two clusterings of the same items agree: the adjusted Rand index, and B³.

Both take one class number per item, ``[m] int64``; an item alike to no other is a class of its own. They are a dozen
lines of counting, so no library is needed for them; the tests hold them against values worked out by hand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Overlaps(NamedTuple):
    """The contingency table of two clusterings, its empty cells left out.

    Attributes
    ----------
    shared, of_found, of_true : ``[c] int64``
        Of every cell its items, and the size of the two classes that meet in it.
    found, true : ``[x] int64``
        The sizes of all classes.
    """

    shared: np.ndarray
    of_found: np.ndarray
    of_true: np.ndarray
    found: np.ndarray
    true: np.ndarray


class Agreement(NamedTuple):
    """Adjusted Rand index, and B³ precision, recall and F1."""

    ari: float
    precision: float
    recall: float
    f1: float


def overlaps(found: np.ndarray, true: np.ndarray) -> Overlaps:
    """Count how the classes of two clusterings meet."""
    _, a = np.unique(found, return_inverse=True)
    _, b = np.unique(true, return_inverse=True)
    sizes_a, sizes_b = np.bincount(a), np.bincount(b)
    cells, shared = np.unique(a.astype(np.int64) * len(sizes_b) + b, return_counts=True)
    return Overlaps(shared, sizes_a[cells // len(sizes_b)], sizes_b[cells % len(sizes_b)], sizes_a, sizes_b)


def adjusted_rand(table: Overlaps) -> float:
    """The share of pairs of items two clusterings agree on, chance taken off (Hubert, Arabie, 1985, equation 5)."""

    def pairs(sizes: np.ndarray) -> float:
        return float((sizes * (sizes - 1) / 2).sum())

    both, found, true = pairs(table.shared), pairs(table.found), pairs(table.true)
    items = int(table.found.sum())
    chance = found * true / (items * (items - 1) / 2) if items > 1 else 0.0
    best = (found + true) / 2
    # Nothing but singletons (or one class) on both sides: they agree, and there is nothing to take chance off.
    return (both - chance) / (best - chance) if best != chance else 1.0


def b_cubed(table: Overlaps) -> tuple[float, float]:
    """Precision and recall, each the mean over items of the share of its class that it rightly has.

    Bagga, Baldwin, Entity-based cross-document coreferencing using the vector space model, 1998.
    """
    items = table.found.sum()
    return float((table.shared**2 / table.of_found).sum() / items), float(
        (table.shared**2 / table.of_true).sum() / items
    )


def agreement(found: np.ndarray, true: np.ndarray) -> Agreement:
    """All of them."""
    table = overlaps(found, true)
    precision, recall = b_cubed(table)
    return Agreement(adjusted_rand(table), precision, recall, 2 * precision * recall / (precision + recall))
