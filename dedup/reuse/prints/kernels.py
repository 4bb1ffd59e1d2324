"""Compiled loops that choose prints of texts, and group equal ones."""

import numpy as np
from numba import njit

BASE = np.uint64(0x9E3779B97F4A7C15)
SPREAD = np.uint64(0xD6E8FEB86659FD93)
SINGLE, CROWDED, MANY = -1, -2, -3


@njit(nogil=True, cache=True, inline="always")
def mix(h):
    """A bijection of 64 bits in which every bit depends on all (Moremur)."""
    h ^= h >> np.uint64(27)
    h *= np.uint64(0x3C79AC492BA7B653)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0x1C69B3F74AC4AE35)
    return h ^ (h >> np.uint64(27))


@njit(nogil=True, cache=True, inline="always")
def letter(code):
    return (np.uint64(code) + np.uint64(1)) * SPREAD


@njit(nogil=True, cache=True)
def power(k):
    """BASE to the k."""
    value = np.uint64(1)
    for _ in range(k):
        value *= BASE
    return value


@njit(nogil=True, cache=True)
def winnow(values, offsets, first_row, last_row, k, w, pos, hashes, rows, begins):
    """The prints of some rows (Schleimer et al. 2003, section 3): how many.

    Of every w consecutive k-grams the one with the least hash is a print, the rightmost of equal ones: two equal runs
    of k + w - 1 tokens have the same print at the same place. `begins` tells the first window a print is the least of.
    """
    out = power(k - 1)
    window = np.empty(w, np.uint64)
    count = 0
    for d in range(first_row, last_row):
        start, end = offsets[d], offsets[d + 1]
        if end - start < k + w - 1:
            continue
        h = np.uint64(0)
        for i in range(start, start + k - 1):
            h = h * BASE + letter(values[i])
        best, least = -1, np.uint64(0)
        slot = -1
        for i in range(start + k - 1, end):
            h = h * BASE + letter(values[i])
            gram = i - k + 1
            value = mix(h)
            h -= out * letter(values[gram])
            slot = slot + 1 if slot < w - 1 else 0
            window[slot] = value
            if gram - start < w - 1:
                if best < 0 or value <= least:
                    best, least = gram, value
                continue
            if best < 0 or value <= least:
                best, least = gram, value
            elif best <= gram - w:
                best, least = gram, value
                at = slot
                for j in range(gram - 1, gram - w, -1):
                    at = at - 1 if at > 0 else w - 1
                    if window[at] < least:
                        best, least = j, window[at]
            if count == 0 or pos[count - 1] != best:
                pos[count] = best
                hashes[count] = least
                rows[count] = d
                begins[count] = gram - w + 1
                count += 1
    return count


@njit(nogil=True, cache=True)
def sieve_prints(hashes, part, parts, table, numbers):
    """The numbers of the prints of one part that may have an equal one: how many.

    A print belongs to part ``hash % parts``. `table` counts prints by some bits of their hashes, up to 2; most stand
    alone, and looking once at all of them costs less than sorting them.
    """
    slots = np.uint64(len(table) - 1)
    for i in range(len(hashes)):
        if hashes[i] % np.uint64(parts) == np.uint64(part):
            slot = (hashes[i] >> np.uint64(8)) & slots
            table[slot] = min(table[slot] + 1, 2)
    count = 0
    for i in range(len(hashes)):
        if hashes[i] % np.uint64(parts) == np.uint64(part) and table[(hashes[i] >> np.uint64(8)) & slots] > 1:
            numbers[count] = i
            count += 1
    return count


