"""The collection out again, stretches of its texts cut out of it; all else stays as it stands, byte for byte.

A stretch is a range of code points of a record's text as its reader hands it on. It is taken out of the bytes that
spell it, so the escapes, quotes and codes of what is left stay as they were. Where nothing but blanks is left of a
line, the line goes as a whole, with one line end: what was really cut is returned.
"""

from __future__ import annotations

import json
import shutil
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.documents.blocks import StreamEnds, read_chunks, read_line_blocks
from dedup.documents.fields import Fields, settle_fields
from dedup.documents.jsonl import BOM
from dedup.documents.parquet import ROWS
from dedup.documents.read import FORMATS
from dedup.documents.sources import WHOLE, Source
from dedup.documents.spelling import Cell, characters, encoding_of, json_cells, record_pattern, table_cells, with_edits
from dedup.documents.stretches import Stretch, merged, settled, with_lines, without
from dedup.documents.tabular import read_layout
from dedup.documents.textfiles import decode
from dedup.documents.write import open_sink
from dedup.errors import InputError


class Cut(NamedTuple):
    """What was cut out of one file.

    Attributes
    ----------
    paths : list of Path
        The files written.
    line, start, end : ``[c] int64``
        The stretches really cut, by line and start; those of a record neither overlap nor touch.
    """

    paths: list[Path]
    line: np.ndarray
    start: np.ndarray
    end: np.ndarray


class Extracted(NamedTuple):
    """A document whose text does not stand in its file as it was read: the main text of HTML."""

    line: int
    id: str
    text: str


class _Wanted(NamedTuple):
    """What to do to the records of a file.

    Attributes
    ----------
    lines : ``[w] int64``
        Of the records that change, ascending.
    first : ``[w + 1] int64``
        The stretches of line i are ``first[i]`` to ``first[i + 1]``; one without any is left out.
    start, end : ``[c] int64``
    """

    lines: np.ndarray
    first: np.ndarray
    start: np.ndarray
    end: np.ndarray

    def between(self, line: int, stop: int) -> range:
        """Which of the lines are `line` or a later one before `stop`."""
        return range(*np.searchsorted(self.lines, [line, stop]).tolist())

    def stretches(self, i: int) -> list[Stretch]:
        """Those of one line."""
        mine = slice(self.first[i], self.first[i + 1])
        return list(zip(self.start[mine].tolist(), self.end[mine].tolist(), strict=True))


