"""The truth about a collection, as Parquet tables; every offset counts code points of the text as written."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from dedup.documents.normalise import normalise_rows
from dedup.matches.verify import verify_pairs

SHINGLE = 5
_STRINGS = pa.list_(pa.string())

SCHEMAS = {
    "documents": pa.schema(
        [
            ("id", pa.string()),
            ("file", pa.string()),
            ("line", pa.int64()),  # of that file, from 1
            ("language", pa.string()),  # zh, en
            ("form", pa.string()),  # report, plan, notice, regulation, minutes, news, english, short
            ("topic", pa.string()),
            ("kind", pa.string()),  # clean, copy, member, page, short, trap
            ("trap", pa.string()),  # which; null for all others
            ("family", pa.int64()),  # documents of different families have nothing to do with each other
            ("origin", pa.string()),  # the document it goes back to; itself if there is none
            ("parent", pa.string()),  # the document it was made from; null if it was not
            ("changes", _STRINGS),  # what happened on the way from the parent, in order
            ("rate", pa.float64()),  # share of the characters that edits touched; null if none did
            ("characters", pa.int32()),
        ]
    ),
    "pairs": pa.schema(
        [
            ("id_a", pa.string()),  # made before b
            ("id_b", pa.string()),
            ("family", pa.int64()),
            ("label", pa.string()),  # exact, near, templated, partial, boilerplate
            ("jaccard", pa.float64()),  # of the sets of 5 consecutive tokens of the text view
            ("containment_a", pa.float64()),  # share of a's shingles that stand in b
            ("containment_b", pa.float64()),
            ("changes", _STRINGS),  # if b was made from a; null for all others
            ("rate", pa.float64()),
        ]
    ),
    "slots": pa.schema(
        [
            ("id", pa.string()),
            ("family", pa.int64()),  # its members share a template
            ("column", pa.int32()),  # slot of the template, in order
            ("variable", pa.int32()),  # columns that always hold one value share it
            ("type", pa.string()),  # number percentage money date year place person organisation title text
            ("value", pa.string()),  # as it stands in the text
            ("meant", pa.string()),  # as it was before damage
            ("state", pa.string()),  # kept, masked, lost, damaged
            ("start", pa.int32()),
            ("end", pa.int32()),
        ]
    ),
    "passages": pa.schema(
        [
            ("id_a", pa.string()),
            ("start_a", pa.int32()),
            ("end_a", pa.int32()),
            ("id_b", pa.string()),  # may be a itself
            ("start_b", pa.int32()),
            ("end_b", pa.int32()),
            ("crc_a", pa.uint32()),  # CRC-32 of the UTF-8 of the passage
            ("crc_b", pa.uint32()),
        ]
    ),
    "pieces": pa.schema(
        [
            ("id", pa.string()),
            ("piece", pa.int32()),  # from 1
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("heading_start", pa.int32()),
            ("heading_end", pa.int32()),  # equal if it has no heading
            ("origin", pa.string()),  # the document that is this piece alone; null if there is none
            ("crc", pa.uint32()),
        ]
    ),
    "boilerplate": pa.schema(
        [
            ("id", pa.string()),
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("kind", pa.string()),  # masthead, filler, editor, pagination, related, listed, footer
            ("value", pa.string()),
        ]
    ),
}

Rows = dict[str, list[dict[str, Any]]]


def no_rows() -> Rows:
    """A list for every table."""
    return {name: [] for name in SCHEMAS}


def tables(rows: Rows) -> dict[str, pa.Table]:
    """The rows as Arrow tables."""
    return {
        name: pa.table([pa.array([row[field.name] for row in rows[name]], field.type) for field in schema], schema)
        for name, schema in SCHEMAS.items()
    }


class Likeness(NamedTuple):
    """How alike some pairs are, by pair: Jaccard similarity, both containments, and whether their tokens are equal."""

    jaccard: np.ndarray
    containment_a: np.ndarray
    containment_b: np.ndarray
    equal: np.ndarray


def likeness(texts: list[str], pairs: Iterable[tuple[int, int]]) -> Likeness:
    """Exact similarities of pairs (a, b) with a < b, by the definition of the text view that README gives.

    The engine's own kernels count them: it is a definition, not a search. tests/naive.py counts again.
    """
    ends = np.array(list(pairs), np.int64).reshape(-1, 2)
    codes = normalise_rows(pa.array(texts, pa.large_string()))
    packed = ends[:, 0].astype(np.uint64) << np.uint64(32) | ends[:, 1].astype(np.uint64)
    order = np.argsort(packed)
    with ThreadPoolExecutor(1) as executor:
        found = verify_pairs(
            codes, np.arange(len(texts)), packed[order], n=SHINGLE, seed=0, floor=0.0, executor=executor
        )
    back = np.argsort(order)
    one = np.array([codes.row(d).tobytes() for d in range(len(texts))], object)
    return Likeness(
        found.similarity()[back],
        (found.shared / np.maximum(1, found.size_a))[back],
        (found.shared / np.maximum(1, found.size_b))[back],
        one[ends[:, 0]] == one[ends[:, 1]] if len(ends) else np.zeros(0, bool),
    )
