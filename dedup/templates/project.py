"""A text → what it has in the slots of a template, by aligning it to the words of the template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dedup.templates import kernels
from dedup.templates.frame import Frame, align
from dedup.templates.model import Block, Slot, Span, Template, Values, Words
from dedup.templates.segments import Segment, in_order
from dedup.templates.sidebyside import take_apart
from dedup.templates.tokens import NEWLINE, Tokens, is_sign, tokenise

LEAST_WORDS = 0.6  # share of the words of a template that a text of it has
PRESENT = 0.5  # share of the words of a block that make it present
MORE_TURNS = 2  # items a list may have more than any text that was looked at


class Reading(NamedTuple):
    """A text read as one of a template.

    Attributes
    ----------
    values : Values
    words : int
        Tokens of the template, blocks aside, that are in it.
    matched : ``[t] bool``
        Tokens of the frame that are in it.
    spelled : list of tuple of int, str
        Words that are spelled otherwise: the token of the frame, and how.
    """

    values: Values
    words: int
    matched: np.ndarray
    spelled: list[tuple[int, str]]


class Matcher:
    """A template made ready for texts to be aligned to.

    Parameters
    ----------
    segments : sequence of Words, Slot and Block
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._blocks = [segment for segment in self.segments if isinstance(segment, Block)]
        keys: list[np.ndarray] = []
        self.raw: list[str] = []
        self.home: list[tuple[int, int]] = []  # of each token: which of all segments, flat, and which turn of its block
        # Of each hole: the token it stands before, its slots, and which of the turns it is in, -1 for none.
        self._places: list[tuple[int, list[Slot], int]] = []
        self.turns: list[tuple[int, int, int]] = []  # block, first token, end
        hole_at: dict[int, int] = {}
        skips: dict[int, int] = {}
        self.block_count = self.slot_count = 0
        flat = 0

        def put(segment: Words | Slot, number: int, turn: int, inside: int = -1) -> None:
            if isinstance(segment, Slot):
                last = self._places[-1] if self._places else (-1, [], -1)
                if last[0] == len(self.raw) and last[2] == inside and (segment.form or last[1][-1].form):
                    last[1].append(segment)
                    return
                hole_at[len(self.raw)] = len(self._places)
                self._places.append((len(self.raw), [segment], inside))
                return
            tokens = tokenise(segment.text)
            keys.append(tokens.keys)
            self.raw += [tokens.raw(i, i + 1) for i in range(len(tokens.keys))]
            self.home += [(number, turn)] * len(tokens.keys)

        for segment in self.segments:
            if not isinstance(segment, Block):
                put(segment, flat, 0)
                self.slot_count += isinstance(segment, Slot)
                flat += 1
                continue
            for turn in range(1 if segment.most <= 1 else segment.most + MORE_TURNS):
                first = len(self.raw)
                for place, inner in enumerate(segment.segments):
                    put(inner, flat + place, turn, len(self.turns))
                if len(self.raw) > first:  # a block without words would begin where it ends: alignment never ends then
                    skips[len(self.raw)] = first
                self.turns.append((segment.number, first, len(self.raw)))
            self.slot_count += sum(isinstance(inner, Slot) for inner in segment.segments)
            self.block_count += 1
            flat += len(segment.segments)
        size = len(self.raw)
        holes, ends = np.full(size + 1, -1, np.int32), np.full(size + 1, -1, np.int32)
        holes[list(hole_at)] = list(hole_at.values())
        ends[list(skips)] = list(skips.values())
        self.frame = Frame(np.concatenate([*keys, np.empty(0, np.uint32)]), holes, ends)
        self._in_block = np.zeros(size, bool)
        for _, first, stop in self.turns:
            self._in_block[first:stop] = True
        self.required = int((~self._in_block).sum())
        self._length = np.array([len(raw) for raw in self.raw], np.int64)
        self._point = np.array([ord(raw[0]) for raw in self.raw], np.uint32)

    def words_alone(self) -> np.ndarray:
        """The tokens of the template that every text has and that are no signs, ``uint32``."""
        return self.frame.keys[~self._in_block & ~is_sign(self.frame.keys)]

    def read(self, tokens: Tokens) -> Reading:
        """Read a text as one of the template, whether it is or not."""
        at, owner = align(self.frame, tokens.keys)
        counted = at >= 0
        present = [0] * self.block_count
        gone: set[int] = set()  # turns that are not there
        for turn, (block, first, stop) in enumerate(self.turns):
            if (at[first:stop] >= 0).sum() >= max(1, PRESENT * (stop - first)):
                present[block] += 1
            else:
                gone.add(turn)
                counted[first:stop] = False
                at[first:stop] = -1
        matched = np.flatnonzero(at >= 0)
        free = np.ones(len(tokens.keys), bool)
        free[at[matched]] = False
        slots = self._values(tokens, at, owner, gone, free)
        missing = int((at < 0).sum()) - sum(self.turns[turn][2] - self.turns[turn][1] for turn in gone)
        spelled = self._spelled(tokens, at, matched)
        edits = int(free.sum()) + missing + len(spelled)
        values = Values(slots, tuple(present), edits)
        return Reading(values, int((counted & ~self._in_block).sum()), counted, spelled)

    def _values(
        self, tokens: Tokens, at: np.ndarray, owner: np.ndarray, gone: set[int], free: np.ndarray
    ) -> tuple[tuple[Span, ...], ...]:
        """The spans of every slot; what they hold is free no longer."""
        spans = np.empty((len(self._places), 3), np.int64)
        kernels.span_values(owner, spans)
        before: list[int] = []  # tokens up to the last word before each place, where an empty value would stand
        if len(spans) and not spans[:, 2].all():
            before = np.maximum.accumulate(np.concatenate([[0], at + 1])).tolist()
        found: list[list[Span]] = [[] for _ in range(self.slot_count)]
        for (place, slots, inside), (a, b, count) in zip(self._places, spans.tolist(), strict=True):
            if inside in gone:
                continue
            if not count:
                where = int(tokens.end[before[place] - 1]) if before[place] else 0
                for slot in slots:
                    found[slot.number].append(Span(where, where, ""))
                continue
            if count < b - a:
                a, b = _one_line(tokens.keys, owner, int(owner[a]), a, b)
            free[a:b] = False
            start, end = int(tokens.start[a]), int(tokens.end[b - 1])
            if len(slots) == 1:
                found[slots[0].number].append(Span(start, end, tokens.text[start:end]))
                continue
            for slot, value in zip(slots, take_apart(tokens.text[start:end], slots), strict=True):
                found[slot.number].append(Span(start, start + len(value), value))
                start += len(value)
        return tuple(map(tuple, found))

    def _spelled(self, tokens: Tokens, at: np.ndarray, matched: np.ndarray) -> list[tuple[int, str]]:
        there = at[matched]
        length = tokens.end[there] - tokens.start[there]
        points = np.frombuffer(tokens.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        unsure = (length != self._length[matched]) | (length > 1)
        unsure |= points[tokens.start[there]] != self._point[matched]
        spelled = []
        for token in matched[unsure].tolist():
            raw = tokens.raw(int(at[token]), int(at[token]) + 1)
            if raw != self.raw[token]:
                spelled.append((token, raw))
        return spelled

    def respelled(self, readings: Sequence[Reading]) -> tuple[Segment, ...]:
        """The segments, every word spelled as most of the texts that have it spell it.

        What most of the texts have not is no word: a slot stands in its place, to be judged by what is there instead.
        """
        counts: dict[int, Counter[str]] = {}
        for reading in readings:
            for token, raw in reading.spelled:
                counts.setdefault(token, Counter())[raw] += 1
        new = list(self.raw)
        for token, spellings in counts.items():
            raw, count = spellings.most_common(1)[0]
            if 2 * count > len(readings):
                new[token] = raw
        rare = self._rare(readings)
        if new == self.raw and not rare.any():
            return self.segments
        texts: dict[int, list[Words | Slot]] = {}
        for (number, turn), raw, gone in zip(self.home, new, rare.tolist(), strict=True):
            if turn:
                continue
            parts = texts.setdefault(number, [])
            if not gone:
                parts.append(Words(raw))
            elif not parts or isinstance(parts[-1], Words):
                parts.append(Slot(0, 0))
        flat = iter(range(1 << 62))

        def again(segment: Words | Slot) -> Sequence[Words | Slot]:
            number = next(flat)
            return texts.get(number, ()) if isinstance(segment, Words) else (segment,)

        segments: list[Segment] = []
        for segment in self.segments:
            if isinstance(segment, Block):
                inner = tuple(part for item in segment.segments for part in again(item))
                segments.append(replace(segment, segments=inner))
            else:
                segments += again(segment)
        return in_order(segments)

    def _rare(self, readings: Sequence[Reading]) -> np.ndarray:
        """Which tokens of the frame most of the texts that have their block lack, ``[t] bool``."""
        matched = np.sum([reading.matched for reading in readings], axis=0)
        there = np.full(len(self.raw), len(readings))
        listed = np.zeros(len(self.raw), bool)
        for block, first, stop in self.turns:
            there[first:stop] = sum(reading.values.blocks[block] > 0 for reading in readings)
            listed[first:stop] = self._blocks[block].most > 1
        return (2 * matched < there) & ~listed


def _one_line(keys: np.ndarray, owner: np.ndarray, hole: int, first: int, stop: int) -> tuple[int, int]:
    """The tokens of a value; of one that edits with a line end among them part, the longest part."""
    parted = np.flatnonzero((owner[first:stop] != hole) & (keys[first:stop] == NEWLINE)) + first
    if not len(parted):
        return first, stop
    bounds = [first - 1, *parted.tolist(), stop]
    a, b = max(zip(bounds, bounds[1:], strict=False), key=lambda pair: pair[1] - pair[0])
    owned = np.flatnonzero(owner[a + 1 : b] == hole) + a + 1
    return (int(owned[0]), int(owned[-1]) + 1) if len(owned) else (first, stop)


class Sample:
    """Some texts of a family, read as of one template after another.

    Parameters
    ----------
    texts : list of Tokens
    """

    def __init__(self, texts: list[Tokens]) -> None:
        self.texts = texts
        self._read: tuple[tuple[Segment, ...], Matcher, list[Reading]] | None = None
        self._values: list[list[str]] | None = None

    def read(self, segments: Sequence[Segment]) -> tuple[Matcher, list[Reading]]:
        """The texts read as of a template; once if it is that of the last time, whatever its variables are."""
        plain = tuple(segments)
        if self._read is None or self._read[0] != plain:
            matcher = Matcher(plain)
            self._read = plain, matcher, [matcher.read(tokens) for tokens in self.texts]
            self._values = None
        return self._read[1], self._read[2]

    def values(self, segments: Sequence[Segment]) -> list[list[str]]:
        """The raw values of every slot in all texts."""
        matcher, readings = self.read(segments)
        if self._values is None:
            self._values = [[] for _ in range(matcher.slot_count)]
            for reading in readings:
                for column, spans in zip(self._values, reading.values.slots, strict=True):
                    column += [span.text for span in spans]
        return self._values


def match(template: Template, text: str) -> Values | None:
    """The values that a text has in the slots of a template; see `Template.match`."""
    matcher = template.matcher()
    if not matcher.raw:
        return None
    tokens = tokenise(text)
    reading = matcher.read(tokens)
    words = sum(map(len, (span.text for spans in reading.values.slots for span in spans)))
    if reading.words < LEAST_WORDS * matcher.required:
        return None
    known = len(text) - words
    return reading.values if reading.values.edits <= max(LEAST_WORDS * known, 2) else None
