"""Views of texts → pairs that are alike enough to be of one family.

A family of 100,000 has five thousand million pairs, and one link of each member is enough. So rows that share a crowded
bucket are gathered round a few leaders first, band by band; only what has no leader yet, and the leaders themselves,
are searched for all pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.fingerprints.sketch import band_keys, sketch_rows
from dedup.matches.candidates import Search
from dedup.matches.exact import spread
from dedup.matches.verify import verify_pairs

PIECE_TOKENS = 1 << 20
CROWDED = 16  # rows of a bucket from which on they are gathered
LEADERS = 4  # in a bucket
TRIALS = 24  # leaders a row is compared with


class Links(NamedTuple):
    """Pairs of rows.

    Attributes
    ----------
    lower, higher : ``[p] int64``
        Sorted, each pair once.
    candidates : int
        Pairs that were compared.
    unsearched : int
        Rows left over in crowded buckets.
    """

    lower: np.ndarray
    higher: np.ndarray
    candidates: int
    unsearched: int


def join_links(parts: Iterable[Links]) -> Links:
    """All links of several."""
    parts = list(parts)
    keys = np.concatenate([part.lower << 32 | part.higher for part in parts])
    keys = np.unique(keys)
    low = keys & 0xFFFFFFFF
    return Links(keys >> 32, low, sum(part.candidates for part in parts), sum(part.unsearched for part in parts))


@dataclass(frozen=True, slots=True)
class Finder:
    """How links are looked for.

    Attributes
    ----------
    n : int
        Tokens of a shingle.
    floor : float
        Least Jaccard similarity of a link.
    rows : int
        Values of a band; there are as many bands as a sketch of `k` values has room for.
    k, seed : int
        Of the sketches.
    executor : Executor
    """

    n: int
    floor: float
    rows: int
    k: int
    seed: int
    executor: Executor

    def find(self, views: Codes, which: np.ndarray, groups: np.ndarray | None = None) -> Links:
        """The links among the rows `which` of `views`, ``[w] int64`` ascending; of one group each, if there are groups.

        `groups` [w] int64.
        """
        if not len(which):
            return Links(np.zeros(0, np.int64), np.zeros(0, np.int64), 0, 0)
        keys = band_keys(self._sketches(views, which), self.k // self.rows, self.rows)
        if groups is not None:
            keys ^= spread(groups)
        gathered, alone = self._gather(views, which, keys, groups)
        rows = which[alone]
        found = Search(
            codes=views,
            documents=rows,
            keys_of=lambda band: keys[band][alone],
            bands=len(keys),
            n=self.n,
            seed=self.seed,
            threshold=self.floor,
            floor=self.floor,
            executor=self.executor,
            groups=None if groups is None else groups[alone],
        ).run()
        searched = Links(rows[found.pairs.a], rows[found.pairs.b], found.candidates, found.unsearched)
        return join_links([gathered, searched])

    def _sketches(self, views: Codes, which: np.ndarray) -> np.ndarray:
        """Sketches ``[w, k] uint32``, several pieces of the rows at a time."""
        sizes = views.offsets[which + 1] - views.offsets[which]
        ends = np.cumsum(sizes)
        count = int(ends[-1] // PIECE_TOKENS) + 1
        edges = np.unique([0, *np.searchsorted(ends, np.arange(1, count) * PIECE_TOKENS), len(which)]).tolist()

        def work(begin: int, end: int) -> np.ndarray:
            return sketch_rows(take_rows(views, which[begin:end]), n=self.n, k=self.k, seed=self.seed)

        return np.concatenate(list(self.executor.map(work, edges, edges[1:])))

    def _gather(
        self, views: Codes, which: np.ndarray, keys: np.ndarray, groups: np.ndarray | None
    ) -> tuple[Links, np.ndarray]:
        """Links of rows in crowded buckets to leaders, and the places in `which` of what has none, leaders included."""
        active, trials = np.ones(len(which), np.bool_), np.zeros(len(which), np.int64)
        lower, higher = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        tried = 0
        for band in keys:
            waiting = crowded(band, np.flatnonzero(active & (trials < TRIALS)))
            for _ in range(LEADERS):
                leader, other = lead(waiting)
                if groups is not None:
                    same = groups[leader] == groups[other]
                    leader, other = leader[same], other[same]
                if not len(other):
                    break
                accepted = self._alike(views, which, leader, other)
                tried += len(other)
                trials[other] += 1
                lower.append(which[leader[accepted]])
                higher.append(which[other[accepted]])
                active[other[accepted]] = False
                waiting = [bucket[1:][active[bucket[1:]]] for bucket in waiting]
        links = Links(np.concatenate(lower), np.concatenate(higher), tried, 0)
        return links, np.flatnonzero(active)

    def _alike(self, views: Codes, which: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Which pairs reach the floor, ``[p] bool``; a < b."""
        keys = a.astype(np.uint64) << np.uint64(32) | b.astype(np.uint64)
        order = np.argsort(keys)
        found = verify_pairs(
            views, which, keys[order], n=self.n, seed=self.seed, floor=self.floor, executor=self.executor
        )
        reached = found.a.astype(np.uint64) << np.uint64(32) | found.b.astype(np.uint64)
        return np.isin(keys, reached)


def crowded(band: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """The buckets of a band that hold more than `CROWDED` of some `rows`, each ascending."""
    keys = band[rows]
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.append(True, keys[order[1:]] != keys[order[:-1]])[: len(keys)])
    sizes = np.diff(np.append(starts, len(keys)))
    return [rows[order[starts[x] : starts[x] + sizes[x]]] for x in np.flatnonzero(sizes > CROWDED).tolist()]


def lead(buckets: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Every row of some buckets with the first of its bucket: (first, row)."""
    leader = [np.repeat(bucket[:1], max(0, len(bucket) - 1)) for bucket in buckets]
    none = np.zeros(0, np.int64)
    return np.concatenate([none, *leader]), np.concatenate([none, *(bucket[1:] for bucket in buckets)])


def take_rows(codes: Codes, rows: np.ndarray) -> Codes:
    """Some rows, ``[r] int64``, in the order given."""
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(codes.offsets[rows + 1] - codes.offsets[rows], out=offsets[1:])
    values = np.empty(int(offsets[-1]), np.uint32)
    # Row by row only where they do not follow one another as they stand.
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    edges = [0, *breaks.tolist(), len(rows)]
    for begin, end in zip(edges, edges[1:], strict=False):
        if end > begin:
            start, stop = codes.offsets[rows[begin]], codes.offsets[rows[end - 1] + 1]
            values[offsets[begin] : offsets[end]] = codes.values[start:stop]
    return Codes(values, offsets)
