"""Compiled loops over all lines: which may be headings."""

import numpy as np
from numba import njit

OPENING, CLOSING = 0x28, 0x29
SQUARE_OPENING, SQUARE_CLOSING = 0x5B, 0x5D
HASH, COLON = 0x23, 0x3A
WORD_FOR_PIECE = 0x7BC7  # 篇
ORDINAL = 0x7B2C  # 第
NAMED, NUMBERED, LISTED = 1, 2, 3  # what a line may be: 篇三; a title with a number that others share; (精选10篇)
SLOTS, PROBES = 1024, 16
WIDEST = 5  # bytes for a character of a heading, pinyin notes included


@njit(nogil=True, cache=True, inline="always")
def point_at(data, i):
    """The code point at byte `i` of valid UTF-8, and its width in bytes."""
    b = np.int64(data[i])
    if b < 0x80:
        return b, 1
    if b < 0xE0:
        return ((b & 0x1F) << 6) | (np.int64(data[i + 1]) & 0x3F), 2
    if b < 0xF0:
        return ((b & 0x0F) << 12) | ((np.int64(data[i + 1]) & 0x3F) << 6) | (np.int64(data[i + 2]) & 0x3F), 3
    high = ((b & 0x07) << 18) | ((np.int64(data[i + 1]) & 0x3F) << 12)
    return high | ((np.int64(data[i + 2]) & 0x3F) << 6) | (np.int64(data[i + 3]) & 0x3F), 4


@njit(nogil=True, cache=True, inline="always")
def narrow(point):
    """The ASCII form of full-width signs, brackets of any shape as one shape, any white space as a space."""
    if 0xFF01 <= point <= 0xFF5E:
        point -= 0xFEE0
    if point == 0x3010 or point == 0x3014:
        return SQUARE_OPENING
    if point == 0x3011 or point == 0x3015:
        return SQUARE_CLOSING
    if point == 0x3000 or point == 0xA0 or point <= 0x20:
        return np.int64(0x20)
    return point


@njit(nogil=True, cache=True, inline="always")
def is_opening(char):
    return char == OPENING or char == SQUARE_OPENING


@njit(nogil=True, cache=True, inline="always")
def is_closing(char):
    return char == CLOSING or char == SQUARE_CLOSING


@njit(nogil=True, cache=True, inline="always")
def trim(data, start, end):
    """The end of a line without the white space there."""
    while end > start and data[end - 1] <= 32:
        end -= 1
    return end


@njit(nogil=True, cache=True, inline="always")
def ends_a_sentence(data, start, end):
    """Whether a trimmed line ends in a stop or a comma: headings do not."""
    if end == start:
        return False
    b = data[end - 1]
    if b < 0x80:
        return b == 0x2E or b == 0x2C or b == 0x3B or b == 0x21
    if end - start < 3:
        return False
    a, m = data[end - 3], data[end - 2]
    return (a == 0xE3 and m == 0x80 and b == 0x82) or (
        a == 0xEF and m == 0xBC and (b == 0x9B or b == 0x8C or b == 0x81)
    )


@njit(nogil=True, cache=True, inline="always")
def may_be_heading(data, start, end, numerals):
    """Whether a trimmed line begins with a digit or #, ends in a number or a bracket, or holds 篇: most do not."""
    while start < end and data[start] == 32:
        start += 1
    if start == end:
        return False
    head, last = data[start], data[end - 1]
    if 0x30 <= head <= 0x39 or head == HASH or head == 0xEF:
        return True
    if last < 0x80:
        if 0x30 <= last <= 0x39 or last == CLOSING or last == SQUARE_CLOSING:
            return True
    elif data[end - 3] >= 0xE3:
        point = narrow(point_at(data, end - 3)[0])
        if point == CLOSING or point == SQUARE_CLOSING or (point < len(numerals) and numerals[point]):
            return True
    found = False
    for i in range(start + 2, end):
        found |= data[i] == 0x87 and data[i - 1] == 0xAF and data[i - 2] == 0xE7
    return found


@njit(nogil=True, cache=True)
def narrow_line(data, start, end, out, spaced):
    """A line without white space into `out`; how many characters, how many with the white space, how many stops.

    `spaced`: the characters that white space stands before.
    """
    n = points = stops = 0
    apart = False
    i = start
    while i < end:
        raw, width = point_at(data, i)
        i += width
        points += 1
        point = narrow(raw)
        if point == 0x20:
            apart = True
            continue
        stops += np.int64(raw == 0x3002 or point == 0x2C or point == 0x3B)
        out[n], spaced[n] = point, apart
        apart = False
        n += 1
    return n, points, stops


@njit(nogil=True, cache=True)
def is_numeral(numerals, point):
    return point < len(numerals) and numerals[point]


@njit(nogil=True, cache=True)
def run_start(text, n, numerals):
    """Where the numerals at the end of ``text[:n]`` begin; `n` if there are none."""
    while n > 0 and is_numeral(numerals, text[n - 1]):
        n -= 1
    return n


@njit(nogil=True, cache=True)
def bracketed_start(text, n, numerals):
    """Where the numerals of the brackets that end ``text[:n]`` begin; `n` if there are none."""
    if n < 3 or not is_closing(text[n - 1]):
        return n
    i = run_start(text, n - 1, numerals)
    if i == n - 1 or i == 0 or not is_opening(text[i - 1]):
        return n
    return i


