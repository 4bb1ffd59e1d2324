"""WARC in and out: every byte belongs to a record, every page is read, what is broken costs itself alone."""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from dedup.documents import frames as frames_module
from dedup.documents import warc
from dedup.documents.fields import Fields
from dedup.documents.frames import Frame, read_frames
from dedup.documents.members import member_end, read_members
from dedup.documents.read import read_source
from dedup.documents.sources import Source, find_sources, guess_format
from dedup.documents.warcwrite import write_records
from tests.conftest import expand, han, squeeze

COMPRESSED = {"": "", ".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
DATE = "2024-03-0%dT10:00:00Z"


class Archive:
    """A WARC file under construction."""

    def __init__(self, packed: bool = False) -> None:
        self.file = io.BytesIO()
        self.writer = WARCWriter(self.file, gzip=packed)
        self.count = 0

    def add(self, kind: str, uri: str, payload: bytes, http: list[tuple[str, str]] | None = None, **more: Any) -> None:
        line = "GET / HTTP/1.1" if kind == "request" else "200 OK"
        head = None
        if http is not None:
            head = StatusAndHeaders(line, http, protocol="HTTP/1.1", is_http_request=kind == "request")
        self.count += 1
        named = {"WARC-Date": more.pop("date", DATE % 1), "WARC-Record-ID": f"<urn:test:{self.count}>"}
        record = self.writer.create_warc_record(
            uri, kind, io.BytesIO(payload), http_headers=head, warc_headers_dict=named, **more
        )
        self.writer.write_record(record)

    def page(self, uri: str, text: str, media: str = "text/html; charset=utf-8", **more: Any) -> None:
        body = f"<html><body>{text}</body></html>" if "html" in media else text
        self.add("response", uri, body.encode(), [("Content-Type", media)], **more)

    def bytes(self) -> bytes:
        return self.file.getvalue()


def paragraphs(seed: int, count: int = 4) -> str:
    return "".join(f"<p>{han(seed * 10 + i, 60)}。</p>" for i in range(count))


def crawl(packed: bool, pages: int = 20) -> bytes:
    """Pages, every other one a copy of the one before, each with its request; images between them."""
    archive = Archive(packed)
    archive.add("warcinfo", "urn:info", b"software: none\r\n", None, warc_content_type="application/warc-fields")
    for i in range(pages):
        uri = f"http://site{i % 3}.example/{i}"
        archive.page(uri, paragraphs(i // 2) + ("<!-- " + "filling " * 12_000 + "-->" if i == 4 else ""))
        archive.add("request", uri, b"", [("Host", "x")])
        if i % 5 == 0:
            archive.add("response", uri + ".png", b"\x89PNG\r\n\r\nWARC/1.0", [("Content-Type", "image/png")])
    return archive.bytes()


def source_of(path: Path) -> Source:
    return Source(path, path.name, "warc", COMPRESSED["" if path.suffix == ".warc" else path.suffix])


NO_FIELDS = Fields(())
Found = tuple[list[dict[str, Any]], list[tuple[int, str]], list[str]]


def records_of(path: Path, fields: Fields = NO_FIELDS, encoding: str = "") -> Found:
    """Documents with their record numbers, rejected records as (number, reason), and notes."""
    tasks, notes = read_source(source_of(path), fields, encoding)
    rows, rejected, before = [], [], 0
    for task in tasks:
        block = task()
        assert block.extracted
        rows += [{**row, "line": row["line"] + before} for row in block.rows.to_pylist()]
        rejected += [(r.line and r.line + before, r.reason) for r in block.rejected]
        before += block.lines
    return rows, rejected, notes


def check_cover(path: Path) -> list[Frame]:
    """The frames of a file; they follow one another without a gap, and none is missing at the end."""
    frames = list(read_frames(source_of(path)))
    assert [f.number for f in frames] == list(range(1, len(frames) + 1))
    assert [f.at for f in frames] == sorted(f.at for f in frames)
    assert all(f.start <= f.end for f in frames)
    if frames and path.suffix in (".warc", ".gz"):
        assert frames[0].start == 0
        left = path.read_bytes()[frames[-1].end :]
        assert not left or gzip.decompress(left) == b""
    for one, other in zip(frames, frames[1:], strict=False):
        assert one.end == other.start or not (one.alone and other.alone)
    return frames


# -- records -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_read_frames__finds_the_records_that_warcio_finds(put, packed) -> None:
    path = put("a.warc.gz" if packed else "a.warc", crawl(packed))
    expected = []
    with path.open("rb") as file:
        iterator = ArchiveIterator(file)
        for record in iterator:
            kind, uri = record.rec_type, record.rec_headers.get_header("WARC-Target-URI")
            size = int(record.rec_headers.get_header("Content-Length"))
            expected.append((kind, uri, size, iterator.get_record_offset(), iterator.get_record_length()))
    frames = check_cover(path)
    assert all(frame.alone and not frame.reason for frame in frames)
    assert [(f.head["warc-type"], f.head["warc-target-uri"], int(f.head["content-length"])) for f in frames] == [
        e[:3] for e in expected
    ]
    assert [f.start for f in frames] == [e[3] for e in expected]
    # Of a plain file warcio leaves out the blank lines.
    assert [f.end - f.start - (0 if packed else 4) for f in frames] == [e[4] for e in expected]


def inflated(data: bytes) -> bytes:
    """The content of gzip members, whatever follows them."""
    found = b""
    while data[:2] == b"\x1f\x8b":
        inflate = zlib.decompressobj(31)
        found += inflate.decompress(data)
        data = inflate.unused_data
    return found


def cut_into_members(data: bytes, size: int) -> bytes:
    return b"".join(gzip.compress(data[a : a + size]) for a in range(0, len(data), size))


WRAPPED: dict[str, Callable[[], tuple[str, bytes]]] = {
    "plain": lambda: (".warc", crawl(False)),
    "member_per_record": lambda: (".warc.gz", crawl(True)),
    "one_member": lambda: (".warc.gz", gzip.compress(crawl(False))),
    "members_anywhere": lambda: (".warc.gz", cut_into_members(crawl(False), 700)),
    "members_of_one_byte": lambda: (".warc.gz", cut_into_members(crawl(False, 2), 1)),
    "two_members_a_record": lambda: (".warc.gz", cut_into_members(crawl(False), 97)),
    "padded": lambda: (".warc.gz", crawl(True) + bytes(1000)),
    "an_empty_member": lambda: (".warc.gz", crawl(True) + gzip.compress(b"")),
    "zstd": lambda: (".warc.zst", squeeze(crawl(False), ".zst")),
    "bzip2": lambda: (".warc.bz2", squeeze(crawl(False), ".bz2")),
}


@pytest.mark.parametrize("case", WRAPPED)
def test_read_warc__reads_the_same_however_the_file_is_compressed(put, case) -> None:
    ending, data = WRAPPED[case]()
    path = put(f"a{ending}", data)
    check_cover(path)
    rows, rejected, notes = records_of(path)
    pages = 2 if case == "members_of_one_byte" else 20
    assert rejected == []
    assert [row["id"] for row in rows] == [f"http://site{i % 3}.example/{i}" for i in range(pages)]
    assert [row["text"].split("\n") for row in rows] == [
        re.findall("<p>(.*?)</p>", paragraphs(i // 2)) for i in range(pages)
    ]
    images = len(range(0, pages, 5))
    total = 1 + 2 * pages + images
    assert notes[0].startswith(f"a{ending}: {total} records: {pages} pages, {total - pages} others (request {pages}, ")
    assert f"image/png {images}" in notes[0]


def test_read_warc__places_a_record_so_that_it_can_be_read_by_itself(put) -> None:
    path = put("a.warc.gz", crawl(True))
    data = path.read_bytes()
    for row in records_of(path)[0]:
        record = gzip.decompress(data[row["byte_start"] : row["byte_end"]])
        assert record.startswith(b"WARC/1.0\r\n") and f"WARC-Target-URI: {row['id']}\r\n".encode() in record


def test_read_warc__of_one_member_gives_its_bounds_to_every_record(put) -> None:
    path = put("a.warc.gz", gzip.compress(crawl(False)))
    rows, _, _ = records_of(path)
    assert {(row["byte_start"], row["byte_end"]) for row in rows} == {(0, path.stat().st_size)}


def test_member_end__is_where_the_next_member_begins(put) -> None:
    path = put("a.warc.gz", crawl(True))
    starts = [place for _, place in read_members(path) if place >= 0]
    assert starts[-1] == path.stat().st_size
    assert [member_end(path, start) for start in starts[:-1]] == starts[1:]


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072, 200_000, 1_000_000])
@pytest.mark.parametrize("level", [0, 6])
def test_read_members__gives_members_of_any_size(put, size, level) -> None:
    parts = [Random(i).randbytes(size // 2) + bytes(size - size // 2) for i in range(4)]
    packed = [gzip.compress(part, level) for part in parts]
    path = put("a.gz", b"".join(packed))
    pieces = list(read_members(path))
    starts = [0, *np.cumsum([len(part) for part in packed]).tolist()]
    assert b"".join(piece for piece, _ in pieces) == b"".join(parts)
    assert [place for _, place in pieces if place >= 0] == starts
    assert [member_end(path, start) for start in starts[:-1]] == starts[1:]


def test_read_warc__blocks_are_of_no_more_than_64_pages(put) -> None:
    path = put("a.warc", crawl(False, 150))
    sizes = [task().rows.num_rows for task in read_source(source_of(path), Fields(()), "")[0]]
    assert sizes == [64, 64, 22]


# -- pages -------------------------------------------------------------------------------------------------------


def one_page(put: Callable[[str, bytes], Path], *records: tuple[Any, ...], **options: Any) -> Found:
    archive = Archive()
    for kind, uri, payload, http, *more in records:
        archive.add(kind, uri, payload, http, **(more[0] if more else {}))
    return records_of(put("one.warc", archive.bytes()), **options)


BODY = f"<html><body>{paragraphs(1)}</body></html>"
PLAIN_BODY = "\n".join(re.findall("<p>(.*?)</p>", paragraphs(1)))


def html(media: str = "text/html", *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("Content-Type", media), *more]


@pytest.mark.parametrize(
    ("payload", "http"),
    [
        (BODY.encode(), html()),
        (BODY.encode("gbk"), html()),
        (BODY.encode("gbk"), html("text/html; charset=gb2312")),
        (BODY.encode(), html("text/html; charset=gb2312")),
        (("<meta charset=gbk>" + BODY).encode("gbk"), html("text/html; charset=ISO-8859-1")),
        (BODY.encode(), html("application/xhtml+xml")),
        (BODY.encode(), []),
        (PLAIN_BODY.encode("gbk"), html("text/plain; charset=gbk")),
        (gzip.compress(BODY.encode()), html("text/html", ("Content-Encoding", "gzip"))),
        (zlib.compress(BODY.encode()), html("text/html", ("Content-Encoding", "deflate"))),
        (BODY.encode(), html("text/html", ("Content-Encoding", "gzip"))),  # unpacked by the crawler already
        (
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY.encode()), BODY.encode()),
            html("text/html", ("Transfer-Encoding", "chunked")),
        ),
    ],
)
def test_page_text__unpacks_and_decodes(put, payload, http) -> None:
    rows, rejected, _ = one_page(put, ("response", "http://a.example/", payload, http))
    assert rejected == []
    assert [row["text"] for row in rows] == [PLAIN_BODY]


def test_read_warc__takes_resources_for_pages_too(put) -> None:
    more = {"warc_content_type": "text/html"}
    rows, _, notes = one_page(
        put,
        ("resource", "file:///a.html", BODY.encode(), None, more),
        ("resource", "file:///a.pdf", b"%PDF", None, {"warc_content_type": "application/pdf"}),
        ("metadata", "file:///a.html", BODY.encode(), None, more),
    )
    assert [(row["id"], row["text"]) for row in rows] == [("file:///a.html", PLAIN_BODY)]
    assert notes == ["one.warc: 3 records: 1 pages, 2 others (application/pdf 1, metadata 1)"]


@pytest.mark.parametrize(
    ("payload", "http", "reason"),
    [
        (b"<html><script>a</script></html>", html(), "no main text found in the HTML"),
        (Random(1).randbytes(3000), html(), "another encoding"),
        (Random(1).randbytes(99), html("text/html", ("Content-Encoding", "zstd")), "cannot be undone"),
        (
            gzip.compress(bytes(21_000_000)),
            html("text/html", ("Content-Encoding", "gzip")),
            "more than 20,000,000 bytes",
        ),
        (b"<p>" + b"word " * 4_000_001, html(), "more than 20,000,000 bytes"),
        (b"<p>" + b"word " * 1_000_001, html(), "are not taken apart"),
        (b"zz\r\nno chunk", html("text/html", ("Transfer-Encoding", "chunked")), ""),
    ],
)
def test_read_warc__rejects_a_page_without_text_by_its_record(put, payload, http, reason) -> None:
    rows, rejected, _ = one_page(
        put,
        ("request", "http://a.example/", b"", [("Host", "x")]),
        ("response", "http://a.example/", payload, http),
        ("response", "http://b.example/", BODY.encode(), html()),
    )
    assert [row["id"] for row in rows][-1] == "http://b.example/"
    if reason:
        assert [line for line, _ in rejected] == [2]
        assert reason in rejected[0][1]


def test_read_warc__passes_over_answers_without_a_body(put) -> None:
    rows, rejected, notes = one_page(put, ("response", "http://a.example/", b"", html()))
    assert (rows, rejected, notes) == ([], [], ["one.warc: 1 records: 0 pages, 1 others (empty 1)"])


def test_read_warc__calls_a_page_that_comes_again_by_its_date_too(put) -> None:
    again = {"date": DATE % 2}
    rows, _, _ = one_page(
        put,
        ("response", "http://a.example/", BODY.encode(), html()),
        ("response", "http://b.example/", BODY.encode(), html()),
        ("response", "http://a.example/", BODY.encode(), html(), again),
    )
    a, b = "http://a.example/", "http://b.example/"
    assert [row["id"] for row in rows] == [a, b, f"{a} {DATE % 2}"]


def test_read_warc__gives_host_and_date_as_fields(put) -> None:
    rows, _, _ = one_page(
        put,
        ("response", "http://User@News.example:80/a?b", BODY.encode(), html()),
        ("response", "http://[bad/", BODY.encode(), html()),
        fields=Fields((), others=("host", "date", "rank")),
    )
    assert [(r["field:host"], r["field:date"], r["field:rank"]) for r in rows] == [
        ("news.example", DATE % 1, None),
        (None, DATE % 1, None),
    ]


# -- damage ------------------------------------------------------------------------------------------------------


def lengths_of(data: bytes) -> list[re.Match[bytes]]:
    return list(re.finditer(rb"Content-Length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\nHTTP/1.1 200", data))


@pytest.mark.parametrize("value", [b"1", b"0", b"9" * 12, b"9" * 30, b"-4", b"x", b"", b"3000", b"1500"])
@pytest.mark.parametrize("wrapped", ["plain", "one_member", "member_per_record"])
def test_read_frames__goes_on_behind_a_wrong_content_length(put, value, wrapped) -> None:
    def spoil(data: bytes) -> bytes:
        found = lengths_of(data)
        return data[: found[0].start(1)] + value + data[found[0].end(1) :] if found else data

    if wrapped == "member_per_record":
        whole = put("whole.warc.gz", crawl(True))
        pieces = [whole.read_bytes()[f.start : f.end] for f in read_frames(source_of(whole))]
        pieces[6] = gzip.compress(spoil(gzip.decompress(pieces[6])))
        path = put("a.warc.gz", b"".join(pieces))
    else:
        data = crawl(False)
        found = lengths_of(data)[4]
        data = data[: found.start(1)] + value + data[found.end(1) :]
        path = put("a.warc", data) if wrapped == "plain" else put("a.warc.gz", gzip.compress(data))
    check_cover(path)
    rows, rejected, notes = records_of(path)
    assert len(rejected) == 1
    assert "Content-Length" in rejected[0][1]
    assert len(rows) == 19
    assert ", 1 broken" in notes[0]


def test_read_frames__finds_records_behind_one_too_long_to_be_held(put, monkeypatch) -> None:
    monkeypatch.setattr(frames_module, "HELD_BYTES", 1000)
    archive = Archive()
    archive.page("http://a.example/", paragraphs(1))
    archive.add("response", "http://a.example/v", bytes(range(256)) * 9000, [("Content-Type", "video/mp4")])
    archive.page("http://b.example/", paragraphs(2))
    for path in (put("a.warc", archive.bytes()), put("b.warc.gz", gzip.compress(archive.bytes()))):
        frames = check_cover(path)
        assert [f.reason for f in frames] == ["", "", ""]


@pytest.mark.parametrize("seed", range(40))
def test_read_warc__loses_one_record_to_a_flipped_byte(put, seed) -> None:
    """Of a gzip member per record; what is left stands in the same order."""
    data = bytearray(crawl(True))
    random = Random(seed)
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path = put("a.warc.gz", bytes(data))
    check_cover(path)
    rows, rejected, _ = records_of(path)
    assert len(rows) >= 19
    assert len(rejected) <= 1
    if len(rows) == 19:
        assert len(rejected) == 1


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_read_warc__tells_where_a_file_is_cut_off(put, packed, seed) -> None:
    data = crawl(packed)
    cut = Random(seed).randrange(200, len(data) - 5)
    path = put("a.warc.gz" if packed else "a.warc", data[:cut])
    whole = put("whole.warc.gz" if packed else "whole.warc", data)
    frames = check_cover(path)
    complete = [f for f in read_frames(source_of(whole)) if f.end <= cut + (0 if packed else 4)]
    good = [f.head for f in frames if not f.reason]
    assert good[: len(complete)] == [f.head for f in complete]
    assert len(good) <= len(complete) + packed  # only the check sum may be cut off
    assert sum(bool(f.reason) for f in frames) <= 1


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.warc", b"no archive at all\n" * 50, "no WARC record begins here"),
        ("a.warc", b"WARC/1.0\r\nWARC-Type: x", "its head does not end"),
        ("a.warc.gz", b"not gzip at all" * 50, "damaged or cut off"),
        ("a.warc.gz", gzip.compress(b"no archive" * 50), "no WARC record begins here"),
        ("a.warc.gz", crawl(True)[:100], "damaged or cut off"),
        ("a.warc.zst", b"not zstd at all" * 50, "damaged or cut off"),
        ("a.warc", b"WARC/1.0\r\n" + b"a: b\r\n" * 30_000, "its head does not end"),
    ],
)
def test_read_warc__rejects_what_is_no_archive_as_a_file(put, name, data, reason) -> None:
    rows, rejected, _ = records_of(put(name, data))
    assert rows == []
    assert [line for line, _ in rejected] == [0]
    assert reason in rejected[0][1]


def test_read_warc__of_an_empty_file_is_nothing(put) -> None:
    assert records_of(put("a.warc", b"")) == ([], [], [])
    assert records_of(put("a.warc.gz", b"")) == ([], [], [])


PIECES = [b"WARC/1.0\r\n", b"WARC-Type: response\r\n", b"Content-Length: 5\r\n", b"Content-Length: 90\r\n", b"\r\n"]
MORE = [b"hello", b"\r\n\r\n", b"\n", b"WARC/1.", b"HTTP/1.1 200 OK\r\n", b"Content-Type: text/html\r\n", b"\0" * 40]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*PIECES, *MORE]), max_size=40).map(b"".join),
    st.sampled_from(["plain", "member", "members"]),
)
def test_read_frames__covers_any_bytes(tmp_path_factory, data, wrapped) -> None:
    folder = tmp_path_factory.mktemp("frames")
    path = folder / ("a.warc" if wrapped == "plain" else "a.warc.gz")
    wrap = {"plain": bytes, "member": gzip.compress, "members": lambda plain: cut_into_members(plain, 7)}[wrapped]
    path.write_bytes(wrap(data))
    frames = check_cover(path)
    stops = [*[f.at for f in frames[1:]], len(data)] if frames else []
    for frame, stop in zip(frames, stops, strict=True):
        if not frame.reason:
            assert data[frame.at : stop].strip(b"\r\n").startswith(b"WARC/1.0\r\n")
    if not frames:
        assert not data.strip(b"\r\n")


