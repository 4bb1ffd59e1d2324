"""Kernels of the reasons stage: two rows of token codes → their equal blocks, and what stands in the gaps.

A *block* is a row (start in a, start in b, length) of equal tokens. A *place* is what lies between two blocks, before
the first, or behind the last: some tokens of a, some of b, not both none.
"""

import numpy as np
from numba import njit

ANCHOR = 6  # tokens of an anchor: a run that stands once in either text
WINDOW = 32  # tokens of a and b together that a search for the next equal run passes over; 64 tells no pair better
NARROW = 8  # the same once the searches have cost too much
SEARCHES = 8  # comparisons per token that wide searches may cost
ALLOWANCE = 4096  # and what any two texts may
SPREAD = np.uint64(0x9E3779B97F4A7C15)
ROLL = np.uint64(0xD1342543DE82EF95)


@njit(nogil=True, cache=True)
def run_needed(gap):
    """Equal tokens that must follow a gap of so many tokens: who looks farther finds more runs by chance."""
    if gap <= 2:
        return 2
    if gap <= 8:
        return 3
    return 4 if gap <= 20 else 6


@njit(nogil=True, cache=True)
def find_run(a, i, stop_a, b, j, stop_b, step, window, number_tag, mask):
    """The smallest gap at (i, j) that enough equal tokens follow: (tokens of a, tokens of b, comparisons made).

    (-1, -1) if none of at most `window` tokens is; `step` -1 looks towards the beginning. Of gaps of one size the most
    even come first. A figure that stands against a figure needs only one equal token behind it: 12月25日, 3月8日.
    """
    rest_a = (stop_a - i) * step
    rest_b = (stop_b - j) * step
    made = 0
    for gap in range(1, min(window, rest_a + rest_b) + 1):
        needed = run_needed(gap)
        if gap == 2 and (a[i] >= number_tag or a[i] == mask) and (b[j] >= number_tag or b[j] == mask):
            needed = 1
        for turn in range(gap + 1):
            off = (turn + 1) // 2
            in_a = gap // 2 - off if (turn ^ gap) & 1 else gap // 2 + off
            in_b = gap - in_a
            if in_a >= rest_a or in_b >= rest_b:
                continue
            made += 1
            x = i + step * in_a
            y = j + step * in_b
            length = 0
            while length < needed and x != stop_a and y != stop_b and a[x] == b[y]:
                x += step
                y += step
                length += 1
            if length == needed:
                return in_a, in_b, made
    return -1, -1, made


@njit(nogil=True, cache=True)
def follow(a, i, stop_a, b, j, stop_b, step, number_tag, mask, budget, blocks, count):
    """Take equal runs from (i, j) on as long as each is near the one before: (i, j, blocks, budget left).

    It ends where either text does, or before a gap that no search gets over.
    """
    while True:
        x = i
        while i != stop_a and j != stop_b and a[i] == b[j]:
            i += step
            j += step
        length = (i - x) * step
        if length > 0:
            blocks[count, 0] = min(x, i - step)
            blocks[count, 1] = j if step > 0 else j + 1
            if step > 0:
                blocks[count, 1] -= length
            blocks[count, 2] = length
            count += 1
        if i == stop_a or j == stop_b:
            break
        window = WINDOW if budget > 0 else NARROW
        in_a, in_b, made = find_run(a, i, stop_a, b, j, stop_b, step, window, number_tag, mask)
        budget -= made
        if in_a < 0:
            break
        i += step * in_a
        j += step * in_b
    return i, j, count, budget


