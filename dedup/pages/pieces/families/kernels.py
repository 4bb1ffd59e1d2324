"""Compiled loops over the headings that were read: which belong together, and which are believed."""

import numpy as np
from numba import njit

# As in the kernels that read headings.
NAMED, NUMBERED = 1, 2
MASK = 0x23
SIGNLESS, WAYS = 3, 7  # a form before the first is a sign in itself that a piece begins
LINE, BODY, WAY, NUMBER, TITLE_AT, TITLE_ENDS, SAME, FAMILY = range(8)  # columns of a heading
NOTHING = -1

FEWEST_HEADED, FEWEST_UNNAMED = 2, 3  # headings of a family; of one whose form is no sign in itself, if not 1 and 2
SHORT_PAGE = 20_000
LEAST_BODY, LEAST_UNNAMED_BODY = 30, 100  # code points below a heading; the mean of them
ALIKE, ALIKE_MASKED = 88.0, 70.0  # percent of two titles
MOST_TITLES = 8  # of one form that are told apart: comparing stays linear on a page of nothing but numbered lines


@njit(nogil=True, cache=True)
def common_length(a, b):
    """Characters of the longest common subsequence of two titles (Hyyrö's bit vectors): `a` of 64 at most."""
    left = np.uint64(0xFFFFFFFFFFFFFFFF)
    one = np.uint64(1)
    for j in range(len(b)):
        same = np.uint64(0)
        for i in range(len(a)):
            same |= np.uint64(a[i] == b[j]) << np.uint64(i)
        both = left & same
        left = (left + both) | (left - both)
    count = 0
    for i in range(len(a)):
        count += np.int64(~left >> np.uint64(i) & one)
    return count


@njit(nogil=True, cache=True)
def are_alike(a, b):
    """Whether two titles are one but for damage; a mask may stand for more than it covers."""
    m, n = len(a), len(b)
    least = ALIKE
    for char in a:
        if char == MASK:
            least = ALIKE_MASKED
    for char in b:
        if char == MASK:
            least = ALIKE_MASKED
    if (1.0 - abs(m - n) / (m + n)) * 100.0 < least:
        return False
    start = 0
    while start < min(m, n) and a[start] == b[start]:
        start += 1
    if start == m == n:
        return True
    end = 0
    while end < min(m, n) - start and a[m - 1 - end] == b[n - 1 - end]:
        end += 1
    common = start + end + common_length(a[start : m - end], b[start : n - end])
    return (1.0 - (m + n - 2 * common) / (m + n)) * 100.0 >= least


@njit(nogil=True, cache=True)
def title_of(heads, titles, row):
    return titles[heads[row, TITLE_AT] : heads[row, TITLE_ENDS]]


@njit(nogil=True, cache=True)
def equal_titles(heads, titles, row, other):
    """Whether two headings have one title."""
    a, b = heads[row, TITLE_AT], heads[other, TITLE_AT]
    size = heads[row, TITLE_ENDS] - a
    if heads[other, TITLE_ENDS] - b != size:
        return False
    k = 0
    while k < size and titles[a + k] == titles[b + k]:
        k += 1
    return k == size


@njit(nogil=True, cache=True)
def frequent_first(values, counts):
    """`values` in the order of their counts, the highest first, equal ones as they come."""
    most = 0
    for count in counts:
        most = max(most, count)
    places = np.zeros(most + 2, np.int64)
    for count in counts:
        places[most - count + 1] += 1
    for i in range(most + 1):
        places[i + 1] += places[i]
    ordered = np.empty(len(values), np.int64)
    for i in range(len(values)):
        ordered[places[most - counts[i]]] = values[i]
        places[most - counts[i]] += 1
    return ordered


@njit(nogil=True, cache=True)
def tell_titles(heads, titles, form):
    """Set `SAME` of the headings of a form to the first with their title; the firsts, most frequent titles first."""
    size = 8
    while size < 2 * len(heads):
        size *= 2
    slots = np.full(size, -1, np.int64)
    firsts = np.empty(len(heads), np.int64)
    counts = np.zeros(len(heads), np.int64)
    distinct = 0
    for row in range(len(heads)):
        if heads[row, WAY] != form:
            continue
        h = np.uint64(0)
        for k in range(heads[row, TITLE_AT], heads[row, TITLE_ENDS]):
            h = (h ^ np.uint64(titles[k])) * np.uint64(0x9E3779B97F4A7C15)
        slot = np.int64(h >> np.uint64(40)) & (size - 1)
        while slots[slot] >= 0 and not equal_titles(heads, titles, row, firsts[slots[slot]]):
            slot = (slot + 1) & (size - 1)
        if slots[slot] < 0:
            slots[slot] = distinct
            firsts[distinct] = row
            distinct += 1
        heads[row, SAME] = firsts[slots[slot]]
        counts[slots[slot]] += 1
    return frequent_first(firsts[:distinct], counts[:distinct])


