"""The collection out again, record for record as it came in: every byte of a file goes to kept/ or to removed/.

A record reaches from its first byte to the first byte of the next one, so blank lines go with the record before them,
and a byte order mark and whatever else stands before the first record stay in kept/. The header of a CSV file goes to
both sides. What could not be read goes to removed/. Of a WARC file removed/ gets the removed pages and what could not
be read, kept/ all the rest, also records that are no pages (requests, metadata); see `write_records`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.documents import kernels
from dedup.documents.blocks import BLOCK_BYTES, StreamEnds, read_chunks
from dedup.documents.parquet import ROWS
from dedup.documents.sources import WHOLE, Source
from dedup.documents.tabular import read_layout
from dedup.documents.warcwrite import write_records
from dedup.errors import InputError


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one file.

    Attributes
    ----------
    start : ``[r] int64``
        First byte of each record, ascending; the rejected ones are among them.
    line : ``[r] int64``
        Line (of Parquet: row), from 1.
    keep : ``[r] bool``
    rejected : bool
        Whether the file could not be read at all.
    """

    start: np.ndarray
    line: np.ndarray
    keep: np.ndarray
    rejected: bool = False


def write_source(source: Source, records: Records, kept: Path, removed: Path, encoding: str) -> list[Path]:
    """Split one file into ``kept / name`` and ``removed / name``: the files written.

    The removed side is written only if something is on it. A compressed file is compressed again the same way.

    Raises
    ------
    OSError
        If the output cannot be written.
    """
    targets = kept / source.name, removed / source.name
    unread = records.rejected and source.path.stat().st_size > 0  # nothing is lost of an empty file
    if unread or (source.format in WHOLE and not records.keep.all()):
        return [_copy(source, targets[1])]
    if records.keep.all():
        return [_copy(source, targets[0])]
    for target in targets:
        target.parent.mkdir(parents=True, exist_ok=True)
    if source.format == "parquet":
        _split_rows(source, records, targets)
    elif source.format == "warc":
        write_records(source, set(records.line[~records.keep].tolist()), targets)
    else:
        header = 0
        if source.format in ("csv", "tsv"):
            header = read_layout(source, encoding).header_end
        _split_bytes(source, records, targets, header)
    return list(targets)


def _copy(source: Source, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.path, target)
    return target


def _split_bytes(source: Source, records: Records, targets: tuple[Path, Path], header: int) -> None:
    """Copy each record's bytes to its side, in runs of records that go the same way."""
    starts = np.concatenate([[0, header], records.start])
    sides = np.concatenate([[True, True], records.keep])
    ends = np.concatenate([starts[1:], [np.iinfo(np.int64).max]])
    with ExitStack() as stack:
        files = [stack.enter_context(open_sink(source, target)) for target in targets]
        at, out = 0, np.empty(0, np.uint8)
        for piece in _pieces(source):
            data = np.frombuffer(piece, np.uint8)
            if at < header:
                files[1].write(data[: header - at].tobytes())
            first = np.searchsorted(ends, at, side="right")
            last = np.searchsorted(starts, at + len(data), side="left")
            inside_start = np.maximum(starts[first:last], at) - at
            inside_end = np.minimum(ends[first:last], at + len(data)) - at
            for side, file in zip((True, False), files, strict=True):
                mine = sides[first:last] == side
                if len(out) < len(data):
                    out = np.empty(len(data), np.uint8)
                size = kernels.gather_ranges(data, inside_start[mine], inside_end[mine], out)
                file.write(out[:size].data)
            at += len(data)


def _pieces(source: Source) -> Iterator[memoryview]:
    try:
        yield from read_chunks(source, BLOCK_BYTES)
    except StreamEnds:
        return  # said when it was read


def open_sink(source: Source, target: Path) -> Any:
    """A file to write to, compressed as the source is."""
    if source.compression:
        return pa.output_stream(str(target), compression=source.compression)
    return target.open("wb")


def _split_rows(source: Source, records: Records, targets: tuple[Path, Path]) -> None:
    with ExitStack() as stack:
        file = stack.enter_context(pq.ParquetFile(source.path))
        codec = file.metadata.row_group(0).column(0).compression if file.metadata.num_row_groups else "SNAPPY"
        codec = {"UNCOMPRESSED": "NONE"}.get(codec, codec)
        writers = [
            stack.enter_context(pq.ParquetWriter(target, file.schema_arrow, compression=codec)) for target in targets
        ]
        keep = np.zeros(file.metadata.num_rows, bool)
        keep[records.line[records.keep] - 1] = True
        at = 0
        for group in range(file.metadata.num_row_groups):
            try:
                table = file.read_row_group(group)
            except (OSError, pa.ArrowException) as error:
                table = _readable_rows(file, group)
                size = file.metadata.row_group(group).num_rows
                lost = (records.line > at + len(table)) & (records.line <= at + size)
                if lost.any():
                    reason = f"cannot be copied, though its text could be read: {error}"
                    raise InputError(reason, source.path, int(records.line[lost][0])) from None
            mask = keep[at : at + len(table)]
            for writer, wanted in zip(writers, (mask, ~mask), strict=True):
                part = table.filter(pa.array(wanted))
                if len(part):
                    writer.write_table(part)
            at += file.metadata.row_group(group).num_rows


def _readable_rows(file: pq.ParquetFile, group: int) -> pa.Table:
    """The rows of a damaged row group before the damage, as far as they were read."""
    batches: list[pa.RecordBatch] = []
    with suppress(OSError, pa.ArrowException):
        batches.extend(file.iter_batches(batch_size=ROWS, row_groups=[group]))
    return pa.Table.from_batches(batches, file.schema_arrow)
