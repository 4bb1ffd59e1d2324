"""A text as raw tokens: they tile it, so it can be put together again, and are equal if their normalised forms are.

The text view leaves out what two copies may differ in; here nothing is left out. Punctuation and white space are tokens
of their own, a pinyin note belongs to its character.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import NamedTuple

import numpy as np

from dedup.documents.kernels import MASK_CODE, NUMBER_TAG, WORD_TAG
from dedup.documents.normalise import token_spans

SIGN_TAG = 0x20000000  # | folded code point: what is no token of the text view
SPACE = SIGN_TAG | 0x20
NEWLINE = SIGN_TAG | 0x0A
SHORT = 200  # characters of a text whose tokens are remembered
_LONE = re.compile("[\ud800-\udfff]")


class Tokens(NamedTuple):
    """The raw tokens of a text.

    Attributes
    ----------
    text : str
    keys : ``[m] uint32``
        Equal for tokens that mean the same: codes of the text view, and `SIGN_TAG` | code point for everything else.
    start, end : ``[m] int64``
        Code points of the text; each begins where the one before ends.
    """

    text: str
    keys: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def raw(self, first: int, stop: int) -> str:
        """The characters of some tokens in a row."""
        return self.text[self.start[first] : self.end[stop - 1]] if stop > first else ""


def tokenise(text: str) -> Tokens:
    """The raw tokens of one text.

    Parameters
    ----------
    text : str

    Returns
    -------
    tokens : Tokens
        Of a short text they are shared by all who ask; nobody may write into them.

    Notes
    -----
    About 150 ns a character and 100 µs a text.
    """
    return _remembered(text) if len(text) <= SHORT else _tokenised(text)


@functools.lru_cache(maxsize=1 << 14)
def _remembered(text: str) -> Tokens:
    """Values and words, which are the same again and again."""
    tokens = _tokenised(text)
    for column in tokens[1:]:
        column.flags.writeable = False
    return tokens


def _tokenised(text: str) -> Tokens:
    valid = text if text.isascii() else whole(text)
    points = np.frombuffer(valid.encode("utf-32-le"), np.uint32)
    codes, start, end = _apart(*token_spans(valid))
    between = _between(len(points), start, end)
    signs, width = _signs(points[between])
    # A run of white space is one token, a line end if there is one in it.
    first = np.arange(len(between))
    last = first
    if width.any() and len(between) > 1:
        follows = np.zeros(len(between), bool)
        follows[1:] = (between[1:] == between[:-1] + 1) & width[1:] & width[:-1]
        if follows.any():
            first = np.flatnonzero(~follows)
            signs = np.where(width[first], np.minimum.reduceat(signs, first), signs[first])
            last = np.append(first[1:], len(between)) - 1
    starts = np.concatenate([start, between[first]])
    order = np.argsort(starts, kind="stable")
    return Tokens(
        text,
        np.concatenate([codes, signs]).astype(np.uint32)[order],
        starts[order].astype(np.int64),
        np.concatenate([end, between[last] + 1])[order].astype(np.int64),
    )


def _between(size: int, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The code points that are in no token."""
    change = np.zeros(size + 1, np.int8)
    change[start] = 1
    change[end] -= 1
    return np.flatnonzero(np.cumsum(change[:-1], dtype=np.int8) == 0)


def whole(text: str) -> str:
    """The text with a sign for every half of a surrogate pair, which is one code point, but no character."""
    return _LONE.sub("\ufffd", text)


def _apart(codes: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens that share a character (the ㎡ that is m and ²) made one."""
    if not len(codes):
        return codes, start, end
    reach = np.maximum.accumulate(end)
    head = np.ones(len(codes), bool)
    head[1:] = start[1:] >= reach[:-1]
    if head.all():
        return codes, start, end
    first = np.flatnonzero(head)
    last = np.append(first[1:], len(codes)) - 1
    mixed = codes[first].copy()
    for at in np.flatnonzero(last > first).tolist():
        joined = 0
        for code in codes[first[at] : last[at] + 1].tolist():
            joined = (joined * 0x9E3779B1 + code) & 0x3FFFFFFF
        mixed[at] = WORD_TAG | joined
    return mixed, start[first], reach[last]


def _signs(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keys of characters that are no tokens of the text view, and which of them are white space."""
    keys = np.array([_sign(point) for point in points.tolist()], np.int64)
    return keys, (keys == SPACE) | (keys == NEWLINE)


@functools.lru_cache(maxsize=4096)
def _sign(point: int) -> int:
    """The key of one character: full and half width are one sign, so are all spaces and all line ends."""
    char = chr(point)
    if char in "\n\r\x0b\x0c\x85\u2028\u2029":
        return NEWLINE
    if char.isspace() or unicodedata.category(char) == "Cf":
        return SPACE
    folded = unicodedata.normalize("NFKC", char)
    return SIGN_TAG | (ord(folded) if len(folded) == 1 else point)


def is_value(keys: np.ndarray) -> np.ndarray:
    """Which tokens are numbers or masks, ``bool``: they seldom are the wording of anything."""
    return (keys >= NUMBER_TAG) | (keys == MASK_CODE)


def is_sign(keys: np.ndarray) -> np.ndarray:
    """Which tokens are punctuation or white space, ``bool``."""
    return (keys & 0xF0000000) == SIGN_TAG
