"""Compiled loops that read headings, and the lines around them, and cut pages there."""

import numpy as np
from numba import njit

OPENING, CLOSING = 0x28, 0x29
SQUARE_OPENING, SQUARE_CLOSING = 0x5B, 0x5D
HASH, COLON = 0x23, 0x3A
WORD_FOR_PIECE = 0x7BC7  # 篇
ORDINAL = 0x7B2C  # 第
NAMED, NUMBERED, LISTED = 1, 2, 3  # what a line may be: 篇三; a title with a number that others share; (精选10篇)
HEADED, WEAK, LED, REST = 0, 1, 2, 3  # what begins at a cut
PIECE = 0
EDGE, CUT, EXTRA = 0, 1, 2  # what a stretch was begun by

# -- lines read

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
# Sets of words, in the order of `dedup.pages.pieces.forms`.
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

# -- as in the kernels of `marks`: a kernel calls only those of its own file


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
def is_opening(char):
    return char == OPENING or char == SQUARE_OPENING


@njit(nogil=True, cache=True, inline="always")
def is_closing(char):
    return char == CLOSING or char == SQUARE_CLOSING


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


# -- numbers and titles


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


# -- forms


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


# -- lines around


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


# -- headings

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


# -- cuts

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


# -- pieces


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
