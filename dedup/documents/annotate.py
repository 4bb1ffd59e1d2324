"""The collection out again, a field `dedup` in every record, for those who re-weight copies instead of removing them.

JSON records stay as they are but for the field put before their last brace; CSV records get columns at their end,
Parquet a struct column. A text or HTML file cannot hold a field: it is copied, with a file ``NAME.dedup.json`` beside
it; beside a WARC file stands ``NAME.dedup.jsonl`` with a line per page, which names it by address and record number.
"""

from __future__ import annotations

import csv
import io
import json
import mmap
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.documents.blocks import StreamEnds, read_chunks
from dedup.documents.frames import read_frames
from dedup.documents.sources import BESIDE, NOTES_BESIDE, WHOLE, Source
from dedup.documents.tabular import read_layout
from dedup.documents.write import Records, open_sink

Note = dict[str, Any]


def annotate_source(
    source: Source, records: Records, ends: np.ndarray, notes: Sequence[Note | None], target: Path, encoding: str
) -> list[Path]:
    """Write ``target / name`` with a note in every record: the files written.

    Parameters
    ----------
    records : Records
    ends : ``[r] int64``
        Where each record ends, its line end left out.
    notes : sequence of dict or None
        One per record; None for rejected ones, which are copied as they are.
    """
    path = target / source.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if source.format == "parquet":
        _annotate_rows(source, records, notes, path)
        return [path]
    if source.format == "warc":
        shutil.copyfile(source.path, path)
        return [path, _write_notes(source, records, notes, path.with_name(path.name + NOTES_BESIDE))]
    if source.format in WHOLE:
        shutil.copyfile(source.path, path)
        beside = path.with_name(path.name + BESIDE)
        beside.write_text(json.dumps(notes[0] if notes else None, ensure_ascii=False) + "\n", encoding="utf-8")
        return [path, beside]
    data = _bytes_of(source)
    at = 0
    with open_sink(source, path) as out:
        if source.format in ("csv", "tsv"):
            layout = read_layout(source, encoding)
            head = data[: layout.header_end].rstrip(b"\r\n")
            old = [i for i, name in enumerate(layout.names) if name in _FIELDS]  # annotated before
            out.write(_without_cells(head, old, layout.delimiter) + _cells(list(_FIELDS), layout.delimiter, encoding))
            at = len(head)
        for start, end, note in zip(records.start.tolist(), ends.tolist(), notes, strict=True):
            out.write(data[at:start])
            record = data[start:end]
            if note is None:
                out.write(record)
            elif source.format == "jsonl":
                out.write(_with_field(record, note, encoding or "utf-8"))
            else:
                values = ["" if note[name] is None else str(note[name]) for name in _FIELDS.values()]
                record = _without_cells(record, old, layout.delimiter)
                out.write(record + _cells(values, layout.delimiter, encoding))
            at = end
        out.write(data[at:])
    return [path]


def _write_notes(source: Source, records: Records, notes: Sequence[Note | None], path: Path) -> Path:
    by_record = {line: note for line, note in zip(records.line.tolist(), notes, strict=True) if note is not None}
    with path.open("w", encoding="utf-8") as out:
        for frame in read_frames(source):
            if frame.number in by_record:
                line = {"record": frame.number, "uri": frame.head.get("warc-target-uri"), **by_record[frame.number]}
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)  # any number of digits
_JSON_SPACE = re.compile(r"[ \t\n\r]*")
_FIELDS = {f"dedup_{name}": name for name in ("cluster", "size", "kept", "label", "similarity")}


def _bytes_of(source: Source) -> bytes | mmap.mmap:
    """The decompressed bytes of a file: a plain one is mapped, a compressed one has to be held."""
    if not source.compression and source.path.stat().st_size:
        with source.path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    pieces: list[bytes] = []
    with suppress(StreamEnds):  # said when it was read
        pieces.extend(bytes(piece) for piece in read_chunks(source))
    return b"".join(pieces)


def _with_field(record: bytes, note: Note, encoding: str) -> bytes:
    if b'"dedup"' in record:  # annotated before, most likely: the field is exchanged, not doubled
        record = _without_member(record.decode(encoding), "dedup").encode(encoding)
    brace = record.rindex(b"}")
    addition = ', "dedup": ' + json.dumps(note, ensure_ascii=False)
    try:
        added = addition.encode(encoding)
    except UnicodeEncodeError:
        added = (', "dedup": ' + json.dumps(note)).encode(encoding)
    return record[:brace] + added + record[brace:]


def _without_member(text: str, name: str) -> str:
    """A JSON object without its member `name`, the rest of it as it stands; it has other members."""
    at = text.index("{") + 1
    while True:
        start = _JSON_SPACE.match(text, at).end()  # type: ignore[union-attr]
        key, at = _DECODER.raw_decode(text, start)
        colon = _JSON_SPACE.match(text, at).end()  # type: ignore[union-attr]
        try:
            _, at = _DECODER.raw_decode(text, _JSON_SPACE.match(text, colon + 1).end())  # type: ignore[union-attr]
        except RecursionError:
            return text
        at = _JSON_SPACE.match(text, at).end()  # type: ignore[union-attr]
        last = text[at] == "}"
        if key == name:
            before = text[:start].rstrip().removesuffix(",")
            return before + text[at:] if last else text[:start] + text[at + 1 :].lstrip()
        if last:
            return text
        at += 1


def _without_cells(record: bytes, places: Sequence[int], delimiter: str) -> bytes:
    """A CSV record without some of its cells, the others as they stand."""
    if not places:
        return record
    mark = re.escape(delimiter.encode())
    cells = re.findall(rb'(?:^|%b)((?:"(?:[^"]|"")*")?[^%b]*)' % (mark, mark), record)
    return delimiter.encode().join(cell for i, cell in enumerate(cells) if i not in places)


def _cells(values: list[str], delimiter: str, encoding: str) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(values)
    return (delimiter + line.getvalue()).encode(encoding or "utf-8", errors="backslashreplace")


def _annotate_rows(source: Source, records: Records, notes: Sequence[Note | None], path: Path) -> None:
    kind = pa.struct(
        [
            ("cluster", pa.int64()),
            ("size", pa.int64()),
            ("kept", pa.string()),
            ("label", pa.string()),
            ("similarity", pa.float64()),
        ]
    )
    with pq.ParquetFile(source.path) as file:
        every: list[Note | None] = [None] * file.metadata.num_rows
        for line, note in zip(records.line.tolist(), notes, strict=True):
            every[line - 1] = note
        schema = file.schema_arrow
        if "dedup" in schema.names:
            schema = schema.remove(schema.get_field_index("dedup"))
        with pq.ParquetWriter(path, schema.append(pa.field("dedup", kind))) as writer:
            at = 0
            for group in range(file.metadata.num_row_groups):
                table = file.read_row_group(group).select(schema.names)
                column = pa.array(every[at : at + len(table)], kind)
                writer.write_table(table.append_column(pa.field("dedup", kind), column))
                at += len(table)