@njit(nogil=True, cache=True)
def tell_families(heads, titles, form):
    """Set `FAMILY` of the headings of a form to its number, -1 if they have none; how many there are.

    Titles that damage and masks have made different are of the family of the most frequent one.
    """
    firsts = tell_titles(heads, titles, form)
    leaders = np.empty(MOST_TITLES, np.int64)
    told = 0
    for first in firsts:
        family = 0
        while family < told and not are_alike(title_of(heads, titles, first), title_of(heads, titles, leaders[family])):
            family += 1
        if family == told and told < MOST_TITLES:
            leaders[told] = first
            told += 1
        heads[first, FAMILY] = family if family < told else NOTHING
    for row in range(len(heads)):
        if heads[row, WAY] == form:
            heads[row, FAMILY] = heads[heads[row, SAME], FAMILY]
    return told


@njit(nogil=True, cache=True)
def place_of(block, line, b, size):
    """Code points of a page before a line, `size` at its end."""
    return block.points[line] if line < b else size


@njit(nogil=True, cache=True)
def is_believed(heads, members, block, b, size):
    """Whether enough of a family count upwards and have a text below them."""
    named = heads[members[0], WAY] < SIGNLESS
    run = first = last = total = 0
    for k in range(len(members)):
        end = heads[members[k + 1], LINE] if k + 1 < len(members) else b
        body = place_of(block, end, b, size) - place_of(block, heads[members[k], BODY], b, size)
        if body < LEAST_BODY:
            continue
        number = heads[members[k], NUMBER]
        if run > 0 and (number <= last or number - first > 3 * run + 3):
            run = total = 0
        if run == 0:
            first = number
        run, last, total = run + 1, number, total + body
        # Two numbered titles that happen to be alike stand in many a manual; two that count 1, 2 hardly anywhere.
        few = named or (run == 2 and first == 1 and last == 2 and size <= SHORT_PAGE)
        if run >= (FEWEST_HEADED if few else FEWEST_UNNAMED) and (named or total >= LEAST_UNNAMED_BODY * run):
            return True
    return False


@njit(nogil=True, cache=True)
def members_of(heads, form, family):
    """The headings of one family, in order."""
    members = np.empty(len(heads), np.int64)
    found = 0
    for row in range(len(heads)):
        if heads[row, WAY] == form and heads[row, FAMILY] == family:
            members[found] = row
            found += 1
    return members[:found]


@njit(nogil=True, cache=True)
def believe_families(heads, titles, block, b, size):
    """Set `FAMILY` of the headings of a page to the number of their family, -1 where it is not believed; how many are.

    Of several families whose form is no sign in itself, the largest is taken.
    """
    chosen = np.full(len(heads), NOTHING, np.int64)
    largest = np.empty(0, np.int64)
    done = np.zeros(WAYS, np.bool_)
    families = 0
    for row in range(len(heads) if len(heads) >= FEWEST_HEADED else 0):
        form = heads[row, WAY]
        if done[form]:
            continue
        done[form] = True
        for family in range(tell_families(heads, titles, form)):
            members = members_of(heads, form, family)
            if not is_believed(heads, members, block, b, size):
                continue
            if form < SIGNLESS:
                for member in members:
                    chosen[member] = families
                families += 1
            elif len(members) > len(largest):
                largest = members
    if families == 0 and len(largest) > 0:
        for member in largest:
            chosen[member] = 0
        families = 1
    heads[:, FAMILY] = chosen
    return families


@njit(nogil=True, cache=True)
def share_key(marks, keys, a, b):
    """Whether two numbered lines of a page have one key."""
    size = 8
    while size < 2 * (b - a):
        size *= 2
    slots = np.zeros(size, np.int64)
    for line in range(a, b):
        if marks[line] != NUMBERED:
            continue
        slot = (keys[line] * 0x9E3779B97F4A7C1) >> 33 & (size - 1)
        while slots[slot] != 0 and slots[slot] != keys[line]:
            slot = (slot + 1) & (size - 1)
        if slots[slot] != 0:
            return True
        slots[slot] = keys[line]
    return False


@njit(nogil=True, cache=True)
def measure_pages(data, starts, points, first, pages, sizes):
    """Code points of some pages: `sizes` [pages] int64."""
    for i in range(len(pages)):
        last = first[pages[i] + 1] - 1
        sizes[i] = points[last]
        for k in range(starts[last], starts[last + 1]):
            sizes[i] += np.int64(data[k] & 0xC0 != 0x80)


@njit(nogil=True, cache=True)
def tell_pieces(block, marks, keys, first, pages, sizes, heads, titles, bounds, families):
    """Which of the headings read are those of pieces: `FAMILY` is set, -1 for the others; `families` [pages]: how many.

    Where pieces name themselves, numbered titles are parts of a piece.
    """
    for i in range(len(pages)):
        a, b = first[pages[i]], first[pages[i] + 1]
        named = heads[bounds[2 * i] : bounds[2 * i + 1]]
        numbered = heads[bounds[2 * i + 1] : bounds[2 * i + 2]]
        numbered[:, FAMILY] = NOTHING
        families[i] = believe_families(named, titles, block, b, sizes[i])
        if families[i] == 0 and len(numbered) > 0 and share_key(marks, keys, a, b):
            families[i] = believe_families(numbered, titles, block, b, sizes[i])