def cut_source(
    source: Source,
    fields: Fields,
    line: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    drop: np.ndarray,
    target: Path,
    encoding: str,
    texts: Iterable[Extracted] | None = None,
) -> Cut:
    """Write ``target / name`` without the given stretches, compressed as the file is.

    Lines are copied block by block, only records with a stretch are looked into. A Parquet file takes the memory of a
    row group, a text file a few times that of its bytes.

    Parameters
    ----------
    source : Source
    fields : Fields
        As the run was asked for them; a text field that was not named is guessed as the reader does.
    line, start, end : ``[c] int64``
        Stretches in any order: the record's line as the reader counts it, and code points of its text, of several text
        fields joined by line ends. They may overlap, and reach out of the text.
    drop : ``[d] int64``
        Lines of records that are left out entirely.
    target : Path
        A folder.
    encoding : str
        As the run was given it.
    texts : iterable of Extracted, optional
        All documents of a file whose texts had to be extracted from it (HTML, WARC, ``--html``). They cannot be cut
        where they stand: if there is anything to do, ``target / name.jsonl`` is written instead, with a record
        ``{"id", "text"}`` for each of them.

    Returns
    -------
    Cut
        Of a file that is one document and left out, no file is written.

    Raises
    ------
    InputError
        If a record is not what was read: the file has changed.
    OSError
        If the input cannot be read, or the output not be written.
    """
    wanted = _want(*(np.asarray(column, np.int64) for column in (line, start, end, drop)))
    extracted = texts is not None and len(wanted.lines)
    path = target / (f"{source.name}.jsonl" if extracted else source.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    done = array("q")  # line, start and end of every stretch: a million of them in 24 MB
    if not len(wanted.lines):
        shutil.copyfile(source.path, path)
    elif texts is not None:
        _cut_extracted(texts, wanted, path, done)
    elif source.format in WHOLE and not len(wanted.start):
        return Cut([], *np.empty((3, 0), np.int64))
    elif source.format in ("html", "warc") or (fields.html and len(wanted.start)):
        raise InputError("cannot be cut where it stands: its texts were extracted", source.path)
    elif source.format == "text":
        _cut_text(source, wanted.stretches(0), path, encoding, done)
    elif source.format == "parquet":
        _cut_rows(source, _text_names(source, fields, encoding), wanted, path, done)
    else:
        _cut_lines(source, _text_names(source, fields, encoding), wanted, path, encoding, done)
    return Cut([path], *np.array(done).reshape(-1, 3).T.copy())


def _want(line: np.ndarray, start: np.ndarray, end: np.ndarray, drop: np.ndarray) -> _Wanted:
    used = ~np.isin(line, drop) & (start < end)
    line, start, end = line[used], start[used], end[used]
    order = np.lexsort((start, line))
    lines = np.union1d(line, drop)
    first = np.searchsorted(line[order], np.append(lines, np.iinfo(np.int64).max))
    return _Wanted(lines, first, start[order], end[order])


def _add(done: array[int], line: int, stretches: Iterable[Stretch]) -> None:
    for start, end in stretches:
        done.extend((line, start, end))


def _text_names(source: Source, fields: Fields, encoding: str) -> tuple[str, ...]:
    """The text fields of a file, guessed as `read_source` does."""
    if fields.text:
        return fields.text
    records = FORMATS[source.format].probe(source, encoding)
    return settle_fields(fields, records, source.name)[0].text if records else ("text",)


# -- text files --------------------------------------------------------------------------------------------------


def _cut_text(source: Source, asked: list[Stretch], path: Path, encoding: str, done: array[int]) -> None:
    try:
        raw = b"".join(bytes(piece) for piece in read_chunks(source))
        text = decode(raw, encoding)
        head, name = encoding_of(raw, text, encoding)
        cut = with_lines(text, merged(asked, len(text)))
        if cut and cut[0][0] == 0:
            # At the front of a file this character would be taken for a byte order mark.
            rest = text[cut[0][1] :]
            cut = merged([(0, len(text) - len(rest.lstrip("\ufeff"))), *cut], len(text))
        edits = [(start, end, "") for start, end in cut]
        out = head + with_edits(raw[len(head) :], text, edits, name)
    except (StreamEnds, ValueError) as error:
        raise InputError(f"cannot be cut: {error}", source.path) from None
    with open_sink(source, path) as file:
        file.write(out)
    _add(done, 1, cut)


# -- JSON lines, CSV and TSV -------------------------------------------------------------------------------------


class _Form(NamedTuple):
    """How records stand in the lines of a file.

    Attributes
    ----------
    stop : function of (data, breaks, start)
        Where the record that begins at `start` ends, its line end included; -1 if not in `data`. `breaks` are where
        the line ends of `data` are.
    cells : function of (record)
        The cells of its text fields; raises ValueError.
    """

    stop: Callable[[np.ndarray, np.ndarray, int], int]
    cells: Callable[[str], dict[str, Cell]]


def _form_of(source: Source, names: tuple[str, ...], encoding: str) -> _Form:
    if source.format == "jsonl":
        return _Form(_line_stop, partial(json_cells, names))
    try:
        layout = read_layout(source, encoding)
    except ValueError as error:
        raise InputError(str(error), source.path) from None
    pattern = record_pattern(layout.delimiter)

    def stop(data: np.ndarray, breaks: np.ndarray, start: int) -> int:
        found = pattern.match(data.data, start)
        return found.end() if found else -1

    return _Form(stop, partial(table_cells, names, layout.names, layout.delimiter))


def _line_stop(data: np.ndarray, breaks: np.ndarray, start: int) -> int:
    i = int(np.searchsorted(breaks, start))
    return int(breaks[i]) + 1 if i < len(breaks) else len(data)


def _cut_lines(
    source: Source, names: tuple[str, ...], wanted: _Wanted, path: Path, encoding: str, done: array[int]
) -> None:
    form = _form_of(source, names, encoding)
    line, rest, next_one = 1, np.zeros(0, np.uint8), 0
    with open_sink(source, path) as out:
        for data, last in _line_blocks(source):
            if len(rest):
                data = np.concatenate([rest, data])
            breaks = np.flatnonzero(data == 10)
            at, stop = 0, len(data)
            for i in wanted.between(line, line + len(breaks) + int(data[-1] != 10)):
                number = int(wanted.lines[i])
                start = int(breaks[number - line - 1]) + 1 if number > line else 0
                if number == 1 and data[:3].tobytes() == BOM:
                    start = 3
                end = form.stop(data, breaks, start)
                if end < 0 and not last:
                    stop = start  # the record goes on in the next block
                    break
                if start < at or end < 0:
                    raise InputError("no record begins here any more; run again", source.path, number)
                out.write(data[at:start].data)
                if asked := wanted.stretches(i):
                    try:
                        record, cut = _cut_record(data[start:end].tobytes(), form, names, asked, encoding)
                    except ValueError as error:
                        raise InputError(f"cannot be cut: {error}", source.path, number) from None
                    out.write(record)
                    _add(done, number, cut)
                at, next_one = end, i + 1
            out.write(data[at:stop].data)
            rest = data[stop:]
            line += int(np.searchsorted(breaks, stop))
    _check_end(source, wanted, next_one)


def _check_end(source: Source, wanted: _Wanted, next_one: int) -> None:
    if next_one < len(wanted.lines):
        raise InputError("holds no record here any more; run again", source.path, int(wanted.lines[next_one]))


def _line_blocks(source: Source) -> Iterator[tuple[np.ndarray, bool]]:
    """Whole lines, and whether they are the last."""
    held = None
    with suppress(StreamEnds):  # said when it was read
        for _, data in read_line_blocks(source):
            if held is not None:
                yield held, False
            held = data
    if held is not None:
        yield held, True


def _cut_record(
    raw: bytes, form: _Form, names: tuple[str, ...], asked: list[Stretch], encoding: str
) -> tuple[bytes, list[Stretch]]:
    record = characters(raw, encoding)
    cells = form.cells(record)
    cut, joined = settled([(name, cells[name].value) for name in names if name in cells], asked)
    edits = sorted(edit for name, stretches in cut.items() for edit in cells[name].edits(record, stretches))
    return (with_edits(raw, record, edits, encoding) if edits else raw), joined


# -- Parquet -----------------------------------------------------------------------------------------------------


def _cut_rows(source: Source, names: tuple[str, ...], wanted: _Wanted, path: Path, done: array[int]) -> None:
    before = 0
    try:
        file = pq.ParquetFile(source.path)
    except pa.ArrowException as error:
        raise InputError(f"cannot be read as Parquet: {error}", source.path) from None
    with file:
        codec = file.metadata.row_group(0).column(0).compression if file.metadata.num_row_groups else "SNAPPY"
        codec = {"UNCOMPRESSED": "NONE"}.get(codec, codec)
        with pq.ParquetWriter(path, file.schema_arrow, compression=codec) as writer:
            for group in range(file.metadata.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                table = _read_group(source, file, group, before, names)
                try:
                    table = _cut_table(table, names, wanted, before, size, done)
                except (pa.ArrowException, LookupError) as error:
                    raise InputError(f"row group {group + 1} cannot be cut: {error}", source.path) from None
                if len(table):
                    writer.write_table(table, row_group_size=len(table))
                before += size
    _check_end(source, wanted, wanted.between(0, before + 1).stop)


def _cut_table(
    table: pa.Table, names: tuple[str, ...], wanted: _Wanted, before: int, size: int, done: array[int]
) -> pa.Table:
    """The rows of one row group, of `size` rows, behind `before` others."""
    mine = wanted.between(before + 1, before + size + 1)
    lines = wanted.lines[mine.start : mine.stop]
    is_cut = np.diff(wanted.first[mine.start : mine.stop + 1]) > 0
    if is_cut.any():
        rows = lines[is_cut] - before - 1
        columns = {name: table.column(name).cast(pa.large_string()) for name in names}
        changed = {name: column.take(pa.array(rows)).to_pylist() for name, column in columns.items()}
        for k, i in enumerate((mine.start + np.flatnonzero(is_cut)).tolist()):
            values = [(name, changed[name][k]) for name in names if changed[name][k] is not None]
            cut, joined = settled(values, wanted.stretches(i))
            for name, value in dict(values).items():
                changed[name][k] = without(value, cut[name])
            _add(done, int(wanted.lines[i]), joined)
        mask = np.zeros(len(table), bool)
        mask[rows] = True
        for name, column in columns.items():
            number = table.schema.get_field_index(name)
            field = table.schema.field(number)
            column = pc.replace_with_mask(column, pa.array(mask), pa.array(changed[name], pa.large_string()))
            table = table.set_column(number, field, column.cast(field.type))
    return table if is_cut.all() else _without_rows(table, lines[~is_cut] - before - 1)


def _without_rows(table: pa.Table, rows: np.ndarray) -> pa.Table:
    mask = np.ones(len(table), bool)
    mask[rows] = False
    try:
        return table.filter(pa.array(mask))
    except pa.ArrowNotImplementedError:  # Arrow cannot filter every type it can write, such as string_view
        edges = [-1, *rows.tolist(), len(table)]
        return pa.concat_tables([table.slice(a + 1, b - a - 1) for a, b in zip(edges, edges[1:], strict=False)])


def _read_group(source: Source, file: pq.ParquetFile, group: int, before: int, names: tuple[str, ...]) -> pa.Table:
    """A row group; of a damaged one the rows before the damage, if no text behind it was read."""
    try:
        return file.read_row_group(group)
    except (OSError, pa.ArrowException) as error:
        table = pa.Table.from_batches(list(_readable(file, group, None)), file.schema_arrow)
        if sum(batch.num_rows for batch in _readable(file, group, list(names))) > len(table):
            reason = f"cannot be copied, though its text could be read: {error}"
            raise InputError(reason, source.path, before + len(table) + 1) from None
        return table


def _readable(file: pq.ParquetFile, group: int, columns: list[str] | None) -> Iterator[Any]:
    with suppress(OSError, pa.ArrowException):
        yield from file.iter_batches(batch_size=ROWS, row_groups=[group], columns=columns)


# -- extracted texts ---------------------------------------------------------------------------------------------


def _cut_extracted(texts: Iterable[Extracted], wanted: _Wanted, path: Path, done: array[int]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line, name, text in texts:
            mine = wanted.between(line, line + 1)
            asked = wanted.stretches(mine[0]) if mine else []
            if mine and not asked:
                continue
            cut = with_lines(text, merged(asked, len(text)))
            file.write(json.dumps({"id": name, "text": without(text, cut)}, ensure_ascii=False) + "\n")
            _add(done, line, cut)
