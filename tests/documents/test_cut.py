"""A collection is written without stretches of its texts: what is cut can be put back, all else stands as it stood."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.documents import blocks
from dedup.documents.cut import Cut, Extracted, cut_source
from dedup.documents.fields import Fields
from dedup.documents.read import read_source
from dedup.documents.sources import Source, guess_format
from dedup.documents.spelling import byte_places, json_cells
from dedup.documents.stretches import Stretch, merged, with_lines, without
from dedup.errors import InputError
from tests import strategies
from tests.conftest import expand, han, lines_of, squeeze

Asked = dict[int, list[Stretch]]

FIELDS = Fields(("text",))
SIGNS = [
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "　",
    '"',
    '""',
    "'",
    "\\",
    "\\n",
    "/",
    ",",
    ";",
    "\t",
    "|",
    "\0",
    "\ufeff",
    "中",
]
texts = st.one_of(strategies.joined(SIGNS, ["a", "é", "文", "😀"], most=16), strategies.texts)
stretches = st.lists(st.tuples(st.integers(-2, 30), st.integers(-2, 34)), max_size=4)


def documents(source: Source, fields: Fields = FIELDS, encoding: str = "") -> dict[int, str]:
    """The texts a file is read as, by line."""
    found, before = {}, 0
    for task in read_source(source, fields, encoding)[0]:
        block = task()
        for row in block.rows.to_pylist():
            found[before + row["line"]] = row["text"]
        before += block.lines
    return found


def cut(source: Source, asked: Asked, folder: Path, drop: Sequence[int] = (), fields: Fields = FIELDS, **more) -> Cut:
    rows = [(line, *stretch) for line, all_of_it in asked.items() for stretch in all_of_it]
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    encoding = more.pop("encoding", "")
    return cut_source(source, fields, *columns, np.array(drop, np.int64), folder / "cut", encoding, **more)


def source_of(folder: Path, name: str, data: bytes) -> Source:
    path = folder / name
    path.write_bytes(data)
    kind, compression, _ = guess_format(path)
    return Source(path, name, kind, compression)


def map_of(done: Cut) -> Asked:
    """The stretches really cut, by line; they must ascend."""
    rows = list(zip(done.line.tolist(), done.start.tolist(), done.end.tolist(), strict=True))
    assert rows == sorted(rows)
    found: Asked = {}
    for line, start, end in rows:
        found.setdefault(line, []).append((start, end))
    return found


def put_back(rest: str, text: str, taken: Sequence[Stretch]) -> str:
    """The stretches taken from `text`, put into the rest at the places the map gives."""
    for start, end in taken:
        rest = rest[:start] + text[start:end] + rest[start:]
    return rest


def check(source: Source, asked: Asked, folder: Path, drop: Sequence[int] = (), **more) -> Cut:
    """Cut a file and read what was written: the map leads from the texts before to those behind and back."""
    fields, encoding = more.get("fields", FIELDS), more.get("encoding", "")
    before = documents(source, fields, encoding)
    assert {*asked, *drop} <= set(before)
    done = cut(source, asked, folder, drop, **more)
    taken = map_of(done)
    kind, compression, _ = guess_format(done.paths[0])
    after = documents(Source(done.paths[0], source.name, kind, compression), fields, encoding)
    kept = [line for line in before if line not in drop]
    assert len(after) == len(kept)
    for line, rest in zip(kept, after.values(), strict=True):
        text, mine = before[line], taken.get(line, [])
        assert without(text, mine) == rest
        assert put_back(rest, text, mine) == text
        check_stretches(text, asked.get(line, []), mine, joined=len(fields.text) > 1)
    assert not set(taken) & set(drop)
    return done


def check_stretches(text: str, asked: Sequence[Stretch], taken: Sequence[Stretch], joined: bool) -> None:
    """What was asked for is gone, nothing but white space besides; a line end between two fields cannot go."""
    here = [i in range(len(text)) and any(a <= i < b for a, b in taken) for i in range(len(text))]
    wanted = [any(a <= i < b for a, b in asked) for i in range(len(text))]
    for i, char in enumerate(text):
        if wanted[i] and not here[i]:
            assert joined and char == "\n"
        if here[i] and not wanted[i]:
            assert char.isspace() or char == "\ufeff"
    assert all(a < b for a, b in taken)
    assert all(a[1] < b[0] for a, b in zip(taken, taken[1:], strict=False))


# -- stretches ---------------------------------------------------------------------------------------------------


def naive_with_lines(text: str, asked: Sequence[Stretch]) -> list[Stretch]:
    """`with_lines`, code point by code point."""
    gone = [any(a <= i < b for a, b in asked) for i in range(len(text))]
    size, at, fresh = len(text), 0, True
    while at < size:
        end, cut_here, taken = at, False, False
        while end < size and not taken and (gone[end] or text[end] != "\n"):
            cut_here |= gone[end]
            taken = gone[end] and text[end] == "\n" and not (end + 1 < size and gone[end + 1])
            end += 1
        whole = cut_here and fresh and all(gone[i] or text[i].isspace() for i in range(at, end))
        if whole:
            gone[at:end] = [True] * (end - at)
            if not taken and end < size:
                gone[end] = True
            elif not taken:
                last = max((i for i in range(size) if not gone[i]), default=-1)
                if last >= 0 and text[last] == "\n":
                    gone[last] = True
                    if last and text[last - 1] == "\r":
                        gone[last - 1] = True
        fresh = whole or not taken
        at = end if taken else end + 1
    edges = np.flatnonzero(np.diff([0, *map(int, gone), 0])).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


lined = strategies.joined(["\n", "\r\n", "a", "b", " ", "　"], most=14)


@given(lined, stretches)
@example("x\na\nb", [(2, 3), (4, 5)])
@example("x a\n b\nc", [(2, 4), (5, 6)])
@example("a\n\nb", [(0, 2)])
@example("x\r\na", [(3, 4)])
def test_with_lines__agrees_with_its_slow_twin(text: str, asked: list[Stretch]) -> None:
    asked = merged(asked, len(text))
    taken = with_lines(text, asked)
    assert taken == naive_with_lines(text, asked)
    check_stretches(text, asked, taken, joined=False)


@pytest.mark.parametrize(
    ("text", "asked", "rest"),
    [
        ("one\ntwo\nthree", [(4, 7)], "one\nthree"),
        ("one\r\ntwo\r\nthree", [(5, 8)], "one\r\nthree"),
        ("one\ntwo\nthree", [(4, 8)], "one\nthree"),
        ("one\ntwo\nthree", [(8, 13)], "one\ntwo"),
        ("one\r\ntwo", [(5, 8)], "one"),
        ("one\ntwo\n", [(4, 7)], "one\n"),
        ("one\n　　two \nthree", [(6, 9)], "one\nthree"),
        ("one\ntwo\nthree", [(5, 7)], "one\nt\nthree"),
        ("one\ntwo\nthree", [(4, 6)], "one\no\nthree"),
        ("one\n\ntwo\n\nthree", [(5, 8)], "one\n\n\nthree"),
        ("one\n\ntwo\n\nthree", [(5, 9)], "one\n\n\nthree"),
        ("one two\nthree", [(0, 3), (4, 7)], "three"),
        ("one\ntwo\nthree", [(4, 7), (8, 13)], "one"),
        ("one", [(0, 3)], ""),
        ("one\ntwo", [(1, 5)], "owo"),
    ],
)
def test_with_lines__leaves_no_empty_line_behind(text: str, asked: list[Stretch], rest: str) -> None:
    assert without(text, with_lines(text, asked)) == rest


def test_with_lines__takes_linear_time_on_a_page_of_blanks() -> None:
    text = "a" + " " * 200_000 + "\n" * 200_000
    asked = [(i, i + 1) for i in range(1, len(text), 2)]
    assert without(text, with_lines(text, asked)).strip() == "a"


def test_merged__clips_and_joins_what_overlaps_or_touches() -> None:
    assert merged([(5, 9), (-3, 2), (2, 4), (8, 99), (4, 4), (20, 30)], 12) == [(0, 4), (5, 12)]


# -- JSON lines --------------------------------------------------------------------------------------------------


def spelt(text: str, random: Random) -> str:
    """A JSON string, each character in any of the ways it can be written."""
    short = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\", "/": r"\/", "\b": r"\b", "\f": r"\f"}
    out = []
    for char in text:
        code = char.encode("utf-16-be")
        digits = "".join(rf"\u{code[i : i + 2].hex()}" for i in range(0, len(code), 2))
        ways = [digits, digits.upper().replace("U", "u"), short.get(char, digits)]
        if char not in '"\\' and char >= " ":
            ways += [char] * 4
        out.append(random.choice(ways))
    return '"' + "".join(out) + '"'


def json_line(random: Random, values: dict[str, str | None]) -> bytes:
    """A record with such fields among others that a careless reader would take for them."""
    members = [f"{spelt(k, random)}{random.choice([':', ' : '])}" for k in values]
    members = [m + ("null" if v is None else spelt(v, random)) for m, v in zip(members, values.values(), strict=True)]
    decoys = [
        '"x":{"text":"no","a":["]}",{"text":[]}]}',
        r'"te\"xt" : "\\"',
        '"x":1.50',
        '"x":[]',
        '"":"text"',
        '"n":-1e5',
    ]
    members += random.sample(decoys, random.randint(0, 3))
    random.shuffle(members)
    space = random.choice(["", " ", "\t"])
    return (space + "{" + f"{space},{space}".join(members) + space + "}" + space).encode()


@given(st.lists(st.tuples(texts, stretches), min_size=1, max_size=6), st.randoms(use_true_random=False), st.data())
def test_cut_source__cuts_json_lines_and_can_put_it_back(rows, random, data) -> None:
    drop = data.draw(st.lists(st.integers(1, len(rows)), max_size=2))
    lines = [json_line(random, {"text": text}) for text, _ in rows]
    end = random.choice([b"\n", b"\r\n"])
    raw = random.choice([b"", b"\xef\xbb\xbf"]) + end.join(lines) + random.choice([b"", end, end + b"bad" + end])
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = source_of(folder, "in.jsonl", raw)
        done = check(source, {i: some for i, (_, some) in enumerate(rows, 1)}, folder, drop)
        written = done.paths[0].read_bytes()
    mark = b"\xef\xbb\xbf"
    assert written.startswith(mark) == raw.startswith(mark)
    before = list(enumerate(io.BytesIO(raw.removeprefix(mark)), 1))
    after = io.BytesIO(written.removeprefix(mark)).readlines()
    for (number, old), new in zip([line for line in before if line[0] not in drop], after, strict=True):
        if number in done.line:
            check_all_but_the_text(old, new)
        else:
            assert new == old


def check_all_but_the_text(old: bytes, new: bytes) -> None:
    """The bytes before and behind the text are the same, and so is each escape left in it."""
    cells = [json_cells(("text",), raw.decode())["text"] for raw in (old, new)]
    (a, b), (c, d) = ((cell.start, cell.end) for cell in cells)
    assert old.decode()[:a] == new.decode()[:c]
    assert old.decode()[b:] == new.decode()[d:]
    rest = iter(old.decode()[a:b])
    assert all(char in rest for char in new.decode()[c:d]), "what is left was spelt anew"


@given(
    st.lists(st.tuples(st.none() | texts, st.none() | texts, texts, stretches), min_size=1, max_size=4), st.randoms()
)
def test_cut_source__cuts_texts_of_several_fields_without_the_line_ends_between_them(rows, random) -> None:
    lines = [json_line(random, {"title": a, "text": b, "end": c}) for a, b, c, _ in rows]
    fields = Fields(("text", "title", "none", "end"), "")
    with TemporaryDirectory() as name:
        source = source_of(Path(name), "in.jsonl", b"\n".join(lines))
        check(source, {i: row[-1] for i, row in enumerate(rows, 1)}, Path(name), fields=fields)


def test_cut_source__cuts_a_field_that_is_joined_twice_in_both_places(put, tmp_path) -> None:
    source = Source(put("in.jsonl", lines_of({"text": "abcdef"})), "in.jsonl", "jsonl")
    done = cut(source, {1: [(1, 3), (11, 12)]}, tmp_path, fields=Fields(("text", "text")))
    assert json.loads(done.paths[0].read_bytes()) == {"text": "adf"}
    assert map_of(done) == {1: [(1, 3), (4, 5), (8, 10), (11, 12)]}


def test_cut_source__spells_what_is_left_of_a_text_as_it_was(put, tmp_path) -> None:
    line = rb'{"text": "\u4e2d\/\ud83d\ude00x' + "文".encode() + rb'\u0000\\u0041", "text2" :"\u4e2d", "a": 1.0}'
    source = Source(put("in.jsonl", b"\n" + line + b"\r\n"), "in.jsonl", "jsonl")
    done = check(source, {2: [(2, 4), (5, 6)]}, tmp_path)
    assert (
        done.paths[0].read_bytes()
        == b"\n" + rb'{"text": "\u4e2d\/' + "文".encode() + rb'\\u0041", "text2" :"\u4e2d", "a": 1.0}' + b"\r\n"
    )


def test_cut_source__passes_over_fields_that_the_reader_passes_over(put, tmp_path) -> None:
    deep = b'{"x": %s1%s, "bytes": "\xff\xfe\\ud800", "text": "one two"}' % (b"[" * 5000, b"]" * 5000)
    source = Source(put("in.jsonl", deep + b"\n"), "in.jsonl", "jsonl")
    if not documents(source):
        deep = deep.replace(b"\\ud800", b"")
        put("in.jsonl", deep + b"\n")
    done = check(source, {1: [(0, 4)]}, tmp_path)
    assert done.paths[0].read_bytes() == deep.replace(b"one ", b"") + b"\n"


@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".bz2"])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_cut_source__streams_files_of_many_blocks(put, tmp_path, monkeypatch, ending, kind) -> None:
    monkeypatch.setattr(blocks.read_line_blocks, "__defaults__", (257,))
    random = Random(5)
    rows = [han(i, random.choice([3, 40, 400])) + '\nmore, "quoted"' * (i % 3) for i in range(300)]
    if kind == "jsonl":
        data = b"bad\n" + lines_of(*[{"id": i, "text": text} for i, text in enumerate(rows)]) + b"\n\nbad"
    else:
        out = io.StringIO(newline="")
        csv.writer(out).writerows([["id", "text"], *enumerate(rows)])
        data = out.getvalue().encode()
    source = source_of(tmp_path, f"in.{kind}{ending}", squeeze(data, ending))
    before = documents(source)
    assert len(before) == 300
    lines = list(before)
    drop = random.sample(lines, 40)
    asked = {line: [(random.randint(0, 30), random.randint(0, 60))] for line in random.sample(lines, 150)}
    done = check(source, asked, tmp_path, drop)
    if kind == "jsonl":
        assert expand(done.paths[0]).startswith(b"bad\n")
        assert expand(done.paths[0]).endswith(b"\n\nbad")


@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs", "utf-8"])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_cut_source__cuts_records_of_other_encodings(tmp_path, encoding, kind) -> None:
    rows = [han(i, 50) + "║ ═ A" for i in range(20)]
    if kind == "jsonl":
        data = b"".join(json.dumps({"text": r, "名": "═"}, ensure_ascii=False).encode(encoding) + b"\n" for r in rows)
    else:
        data = "id,text,名\n".encode(encoding) + b"".join(f"{i},{r},═\n".encode(encoding) for i, r in enumerate(rows))
    if encoding == "big5hkscs":
        data = data.replace("═".encode(encoding), b"\xa2\xa4")  # Big5 has two codes for this character
        assert b"\xa2\xa4" in data
    source = source_of(tmp_path, f"in.{kind}", data)
    first = 1 if kind == "jsonl" else 2
    done = check(source, {first + i: [(i, i + 9), (40, 52)] for i in range(15)}, tmp_path, encoding=encoding)
    assert done.paths[0].read_bytes().count("═".encode(encoding)) == data.count("═".encode(encoding))
    assert done.paths[0].read_bytes().count(b"\xa2\xa4") == data.count(b"\xa2\xa4")


def test_cut_source__encodes_anew_where_bytes_cannot_be_parted(put, tmp_path) -> None:
    raw = '{"text": "A漢字B"}\n'.encode("iso2022_jp")
    source = Source(put("in.jsonl", raw), "in.jsonl", "jsonl")
    done = check(source, {1: [(1, 2)]}, tmp_path, encoding="iso2022_jp")
    assert json.loads(done.paths[0].read_bytes().decode("iso2022_jp")) == {"text": "A字B"}


@given(st.text(st.sampled_from("a文ɐ😀Ê═é\u0304"), max_size=40), st.data())
def test_byte_places__tells_where_characters_begin(text, data) -> None:
    encoding = data.draw(st.sampled_from(["gb18030", "utf-16-le", "utf-8", "utf-32"]))
    points = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    expected = [len(text[:point].encode(encoding)) if point else 0 for point in points]
    assert byte_places(text.encode(encoding), points, encoding) == expected


# -- CSV and TSV -------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(texts, stretches), min_size=1, max_size=6),
    st.sampled_from([",", ";", "|", "\t"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["id,text,n", "text,id", "text"]),
    st.lists(st.integers(0, 5), max_size=2),
)
def test_cut_source__cuts_tables_and_can_put_it_back(rows, mark, quoting, end, header, drop) -> None:
    names = header.split(",")
    mark = mark if len(names) > 1 or mark == "\t" else ","  # a header of one name tells of no other
    if any("\r" in text or text[:1] == "\ufeff" or (len(names) == 1 and not text.strip()) for text, _ in rows):
        quoting = csv.QUOTE_ALL  # the writer does not see that these need quotes
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=mark, quoting=quoting, lineterminator=end)
    writer.writerow(names)
    lines = []
    for i, (text, _) in enumerate(rows):
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow([text if name == "text" else f'{i}; "' for name in names])
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = source_of(folder, "in.tsv" if mark == "\t" else "in.csv", out.getvalue().encode())
        asked = {line: some for line, (_, some) in zip(lines, rows, strict=True)}
        done = check(source, asked, folder, [line for i, line in enumerate(lines) if i in drop])
        written = done.paths[0].read_bytes().decode()
    if not {*drop} & {*range(len(rows))}:
        old, new = (list(csv.reader(io.StringIO(s, newline=""), delimiter=mark)) for s in (out.getvalue(), written))
        at = names.index("text")
        assert [row[:at] + row[at + 1 :] for row in new] == [row[:at] + row[at + 1 :] for row in old]


def test_cut_source__quotes_a_field_that_has_to_be_quoted_now(put, tmp_path) -> None:
    source = Source(put("in.csv", b'id,text\n1,x"y"\n2,"a ""b"" c"\r\n3,plain'), "in.csv", "csv")
    done = check(source, {2: [(0, 1)], 3: [(0, 3)], 4: [(0, 99)]}, tmp_path)
    assert done.paths[0].read_bytes() == b'id,text\n1,"""y"""\n2,"b"" c"\r\n3,'


def test_cut_source__leaves_no_blank_line_for_an_empty_text_of_a_table_of_one_column(put, tmp_path) -> None:
    source = Source(put("in.csv", b"text\none\ntwo  \n"), "in.csv", "csv")
    done = check(source, {2: [(0, 3)], 3: [(0, 3)]}, tmp_path)
    assert done.paths[0].read_bytes() == b'text\n""\n""\n'


def test_cut_source__finds_records_behind_a_stray_quote(put, tmp_path) -> None:
    data = b'id,text\n1,one two\n2,"torn\n3,three four\n4,five\n'
    source = Source(put("in.csv", data), "in.csv", "csv")
    done = check(source, {2: [(0, 4)], 4: [(5, 99)]}, tmp_path, drop=[5])
    assert done.paths[0].read_bytes() == b'id,text\n1,two\n2,"torn\n3,three\n'


# -- text files --------------------------------------------------------------------------------------------------

CODES = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-marked", "utf-16-be-marked", "gb18030", "gb18030-marked", "utf-32"]


@given(texts, stretches.filter(len), st.sampled_from(CODES))
def test_cut_source__cuts_text_files_and_can_put_it_back(text, asked, code) -> None:
    name = code.removesuffix("-marked")
    given_name = "" if name in ("utf-8", "utf-8-sig") else name
    raw = ("\ufeff" * (name != code) + text).encode(name)
    with TemporaryDirectory() as folder:
        source = source_of(Path(folder), "in.txt", raw)
        done = check(source, {1: asked}, Path(folder), encoding=given_name)
        out = done.paths[0].read_bytes()
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x84\x31\x95\x33"):
        assert out.startswith(mark) == raw.startswith(mark) or not raw.startswith(mark)


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16"])
def test_cut_source__tells_the_encoding_of_a_text_file(put, tmp_path, encoding) -> None:
    text = han(3, 400) + "\r\n" + han(4, 200) + "\r\n"
    source = Source(put("in.txt.gz", squeeze(text.encode(encoding), ".gz")), "in.txt.gz", "text", "gzip")
    done = check(source, {1: [(10, 20), (402, 602)]}, tmp_path)
    assert expand(done.paths[0]) == (text[:10] + text[20:402]).encode(encoding)


def test_cut_source__leaves_no_byte_order_mark_that_was_a_character(put, tmp_path) -> None:
    source = Source(put("in.txt", "a\ufeff\ufeffb".encode()), "in.txt", "text")
    done = check(source, {1: [(0, 1)]}, tmp_path)
    assert done.paths[0].read_bytes() == b"b"


def test_cut_source__writes_no_text_file_that_is_left_out(put, tmp_path) -> None:
    source = Source(put("in.txt", b"text"), "in.txt", "text")
    assert cut(source, {1: [(0, 1)]}, tmp_path, drop=[1]).paths == []
    assert not (tmp_path / "cut/in.txt").exists()


# -- Parquet -----------------------------------------------------------------------------------------------------

KINDS = [
    *(pa.string(), pa.large_string(), pa.string_view()),
    *(pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.large_string())),
]


@given(
    st.lists(st.tuples(st.none() | texts, st.none() | texts, stretches), min_size=1, max_size=8),
    st.sampled_from(KINDS),
    st.integers(1, 4),
    st.lists(st.integers(1, 8), max_size=2),
)
def test_cut_source__cuts_parquet_and_can_put_it_back(rows, kind, group, drop) -> None:
    columns = [pa.array([row[i] for row in rows], pa.string()).cast(kind) for i in range(2)]
    schema = pa.schema(
        [pa.field("text", kind, metadata={"a": "b"}), pa.field("title", kind), ("n", pa.int16())], {"c": "d"}
    )
    table = pa.table([*columns, pa.array(range(len(rows)), pa.int16())], schema)
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = Source(folder / "in.parquet", "in.parquet", "parquet")
        pq.write_table(table, source.path, row_group_size=group, compression="zstd")
        old = pq.read_table(source.path)
        fields = Fields(("text", "title"))
        readable = documents(source, fields)
        assert list(readable) == [i for i, row in enumerate(rows, 1) if row[:2] != (None, None)]
        asked = {i: some for i, (*_, some) in enumerate(rows, 1) if i in readable}
        drop = [line for line in drop if line in readable]
        done = check(source, asked, folder, drop, fields=fields)
        new = pq.read_table(done.paths[0])
        assert new.schema.equals(old.schema, check_metadata=True)
        keep = [i for i in range(len(rows)) if i + 1 not in drop]
        same = [i for i in keep if i + 1 not in done.line]
        assert new.column("n").to_pylist() == keep
        assert [new.slice(keep.index(i), 1).to_pylist() for i in same] == [old.slice(i, 1).to_pylist() for i in same]
        assert [value is None for value in new.column("text").to_pylist()] == [rows[i][0] is None for i in keep]


@pytest.mark.parametrize("damaged", ["text", "other"])
def test_cut_source__loses_no_row_of_a_damaged_parquet_file_silently(tmp_path, damaged) -> None:
    source = Source(tmp_path / "in.parquet", "in.parquet", "parquet")
    table = pa.table({"text": [han(i) for i in range(20)], "other": [han(100 + i) for i in range(20)]})
    pq.write_table(table, source.path, row_group_size=10, compression="zstd", use_dictionary=False)
    data = bytearray(source.path.read_bytes())
    column = pq.ParquetFile(source.path).metadata.row_group(1).column(("text", "other").index(damaged))
    at = column.data_page_offset
    data[at : at + column.total_compressed_size] = bytes(column.total_compressed_size)
    source.path.write_bytes(data)
    assert len(documents(source)) == (10 if damaged == "text" else 20)
    if damaged == "text":
        check(source, {3: [(0, 5)]}, tmp_path, drop=[4])
    else:
        with pytest.raises(InputError, match=r"in\.parquet:11: cannot be copied"):
            cut(source, {3: [(0, 5)]}, tmp_path)


# -- the rest ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_cut_source__copies_a_file_without_a_stretch(tmp_path, ending) -> None:
    packed = squeeze(b"anything at all", ending)
    source = source_of(tmp_path, f"in.jsonl{ending}", packed)
    done = cut(source, {7: [(3, 3)]}, tmp_path)
    assert done.paths[0].read_bytes() == packed
    assert len(done.line) == 0


@pytest.mark.parametrize("kind", ["html", "warc", "jsonl"])
def test_cut_source__writes_extracted_texts_as_json_lines(put, tmp_path, kind) -> None:
    source = Source(put(f"sub/in.{kind}", b"<p>one</p>"), f"sub/in.{kind}", kind)
    pages = [
        Extracted(1, "a", "one\ntwo\n"),
        Extracted(3, "b", "“中文”"),
        Extracted(4, "c", "gone"),
        Extracted(9, "d", ""),
    ]
    done = cut(source, {1: [(0, 3)], 3: [(1, 2)]}, tmp_path, drop=[4], texts=iter(pages), fields=Fields((), html=True))
    assert done.paths == [tmp_path / f"cut/sub/in.{kind}.jsonl"]
    lines = [json.loads(line) for line in done.paths[0].read_bytes().splitlines()]
    assert lines == [{"id": "a", "text": "two\n"}, {"id": "b", "text": "“文”"}, {"id": "d", "text": ""}]
    assert map_of(done) == {1: [(0, 4)], 3: [(1, 2)]}


@pytest.mark.parametrize(
    ("name", "data", "line", "reason"),
    [
        ("in.jsonl", b'{"text": "a"}\n', 3, "holds no record here any more; run again"),
        ("in.jsonl", b'{"text": "a"}\n\n', 2, "cannot be cut: no text in the field 'text'"),
        ("in.jsonl", b'{"text": 1}\n', 1, "cannot be cut: no text in the field 'text'"),
        ("in.jsonl", b'{"text": "a\\x"}\n', 1, "cannot be cut: Invalid \\escape: line 1 column 3 (char 2)"),
        ("in.csv", b"id,text\n1\n", 2, "cannot be cut: not the 2 fields of the header"),
        ("in.csv", b"id,text\n1", 2, "cannot be cut: not the 2 fields of the header"),
        ("in.csv", b'id,text\n1,"open\n', 2, "no record begins here any more; run again"),
        ("in.csv", b'id,text\n1,"a\nb"\n', 3, "cannot be cut: not the 2 fields of the header"),
        ("in.csv", b"", 2, "no header with column names in the first line"),
        ("in.parquet", b"PAR1", 1, "cannot be read as Parquet"),
        ("in.html", b"<p>a</p>", 1, "cannot be cut where it stands: its texts were extracted"),
        ("in.txt", b"\xff\xff\x00", 1, "cannot be cut: neither UTF-8"),
    ],
)
def test_cut_source__says_what_cannot_be_cut(tmp_path, name, data, line, reason) -> None:
    source = source_of(tmp_path, name, data)
    with pytest.raises(InputError) as error:
        cut(source, {line: [(0, 1)]}, tmp_path)
    assert reason in str(error.value)
    assert str(source.path) in str(error.value)


def test_cut_source__says_which_rows_a_dictionary_cannot_hold(tmp_path) -> None:
    source = Source(tmp_path / "in.parquet", "in.parquet", "parquet")
    many = pa.array([han(1, 300)] * 200).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))
    pq.write_table(pa.table({"text": many}), source.path)
    with pytest.raises(InputError, match="row group 1 cannot be cut"):
        cut(source, {i + 1: [(0, i + 1)] for i in range(200)}, tmp_path)