@njit(nogil=True, cache=True)
def group_prints(
    keys, low, rows, pos, cap, leaders, whole, group, before, leader_first, leader_pos, leader_row, spread
):
    """Put equal prints together: how many groups, and how many leaders they have.

    Parameters
    ----------
    keys : [p] uint64
        Sorted: high bits of the hash, and in the bits of `low` the number of the print.
    rows, pos : [p]
        Of each print, in order of position.
    cap : int
        A group that stands in more rows is crowded.
    leaders : int
        A larger group is stood for by its first print in each of its first `leaders` rows.
    whole : bool
        Whether equal prints are equal runs. If not, larger groups are MANY, and so are those with three prints in one
        row: not all of their prints are compared with each other, so that one in between could hide an equal run.
    group : [p] int64
        All SINGLE; gets the group of each other print, CROWDED, MANY.
    before : [p] int64
        All -1; gets the position of the print before it in the same group and row.
    leader_first : [p // 2 + 2] int64
    leader_pos, leader_row : [p]
    spread : [p] int64
        All 1; gets how many rows the group of a print stands in; of crowded ones too.
    """
    groups, used = 0, 0
    n = len(keys)
    i = 0
    while i < n:
        j = i + 1
        while j < n and keys[j] & ~low == keys[i] & ~low:
            j += 1
        if j - i == 1:
            i = j
            continue
        distinct, last, together, most = 0, np.int64(-1), 0, 0
        for at in range(i, j):
            row = rows[np.int64(keys[at] & low)]
            if row != last:
                distinct += 1
                last = row
                together = 0
            together += 1
            most = max(most, together)
        crowded = distinct > cap
        many = not whole and (j - i > leaders or most > 2)
        taken = 0
        last = np.int64(-1)
        previous = np.int64(-1)
        if not (crowded or many):
            leader_first[groups] = used
        for at in range(i, j):
            one = np.int64(keys[at] & low)
            row = rows[one]
            spread[one] = distinct
            before[one] = previous if row == last else -1
            if crowded:
                group[one] = CROWDED
            elif many:
                group[one] = MANY
            else:
                group[one] = groups
                if j - i <= leaders or (row != last and taken < leaders):
                    leader_pos[used] = pos[one]
                    leader_row[used] = row
                    used += 1
                    taken += 1
            last = row
            previous = pos[one]
        if not (crowded or many):
            groups += 1
        i = j
    leader_first[groups] = used
    return groups, used


@njit(nogil=True, cache=True)
def count_windows(group, rows, begins, offsets, length, counts):
    """How many windows each print of a crowded or too large group is the least of; 0 for the others."""
    n = len(group)
    for i in range(n):
        counts[i] = 0
        if group[i] <= CROWDED:
            end = offsets[rows[i] + 1] - length + 1
            if i + 1 < n and rows[i + 1] == rows[i]:
                end = begins[i + 1]
            counts[i] = end - begins[i]


@njit(nogil=True, cache=True)
def expand_windows(values, group, rows, begins, counts, length, pos, hashes, window_rows):
    """Hash every window of those prints whole."""
    out = power(length - 1)
    at = 0
    for i in range(len(group)):
        if counts[i] == 0:
            continue
        first = begins[i]
        h = np.uint64(0)
        for j in range(first, first + length - 1):
            h = h * BASE + letter(values[j])
        for s in range(first, first + counts[i]):
            h = h * BASE + letter(values[s + length - 1])
            pos[at] = s
            hashes[at] = mix(h)
            window_rows[at] = rows[i]
            h -= out * letter(values[s])
            at += 1


@njit(nogil=True, cache=True)
def thin_windows(pos, group, leader_first, leader_pos, before, wanted):
    """Keep a window unless its group is that of the window before it, one token on: the same runs stand in both."""
    for i in range(len(pos)):
        wanted[i] = group[i] >= 0
        if i == 0 or group[i] < 0 or group[i - 1] < 0 or pos[i] != pos[i - 1] + 1:
            continue
        a, b = group[i - 1], group[i]
        size = leader_first[a + 1] - leader_first[a]
        if leader_first[b + 1] - leader_first[b] != size:
            continue
        if before[i] >= 0 and before[i] != before[i - 1] + 1:
            continue
        same = True
        for j in range(size):
            if leader_pos[leader_first[b] + j] != leader_pos[leader_first[a] + j] + 1:
                same = False
                break
        wanted[i] = not same
