"""Slots → typed slots whose values are whole, and the variables they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from rapidfuzz.distance.Levenshtein import distance

from dedup.templates.model import Block, Slot, Variable, Words
from dedup.templates.project import Reading, Sample
from dedup.templates.segments import Inner, Segment, in_order, sequences
from dedup.templates.sidebyside import find_forms
from dedup.templates.slots import Typed, is_mask, joins, splits, type_slot
from dedup.templates.tokens import is_sign, tokenise

LONGEST_BETWEEN = 4  # characters of constant text that a value may take in between two slots
AMOUNTS = ("number", "money", "percentage")
CONTEXT = 24  # characters beside a slot that are looked at
AGREE = 0.75  # share of the texts in which two slots of one variable hold the same; in the others one is mistyped
MISTYPED = 3  # a third of the characters of a value, or two, may be wrong
EXAMPLES = 5
TOLD_BY = 50  # values of a slot that its type is told by
MOST_SPLITS = 3  # values side by side in one slot


def named(segments: Sequence[Segment], sample: Sample) -> tuple[tuple[Segment, ...], dict[int, Typed]]:
    """Cut slots that hold two values, join those that are one, type them, take into a value what belongs to it.

    Parameters
    ----------
    segments : sequence of Words, Slot and Block
    sample : Sample

    Returns
    -------
    segments : tuple of Words, Slot and Block
    typed : dict of int to Typed
        By number of the slot.
    """
    segments = tuple(segments)
    for _ in range(MOST_SPLITS):
        values = sample.values(segments)
        before, segments = segments, in_order(_over_sequences(segments, partial(_split, values=values)))
        if segments == before:
            break
    values = sample.values(segments)
    segments = in_order(_over_sequences(segments, partial(_joined, values=list(values))))
    values = sample.values(segments)
    segments = in_order(_over_sequences(segments, partial(_parted, values=values)))
    values = sample.values(segments)
    typed: dict[int, Typed] = {}
    segments = in_order(_over_sequences(segments, partial(_snapped, values=values, typed=typed)))
    return segments, typed


def _over_sequences(segments: Sequence[Segment], change: Callable[[tuple[Inner, ...]], list[Inner]]) -> list[Segment]:
    """Every sequence of words and slots changed, blocks in their places."""
    result: list[Segment] = []
    parts = iter(sequences(segments))
    for segment in segments:
        if isinstance(segment, Block):
            result += change(next(parts))
            result.append(replace(segment, segments=tuple(change(next(parts)))))
    return result + change(next(parts))


def _split(parts: Sequence[Inner], values: list[list[str]]) -> list[Inner]:
    """The parts with two slots for every slot in which two values stand side by side."""
    done: list[Inner] = []
    for place, part in enumerate(parts):
        done.append(part)
        if not isinstance(part, Slot):
            continue
        left, right = _beside(parts, place)
        if splits(_some(values[part.number]), left[-CONTEXT:], right[:CONTEXT]):
            done += [Words(" "), replace(part)]
    return done


def _joined(parts: Sequence[Inner], values: list[list[str]]) -> list[Inner]:
    """The parts with neighbouring slots that are one value made one."""
    done: list[Inner] = []
    for place, part in enumerate(parts):
        if isinstance(part, Slot) and len(done) > 1 and isinstance(done[-1], Words) and isinstance(done[-2], Slot):
            left, between = done[-2], done[-1].text
            one, two = values[left.number], values[part.number]
            before = done[-3].text if len(done) > 2 and isinstance(done[-3], Words) else ""
            following = parts[place + 1] if place + 1 < len(parts) else None
            after = following.text if isinstance(following, Words) else ""
            if len(one) == len(two) and _are_one(one, between, two, before[-CONTEXT:], after[:CONTEXT]):
                values[left.number] = [a + between + b for a, b in zip(one, two, strict=True)]
                done.pop()
                continue
        done.append(part)
    return done


def _parted(parts: Sequence[Inner], values: list[list[str]]) -> list[Inner]:
    """The parts with slots side by side for one whose values begin with a year or end in a number."""
    done: list[Inner] = []
    for place, part in enumerate(parts):
        if not isinstance(part, Slot) or part.form:
            done.append(part)
            continue
        left, right = _beside(parts, place)
        head, tail = find_forms(values[part.number])
        if (head or tail) and type_slot(_some(values[part.number]), left[-CONTEXT:], right[:CONTEXT]).type == "text":
            done += [replace(part, form=head)] * bool(head) + [part] + [replace(part, form=tail)] * bool(tail)
        else:
            done.append(part)
    return done


def _some(values: list[str]) -> list[str]:
    """As many of the values, from all of them, as a type is told by."""
    return values[:: -(-len(values) // TOLD_BY)] if len(values) > TOLD_BY else values


def _beside(parts: Sequence[Inner], place: int) -> tuple[str, str]:
    """The words before and behind a part."""
    before = parts[place - 1] if place else None
    after = parts[place + 1] if place + 1 < len(parts) else None
    return before.text if isinstance(before, Words) else "", after.text if isinstance(after, Words) else ""


def _are_one(left: list[str], between: str, right: list[str], before: str, after: str) -> bool:
    """Whether two slots are one value; they are if the second would take in all that stands between them."""
    left, right = _some(left), _some(right)
    if joins(left, between, right, before, after):
        return True
    if len(between) > LONGEST_BETWEEN:
        return False
    found = type_slot(right, between, after)
    return found.head == len(between) and found.type not in AMOUNTS


def _snapped(parts: Sequence[Inner], values: list[list[str]], typed: dict[int, Typed]) -> list[Inner]:
    """The parts with typed slots, which have taken in what belongs to their values."""
    done = list(parts)
    for place, part in enumerate(done):
        if not isinstance(part, Slot):
            continue
        left, right = _beside(done, place)
        found = type_slot(_some(values[part.number]), left[-CONTEXT:], right[:CONTEXT])
        typed[part.number] = found
        head, tail = left[len(left) - found.head :], right[: found.tail]
        # Two slots with nothing between them nobody could tell apart, unless one has a form, which it keeps.
        if part.form:
            continue
        if head == left and place > 1:
            head = ""
        if tail == right and place + 2 < len(done):
            tail = ""
        done[place] = replace(part, head=head, tail=tail)
        if head:
            done[place - 1] = Words(left[: len(left) - len(head)])
        if tail:
            done[place + 1] = Words(right[len(tail) :])
    return done


def with_variables(
    segments: tuple[Segment, ...], typed: dict[int, Typed], readings: list[Reading]
) -> tuple[tuple[Segment, ...], tuple[Variable, ...]]:
    """Find the variables that slots share, and name them.

    Parameters
    ----------
    segments : tuple of Words, Slot and Block
    typed : dict of int to Typed
    readings : list of Reading
        Of texts that were filled into them.

    Returns
    -------
    segments : tuple of Words, Slot and Block
    variables : tuple of Variable
    """
    slots = [part for parts in sequences(segments) for part in parts if isinstance(part, Slot)]
    listed = {
        part.number
        for segment in segments
        if isinstance(segment, Block) and segment.kind == "list"
        for part in segment.segments
        if isinstance(part, Slot)
    }
    types = [typed.get(slot.number, Typed("text", "", 0, 0)) for slot in slots]
    leader = _leaders(readings, types, listed)
    order = sorted(set(leader))
    number = {slot: place for place, slot in enumerate(order)}
    counts: Counter[str] = Counter()
    variables = []
    for first in order:
        members = [slot for slot, one in enumerate(leader) if one == first]
        found = Counter(types[slot].type for slot in members).most_common(1)[0][0]
        units = Counter(types[slot].unit for slot in members if types[slot].unit)
        raw = Counter(span.text for reading in readings for span in reading.values.slots[first])
        counts[found] += 1
        name = found if counts[found] == 1 else f"{found}_{counts[found]}"
        examples = tuple(value for value, _ in raw.most_common(EXAMPLES + 1) if value)[:EXAMPLES]
        unit = units.most_common(1)[0][0] if units else ""
        variables.append(Variable(name, found, unit, len(raw), examples))

    def told(parts: Sequence[Inner]) -> list[Inner]:
        return [
            replace(part, variable=number[leader[part.number]]) if isinstance(part, Slot) else part for part in parts
        ]

    return tuple(_over_sequences(segments, told)), tuple(variables)


def _leaders(readings: list[Reading], types: list[Typed], listed: set[int]) -> list[int]:
    """For every slot the first one that always holds the same; lists have values of their own."""
    table = np.full((len(types), len(readings)), -1, np.int64)
    texts = [[""] * len(readings) for _ in types]
    known: dict[tuple[int, ...], int] = {}
    for column, reading in enumerate(readings):
        for slot, spans in enumerate(reading.values.slots):
            if slot not in listed and len(spans) == 1 and not is_mask(spans[0].text):
                table[slot, column] = known.setdefault(_key(spans[0].text), len(known))
                texts[slot][column] = spans[0].text
    leader = list(range(len(types)))
    for slot in range(len(types)):
        if slot in listed:
            continue
        both = (table[:slot] >= 0) & (table[slot] >= 0)
        equal = both & (table[:slot] == table[slot])
        agree = (equal.sum(axis=1) >= AGREE * both.sum(axis=1)) & (equal.sum(axis=1) >= 2)
        for other in np.flatnonzero(agree).tolist():
            same = len(np.unique(table[slot][equal[other]]))
            differ = np.flatnonzero(both[other] & ~equal[other]).tolist()
            if (
                leader[other] != other
                or types[other].type != types[slot].type
                or same < min(3, len(readings) - 1, 2 + len(differ))
            ):
                continue
            if all(_is_mistyped(texts[slot][column], texts[other][column]) for column in differ):
                leader[slot] = other
                break
    return leader


def _is_mistyped(one: str, other: str) -> bool:
    return distance(one, other) <= max(2, max(len(one), len(other)) // MISTYPED)


def _key(value: str) -> tuple[int, ...]:
    keys = tokenise(value).keys
    return tuple(keys[~is_sign(keys)].tolist())
