"""A few documents of a finished run → their texts, read from the input again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.documents import jsonl, tabular
from dedup.documents.blocks import Block, StreamEnds, join_texts, read_chunks, read_line_blocks
from dedup.documents.fields import Fields, settle_fields
from dedup.documents.frames import read_frames
from dedup.documents.html import extract
from dedup.documents.parquet import ROWS
from dedup.documents.read import FORMATS, read_source
from dedup.documents.sources import Source
from dedup.documents.warc import media_type, read_pages
from dedup.errors import InputError

CLOSEST = 3


class Place(NamedTuple):
    """Where a document stands in the input.

    Attributes
    ----------
    source : int
        Number of its file among the run's sources.
    line : int
        From 1; of Parquet files the row.
    byte_start, byte_end : int
        Of its record in the decompressed file.
    start, end : int
        Code points of the record's text, where the document is a piece of it; `end` is -1 for the whole text.
    """

    source: int
    line: int
    byte_start: int
    byte_end: int
    start: int = 0
    end: int = -1

    def cut(self, text: str) -> str:
        """What of the record's text is this document."""
        return text if self.end < 0 else text[self.start : self.end]


# -- by name -----------------------------------------------------------------------------------------------------


def find_documents(documents: pa.Table, name: str) -> np.ndarray:
    """The rows of `documents` that a name stands for, ``[r] int64``, ascending; one of them at least.

    Parameters
    ----------
    documents : pa.Table
        `dedup.tables.DOCUMENTS`, with a column ``page`` where documents are pieces.
    name : str
        An identifier, ``FILE:LINE``, or the identifier of a page that is one piece.

    Raises
    ------
    InputError
        If it stands for none, with the closest identifiers; or for a page of several pieces, with theirs.
    """
    name = name.encode(errors="backslashreplace").decode()  # no identifier holds what the shell could not decode
    rows = _rows(pc.equal(documents.column("id"), name))
    if not len(rows):
        rows = _at_line(documents, name)
    if not len(rows) and "page" in documents.column_names:
        rows = _rows(pc.equal(documents.column("page"), name))
        if len(rows) > 1:
            names = documents.column("id").take(pa.array(rows[: CLOSEST + 1])).to_pylist()
            more = ", …" if len(rows) > CLOSEST else ""
            raise InputError(
                f"the page {name!r} has {len(rows):,} pieces; name one: {', '.join(names[:CLOSEST])}{more}"
            )
    if not len(rows):
        closest = closest_names(documents.column("id").to_pylist(), name)
        hint = f"; the closest are {', '.join(map(repr, closest))}" if closest else ""
        raise InputError(f"no document {name!r}{hint} (an identifier of documents.parquet, or FILE:LINE)")
    return rows


def closest_names(names: Sequence[str], wanted: str) -> list[str]:
    """Up to `CLOSEST` of `names` that are most like `wanted`; .2 s for a million."""
    from rapidfuzz import fuzz, process

    found = process.extract(wanted, list(dict.fromkeys(names)), scorer=fuzz.ratio, limit=CLOSEST, score_cutoff=40)
    return [name for name, _, _ in found]


def _rows(mask: pa.ChunkedArray) -> np.ndarray:
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy())


def _at_line(documents: pa.Table, name: str) -> np.ndarray:
    file, _, line = name.rpartition(":")
    if not (file and line.isascii() and line.isdigit() and len(line) < 19):
        return np.zeros(0, np.int64)
    here = pc.equal(documents.column("file").cast(pa.string()), file)
    return _rows(pc.and_(here, pc.equal(documents.column("line"), int(line))))


def places_of(documents: pa.Table, rows: Sequence[int], sources: Sequence[Source]) -> list[Place]:
    """Where some documents stand, by their rows in `documents`."""
    numbers = {source.name: number for number, source in enumerate(sources)}
    places = []
    for row in documents.take(pa.array(rows, pa.int64())).to_pylist():
        whole = row.get("start") is None or row.get("end") is None
        piece = (0, -1) if whole else (row["start"], row["end"])
        place = (row["line"], row["byte_start"], row["byte_end"])
        places.append(Place(numbers.get(str(row["file"]), -1), *place, *piece))
    return places


# -- texts -------------------------------------------------------------------------------------------------------


class Record(NamedTuple):
    """A document as it was read: its text, and the other fields that the run asked for."""

    text: str
    fields: dict[str, str | None]


def texts_of(
    sources: Sequence[Source],
    places: Sequence[Place],
    wanted: Fields,
    *,
    encoding: str = "",
    inputs: Mapping[str, Sequence[Any]] | None = None,
) -> list[str]:
    """The texts of some documents; see `records_of`."""
    return [record.text for record in records_of(sources, places, wanted, encoding=encoding, inputs=inputs)]


