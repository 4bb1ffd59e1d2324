"""Readers, block by block: what they find stands where they say it stands, however the file is cut into pieces."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from dedup.documents import blocks, jsonl, tabular
from dedup.documents.fields import Fields, settle_fields
from dedup.documents.read import read_source
from dedup.documents.sources import Source, find_sources, guess_format
from dedup.documents.textfiles import decode
from dedup.errors import InputError
from tests.conftest import han, lines_of, prose, squeeze

FIELDS = Fields(("text",), "id")


def read_all(
    source: Source, encoding: str = ""
) -> tuple[list[tuple[str | None, str, int, bytes]], list[tuple[int, str]]]:
    """Documents as (id, text, line, bytes of the record) and rejected ones as (line, reason) of a whole file."""
    data = b"".join(bytes(p) for p in blocks.read_chunks(source)) if source.format != "parquet" else b""
    found, rejected, line = [], [], 0
    for task in read_source(source, Fields(()), encoding)[0]:
        block = task()
        for row in block.rows.to_pylist():
            record = data[row["byte_start"] : row["byte_end"]]
            found.append((row["id"], row["text"], line + row["line"], record))
        rejected += [(r.line and r.line + line, r.reason) for r in block.rejected]
        line += block.lines
    return found, rejected


PIECES = [
    b'{"id": "%d", "text": "%s"}',
    b"",
    b"bad",
    b" ",
    b'{"text": null}',
    b'{"id": "%d",',
    b'"text": "%s"}',
    b"null",
]


@pytest.mark.parametrize("seed", range(20))
def test_parse_block__agrees_with_the_strict_parser_on_any_mixture_of_lines(seed) -> None:
    random = Random(seed)
    lines = []
    for i in range(random.choice([1, 5, 40, 200])):
        piece = random.choices(PIECES, [20, 1, 1, 1, 1, random.random(), random.random(), 0.5])[0]
        fill = {b"%d": str(i).encode(), b"%s": random.choice([prose(i, 3), han(i, 5), 'a\\"b', "\\u4e2d\\n"]).encode()}
        for mark, value in fill.items():
            piece = piece.replace(mark, value)
        lines.append(piece)
    data = b"\n".join(lines) + random.choice([b"", b"\n"])
    block = jsonl.parse_block(np.frombuffer(data, np.uint8), 0, FIELDS) if data else None
    good, bad = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            assert isinstance(value["text"], str)
            good.append((value.get("id"), value["text"], number, line.strip()))
        except (ValueError, TypeError, KeyError, AssertionError):
            bad.append(number)
    assert block is not None or not data
    rows = block.rows.to_pylist() if block else []
    assert [(r["id"], r["text"], r["line"], data[r["byte_start"] : r["byte_end"]]) for r in rows] == good
    assert [r.line for r in (block.rejected if block else [])] == bad


@pytest.mark.parametrize("seed", range(20))
def test_read_tabular__agrees_with_python_s_csv_on_any_quoting(seed, tmp_path) -> None:
    random = Random(seed)
    rows = []
    for i in range(random.choice([1, 30, 300])):
        text = "".join(
            random.choices(
                ["a", "中", " ", ",", ";", "|", "\t", '"', '""', "\n", "\r\n", "'"], k=random.randrange(1, 9)
            )
        )
        rows.append([f"d{i}", f"t{text}"])
    out = io.StringIO(newline="")
    style = random.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
    writer = csv.writer(out, lineterminator=random.choice(["\n", "\r\n"]), quoting=style)
    writer.writerows([["id", "text"], *rows])
    path = tmp_path / "a.csv"
    path.write_bytes(out.getvalue().encode())
    found, rejected = read_all(Source(path, "a.csv", "csv"))
    assert rejected == []
    assert [[i, t] for i, t, _, _ in found] == rows
    for ident, text, _, record in found:
        assert next(csv.reader(io.StringIO(record.decode(), newline=""))) == [ident, text]


@pytest.mark.parametrize("size", [64, 100, 1000, 1 << 16])
@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".bz2"])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_read__finds_the_same_whatever_the_size_of_the_pieces(tmp_path, monkeypatch, size, ending, kind) -> None:
    if kind == "jsonl":
        good = [{"id": f"d{i}", "text": prose(i, 8)} for i in range(60)]
        data = b"\xef\xbb\xbf" + lines_of(*good[:30], b"", b"bad", *good[30:])[:-1]
        bad = [32]
    else:
        rows = [f'd{i},"{prose(i, 8)}\n""more"" {i}"' for i in range(60)]
        data = "\r\n".join(["id,text", *rows[:30], "", "bad", *rows[30:]]).encode()
        bad = [63]
    path = tmp_path / f"a.{kind}{ending}"
    path.write_bytes(squeeze(data, ending))
    source = Source(path, path.name, kind, {"": "", ".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}[ending])
    whole = read_all(source)
    assert [line for line, _ in whole[1]] == bad
    assert [i for i, *_ in whole[0]] == [f"d{i}" for i in range(60)]
    lines_, chunks = blocks.read_line_blocks, blocks.read_chunks
    monkeypatch.setattr(jsonl, "read_line_blocks", lambda s, _=0: lines_(s, size))
    monkeypatch.setattr(tabular, "read_chunks", lambda s, _=0: chunks(s, size))
    assert read_all(source) == whole


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2"])
def test_read_chunks__gives_every_byte_before_the_cut(tmp_path, ending) -> None:
    data = b"".join(prose(i, 20).encode() for i in range(20_000))
    packed = squeeze(data, ending)
    path = tmp_path / f"a.txt{ending}"
    path.write_bytes(packed[:-4] if ending == ".gz" else packed[: len(packed) * 2 // 3])
    source = Source(path, "a", "text", {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}[ending])
    pieces = []
    with pytest.raises(blocks.StreamEnds, match="damaged or cut off"):
        for piece in blocks.read_chunks(source):
            pieces.append(bytes(piece))
    got = b"".join(pieces)
    assert data.startswith(got)
    assert len(got) == len(data) if ending == ".gz" else len(got) > len(data) // 3


def test_settle_fields__guesses_the_longest_string_field_and_says_so() -> None:
    rows = [{"kind": "a", "story": "a long text", "n": 5}]
    fields, notes = settle_fields(Fields(()), rows, "f")
    assert (fields.text, fields.id) == (("story",), "")
    assert "guessed" in notes[0]


def test_settle_fields__refuses_records_without_a_string() -> None:
    with pytest.raises(InputError, match="no field looks like the text"):
        settle_fields(Fields(()), [{"n": 5, "x": None}], "f")
    with pytest.raises(InputError, match="no field 'nr' for identifiers"):
        settle_fields(Fields(("text",), "nr"), [{"text": "a"}], "f")


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("x", b'{"text": "a"}\n', ("jsonl", "", False)),
        ("x", b"PAR1abc", ("parquet", "", False)),
        ("x.dat", b"plain", ("text", "", False)),
        ("x.GZ", squeeze(b"{}", ".gz"), ("jsonl", "gzip", False)),
        ("x.JSONL.Gz", b"", ("jsonl", "gzip", True)),
        ("x.csv.zst", b"", ("csv", "zstd", True)),
        ("x.tab", b"", ("tsv", "", True)),
        ("x.md", b"", ("text", "", True)),
        ("a.jsonl.txt", b"", ("text", "", True)),
    ],
)
def test_guess_format__goes_by_the_name_then_by_the_first_bytes(tmp_path, name, data, kind) -> None:
    (tmp_path / name).write_bytes(data)
    assert guess_format(tmp_path / name) == kind


def test_find_sources__names_files_below_their_common_folder_in_order(tmp_path) -> None:
    for name in ("b/2.jsonl", "b/1.jsonl", "a/3.jsonl", "b/.hidden.jsonl", "b/.git/x.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    found = find_sources([tmp_path / "b", tmp_path / "a" / "3.jsonl"])
    assert [s.name for s in found.sources] == ["b/1.jsonl", "b/2.jsonl", "a/3.jsonl"]
    only = find_sources([tmp_path], skip=tmp_path / "b")
    assert [s.name for s in only.sources] == ["a/3.jsonl"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "big5", "big5hkscs"])
@pytest.mark.parametrize("seed", range(3))
def test_decode__tells_encodings_of_chinese_by_content(encoding, seed) -> None:
    text = han(seed, 300)
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("raw", [bytes(range(256)), b"\xff" * 40, b"\x80\x81 caf\xe9", Random(1).randbytes(4000)])
def test_decode__refuses_what_is_no_text(raw) -> None:
    with pytest.raises(ValueError, match="neither UTF-8"):
        decode(raw)


def test_decode__refuses_half_a_surrogate_pair() -> None:
    with pytest.raises(ValueError, match="cannot be decoded"):
        decode(b"a\x00\x00\xd8", "utf-16-le")


def test_read_source__says_what_is_wrong_with_a_file_instead_of_raising(tmp_path: Path) -> None:
    for kind in ("jsonl", "csv", "tsv", "parquet", "text"):
        found, rejected = read_all_broken(Source(tmp_path / "missing", "missing", kind))
        assert found == 0
        assert len(rejected) == 1
        assert rejected[0][0] == 0


def read_all_broken(source: Source) -> tuple[int, list[tuple[int, str]]]:
    blocks_ = [task() for task in read_source(source, Fields(()), "")[0]]
    return sum(len(b.rows) for b in blocks_), [(r.line, r.reason) for b in blocks_ for r in b.rejected]
