"""Compiled loops over the lines of pages."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_lines(data, offsets, counts):
    """How many lines each text has; an empty one has one, what follows the last line end is one if not empty."""
    for d in range(len(counts)):
        count = 0
        last = offsets[d]
        for i in range(offsets[d], offsets[d + 1]):
            if data[i] == 10:
                count += 1
                last = i + 1
        if last < offsets[d + 1] or count == 0:
            count += 1
        counts[d] = count


@njit(nogil=True, cache=True)
def split_lines(data, offsets, starts, points):
    """First byte of each line, and how many code points of its text stand before it; returns the lines."""
    line = 0
    for d in range(len(offsets) - 1):
        starts[line] = offsets[d]
        points[line] = 0
        line += 1
        count = 0
        end = offsets[d + 1]
        for i in range(offsets[d], end):
            byte = data[i]
            if byte & 0xC0 != 0x80:
                count += 1
            if byte == 10 and i + 1 < end:
                starts[line] = i + 1
                points[line] = count
                line += 1
    return line


# -- headings

OPENING, CLOSING = 0x28, 0x29
SQUARE_OPENING, SQUARE_CLOSING = 0x5B, 0x5D
HASH, COLON = 0x23, 0x3A
WORD_FOR_PIECE = 0x7BC7  # 篇
ORDINAL = 0x7B2C  # 第
NAMED, NUMBERED, LISTED = 1, 2, 3  # what a line may be: 篇三; a title with a number that others share; (精选10篇)
SLOTS, PROBES = 1024, 16
WIDEST = 5  # bytes for a character of a heading, pinyin notes included
HEADED, WEAK, LED, REST = 0, 1, 2, 3  # what begins at a cut
PIECE = 0
EDGE, CUT, EXTRA = 0, 1, 2  # what a stretch was begun by


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


# -- headings: lines read

LONGEST_HEADING = 60  # characters
BUFFER, LONGEST_EXPANSION = 2048, 32  # characters of a line that are read; those that one may stand for
# An entry of the table of characters: what one is cleaned to, and what it is. Beyond `TABLED` stand, each run ended by
# a 0, the characters that one of `SEVERAL` is cleaned to.
POINT, TABLED = (1 << 21) - 1, 1 << 16
SEVERAL, DOUBTFUL, SPACE, LETTER, DIGIT, HAN_NUMERAL, BEGINS_FOOTER, BEGINS_ASIDE, PINYIN, VOWEL = (
    1 << 21,
    1 << 22,
    1 << 23,
    1 << 24,
    1 << 25,
    1 << 26,
    1 << 27,
    1 << 28,
    1 << 29,
    1 << 30,
)
# Sets of words, in the order of `dedup.pages.forms.Words`.
SAMPLES, PARTS, SALUTED, CALLED, CLOSED_WITH, CLOSED_OVER, LEADS, LED_TO, GUESSED, LIKED, VIEWED, VIEWERS = range(12)
FOOTERS, ASIDES, BULLETS = 12, 13, 14
STAR, DASH, DOT, GREATER, LESS, MASK = 0x2A, 0x2D, 0x2E, 0x3E, 0x3C, 0x23
FULL_STOP, FULL_COLON, ENUMERATION_COMMA, TIMES, CERTAIN = 0x3002, 0xFF1A, 0x3001, 0xD7, 0x67D0  # 。：、×某
YEAR, MONTH, DAY = 0x5E74, 0x6708, 0x65E5
TEN, HUNDRED = 0x5341, 0x767E
# How headings are written; a form before `SIGNLESS` is a sign in itself that a piece begins.
NO_FORM, PIECE_NUMBER, ORDINAL_PIECE, SAMPLE_NUMBER, SIGNLESS = -1, 0, 1, 2, 3
BRACKETED, LEADING, HASHED, PART_NUMBER, WAYS = 3, 4, 5, 6, 7
LEAST_TITLE = 5  # characters, Latin letters by half, that two sections of one document hardly share


@njit(nogil=True, cache=True)
def entry_of(letters, point):
    """What a character is and becomes; beyond the first plane only Chinese ones have traits.

    Doubtful are those that may join their neighbours, and the rare planes that hold compatibility characters.
    """
    if point < TABLED:
        return np.int64(letters[point])
    if 0x20000 <= point < 0x2F800 or 0x30000 <= point < 0x32400:
        return LETTER | point
    return point if 0x1F300 <= point < 0x1FBF0 or 0x32400 <= point < 0xE0000 else DOUBTFUL | point


@njit(nogil=True, cache=True)
def note_start(letters, out, floor, count):
    """Where a pinyin note begins whose closing bracket comes at `count`; `count` if there is none."""
    i = count
    while i > floor and entry_of(letters, out[i - 1]) & PINYIN:
        i -= 1
    if i == floor or not entry_of(letters, out[i - 1]) & VOWEL:
        return count
    i -= 1
    while i > floor and entry_of(letters, out[i - 1]) & PINYIN:
        i -= 1
    return i - 1 if i > floor and out[i - 1] == OPENING else i


@njit(nogil=True, cache=True)
def clean_line(block, letters, line, out):
    """A line as the patterns read it, into `out`; how many characters.

    NFKC, simplified, without pinyin notes and outer white space. A line that holds doubtful characters is noted.
    """
    i = block.starts[line]
    end = block.starts[line + 1]
    count = floor = 0
    while i < end and count < len(out) - LONGEST_EXPANSION:
        point, width = point_at(block.data, i)
        i += width
        entry = entry_of(letters, point)
        if entry & POINT == CLOSING:
            start = note_start(letters, out, floor, count)
            if start < count:
                count = floor = start
                continue
        if entry & SEVERAL:
            k = entry & POINT
            while letters[k] > 0:
                out[count] = letters[k]
                count, k = count + 1, k + 1
            continue
        if entry & DOUBTFUL:
            block.doubtful[line] = True
        out[count] = entry & POINT
        count += 1
    while count > 0 and entry_of(letters, out[count - 1]) & SPACE:
        count -= 1
    start = skip_spaces(out, 0, count, letters)
    for k in range(start, count if start > 0 else 0):
        out[k - start] = out[k]
    return count - start


@njit(nogil=True, cache=True)
def skip_spaces(text, i, n, letters):
    """The first place from `i` on without white space."""
    while i < n and entry_of(letters, text[i]) & SPACE:
        i += 1
    return i


@njit(nogil=True, cache=True)
def trim_spaces(text, n, letters):
    """The end of ``text[:n]`` without the white space there."""
    while n > 0 and entry_of(letters, text[n - 1]) & SPACE:
        n -= 1
    return n


@njit(nogil=True, cache=True)
def length_at(text, i, n, words, kind):
    """Characters of the word of a set that stands at `i`, 0 if none does."""
    w = words[kind]
    while words[w] > 0:
        size = words[w]
        k = 0
        while k < size and k < n - i and text[i + k] == words[w + 1 + k]:
            k += 1
        if k == size:
            return size
        w += size + 1
    return 0


@njit(nogil=True, cache=True)
def ends_with(text, n, words, kind):
    """Characters of the word of a set that ends ``text[:n]``, 0 if none does."""
    w = words[kind]
    while words[w] > 0:
        size = words[w]
        k = 0
        while k < size and k < n and text[n - 1 - k] == words[w + size - k]:
            k += 1
        if k == size:
            return size
        w += size + 1
    return 0


@njit(nogil=True, cache=True)
def holds_word(text, n, letters, words, kind, trait):
    """Whether a word of a set stands anywhere; `trait` marks the characters that one begins with."""
    i = 0
    while i < n and not (entry_of(letters, text[i]) & trait and length_at(text, i, n, words, kind) > 0):
        i += 1
    return i < n


# -- headings: numbers and titles


@njit(nogil=True, cache=True)
def numeral_end(text, i, n, letters):
    """Where the numeral that begins at `i` ends, three digits or six Chinese ones at most; `i` if there is none."""
    j = i
    while j < n and j < i + 3 and entry_of(letters, text[j]) & DIGIT:
        j += 1
    if j == i:
        while j < n and j < i + 6 and entry_of(letters, text[j]) & HAN_NUMERAL:
            j += 1
    return j


@njit(nogil=True, cache=True)
def numeral_start(text, n, letters):
    """Where the digits, or the Chinese ones, at the end of ``text[:n]`` begin, and how many of them a number has."""
    i = n
    while i > 0 and entry_of(letters, text[i - 1]) & DIGIT:
        i -= 1
    if i < n:
        return i, 3
    while i > 0 and entry_of(letters, text[i - 1]) & HAN_NUMERAL:
        i -= 1
    return i, 6


@njit(nogil=True, cache=True)
def value_of(text, a, b):
    """A numeral as a number."""
    total = digit = 0
    for i in range(a, b):
        char = text[i]
        if char == TEN or char == HUNDRED:
            total += max(digit, 1) * (10 if char == TEN else 100)
            digit = 0
        elif char < 0x80:
            digit = digit * 10 + char - 0x30
        else:
            digit = digit * 10 + digit_of(char)
    return total + digit


@njit(nogil=True, cache=True)
def digit_of(char):
    """〇零一二两三四五六七八九 as a number."""
    if char == 0x3007 or char == 0x96F6:
        return 0
    if char == 0x4E00:
        return 1
    if char == 0x4E8C or char == 0x4E24:
        return 2
    if char == 0x4E09:
        return 3
    if char == 0x56DB:
        return 4
    if char == 0x4E94:
        return 5
    if char == 0x516D:
        return 6
    return 7 if char == 0x4E03 else (8 if char == 0x516B else 9)


@njit(nogil=True, cache=True)
def mask_end(text, i, n, letters):
    """Where the year, figure or mask (20xx, 3, **, xx, 某某) that begins at `i` ends; `i` if there is none."""
    char = text[i]
    j = i
    if entry_of(letters, char) & DIGIT:
        if char == 0x32 and i + 2 < n and text[i + 1] == 0x30:
            if i + 3 < n and text[i + 2] == 0x78 and text[i + 3] == 0x78:
                return i + 4
            j = i + 2
            while j < n and (text[j] == STAR or text[j] == 0x5F):
                j += 1
            if j > i + 2:
                return j
        j = i
        while j < n and entry_of(letters, text[j]) & DIGIT:
            j += 1
        return j
    if char == CERTAIN:
        return i + 2 if i + 1 < n and text[i + 1] == CERTAIN else i
    if char == 0x78 or char == 0x58:
        while j < n and (text[j] == 0x78 or text[j] == 0x58):
            j += 1
    elif char == STAR or char == 0x5F or char == TIMES:
        while j < n and (text[j] == STAR or text[j] == 0x5F or text[j] == TIMES):
            j += 1
    return j if j > i + 1 else i


@njit(nogil=True, cache=True)
def mask_figures(text, a, b, letters, out, count):
    """Copy ``text[a:b]`` to `out` from `count` on, years and masks as one sign: they differ between headings."""
    while a < b:
        end = mask_end(text, a, b, letters)
        out[count] = MASK if end > a else text[a]
        a = max(end, a + 1)
        count += 1
    return count


@njit(nogil=True, cache=True, inline="always")
def is_fringe(char):
    """Whether a sign at the end of a title is no part of it."""
    return char == 0x20 or char == HASH or char == COLON or char == DASH or char == STAR


@njit(nogil=True, cache=True)
def write_title(text, a, b, rest, n, letters, out):
    """What a family of headings shares, into `out`: what stands before the number, 0, what stands after; how long."""
    while a < b and is_fringe(text[a]):
        a += 1
    while a < b and is_fringe(text[b - 1]):
        b -= 1
    count = mask_figures(text, a, b, letters, out, 0)
    out[count] = 0
    while rest < n and (text[rest] == 0x20 or text[rest] == STAR):
        rest += 1
    while rest < n and (text[n - 1] == 0x20 or text[n - 1] == STAR):
        n -= 1
    return mask_figures(text, rest, n, letters, out, count + 1)


@njit(nogil=True, cache=True)
def says_enough(title, n, letters):
    """Whether a title is so long that two sections of one document hardly share it."""
    said = 0
    for i in range(n):
        if entry_of(letters, title[i]) & LETTER:
            said += 2 if title[i] > 0x2E80 else 1
    return said >= 2 * LEAST_TITLE


# -- headings: forms


@njit(nogil=True, cache=True)
def lists_texts(text, n, letters):
    """Whether a line ends like the title of another page: (精选10篇)."""
    if n < 4 or not is_closing(text[n - 1]) or text[n - 2] != WORD_FOR_PIECE:
        return False
    end = trim_spaces(text, n - 2, letters)
    if end == 0 or not entry_of(letters, text[end - 1]) & (DIGIT | HAN_NUMERAL):
        return False
    opening = end - 1
    while opening >= 0 and not is_opening(text[opening]) and not is_closing(text[opening]):
        opening -= 1
    if opening < 0 or is_closing(text[opening]):
        return False
    start, most = numeral_start(text, end, letters)
    return end - opening - 1 <= 8 + min(end - start, 3 if most == 3 else 4)


@njit(nogil=True, cache=True)
def title_end(text, p):
    """Where a title ends that stands before the sign at `p`: an opening bracket between them is no part of it."""
    return p - 1 if p > 0 and (is_opening(text[p - 1]) or text[p - 1] == LESS) else p


@njit(nogil=True, cache=True)
def find_piece_number(text, n, letters):
    """〈title〉篇三, and 〈title〉第三篇：〈rest〉: what `find_form` gives."""
    first = n
    for p in range(n):
        if text[p] == WORD_FOR_PIECE:
            i = skip_spaces(text, p + 1, n, letters)
            if i < n and text[i] == OPENING:
                i += 1
            j = numeral_end(text, i, n, letters)
            if j > i:
                return PIECE_NUMBER, i, j, 0, title_end(text, p), n
        elif text[p] == ORDINAL:
            first = min(first, p)
    for p in range(first, n):
        if text[p] != ORDINAL:
            continue
        i = skip_spaces(text, p + 1, n, letters)
        j = numeral_end(text, i, n, letters)
        k = skip_spaces(text, j, n, letters)
        if j > i and k < n and text[k] == WORD_FOR_PIECE:
            k += 1
            if k < n and (is_closing(text[k]) or text[k] == GREATER):
                k += 1
            k = skip_spaces(text, k, n, letters)
            if k < n and (text[k] == COLON or text[k] == DOT):
                k += 1
            return ORDINAL_PIECE, i, j, 0, title_end(text, p), k
    return NO_FORM, 0, 0, 0, 0, 0


@njit(nogil=True, cache=True)
def find_last_number(text, n, letters, words):
    """〈topic〉范文(三), and 〈title〉(3): what `find_form` gives."""
    last = n - 1 if is_closing(text[n - 1]) else n
    i, most = numeral_start(text, last, letters)
    if i == last or last - i > most:
        return NO_FORM, 0, 0, 0, 0, 0
    before = i - 1 if i > 0 and is_opening(text[i - 1]) else i
    end = trim_spaces(text, before, letters)
    if ends_with(text, end, words, SAMPLES) > 0:
        return SAMPLE_NUMBER, i, last, 0, end, n
    if last < n and before < i and end > 0:
        return BRACKETED, i, last, 0, end, n
    return NO_FORM, 0, 0, 0, 0, 0


@njit(nogil=True, cache=True)
def find_plain_number(text, n, letters, words):
    """3. 〈rest〉, ## 〈title〉 3, and 〈title〉 Part 3: what `find_form` gives."""
    begin = 0
    while begin < n and text[begin] == HASH:
        begin += 1
    if begin > 0:
        begin = skip_spaces(text, begin, n, letters)
    if begin < n and entry_of(letters, text[begin]) & DIGIT:
        j = numeral_end(text, begin, n, letters)
        k = skip_spaces(text, j, n, letters)
        signed = k < n and (text[k] == DOT or text[k] == ENUMERATION_COMMA or text[k] == COLON)
        follows = signed and k + 2 < n and text[n - 1] != COLON and not entry_of(letters, text[k + 1]) & DIGIT
        if follows:
            return LEADING, begin, j, 0, 0, skip_spaces(text, k + 1, n, letters)
    i, most = numeral_start(text, n, letters)
    if i == n:
        return NO_FORM, 0, 0, 0, 0, 0
    if text[0] == HASH:
        i = max(i, n - most)
        return HASHED, i, n, begin, max(begin, trim_spaces(text, i, letters)), n
    end = trim_spaces(text, i, letters)
    size = ends_with(text, end, words, PARTS) if end < i and n - i <= most else 0
    if size > 0 and end - size > 1 and entry_of(letters, text[end - size - 1]) & SPACE:
        return PART_NUMBER, i, n, 0, end, n
    return NO_FORM, 0, 0, 0, 0, 0


