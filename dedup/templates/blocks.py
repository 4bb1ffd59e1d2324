"""Lines that stand again and again with other values: lists, and the texts of their items."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from dedup.documents.kernels import MASK_CODE, NUMBER_TAG
from dedup.templates.frame import Frame, align
from dedup.templates.growth import Grown, line_starts
from dedup.templates.tokens import NEWLINE, Tokens

ALIKE = 0.4  # share of the longer of two lines that is equal, numbers aside
LEAST_EQUAL = 4  # tokens
LEAST_LINES = 2
SAME = 0.6  # share of the texts that have the same items: then these are no values
NUMERALS = frozenset(map(ord, "一二三四五六七八九十"))


class Items(NamedTuple):
    """Lines of the sequence that are one line with other values, and the tokens they are in every text.

    Attributes
    ----------
    first, stop : int
        Tokens of the sequence.
    texts : list of list of Tokens
        For every text, the items in it.
    """

    first: int
    stop: int
    texts: list[list[Tokens]]


def find_lists(grown: Grown, sample: list[Tokens]) -> list[Items]:
    """Runs of lines that are alike.

    Parameters
    ----------
    grown : Grown
    sample : list of Tokens

    Returns
    -------
    lists : list of Items
        In order and apart. The first line of a text is in none: it begins with no line end.
    """
    keys = grown.keys
    starts = line_starts(keys)
    if len(starts) < 2 + LEAST_LINES:
        return []
    lines = [(a, b) for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True) if keys[a] == NEWLINE]
    found = []
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and _are_alike(keys[slice(*lines[end - 1])], keys[slice(*lines[end])]):
            end += 1
        if end - at >= LEAST_LINES:
            first, stop = lines[at][0], lines[end - 1][1]
            texts = [_items(tokens, one.at, first, stop) for tokens, one in zip(sample, grown.aligned, strict=True)]
            if any(len(items) > 1 for items in texts) and _differ(texts):
                found.append(Items(first, stop, texts))
        at = end
    return found


def _differ(texts: list[list[Tokens]]) -> bool:
    """Whether the texts have other items, or more; else the lines are words, however alike they are."""
    sizes = Counter(map(len, texts))
    if sizes.most_common(1)[0][1] < SAME * len(texts):
        return True
    shares = []
    for turn in range(max(sizes)):
        items = [items[turn].keys.tobytes() for items in texts if len(items) > turn]
        shares.append(Counter(items).most_common(1)[0][1] / len(items))
    return float(np.mean(shares)) < SAME


def _are_alike(a: np.ndarray, b: np.ndarray) -> bool:
    longer = max(len(a), len(b))
    if longer > 4 * min(len(a), len(b)):
        return False
    one, two = _pattern(a), _pattern(b)
    at = align(Frame.solid(one), two).at
    equal = int((at >= 0).sum())
    return equal >= max(LEAST_EQUAL, ALIKE * longer)


def _pattern(keys: np.ndarray) -> np.ndarray:
    """Numbers, masks and Chinese numerals all the same."""
    folded = np.where((keys >= NUMBER_TAG) | (keys == MASK_CODE), np.uint32(NUMBER_TAG), keys)
    return np.where(np.isin(keys, np.array(sorted(NUMERALS), np.uint32)), np.uint32(NUMBER_TAG), folded)


def _items(tokens: Tokens, at: np.ndarray, first: int, stop: int) -> list[Tokens]:
    """The lines of a text between the tokens that stand before and behind the list in the sequence."""
    before, behind = np.flatnonzero(at[:first] >= 0), np.flatnonzero(at[stop:] >= 0)
    start = int(at[before[-1]]) + 1 if len(before) else 0
    end = int(at[stop + behind[0]]) if len(behind) else len(tokens.keys)
    breaks = np.flatnonzero(tokens.keys[start:end] == NEWLINE) + start
    bounds = [*breaks.tolist(), end]
    return [part(tokens, a, b) for a, b in zip(bounds, bounds[1:], strict=False)]


def part(tokens: Tokens, first: int, stop: int) -> Tokens:
    """Some tokens of a text; their places are still those of the whole."""
    return Tokens(tokens.text, tokens.keys[first:stop], tokens.start[first:stop], tokens.end[first:stop])
