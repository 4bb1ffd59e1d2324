"""Pairs of texts → whether they are one body of text in which values, blocks and list items differ."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor

import numpy as np

from dedup.documents.kernels import MASK_CODE, NUMBER_TAG, WORD_TAG
from dedup.documents.normalise import Codes
from dedup.reasons import kernels

PIECE_TOKENS = 1 << 20  # tokens of both texts that one piece of work compares
PAIR_TOKENS = 64  # what a pair costs besides, in tokens

# Of planted pairs of members (seed 0) 99 % cover .55 of the longer text in order, and in three of four no stretch of
# more than 8 tokens gave way to another; where two texts share a passage or the lines of a site, long stretches did.
WHOLE = 0.6  # of the longer text
PART, OF_SHORTER = 0.3, 0.6  # or less of the longer, if the rest of it is only more: items, paragraphs left out
LONGEST_EXCHANGE = 48  # tokens that gave way to others
# Of titles and messages, punctuation counted: those of one planted frame have .65 and more, others .34 and less.
MOST_WORDS = 0.5


def share_body(codes: Codes, a: np.ndarray, b: np.ndarray, executor: Executor, tight: float = 0.0) -> np.ndarray:
    """Which pairs of rows are one body of text, ``[p] bool``.

    Parameters
    ----------
    codes : Codes
        Pattern views.
    a, b : ``[p] int64``
        Rows of `codes`.
    executor : Executor
    tight : float
        Least share of the longer text, but for blocks that only one has, that must be equal.

    Notes
    -----
    About 6 ns a token of both texts. Order matters, unlike in shingles: furniture above and below two texts is no body.
    """
    equal, exchanged, shorter, longer = _compare(codes, a, b, executor)
    if tight:
        return equal >= tight * longer
    found: np.ndarray = (equal >= WHOLE * longer) | (
        (equal >= PART * longer) & (equal >= OF_SHORTER * shorter) & (exchanged <= LONGEST_EXCHANGE)
    )
    return found & (shorter > 0)


def share_words(codes: Codes, a: np.ndarray, b: np.ndarray, executor: Executor, tight: float = 0.0) -> np.ndarray:
    """Which pairs of rows share most of their tokens in order, ``[p] bool``: for titles and messages."""
    equal, _, _, longer = _compare(codes, a, b, executor)
    found: np.ndarray = (equal >= max(MOST_WORDS, tight) * longer) & (longer > 0)
    return found


def _compare(
    codes: Codes, a: np.ndarray, b: np.ndarray, executor: Executor
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Tokens in equal blocks, the longest exchange, tokens of the shorter and of the longer text, ``[p]`` each."""
    sizes = np.diff(codes.offsets)
    cost = np.cumsum(sizes[a] + sizes[b] + PAIR_TOKENS)

    def work(rows: slice) -> np.ndarray:
        counts = np.empty((len(a[rows]), len(kernels.COLUMNS)), np.int32)
        kernels.compare_rows(codes.values, codes.offsets, a[rows], b[rows], WORD_TAG, NUMBER_TAG, MASK_CODE, counts)
        return counts

    counts = np.concatenate(list(executor.map(work, _pieces(cost))))
    shorter, longer = np.minimum(sizes[a], sizes[b]), np.maximum(sizes[a], sizes[b])
    return counts[:, kernels.EQUAL], counts[:, kernels.EXCHANGED], shorter, longer


def _pieces(cost: np.ndarray) -> Iterator[slice]:
    """Pairs that one piece of work takes; one piece at least."""
    count = int(cost[-1] // PIECE_TOKENS) + 1 if len(cost) else 1
    edges = np.unique(np.searchsorted(cost, np.arange(1, count) * PIECE_TOKENS)).tolist()
    return map(slice, [0, *edges], [*edges, len(cost)])
