"""Families → how their members differ: in slots, each with values of its own, or anywhere and in other words.

A central member is aligned to some others. Its *columns* are its tokens; a column where many others were edited is a
slot. What stands in a slot is a figure, or something else in each member; where a few phrasings take turns instead,
writers said the same thing in their own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.documents.kernels import MASK_CODE, NUMBER_TAG
from dedup.documents.normalise import Codes
from dedup.reasons import kernels as reasons
from dedup.templates.families import kernels

SAMPLE = 50  # members that are looked at
# A column is a slot where so many of the others were edited,
LEAST_EDITED, EDITED = 2, 0.3
# unless that many were and so many of them agree: then the central member is the one that was edited.
CENTRE_EDITED, AGREE = 0.7, 0.8
# What stands in a slot and is no figure is a value if nearly each member has its own: phrasings take turns.
FILLED, DISTINCT, MANY_VALUES = 0.6, 0.5, 6
PHRASE = 4  # tokens of the longest name
# Of planted families 99 % have less than .05 reworded, and .25 in phrases; articles of laws that say the same in other
# words .2 to .6 together.
MOST_REWORDED, MOST_PHRASES = 0.1, 0.36
# A value gives way to another; writers add a word or leave one out. Of planted families 95 % have less than .04 of such
# places in slots, of families of articles half have .5 and more; bulletins up to .3, where most places are figures.
MOST_ADDED, ADDED_TO_FIGURES, FEW_TO_FIGURES = 0.15, 0.42, 0.7
LEAST_REWORDED = 0.04  # in words; noise of 3 % makes .03
LEAST_PHRASINGS = 1.5  # a member: one alone is a choice of a few names
SEVERAL = 4  # others beside the central member
# Noise adds, leaves out and makes other words as well: where so many slots are filled it is that.
MANY_FILLED, MORE_FILLED, MOST_FILLED = 4, 7, 10  # places a member

IN_FRAME = 0.9  # of the members of a family of lines
LONGEST_LINE = 32  # tokens

NUMERALS = np.array([ord(char) for char in "一二三四五六七八九十百千万亿零〇两"], np.uint32)


class Sampled(NamedTuple):
    """Pairs of a central member with others of its family, ``[p] int64`` each, family by family.

    Attributes
    ----------
    centre, other : ``[p] int64``
    family : ``[p] int64``
        Which family, ascending.
    sizes : ``[f] int64``
        Pairs of each family.
    """

    centre: np.ndarray
    other: np.ndarray
    family: np.ndarray
    sizes: np.ndarray


class Edits(NamedTuple):
    """How the members of families differ, ``[f] float64`` each.

    Attributes
    ----------
    concentration : share of edited columns that are slots
    figures : share of differing places, blocks left out, where figures stand against figures in a slot; if there are
        fewer than one a member, these
    reworded : share of tokens that are neither constant nor figures nor values of a slot
    phrases : share of tokens in values of a slot that are longer than names
    added : share of places in slots, no longer than a value, where one has something and the other nothing; of few
        members, whose slots are hardly seen, share of all places, blocks too
    exchanged : share of the same places where figures stand against figures
    values : share of differing places, blocks left out, where a slot is filled with a figure or something else
    filled : such places a member
    phrasings : places a member that are neither constant nor figures nor values of a slot
    """

    concentration: np.ndarray
    figures: np.ndarray
    reworded: np.ndarray
    phrases: np.ndarray
    added: np.ndarray
    exchanged: np.ndarray
    values: np.ndarray
    filled: np.ndarray
    phrasings: np.ndarray


def sample_families(codes: Codes, families: Sequence[np.ndarray], seed: int = 1) -> Sampled:
    """Of each family pairs of its central member, the one of median length, with the others of a sample."""
    random = np.random.default_rng(seed)
    centres, others = [], [np.empty(0, np.int64)]
    for family in families:
        rows = np.asarray(family, np.int64)
        if len(rows) > SAMPLE:
            rows = rows[np.sort(random.choice(len(rows), SAMPLE, replace=False))]
        lengths = codes.offsets[rows + 1] - codes.offsets[rows]
        middle = np.argsort(lengths, kind="stable")[len(rows) // 2]
        centres.append(int(rows[middle]))
        others.append(np.delete(rows, middle))
    sizes = np.array([len(rows) for rows in others[1:]], np.int64)
    centre = np.repeat(np.array(centres, np.int64), sizes)
    return Sampled(centre, np.concatenate(others), np.repeat(np.arange(len(sizes)), sizes), sizes)


def measure_edits(codes: Codes, sampled: Sampled, executor: Executor) -> Edits:
    """How the members of families differ, by the places where others of a sample differ from the central member.

    Parameters
    ----------
    codes : Codes
        Text views.
    sampled : Sampled
        As `sample_families` gives it.
    executor : Executor

    Notes
    -----
    About 10 ns a token of the sampled members.
    """
    places, keys = _all_places(codes, sampled, executor)
    pair, _, _, size, kind, _ = places.T
    family, count = sampled.family[pair], len(sampled.sizes)
    others = sampled.sizes[family]
    votes, agreeing, distinct, width = _most_edited(codes, family, places, keys)
    centre = (votes >= CENTRE_EDITED * others) & (agreeing >= AGREE * votes) & (others > 1)
    slot = ~centre & (votes >= np.maximum(LEAST_EDITED, EDITED * others))
    value = size <= reasons.VALUE
    edited = np.bincount(family, width * (value & ~centre), minlength=count)
    in_slots = np.bincount(family, width * (value & slot), minlength=count)
    other = (kind != kernels.BLOCK) & (kind != kernels.HIDDEN) & ~centre
    figure = kind == kernels.VALUE
    lengths = np.diff(codes.offsets)
    tokens = np.bincount(sampled.family, np.maximum(lengths[sampled.centre], lengths[sampled.other]), minlength=count)
    filled = (
        other & ~figure & slot & (distinct >= np.minimum(DISTINCT * votes, MANY_VALUES)) & (votes >= FILLED * others)
    )

    def per(weights: np.ndarray, total: np.ndarray) -> np.ndarray:
        return np.bincount(family, weights, minlength=count) / np.maximum(1, total)

    few = others < SEVERAL
    added = (value & (kind == kernels.ADDED) & (slot | few)) | (few & (kind == kernels.BLOCK))
    seen = added | (value & (slot | few) & ((kind == kernels.VALUE) | (kind == kernels.OTHER)))
    figures = figure & slot
    columns = np.zeros(count)
    columns[sampled.family] = lengths[sampled.centre]
    by_chance = chance_concentration(edited / np.maximum(1, columns * sampled.sizes), sampled.sizes)
    return Edits(
        np.maximum(0, in_slots / np.maximum(1, edited) - by_chance) / (1 - by_chance),
        np.minimum(per(figures, np.bincount(family, other, minlength=count)), per(figures, sampled.sizes)),
        per(size * (other & ~figure & ~filled), tokens),
        per(size * (filled & (size > PHRASE)), tokens),
        per(added, np.bincount(family, seen, minlength=count)),
        per(seen & figure, np.bincount(family, seen, minlength=count)),
        per(figures | filled, np.bincount(family, other, minlength=count)),
        per(figures | filled, sampled.sizes),
        per(other & ~figure & ~filled, sampled.sizes),
    )


def chance_concentration(rate: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The slot concentration, below 1, of edits that fall on columns at some `rate` by chance, ``[f] float64``.

    Words of a language with spaces are few and long: where 3 % of the characters are damaged, one in six is another
    word, and of four texts two are edited in the same place often enough.
    """
    rate = np.clip(rate, 0, 0.9)[:, None]
    edits = np.arange(SAMPLE)[None, :]
    n = others[:, None]
    log_choose = _log_factorial(n) - _log_factorial(edits) - _log_factorial(np.maximum(0, n - edits))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.exp(log_choose + edits * np.log(rate) + (n - edits) * np.log1p(-rate))
    share = np.where((edits <= n) & (rate > 0), share, 0.0) * edits
    in_slots = (share * (edits >= np.maximum(LEAST_EDITED, EDITED * n))).sum(axis=1)
    return np.minimum(0.99, in_slots / np.maximum(1e-12, share.sum(axis=1)))