@njit(nogil=True, cache=True)
def find_form(text, n, letters, words):
    """The first form a line has: the form, where its number begins and ends, its title, and what follows to `n`."""
    found = find_piece_number(text, n, letters)
    if found[0] == NO_FORM:
        found = find_last_number(text, n, letters, words)
    if found[0] == NO_FORM:
        found = find_plain_number(text, n, letters, words)
    return found


@njit(nogil=True, cache=True)
def read_form(text, n, letters, words, title):
    """A cleaned line as a heading: its form or `NO_FORM`, its number, and how long its title in `title` is."""
    if n == 0 or n > LONGEST_HEADING or lists_texts(text, n, letters):
        return NO_FORM, 0, 0
    for i in range(n):
        if text[i] == FULL_STOP or text[i] == 0x3B or text[i] == 0x21 or text[i] == 0x3F:
            return NO_FORM, 0, 0
    form, a, b, start, end, rest = find_form(text, n, letters, words)
    if form == NO_FORM:
        return NO_FORM, 0, 0
    size = write_title(text, start, end, rest, n, letters, title)
    number = value_of(text, a, b)
    if number == 0 or (form >= SIGNLESS and not says_enough(title, size, letters)):
        return NO_FORM, 0, 0
    return form, number, size


# -- headings: lines around


