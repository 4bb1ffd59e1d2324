"""JSON lines → blocks.

Arrow's parser is fast (about .9 GB/s a thread) and unsafe by itself: a block whose first line is ``null`` crashes the
process, two objects on one line or one over two lines shift every later row, invalid UTF-8 passes, and one bad line
fails the whole block. So only lines that begin with ``{`` and end with ``}`` reach it. No JSON value can go from one
such line on to the next (between ``}`` and ``{`` there would have to be a comma), so if it finds as many objects as
lines, each line is one object. Otherwise the block is halved until the bad line stands alone before the strict parser.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from dedup.documents import kernels
from dedup.documents.blocks import (
    Block,
    Rejected,
    StreamEnds,
    Task,
    broken,
    is_utf8,
    join_texts,
    make_rows,
    no_rows,
    parse_halving,
    read_line_blocks,
)
from dedup.documents.fields import Fields
from dedup.documents.sources import Source

BOM = b"\xef\xbb\xbf"
PROBE_LINES = 100

BLANK, GOOD, ODD = 0, 1, 2
UNDECODED = b"\xff"


def probe_jsonl(source: Source, encoding: str) -> list[dict[str, object]]:
    """The first records of a file, as far as they can be read."""
    records: list[dict[str, object]] = []
    try:
        _, data = next(read_line_blocks(source, 1 << 16), (0, np.zeros(0, np.uint8)))
    except StreamEnds:
        return records
    lines = io.BytesIO(data.tobytes().removeprefix(BOM))
    for line in islice(lines, PROBE_LINES):
        try:
            value = json.loads(line.decode(encoding or "utf-8"))
        except (ValueError, LookupError, RecursionError):
            continue
        if isinstance(value, dict):
            records.append(value)
    return records


def read_jsonl(source: Source, fields: Fields, encoding: str) -> Iterator[Task]:
    """Tasks that parse a file block by block."""
    try:
        for at, data in read_line_blocks(source):
            yield partial(parse_block, data, at, fields, encoding)
    except StreamEnds as error:
        yield broken(fields, str(error))


def parse_block(data: np.ndarray, at: int, fields: Fields, encoding: str = "") -> Block:
    """Parse whole lines.

    Parameters
    ----------
    data : ``[b] uint8``
        Whole lines; the last may lack its line end.
    at : int
        Position of the first byte in the file.
    fields : Fields
        Settled fields.
    encoding : str
        "" is UTF-8.
    """
    breaks = np.flatnonzero(data == 10)
    count = len(breaks) + int(len(breaks) == 0 or breaks[-1] != len(data) - 1)
    starts = np.zeros(count, np.int64)
    starts[1:] = breaks[: count - 1] + 1
    ends = np.full(count, len(data), np.int64)
    ends[: len(breaks)] = breaks
    if at == 0 and data[:3].tobytes() == BOM:
        starts[0] = 3
    kinds = np.zeros(count, np.uint8)
    kernels.trim_lines(data, starts, ends, kinds)
    where = starts + at, ends + at
    if not is_utf8(encoding):
        data, starts, ends, kinds = _transcode(data, starts, ends, kinds, encoding)
    good = np.flatnonzero(kinds == GOOD)
    if np.any(kinds == ODD):
        clean = np.empty(int((ends - starts)[good].sum()) + len(good), np.uint8)
        clean_starts, clean_ends = kernels.gather_lines(data, starts[good], ends[good], clean)
    else:
        clean, clean_starts, clean_ends = data, starts[good], ends[good]
    parts: list[tuple[int, int, pa.Table]] = []
    strict: list[int] = []
    parse = partial(_parse_lines, clean, clean_starts, clean_ends, fields)
    parse_halving(parse, 0, len(good), len(good), parts, strict)
    odd = np.flatnonzero(kinds == ODD)
    suspects = sorted({*odd.tolist(), *good[strict].tolist()})
    return _assemble(data, (starts, ends), where, good, parts, suspects, fields, count, encoding)


def _transcode(
    data: np.ndarray, starts: np.ndarray, ends: np.ndarray, kinds: np.ndarray, encoding: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The lines in UTF-8; in the place of one that cannot be decoded stands `UNDECODED`."""
    lines = []
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        raw = data[a:b].tobytes()
        try:
            lines.append(raw.decode(encoding).encode())
        except (ValueError, LookupError):
            lines.append(UNDECODED)
    joined = np.frombuffer(b"\n".join([*lines, b""]), np.uint8)
    lengths = np.array([len(line) for line in lines], np.int64)
    ends = np.cumsum(lengths + 1) - 1
    starts = ends - lengths
    kinds = np.zeros(len(lines), np.uint8)
    kernels.trim_lines(joined, starts, ends, kinds)
    return joined, starts, ends, kinds


def _schema(fields: Fields) -> pa.Schema:
    types = {name: pa.type_for_alias(fields.type_of(name)) for name in fields.names()}
    types |= dict.fromkeys(fields.text, pa.string())
    return pa.schema(list(types.items()))