def _log_factorial(n: np.ndarray) -> np.ndarray:
    table = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, SAMPLE + 1)))])
    return table[n]


def count_filled(
    codes: Codes, sampled: Sampled, asked: np.ndarray, executor: Executor
) -> tuple[np.ndarray, np.ndarray]:
    """Places of some pairs where their central member has a slot and each another value; and elsewhere.

    Parameters
    ----------
    codes : Codes
    sampled : Sampled
    asked : ``[p] bool``
        Which of its pairs, one of each family.
    executor : Executor

    Returns
    -------
    filled, elsewhere : ``[f] int64``
    """
    places, keys = _all_places(codes, sampled, executor)
    pair, _, _, _, kind, _ = places.T
    family, count = sampled.family[pair], len(sampled.sizes)
    votes, _, _, _ = _most_edited(codes, family, places, keys)
    slot = votes >= np.maximum(LEAST_EDITED, EDITED * sampled.sizes[family])
    wanted = asked[pair] & ((kind == kernels.VALUE) | (kind == kernels.OTHER))
    filled = np.bincount(family, wanted & slot, minlength=count)
    return filled, np.bincount(family, asked[pair], minlength=count) - filled


def _all_places(codes: Codes, sampled: Sampled, executor: Executor) -> tuple[np.ndarray, np.ndarray]:
    """`_places` of all pairs."""
    parts = list(executor.map(lambda rows: _places(codes, sampled, rows), _pieces(codes, sampled)))
    places = np.concatenate([np.empty((0, 6), np.int64), *(part[0] for part in parts)])
    return places, np.concatenate([np.empty(0, np.uint64), *(part[1] for part in parts)])


