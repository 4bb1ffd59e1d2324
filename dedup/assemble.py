"""What was decided → the tables of a result."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dedup.decide import Decision
from dedup.matches.candidates import LARGEST
from dedup.matches.verify import Verified
from dedup.tables import CLUSTERS, DOCUMENTS, EXACT, NEAR, PAIRS, REMOVED


def documents_table(
    rows: pa.Table,
    names: list[str],
    tokens: np.ndarray,
    order: np.ndarray,
    leaders: np.ndarray,
    reference: np.ndarray,
    decision: Decision,
) -> pa.Table:
    """One row per document, `DOCUMENTS`; `rows` and `names` are those of the collection and its files."""
    m = len(order)
    rank = np.empty(m, np.int64)
    rank[order] = np.arange(m)
    source = rows.column("source").combine_chunks()
    if isinstance(source, pa.ChunkedArray):
        source = source.chunk(0) if source.num_chunks else pa.array([], pa.int32())
    columns = [
        pa.array(np.arange(m)),
        rows.column("id"),
        pa.DictionaryArray.from_arrays(source, pa.array(names, pa.string())),
        rows.column("line"),
        rows.column("byte_start"),
        rows.column("byte_end"),
        pa.array(tokens),
        pa.array(rank),
        pa.array(reference),
        pa.array(decision.cluster, mask=decision.cluster < 0),
        pa.array(decision.kept),
        _labels(decision, leaders),
    ]
    return pa.table(columns, schema=DOCUMENTS)


def _labels(decision: Decision, leaders: np.ndarray) -> pa.Array:
    """Labels of all documents; null for kept ones."""
    kept = decision.kept == np.arange(len(decision.kept))
    codes = np.where(decision.exact(leaders), 0, 1).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=kept), pa.array([EXACT, NEAR])).cast(pa.string())


def with_decision(documents: pa.Table, leaders: np.ndarray, decision: Decision) -> pa.Table:
    """A documents table with other fates."""
    cluster = pa.array(decision.cluster, mask=decision.cluster < 0)
    fates = {"cluster": cluster, "kept_doc": pa.array(decision.kept), "label": _labels(decision, leaders)}
    for name, column in fates.items():
        documents = documents.set_column(documents.schema.get_field_index(name), DOCUMENTS.field(name), column)
    return documents


class _Rows:
    """Pairs of documents, each with the verified pair that proves it (-1: equal texts), gathered piece by piece."""

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, a: np.ndarray, b: np.ndarray, pair: np.ndarray | int) -> None:
        """`a` has the text of the verified pair's a, `b` of its b."""
        a, b = a.ravel(), b.ravel()
        self._parts.append((a, b, np.broadcast_to(pair, a.shape).ravel()))

    def distinct(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every pair once, in the order of (lower document, higher document)."""
        empty = np.zeros(0, np.int64)
        a, b, pair = (np.concatenate(column) for column in zip((empty, empty, empty), *self._parts, strict=True))
        keys = np.minimum(a, b) << 32 | np.maximum(a, b)
        _, first = np.unique(keys, return_index=True)
        return a[first], b[first], pair[first]


def pairs_table(
    ids: pa.ChunkedArray,
    leaders: np.ndarray,
    pairs: Verified,
    threshold: float,
    reference: np.ndarray,
    decision: Decision,
) -> pa.Table:
    """Every pair of documents that is proven, `PAIRS`.

    The search compares one document per text. Equal texts have equal similarities, so each verified pair stands for the
    pairs of all their copies: those are written out as long as the copies of both texts together are no more than a
    bucket that is searched in full (256), else one row per removed document and its kept one.
    """
    rows = _Rows()
    m = len(leaders)
    by_leader = np.argsort(leaders, kind="stable")
    sizes = np.bincount(leaders, minlength=m)
    begin = np.concatenate([[0], np.cumsum(sizes)])
    for size in np.unique(sizes[sizes > 1]).tolist():
        heads = np.flatnonzero(sizes == size)
        copies = by_leader[begin[heads][:, None] + np.arange(size)]
        if size <= LARGEST:
            i, j = np.triu_indices(size, 1)
            rows.add(copies[:, i], copies[:, j], -1)
        else:
            rows.add(np.repeat(heads, size - 1), copies[copies != heads[:, None]], -1)
    a, b = pairs.a, pairs.b
    rows.add(a, b, np.arange(len(a)))
    many = np.flatnonzero((sizes[a] * sizes[b] > 1) & (sizes[a] + sizes[b] <= LARGEST))
    shapes, which = np.unique(np.column_stack([sizes[a[many]], sizes[b[many]]]), axis=0, return_inverse=True)
    for shape, (left, right) in enumerate(shapes.tolist()):
        chosen = many[which.ravel() == shape]
        ones = by_leader[begin[a[chosen]][:, None] + np.arange(left)][:, :, None]
        others = by_leader[begin[b[chosen]][:, None] + np.arange(right)][:, None, :]
        full = (len(chosen), left, right)
        rows.add(np.broadcast_to(ones, full), np.broadcast_to(others, full), np.repeat(chosen, left * right))
    removed = decision.removed()
    proof = decision.pair[removed]
    forward = (proof < 0) | (pairs.a[np.maximum(proof, 0)] == leaders[decision.kept[removed]]) if len(a) else proof < 0
    kept = decision.kept[removed]
    rows.add(np.where(forward, kept, removed), np.where(forward, removed, kept), proof)
    return _pairs_of(rows, ids, pairs, threshold, reference, decision)


def _pairs_of(
    rows: _Rows,
    ids: pa.ChunkedArray,
    pairs: Verified,
    threshold: float,
    reference: np.ndarray,
    decision: Decision,
) -> pa.Table:
    a, b, pair = rows.distinct()
    wanted = ~(reference[a] & reference[b])
    a, b, pair = a[wanted], b[wanted], pair[wanted]
    equal = pair < 0
    proof = np.where(equal, 0, pair)
    ones = np.ones(1)
    if len(pairs.a):
        similarity, size_a, size_b, shared = pairs.similarity(), pairs.size_a, pairs.size_b, pairs.shared
    else:
        similarity, size_a, size_b, shared = ones, ones, ones, ones
    values = np.where(equal, 1.0, similarity[proof])
    inside_a = np.where(equal, 1.0, shared[proof] / size_a[proof])
    inside_b = np.where(equal, 1.0, shared[proof] / size_b[proof])
    swap = a > b
    low, high = np.where(swap, b, a), np.where(swap, a, b)
    near = (decision.kept[a] == b) | (decision.kept[b] == a)
    label = pa.DictionaryArray.from_arrays(
        pa.array(np.where(equal, 0, 1).astype(np.int32), mask=~(equal | near)), pa.array([EXACT, NEAR])
    )
    columns = [
        pa.array(low),
        pa.array(high),
        ids.take(pa.array(low)),
        ids.take(pa.array(high)),
        pa.array(values),
        pa.array(np.where(swap, inside_b, inside_a)),
        pa.array(np.where(swap, inside_a, inside_b)),
        label.cast(pa.string()),
        pa.array(values >= threshold),
    ]
    return pa.table(columns, schema=PAIRS)


def clusters_table(documents: pa.Table, decision: Decision) -> pa.Table:
    """Clusters of two and more documents, largest first, `CLUSTERS`; members in rank order."""
    number = decision.cluster
    rank = documents.column("rank").to_numpy()
    members = np.flatnonzero(number >= 0)
    members = members[np.lexsort((rank[members], number[members]))]
    sizes = np.bincount(number[members]) if len(members) else np.zeros(0, np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    is_kept = decision.kept[members] == members
    heads = members[is_kept]
    # References may be kept beside their cluster's head; they stay alone, so every cluster has one kept document.
    label = documents.column("label").take(pa.array(members)).combine_chunks()
    is_near = (label.to_numpy(zero_copy_only=False) == NEAR).astype(np.int64)
    near = np.add.reduceat(is_near, offsets[:-1]) if len(sizes) else sizes
    struct = pa.StructArray.from_arrays(
        [
            pa.array(members),
            _flat(documents.column("id").take(pa.array(members))),
            pa.array(decision.similarity[members], mask=is_kept),
            _flat(label),
        ],
        fields=list(CLUSTERS.field("members").type.value_type),
    )
    columns = [
        pa.array(np.arange(len(sizes))),
        pa.array(sizes.astype(np.int64)),
        documents.column("id").take(pa.array(heads)),
        pa.array([NEAR if count else EXACT for count in near], pa.string()),
        pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), struct),
    ]
    return pa.table(columns, schema=CLUSTERS)


def removed_table(documents: pa.Table, decision: Decision) -> pa.Table:
    """Removed documents in input order, `REMOVED`."""
    removed = pa.array(decision.removed())
    mine = documents.take(removed)
    kept = documents.take(mine.column("kept_doc").combine_chunks())
    columns = [
        mine.column("id"),
        mine.column("file").cast(pa.string()),
        mine.column("line"),
        kept.column("id"),
        kept.column("file").cast(pa.string()),
        mine.column("cluster"),
        mine.column("label"),
        pa.array(decision.similarity[decision.removed()]),
    ]
    return pa.table(columns, schema=REMOVED)


def _flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return column