def _parse_lines(data: np.ndarray, starts: np.ndarray, ends: np.ndarray, fields: Fields, a: int, b: int) -> Any:
    """The table of good-looking lines a to b, or None if one of them is bad."""
    piece = data[starts[a] : ends[b - 1]]
    try:
        table = pj.read_json(
            pa.BufferReader(pa.py_buffer(piece)),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(piece) + 1),
            parse_options=pj.ParseOptions(explicit_schema=_schema(fields), unexpected_field_behavior="ignore"),
        )
        if table.num_rows != b - a:
            return None
        for name in table.column_names:
            if pa.types.is_string(table.schema.field(name).type):
                table.column(name).validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return table


def _assemble(
    data: np.ndarray,
    lines: tuple[np.ndarray, np.ndarray],
    where: tuple[np.ndarray, np.ndarray],
    good: np.ndarray,
    parts: list[tuple[int, int, pa.Table]],
    suspects: list[int],
    fields: Fields,
    count: int,
    encoding: str,
) -> Block:
    """Put the tables and the strictly parsed lines together in the order of the file."""
    tables, rejected = [], []
    for a, b, table in parts:
        texts = _joined_text(table, fields)
        rows = good[a:b]
        if texts.null_count:
            missing = pc.is_null(texts).to_numpy(zero_copy_only=False)
            suspects = sorted({*suspects, *rows[missing].tolist()})
            keep = np.flatnonzero(~missing)
            table, texts, rows = table.take(keep), texts.take(keep), rows[keep]
        nulls = pa.nulls(len(rows), pa.string())
        ids = table.column(fields.id).combine_chunks() if fields.id else nulls
        others = {name: table.column(name).combine_chunks() for name in fields.others}
        tables.append(make_rows(fields, ids, texts, rows + 1, where[0][rows], where[1][rows], others))
    found: list[tuple[int, dict[str, str | None]]] = []
    for row in suspects:
        raw = data[lines[0][row] : lines[1][row]].tobytes()
        try:
            if raw == UNDECODED and encoding:
                raise ValueError(f"not {encoding}")
            found.append((row, parse_line(raw, fields)))
        except ValueError as error:
            rejected.append(Rejected(row + 1, str(error), int(where[0][row]), int(where[1][row])))
    if found:
        rows = np.array([row for row, _ in found], np.int64)
        column = {
            name: pa.array([values.get(name) for _, values in found], pa.string())
            for name in ("\0text", "\0id", *fields.others)
        }
        others = {name: column[name] for name in fields.others}
        tables.append(
            make_rows(fields, column["\0id"], column["\0text"], rows + 1, where[0][rows], where[1][rows], others)
        )
    if not tables:
        return Block(no_rows(fields), count, rejected)
    rows = pa.concat_tables(tables)
    if len(tables) > 1:
        rows = rows.sort_by("line")
    return Block(rows, count, rejected)


def _joined_text(table: pa.Table, fields: Fields) -> pa.Array:
    return join_texts([table.column(name).combine_chunks() for name in fields.text])


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it stands, so that a key that comes twice is seen."""


class _Number(str):
    """A JSON number as it stands."""


def parse_line(raw: bytes, fields: Fields) -> dict[str, str | None]:
    """One line by the strict parser: the values under ``\\0text``, ``\\0id`` and each other field.

    Raises
    ------
    ValueError
        Saying why the line holds no document.
    """
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number)
    except UnicodeDecodeError as error:
        hint = "--encoding names another encoding, such as gb18030"
        raise ValueError(f"not UTF-8 (byte {error.start + 1} of the line); {hint}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not one JSON object: {error.msg} (column {error.colno})") from None
    if not isinstance(value, _Pairs):
        raise ValueError(f"not a JSON object but {_kind(value)}")
    record: dict[str, Any] = {}
    for key, item in value:
        if key in record and key in fields.names():
            raise ValueError(f"the key {key!r} stands twice")
        record[key] = item
    texts = []
    for name in fields.text:
        item = record.get(name)
        if item is None:
            continue
        if type(item) is not str:
            raise ValueError(f"the field {name!r} is {_kind(item)}, not a string")
        texts.append(item)
    if not texts:
        name = fields.text[0]
        raise ValueError(f"the field {name!r} is null" if name in record else f"no field {name!r}")
    values: dict[str, str | None] = {"\0text": "\n".join(texts), "\0id": None}
    for name in (*((fields.id,) if fields.id else ()), *fields.others):
        item = record.get(name)
        if isinstance(item, (_Pairs, list)):
            raise ValueError(f"the field {name!r} is {_kind(item)}, not a string or a number")
        text = {True: "true", False: "false", None: None}[item] if item is None or type(item) is bool else str(item)
        values["\0id" if name == fields.id else name] = text
        if name == fields.id and name in fields.others:
            values[name] = text
    for item in values.values():
        try:
            (item or "").encode()
        except UnicodeEncodeError:
            raise ValueError("holds half a surrogate pair, which is no character") from None
    return values


def _kind(value: object) -> str:
    if isinstance(value, _Pairs):
        return "an object"
    if isinstance(value, _Number | int | float):
        return "true or false" if isinstance(value, bool) else "a number"
    return {list: "a list", str: "a string", type(None): "null"}.get(type(value), type(value).__name__)
