"""Lines → keys of the templates they are filled into."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from dedup.documents import kernels as tokens
from dedup.documents.normalise import Codes, utf8_buffers
from dedup.pages.boilerplate import kernels
from dedup.pages.lines import Lines

KINDS = {
    kernels.WHOLE: "whole",
    kernels.SHORT: "short",
    kernels.COLLECTION: "collection",
    kernels.CRUMB: "crumb",
    kernels.FIELDS: "fields",
    kernels.FRAME: "frame",
}
SIGNS = {
    kernels.OPENED: "《〈「『“",
    kernels.CLOSED: "》〉」』”",
    kernels.STEP: ">＞›»",
    kernels.FIELD: ":：|｜\t\u3000【】",
    kernels.STOP: "。！？；!?;",
    kernels.COMMA: "，,",
    kernels.TAG: "<",
    kernels.BESIDE: " ./",
}
RANGES = {
    kernels.LETTERS: (("A", "Z"), ("a", "z"), ("Ａ", "Ｚ"), ("ａ", "ｚ"), ("À", "\u052f")),
    kernels.FIGURES: (("0", "9"), ("０", "９")),
    kernels.PLAIN: (("ぁ", "ヿ"), ("\u3400", "\ud7ff")),
}
CONTENT_LINES = 6  # the longest of a page, by which it is known
CONTENT_TOKENS = 256  # of each


class LineKeys(NamedTuple):
    """What is known of the lines of some pages, and of the pages.

    Attributes
    ----------
    whole : ``[lines] uint64``
        The line with its figures, masks and quoted titles folded; a collection's title (`〈title〉(N篇)`) whatever the
        title. 0 for lines of fewer than 4 or more than 200 tokens.
    weak : ``[lines] uint64``
        The same with one part free, whichever the line's form allows: the way to a page behind its beginning, the
        longest of several fields, or the middle of a line of 17 to 48 tokens. 0 where there is none.
    near : ``[lines] uint64``
        By what its neighbours know a line; 0 for lines without tokens. The low half is from `whole`. So is the high
        half, but for a collection's title, of which every one is another neighbour, and for lines without a key.
    contents : ``[pages, 6] uint64``
        Of the longest lines, longest first: the low half of `near`, then a hash that most fillings of a template share.

    Notes
    -----
    The three low bits of a key are its kind, a key of `KINDS`.
    """

    whole: np.ndarray
    weak: np.ndarray
    near: np.ndarray
    contents: np.ndarray


def line_keys(lines: Lines, codes: Codes) -> LineKeys:
    """The keys of all lines; about 2 ns a byte of Chinese text, 28 bytes a line.

    Parameters
    ----------
    lines : Lines
    codes : Codes
        Of the lines: ``normalise_rows(lines.texts)``.
    """
    data, starts = utf8_buffers(lines.texts)
    whole, weak, near = (np.empty(len(lines), np.uint64) for _ in range(3))
    tags = tokens.MASK_CODE, tokens.WORD_TAG, tokens.NUMBER_TAG
    kernels.key_lines(data, starts, codes.values, codes.offsets, _signs(), *tags, whole, weak, near)
    contents = np.empty((len(lines.first) - 1, CONTENT_LINES), np.uint64)
    number = np.uint32(tokens.NUMBER_TAG)
    found = codes.values, codes.offsets, lines.first, whole, weak, near
    kernels.page_contents(*found, number, CONTENT_TOKENS, contents)
    return LineKeys(whole, weak, near, contents)


@functools.cache
def _signs() -> np.ndarray:
    """What each character is between the tokens of a line, ``[65536] uint8``."""
    signs = np.zeros(1 << 16, np.uint8)
    for kind, characters in SIGNS.items():
        signs[[ord(character) for character in characters]] = kind
    for kind, ranges in RANGES.items():
        for first, last in ranges:
            signs[ord(first) : ord(last) + 1] = kind
    signs[[ord("×"), ord("÷")]] = 0
    return signs


def kind_of(key: int) -> str:
    """What kind of template a key stands for."""
    return KINDS[key & 7]
