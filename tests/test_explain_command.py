"""`dedup explain OUT A B` and `dedup compare A B`: why two documents are linked or not, on the screen and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len

import dedup
from tests.conftest import han, lines_of, prose, squeeze

BASE = han(1, 400)
NEAR = BASE[:100] + "改了几个字" + BASE[105:300] + BASE[310:]
FILLED = "全县农村社区建设工作汇报：{}年投入资金{}万元，建成社区{}个，受益群众{}人，各项工作取得明显成效。"
RECORDS = [
    {"id": "a-1", "text": BASE, "site": "x"},
    {"id": "a-2", "text": NEAR, "site": "y"},
    {"id": "a-3", "text": BASE + "。", "site": "x"},
    {"id": "b-1", "text": FILLED.format(2023, 3.5, 12, 5600), "site": "x"},
    {"id": "b-2", "text": FILLED.format(2021, 80, 7, 9600), "site": "x"},
    {"id": "c", "text": prose(7), "site": "x"},
    {"id": "empty", "text": "。", "site": "x"},
]


@pytest.fixture
def explained(run_cli, tmp_path: Path) -> Any:
    """``dedup explain out A B --json``, parsed."""

    def call(a: str, b: str) -> dict[str, Any]:
        outcome = run_cli("explain", tmp_path / "out", a, b, "--json")
        assert outcome.code == 0, outcome.err
        return json.loads(outcome.out)

    return call


def test_explain__tells_what_the_run_decided_and_why(run, put, explained) -> None:
    run(put("in.jsonl", lines_of(*RECORDS)))
    near = explained("a-1", "a-2")
    assert near["label"] == "near" and near["linked"] and near["candidate"].startswith("exactly: they share")
    assert near["a"]["kept"] == near["b"]["kept"] == "a-1" and near["a"]["label"] == "" and near["b"]["label"] == "near"
    assert near["a"]["cluster"] == near["b"]["cluster"] == 0
    assert [part["text_b"] for part in near["parts"]] == ["改了几个字", ""]
    exact = explained("a-1", "a-3")
    assert exact["label"] == "exact" and exact["parts"] == [] and "equal texts" in exact["candidate"]
    filled = explained("b-1", "b-2")
    assert filled["label"] == "templated" and filled["pattern_similarity"] == 1 and not filled["linked"]
    nothing = explained("a-1", "c")
    assert nothing["label"] == "" and "share none of" in nothing["candidate"] and not nothing["linked"]
    assert "without a letter" in explained("a-1", "empty")["candidate"]
    assert "one document" in explained("c", "c")["candidate"]


def test_explain__shows_people_the_same(run, run_cli, put, tmp_path: Path) -> None:
    run(put("in.jsonl", lines_of(*RECORDS)))
    shown = run_cli("explain", tmp_path / "out", "a-1", "a-2")
    assert shown.code == 0 and not shown.err
    assert re.search(r"^A +a-1  \(in\.jsonl:1\)$", shown.out, re.MULTILINE)
    assert re.search(r"^label +near: ", shown.out, re.MULTILINE)
    assert "{+改了几个字+}" in shown.out and "equal tokens …" in shown.out
    assert "fate of B    cluster 0; removed as near, kept is a-1" in shown.out
    assert shown.out.rstrip().endswith("What to do: near copies are removed; --remove exact keeps them.")
    same = run_cli("explain", tmp_path / "out", "a-1", "a-3")
    assert "no token differs" in same.out


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_explain__keeps_to_the_width_of_the_screen(
    run, run_cli, put, tmp_path: Path, monkeypatch, columns: int
) -> None:
    run(put("in.jsonl", lines_of(*RECORDS)))
    monkeypatch.setenv("COLUMNS", str(columns))
    out = run_cli("explain", tmp_path / "out", "a-1", "a-2").out
    rows = [line for line in out.splitlines() if "│" in line]
    assert rows and max(map(cell_len, rows)) <= max(columns, 60)


def test_explain__is_in_colour_where_the_terminal_is(run, run_cli, put, tmp_path: Path, monkeypatch) -> None:
    run(put("in.jsonl", lines_of(*RECORDS)))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert "\x1b" not in run_cli("explain", tmp_path / "out", "a-1", "a-2").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = run_cli("explain", tmp_path / "out", "a-1", "a-2").out
    assert "\x1b[" in coloured and "{+" not in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "{+" in run_cli("explain", tmp_path / "out", "a-1", "a-2").out


def test_explain__names_the_closest_of_unknown_identifiers(run, run_cli, put, tmp_path: Path) -> None:
    run(put("in.jsonl", lines_of(*RECORDS)))
    outcome = run_cli("explain", tmp_path / "out", "a1", "c")
    assert outcome.code == 2 and len(outcome.said) == 1 and "'a-1'" in outcome.said[0]
    assert run_cli("explain", tmp_path / "out", "in.jsonl:99", "c").code == 2
    assert run_cli("explain", tmp_path / "out", "", "c").code == 2


def test_explain__takes_the_first_of_equal_identifiers_and_says_so(
    run, run_cli, put, explained, tmp_path: Path
) -> None:
    run(put("in.jsonl", lines_of(*({**record, "id": "same"} for record in RECORDS))))
    outcome = run_cli("explain", tmp_path / "out", "same", "in.jsonl:2", "--json")
    assert outcome.code == 0 and len(outcome.said) == 1 and "stands 7 times; in.jsonl:1 is taken" in outcome.said[0]
    assert json.loads(outcome.out)["label"] == "near"
    assert explained("in.jsonl:4", "in.jsonl:5")["label"] == "templated"


def test_explain__refuses_what_is_no_run_folder(run_cli, put, tmp_path: Path) -> None:
    put("notes.txt", b"mine")
    for folder in (tmp_path, tmp_path / "nothing"):
        outcome = run_cli("explain", folder, "a", "b")
        assert outcome.code == 2 and len(outcome.said) == 1 and "run folder" in outcome.said[0]


def test_explain__says_that_the_input_has_changed_or_is_gone(run, run_cli, put, tmp_path: Path) -> None:
    path = put("in.jsonl", lines_of(*RECORDS))
    run(path)
    path.write_bytes(lines_of(*RECORDS[::-1]))
    outcome = run_cli("explain", tmp_path / "out", "a-1", "c")
    assert outcome.code == 2 and len(outcome.said) == 1 and "has changed" in outcome.said[0]
    path.unlink()
    outcome = run_cli("explain", tmp_path / "out", "a-1", "c")
    assert outcome.code == 2 and len(outcome.said) == 1 and "cannot be read any more" in outcome.said[0]


def test_explain__reads_every_format(run, put, explained, tmp_path: Path) -> None:
    lines = lines_of(*RECORDS)
    put("set/a.jsonl", lines)
    put("set/b.jsonl.gz", squeeze(lines.replace(b'"a-', b'"z-'), ".gz"))
    put("set/c.csv", b"id,text,site\n" + f'q-1,"{BASE}\n完",x\n'.encode())
    put("set/d.txt", (NEAR + "\n另一行").encode("gb18030"))
    pq.write_table(pa.Table.from_pylist([{"id": "p-1", "text": NEAR, "site": "x"}]), tmp_path / "set" / "e.parquet")
    run(tmp_path / "set")
    for one in ("a-1", "z-2", "q-1", "d.txt", "p-1"):
        assert explained(one, "a-2")["label"] in ("near", "exact"), one


def test_explain__knows_references_and_what_within_keeps_apart(run, put, explained) -> None:
    old = put("old.jsonl", lines_of(RECORDS[0], {**RECORDS[1], "id": "a-9"}))
    run(put("in.jsonl", lines_of(*RECORDS[1:])), flags=["--against", str(old), "--within", "site"])
    assert "--within site keeps 'x' and 'y' apart" in explained("a-1", "a-2")["candidate"]
    both = explained("a-1", "a-9")
    assert both["a"]["reference"] and both["candidate"].startswith("never")
    assert explained("a-3", "a-1")["a"]["kept"] == "a-1"


def test_explain__finds_texts_that_were_in_memory(explained, tmp_path: Path) -> None:
    result = dedup.dedupe([(record["id"], record["text"]) for record in RECORDS], dedup.Config(audit=0))
    result.save(tmp_path / "out")
    assert explained("a-2", "a-1")["label"] == "near"
    assert explained("c", "b-2")["label"] == ""


FILLER = "本站所有资料均由网友上传，如有疑问请联系管理员处理\n"


def test_explain__leaves_out_the_lines_that_the_run_set_aside(run, put, explained) -> None:
    bodies = [[han(10 * i + j, 80) + "\n" for j in range(6)] for i in range(12)]
    pages = ["".join([*body[: i % 5], FILLER, *body[i % 5 :]]) for i, body in enumerate(bodies)]
    pages.append("".join(bodies[0]))
    lines = lines_of(*({"id": f"p{i}", "text": text, "site": "x"} for i, text in enumerate(pages)))
    run(put("in.jsonl", lines), flags=["--boilerplate", "auto", "--source", "site"])
    why = explained("p0", "p12")
    assert why["label"] == "exact" and why["candidate"].startswith("equal texts")
    assert why["boilerplate_a"] == [[0, len(FILLER)]] and why["boilerplate_b"] == []
    assert [(part["kind"], part["text_a"]) for part in why["parts"]] == [("boilerplate", FILLER.rstrip())]
    assert explained("p1", "p2")["label"] == "boilerplate"


def test_explain__knows_the_pieces_of_a_page(run, run_cli, put, tmp_path: Path) -> None:
    texts = [han(i, 300) for i in range(3)]
    page = "".join(f"社区工作汇报篇{number}\n{text}\n" for number, text in zip("一二三", texts, strict=True))
    put("set/page.txt", page.encode())
    put("set/alone.txt", texts[1].encode())
    run(tmp_path / "set", flags=["--unit", "piece"])
    outcome = run_cli("explain", tmp_path / "out", "alone.txt", "page.txt#2", "--json")
    why = json.loads(outcome.out)
    assert why["label"] in ("near", "exact") and why["linked"]
    assert page[why["b"]["start"] : why["b"]["end"]].startswith("社区工作汇报篇二")
    unnamed = run_cli("explain", tmp_path / "out", "alone.txt", "page.txt")
    assert unnamed.code == 2 and "3 pieces" in unnamed.said[0]


# -- compare -----------------------------------------------------------------------------------------------------


def test_compare__explains_two_files(run_cli, put) -> None:
    put("a.txt", BASE.encode())
    put("b.txt", NEAR.encode("gb18030"))
    values = json.loads(run_cli("compare", "a.txt", "b.txt", "--json").out)
    assert values["label"] == "near" and values["parts"] and 0.7 < values["similarity"] < 1
    shown = run_cli("compare", "a.txt", "b.txt").out
    assert "A            a.txt" in shown and "{+改了几个字+}" in shown and "What to do" in shown


@pytest.mark.parametrize("text", ["", "。", "中" * 300_000, "a\x1b[2Jb"])
def test_compare__bears_any_text(run_cli, put, text: str) -> None:
    put("a.txt", text.encode())
    put("b.txt", (text[:-1] + "尾").encode())
    outcome = run_cli("compare", "a.txt", "b.txt")
    assert outcome.code == 0 and len(outcome.out) < 5000 and "\x1b" not in outcome.out
