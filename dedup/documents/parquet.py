"""Parquet files → blocks: one batch of rows a block; `line` counts rows, byte positions are 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.documents.blocks import Block, Rejected, Task, broken, join_texts, make_rows
from dedup.documents.fields import Fields
from dedup.documents.sources import Source

ROWS = 4096


def probe_parquet(source: Source, encoding: str) -> list[dict[str, object]]:
    """The first records of a file."""
    try:
        with pq.ParquetFile(source.path) as file:
            first = next((g for g in range(file.num_row_groups) if file.metadata.row_group(g).num_rows), None)
            batch = next(file.iter_batches(batch_size=100, row_groups=[first])) if first is not None else None
            names = file.schema_arrow.names
    except (OSError, pa.ArrowException):
        return []
    if batch is None:
        return [dict.fromkeys(names)]
    # Only strings matter for the guess; other values may be ones that Python cannot hold.
    columns = [_strings(column) for column in batch.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _strings(column: pa.Array) -> list[object]:
    if not _is_text(column.type):
        return [None] * len(column)
    raw = column.cast(pa.large_string()).cast(pa.large_binary()).to_pylist()
    return [None if value is None else value.decode(errors="replace") for value in raw]


def read_parquet(source: Source, fields: Fields, encoding: str) -> Iterator[Task]:
    """Tasks that convert a file batch by batch."""
    try:
        with pq.ParquetFile(source.path) as file:
            schema = file.schema_arrow
            for name in fields.names():
                if name not in schema.names and (name in fields.text or name == fields.id):
                    yield broken(fields, f"no column {name!r}; the columns are {', '.join(schema.names)}")
                    return
            for name in fields.text:
                kind = schema.field(name).type
                if not _is_text(kind):
                    yield broken(fields, f"the column {name!r} is {kind}, not a string")
                    return
            wanted = [name for name in fields.names() if name in schema.names]
            for group in range(file.num_row_groups):
                left = file.metadata.row_group(group).num_rows
                try:
                    for batch in file.iter_batches(batch_size=ROWS, row_groups=[group], columns=wanted):
                        yield _task(batch, fields)
                        left -= batch.num_rows
                except (OSError, pa.ArrowException) as error:
                    yield broken(fields, f"row group {group + 1} cannot be read: {_first_line(error)}", left)
    except (OSError, pa.ArrowException) as error:
        yield broken(fields, f"cannot be read as Parquet: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _task(batch: pa.RecordBatch, fields: Fields) -> Task:
    return lambda: _convert(batch, fields)


def _convert(batch: pa.RecordBatch, fields: Fields) -> Block:
    count = batch.num_rows
    text = join_texts([_text(batch.column(name)) for name in fields.text])
    missing = pc.is_null(text).to_numpy(zero_copy_only=False)
    rejected = [Rejected(row + 1, f"the field {fields.text[0]!r} is null") for row in np.flatnonzero(missing).tolist()]
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        for row, value in enumerate(text.cast(pa.large_binary())):
            try:
                (value.as_py() or b"").decode()
            except UnicodeDecodeError:
                missing[row] = True
                rejected.append(Rejected(row + 1, "not UTF-8"))
    keep = np.flatnonzero(~missing)
    nulls = pa.nulls(count, pa.string())
    ids = _scalar(batch.column(fields.id)) if fields.id else nulls
    others = {
        name: _scalar(batch.column(name)).take(keep) if name in batch.schema.names else nulls.take(keep)
        for name in fields.others
    }
    zeros = np.zeros(len(keep), np.int64)
    rows = make_rows(fields, ids.take(keep), text.take(keep), keep + 1, zeros, zeros, others)
    return Block(rows, count, rejected)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _text(column: pa.Array) -> pa.Array:
    return column.cast(pa.large_string())


def _scalar(column: pa.Array) -> pa.Array:
    """A column as strings; nested ones have no string form and count as missing."""
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(column), pa.string())