@njit(nogil=True, cache=True)
def follow_back(a, i, end_a, b, j, end_b, number_tag, mask, budget, blocks, count):
    """The same from (end_a, end_b) towards (i, j): (blocks, budget left)."""
    first = count
    _, _, count, budget = follow(a, end_a - 1, i - 1, b, end_b - 1, j - 1, -1, number_tag, mask, budget, blocks, count)
    for x in range((count - first) // 2):
        for column in range(3):
            other = blocks[count - 1 - x, column]
            blocks[count - 1 - x, column] = blocks[first + x, column]
            blocks[first + x, column] = other
    return count, budget


@njit(nogil=True, cache=True)
def note_grams(codes, start, end, keys, places, side):
    """Put the k-grams of ``codes[start:end]`` into a table: where each stands, -1 nowhere, -2 in several places.

    `keys` [t] uint64 (0 = empty slot), `places` [t, 2] int32; t is a power of two. Side 1 adds no keys.
    """
    if end - start < ANCHOR:
        return
    slots = np.uint64(keys.shape[0] - 1)
    oldest = np.uint64(1)
    for _ in range(ANCHOR - 1):
        oldest *= ROLL
    h = np.uint64(0)
    for x in range(start, end):
        if x - start >= ANCHOR:
            h -= np.uint64(codes[x - ANCHOR]) * oldest
        h = h * ROLL + np.uint64(codes[x])
        if x - start < ANCHOR - 1:
            continue
        key = h * SPREAD | np.uint64(1)
        slot = (key >> np.uint64(32)) & slots
        while keys[slot] != 0 and keys[slot] != key:
            slot = (slot + np.uint64(1)) & slots
        if keys[slot] == 0:
            if side == 1:
                continue
            keys[slot] = key
            places[slot, 0] = -1
            places[slot, 1] = -1
        places[slot, side] = x - ANCHOR + 1 if places[slot, side] == -1 else -2


@njit(nogil=True, cache=True)
def chain_anchors(keys, places, start, end, mate, last, before, chain):
    """The longest chain of anchors, ascending in both texts, into `chain` as places of a: how many.

    `mate` [n] takes where in b each anchor of a stands; `last` [n] which anchor ends a chain of each length best (the
    patience method: a new longest chain costs one step, any other a binary search); `before` [n] the one before.
    """
    for x in range(start, end):
        mate[x] = -1
    for slot in range(keys.shape[0]):
        if keys[slot] != 0 and places[slot, 0] >= 0 and places[slot, 1] >= 0:
            mate[places[slot, 0]] = places[slot, 1]
    length = 0
    for x in range(start, end):
        if mate[x] < 0:
            continue
        low = length
        if length > 0 and mate[last[length - 1]] > mate[x]:
            low = 0
            high = length - 1
            while low < high:
                middle = (low + high) // 2
                if mate[last[middle]] < mate[x]:
                    low = middle + 1
                else:
                    high = middle
        last[low] = x
        before[x] = last[low - 1] if low > 0 else -1
        length = max(length, low + 1)
    if length > 0:
        x = last[length - 1]
        for y in range(length - 1, -1, -1):
            chain[y] = x
            x = before[x]
    return length


@njit(nogil=True, cache=True)
def join_blocks(blocks, count):
    """Make one of blocks that touch in both texts: how many are left."""
    kept = 0
    for x in range(count):
        if (
            kept > 0
            and blocks[kept - 1, 0] + blocks[kept - 1, 2] == blocks[x, 0]
            and blocks[kept - 1, 1] + blocks[kept - 1, 2] == blocks[x, 1]
        ):
            blocks[kept - 1, 2] += blocks[x, 2]
        else:
            blocks[kept, :] = blocks[x, :]
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def align(a, b, number_tag, mask, keys, places, scratch, blocks):
    """The equal blocks of two texts in order into `blocks`, about linear: how many.

    Runs are followed from the beginning over gaps of up to `WINDOW` tokens. Where that ends, anchors are looked up in
    what is left, and the gap before each is followed from either side. `keys` [t] uint64 and `places` [t, 2] int32 with
    t a power of two, at least twice the tokens of a; `scratch` [4, tokens of a] int32; `blocks` [shorter + 1, 3] int64.
    """
    end_a = a.shape[0]
    end_b = b.shape[0]
    budget = SEARCHES * (end_a + end_b) + ALLOWANCE
    i = 0
    while i < end_a and i < end_b and a[i] == b[i]:
        i += 1
    j = i
    while end_a > i and end_b > j and a[end_a - 1] == b[end_b - 1]:
        end_a -= 1
        end_b -= 1
    count = 0
    if i > 0:
        blocks[0, 0] = 0
        blocks[0, 1] = 0
        blocks[0, 2] = i
        count = 1
    i, j, count, budget = follow(a, i, end_a, b, j, end_b, 1, number_tag, mask, budget, blocks, count)
    if min(end_a - i, end_b - j) >= ANCHOR and end_a - i + end_b - j > WINDOW:
        t = 1
        while t < 2 * (end_a - i):
            t *= 2
        keys[:t] = 0
        note_grams(a, i, end_a, keys[:t], places, 0)
        note_grams(b, j, end_b, keys[:t], places, 1)
        anchors = chain_anchors(keys[:t], places, i, end_a, scratch[0], scratch[1], scratch[2], scratch[3])
        for x in range(anchors):
            p = np.int64(scratch[3, x])
            q = np.int64(scratch[0, p])
            if p >= i and q >= j:
                count, budget = follow_back(a, i, p, b, j, q, number_tag, mask, budget, blocks, count)
                i, j, count, budget = follow(a, p, end_a, b, q, end_b, 1, number_tag, mask, budget, blocks, count)
    count, budget = follow_back(a, i, end_a, b, j, end_b, number_tag, mask, budget, blocks, count)
    if end_a < a.shape[0]:
        blocks[count, 0] = end_a
        blocks[count, 1] = end_b
        blocks[count, 2] = a.shape[0] - end_a
        count += 1
    return join_blocks(blocks, count)


# -- places

# What a row of counts holds, by column.
COLUMNS = (
    "equal",  # tokens in blocks
    "places",
    "figures",  # places: as many figures against other figures, the words between them equal
    "names",  # places: Han against other Han, but not one character against one
    "named",  # those of `names` that a place or an office stands behind: 县, 镇, 局
    "mixed",  # places: figures and words against figures and words
    "words",  # places: words of letters against words of letters
    "single",  # places: one character against another
    "added",  # places: something against nothing
    "hidden",  # places: something against a mask
    "lost",  # places: figures against nothing
    "torn",  # places: what byte damage and broken lines leave: Han against letters, one figure against two
    "ordinal",  # places: another number behind 第, or one Han numeral against another
    "edge",  # places before the first or behind the last block, of texts that are not short
    "long",  # places of more tokens than a value has
    "gap",  # the longest place, on its longer side
    "exchanged",  # and the longest on its shorter side
    "repeated",  # places of figures, names, mixed, words where the same stands against the same at least twice
    "repeated_names",  # those of them that are names
    "repeated_words",  # and those that are words
    "same_figures",  # figures in blocks
    "edits",  # tokens in places, the longer side of each, but long ones and edges
    "longest",  # block
)
(EQUAL, PLACES, FIGURES, NAMES, NAMED, MIXED, WORDS, SINGLE, ADDED, HIDDEN, LOST, TORN) = range(12)
(ORDINAL, EDGE, LONG, GAP, EXCHANGED, REPEATED, REPEATED_NAMES, REPEATED_WORDS) = range(12, 20)
(SAME_FIGURES, EDITS, LONGEST) = range(20, 23)
VALUE = 12  # tokens of the longest value: 99 % of the planted ones
SHORT_TEXT = 64  # tokens below which a text may begin or end with a value


@njit(nogil=True, cache=True)
def is_numeral(code):
    """Whether a code is a Han numeral: 一 to 九, 〇 零 两 十 百 千 万 亿."""
    if code in (0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94, 0x516D, 0x4E03, 0x516B, 0x4E5D):
        return True
    return code in (0x3007, 0x96F6, 0x4E24, 0x5341, 0x767E, 0x5343, 0x4E07, 0x4EBF)


@njit(nogil=True, cache=True)
def ends_name(code):
    """Whether names end in it: 省 市 县 区 镇 乡 村 州 社 街 居; 局 公 院 委 厂 所 站 室 校 部; 同 长."""
    if code in (0x7701, 0x5E02, 0x53BF, 0x533A, 0x9547, 0x4E61, 0x6751, 0x5DDE, 0x793E, 0x8857, 0x5C45):
        return True
    return code in (0x5C40, 0x516C, 0x9662, 0x59D4, 0x5382, 0x6240, 0x7AD9, 0x5BA4, 0x6821, 0x90E8, 0x540C, 0x957F)


@njit(nogil=True, cache=True)
def same_but_figures(a, i, end_a, b, j, end_b, number_tag):
    """Whether two stretches are equal once their figures are left out."""
    while True:
        while i < end_a and a[i] >= number_tag:
            i += 1
        while j < end_b and b[j] >= number_tag:
            j += 1
        if i == end_a or j == end_b:
            return i == end_a and j == end_b
        if a[i] != b[j]:
            return False
        i += 1
        j += 1


@njit(nogil=True, cache=True)
def survey(codes, start, end, word_tag, number_tag, mask):
    """Of ``codes[start:end]``: figures, words, whether a mask is in it or 某 alone, whether all are numerals."""
    figures = words = masks = nameless = numerals = 0
    for x in range(start, end):
        figures += codes[x] >= number_tag
        words += word_tag <= codes[x] < number_tag
        masks += codes[x] == mask
        nameless += codes[x] == 0x67D0
        numerals += is_numeral(codes[x])
    size = end - start
    return figures, words, masks > 0 or (size > 0 and nameless == size), numerals == size


@njit(nogil=True, cache=True)
def place_kind(a, i, end_a, b, j, end_b, word_tag, number_tag, mask):
    """What stands against what, as the column that counts it."""
    figures_a, words_a, hidden_a, numeral_a = survey(a, i, end_a, word_tag, number_tag, mask)
    figures_b, words_b, hidden_b, numeral_b = survey(b, j, end_b, word_tag, number_tag, mask)
    if hidden_a or hidden_b:
        return HIDDEN
    if figures_a + figures_b > 0:
        if same_but_figures(a, i, end_a, b, j, end_b, number_tag):
            if figures_a == 0 or figures_b == 0:
                return LOST
            return FIGURES if figures_a == figures_b else TORN
        return MIXED if figures_a > 0 and figures_b > 0 else ADDED
    if i == end_a or j == end_b:
        return ADDED
    if words_a + words_b > 0:
        return WORDS if words_a == end_a - i and words_b == end_b - j else TORN
    if (numeral_a and numeral_b) or (is_numeral(a[i]) and is_numeral(b[j])):
        start = i
        while start > 0 and is_numeral(a[start - 1]):
            start -= 1
        if start > 0 and a[start - 1] == 0x7B2C:
            return ORDINAL
        if numeral_a and numeral_b:
            # One numeral against one may as well number the items of a list.
            return FIGURES if end_a - i + end_b - j > 2 else ORDINAL
    if end_a - i + end_b - j > 2 or (end_a < a.shape[0] and ends_name(a[end_a])):
        return NAMES
    return SINGLE


@njit(nogil=True, cache=True)
def pair_key(a, i, end_a, b, j, end_b):
    """A hash, not 0, of what stands against what."""
    h = np.uint64(end_a - i)
    for x in range(i, end_a):
        h = (h ^ np.uint64(a[x])) * ROLL
        h ^= h >> np.uint64(29)
    h += SPREAD
    for y in range(j, end_b):
        h = (h ^ np.uint64(b[y])) * ROLL
        h ^= h >> np.uint64(29)
    return h | np.uint64(1)


@njit(nogil=True, cache=True)
def note_pair(keys, seen, key):
    """Put a substitution into a table: how many places now stand in it twice that did not before."""
    slots = np.uint64(keys.shape[0] - 1)
    slot = (key >> np.uint64(32)) & slots
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + np.uint64(1)) & slots
    if keys[slot] == 0:
        keys[slot] = key
        seen[slot, 0] = 0
        return 0
    seen[slot, 0] += 1
    return 2 if seen[slot, 0] == 1 else 1


