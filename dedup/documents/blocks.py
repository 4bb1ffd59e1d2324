"""The unit a reader hands on: a run of records of one file, still to be parsed by a worker thread."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.documents.fields import Fields
from dedup.documents.sources import Source

BLOCK_BYTES = 4 << 20
# So few records are parsed one by one rather than halved on.
FEW = 16


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be read. `line` counts from 1 within the block (0: the file as a whole)."""

    line: int
    reason: str
    byte_start: int = 0
    byte_end: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Records of one file, in order.

    Attributes
    ----------
    rows : pa.Table
        ``id string`` (null where there is none), ``text large_string``, ``line byte_start byte_end int64`` (`line`
        counts from 1 within the block; bytes are positions in the decompressed file, line ends left out), and one
        ``string`` column per other field.
    lines : int
        Physical lines (for Parquet: rows, for WARC: records) in the block, to number those of the next one.
    rejected : list of Rejected
    extracted : bool
        Whether the texts were taken out of what the file holds (HTML, WARC): offsets are such into these texts then,
        which stand nowhere else.
    """

    rows: pa.Table
    lines: int
    rejected: list[Rejected] = field(default_factory=list)
    extracted: bool = False


Task = Callable[[], Block]


def make_rows(
    fields: Fields,
    ids: pa.Array,
    texts: pa.Array,
    lines: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    others: dict[str, pa.Array],
) -> pa.Table:
    """The `rows` of a block; columns are cast to their types."""
    columns = {
        "id": ids.cast(pa.string()),
        "text": texts.cast(pa.large_string()),
        "line": pa.array(lines, pa.int64()),
        "byte_start": pa.array(starts, pa.int64()),
        "byte_end": pa.array(ends, pa.int64()),
    }
    for name in fields.others:
        columns[f"field:{name}"] = others[name].cast(pa.string())
    return pa.table(columns)


def join_texts(texts: list[pa.Array]) -> pa.Array:
    """The text fields of records put together with line ends; null where all of them are."""
    if len(texts) == 1:
        return texts[0]
    some = pc.is_valid(pc.coalesce(*texts))
    # Arrow leaves out a row whose values are all null instead of making it null or empty.
    first = pc.if_else(some, texts[0], pa.scalar("", texts[0].type))
    mark = pa.scalar("\n", texts[0].type)
    joined = pc.binary_join_element_wise(first, *texts[1:], mark, null_handling="skip")
    return pc.if_else(some, joined, pa.scalar(None, joined.type))


def parse_halving(
    parse: Callable[[int, int], pa.Table | None],
    a: int,
    b: int,
    total: int,
    parts: list[tuple[int, int, pa.Table]],
    strict: list[int],
) -> None:
    """Parse records a to b of `total`: what fails as a whole is halved until the bad record stands among few.

    Parameters
    ----------
    parse : function of (first, last)
        The table of these records, or None if it has not as many rows as there are records.
    parts : list
        Gets (first, last, table).
    strict : list
        Gets the records that are left to a parser that takes them one by one.
    """
    few = b - a <= FEW
    table = parse(a, b) if a < b and (not few or (a, b) == (0, total)) else None
    if table is not None:
        parts.append((a, b, table))
    elif few:
        strict.extend(range(a, b))
    else:
        middle = (a + b) // 2
        parse_halving(parse, a, middle, total, parts, strict)
        parse_halving(parse, middle, b, total, parts, strict)


def is_utf8(encoding: str) -> bool:
    """Whether text in this encoding ("": the default) can be parsed as it stands."""
    return encoding.lower().replace("-", "") in ("", "utf8", "utf8sig")


def no_rows(fields: Fields) -> pa.Table:
    """Rows of no record."""
    nothing = np.zeros(0, np.int64)
    empty = pa.array([], pa.string())
    return make_rows(fields, empty, empty, nothing, nothing, nothing, dict.fromkeys(fields.others, empty))


def broken(fields: Fields, reason: str, lines: int = 0) -> Task:
    """A task that only says why (the rest of) a file, or some lines of it, cannot be read."""
    return lambda: Block(no_rows(fields), lines, [Rejected(0, reason)])


class StreamEnds(Exception):
    """The bytes of a file stop being readable; what came before was good."""


def read_chunks(source: Source, size: int = BLOCK_BYTES) -> Iterator[memoryview]:
    """The decompressed bytes of a file, in pieces of about `size`.

    Raises
    ------
    StreamEnds
        After the last readable piece, if the file cannot be opened or its compressed data are damaged or cut off.
    """
    try:
        if source.compression:
            yield from _inflate(source, size)
            return
        with source.path.open("rb") as file:
            if file.seek(0, 2) == 0:
                return
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            for at in range(0, len(view), size):
                yield view[at : at + size]
    except OSError as error:
        what = "the compressed data are damaged or cut off" if source.compression else "cannot be read"
        raise StreamEnds(f"{what}: {_first_line(error)}") from None


def _inflate(source: Source, size: int) -> Iterator[memoryview]:
    """The decompressed bytes of a file, up to the very byte where they end.

    A read that meets damage loses all it was asked for, so what stands before the damage is read anew in ever smaller
    steps.
    """
    good = 0
    for step in (size, 1 << 14, 1 << 7, 1):
        try:
            with pa.input_stream(str(source.path), compression=source.compression) as stream:
                left = good
                while left:
                    left -= len(stream.read(min(size, left)))
                while piece := stream.read(step):
                    good += len(piece)
                    yield memoryview(piece)
            return
        except OSError:
            if step == 1:
                raise


def read_line_blocks(source: Source, size: int = BLOCK_BYTES) -> Iterator[tuple[int, np.ndarray]]:
    """Whole lines of a file: (position, bytes as ``uint8``), in pieces of `size` and up to the next line end.

    A plain file is mapped, never copied. Raises `StreamEnds` like `read_chunks`.
    """
    if not source.compression:
        yield from _mapped_line_blocks(source, size)
        return
    at, carry = 0, b""
    ends: StreamEnds | None = None
    chunks = read_chunks(source, size)
    while True:
        try:
            piece = next(chunks, None)
        except StreamEnds as error:
            piece, ends = None, error
        if piece is None:
            break
        cut = bytes(piece).rfind(b"\n") + 1
        if not cut:
            carry += piece
            continue
        data = carry + bytes(piece[:cut])
        yield at, np.frombuffer(data, np.uint8)
        at += len(data)
        carry = bytes(piece[cut:])
    if carry:
        yield at, np.frombuffer(carry, np.uint8)
    if ends is not None:
        raise ends


def _mapped_line_blocks(source: Source, size: int) -> Iterator[tuple[int, np.ndarray]]:
    try:
        with source.path.open("rb") as file:
            length = file.seek(0, 2)
            if not length:
                return
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise StreamEnds(f"cannot be read: {_first_line(error)}") from None
    data = np.frombuffer(mapped, np.uint8)
    at = 0
    while at < length:
        cut = mapped.find(b"\n", min(at + size, length) - 1) + 1 or length
        yield at, data[at:cut]
        at = cut


def _first_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0]