@njit(nogil=True, cache=True)
def last_character(block, letters, line):
    """The last character of a line that is no white space, as it stands; 0 if there is none."""
    start = block.starts[line]
    end = block.starts[line + 1]
    while end > start:
        i = end - 1
        while block.data[i] & 0xC0 == 0x80:
            i -= 1
        point, _ = point_at(block.data, i)
        if not entry_of(letters, point) & SPACE:
            return point
        end = i
    return np.int64(0)


@njit(nogil=True, cache=True)
def width_of(block, line):
    """Bytes of a line."""
    return block.starts[line + 1] - block.starts[line]


@njit(nogil=True, cache=True)
def is_blank(block, letters, line):
    """Whether nothing but white space stands in a short line."""
    if width_of(block, line) >= WIDEST_BLANK:
        return False
    i = block.starts[line]
    end = block.starts[line + 1]
    while i < end:
        point, width = point_at(block.data, i)
        if not entry_of(letters, point) & SPACE:
            return False
        i += width
    return True


@njit(nogil=True, cache=True)
def line_below(block, letters, line, b):
    """The first line after `line` that is not blank; at least `b` if there is none."""
    line += 1
    while line < b and is_blank(block, letters, line):
        line += 1
    return line


@njit(nogil=True, cache=True)
def line_above(block, letters, line, a):
    """The last line before `line` that is not blank; ``a - 1`` if there is none."""
    line -= 1
    while line >= a and is_blank(block, letters, line):
        line -= 1
    return line


@njit(nogil=True, cache=True)
def is_torn_out(block, letters, line, a, b, text):
    """Whether a line is one short word with a stop, as a site leaves a key word that was a link."""
    if line < a or line >= b or width_of(block, line) <= 3 or width_of(block, line) > WIDEST_BLANK:
        return False
    if last_character(block, letters, line) != FULL_STOP:
        return False
    return 3 <= clean_line(block, letters, line, text) <= 9


@njit(nogil=True, cache=True)
def may_end_heading(text, n, letters):
    """Whether a line may be what stood below a key word: a number alone, or short with 篇, 第 or a bracket."""
    if n == 0:
        return False
    for p in range(max(0, n - 9), min(n, 13)):
        if text[p] == WORD_FOR_PIECE or text[p] == ORDINAL or is_opening(text[p]):
            return True
    a = 1 if is_opening(text[0]) else 0
    b = n - 1 if is_closing(text[n - 1]) else n
    return a < b and numeral_end(text, a, b, letters) == b


@njit(nogil=True, cache=True)
def may_begin_heading(text, n, letters):
    """Whether a line may be what stood above a key word: it begins with #, 篇, 第 or a number and a sign."""
    if n == 0:
        return False
    if text[0] == HASH:
        return True
    p = 1 if is_opening(text[0]) else 0
    if p < n and (text[p] == WORD_FOR_PIECE or text[p] == ORDINAL):
        return True
    j = numeral_end(text, 0, n, letters)
    k = skip_spaces(text, j, n, letters)
    return j > 0 and k < n and (text[k] == DOT or text[k] == ENUMERATION_COMMA or text[k] == COLON)


@njit(nogil=True, cache=True)
def is_salutation(block, letters, words, line, text):
    """Whether a line addresses someone: 各位代表："""
    if width_of(block, line) > WIDEST_SALUTATION:
        return False
    last = last_character(block, letters, line)
    if last != COLON and last != FULL_COLON:
        return False
    n = clean_line(block, letters, line, text)
    if n == 0 or text[n - 1] != COLON:
        return False
    size = length_at(text, 0, n, words, SALUTED)
    return (size > 0 and n - 1 - size <= 24) or ends_with(text, n - 1, words, CALLED) > 0


@njit(nogil=True, cache=True)
def is_date(text, n, letters):
    """2019年7月2日, 20xx年7月2日, 7月2日."""
    i = 0
    if n > 5 and text[0] == 0x32 and text[1] == 0x30 and text[4] == YEAR:
        if entry_of(letters, text[2]) & SPACE or entry_of(letters, text[3]) & SPACE:
            return False
        i = 5
    for sign in (MONTH, DAY):
        j = i
        while j < n and j < i + 2 and entry_of(letters, text[j]) & DIGIT:
            j += 1
        if j == i or j == n or text[j] != sign:
            return False
        i = j + 1
    return i == n


@njit(nogil=True, cache=True)
def is_closing_formula(block, letters, words, line, text):
    """Whether a line closes a text: thanks, a formula, a date."""
    if width_of(block, line) > WIDEST_CLOSING:
        return False
    n = clean_line(block, letters, line, text)
    if n == 0:
        return False
    stopped = text[n - 1] == FULL_STOP or text[n - 1] == 0x21
    end = n - 1 if stopped else n
    size = ends_with(text, end, words, CLOSED_WITH)
    if size > 0 or (end == 2 and text[0] == 0x656C and text[1] == 0x793C):  # 敬礼
        return True
    for p in range(max(0, end - 14), end):
        if length_at(text, p, n, words, CLOSED_OVER) > 0:
            return True
    return is_date(text, n, letters)


@njit(nogil=True, cache=True)
def ends_within(text, i, n, most):
    """Whether at most so many characters follow from `i` on, a colon at the end aside."""
    return n - i <= most or (n - i == most + 1 and text[n - 1] == COLON)


