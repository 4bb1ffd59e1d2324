"""What was decided of pieces → each page as the list of its texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.decide import Decision
from dedup.tables import EXACT, PAGES, PIECES


def pieces_table(documents: pa.Table, decision: Decision) -> pa.Table:
    """One row per piece, `PIECES`."""
    mine = documents.filter(pc.and_(pc.is_valid(documents["piece"]), pc.invert(documents["reference"])))
    docs = mine.column("doc").to_numpy()
    columns = [
        *(mine.column(name) for name in ("page", "piece", "start", "end", "kind")),
        documents.column("id").take(mine.column("kept_doc").combine_chunks()),
        mine.column("label"),
        pa.array(decision.similarity[docs]),
    ]
    return pa.table(columns, schema=PIECES)


def pages_table(documents: pa.Table, decision: Decision) -> pa.Table:
    """One row per page, `PAGES`."""
    mine = documents.filter(pc.and_(pc.is_valid(documents["piece"]), pc.invert(documents["reference"])))
    docs = mine.column("doc").to_numpy()
    heads = np.flatnonzero(mine.column("piece").to_numpy() == 1)
    own = np.append(decision.kept[docs] == docs, False)
    edges = np.append(heads, len(docs))
    kept = np.add.reduceat(own.astype(np.int64), edges)[:-1] if len(heads) else heads
    first = mine.take(pa.array(heads))
    columns = [
        first.column("page"),
        first.column("file").cast(pa.string()),
        first.column("line"),
        pa.array(np.diff(edges)),
        pa.array(kept),
        pa.array(_compositions(mine, decision.kept[docs], edges), pa.string()),
    ]
    return pa.table(columns, schema=PAGES)


def kept_records(documents: pa.Table, decision: Decision) -> int:
    """How many records are kept, those of references left out; of pieces, the pages of which one is."""
    own = (decision.kept == np.arange(len(documents))) & ~documents.column("reference").to_numpy()
    pieces = pc.fill_null(documents.column("piece"), 1).to_numpy()
    heads = np.flatnonzero(pieces == 1)
    return int(np.logical_or.reduceat(own, heads).sum()) if len(heads) else 0


def _compositions(pieces: pa.Table, kept: np.ndarray, edges: np.ndarray) -> list[str]:
    """Each page in letters: pieces that are kept as one document have one letter."""
    near = (pc.fill_null(pieces.column("label"), EXACT).to_numpy(zero_copy_only=False) != EXACT).tolist()
    rest = pc.equal(pieces.column("kind"), "rest").to_numpy().tolist()
    texts = kept.tolist()
    found = []
    for begin, end in zip(edges.tolist(), edges[1:].tolist(), strict=False):
        letters: dict[int, str] = {}
        parts = []
        for i in range(begin, end):
            if rest[i]:
                continue
            known = texts[i] in letters
            letter = letters.setdefault(texts[i], _letter(len(letters)))
            parts.append(letter + "'" * (known and near[i]))
        found.append(" + ".join(parts))
    return found


def _letter(number: int) -> str:
    """A, B, … Z, AA, AB, …"""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
