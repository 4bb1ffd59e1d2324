"""Kernels of the matches stage: band keys → candidate pairs → verified pairs → clusters.

A pair (a, b), a < b, of row numbers below 2³² is one uint64: ``a << 32 | b``.
"""

import numpy as np
from numba import njit

LOW = np.uint64(0xFFFFFFFF)
SPREAD = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True)
def collapse(packed, row_bits, codes, offsets, documents, leaders):
    """Rows with equal texts → the lowest of them.

    `packed` [m] uint64 is sorted, (hash bits | row); row r is text ``documents[r]`` of `codes`. Runs of equal hash bits
    are compared code by code, so a collision of hashes joins nothing. ``leaders[r]`` becomes r's lowest equal row.
    """
    low = (np.uint64(1) << np.uint64(row_bits)) - np.uint64(1)
    m = packed.shape[0]
    i = 0
    while i < m:
        stop = i + 1
        while stop < m and packed[stop] >> np.uint64(row_bits) == packed[i] >> np.uint64(row_bits):
            stop += 1
        for x in range(i, stop):
            row = np.int64(packed[x] & low)
            leaders[row] = row
            a = offsets[documents[row]]
            size = offsets[documents[row] + 1] - a
            for y in range(i, x):
                other = np.int64(packed[y] & low)
                if leaders[other] != other:
                    continue
                b = offsets[documents[other]]
                if offsets[documents[other] + 1] - b != size:
                    continue
                same = True
                for q in range(size):
                    if codes[a + q] != codes[b + q]:
                        same = False
                        break
                if same:
                    leaders[row] = other
                    break
        i = stop


@njit(nogil=True, cache=True)
def count_buckets(packed, row_bits, largest):
    """Of one band's sorted (key bits | row): pairs in buckets of 2 to `largest` rows; larger buckets; their rows."""
    shift = np.uint64(row_bits)
    pairs = 0
    buckets = 0
    rows = 0
    i = 0
    m = packed.shape[0]
    while i < m:
        key = packed[i] >> shift
        stop = i + 1
        while stop < m and packed[stop] >> shift == key:
            stop += 1
        size = stop - i
        if size > largest:
            buckets += 1
            rows += size
        else:
            pairs += size * (size - 1) // 2
        i = stop
    return pairs, buckets, rows


@njit(nogil=True, cache=True)
def list_buckets(packed, row_bits, largest, pairs, rows, offsets):
    """Fill what `count_buckets` counted: pairs of small buckets; rows of large ones, bucket by bucket, ascending."""
    shift = np.uint64(row_bits)
    low = (np.uint64(1) << shift) - np.uint64(1)
    p = 0
    bucket = 0
    at = 0
    i = 0
    m = packed.shape[0]
    while i < m:
        key = packed[i] >> shift
        stop = i + 1
        while stop < m and packed[stop] >> shift == key:
            stop += 1
        if stop - i > largest:
            for x in range(i, stop):
                rows[at] = np.int64(packed[x] & low)
                at += 1
            bucket += 1
            offsets[bucket] = at
        else:
            for x in range(i, stop):
                a = (packed[x] & low) << np.uint64(32)
                for y in range(x + 1, stop):
                    pairs[p] = a | (packed[y] & low)
                    p += 1
        i = stop


@njit(nogil=True, cache=True)
def add_pairs(table, pairs, fresh):
    """Put pairs into an open-addressing set of a power of two of slots (0 = empty); `fresh` tells the new: how many."""
    mask = np.uint64(table.shape[0] - 1)
    added = 0
    for i in range(pairs.shape[0]):
        key = pairs[i] + np.uint64(1)
        j = key * SPREAD
        j = (j ^ (j >> np.uint64(32))) & mask
        while table[j] != 0 and table[j] != key:
            j = (j + np.uint64(1)) & mask
        fresh[i] = table[j] == 0
        if fresh[i]:
            table[j] = key
            added += 1
    return added


