"""The oracle of the families: differing places, how members differ, frames and anchors, slowly, from the rules.

It imports nothing of `dedup`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import comb

MASK, NUMBER, SIGN = 0x40000000, 0xC0000000, 0x20000000
NUMERALS = {ord(char) for char in "一二三四五六七八九十百千万亿零〇两"}
VALUE_TOKENS, SHORT = 12, 64
PHRASE, SEVERAL = 4, 4

Block = tuple[int, int, int]
# Columns from and to, tokens, kind; how many tokens of the centre gave way to what.
Place = tuple[int, int, int, str, tuple[int, tuple[int, ...]]]


def is_figure(code: int) -> bool:
    return code >= NUMBER or code in NUMERALS


def kind(a: Sequence[int], b: Sequence[int], longest: int) -> str:
    """What stands against what."""
    if MASK in a or MASK in b:
        return "hidden"
    if min(len(a), len(b)) <= 2 and max(len(a), len(b)) > longest:
        return "block"
    if [code for code in a if not is_figure(code)] == [code for code in b if not is_figure(code)]:
        both = any(map(is_figure, a)) and any(map(is_figure, b))
        return "value" if both else "hidden"
    return "other" if a and b else "added"


def places(a: Sequence[int], b: Sequence[int], blocks: Sequence[Block]) -> list[Place]:
    """What lies between the blocks, the ends of a text that is not short left out."""
    found = []
    i = j = 0
    for number, (x, y, length) in enumerate([*blocks, (len(a), len(b), 0)]):
        edge = number in (0, len(blocks)) and len(a) >= SHORT
        if (x > i or y > j) and not edge:
            longest = VALUE_TOKENS if len(a) >= SHORT else max(len(a), len(b))
            said = kind(a[i:x], b[j:y], longest)
            found.append((i, max(x, i + 1), max(x - i, y - j), said, (x - i, tuple(b[j:y]))))
        i, j = x + length, y + length
    return found


def measure(
    centre: Sequence[int], others: Sequence[Sequence[int]], align: Callable[[Sequence[int], Sequence[int]], list[Block]]
) -> tuple[float, ...]:
    """Concentration, figures, reworded, phrases, added, exchanged, values, filled and phrasings of one family."""
    n = len(others)
    found = [places(centre, other, align(centre, other)) for other in others]
    columns: dict[int, Counter[tuple[int, ...]]] = {}
    for rows in found:
        for start, end, _, _, (gone, content) in rows:
            for column in range(start, end):
                # Where as many tokens stand against as many, token against token.
                one = (content[column - start],) if gone == len(content) else content
                alone = gone == len(content)
                columns.setdefault(column, Counter())[(alone, *one)] += 1

    def votes(column: int) -> int:
        return columns[column].total()

    edited = in_slots = figures = places_all = reworded = phrases = added = exchanged = seen = values = phrasings = 0
    for rows in found:
        for start, end, size, said, _ in rows:
            # Of equally edited columns the last.
            best = max(range(start, end), key=lambda column: (votes(column), column))
            v, top = votes(best), max(columns[best].values())
            odd_centre = n > 1 and v >= 0.7 * n and top >= 0.8 * v
            slot = not odd_centre and v >= max(2, 0.3 * n)
            value = size <= VALUE_TOKENS
            if value and not odd_centre:
                edited += end - start
                in_slots += (end - start) * slot
            counted = said not in ("block", "hidden") and not odd_centre
            filled = (
                said in ("other", "added") and counted and slot and len(columns[best]) >= min(v / 2, 6) and v >= 0.6 * n
            )
            places_all += counted
            figures += said == "value" and slot
            values += filled or (said == "value" and slot)
            if counted and said != "value" and not filled:
                reworded += size
                phrasings += 1
            if filled and size > PHRASE:
                phrases += size
            if (value and (slot or n < SEVERAL) and said not in ("block", "hidden")) or (
                said == "block" and n < SEVERAL
            ):
                seen += 1
                added += said in ("added", "block")
                exchanged += said == "value"
    tokens = max(1, sum(max(len(centre), len(other)) for other in others))
    chance = by_chance(edited / max(1, n * len(centre)), n)
    return (
        max(0.0, in_slots / max(1, edited) - chance) / (1 - chance),
        min(figures / max(1, places_all), figures / max(1, n)),
        reworded / tokens,
        phrases / tokens,
        added / max(1, seen),
        exchanged / max(1, seen),
        values / max(1, places_all),
        values / max(1, n),
        phrasings / max(1, n),
    )


def by_chance(rate: float, n: int) -> float:
    """The share of edits in slots if each of n texts is edited at a column with that probability."""
    rate = min(rate, 0.9)
    share = [k * comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]
    slots = sum(part for k, part in enumerate(share) if k >= max(2, 0.3 * n))
    return min(0.99, slots / max(1e-12, sum(share)))


def framed(lines: Sequence[Sequence[int]]) -> list[set[int]]:
    """The sets of lines that stand in one frame: three tokens at the end or the beginning, a number among them."""
    stops = {SIGN | ord(char) for char in ",.;!?。、…"}
    days = {ord(char) for char in "年月日号时分"}

    def is_frame(tokens: Sequence[int]) -> bool:
        rest = [token for token in tokens if token != NUMBER]
        signs = [token for token in rest if token & 0xF0000000 == SIGN]
        words = [token for token in rest if token not in signs and token not in days]
        return len(rest) < 3 and bool(words) and len(words) + len(signs) >= 2

    fit = [x for x, line in enumerate(lines) if 3 < len(line) <= 40 and not stops & set(line[2:])]
    best: dict[int, set[int]] = {}
    for cut in (slice(-3, None), slice(None, 3)):
        groups: dict[tuple[int, ...], set[int]] = {}
        for x in fit:
            if is_frame(lines[x][cut]):
                groups.setdefault(tuple(lines[x][cut]), set()).add(x)
        for group in groups.values():
            if len(group) >= 3 and 3 * len(group) >= 0.12 * sum(len(lines[x]) for x in group):
                for x in group:
                    if len(group) > len(best.get(x, ())):
                        best[x] = group
    chosen: dict[int, set[int]] = {}
    for x, group in best.items():
        chosen.setdefault(id(group), set()).add(x)
    return [group for group in chosen.values() if len(group) >= 3]


def anchors(rows: int, links: set[tuple[int, int]], same: Callable[[int, int], bool]) -> list[int]:
    """Each row joins the first anchor it has an accepted link to; then families joined by links of their members."""

    def cluster(some: set[tuple[int, int]]) -> list[int]:
        anchor = list(range(rows))
        for high in range(rows):
            for low in range(high):
                if (low, high) in some and anchor[low] == low and same(low, high):
                    anchor[high] = low
                    break
        return anchor

    anchor = cluster(links)
    for _ in range(4):
        between = {tuple(sorted((anchor[a], anchor[b]))) for a, b in links if anchor[a] != anchor[b]}
        head = cluster({(a, b) for a, b in between})
        joined = [head[a] for a in anchor]
        if joined == anchor:
            break
        anchor = joined
    return anchor
