"""Kernels of the documents stage: UTF-8 bytes → token codes.

An entry of the character table below ``1 << SHIFT`` is *plain*: 0 is left out (punctuation, signs, spaces), anything
else is a token of its own and the entry is its code (the folded, simplified code point). Any other entry has a class in
its high byte and a payload below. ``tools/make_characters.py`` builds the table from these constants.
"""

import numpy as np
from numba import njit

SHIFT = 24
SEPARATOR = 1  # payload: its ASCII form (, : /); belongs to a number when it stands between digits, else left out
LETTER = 2  # payload: folded code point, LATIN and TONE flags; joins the letters beside it to one token
LETTERS = 3  # payload: row of `expansions`: ß, ﬁ, Ⅱ
DIGIT = 4  # payload: its ASCII digit
SIGN = 5  # payload: its ASCII form (- .); a separator that may also lead a number
MASK = 6  # payload: * _ ×; two or more in a row hide a value
OPEN = 7  # an opening parenthesis: may begin a pinyin note
TRANSPARENT = 8  # zero-width and format characters: as if they were not there
MARK = 9  # payload: itself; combining mark, belongs to the letter before it
BASE = 10  # payload: folded code point; base character of a script without spaces
COMPOSE = 11  # jamo, ㋀: only NFKC of the whole text tells what they are; payload: the code if one is still there
EXPAND = 12  # ℃, ㎡, ㈱: several tokens; payload: row of `expansions` that holds their codes, and whether the first
#              and the last of them are letters or a figure, which would join one beside them

LATIN = 1 << 22
TONE = 1 << 23
DIGIT_LAST = 1 << 21
LETTER_FIRST = 1 << 22
LETTER_LAST = 1 << 23
POINT = 0x1FFFFF
PAYLOAD = (1 << SHIFT) - 1
# Separators take the plain path too, emitting nothing: a comma every fifteen characters would otherwise cost a branch.
PLAIN = (SEPARATOR + 1) << SHIFT

# Token codes (uint32): plain characters are their code points; the two high bits tell the others.
MASK_CODE = 0x40000000
WORD_TAG = 0x80000000
NUMBER_TAG = 0xC0000000
HASH_BITS = 30

FNV_OFFSET = np.uint64(0xCBF29CE484222325)
FNV_PRIME = np.uint64(0x100000001B3)
X = 0x78
MINUS = 0x2D
DOT = 0x2E
COMMA = 0x2C


@njit(nogil=True, cache=True, inline="always")
def step(h, point):
    """One FNV-1a step over a code point."""
    return (h ^ np.uint64(point)) * FNV_PRIME


@njit(nogil=True, cache=True, inline="always")
def finish(h):
    """The top `HASH_BITS` of a mixed FNV state (the low bits of FNV alone are weak)."""
    h ^= h >> np.uint64(32)
    h *= np.uint64(0xD6E8FEB86659FD93)
    h ^= h >> np.uint64(32)
    h *= np.uint64(0xD6E8FEB86659FD93)
    return np.int64(h >> np.uint64(64 - HASH_BITS))


@njit(nogil=True, cache=True, inline="always")
def decode(data, i):
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


@njit(nogil=True, cache=True)
def entry_at(data, i, end, table):
    """Table entry and width of the character at `i`; (0, 0) at the end."""
    if i >= end:
        return 0, 0
    point, width = decode(data, i)
    return np.int64(table[point]), width


@njit(nogil=True, cache=True)
def point_before(data, i, start, table):
    """The code point that ends right before byte `i`, transparent ones aside, and its first byte; -1 at the start."""
    j = i
    while j > start:
        j -= 1
        while j > start and (data[j] & 0xC0) == 0x80:
            j -= 1
        point = decode(data, j)[0]
        if np.int64(table[point]) >> SHIFT != TRANSPARENT:
            return point, j
    return -1, start


