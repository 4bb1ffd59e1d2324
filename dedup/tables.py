"""Every table of a result and every file of a run folder."""

from __future__ import annotations

import pyarrow as pa

from dedup import config

FORMAT = 2

EXACT, NEAR, TEMPLATED, PARTIAL = config.LABELS
BOILERPLATE = "boilerplate"
# By number: 0 is a pair that is nothing of all this.
LABELS = ("", *config.LABELS, BOILERPLATE)

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
        ("label", pa.string()),  # why it was removed: exact, near, templated, partial; null for kept ones
        # With --unit piece; else null.
        ("page", pa.string()),  # identifier of the record; that of its third piece is page#3
        ("piece", pa.int64()),  # from 1
        ("start", pa.int64()),  # code points of the record's text
        ("end", pa.int64()),
        ("kind", pa.string()),  # piece, or rest: what a page puts around its texts
        # With --templates; else null.
        ("template", pa.int64()),  # the one it was filled into: line of templates.jsonl, from 1
        ("family", pa.int64()),  # texts that have their wording in common, from 1; null for what is alone
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
        # exact, near and templated: of equal texts, and of a document's pair with its kept one; else null. partial: of
        # documents that share a passage and are no copies of each other.
        ("label", pa.string()),
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

_OCCURRENCE = pa.struct(
    [
        ("doc", pa.int64()),  # with --unit piece the first piece of the page
        ("id", pa.string()),  # of the record
        ("start", pa.int64()),  # code points of its text
        ("end", pa.int64()),
        ("identity", pa.float64()),  # share of equal tokens of its closest alignment with another; 1 for the first
    ]
)
PASSAGES = pa.schema(
    [
        ("passage", pa.int64()),  # 0: the one that would save most if all but one occurrence were cut out
        ("length", pa.int64()),  # tokens of the longest occurrence
        ("copies", pa.int64()),  # occurrences
        ("begins", pa.string()),  # how the first one begins
        ("occurrences", pa.list_(_OCCURRENCE)),  # in the order of the input
    ]
)

CROWDED = pa.schema(
    [
        ("documents", pa.int64()),  # how many the commonest part of it stands in
        ("length", pa.int64()),  # tokens
        ("id", pa.string()),  # where it stands first
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("begins", pa.string()),
    ]
)

FAMILIES = pa.schema(
    [
        ("family", pa.int64()),  # from 1; those with a template come first, and it has the same number
        ("size", pa.int64()),  # documents, copies among them
        ("template", pa.int64()),  # null if none was made: the texts differ by edits, not by values
        ("filled", pa.int64()),  # documents that were filled into it
        ("members", pa.list_(pa.struct([("doc", pa.int64()), ("id", pa.string())]))),  # in the order of the input
    ]
)

# Of every document that was filled into a template; how `values/` is kept while a run goes on.
FILLED = pa.schema(
    [
        ("template", pa.int32()),  # from 1; rows are sorted by it, then by doc
        ("doc", pa.int64()),
        ("edits", pa.int32()),
        (
            "spans",  # in reading order
            pa.list_(
                pa.struct(
                    [
                        ("slot", pa.int32()),
                        ("start", pa.int32()),  # code points of the record's text
                        ("end", pa.int32()),
                        ("text", pa.string()),
                    ]
                )
            ),
        ),
    ]
)

PIECES = pa.schema(
    [
        ("page", pa.string()),
        ("number", pa.int64()),  # from 1
        ("start", pa.int64()),  # code points of the page
        ("end", pa.int64()),
        ("kind", pa.string()),  # piece, rest
        ("kept_as", pa.string()),  # the piece that is kept for it; itself if it is kept
        ("label", pa.string()),  # why it is not kept itself; else null
        ("similarity", pa.float64()),  # to the one it is kept as
    ]
)

PAGES = pa.schema(
    [
        ("page", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("pieces", pa.int64()),
        ("kept", pa.int64()),  # how many of them are kept
        # A letter for each text; the same again is the same text, with a prime a near copy; rests are left out.
        ("composition", pa.string()),
    ]
)

CUTS = pa.schema(
    [
        ("id", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("start", pa.int64()),  # code points of the record's text as it was
        ("end", pa.int64()),
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
    "cut/": "with --cut: the collection without what stands in it before",
    "cuts.jsonl": "with --cut: what was cut out, and where it stood",
    "text/": "of HTML and WARC files: the texts that offsets refer to",
    "documents.parquet": "one row per document: where it stands, its cluster, which document is kept for it and why",
    "pairs.parquet": "every verified pair with similarity ≥ threshold − .1; `linked` tells the links",
    "clusters.jsonl": "one cluster per line, largest first, with its members",
    "removed.jsonl": "one removed document per line, and the one kept for it",
    "passages.jsonl": "with --passages: one passage per line, and every place it stands at",
    "crowded.jsonl": "with --passages: what stands in more documents than --cap, and so is no passage",
    "templates.jsonl": "with --templates: one template per line: its words, its slots, a regular expression",
    "values/": "with --templates: a table per template, with the values of every document filled into it",
    "pieces.jsonl": "with --unit piece: one piece per line, what it is kept as, and why",
    "pages.jsonl": "with --unit piece: one page per line, as the list of its pieces",
    "boilerplate.jsonl": "with --boilerplate: the lines that were set aside, with counts and examples",
    "rejected.jsonl": "what could not be read: file, line, reason",
    "run.json": "settings, versions, input digests, counts, seconds, memory",
}
