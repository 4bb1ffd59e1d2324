"""WARC files → their records, as byte ranges: found by Content-Length, and by the next head where that is wrong.

warcio ends at the first record it cannot make sense of, and turns down a .warc.gz that is one gzip member. Here such a
record is told about and the next one is looked for; what stands in a record is left to warcio (`warc`).
"""

from __future__ import annotations

import mmap
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dedup.documents.blocks import StreamEnds, read_chunks
from dedup.documents.members import END, HOLE, member_end, read_members
from dedup.documents.sources import Source

READ = 1 << 18
START_BYTES = 64  # enough to know a record by
HEAD_SIZES = 1 << 11, 1 << 16  # bytes a head is looked for in
PEEK_BYTES = 1 << 14
# Records up to this size are held until their end is proven; behind a longer one whose length is wrong, records are
# found again only where that length leads to.
HELD_BYTES = 64 << 20
INFLATED = 1032  # bytes that a byte of deflate can stand for
DAMAGED = "the compressed data are damaged"

_START = re.compile(rb"WARC/\d\.\d+\r?\n[A-Za-z-]+:")
_NEXT = re.compile(rb"(?<=\n)WARC/\d\.\d+\r?\n(?=[A-Za-z-]+:)")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class Frame(NamedTuple):
    """A record, or a run of bytes that is none.

    Attributes
    ----------
    number : int
        From 1.
    start, end : int
        Bytes of the file: of a .warc.gz, those of the gzip members that hold the record; of other compressed files, of
        their decompressed bytes. The blank lines behind a record belong to it.
    at : int
        First byte among the decompressed ones; the last one stands before the next frame.
    alone : bool
        Whether `start` to `end` are bytes of the file that hold nothing else.
    head : dict of str to str
        WARC header fields, names in lower case; empty for what is no record.
    peek : bytes
        The beginning of the content.
    data : bytes
        The whole record if it was wanted and can be held, else nothing.
    reason : str
        Why it is no record; else "".
    """

    number: int
    start: int
    end: int
    at: int
    alone: bool
    head: dict[str, str]
    peek: bytes
    data: bytes
    reason: str


def read_frames(source: Source, wanted: Callable[[dict[str, str], bytes], bool] | None = None) -> Iterator[Frame]:
    """Every record of a file, in order; each byte of the file belongs to one.

    Parameters
    ----------
    wanted : function of (head, peek), optional
        Whose `data` are needed.

    Notes
    -----
    Memory: one record, at most `HELD_BYTES`; a plain file is mapped. Time is linear.
    """
    try:
        stream = _Stream(source)
    except OSError as error:
        yield Frame(1, 0, 0, 0, False, {}, b"", b"", f"cannot be read: {error.strerror}")
        return
    number, at, told = 0, 0, False
    while True:
        number += 1
        begin = stream.skip_blank(at)
        if stream.holes and stream.holes[0][1] <= begin:  # a gzip member that gave not one byte
            stream.holes.pop(0)
            yield Frame(number, *stream.place(at, at), {}, b"", b"", DAMAGED)
            continue
        if not stream.has(begin + 1):
            if stream.damage and not told:
                yield Frame(number, *stream.place(at, begin), {}, b"", b"", stream.damage)
            return
        part = _read_record(stream, begin, wanted)
        if stream.holes and stream.holes[0][0] < part.stop:
            stream.holes.pop(0)
            part = part._replace(reason=DAMAGED)
        elif part.reason and stream.damage and not stream.has(part.stop + 1):
            part, told = part._replace(reason=stream.damage), True
        good = not part.reason
        place = stream.place(at, part.stop)
        yield Frame(number, *place, part.head, part.peek, part.data if good else b"", part.reason)
        at = part.stop
        stream.drop(at)


class _Part(NamedTuple):
    head: dict[str, str]
    peek: bytes
    data: bytes
    stop: int
    reason: str


def _read_record(stream: _Stream, begin: int, wanted: Callable[[dict[str, str], bytes], bool] | None) -> _Part:
    """The record at `begin`; if there is none, what stands before the next one and why."""

    def broken(reason: str, search: int) -> _Part:
        return _Part({}, b"", b"", stream.find_start(search), reason)

    if not stream.starts(begin):
        return broken("no WARC record begins here", begin + 1)
    end = None
    for size in HEAD_SIZES:
        stream.has(begin + size)
        text = stream.peek(begin, begin + size)
        if end := _HEAD_END.search(text):
            break
    if end is None:
        return broken("its head does not end", begin + 5)
    head = _fields_of(text[: end.start()])
    content = begin + end.end()
    length = head.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        what = f"its Content-Length is {length[:40]!r}, not a number" if length else "it has no Content-Length"
        return broken(what, content)
    stop = content + int(length)
    if stop > stream.most:
        return broken(f"it ends before its Content-Length of {int(length):,} bytes", content)
    stream.has(min(stop, content + PEEK_BYTES))
    peek = stream.peek(content, min(stop, content + PEEK_BYTES))
    reached = stream.reach(content, stop)
    if reached < stop:
        return broken(f"it ends before its Content-Length of {int(length):,} bytes", content)
    data = stream.peek(begin, stop) if wanted is not None and stream.holds(begin) and wanted(head, peek) else b""
    after = stream.skip_blank(stop)
    if not stream.is_end(after):
        return broken(f"its Content-Length of {int(length):,} bytes does not lead to the next record", content)
    return _Part(head, peek, data, after, "")


