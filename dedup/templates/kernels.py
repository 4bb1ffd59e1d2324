"""Alignment of a text to a sequence of constant tokens with slots and blocks; numba, compiled once and cached."""

import numpy as np
from numba import njit

UNIT = 10  # cost of a token that stands on one side only
MOST_CELLS = 1 << 20  # of one gap between anchors
FAR = 1 << 29
TRIM = 2  # tokens at the ends of an anchor that the gap beside it may place otherwise
LEAST_RUN = 6
NEAR = 12  # tokens of a block beside a gap that are looked at once more with it
GRAMS = (6, 3)  # tokens of an anchor; the second within gaps that are too large
MIX = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True)
def gram_at(keys, at, k):
    """Hash of k tokens, never 0."""
    h = np.uint64(0xCBF29CE484222325)
    for i in range(at, at + k):
        h = (h ^ np.uint64(keys[i])) * MIX
        h ^= h >> np.uint64(29)
    return h | np.uint64(1)


@njit(nogil=True, cache=True)
def find_slot(table, h):
    """Where a hash stands in an open-addressing table, or the free place it would take."""
    mask = np.uint64(len(table) - 1)
    at = (h >> np.uint64(17)) & mask
    while table[at] != 0 and table[at] != h:
        at = (at + np.uint64(1)) & mask
    return at


@njit(nogil=True, cache=True)
def unique_grams(a, holes, a0, a1, b, b0, b1, k, pairs):
    """Places of the k-grams that stand once in either range, by place in a; how many.

    A gram of a does not cross a hole: there texts have values.
    """
    size = 16
    while size < 4 * (a1 - a0):
        size *= 2
    table = np.zeros(size, np.uint64)
    place = np.full((size, 2), -1, np.int32)
    hole = a0  # the last hole before the end of the gram
    for i in range(a0, a1 - k + 1):
        if i == a0:
            for j in range(a0 + 1, a0 + k):
                if holes[j] >= 0:
                    hole = j
        elif holes[i + k - 1] >= 0:
            hole = i + k - 1
        if hole > i:
            continue
        at = find_slot(table, gram_at(a, i, k))
        table[at] = gram_at(a, i, k)
        place[at, 0] = i if place[at, 0] == -1 else -2
    for j in range(b0, b1 - k + 1):
        h = gram_at(b, j, k)
        at = find_slot(table, h)
        if table[at] == h:
            place[at, 1] = j if place[at, 1] == -1 else -2
    count = 0
    for i in range(a0, a1 - k + 1):
        h = gram_at(a, i, k)
        at = find_slot(table, h)
        if table[at] == h and place[at, 0] == i and place[at, 1] >= 0:
            pairs[count, 0], pairs[count, 1] = i, place[at, 1]
            count += 1
    return count


@njit(nogil=True, cache=True)
def longest_rise(pairs, count):
    """Marks in column 2 the longest sequence of pairs that rises in both columns."""
    tails = np.empty(count, np.int32)
    before = np.empty(count, np.int32)
    length = 0
    for i in range(count):
        low, high = 0, length
        while low < high:
            middle = (low + high) // 2
            if pairs[tails[middle], 1] < pairs[i, 1]:
                low = middle + 1
            else:
                high = middle
        before[i] = tails[low - 1] if low else -1
        tails[low] = i
        length = max(length, low + 1)
        pairs[i, 2] = 0
    i = tails[length - 1] if length else -1
    while i >= 0:
        pairs[i, 2] = 1
        i = before[i]


@njit(nogil=True, cache=True)
def anchor(a, holes, a0, a1, b, b0, b1, k, at):
    """Sets `at` of the tokens of a that unique k-grams in rising order align; how many."""
    pairs = np.empty((max(0, a1 - a0), 3), np.int32)
    count = unique_grams(a, holes, a0, a1, b, b0, b1, k, pairs)
    longest_rise(pairs, count)
    end_a, end_b, found = a0, b0, 0
    for p in range(count):
        i, j = pairs[p, 0], pairs[p, 1]
        if not pairs[p, 2]:
            continue
        skip = max(end_a - i, end_b - j, 0)
        if skip and end_a - i != end_b - j:
            continue  # it would take tokens of the one before, on another diagonal
        for x in range(skip, k):
            if a[i + x] != b[j + x]:
                break  # another gram of the same hash
            at[i + x] = j + x
            end_a, end_b = i + x + 1, j + x + 1
            found += 1
    return found


