"""InfoShield as published (Lee, Vajiac, Kulshrestha, Levy, Park, Jones, Rabbany, Faloutsos, ICDE 2021).

Written from the paper for comparison only. Coarse: texts that share one of their ten heaviest 5-grams (tf-idf) are
connected. Fine: in each component texts that cost fewer bits beside the first one than alone are aligned in a partial
order; the consensus is the one with the least bits, and a gap becomes a slot if that takes bits off the total.

Kinder than its program, which deletes digits and all that is not ASCII, counts 5-grams that only one text has, and
drops words beside a slot because no single edge leads on from them: here a word needs support, not an edge.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein

from benchmarks.templates import Answer, Found
from benchmarks.templates.partial_order import Graph
from benchmarks.templates.words import WORDS, Token, tokens

PHRASE, HEAVIEST = 5, 10
Key = list[int]
Gap = dict[int, tuple[int, int]]
"""Of one text: tokens between two that stand in the template, by the place of the first of them, -1 at the head."""


class Infoshield:
    """Words or characters for tokens."""

    def __init__(self, unit: str = WORDS) -> None:
        self._unit = unit

    def read(self, texts: Sequence[str]) -> Answer:
        cut = [tokens(text, self._unit) for text in texts]
        begin = time.perf_counter()
        keys, bits = _numbered(cut)
        kinds = _fine(list(range(len(keys))), keys, bits)
        members: list[list[Found] | None] = [None] * len(texts)
        for number, kind in enumerate(kinds):
            for text in kind.texts:
                members[text] = kind.values(cut[text], keys[text], number)
        return Answer(members, building=time.perf_counter() - begin)

    def families(self, texts: Sequence[str]) -> list[int]:
        keys, bits = _numbered([tokens(text, self._unit) for text in texts])
        classes = [-1 - text for text in range(len(texts))]
        found = 0
        for component in _coarse(keys):
            for kind in _fine(component, keys, bits):
                for text in kind.texts:
                    classes[text] = found
                found += 1
        return classes


@dataclass(slots=True)
class Kind:
    """A template: its tokens, the texts of it, and the places behind which a slot is open."""

    template: Key
    texts: list[int]
    slots: set[int] = field(default_factory=set)

    def values(self, cut: Sequence[Token], key: Key, number: int) -> list[Found]:
        """What stands in the slots of one text."""
        gaps = _gaps(self.template, key)[0]
        return [
            Found(cut[start].start, cut[end - 1].end, (number << 20) + place + 1)
            for place, (start, end) in gaps.items()
            if place in self.slots and end > start
        ]


def _numbered(cut: Sequence[Sequence[Token]]) -> tuple[list[Key], int]:
    """The tokens as numbers, and the bits one of them costs."""
    known: dict[str, int] = {}
    keys = [[known.setdefault(token.text, len(known)) for token in line] for line in cut]
    return keys, max(1, math.ceil(math.log2(max(2, len(known)))))


def _coarse(keys: Sequence[Key]) -> list[list[int]]:
    """Components of the graph of texts and their heaviest phrases."""
    phrases = [Counter(zip(*(key[at:] for at in range(PHRASE)), strict=False)) for key in keys]
    spread = Counter(phrase for counted in phrases for phrase in counted)
    head = list(range(len(keys)))

    def find(text: int) -> int:
        while head[text] != text:
            head[text] = head[head[text]]
            text = head[text]
        return text

    holder: dict[tuple[int, ...], int] = {}
    for text, counted in enumerate(phrases):
        heavy = {
            phrase: (1 + math.log(times)) * (1 + math.log((1 + len(keys)) / (1 + spread[phrase])))
            for phrase, times in counted.items()
            if spread[phrase] > 1
        }
        for phrase in sorted(heavy, key=lambda phrase: (-heavy[phrase], phrase))[:HEAVIEST]:
            head[find(text)] = find(holder.setdefault(phrase, text))
    components = defaultdict(list)
    for text in range(len(keys)):
        components[find(text)].append(text)
    return [texts for texts in components.values() if len(texts) > 1]


def _fine(texts: Sequence[int], keys: Sequence[Key], bits: int) -> list[Kind]:
    """Templates among the texts of one component, each text in one or none."""
    left = [text for text in texts if keys[text]]
    found: list[Kind] = []
    while len(left) > 1:
        first = keys[left[0]]
        chosen = [left[0]]
        graph = Graph(first)
        for text in left[1:]:
            if _aligned_bits(first, keys[text], bits, set()) < _plain_bits(keys[text], bits):
                chosen.append(text)
                graph.add(keys[text])
        if len(chosen) > 1:
            kind = Kind(_consensus(graph, [keys[text] for text in chosen], bits), chosen)
            _open_slots(kind, keys, bits)
            alone = sum(_plain_bits(keys[text], bits) for text in chosen)
            together = _template_bits(kind, bits) + len(chosen) * math.ceil(math.log2(len(found) + 1))
            together += sum(_aligned_bits(kind.template, keys[text], bits, kind.slots) for text in chosen)
            if together < alone:
                found.append(kind)
        left = [text for text in left if text not in set(chosen)]
    return found


def _consensus(graph: Graph, keys: Sequence[Key], bits: int) -> Key:
    """The consensus of least cost, by dichotomous search over the support that a token must have."""
    costs: dict[int, int] = {}

    def cost(support: int) -> int:
        if support not in costs:
            template = graph.consensus(support)
            costs[support] = _template_bits(Kind(template, []), bits)
            costs[support] += sum(_aligned_bits(template, key, bits, set()) for key in keys)
        return costs[support]

    low, high = 0, len(keys) - 1
    while low < high:
        middle = (low + high) // 2
        if cost(middle) <= cost(middle + 1):
            high = middle
        else:
            low = middle + 1
    return graph.consensus(low)


def _open_slots(kind: Kind, keys: Sequence[Key], bits: int) -> None:
    """Opens a slot behind each place where that takes bits off, one after the other."""
    wrong, length = [], []
    by_place: dict[int, dict[int, int]] = defaultdict(dict)
    for number, text in enumerate(kind.texts):
        gaps, edits, columns = _gaps(kind.template, keys[text])
        wrong.append(edits)
        length.append(columns)
        for place, (start, end) in gaps.items():
            if end > start:
                by_place[place][number] = end - start
    nodes = max(2, len(kind.template))
    for place, held in by_place.items():
        opened = len(kind.slots)
        before = _star(opened) + opened * math.ceil(math.log2(nodes))
        after = _star(opened + 1) + (opened + 1) * math.ceil(math.log2(nodes)) + len(kind.texts)
        after += sum(_star(size) + size * bits for size in held.values())
        for number, size in held.items():
            each = math.ceil(math.log2(max(2, length[number]))) + 2 + bits
            before += wrong[number] * each
            after += (wrong[number] - size) * each
        if after < before:
            kind.slots.add(place)
            for number, size in held.items():
                wrong[number] -= size


def _star(number: int) -> int:
    """Bits of a whole number whose size is not known."""
    return 2 * math.ceil(math.log2(number)) + 1 if number else 0


def _plain_bits(key: Key, bits: int) -> int:
    return _star(len(key)) + len(key) * bits


def _template_bits(kind: Kind, bits: int) -> int:
    places = math.ceil(math.log2(max(2, len(kind.template))))
    return _star(len(kind.template)) + len(kind.template) * bits + (len(kind.slots) + 1) * places


def _aligned_bits(template: Key, key: Key, bits: int, slots: set[int]) -> int:
    """A text beside a template: which columns match, what stands in the slots, and each other token by itself."""
    gaps, edits, columns = _gaps(template, key)
    total = _star(columns) + columns
    written = sum(end - start for start, end in gaps.values())
    for place, (start, end) in gaps.items():
        if place in slots:
            total += 1 + _star(end - start) + (end - start) * bits
            edits -= end - start
            written -= end - start
    return total + max(0, edits) * (math.ceil(math.log2(max(2, columns))) + 2) + written * bits


def _gaps(template: Key, key: Key) -> tuple[Gap, int, int]:
    """The gaps, how many tokens are put in, left out or replaced, and the columns of the alignment."""
    gaps: Gap = {}
    edits = columns = 0
    place = -1
    for step in Levenshtein.opcodes(template, key):
        size = max(step.src_end - step.src_start, step.dest_end - step.dest_start)
        columns += size
        if step.tag == "equal":
            place = step.src_end - 1
            continue
        edits += size
        start, _ = gaps.get(place, (step.dest_start, 0))
        gaps[place] = start, step.dest_end
    return gaps, edits, columns
