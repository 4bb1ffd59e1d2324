"""What texts cost in bits, one by one and by a template; which slots pay."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rapidfuzz.distance.Indel import normalized_similarity as ratio
from rapidfuzz.distance.Levenshtein import distance

from dedup.templates.tokens import Tokens, is_sign, is_value, tokenise

if TYPE_CHECKING:
    from dedup.templates.project import Matcher, Reading

MODAL = 0.7  # share of one value from which on it is no value but words; and the rest are edits
FEW = 3  # values, among which no majority outvotes an edit and no bits are saved
AGAIN = 0.15  # share of the texts in which another figure stands, from which on the figure is a value all the same
LEAST_TOKENS = 2  # characters that give way to others, where no vote tells an edit from a value
ALIKE = 0.7  # similarity of two values of which one may be the other mistyped; of names it is lower
MISSPELLED = 0.6  # the same where most texts have one value that all the others are like
LEAST_MODE = 0.25  # share of the texts that have it
MISTYPED = 3  # characters, from which on a figure with another digit may be one mistyped
MANY = 10  # texts, among which a figure that only one has otherwise is an edit


class Costs(NamedTuple):
    """Bits of a token and of a place in the template.

    Attributes
    ----------
    token : float
        Of one token: any of those the texts have.
    place : float
        To say where something differs.
    alone : float
        Of all the texts, each by itself.
    words : int
        In the template, blocks told once.
    slots : int
    """

    token: float
    place: float
    alone: float
    words: int
    slots: int

    @classmethod
    def of(cls, matcher: Matcher, sample: Sequence[Tokens]) -> Costs:
        """Costs among the tokens of some texts."""
        token = math.log2(max(2, len(np.unique(np.concatenate([tokens.keys for tokens in sample])))))
        words = sum(1 for _, turn in matcher.home if turn == 0)
        return cls(
            token,
            math.log2(max(2, words)),
            sum(len(tokens.keys) * token + length_bits(len(tokens.keys)) for tokens in sample),
            words,
            matcher.slot_count,
        )

    def compression(self, readings: Sequence[Reading]) -> float:
        """Bits by the template, by bits without (InfoShield, section IV-B); values by the best code of their slot."""
        told = self.words * self.token
        columns: list[list[str]] = [[] for _ in range(self.slots)]
        for reading in readings:
            told += reading.values.edits * (self.token + self.place) + len(reading.values.blocks)
            for column, spans in zip(columns, reading.values.slots, strict=True):
                column += [span.text for span in spans]
        told += sum(_as_slot(Counter(column), self) for column in columns if column)
        return told / self.alone

    def concentration(self, readings: Sequence[Reading]) -> float:
        """Share of the differing tokens that lie in slots."""
        edits = sum(reading.values.edits for reading in readings)
        columns: list[list[str]] = [[] for _ in range(self.slots)]
        for reading in readings:
            for slot, spans in enumerate(reading.values.slots):
                columns[slot] += [span.text for span in spans]
        differing = 0
        for column in columns:
            mode = Counter(column).most_common(1)[0][0] if column else ""
            differing += sum(max(1, _tokens(value)) for value in column if value != mode)
        return differing / (differing + edits) if differing + edits else 0.0


@functools.lru_cache(maxsize=1 << 14)
def _tokens(value: str) -> int:
    """About how many tokens a value has: figures and words of letters are one each."""
    count, inside = 0, False
    for char in value:
        joins = char.isascii() and (char.isalnum() or char in ".,-")
        count += not (joins and inside)
        inside = joins
    return count


def length_bits(count: int) -> float:
    """Bits that say how long a value is."""
    return 2 * math.log2(count + 1) + 1


def worth(values: Sequence[str], costs: Costs) -> bool:
    """Whether a slot with these values is one: not the same value nearly everywhere, and fewer bits than as words.

    Parameters
    ----------
    values : sequence of str
        Raw values, one for each time the slot stands.
    costs : Costs

    Returns
    -------
    kept : bool
    """
    if len(values) < 2:
        return False
    counts = Counter(map(_plain, values))
    if len(counts) < 2:
        return False
    mode, most = counts.most_common(1)[0]
    others = [value for value in counts.elements() if value != mode]
    if len(values) <= FEW:
        return _tells(list(counts)) and (len(others) >= min(2, len(values) - 1) or _are_figures(mode, others))
    # A word of letters is one token: mistyped it is another, but one like it, and hardly twice the same.
    if most >= LEAST_MODE * len(values) and not is_figure(mode):
        most += sum(count == 1 and ratio(mode, value) >= MISSPELLED for value, count in counts.items() if value != mode)
    if most >= MODAL * len(values) and not (
        _are_figures(mode, others) and len(others) >= max(1 if len(values) < MANY else 2, AGAIN * len(values))
    ):
        return False
    return _as_slot(counts, costs) < _as_words(counts, mode, costs)


def _plain(value: str) -> str:
    return value.strip()


def is_figure(value: str) -> bool:
    """Whether a number or a mask stands in a value."""
    return bool(is_value(tokenise(value).keys).any()) if value else False


def _are_figures(mode: str, others: Sequence[str]) -> bool:
    """Whether figures stand against a figure, and not the same one mistyped."""
    return is_figure(mode) and all(is_figure(value) and not _alike(mode, value) for value in others)


def _tells(values: Sequence[str]) -> bool:
    """Whether two or three values are values, not edits: figures, or several characters against several others."""
    if any(is_figure(value) for value in values):
        return True
    sizes = [int((~is_sign(tokenise(value).keys)).sum()) for value in values]
    if min(sizes) < 1 or any(_alike(a, b) for a, b in combinations(values, 2)):
        return False
    return max(map(len, values)) >= LEAST_TOKENS


def _alike(one: str, other: str) -> bool:
    """Whether one of two values is the other with a letter or a few exchanged, put in or left out."""
    if is_figure(one) and is_figure(other):
        return max(len(one), len(other)) >= MISTYPED and distance(one, other) == 1
    return ratio(one, other) >= ALIKE


def _as_slot(counts: Counter[str], costs: Costs) -> float:
    """Every value told as often as it stands; or once, and then only which of them it is."""
    outright, once, lengths = 0.0, 0.0, Counter[int]()
    for value, count in counts.items():
        size = _tokens(value)
        outright += count * size * costs.token
        once += size * costs.token + length_bits(size)
        lengths[size] += count
    outright += _entropy_bits(lengths) + sum(map(length_bits, lengths))
    return costs.place + min(outright, once + _entropy_bits(counts))


def _entropy_bits(counts: Counter[Any]) -> float:
    """Bits that say of everything counted which it is, told in the best code."""
    total = counts.total()
    return -sum(count * math.log2(count / total) for count in counts.values())


def _as_words(counts: Counter[str], mode: str, costs: Costs) -> float:
    """One value as words, every other one as an edit."""
    told = _tokens(mode) * costs.token
    for value, count in counts.items():
        if value != mode:
            told += count * (costs.place + max(1, _tokens(value)) * costs.token + length_bits(_tokens(value)))
    return told