def _fields_of(text: bytes) -> dict[str, str]:
    head: dict[str, str] = {}
    for line in text.decode(errors="replace").splitlines()[1:]:
        name, _, value = line.partition(":")
        head.setdefault(name.strip().lower(), value.strip())
    return head


class _Stream:
    """Decompressed bytes of a file by their position; those before the last `drop` may be gone."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._plain = not source.compression
        self._pieces: Iterator[tuple[bytes, int]] = iter(())
        self._data: bytearray | mmap.mmap = bytearray()
        self._base = 0
        self._from: list[int] = []  # where gzip members begin, among the decompressed bytes
        self._members: list[int] = []  # and in the file
        self._ends: dict[int, int] = {}
        self.holes: list[tuple[int, int]] = []  # decompressed bytes of each damaged member that others follow
        self.damage = ""
        self.most = 1 << 62  # bytes there can be
        size = source.path.stat().st_size
        if source.compression == "gzip":
            self.most = size * INFLATED
            self._pieces = read_members(source.path)
        elif source.compression:
            self._pieces = ((bytes(piece), END) for piece in read_chunks(source, READ))
        else:
            self.most = size
            with source.path.open("rb") as file:
                if size:
                    self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    @property
    def _end(self) -> int:
        return self._base + len(self._data)

    def _more(self) -> bool:
        """Read on: whether there was anything."""
        try:
            piece, member = next(self._pieces, (b"", END))
        except StreamEnds as error:
            self.damage = str(error)
            piece, member = b"", END
        if member == HOLE:
            self.holes.append((self._from[-1], self._end))
        elif member >= 0:
            self._from.append(self._end)
            self._members.append(member)
        if piece:
            assert isinstance(self._data, bytearray)
            self._data += piece
        return bool(piece) or member != END

    def has(self, stop: int) -> bool:
        """Whether there are bytes up to `stop`; they are read."""
        while self._end < stop:
            if not self._more():
                return False
        return True

    def holds(self, at: int) -> bool:
        return at >= self._base

    def peek(self, start: int, stop: int) -> bytes:
        return bytes(self._data[max(0, start - self._base) : max(0, stop - self._base)])

    def starts(self, at: int) -> bool:
        """Whether a record begins at `at`."""
        self.has(at + START_BYTES)
        return _START.match(self.peek(at, at + START_BYTES)) is not None

    def is_end(self, at: int) -> bool:
        """Whether a record can end here: the file or its gzip member does, or another begins, if only cut off."""
        if not self.has(at + 1):
            return True
        place = bisect_left(self._from, at)
        if place < len(self._from) and self._from[place] == at:
            return True
        self.has(at + 5)
        return b"WARC/".startswith(self.peek(at, at + 5))

    def skip_blank(self, at: int) -> int:
        """Where the line ends from `at` on are over."""
        while self.has(at + 1):
            piece = self.peek(at, at + 256)
            rest = piece.lstrip(b"\r\n")
            at += len(piece) - len(rest)
            if rest:
                break
        return at

    def find_start(self, at: int) -> int:
        """Where the next record begins from `at` on; the end of the file if none does."""
        while True:
            self.has(at + READ)
            found = _NEXT.search(self._data, max(0, at - 1 - self._base))
            member = self._started_member(at, found.start() + self._base if found else self._end)
            if member is not None:
                return member
            if found:
                return self._base + found.start()
            end = self._end
            if not self.has(end + 1):
                return end
            at = max(at, end - 512)  # half a head may stand there
            self._forget(at - 1)

    def _started_member(self, first: int, stop: int) -> int | None:
        """Where, between these, a gzip member with a record in it begins: no line end need stand before it."""
        for at in self._from[bisect_left(self._from, first) : bisect_left(self._from, stop)]:
            if self.starts(at):
                return at
        return None

    def reach(self, content: int, stop: int) -> int:
        """`stop` if the bytes go so far; else where they end, or where the gzip member of another record begins."""
        held = stop - content <= HELD_BYTES
        checked = bisect_right(self._from, content)
        while True:
            while checked < len(self._from) and self._from[checked] < stop:
                if self.starts(self._from[checked]):
                    return self._from[checked]
                checked += 1
            if self._end >= stop:
                return stop
            if not held:
                self._forget(self._end)
            if not self._more():
                return self._end

    def place(self, at: int, stop: int) -> tuple[int, int, int, bool]:
        """`start`, `end`, `at` and `alone` of the frame of these decompressed bytes."""
        if not self._members:
            return at, stop, at, self._plain
        first = bisect_left(self._from, at) if at == stop else bisect_right(self._from, at) - 1
        first = max(0, min(first, len(self._from) - 1))
        last = bisect_left(self._from, stop, first + 1)
        start = self._members[first]
        if last < len(self._members):
            end = self._members[last]
            return start, end, at, self._from[first] == at and self._from[last] == stop
        inner = max(0, bisect_left(self._from, stop) - 1)
        member = self._members[inner]
        if member not in self._ends:
            self._ends = {member: member_end(self._path, member)}
        return start, self._ends[member], at, False

    def drop(self, at: int) -> None:
        """Say that bytes before `at` are not needed any more."""
        self._forget(at)
        gone = bisect_right(self._from, at) - 1
        # Members are looked up by the last one that begins at or before a place, so that one stays.
        while gone > 0 and self._from[gone] == self._from[gone - 1] == at:
            gone -= 1
        if gone > 0:
            del self._from[:gone]
            del self._members[:gone]

    def _forget(self, at: int) -> None:
        if isinstance(self._data, bytearray) and at > self._base:
            gone = min(at - self._base, len(self._data))
            del self._data[:gone]
            self._base += gone
