"""Gzip files → their members: pieces of decompressed bytes, and where in the file each member begins.

A .warc.gz holds a member per record, so that a record can be read by itself, and so that what is damaged costs one
record: behind it the next member is looked for.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dedup.documents.blocks import StreamEnds

# Second values of a piece that are no place of a member: nothing begins here; a damaged member ends here.
END, HOLE = -1, -2
PIECE = 1 << 16
MAGIC = b"\x1f\x8b\x08"
PROMISING = b"WARC/"
CUT_OFF = "the compressed data are damaged or cut off"


def read_members(path: Path) -> Iterator[tuple[bytes, int]]:
    """The decompressed bytes of a gzip file.

    Yields
    ------
    (bytes, int)
        A piece of a member, and `END`; or nothing, and the first byte of the member that begins, or `HOLE`. The last
        member that "begins" is the end of the file.

    Raises
    ------
    StreamEnds
        Where the file is damaged and no record begins behind that.
    OSError
        If it cannot be opened.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    at = 0
    while at < size:
        if view[at] == 0 and not view[at:].strip(b"\0"):  # padding of tapes and disks
            break
        yield b"", at
        inflate = zlib.decompressobj(31)
        here, bad = at, False
        while not inflate.eof:
            chunk = view[here : here + PIECE]
            try:
                piece = inflate.decompress(chunk, PIECE)
            except zlib.error:
                bad = True
                break
            here += len(chunk) - _left(inflate)
            if piece:
                yield piece, END
            elif not chunk:
                yield b"", size
                raise StreamEnds(CUT_OFF)
        if bad:
            here = _next_member(view, at + 1)
            if here == size:
                yield b"", size
                raise StreamEnds(CUT_OFF)
            yield b"", HOLE
        at = here
    yield b"", size


def _left(inflate: Any) -> int:
    """Bytes that the last call did not use; behind the end of a member, zlib may list them as both kinds."""
    return len(inflate.unused_data if inflate.eof else inflate.unconsumed_tail)


def _next_member(view: mmap.mmap | bytes, at: int) -> int:
    """Where the next member that holds a WARC record begins; the end of the file if none does."""
    while (at := view.find(MAGIC, at)) >= 0:
        try:
            if zlib.decompressobj(31).decompress(view[at : at + 4096], len(PROMISING)) == PROMISING:
                return at
        except zlib.error:
            pass
        at += 1
    return len(view)


def member_end(path: Path, start: int) -> int:
    """Where the member that begins at `start` ends; its content is not kept."""
    with path.open("rb") as file:
        file.seek(start)
        inflate = zlib.decompressobj(31)
        at = start
        while not inflate.eof:
            chunk = inflate.unconsumed_tail or file.read(PIECE)
            if not chunk:
                break
            try:
                inflate.decompress(chunk, 4 * PIECE)
            except zlib.error:
                return file.seek(0, 2)
            at += len(chunk) - _left(inflate)
        return at