def records_of(
    sources: Sequence[Source],
    places: Sequence[Place],
    wanted: Fields,
    *,
    encoding: str = "",
    inputs: Mapping[str, Sequence[Any]] | None = None,
) -> list[Record]:
    """Some documents, as a run read them.

    Only the files needed are opened. Of plain JSON lines and CSV files only the records are read, of compressed ones
    what stands before them is decompressed but not parsed, of Parquet files the batches up to the row in its row group.

    Parameters
    ----------
    sources : sequence of Source
        Those of the run.
    places : sequence of Place
    wanted : Fields
        As the run was asked for them; gaps are filled by guessing, as it did.
    encoding : str
    inputs : mapping of path → (size, time, SHA-256), optional
        What the run saw. A file with another time and the same content is the same file.

    Returns
    -------
    list of Record
        In the order of `places`.

    Raises
    ------
    InputError
        If a file has changed or is gone, or holds no such document any more.
    """
    records: dict[int, Record] = {}
    for number in sorted({place.source for place in places}):
        source = sources[number]
        _check_unchanged(source, (inputs or {}).get(str(source.path)))
        mine = sorted((place, i) for i, place in enumerate(places) if place.source == number)
        read = READERS.get(source.format, _parse_all)
        try:
            found = list(read(source, [place for place, _ in mine], wanted, encoding))
            if wanted.html and source.format in RECORDS:
                found = [record and record._replace(text=extract(record.text)) for record in found]
        except (StreamEnds, OSError, ValueError, pa.ArrowException) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"cannot be read again: {reason}", source.path) from None
        for (place, i), record in zip(mine, found, strict=True):
            if record is None:
                raise InputError("holds no document here any more; run again", source.path, place.line)
            records[i] = record._replace(text=place.cut(record.text))
    return [records[i] for i in range(len(places))]


def _check_unchanged(source: Source, known: Sequence[Any] | None) -> None:
    try:
        state = source.path.stat()
    except OSError as error:
        hint = "the texts are read from the input again; call from the folder where the run was started"
        if source.name.partition(".")[0] == "stdin" and source.path.name != source.name:
            hint = "standard input is not kept"
        raise InputError(f"cannot be read any more: {error.strerror} ({hint})", source.path) from None
    if known is None or [state.st_size, state.st_mtime_ns] == list(known[:2]):
        return
    # A copy of the collection has other times: only then the bytes are worth reading.
    if state.st_size == known[0] and len(known) > 2:
        with source.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == known[2]:
                return
    raise InputError("has changed since the run read it; run again", source.path)


Reader = Callable[[Source, list[Place], Fields, str], Iterable[Record | None]]


def _settled(source: Source, wanted: Fields, encoding: str) -> Fields:
    records = FORMATS[source.format].probe(source, encoding)
    if not records:  # nothing to guess from: as `read_source` does
        return replace(wanted, text=wanted.text or ("text",))
    return settle_fields(wanted, records, source.name)[0]


def _record(block: Block, row: int = 0) -> Record | None:
    """A row of a block, if there is one."""
    if row >= block.rows.num_rows:
        return None
    values = block.rows.slice(row, 1).to_pylist()[0]
    return Record(values["text"], {name[6:]: value for name, value in values.items() if name.startswith("field:")})


def _parse_lines(source: Source, places: list[Place], wanted: Fields, encoding: str) -> Iterable[Record | None]:
    fields = _settled(source, wanted, encoding)
    for place, raw in zip(places, _bytes_at(source, places), strict=True):
        yield _record(jsonl.parse_block(raw, place.byte_start, fields, encoding))


def _parse_records(source: Source, places: list[Place], wanted: Fields, encoding: str) -> Iterable[Record | None]:
    fields, layout = _settled(source, wanted, encoding), tabular.read_layout(source, encoding)
    for place, raw in zip(places, _bytes_at(source, places), strict=True):
        stops = np.array([len(raw)])
        yield _record(tabular.parse_block(raw, place.byte_start, 0, stops, fields, layout, encoding, torn=False))


def _bytes_at(source: Source, places: list[Place]) -> Iterable[np.ndarray]:
    """The bytes of records, ``uint8``; `places` ascend, and may repeat (pieces of one page)."""
    if not source.compression:
        with source.path.open("rb") as file:
            for place in places:
                file.seek(place.byte_start)
                yield np.frombuffer(file.read(place.byte_end - place.byte_start), np.uint8)
        return
    chunks, held, at = read_chunks(source), b"", 0
    for place in places:
        while at + len(held) < place.byte_end:
            piece = next(chunks, None)
            if piece is None:
                break
            # Of what is held only what this record and later ones need is kept.
            skip = min(max(0, place.byte_start - at), len(held))
            held, at = held[skip:] + bytes(piece), at + skip
        yield np.frombuffer(held[place.byte_start - at : place.byte_end - at], np.uint8)