@njit(nogil=True, cache=True)
def has_pairs(table, pairs, found):
    """Which pairs are in the set `table`."""
    mask = np.uint64(table.shape[0] - 1)
    for i in range(pairs.shape[0]):
        key = pairs[i] + np.uint64(1)
        j = key * SPREAD
        j = (j ^ (j >> np.uint64(32))) & mask
        while table[j] != 0 and table[j] != key:
            j = (j + np.uint64(1)) & mask
        found[i] = table[j] == key


@njit(nogil=True, cache=True)
def bucket_pairs(rows, pairs):
    """All pairs of the rows of one bucket, which ascend."""
    p = 0
    for x in range(rows.shape[0]):
        a = np.uint64(rows[x]) << np.uint64(32)
        for y in range(x + 1, rows.shape[0]):
            pairs[p] = a | np.uint64(rows[y])
            p += 1


@njit(nogil=True, cache=True)
def leader_pairs(rows, offsets, pairs):
    """The pairs of the first row of each bucket with all its others; the buckets lie one after the other in `rows`."""
    p = 0
    for b in range(offsets.shape[0] - 1):
        leader = np.uint64(rows[offsets[b]]) << np.uint64(32)
        for x in range(offsets[b] + 1, offsets[b + 1]):
            pairs[p] = leader | np.uint64(rows[x])
            p += 1
    return p


@njit(nogil=True, cache=True)
def drop_linked(rows, offsets, linked, new_rows, new_offsets):
    """Buckets without their leader and the rows linked to it (`linked` in the order of `leader_pairs`): how many left.

    Buckets of fewer than two rows go too: a single row left has nothing more to be compared with.
    """
    p = 0
    at = 0
    buckets = 0
    for b in range(offsets.shape[0] - 1):
        begin = at
        for x in range(offsets[b] + 1, offsets[b + 1]):
            if not linked[p]:
                new_rows[at] = rows[x]
                at += 1
            p += 1
        if at - begin < 2:
            at = begin
        else:
            buckets += 1
            new_offsets[buckets] = at
    return buckets


@njit(nogil=True, cache=True)
def intersect(values, offsets, a, b, floor, shared):
    """Sizes of what sets a[i] and b[i] share into `shared`; -1 where their Jaccard similarity is below `floor`.

    Pairs lie sorted by `a`: its set goes into a hash table once. J ≥ floor needs shared ≥ floor / (1 + floor) times
    (|A| + |B|); counting stops as soon as too many have missed.
    """
    largest = 1
    for i in range(a.shape[0]):
        largest = max(largest, offsets[a[i] + 1] - offsets[a[i]])
    size = 16
    while size < 2 * largest:
        size *= 2
    whole = np.zeros(size, np.uint64)
    previous = -1
    table = whole[:16]
    mask = np.uint64(15)
    for i in range(a.shape[0]):
        first = offsets[a[i]]
        last = offsets[a[i] + 1]
        if a[i] != previous:
            table[:] = 0
            previous = a[i]
            size = 16
            while size < 2 * (last - first):
                size *= 2
            table = whole[:size]
            mask = np.uint64(size - 1)
            for x in range(first, last):
                h = values[x]
                j = h & mask
                while table[j] != 0:
                    j = (j + np.uint64(1)) & mask
                table[j] = h
        size_a = last - first
        begin = offsets[b[i]]
        end = offsets[b[i] + 1]
        size_b = end - begin
        # 1e-9 above the exact bound would lose a pair exactly at it; below, it only counts on a little longer.
        need = np.int64(np.ceil(floor / (1.0 + floor) * (size_a + size_b) - 1e-6))
        if min(size_a, size_b) < need:
            shared[i] = -1
            continue
        misses = size_b - need
        count = 0
        x = begin
        while x < end:
            stop = min(end, x + 64)
            hits = 0
            for y in range(x, stop):
                h = values[y]
                j = h & mask
                while table[j] != 0 and table[j] != h:
                    j = (j + np.uint64(1)) & mask
                hits += np.int64(table[j] == h)
            count += hits
            misses -= stop - x - hits
            x = stop
            if misses < 0:
                break
        shared[i] = count if misses >= 0 else -1


