"""Bad input never ends in a traceback or in silence: the good part is processed, the bad part is listed."""

from __future__ import annotations

import bz2
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup import Config, InputError, dedupe
from tests.conftest import han, lines_of, prose, squeeze


def rec(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"d{number}", "text": prose(number), **more}


GOOD = [rec(i) for i in range(40)]
PREFIX = b'{"id": "x", "text": '


def csv_of(*rows: str, head: str = "id,text", end: str = "\n") -> bytes:
    return "".join(row + end for row in (head, *rows)).encode()


# -- JSON lines --------------------------------------------------------------------------------------------------

BAD_LINES = {
    "malformed_json": (b'{"id": "x", "text": "abc}', "not one JSON object"),
    "a_trailing_comma": (b'{"id": "x", "text": "abc",}', "not one JSON object"),
    "null": (b"null", "not a JSON object but null"),
    "a_number": (b"17", "not a JSON object but a number"),
    "a_string": (b'"abc"', "not a JSON object but a string"),
    "a_list": (b'[{"text": "abc"}]', "not a JSON object but a list"),
    "a_line_without_the_text": (b'{"id": "x", "other": "abc"}', "no field 'text'"),
    "text_null": (PREFIX + b"null}", "the field 'text' is null"),
    "text_number": (PREFIX + b"17}", "the field 'text' is a number"),
    "text_true": (PREFIX + b"true}", "the field 'text' is true or false"),
    "text_list": (PREFIX + b'["abc"]}', "the field 'text' is a list"),
    "text_object": (PREFIX + b'{"a": "abc"}}', "the field 'text' is an object"),
    "duplicate_text": (b'{"id": "x", "text": "abc", "text": "abd"}', "the key 'text' stands twice"),
    "duplicate_id": (b'{"id": "x", "text": "abc", "id": "y"}', "the key 'id' stands twice"),
    "an_id_that_is_a_list": (b'{"id": ["x"], "text": "abc"}', "the field 'id' is a list"),
    "invalid_utf8": (PREFIX + b'"ab\xff\xfec"}', "not UTF-8"),
    "an_overlong_utf8_sequence": (PREFIX + b'"ab\xc0\xafc"}', "not UTF-8"),
    "a_surrogate_in_utf8": (PREFIX + b'"ab\xed\xa0\x80c"}', "not UTF-8"),
    "a_lone_high_surrogate": (PREFIX + b'"ab\\ud800c"}', "half a surrogate pair"),
    "a_lone_low_surrogate": (PREFIX + b'"ab\\udc00c"}', "half a surrogate pair"),
    "surrogates_the_wrong_way_round": (PREFIX + b'"\\udc00\\ud800"}', "half a surrogate pair"),
    "a_raw_nul_in_the_text": (PREFIX + b'"ab\x00c"}', "not one JSON object"),
    "a_raw_nul_behind_the_object": (PREFIX + b'"abc"}\x00', "not one JSON object"),
    "a_raw_tab_in_the_text": (PREFIX + b'"ab\tc"}', "not one JSON object"),
    "two_objects_on_one_line": (b'{"id": "x", "text": "a"} {"id": "y", "text": "b"}', "not one JSON object"),
    "a_bare_nan": (b'{"id": NaN, "text": "abc"', "not one JSON object"),
    "an_unknown_escape": (PREFIX + b'"ab\\qc"}', "not one JSON object"),
    "a_second_byte_order_mark": (b"\xef\xbb\xbf" + PREFIX + b'"abc"}', "not one JSON object"),
}


@pytest.mark.parametrize("case", BAD_LINES)
@pytest.mark.parametrize("place", ["first", "middle"])
def test_run__rejects_one_bad_line_and_keeps_the_rest(run, put, case, place) -> None:
    line, reason = BAD_LINES[case]
    if (case, place) == ("a_second_byte_order_mark", "first"):
        line = b"\xef\xbb\xbf" + line
    at = {"first": 0, "middle": 20}[place]
    path = put("in.jsonl", lines_of(*GOOD[:at], line, *GOOD[at:]))
    outcome = run(path)
    assert outcome.code == 0
    assert [(f, n) for f, n, _ in outcome.rejected] == [("in.jsonl", at + 1)]
    assert outcome.reasons[0].startswith(reason) or reason in outcome.reasons[0]
    assert outcome.ids == [g["id"] for g in GOOD]
    mark = b"\xef\xbb\xbf" if line.startswith(b"\xef\xbb\xbf") and place == "first" else b""
    assert outcome.kept("in.jsonl") == mark + lines_of(*GOOD)
    assert outcome.removed("in.jsonl") == line.removeprefix(mark) + b"\n"
    assert f"in.jsonl:{at + 1}: {outcome.reasons[0]}" in outcome.err


def test_run__survives_null_as_the_first_line_of_the_real_command(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(b"null", *GOOD)), real=True)
    assert (outcome.code, len(outcome.ids), outcome.summary["rejected"]) == (0, 40, 1)


def test_run__tells_two_objects_on_a_line_from_one_over_two_lines_where_counts_are_equal(run, put) -> None:
    two = b'{"id": "x", "text": "a"} {"id": "y", "text": "b"}'
    torn = b'{"id": "z",\n"text": "abc"}'
    outcome = run(put("in.jsonl", lines_of(*GOOD[:20], two, torn, *GOOD[20:])))
    assert [line for _, line, _ in outcome.rejected] == [21, 22, 23]
    assert [(d["id"], d["line"]) for d in outcome.documents] == [
        (g["id"], i + (1 if i < 20 else 4)) for i, g in enumerate(GOOD)
    ]


def test_run__is_not_misled_by_braces_at_the_ends_of_torn_lines(run, put) -> None:
    torn = b'{"id": "z", "a": "}\n{", "text": "abc"}'
    two = b'{"id": "x", "text": "a"}{"id": "y", "text": "b"}'
    outcome = run(put("in.jsonl", lines_of(*GOOD[:20], two, torn, *GOOD[20:])))
    assert [line for _, line, _ in outcome.rejected] == [21, 22, 23]
    assert outcome.ids == [g["id"] for g in GOOD]


def test_run__reads_ids_of_mixed_types_as_strings(run, put) -> None:
    ids = [1, 2, "3", 4.5, True, None, -7, 12345678901234567890123]
    records = [{"id": value, "text": prose(i)} for i, value in enumerate(ids)]
    outcome = run(put("in.jsonl", lines_of(*records)))
    assert outcome.ids == ["1", "2", "3", "4.5", "true", "in.jsonl:6", "-7", "12345678901234567890123"]


def test_run__reads_a_number_as_id_as_it_stands_whatever_its_neighbours_are(run, put) -> None:
    lines = [b'{"id": %s, "text": "%s"}' % (n, prose(i).encode()) for i, n in enumerate((b"1.50", b"1.0", b"2e3"))]
    alone = run(put("a.jsonl", lines_of(*lines))).ids
    mixed = run(put("b.jsonl", lines_of(*lines, {"id": "x", "text": prose(9)})), flags=["--force"]).ids
    assert mixed == ["1.50", "1.0", "2e3", "x"]
    assert alone == mixed[:3]


def test_run__takes_other_keys_that_stand_twice(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(b'{"id": "x", "a": 1, "a": 2, "text": "abc"}', *GOOD)))
    assert (outcome.code, outcome.rejected, len(outcome.ids)) == (0, [], 41)


def test_run__takes_an_escaped_nul_as_a_character(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(PREFIX + b'"ab\\u0000c"}', *GOOD)))
    assert (outcome.code, outcome.rejected, len(outcome.ids)) == (0, [], 41)