@njit(nogil=True, cache=True)
def leads_in(text, n, words):
    """Whether a line stands over a list of other texts: 相关推荐, 猜你喜欢, 看了本文的人还看了."""
    for p in range(min(5, n)):
        size = length_at(text, p, n, words, LEADS)
        if size > 0:
            for q in range(p + size, min(p + size + 5, n)):
                other = length_at(text, q, n, words, LED_TO)
                if other > 0 and ends_within(text, q + other, n, 4):
                    return True
        size = length_at(text, p, n, words, GUESSED)
        if size > 0:
            for q in range(p + size, min(p + size + 2, n)):
                other = length_at(text, q, n, words, LIKED)
                if other > 0 and ends_within(text, q + other, n, 0):
                    return True
        size = length_at(text, p, n, words, VIEWED)
        if size > 0:
            for q in range(p + size, min(p + size + 7, n)):
                other = length_at(text, q, n, words, VIEWERS)
                if other > 0 and ends_within(text, q + other, n, 6):
                    return True
    return False


# -- headings: families

FEWEST_HEADED, FEWEST_UNNAMED = 2, 3  # headings of a family; of one whose form is no sign in itself, if not 1 and 2
SHORT_PAGE = 20_000
LEAST_BODY, LEAST_UNNAMED_BODY = 30, 100  # code points below a heading; the mean of them
ALIKE, ALIKE_MASKED = 88.0, 70.0  # percent of two titles
MOST_TITLES = 8  # of one form that are told apart: comparing stays linear on a page of nothing but numbered lines
MOST_LOST = 5  # headings in a row
READINGS = 3  # of one line: as it stands, and joined to lines that a link tore off
LINE, BODY, WAY, NUMBER, TITLE_AT, TITLE_ENDS, SAME, FAMILY = range(8)  # columns of a heading
KIND, BEGINS, GROUP, COUNTED = range(4)  # columns of a cut
NOTHING = -1


@njit(nogil=True, cache=True)
def add_heading(heads, titles, count, line, end, text, n, block, letters, words, b):
    """Write the heading that `text` is, if it is one; how many there are then."""
    at = heads[count - 1, TITLE_ENDS] if count > 0 else 0
    form, number, size = read_form(text, n, letters, words, titles[at:])
    if form == NO_FORM:
        return count
    heads[count, LINE] = line
    heads[count, BODY] = line_below(block, letters, end - 1, b)
    heads[count, WAY] = form
    heads[count, NUMBER] = number
    heads[count, TITLE_AT], heads[count, TITLE_ENDS] = at, at + size
    return count + 1


@njit(nogil=True, cache=True)
def read_line(block, letters, words, line, a, b, heads, titles, count, text, joined):
    """The headings that a line may be: as it stands, and put together where a key word was torn out."""
    n = clean_line(block, letters, line, text)
    count = add_heading(heads, titles, count, line, line + 1, text, n, block, letters, words, b)
    if line - a > 1 and may_end_heading(text, n, letters) and is_torn_out(block, letters, line - 1, a, b, joined):
        m = clean_line(block, letters, line - 2, joined)
        m += clean_line(block, letters, line - 1, joined[m:]) - 1
        joined[m : m + n] = text[:n]
        count = add_heading(heads, titles, count, line - 2, line + 1, joined, m + n, block, letters, words, b)
    elif may_begin_heading(text, n, letters) and is_torn_out(block, letters, line + 1, a, b, joined):
        joined[:n] = text[:n]
        m = n + clean_line(block, letters, line + 1, joined[n:]) - 1
        count = add_heading(heads, titles, count, line, line + 2, joined, m, block, letters, words, b)
        if line + 2 < b:
            m += clean_line(block, letters, line + 2, joined[m:])
        count = add_heading(heads, titles, count, line, line + 3, joined, m, block, letters, words, b)
    return count


@njit(nogil=True, cache=True)
def read_headings(block, letters, words, marks, first, pages, heads, titles, bounds):
    """The headings that the marked lines of some pages may be, those that name a piece before the numbered ones.

    Written: `heads` [.., 8] int64, `titles` [..] int32, and ``bounds[2 * i]`` to ``bounds[2 * i + 2]``, where those of
    page `i` begin in `heads`, its numbered ones, and the next page's.
    """
    text = np.empty(BUFFER, np.int32)
    joined = np.empty(3 * BUFFER, np.int32)
    count = 0
    bounds[0] = 0
    for i in range(len(pages)):
        a, b = first[pages[i]], first[pages[i] + 1]
        for wish in (NAMED, NUMBERED):
            for line in range(a, b):
                if marks[line] == wish:
                    count = read_line(block, letters, words, line, a, b, heads, titles, count, text, joined)
            bounds[2 * i + wish] = count


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


# -- headings: cuts

LEAST_LISTED = 3  # titles that show a list on a page without headings
LONGEST_LISTED, LONGEST_TORN_OUT = 60, 9  # characters
# Short lines among those of a list or a footer, which may be titles or a signature; those below "related texts".
FEW_STRAYS, MOST_STRAYS = 2, 40
WIDEST_SALUTATION, WIDEST_CLOSING, WIDEST_ASIDE, WIDEST_FOOTER, WIDEST_BLANK = 160, 80, 240, 480, 64  # bytes


@njit(nogil=True, cache=True)
def mark_lost(block, letters, words, above, below, missing, a, b, rows, text):
    """Mark where headings that the numbers of a family miss will have stood: below a closing formula, at a salutation.

    Such lines alone begin no piece; but between 篇二 and 篇四 one begins somewhere, and no more than the numbers miss.
    `above`: the body of the heading before, the opening of its own piece; `below`: the line of the next one.
    """
    signs = np.empty((2, MOST_LOST), np.int64)
    found = np.zeros(2, np.int64)
    line = line_below(block, letters, above, b)
    while line < below and found[1] < missing:
        opens = is_salutation(block, letters, words, line, text)
        closes = is_closing_formula(block, letters, words, above, text)
        strength = np.int64(opens) + np.int64(closes) - 1
        if strength >= 0 and found[strength] < missing:
            signs[strength, found[strength]] = line
            found[strength] += 1
        above, line = line, line_below(block, letters, line, b)
    for strength in (1, 0):
        for k in range(min(missing, found[strength])):
            set_cut(rows, signs[strength, k] - a, WEAK, signs[strength, k] - a, NOTHING, 0)
        missing -= found[strength]


@njit(nogil=True, cache=True)
def set_cut(rows, line, kind, body, group, number):
    """One cut of a page, all lines counted from its first."""
    rows[line, KIND], rows[line, BEGINS], rows[line, GROUP], rows[line, COUNTED] = kind, body, group, number


@njit(nogil=True, cache=True)
def cut_family(block, letters, words, heads, family, a, b, rows, text):
    """Cut a page at the headings of a family, and where some of them are lost."""
    last = NOTHING
    for row in range(len(heads)):
        if heads[row, FAMILY] != family:
            continue
        missing = heads[row, NUMBER] - heads[last, NUMBER] - 1 if last != NOTHING else 0
        if 0 < missing <= MOST_LOST:
            above = line_below(block, letters, heads[last, BODY] - 1, b)
            mark_lost(block, letters, words, above, heads[row, LINE], missing, a, b, rows, text)
        last = row
    for row in range(len(heads)):
        if heads[row, FAMILY] == family:
            set_cut(rows, heads[row, LINE] - a, HEADED, heads[row, BODY] - a, family, heads[row, NUMBER])


@njit(nogil=True, cache=True)
def cut_asides(block, letters, words, a, b, rows, text):
    """Set remarks of the site that stand over a cut apart from the piece above."""
    first = NOTHING
    for line in range(b - a):
        if rows[line, KIND] == NOTHING or rows[line, KIND] == REST:
            continue
        above = line_above(block, letters, line + a, a) - a
        if first == NOTHING:
            first = line
        if above <= first or rows[above, KIND] != NOTHING or width_of(block, above + a) > WIDEST_ASIDE:
            continue
        n = clean_line(block, letters, above + a, text)
        if holds_word(text, n, letters, words, ASIDES, BEGINS_ASIDE):
            set_cut(rows, above, REST, above, NOTHING, 0)


