"""Texts that repeat themselves and each other, as token codes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from dedup.documents.normalise import Codes
from dedup.reuse.matches import Matches, find_matches
from dedup.reuse.occurrences import Occurrences, find_occurrences
from dedup.reuse.prints.groups import Crowded

LENGTH = 16
Text = list[int]


class Here(Executor):
    """Does what it is given at once: Hypothesis and threads do not go together."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def codes_of(texts: Sequence[Sequence[int]]) -> Codes:
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return Codes(np.array([code for text in texts for code in text], np.uint32), offsets)


def matches_of(
    texts: Sequence[Text], *, length: int = LENGTH, cap: int = 100, identity: float = 1.0
) -> tuple[Matches, Crowded]:
    return find_matches(codes_of(texts), length=length, cap=cap, identity=identity, executor=Here())


def occurrences_of(
    texts: Sequence[Text], *, length: int = LENGTH, cap: int = 100, identity: float = 1.0
) -> Occurrences:
    return find_occurrences(matches_of(texts, length=length, cap=cap, identity=identity)[0], length=length)


def rows_of(table: Any, count: int | None = None) -> list[tuple[Any, ...]]:
    """A table of columns as a list of plain rows, of its first `count` columns."""
    return list(zip(*(column.tolist() for column in tuple(table)[:count]), strict=True))


def covered(matches: Matches) -> set[tuple[int, int]]:
    """The tokens (row, position) of all matches."""
    spans = [*rows_of(matches[:3]), *rows_of(matches[3:6])]
    return {(row, i) for row, start, end in spans for i in range(start, end)}


def standing(found: Occurrences) -> set[tuple[int, int]]:
    """The tokens (row, position) of all occurrences."""
    return {(row, i) for _, row, start, end, _ in rows_of(found) for i in range(start, end)}


def fresh(rng: Random, size: int) -> Text:
    """Tokens that stand nowhere else."""
    return [rng.randrange(1 << 31) for _ in range(size)]


@st.composite
def repetitive(draw: st.DrawFn, most: int = 8, size: int = 30) -> list[Text]:
    """Texts of 1 to 3 symbols put together of the same few blocks, some of them periodic; some are empty, or equal."""
    symbols = st.integers(0, draw(st.integers(0, 2)))
    block = st.lists(symbols, min_size=1, max_size=size)
    unit = st.lists(symbols, min_size=1, max_size=12)
    periodic = st.tuples(unit, st.integers(1, 60)).map(lambda made: (made[0] * 60)[: made[1]])
    blocks = draw(st.lists(st.one_of(block, periodic), min_size=1, max_size=4))
    alone = st.integers(100, 200).map(lambda code: [code])
    parts = st.lists(st.one_of(st.sampled_from(blocks), alone), max_size=6)
    text = parts.map(lambda drawn: [code for part in drawn for code in part])
    texts: list[Text] = draw(st.lists(text, min_size=1, max_size=most))
    for _ in range(draw(st.integers(0, 2))):
        texts.append(draw(st.sampled_from(texts)))
    return texts