@njit(nogil=True, cache=True)
def fill_costs(a, holes, skips, a0, a1, b, b0, b1, lines, opening, value, line, skip, cost):
    """Least costs ``cost[i, j, state]`` of aligning the first i and j tokens of two ranges.

    States: 0 after equal tokens, 1 within a differing place, 2 within a value.
    """
    for i in range(a1 - a0 + 1):
        for j in range(b1 - b0 + 1):
            equal, place, filled = FAR, FAR, FAR
            if i == 0 and j == 0:
                equal = 0
            if i and j and a[a0 + i - 1] == b[b0 + j - 1]:
                equal = min(cost[i - 1, j - 1, 0], cost[i - 1, j - 1, 1], cost[i - 1, j - 1, 2])
            if i:
                up = min(cost[i - 1, j, 1], min(cost[i - 1, j, 0], cost[i - 1, j, 2]) + opening)
                place = min(place, up + UNIT)
                start = skips[a0 + i]
                if start >= a0:  # a block ends here that may be left out
                    s = start - a0
                    equal = min(equal, min(cost[s, j, 0], cost[s, j, 1], cost[s, j, 2]) + skip)
            if j:
                left = min(cost[i, j - 1, 1], min(cost[i, j - 1, 0], cost[i, j - 1, 2]) + opening)
                place = min(place, left + UNIT)
                if holes[a0 + i] >= 0:
                    more = line[a0 + i] if lines[b0 + j - 1] else value
                    filled = min(cost[i, j - 1, 0], cost[i, j - 1, 1], cost[i, j - 1, 2]) + more
            cost[i, j, 0], cost[i, j, 1], cost[i, j, 2] = equal, place, filled


@njit(nogil=True, cache=True)
def least_state(cost, i, j):
    """The state of least cost; of equal ones that after equal tokens, then that within a value."""
    state = 0
    if cost[i, j, 2] < cost[i, j, state]:
        state = 2
    if cost[i, j, 1] < cost[i, j, state]:
        state = 1
    return state


@njit(nogil=True, cache=True)
def opened_state(cost, i, j, opening):
    """The state from which a place was entered, or gone on with, at least cost."""
    state = 1
    if cost[i, j, 0] + opening < cost[i, j, state]:
        state = 0
    if cost[i, j, 2] + opening < cost[i, j, state] + (opening if state == 0 else 0):
        state = 2
    return state


@njit(nogil=True, cache=True)
def trace(a, holes, skips, a0, a1, b, b0, b1, lines, opening, value, line, skip, cost, at, owner):
    """Follows the costs back; sets `at` of tokens of a, and `owner` of tokens of b that stand in values."""
    i, j = a1 - a0, b1 - b0
    state = least_state(cost, i, j)
    while i or j:
        now = cost[i, j, state]
        if state == 0:
            if i and j and a[a0 + i - 1] == b[b0 + j - 1]:
                least = min(cost[i - 1, j - 1, 0], cost[i - 1, j - 1, 1], cost[i - 1, j - 1, 2])
                if least == now:
                    at[a0 + i - 1] = b0 + j - 1
                    i, j = i - 1, j - 1
                    state = least_state(cost, i, j)
                    continue
            i = skips[a0 + i] - a0
            state = least_state(cost, i, j)
        elif state == 2:
            owner[b0 + j - 1] = holes[a0 + i]
            j -= 1
            state = least_state(cost, i, j)
        else:
            up = FAR
            if i:
                up = min(cost[i - 1, j, 1], min(cost[i - 1, j, 0], cost[i - 1, j, 2]) + opening)
            if i and up + UNIT == now:
                i -= 1
            else:
                j -= 1
            state = opened_state(cost, i, j, opening)


