"""Compiled loops of the search for passages: what equal prints stand for, followed over gaps, and what comes of it."""

import numpy as np
from numba import njit

# A passage ends on a run of at least so many tokens: chance gives 12 to two texts on one topic, a numbered heading 11.
LAST_RUN = 16
# Alignments of two rows that may be under way at one place: where there are more, equal runs are not extended. A text
# of one symbol with rare flaws is alike on as many diagonals as it has flaws, and each would be followed to the end:
# without the limit two such texts of a million tokens take 75 s.
MOST_UNDER_WAY = 16


@njit(nogil=True, cache=True, inline="always")
def needed_run(gap):
    """Equal tokens that must follow a gap for the two sides to count as in step again.

    Two texts on one topic share runs of up to 12 tokens by chance, and few of them lie within a short gap.
    """
    return min(LAST_RUN, 4 + 2 * gap)


@njit(nogil=True, cache=True)
def run_right(values, i, j, end_a, end_b):
    """Length of the equal run that begins at i and j."""
    n = min(end_a - i, end_b - j)
    at = 0
    while at < n and values[i + at] == values[j + at]:
        at += 1
    return at


@njit(nogil=True, cache=True)
def run_left(values, i, j, start_a, start_b):
    """Length of the equal run that ends before i and j."""
    n = min(i - start_a, j - start_b)
    at = 0
    while at < n and values[i - at - 1] == values[j - at - 1]:
        at += 1
    return at


@njit(nogil=True, cache=True)
def stands_in(values, code):
    """Whether any of some values is `code`; without a way out, so that many are compared at once."""
    hits = 0
    for i in range(len(values)):
        hits += values[i] == code
    return hits > 0


@njit(nogil=True, cache=True)
def step_right(values, i, j, end_a, end_b, reach):
    """The smallest gap after i and j behind which the two sides agree again: tokens left out on each side; -1 if none.

    Of equal gaps the one that leaves out as much on either side as it can, then more of the first.
    """
    best, best_a, best_b = np.int64(1) << 40, -1, -1
    widest = reach
    for da in range(min(reach, end_a - i - 1) + 1):
        if da > widest:
            break
        code = values[i + da]
        if not stands_in(values[j : min(j + widest + 1, end_b)], code):
            continue
        for db in range(min(widest, end_b - j - 1) + 1):
            if values[j + db] != code or da + db == 0:
                continue
            gap = max(da, db)
            need = needed_run(gap)
            key = (gap << 20) + ((gap - min(da, db)) << 1) + np.int64(da < db)
            if key >= best or i + da + need > end_a or j + db + need > end_b:
                continue
            if run_right(values, i + da, j + db, i + da + need, j + db + need) >= need:
                best, best_a, best_b = key, da, db
                widest = gap
    return best_a, best_b


@njit(nogil=True, cache=True)
def step_left(values, i, j, start_a, start_b, reach):
    """`step_right`, to the left."""
    best, best_a, best_b = np.int64(1) << 40, -1, -1
    widest = reach
    for da in range(min(reach, i - start_a - 1) + 1):
        if da > widest:
            break
        code = values[i - da - 1]
        if not stands_in(values[max(j - widest - 1, start_b) : j], code):
            continue
        for db in range(min(widest, j - start_b - 1) + 1):
            if values[j - db - 1] != code or da + db == 0:
                continue
            gap = max(da, db)
            need = needed_run(gap)
            key = (gap << 20) + ((gap - min(da, db)) << 1) + np.int64(da < db)
            if key >= best or i - da - need < start_a or j - db - need < start_b:
                continue
            if run_left(values, i - da, j - db, i - da - need, j - db - need) >= need:
                best, best_a, best_b = key, da, db
                widest = gap
    return best_a, best_b


@njit(nogil=True, cache=True)
def grown(array, count):
    """A copy with twice the room if it is full."""
    if count < len(array):
        return array
    larger = np.empty((2 * len(array), array.shape[1]), np.int64)
    larger[:count] = array[:count]
    return larger


@njit(nogil=True, cache=True)
def extend_right(values, i, j, end_a, end_b, reach, price, blocks, count):
    """Go on behind the equal run that ends at i and j as long as it pays: new ends, equal tokens, blocks.

    An equal token pays 1, a token of a gap costs `price`; what ends the walk is a gap too wide, or costs that exceed
    the gain by more than the widest gap would.
    """
    best_i, best_j, best_equal, best_count = i, j, 0, count
    score, best_score, equal = 0.0, 0.0, 0
    while True:
        da, db = step_right(values, i, j, end_a, end_b, reach)
        if da < 0:
            break
        run = run_right(values, i + da, j + db, end_a, end_b)
        i, j = i + da, j + db
        score += run - price * max(da, db)
        equal += run
        blocks = grown(blocks, count)
        blocks[count, 0], blocks[count, 1], blocks[count, 2] = j, j + run, j - i
        count += 1
        i, j = i + run, j + run
        if score > best_score and run >= LAST_RUN:
            best_i, best_j, best_equal, best_score, best_count = i, j, equal, score, count
        elif score < best_score - price * reach:
            break
    return best_i, best_j, best_equal, best_count, blocks


