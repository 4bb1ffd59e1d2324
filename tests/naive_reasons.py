"""The oracle of the reasons stage: alignment, differing places and labels, slowly, written from the rules.

It imports nothing of `dedup`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

MASK, WORD, NUMBER = 0x40000000, 0x80000000, 0xC0000000
ANCHOR, WINDOW, NARROW, SEARCHES, ALLOWANCE = 6, 32, 8, 8, 4096
VALUE, SHORT = 12, 64
NUMERALS = {ord(char) for char in "〇零一二三四五六七八九两十百千万亿"}
NAME_ENDS = {ord(char) for char in "省市县区镇乡村州社街居局公院委厂所站室校部同长"}
NAMELESS, NTH = ord("某"), ord("第")

Block = tuple[int, int, int]
Place = tuple[int, int, int, int]


# -- alignment ------------------------------------------------------------------------------------------------------


def is_figure(code: int) -> bool:
    return code >= NUMBER


def find_run(a: Sequence[int], b: Sequence[int], window: int) -> tuple[tuple[int, int] | None, int]:
    """The smallest gap that enough equal tokens follow, and how many places were tried for it."""
    tried = 0
    for gap in range(1, min(window, len(a) + len(b)) + 1):
        needed = 2 if gap <= 2 else 3 if gap <= 8 else 4 if gap <= 20 else 6
        if gap == 2 and all(is_figure(text[0]) or text[0] == MASK for text in (a, b)):
            needed = 1
        # The most even first; of two as even, the one that leaves out fewer tokens of a.
        for in_a in sorted(range(gap + 1), key=lambda x: (abs(2 * x - gap), x)):
            in_b = gap - in_a
            if in_a >= len(a) or in_b >= len(b):
                continue
            tried += 1
            run_a, run_b = a[in_a : in_a + needed], b[in_b : in_b + needed]
            if len(run_a) == needed and list(run_a) == list(run_b):
                return (in_a, in_b), tried
    return None, tried


class Alignment:
    """Two texts, and what searches may still cost."""

    def __init__(self, a: Sequence[int], b: Sequence[int]) -> None:
        self.a, self.b = list(a), list(b)
        self.budget = SEARCHES * (len(a) + len(b)) + ALLOWANCE

    def follow(self, a: list[int], b: list[int]) -> list[Block]:
        """Equal runs of two stretches from their beginnings on, until a gap is too wide."""
        blocks = []
        i = j = 0
        while True:
            start = i
            while i < len(a) and j < len(b) and a[i] == b[j]:
                i, j = i + 1, j + 1
            if i > start:
                blocks.append((start, j - (i - start), i - start))
            if i == len(a) or j == len(b):
                return blocks
            found, tried = find_run(a[i:], b[j:], WINDOW if self.budget > 0 else NARROW)
            self.budget -= tried
            if found is None:
                return blocks
            i, j = i + found[0], j + found[1]

    def forward(self, i: int, end_a: int, j: int, end_b: int) -> list[Block]:
        return [(i + x, j + y, n) for x, y, n in self.follow(self.a[i:end_a], self.b[j:end_b])]

    def backward(self, i: int, end_a: int, j: int, end_b: int) -> list[Block]:
        found = self.follow(self.a[i:end_a][::-1], self.b[j:end_b][::-1])
        return [(end_a - x - n, end_b - y - n, n) for x, y, n in found][::-1]

    def blocks(self) -> list[Block]:
        a, b = self.a, self.b
        head = 0
        while head < min(len(a), len(b)) and a[head] == b[head]:
            head += 1
        tail = 0
        while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
            tail += 1
        end_a, end_b = len(a) - tail, len(b) - tail
        found = [(0, 0, head)] if head else []
        found += self.forward(head, end_a, head, end_b)
        i, j = ends(found)
        if min(end_a - i, end_b - j) >= ANCHOR and end_a - i + end_b - j > WINDOW:
            for p, q in longest_chain(a[i:end_a], b[j:end_b], i, j):
                if (p, q) >= (i, j) and p >= i and q >= j:
                    found += self.backward(i, p, j, q)
                    found += self.forward(p, end_a, q, end_b)
                    i, j = ends(found)
        found += self.backward(i, end_a, j, end_b)
        if tail:
            found.append((end_a, end_b, tail))
        return joined(found)


def ends(blocks: list[Block]) -> tuple[int, int]:
    if not blocks:
        return 0, 0
    x, y, n = blocks[-1]
    return x + n, y + n


def joined(blocks: list[Block]) -> list[Block]:
    """Blocks that touch in both texts made one."""
    out: list[Block] = []
    for x, y, n in blocks:
        if out and ends(out) == (x, y):
            out[-1] = (out[-1][0], out[-1][1], out[-1][2] + n)
        else:
            out.append((x, y, n))
    return out


def longest_chain(a: list[int], b: list[int], i: int, j: int) -> list[tuple[int, int]]:
    """The longest chain of k-grams that stand once in either, ascending in both.

    Of several the one that patience finds: each anchor is put behind the shortest chain it ends best.
    """
    where: list[dict[tuple[int, ...], list[int]]] = []
    for text in (a, b):
        grams = defaultdict(list)
        for x in range(len(text) - ANCHOR + 1):
            grams[tuple(text[x : x + ANCHOR])].append(x)
        where.append(grams)
    anchors = sorted(
        (i + places[0], j + where[1][gram][0])
        for gram, places in where[0].items()
        if len(places) == 1 and len(where[1].get(gram, [])) == 1
    )
    best: list[list[tuple[int, int]]] = []  # the chain of each length that ends lowest in b
    for anchor in anchors:
        length = sum(chain[-1][1] < anchor[1] for chain in best)
        chain = [*(best[length - 1] if length else []), anchor]
        best[length : length + 1] = [chain]
    return best[-1] if best else []


def align(a: Sequence[int], b: Sequence[int]) -> list[Block]:
    return Alignment(a, b).blocks()


def places(blocks: list[Block], size_a: int, size_b: int) -> list[Place]:
    """What lies between the blocks."""
    out, i, j = [], 0, 0
    for x, y, n in [*blocks, (size_a, size_b, 0)]:
        if x > i or y > j:
            out.append((i, x, j, y))
        i, j = x + n, y + n
    return out


# -- what differs ---------------------------------------------------------------------------------------------------


def kind_of(a: Sequence[int], b: Sequence[int], place: Place) -> str:
    """What stands against what."""
    i, end_a, j, end_b = place
    one, two = list(a[i:end_a]), list(b[j:end_b])
    if MASK in one + two or any(side and set(side) == {NAMELESS} for side in (one, two)):
        return "hidden"
    figures = [sum(map(is_figure, side)) for side in (one, two)]
    if any(figures):
        if [c for c in one if not is_figure(c)] == [c for c in two if not is_figure(c)]:
            return "lost" if 0 in figures else "figures" if figures[0] == figures[1] else "torn"
        return "mixed" if all(figures) else "added"
    if not one or not two:
        return "added"
    words = [c >= WORD for c in one + two]
    if any(words):
        return "words" if all(words) else "torn"
    if one[0] in NUMERALS and two[0] in NUMERALS:
        before = i
        while before > 0 and a[before - 1] in NUMERALS:
            before -= 1
        if before > 0 and a[before - 1] == NTH:
            return "ordinal"
        if set(one + two) <= NUMERALS:
            return "figures" if len(one + two) > 2 else "ordinal"
    if len(one + two) > 2 or (end_a < len(a) and a[end_a] in NAME_ENDS):
        return "names"
    return "single"


def count_places(a: Sequence[int], b: Sequence[int], blocks: list[Block]) -> dict[str, int]:
    """What the blocks and the places between them hold."""
    out: Counter[str] = Counter()
    exchanged: Counter[tuple[str, tuple[int, ...], tuple[int, ...]]] = Counter()
    short = max(len(a), len(b)) < SHORT
    for place in places(blocks, len(a), len(b)):
        i, end_a, j, end_b = place
        sizes = end_a - i, end_b - j
        out["places"] += 1
        out["gap"] = max(out["gap"], *sizes)
        out["exchanged"] = max(out["exchanged"], min(sizes))
        outermost = (i == 0 and j == 0) or (end_a == len(a) and end_b == len(b))
        if max(sizes) > VALUE:
            out["long"] += 1
        elif outermost and not short:
            out["edge"] += 1
        else:
            out["edits"] += max(sizes)
            kind = kind_of(a, b, place)
            out[kind] += 1
            before_name_end = end_a < len(a) and a[end_a] in NAME_ENDS
            if kind == "names" and (before_name_end or {a[end_a - 1], b[end_b - 1]} <= NAME_ENDS):
                out["named"] += 1
            if kind in ("figures", "names", "mixed", "words"):
                exchanged[kind, tuple(a[i:end_a]), tuple(b[j:end_b])] += 1
    for (kind, _, _), times in exchanged.items():
        if times > 1:
            out["repeated"] += times
            if kind == "words":
                out["repeated_words"] += times
            elif kind == "names":
                out["repeated_names"] += times
    for x, _, n in blocks:
        out["equal"] += n
        out["longest"] = max(out["longest"], n)
        out["same_figures"] += sum(map(is_figure, a[x : x + n]))
    return {name: count for name, count in out.items() if count}


# -- labels ---------------------------------------------------------------------------------------------------------


def is_templated(of: dict[str, int], coverage: float, shorter: int, longer: int) -> bool:
    """One body of text in which values stand against values."""
    repeated_words = of.get("repeated_words", 0)
    figures, names, mixed, named = (of.get(name, 0) for name in ("figures", "names", "mixed", "named"))
    values = figures + names + mixed + repeated_words
    words = of.get("words", 0) - repeated_words
    if values == 0:
        return False
    typed = values / (values + of.get("single", 0) + of.get("added", 0) + of.get("torn", 0))
    of_all = values / (values + of.get("single", 0) + of.get("added", 0) + of.get("torn", 0) + words)
    changed = figures / max(1, figures + of.get("same_figures", 0))
    body = (
        coverage >= 0.6
        or (longer < SHORT and coverage >= 0.45)
        or (coverage >= 0.4 and (of.get("exchanged", 0) <= 48 or values >= 8))
        or (coverage >= 0.3 and of.get("equal", 0) >= 0.8 * shorter and values >= 5)
    )
    if not body:
        return False
    certain = figures + mixed + repeated_words + max(named, of.get("repeated_names", 0))
    dense = values / shorter >= 0.0025 or named >= 3
    if values >= 3 and certain >= 2 and 3 * certain >= values and typed >= 0.5 and of_all >= 0.2 and dense:
        return True
    if words and figures and changed >= 0.4 and of_all >= 0.2:
        return True
    if values > 2 or typed < 0.5 or of_all < 0.5:
        return False
    if values == figures:
        return changed >= 0.15 and values / shorter >= 0.0035
    if values == 2 and certain == 2:
        return True
    return longer < SHORT and (certain > 0 or values == 2 or coverage < 0.8)


def label(
    a: Sequence[int],
    b: Sequence[int],
    *,
    alike: bool,
    covered: tuple[int, int] | None = None,
    longest: int = 0,
    furniture: tuple[int, int] = (0, 0),
) -> str:
    """What two texts are to each other; `covered`, `longest`, `furniture` are tokens of passages they share."""
    if not a or not b:
        return ""
    of = count_places(a, b, align(a, b))
    equal, gap = of.get("equal", 0), of.get("gap", 0)
    shorter, longer = sorted((len(a), len(b)))
    coverage = equal / longer
    if not of.get("places"):
        return "exact"
    if is_templated(of, coverage, shorter, longer):
        return "templated"
    reworked = coverage >= 0.3 and gap <= min(0.3 * shorter, 250) and of["places"] >= 3
    if coverage >= 0.75 or (alike and coverage >= 0.55 and gap <= 250) or reworked:
        return "near"
    if covered is None:
        covered, longest = (equal, equal), of.get("longest", 0)
    if longest >= 100 or (covered[0] if len(a) <= len(b) else covered[1]) >= 0.5 * shorter:
        return "partial"
    if all(furniture) and not alike:
        return "boilerplate"
    return "near" if alike else ""
