"""Tokens → where they stand in their texts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.documents import kernels
from dedup.documents.characters import characters
from dedup.documents.normalise import token_spans, utf8_buffers, word_spans


class Places(NamedTuple):
    """Code points before the first character of each token, and behind its last, notes included: ``[t] int64``."""

    start: np.ndarray
    end: np.ndarray


def locate_tokens(texts: pa.LargeStringArray, rows: np.ndarray, tokens: np.ndarray, *, kind: str = "auto") -> Places:
    """Where some tokens stand; every text they stand in is read once more, at some 400 MB/s.

    Parameters
    ----------
    texts : pa.LargeStringArray
    rows, tokens : ``[t] int64``
        The text of each, and its number within it; in any order.
    kind : {"auto", "word"}
        What a token is, as in `Config.tokens`; words are cut anew, tens of times slower.
    """
    order = np.lexsort((tokens, rows))
    found = Places(np.empty(len(order), np.int64), np.empty(len(order), np.int64))
    ordered_rows, ordered_tokens = rows[order], np.ascontiguousarray(tokens[order], np.int64)
    edges = np.append(np.flatnonzero(np.diff(ordered_rows, prepend=-1)), len(order)).tolist()
    data, offsets = utf8_buffers(texts)
    table, expansions = characters()
    # By the bytes, which no text has more tokens than: of one the kernel is not sure of it may count more than there
    # are. What is not written to takes no memory.
    room = int(np.diff(offsets)[ordered_rows].max(initial=0)) + 1
    codes, spans = np.empty(room, np.uint32), np.empty((room, 2), np.int64)
    start, end = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    for begin, stop in zip(edges, edges[1:], strict=False):
        row = int(ordered_rows[begin])
        wanted = ordered_tokens[begin:stop]
        if kind == "word":
            _, first, last = word_spans(texts[row].as_py())
            start[begin:stop], end[begin:stop] = first[wanted], last[wanted]
            continue
        unsure = kernels.locate_tokens(
            data,
            offsets[row],
            offsets[row + 1],
            table,
            expansions,
            codes,
            spans,
            wanted,
            start[begin:stop],
            end[begin:stop],
        )
        if unsure:
            _, first, last = token_spans(texts[row].as_py())
            start[begin:stop], end[begin:stop] = first[wanted], last[wanted]
    found.start[order], found.end[order] = start, end
    return found
