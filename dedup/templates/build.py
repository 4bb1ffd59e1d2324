"""The texts of a family → their template: star alignment, columns, blocks, a vote about every slot, types."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from dedup.templates.blocks import find_lists
from dedup.templates.columns import count_columns, optional_runs
from dedup.templates.cost import Costs, is_figure, worth
from dedup.templates.growth import grow
from dedup.templates.model import Block, Slot, Template, Words
from dedup.templates.naming import named, with_variables
from dedup.templates.project import Sample
from dedup.templates.segments import Inner, Segment, from_columns, rewritten, runs_apart
from dedup.templates.tokens import Tokens, is_value, tokenise

SAMPLE = 100
MOST_ITEMS = 400
ROUNDS = 5
MODAL = 0.7  # share of the values that begin, or end, with a token, from which on it is none of theirs
FEW = 3  # values, up to which all of them must
ONLY = 0.9  # share of the values, if there is one, that are the same
LEAST_GAIN, LEAST_CONCENTRATION = 0.1, 0.2  # share of the bits a template saves, and of what differs that is in slots
LEAST_TOLD = 0.04  # of the tokens of a text are words of the template, signs aside
SURE = 8  # texts, from which on edits hide no value however many there are
LONG_VALUE, LEAST_VALUES = 12, 2  # tokens of values that may have a template of their own, and how many there must be
LEAST_SHARED = 0.5  # of their tokens must be its words


class Built(NamedTuple):
    """What came of a family.

    Attributes
    ----------
    template : Template or None
        None if the texts have no values, or the template does not describe them in fewer bits.
    concentration : float
        Share of the differing tokens that lie in slots.
    """

    template: Template | None
    concentration: float


def build_template(texts: Sequence[str], *, sample: int = SAMPLE, seed: int = 1) -> Built:
    """Find the template that texts were filled into.

    Parameters
    ----------
    texts : sequence of str
        Texts of one family.
    sample : int
        At most so many are looked at; all of them can be matched afterwards.
    seed : int
        Of the sample.

    Returns
    -------
    built : Built

    Notes
    -----
    Star alignment to the text of median length, into which paragraphs of others are put first (`growth`); a token is
    constant if two of three texts that have its block have it. The template is then aligned to the texts again and its
    slots are judged by what they hold: one value nearly everywhere is words (modal filter), and a slot that does not
    save bits is none (minimum description length; Lee et al., InfoShield, ICDE 2021, section IV). About .5 ms a text of
    3,400 characters.
    """
    chosen = list(texts)
    if len(chosen) > sample:
        chosen = [chosen[i] for i in sorted(random.Random(seed).sample(range(len(chosen)), sample))]
    tokens = [one for one in map(tokenise, chosen) if len(one.keys)]
    if len(tokens) < 2:
        return Built(None, 0.0)
    looked_at = Sample(tokens)
    segments = _judged(_drafted(tokens), looked_at)
    if not _slots(segments):
        return Built(None, 0.0)
    return _finished(segments, looked_at, len(texts))


def _slots(segments: Sequence[Segment]) -> list[Slot]:
    """All slots in reading order, those of blocks among them."""
    found: list[Inner] = []
    for segment in segments:
        found += segment.segments if isinstance(segment, Block) else (segment,)
    return [part for part in found if isinstance(part, Slot)]


def _drafted(sample: list[Tokens]) -> tuple[Segment, ...]:
    """Words, slots and blocks as the columns say."""
    grown = grow(sample)
    columns = count_columns(grown.keys, sample, grown.aligned)
    lists = find_lists(grown, sample)
    items = [_item([item for text in found.texts for item in text]) for found in lists]
    runs = runs_apart(optional_runs(grown.keys, columns), lists)
    return from_columns(grown, columns, runs, lists, items)


def _item(items: list[Tokens]) -> tuple[Inner, ...]:
    """The template of the items of a list; blocks within blocks are values."""
    chosen = items[:: -(-len(items) // MOST_ITEMS)]
    grown = grow(chosen)
    columns = count_columns(grown.keys, chosen, grown.aligned)
    columns.absent[:] = False
    return tuple(part for part in from_columns(grown, columns, [], [], []) if isinstance(part, Words | Slot))


def _judged(segments: tuple[Segment, ...], sample: Sample) -> tuple[Segment, ...]:
    """The segments after every slot was judged by what the texts have in it."""
    opening = True
    for _ in range(ROUNDS):
        matcher, readings = sample.read(segments)
        before, segments = segments, matcher.respelled(readings)
        if len(_slots(segments)) > matcher.slot_count:
            continue  # first see what stands there
        nested = {part.number for block in segments if isinstance(block, Block) for part in _slots([block])}
        vote = partial(
            _voted, values=sample.values(before), costs=Costs.of(matcher, sample.texts), nested=nested, opening=opening
        )
        segments, opening = rewritten(segments, vote), False
        if segments == before:
            break
    return segments


def _voted(
    slot: Slot, *, values: list[list[str]], costs: Costs, nested: set[int], opening: bool
) -> tuple[Segment, ...]:
    """The slot; or the words that most texts have there; or, if that is looked for, the template of its values."""
    found = values[slot.number]
    if not worth(found, costs):
        mode = Counter(found).most_common(1)
        return (Words(mode[0][0]),) if mode and mode[0][0] else ()
    if slot.number not in nested and (only := _only(found)) is not None:
        return (only,)
    opened = _opened(found, nested=slot.number in nested) if opening else ()
    return opened or _trimmed(slot, found)


def _only(values: list[str]) -> Block | None:
    """What stands there or nothing does: no value, but words that are left out at will."""
    counts = Counter(value for value in values if value)
    if not counts or len(values) == counts.total() or is_figure(max(counts)):
        return None
    words, count = counts.most_common(1)[0]
    if count < ONLY * counts.total() or not words.strip():
        return None
    return Block(0, (Words(words),), 0, 1, round(count / len(values), 4))


def _opened(values: list[str], *, nested: bool) -> tuple[Segment, ...]:
    """The template that long values have among themselves; nothing if they have none.

    A paragraph that stands where others have another one looks like a value as long as nobody looks into it.
    """
    tokens = [one for one in map(tokenise, values) if len(one.keys)]
    if len(tokens) < LEAST_VALUES or np.median([len(one.keys) for one in tokens]) < LONG_VALUE:
        return ()
    grown = grow(tokens)
    columns = count_columns(grown.keys, tokens, grown.aligned)
    shared = sum(int((one.at >= 0)[columns.constant].sum()) for one in grown.aligned)
    if shared < LEAST_SHARED * sum(len(one.keys) for one in tokens):
        return ()
    if nested:
        columns.absent[:] = False
    runs = [] if nested else optional_runs(grown.keys, columns)
    if len(tokens) < len(values) and not nested:
        inner = from_columns(grown, columns, [], [], [])
        first = next((place for place, part in enumerate(inner) if isinstance(part, Words)), len(inner))
        plain = tuple(part for part in inner[first:] if not isinstance(part, Block))
        return (Block(0, plain, 0, 1, round(len(tokens) / len(values), 4)),) if plain else ()
    return from_columns(grown, columns, runs, [], [])


def _trimmed(slot: Slot, values: list[str]) -> tuple[Inner, ...]:
    """The slot without what most values begin and end with; it is words."""
    tokens = [one for one in map(tokenise, values) if len(one.keys)]
    least = MODAL * len(values) if len(values) > FEW else len(values)
    head, tail = _common(tokens, least, 0), _common(tokens, least, -1)
    return tuple(part for part in (Words(head), slot, Words(tail)) if isinstance(part, Slot) or part.text)


def _common(tokens: list[Tokens], least: float, side: int) -> str:
    """What so many values have at one end, of each all but one token."""
    found: list[str] = []
    left = [one for one in tokens if len(one.keys) > 1]
    while len(left) >= max(2, least):
        places = [len(found) if side == 0 else len(one.keys) - 1 - len(found) for one in left]
        keys = [int(one.keys[place]) for one, place in zip(left, places, strict=True)]
        key, count = Counter(keys).most_common(1)[0]
        if count < least or is_value(np.array([key], np.uint32))[0]:
            break
        same = [(one, place) for one, place, its in zip(left, places, keys, strict=True) if its == key]
        found.append(Counter(one.raw(place, place + 1) for one, place in same).most_common(1)[0][0])
        left = [one for one, _ in same if len(one.keys) > len(found) + 1]
    return "".join(found if side == 0 else found[::-1])


def _finished(segments: tuple[Segment, ...], sample: Sample, size: int) -> Built:
    segments, typed = named(segments, sample)
    matcher, readings = sample.read(segments)
    costs = Costs.of(matcher, sample.texts)
    compression, concentration = costs.compression(readings), costs.concentration(readings)
    segments, variables = with_variables(segments, typed, readings)
    template = Template(segments, variables, size, len(sample.texts), round(compression, 4), round(concentration, 4))
    told = len(matcher.words_alone())
    if told < LEAST_TOLD * float(np.median([len(one.keys) for one in sample.texts])):
        return Built(None, round(concentration, 4))  # signs alone are no template
    clear = concentration >= LEAST_CONCENTRATION or len(sample.texts) >= SURE
    pays = compression <= 1 - LEAST_GAIN and clear and bool(variables)
    return Built(template if pays else None, round(concentration, 4))