@njit(nogil=True, cache=True)
def align_gap(a, holes, skips, a0, a1, b, b0, b1, lines, opening, value, line, skip, at, owner):
    """Aligns two ranges that no anchor crosses; says False if they are too large."""
    rows, columns = a1 - a0 + 1, b1 - b0 + 1
    if b0 == b1 and not opening:
        return True
    if rows == 1:
        if holes[a0] >= 0:
            for j in range(b0, b1):
                owner[j] = holes[a0]
        return True
    if columns == 1:
        return True
    if rows * columns > MOST_CELLS:
        return False
    cost = np.empty((rows, columns, 3), np.int32)
    fill_costs(a, holes, skips, a0, a1, b, b0, b1, lines, opening, value, line, skip, cost)
    trace(a, holes, skips, a0, a1, b, b0, b1, lines, opening, value, line, skip, cost, at, owner)
    return True


@njit(nogil=True, cache=True)
def trim_anchors(at, a0, a1):
    """Frees the ends of anchors where something stands between them: a gap may place these tokens better."""
    i = a0
    while i < a1:
        if at[i] < 0:
            i += 1
            continue
        end = i + 1
        while end < a1 and at[end] == at[end - 1] + 1:
            end += 1
        if end - i >= LEAST_RUN:
            if i > a0:
                at[i : i + TRIM] = -1
            if end < a1:
                at[end - TRIM : end] = -1
        i = end


@njit(nogil=True, cache=True)
def find_bounds(skips):
    """For every place of a frame that is inside a block, where that begins and ends; -1 elsewhere."""
    bounds = np.full((len(skips), 2), -1, np.int32)
    for end in range(len(skips)):
        if skips[end] >= 0:
            for i in range(skips[end] + 1, end):
                bounds[i, 0], bounds[i, 1] = skips[end], end
    return bounds


@njit(nogil=True, cache=True)
def widen_left(bounds, a0, least_a, least_b, at, b0):
    """The beginning of a gap moved to that of the block it is in, if little of that is aligned; frees what was."""
    start = bounds[a0, 0]
    if start < least_a or a0 - start > NEAR:
        return a0, b0
    for i in range(start, a0):
        if at[i] < least_b:
            return a0, b0
    b0 = at[start]
    at[start:a0] = -1
    return start, b0


@njit(nogil=True, cache=True)
def widen_right(bounds, a1, most_a, at, b1):
    """The same for the end of a gap."""
    end = bounds[a1, 1]
    if end < 0 or end > most_a or end - a1 > NEAR:
        return a1, b1
    for i in range(a1, end):
        if at[i] < 0:
            return a1, b1
    b1 = at[end - 1] + 1
    at[a1:end] = -1
    return end, b1


@njit(nogil=True, cache=True)
def align_text(a, holes, skips, b, lines, opening, value, line, skip, at, owner):
    """Aligns the tokens b of a text to the constant tokens a: anchors, then the gaps between them.

    Sets `at` to the token of b that each of a is, or -1, and `owner` of each token of b to the hole whose value it
    stands in, or -1. Gaps that are too large are searched for smaller anchors; what is too large even then differs.
    """
    at[:] = -1
    owner[:] = -1
    bounds = find_bounds(skips)
    waiting = [(0, len(a), 0, len(b), 0)]
    while len(waiting):
        a0, a1, b0, b1, level = waiting.pop()
        if level == len(GRAMS) or not anchor(a, holes, a0, a1, b, b0, b1, GRAMS[level], at):
            if not align_gap(a, holes, skips, a0, a1, b, b0, b1, lines, opening, value, line, skip, at, owner):
                if level < len(GRAMS):
                    waiting.append((a0, a1, b0, b1, level + 1))
                else:
                    align_ends(a, holes, a0, a1, b, b0, b1, at)
            continue
        trim_anchors(at, a0, a1)
        i, done_a, done_b = a0, a0, b0
        while i <= a1:
            if i < a1 and at[i] < 0:
                i += 1
                continue
            stop_b = at[i] if i < a1 else b1
            if done_a < i or done_b < stop_b:
                first, start = widen_left(bounds, done_a, a0, b0, at, done_b)
                stop, end = widen_right(bounds, i, a1, at, stop_b)
                if not align_gap(
                    a, holes, skips, first, stop, b, start, end, lines, opening, value, line, skip, at, owner
                ):
                    waiting.append((first, stop, start, end, level + 1))
                if stop > i:
                    i, done_a, done_b = stop, stop, end
                    continue
            i += 1
            done_a, done_b = i, stop_b + 1