@njit(nogil=True, cache=True)
def read_word(data, i, end, table, expansions):
    """One run of letters with their marks from `i`: (next byte, code, 1 if a mark was met)."""
    h = FNV_OFFSET
    letters = 0
    only_x = True
    marked = 0
    j = i
    stop = i
    while j < end:
        point, width = decode(data, j)
        entry = np.int64(table[point])
        kind = entry >> SHIFT
        if kind == LETTER:
            folded = entry & POINT
            h = step(h, folded)
            only_x &= folded == X
            letters += 1
        elif kind == LETTERS:
            for q in range(expansions.shape[1]):
                folded = np.int64(expansions[entry & POINT, q])
                if folded != 0:
                    h = step(h, folded)
                    only_x &= folded == X
                    letters += 1
        elif kind == MARK:
            h = step(h, entry & POINT)
            only_x = False
            marked = 1
        elif kind == TRANSPARENT:
            j += width
            continue
        else:
            break
        j += width
        stop = j
    if only_x and letters >= 2:
        return stop, np.int64(MASK_CODE), marked
    return stop, WORD_TAG | finish(h), marked


@njit(nogil=True, cache=True)
def mask_end(data, i, end, table, digits, century):
    """Where the mask that continues the `digits` digits before `i` ends; -1 if none does.

    ``20xx`` and ``20**`` are masks; so is ``201x``, but ``100x`` is a number and a letter.
    """
    entry, width = entry_at(data, i, end, table)
    kind = entry >> SHIFT
    if kind != MASK and not (kind == LETTER and entry & POINT == X):
        return -1
    first = entry
    run = 0
    stop = i
    while kind == first >> SHIFT and entry & POINT == first & POINT and width > 0:
        run += 1
        stop = i + width
        i = skip_transparent(data, stop, end, table)
        entry, width = entry_at(data, i, end, table)
        kind = entry >> SHIFT
    if first >> SHIFT == LETTER:
        if kind == LETTER or kind == LETTERS or kind == MARK:
            return -1
        if run == 1 and digits == 3 and century and kind != DIGIT:
            return stop
    return stop if run >= 2 else -1


@njit(nogil=True, cache=True)
def skip_transparent(data, i, end, table):
    entry, width = entry_at(data, i, end, table)
    while entry >> SHIFT == TRANSPARENT:
        i += width
        entry, width = entry_at(data, i, end, table)
    return i


@njit(nogil=True, cache=True)
def read_number(data, i, end, table, lead):
    """A number whose first digit is at `i`: (next byte, code).

    ``digits ([.,:/-] digits)*``; commas that group thousands are dropped; digits that run into a mask are the mask.
    `lead` is a hash state holding a leading sign or point. The code is a hash of the canonical ASCII form.
    """
    # First pass: where it ends, and whether its leading commas group thousands.
    j = i
    stop = i
    segment = 0
    grouped = True  # so far the comma chain at the head could be thousands: 1-3 digits, then threes
    chain = True
    commas = 0
    chain_stop = i
    while True:
        digits = 0
        century = False
        before = 0
        while True:
            entry, width = entry_at(data, j, end, table)
            if entry >> SHIFT == DIGIT:
                digit = entry & POINT
                if digits == 1:
                    century = (before == 0x31 and digit == 0x39) or (before == 0x32 and digit == 0x30)
                before = digit
                digits += 1
                j += width
                stop_here = j
            elif entry >> SHIFT == TRANSPARENT:
                j += width
            else:
                break
        masked = mask_end(data, j, end, table, digits, century)
        if masked >= 0:
            if segment == 0:
                return masked, np.int64(MASK_CODE)
            break  # the separator before these digits ends the number: 2019-20xx
        stop = stop_here
        if chain:
            grouped &= (digits <= 3) if commas == 0 else (digits == 3)
        entry, width = entry_at(data, j, end, table)
        kind = entry >> SHIFT
        if kind != SEPARATOR and kind != SIGN:
            break
        separator = entry & POINT
        after = skip_transparent(data, j + width, end, table)
        if entry_at(data, after, end, table)[0] >> SHIFT != DIGIT:
            break
        if chain:
            if separator == COMMA:
                commas += 1
            else:
                chain = False
                chain_stop = stop
        segment += 1
        j = after
    if chain:
        chain_stop = stop
    # A mask may have cut the chain's last group off again; its separator then lies beyond `stop` and is never read.
    drop = grouped and commas > 0
    h = lead
    j = i
    while j < stop:
        entry, width = entry_at(data, j, end, table)
        if entry >> SHIFT != TRANSPARENT and not (drop and j < chain_stop and entry & POINT == COMMA):
            h = step(h, entry & POINT)
        j += width
    return stop, NUMBER_TAG | finish(h)