@njit(nogil=True, cache=True)
def is_bullet(text, n, words):
    """Whether a line is an entry of a list: - 〈title〉."""
    return n > 1 and length_at(text, 0, n, words, BULLETS) > 0


@njit(nogil=True, cache=True)
def end_of_texts(block, letters, words, marks, a, b, body, text):
    """Where the last text of a page ends: the first line of the list of titles and the footer below it.

    `body`: the line below which it may be, ``a - 1`` if the page has no headings; then a list of titles is needed.
    """
    end = b
    strays = listed = 0
    line = line_above(block, letters, b, a)
    while line > body and strays <= MOST_STRAYS:
        beside = strays <= FEW_STRAYS + listed
        n = 0
        if marks[line] == LISTED:
            if beside:
                end, strays, listed = line, 0, listed + 1
                line = line_above(block, letters, line, a)
                continue
        elif width_of(block, line) <= WIDEST_FOOTER:
            n = clean_line(block, letters, line, text)
        short = 0 < n <= LONGEST_LISTED
        footer = beside and holds_word(text, n, letters, words, FOOTERS, BEGINS_FOOTER)
        if footer or (short and leads_in(text, n, words)):
            end, strays = line, 0
        elif not short or (n > LONGEST_TORN_OUT and text[n - 1] == FULL_STOP):
            break
        elif not is_bullet(text, n, words):
            strays += 1
        line = line_above(block, letters, line, a)
    return end if body >= a or listed >= LEAST_LISTED else b


@njit(nogil=True, cache=True)
def cut_page(block, letters, words, marks, heads, families, a, b, rows, text):
    """The cuts of one page, `rows` [lines, 4]: lines counted from its first, `NOTHING` where there is no cut."""
    rows[:, KIND] = NOTHING
    body = -1
    for family in range(families):
        cut_family(block, letters, words, heads, family, a, b, rows, text)
    if families > 0:
        cut_asides(block, letters, words, a, b, rows, text)
        last = b - a - 1
        while rows[last, KIND] == NOTHING:
            last -= 1
        body = rows[last, BEGINS]
    end = end_of_texts(block, letters, words, marks, a, b, a + body, text) - a
    if 0 < end < b - a and rows[end, KIND] == NOTHING:
        set_cut(rows, end, REST, end, NOTHING, 0)
    elif families == 0:
        return
    if rows[0, KIND] == NOTHING:
        # Headings get lost: what stands before the second one is a piece, what stands before the first is not.
        first = 1
        while rows[first, KIND] == NOTHING:
            first += 1
        introduced = rows[first, KIND] == HEADED and rows[first, COUNTED] <= 1
        set_cut(rows, 0, REST if introduced else LED, 0, NOTHING, 0)


@njit(nogil=True, cache=True)
def cut_pages(block, letters, words, marks, first, pages, heads, bounds, families, out):
    """`cut_page` for some pages: rows of page, line, body, kind, group, number in `out` [.., 6] int64; how many."""
    text = np.empty(BUFFER, np.int32)
    count = 0
    for i in range(len(pages)):
        a, b = first[pages[i]], first[pages[i] + 1]
        rows = np.empty((b - a, 4), np.int64)
        own = heads[bounds[2 * i] : bounds[2 * i + 2]]
        cut_page(block, letters, words, marks, own, families[i], a, b, rows, text)
        for line in range(b - a):
            if rows[line, KIND] != NOTHING:
                out[count, 0], out[count, 1], out[count, 2] = pages[i], line, rows[line, BEGINS]
                out[count, 3], out[count, 4], out[count, 5] = rows[line, KIND], rows[line, GROUP], rows[line, COUNTED]
                count += 1
    return count


@njit(nogil=True, cache=True)
def nearest_lines(first, points, text_points, page, position, line):
    """For each code point `position` of a page the line that begins nearest to it; the page's end counts as one."""
    for i in range(len(page)):
        a, b = first[page[i]], first[page[i] + 1]
        low, high = a, b
        while low < high:
            middle = (low + high) >> 1
            if points[middle] <= position[i]:
                low = middle + 1
            else:
                high = middle
        after = points[low] if low < b else text_points[page[i]]
        line[i] = (low if after - position[i] < position[i] - points[low - 1] else low - 1) - a


@njit(nogil=True, cache=True)
def split_page(bounds, bodies, kinds, extras, points, size, least, starts, out):
    """One page → its stretches; `starts`, `out` (kind: PIECE or REST) get one entry each; returns how many.

    `bounds`, `bodies`, `kinds` [c]: its cuts. `extras` [e]: more lines at which one may begin, sorted.
    `points` [lines], `size`: code points before each line and in all.
    """
    lines = len(points)
    cut = extra = count = 0
    begun_by = EDGE
    body = 0
    if len(bounds) == 0 or bounds[0] > 0:
        starts[0], out[0], count = 0, LED, 1
    while cut < len(bounds) or extra < len(extras):
        if extra == len(extras) or (cut < len(bounds) and bounds[cut] <= extras[extra]):
            # The stretch before is at its end: a heading with nothing below it is no piece.
            if count and body >= bounds[cut] and out[count - 1] == HEADED:
                out[count - 1] = REST
            starts[count], out[count], body, begun_by = bounds[cut], kinds[cut], bodies[cut], CUT
            count, cut = count + 1, cut + 1
            continue
        line = extras[extra]
        extra += 1
        if line <= body or line >= lines or (begun_by == CUT and out[count - 1] == REST):
            continue
        if cut < len(bounds) and points[bounds[cut]] - points[line] < least:
            continue
        if points[line] - points[body] < least:
            if begun_by == CUT:
                continue
            if begun_by == EXTRA:
                # What stands between two copies and is too short for a piece is the end of the first.
                count -= 1
            else:
                out[count - 1] = REST
        starts[count], out[count], body, begun_by = line, LED, line, EXTRA
        count += 1
    if out[count - 1] == HEADED and body >= lines:
        out[count - 1] = REST
    if begun_by == EXTRA and size - points[body] < least:
        out[count - 1] = REST
    # Stretches of rest side by side are one; a page of nothing else is one piece.
    kept = 0
    for i in range(count):
        kind = REST if out[i] == REST else PIECE
        if kept and kind == REST and out[kept - 1] == REST:
            continue
        starts[kept], out[kept] = starts[i], kind
        kept += 1
    if kept == 1:
        out[0] = PIECE
    return kept


@njit(nogil=True, cache=True)
def split_pages(
    first, points, text_points, cut_first, bounds, bodies, kinds, extra_first, extras, least, firsts, starts, out
):
    """`split_page` for every page: `firsts` [m + 1], `starts` and `out` filled up to the count that is returned."""
    count = 0
    for page in range(len(first) - 1):
        firsts[page] = count
        a, b = cut_first[page], cut_first[page + 1]
        count += split_page(
            bounds[a:b],
            bodies[a:b],
            kinds[a:b],
            extras[extra_first[page] : extra_first[page + 1]],
            points[first[page] : first[page + 1]],
            text_points[page],
            least,
            starts[count:],
            out[count:],
        )
    firsts[len(first) - 1] = count
    return count


# -- boilerplate

# What kind of template a key stands for: its three low bits.
WHOLE = 1  # the line, its figures and quoted titles folded
SHORT = 2  # the same of a line that says little
COLLECTION = 3  # the title of another text: 〈title〉(N篇)
CRUMB = 4  # the way to a page: its beginning
FIELDS = 5  # a line of fields, the longest one free
FRAME = 6  # beginning and end of a line, its middle free

