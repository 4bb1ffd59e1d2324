"""Verified pairs → what happens to each document: kept, or removed for which other and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.matches.cluster import cluster
from dedup.matches.verify import Verified
from dedup.tables import EXACT, LABELS

EXACT_CODE = LABELS.index(EXACT)


class Weighted(NamedTuple):
    """Pairs of documents ``[p] int64``, their similarities, and the share of each that stands in the other.

    The shares, ``[p] float64`` as the similarities are, only matter for what is contained in another.
    """

    a: np.ndarray
    b: np.ndarray
    similarity: np.ndarray
    containment_a: np.ndarray
    containment_b: np.ndarray

    @classmethod
    def of(cls, pairs: Verified) -> Weighted:
        """Verified pairs."""
        in_a, in_b = (pairs.shared / np.maximum(1, size) for size in (pairs.size_a, pairs.size_b))
        return cls(pairs.a, pairs.b, pairs.similarity(), in_a, in_b)


class Contained(NamedTuple):
    """Documents that stand in others: ``[c] int64`` each; `pair` is the verified pair that proves it."""

    inside: np.ndarray
    whole: np.ndarray
    pair: np.ndarray


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

    def labels(self, pair_labels: np.ndarray) -> np.ndarray:
        """Why each document was removed, ``[m] int8``: a number of `dedup.tables.LABELS`; 0 for kept ones.

        `pair_labels` are those of the verified pairs.
        """
        labels = np.full(len(self.kept), EXACT_CODE, np.int8)
        proven = self.pair >= 0
        labels[proven] = pair_labels[self.pair[proven]]
        labels[self.kept == np.arange(len(self.kept))] = 0
        return labels


def decide(
    order: np.ndarray,
    leaders: np.ndarray,
    pairs: Weighted,
    links: np.ndarray,
    reference: np.ndarray,
    contained: Contained | None = None,
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
    links : ``[p] bool``
        Which of them are copies.
    reference : ``[m] bool``
        Documents that are never removed.
    contained : Contained, optional
        Leaders that are removed because they stand in another document, largest first.
    """
    m = len(order)
    rank = np.empty(m, np.int64)
    rank[order] = np.arange(m)
    similarity = pairs.similarity
    linked = np.flatnonzero(links)
    ends = np.column_stack([rank[pairs.a[linked]], rank[pairs.b[linked]]])
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
        pair[needs] = linked[by_key[np.searchsorted(keys, wanted, sorter=by_key)]]
    chains = int((kept[pairs.a[linked]] != kept[pairs.b[linked]]).sum())
    if contained is not None and len(contained.inside):
        _remove_contained(kept, pair, leaders, reference, contained)
    to_kept = np.where(pair >= 0, similarity[pair] if len(similarity) else 1.0, 1.0)
    return Decision(kept, _number(kept, rank), to_kept, pair, chains)


def _remove_contained(
    kept: np.ndarray, pair: np.ndarray, leaders: np.ndarray, reference: np.ndarray, contained: Contained
) -> None:
    """Remove what stands in a document that is kept, with all its copies if they stand in it as well.

    A document that another was removed for is never removed afterwards, so each removed one keeps its proof.
    """
    proofs = {(i, w): p for i, w, p in zip(*(column.tolist() for column in contained), strict=True)}
    members: dict[int, list[int]] = {}
    for doc in np.flatnonzero(np.isin(kept, contained.inside)).tolist():
        members.setdefault(int(kept[doc]), []).append(doc)
    needed: set[int] = set()
    for inside, whole in proofs:
        if kept[inside] != inside or kept[whole] != whole or inside in needed or whole == inside:
            continue
        texts = [int(leaders[doc]) for doc in members[inside]]
        if reference[members[inside]].any() or any((text, whole) not in proofs for text in texts):
            continue
        for doc, text in zip(members[inside], texts, strict=True):
            kept[doc] = whole
            pair[doc] = proofs[text, whole]
        needed.add(whole)


def _number(kept: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Clusters of two and more by size, then by the rank of their kept document."""
    sizes = np.bincount(kept, minlength=len(kept))
    heads = np.flatnonzero(sizes > 1)
    heads = heads[np.lexsort((rank[heads], -sizes[heads]))]
    number = np.full(len(kept), -1, np.int64)
    number[heads] = np.arange(len(heads))
    return number[kept]