@njit(nogil=True, cache=True)
def note_end(data, i, end, table):
    """Where the pinyin note whose parenthesis opens at `i` ends; -1 if it is none, -2 if composing may make one of it.

    1-6 Latin letters, one at least with a tone mark, and the closing parenthesis.
    """
    j = i + decode(data, i)[1]
    letters = 0
    toned = False
    while j < end:
        point, width = decode(data, j)
        if point in (0x29, 0xFF09, 0xFE5A, 0xFE36, 0x207E, 0x208E):
            return j + width if toned and letters > 0 else -1
        entry = np.int64(table[point])
        if entry >> SHIFT == TRANSPARENT:
            j += width
            continue
        if entry >> SHIFT == LETTERS:
            return -2
        if entry >> SHIFT != LETTER or not entry & LATIN or letters == 6:
            return -1
        toned |= entry & TONE != 0
        letters += 1
        j += width
    return -1


@njit(nogil=True, cache=True)
def is_han(point):
    return (
        0x3400 <= point <= 0x9FFF
        or 0xF900 <= point <= 0xFAFF
        or 0x20000 <= point <= 0x323AF
        or point in (0x3005, 0x3007)
    )


@njit(nogil=True, cache=True)
def joins_letters(entry):
    """Whether a character belongs to the run of letters beside it."""
    kind = entry >> SHIFT
    return kind == LETTER or kind == LETTERS or kind == MARK or kind == COMPOSE or kind == EXPAND


@njit(nogil=True, cache=True)
def joins_next(data, i, end, table, digit):
    """Whether a letter, or a digit, that ends right before byte `i` belongs together with what stands there."""
    i = skip_transparent(data, i, end, table)
    entry, width = entry_at(data, i, end, table)
    kind = entry >> SHIFT
    if joins_letters(entry):
        return True
    if digit and (kind == SEPARATOR or kind == SIGN):
        after = skip_transparent(data, i + width, end, table)
        return entry_at(data, after, end, table)[0] >> SHIFT in (DIGIT, COMPOSE)
    return digit and (kind == DIGIT or kind == MASK)


