"""What was decided → the tables of a result."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.decide import EXACT_CODE, Decision
from dedup.matches.candidates import LARGEST
from dedup.matches.verify import Verified
from dedup.tables import CLUSTERS, DOCUMENTS, FAMILIES, LABELS, PAIRS, REMOVED

# Columns of a documents table that only pieces have.
PIECE = ("page", "piece", "start", "end", "kind")


def documents_table(
    rows: pa.Table,
    names: list[str],
    tokens: np.ndarray,
    order: np.ndarray,
    reference: np.ndarray,
    decision: Decision,
    labels: np.ndarray,
    template: np.ndarray,
    family: np.ndarray,
) -> pa.Table:
    """One row per document, `DOCUMENTS`; `rows` and `names` are those of the collection and its files.

    `labels` [m] int8 are numbers of `LABELS`, 0 for kept documents; `template` and `family` [m] int64 count from 1, 0
    for none.
    """
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
        label_names(labels),
        *(
            rows.column(name) if name in rows.column_names else pa.nulls(m, DOCUMENTS.field(name).type)
            for name in PIECE
        ),
        pa.array(template, mask=template == 0),
        pa.array(family, mask=family == 0),
    ]
    return pa.table(columns, schema=DOCUMENTS)


def label_names(codes: np.ndarray) -> pa.Array:
    """Numbers of `LABELS` as strings; null for 0 and less."""
    indices = pa.array(np.maximum(codes, 0).astype(np.int32), mask=codes <= 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(LABELS)).cast(pa.string())


def label_codes(names: pa.ChunkedArray) -> np.ndarray:
    """`LABELS` as their numbers, ``int8``; 0 for null."""
    found: np.ndarray = pc.fill_null(pc.index_in(names, pa.array(LABELS)), 0).to_numpy(zero_copy_only=False)
    return found.astype(np.int8)


def with_decision(documents: pa.Table, decision: Decision, labels: np.ndarray) -> pa.Table:
    """A documents table with other fates."""
    cluster = pa.array(decision.cluster, mask=decision.cluster < 0)
    fates = {"cluster": cluster, "kept_doc": pa.array(decision.kept), "label": label_names(labels)}
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
    labels: np.ndarray,
) -> pa.Table:
    """Every pair of documents that is proven, `PAIRS`.

    The search compares one document per text. Equal texts have equal similarities, so each verified pair stands for the
    pairs of all their copies: those are written out as long as the copies of both texts together are no more than a
    bucket that is searched in full (256), else one row per removed document and its kept one.

    `labels` [p] int8 are those of the verified pairs, -1 where none was worked out.
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
    return _pairs_of(rows, ids, pairs, threshold, reference, labels)


def _pairs_of(
    rows: _Rows,
    ids: pa.ChunkedArray,
    pairs: Verified,
    threshold: float,
    reference: np.ndarray,
    labels: np.ndarray,
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
    codes = np.where(equal, EXACT_CODE, labels[proof] if len(labels) else EXACT_CODE)
    columns = [
        pa.array(low),
        pa.array(high),
        ids.take(pa.array(low)),
        ids.take(pa.array(high)),
        pa.array(values),
        pa.array(np.where(swap, inside_b, inside_a)),
        pa.array(np.where(swap, inside_a, inside_b)),
        label_names(codes),
        pa.array(values >= threshold),
    ]
    return pa.table(columns, schema=PAIRS)


def with_labels(pairs: pa.Table, leaders: np.ndarray, which: np.ndarray, labels: np.ndarray) -> pa.Table:
    """A table of pairs with other labels.

    Parameters
    ----------
    which : ``[t] int64``
        The rows that are pairs of leaders.
    labels : ``[t] int8``
        Theirs; equal texts have theirs as well.
    """
    a, b = (leaders[pairs.column(name).to_numpy()] for name in ("doc_a", "doc_b"))
    keys = np.minimum(a, b) << 32 | np.maximum(a, b)
    order = np.argsort(keys[which])
    place = np.searchsorted(keys[which], keys, sorter=order)
    place = order[np.minimum(place, len(order) - 1)] if len(order) else place
    known = (keys[which][place] == keys) if len(order) else np.zeros(len(keys), bool)
    codes = np.where(known, labels[place] if len(order) else 0, 0)
    codes = np.where(a == b, EXACT_CODE, codes)
    return pairs.set_column(pairs.schema.get_field_index("label"), "label", label_names(codes))


def clusters_table(documents: pa.Table, decision: Decision) -> pa.Table:
    """Clusters of two and more documents, largest first, `CLUSTERS`; members in rank order."""
    number = decision.cluster
    rank = documents.column("rank").to_numpy()
    members = np.flatnonzero(number >= 0)
    # One that is kept for a part of it may have a higher rank than that.
    members = members[np.lexsort((rank[members], decision.kept[members] != members, number[members]))]
    sizes = np.bincount(number[members]) if len(members) else np.zeros(0, np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    is_kept = decision.kept[members] == members
    heads = members[is_kept]
    # References may be kept beside their cluster's head; they stay alone, so every cluster has one kept document.
    label = documents.column("label").take(pa.array(members)).combine_chunks()
    weakest = np.maximum.reduceat(label_codes(label), offsets[:-1]) if len(sizes) else np.zeros(0, np.int8)
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
        label_names(weakest),
        pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), struct),
    ]
    return pa.table(columns, schema=CLUSTERS)


def members_of(documents: pa.Table, families: int) -> list[tuple[str, ...]]:
    """The identifiers of the documents of each of the first families, in the order of the input."""
    order, edges = _by_family(documents, families)
    ids = documents.column("id").take(pa.array(order)).to_pylist()
    return [tuple(ids[begin:end]) for begin, end in zip(edges, edges[1:], strict=False)]


def families_table(documents: pa.Table, templates: int) -> pa.Table:
    """One row per family, `FAMILIES`; the first ones have a template."""
    count = int(pc.max(documents.column("family")).as_py() or 0)
    order, edges = _by_family(documents, count)
    filled = documents.column("template").to_numpy(zero_copy_only=False)
    filled = np.bincount(np.nan_to_num(filled).astype(np.int64), minlength=count + 1)[1:]
    numbers = np.arange(1, count + 1)
    ids = documents.column("id").take(pa.array(order))
    members = pa.StructArray.from_arrays(
        [pa.array(order), _flat(ids)], fields=list(FAMILIES.field("members").type.value_type)
    )
    columns = [
        pa.array(numbers),
        pa.array(np.diff(edges)),
        pa.array(numbers, mask=numbers > templates),
        pa.array(filled),
        pa.ListArray.from_arrays(pa.array(np.array(edges, np.int32)), members),
    ]
    return pa.table(columns, schema=FAMILIES)


def _by_family(documents: pa.Table, families: int) -> tuple[np.ndarray, list[int]]:
    """The documents of the first families, and where each family begins and ends among them."""
    family = pc.fill_null(documents.column("family"), 0).to_numpy()
    order = np.argsort(family, kind="stable")
    edges = np.searchsorted(family[order], np.arange(1, families + 2))
    return order[edges[0] : edges[-1]], (edges - edges[0]).tolist()


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