@njit(nogil=True, cache=True)
def align_ends(a, holes, a0, a1, b, b0, b1, at):
    """Aligns the equal ends of two ranges that are too large for more."""
    while a0 < a1 and b0 < b1 and a[a0] == b[b0] and holes[a0] < 0:
        at[a0] = b0
        a0, b0 = a0 + 1, b0 + 1
    while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1] and holes[a1] < 0:
        a1, b1 = a1 - 1, b1 - 1
        at[a1] = b1


@njit(nogil=True, cache=True)
def slide(at, a, b, newline, stop, sign):
    """Moves what stands on one side only so that it begins with a line end, behind a full stop or at a sign.

    In ``A·A·`` against ``A·`` either half is the one that was added; whole lines and sentences are what people add.
    """
    i, j = 0, 0  # next tokens of a and b
    while i <= len(a):
        stop_a = i
        while stop_a < len(a) and at[stop_a] < 0:
            stop_a += 1
        stop_b = at[stop_a] if stop_a < len(a) else len(b)
        if (stop_a > i) != (stop_b > j):
            sequence, start, end = (a, i, stop_a) if stop_a > i else (b, j, stop_b)
            best, best_rank = 0, 0
            back = 0
            while True:
                rank = 0
                before = sequence[start - back - 1] if start - back else newline
                if sequence[start - back] == newline:
                    rank = 3
                elif before == stop:
                    rank = 2
                elif sequence[start - back] >> 28 == sign >> 28 or before >> 28 == sign >> 28:
                    rank = 1
                if rank > best_rank:
                    best, best_rank = back, rank
                # One step back: the token before the stretch is the same as the last of it.
                if i - back <= 0 or j - back <= 0 or at[i - back - 1] != j - back - 1:
                    break
                if sequence[start - back - 1] != sequence[end - back - 1] or best_rank == 3:
                    break
                back += 1
            if stop_a > i:
                for x in range(best):
                    at[i - 1 - x], at[stop_a - 1 - x] = -1, at[i - 1 - x]
            else:
                for x in range(best):
                    at[i - 1 - x] = stop_b - 1 - x
        i, j = stop_a + 1, stop_b + 1


@njit(nogil=True, cache=True)
def part_lines(at, a, b, newline, share, longest):
    """Takes apart lines that have too little in common to be one: no more than `share` of the longer, and no long run.

    Equal tokens by chance would else hold two paragraphs together that have nothing to do with each other.
    """
    if not (a == newline).any() or not (b == newline).any():
        return  # one line each: they were put together because they are alike
    # Where the line of each token of b begins and ends.
    start_of, end_of = np.empty(len(b) + 1, np.int32), np.empty(len(b) + 1, np.int32)
    begin = 0
    for j in range(len(b)):
        if b[j] == newline:
            begin = j
        start_of[j] = begin
    end = len(b)
    for j in range(len(b) - 1, -1, -1):
        end_of[j] = end
        if b[j] == newline:
            end = j
    first = 0
    while first < len(a):
        stop = first + 1
        while stop < len(a) and a[stop] != newline:
            stop += 1
        matched, run, best, low, high, last = 0, 0, 0, len(b), -1, -2
        for i in range(first, stop):
            if at[i] < 0:
                last = -2
                continue
            matched += 1
            run = run + 1 if at[i] == last + 1 else 1
            last = at[i]
            best = max(best, run)
            if b[at[i]] != newline:
                low = min(low, start_of[at[i]])
                high = max(high, end_of[at[i]])
        size = max(stop - first, high - low)
        if matched and best <= longest and matched <= share * size:
            at[first:stop] = -1
        first = stop


@njit(nogil=True, cache=True)
def span_values(owner, spans):
    """The first token of every hole's value, the end of its last, and how many it has."""
    spans[:, 0], spans[:, 1], spans[:, 2] = len(owner), 0, 0
    for j in range(len(owner)):
        hole = owner[j]
        if hole >= 0:
            spans[hole, 0] = min(spans[hole, 0], j)
            spans[hole, 1] = j + 1
            spans[hole, 2] += 1
