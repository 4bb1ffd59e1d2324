"""Titles, headings, messages, items of lists: what is too short for shingles of five to tell of which template it is.

Punctuation counts here, `(模板11篇)` is little else. Two ways lead to a family: texts that share most of their tokens
in order, and lines in one frame, which may share no more than how they begin or end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dedup.documents.kernels import NUMBER_TAG
from dedup.documents.normalise import Codes
from dedup.matches.exact import spread
from dedup.templates.tokens import NEWLINE, SIGN_TAG, SPACE, is_sign, is_value, tokenise

SHORT = 64  # tokens of the text view
LEAST_MEMBERS = 3  # a pair of titles is no template
TOGETHER = 1 << 10  # texts that are read as one: most of the time is per reading

# Frames: so many tokens at the beginning or the end of a line, a number among them,
FRAME = 3
# which are so much of all tokens of the lines in it. The 30 titles of a list have .21, headings 第三章 .4 and more.
LEAST_FRAME = 0.12
LONGEST_LINE = 40  # tokens
SPREAD = np.array([0x9E3779B97F4A7C15, 0xD1342543DE82EF95, 0xBF58476D1CE4E5B9], np.uint64)  # of a frame's tokens
NOT_IN_LINES = np.array([SIGN_TAG | ord(char) for char in ",.;!?。、…"], np.uint32)
NUMERALS = np.array([ord(char) for char in "一二三四五六七八九十百千零〇两"], np.uint32)
# Before and after these a Han numeral is a number of the template.
NUMBERED = np.array([ord(char) for char in "第篇之"] + [SIGN_TAG | ord("(")], np.uint32)
DAYS = np.array([ord(char) for char in "年月日号时分"], np.uint32)

Texts = Callable[[np.ndarray], Sequence[str]]


def sign_views(texts: Sequence[str]) -> Codes:
    """Pattern views of short texts, punctuation left in, white space out, numerals as numbers."""
    parts, lengths = [np.empty(0, np.uint32)], [np.empty(0, np.int64)]
    for begin in range(0, len(texts), TOGETHER):
        some = texts[begin : begin + TOGETHER]
        keys, start, _ = _read(some)
        # Where each text begins; the line end behind it is its last character.
        first = np.cumsum([0, *(len(text) + 1 for text in some)])
        of = np.searchsorted(first, start, side="right") - 1
        parts.append(_folded(keys, of))
        lengths.append(np.bincount(of, minlength=len(some)))
    return Codes(np.concatenate(parts), np.concatenate([[0], np.cumsum(np.concatenate(lengths))]))


def _read(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tokens = tokenise("\n".join(texts))
    kept = (tokens.keys != SPACE) & (tokens.keys != NEWLINE)
    return tokens.keys[kept], tokens.start[kept], tokens.end[kept]


def _folded(keys: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Numbers and masks, and numerals that count something, made one key. `of` says of which text each token is."""
    numeral = np.isin(keys, NUMERALS)
    before = np.append(False, np.isin(keys[:-1], NUMBERED) & (of[:-1] == of[1:]))[: len(keys)]
    head = np.append(True, of[1:] != of[:-1])[: len(keys)]
    counts = numeral & (before | head)
    while True:  # a run of numerals goes on
        more = numeral & ~counts
        more[1:] &= counts[:-1] & (of[1:] == of[:-1])
        more[:1] = False
        if not more.any():
            break
        counts |= more
    return np.where(is_value(keys) | counts, np.uint32(NUMBER_TAG), keys)


def framed(views: Codes, groups: np.ndarray | None = None) -> np.ndarray:
    """Which lines stand in one frame, ``[r] int64``: the number of its frame, -1 for none.

    Parameters
    ----------
    views : Codes
        As `sign_views` gives them.
    groups : ``[r] int64``, optional
        Only lines of one group stand in one frame.

    Notes
    -----
    Only lines that are no sentences: no comma, no full stop. A line that could stand in two frames is put into the one
    that holds more lines.
    """
    sizes = np.diff(views.offsets)
    lines = (sizes > FRAME) & (sizes <= LONGEST_LINE)
    if len(views.values):
        stops = np.concatenate([[0], np.cumsum(np.isin(views.values, NOT_IN_LINES))])
        # The dot behind a number at the head of a line is none.
        lines &= stops[views.offsets[1:]] == stops[np.minimum(views.offsets[:-1] + 2, views.offsets[1:])]
    rows = np.flatnonzero(lines)
    offset = np.arange(FRAME)
    last, first = views.offsets[rows + 1][:, None] - FRAME + offset, views.offsets[rows][:, None] + offset
    best, members = np.full(len(sizes), -1, np.int64), np.zeros(len(sizes), np.int64)
    found = 0
    for tokens in (views.values[last], views.values[first]):
        fit = np.flatnonzero(_is_frame(tokens))
        if not len(fit):
            continue
        keys = tokens[fit].astype(np.uint64) @ SPREAD
        if groups is not None:
            keys ^= spread(groups[rows[fit]])
        _, frame, count = np.unique(keys, return_inverse=True, return_counts=True)
        share = FRAME * count / np.bincount(frame, sizes[rows[fit]])
        good = (count >= LEAST_MEMBERS) & (share >= LEAST_FRAME)
        larger = good[frame] & (count[frame] > members[rows[fit]])
        chosen = rows[fit[larger]]
        best[chosen], members[chosen] = found + frame[larger], count[frame[larger]]
        found += len(count)
    # A frame that lost lines to another may have too few left.
    left = np.bincount(best + 1, minlength=found + 1)
    left[0] = 0
    best[left[best + 1] < LEAST_MEMBERS] = -1
    return best


def _is_frame(tokens: np.ndarray) -> np.ndarray:
    """Which rows of `tokens` ``[q, FRAME]`` hold a number and wording enough: two signs or words, one a word."""
    number = tokens == np.uint32(NUMBER_TAG)
    sign = is_sign(tokens)
    # 5月6日 begins lines that have nothing to do with one another.
    word = ~number & ~sign & ~np.isin(tokens, DAYS)
    return number.any(axis=1) & word.any(axis=1) & ((word | sign).sum(axis=1) >= 2)
