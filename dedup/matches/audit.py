"""How much was missed: a sample of documents compared with all others by brute force."""

from __future__ import annotations

import math
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.fingerprints import kernels as fingerprint_kernels
from dedup.fingerprints.shingle import shingle_sets
from dedup.matches import kernels
from dedup.matches.verify import verify_pairs

Z = 1.959964  # two-sided 95 %
PIECE_TOKENS = 256 << 10


class Audit(NamedTuple):
    """The measured recall of the search: of the pairs at or above the threshold, the share that was found.

    Attributes
    ----------
    documents : int
        Sampled documents.
    pairs : int
        Pairs at or above the threshold that one of them is in, by brute force (one between two of them counts twice).
    recall, low, high : float
        Estimate and 95 % interval; nan without pairs.
    missed : ``[q, 2] int64``
        The pairs not found, as document numbers.
    """

    documents: int
    pairs: int
    recall: float
    low: float
    high: float
    missed: np.ndarray


class Found(NamedTuple):
    """What brute force found for one sample: sampled document, other document, similarity."""

    sample: np.ndarray
    other: np.ndarray
    similarity: np.ndarray


def draw_sample(candidates: np.ndarray, size: int, seed: int) -> np.ndarray:
    """`size` of the candidate documents, sorted; all of them if there are no more."""
    if len(candidates) <= size:
        return candidates
    return np.sort(np.random.default_rng(seed).choice(candidates, size, replace=False))


def brute_force(codes: Codes, sample: np.ndarray, *, n: int, seed: int, threshold: float, executor: Executor) -> Found:
    """Every document whose Jaccard similarity with a sampled one reaches the threshold, exactly.

    J(A, B) ≥ t needs B to hold t |A| of A's shingles, so all but (1 - t) |A| of any part of A. The rarest (1 - t) + .2
    of every sampled set lie in an inverted index, the whole collection streams through it, and whatever holds .2 |A| of
    them is compared exactly (prefix filtering: Bayardo, Ma, Srikant, Scaling Up All Pairs Similarity Search, WWW 2007).
    Rare ones, because a phrase that every law begins with leads to every law.
    """
    index = _Index(codes, sample, n=n, seed=seed, threshold=threshold)
    m = len(codes.offsets) - 1
    lanes = 4
    edges = np.searchsorted(codes.offsets, np.linspace(0, codes.offsets[-1], lanes + 1)).clip(0, m)
    edges[0], edges[-1] = 0, m
    hits = np.concatenate(list(executor.map(index.probe, edges[:-1].tolist(), edges[1:].tolist())))
    a, b = sample[hits[:, 1]], hits[:, 0]
    a, b = a[a != b], b[a != b]
    pairs = np.unique(np.minimum(a, b).astype(np.uint64) << np.uint64(32) | np.maximum(a, b).astype(np.uint64))
    exact = verify_pairs(codes, np.arange(m), pairs, n=n, seed=seed, floor=threshold, executor=executor)
    ends = np.concatenate([exact.a, exact.b]), np.concatenate([exact.b, exact.a])
    sampled = np.isin(ends[0], sample)
    return Found(ends[0][sampled], ends[1][sampled], np.tile(exact.similarity(), 2)[sampled])


