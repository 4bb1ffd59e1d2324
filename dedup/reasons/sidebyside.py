"""Two texts and where they differ → rows of two columns, equal stretches shortened."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from dedup.reasons.differences import Part, read_tokens

# Equal tokens that are shown before and after a difference, and the least that are left out between.
CONTEXT = 12
LEFT_OUT = 24
# Code points of a long difference that are shown, half of them from its beginning and half from its end.
SHOWN = 400
# Texts are wrapped between characters, but not inside a word of letters.
PIECES = re.compile(r"[!-~\u00c0-\u024f]+[ ]*|.", re.DOTALL)
# Control characters would be obeyed by the terminal, those that turn the direction would garble the columns, and those
# that join or vary others make a text narrower than its parts.
VISIBLE = {c: chr(0x2400 + c) for c in range(32)} | {0x7F: "␡", 0x0A: "↵"}
_GARBLING = ((0x80, 0xA0), (0x200B, 0x2010), (0x2028, 0x202F), (0x2060, 0x2070), (0xFE00, 0xFE10), (0xFEFF, 0xFF00))
VISIBLE |= {c: "\ufffd" for first, last in _GARBLING for c in range(first, last)}
# What stands around a difference of these kinds where no colour can tell.
MARKS = {"moved": ("[~", "~]"), "boilerplate": ("[=", "=]")}


class Run(NamedTuple):
    """Text of one kind: "equal", or that of the `Part` it is from."""

    text: str
    kind: str


@dataclass(slots=True)
class Half:
    """One column of a row: the first code point it shows (-1: it is empty), its runs, and the cells they take."""

    at: int = -1
    runs: list[Run] = field(default_factory=list)
    used: int = 0


class Row(NamedTuple):
    """A line of the screen: two halves; or instead of them `amount` tokens ("equal") or parts ("more") left out."""

    left: Half
    right: Half
    left_out: str = ""
    amount: int = 0


def side_by_side(
    a: str, b: str, parts: Iterable[Part], *, width: int, marks: bool = False, limit: int = 200
) -> Iterator[Row]:
    """Rows that show where two texts differ.

    Parameters
    ----------
    a, b : str
    parts : iterable of Part
        In the order of the texts.
    width : int
        Cells of a column; East Asian characters take two.
    marks : bool
        Put ``[-…-]`` and ``{+…+}`` around what differs, ``[~…~]`` around what was moved and ``[=…=]`` around
        boilerplate, where no colour can tell.
    limit : int
        Most parts that are shown.

    Yields
    ------
    Row
    """
    sheet = _Sheet(max(8, width), marks)
    at_a = at_b = 0
    parts = list(parts)
    for number, part in enumerate(parts[:limit]):
        yield from _stretch(sheet, (a, at_a, part.start_a), (b, at_b, part.start_b), first=number == 0, last=False)
        sheet.differ(part)
        at_a, at_b = part.end_a, part.end_b
    if len(parts) > limit:
        yield from sheet.flush()
        yield Row(Half(), Half(), "more", len(parts) - limit)
    elif parts:
        yield from _stretch(sheet, (a, at_a, len(a)), (b, at_b, len(b)), first=False, last=True)
        yield from sheet.flush()


def line_numbers(text: str) -> list[int]:
    """Where each line of a text begins, in code points; `line_of` looks a place up."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return [0, *(np.flatnonzero(points == 10) + 1).tolist()]


def line_of(starts: list[int], at: int) -> int:
    """The line of a code point, from 1."""
    return bisect.bisect_right(starts, at)


def _stretch(
    sheet: _Sheet, left: tuple[str, int, int], right: tuple[str, int, int], *, first: bool, last: bool
) -> Iterator[Row]:
    """An equal stretch: whole if it is short, else what stands next to the differences around it."""
    one, two = _Stretch(*left), _Stretch(*right)
    if one.count != two.count:  # in rare cases what is cut out of its text is read otherwise
        one.take_as_one()
        two.take_as_one()
    count, before, after = one.count, 0 if first else CONTEXT, 0 if last else CONTEXT
    if count < before + after + LEFT_OUT:
        sheet.same(one.pieces(0, count + 1), two.pieces(0, count + 1))
        return
    if before:
        sheet.same(one.pieces(0, before + 1), two.pieces(0, before + 1))
    yield from sheet.flush()
    yield Row(Half(), Half(), "equal", count - before - after)
    sheet.same(one.pieces(count + 1 - after, count + 1), two.pieces(count + 1 - after, count + 1))


