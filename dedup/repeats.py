"""Passages that two texts share, or that stand several times in one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.config import Config
from dedup.documents.locate import locate_tokens
from dedup.documents.normalise import normalise_rows
from dedup.reuse.matches import find_matches
from dedup.reuse.occurrences import find_occurrences


class Occurrence(NamedTuple):
    """One place of a passage: in the first text (0) or the second (1), from `start` to `end` in code points.

    `identity` is the share of equal tokens of its alignment with another place; 1 for the first place.
    """

    text: int
    start: int
    end: int
    identity: float


class Passage(NamedTuple):
    """A passage: the tokens of its longest occurrence, and all places it stands at, in order."""

    length: int
    occurrences: list[Occurrence]


def passages(a: str, b: str | None = None, config: Config | None = None) -> list[Passage]:
    """The passages two texts share, or that stand several times in one; repeats within each are found as well.

    Every equal run of at least `Config.length` tokens is found; edited passages as `find_matches` says.

    Parameters
    ----------
    a : str
    b : str, optional
    config : Config, optional
        Its `length` and `identity` are used.

    Returns
    -------
    list of Passage
        Those that would save most first.

    Notes
    -----
    About 50 MB/s.
    """
    config = config or Config()
    texts = pa.array([a] if b is None else [a, b], pa.large_string())
    codes = normalise_rows(texts)
    with ThreadPoolExecutor(1) as executor:
        matches, _ = find_matches(
            codes, length=config.length, cap=config.cap, identity=config.identity, executor=executor
        )
    found = find_occurrences(matches, length=config.length)
    rows, tokens = np.concatenate([found.row, found.row]), np.concatenate([found.start, found.end - 1])
    places = locate_tokens(texts, rows, tokens)
    starts, ends = places.start[: len(found.row)].tolist(), places.end[len(found.row) :].tolist()
    every = [
        Occurrence(row, start, end, round(identity, 6))
        for row, start, end, identity in zip(found.row.tolist(), starts, ends, found.identity.tolist(), strict=True)
    ]
    heads = np.flatnonzero(found.first())
    longest = np.maximum.reduceat(found.end - found.start, heads).tolist() if len(heads) else []
    edges = [*heads.tolist(), len(every)]
    return [Passage(length, every[begin:end]) for length, begin, end in zip(longest, edges, edges[1:], strict=False)]
