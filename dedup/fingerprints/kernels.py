"""Kernels of the fingerprints stage: token codes → shingle hashes → sketches → band keys."""

import numpy as np
from numba import njit

BASE = np.uint64(0x9E3779B97F4A7C15)
BASE2 = np.uint64(pow(0x9E3779B97F4A7C15, 2, 1 << 64))
BASE3 = np.uint64(pow(0x9E3779B97F4A7C15, 3, 1 << 64))
BASE4 = np.uint64(pow(0x9E3779B97F4A7C15, 4, 1 << 64))
MIX1 = np.uint64(0xD6E8FEB86659FD93)
MIX2 = np.uint64(0xCA5A826395121157)
FMIX1 = np.uint32(0x85EBCA6B)
FMIX2 = np.uint32(0xC2B2AE35)
GOLDEN = np.uint32(0x9E3779B9)

# A sketch value keeps the round that filled its bin in the high bits, and this many bits of the hash below.
VALUE_BITS = 27
VALUE_MASK = np.uint64((1 << VALUE_BITS) - 1)
EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
PAD = 16
DIRECT = 31  # the round number of the rounds that fill one bin each


@njit(nogil=True, cache=True, inline="always")
def mix(h):
    """A bijection of 64 bits that avalanches."""
    h ^= h >> np.uint64(32)
    h *= MIX1
    h ^= h >> np.uint64(29)
    h *= MIX2
    return h ^ (h >> np.uint64(32))


@njit(nogil=True, cache=True, inline="always")
def fmix32(h):
    """MurmurHash3's 32-bit finaliser."""
    h = np.uint32(h ^ (h >> np.uint32(16)))
    h = np.uint32(h * FMIX1)
    h = np.uint32(h ^ (h >> np.uint32(13)))
    h = np.uint32(h * FMIX2)
    return np.uint32(h ^ (h >> np.uint32(16)))


@njit(nogil=True, cache=True)
def hash_shingles(codes, start, end, n, seed, hashes):
    """Hashes of the shingles of ``codes[start:end]`` in order of position: how many.

    A shingle is `n` consecutive tokens; a shorter row is one shingle, its length mixed in; an empty one has none.
    """
    m = end - start
    if m <= 0:
        return 0
    # Mixed, so that neither the seed nor the length can make up for a difference between two shingles.
    h = mix(np.uint64(seed) + BASE)
    if m < n:
        h = mix(h + np.uint64(m))
        for i in range(start, end):
            h = h * BASE + np.uint64(codes[i])
        hashes[0] = mix(h)
        return 1
    if n == 5:
        # The default, without the chain from one shingle to the next: the compiler makes vectors of it.
        row = codes[start:end]
        for i in range(m - 4):
            a = np.uint64(row[i]) * BASE4 + np.uint64(row[i + 1]) * BASE3
            b = np.uint64(row[i + 2]) * BASE2 + np.uint64(row[i + 3]) * BASE
            hashes[i] = mix(a + b + np.uint64(row[i + 4]) + h)
        return m - 4
    power = np.uint64(1)
    for _ in range(n):
        power *= BASE
    roll = np.uint64(0)
    for i in range(start, start + n - 1):
        roll = roll * BASE + np.uint64(codes[i])
    last = np.uint64(0)
    for i in range(m - n + 1):
        roll = roll * BASE + np.uint64(codes[start + i + n - 1]) - last * power
        hashes[i] = mix(roll + h)
        last = np.uint64(codes[start + i])
    return m - n + 1