# -- writing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", WRAPPED)
def test_write_records__puts_every_record_on_one_side_byte_for_byte(put, tmp_path, case) -> None:
    ending, data = WRAPPED[case]()
    path = put(f"a{ending}", data)
    frames = check_cover(path)
    plain = inflated(data) if ending.endswith(".gz") else expand(path)
    stops = [*[f.at for f in frames[1:]], len(plain)]
    random = Random(3)
    removed = {f.number for f in frames if random.random() < 0.4}
    targets = tmp_path / f"kept{ending}", tmp_path / f"removed{ending}"
    write_records(source_of(path), removed, targets)
    for side, target in enumerate(targets):
        wanted = [
            plain[f.at : stop] for f, stop in zip(frames, stops, strict=True) if (f.number in removed) == (side == 1)
        ]
        packed = target.read_bytes()
        if ending == ".warc.gz":
            got = b"".join(piece for piece, _ in read_members(target))
        else:
            got = packed if ending == ".warc" else expand(target)
        assert got == b"".join(wanted)
        written = check_cover(target)
        assert len(written) == len(wanted)
        if ending == ".warc.gz":
            assert all(frame.alone for frame in written)
    if case == "member_per_record":
        sides = [target.read_bytes() for target in targets]
        for frame in frames:  # not even compressed anew
            side = frame.number in removed
            piece = data[frame.start : frame.end]
            assert sides[side].startswith(piece)
            sides[side] = sides[side][len(piece) :]
        assert sides == [b"", b""]


