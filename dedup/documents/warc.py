"""WARC files → documents: the main text of every HTML page in them, and every plain text.

A page is a record of the type response or resource whose content is HTML or plain text. Its identifier is its address
(WARC-Target-URI); where a file holds an address again, the later records are called by address and date. All other
records (requests, metadata, images …) are passed over and counted in a note.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from dedup.documents.blocks import BLOCK_BYTES, Block, Rejected, Task, make_rows, no_rows
from dedup.documents.fields import Fields
from dedup.documents.frames import Frame, read_frames
from dedup.documents.html import PAGES, extract
from dedup.documents.sources import Source
from dedup.documents.textfiles import decode_page

# What a page can be asked for besides its text.
FIELDS = ("host", "date")
MARKUP = ("text/html", "application/xhtml+xml")
PLAIN = "text/plain"
# A page of more bytes is not read, packed or unpacked; it has more characters than are taken apart anyway.
LARGEST_PAGE = 20_000_000
NAMED = 5  # kinds of other records that a note names

_TYPE = re.compile(rb"^content-type:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_LOOKS_LIKE_MARKUP = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)

logging.getLogger("warcio").addHandler(logging.NullHandler())


def read_warc(source: Source, fields: Fields, encoding: str, notes: list[str] | None = None) -> Iterator[Task]:
    """Tasks of up to `PAGES` pages; before the last one is given, `notes` gets one more on what the file holds.

    Finding the records is done here, in the thread that asks for the next task; all else is left to the tasks. `line`
    counts records.
    """
    seen: set[int] = set()
    kinds: Counter[str] = Counter()
    pages = broken = held = 0
    batch: list[tuple[Frame, str]] = []
    rejected: list[Rejected] = []
    before = 0
    frame: Frame | None = None
    for frame in read_frames(source, _is_wanted):
        kind, page = media_type(frame.head, frame.peek)
        if frame.reason:
            broken += 1
            rejected.append(Rejected(frame.number - before, frame.reason, frame.start, frame.end))
        elif page:
            pages += 1
            batch.append((frame._replace(peek=b""), _name_of(frame.head, seen)))
            held += len(frame.data)
        else:
            kinds[kind] += 1
        if len(batch) >= PAGES or held >= BLOCK_BYTES or len(rejected) >= PAGES:
            yield partial(read_pages, batch, before, frame.number - before, rejected, fields, encoding)
            batch, rejected, before, held = [], [], frame.number, 0
    if frame is None:
        return
    if frame.number == broken == 1:
        rejected = [Rejected(0, f"holds no WARC record: {frame.reason}")]
    elif notes is not None:
        notes.append(f"{source.name}: {_counted(frame.number, pages, broken, kinds)}")
    yield partial(read_pages, batch, before, frame.number - before, rejected, fields, encoding)


def _is_wanted(head: dict[str, str], peek: bytes) -> bool:
    return media_type(head, peek)[1] and int(head["content-length"]) <= LARGEST_PAGE


def _counted(records: int, pages: int, broken: int, kinds: Counter[str]) -> str:
    others = sum(kinds.values())
    named = [f"{kind} {count:,}" for kind, count in kinds.most_common(NAMED)]
    if len(kinds) > NAMED:
        named.append("…")
    text = f"{records:,} records: {pages:,} pages, {others:,} others"
    return text + (f" ({', '.join(named)})" if named else "") + (f", {broken:,} broken" if broken else "")


def _name_of(head: dict[str, str], seen: set[int]) -> str:
    """What a page is called; "" if it has no address."""
    uri = head.get("warc-target-uri", "").removeprefix("<").removesuffix(">")
    if not uri:
        return ""
    known = hash(uri) in seen
    seen.add(hash(uri))
    return f"{uri} {head.get('warc-date', '')}".rstrip() if known else uri


def media_type(head: dict[str, str], peek: bytes) -> tuple[str, bool]:
    """What a record holds, and whether that is a page.

    Parameters
    ----------
    head : dict of str to str
    peek : bytes
        The beginning of the content: of a response, the HTTP head and what follows.
    """
    kind = head.get("warc-type", "").lower()
    if kind not in ("response", "resource"):
        return kind or "no type", False
    media, body = head.get("content-type", ""), peek
    if media.lower().startswith("application/http"):
        lines, mark, body = peek.partition(b"\r\n\r\n")
        if not mark:
            lines, mark, body = peek.partition(b"\n\n")
        found = _TYPE.search(lines)
        media = found[1].decode("latin-1") if found else ""
        if not body.strip():
            return "empty", False
    media = media.partition(";")[0].strip().lower()
    if not media and _LOOKS_LIKE_MARKUP.match(body):
        media = MARKUP[0]
    return media or kind, media in MARKUP or media == PLAIN


def read_pages(
    batch: list[tuple[Frame, str]],
    before: int,
    lines: int,
    rejected: list[Rejected],
    fields: Fields,
    encoding: str,
) -> Block:
    """The documents of some pages.

    Parameters
    ----------
    batch : list of (Frame, name)
    before, lines : int
        Records of the file before these, and how many these and those between them are.
    rejected : list of Rejected
        Those among them that are no records.
    """
    texts: list[str] = []
    found: list[tuple[Frame, str]] = []
    bad = list(rejected)
    for frame, name in batch:
        try:
            texts.append(page_text(frame, encoding))
            found.append((frame, name))
        except ValueError as error:
            bad.append(Rejected(frame.number - before, str(error), frame.start, frame.end))
    bad.sort(key=lambda record: record.line)
    if not found:
        return Block(no_rows(fields), lines, bad, extracted=True)
    places = np.array([(frame.number - before, frame.start, frame.end) for frame, _ in found], np.int64)
    others = {name: pa.array([_field(frame, name) for frame, _ in found], pa.string()) for name in fields.others}
    ids = pa.array([name or None for _, name in found], pa.string())
    line, start, end = places.T
    rows = make_rows(fields, ids, pa.array(texts, pa.large_string()), line, start, end, others)
    return Block(rows, lines, bad, extracted=True)


def _field(frame: Frame, name: str) -> str | None:
    if name == "date":
        return frame.head.get("warc-date")
    if name == "host":
        uri = frame.head.get("warc-target-uri", "").removeprefix("<").removesuffix(">")
        try:
            return urlsplit(uri).hostname
        except ValueError:
            return None
    return None


def page_text(frame: Frame, encoding: str) -> str:
    """The text of one page.

    Raises
    ------
    ValueError
        Saying why there is none.
    """
    body, media = _payload(frame)
    charset = _CHARSET.search(media)
    text = decode_page(body, encoding, charset[1] if charset else "")
    return text if media.lower().startswith(PLAIN) else extract(text)


def _payload(frame: Frame) -> tuple[bytes, str]:
    """The content of a page, unpacked, and the media type its server named."""
    from warcio.bufferedreaders import BufferedReader
    from warcio.recordloader import ArcWarcRecordLoader

    large = f"a page of more than {LARGEST_PAGE:,} bytes is not read"
    if not frame.data or len(frame.data) > LARGEST_PAGE:
        raise ValueError(large)
    try:
        record = ArcWarcRecordLoader(verify_http=False).parse_record_stream(io.BytesIO(frame.data))
        http = record.http_headers
        media = (http.get_header("content-type") if http else record.content_type) or ""
        packed = ((http.get_header("content-encoding") if http else "") or "").strip().lower()
        stream = record.content_stream()
        pieces, left = [], LARGEST_PAGE + 1
        while left > 0 and (piece := stream.read(min(left, 1 << 20))):
            pieces.append(piece)
            left -= len(piece)
    except Exception as error:  # warcio, and zlib within it, have many for what crawlers leave
        reason = (str(error).splitlines() or [""])[0]
        raise ValueError(f"the record cannot be read: {type(error).__name__}: {reason}"[:200]) from None
    if left <= 0:
        raise ValueError(large)
    if packed not in ("", "identity", *BufferedReader.get_supported_decompressors()):
        raise ValueError(f"the content encoding {packed[:40]!r} cannot be undone")
    return b"".join(pieces), media