class _Stretch:
    """A stretch of a text: piece 0 is what stands before its first token, piece i its ith token and what follows."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self._start = text[start:end], start
        self._edges = [0, *read_tokens(self._text).start.tolist(), len(self._text)]
        self.count = len(self._edges) - 2

    def take_as_one(self) -> None:
        """Take everything as one token."""
        self._edges, self.count = [0, 0, len(self._text)], 1

    def pieces(self, first: int, last: int) -> list[tuple[int, str]]:
        """Pieces `first` to `last`: where each begins, and its text."""
        edges = self._edges[first : last + 1]
        return [(self._start + i, self._text[i:j]) for i, j in zip(edges, edges[1:], strict=False)]


class _Sheet:
    """The rows that are being written: both columns go on side by side, and wait for one another after a difference."""

    def __init__(self, width: int, marks: bool) -> None:
        self._width, self._marks = width, marks
        self._rows: list[tuple[Half, Half]] = [(Half(), Half())]

    def same(self, one: list[tuple[int, str]], two: list[tuple[int, str]]) -> None:
        """Equal tokens: what stands in one row on the left does so on the right."""
        for left, right in zip(one, two, strict=True):
            if not all(self._fits(half, text) for half, (_, text) in zip(self._rows[-1], (left, right), strict=True)):
                self._rows.append((Half(), Half()))
            heads, tails = zip(_after_line_end(*left), _after_line_end(*right), strict=True)
            self._both(heads)
            if "\n" in left[1] or "\n" in right[1]:
                self._rows.append((Half(), Half()))
                self._both(tails)

    def _both(self, halves: Sequence[tuple[int, str]]) -> None:
        row = len(self._rows) - 1
        for side, (at, text) in enumerate(halves):
            self._write(side, row, _units(at, text), "equal")

    def differ(self, part: Part) -> None:
        """A difference: both sides begin in the same row."""
        row = len(self._rows) - 1
        for side, (at, _, text) in enumerate((part[1:4], part[4:7])):
            units = [unit for piece in _clipped(at, text) for unit in _units(*piece)]
            if units and self._marks:
                opening, closing = MARKS.get(part.kind, ("[-", "-]") if side == 0 else ("{+", "+}"))
                units[0] = (at, opening + units[0][1])
                units[-1] = (units[-1][0], units[-1][1] + closing)
            self._write(side, row, units, part.kind)

    def flush(self) -> list[Row]:
        """The rows so far; what follows begins a new one."""
        rows = [Row(left, right) for left, right in self._rows if left.runs or right.runs]
        self._rows = [(Half(), Half())]
        return rows

    def _fits(self, half: Half, text: str) -> bool:
        return not half.runs or half.used + cell_len(text.translate(VISIBLE)) <= self._width

    def _write(self, side: int, row: int, units: list[tuple[int, str]], kind: str) -> None:
        """Append to a column from `row` on, wrapping between units."""
        for at, text in units:
            for piece in self._fitting(text.translate(VISIBLE)):
                if not self._fits(self._rows[row][side], piece):
                    row += 1
                    if row == len(self._rows):
                        self._rows.append((Half(), Half()))
                half = self._rows[row][side]
                if half.at < 0:
                    half.at = at
                at += len(piece)
                half.used += cell_len(piece)
                if half.runs and half.runs[-1].kind == kind:
                    piece = half.runs.pop().text + piece
                half.runs.append(Run(piece, kind))

    def _fitting(self, piece: str) -> list[str]:
        """A piece, or, of one wider than the column, as much as fits at a time."""
        step = self._width if piece.isascii() else self._width // 2
        return [piece[i : i + step] for i in range(0, len(piece), step)]


def _units(at: int, text: str) -> list[tuple[int, str]]:
    """What is not torn apart by wrapping, and where each stands."""
    return [(at + match.start(), match[0]) for match in PIECES.finditer(text)]


def _after_line_end(at: int, text: str) -> list[tuple[int, str]]:
    """A text up to its last line end, and what follows."""
    cut = text.rfind("\n") + 1 or len(text)
    return [(at, text[:cut]), (at + cut, text[cut:])]


def _clipped(at: int, text: str) -> list[tuple[int, str]]:
    """A difference, a long one without its middle: pieces, and where each stands."""
    if len(text) <= SHOWN + SHOWN // 4:
        return [(at, text)]
    half = SHOWN // 2
    middle = f" … {len(text) - 2 * half:,} characters … "
    return [(at, text[:half]), (at + half, middle), (at + len(text) - half, text[-half:])]