def _parse_rows(source: Source, places: list[Place], wanted: Fields, encoding: str) -> Iterable[Record | None]:
    """Of a Parquet file; `line` counts rows over all row groups."""
    fields = _settled(source, wanted, encoding)
    with pq.ParquetFile(source.path) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        ends = np.cumsum(sizes)
        for place in places:
            group = int(np.searchsorted(ends, place.line - 1, side="right"))
            row = place.line - 1 - int(ends[group - 1] if group else 0)
            if group == len(ends):
                yield None
                continue
            names = [name for name in fields.names() if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=ROWS, row_groups=[group], columns=names):
                if row < batch.num_rows:
                    yield _row(batch.slice(row, 1), fields)
                    break
                row -= batch.num_rows
            else:
                yield None


def _row(one: pa.RecordBatch, fields: Fields) -> Record | None:
    text = join_texts([one.column(name).cast(pa.large_string()) for name in fields.text])[0].as_py()
    values = {name: one.column(name).cast(pa.string())[0].as_py() for name in fields.others if name in one.schema.names}
    return None if text is None else Record(text, values)


def _parse_all(source: Source, places: list[Place], wanted: Fields, encoding: str) -> Iterable[Record | None]:
    """Of any format: its blocks are parsed as a run does, up to the last line wanted."""
    tasks, _ = read_source(source, wanted, encoding)
    last, before = max(place.line for place in places), 0
    found: dict[int, Record | None] = {}
    for task in tasks:
        block = task()
        lines = block.rows.column("line").to_numpy() + before
        for place in places:
            for row in np.flatnonzero(lines == place.line)[:1].tolist():
                found[place.line] = _record(block, row)
        before += block.lines
        if before >= last:
            break
    return [found.get(place.line) for place in places]


def _parse_frames(source: Source, places: list[Place], wanted: Fields, encoding: str) -> Iterable[Record | None]:
    """Of a WARC file: the main text is taken out of the pages wanted only, which is what takes the time."""
    lines = {place.line for place in places}
    found: dict[int, Record | None] = {}
    for frame in read_frames(source, lambda head, peek: media_type(head, peek)[1]):
        if frame.number in lines:
            found[frame.number] = _record(read_pages([(frame, "")], 0, 1, [], wanted, encoding))
        if len(found) == len(lines):
            break
    return [found.get(place.line) for place in places]


# Formats of which each record can hold HTML; the others' readers know for themselves.
RECORDS = ("jsonl", "csv", "tsv", "parquet")
READERS: dict[str, Reader] = {
    "jsonl": _parse_lines,
    "csv": _parse_records,
    "tsv": _parse_records,
    "parquet": _parse_rows,
    "warc": _parse_frames,
}


# -- texts that were in memory -------------------------------------------------------------------------------------


def texts_beside(
    folder: Path, name: str, documents: pa.Table, rows: Sequence[int], *, extracted: bool = False
) -> list[str]:
    """Texts of a run over texts in memory, from the collection it wrote: ``kept/NAME`` and ``removed/NAME``.

    If they were extracted, they all stand in ``text/NAME``.

    Raises
    ------
    InputError
        If the run folder does not hold them.
    """
    own = pc.equal(documents.column("doc"), documents.column("kept_doc")).to_numpy()
    lines = documents.column("line").to_numpy()
    pages, page_of = np.unique(lines, return_inverse=True)
    kept = np.zeros(len(pages), bool)
    np.logical_or.at(kept, page_of, own)  # a page is kept with the least of its pieces
    number = np.where(kept, np.cumsum(kept), np.cumsum(~kept))  # lines of its file
    sides = np.where(kept, "kept", "removed")
    if extracted:
        number, sides = np.arange(1, len(pages) + 1), np.full(len(pages), "text")
    places = places_of(documents, rows, [])
    texts = []
    for row, place in zip(rows, places, strict=True):
        page = int(page_of[row])
        here = Source(folder / sides[page] / name, f"{sides[page]}/{name}", "jsonl")
        start, end = _line_bytes(here, int(number[page]))
        spot = place._replace(source=0, line=int(number[page]), byte_start=start, byte_end=end)
        texts += texts_of([here], [spot], Fields(("text",), "id"))
    return texts


def _line_bytes(source: Source, line: int) -> tuple[int, int]:
    """First byte and end of a line, from 1; its line end left out."""
    try:
        for at, data in read_line_blocks(source):
            breaks = np.flatnonzero(data == 10)
            if line <= len(breaks):
                return at + (int(breaks[line - 2]) + 1 if line > 1 else 0), at + int(breaks[line - 1])
            line -= len(breaks)
    except StreamEnds as error:
        raise InputError(str(error), source.path) from None
    return 0, 0
