"""The oracle of templates: least costs, anchors and the tidying of alignments, slowly, written from the rules.

It imports nothing of `dedup`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from math import inf

ONE_SIDED = 10
SIGN = 2  # the first four bits of a sign

Pair = tuple[int, int]


# -- what an alignment costs ----------------------------------------------------------------------------------------


def least_cost(
    frame: Sequence[int],
    holes: Sequence[int],
    skips: Sequence[int],
    text: Sequence[int],
    breaks: Sequence[bool],
    prices: tuple[int, int, Sequence[int], int],
    found: tuple[Sequence[int], Sequence[int]] | None = None,
) -> float:
    """The least that any alignment costs; with `found` (its matches and its owners), the least of that one.

    Prices are those of a place that begins to differ, of a token of a value, of a line end in the value before each
    token of the frame, and of a block that is left out.
    """
    opening, value, line, skip = prices

    @cache
    def least(i: int, j: int, differs: bool) -> float:
        """Of the first i and j tokens; `differs`: the last step was a token on one side only."""
        ways = [inf]
        if differs:
            if i and (found is None or found[0][i - 1] < 0):
                ways.append(ONE_SIDED + min(least(i - 1, j, True), least(i - 1, j, False) + opening))
            if j and (found is None or (j - 1 not in found[0] and found[1][j - 1] < 0)):
                ways.append(ONE_SIDED + min(least(i, j - 1, True), least(i, j - 1, False) + opening))
            return min(ways)
        if i == j == 0:
            ways.append(0)
        if i and j and frame[i - 1] == text[j - 1] and (found is None or found[0][i - 1] == j - 1):
            ways.append(anyhow(i - 1, j - 1))
        if j and holes[i] >= 0 and (found is None or found[1][j - 1] == holes[i]):
            ways.append(anyhow(i, j - 1) + (line[i] if breaks[j - 1] else value))
        if skips[i] >= 0 and (found is None or all(place < 0 for place in found[0][skips[i] : i])):
            ways.append(anyhow(skips[i], j) + skip)
        return min(ways)

    def anyhow(i: int, j: int) -> float:
        return min(least(i, j, False), least(i, j, True))

    return anyhow(len(frame), len(text))


# -- anchors --------------------------------------------------------------------------------------------------------


def unique_grams(frame: Sequence[int], holes: Sequence[int], text: Sequence[int], k: int) -> list[Pair]:
    """Where the k-grams stand that are once in the text and once among those of the frame that have no hole in them."""
    whole = [i for i in range(len(frame) - k + 1) if all(hole < 0 for hole in holes[i + 1 : i + k])]
    grams = [tuple(text[j : j + k]) for j in range(len(text) - k + 1)]
    in_frame = Counter(tuple(frame[i : i + k]) for i in whole)
    in_text = Counter(grams)
    place = {gram: j for j, gram in enumerate(grams)}
    keys = [(i, tuple(frame[i : i + k])) for i in whole]
    return [(i, place[gram]) for i, gram in keys if in_frame[gram] == in_text[gram] == 1]


def longest_rise(pairs: Sequence[Pair]) -> int:
    """How many of some pairs, which rise in the first column, rise in both."""
    best: list[int] = []
    for at, (_, second) in enumerate(pairs):
        best.append(1 + max((best[before] for before in range(at) if pairs[before][1] < second), default=0))
    return max(best, default=0)


def block_around(skips: Sequence[int]) -> list[Pair]:
    """For every place inside a block, where that begins and ends; of several, the one that ends last."""
    around = []
    for place in range(len(skips)):
        ends = [end for end in range(place + 1, len(skips)) if 0 <= skips[end] < place]
        around.append((skips[ends[-1]], ends[-1]) if ends else (-1, -1))
    return around


# -- tidying --------------------------------------------------------------------------------------------------------


def slide(at: Sequence[int], frame: Sequence[int], text: Sequence[int], newline: int, stop: int) -> list[int]:
    """What stands on one side only, moved back over equal tokens to begin where people add things."""
    moved = list(at)
    matches = [(-1, -1), *((i, j) for i, j in enumerate(at) if j >= 0), (len(frame), len(text))]
    for (before, before_text), (behind, behind_text) in zip(matches, matches[1:], strict=False):
        size, size_text = behind - before - 1, behind_text - before_text - 1
        if bool(size) == bool(size_text):
            continue
        one_sided, start, length = (frame, before + 1, size) if size else (text, before_text + 1, size_text)
        furthest = 0
        while _may_move(moved, one_sided, start, length, furthest, (before, before_text)):
            furthest += 1
        ranks = [_rank(one_sided, start - back, newline, stop) for back in range(furthest + 1)]
        back = ranks.index(max(ranks))
        for step in range(back):
            if size:
                moved[behind - 1 - step], moved[before - step] = moved[before - step], -1
            else:
                moved[before - step] = behind_text - 1 - step
    return moved


def _may_move(
    at: Sequence[int], one_sided: Sequence[int], start: int, length: int, back: int, matched: tuple[int, int]
) -> bool:
    """Whether a stretch that is `back` tokens before its place may go one further: the token there is its last one."""
    i, j = matched[0] - back, matched[1] - back
    return i >= 0 and j >= 0 and at[i] == j and one_sided[start - back - 1] == one_sided[start + length - back - 1]


def _rank(tokens: Sequence[int], start: int, newline: int, stop: int) -> int:
    """With a line end, better than behind a full stop, better than with or behind another sign."""
    before = tokens[start - 1] if start else newline
    if tokens[start] == newline:
        return 3
    if before == stop:
        return 2
    return int(SIGN in (before >> 28, tokens[start] >> 28))


def part_lines(
    at: Sequence[int], frame: Sequence[int], text: Sequence[int], newline: int, share: float, longest: int
) -> list[int]:
    """The matches without those of lines that have next to nothing in common; two single lines stay as they are."""
    parted = list(at)
    if newline not in frame or newline not in text:
        return parted
    of_text = {place: line for line in _lines(text, newline) for place in line}
    for line in _lines(frame, newline):
        matched = [i for i in line if at[i] >= 0]
        touched = [of_text[at[i]] for i in matched if text[at[i]] != newline]
        extent = max(each[-1] for each in touched) + 1 - min(each[0] for each in touched) if touched else 0
        run = best = 0
        for i in line:
            follows = run and at[i] == at[i - 1] + 1
            run = 0 if at[i] < 0 else run + 1 if follows else 1
            best = max(best, run)
        if best <= longest and len(matched) <= share * max(len(line), extent):
            for i in line:
                parted[i] = -1
    return parted


def _lines(tokens: Sequence[int], newline: int) -> list[range]:
    """Lines, each with the line end before it."""
    starts = sorted({0, *(place for place, token in enumerate(tokens) if token == newline)})
    return [range(first, stop) for first, stop in zip(starts, [*starts[1:], len(tokens)], strict=True) if stop > first]


def spans(owner: Sequence[int], holes: int) -> list[tuple[int, int, int]]:
    """For each hole the first token of its value, the end of the last, how many it has; the length and 0 0 if none."""
    found = []
    for hole in range(holes):
        own = [token for token, its in enumerate(owner) if its == hole]
        found.append((own[0], own[-1] + 1, len(own)) if own else (len(owner), 0, 0))
    return found


# -- filled texts ---------------------------------------------------------------------------------------------------


def filled(parts: Sequence[str | list[str | int]], values: Sequence[Sequence[str]], times: Sequence[int]) -> str:
    """A text: a string stands as it is, a number is the value with that number, a list is a block of both."""
    written = []
    blocks = iter(times)
    for part in parts:
        if isinstance(part, str):
            written.append(part)
            continue
        for turn in range(next(blocks)):
            written += [each if isinstance(each, str) else values[each][turn] for each in part]
    return "".join(written)