# Marks: what stands between the tokens of a line.
OPENED, CLOSED, STEP, FIELD, STOP, COMMA, TAG, BESIDE = 1, 2, 3, 4, 5, 6, 7, 8
LETTERS, FIGURES, PLAIN = 9, 10, 11  # and what tokens are made of
MOST_MARKS = 48

VALUE = np.uint32(1)  # codes that no token has: control characters are left out of every text
TITLE = np.uint32(2)
FREE = np.uint32(3)
BETWEEN = np.uint32(4)
PIAN, ZI, DI = np.uint32(0x7BC7), np.uint32(0x5B57), np.uint32(0x7B2C)  # 篇 字 第
ABOVE, BELOW = np.uint32(0x4E0A), np.uint32(0x4E0B)  # 上 下

FEWEST, MOST = 4, 200  # tokens of a line that is counted
LONGEST_TITLE = 60
LONGEST_FIELDS = 80
LEAST_FIXED = 13  # tokens: 各乡镇人民政府，县直各单位： has 12
LEAST_FIELDS_FIXED = 8
VALUE_COSTS = 2  # tokens less that a sentence says for every figure but one
OWN_LINES = 4  # of a page, that tell what it says
SEEN = 24  # tokens by which a line is known to its neighbours

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True, inline="always")
def mixed(h):
    """A hash state whose every bit depends on every other (the finaliser of splitmix64)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@njit(nogil=True, cache=True, inline="always")
def hashed(tokens, start, end, state):
    """The hash state after some more tokens."""
    for i in range(np.uint64(start), np.uint64(end)):
        state = (state ^ np.uint64(tokens[i])) * MULTIPLIER
    return state


@njit(nogil=True, cache=True, inline="always")
def key_of(state, kind):
    return (mixed(state ^ np.uint64(kind)) & ~np.uint64(7)) | np.uint64(kind)


@njit(nogil=True, cache=True)
def is_ordinal(code):
    return (
        code == 0x4E00 or code == 0x4E8C or code == 0x4E09 or code == 0x56DB or code == 0x4E94 or code == 0x516D
        or code == 0x4E03 or code == 0x516B or code == 0x4E5D or code == 0x5341 or code == 0x767E
    )  # fmt: skip


@njit(nogil=True, cache=True)
def mark_beside(data, i, start, end):
    """The mark a space, a point or a slash is, by what stands beside it: paths and dates hold them, too."""
    byte = data[i]
    if i + 1 == end or data[i + 1] != 0x20:
        return 0
    if byte == 0x20:
        return FIELD
    if byte == 0x2E:
        return STOP
    return STEP if i > start and data[i - 1] == 0x20 else 0


@njit(nogil=True, cache=True)
def is_inside_figure(data, after, end, point):
    """Whether a sign behind a digit is one of those in 3.5, 1,200, 8:30, a digit following at `after`."""
    if not (point >= 0x2C and point <= 0x3A) and not (point >= 0xFF0C and point <= 0xFF1A):
        return False
    if after < end and data[after] >= 0x30 and data[after] <= 0x39:
        return True
    if after + 2 >= end or data[after] != 0xEF or data[after + 1] != 0xBC:
        return False
    return data[after + 2] >= 0x90 and data[after + 2] <= 0x99  # a full-width digit


@njit(nogil=True, cache=True, inline="always")
def skip_run(data, i, end):
    """Behind the Han characters of three bytes, most of any Chinese line, and then the ASCII letters from `i`."""
    at = np.uint64(i)
    last = np.uint64(end)
    while at < last and data[at] >= 0xE4 and data[at] <= 0xE9:
        at += np.uint64(3)
    han = np.int64(at)
    while at < last and (data[at] | 0x20) >= 0x61 and (data[at] | 0x20) <= 0x7A:
        at += np.uint64(1)
    return han, np.int64(at)


@njit(nogil=True, cache=True)
def read_marks(data, start, end, codes, a, b, tagged, signs, places, kinds):
    """The marks of a line and the token each stands before, counted from `a`; how many, or -1.

    Bytes and codes are read side by side: a plain character is one code below `tagged`, a run of letters or digits one
    above it. Where the normaliser saw it otherwise the next plain character puts both in step again; lines in which
    even that fails (composed ones, rare scripts) have no marks. `signs` [65536] uint8 has the mark a character is, or
    LETTERS, FIGURES, PLAIN, BESIDE.
    """
    p = a
    i = start
    count = 0
    run = 0
    while i < end:
        han, letters = skip_run(data, i, end)
        if han > i:
            while p < b and codes[p] >= tagged:
                p += 1
            p += (han - i) // 3
            if p > b:
                return -1
            run = 0
        if letters > han:
            p += np.int64(run != LETTERS and p < b and codes[p] >= tagged)
            run = LETTERS
        i = letters
        if i >= end:
            break
        point, width = point_at(data, i)
        kind = signs[point] if point < 0x10000 else 0
        if run == FIGURES and (point <= 0x3A or point >= 0xFF0C) and is_inside_figure(data, i + width, end, point):
            kind = FIGURES
        if kind == PLAIN:
            while p < b and codes[p] >= tagged:
                p += 1
            if p == b:
                return -1
            p += 1
            run = 0
        elif kind >= LETTERS:
            p += np.int64(run != kind and p < b and codes[p] >= tagged)
            run = kind
        else:
            run = 0
            mark = mark_beside(data, i, start, end) if kind == BESIDE else np.int64(kind)
            if mark != 0 and count < len(places):
                places[count] = p - a
                kinds[count] = mark
                count += 1
        i += width
    while p < b and codes[p] >= tagged:
        p += 1
    return count if p == b else -1


@njit(nogil=True, cache=True, inline="always")
def copy_plain(codes, p, stop, tagged, out, m, state):
    """Copy codes up to the first that may be folded: (how many, the hash state after them)."""
    count = np.uint64(0)
    most = np.uint64(stop - p)
    source = np.uint64(p)
    target = np.uint64(m)
    while count < most:
        code = codes[source + count]
        if code >= tagged or code == PIAN:
            break
        out[target + count] = code
        state = (state ^ np.uint64(code)) * MULTIPLIER
        count += np.uint64(1)
    return np.int64(count), state


@njit(nogil=True, cache=True)
def end_of_title(places, kinds, k, marks):
    """Where the title ends that the mark `k` may open; -1 if it opens none."""
    if kinds[k] != OPENED:
        return np.int64(-1)
    for j in range(k + 1, marks):
        if kinds[j] == CLOSED:
            size = places[j] - places[k]
            return places[j] if size > 0 and size <= LONGEST_TITLE else np.int64(-1)
    return np.int64(-1)


@njit(nogil=True, cache=True)
def fold_line(codes, a, b, mask, word, number, places, kinds, marks, out):
    """The tokens of a line's template into `out`: (how many, how much they say, figures among them, their hash).

    Figures, masks and the numerals beside 篇 are one VALUE, what stands in quotes is one TITLE. Places of marks become
    places in `out`. What tokens say: see `fixed`.
    """
    m = 0
    values = 0
    said = 0
    p = a
    k = 0
    state = MULTIPLIER
    again = False
    while p < b:
        title = np.int64(-1)
        while k < marks and places[k] == p - a:
            if title < 0:
                title = end_of_title(places, kinds, k, marks)
            places[k] = m
            k += 1
        if title >= 0:
            while k < marks and places[k] < title:
                places[k] = m
                k += 1
            out[m] = TITLE
            state = (state ^ np.uint64(TITLE)) * MULTIPLIER
            m += 1
            p = a + title
            continue
        count, state = copy_plain(codes, p, min(b, a + places[k]) if k < marks else b, mask, out, m, state)
        m += count
        p += count
        said += count
        if count > 0:
            continue
        code = codes[p]
        p += 1
        if code >= number or code == mask:
            code = VALUE
            values += 1
        elif code >= word:
            said += 2
        elif code == PIAN:
            again = True
            said += 1
            head = m
            while head > 0 and is_ordinal(out[head - 1]):
                head -= 1
            if head < m:
                if head == 0 or (out[head - 1] != ABOVE and out[head - 1] != BELOW):  # 上一篇 is a link, no number
                    out[head] = VALUE
                    said -= m - head
                    m = head + 1
                    values += 1
            elif p < b and is_ordinal(codes[p]) and not (k < marks and places[k] == p - a):
                while p < b and is_ordinal(codes[p]) and not (k < marks and places[k] == p - a):
                    p += 1
                out[m] = code
                m += 1
                code = VALUE
                values += 1
        else:
            said += 1
        out[m] = code
        state = (state ^ np.uint64(code)) * MULTIPLIER
        m += 1
    while k < marks:
        places[k] = m
        k += 1
    return m, said, values, hashed(out, 0, m, MULTIPLIER) if again else state


@njit(nogil=True, cache=True, inline="always")
def fixed(tokens, start, end, word):
    """How much a template says: a token counts one, a word of letters two, what is folded nothing."""
    weight = 0
    for i in range(np.uint64(start), np.uint64(end)):
        weight += np.int64(tokens[i] > BETWEEN) + np.int64(tokens[i] >= word)
    return weight


@njit(nogil=True, cache=True)
def is_listed(data, start, end, tokens, m):
    """Whether a line is the title of another text, `...(N篇)` or `...(N字)`."""
    if m < 3 or m > LONGEST_FIELDS or tokens[m - 2] != VALUE or (tokens[m - 1] != PIAN and tokens[m - 1] != ZI):
        return False
    while end > start and (data[end - 1] == 0x20 or data[end - 1] == 0x0A or data[end - 1] == 0x0D):
        end -= 1
    if end > start and data[end - 1] == 0x29:
        return True
    return end - start >= 3 and data[end - 3] == 0xEF and data[end - 2] == 0xBC and data[end - 1] == 0x89


@njit(nogil=True, cache=True)
def key_fields(tokens, m, word, places, kinds, marks):
    """The key of a line of at least three fields, the longest one left out; 0 if too little is fixed."""
    count = 0
    begin = longest = longest_end = 0
    for k in range(marks + 1):
        at = m if k == marks else np.int64(places[k])
        if k < marks and kinds[k] != FIELD and kinds[k] != STEP:
            continue
        if at > begin:
            count += 1
            if at - begin > longest_end - longest:
                longest, longest_end = begin, at
        begin = at
    said = fixed(tokens, 0, longest, word) + fixed(tokens, longest_end, m, word)
    if count < 3 or said < LEAST_FIELDS_FIXED:
        return np.uint64(0)
    state = hashed(tokens, 0, longest, MULTIPLIER)
    state = (state ^ np.uint64(FREE)) * MULTIPLIER
    return key_of(hashed(tokens, longest_end, m, state), FIELDS)


@njit(nogil=True, cache=True)
def key_frame(tokens, m, word):
    """The key of a line's two ends, at least half of it; 0 for lines of other lengths and for numbered ones."""
    if m < 17 or m > 48 or tokens[0] == VALUE or tokens[0] == DI or is_ordinal(tokens[0]):
        return np.uint64(0)
    size = 8 if m <= 32 else 12
    if fixed(tokens, 0, size, word) + fixed(tokens, m - size, m, word) < LEAST_FIXED:
        return np.uint64(0)
    state = hashed(tokens, 0, size, MULTIPLIER)
    state = (state ^ np.uint64(FREE)) * MULTIPLIER
    return key_of(hashed(tokens, m - size, m, state), FRAME)


