"""A text and what is known of it: marks that stay on their characters through every change.

The truth about a collection is full of offsets: this figure stands here, this passage ends there. They are set once,
when the text is written, and every later change of the text goes through `rewrite`, which moves them along.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

Change = tuple[int, int, str]
"""Characters `start` to `end` give way to a string; sorted, and no two overlap."""


class Mark(NamedTuple):
    """Characters `start` to `end` (code points) are what `what` says: a slot, a piece, a line of the site."""

    start: int
    end: int
    what: Any


class Text(NamedTuple):
    """A string and its marks, in any order."""

    string: str
    marks: tuple[Mark, ...] = ()


def join(parts: Iterable[Text | str], between: str = "") -> Text:
    """The parts one after the other."""
    strings: list[str] = []
    marks: list[Mark] = []
    at = 0
    for part in parts:
        if strings and between:
            strings.append(between)
            at += len(between)
        if isinstance(part, str):
            strings.append(part)
            at += len(part)
        else:
            strings.append(part.string)
            marks += [Mark(start + at, end + at, what) for start, end, what in part.marks]
            at += len(part.string)
    return Text("".join(strings), tuple(marks))


def cut(text: Text, start: int, end: int) -> Text:
    """Characters `start` to `end`; a mark that reaches beyond them is shortened, one that lies beyond is gone."""
    marks = [
        Mark(max(mark.start, start) - start, min(mark.end, end) - start, mark.what)
        for mark in text.marks
        if (mark.start < end and mark.end > start) or (mark.start == mark.end and start <= mark.start <= end)
    ]
    return Text(text.string[start:end], tuple(marks))


def rewrite(text: Text, changes: Sequence[Change]) -> Text:
    """The text after the changes, its marks moved.

    What is put in where a mark begins or ends is not of the mark; what replaces its first or last character is. A mark
    that loses only some of its characters keeps the others, a mark replaced by nothing stays as an empty one, and a
    mark inside a longer part that was taken out is gone with it.
    """
    if not changes:
        return text
    strings: list[str] = []
    at = 0
    for start, end, new in changes:
        strings += (text.string[at:start], new)
        at = end
    strings.append(text.string[at:])
    return Text("".join(strings), moved(text.marks, changes) if text.marks else ())


def moved(marks: Iterable[Mark], changes: Sequence[tuple[int, int, str | bytes]]) -> tuple[Mark, ...]:
    """The marks after the changes, by the rules of `rewrite`; marks and changes may both count bytes instead."""
    starts = [change[0] for change in changes]
    ends = [change[1] for change in changes]
    shifts = [0]  # how far everything behind so many changes has moved
    for start, end, new in changes:
        shifts.append(shifts[-1] + len(new) - (end - start))
    kept = []
    for mark in marks:
        # Changes that end at or before the mark's first character lie before it; those that begin at or behind its
        # last character lie behind it.
        first = bisect_right(ends, mark.start)
        last = bisect_left(starts, mark.end)
        if mark.start == mark.end:
            if first < len(changes) and starts[first] < mark.start:
                continue
            kept.append(Mark(mark.start + shifts[first], mark.end + shifts[first], mark.what))
            continue
        start, end = mark.start + shifts[first], mark.end + shifts[last]
        if first < len(changes) and starts[first] < mark.start < ends[first]:
            if ends[first] >= mark.end:
                continue  # inside a longer part that was taken out or replaced
            start = ends[first] + shifts[first + 1]
        if last and starts[last - 1] < mark.end < ends[last - 1]:
            if starts[last - 1] <= mark.start:
                continue
            end = starts[last - 1] + shifts[last - 1]
        kept.append(Mark(start, end, mark.what))
    return tuple(kept)
