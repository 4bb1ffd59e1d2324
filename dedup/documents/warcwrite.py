"""Records of a WARC file → kept/ and removed/, byte for byte."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa

from dedup.documents.blocks import StreamEnds, read_chunks
from dedup.documents.frames import READ, Frame, read_frames
from dedup.documents.members import read_members
from dedup.documents.sources import Source

COPIED = 1 << 22


class _Sink(Protocol):
    def write(self, data: bytes) -> Any: ...


def write_records(source: Source, removed: set[int], targets: tuple[Path, Path]) -> None:
    """Copy each record of a WARC file to its side: the numbers in `removed` to the second one, all others to the first.

    Where every record has gzip members of its own, or the file is not compressed, the bytes of the file are copied as
    they are. Else (a .warc.gz in one piece, .zst, .bz2) the decompressed bytes are, and are compressed anew, of gzip
    each record by itself.
    """
    frames = list(_places(read_frames(source)))
    sides = [number in removed for number, *_ in frames]
    with ExitStack() as stack:
        files: list[IO[bytes]] = [stack.enter_context(target.open("wb")) for target in targets]
        if all(alone or start == end for _, start, end, _, alone in frames):
            begins = [start for _, start, *_ in frames]
            with source.path.open("rb") as file:
                for side, a, b in _runs(sides, begins, file.seek(0, 2)):
                    _copy(file, a, b, files[side])
            return
        sinks: list[_Sink] = [_packed(source, file, stack) for file in files]
        records = [at for *_, at, _ in frames]
        number, at = 0, 0
        for piece in _bytes_of(source):
            while piece:
                while number + 1 < len(records) and records[number + 1] <= at:
                    _end_record(sinks[sides[number]])
                    number += 1
                limit = records[number + 1] - at if number + 1 < len(records) else len(piece)
                sinks[sides[number]].write(piece[:limit])
                at += len(piece[:limit])
                piece = piece[limit:]
        for sink in sinks:
            _end_record(sink)


def _places(frames: Iterator[Frame]) -> Iterator[tuple[int, int, int, int, bool]]:
    """What writing needs to know of each, without its bytes."""
    for frame in frames:
        yield frame.number, frame.start, frame.end, frame.at, frame.alone


def _runs(sides: list[bool], begins: list[int], size: int) -> Iterator[tuple[bool, int, int]]:
    """(side, first byte, end) of neighbours that go the same way; what stands before the first record goes with it."""
    a = 0
    for i, side in enumerate(sides):
        if i + 1 == len(sides) or sides[i + 1] != side:
            b = size if i + 1 == len(sides) else begins[i + 1]
            yield side, a, b
            a = b


def _copy(file: IO[bytes], a: int, b: int, out: IO[bytes]) -> None:
    file.seek(a)
    while a < b and (piece := file.read(min(COPIED, b - a))):
        out.write(piece)
        a += len(piece)


def _bytes_of(source: Source) -> Iterator[bytes]:
    """The decompressed bytes of a compressed file, as far as they were read."""
    with suppress(StreamEnds):  # said when it was read
        if source.compression == "gzip":
            yield from (piece for piece, _ in read_members(source.path))
        else:
            yield from (bytes(piece) for piece in read_chunks(source, READ))


class _Members:
    """A gzip file with a member per record."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._deflate: Any = None

    def write(self, data: bytes) -> None:
        if self._deflate is None:
            self._deflate = zlib.compressobj(6, zlib.DEFLATED, 31)
        self._file.write(self._deflate.compress(data))

    def end_record(self) -> None:
        if self._deflate is not None:
            self._file.write(self._deflate.flush())
            self._deflate = None


def _packed(source: Source, file: IO[bytes], stack: ExitStack) -> _Sink:
    if source.compression == "gzip":
        return _Members(file)
    sink: _Sink = stack.enter_context(pa.CompressedOutputStream(file, source.compression))
    return sink


def _end_record(sink: _Sink) -> None:
    if isinstance(sink, _Members):
        sink.end_record()
