"""Texts in memory, in whatever shape a caller holds them → columns of texts, identifiers and other fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.documents.blocks import join_texts
from dedup.documents.fields import ID_NAMES, TEXT_NAMES
from dedup.errors import InputError


def text_columns(inputs: Any, config: Config) -> tuple[pa.ChunkedArray, pa.ChunkedArray, dict[str, pa.ChunkedArray]]:
    """Texts, identifiers and other fields of what a caller passed."""
    if isinstance(inputs, pa.RecordBatch):
        inputs = pa.Table.from_batches([inputs])
    if not isinstance(inputs, pa.Table):
        if not isinstance(inputs, Iterable):
            raise InputError(f"{type(inputs).__name__} holds no texts; a path, a table, texts or (id, text) pairs do")
        items = list(inputs)
        if all(isinstance(item, str) or item is None for item in items):
            items = [(str(i), text) for i, text in enumerate(items)]
        bad = next((i for i, t in enumerate(items) if not (isinstance(t, tuple | list) and len(t) == 2)), None)
        if bad is not None:
            raise InputError(f"item {bad} is {type(items[bad]).__name__}; texts or (id, text) pairs are needed")
        try:
            texts = pa.array([text for _, text in items], pa.large_string())
            ids = pa.array([None if name is None else str(name) for name, _ in items], pa.string())
        except (pa.ArrowException, UnicodeEncodeError, TypeError) as error:
            raise InputError(f"a text or an identifier is no valid string: {error}") from None
        inputs = pa.table({"id": ids, "text": texts})
    names = inputs.schema.names
    wanted = config.text_fields() or tuple(name for name in TEXT_NAMES if name in names)[:1]
    missing = [name for name in (*wanted, *config.other_fields(), *filter(None, [config.id])) if name not in names]
    if missing or not wanted:
        what = f"no column {missing[0]!r}" if missing else "no column looks like the text; set Config(text=…)"
        raise InputError(f"{what}; the columns are {', '.join(names)}")
    columns = [_strings(inputs, name, pa.large_string()) for name in wanted]
    text = columns[0]
    if len(columns) > 1:
        text = pa.chunked_array([join_texts([column.combine_chunks() for column in columns])])
    ident = config.id or next((name for name in ID_NAMES if name in names and name not in wanted), "")
    places = pa.array(np.arange(len(inputs))).cast(pa.string())
    ids = pa.chunked_array([places])
    if ident:
        ids = _strings(inputs, ident, pa.string())
        ids = pc.if_else(pc.is_null(ids), places, ids)
    return text, ids, {name: _strings(inputs, name, pa.string()) for name in config.other_fields()}


def _strings(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """A column as valid UTF-8: the kernels trust it."""
    if table.schema.names.count(name) > 1:
        raise InputError(f"the column {name!r} stands twice; rename one")
    try:
        column = table.column(name).cast(kind)
        column.validate(full=True)
    except pa.ArrowException as error:
        raise InputError(f"the column {name!r} cannot be read as strings: {error}") from None
    return column
