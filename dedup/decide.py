"""Verified pairs → what happens to each document: kept, or removed for which other and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.matches.cluster import cluster


class Weighted(NamedTuple):
    """Pairs of documents and their similarities: ``[p] int64``, ``[p] int64``, ``[p] float64``."""

    a: np.ndarray
    b: np.ndarray
    similarity: np.ndarray


class Decision(NamedTuple):
    """The fate of every document.

    Attributes
    ----------
    kept : ``[m] int64``
        The document kept for it; itself if it is kept.
    cluster : ``[m] int64``
        Number of its cluster, the largest 0; -1 for documents alike to no other.
    similarity : ``[m] float64``
        To the kept document; 1 for kept ones.
    pair : ``[m] int64``
        The verified pair that proves it; -1 where the texts are equal, and for kept ones.
    chains : int
        Links between documents of different clusters.
    """

    kept: np.ndarray
    cluster: np.ndarray
    similarity: np.ndarray
    pair: np.ndarray
    chains: int

    def removed(self) -> np.ndarray:
        """Documents that are removed, in input order, ``int64``."""
        return np.flatnonzero(self.kept != np.arange(len(self.kept)))

    def exact(self, leaders: np.ndarray) -> np.ndarray:
        """Which documents have the text of the one kept for them, ``[m] bool``."""
        return leaders == leaders[self.kept]


def decide(
    order: np.ndarray, leaders: np.ndarray, pairs: Weighted, threshold: float, reference: np.ndarray
) -> Decision:
    """Cluster the documents and pick the kept one of each cluster.

    Parameters
    ----------
    order : ``[m] int64``
        Documents by rank.
    leaders : ``[m] int64``
        The first document in rank order with the same text.
    pairs : Weighted
        Pairs of leaders.
    threshold : float
    reference : ``[m] bool``
        Documents that are never removed.
    """
    m = len(order)
    rank = np.empty(m, np.int64)
    rank[order] = np.arange(m)
    similarity = pairs.similarity
    links = np.flatnonzero(similarity >= threshold)
    ends = np.column_stack([rank[pairs.a[links]], rank[pairs.b[links]]])
    lower, higher = ends.min(axis=1), ends.max(axis=1)
    kept = np.empty(m, np.int64)
    kept[order] = order[cluster(m, lower, higher)]
    kept = kept[leaders]
    kept[reference] = np.flatnonzero(reference)
    # The pair of each document's leader with its kept one, found among the links by their two ranks.
    keys = lower << 32 | higher
    by_key = np.argsort(keys)
    needs = np.flatnonzero((kept != leaders) & ~reference)
    wanted = rank[kept[needs]] << 32 | rank[leaders[needs]]
    pair = np.full(m, -1, np.int64)
    if len(needs):
        pair[needs] = links[by_key[np.searchsorted(keys, wanted, sorter=by_key)]]
    to_kept = np.where(pair >= 0, similarity[pair] if len(similarity) else 1.0, 1.0)
    chains = int((kept[pairs.a[links]] != kept[pairs.b[links]]).sum())
    return Decision(kept, _number(kept, rank), to_kept, pair, chains)


def _number(kept: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Clusters of two and more by size, then by the rank of their kept document."""
    sizes = np.bincount(kept, minlength=len(kept))
    heads = np.flatnonzero(sizes > 1)
    heads = heads[np.lexsort((rank[heads], -sizes[heads]))]
    number = np.full(len(kept), -1, np.int64)
    number[heads] = np.arange(len(heads))
    return number[kept]