@njit(nogil=True, cache=True)
def signed_number(data, i, back, start, end, table):
    """A number led by the sign or point at `i`: (next byte, code), or (-1, 0) if the sign leads none.

    `back` is `i`, or where the pinyin note begins that ends at `i`.
    """
    entry, width = entry_at(data, i, end, table)
    before, at = point_before(data, back, start, table)
    kind = 0 if before < 0 else np.int64(table[before]) >> SHIFT
    if kind == MARK:  # a mark on nothing is left out like the spacing accent that NFKC makes it of
        holder, at = point_before(data, at, start, table)
        while holder >= 0 and np.int64(table[holder]) >> SHIFT == MARK:
            holder, at = point_before(data, at, start, table)
        held = 0 if holder < 0 else np.int64(table[holder])
        if held == 0 or held >> SHIFT in (SEPARATOR, SIGN, MASK, OPEN):
            before, kind = -1, 0
    if kind == LETTER or kind == LETTERS or kind == DIGIT or kind == MARK:
        return -1, np.int64(0)
    if kind == EXPAND and np.int64(table[before]) & (LETTER_LAST | DIGIT_LAST):
        return -1, np.int64(0)
    lead = FNV_OFFSET
    j = i
    if entry & POINT == MINUS:
        lead = step(lead, MINUS)
        j = skip_transparent(data, j + width, end, table)
        entry, width = entry_at(data, j, end, table)
    elif before >= 0 and (
        kind in (SIGN, BASE)
        or (kind == COMPOSE and np.int64(table[before]) & POINT != 0)
        or 0 < np.int64(table[before]) < PLAIN
        or before in (0x2025, 0x2026, 0xFE19, 0xFE30)
    ):
        return -1, np.int64(0)  # the full stop of 工作.5月, the dots of ...5, and the same in one character
    if entry >> SHIFT == SIGN and entry & POINT == DOT:
        lead = step(lead, DOT)
        j = skip_transparent(data, j + width, end, table)
        entry, width = entry_at(data, j, end, table)
    if entry >> SHIFT != DIGIT:
        return -1, np.int64(0)
    return read_number(data, j, end, table, lead)


@njit(nogil=True, cache=True)
def read_cluster(data, i, end, table):
    """A base character with the marks after it: (next byte, code, 1 if a mark was met)."""
    entry, width = entry_at(data, i, end, table)
    base = entry & POINT
    h = step(FNV_OFFSET, base)
    marked = 0
    stop = i + width
    j = skip_transparent(data, stop, end, table)
    entry, width = entry_at(data, j, end, table)
    while entry >> SHIFT == MARK:
        h = step(h, entry & POINT)
        marked = 1
        stop = j + width
        j = skip_transparent(data, stop, end, table)
        entry, width = entry_at(data, j, end, table)
    return stop, (WORD_TAG | finish(h)) if marked else base, marked


@njit(nogil=True, cache=True, inline="always")
def plain_run(data, start, end, table, codes, count):
    """The fast path: plain characters of three bytes, most of any Chinese text, up to the first other one.

    Unsigned indices spare the test for negative ones at each of five accesses a character.
    """
    i = np.uint64(start)
    stop = np.uint64(end)
    c = np.uint64(count)
    while i < stop:
        b = np.uint64(data[i])
        if b < np.uint64(0xE0) or b >= np.uint64(0xF0):
            break
        middle = np.uint64(data[i + np.uint64(1)]) & np.uint64(0x3F)
        last = np.uint64(data[i + np.uint64(2)]) & np.uint64(0x3F)
        point = ((b & np.uint64(0x0F)) << np.uint64(12)) | (middle << np.uint64(6)) | last
        entry = table[point]
        if entry >= np.uint32(PLAIN):
            break
        codes[c] = entry
        c += np.uint64(np.uint32(entry - np.uint32(1)) < np.uint32(PAYLOAD))
        i += np.uint64(3)
    return np.int64(i), np.int64(c)