@njit(nogil=True, cache=True)
def extend_left(values, i, j, start_a, start_b, reach, price, blocks, count):
    """`extend_right`, to the left."""
    best_i, best_j, best_equal, best_count = i, j, 0, count
    score, best_score, equal = 0.0, 0.0, 0
    while True:
        da, db = step_left(values, i, j, start_a, start_b, reach)
        if da < 0:
            break
        run = run_left(values, i - da, j - db, start_a, start_b)
        i, j = i - da, j - db
        score += run - price * max(da, db)
        equal += run
        blocks = grown(blocks, count)
        blocks[count, 0], blocks[count, 1], blocks[count, 2] = j - run, j, j - i
        count += 1
        i, j = i - run, j - run
        if score > best_score and run >= LAST_RUN:
            best_i, best_j, best_equal, best_score, best_count = i, j, equal, score, count
        elif score < best_score - price * reach:
            break
    return best_i, best_j, best_equal, best_count, blocks


@njit(nogil=True, cache=True)
def covered(active, next_active, blocks, head, p, q):
    """Whether an alignment that is under way already pairs positions p and q; how many others were seen before it.

    Finished ones are taken off the list. `active` rows: first and last block not passed yet, end in b.
    """
    diagonal = q - p
    previous = -1
    others = 0
    c = head
    found = False
    first = head
    while c >= 0:
        if active[c, 2] <= q:
            following = next_active[c]
            if previous < 0:
                first = following
            else:
                next_active[previous] = following
            c = following
            continue
        at = active[c, 0]
        while at < active[c, 1] and blocks[at, 1] <= q:
            at += 1
        active[c, 0] = at
        if at < active[c, 1] and blocks[at, 0] <= q and blocks[at, 2] == diagonal:
            found = True
            break
        previous = c
        c = next_active[c]
        others += 1
    return found, first, others


