"""Compiled loops that find boilerplate among the lines of pages."""

import numpy as np
from numba import njit

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

# -- as in the kernels of `pieces.marks`: a kernel calls only those of its own file


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
    """What the records ``begins[g]:ends[g]`` of one template tell: see `dedup.pages.boilerplate.counts.Groups`."""
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
