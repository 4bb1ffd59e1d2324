"""What was filled into templates → the tables that users read: `templates.jsonl` and `values/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.templates.lost import find_lost
from dedup.templates.model import Template
from dedup.templates.write import (
    TEMPLATES,
    VALUES,
    counts_of,
    rows_of,
    span_rows,
    spans_name,
    value_rows,
    values_name,
    write_rows,
    write_templates,
)


@dataclass(frozen=True, slots=True)
class ValueTables:
    """The templates of a result with the values of its documents.

    Attributes
    ----------
    documents : pa.Table
        `dedup.tables.DOCUMENTS`.
    templates : list of Template
    filled : pa.Table
        `dedup.tables.FILLED`.
    copies : ``[m] int64``
        The document that each is a copy of, whatever is removed; itself if of none.
    """

    documents: pa.Table
    templates: list[Template]
    filled: pa.Table
    copies: np.ndarray

    def write(self, folder: Path) -> None:
        """The templates, and for each what was filled into it and where that stands."""
        write_templates(self.templates, counts_of(self.filled, len(self.templates)), folder / TEMPLATES)
        (folder / VALUES).mkdir()
        for number, template in enumerate(self.templates, 1):
            rows = rows_of(self.filled, number)
            write_rows(self.rows(number), folder / VALUES / values_name(number))
            ids = self.documents.column("id").take(rows.column("doc").combine_chunks())
            write_rows(span_rows(template, rows, ids), folder / VALUES / spans_name(number))

    def rows(self, number: int) -> Iterator[list[str]]:
        """The table of the values of a template, its header first; `number` from 1."""
        template, rows = self.templates[number - 1], rows_of(self.filled, number)
        docs = rows.column("doc").combine_chunks()
        kept = self.copies[docs.to_numpy()]
        ids = self.documents.column("id")
        in_pieces = self.documents.column("piece").null_count < len(self.documents)
        mine = self.documents.select(["id", "page", "piece"] if in_pieces else ["id"]).take(docs)
        originals = pc.if_else(pa.array(kept != docs.to_numpy()), ids.take(pa.array(kept)), None)
        lost = {
            row: [f"{one.variable}={one.value} (from {ids[docs[one.row].as_py()].as_py()})" for one in several]
            for row, several in find_lost(template, rows, kept).items()
        }
        return value_rows(template, rows, mine.append_column("copy_of", originals), lost)

    def table(self, number: int) -> pa.Table:
        """The same as an Arrow table."""
        rows = self.rows(number)
        names = next(rows)
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        table = pa.table([pa.array(column, pa.string()) for column in columns], names)
        for name in ("doc", "piece", "edits"):
            if name in names:
                table = table.set_column(names.index(name), name, table.column(name).cast(pa.int64()))
        return table
