"""Sequences of words, slots and blocks: made from columns, changed, put in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from dedup.templates.blocks import Items
from dedup.templates.columns import Columns, Run
from dedup.templates.growth import Grown
from dedup.templates.model import Block, Slot, Words

Inner = Words | Slot
Segment = Words | Slot | Block


def from_columns(
    grown: Grown, columns: Columns, runs: Sequence[Run], lists: Sequence[Items], items: Sequence[tuple[Inner, ...]]
) -> tuple[Segment, ...]:
    """Words where the columns are constant, slots where they are not, blocks where runs and lists are.

    Parameters
    ----------
    grown : Grown
    columns : Columns
    runs : sequence of Run
        Apart from each other and from the lists.
    lists : sequence of Items
    items : sequence of tuple of Words and Slot
        What the items of each list are.

    Returns
    -------
    segments : tuple of Words, Slot and Block
    """
    cuts = {run.first: (run.stop, number, True) for number, run in enumerate(runs)}
    cuts |= {found.first: (found.stop, number, False) for number, found in enumerate(lists)}
    segments: list[Segment] = []
    at = 0
    for first in sorted(cuts):
        stop, number, optional = cuts[first]
        segments += _plain(grown.raw, columns, at, first, open_end=True)
        if optional:
            inner = tuple(_plain(grown.raw, columns, first, stop, open_end=bool(columns.value[stop])))
            segments.append(Block(0, inner, 0, 1, round(float(runs[number].texts.mean()), 4)))
            at = stop
            continue
        counts = [len(texts) for texts in lists[number].texts]
        share = sum(count > 0 for count in counts) / len(counts)
        segments.append(Block(0, items[number], min(counts), max(2, *counts), round(share, 4)))
        at = stop
    segments += _plain(grown.raw, columns, at, len(grown.raw), open_end=True, after_block=bool(cuts))
    return in_order(segments)


def _plain(
    raw: list[str], columns: Columns, first: int, stop: int, *, open_end: bool, after_block: bool = False
) -> list[Inner]:
    """Words and slots of some tokens; a value at the end counts if nothing else claims it."""
    parts: list[Inner] = []
    words: list[str] = []
    for place in range(first, stop + 1):
        inside = place < stop
        opens = bool(columns.value[place]) and (inside or open_end) and place > first
        opens |= bool(columns.value[place]) and place == first == 0
        if opens or (inside and not columns.constant[place]):
            if words:
                parts.append(Words("".join(words)))
                words = []
            if not parts or not isinstance(parts[-1], Slot):
                parts.append(Slot(0, 0))
        if inside and columns.constant[place]:
            words.append(raw[place])
    if words:
        parts.append(Words("".join(words)))
    return parts


def in_order(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The segments joined where words follow words, slots and blocks numbered; every slot its own variable."""
    numbers = iter(range(1 << 62))
    blocks = iter(range(1 << 62))

    def numbered(parts: Iterable[Inner]) -> tuple[Inner, ...]:
        done: list[Inner] = []
        for part in parts:
            if isinstance(part, Slot):
                if done and isinstance(done[-1], Slot) and not (done[-1].form or part.form):
                    continue  # two values side by side are one
                number = next(numbers)
                done.append(replace(part, number=number, variable=number))
            elif done and isinstance(done[-1], Words):
                done[-1] = Words(done[-1].text + part.text)
            elif part.text:
                done.append(part)
        return tuple(done)

    result: list[Segment] = []
    plain: list[Inner] = []
    for segment in segments:
        if isinstance(segment, Block):
            words = [place for place, part in enumerate(segment.segments) if isinstance(part, Words) and part.text]
            first = words[0] if words else len(segment.segments)
            plain += segment.segments[:first]  # by its words a block is known: it begins with some
            if not words:
                continue
            result += numbered(plain)
            plain = []
            result.append(replace(segment, number=next(blocks), segments=numbered(segment.segments[first:])))
        else:
            plain.append(segment)
    return tuple(result) + numbered(plain)


def rewritten(segments: Iterable[Segment], rewrite: Callable[[Slot], Iterable[Segment]]) -> tuple[Segment, ...]:
    """The segments with something else for every slot; for one within a block, that is no block."""
    result: list[Segment] = []
    for segment in segments:
        if isinstance(segment, Block):
            inner: list[Inner] = []
            for part in segment.segments:
                new = rewrite(part) if isinstance(part, Slot) else (part,)
                inner += [one for one in new if not isinstance(one, Block)]
            result.append(replace(segment, segments=tuple(inner)))
        else:
            result += rewrite(segment) if isinstance(segment, Slot) else (segment,)
    return in_order(result)


def runs_apart(runs: Sequence[Run], lists: Sequence[Items]) -> list[Run]:
    """The runs that have nothing to do with a list."""
    taken = np.array([(found.first, found.stop) for found in lists], np.int64).reshape(-1, 2)
    return [run for run in runs if not ((run.first < taken[:, 1]) & (run.stop > taken[:, 0])).any()]


def sequences(segments: Iterable[Segment]) -> list[tuple[Inner, ...]]:
    """Words and slots that follow one another: those of each block, and those between blocks."""
    found: list[tuple[Inner, ...]] = []
    plain: list[Inner] = []
    for segment in segments:
        if isinstance(segment, Block):
            found += [tuple(plain), segment.segments]
            plain = []
        else:
            plain.append(segment)
    return [*found, tuple(plain)]