@njit(nogil=True, cache=True)
def key_weak(tokens, m, word, places, kinds, marks):
    """The key of a line's template with one part free; 0 where there is none."""
    if m > LONGEST_FIELDS:
        return np.uint64(0)
    steps = fields = stops = commas = tags = 0
    first = second = np.int64(-1)
    for k in range(marks):
        kind = kinds[k]
        stops += np.int64(kind == STOP)
        commas += np.int64(kind == COMMA)
        tags += np.int64(kind == TAG)
        fields += np.int64(kind == FIELD)
        if kind == STEP:
            steps += 1
            if first < 0:
                first = places[k]
            elif second < 0:
                second = places[k]
    if stops + commas == 0:
        if steps >= 2 and tags == 0:
            end = first if fixed(tokens, 0, first, word) >= FEWEST else second
            if fixed(tokens, 0, end, word) >= FEWEST:
                return key_of(hashed(tokens, 0, end, MULTIPLIER), CRUMB)
        if steps + fields >= 2:
            key = key_fields(tokens, m, word, places, kinds, marks)
            if key != 0:
                return key
    # Only sentences: the titles of laws and reports begin and end alike and are each one's own.
    return key_frame(tokens, m, word) if stops + commas > 0 else np.uint64(0)


@njit(nogil=True, cache=True)
def key_whole(state, said, values, kinds, marks):
    """The key of a line's template; 0 for a sentence that says little, or whose figures say what is new in it."""
    sentence = False
    for k in range(marks):
        sentence |= kinds[k] == STOP or kinds[k] == COMMA
    if sentence:
        said -= VALUE_COSTS * max(0, values - 1)
        if said < LEAST_FIXED:
            return np.uint64(0)
    return key_of(state, WHOLE if said >= LEAST_FIXED else SHORT)


@njit(nogil=True, cache=True)
def key_lines(data, starts, codes, offsets, signs, mask, word, number, whole, weak, near):
    """The keys of lines ``data[starts[i]:starts[i + 1]]`` with codes ``codes[offsets[i]:offsets[i + 1]]``."""
    tokens = np.empty(MOST, np.uint32)
    places = np.empty(MOST_MARKS, np.int64)
    kinds = np.empty(MOST_MARKS, np.int64)
    half = np.uint64(32)
    for i in range(len(whole)):
        a = offsets[i]
        b = offsets[i + 1]
        whole[i] = weak[i] = near[i] = 0
        if a == b:
            continue
        if b - a >= FEWEST and b - a <= MOST:
            marks = max(0, read_marks(data, starts[i], starts[i + 1], codes, a, b, mask, signs, places, kinds))
            m, said, values, state = fold_line(codes, a, b, mask, word, number, places, kinds, marks, tokens)
            if is_listed(data, starts[i], starts[i + 1], tokens, m):
                whole[i] = key_of(MULTIPLIER, COLLECTION)
                text = mixed(hashed(codes, a, min(b, a + SEEN), MULTIPLIER))
                near[i] = (text >> half) << half | (whole[i] >> half)
                continue
            whole[i] = key_whole(state, said, values, kinds, marks)
            if whole[i] != 0:
                weak[i] = key_weak(tokens, m, word, places, kinds, marks)
                near[i] = (whole[i] >> half) << half | (whole[i] >> half)
                continue
        state = MULTIPLIER
        for p in range(a, min(b, a + SEEN)):
            code = VALUE if codes[p] >= number or codes[p] == mask else codes[p]
            state = (state ^ np.uint64(code)) * MULTIPLIER
        text = mixed(state) | np.uint64(1)
        near[i] = (text >> half) << half | (text & np.uint64(0xFFFFFFFF))


@njit(nogil=True, cache=True)
def least_shingle(codes, a, b, number):
    """The least hash of three consecutive tokens, figures folded: texts that share most of them share it, too."""
    least = np.uint32(0xFFFFFFFF)
    for i in range(a, b - 2):
        h = np.uint32(min(codes[i], number) * np.uint32(0x85EBCA6B))
        h = np.uint32((h + min(codes[i + 1], number)) * np.uint32(0xC2B2AE35))
        h = np.uint32((h + min(codes[i + 2], number)) * np.uint32(0x27D4EB2F))
        h = np.uint32((h ^ (h >> np.uint32(15))) * np.uint32(0x165667B1))
        least = min(least, h)
    return least