class _Index:
    """The rarest shingles of sampled sets, and which of the sets they stand in."""

    def __init__(self, codes: Codes, sample: np.ndarray, *, n: int, seed: int, threshold: float) -> None:
        self._codes, self._n, self._seed = codes, n, seed
        sets = shingle_sets(codes, sample, n=n, seed=seed)
        sizes = np.diff(sets.offsets)
        wanted = np.ceil((1 - threshold) * sizes + np.maximum(1, 0.2 * sizes)).astype(np.int64)
        prefixes = np.minimum(sizes, wanted)
        # 1e-9: a need must not rise above its bound by rounding.
        self._needs = np.maximum(1, np.ceil(threshold * sizes - sizes + prefixes - 1e-9)).astype(np.int64)
        values, counts = self._table(len(sets.values)), np.zeros(self._slots(len(sets.values)), np.int32)
        kernels.count_values(sets.values, values, counts)
        offsets = np.concatenate([[0], np.cumsum(prefixes)])
        rare = np.empty(offsets[-1], np.uint64)
        kernels.list_rarest(sets.values, sets.offsets, prefixes, values, counts, rare)
        self._values = self._table(len(rare))
        self._heads = np.full(len(self._values), -1, np.int64)
        self._nexts, self._owners = np.empty(len(rare), np.int64), np.empty(len(rare), np.int64)
        self._bitmap = np.zeros(max(1, 1 << max(0, (8 * len(rare)).bit_length() - 6)), np.uint64)
        kernels.build_postings(rare, offsets, self._values, self._heads, self._nexts, self._owners, self._bitmap)

    @staticmethod
    def _slots(values: int) -> int:
        return 1 << max(4, (2 * values).bit_length())

    def _table(self, values: int) -> np.ndarray:
        return np.zeros(self._slots(values), np.uint64)

    def probe(self, first: int, last: int) -> np.ndarray:
        """Candidates ``[c, 2] int64`` among documents `first` to `last`: (document, place in the sample)."""
        offsets = self._codes.offsets
        stamp = np.zeros(len(self._values), np.int32)
        scratch = np.zeros(len(self._needs), np.int32), np.empty(len(self._needs), np.int64)
        cuts = np.searchsorted(offsets, np.arange(offsets[first], offsets[last], PIECE_TOKENS)[1:])
        stops = np.unique(np.concatenate([[first], cuts.clip(first, last), [last]])).tolist()
        index = self._values, self._heads, self._nexts, self._owners, self._bitmap
        parts = [np.empty((0, 2), np.int64)]
        room = 1 << 12
        for a, b in zip(stops, stops[1:], strict=False):
            piece = offsets[a : b + 1]
            hashes = np.empty(max(1, int(piece[-1] - piece[0])), np.uint64)
            ends = np.empty(b - a, np.int64)
            fingerprint_kernels.hash_rows(self._codes.values, piece, self._n, self._seed, hashes, ends)
            while True:
                found = np.empty((room, 2), np.int64)
                mark = a - first + 1
                count = kernels.probe_postings(hashes, ends, self._needs, *index, *scratch, stamp, mark, found)
                if count <= room:
                    break
                stamp[:] = 0
                room = count
            found = found[:count].copy()
            found[:, 0] += a
            parts.append(found)
        return np.concatenate(parts)


def measure_recall(found: Found, sample: np.ndarray, known: np.ndarray, population: int) -> Audit:
    """The share of brute-force pairs that the search knows, with an interval.

    Sampled are documents, not pairs, and the pairs of one cluster are missed together: the estimate is the ratio of two
    sums over documents, its interval Wilson's with the number of pairs divided by the design effect (Cochran, Sampling
    Techniques, sections 2.11 and 6.4), and at most one pair a document.

    Parameters
    ----------
    found : Found
    sample : ``[s] int64``
    known : ``[p] bool``
        Which pairs of `found` the search reported.
    population : int
        Documents the sample was drawn from.
    """
    total = len(known)
    missed = np.column_stack([found.sample, found.other])[~known]
    missed = np.unique(np.sort(missed, axis=1), axis=0)
    if not total:
        return Audit(len(sample), 0, math.nan, math.nan, math.nan, missed)
    place = np.searchsorted(sample, found.sample)
    pairs = np.bincount(place, minlength=len(sample)).astype(float)
    hits = np.bincount(place, weights=known, minlength=len(sample))
    recall = float(hits.sum() / pairs.sum())
    with_pairs = float((pairs > 0).sum())
    s = len(sample)
    left = max(0.0, 1 - s / population) if population else 0.0
    # Linearised variance of the ratio; the finite-population factor shrinks it as the sample nears the collection.
    spread = float(((hits - recall * pairs) ** 2).sum()) * s / max(1, s - 1) / pairs.sum() ** 2 * left
    effective = recall * (1 - recall) / spread if spread > 0 else math.inf
    effective = min(effective, with_pairs / left if left > 0 else math.inf)
    if math.isinf(effective):
        return Audit(s, total, recall, recall, recall, missed)
    centre = (recall + Z * Z / (2 * effective)) / (1 + Z * Z / effective)
    half = Z / (1 + Z * Z / effective) * math.sqrt(recall * (1 - recall) / effective + Z * Z / (4 * effective**2))
    return Audit(s, total, recall, max(0.0, centre - half), min(1.0, centre + half), missed)
