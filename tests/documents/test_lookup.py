"""A document that is read again is the document that was read, and only what is needed is read."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.documents.fields import Fields
from dedup.documents.lookup import (
    Place,
    closest_names,
    find_documents,
    places_of,
    records_of,
    texts_beside,
    texts_of,
)
from dedup.documents.read import read_source
from dedup.documents.sources import Source, guess_format
from dedup.errors import InputError
from tests.conftest import han, lines_of, prose, squeeze

TEXT = Fields(("text",), "id", ("site",))


def records(count: int = 40) -> list[dict[str, Any]]:
    odd = ["", "线\n二", 'say "yes", 1.50', "\t", "，；", "x" * 70_000]
    return [{"id": f"d{i}", "text": odd[i % 40] if i % 40 < 6 else prose(i), "site": f"s{i % 3}"} for i in range(count)]


def table(mark: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["id", "text", "site"], delimiter=mark, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(records())
    return out.getvalue().encode()


def rows_of_parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(records(9000)), sink, row_group_size=5000)
    return sink.getvalue().to_pybytes()


LINES = lines_of(*records())
FILES = {
    "plain.jsonl": LINES,
    "mark.jsonl": b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n"),
    "odd.jsonl": b"\n".join([b"", b"bad", b"null", *LINES.split(b"\n")[:9], b'{"text": 1}', b"  ", LINES[:-1]]),
    "numbered.jsonl": lines_of(*({**r, "id": i * 1.50, "site": i} for i, r in enumerate(records()))),
    "a.csv": table(","),
    "a.tsv": table("\t"),
    "stray.csv": b'id,text,site\n1,one,a\n2,tw"o,b\n3,"th""ree\nlines",c\n4,four,d\n',
    "a.parquet": rows_of_parquet(),
    "a.txt": prose(3).encode(),
    "old.txt": han(3).encode("gb18030"),
    **{f"a.jsonl{ending}": squeeze(LINES, ending) for ending in (".gz", ".zst", ".bz2")},
    "a.csv.gz": squeeze(table(","), ".gz"),
    "a.txt.zst": squeeze(prose(4).encode(), ".zst"),
}


def source_of(path: Path) -> Source:
    return Source(path, path.name, *guess_format(path)[:2])


def all_documents(source: Source, wanted: Fields, encoding: str = "") -> tuple[list[Place], list[str]]:
    """Where every document of a file stands, and its text, as a run reads them."""
    places, texts, before = [], [], 0
    for task in read_source(source, wanted, encoding)[0]:
        block = task()
        for row in block.rows.to_pylist():
            places.append(Place(0, row["line"] + before, row["byte_start"], row["byte_end"]))
            texts.append(row["text"])
        before += block.lines
    return places, texts


@pytest.mark.parametrize("name", FILES)
def test_texts__are_those_that_a_run_reads(put, name: str) -> None:
    source = source_of(put(name, FILES[name]))
    wanted = TEXT if source.format != "text" else Fields(("text",))
    places, texts = all_documents(source, wanted)
    assert texts
    chosen = Random(1).sample(range(len(places)), min(len(places), 50))
    assert texts_of([source], [places[i] for i in chosen], wanted) == [texts[i] for i in chosen]
    assert texts_of([source], places[-1:], wanted) == texts[-1:]


@pytest.mark.parametrize("name", ["plain.jsonl", "a.csv", "a.parquet", "a.jsonl.gz"])
def test_records__have_the_other_fields_that_the_run_asked_for(put, name: str) -> None:
    source = source_of(put(name, FILES[name]))
    places, _ = all_documents(source, TEXT)
    found = records_of([source], [places[11], places[7]], TEXT)
    assert [record.fields for record in found] == [{"site": "s2"}, {"site": "s1"}]


def test_texts__are_guessed_and_joined_as_a_run_does(put) -> None:
    lines = lines_of(*({"url": f"u{i}", "title": f"题{i}", "body": prose(i)} for i in range(9)))
    source = source_of(put("in.jsonl", lines))
    for wanted in (Fields(()), Fields(("title", "body")), Fields(("body",), "url")):
        places, texts = all_documents(source, wanted)
        assert texts_of([source], [places[4]], wanted) == [texts[4]]
    table = pa.Table.from_pylist([json.loads(line) for line in lines.splitlines()])
    pq.write_table(table, source.path.with_name("in.parquet"))
    source = source_of(source.path.with_name("in.parquet"))
    assert texts_of([source], [Place(0, 5, 0, 0)], Fields(("title", "body"))) == [f"题4\n{prose(4)}"]


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv"])
def test_texts__are_decoded_as_the_run_was_told(put, name: str) -> None:
    rows = [f"d{i},{han(i)}" for i in range(9)]
    data = "\n".join(["id,text", *rows]) if name.endswith("csv") else ""
    lines = "".join(json.dumps({"id": f"d{i}", "text": han(i)}, ensure_ascii=False) + "\n" for i in range(9))
    source = source_of(put(name, (data or lines).encode("gb18030")))
    places, texts = all_documents(source, Fields(("text",)), "gb18030")
    assert texts[3] == han(3) == texts_of([source], [places[3]], Fields(("text",)), encoding="gb18030")[0]


def test_texts__come_from_several_files_in_the_order_asked_for(put) -> None:
    sources = [source_of(put(name, FILES[name])) for name in ("plain.jsonl", "a.csv", "a.parquet")]
    wanted = [(2, 7), (0, 9), (1, 8), (0, 6), (2, 8999), (0, 9)]
    everything = [all_documents(source, TEXT) for source in sources]
    places = [everything[s][0][i]._replace(source=s) for s, i in wanted]
    assert texts_of(sources, places, TEXT) == [everything[s][1][i] for s, i in wanted]


def test_texts__of_plain_json_lines_need_the_record_alone(put) -> None:
    path = put("in.jsonl", LINES)
    places, texts = all_documents(source_of(path), TEXT)
    data = bytearray(LINES)
    for place in places[8:]:
        if place != places[20]:
            data[place.byte_start : place.byte_end] = b"#" * (place.byte_end - place.byte_start)
    path.write_bytes(data)
    assert texts_of([source_of(path)], [places[20]], TEXT) == [texts[20]]


def test_texts__before_damage_in_a_compressed_file_can_be_read(put) -> None:
    data = squeeze(lines_of(*records(4000)), ".gz")
    source = source_of(put("in.jsonl.gz", data[: len(data) // 2]))
    places, texts = all_documents(source, TEXT)
    assert texts_of([source], [places[-1]], TEXT) == [texts[-1]]
    with pytest.raises(InputError, match=r"in\.jsonl\.gz"):
        texts_of([source], [Place(0, 3999, 1 << 24, (1 << 24) + 90)], TEXT)


def test_place__of_a_piece_cuts_it_out_of_its_page(put) -> None:
    source = source_of(put("in.jsonl", lines_of({"id": "p", "text": "甲乙丙\n丁戊\U00020000己"})))
    (place,), (text,) = all_documents(source, TEXT)
    pieces = [place._replace(start=0, end=4), place._replace(start=4, end=8), place]
    assert texts_of([source], pieces, TEXT) == [text[:4], text[4:8], text]


def page(text: str) -> str:
    lines = "".join(f"<p>{text[i : i + 60]}。</p>" for i in range(0, len(text), 60))
    return f"<html><head><title>页</title></head><body><article>{lines}</article></body></html>"


def warc_of(pages: list[str]) -> bytes:
    records = b""
    for i, text in enumerate(pages):
        for kind in ("request", "response"):
            body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page(text)}".encode()
            head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://site.example/{i}\r\n"
            head += f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            records += head.encode() + body + b"\r\n\r\n"
    return records


@pytest.mark.parametrize("name", ["a.html", "a.warc", "a.warc.gz", "a.jsonl", "a.csv", "a.jsonl.gz", "a.txt"])
def test_texts__taken_out_of_html_are_taken_out_again(put, name: str) -> None:
    pytest.importorskip("trafilatura")
    pytest.importorskip("warcio")
    pages = [han(i, 400) for i in range(6)]
    data = {
        "html": page(pages[0]).encode(),
        "txt": page(pages[1]).encode(),
        "warc": warc_of(pages),
        "jsonl": lines_of(*({"id": i, "text": page(text)} for i, text in enumerate(pages))),
        "csv": "".join(["id,text\n", *(f'{i},"{page(text)}"\n' for i, text in enumerate(pages))]).encode(),
    }[name.split(".")[1]]
    source = source_of(put(name, squeeze(data, ".gz") if name.endswith(".gz") else data))
    wanted = Fields(("text",), html=name not in ("a.html", "a.warc", "a.warc.gz"))
    places, texts = all_documents(source, wanted)
    assert "<p>" not in texts[0] and len(texts) == (1 if name in ("a.html", "a.txt") else 6)
    chosen = [4, 1, 4] if len(texts) > 1 else [0]
    assert texts_of([source], [places[i] for i in chosen], wanted) == [texts[i] for i in chosen]


# -- input that is no longer what it was ---------------------------------------------------------------------------


def state(path: Path) -> dict[str, list[Any]]:
    stat = path.stat()
    return {str(path): [stat.st_size, stat.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()]}


def test_texts__of_a_file_that_changed_are_refused(put) -> None:
    path = put("in.jsonl", LINES)
    known, (places, texts) = state(path), all_documents(source_of(path), TEXT)
    os.utime(path, (1, 1))
    assert texts_of([source_of(path)], [places[9]], TEXT, inputs=known) == [texts[9]], "another time, the same content"
    path.write_bytes(LINES.replace(b"a", b"b"))
    with pytest.raises(InputError, match=r"in\.jsonl: has changed since the run read it"):
        texts_of([source_of(path)], [places[9]], TEXT, inputs=known)
    path.write_bytes(LINES + b"\n")
    with pytest.raises(InputError, match="has changed"):
        texts_of([source_of(path)], [places[9]], TEXT, inputs=known)


def test_texts__of_a_file_that_is_gone_are_refused(put) -> None:
    path = put("in.jsonl", LINES)
    source = source_of(path)
    place = Place(0, 1, 0, 9)
    path.unlink()
    with pytest.raises(InputError, match=r"cannot be read any more.*folder where the run was started"):
        texts_of([source], [place], TEXT)
    with pytest.raises(InputError, match="standard input is not kept"):
        texts_of([Source(path, "stdin.jsonl", "jsonl")], [place], TEXT)


@pytest.mark.parametrize("name", ["plain.jsonl", "a.csv", "a.parquet", "a.txt", "a.jsonl.zst"])
def test_texts__are_refused_where_no_document_stands(put, name: str) -> None:
    source = source_of(put(name, FILES[name]))
    with pytest.raises(InputError, match=name):
        texts_of([source], [Place(0, 99_999, 3, 9)], TEXT)


# -- names -----------------------------------------------------------------------------------------------------------


def documents(**columns: list[Any]) -> pa.Table:
    count = len(columns["id"])
    files = pa.array(columns.pop("file", ["in.jsonl"] * count)).dictionary_encode()
    lines = columns.pop("line", list(range(1, count + 1)))
    zeros = [0] * count
    return pa.table(
        {"doc": list(range(count)), "file": files, "line": lines, "byte_start": zeros, "byte_end": zeros} | columns
    )


def test_find__takes_identifiers_before_places() -> None:
    table = documents(id=["a", "b", "in.jsonl:1", "b"], file=["in.jsonl"] * 3 + ["more.jsonl"], line=[1, 2, 3, 1])
    assert find_documents(table, "a").tolist() == [0]
    assert find_documents(table, "b").tolist() == [1, 3]
    assert find_documents(table, "in.jsonl:1").tolist() == [2]
    assert find_documents(table, "in.jsonl:2").tolist() == [1]
    assert find_documents(table, "more.jsonl:1").tolist() == [3]


@pytest.mark.parametrize(
    "name", ["", ":", "in.jsonl:", "in.jsonl:0", "in.jsonl:²", "in.jsonl:" + "9" * 30, "x:1", "\ud800"]
)
def test_find__says_that_a_name_is_unknown(name: str) -> None:
    with pytest.raises(InputError, match="no document"):
        find_documents(documents(id=["a", "b"]), name)


def test_find__names_the_closest_identifiers() -> None:
    table = documents(id=["report-17", "report-18", "notice-3", "報告", "report-17"])
    with pytest.raises(InputError, match="'report-17', 'report-18'"):
        find_documents(table, "reprot-17")
    assert closest_names(["報告十七", "notice"], "報告十")[0] == "報告十七"
    assert closest_names(["a"], "zzzzzz") == []


def test_find__takes_a_page_for_its_only_piece_and_lists_several() -> None:
    table = documents(id=["p#1", "p#2", "q#1"], page=["p", "p", "q"], line=[1, 1, 2])
    assert find_documents(table, "q").tolist() == [2]
    assert find_documents(table, "p#2").tolist() == [1]
    with pytest.raises(InputError, match=r"2 pieces.*p#1, p#2"):
        find_documents(table, "p")
    assert find_documents(documents(id=["a"], page=pa.nulls(1, pa.string())), "a").tolist() == [0]


def test_places__name_the_source_and_the_piece() -> None:
    sources = [Source(Path("x"), name, "jsonl") for name in ("old.jsonl", "in.jsonl")]
    whole = documents(id=["a", "b"])
    assert places_of(whole, [1], sources) == [Place(1, 2, 0, 0)]
    pieces = documents(id=["a#1", "a#2"], start=[0, 7], end=[7, 9])
    assert places_of(pieces, [1, 0], sources) == [Place(1, 2, 0, 0, 7, 9), Place(1, 1, 0, 0, 0, 7)]


def test_texts__that_were_in_memory_are_found_in_the_folder(put, tmp_path: Path) -> None:
    texts = [prose(i) for i in range(6)]
    kept = [0, 0, 2, 3, 2, 5]
    put("kept/texts.jsonl", lines_of(*({"id": str(i), "text": texts[i]} for i in (0, 2, 3, 5))))
    put("removed/texts.jsonl", lines_of(*({"id": str(i), "text": texts[i]} for i in (1, 4))))
    table = documents(id=[str(i) for i in range(6)], kept_doc=kept)
    assert texts_beside(tmp_path, "texts.jsonl", table, [4, 5, 0, 1]) == [texts[i] for i in (4, 5, 0, 1)]
    (tmp_path / "removed" / "texts.jsonl").unlink()
    with pytest.raises(InputError):
        texts_beside(tmp_path, "texts.jsonl", table, [4])
