"""The stage that looks for passages, and what it tells: `passages.jsonl`, `crowded.jsonl`."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.collect import Collection
from dedup.config import Config
from dedup.documents.locate import Places, locate_tokens
from dedup.reuse.matches import Matches, find_matches
from dedup.reuse.occurrences import Occurrences, find_occurrences
from dedup.reuse.prints.groups import Crowded
from dedup.tables import CROWDED, PASSAGES
from dedup.work import WorkFolder

BEGINNING = 40  # characters of a passage that are shown


class Shared(NamedTuple):
    """What documents share.

    Attributes
    ----------
    matches : Matches
    crowded : Crowded
        What the cap left out.
    occurrences : Occurrences
    """

    matches: Matches
    crowded: Crowded
    occurrences: Occurrences

    def save(self, work: WorkFolder) -> None:
        """Keep it in the work folder."""
        work.save("matches", np.stack(self.matches))
        work.save("crowded", np.stack([column.view(np.int64) for column in self.crowded]))
        work.save("occurrences", np.stack(self.occurrences[:4]))
        work.save("identity", self.occurrences.identity)

    @classmethod
    def load(cls, work: WorkFolder) -> Shared:
        pos, end, row, documents, key = work.load("crowded")
        passage, rows, start, stop = work.load("occurrences")
        return cls(
            Matches(*work.load("matches")),
            Crowded(pos, end, row, documents, key.view(np.uint64)),
            Occurrences(passage, rows, start, stop, work.load("identity")),
        )


def find_shared(collection: Collection, config: Config, executor: Executor) -> Shared:
    """Find what documents share; where passages are not asked for, only the matches."""
    matches, crowded = find_matches(
        collection.codes, length=config.length, cap=config.cap, identity=config.identity, executor=executor
    )
    told = matches if config.passages else matches.take(np.zeros(0, np.int64))
    return Shared(matches, crowded, find_occurrences(told, length=config.length))


def passages_table(
    collection: Collection, found: Occurrences, first_doc: np.ndarray, config: Config, executor: Executor
) -> pa.Table:
    """One row per passage, `PASSAGES`; `first_doc` [m] int64 is the first document of each record."""
    places = _places(collection, found.row, found.start, found.end, config, executor)
    heads = np.flatnonzero(found.first())
    sizes = np.diff(np.append(heads, len(found.row)))
    longest = np.maximum.reduceat(found.end - found.start, heads) if len(heads) else heads
    ids = collection.rows.column("id").combine_chunks()
    occurrences = pa.StructArray.from_arrays(
        [
            pa.array(first_doc[found.row]),
            ids.take(pa.array(found.row)),
            pa.array(places.start),
            pa.array(places.end),
            pa.array(np.round(found.identity, 6)),
        ],
        fields=list(PASSAGES.field("occurrences").type.value_type),
    )
    columns = [
        pa.array(np.arange(len(heads))),
        pa.array(longest),
        pa.array(sizes),
        _beginnings(collection, found.row[heads], places.start[heads], places.end[heads]),
        pa.ListArray.from_arrays(pa.array(np.append(heads, len(found.row)).astype(np.int32)), occurrences),
    ]
    return pa.table(columns, schema=PASSAGES)


def copied_stretches(collection: Collection, matches: Matches, config: Config, executor: Executor) -> np.ndarray:
    """What stands before: of every match the record and the code points of its earlier side, then of the later one.

    Of a text that repeats itself without a gap the first unit stays, the shortest that is as long as a passage.

    Returns
    -------
    stretches : ``[n, 6] int64``
    """
    start = matches.start_b.copy()
    overlap = (matches.a == matches.b) & (matches.end_a > matches.start_b)
    period = np.maximum(1, matches.start_b - matches.start_a)
    unit = -(-config.length // period) * period
    start[overlap] = (matches.start_a + unit)[overlap]
    left = matches.take(np.flatnonzero(start < matches.end_b))
    start = start[start < matches.end_b]
    earlier = _places(collection, left.a, left.start_a, left.end_a, config, executor)
    later = _places(collection, left.b, start, left.end_b, config, executor)
    return np.column_stack([left.a, earlier.start, earlier.end, left.b, later.start, later.end])


def crowded_table(collection: Collection, crowded: Crowded, config: Config, executor: Executor) -> pa.Table:
    """What the cap left out, once each, the commonest first, `CROWDED`."""
    _, first = np.unique(crowded.key, return_index=True)
    first = first[np.lexsort((crowded.pos[first], -crowded.documents[first]))]
    row, begin = crowded.row[first], collection.codes.offsets[crowded.row[first]]
    start, end = crowded.pos[first] - begin, crowded.end[first] - begin
    places = _places(collection, row, start, end, config, executor)
    columns = [
        pa.array(crowded.documents[first]),
        pa.array(end - start),
        collection.rows.column("id").combine_chunks().take(pa.array(row)),
        pa.array(places.start),
        pa.array(places.end),
        _beginnings(collection, row, places.start, places.end),
    ]
    return pa.table(columns, schema=CROWDED)


def _places(
    collection: Collection, rows: np.ndarray, start: np.ndarray, end: np.ndarray, config: Config, executor: Executor
) -> Places:
    """The raw offsets of spans of tokens; the texts are read by several threads."""
    assert collection.texts is not None
    texts = collection.texts
    start, end = collection.text_tokens(rows, start), collection.text_tokens(rows, end - 1) + 1
    order = np.argsort(rows, kind="stable")
    # Not within a text, which would be read by each.
    edges = np.flatnonzero(np.diff(rows[order], prepend=-1))
    edges = edges[np.unique(np.linspace(0, len(edges) - 1, min(64, len(edges))).astype(np.int64))]
    parts = np.split(order, edges[1:]) if len(order) else []

    def locate(part: np.ndarray) -> Places:
        twice = np.concatenate([rows[part], rows[part]])
        tokens = np.concatenate([start[part], end[part] - 1])
        found = locate_tokens(texts, twice, tokens, kind=config.tokens)
        return Places(found.start[: len(part)], found.end[len(part) :])

    places = Places(np.empty(len(rows), np.int64), np.empty(len(rows), np.int64))
    for part, found in zip(parts, executor.map(locate, parts), strict=True):
        places.start[part], places.end[part] = found.start, found.end
    return places


def _beginnings(collection: Collection, rows: np.ndarray, start: np.ndarray, end: np.ndarray) -> pa.Array:
    """How spans begin, white space as single blanks."""
    assert collection.texts is not None
    stop = np.minimum(end, start + BEGINNING)
    shown = [""] * len(rows)
    row, text = -1, ""
    for i in np.argsort(rows, kind="stable").tolist():  # so that each text is decoded once
        if rows[i] != row:
            row, text = int(rows[i]), collection.texts[int(rows[i])].as_py()
        shown[i] = " ".join(text[start[i] : stop[i]].split())
    return pa.array(shown, pa.string())


def redundant_tokens(found: Occurrences) -> int:
    """Tokens that stand in an occurrence that is not the first of its passage, each counted once."""
    order = np.lexsort((found.start, found.row))
    later = order[~found.first()[order]]
    total, row, reach = 0, -1, 0
    for r, start, end in zip(*(column[later].tolist() for column in (found.row, found.start, found.end)), strict=True):
        if r != row:
            row, reach = r, 0
        if end > reach:
            total += end - max(start, reach)
            reach = end
    return total
