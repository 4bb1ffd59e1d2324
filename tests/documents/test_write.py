"""What is read is written again: every byte of a file to kept/ or to removed/, in order."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import expand, lines_of, prose, rejoin, squeeze

ENDINGS = ["", ".gz", ".zst", ".bz2"]
NOTE = {"cluster", "size", "kept", "label", "similarity"}


def records(count: int = 60) -> list[dict[str, Any]]:
    """Records of which every fifth is a copy of the one before."""
    return [{"id": f"d{i}", "text": prose(i - (i % 5 == 4)), "n": i} for i in range(count)]


def json_lines() -> dict[str, bytes]:
    plain = lines_of(*records())
    lines = plain.split(b"\n")[:-1]
    odd = [
        b"",
        lines[0],
        b"bad",
        b"   ",
        *lines[1:30],
        b'{"text": 1}',
        b"\xff\xff",
        b"",
        *lines[30:],
        b"",
        b"\t",
        b"bad",
    ]
    return {
        "plain": plain,
        "byte_order_mark": b"\xef\xbb\xbf" + plain,
        "crlf": plain.replace(b"\n", b"\r\n"),
        "no_last_line_end": plain[:-1],
        "byte_order_mark_crlf_no_last_line_end": b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")[:-2],
        "blank_and_rejected_lines": b"\n".join(odd) + b"\n",
        "blank_and_rejected_lines_crlf": b"\r\n".join(odd),
        "rejected_first": b"bad\n\n" + plain,
        "first_removed": lines_of({"id": "x", "text": "same " * 20}, *records()[:9], {"id": "y", "text": "same " * 20}),
        "spaces_round_records": b"\n".join(b" \t" + line + b"  " for line in lines),
    }


def tables(mark: str) -> dict[str, bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=mark, lineterminator="\n")
    writer.writerow(["id", "text", "n"])
    for r in records():
        writer.writerow([r["id"], f'"{r["text"]}"\nmore{mark}' if r["n"] % 3 == 0 else r["text"], r["n"]])
    plain = out.getvalue().encode()
    header, *rows = plain.split(b"\n", 1)
    short = b"x" + mark.encode() + b"y\n"
    torn = b"t" + mark.encode() + b'"torn' + mark.encode() + b"7\n"
    simple = b"".join(mark.join([r["id"], r["text"], str(r["n"])]).encode() + b"\n" for r in records())
    return {
        "plain": plain,
        "byte_order_mark": b"\xef\xbb\xbf" + plain,
        "crlf": plain.replace(b"\n", b"\r\n"),
        "no_last_line_end": plain[:-1],
        "blank_lines_behind_the_header": header + b"\n\n  \n" + rows[0],
        "blank_lines_at_the_end": plain + b"\n\n",
        "rejected_rows": header + b"\n" + short + simple + short,
        "rejected_rows_crlf": (header + b"\n" + short + simple + short).replace(b"\n", b"\r\n"),
        "a_stray_quote": header + b"\n" + simple + torn + simple,
        "trailing_blanks": header + b"\n" + simple.replace(b"\n", b"  \n"),
    }


JSON_CASES, CSV_CASES = list(json_lines()), list(tables(","))


def header_of(data: bytes) -> int:
    return data.index(b"\n") + 1


@pytest.mark.parametrize("case", JSON_CASES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_write_source__splits_json_lines_byte_for_byte(run, put, case, ending) -> None:
    data = json_lines()[case]
    name = f"in.jsonl{ending}"
    path = put(name, squeeze(data, ending))
    outcome = run(path, flags=["--keep", "longest"] if case == "first_removed" else [])
    assert outcome.summary["removed"] >= 1
    assert rejoin(outcome, path, name) == data
    read = [d["id"] for d in outcome.documents]
    split = [json.loads(line)["id"] for side in (outcome.kept(name), outcome.removed(name)) for line in _good(side)]
    assert sorted(split) == sorted(read)


def _good(data: bytes) -> list[bytes]:
    return [s for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if (s := line.strip()).startswith(b'{"id"')]


@pytest.mark.parametrize("case", CSV_CASES)
@pytest.mark.parametrize(
    ("kind", "ending"), [("csv", ""), ("csv", ".gz"), ("csv", ".zst"), ("csv", ".bz2"), ("tsv", "")]
)
def test_write_source__splits_tables_byte_for_byte(run, put, case, ending, kind) -> None:
    data = tables("," if kind == "csv" else "\t")[case]
    name = f"in.{kind}{ending}"
    path = put(name, squeeze(data, ending))
    outcome = run(path)
    assert outcome.summary["removed"] >= 12
    assert rejoin(outcome, path, name, header_of(data)) == data
    bad = {"rejected_rows": 2, "rejected_rows_crlf": 2, "a_stray_quote": 1}.get(case, 0)
    assert len(outcome.rejected) == bad
    assert len(outcome.ids) == (120 if case == "a_stray_quote" else 60)


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_write_source__splits_a_file_of_many_blocks_byte_for_byte(run, put, kind, ending) -> None:
    rows = [(f"d{i}", prose(i - (i % 7 == 6), 25)) for i in range(20_000)]
    if kind == "jsonl":
        data = lines_of(
            *[{"id": i, "text": t} for i, t in rows], b"bad", *[{"id": i, "text": t} for i, t in rows[:3000]]
        )
    else:
        data = b"id,text\n" + "".join(f"{i},{t}\n" for i, t in rows).encode() + b"bad\n"
    path = put(f"in.{kind}{ending}", squeeze(data, ending))
    outcome = run(path)
    assert rejoin(outcome, path, path.name, 8 if kind == "csv" else 0) == data
    assert len(outcome.rejected) == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_write_source__copies_text_files_to_one_side(run, put, ending) -> None:
    texts = {f"{i}.txt{ending}": squeeze(prose(i // 2).encode() + b"\r\n\n", ending) for i in range(6)}
    for name, data in texts.items():
        put(f"in/{name}", data)
    outcome = run("in")
    assert outcome.rejected == []
    for i, (name, data) in enumerate(texts.items()):
        side, other = ("kept", "removed") if i % 2 == 0 else ("removed", "kept")
        assert (outcome.folder / side / name).read_bytes() == data
        assert not (outcome.folder / other / name).exists()


def test_write_source__puts_a_text_file_that_could_not_be_read_on_the_removed_side(run, put) -> None:
    put("in/a.txt", prose(1).encode())
    put("in/b.txt", bytes(range(256)))
    outcome = run("in")
    assert (outcome.folder / "removed/b.txt").read_bytes() == bytes(range(256))
    assert not (outcome.folder / "kept/b.txt").exists()


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd", "gzip"])
@pytest.mark.parametrize("group", [7, 1000])
def test_write_source__splits_parquet_with_equal_values_schema_and_metadata(run, tmp_path, codec, group) -> None:
    rows = records()
    fields = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.large_string(), metadata={"unit": "characters"}),
        pa.field("n", pa.int16()),
        pa.field("kind", pa.dictionary(pa.int8(), pa.string())),
        pa.field("when", pa.timestamp("ns", tz="Asia/Shanghai")),
        pa.field("nested", pa.list_(pa.struct([("a", pa.float32()), ("b", pa.binary())]))),
    ]
    columns = [
        pa.array([r["id"] for r in rows]),
        pa.array([None if i == 11 else r["text"] for i, r in enumerate(rows)], pa.large_string()),
        pa.array([None if i % 9 == 0 else i for i in range(60)], pa.int16()),
        pa.array([("a", "b", None)[i % 3] for i in range(60)]).dictionary_encode().cast(fields[3].type),
        pa.array(range(60), fields[4].type),
        pa.array([[{"a": 0.5, "b": b"\xff"}] * (i % 3) for i in range(60)], fields[5].type),
    ]
    table = pa.table(columns, pa.schema(fields, metadata={"made": "中文", b"raw": b"\xff\xfe"}))
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, row_group_size=group, compression=codec)
    table = pq.read_table(path)
    outcome = run(path)
    kept, removed = (pq.read_table(outcome.folder / side / "in.parquet") for side in ("kept", "removed"))
    assert kept.schema.equals(table.schema, check_metadata=True)
    assert removed.schema.equals(table.schema, check_metadata=True)
    keep = {d["line"] - 1 for d in outcome.documents if d["doc"] == d["kept_doc"]}
    assert [line for _, line, _ in outcome.rejected] == [12]
    assert kept.equals(table.take(pa.array(sorted(keep))).combine_chunks())
    assert removed.equals(table.take(pa.array([i for i in range(60) if i not in keep])).combine_chunks())
    assert pq.ParquetFile(outcome.folder / "kept/in.parquet").metadata.row_group(0).column(0).compression == (
        "UNCOMPRESSED" if codec == "none" else codec.upper()
    )


def test_write_source__copies_a_file_without_copies_as_it_is(run, put) -> None:
    packed = squeeze(lines_of(*records(4)), ".gz")
    outcome = run(put("in.jsonl.gz", packed))
    assert (outcome.folder / "kept/in.jsonl.gz").read_bytes() == packed
    assert not (outcome.folder / "removed").exists()


def test_write__writes_no_collection_if_told_so(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(*records())), flags=["--write", "none"])
    assert {path.name for path in outcome.folder.iterdir()} == {
        *("documents.parquet", "pairs.parquet", "clusters.jsonl", "removed.jsonl", "rejected.jsonl", "run.json"),
    }


# -- annotated ---------------------------------------------------------------------------------------------------


def check_note(note: dict[str, Any], document: dict[str, Any], by_doc: dict[int, dict[str, Any]]) -> None:
    assert set(note) == NOTE
    assert note["cluster"] == document["cluster"]
    assert note["kept"] == by_doc[document["kept_doc"]]["id"]
    assert note["label"] == document["label"]
    assert note["size"] == max(1, sum(d["cluster"] == document["cluster"] for d in by_doc.values())) or (
        document["cluster"] is None and note["size"] == 1
    )
    assert 0.7 <= note["similarity"] <= 1


@pytest.mark.parametrize("write", ["annotated", "both"])
@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("case", ["plain", "byte_order_mark", "crlf", "blank_and_rejected_lines", "no_last_line_end"])
def test_annotate_source__puts_a_note_into_every_json_record(run, put, write, ending, case) -> None:
    data = json_lines()[case]
    outcome = run(put(f"in.jsonl{ending}", squeeze(data, ending)), flags=["--write", write])
    noted = expand(outcome.folder / f"annotated/in.jsonl{ending}").split(b"\n")
    plain = data.split(b"\n")
    assert len(noted) == len(plain)
    by_line = {d["line"]: d for d in outcome.documents}
    by_doc = {d["doc"]: d for d in outcome.documents}
    for line, (before, after) in enumerate(zip(plain, noted, strict=True), 1):
        if line not in by_line:
            assert before == after
            continue
        value = json.loads(after.removeprefix(b"\xef\xbb\xbf"))
        check_note(value.pop("dedup"), by_line[line], by_doc)
        assert value == json.loads(before.removeprefix(b"\xef\xbb\xbf"))
        assert after.endswith(b"\r") == before.endswith(b"\r")
    assert (outcome.folder / "kept").exists() == (write == "both")


@pytest.mark.parametrize("kind", ["csv", "tsv"])
@pytest.mark.parametrize(
    "case", ["plain", "byte_order_mark", "crlf", "rejected_rows", "no_last_line_end", "trailing_blanks"]
)
def test_annotate_source__puts_columns_into_every_record_of_a_table(run, put, kind, case) -> None:
    mark = "," if kind == "csv" else "\t"
    data = tables(mark)[case]
    outcome = run(put(f"in.{kind}", data), flags=["--write", "annotated"])
    before = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=mark))
    raw = (outcome.folder / f"annotated/in.{kind}").read_bytes()
    after = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=mark))
    assert raw.startswith(data[:5])
    assert len(after) == len(before)
    assert after[0] == [*before[0], *(f"dedup_{name}" for name in ("cluster", "size", "kept", "label", "similarity"))]
    by_doc = {d["doc"]: d for d in outcome.documents}
    documents = iter(outcome.documents)
    for old, new in zip(before[1:], after[1:], strict=True):
        if len(old) < 3:
            assert old == new
            continue
        document = next(documents)
        assert new[:3] == old
        assert new[5] == by_doc[document["kept_doc"]]["id"]
        assert new[6] == (document["label"] or "")
    assert next(documents, None) is None


def test_annotate_source__puts_a_struct_column_into_parquet(run, tmp_path) -> None:
    rows = records()
    table = pa.table({name: [r[name] for r in rows] for name in ("id", "text", "n")}).replace_schema_metadata(
        {"a": "b"}
    )
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=13)
    outcome = run("in.parquet", flags=["--write", "annotated"])
    noted = pq.read_table(outcome.folder / "annotated/in.parquet")
    assert noted.drop_columns("dedup").equals(table)
    assert noted.schema.metadata[b"a"] == b"b"
    by_doc = {d["doc"]: d for d in outcome.documents}
    for note, document in zip(noted.column("dedup").to_pylist(), outcome.documents, strict=True):
        check_note(note, document, by_doc)


def test_annotate_source__writes_a_note_beside_a_text_file(run, put) -> None:
    for i in range(3):
        put(f"in/{i}.txt", prose(i // 2).encode())
    outcome = run("in", flags=["--write", "annotated"])
    notes = [json.loads((outcome.folder / f"annotated/{i}.txt.dedup.json").read_bytes()) for i in range(3)]
    assert [note["kept"] for note in notes] == ["0.txt", "0.txt", "2.txt"]
    assert [(outcome.folder / f"annotated/{i}.txt").read_bytes() for i in range(3)] == [
        prose(i // 2).encode() for i in range(3)
    ]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "tsv", "parquet", "txt"])
def test_annotate_source__exchanges_the_note_of_an_annotated_file(run, put, tmp_path, kind) -> None:
    if kind == "parquet":
        rows = records()
        put("in/a.parquet", b"")
        pq.write_table(pa.table({n: [r[n] for r in rows] for n in ("id", "text", "n")}), tmp_path / "in/a.parquet")
    elif kind == "txt":
        for i in range(4):
            put(f"in/{i}.txt", prose(i // 2).encode())
    else:
        put(
            f"in/a.{kind}", lines_of(*records()) if kind == "jsonl" else tables("," if kind == "csv" else "\t")["plain"]
        )
    first = run("in", out=tmp_path / "first", flags=["--write", "annotated"])
    second = run("first/annotated", flags=["--write", "annotated"])
    assert second.ids == first.ids
    for path in sorted((first.folder / "annotated").iterdir()):
        again = second.folder / "annotated" / path.name
        if kind == "parquet":
            assert pq.read_table(again).equals(pq.read_table(path))
        else:
            assert again.read_bytes() == path.read_bytes()


def test_annotate_source__leaves_all_but_the_note_of_an_annotated_line_as_it_stands(run, put) -> None:
    lines = [
        b'{"dedup": {"cluster": [1, {"a": "}"}]}, "id": 1, "text": "%s"}' % prose(1).encode(),
        b'{"id": 2, "dedup" : null , "x": 1.50, "text": "%s"}' % prose(2).encode(),
        b'{"id": 3, "text": "%s", "big": %s, "dedup": 1e400}' % (prose(3).encode(), b"9" * 5000),
        b'{"id": 4, "text": "%s", "inner": {"dedup": 1}}' % prose(4).encode(),
        b'{"id": 5, "text": "the word \\"dedup\\" in a text: %s", "x": "\\ud83d\\ude00"}' % prose(5).encode(),
    ]
    outcome = run(put("in.jsonl", lines_of(*lines)), flags=["--write", "annotated"])
    noted = (outcome.folder / "annotated/in.jsonl").read_bytes().splitlines()
    for line in noted:
        assert line.count(b', "dedup": {"cluster": null, "size": 1, "kept": ') == 1
    cut = [line[: line.rindex(b', "dedup": ')] for line in noted]
    assert cut == [
        b'{"id": 1, "text": "%s"' % prose(1).encode(),
        b'{"id": 2, "x": 1.50, "text": "%s"' % prose(2).encode(),
        lines[2].split(b', "dedup"')[0],
        lines[3][:-1],
        lines[4][:-1],
    ]