@njit(nogil=True, cache=True)
def names_piece(text, n, numerals):
    """`NAMED` or `LISTED` where 篇 stands beside a number, else 0."""
    mark = 0
    for p in range(n):
        if text[p] != WORD_FOR_PIECE:
            continue
        after = p + 1
        if after < n and is_opening(text[after]):
            after += 1
        if after < n and is_numeral(numerals, text[after]):
            mark = NAMED
        i = run_start(text, p, numerals)
        if 0 < i < p and text[i - 1] == ORDINAL:
            mark = NAMED
        elif p == n - 2 and is_closing(text[p + 1]) and (i < p or bracketed_start(text, p, numerals) < p):
            return LISTED
    return mark


@njit(nogil=True, cache=True)
def ends_in_number(text, spaced, n, start, closed):
    """Whether the number from `start` on counts what stands before it: (三), 范文三, # Title 3, Part 3.

    范文 and the like are signs in themselves; # and Latin words stand apart from it.
    """
    if closed:
        return True
    before = start - 1 if start > 0 and is_opening(text[start - 1]) else start
    word = text[before - 1] if before > 0 else 0
    if word == 0x6587 or word == 0x672C or word == 0x7A3F or word == 0x4F8B:
        return True
    apart = spaced[start]
    for i in range(start + 1, n):
        apart &= not spaced[i]
    return apart and (text[0] == HASH or 0x61 <= word <= 0x7A)


@njit(nogil=True, cache=True)
def begins_with_number(text, spaced, n, numerals):
    """Whether a line begins with a number and a sign: 3. 3、 # 3: but not 3.2, and ends in no colon."""
    i = 0
    while i < n and text[i] == HASH:
        i += 1
    if i == n or text[i] < 0x30 or text[i] > 0x39 or text[n - 1] == COLON:
        return False
    while i < n and (text[i] == HASH or is_numeral(numerals, text[i])):
        i += 1
    if i == n or (text[i] != 0x2E and text[i] != 0x3001 and text[i] != COLON):
        return False
    return i + 1 == n or spaced[i + 1] or text[i + 1] < 0x30 or text[i + 1] > 0x39


@njit(nogil=True, cache=True)
def tail_key(text, n):
    """The last six characters of ``text[:n]``, ten bits each; never 0."""
    key = np.int64(0)
    for i in range(max(0, n - 6), n):
        key = (key << 10 ^ text[i]) & 0xFFFFFFFFFFFFFFF
    return key | 1


@njit(nogil=True, cache=True)
def read_heading(data, start, end, longest, broken, numerals, text, spaced):
    """What a short line may be, and a key that is equal for lines of one family: (mark, key).

    The key holds the six characters before the number, or the last six where the line begins with its number: a page
    of ordinary numbered sections then holds no two equal ones and costs nothing more. `broken`: the line before is the
    torn-out middle of a heading, so the number may stand alone. `text`, `spaced`: [end - start] scratch.
    """
    n, points, stops = narrow_line(data, start, end, text, spaced)
    if points == end - start and points > longest:  # ASCII holds no notes that would make a heading longer
        return 0, np.int64(0)
    mark = names_piece(text, n, numerals)
    if mark != 0 or n == 0 or stops > 0:
        return mark, np.int64(0)
    number = bracketed_start(text, n, numerals)
    closed = number < n
    last = n - 1 if closed else n
    if not closed:
        number = run_start(text, n, numerals)
    if number < last and number == (1 if closed else 0):
        return (NUMBERED if broken else 0), np.int64(1)
    if 0 < last - number < 8 and ends_in_number(text, spaced, n, number, closed):
        return NUMBERED, tail_key(text, number)
    if begins_with_number(text, spaced, n, numerals):
        return NUMBERED, tail_key(text, n)
    return 0, np.int64(0)


@njit(nogil=True, cache=True)
def is_repeated(seen, page, key):
    """Whether `key` has come on this page before; what other pages left in `seen` counts as free.

    A page with so many keys that all its places are taken may miss one; it holds no equal titles to speak of.
    """
    h = (key * 0x9E3779B97F4A7C1) >> 33 & 0x7FFFFFFF
    packed = np.int64(page) << 31 | h
    for step in range(PROBES):
        slot = ((h >> 21) + step) & (SLOTS - 1)
        if seen[slot] == packed:
            return True
        if seen[slot] >> 31 != page:
            seen[slot] = packed
            return False
    return False


@njit(nogil=True, cache=True)
def mark_headings(data, starts, first, longest, numerals, marks, keys, wanted):
    """Lines that may be headings of pieces, and the pages that hold enough of them to be looked at.

    `longest` counts characters, `numerals` [65536] bool, `marks` [lines] uint8, `keys` [lines] int64. `wanted` [pages]
    uint8: two or more lines that name a piece, or that share title and form, or a list of titles of collections.
    """
    seen = np.full(SLOTS, -1, np.int64)
    text = np.empty(WIDEST * longest, np.int64)
    spaced = np.empty(WIDEST * longest, np.bool_)
    for page in range(len(first) - 1):
        named = listed = 0
        repeated = False
        torn = False
        for line in range(first[page], first[page + 1]):
            start = starts[line]
            end = trim(data, start, starts[line + 1])
            marks[line] = keys[line] = 0
            broken = torn
            torn = False
            if end - start > WIDEST * longest or end == start:
                continue
            if ends_a_sentence(data, start, end):
                torn = end - start < 64
                continue
            if not may_be_heading(data, start, end, numerals):
                continue
            mark, key = read_heading(data, start, end, longest, broken, numerals, text, spaced)
            marks[line], keys[line] = mark, key
            if mark == NAMED:
                named += 1
            elif mark == LISTED:
                listed += 1
            elif mark == NUMBERED and not repeated:
                repeated = is_repeated(seen, page, key)
        wanted[page] = named > 1 or repeated or listed > 2