@njit(nogil=True, cache=True)
def page_contents(codes, offsets, first, whole, weak, near, number, most, contents):
    """The longest lines of each page, longest first: what `near` has of the template, and their least shingle.

    Titles of collections, ways to a page and lines of fields are no text of its own and left out.
    """
    wanted = contents.shape[1]
    rows = np.empty(wanted, np.int64)
    sizes = np.empty(wanted, np.int64)
    low = np.uint64(0xFFFFFFFF)
    for d in range(len(first) - 1):
        sizes[:] = 2  # fewer tokens make no shingle
        for i in range(first[d], first[d + 1]):
            size = offsets[i + 1] - offsets[i]
            kind = weak[i] & np.uint64(7)
            if size <= sizes[wanted - 1] or kind == CRUMB or kind == FIELDS or whole[i] & np.uint64(7) == COLLECTION:
                continue
            s = wanted - 1
            while s > 0 and sizes[s - 1] < size:
                rows[s], sizes[s] = rows[s - 1], sizes[s - 1]
                s -= 1
            rows[s], sizes[s] = i, size
        for s in range(wanted):
            contents[d, s] = 0
            if sizes[s] > 2:
                a = offsets[rows[s]]
                least = least_shingle(codes, a, a + min(sizes[s], most), number)
                contents[d, s] = ((near[rows[s]] & low) << np.uint64(32)) | np.uint64(least)


@njit(nogil=True, cache=True)
def collect_keys(whole, weak, near, first, keys, before, after, pages):
    """One record per key and line: the key, both neighbours (blank lines passed over), the page from 0; how many."""
    count = 0
    for d in range(len(first) - 1):
        last = np.uint64(0)
        for i in range(first[d], first[d + 1]):
            if near[i] == 0:
                continue
            following = np.uint64(0)
            if whole[i] != 0:
                j = i + 1
                while j < first[d + 1] and near[j] == 0:
                    j += 1
                if j < first[d + 1]:
                    following = near[j]
                for key in (whole[i], weak[i]):
                    if key != 0:
                        keys[count] = key
                        before[count] = last
                        after[count] = following
                        pages[count] = d
                        count += 1
            last = near[i]
    return count


@njit(nogil=True, cache=True)
def variety(values):
    """Distinct values, and how many equally frequent ones would be as mixed (Simpson's index); sorts `values`."""
    values.sort()
    distinct = 0
    squares = 0.0
    run = 0
    for i in range(len(values)):
        run += 1
        if i + 1 == len(values) or values[i + 1] != values[i]:
            distinct += 1
            squares += float(run) * float(run)
            run = 0
    return distinct, float(len(values)) ** 2 / max(squares, 1.0)


@njit(nogil=True, cache=True)
def most_frequent(values, top, counts):
    """The most frequent values into `top` with their counts, most frequent first; sorts `values`."""
    values.sort()
    top[:] = 0
    counts[:] = 0
    run = 0
    for i in range(len(values)):
        run += 1
        if i + 1 == len(values) or values[i + 1] != values[i]:
            value = values[i]
            for s in range(len(top)):
                if run > counts[s]:
                    run, counts[s] = counts[s], run
                    value, top[s] = top[s], value
            run = 0


@njit(nogil=True, cache=True)
def weigh_groups(begins, ends, before, after, pages, counts, variety_of, tops, shares, sample):
    """What the records ``begins[g]:ends[g]`` of one template tell: see `dedup.pages.boilerplate.Groups`."""
    low = np.uint64(0xFFFFFFFF)
    high = np.uint64(32)
    for g in range(len(begins)):
        a = begins[g]
        b = ends[g]
        size = b - a
        around = np.empty(size, np.uint64)
        ids = np.sort(pages[a:b])
        distinct = 0
        for i in range(size):
            around[i] = (before[a + i] >> high) << high | (after[a + i] >> high)
            if i == 0 or ids[i] != ids[distinct - 1]:
                ids[distinct] = ids[i]
                distinct += 1
        counts[g, 0] = distinct
        counts[g, 1] = size
        counts[g, 2], variety_of[g] = variety(around)
        taken = min(distinct, sample.shape[1])
        for i in range(taken):
            sample[g, i] = ids[i * distinct // taken]
        for i in range(size):
            around[i] = before[a + i] & low
        most_frequent(around, tops[g, 0], shares[g, 0])
        for i in range(size):
            around[i] = after[a + i] & low
        most_frequent(around, tops[g, 1], shares[g, 1])


@njit(nogil=True, cache=True)
def share_content(contents, a, b):
    """Whether two pages have one of their values in common; pages without any have nothing of their own."""
    if contents[a, 0] == 0 or contents[b, 0] == 0:
        return True
    for s in range(contents.shape[1]):
        for t in range(contents.shape[1]):
            if contents[a, s] != 0 and contents[a, s] == contents[b, t]:
                return True
    return False


@njit(nogil=True, cache=True)
def own_contents(pages, contents, common, wanted, own):
    """Of each page the first shingles of lines whose template is not in the table `common`, 0 for the rest."""
    high = np.uint64(32)
    for i in range(len(pages)):
        own[i] = 0
        count = 0
        for s in range(contents.shape[1]):
            value = contents[pages[i], s]
            if count < wanted and value != 0 and not is_member(common, (value >> high) | (np.uint64(1) << high)):
                own[i, count] = (value << high) | np.uint64(1)
                count += 1


@njit(nogil=True, cache=True)
def weigh_contents(samples, taken, contents, common, varieties):
    """As how many unlike pages those of each sample are mixed: Simpson's index, where likeness is a shared value."""
    own = np.empty((samples.shape[1], OWN_LINES), np.uint64)
    for g in range(len(samples)):
        n = taken[g]
        own_contents(samples[g, :n], contents, common, own.shape[1], own)
        alike = 0
        for i in range(n):
            for j in range(i):
                alike += 2 * np.int64(share_content(own, i, j))
        varieties[g] = float(n * n) / float(n + alike) if n > 0 else 0.0


@njit(nogil=True, cache=True)
def sample_lines(whole, weak, seen, rows):
    """Lines whose key, or one that shares its counter in `seen`, comes for the fifth to the seventh time; how many."""
    count = 0
    for i in range(len(whole)):
        sampled = False
        for key in (whole[i], weak[i]):
            if key != 0:
                slot = key >> np.uint64(44)
                seen[slot] = min(seen[slot] + 1, 8)
                sampled |= seen[slot] >= 5 and seen[slot] <= 7
        if sampled:
            rows[count] = i
            count += 1
    return count


@njit(nogil=True, cache=True)
def fill_slots(members, slots):
    """Put distinct numbers, none of them 0, into an empty open-addressed table; its size is a power of two."""
    last = np.uint64(len(slots) - 1)
    for member in members:
        at = mixed(member) & last
        while slots[at] != 0:
            at = (at + np.uint64(1)) & last
        slots[at] = member


@njit(nogil=True, cache=True, inline="always")
def is_member(slots, number):
    last = np.uint64(len(slots) - 1)
    at = mixed(number) & last
    while slots[at] != 0:
        if slots[at] == number:
            return True
        at = (at + np.uint64(1)) & last
    return False


@njit(nogil=True, cache=True)
def mark_lines(whole, weak, first, salts, slots, flags):
    """Which lines have a key that is boilerplate everywhere, or on the source whose salt the page has."""
    for d in range(len(first) - 1):
        for i in range(first[d], first[d + 1]):
            flags[i] = False
            for key in (whole[i], weak[i]):
                if key != 0 and not flags[i]:
                    flags[i] = is_member(slots, key) or is_member(slots, key ^ salts[d])


# -- setting aside


@njit(nogil=True, cache=True)
def gather_kept(values, tokens, aside, out):
    """Copy the tokens of lines that are not set aside: how many."""
    at, count = 0, 0
    for line in range(len(tokens)):
        size = np.int64(tokens[line])
        if not aside[line]:
            out[count : count + size] = values[at : at + size]
            count += size
        at += size
    return count