@njit(nogil=True, cache=True)
def cluster(lower, higher, kept):
    """Anchors: row x joins the lowest row below it that it is linked to and that is an anchor, else becomes one.

    Links are sorted by (higher, lower); `kept` [m] comes back as each row's anchor.
    """
    i = 0
    for x in range(kept.shape[0]):
        kept[x] = x
        while i < higher.shape[0] and higher[i] == x:
            if kept[x] == x and kept[lower[i]] == lower[i]:
                kept[x] = lower[i]
            i += 1


@njit(nogil=True, cache=True)
def slot_of(table, h):
    """The slot of a value in an open-addressing table, or the empty one where it belongs."""
    mask = np.uint64(table.shape[0] - 1)
    j = h & mask
    while table[j] != 0 and table[j] != h:
        j = (j + np.uint64(1)) & mask
    return j


@njit(nogil=True, cache=True)
def count_values(values, table, counts):
    """In how many sets each value stands: `table` gets the values, `counts` beside it how often they come."""
    for i in range(values.shape[0]):
        j = slot_of(table, values[i])
        table[j] = values[i]
        counts[j] += 1


@njit(nogil=True, cache=True)
def list_rarest(values, offsets, prefixes, all_values, counts, rare):
    """The ``prefixes[s]`` values of each set that stand in the fewest sets, one set after the other into `rare`."""
    at = 0
    for s in range(prefixes.shape[0]):
        begin = offsets[s]
        size = offsets[s + 1] - begin
        often = np.empty(size, np.int64)
        for x in range(size):
            often[x] = counts[slot_of(all_values, values[begin + x])]
        order = np.argsort(often)
        for x in range(prefixes[s]):
            rare[at] = values[begin + order[x]]
            at += 1


@njit(nogil=True, cache=True)
def build_postings(values, offsets, table, heads, nexts, owners, bitmap):
    """An inverted index of sets: each distinct value's slot in `table` leads a list (`heads`, `nexts`) of `owners`."""
    bits = np.uint64(bitmap.shape[0] * 64 - 1)
    p = 0
    for s in range(offsets.shape[0] - 1):
        for x in range(offsets[s], offsets[s + 1]):
            h = values[x]
            j = slot_of(table, h)
            table[j] = h
            owners[p] = s
            nexts[p] = heads[j]
            heads[j] = p
            p += 1
            bit = (h >> np.uint64(32)) & bits
            bitmap[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))


@njit(nogil=True, cache=True)
def probe_postings(hashes, ends, needs, table, heads, nexts, owners, bitmap, counts, touched, stamp, mark, found):
    """Which indexed sets s stand in at least ``needs[s]`` of their indexed values in each of a run of texts.

    Texts are shingle hashes in order, text d up to ``ends[d]``. Fills `found` [:, 2] with (text, set); returns how many
    there were (maybe more than fit). `counts` and `touched` have a place per set, `counts` zeroed; `stamp` one per slot
    of `table`, none of them yet in ``mark .. mark + len(ends)``: a slot stamped so was met in that text before.
    """
    bits = np.uint64(bitmap.shape[0] * 64 - 1)
    total = 0
    begin = 0
    for d in range(ends.shape[0]):
        hits = 0
        for i in range(begin, ends[d]):
            h = max(hashes[i], np.uint64(1))
            bit = (h >> np.uint64(32)) & bits
            if bitmap[bit >> np.uint64(6)] >> (bit & np.uint64(63)) & np.uint64(1) == 0:
                continue
            j = slot_of(table, h)
            if table[j] == 0 or stamp[j] == mark + d:
                continue
            stamp[j] = mark + d
            p = heads[j]
            while p >= 0:
                s = owners[p]
                if counts[s] == 0:
                    touched[hits] = s
                    hits += 1
                counts[s] += 1
                p = nexts[p]
        for t in range(hits):
            s = touched[t]
            if counts[s] >= needs[s]:
                if total < found.shape[0]:
                    found[total, 0] = d
                    found[total, 1] = s
                total += 1
            counts[s] = 0
        begin = ends[d]
    return total
