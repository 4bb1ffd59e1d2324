"""Every table of a result and every file of a run folder."""

from __future__ import annotations

import pyarrow as pa

FORMAT = 1

EXACT = "exact"
NEAR = "near"

DOCUMENTS = pa.schema(
    [
        ("doc", pa.int64()),  # row number; the input's order, references first
        ("id", pa.string()),  # as read, or file:line
        ("file", pa.dictionary(pa.int32(), pa.string())),  # path relative to the inputs' common folder
        ("line", pa.int64()),  # from 1; rows of Parquet files
        ("byte_start", pa.int64()),  # of the record in the decompressed file, its line end left out; 0 for Parquet
        ("byte_end", pa.int64()),
        ("tokens", pa.int64()),  # length in the text view
        ("rank", pa.int64()),  # place in the order of survival; of several copies the lowest is kept
        ("reference", pa.bool_()),  # read for comparison only (--against)
        ("cluster", pa.int64()),  # null for documents alike to no other; 0 is the largest
        ("kept_doc", pa.int64()),  # the document kept for this one; itself if it is kept
        ("label", pa.string()),  # why it was removed: exact, near; null for kept ones
    ]
)

PAIRS = pa.schema(
    [
        # One document stands for all with its text; its pairs are written out for up to 256 copies, else for the kept
        # ones only. Two references (--against) are not compared, nor what has their texts.
        ("doc_a", pa.int64()),  # doc_a < doc_b
        ("doc_b", pa.int64()),
        ("id_a", pa.string()),
        ("id_b", pa.string()),
        ("similarity", pa.float64()),  # exact Jaccard similarity of the shingle sets
        ("containment_a", pa.float64()),  # share of a's shingles that stand in b
        ("containment_b", pa.float64()),
        ("label", pa.string()),  # of equal texts, and of a removed document's pair with its kept one; else null
        ("linked", pa.bool_()),  # similarity ≥ threshold
    ]
)

_MEMBER = pa.struct([("doc", pa.int64()), ("id", pa.string()), ("similarity", pa.float64()), ("label", pa.string())])
CLUSTERS = pa.schema(
    [
        ("cluster", pa.int64()),  # largest first
        ("size", pa.int64()),
        ("kept", pa.string()),  # identifier
        ("label", pa.string()),  # the weakest of its members' labels
        ("members", pa.list_(_MEMBER)),  # in rank order; the kept one first, without similarity and label
    ]
)

REMOVED = pa.schema(
    [
        ("id", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("kept_id", pa.string()),
        ("kept_file", pa.string()),
        ("cluster", pa.int64()),
        ("label", pa.string()),
        ("similarity", pa.float64()),
    ]
)

REJECTED = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),  # null: the (rest of the) file
        ("reason", pa.string()),
    ]
)

# What a run folder holds; README shows this list.
FILES = {
    "kept/": "the collection without the copies, record for record as it was read",
    "removed/": "the records left out of it; together with kept/ they are the input",
    "annotated/": "with --write annotated: every record, with a field `dedup` added",
    "documents.parquet": "one row per document: where it stands, its cluster, which document is kept for it and why",
    "pairs.parquet": "every verified pair with similarity ≥ threshold − .1; `linked` tells the links",
    "clusters.jsonl": "one cluster per line, largest first, with its members",
    "removed.jsonl": "one removed document per line, and the one kept for it",
    "rejected.jsonl": "what could not be read: file, line, reason",
    "run.json": "settings, versions, input digests, counts, seconds, memory",
}
