"""Values and the words beside them as the slot types read them: folded, each character still knowing where it stood."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from dedup.documents import kernels
from dedup.documents.characters import characters
from dedup.documents.normalise import token_spans
from dedup.templates.tokens import whole

LONGEST_VALUE, LONGEST_CONTEXT = 80, 40
"""Characters that are read; a longer value is cut, which leaves it the text it is."""
MOST_DISTINCT = 48
"""Different values that decide: four fifths of so many lie within .12 of four fifths of all."""
_MASKED = re.compile(r"[x×✕*_?○〇□■●△◯.…-]{2,}|[*×○□■△◯_?]+|某+|n{2,}", re.IGNORECASE)
_AROUND_MASK = re.compile(r"(?:19|20)?\d{0,2}?|第|[\u4e00-\u9fff]{0,2}|\(\)|\[\]|【】")


class Folded(NamedTuple):
    """A string with its pinyin notes left out, width and Han characters folded; case stays.

    start, end
        Where each character of `text` stands in the raw string; a note belongs to the character before it.
    """

    text: str
    start: list[int]
    end: list[int]

    def head(self, count: int) -> int:
        """Raw characters from the last `count` folded ones on."""
        return self.end[-1] - self.start[-count] if 0 < count <= len(self.text) else 0

    def tail(self, count: int) -> int:
        """Raw characters that the first `count` folded ones take."""
        return self.end[min(count, len(self.text)) - 1] if count > 0 and self.text else 0


class Seen(NamedTuple):
    """What a slot holds and stands between.

    values
        Folded values that are no masks, the most frequent first, and how often each stands.
    before, after
        Folded constant text on both sides.
    total
        How many values there are.
    """

    values: tuple[tuple[str, int], ...]
    before: str
    after: str
    total: int


def fold_all(strings: Sequence[str]) -> list[Folded]:
    """Every string folded; one pass over all of them, since the fixed cost of a pass is that of a hundred values."""
    lines = [string.replace("\n", "\r") for string in strings]
    joined = "\n".join(lines)
    bounds, at = [], 0
    for line in lines:
        bounds.append(at)
        at += len(line) + 1
    text, start, end = _fold(joined)
    found, i = [], 0
    for begin, line in zip(bounds, lines, strict=True):
        stop = begin + len(line)
        first = i
        while i < len(text) and start[i] < stop:
            i += 1
        found.append(
            Folded(
                "".join(text[first:i]),
                [min(s, stop) - begin for s in start[first:i]],
                [min(e, stop) - begin for e in end[first:i]],
            )
        )
        while i < len(text) and start[i] < stop + 1:
            i += 1  # the line end between two strings
    return found


def _fold(joined: str) -> tuple[list[str], list[int], list[int]]:
    table = characters().table
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(a: int, b: int) -> None:
        for i in range(a, b):
            char = joined[i]
            if char == "\n":
                folded = char
            elif int(table[ord(char)]) >> kernels.SHIFT == kernels.TRANSPARENT:
                continue
            else:
                folded = char if char.isascii() else unicodedata.normalize("NFKC", char)
            for one in folded:
                text.append("\n" if one == "\r" else " " if one.isspace() and one != "\n" else one)
                starts.append(i)
                ends.append(i + 1)

    at = 0
    codes, firsts, lasts = token_spans(whole(joined))
    for code, a, b in zip(codes.tolist(), firsts.tolist(), lasts.tolist(), strict=True):
        if a < at:  # one of several tokens that a single character folds to
            continue
        put(at, a)
        if code < kernels.MASK_CODE and kernels.is_han(code):
            text.append(chr(code))
            starts.append(a)
            ends.append(b)
        else:
            put(a, b)
        at = b
    put(at, len(joined))
    return text, starts, ends


def is_mask(value: str) -> bool:
    """Whether a value hides what stood there: ``20xx``, ``xx``, ``**``, ``××``, ``某``, or nothing."""
    folded = unicodedata.normalize("NFKC", value).strip()
    if not folded:
        return True
    found = _MASKED.search(folded)
    if found is None:
        return False
    before, after = folded[: found.start()], folded[found.end() :]
    rest = before + _MASKED.sub("", after)
    return len(rest) <= 2 and _AROUND_MASK.fullmatch(rest) is not None


def see(values: Sequence[str], before: str, after: str) -> tuple[Seen, Folded, Folded]:
    """The values and the text beside them, folded."""
    counted = Counter(value[:LONGEST_VALUE].strip() for value in values)
    told = [(value, count) for value, count in counted.items() if not is_mask(value)]
    told.sort(key=lambda pair: (-pair[1], pair[0]))
    told = told[:MOST_DISTINCT]
    left, right, *folded = fold_all([before[-LONGEST_CONTEXT:], after[:LONGEST_CONTEXT], *(value for value, _ in told)])
    merged: Counter[str] = Counter()
    for one, (_, count) in zip(folded, told, strict=True):
        merged[one.text] += count
    return Seen(tuple(merged.most_common()), left.text, right.text, merged.total()), left, right
