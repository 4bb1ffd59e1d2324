"""Band keys → candidate pairs, verified as they are found.

Bands are taken one by one, each sorted by key. A bucket of at most 256 rows yields all its pairs, and so do larger
ones, the smallest of a band first, as long as the search has an allowance left: it grows with the collection, so that
work stays linear. (Without it 26 % of the pairs of a collection with templates of up to 1,000 members went unlisted.)
Any other bucket is passed over by at most 16 leaders in rank order: a leader is compared with every row this bucket has
not linked yet, and the rows left after the last leader are counted as unsearched. (One star per bucket, which looks
cheaper, loses 2-74 % of the pairs of real sets; this rule lost 0-1 % of them at .2-7 comparisons a document.)
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from dedup.documents.normalise import Codes
from dedup.matches import kernels
from dedup.matches.exact import spread
from dedup.matches.verify import Verified, join_pairs, verify_pairs

LARGEST = 256
LEADERS = 16
# What buckets above LARGEST may cost: pairs listed (about 30 ns each, also those known already) for every row, and
# tokens compared (1.5 ns each) for every token of the collection; at least so many of each, half a second or so.
PAIRS_A_ROW, LEAST_PAIRS = 2, 1 << 22
COMPARED_A_TOKEN, LEAST_COMPARED = 16, 1 << 29
# Fresh candidates are gathered over several bands before they are verified: sets are then built once for all of them.
GATHER = 1 << 20
# Bands that are sorted ahead of the one whose pairs are being looked at.
AHEAD = 3


class PairSet:
    """A growing set of pairs (uint64)."""

    def __init__(self) -> None:
        self._table = np.zeros(1 << 12, np.uint64)
        self._count = 0

    def add(self, pairs: np.ndarray) -> np.ndarray:
        """Put `pairs` in; those that were not in it yet."""
        self._reserve(len(pairs))
        fresh = np.empty(len(pairs), np.bool_)
        self._count += kernels.add_pairs(self._table, pairs, fresh)
        return pairs[fresh]

    def has(self, pairs: np.ndarray) -> np.ndarray:
        """Which of `pairs` are in it, ``bool``."""
        found = np.empty(len(pairs), np.bool_)
        kernels.has_pairs(self._table, pairs, found)
        return found

    def _reserve(self, more: int) -> None:
        size = len(self._table)
        while size < 2 * (self._count + more):
            size *= 2
        if size > len(self._table):
            old = self._table[self._table != 0] - np.uint64(1)
            self._table = np.zeros(size, np.uint64)
            kernels.add_pairs(self._table, old, np.empty(len(old), np.bool_))


@dataclass(slots=True)
class Matches:
    """What the search found.

    Attributes
    ----------
    pairs : Verified
        Every candidate whose similarity reached the floor.
    candidates : int
        Distinct pairs that were compared exactly.
    unsearched : int
        Rows left over in large buckets, counted once per bucket.
    """

    pairs: Verified
    candidates: int = 0
    unsearched: int = 0


@dataclass(slots=True)
class Search:
    """One search for the matching rows of a collection; rows are in rank order.

    Parameters
    ----------
    codes : Codes
    documents : ``[r] int64``
        Row r is text ``documents[r]``.
    keys_of : function of a band
        Its keys, ``[r] uint64``.
    bands : int
    n, seed : int
        Of the shingles.
    threshold, floor : float
        Least similarity of a link, and of a pair that is reported.
    executor : Executor
    groups : ``[r] int64``, optional
        Only rows of one group are compared.
    references : int
        So many of the first rows are references, which are not compared with one another.
    on_band : function
        Called with the number of bands done.
    """

    codes: Codes
    documents: np.ndarray
    keys_of: Callable[[int], np.ndarray]
    bands: int
    n: int
    seed: int
    threshold: float
    floor: float
    executor: Executor
    groups: np.ndarray | None = None
    references: int = 0
    on_band: Callable[[int], None] = lambda band: None
    _seen: PairSet = field(default_factory=PairSet)
    _links: PairSet = field(default_factory=PairSet)
    _waiting: list[np.ndarray] = field(default_factory=list)
    _found: list[Verified] = field(default_factory=list)
    _candidates: int = 0
    _unsearched: int = 0
    _pairs_left: int = 0
    _tokens_left: int = 0

    def __post_init__(self) -> None:
        rows, tokens = len(self.documents), int(self.codes.offsets[-1])
        self._pairs_left = max(LEAST_PAIRS, PAIRS_A_ROW * rows)
        self._tokens_left = max(LEAST_COMPARED, COMPARED_A_TOKEN * tokens)

    def run(self) -> Matches:
        """Take the bands one by one."""
        ahead = [self.executor.submit(self._buckets, band) for band in range(min(AHEAD, self.bands))]
        for band in range(self.bands):
            pairs, rows, offsets = ahead.pop(0).result()
            if band + AHEAD < self.bands:
                ahead.append(self.executor.submit(self._buckets, band + AHEAD))
            self._waiting.append(self._seen.add(pairs))
            if len(offsets) > 1:
                rows, offsets = self._list_whole(rows, offsets)
            if len(offsets) > 1:
                self._lead(rows, offsets)
            elif sum(map(len, self._waiting)) > GATHER:
                self._verify()
            self.on_band(band + 1)
        self._verify()
        return Matches(join_pairs(self._found), self._candidates, self._unsearched)

    def _bits(self) -> int:
        return max(1, int(len(self.documents) - 1).bit_length())

    def _sorted(self, band: int) -> np.ndarray:
        """(High bits of the key | row), sorted. Cutting keys short adds false candidates, which verification drops."""
        bits = np.uint64(self._bits())
        keys = self.keys_of(band)
        if self.groups is not None:
            keys = keys ^ spread(self.groups)
        packed = (keys >> bits << bits) | np.arange(len(keys), dtype=np.uint64)
        packed.sort()
        return packed

    def _buckets(self, band: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of one band: the pairs of its small buckets; the rows of its large ones, and where each of these begins."""
        packed, bits = self._sorted(band), self._bits()
        pairs, buckets, rows = kernels.count_buckets(packed, bits, LARGEST)
        listed = np.empty(pairs, np.uint64), np.empty(rows, np.int64), np.zeros(buckets + 1, np.int64)
        kernels.list_buckets(packed, bits, LARGEST, *listed)
        return self._comparable(listed[0]), listed[1], listed[2]

    def _comparable(self, pairs: np.ndarray) -> np.ndarray:
        if self.references:
            pairs = pairs[(pairs & kernels.LOW) >= np.uint64(self.references)]
        if self.groups is not None and len(pairs):
            same = (
                self.groups[(pairs >> np.uint64(32)).astype(np.int64)]
                == self.groups[(pairs & kernels.LOW).astype(np.int64)]
            )
            pairs = pairs[same]
        return pairs

    def _verify(self) -> None:
        """Compare the candidates that wait."""
        pairs = np.sort(np.concatenate([np.empty(0, np.uint64), *self._waiting]))
        self._waiting.clear()
        self._candidates += len(pairs)
        found = verify_pairs(
            self.codes, self.documents, pairs, n=self.n, seed=self.seed, floor=self.floor, executor=self.executor
        )
        self._found.append(found)
        links = found.take(found.similarity() >= self.threshold)
        self._links.add(links.a.astype(np.uint64) << np.uint64(32) | links.b.astype(np.uint64))

    def _list_whole(self, rows: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take all pairs of the large buckets that the allowance reaches to; rows and offsets of the others."""
        sizes, lengths = np.diff(offsets), np.diff(self.codes.offsets)[self.documents]
        led = np.ones(len(sizes), np.bool_)
        for bucket in np.argsort(sizes, kind="stable").tolist():
            size = int(sizes[bucket])
            if size * (size - 1) // 2 > self._pairs_left:
                break
            pairs = np.empty(size * (size - 1) // 2, np.uint64)
            kernels.bucket_pairs(rows[offsets[bucket] : offsets[bucket + 1]], pairs)
            self._pairs_left -= len(pairs)
            pairs = self._comparable(pairs)
            pairs = pairs[~self._seen.has(pairs)]
            tokens = int(lengths[(pairs & kernels.LOW).astype(np.int64)].sum())
            if tokens > self._tokens_left:
                break
            self._tokens_left -= tokens
            self._waiting.append(self._seen.add(pairs))
            led[bucket] = False
        return rows[np.repeat(led, sizes)], np.concatenate([[0], np.cumsum(sizes[led])])

    def _lead(self, rows: np.ndarray, offsets: np.ndarray) -> None:
        """Pass over large buckets with leaders, all buckets of the band at once."""
        for _ in range(LEADERS):
            pairs = np.empty(len(rows), np.uint64)
            pairs = pairs[: kernels.leader_pairs(rows, offsets, pairs)]
            self._waiting.append(self._seen.add(self._comparable(pairs)))
            self._verify()
            left, new_offsets = np.empty(len(rows), np.int64), np.zeros(len(offsets), np.int64)
            buckets = kernels.drop_linked(rows, offsets, self._links.has(pairs), left, new_offsets)
            offsets = new_offsets[: buckets + 1]
            rows = left[: offsets[-1]]
            if not buckets:
                return
        self._unsearched += len(rows)