@pytest.mark.parametrize("case", ["plain", "member_per_record", "one_member", "zstd"])
def test_run__removes_copies_and_keeps_all_other_records(run, put, case) -> None:
    ending, data = WRAPPED[case]()
    path = put(f"in/a{ending}", data)
    outcome = run("in", flags=["--write", "both"])
    name = path.name
    kept, removed = outcome.folder / "kept" / name, outcome.folder / "removed" / name
    every, left, gone = ([f.head for f in check_cover(p)] for p in (path, kept, removed))
    assert {h["warc-target-uri"] for h in gone} == {f"http://site{i % 3}.example/{i}" for i in range(1, 20, 2)}
    assert all(h["warc-type"] == "response" for h in gone)
    assert left == [h for h in every if h not in gone]
    if kept.suffix in (".warc", ".gz"):
        with kept.open("rb") as file:
            assert len(list(ArchiveIterator(file))) == len(left)
    assert (outcome.folder / "annotated" / name).read_bytes() == data
    notes = [json.loads(line) for line in (outcome.folder / "annotated" / f"{name}.dedup.jsonl").open("rb")]
    assert [note["uri"] for note in notes] == outcome.ids
    assert [note["record"] for note in notes] == [row["line"] for row in outcome.documents]
    assert {note["kept"] for note in notes} == {f"http://site{i % 3}.example/{i}" for i in range(0, 20, 2)}
    again = run(outcome.folder / "kept", out=outcome.folder.with_name("again"))
    assert again.summary["removed"] == 0