def test_run__leaves_out_a_byte_order_mark_and_reads_crlf(run, put) -> None:
    data = b"\xef\xbb\xbf" + lines_of(*GOOD, {**GOOD[3], "id": "copy"}).replace(b"\n", b"\r\n")
    outcome = run(put("in.jsonl", data))
    assert outcome.rejected == []
    assert outcome.documents[0]["byte_start"] == 3
    assert outcome.removed("in.jsonl") == lines_of({**GOOD[3], "id": "copy"}).replace(b"\n", b"\r\n")
    assert outcome.kept("in.jsonl") + outcome.removed("in.jsonl") == data


def test_run__passes_over_blank_lines_and_white_space_round_records(run, put) -> None:
    lines = [b"", b"   ", *[b"  " + json.dumps(g).encode() + b" \t" for g in GOOD], b"\t", b""]
    outcome = run(put("in.jsonl", lines_of(*lines)))
    assert (outcome.rejected, len(outcome.ids)) == ([], 40)
    assert outcome.documents[0]["line"] == 3


def test_run__reads_a_last_line_without_line_end(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(*GOOD)[:-1]))
    assert (outcome.rejected, len(outcome.ids)) == ([], 40)


def test_run__reads_a_document_of_64_megabytes(run, put) -> None:
    big = (prose(7, 1000) + " ") * (64_000_000 // len(prose(7, 1000)))
    outcome = run(put("in.jsonl", lines_of(GOOD[0], {"id": "big", "text": big}, GOOD[1])))
    assert outcome.ids == ["d0", "big", "d1"]
    assert outcome.summary["text_bytes"] > 63_000_000


def test_run__rejects_a_line_of_64_megabytes_without_the_text(run, put) -> None:
    line = b'{"id": "big", "other": "' + b"abcdefg " * 8_000_000 + b'"}'
    outcome = run(put("in.jsonl", lines_of(GOOD[0], line, GOOD[1])))
    assert outcome.rejected == [("in.jsonl", 2, "no field 'text'")]
    assert outcome.ids == ["d0", "d1"]


@pytest.mark.parametrize("field", ["text", "other"])
def test_run__survives_a_hundred_thousand_brackets(run, put, field) -> None:
    deep = b'{"id": "x", "text": "abc", "other": 1}'.replace(
        {"text": b'"abc"', "other": b"1"}[field], b"[" * 100_000 + b"]" * 100_000
    )
    outcome = run(put("in.jsonl", lines_of(*GOOD[:20], deep, *GOOD[20:])), real=True)
    assert outcome.code == 0
    assert [i for i in outcome.ids if i != "x"] == [g["id"] for g in GOOD]
    assert len(outcome.rejected) + ("x" in outcome.ids) == 1


def test_run__survives_a_hundred_thousand_brackets_in_the_only_line(run, put) -> None:
    deep = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    outcome = run(put("in.jsonl", deep), real=True)
    assert outcome.code == 2


def test_run__numbers_rejected_lines_on_through_the_blocks_of_a_file(run, put) -> None:
    lines = [{"id": str(i), "text": prose(i, 8)} for i in range(90_000)]
    outcome = run(put("in.jsonl", lines_of(*lines[:80_000], b"bad", *lines[80_000:])))
    assert outcome.rejected[0][:2] == ("in.jsonl", 80_001)
    assert outcome.documents[-1]["line"] == 90_001


def test_run__lists_the_first_five_rejected_lines_and_counts_the_rest(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(*[b"bad"] * 8, *GOOD)))
    said = [line for line in outcome.said if "in.jsonl:" in line]
    assert [line.split(":")[2] for line in said] == ["1", "2", "3", "4", "5"]
    assert any("and 3 more in rejected.jsonl" in line for line in outcome.said)
    assert len(outcome.rejected) == 8


def test_run__exits_2_for_a_rejected_line_if_strict_but_writes_all_the_same(run, put) -> None:
    path = put("in.jsonl", lines_of(b"bad", *GOOD))
    outcome = run(path, flags=["--strict"])
    assert outcome.code == 2
    assert len(outcome.ids) == 40
    assert run(put("fine.jsonl", lines_of(*GOOD)), flags=["--strict", "--force"]).code == 0


def test_run__exits_1_with_check_only_where_copies_are(run, put) -> None:
    assert run(put("in.jsonl", lines_of(*GOOD)), flags=["--check"]).code == 0
    assert run(put("in2.jsonl", lines_of(*GOOD, GOOD[0])), flags=["--check", "--force"]).code == 1


def test_run__rejects_records_that_have_none_of_several_text_fields(run, put) -> None:
    records = [{"id": str(i), "title": prose(i, 5), "body": prose(i)} for i in range(30)]
    records[3].pop("title")
    odd = [{"id": "none"}, {"id": "nulls", "title": None, "body": None}]
    outcome = run(put("in.jsonl", lines_of(*records, *odd)), flags=["--text", "title,body"])
    assert outcome.ids == [str(i) for i in range(30)]
    assert [line for _, line, _ in outcome.rejected] == [31, 32]


def test_run__rejects_a_file_without_the_named_text_field_and_reads_the_others(run, put) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    put("in/b.jsonl", lines_of({"id": "1", "other": "abc"}))
    outcome = run("in", flags=["--text", "text"])
    assert [(f, n) for f, n, _ in outcome.rejected] == [("b.jsonl", None)]
    assert "no field 'text'" in outcome.reasons[0]
    assert outcome.ids == [g["id"] for g in GOOD]


# -- documents without content, identifiers ----------------------------------------------------------------------


def test_run__never_links_empty_texts_or_punctuation_and_counts_them(run, put) -> None:
    texts = ["", "", "。。。", "。。。", "!?", "   ", " \n ", *[prose(i) for i in range(5)]]
    outcome = run(put("in.jsonl", lines_of(*[{"id": str(i), "text": t} for i, t in enumerate(texts)])))
    assert (outcome.summary["empty"], outcome.summary["removed"], outcome.pairs) == (7, 0, [])
    assert len(outcome.kept("in.jsonl").splitlines()) == len(texts)