def _most_edited(
    codes: Codes, family: np.ndarray, places: np.ndarray, keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of the most edited column of each place: edits, how many agree, distinct ones; and the place's columns."""
    _, start, end, _, _, other = places.T
    width = end - start
    first = np.cumsum(width) - width
    place = np.repeat(np.arange(len(start)), width)
    inside = np.arange(len(place)) - first[place]
    column = inside + start[place]
    # Token against token: else an edit beside one of the central member's would seem to disagree with the others.
    paired = other[place] >= 0
    key = keys[place]
    key[paired] = codes.values[other[place[paired]] + inside[paired]]
    order = np.lexsort((key, column, family[place]))
    of, column, key = family[place[order]], column[order], key[order]
    new_column = np.append(True, (of[1:] != of[:-1]) | (column[1:] != column[:-1]))[: len(of)]
    new_value = new_column | np.append(True, key[1:] != key[:-1])[: len(of)]
    columns, values = np.flatnonzero(new_column), np.flatnonzero(new_value)
    if not len(columns):
        none = np.zeros(0, np.int64)
        return none, none, none, none
    votes = np.diff(np.append(columns, len(of)))
    at = np.searchsorted(values, columns)
    distinct = np.diff(np.append(at, len(values)))
    agreeing = np.maximum.reduceat(np.diff(np.append(values, len(of))), at)
    # Back to the places: the column each place has in each row of it, and the most edited of these.
    number = np.empty(len(of), np.int64)
    number[order] = np.cumsum(new_column) - 1
    best = np.maximum.reduceat(votes[number] << 32 | number, first) & 0xFFFFFFFF
    return votes[best], agreeing[best], distinct[best], width


def _pieces(codes: Codes, sampled: Sampled) -> Iterator[slice]:
    """Pairs that one piece of work takes."""
    sizes = np.diff(codes.offsets)
    cost = np.cumsum(sizes[sampled.centre] + sizes[sampled.other] + 64)
    count = int(cost[-1] >> 20) + 1 if len(cost) else 1
    edges = np.unique(np.searchsorted(cost, np.arange(1, count) << 20)).tolist()
    return map(slice, [0, *edges], [*edges, len(cost)])


def _places(codes: Codes, sampled: Sampled, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """The differing places of some pairs and what the other member has there, as `kernels.note_places` gives them."""
    centre, other = sampled.centre[rows], sampled.other[rows]
    sizes = np.diff(codes.offsets)
    largest = int(max(sizes[centre].max(initial=1), sizes[other].max(initial=1)))
    slots = 1 << (2 * largest).bit_length()
    table, found = np.empty(slots, np.uint64), np.empty((slots, 2), np.int32)
    scratch, room = np.empty((4, largest), np.int32), np.empty((largest + 1, 3), np.int64)
    blocks, ends = [np.empty((0, 3), np.int64)], np.empty(len(centre), np.int64)
    total = 0
    for pair, (a, b) in enumerate(zip(centre.tolist(), other.tolist(), strict=True)):
        count = reasons.align(codes.row(a), codes.row(b), NUMBER_TAG, MASK_CODE, table, found, scratch, room)
        blocks.append(room[:count].copy())
        total += count
        ends[pair] = total
    places, keys = np.empty((total + len(centre), 6), np.int64), np.empty(total + len(centre), np.uint64)
    count = kernels.note_places(
        *(codes.values, codes.offsets, centre, other, np.concatenate(blocks), ends),
        *(reasons.VALUE, reasons.SHORT_TEXT, NUMBER_TAG, MASK_CODE, NUMERALS, places, keys),
    )
    places[:count, 0] += rows.start
    return places[:count], keys[:count]


def is_added(edits: Edits, sizes: np.ndarray) -> np.ndarray:
    """In which families words were added and left out rather than exchanged, ``[f] bool``; `sizes` as in `Sampled`."""
    to_figures = np.where(sizes < SEVERAL, FEW_TO_FIGURES, ADDED_TO_FIGURES)
    found: np.ndarray = edits.added > np.maximum(MOST_ADDED, to_figures * edits.exchanged)
    found &= (sizes < SEVERAL) | (edits.reworded + edits.phrases >= LEAST_REWORDED)
    return found & (edits.filled < np.where(sizes < SEVERAL, MANY_FILLED, MORE_FILLED))


def is_loose(edits: Edits, sizes: np.ndarray) -> np.ndarray:
    """Which families of three and more say the same in their own words, ``[f] bool``: what differs are no values."""
    reworded = (edits.reworded > MOST_REWORDED) & (edits.filled < MANY_FILLED) & (edits.phrasings >= LEAST_PHRASINGS)
    phrases = (edits.reworded + edits.phrases > MOST_PHRASES) & (edits.filled < MOST_FILLED)
    return is_added(edits, sizes) | reworded | phrases


def stand_in_frames(codes: Codes, sampled: Sampled) -> np.ndarray:
    """Which families are lines that end, or begin, in a number and one wording: `11篇`, `第三章`, ``[f] bool``."""
    rows = np.concatenate([sampled.centre, sampled.other])
    family = np.concatenate([sampled.family, sampled.family])
    found = np.zeros(len(sampled.sizes), np.bool_)
    lengths = np.diff(codes.offsets)
    short = np.ones(len(found), np.bool_)
    short[family[(lengths[rows] > LONGEST_LINE) | (lengths[rows] < 2)]] = False
    rows, family = rows[short[family]], family[short[family]]
    members = np.bincount(family, minlength=len(found))
    for at in (codes.offsets[rows], codes.offsets[rows + 1] - 2):
        ends = np.stack([codes.values[at], codes.values[at + 1]], axis=1)
        figure = (ends >= np.uint32(NUMBER_TAG)) | np.isin(ends, NUMERALS)
        wording = np.where(figure, 0, ends.astype(np.int64)).sum(axis=1)
        one = np.zeros(len(found), np.int64)
        one[family] = wording
        same = (figure.sum(axis=1) == 1) & (wording == one[family])
        found |= (np.bincount(family, same, minlength=len(found)) >= IN_FRAME * members) & (members > 0)
    return found & short