@njit(nogil=True, cache=True)
def fast_similarity_sketch(hashes, m, rounds, low, mixed, least, bins, row):
    """Fast Similarity Sketching of `m` ≥ 1 hashes into `row` [k] uint32 (Dahlgaard, Knudsen, Thorup 2017, section 2).

    k = ``bins.shape[0]`` is a power of two. Round r throws every element into one bin; a bin keeps the least value of
    the first round that fills it: ``bins`` holds (round << 32 | value), so an earlier round always wins. After `rounds`
    rounds each bin still empty takes the least value over all elements under a hash of its own. The paper throws k
    rounds before that; any number gives an unbiased sketch as long as it is the same for all sets, and a direct fill is
    a vectorised pass (.14 ns an element against .45 for a scattered one), so few rounds are faster for short texts.
    `low`, `mixed` [m + PAD], `least` [k] uint32 and `bins` [k] uint64 are scratch.
    """
    k = bins.shape[0]
    shift = np.uint64(64)
    size = k
    while size > 1:
        size >>= 1
        shift -= np.uint64(1)
    bins[:] = EMPTY
    for i in range(m):
        h = hashes[i]
        j = h >> shift
        bins[j] = min(bins[j], h & np.uint64(0xFFFFFFFF))
    left = 0
    for j in range(k):
        left += np.int64(bins[j] == EMPTY)
    if left > 0:
        for i in range(m):
            low[i] = np.uint32(hashes[i])
        padded = (m + PAD - 1) // PAD * PAD
        for i in range(m, padded):
            low[i] = low[0]  # whole vectors, and a minimum does not mind a repeated element
        shift -= np.uint64(32)
        for r in range(1, rounds):
            offset = np.uint32(np.uint32(r) * GOLDEN)
            for i in range(padded):
                mixed[i] = fmix32(np.uint32(low[i] + offset))
            head = np.uint64(r << 32)
            for i in range(m):
                x = np.uint64(mixed[i])
                j = x >> shift
                bins[j] = min(bins[j], head | x)
            # Bins are hardly full before 4 k throws; a round too many changes nothing, since earlier rounds win.
            if r * m >= 4 * k or r == rounds - 1:
                left = 0
                for j in range(k):
                    left += np.int64(bins[j] == EMPTY)
                if left == 0:
                    break
    if left > 0:
        head = np.uint64(DIRECT << 32)
        value = np.uint32(32 - VALUE_BITS)
        if m * k < left * (m + 64):
            # Few elements: all bins at once for each of them, one vector after the other.
            for j in range(k):
                least[j] = np.uint32(0xFFFFFFFF)
            for i in range(m):
                x = low[i]
                for j in range(k):
                    least[j] = min(least[j], fmix32(np.uint32(x + np.uint32(np.uint32(rounds + j) * GOLDEN))))
            for j in range(k):
                if bins[j] == EMPTY:
                    bins[j] = head | np.uint64(least[j] >> value)
        else:
            for j in range(k):
                if bins[j] == EMPTY:
                    offset = np.uint32(np.uint32(rounds + j) * GOLDEN)
                    lowest = np.uint32(0xFFFFFFFF)
                    for i in range(padded):
                        lowest = min(lowest, fmix32(np.uint32(low[i] + offset)))
                    bins[j] = head | np.uint64(lowest >> value)
    for j in range(k):
        row[j] = np.uint32((bins[j] >> np.uint64(32)) << np.uint64(VALUE_BITS) | bins[j] & VALUE_MASK)


@njit(nogil=True, cache=True)
def hash_rows(codes, offsets, n, seed, out, ends):
    """`hash_shingles` of every row of `codes`, one after the other into `out`; `ends[d]` is where row `d` stops."""
    at = 0
    for d in range(ends.shape[0]):
        at += hash_shingles(codes, offsets[d], offsets[d + 1], n, seed, out[at:])
        ends[d] = at


@njit(nogil=True, cache=True)
def distinct(hashes, m, table, out):
    """The distinct values of ``hashes[:m]`` in order of first appearance into `out`: how many.

    `table` is a zeroed power of two of at least 2 m slots, and is left zeroed; a hash of 0 counts as 1.
    """
    mask = np.uint64(table.shape[0] - 1)
    count = 0
    for i in range(m):
        h = max(hashes[i], np.uint64(1))
        j = h & mask
        while table[j] != 0 and table[j] != h:
            j = (j + np.uint64(1)) & mask
        if table[j] == 0:
            table[j] = h
            out[count] = h
            count += 1
    if 4 * count > table.shape[0]:
        table[:] = 0
    else:
        for i in range(count):
            # Every slot of a probe chain belongs to some value; emptying by value would break chains, so by position.
            j = out[i] & mask
            while table[j] != 0:
                table[j] = 0
                j = (j + np.uint64(1)) & mask
    return count


