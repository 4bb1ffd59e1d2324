"""The oracle of the search for passages: what the engine computes, slowly, in plain Python, written from its rules.

It imports nothing of `dedup`. Texts are lists of token codes; places are counted from the start of the first text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

WORD = (1 << 64) - 1
BASE, SPREAD = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
SINGLE, CROWDED = -1, -2
LAST_RUN = 16

# -- what counts as a passage ---------------------------------------------------------------------------------------


def runs_of(texts: Sequence[Sequence[int]], length: int) -> dict[tuple[int, ...], list[tuple[int, int]]]:
    """Every run of `length` tokens, and the places (text, start) it stands at, in order."""
    places = defaultdict(list)
    for number, text in enumerate(texts):
        for start in range(len(text) - length + 1):
            places[tuple(text[start : start + length])].append((number, start))
    return places


def stands_apart(places: Sequence[tuple[int, int]], length: int) -> bool:
    """Whether two of the places, which are in order, do not overlap."""
    (first, start), (last, end) = places[0], places[-1]
    return first != last or end - start >= length


def repeated(texts: Sequence[Sequence[int]], length: int, cap: int) -> set[tuple[int, int]]:
    """The tokens (text, position) of every run of `length` that stands at two places which do not overlap.

    Runs that stand in more than `cap` texts are left out.
    """
    covered = set()
    for places in runs_of(texts, length).values():
        if stands_apart(places, length) and len({number for number, _ in places}) <= cap:
            covered |= {(number, start + i) for number, start in places for i in range(length)}
    return covered


def crowded(texts: Sequence[Sequence[int]], length: int, cap: int) -> set[tuple[int, int]]:
    """The tokens of every run of `length` that stands in more than `cap` texts."""
    covered = set()
    for places in runs_of(texts, length).values():
        if len({number for number, _ in places}) > cap:
            covered |= {(number, start + i) for number, start in places for i in range(length)}
    return covered


class Run(NamedTuple):
    """Two equal runs that cannot be made longer; the first one stands earlier."""

    a: int
    start_a: int
    end_a: int
    b: int
    start_b: int
    end_b: int


def equal_runs(texts: Sequence[Sequence[int]], length: int) -> set[Run]:
    """Every pair of equal runs of at least `length` tokens, diagonal by diagonal."""
    found = set()
    for a, one in enumerate(texts):
        for b in range(a, len(texts)):
            two = texts[b]
            diagonals = range(1, len(two)) if a == b else range(-len(one) + 1, len(two))
            for diagonal in diagonals:
                start = None
                for i in range(max(0, -diagonal), min(len(one), len(two) - diagonal) + 1):
                    inside = i < len(one) and i + diagonal < len(two)
                    if inside and one[i] == two[i + diagonal]:
                        start = i if start is None else start
                    elif start is not None:
                        if i - start >= length:
                            found.add(Run(a, start, i, b, start + diagonal, i + diagonal))
                        start = None
    return found


# -- prints ---------------------------------------------------------------------------------------------------------


def hash_of(tokens: Sequence[int]) -> int:
    """The hash of a run: a polynomial of its codes, and every bit of that stirred (Moremur)."""
    h = 0
    for code in tokens:
        h = (h * BASE + (code + 1) * SPREAD) & WORD
    h ^= h >> 27
    h = h * 0x3C79AC492BA7B653 & WORD
    h ^= h >> 33
    h = h * 0x1C69B3F74AC4AE35 & WORD
    return h ^ (h >> 27)


class Print(NamedTuple):
    """A k-gram that is the least of some windows."""

    pos: int
    row: int
    hash: int
    begin: int  # the first window it is the least of


def winnow(texts: Sequence[Sequence[int]], k: int, w: int) -> list[Print]:
    """The least k-gram of every w consecutive ones, of equal ones the last (Schleimer et al. 2003, section 3)."""
    prints: list[Print] = []
    offset = 0
    for row, text in enumerate(texts):
        hashes = [hash_of(text[i : i + k]) for i in range(len(text) - k + 1)]
        for begin in range(len(hashes) - w + 1):
            least = min(range(begin, begin + w), key=lambda i: (hashes[i], -i))
            if not prints or prints[-1].pos != offset + least:
                prints.append(Print(offset + least, row, hashes[least], offset + begin))
        offset += len(text)
    return prints


# -- groups ---------------------------------------------------------------------------------------------------------


class Group(NamedTuple):
    """Equal prints: their numbers, in how many rows they stand, and those the others are compared with."""

    members: list[int]
    rows: int
    leaders: list[int]


def group_prints(keys: Sequence[int], rows: Sequence[int], leaders: int) -> list[Group]:
    """Prints of equal keys, by key; of more than `leaders` the first one in each of the first `leaders` rows leads."""
    by_key = defaultdict(list)
    for number, key in enumerate(keys):
        by_key[key].append(number)
    groups = []
    for _, members in sorted(by_key.items()):
        first = [n for at, n in enumerate(members) if at == 0 or rows[members[at - 1]] != rows[n]]
        groups.append(Group(members, len(first), members if len(members) <= leaders else first[:leaders]))
    return groups


def before_of(group: Group, rows: Sequence[int]) -> dict[int, int]:
    """By member, the one before it in its row; -1."""
    pairs = zip([-1, *group.members], group.members, strict=False)
    return {n: last if last >= 0 and rows[last] == rows[n] else -1 for last, n in pairs}


def windows_of(prints: Sequence[Print], number: int, ends: Sequence[int], length: int) -> range:
    """The windows that a print is the least of: to where the next print of its row begins; `ends` by row."""
    one = prints[number]
    following = prints[number + 1] if number + 1 < len(prints) else None
    if following is not None and following.row == one.row:
        return range(one.begin, following.begin)
    return range(one.begin, ends[one.row] - length + 1)


# -- alignment ------------------------------------------------------------------------------------------------------


def needed_run(gap: int) -> int:
    """Tokens that must agree behind a gap."""
    return min(LAST_RUN, 4 + 2 * gap)


def equal_right(one: Sequence[int], i: int, two: Sequence[int], j: int) -> int:
    """How long both agree from i and j on."""
    length = 0
    while i + length < len(one) and j + length < len(two) and one[i + length] == two[j + length]:
        length += 1
    return length


def step_right(one: Sequence[int], i: int, two: Sequence[int], j: int, reach: int) -> tuple[int, int] | None:
    """What is left out on each side until both agree again.

    The narrowest gap wins; of equally narrow ones the one with the least difference between its sides, and then the
    one that leaves out more of the first.
    """
    steps = sorted(
        ((da, db) for da in range(reach + 1) for db in range(reach + 1) if da or db),
        key=lambda step: (max(step), abs(step[0] - step[1]), step[0] < step[1]),
    )
    for da, db in steps:
        if equal_right(one, i + da, two, j + db) >= needed_run(max(da, db)):
            return da, db
    return None


class Extension(NamedTuple):
    """How far an alignment goes on: tokens of each side, how many agree, and the equal runs as (start in the second
    text, end, diagonal) relative to where it began, nearest first."""

    first: int
    second: int
    equal: int
    runs: list[tuple[int, int, int]]


def extend_right(one: Sequence[int], i: int, two: Sequence[int], j: int, reach: int, price: float) -> Extension:
    """Go on from i and j as long as it pays: an equal token wins 1, one of a gap costs `price`."""
    best = Extension(0, 0, 0, [])
    best_score = score = 0.0
    da = db = equal = 0
    runs: list[tuple[int, int, int]] = []
    while (step := step_right(one, i + da, two, j + db, reach)) is not None:
        da, db = da + step[0], db + step[1]
        run = equal_right(one, i + da, two, j + db)
        runs.append((db, db + run, db - da))
        da, db, equal = da + run, db + run, equal + run
        score += run - price * max(step)
        if score > best_score and run >= LAST_RUN:
            best, best_score = Extension(da, db, equal, list(runs)), score
        elif score < best_score - price * reach:
            break
    return best


def extend_left(one: Sequence[int], i: int, two: Sequence[int], j: int, reach: int, price: float) -> Extension:
    """`extend_right` from i and j backwards, seen in a mirror."""
    return extend_right(one[:i][::-1], 0, two[:j][::-1], 0, reach, price)


# -- spans ----------------------------------------------------------------------------------------------------------


def nearly_coincide(one: tuple[int, int], two: tuple[int, int], slack: int, share: float) -> bool:
    """Whether the ends of two spans differ by no more than `slack` tokens and `share` of the shorter one."""
    allowed = min(slack, int(share * min(one[1] - one[0], two[1] - two[0])))
    return abs(one[0] - two[0]) <= allowed and abs(one[1] - two[1]) <= allowed


def classes_of(size: int, ties: Sequence[tuple[int, int]]) -> list[int]:
    """Of each thing the least that it is tied to, over however many steps."""
    least = list(range(size))
    changed = True
    while changed:
        changed = False
        for a, b in ties:
            both = min(least[a], least[b])
            changed |= least[a] != both or least[b] != both
            least[a] = least[b] = both
    return least