def test_run__tells_documents_with_equal_ids_apart(run, put) -> None:
    records = [{"id": "same", "text": prose(i // 2)} for i in range(6)]
    outcome = run(put("in.jsonl", lines_of(*records)))
    assert (outcome.summary["repeated_ids"], outcome.summary["removed"]) == (5, 3)
    assert len(outcome.kept("in.jsonl").splitlines()) == 3
    assert "stand more than once" in outcome.err


ODD_IDS = [
    'a"b', "a\\b", "a\nb", "a\tb", "a\x01b", "a\x7fb", "a\u2028b", "中文", "😀", "", " ", "a\r\nb", "\x00", "a'b",
]  # fmt: skip


@pytest.mark.parametrize("ident", ODD_IDS, ids=[repr(i) for i in ODD_IDS])
def test_run__writes_odd_identifiers_as_valid_json(run, put, ident) -> None:
    records = [{"id": ident, "text": prose(1)}, {"id": ident + "'", "text": prose(1)}, *GOOD[5:8]]
    outcome = run(put("in.jsonl", lines_of(*records)), flags=["--write", "both"])
    cluster, removed = outcome.rows("clusters")[0], outcome.rows("removed")[0]
    assert cluster["kept"] == ident
    assert [m["id"] for m in cluster["members"]] == [ident, ident + "'"]
    assert (removed["id"], removed["kept_id"]) == (ident + "'", ident)
    noted = [json.loads(line)["dedup"] for line in (outcome.folder / "annotated/in.jsonl").read_bytes().splitlines()]
    assert [note["kept"] for note in noted[:2]] == [ident, ident]


SIGNED = [
    ("5.5", "55"), ("-5", "5"), ("+5", "-5"), ("1.23", "12.3"), ("0.5", "5"), ("1,5", "15"), ("3.14", "314"),
    ("-0.1", "0.1"), ("1.0", "10"), ("−7", "7"), ("－7", "7"), ("2.5%", "25%"), ("1:2", "12"), ("2019", "20.19"),
    ("10:30", "1030"), ("1/2", "12"), ("7.0", "70"), ("99.9", "999"), ("-12.5", "12.5"), ("0.01", "0.1"),
]  # fmt: skip


@pytest.mark.parametrize("frame", ["growth last year was {} percent {}", "去年增长为 {} 个百分点{}"])
def test_run__never_calls_texts_exact_whose_figures_differ_by_sign_or_point(run, put, frame) -> None:
    texts = [frame.format(figure, prose(i)) for i, pair in enumerate(SIGNED) for figure in pair]
    outcome = run(put("in.jsonl", lines_of(*[{"id": str(i), "text": t} for i, t in enumerate(texts)])))
    assert outcome.summary["exact"] == 0
    assert {pair["label"] for pair in outcome.pairs} == {"templated"}
    found = {(int(pair["id_a"]), int(pair["id_b"])) for pair in outcome.pairs}
    assert found == {(i, i + 1) for i in range(0, 40, 2)}, "the rest of each two texts is equal"


# -- files that are missing, empty, unreadable -------------------------------------------------------------------


def test_run__stops_at_a_missing_file_before_anything_is_read(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(*GOOD)), "missing.jsonl")
    assert outcome.code == 2
    assert outcome.said == ["dedup: missing.jsonl: no such file or folder"]
    assert not outcome.folder.exists()


def test_run__stops_at_a_pattern_without_a_match(run) -> None:
    outcome = run("*.jsonl")
    assert (outcome.code, outcome.said) == (2, ["dedup: *.jsonl: no file matches this pattern"])


def test_run__stops_at_a_missing_reference(run, put) -> None:
    outcome = run(put("in.jsonl", lines_of(*GOOD)), flags=["--against", "missing.jsonl"])
    assert (outcome.code, outcome.said) == (2, ["dedup: missing.jsonl: no such file or folder"])


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.tsv", "a.parquet", "a.jsonl.gz", "a.csv.zst"])
def test_run__exits_2_for_an_empty_file_alone_and_goes_on_among_others(run, put, name) -> None:
    path = put(f"in/{name}", b"")
    outcome = run(path)
    assert outcome.code == 2
    assert not outcome.folder.exists()
    put("in/b.jsonl", lines_of(*GOOD))
    among = run("in")
    assert (among.code, among.ids) == (0, [g["id"] for g in GOOD])
    assert (among.folder / "kept" / name).read_bytes() == b""


def test_run__exits_2_for_a_file_of_bad_lines_only(run, put) -> None:
    outcome = run(put("in.jsonl", b"bad\nworse\n"))
    assert outcome.code == 2
    assert "in.jsonl:1: no document could be read" in outcome.said[0]
    assert "1 more" in outcome.said[0]


def test_run__leaves_nothing_where_no_document_was(run, put, tmp_path) -> None:
    assert run(put("in.jsonl", b"bad\nworse\n")).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_run__exits_2_for_a_folder_without_files(run, put, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    assert run("in").code == 2
    put("in/picture.png", b"\x89PNG")
    assert run("in").code == 2


def test_run__reads_a_folder_whose_name_is_that_of_a_file(run, put) -> None:
    put("x.jsonl/a.jsonl", lines_of(*GOOD))
    assert run("x.jsonl").ids == [g["id"] for g in GOOD]


def test_run__rejects_a_dangling_link_in_a_folder_and_reads_the_rest(run, put, tmp_path) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    (tmp_path / "in" / "b.jsonl").symlink_to(tmp_path / "nowhere.jsonl")
    outcome = run("in")
    assert outcome.code == 0
    assert [(f, n) for f, n, _ in outcome.rejected] == [("b.jsonl", None)]
    assert outcome.ids == [g["id"] for g in GOOD]


def test_run__says_that_a_dangling_link_is_missing(run, tmp_path) -> None:
    (tmp_path / "b.jsonl").symlink_to(tmp_path / "nowhere.jsonl")
    assert run("b.jsonl").said == ["dedup: b.jsonl: no such file or folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_run__rejects_an_unreadable_file_and_reads_the_rest(run, put) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    barred = put("in/b.jsonl", lines_of(*GOOD))
    barred.chmod(0)
    try:
        outcome = run("in")
    finally:
        barred.chmod(0o600)
    assert outcome.code == 0
    assert [(f, n) for f, n, _ in outcome.rejected] == [("b.jsonl", None)]


@pytest.mark.parametrize("named", [True, False])
def test_run__never_waits_for_a_pipe(run, put, tmp_path, named) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    os.mkfifo(tmp_path / "in" / "p.jsonl")
    outcome = run("in/a.jsonl", "in/p.jsonl", real=True, seconds=20) if named else run("in", real=True, seconds=20)
    if named:
        assert outcome.code == 2
        assert "p.jsonl" in outcome.said[0]
    else:
        assert outcome.ids == [g["id"] for g in GOOD]
        assert "p.jsonl" in outcome.err


def test_run__reads_a_file_named_twice_once_and_says_so(run, put) -> None:
    path = put("in/a.jsonl", lines_of(*GOOD))
    outcome = run(path, "in", "in/a.jsonl")
    assert (len(outcome.ids), outcome.summary["removed"]) == (40, 0)
    assert "named twice, read once" in outcome.err


def test_run__reads_what_stands_behind_a_linked_folder_and_ends_at_a_loop(run, put, tmp_path) -> None:
    put("in/a.jsonl", lines_of(*GOOD[:20]))
    put("elsewhere/b.jsonl", lines_of(*GOOD[20:]))
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    outcome = run("in", seconds=20)
    assert sorted(outcome.ids) == sorted(g["id"] for g in GOOD)


@pytest.mark.parametrize(
    "name", ["a\nb.jsonl", "中文 文件.jsonl", "a[b].jsonl", "-x.jsonl", "a'b\".jsonl", "[bold].jsonl"]
)
def test_run__takes_odd_file_names(run, put, name) -> None:
    path = put(f"in/{name}", lines_of(b"bad", *GOOD, GOOD[0]))
    outcome = run(path)
    assert outcome.code == 0
    assert outcome.rejected[0][:2] == (name, 1)
    assert outcome.rows("removed")[0]["file"] == name
    assert len(outcome.kept(name).splitlines()) == 40
    assert outcome.said[0].startswith("dedup: ")
    assert ":1: not one JSON object" in outcome.said[0], "one line, whatever the name"


def test_run__names_a_missing_file_with_a_line_end_in_one_line(run) -> None:
    assert run("a\nb.jsonl").code == 2


def test_run__passes_over_a_file_whose_name_is_no_utf8_and_says_so(run, put, tmp_path) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    odd = os.fsencode(tmp_path / "in") + b"/\xd6\xd0.jsonl"
    Path(os.fsdecode(odd)).write_bytes(lines_of(*GOOD))
    outcome = run("in", real=True)
    assert outcome.code == 0
    assert outcome.ids == [g["id"] for g in GOOD]
    assert "\\udcd6\\udcd0.jsonl" in outcome.err


# -- compression -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2"])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_run__processes_the_documents_before_the_cut_of_a_compressed_file(run, put, ending, kind) -> None:
    count = 8000
    if kind == "jsonl":
        data = lines_of(*[{"key": i, "content": prose(i, 25)} for i in range(count)])
    else:
        data = csv_of(*[f"{i},{prose(i, 25)}" for i in range(count)], head="key,content")
    packed = squeeze(data, ending)
    path = put(f"in.{kind}{ending}", packed[: len(packed) * 3 // 4])
    outcome = run(path)
    assert outcome.code == 0
    # bzip2 and zstd blocks are lost as wholes: 900 and 128 KB.
    assert len(outcome.ids) > count * {".gz": 0.7, ".zst": 0.65, ".bz2": 0.4}[ending]
    assert outcome.ids == [str(i) for i in range(len(outcome.ids))]
    assert outcome.rejected[-1][:2] == (f"in.{kind}{ending}", None)
    assert "damaged or cut off" in outcome.reasons[-1]
    assert len(outcome.rejected) <= 2


@pytest.mark.parametrize("ending", [".gz", ".bz2"])
def test_run__processes_everything_before_garbage_at_the_end(run, put, ending) -> None:
    outcome = run(put(f"in.jsonl{ending}", squeeze(lines_of(*GOOD, GOOD[0]), ending) + b"garbage here"))
    assert outcome.ids == [g["id"] for g in [*GOOD, GOOD[0]]]
    assert outcome.rejected[0][:2] == (f"in.jsonl{ending}", None)


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2"])
def test_run__reads_compressed_files_of_several_parts(run, put, ending) -> None:
    half = squeeze(lines_of(*GOOD[:20]), ending), squeeze(lines_of(*GOOD[20:]), ending)
    outcome = run(put(f"in.jsonl{ending}", b"".join(half)))
    assert (outcome.ids, outcome.rejected) == ([g["id"] for g in GOOD], [])


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2"])
@pytest.mark.parametrize("kind", ["jsonl", "csv", "txt"])
def test_run__rejects_a_file_that_is_not_compressed_as_its_name_says(run, put, ending, kind) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    put(f"in/b.{kind}{ending}", b"id,text\nthis is no compressed file\n")
    outcome = run("in")
    assert outcome.ids == [g["id"] for g in GOOD]
    assert [(f, n) for f, n, _ in outcome.rejected] == [(f"b.{kind}{ending}", None)]
    assert run(f"in/b.{kind}{ending}", flags=["--force"]).code == 2


# -- Parquet -----------------------------------------------------------------------------------------------------


def parquet(path: Path, columns: dict[str, Any], **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **more)
    return path


TEXTS = [prose(i) for i in range(40)]


def test_run__rejects_parquet_without_the_text_column(run, tmp_path) -> None:
    parquet(tmp_path / "in/a.parquet", {"id": [1, 2], "text": [prose(1), prose(2)]})
    parquet(tmp_path / "in/b.parquet", {"id": [1, 2], "other": ["x", "y"]})
    outcome = run("in", flags=["--text", "text"])
    assert outcome.ids == ["1", "2"]
    assert [(f, n) for f, n, _ in outcome.rejected] == [("b.parquet", None)]
    assert "'text'" in outcome.reasons[0]


def test_run__rejects_parquet_whose_text_column_holds_numbers(run, tmp_path) -> None:
    parquet(tmp_path / "in/a.parquet", {"id": [1, 2], "text": [prose(1), prose(2)]})
    parquet(tmp_path / "in/b.parquet", {"id": [1, 2], "text": [3, 4]})
    outcome = run("in", flags=["--text", "text"])
    assert outcome.ids == ["1", "2"]
    assert [(f, n) for f, n, _ in outcome.rejected] == [("b.parquet", None)]
    assert "int64" in outcome.reasons[0]


def test_run__rejects_null_texts_of_parquet_by_row(run, tmp_path) -> None:
    texts = [None if i in (0, 7) else t for i, t in enumerate(TEXTS)]
    outcome = run(parquet(tmp_path / "a.parquet", {"id": list(range(40)), "text": texts}))
    assert [line for _, line, _ in outcome.rejected] == [1, 8]
    assert len(outcome.ids) == 38
    assert pq.read_table(outcome.folder / "removed/a.parquet").column("id").to_pylist() == [0, 7]


def test_run__rejects_invalid_utf8_in_parquet_by_row(run, tmp_path) -> None:
    raw = [b"ab\xff" if i == 3 else t.encode() for i, t in enumerate(TEXTS)]
    texts = pa.Array.from_buffers(pa.string(), 40, pa.array(raw, pa.binary()).buffers())
    outcome = run(parquet(tmp_path / "a.parquet", {"id": list(range(40)), "text": texts}))
    assert outcome.code == 0
    assert [line for _, line, _ in outcome.rejected] == [4]
    assert len(outcome.ids) == 39


def test_run__reads_parquet_with_times_python_cannot_hold(run, tmp_path) -> None:
    times = pa.array([1_500_000_000_000_000_001] * 40, pa.timestamp("ns"))
    far = pa.array([2**50] * 40, pa.timestamp("s"))
    path = parquet(tmp_path / "a.parquet", {"id": list(range(40)), "text": TEXTS, "at": times, "far": far})
    outcome = run(path)
    assert (outcome.code, len(outcome.ids)) == (0, 40)


def test_run__rejects_a_corrupt_parquet_file(run, put, tmp_path) -> None:
    good = parquet(tmp_path / "in/a.parquet", {"id": list(range(40)), "text": TEXTS}).read_bytes()
    put("in/b.parquet", good[: len(good) // 2])
    put("in/c.parquet", b"PAR1 not really PAR1")
    outcome = run("in")
    assert len(outcome.ids) == 40
    assert [(f, n) for f, n, _ in outcome.rejected] == [("b.parquet", None), ("c.parquet", None)]


def test_run__processes_the_row_groups_before_a_corrupt_page(run, tmp_path) -> None:
    texts = [*TEXTS[:20], TEXTS[0], *TEXTS[20:]]
    columns = {"id": list(range(41)), "text": texts}
    path = parquet(
        tmp_path / "in/a.parquet", columns, row_group_size=21, compression="none", use_dictionary=False,
        write_page_checksum=True,
    )  # fmt: skip
    data = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(1).column(1)
    data[group.data_page_offset : group.data_page_offset + group.total_compressed_size] = b"\xff" * (
        group.total_compressed_size
    )
    path.write_bytes(data)
    outcome = run("in")
    assert outcome.code == 0
    assert outcome.ids == [str(i) for i in range(21)]
    assert outcome.rejected[0][:2] == ("a.parquet", None)
    assert pq.read_table(outcome.folder / "removed/a.parquet").column("id").to_pylist() == [20]
    assert pq.read_table(outcome.folder / "kept/a.parquet").column("id").to_pylist() == list(range(20))


def test_run__joins_several_text_columns_of_parquet(run, tmp_path) -> None:
    columns = {"id": ["a", "b", "c"], "title": ["one", None, None], "body": [prose(1), prose(2), None]}
    outcome = run(parquet(tmp_path / "a.parquet", columns), flags=["--text", "title,body"])
    assert (outcome.ids, [line for _, line, _ in outcome.rejected]) == (["a", "b"], [3])
    assert outcome.summary["text_bytes"] == len("one\n" + prose(1) + prose(2))


def test_dedupe__joins_several_text_columns_of_a_table() -> None:
    table = pa.table({"title": ["one", None, None], "body": [prose(1), prose(2), None]})
    result = dedupe(table, Config(text="title,body", audit=0))
    assert len(result.documents) == 2


def test_run__reads_parquet_of_all_string_kinds(run, tmp_path) -> None:
    kinds = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
    for i, kind in enumerate(kinds):
        texts = pa.array(TEXTS).cast(kind)
        outcome = run(parquet(tmp_path / f"{i}.parquet", {"id": list(range(40)), "text": texts}), flags=["--force"])
        assert (outcome.rejected, len(outcome.ids)) == ([], 40)


# -- folders, OUT ------------------------------------------------------------------------------------------------


def test_run__reads_a_folder_of_all_formats(run, put, tmp_path) -> None:
    put("in/a.jsonl", lines_of(rec(1)))
    put("in/b.jsonl.gz", gzip.compress(lines_of(rec(2))))
    put("in/c.csv", csv_of(f"d3,{prose(3)}"))
    put("in/d.tsv", csv_of(f"d4\t{prose(4)}", head="id\ttext"))
    put("in/sub/e.txt", prose(5).encode())
    put("in/f.csv.bz2", bz2.compress(csv_of(f"d6,{prose(6)}")))
    put("in/picture.png", b"\x89PNG")
    put("in/.hidden.jsonl", lines_of(rec(8)))
    parquet(tmp_path / "in/g.parquet", {"id": ["d7"], "text": [prose(7)]})
    put("in/z.jsonl", lines_of(*[rec(i) for i in range(1, 8)]))
    outcome = run("in")
    assert sorted(outcome.ids) == sorted(
        [*[f"d{i}" for i in (1, 2, 3, 4, 6, 7)], "sub/e.txt", *[f"d{i}" for i in range(1, 8)]]
    )
    assert outcome.summary["exact"] == 7
    assert "passed over" in outcome.err


def test_run__never_reads_the_output_inside_an_input_folder(run, put, tmp_path) -> None:
    put("in/a.jsonl", lines_of(*GOOD, GOOD[0]))
    out = tmp_path / "in" / "out"
    first = run("in", out=out)
    again = run("in", out=out, flags=["--force"])
    third = run("in/*", out=out, flags=["--force"])
    assert [o.code for o in (first, again, third)] == [0, 0, 0]
    assert first.ids == again.ids == third.ids == [g["id"] for g in [*GOOD, GOOD[0]]]


@pytest.mark.parametrize("pattern", ["**/*.jsonl", "o*/kept/*.jsonl"])
def test_run__never_reads_or_replaces_an_output_that_a_pattern_reaches(run, put, pattern) -> None:
    put("in/a.jsonl", lines_of(*GOOD, GOOD[0]))
    outcome = run("in")
    kept = outcome.kept("a.jsonl")
    again = run(pattern, flags=["--force"])
    if pattern.startswith("**"):
        assert (again.code, len(again.ids)) == (0, 41)
    else:
        assert again.code == 2
    assert outcome.kept(
        next(iter((outcome.folder / "kept").rglob("*.jsonl"))).relative_to(outcome.folder / "kept")
    ) == (kept)


@pytest.mark.parametrize("where", ["in", ".", "in/a.jsonl/.."])
def test_run__refuses_an_output_that_holds_the_input(run_cli, put, tmp_path, where) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    outcome = run_cli("run", "in/a.jsonl", "-o", where, "--force")
    assert outcome.code == 2


def test_run__refuses_an_output_that_is_the_input(run_cli, put, tmp_path) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    (tmp_path / "in" / "run.json").write_text("{}")
    for where in ("in", tmp_path / "in", tmp_path):
        assert run_cli("run", "in", "-o", where, "--force").code == 2
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert run_cli("run", "in", "-o", "link", "--force").code == 2
    assert run_cli("run", "link/a.jsonl", "-o", "in", "--force").code == 2


def test_run__refuses_the_folder_it_stands_in(run_cli, put, tmp_path) -> None:
    put("in/a.jsonl", lines_of(*GOOD))
    here = tmp_path / "here"
    here.mkdir()
    outcome = run_cli("run", "../in", "-o", ".", "--audit", "0", cwd=here, out=here)
    assert outcome.code == 2
    assert here.is_dir()


def test_run__refuses_a_folder_that_is_not_empty_and_replaces_only_runs(run, put, tmp_path) -> None:
    path = put("in.jsonl", lines_of(*GOOD))
    mine = put("out/mine.txt", b"precious")
    for flags in ([], ["--force"]):
        outcome = run(path, flags=flags)
        assert (outcome.code, mine.read_bytes()) == (2, b"precious")
    mine.unlink()
    assert run(path).code == 0
    refused = run(path)
    assert refused.code == 2
    assert "--force" in refused.said[0]
    replaced = run(put("in2.jsonl", lines_of(*GOOD[:9])), flags=["--force"])
    assert (replaced.code, len(replaced.ids)) == (0, 9)
    assert not (replaced.folder / "kept" / "in.jsonl").exists()


def test_run__leaves_an_earlier_run_alone_if_the_new_one_fails(run, put, tmp_path) -> None:
    run(put("in.jsonl", lines_of(*GOOD)))
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    outcome = run(put("bad.jsonl", b"bad\n"), flags=["--force"])
    assert outcome.code == 2
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_run__refuses_a_file_or_a_link_as_output(run_cli, put, tmp_path) -> None:
    path = put("in.jsonl", lines_of(*GOOD))
    put("file", b"precious")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for where in ("file", "link", "file/below", path):
        assert run_cli("run", path, "-o", where, "--force", "--audit", "0").code == 2
    assert (tmp_path / "link").is_symlink()


def test_run__asks_for_an_output(run_cli, put) -> None:
    outcome = run_cli("run", put("in.jsonl", lines_of(*GOOD)))
    assert outcome.code == 2
    assert "-o" in outcome.said[0]


@pytest.mark.parametrize("name", ["out[bold]", "[/b]out"])
def test_run__takes_an_output_whose_name_looks_like_markup(run, put, tmp_path, name) -> None:
    outcome = run(put("in.jsonl", lines_of(*GOOD)), out=tmp_path / name)
    assert outcome.code == 0
    assert f"{tmp_path / name}/" in outcome.err.replace("\n", "")


def test_run__makes_the_folders_above_the_output(run, put, tmp_path) -> None:
    outcome = run(put("in.jsonl", lines_of(*GOOD)), out=tmp_path / "a/b/out")
    assert (outcome.code, len(outcome.ids)) == (0, 40)


def test_run__never_removes_what_stands_in_a_folder_named_for_the_work(run_cli, put, tmp_path) -> None:
    path = put("in/a.jsonl", lines_of(*GOOD))
    mine = put("scratch/precious.txt", b"precious")
    put("scratch/lock", b"mine too")
    put("scratch/deep/er.txt", b"precious")
    for work in ("scratch", "in", "."):
        outcome = run_cli("run", path, "-o", tmp_path / "out", "--audit", "0", "--work", work)
        assert outcome.code == 2
    assert mine.read_bytes() == b"precious"


def test_run__never_removes_arrays_of_others_in_a_folder_named_for_the_work(run_cli, put, tmp_path) -> None:
    path = put("in/a.jsonl", lines_of(*GOOD))
    mine = put("arrays/mine.npy", b"precious")
    outcome = run_cli("run", path, "-o", tmp_path / "out", "--audit", "0", "--work", "arrays")
    assert outcome.code == 2
    assert mine.read_bytes() == b"precious"


def test_dedupe__notices_a_file_that_grows_while_it_is_read(tmp_path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in GOOD))

    def grow(progress) -> None:
        if progress.stage == "read" and progress.done:
            with path.open("a") as file:
                file.write(json.dumps(rec(99)) + "\n")

    with pytest.raises(InputError, match="has changed"):
        dedupe(path, out=tmp_path / "out", on_progress=grow)


def test_dedupe__does_not_count_copies_of_two_references_as_missed(tmp_path) -> None:
    text = han(1, 300)
    lines = "".join(json.dumps({"text": t}) + "\n" for t in (text, text[:150] + text[151:]))
    for name in ("old.jsonl", "new.jsonl"):
        (tmp_path / name).write_text(lines)
    result = dedupe(tmp_path / "new.jsonl", against=[tmp_path / "old.jsonl"])
    assert result.summary["removed"] == 2
    assert result.summary["recall"]["recall"] == 1 and not result.summary["recall"]["missed"]


def test_dedupe__refuses_columns_that_are_no_strings() -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xf7\xff")])
    for table in (
        pa.table({"id": [{"a": 1}], "text": ["x"]}),
        pa.table({"text": broken}),
        pa.table([pa.array(["x"]), pa.array(["y"])], names=["text", "text"]),
    ):
        with pytest.raises(InputError, match="the column"):
            dedupe(table)


def test_run__uses_and_removes_a_work_folder_of_its_own(run, put, tmp_path) -> None:
    (tmp_path / "scratch").mkdir()
    outcome = run(put("in.jsonl", lines_of(*GOOD)), flags=["--work", "scratch/mine"])
    assert outcome.code == 0
    assert not (tmp_path / "scratch" / "mine").exists()


# -- encodings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "utf-8-sig", "utf-16-le+bom"])
def test_run__tells_the_encoding_of_a_text_file(run, put, encoding) -> None:
    text = han(1, 400)
    raw = b"\xff\xfe" + text.encode("utf-16-le") if "+" in encoding else text.encode(encoding)
    put("in/a.txt", raw)
    put("in/b.jsonl", lines_of({"id": "b", "text": text}, *GOOD))
    outcome = run("in")
    assert outcome.rejected == []
    assert [(r["id"], r["label"]) for r in outcome.rows("removed")] == [("b", "exact")]
    assert (outcome.folder / "kept/a.txt").read_bytes() == raw


def test_run__rejects_a_binary_file(run, put) -> None:
    put("in/a.txt", bytes(range(256)) * 40)
    put("in/b.jsonl", lines_of(*GOOD))
    outcome = run("in")
    assert [(f, n) for f, n, _ in outcome.rejected] == [("a.txt", None)]
    assert outcome.ids == [g["id"] for g in GOOD]


def test_run__keeps_gb18030_json_lines_byte_for_byte(run, put) -> None:
    lines = [json.dumps({"id": f"甲{i}", "text": han(i)}, ensure_ascii=False).encode("gb18030") for i in (0, 1, 2, 1)]
    bad = b'{"id": "x", "text": "\xff\xff"}'
    outcome = run(put("in.jsonl", lines_of(*lines, bad)), flags=["--encoding", "gb18030", "--write", "both"])
    assert outcome.ids == ["甲0", "甲1", "甲2", "甲1"]
    assert outcome.kept("in.jsonl") == lines_of(*lines[:3])
    assert outcome.removed("in.jsonl") == lines_of(lines[3], bad)
    assert [line for _, line, _ in outcome.rejected] == [5]
    assert "gb18030" in outcome.reasons[0], "the reason names the encoding that was tried"
    noted = (outcome.folder / "annotated/in.jsonl").read_bytes().splitlines()
    assert json.loads(noted[3].decode("gb18030"))["dedup"]["kept"] == "甲1"


def test_run__keeps_gb18030_csv_byte_for_byte(run, put) -> None:
    rows = [f'甲{i},"{han(i)}"' for i in (0, 1, 2, 1)]
    data = csv_of(*rows, head="编号,正文").decode().encode("gb18030")
    outcome = run(put("in.csv", data + b"x,\xff\xff\n"), flags=["--encoding", "gb18030", "--write", "both"])
    assert outcome.ids == ["甲0", "甲1", "甲2", "甲1"]
    head = "编号,正文\n".encode("gb18030")
    assert outcome.kept("in.csv") == head + "".join(row + "\n" for row in rows[:3]).encode("gb18030")
    assert outcome.removed("in.csv") == head + (rows[3] + "\n").encode("gb18030") + b"x,\xff\xff\n"
    assert [line for _, line, _ in outcome.rejected] == [6]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_run__hints_at_the_encoding_of_gb18030_data_read_as_utf8(run, put, kind) -> None:
    data = lines_of({"id": "1", "text": han(1)}) if kind == "jsonl" else csv_of("1," + han(1))
    outcome = run(put(f"in.{kind}", data.decode().encode("gb18030")))
    assert outcome.code == 2
    assert "--encoding" in outcome.said[0]


@pytest.mark.parametrize("kind", ["jsonl", "csv", "txt"])
@pytest.mark.parametrize("encoding", ["klingon", "base64"])
def test_run__refuses_an_unknown_encoding(run, put, kind, encoding) -> None:
    data = {"jsonl": lines_of(*GOOD), "csv": csv_of("1," + prose(1)), "txt": prose(1).encode()}[kind]
    outcome = run(put(f"in.{kind}", data), flags=["--encoding", encoding])
    assert outcome.code == 2
    assert "encoding" in outcome.said[0]


def test_run__annotates_with_an_id_that_the_encoding_cannot_hold(run, put) -> None:
    put("in/a.txt", prose(1).encode())
    (put("in/b.jsonl", b"").parent / "😀").mkdir()
    put("in/😀/a.jsonl", b'{"id": "\\ud83d\\ude00", "text": "%s"}\n' % prose(2).encode())
    put("in/😀/b.jsonl", b'{"id": "b", "text": "%s"}\n' % prose(2).encode())
    put("in/😀/c.csv", csv_of("c," + prose(2)))
    outcome = run("in", flags=["--encoding", "big5", "--write", "annotated"])
    assert outcome.code == 0
    note = json.loads((outcome.folder / "annotated/😀/b.jsonl").read_bytes().decode("big5"))["dedup"]
    assert note["kept"] == "😀"


# -- CSV and TSV -------------------------------------------------------------------------------------------------

ROWS = [f"d{i},{prose(i)}" for i in range(40)]


def test_run__reads_csv_with_quoted_line_ends_and_doubled_quotes(run, put) -> None:
    rows = [*ROWS, f'"a""b","{prose(1)}\n""x"", and\r\nmore"', 'e,""']
    outcome = run(put("in.csv", csv_of(*rows)))
    assert outcome.rejected == []
    assert outcome.ids[-2:] == ['a"b', "e"]
    assert [d["line"] for d in outcome.documents][-2:] == [42, 45]


CSV_FAULTS = {
    "too_few_fields": ("x", "1 fields where the header has 2"),
    "too_many_fields": ("x,abc,more", "3 fields where the header has 2"),
    "a_stray_quote_behind_a_closed_one": ('x,"abc"d', "not a record"),
}


@pytest.mark.parametrize("case", CSV_FAULTS)
@pytest.mark.parametrize("place", [0, 20, 40])
def test_run__rejects_one_bad_csv_record_and_keeps_the_rest(run, put, case, place) -> None:
    row, reason = CSV_FAULTS[case]
    outcome = run(put("in.csv", csv_of(*ROWS[:place], row, *ROWS[place:])))
    assert [(f, n) for f, n, _ in outcome.rejected] == [("in.csv", place + 2)]
    assert reason in outcome.reasons[0]
    assert outcome.ids == [f"d{i}" for i in range(40)]
    assert outcome.kept("in.csv") == csv_of(*ROWS)
    assert outcome.removed("in.csv") == csv_of(row)


def test_run__takes_a_quote_inside_an_unquoted_field_as_a_character(run, put) -> None:
    outcome = run(put("in.csv", csv_of(*ROWS, 'x,a 5" nail; and "so" on;"here', f"y,{prose(99)}")))
    assert (outcome.rejected, outcome.ids[-2:]) == ([], ["x", "y"])


def test_run__processes_the_rest_of_a_big_csv_after_a_stray_opening_quote(run, put) -> None:
    rows = [f"d{i},{prose(i, 30)}" for i in range(30_000)]
    rows[5000] = f'd5000,"{prose(5000, 30)}'
    outcome = run(put("in.csv", csv_of(*rows)))
    assert outcome.code == 0
    assert [(f, n) for f, n, _ in outcome.rejected] == [("in.csv", 5002)]
    assert outcome.ids == [f"d{i}" for i in range(30_000) if i != 5000]
    assert outcome.documents[-1]["line"] == 30_001


def test_run__closes_a_stray_opening_quote_at_a_later_quoted_field(run, put) -> None:
    rows = [*ROWS]
    rows[5] = f'd5,"{prose(5)}'
    rows[20] = f'd20,"{prose(20)}"'
    outcome = run(put("in.csv", csv_of(*rows)))
    assert [(f, n) for f, n, _ in outcome.rejected] == [("in.csv", 7)]
    assert outcome.ids == [f"d{i}" for i in range(40) if i != 5]


@pytest.mark.parametrize(("name", "mark"), [("in.csv", ";"), ("in.csv", "\t"), ("in.csv", "|"), ("in.tsv", "\t")])
def test_run__tells_the_delimiter(run, put, name, mark) -> None:
    data = csv_of(*[f"d{i}{mark}{prose(i)}{mark}x" for i in range(9)], head=f"id{mark}text{mark}more")
    outcome = run(put(name, data))
    assert (outcome.rejected, outcome.ids) == ([], [f"d{i}" for i in range(9)])


def test_run__exits_2_for_csv_with_nothing_but_a_header(run, put) -> None:
    outcome = run(put("in.csv", b"id,text\n"))
    assert outcome.code == 2
    put("in.jsonl", lines_of(*GOOD))
    among = run("in.csv", "in.jsonl")
    assert (among.code, len(among.ids), among.rejected) == (0, 40, [])


def test_run__rejects_csv_whose_header_names_a_column_twice(run, put) -> None:
    outcome = run(put("in.csv", csv_of(*[f"{r},x" for r in ROWS], head="id,text,text")))
    assert outcome.code == 2
    assert "stands twice in the header" in outcome.said[0]


def test_run__reads_csv_with_byte_order_mark_and_crlf(run, put) -> None:
    data = b"\xef\xbb\xbf" + csv_of(*ROWS, ROWS[3], end="\r\n")
    outcome = run(put("in.csv", data))
    assert (outcome.rejected, outcome.ids) == ([], [*[f"d{i}" for i in range(40)], "d3"])
    assert outcome.kept("in.csv") == b"\xef\xbb\xbf" + csv_of(*ROWS, end="\r\n")
    assert outcome.removed("in.csv") == b"\xef\xbb\xbf" + csv_of(ROWS[3], end="\r\n")


def test_run__rejects_csv_with_lone_carriage_returns_as_line_ends(run, put) -> None:
    put("in/a.csv", csv_of(*ROWS, end="\r"))
    put("in/b.jsonl", lines_of(*GOOD))
    outcome = run("in")
    assert outcome.code == 0
    assert "a.csv" in {f for f, _, _ in outcome.rejected}
    assert outcome.ids == [g["id"] for g in GOOD]


def test_run__rejects_a_record_torn_by_a_lone_carriage_return_as_a_whole(run, put) -> None:
    outcome = run(put("in.csv", csv_of(*ROWS[:20], "x,ab\rcd", *ROWS[20:])))
    assert [(f, n) for f, n, _ in outcome.rejected] == [("in.csv", 22)]
    assert outcome.ids == [f"d{i}" for i in range(40)]


def test_run__reads_tsv_rows_with_an_empty_last_field(run, put) -> None:
    data = csv_of(*[f"d{i}\t{prose(i)}\t" for i in range(40)], head="id\ttext\tmore")
    outcome = run(put("in.tsv", data), flags=["--write", "both"])
    assert (outcome.rejected, len(outcome.ids)) == ([], 40)
    noted = (outcome.folder / "annotated/in.tsv").read_bytes().decode().splitlines()
    assert {line.count("\t") for line in noted} == {7}
    assert noted[1].split("\t")[2] == ""


def test_run__rejects_invalid_utf8_in_csv(run, put) -> None:
    outcome = run(put("in.csv", csv_of(*ROWS[:20]) + b"x,ab\xff\n" + csv_of(*ROWS[20:])[8:]))
    assert [(f, n) for f, n, _ in outcome.rejected] == [("in.csv", 22)]
    assert len(outcome.ids) == 40


# -- stdin -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_run__reads_stdin(run, ending) -> None:
    outcome = run("-", stdin=squeeze(lines_of(*GOOD, GOOD[0], b"bad"), ending))
    assert outcome.code == 0
    assert outcome.ids == [g["id"] for g in [*GOOD, GOOD[0]]]
    name = f"stdin.jsonl{ending}"
    assert outcome.kept(name) == lines_of(*GOOD)
    assert outcome.removed(name) == lines_of(GOOD[0], b"bad")


def test_run__reads_stdin_beside_files(run, put) -> None:
    outcome = run("-", put("in.jsonl", lines_of(*GOOD[:20])), stdin=lines_of(*GOOD))
    assert (len(outcome.ids), outcome.summary["exact"]) == (60, 20)


def test_run__reads_stdin_beside_a_file_of_the_name_it_gets(run, put) -> None:
    outcome = run("-", put("stdin.jsonl", lines_of(*GOOD[:20], b"bad")), stdin=lines_of(*GOOD[10:]))
    assert (outcome.code, len(outcome.ids), outcome.summary["exact"]) == (0, 50, 10)
    written = b"".join(p.read_bytes() for p in sorted((outcome.folder / "kept").rglob("*.jsonl")))
    assert sorted(written.splitlines()) == sorted(lines_of(*GOOD).splitlines())


def test_run__exits_2_for_empty_stdin_and_leaves_nothing(run) -> None:
    outcome = run("-", stdin=b"")
    assert outcome.code == 2
    assert "empty" in outcome.said[0]


# -- settings ----------------------------------------------------------------------------------------------------

BAD_VALUES = {
    "threshold": ["0", "1.5", "-1", "nan", "abc"],
    "recall": ["0", "1", "x"],
    "n": ["0", "65", "1.5"],
    "k": ["100", "8", "8192"],
    "bands": ["5", "-1"],
    "seed": ["-1", "4294967296", "99999999999999999999999"],
    "audit": ["-1"],
    "threads": ["-1", "1000"],
    "tokens": ["letters"],
    "write": ["everything"],
    "keep": ["newest", "order:x", "first:x", "best", "order:=a", "newest:"],
}


@pytest.mark.parametrize(("option", "value"), [(o, v) for o, values in BAD_VALUES.items() for v in values])
def test_run__refuses_a_value_out_of_range_in_one_line(run_cli, put, option, value) -> None:
    flag = f"-{option}" if len(option) == 1 else f"--{option}"
    path = put("in.jsonl", lines_of(*GOOD))
    outcome = run_cli("run", path, "-o", "out", *([flag, value] if len(option) == 1 else [f"{flag}={value}"]))
    assert outcome.code == 2
    assert option in outcome.said[0]
    assert not outcome.folder.exists()


@pytest.mark.parametrize("arguments", [["--unknown"], ["--threshold"]])
def test_run__refuses_unknown_options_in_one_line(run_cli, put, arguments) -> None:
    assert run_cli("run", put("in.jsonl", lines_of(*GOOD)), "-o", "out", *arguments).code == 2


def test_run__refuses_more_bands_than_values(run_cli, put) -> None:
    path = put("in.jsonl", lines_of(*GOOD))
    assert run_cli("run", path, "-o", "out", "--bands", "100", "--rows", "100").code == 2


CONFIGS = {
    "an_unknown_key.toml": ("treshold = 0.5\n", "treshold is no setting"),
    "a_wrong_type.toml": ('threshold = "0.5"\n', "threshold"),
    "a_truth_value.toml": ("n = true\n", "n = True"),
    "against_is_text.toml": ('against = "old.jsonl"\n', "against"),
    "against_holds_numbers.toml": ("against = [1, 2]\n", "against"),
    "broken.toml": ("threshold = = 1\n", "cannot be read as settings"),
    "binary.toml": ("\udcff\udcfe", "cannot be read as settings"),
    "broken.json": ("{", "cannot be read as settings"),
    "a_list.json": ("[]", "holds no settings"),
    "a_config_that_is_a_list.json": ('{"config": []}', "holds no settings"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_run__refuses_a_settings_file_with(run, put, name) -> None:
    content, message = CONFIGS[name]
    config = put(name, content.encode(errors="surrogateescape"))
    outcome = run(put("in.jsonl", lines_of(*GOOD)), flags=["--config", config])
    assert outcome.code == 2
    assert message in outcome.said[0]


def test_run__refuses_a_missing_settings_file(run, put) -> None:
    assert run(put("in.jsonl", lines_of(*GOOD)), flags=["--config", "no.toml"]).code == 2


def test_run__takes_settings_of_a_file_a_flag_before_them(run, put) -> None:
    config = put("c.toml", b'threshold = 0.5\nseed = 7\nkeep = "longest"\n')
    outcome = run(put("in.jsonl", lines_of(*GOOD)), flags=["--config", config, "--seed", "9"])
    assert [outcome.run["config"][name] for name in ("threshold", "seed", "keep")] == [0.5, 9, "longest"]


def test_run__takes_run_json_of_an_earlier_run(run, put, tmp_path) -> None:
    path = put("in.jsonl", lines_of(*GOOD))
    first = run(path, out=tmp_path / "first", flags=["--threshold", "0.8", "--keep", "longest"])
    second = run(path, flags=["--config", first.folder / "run.json"])
    assert second.run["config"] == first.run["config"]


# -- rules -------------------------------------------------------------------------------------------------------


def test_run__never_writes_references_and_keeps_theirs(run, put) -> None:
    put("old/r.jsonl", lines_of(*[{**GOOD[i], "id": f"old{i}"} for i in (0, 1)], {"id": "o", "text": prose(1)}))
    outcome = run(put("new.jsonl", lines_of(*GOOD[:5])), flags=["--against", "old"])
    assert [(r["id"], r["kept_id"]) for r in outcome.rows("removed")] == [("d0", "old0"), ("d1", "old1")]
    assert outcome.kept("new.jsonl") == lines_of(*GOOD[2:5])
    assert not list(outcome.folder.rglob("r.jsonl"))
    assert (outcome.summary["documents"], outcome.summary["references"]) == (5, 3)


def test_run__tells_a_reference_from_an_input_of_the_same_name(run, put) -> None:
    put("old/a.jsonl", lines_of(b"bad", *[{**g, "id": "old" + g["id"]} for g in GOOD[:3]]))
    put("new/a.jsonl", lines_of(*GOOD[:5], b"worse"))
    outcome = run("new/a.jsonl", flags=["--against", "old/a.jsonl", "--write", "both"])
    assert outcome.kept("a.jsonl") == lines_of(*GOOD[3:5])
    assert outcome.removed("a.jsonl") == lines_of(*GOOD[:3], b"worse")
    noted = (outcome.folder / "annotated/a.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["dedup"]["kept"] for line in noted[:5]] == ["oldd0", "oldd1", "oldd2", "d3", "d4"]


def test_run__compares_only_equal_values_of_the_field_named_within(run, put) -> None:
    records = [{"id": f"{site}{i}", "site": site, "text": prose(0)} for i in range(2) for site in ("a", "b")]
    records += [{"id": "none", "text": prose(0)}, {"id": "7", "site": 7, "text": prose(0)}]
    outcome = run(put("in.jsonl", lines_of(*records)), flags=["--within", "site"])
    assert outcome.rejected == []
    assert sorted((r["id"], r["kept_id"]) for r in outcome.rows("removed")) == [("a1", "a0"), ("b1", "b0")]


KEPT = {"first": "a", "longest": "c", "newest:at": "b", "order:site=z,y": "b", "cleanest": "a"}


@pytest.mark.parametrize("rule", KEPT)
def test_run__keeps_the_copy_that_the_rule_asks_for(run, put, rule) -> None:
    base = prose(3, 120)
    records = [
        {"id": "a", "site": "x", "at": "2020-01-02", "text": base},
        {"id": "b", "site": "z", "at": "2023年5月1日", "text": "\ufffd" + base + "\ufffd\ufffd"},
        {"id": "c", "site": "y", "at": "2021-01-01", "text": base + " dadada lululu \ufffd"},
    ]
    outcome = run(put("in.jsonl", lines_of(*records)), flags=["--keep", rule])
    assert [json.loads(line)["id"] for line in outcome.kept("in.jsonl").splitlines()] == [KEPT[rule]]


def test_dedupe__gives_the_command_s_result_in_process(run, put) -> None:
    path = put("in.jsonl", lines_of(*GOOD, GOOD[3], b"bad"))
    outcome = run(path)
    result = dedupe(path, Config(audit=0))
    assert result.documents.to_pylist() == outcome.documents
    assert result.rejected.to_pylist() == outcome.rows("rejected")


def test_compare__says_what_is_wrong_in_one_line(run_cli, put) -> None:
    put("a.txt", prose(1).encode())
    put("b.txt", bytes(range(256)))
    assert run_cli("compare", "a.txt", "missing.txt").code == 2
    assert run_cli("compare", "a.txt", "b.txt").code == 2
    assert run_cli("compare", "a.txt", ".").code == 2
    assert run_cli("compare", "a.txt", "a.txt", "--threshold", "7").code == 2
    assert run_cli("compare", "a.txt", "a.txt", "--encoding", "klingon").code == 2
    assert run_cli("compare", "a.txt", "a.txt", "--json").code == 0


def test_bounds__says_what_is_wrong_in_one_line(run_cli) -> None:
    assert run_cli("bounds", "--documents", "0").code == 2
    assert run_cli("bounds", "--k", "17").code == 2
    assert run_cli("bounds", "--json").code == 0