@njit(nogil=True, cache=True)
def normalise_text(data, start, end, table, expansions, codes, spans):
    """Token codes of the valid UTF-8 bytes ``data[start:end]`` into `codes`: (count, 1 if NFKC might say more).

    `spans` is [m, 2] int64 for the byte range of each token, or [0, 2] for none.
    """
    want = spans.shape[0] > 0
    i = start
    c = 0
    unsure = 0
    note = note_stop = mask_stop = np.int64(-1)  # the last note and the last mask: a sign looks past them
    while i < end:
        if not want:
            i, c = plain_run(data, i, end, table, codes, c)
            if i >= end:
                break
        b = np.int64(data[i])
        if b >= 0xE0 and b < 0xF0:
            point = ((b & 0x0F) << 12) | ((np.int64(data[i + 1]) & 0x3F) << 6) | (np.int64(data[i + 2]) & 0x3F)
            width = 3
        else:
            point, width = decode(data, i)
        entry = np.int64(table[point])
        if entry < PLAIN:
            codes[c] = np.uint32(entry)
            if want:
                spans[c, 0] = i
                spans[c, 1] = i + width
            c += np.int64(np.uint64(entry - 1) < np.uint64(PAYLOAD))
            i += width
            continue
        kind = entry >> SHIFT
        stop = i + width
        code = np.int64(0)
        if kind == DIGIT:
            stop, code = read_number(data, i, end, table, FNV_OFFSET)
            if code == MASK_CODE:
                mask_stop = stop
        elif kind == LETTER or kind == LETTERS:
            stop, code, marked = read_word(data, i, end, table, expansions)
            unsure |= marked
        elif kind == SIGN:
            if i != mask_stop:
                after, signed = signed_number(data, i, note if i == note_stop else i, start, end, table)
                if after >= 0:
                    stop, code = after, signed
                    if code == MASK_CODE:
                        mask_stop = stop
        elif kind == OPEN:
            before = point_before(data, i, start, table)[0]
            if before >= 0 and is_han(np.int64(table[before])):
                after = note_end(data, i, end, table)
                if after == -2:
                    unsure = 1
                if after >= 0:
                    stop = note_stop = after
                    note = i
                    if want and c > 0:
                        spans[c - 1, 1] = after
        elif kind == MASK:
            after = mask_end(data, i, end, table, 0, False)
            if after >= 0:
                stop, code = after, np.int64(MASK_CODE)
                mask_stop = stop
        elif kind == TRANSPARENT:
            if i == note_stop:
                note_stop = stop
            if i == mask_stop:
                mask_stop = stop
        elif kind == BASE:
            stop, code, marked = read_cluster(data, i, end, table)
            unsure |= marked
        elif kind == COMPOSE:
            unsure = 1
            code = entry & POINT
        elif kind == EXPAND:
            if entry & LETTER_FIRST:
                before = point_before(data, i, start, table)[0]
                unsure |= np.int64(before >= 0 and joins_letters(np.int64(table[before])))
            if entry & (LETTER_LAST | DIGIT_LAST):
                unsure |= np.int64(joins_next(data, stop, end, table, entry & DIGIT_LAST != 0))
            for q in range(expansions.shape[1]):
                if expansions[entry & POINT, q] != 0:
                    codes[c] = expansions[entry & POINT, q]
                    if want:
                        spans[c, 0] = i
                        spans[c, 1] = stop
                    c += 1
        elif kind == MARK:
            unsure = 1
        if code != 0:
            codes[c] = np.uint32(code)
            if want:
                spans[c, 0] = i
                spans[c, 1] = stop
            c += 1
        i = stop
    return c, unsure


@njit(nogil=True, cache=True)
def normalise_rows(data, offsets, table, expansions, codes, ends, unsure):
    """`normalise_text` of every row, one after the other into `codes`; `ends[d]` is where row `d` stops."""
    empty = np.empty((0, 2), np.int64)
    c = 0
    for d in range(ends.shape[0]):
        count, flag = normalise_text(data, offsets[d], offsets[d + 1], table, expansions, codes[c:], empty)
        c += count
        ends[d] = c
        unsure[d] = flag
    return c


@njit(nogil=True, cache=True)
def trim_lines(data, starts, ends, kinds):
    """Trim JSON white space from each line ``data[starts[i]:ends[i]]`` in place and tell its kind.

    Kinds: 0 blank, 1 begins with ``{`` and ends with ``}``, 2 anything else.
    """
    for i in range(starts.shape[0]):
        a = starts[i]
        b = ends[i]
        while a < b and (data[a] == 32 or data[a] == 9 or data[a] == 13):
            a += 1
        while b > a and (data[b - 1] == 32 or data[b - 1] == 9 or data[b - 1] == 13):
            b -= 1
        starts[i] = a
        ends[i] = b
        if a == b:
            kinds[i] = 0
        elif data[a] == 0x7B and data[b - 1] == 0x7D and b - a > 1:
            kinds[i] = 1
        else:
            kinds[i] = 2


