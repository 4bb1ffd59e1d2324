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

    The sampled sets lie in an inverted index with a bitmap before it; every text of the collection streams through:
    about 3 ns a token.
    """
    sets = shingle_sets(codes, sample, n=n, seed=seed)
    slots = 1 << max(4, (2 * len(sets.values)).bit_length())
    table = np.zeros(slots, np.uint64)
    heads = np.full(slots, -1, np.int64)
    nexts, owners = np.empty(len(sets.values), np.int64), np.empty(len(sets.values), np.int64)
    bitmap = np.zeros(max(1, 1 << max(0, (8 * len(sets.values)).bit_length() - 6)), np.uint64)
    kernels.build_postings(sets.values, sets.offsets, table, heads, nexts, owners, bitmap)
    sizes = np.diff(sets.offsets)
    m = len(codes.offsets) - 1
    lanes = 4
    edges = np.searchsorted(codes.offsets, np.linspace(0, codes.offsets[-1], lanes + 1)).clip(0, m)
    edges[0], edges[-1] = 0, m

    def lane(first: int, last: int) -> np.ndarray:
        stamp = np.zeros(slots, np.int32)
        parts = []
        cuts = np.searchsorted(codes.offsets, np.arange(codes.offsets[first], codes.offsets[last], PIECE_TOKENS)[1:])
        stops = np.unique(np.concatenate([[first], cuts.clip(first, last), [last]])).tolist()
        for a, b in zip(stops, stops[1:], strict=False):
            piece = codes.offsets[a : b + 1]
            hashes = np.empty(max(1, int(piece[-1] - piece[0])), np.uint64)
            ends = np.empty(b - a, np.int64)
            fingerprint_kernels.hash_rows(codes.values, piece, n, seed, hashes, ends)
            room = 1 << 12
            while True:
                found = np.empty((room, 3), np.int64)
                mark = a - first + 1
                count = kernels.probe_postings(
                    hashes, ends, sizes, threshold, table, heads, nexts, owners, bitmap, stamp, mark, found
                )
                if count <= room:
                    break
                stamp[:] = 0
                room = count
            found = found[:count]
            found[:, 0] += a
            parts.append(found)
        return np.concatenate([*parts, np.empty((0, 3), np.int64)])

    hits = np.concatenate(list(executor.map(lane, edges[:-1].tolist(), edges[1:].tolist())))
    other, place, shared = hits[:, 0], hits[:, 1], hits[:, 2]
    keep = sample[place] != other
    other, place, shared = other[keep], place[keep], shared[keep]
    rows, back = np.unique(other, return_inverse=True)
    other_sizes = np.empty(len(rows), np.int64)
    for a in range(0, len(rows), 4096):
        other_sizes[a : a + 4096] = np.diff(shingle_sets(codes, rows[a : a + 4096], n=n, seed=seed).offsets)
    similarity = shared / (sizes[place] + other_sizes[back] - shared)
    good = similarity >= threshold
    return Found(sample[place[good]], other[good], similarity[good])


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