@njit(nogil=True, cache=True)
def match_rows(
    values,
    offsets,
    first_entry,
    last_entry,
    entry_pos,
    entry_row,
    entry_group,
    entry_before,
    leader_first,
    leader_pos,
    leader_row,
    whole,
    crowded_pos,
    crowded_end,
    length,
    reach,
    price,
):
    """Alignments of the rows whose entries these are with the rows before them, and with themselves.

    Entries come in order of position. Each is compared with the leaders of its group that stand in rows before it, and
    with the print before it in its own row; an equal run of `length` tokens around both is extended over gaps. Groups
    from `whole` on are of equal runs: one that overlaps the one before it in its row need not be compared with other
    rows, since the two are tied, and must not: a text that repeats itself would be compared as often as it is long.
    An equal run within one that stands in too many documents is passed over: `crowded_pos`, `crowded_end`, ascending.

    Returns
    -------
    matches : [n, 7] int64
        Row, start, end (positions in `values`) of the earlier side, then of the later, and the equal tokens.
    """
    matches = np.empty((1024, 7), np.int64)
    found = 0
    head = np.full(len(offsets) - 1, -1, np.int64)  # of the list of alignments with each row
    touched = np.empty((256, 1), np.int64)
    active = np.empty((256, 3), np.int64)
    next_active = np.empty(256, np.int64)
    blocks = np.empty((1024, 3), np.int64)
    scratch = np.empty((256, 3), np.int64)
    row = np.int64(-1)
    touches, actives, used = 0, 0, 0
    for e in range(first_entry, last_entry):
        if entry_row[e] != row:
            for t in range(touches):
                head[touched[t, 0]] = -1
            touches, actives, used = 0, 0, 0
            row = entry_row[e]
        q = entry_pos[e]
        group = entry_group[e]
        end_b = offsets[row + 1]
        start_b = offsets[row]
        begin, stop = leader_first[group], leader_first[group + 1]
        if group >= whole and entry_before[e] >= 0 and q - entry_before[e] < length:
            stop = begin
        for at in range(begin - 1, stop):
            if at < begin:
                p, other = entry_before[e], row
                if p < 0:
                    continue
            else:
                p, other = leader_pos[at], leader_row[at]
                if other >= row:
                    break
            near = reach
            if head[other] >= 0:
                inside, first, others = covered(active, next_active, blocks, head[other], p, q)
                head[other] = first
                if others >= MOST_UNDER_WAY:
                    near = 0
                if inside:
                    continue
            start_a, end_a = offsets[other], offsets[other + 1]
            right = run_right(values, p, q, end_a, end_b)
            left = run_left(values, p, q, start_a, start_b)
            if left + right < length:
                continue
            at_crowd = np.searchsorted(crowded_pos, q - left, side="right") - 1
            if at_crowd >= 0 and crowded_end[at_crowd] >= q + right:
                continue
            a1, b1, equal = p + right, q + right, left + right
            a0, b0 = p - left, q - left
            before = 0
            # Within one row an edited copy does not reach into itself: only equal runs may overlap.
            least_b, most_a = start_b, end_a
            if other == row:
                least_b = a1
            if near > 0 and b0 >= least_b:
                a0, b0, more, before, scratch = extend_left(values, a0, b0, start_a, least_b, near, price, scratch, 0)
                equal += more
            count = before
            # The blocks to the left came nearest first.
            for x in range(before // 2):
                for y in range(3):
                    scratch[x, y], scratch[before - 1 - x, y] = scratch[before - 1 - x, y], scratch[x, y]
            scratch = grown(scratch, count)
            scratch[count, 0], scratch[count, 1], scratch[count, 2] = q - left, q + right, q - p
            count += 1
            if other == row:
                most_a = b0
            if near > 0 and a1 <= most_a:
                a1, b1, more, count, scratch = extend_right(values, a1, b1, most_a, end_b, near, price, scratch, count)
                equal += more
            matches = grown(matches, found)
            matches[found, 0], matches[found, 1], matches[found, 2] = other, a0, a1
            matches[found, 3], matches[found, 4], matches[found, 5] = row, b0, b1
            matches[found, 6] = equal
            found += 1
            while used + count > len(blocks):
                blocks = grown(blocks, len(blocks))
            blocks[used : used + count] = scratch[:count]
            if actives == len(active):
                active = grown(active, actives)
                larger = np.empty(2 * actives, np.int64)
                larger[:actives] = next_active
                next_active = larger
            active[actives, 0], active[actives, 1], active[actives, 2] = used, used + count, b1
            used += count
            if head[other] < 0:
                touched = grown(touched, touches)
                touched[touches, 0] = other
                touches += 1
            next_active[actives] = head[other]
            head[other] = actives
            actives += 1
    return matches[:found]


@njit(nogil=True, cache=True)
def root_of(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(nogil=True, cache=True)
def unite(parent, a, b):
    """Join the sets of a and b under the lower root."""
    a, b = root_of(parent, a), root_of(parent, b)
    if a < b:
        parent[b] = a
    else:
        parent[a] = b


@njit(nogil=True, cache=True)
def unite_spans(rows, starts, ends, parent, slack, share):
    """Join spans of one row, sorted by start and end, whose ends differ by little.

    That is `slack` tokens, and no more than `share` of the shorter span.
    """
    n = len(rows)
    for i in range(n):
        length = ends[i] - starts[i]
        for j in range(i + 1, n):
            least = min(length, ends[j] - starts[j])
            allowed = min(slack, np.int64(share * least))
            if rows[j] != rows[i] or starts[j] - starts[i] > min(slack, np.int64(share * length)):
                break
            if abs(ends[j] - ends[i]) <= allowed and starts[j] - starts[i] <= allowed:
                unite(parent, i, j)
                if starts[j] == starts[i] and ends[j] == ends[i]:
                    continue
                break
        # The one before it that it coincides with may have been joined to another one, with which it does not.
        for j in range(i - 1, -1, -1):
            least = min(length, ends[j] - starts[j])
            allowed = min(slack, np.int64(share * least))
            if rows[j] != rows[i] or starts[i] - starts[j] > min(slack, np.int64(share * length)):
                break
            if abs(ends[j] - ends[i]) <= allowed and starts[i] - starts[j] <= allowed:
                unite(parent, i, j)
                break


@njit(nogil=True, cache=True)
def find_roots(parent, roots):
    for i in range(len(parent)):
        roots[i] = root_of(parent, i)


@njit(nogil=True, cache=True)
def unite_pairs(a, b, parent):
    for i in range(len(a)):
        unite(parent, a[i], b[i])


@njit(nogil=True, cache=True)
def merge_spans(passage, rows, starts, ends, length, kept):
    """Spans of one passage in one row that overlap by half are one occurrence; sorted by start: how many there are.

    Of two that overlap by less the second begins where the first ends, unless that leaves less than `length` tokens.

    `kept[i]` gets the number of the occurrence span i belongs to; the occurrence's own span is written to its place.
    """
    count = -1
    for i in range(len(rows)):
        if count >= 0 and passage[count] == passage[i] and rows[count] == rows[i]:
            common = min(ends[count], ends[i]) - max(starts[count], starts[i])
            rest = ends[i] - max(ends[count], starts[i])
            if 2 * common >= min(ends[count] - starts[count], ends[i] - starts[i]) or (common > 0 and rest < length):
                ends[count] = max(ends[count], ends[i])
                kept[i] = count
                continue
        begin = starts[i]
        if count >= 0 and passage[count] == passage[i] and rows[count] == rows[i]:
            begin = max(begin, ends[count])
        count += 1
        passage[count], rows[count], starts[count], ends[count] = passage[i], rows[i], begin, ends[i]
        kept[i] = count
    return count + 1


@njit(nogil=True, cache=True)
def count_covered(pair, start, end, covered):
    """Tokens of each pair that its spans cover; spans are sorted by pair and start."""
    last, reach = np.int64(-1), np.int64(0)
    for i in range(len(pair)):
        if pair[i] != last:
            last, reach = pair[i], np.int64(0)
            covered[last] = 0
        begin = max(start[i], reach)
        if end[i] > begin:
            covered[last] += end[i] - begin
            reach = end[i]


@njit(nogil=True, cache=True)
def split_matches(table, piece_first, piece_start, piece_end, least, out):
    """Cut matches of pages where a piece ends on either side: how many parts; `out` [0, 7] only counts.

    Pieces of page d are ``piece_first[d]`` to ``piece_first[d + 1]``, ranges of tokens of the page. A point inside a
    match is carried to the other side in proportion, and so are the equal tokens; shorter parts than `least` are left
    out.
    """
    count = 0
    for i in range(len(table)):
        a, start_a, end_a, b, start_b, end_b, equal = table[i]
        size_a, size_b = end_a - start_a, end_b - start_b
        x, y = piece_first[a], piece_first[b]
        while piece_end[x] <= start_a:
            x += 1
        while piece_end[y] <= start_b:
            y += 1
        at_a, at_b = start_a, start_b
        while at_a < end_a and at_b < end_b:
            stop_a, stop_b = min(end_a, piece_end[x]), min(end_b, piece_end[y])
            # Whichever piece ends first, in the measure of side a.
            if (stop_a - start_a) * size_b <= (stop_b - start_b) * size_a:
                stop_b = min(stop_b, start_b + (stop_a - start_a) * size_b // size_a)
            else:
                stop_a = min(stop_a, start_a + (stop_b - start_b) * size_a // size_b)
            if min(stop_a - at_a, stop_b - at_b) >= least:
                if count < len(out):
                    out[count, 0], out[count, 1], out[count, 2] = x, at_a - piece_start[x], stop_a - piece_start[x]
                    out[count, 3], out[count, 4], out[count, 5] = y, at_b - piece_start[y], stop_b - piece_start[y]
                    out[count, 6] = equal * (stop_a - at_a) // size_a
                count += 1
            moved = False
            if stop_a >= piece_end[x] and stop_a < end_a:
                x += 1
                while piece_end[x] <= stop_a:
                    x += 1
                moved = True
            if stop_b >= piece_end[y] and stop_b < end_b:
                y += 1
                while piece_end[y] <= stop_b:
                    y += 1
                moved = True
            at_a, at_b = stop_a, stop_b
            if not moved:
                # Rounding left a token of one side: the end of the match is all that is there.
                if at_a >= end_a or at_b >= end_b:
                    break
                at_a, at_b = at_a + 1, at_b + 1
    return count


@njit(nogil=True, cache=True)
def chain_ends(table, order, gap, wide, ends):
    """Where chains of matches begin and end: how many chains.

    `order` sorts the matches by both rows and the first start. One that follows another within `gap` tokens on both
    sides is the same copy, from which a stretch was left out or changed; and so it is within `wide` tokens if neither
    stretch is twice as long as the other: something stands in its place. `ends` [n, 6] gets row, start, end on either
    side.
    """
    count = 0
    for i in range(len(order)):
        m = order[i]
        if count > 0:
            last = count - 1
            near_a = table[m, 1] - ends[last, 2]
            near_b = table[m, 4] - ends[last, 5]
            same = ends[last, 0] == table[m, 0] and ends[last, 3] == table[m, 3]
            follows = -gap <= near_a <= gap and -gap <= near_b <= gap
            if 0 < near_a <= wide and 0 < near_b <= wide and near_a <= 2 * near_b and near_b <= 2 * near_a:
                follows = True
            if same and follows and table[m, 4] > ends[last, 4]:
                ends[last, 2] = max(ends[last, 2], table[m, 2])
                ends[last, 5] = max(ends[last, 5], table[m, 5])
                continue
        for x in range(6):
            ends[count, x] = table[m, x]
        count += 1
    return count
