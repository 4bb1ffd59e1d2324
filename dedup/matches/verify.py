"""Candidate pairs → exact similarities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.fingerprints.shingle import shingle_sets
from dedup.matches import kernels

# Tokens of the texts whose sets one piece of work holds at once (8 bytes each).
PIECE_TOKENS = 2 << 20


class Verified(NamedTuple):
    """Pairs with the sizes of their shingle sets and of what they share; ``a < b``, sorted.

    Attributes
    ----------
    a, b : ``[p] int64``
    shared, size_a, size_b : ``[p] int64``
    """

    a: np.ndarray
    b: np.ndarray
    shared: np.ndarray
    size_a: np.ndarray
    size_b: np.ndarray

    def similarity(self) -> np.ndarray:
        """Jaccard similarities, ``float64``; 0 for two texts without tokens."""
        return self.shared / np.maximum(self.size_a + self.size_b - self.shared, np.finfo(float).tiny)

    def take(self, which: np.ndarray) -> Verified:
        """Some of the pairs."""
        return Verified(*(column[which] for column in self))


def no_pairs() -> Verified:
    """No pair at all."""
    return Verified(*(np.zeros(0, np.int64) for _ in range(5)))


def join_pairs(parts: Iterable[Verified]) -> Verified:
    """All pairs of several, sorted."""
    columns = [np.concatenate(column) for column in zip(*[no_pairs(), *parts], strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    return Verified(*(column[order] for column in columns))


def verify_pairs(
    codes: Codes, documents: np.ndarray, pairs: np.ndarray, *, n: int, seed: int, floor: float, executor: Executor
) -> Verified:
    """The exact similarity of every pair; those below `floor` are left out.

    Costs about 10 ns a token of the distinct texts in a piece of work, and 1.5 ns a token of the second text of every
    pair. Pairs that cannot reach the floor are given up early.

    Parameters
    ----------
    codes : Codes
    documents : ``[r] int64``
        Row r is text ``documents[r]`` of `codes`.
    pairs : ``[p] uint64``
        ``a << 32 | b`` of rows, sorted, distinct.
    """
    a = (pairs >> np.uint64(32)).astype(np.int64)
    b = (pairs & kernels.LOW).astype(np.int64)
    work = partial(_verify_piece, codes, documents, n=n, seed=seed, floor=floor)
    lengths = np.diff(codes.offsets)
    cost = lengths[documents[b]] + 16
    cost += np.where(np.diff(a, prepend=-1) != 0, lengths[documents[a]], 0)  # a's set is built once for all its pairs
    pieces = list(_pieces(a, b, cost))
    return join_pairs(executor.map(lambda piece: work(*piece), pieces))


def _pieces(a: np.ndarray, b: np.ndarray, cost: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    total = np.cumsum(cost)
    count = int(total[-1] // PIECE_TOKENS) + 1 if len(total) else 0
    edges = np.unique(np.concatenate([[0], np.searchsorted(total, np.arange(1, count) * PIECE_TOKENS), [len(a)]]))
    for begin, end in zip(edges.tolist(), edges[1:].tolist(), strict=False):
        yield a[begin:end], b[begin:end]


def _verify_piece(
    codes: Codes, documents: np.ndarray, a: np.ndarray, b: np.ndarray, *, n: int, seed: int, floor: float
) -> Verified:
    rows, place = np.unique(np.concatenate([a, b]), return_inverse=True)
    sets = shingle_sets(codes, documents[rows], n=n, seed=seed)
    left, right = place[: len(a)], place[len(a) :]
    shared = np.empty(len(a), np.int64)
    kernels.intersect(sets.values, sets.offsets, left, right, floor, shared)
    sizes = np.diff(sets.offsets)
    found = Verified(a, b, shared, sizes[left], sizes[right])
    found = found.take(shared >= 0)
    return found.take(found.similarity() >= floor)
