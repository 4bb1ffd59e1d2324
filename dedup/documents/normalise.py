"""Text → token codes: what is left of a text when everything that copying damages is set aside.

Two views of one text. The *text view* is what makes two texts the same text: without pinyin notes, NFKC, case-folded,
traditional characters simplified, punctuation left out. Its tokens are single characters of scripts without spaces,
words of the others, numbers (``3.5`` is not ``35``), and masks (``20xx``, ``**``). The *pattern view* is what makes two
texts the same template: the text view with every number and every mask folded to one code each.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.documents import kernels
from dedup.documents.characters import characters
from dedup.errors import MissingExtra

_NO_SPANS = np.empty((0, 2), np.int64)


class Codes(NamedTuple):
    """Token codes of many texts: row d is ``values[offsets[d]:offsets[d + 1]]``.

    values
        ``uint32``. Below 0x110000 a character; 0x40000000 a mask; 0x80000000 | hash a word; 0xC0000000 | hash a number.
    offsets
        ``[m + 1] int64``.
    """

    values: np.ndarray
    offsets: np.ndarray

    def row(self, d: int) -> np.ndarray:
        """The codes of text `d`, ``uint32``."""
        return self.values[self.offsets[d] : self.offsets[d + 1]]


def normalise(text: str, *, view: str = "text", tokens: str = "auto") -> np.ndarray:
    """Token codes of one text.

    Parameters
    ----------
    text : str
    view : {"text", "pattern"}
    tokens : {"auto", "word"}

    Returns
    -------
    codes : ndarray, ``[m] uint32``

    Notes
    -----
    About 1 GB/s for Chinese and .2 GB/s for English text once the kernels are compiled; `tokens="word"` is tens of
    times slower.
    """
    codes = normalise_rows(pa.array([text], pa.large_string()), tokens=tokens).values
    return pattern(codes) if view == "pattern" else codes


def pattern(codes: np.ndarray) -> np.ndarray:
    """The pattern view of text-view `codes` (any shape, ``uint32``): numbers one code, masks one code."""
    number = codes >= np.uint32(kernels.NUMBER_TAG)
    return np.where(number, np.uint32(kernels.NUMBER_TAG), codes)


def normalise_rows(texts: pa.LargeStringArray, *, tokens: str = "auto", scratch: np.ndarray | None = None) -> Codes:
    """Token codes of every text of an Arrow array without nulls, valid UTF-8.

    `scratch` [bytes of the texts] uint32, if given, may hold the result: fresh memory costs as much as the work.

    Costs one pass over the UTF-8 buffer; texts in which NFKC of the whole may say more than NFKC of each character
    (combining marks, ``㎡``, jamo: below 1 % of Chinese pages) are composed in Python and read again.
    """
    table, expansions = characters()
    data, offsets = utf8_buffers(texts)
    m = len(texts)
    size = int(offsets[-1] - offsets[0]) if m else 0
    values = np.empty(size, np.uint32) if scratch is None else scratch[:size]
    ends = np.zeros(m + 1, np.int64)
    unsure = np.zeros(m, np.uint8)
    count = kernels.normalise_rows(data, offsets, table, expansions, values, ends[1:], unsure)
    values = values[:count]
    rows = np.flatnonzero(unsure)
    if tokens == "word":
        return _join([words(str(text)) for text in texts.to_pylist()])
    if not len(rows):
        return Codes(values, ends)
    replaced = {}
    for d in rows.tolist():
        text = texts[d].as_py()
        composed = compose(text)
        if composed != text:
            replaced[d] = _codes_of(composed, _NO_SPANS)
    return _replace(Codes(values, ends), replaced)


def token_spans(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Token codes of one text and where each stands in it.

    Returns
    -------
    codes : ``[m] uint32``
    start, end : ``[m] int64``
        Code points of `text`; a pinyin note belongs to the character before it.
    """
    composed, origin = text, None
    if _unsure(text):
        composed, origin = _compose_with_origin(text)
    data = composed.encode()
    spans = np.empty((len(data), 2), np.int64)
    codes = _codes_of(composed, spans)
    # Byte positions to code points: count the bytes that begin one.
    raw = np.frombuffer(data, np.uint8)
    points = np.zeros(len(raw) + 1, np.int64)
    np.cumsum((raw & 0xC0) != 0x80, out=points[1:])
    start, end = points[spans[: len(codes), 0]], points[spans[: len(codes), 1]]
    if origin is not None and len(codes):
        first, last = origin
        start, end = first[start], last[end - 1]
    return codes, start, end