@njit(nogil=True, cache=True)
def gather_lines(data, starts, ends, out):
    """Copy lines one after the other into `out`, a line end behind each: their new starts and ends."""
    m = starts.shape[0]
    new_starts = np.empty(m, np.int64)
    new_ends = np.empty(m, np.int64)
    at = 0
    for i in range(m):
        size = ends[i] - starts[i]
        out[at : at + size] = data[starts[i] : ends[i]]
        new_starts[i] = at
        new_ends[i] = at + size
        out[at + size] = 10
        at += size + 1
    return new_starts, new_ends


@njit(nogil=True, cache=True)
def gather_ranges(data, starts, ends, out):
    """Copy the ranges ``data[starts[i]:ends[i]]`` one after the other into `out`: how many bytes."""
    at = 0
    for i in range(starts.shape[0]):
        size = ends[i] - starts[i]
        out[at : at + size] = data[starts[i] : ends[i]]
        at += size
    return at


@njit(nogil=True, cache=True)
def find_records(data, start, delimiters, stops):
    """Where the CSV records of ``data[start:]`` end, line ends included: (how many, whether a quote is left open).

    A quote opens a field only at its beginning (RFC 4180, section 2); `delimiters` is [256] bool.
    """
    count = 0
    quoted = False
    fresh = True  # at the beginning of a field
    i = start
    size = data.shape[0]
    while i < size:
        c = data[i]
        if quoted:
            if c == 0x22:
                if i + 1 < size and data[i + 1] == 0x22:
                    i += 1
                else:
                    quoted = False
        elif c == 10:
            stops[count] = i + 1
            count += 1
            fresh = True
        elif c == 0x22 and fresh:
            quoted = True
            fresh = False
        else:
            fresh = delimiters[c]
        i += 1
    return count, quoted


@njit(nogil=True, cache=True)
def count_damage(data, offsets, table, out):
    """Marks of damage in each row: replacement and private-use characters, ``?`` beside Han, pinyin notes, masks."""
    for d in range(out.shape[0]):
        count = 0
        before = 0
        i = offsets[d]
        end = offsets[d + 1]
        while i < end:
            point, width = decode(data, i)
            kind = np.int64(table[point]) >> SHIFT
            if point == 0xFFFD or 0xE000 <= point <= 0xF8FF:
                count += 1
            elif point == 0x3F and is_han(before) and i + 1 < end:
                after = decode(data, i + 1)[0]
                if is_han(after) or after == 0x3F:
                    count += 1
            elif kind == OPEN and is_han(before):
                stop = note_end(data, i, end, table)
                if stop >= 0:
                    count += 1
                    width = stop - i
            elif kind == MASK or (kind == LETTER and np.int64(table[point]) & POINT == X):
                stop = mask_end(data, i, end, table, 0, False)
                if stop >= 0:
                    count += 1
                    width = stop - i
            before = point
            i += width
        out[d] = count


@njit(nogil=True, cache=True)
def locate_tokens(data, start, end, table, expansions, codes, spans, tokens, first, last):
    """Code points before the first and behind the last byte of some tokens of one text: 1 if NFKC might say more.

    `tokens` ascend; `codes` and `spans` have room for every token of the text and one more.
    """
    _, unsure = normalise_text(data, start, end, table, expansions, codes, spans)
    if unsure:  # there may be fewer tokens here than in the composed text: their spans would be anything
        return unsure
    at, points = start, 0
    for i in range(len(tokens)):
        stop = spans[tokens[i], 0]
        for j in range(at, stop):
            points += data[j] & 0xC0 != 0x80
        at = max(at, stop)
        first[i] = points
    at, points = start, 0
    for i in range(len(tokens)):
        stop = spans[tokens[i], 1]
        for j in range(at, stop):
            points += data[j] & 0xC0 != 0x80
        at = max(at, stop)
        last[i] = points
    return unsure