@njit(nogil=True, cache=True)
def shingle_sets(codes, offsets, rows, n, seed, out, ends):
    """The shingle set of each of `rows`, one after the other into `out`; `ends[i]` is where set i stops."""
    longest = 1
    for i in range(rows.shape[0]):
        longest = max(longest, offsets[rows[i] + 1] - offsets[rows[i]])
    size = 16
    while size < 2 * longest:
        size *= 2
    hashes = np.empty(longest, np.uint64)
    table = np.zeros(size, np.uint64)
    at = 0
    for i in range(rows.shape[0]):
        d = rows[i]
        m = hash_shingles(codes, offsets[d], offsets[d + 1], n, seed, hashes)
        size = 16
        while size < 2 * m:
            size *= 2
        at += distinct(hashes, m, table[:size], out[at:])
        ends[i] = at


@njit(nogil=True, cache=True)
def sketch_rows(codes, offsets, n, seed, rounds, out):
    """Fast Similarity Sketches of all rows into `out` [m, k]; rows without tokens get all ones."""
    m = out.shape[0]
    longest = 1
    for d in range(m):
        longest = max(longest, offsets[d + 1] - offsets[d])
    hashes = np.empty(longest, np.uint64)
    low = np.empty(longest + PAD, np.uint32)
    mixed = np.empty(longest + PAD, np.uint32)
    least = np.empty(out.shape[1], np.uint32)
    bins = np.empty(out.shape[1], np.uint64)
    for d in range(m):
        count = hash_shingles(codes, offsets[d], offsets[d + 1], n, seed, hashes)
        if count == 0:
            out[d] = np.uint32(0xFFFFFFFF)
        else:
            fast_similarity_sketch(hashes, count, rounds, low, mixed, least, bins, out[d])


@njit(nogil=True, cache=True)
def affine32_rows(codes, offsets, n, seed, multipliers, increments, out):
    """k-permutation MinHash of each shingle hash's upper 32 bits, as datasketch's ``affine32``, into `out` [m, k]."""
    m, k = out.shape
    longest = 1
    for d in range(m):
        longest = max(longest, offsets[d + 1] - offsets[d])
    hashes = np.empty(longest, np.uint64)
    for d in range(m):
        count = hash_shingles(codes, offsets[d], offsets[d + 1], n, seed, hashes)
        row = out[d]
        row[:] = np.uint32(0xFFFFFFFF)
        for i in range(count):
            x = fmix32(np.uint32(hashes[i] >> np.uint64(32)))
            for j in range(k):
                row[j] = min(row[j], np.uint32(np.uint32(multipliers[j] * x) + increments[j]))


@njit(nogil=True, cache=True)
def band_keys(sketches, rows, out):
    """Keys of the bands of `rows` values each of all sketches [m, k] into `out` [bands, m] uint64."""
    for d in range(sketches.shape[0]):
        for b in range(out.shape[0]):
            h = np.uint64(b + 1)
            for q in range(b * rows, (b + 1) * rows):
                h = (h + np.uint64(sketches[d, q])) * MIX1
                h ^= h >> np.uint64(32)
            out[b, d] = mix(h)


@njit(nogil=True, cache=True)
def text_hashes(codes, offsets, out):
    """A hash of each whole row into `out` [m] uint64; 0 for rows without tokens."""
    for d in range(out.shape[0]):
        h = np.uint64(0)
        for i in range(offsets[d], offsets[d + 1]):
            h = h * BASE + np.uint64(codes[i]) + np.uint64(1)
        out[d] = max(mix(h), np.uint64(1)) if offsets[d + 1] > offsets[d] else np.uint64(0)