@njit(nogil=True, cache=True)
def count_place(a, i, end_a, b, j, end_b, edge, word_tag, number_tag, mask, keys, seen, out):
    """Count one place."""
    size = max(end_a - i, end_b - j)
    out[PLACES] += 1
    out[GAP] = max(out[GAP], size)
    out[EXCHANGED] = max(out[EXCHANGED], min(end_a - i, end_b - j))
    if size > VALUE:
        out[LONG] += 1
        return
    if edge:
        out[EDGE] += 1
        return
    out[EDITS] += size
    kind = place_kind(a, i, end_a, b, j, end_b, word_tag, number_tag, mask)
    out[kind] += 1
    if kind == NAMES:
        behind = end_a < a.shape[0] and ends_name(a[end_a])
        out[NAMED] += behind or (ends_name(a[end_a - 1]) and ends_name(b[end_b - 1]))
    if kind == FIGURES or kind == NAMES or kind == MIXED or kind == WORDS:
        twice = note_pair(keys, seen, pair_key(a, i, end_a, b, j, end_b))
        out[REPEATED] += twice
        if kind == NAMES:
            out[REPEATED_NAMES] += twice
        elif kind == WORDS:
            out[REPEATED_WORDS] += twice


@njit(nogil=True, cache=True)
def count_places(a, b, word_tag, number_tag, mask, blocks, count, keys, seen, out):
    """What the blocks and the places between them hold, into `out` [columns] int32.

    `keys` [t] uint64 and `seen` [t, 1] int32, t a power of two and at least twice the places.
    """
    out[:] = 0
    t = 2
    while t < 2 * (count + 1):
        t *= 2
    keys[:t] = 0
    short = max(a.shape[0], b.shape[0]) < SHORT_TEXT
    i = np.int64(0)  # of a plain 0 numba compiles every kernel it is passed to a second time
    j = np.int64(0)
    for x in range(count + 1):
        end_a = blocks[x, 0] if x < count else a.shape[0]
        end_b = blocks[x, 1] if x < count else b.shape[0]
        if end_a > i or end_b > j:
            edge = (x == 0 or x == count) and not short
            count_place(a, i, end_a, b, j, end_b, edge, word_tag, number_tag, mask, keys[:t], seen, out)
        if x < count:
            length = blocks[x, 2]
            out[EQUAL] += length
            out[LONGEST] = max(out[LONGEST], length)
            i = end_a + length
            j = end_b + length
            for y in range(end_a, i):
                out[SAME_FIGURES] += a[y] >= number_tag


@njit(nogil=True, cache=True)
def compare_rows(values, offsets, first, second, word_tag, number_tag, mask, out):
    """`align` and `count_places` of row ``first[x]`` and row ``second[x]`` for every x, into ``out[x]``."""
    size = 1
    for x in range(first.shape[0]):
        size = max(size, offsets[first[x] + 1] - offsets[first[x]], offsets[second[x] + 1] - offsets[second[x]])
    t = 2
    while t < 2 * (size + 1):
        t *= 2
    keys = np.empty(t, np.uint64)
    places = np.empty((t, 2), np.int32)
    scratch = np.empty((4, size), np.int32)
    blocks = np.empty((size + 1, 3), np.int64)
    for x in range(first.shape[0]):
        a = values[offsets[first[x]] : offsets[first[x] + 1]]
        b = values[offsets[second[x]] : offsets[second[x] + 1]]
        count = align(a, b, number_tag, mask, keys, places, scratch, blocks)
        count_places(a, b, word_tag, number_tag, mask, blocks, count, keys, places, out[x])
