"""Some texts of a family → one sequence of tokens that holds what any two of them have: a text, and what others add.

The text in the middle lacks paragraphs that others have; they are put into it until nothing of weight is missing. What
comes out is no text of the family, but every other one is it with parts left out and values exchanged.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from dedup.templates import kernels
from dedup.templates.frame import Aligned, Frame, align, places
from dedup.templates.tokens import NEWLINE, SIGN_TAG, Tokens

LEAST_STRETCH = 8  # tokens that are put into the centre
MOST_ROUNDS = 8
FEW = 8  # texts, up to which what only one of them has counts
SLIGHT = 4  # times as many tokens are there as give way to them
VOTING = 4  # texts, from which on votes sort out what is equal by chance
UNLIKE, LONGEST_CHANCE = 0.3, 8  # share of two lines that is equal, and tokens in a row, in lines that are not one
OPENING_OF_MANY, OPENING_OF_FEW = 5, 20  # what a differing place costs
FULL_STOP = 0x3002


class Grown(NamedTuple):
    """The sequence, and how the texts lie in it.

    Attributes
    ----------
    keys : ``[t] uint32``
    raw : list of str
        The characters of each token, from the text that brought it.
    aligned : list of Aligned
    """

    keys: np.ndarray
    raw: list[str]
    aligned: list[Aligned]


def grow(sample: list[Tokens]) -> Grown:
    """Put together the sequence.

    Parameters
    ----------
    sample : list of Tokens
        Two or more.

    Returns
    -------
    grown : Grown
    """
    opening = OPENING_OF_FEW if len(sample) < VOTING else OPENING_OF_MANY
    centre = sample[_middle(sample)]
    keys = centre.keys
    raw = [centre.raw(i, i + 1) for i in range(len(keys))]
    enough = 1 if len(sample) <= FEW else max(2, len(sample) // 50)
    for _ in range(MOST_ROUNDS):
        aligned = _aligned(keys, sample, opening)
        added = _missing(keys, sample, aligned, enough)
        if not added:
            break
        keys, raw = _with(keys, raw, added)
    else:
        aligned = _aligned(keys, sample, opening)
    kept = _kept(keys, aligned, enough)
    if not kept.all():
        keys, raw = keys[kept], [one for one, stays in zip(raw, kept.tolist(), strict=True) if stays]
        aligned = _aligned(keys, sample, opening)
    return Grown(keys, raw, aligned)


def _aligned(keys: np.ndarray, sample: list[Tokens], opening: int) -> list[Aligned]:
    frame = Frame.solid(keys)
    aligned = [align(frame, tokens.keys, opening=opening) for tokens in sample]
    for one, tokens in zip(aligned, sample, strict=True):
        kernels.part_lines(one.at, keys, tokens.keys, NEWLINE, UNLIKE, LONGEST_CHANCE)
        kernels.slide(one.at, keys, tokens.keys, NEWLINE, SIGN_TAG | FULL_STOP, SIGN_TAG)
    return aligned


def _kept(keys: np.ndarray, aligned: list[Aligned], enough: int) -> np.ndarray:
    """Which tokens stay, ``bool``: not a line that stood elsewhere after all and now is in too few texts."""
    starts = line_starts(keys)
    there = np.stack([np.add.reduceat(one.at >= 0, starts[:-1]) for one in aligned]) * 2 >= np.diff(starts)
    return np.repeat(there.sum(axis=0) >= enough, np.diff(starts))


def line_starts(keys: np.ndarray) -> np.ndarray:
    """Where lines begin, each with the line end before it, ``int64``; and the end of the last."""
    breaks = np.flatnonzero(keys == NEWLINE)
    return np.unique(np.concatenate([[0], breaks, [len(keys)]]))


def _middle(sample: list[Tokens]) -> int:
    """The text of median length."""
    sizes = [len(tokens.keys) for tokens in sample]
    return sorted(range(len(sample)), key=lambda i: (sizes[i], i))[len(sample) // 2]


class _Stretch(NamedTuple):
    before: int
    sure: bool  # whether nothing of the sequence gave way to it: then nothing else can be its place
    tokens: Tokens
    start: int
    end: int


class _Group(NamedTuple):
    """Stretches that say the same, wherever they stand."""

    grams: set[bytes]
    stretches: list[_Stretch]

    def longest(self) -> _Stretch:
        """The longest of those that stand where most of them do; those that are sure of it, if any are."""
        sure = [stretch for stretch in self.stretches if stretch.sure] or self.stretches
        place = Counter(stretch.before for stretch in sure).most_common(1)[0][0]
        return max(
            (stretch for stretch in sure if stretch.before == place), key=lambda stretch: stretch.end - stretch.start
        )


def _missing(keys: np.ndarray, sample: list[Tokens], aligned: list[Aligned], enough: int) -> list[_Stretch]:
    """The stretches that enough texts have and the sequence has not, each the longest of those that say the same."""
    groups: list[_Group] = []
    known: dict[bytes, int] = {}
    for one, tokens in zip(aligned, sample, strict=True):
        for place in places(one.at, len(tokens.keys)):
            if place.end - place.start < LEAST_STRETCH:
                continue
            sure = place.first == place.stop
            little = SLIGHT * (place.stop - place.first) <= place.end - place.start  # an edit beside it
            if little or (_are_lines(keys, place.first, place.stop) and _are_lines(tokens.keys, *place[2:])):
                _put(groups, known, _Stretch(place.stop, sure, tokens, place.start, place.end))
    added: dict[int, _Stretch] = {}
    for group in sorted(groups, key=lambda group: len(group.stretches), reverse=True):
        longest = group.longest()
        # Two at one place: the next round will tell which is the first.
        if len(group.stretches) >= enough and longest.before not in added:
            added[longest.before] = longest
    return [added[before] for before in sorted(added)]


def _put(groups: list[_Group], known: dict[bytes, int], stretch: _Stretch) -> None:
    """Put a stretch to those that say the same; `known` tells in which group three tokens in a row stand."""
    grams = _grams(stretch.tokens.keys[stretch.start : stretch.end])
    common = Counter(known[gram] for gram in grams if gram in known)
    number, count = common.most_common(1)[0] if common else (0, 0)
    if not common or count <= UNLIKE * min(len(grams), len(groups[number].grams)):
        number = len(groups)
        groups.append(_Group(set(), []))
    groups[number].stretches.append(stretch)
    groups[number].grams.update(grams)
    for gram in grams:
        known.setdefault(gram, number)


def _are_lines(keys: np.ndarray, first: int, stop: int) -> bool:
    """Whether some tokens are whole lines, each with the line end before it."""
    return stop > first and bool(keys[first] == NEWLINE) and (stop == len(keys) or bool(keys[stop] == NEWLINE))


def _grams(keys: np.ndarray) -> set[bytes]:
    """Three tokens in a row, everywhere."""
    data = keys.tobytes()
    return {data[4 * i : 4 * i + 12] for i in range(len(keys) - 2)}


def _with(keys: np.ndarray, raw: list[str], added: list[_Stretch]) -> tuple[np.ndarray, list[str]]:
    parts, strings, done = [], [], 0
    for stretch in added:
        parts += [keys[done : stretch.before], stretch.tokens.keys[stretch.start : stretch.end]]
        strings += raw[done : stretch.before]
        strings += [stretch.tokens.raw(i, i + 1) for i in range(stretch.start, stretch.end)]
        done = stretch.before
    return np.concatenate([*parts, keys[done:]]), strings + raw[done:]
