"""Texts → their lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.documents.normalise import utf8_buffers
from dedup.pages import kernels


class Lines(NamedTuple):
    """The lines of some texts; those of text d are ``first[d]`` to ``first[d + 1]``.

    Attributes
    ----------
    texts : pa.LargeStringArray
        One string per line, its line end included: the texts' own buffer, cut at more places. Every text has at least
        one line.
    first : ``[m + 1] int64``
    points : ``[lines] int64``
        Code points of the text before the line.
    """

    texts: pa.LargeStringArray
    first: np.ndarray
    points: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def text_of(self) -> np.ndarray:
        """The text each line stands in, ``[lines] int64``."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def split_lines(texts: pa.LargeStringArray) -> Lines:
    """Cut texts at their line ends, without copying them; about 1 ns a byte.

    Parameters
    ----------
    texts : pa.LargeStringArray
        Without nulls.
    """
    data, offsets = utf8_buffers(texts)
    counts = np.empty(len(texts), np.int64)
    kernels.count_lines(data, offsets, counts)
    first = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    starts = np.empty(first[-1] + 1, np.int64)
    points = np.empty(first[-1], np.int64)
    kernels.split_lines(data, offsets, starts, points)
    starts[-1] = offsets[-1] if len(offsets) else 0
    buffers = [None, pa.py_buffer(starts), pa.py_buffer(data)]
    return Lines(pa.LargeStringArray.from_buffers(len(points), buffers[1], buffers[2]), first, points)
