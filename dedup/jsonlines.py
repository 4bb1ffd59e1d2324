"""Arrow tables → JSON lines, column by column: no Python object per row, unlike `to_pylist` and `json.dumps`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj


def write_json_lines(table: pa.Table, file: IO[bytes]) -> None:
    """Write one JSON object per row, UTF-8; characters stay readable, nulls are written as null."""
    for batch in table.to_batches(max_chunksize=1 << 13):
        if batch.num_rows:
            lines = _object(batch.schema.names, batch.columns, "}\n")
            end = np.frombuffer(lines.buffers()[1], np.int64)[lines.offset + len(lines)]
            file.write(memoryview(lines.buffers()[2])[:end])


def read_json_table(path: Path, schema: pa.Schema) -> pa.Table | None:
    """A table that `write_json_lines` wrote; None if there is no such file."""
    if not path.exists():
        return None
    if not path.stat().st_size:
        return schema.empty_table()
    largest = pj.ReadOptions(block_size=max(1 << 20, min(path.stat().st_size, (1 << 31) - 1)))
    return pj.read_json(path, largest, pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"))


def _object(names: list[str], columns: list[pa.Array], close: str = "}") -> pa.Array:
    parts: list[pa.Array | pa.Scalar] = []
    for i, (name, column) in enumerate(zip(names, columns, strict=True)):
        parts.append(_scalar(("{" if i == 0 else ", ") + json.dumps(name, ensure_ascii=False) + ": "))
        parts.append(_encode(column))
    return pc.binary_join_element_wise(*parts, _scalar(close), _scalar(""))


def _encode(column: pa.Array) -> pa.Array:
    """Each value of a column as JSON, ``large_string``."""
    kind = column.type
    if pa.types.is_struct(kind):
        text = _object([field.name for field in kind], column.flatten())
    elif pa.types.is_list(kind):
        inner = _encode(column.flatten())
        lists = pa.ListArray.from_arrays(pc.subtract(column.offsets, column.offsets[0]), inner.cast(pa.string()))
        joined = pc.binary_join(lists, ", ").cast(pa.large_string())
        text = pc.binary_join_element_wise(_scalar("["), joined, _scalar("]"), _scalar(""))
    elif pa.types.is_dictionary(kind):
        return _encode(column.cast(kind.value_type))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = _quoted(column.cast(pa.large_string()))
    else:
        text = column.cast(pa.large_string())
    return pc.fill_null(pc.if_else(pc.is_valid(column), text, _scalar(None)), "null")


def _quoted(column: pa.Array) -> pa.Array:
    # Control characters are rare, and worth the slow way.
    content = column.buffers()[2]
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(content, np.uint8)[offsets[0] : offsets[-1]] if content is not None else np.zeros(0, np.uint8)
    if (data < 32).any():
        values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist()]
        return pa.array(values, pa.large_string())
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise(_scalar('"'), escaped, _scalar('"'), _scalar(""))


def _scalar(value: str | None) -> pa.Scalar:
    return pa.scalar(value, pa.large_string())
