"""Damage at the level of bytes, as sites make it that edit GBK text with tools that know only bytes.

Such a tool looks for two-byte codes anywhere, also where the second byte of one character meets the first byte of the
next. A hit there tears both characters apart, and what cannot be decoded afterwards becomes a question mark. Two passes
follow one another, each over the bytes of what the pass before left readable:

1. The codes of eight full-width signs become the ASCII signs. A lead byte left without its trail becomes `?`.
2. The codes of 27 traditional characters get their reading behind them. A lead byte whose trail is gone takes the
   next byte along.

`。縣` is A1 A3 | BF 68; pass 1 finds A3 BF, the full-width question mark, and leaves A1 3F 68: `??h`.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from corpus.lexicon import data_lines
from corpus.marked import Mark, Text, moved

SIGNS = "，；：？！（）％"
GBK = codecs.getincrementaldecoder("gbk")


class _Torn:
    """Decodes what byte edits left behind and remembers where it could not."""

    def __init__(self, name: str, taken: int) -> None:
        self._taken = taken
        self.places: list[int] = []
        self.name = name
        codecs.register_error(name, self._replace)

    def _replace(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        end = min(error.start + self._taken, len(error.object))
        self.places += (error.start, end)
        return "?", end


# Pass 1 leaves a bad trail byte standing, pass 2 drops it with its lead.
ALONE = _Torn("dedup.corpus.alone", 1)
WITH_TRAIL = _Torn("dedup.corpus.with-trail", 2)


class _Pass(NamedTuple):
    pattern: re.Pattern[bytes]
    new: dict[bytes, bytes]
    torn: _Torn


@cache
def _passes() -> tuple[_Pass, _Pass]:
    narrow = {sign.encode("gbk"): unicodedata.normalize("NFKC", sign).encode() for sign in SIGNS}
    noted = {}
    for _, sign, reading in map(str.split, data_lines("pinyin.txt")):
        noted[sign.encode("gbk")] = f"{sign}({reading})".encode("gbk")
    return _Pass(_any_of(narrow), narrow, ALONE), _Pass(_any_of(noted), noted, WITH_TRAIL)


def _any_of(codes: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, codes)))


def narrowed_and_noted(text: Text) -> Text:
    """The text after both passes; characters that GBK lacks are gone."""
    for step in _passes():
        text = _edited(text, step)
    return text


def _edited(text: Text, step: _Pass) -> Text:
    data = text.string.encode("gbk", "ignore")
    new = step.new
    if not text.marks:
        return Text(step.pattern.sub(lambda match: new[match[0]], data).decode("gbk", step.torn.name))
    boundaries = _byte_places(text)
    marks = [Mark(boundaries[mark.start], boundaries[mark.end], mark.what) for mark in text.marks]
    changes = [(*match.span(), new[match[0]]) for match in step.pattern.finditer(data)]
    edges = [0, *(edge for change in changes for edge in change[:2]), len(data)]
    sound = (data[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    fresh = (change[2] for change in (*changes, (0, 0, b"")))
    data = b"".join(part for pair in zip(sound, fresh, strict=True) for part in pair)
    step.torn.places.clear()
    string = data.decode("gbk", step.torn.name)
    edited = moved(marks, changes)
    places = _characters(data, step.torn.places, {place for mark in edited for place in mark[:2]})
    return Text(string, tuple(Mark(places[mark.start], places[mark.end], mark.what) for mark in edited))


def _byte_places(text: Text) -> dict[int, int]:
    """The byte at which every character begins at which a mark begins or ends."""
    wanted = sorted({place for mark in text.marks for place in (mark.start, mark.end)})
    places, before, size = {}, 0, 0
    for place in wanted:
        size += len(text.string[before:place].encode("gbk", "ignore"))
        places[place], before = size, place
    return places


def _characters(data: bytes, torn: list[int], wanted: set[int]) -> dict[int, int]:
    """How many characters begin before each of the wanted bytes, in the string that `data` was decoded to.

    Sound runs lie between the torn places, which begin and end at `torn`; each is one question mark.
    """
    places, left = {}, sorted(wanted, reverse=True)
    characters = begin = 0
    for stop, end in zip([*torn[::2], len(data)], [*torn[1::2], len(data)], strict=True):
        decoder, at = GBK(), begin
        while left and left[-1] <= stop:
            characters += len(decoder.decode(data[at : left[-1]]))
            at = left.pop()
            # A character that the byte falls into counts as before it.
            places[at] = characters + bool(decoder.getstate()[0])
        characters += len(decoder.decode(data[at:stop])) + 1
        begin = end
        while left and left[-1] <= end:
            places[left.pop()] = characters
    return places