def test_run__puts_broken_records_on_the_removed_side(run, put) -> None:
    data = crawl(False)
    found = lengths_of(data)[4]
    data = data[: found.start(1)] + b"7" + data[found.end(1) :]
    path = put("a.warc", data)
    outcome = run(path)
    [(file, line, reason)] = outcome.rejected
    assert file == "a.warc" and "Content-Length of 7 bytes" in reason
    frames = check_cover(path)
    gone = b"".join(
        data[f.start : f.end]
        for f in frames
        if f.number == line or f.number in [d["line"] for d in outcome.documents if d["kept_doc"] != d["doc"]]
    )
    assert (outcome.folder / "removed" / "a.warc").read_bytes() == gone
    assert (outcome.folder / "kept" / "a.warc").stat().st_size == len(data) - len(gone)


# -- finding -----------------------------------------------------------------------------------------------------


def test_find_sources__picks_archives_out_of_a_folder_and_passes_over_their_notes(put, tmp_path) -> None:
    for name in ("a.warc", "b.warc.gz", "c.warc.zst", "a.warc.dedup.jsonl", "d.png"):
        put(f"in/{name}", b"x")
    found = find_sources([tmp_path / "in"]).sources
    assert [(s.name, s.format, s.compression) for s in found] == [
        ("a.warc", "warc", ""),
        ("b.warc.gz", "warc", "gzip"),
        ("c.warc.zst", "warc", "zstd"),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_guess_format__knows_an_archive_without_an_ending_by_its_beginning(put, packed) -> None:
    assert guess_format(put("crawl", crawl(packed))) == ("warc", "gzip" if packed else "", False)


def test_media_type__needs_no_name_in_lower_case() -> None:
    head = {"warc-type": "Response", "content-type": "Application/HTTP; msgtype=response"}
    assert warc.media_type(head, b"HTTP/1.1 200\r\ncontent-TYPE: Text/HTML;x\r\n\r\n<p>") == ("text/html", True)
