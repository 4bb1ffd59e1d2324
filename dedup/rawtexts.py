"""The texts of documents as they stand in their records, without the lines that were set aside."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from dedup.collect import Collection


class Text(NamedTuple):
    """The text of a document, and where its parts stand in its record, in code points.

    Attributes
    ----------
    text : str
        Without the lines that were set aside.
    starts, places : list of int
        Where each part that follows on in the record begins, in `text` and in the record.
    """

    text: str
    starts: list[int]
    places: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """What a span of `text` is in the record."""
        first = self._place(start)
        return first, max(first, self._place(end - 1) + 1) if end > start else first

    def _place(self, at: int) -> int:
        part = bisect_right(self.starts, at) - 1
        return self.places[part] + at - self.starts[part]


class RawTexts:
    """The texts of documents, by their numbers.

    Parameters
    ----------
    pages : Collection
        The records, with their texts.
    documents : Collection
        The same, or the pieces of them.
    """

    def __init__(self, pages: Collection, documents: Collection) -> None:
        assert pages.texts is not None
        self._texts = pages.texts
        self._lines, self._aside = pages.lines, pages.aside
        rows = documents.rows
        self._page = np.arange(len(documents))
        self._pieces = None
        if "piece" in rows.column_names:
            self._page = np.cumsum(rows.column("piece").to_numpy() == 1) - 1
            self._pieces = rows.column("start").to_numpy(), rows.column("end").to_numpy()

    def __getitem__(self, doc: int) -> Text:
        page = int(self._page[doc])
        whole: str = self._texts[page].as_py()
        start, end = 0, len(whole)
        if self._pieces is not None:
            start, end = int(self._pieces[0][doc]), int(self._pieces[1][doc])
        if self._lines is None or self._aside is None:
            return Text(whole[start:end], [0], [start])
        first, last = self._lines.first[page : page + 2].tolist()
        points = [*self._lines.points[first:last].tolist(), len(whole)]
        parts, starts, places, length = [], [], [], 0
        for begin, stop, aside in zip(points, points[1:], self._aside[first:last].tolist(), strict=False):
            begin, stop = max(begin, start), min(stop, end)
            if begin < stop and not aside:
                parts.append(whole[begin:stop])
                starts.append(length)
                places.append(begin)
                length += stop - begin
        return Text("".join(parts), starts or [0], places or [start])

    def bytes_of(self, docs: np.ndarray) -> np.ndarray:
        """At most how long the texts of some documents are, in UTF-8, ``[d] int64``."""
        offsets = np.frombuffer(self._texts.buffers()[1], np.int64)[self._texts.offset :]
        pages = self._page[docs]
        found: np.ndarray = offsets[pages + 1] - offsets[pages]
        if self._pieces is not None:
            found = np.minimum(found, 4 * (self._pieces[1][docs] - self._pieces[0][docs]))
        return found