def utf8_buffers(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The UTF-8 bytes and the ``int64`` offsets of a string array, without copying the bytes."""
    if not pa.types.is_large_string(texts.type):
        texts = texts.cast(pa.large_string())
    _, positions, content = texts.buffers()
    if len(texts) == 0 or content is None:
        return np.zeros(0, np.uint8), np.zeros(len(texts) + 1, np.int64)
    offsets = np.frombuffer(positions, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(content, np.uint8), offsets


# -- composition -------------------------------------------------------------------------------------------------


@functools.cache
def _numerals() -> frozenset[str]:
    """Characters of category No, which stay themselves although NFKC would make figures of them: ² ½ ①."""
    table = characters().table
    plain = np.flatnonzero((table == np.arange(len(table))) & (table != 0))
    return frozenset(c for c in map(chr, plain.tolist()) if unicodedata.category(c) == "No")


@functools.cache
def _protected() -> re.Pattern[str]:
    return re.compile("([" + "".join(sorted(_numerals())) + "])")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def compose(text: str) -> str:
    """NFKC, case folding and NFKC of the whole text, characters such as ``²`` left as they are."""
    text = text.translate(_transparent())
    if _numerals().isdisjoint(text):
        return _fold(text)
    return "".join(part if i % 2 else _fold(part) for i, part in enumerate(_protected().split(text)))


@functools.cache
def _transparent() -> dict[int, None]:
    kinds = characters().table >> kernels.SHIFT
    return dict.fromkeys(np.flatnonzero(kinds == kernels.TRANSPARENT).tolist())


def _compose_with_origin(text: str) -> tuple[str, tuple[np.ndarray, np.ndarray]]:
    """`compose`, and for every code point of it the range of `text` it was made from.

    Composition never crosses a starter that nothing combines with, so the text is cut before each such character.
    """
    cuts = [i for i, char in enumerate(text) if i == 0 or not _joins(char)]
    cuts.append(len(text))
    pieces, first, last = [], [], []
    for a, b in zip(cuts, cuts[1:], strict=False):
        piece = compose(text[a:b])
        pieces.append(piece)
        first += [a] * len(piece)
        last += [b] * len(piece)
    return "".join(pieces), (np.array(first, np.int64), np.array(last, np.int64))


def _joins(char: str) -> bool:
    """Whether composition may join `char` to what stands before it."""
    kind = int(characters().table[ord(char)]) >> kernels.SHIFT
    return kind in (kernels.MARK, kernels.TRANSPARENT) or (
        kind == kernels.COMPOSE and unicodedata.category(char) == "Lo"
    )


def _unsure(text: str) -> bool:
    data = np.frombuffer(text.encode(), np.uint8)
    table, expansions = characters()
    return bool(
        kernels.normalise_text(data, 0, len(data), table, expansions, np.empty(len(data), np.uint32), _NO_SPANS)[1]
    )


def _codes_of(text: str, spans: np.ndarray) -> np.ndarray:
    data = np.frombuffer(text.encode(), np.uint8)
    table, expansions = characters()
    codes = np.empty(len(data), np.uint32)
    count, _ = kernels.normalise_text(data, 0, len(data), table, expansions, codes, spans)
    return codes[:count]


def _join(rows: list[np.ndarray]) -> Codes:
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return Codes(np.concatenate([*rows, np.empty(0, np.uint32)]).astype(np.uint32), offsets)


def _replace(codes: Codes, replaced: dict[int, np.ndarray]) -> Codes:
    """`codes` with some rows exchanged."""
    if not replaced:
        return codes
    parts, lengths, at = [], np.diff(codes.offsets), 0
    for d, row in sorted(replaced.items()):
        parts += [codes.values[codes.offsets[at] : codes.offsets[d]], row]
        lengths[d] = len(row)
        at = d + 1
    parts.append(codes.values[codes.offsets[at] :])
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return Codes(np.concatenate(parts), offsets)


# -- words -------------------------------------------------------------------------------------------------------


@functools.cache
def _cutter() -> Callable[[str], list[str]]:
    """The segmenter: rjieba, which gives jieba's words at twenty times its speed, or else jieba."""
    try:
        import rjieba

        return rjieba.cut
    except ImportError:
        pass
    try:
        import logging
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import jieba
        jieba.setLogLevel(logging.WARNING)
        return jieba.lcut
    except ImportError:
        raise MissingExtra("tokens = word needs a segmenter: pip install 'dedup[words]'") from None


def words(text: str) -> np.ndarray:
    """Token codes ``[m] uint32`` of one text, its Han runs cut into words."""
    return word_spans(text)[0]


def word_spans(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `token_spans`, the Han runs of the text cut into words.

    The segmenter sees each run normalised, so notes, width and script do not change its cuts; a run ends where
    anything else stands between two characters.
    """
    codes, start, end = token_spans(text)
    han = np.array([c < 0x110000 and kernels.is_han(c) for c in codes.tolist()], bool)
    out: list[int] = []
    firsts: list[int] = []  # the character each word begins with, as a number among `codes`
    cut = _cutter()
    i = 0
    while i < len(codes):
        if not han[i]:
            out.append(int(codes[i]))
            firsts.append(i)
            i += 1
            continue
        j = i + 1
        while j < len(codes) and han[j] and start[j] == end[j - 1]:
            j += 1
        for word in cut("".join(map(chr, codes[i:j].tolist()))):
            out.append(ord(word) if len(word) == 1 else kernels.WORD_TAG | word_hash(word))
            firsts.append(i)
            i += len(word)
    first = np.array(firsts, np.int64)
    return np.array(out, np.uint32), start[first], end[np.append(first[1:], len(codes))[: len(first)] - 1]


@functools.lru_cache(maxsize=1 << 16)
def word_hash(word: str) -> int:
    """The hash the kernel gives a run of letters."""
    h = int(kernels.FNV_OFFSET)
    for char in word:
        h = (h ^ ord(char)) * int(kernels.FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return int(kernels.finish(np.uint64(h)))
