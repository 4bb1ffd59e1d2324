"""CSV and TSV → blocks.

A kernel finds where records end (a quoted field may hold line ends), Arrow parses blocks of whole records, and the rows
must be as many as the records. A block that fails is halved until the bad record stands alone before Python's `csv`;
a bad record of several lines was most likely torn open by a stray quote, so its lines are tried one by one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from dedup.documents import kernels
from dedup.documents.blocks import (
    BLOCK_BYTES,
    Block,
    Rejected,
    StreamEnds,
    Task,
    broken,
    is_utf8,
    make_rows,
    no_rows,
    parse_halving,
    read_chunks,
)
from dedup.documents.fields import Fields
from dedup.documents.jsonl import BOM
from dedup.documents.sources import Source

csv.field_size_limit(1 << 30)


# Bytes after which a record without an end counts as torn open by a stray quote.
LONGEST_RECORD = 256 << 20


class Layout(NamedTuple):
    """How the records of a file are written down."""

    delimiter: str
    names: tuple[str, ...]
    header_end: int


def read_layout(source: Source, encoding: str) -> Layout:
    """Delimiter, column names and where the header record ends (its line end included).

    Raises
    ------
    ValueError
        If the file has no header that can be read.
    """
    head = b""
    try:
        for piece in read_chunks(source, 1 << 16):
            head += piece
            if len(head) >= 1 << 20 or _records(head, 0)[0]:
                break
    except StreamEnds as error:
        raise ValueError(str(error)) from None
    ends, _ = _records(head, 0)
    stop = ends[0] if len(ends) else len(head)
    try:
        line = head[:stop].removeprefix(BOM).decode(encoding or "utf-8")
    except (ValueError, LookupError):
        name = encoding or "UTF-8"
        raise ValueError(f"the header is not {name}; --encoding names another encoding, such as gb18030") from None
    delimiter = "\t" if source.format == "tsv" else max(",;\t|", key=line.count)
    try:
        names = next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise ValueError(f"the header is not a record: {error}") from None
    if "\r" in line.rstrip("\r\n"):
        raise ValueError("lines end in carriage returns alone")
    if not any(names):
        raise ValueError("no header with column names in the first line")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the column {twice!r} stands twice in the header")
    return Layout(delimiter, tuple(names), stop)


def probe_tabular(source: Source, encoding: str) -> list[dict[str, object]]:
    """The first records of a file as dictionaries of strings."""
    try:
        layout = read_layout(source, encoding)
        piece = next(read_chunks(source, 1 << 18), memoryview(b""))
    except (ValueError, StreamEnds):
        return []
    ends, _ = _records(bytes(piece), layout.header_end)
    body = bytes(piece[layout.header_end : ends[-1] if len(ends) else len(piece)])
    lines = io.StringIO(body.decode(encoding or "utf-8", errors="replace"), newline="")
    rows: list[list[str]] = []
    with suppress(csv.Error):  # the strict parser says what is wrong
        rows.extend(islice(csv.reader(lines, delimiter=layout.delimiter), 100))
    records: list[dict[str, object]] = [dict(zip(layout.names, row, strict=False)) for row in rows if row]
    return records or [dict.fromkeys(layout.names, "")]


def read_tabular(source: Source, fields: Fields, encoding: str) -> Iterator[Task]:
    """Tasks that parse a file block by block."""
    try:
        layout = read_layout(source, encoding)
    except ValueError as error:
        yield broken(fields, str(error))
        return
    at, carry, skip = 0, b"", layout.header_end
    ends: StreamEnds | None = None
    chunks = read_chunks(source, BLOCK_BYTES)
    while True:
        try:
            piece = next(chunks, None)
        except StreamEnds as error:
            piece, ends = None, error
        data = carry + bytes(piece or b"")
        stops, quoted = _records(data, skip)
        torn = not stops and len(data) > LONGEST_RECORD  # a quote that is never closed: go on after the last whole line
        if torn:
            stops = [data.rfind(b"\n") + 1 or len(data)]
        elif piece is None and (not stops or stops[-1] < len(data)):
            stops = [*stops, len(data)]
        if len(stops) and stops[-1] > skip:
            block = np.frombuffer(data, np.uint8)[: stops[-1]]
            yield partial(
                parse_block, block, at, skip, np.array(stops), fields, layout, encoding, torn or (quoted and not piece)
            )
            at += stops[-1]
            carry = data[stops[-1] :]
            skip = 0
        else:
            carry = data
        if piece is None:
            break
    if ends is not None:
        yield broken(fields, str(ends))


def _records(data: bytes, start: int) -> tuple[list[int], bool]:
    """Where the records of `data` from `start` on end, line ends included; whether a quote is open at the end."""
    stops = np.empty(max(1, data.count(b"\n")), np.int64)
    delimiters = np.zeros(256, np.bool_)
    delimiters[[ord(c) for c in ",;\t|"]] = True
    count, quoted = kernels.find_records(np.frombuffer(data, np.uint8), start, delimiters, stops)
    return stops[:count].tolist(), bool(quoted)


def parse_block(
    data: np.ndarray,
    at: int,
    skip: int,
    stops: np.ndarray,
    fields: Fields,
    layout: Layout,
    encoding: str,
    torn: bool,
) -> Block:
    """Parse whole records.

    Parameters
    ----------
    data : ``[b] uint8``
    at : int
        Position of the first byte in the file.
    skip : int
        Bytes of the header at the front.
    stops : ``[m] int64``
        Where each record ends, its line end included.
    torn : bool
        Whether the last record ends inside a quoted field.
    """
    starts = np.concatenate([[skip], stops[:-1]]).astype(np.int64)
    ends = stops.astype(np.int64).copy()
    kinds = np.zeros(len(stops), np.uint8)
    breaks = np.flatnonzero(data == 10)
    lines = np.searchsorted(breaks, starts) + 1
    for end in (10, 13):
        ends -= (ends > starts) & (data[ends - 1] == end)
    kernels.trim_lines(data, starts.copy(), ends.copy(), kinds)  # the kind tells blank ones
    if layout.delimiter == "\t":
        for blank in np.flatnonzero((kinds == 0) & (ends > starts)):
            kinds[blank] = np.any(data[starts[blank] : ends[blank]] == 9)  # a row of empty fields
    filled = np.flatnonzero(kinds)
    parts: list[tuple[int, int, pa.Table]] = []
    strict: list[int] = []
    a, b = starts[filled], stops[filled]
    if not is_utf8(encoding):
        strict = list(range(len(filled)))
    else:
        last = len(filled) - int(torn)
        parse = partial(_parse_records, data, a, b, fields, layout)
        done = 0
        for bad in [i for i in _suspects(data, a, b, layout) if i < last and not _is_record(data, a[i], b[i], layout)]:
            parse_halving(parse, done, bad, len(a), parts, strict)
            strict.append(bad)
            done = bad + 1
        parse_halving(parse, done, last, len(a), parts, strict)
        strict += range(last, len(filled))
    tables, rejected = [], []
    for i, j, table in parts:
        rows = filled[i:j]
        columns = {name: table.column(name).combine_chunks() for name in fields.names() if name in table.column_names}
        texts = _joined(columns, fields)
        ids = columns[fields.id] if fields.id else pa.nulls(j - i, pa.string())
        others = {name: columns.get(name, pa.nulls(j - i, pa.string())) for name in fields.others}
        tables.append(make_rows(fields, ids, texts, lines[rows], starts[rows] + at, ends[rows] + at, others))
    found: list[tuple[int, int, int, dict[str, str]]] = []
    for i in strict:
        row = int(filled[i])
        first, stop = int(starts[row]), int(stops[row])
        try:
            found.append((int(lines[row]), first, int(ends[row]), _strict(data, first, stop, layout, encoding)))
            continue
        except ValueError as error:
            reason = str(error)
        pieces = [piece + b"\n" for piece in data[first:stop].tobytes().removesuffix(b"\n").split(b"\n")]
        if data[stop - 1] != 10:
            pieces[-1] = pieces[-1][:-1]
        if len(pieces) == 1:
            rejected.append(Rejected(int(lines[row]), reason, first + at, int(ends[row]) + at))
            continue
        for k, piece in enumerate(pieces):
            tail = first + len(piece.rstrip(b"\r\n"))
            try:
                if piece.strip():
                    values = _strict(data, first, first + len(piece), layout, encoding)
                    found.append((int(lines[row]) + k, first, tail, values))
            except ValueError as error:
                rejected.append(Rejected(int(lines[row]) + k, str(error), first + at, tail + at))
            first += len(piece)
    if found:
        column = {name: pa.array([v.get(name, "") for *_, v in found], pa.string()) for name in layout.names}
        n = len(found)
        ids = column[fields.id] if fields.id else pa.nulls(n, pa.string())
        others = {name: column.get(name, pa.nulls(n, pa.string())) for name in fields.others}
        where = np.array([f[:3] for f in found], np.int64)
        texts = _joined(column, fields)
        tables.append(make_rows(fields, ids, texts, where[:, 0], where[:, 1] + at, where[:, 2] + at, others))
    total = len(breaks) + int(len(data) > 0 and data[-1] != 10)
    if not tables:
        return Block(no_rows(fields), total, rejected)
    rows = pa.concat_tables(tables)
    return Block(rows.sort_by("line") if len(tables) > 1 else rows, total, rejected)


def _suspects(data: np.ndarray, starts: np.ndarray, stops: np.ndarray, layout: Layout) -> list[int]:
    """Records in which something may follow a closing quote: Arrow takes it, and all up to there, for one field.

    Quotes before a run of quotes, if odd in number, tell that it stands inside a quoted field. Quotes in the middle of
    an unquoted field are suspected too, being rare.
    """
    quotes = np.flatnonzero(data == 0x22)
    quotes = quotes[quotes >= starts[0]] if len(starts) else quotes[:0]
    if not len(quotes):
        return []
    first = np.flatnonzero(np.diff(quotes, prepend=-2) > 1)
    begin, length = quotes[first], np.diff(first, append=len(quotes))
    rows = np.searchsorted(stops, begin, side="right")
    kept = rows < len(starts)
    first, begin, length, rows = first[kept], begin[kept], length[kept], rows[kept]
    inside = (first - np.searchsorted(quotes, starts[rows])) % 2 == 1
    at_start = (begin == starts[rows]) | (data[begin - 1] == ord(layout.delimiter))
    after = data[np.minimum(begin + length, len(data) - 1)]
    ends_field = (after == 10) | (after == 13) | (after == ord(layout.delimiter)) | (begin + length == len(data))
    odd = length % 2 == 1
    opens = ~inside & at_start & odd
    closes = np.where(inside, odd, at_start & ~odd) & ends_field
    escaped = inside & ~odd
    found: list[int] = np.unique(rows[~(opens | closes | escaped)]).tolist()
    return found


def _is_record(data: np.ndarray, start: int, stop: int, layout: Layout) -> bool:
    try:
        _strict(data, int(start), int(stop), layout, "")
    except ValueError:
        return False
    return True


def _joined(columns: dict[str, pa.Array], fields: Fields) -> pa.Array:
    texts = [columns[name] for name in fields.text if name in columns]
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "\n")


def _parse_records(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, fields: Fields, layout: Layout, a: int, b: int
) -> Any:
    """The table of records a to b, or None if one of them is bad."""
    piece = data[starts[a] : stops[b - 1]]
    wanted = [name for name in fields.names() if name in layout.names]
    try:
        table = pcsv.read_csv(
            pa.BufferReader(pa.py_buffer(piece)),
            read_options=pcsv.ReadOptions(
                column_names=list(layout.names), use_threads=False, block_size=len(piece) + 1
            ),
            parse_options=pcsv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            convert_options=pcsv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                strings_can_be_null=False,
                check_utf8=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table if table.num_rows == b - a else None


def _strict(data: np.ndarray, first: int, stop: int, layout: Layout, encoding: str) -> dict[str, str]:
    """One record by Python's `csv`.

    Raises
    ------
    ValueError
        Saying why it is no record of this file.
    """
    raw = data[first:stop].tobytes()
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        name = encoding or "UTF-8"
        raise ValueError(f"not {name} (byte {error.start + 1}); --encoding names another, such as gb18030") from None
    except LookupError:
        raise ValueError(f"unknown encoding {encoding!r}") from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"not a record: {error}") from None
    if len(rows) != 1:
        raise ValueError("a quote or a carriage return is out of place")
    if len(rows[0]) != len(layout.names):
        raise ValueError(f"{len(rows[0])} fields where the header has {len(layout.names)}")
    return dict(zip(layout.names, rows[0], strict=True))
