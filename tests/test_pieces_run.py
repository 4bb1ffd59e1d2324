"""Whole runs with `--unit piece`: pages are cut into their texts, and no byte of a page gets lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedup
from dedup import Config, Result
from dedup.tables import PAGES, PIECES
from tests.conftest import Outcome, expand, han, lines_of, prose, rejoin, squeeze

NUMERALS = "一二三四五六七八九十"
PIECE = ["--unit", "piece"]


def body(seed: int, paragraphs: int = 4) -> str:
    """Some paragraphs unlike those of every other seed."""
    return "".join(f"{han(1000 * seed + i, 90)}。\n" for i in range(paragraphs))


def page(*texts: str | int, title: str = "工作汇报") -> str:
    """A page that collects texts, each below a heading with its number."""
    bodies = [body(text) if isinstance(text, int) else text for text in texts]
    return "".join(f"{title}篇{NUMERALS[i]}\n{text}" for i, text in enumerate(bodies))


def edited(seed: int) -> str:
    """The text of a seed with other characters here and there."""
    text = body(seed)
    return text[:40] + "兀" + text[41:170] + "兀兀" + text[172:]


# Five pages: one text again under another heading, a page all of whose texts stand before, a single text.
TEXTS = {
    "a": page(1, 2, 3),
    "b": page(4, edited(2), 5, title="学习材料"),
    "c": page(3, 1),
    "d": body(6),
    "e": "一行",
}


def records(texts: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
    return [{"id": name, "text": text, **more} for name, text in (texts or TEXTS).items()]


def compositions(outcome: Outcome) -> dict[str, tuple[int, int, str]]:
    return {row["page"]: (row["pieces"], row["kept"], row["composition"]) for row in outcome.rows("pages")}


def kept_as(result: Result) -> dict[str, str]:
    rows = result.pieces.to_pylist()
    return {f"{row['page']}#{row['number']}": row["kept_as"] for row in rows}


# -- the tables --------------------------------------------------------------------------------------------------


def test_pieces__stand_in_order_and_together_are_their_pages(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=PIECE)
    rows = outcome.rows("pieces")
    assert list(rows[0]) == PIECES.names and list(outcome.rows("pages")[0]) == PAGES.names
    for name, text in TEXTS.items():
        mine = [row for row in rows if row["page"] == name]
        assert [row["number"] for row in mine] == list(range(1, len(mine) + 1))
        assert [row["start"] for row in mine] == [0, *(row["end"] for row in mine[:-1])]
        assert mine[-1]["end"] == len(text)
        starts = [text.index(f"篇{NUMERALS[i]}\n") for i in range(len(mine))] if len(mine) > 1 else []
        assert all(row["start"] <= at < row["end"] for row, at in zip(mine, starts, strict=False))
    assert compositions(outcome) == {
        "a": (3, 3, "A + B + C"),
        "b": (3, 2, "A + B + C"),
        "c": (2, 0, "A + B"),
        "d": (1, 1, "A"),
        "e": (1, 1, "A"),
    }


def test_pieces__say_what_they_are_kept_as_and_why(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=PIECE)
    rows = {f"{row['page']}#{row['number']}": row for row in outcome.rows("pieces")}
    assert rows["b#2"]["kept_as"] == "a#2" and rows["b#2"]["label"] == "near"
    assert 0.7 < rows["b#2"]["similarity"] < 1
    assert (rows["c#1"]["kept_as"], rows["c#2"]["kept_as"]) == ("a#3", "a#1")
    assert (rows["a#1"]["kept_as"], rows["a#1"]["label"], rows["a#1"]["similarity"]) == ("a#1", None, 1)
    removed = {row["id"]: row["kept_id"] for row in outcome.rows("removed")}
    assert removed == {"b#2": "a#2", "c#1": "a#3", "c#2": "a#1"}
    documents = {row["id"]: row for row in outcome.documents}
    for name, row in rows.items():
        assert documents[name]["label"] == row["label"]
        assert documents[documents[name]["page"] + "#1"]["piece"] == 1
    assert outcome.summary["records"] == 5 and outcome.summary["documents"] == len(rows) == 10


def test_compositions__name_equal_texts_by_one_letter_and_near_ones_with_a_prime() -> None:
    again = page(1, 2, 1, edited(1), 3, 3)
    result = dedup.dedupe([again], Config(unit="piece", audit=0))
    [row] = result.pages.to_pylist()
    # Headings belong to their pieces and count upwards, so no two pieces of one page are exactly equal.
    assert row["composition"] == "A + B + A' + A' + C + C'"
    assert (row["pieces"], row["kept"]) == (6, 3)


# -- the collection ----------------------------------------------------------------------------------------------


def test_run__keeps_every_page_of_which_a_piece_is_kept_unchanged(run: Callable, put: Callable) -> None:
    path = put("a.jsonl", lines_of(*records()))
    outcome = run(path, flags=PIECE)
    lines = path.read_bytes().splitlines(keepends=True)
    assert outcome.kept("a.jsonl") == b"".join(lines[i] for i in (0, 1, 3, 4))
    assert outcome.removed("a.jsonl") == lines[2]


@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".bz2"])
def test_run__kept_and_removed_are_the_input(run: Callable, put: Callable, ending: str) -> None:
    data = lines_of(*records()[:2], b"bad", *records()[2:])
    path = put(f"a.jsonl{ending}", squeeze(data, ending))
    outcome = run(path, flags=PIECE)
    kept, removed = (side(f"a.jsonl{ending}").splitlines() for side in (outcome.kept, outcome.removed))
    assert sorted(kept + removed) == sorted(data.splitlines())
    assert {json.loads(line)["id"] for line in kept} == {"a", "b", "d", "e"}
    assert outcome.rejected == [(f"a.jsonl{ending}", 3, outcome.reasons[0])]


def test_run__reads_csv_parquet_text_files_and_standard_input_alike(
    run: Callable, put: Callable, tmp_path: Path
) -> None:
    wanted = compositions(run(put("in/a.jsonl", lines_of(*records())), flags=PIECE, out=tmp_path / "jsonl"))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([["id", "text"], *TEXTS.items()])
    path = put("in/b.csv", buffer.getvalue().encode())
    outcome = run(path, flags=PIECE, out=tmp_path / "csv")
    assert compositions(outcome) == wanted
    header = len(b"id,text\r\n")
    # A record of several lines in a CSV file is told by its page's line.
    whole = [row for row in outcome.documents if row["piece"] == 1]
    assert [row["line"] for row in whole] == [row["line"] for row in outcome.rows("pages")]
    assert len(outcome.kept("b.csv")) + len(outcome.removed("b.csv")) == len(path.read_bytes()) + header
    pq.write_table(pa.table({"id": list(TEXTS), "text": list(TEXTS.values())}), tmp_path / "in/c.parquet")
    outcome = run(tmp_path / "in/c.parquet", flags=PIECE, out=tmp_path / "parquet")
    assert compositions(outcome) == wanted
    assert pq.read_table(outcome.folder / "kept/c.parquet").column("id").to_pylist() == ["a", "b", "d", "e"]
    assert pq.read_table(outcome.folder / "removed/c.parquet").column("id").to_pylist() == ["c"]
    for name, text in TEXTS.items():
        put(f"texts/{name}.txt", text.encode("gb18030" if name == "c" else "utf-8"))
    outcome = run(tmp_path / "texts", flags=PIECE, out=tmp_path / "text")
    assert compositions(outcome) == {f"{name}.txt": row for name, row in wanted.items()}
    assert {path.name for path in (outcome.folder / "kept").iterdir()} == {"a.txt", "b.txt", "d.txt", "e.txt"}
    assert (outcome.folder / "removed/c.txt").read_bytes() == (tmp_path / "texts/c.txt").read_bytes()
    outcome = run("-", flags=PIECE, stdin=lines_of(*records()), out=tmp_path / "stdin")
    assert compositions(outcome) == wanted


def test_dedupe__takes_tables_pairs_and_lists_alike(tmp_path: Path) -> None:
    config = Config(unit="piece", audit=0)
    texts = list(TEXTS.values())
    listed = dedup.dedupe(texts, config)
    table = dedup.dedupe(pa.table({"id": list(TEXTS), "text": texts}), config)
    pairs = dedup.dedupe(iter(TEXTS.items()), config)
    assert table.pieces.equals(pairs.pieces) and table.pages.equals(pairs.pages)
    assert listed.pages.column("composition").equals(table.pages.column("composition"))
    folder = table.save(tmp_path / "out")
    again = Result.open(folder)
    assert again.pieces.equals(table.pieces) and again.pages.equals(table.pages)
    kept = [json.loads(line) for line in (folder / "kept/texts.jsonl").read_text("utf-8").splitlines()]
    assert kept == [record for record in records() if record["id"] != "c"]


def test_pieces__of_texts_with_a_null_among_them_are_those_of_their_records(tmp_path: Path) -> None:
    texts = [TEXTS["a"], None, TEXTS["c"], TEXTS["d"]]
    result = dedup.dedupe(
        pa.table({"id": ["a", "n", "c", "d"], "text": texts}), Config(unit="piece", audit=0, cut=True)
    )
    assert result.pages.column("page").to_pylist() == ["a", "c", "d"]
    folder = result.save(tmp_path / "out")
    kept = [json.loads(line) for line in (folder / "kept/texts.jsonl").read_text("utf-8").splitlines()]
    assert kept == [{"id": "a", "text": TEXTS["a"]}, {"id": "d", "text": TEXTS["d"]}]
    assert Result.open(folder).at(0.9).pages.equals(result.at(0.9).pages)


def test_pieces__are_the_same_with_other_line_ends(run: Callable, put: Callable, tmp_path: Path) -> None:
    plain = run(put("in/a.jsonl", lines_of(*records())), flags=PIECE, out=tmp_path / "plain")
    changed = {name: text.replace("\n", "\r\n") for name, text in TEXTS.items()}
    other = run(put("in/b.jsonl", lines_of(*records(changed))), flags=PIECE, out=tmp_path / "other")
    assert compositions(other) == compositions(plain)
    for row in other.rows("pieces"):
        assert row["end"] == len(changed[row["page"]]) or changed[row["page"]][row["end"] - 1] == "\n"
    mixed = run(tmp_path / "in", flags=PIECE, out=tmp_path / "mixed")
    assert {row["label"] for row in mixed.rows("pieces") if row["page"] == "a"} == {None, "exact"}
    assert mixed.summary["kept"] == plain.summary["kept"]


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n\n", " ", "。", "\r\n", "工作汇报篇一", "工作汇报篇一\n工作汇报篇二\n"]
)
def test_run__takes_pages_with_nothing_on_them(run: Callable, put: Callable, text: str) -> None:
    path = put("a.jsonl", lines_of(*records({"x": text, "a": TEXTS["a"], "y": text})))
    outcome = run(path, flags=[*PIECE, "--passages", "--cut", "--boilerplate", "auto"])
    assert outcome.code == 0, outcome.err
    sizes = {row["page"]: row["end"] for row in outcome.rows("pieces")}
    assert sizes["x"] == len(text) and sizes["a"] == len(TEXTS["a"])
    assert rejoin(outcome, path, "a.jsonl") == path.read_bytes()


def test_run__takes_a_collection_of_nothing_but_empty_pages(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records({"x": "", "y": ""}))), flags=[*PIECE, "--passages", "--cut"])
    assert outcome.code == 0
    assert compositions(outcome) == {"x": (1, 1, "A"), "y": (1, 1, "A")}
    assert outcome.rows("passages") == [] and outcome.rows("cuts") == []


# -- settings ----------------------------------------------------------------------------------------------------


def test_against__a_page_of_known_pieces_is_removed_and_old_pages_are_never_written(
    run: Callable, put: Callable
) -> None:
    old = put("old.jsonl", lines_of(*records({"old": page(3, 9, 1)})))
    new = put("new.jsonl", lines_of(*records()))
    outcome = run(new, flags=[*PIECE, "--against", old])
    assert {row["page"] for row in outcome.rows("pages")} == set(TEXTS), "old pages are not told"
    assert {row["page"] for row in outcome.rows("pieces")} == set(TEXTS)
    assert compositions(outcome)["a"][1] == 1 and compositions(outcome)["c"][1] == 0
    kept = {row["page"] + f"#{row['number']}": row["kept_as"] for row in outcome.rows("pieces")}
    assert (kept["a#1"], kept["a#3"], kept["c#1"], kept["c#2"]) == ("old#3", "old#1", "old#1", "old#3")
    assert not (outcome.folder / "kept/old.jsonl").exists()
    assert outcome.summary["references"] == 3


def test_within__compares_pieces_of_one_value_only() -> None:
    table = pa.table({"id": ["a", "b", "c"], "text": [page(1, 2), page(1, 2), page(2, 1)], "site": ["x", "y", "x"]})
    kept = kept_as(dedup.dedupe(table, Config(unit="piece", within="site", audit=0)))
    assert kept == {"a#1": "a#1", "a#2": "a#2", "b#1": "b#1", "b#2": "b#2", "c#1": "a#2", "c#2": "a#1"}


def test_keep__decides_by_the_piece_and_its_record() -> None:
    longer = body(1) + han(77, 12) + "。\n"
    damaged = body(1)[:60] + "??h" + body(1)[60:]
    table = pa.table(
        {
            "id": ["a", "b", "c"],
            "text": [page(damaged, 2), page(longer, 3), page(1, 4)],
            "date": ["2020-01-01", "2021-01-01", "2022-01-01"],
        }
    )
    wanted = {"first": "a#1", "longest": "b#1", "newest:date": "c#1", "order:date=2021-01-01": "b#1"}
    for rule, kept in wanted.items():
        found = kept_as(dedup.dedupe(table, Config(unit="piece", keep=rule, audit=0)))
        assert {found[name] for name in ("a#1", "b#1", "c#1")} == {kept}, rule


def test_keep__the_cleanest_of_two_pieces_is_told_by_its_own_damage() -> None:
    """The page with more damage on the whole holds the cleaner copy."""
    dirty = body(1)[:60] + "??h" + body(1)[60:]
    ruined = "??h".join(body(2)[i : i + 40] for i in range(0, 360, 40))
    texts = [page(dirty, 3), page(1, ruined)]
    result = dedup.dedupe(texts, Config(unit="piece", keep="cleanest", audit=0))
    rows = result.documents.to_pylist()
    assert rows[0]["kept_doc"] == rows[2]["doc"]


def test_run__annotates_each_record_with_its_pieces(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=[*PIECE, "--write", "annotated"])
    rows = [json.loads(line) for line in expand(outcome.folder / "annotated/a.jsonl").splitlines()]
    pieces = {row["page"]: [] for row in outcome.rows("pieces")}
    for row in outcome.rows("pieces"):
        pieces[row["page"]].append((row["number"], row["start"], row["end"], row["kept_as"], row["label"]))
    for row, record in zip(rows, records(), strict=True):
        said = row.pop("dedup")
        assert row == record
        names = ("piece", "start", "end", "kept", "label")
        assert [tuple(piece[name] for name in names) for piece in said["pieces"]] == pieces[row["id"]]
        assert (said["kept"] == row["id"]) == (row["id"] != "c")


def test_tokens__words_cut_pages_into_the_same_pieces() -> None:
    texts = list(TEXTS.values())
    plain = dedup.dedupe(texts, Config(unit="piece", audit=0))
    words = dedup.dedupe(texts, Config(unit="piece", audit=0, tokens="word"))
    names = ["page", "number", "start", "end", "kept_as"]
    assert words.pieces.select(names).equals(plain.pieces.select(names))


def test_run__tells_pages_in_english_apart(run: Callable, put: Callable) -> None:
    texts = [f"# Part {i}\n\n{prose(i, 80)}.\n\n" for i in range(4)]
    pages = {"a": "".join(texts[:3]), "b": texts[3] + texts[1]}
    outcome = run(put("a.jsonl", lines_of(*records(pages))), flags=PIECE)
    assert outcome.summary["records"] == 2 and outcome.code == 0


# -- what is cut -------------------------------------------------------------------------------------------------


def put_back(text: str, original: str, cuts: list[tuple[int, int]]) -> str:
    """A text that was cut, with what was cut out of the original in its place again."""
    for start, end in sorted(cuts):
        text = text[:start] + original[start:end] + text[start:]
    return text


def uncut(outcome: Outcome, original: dict[str, str]) -> dict[str, str]:
    cut = [json.loads(line) for line in expand(outcome.folder / "cut/a.jsonl").splitlines()]
    cuts: dict[str, list[tuple[int, int]]] = {}
    for row in outcome.rows("cuts"):
        cuts.setdefault(row["id"], []).append((row["start"], row["end"]))
    return {row["id"]: put_back(row["text"], original[row["id"]], cuts.get(row["id"], [])) for row in cut}


@pytest.mark.parametrize("more", [[], ["--passages"]])
@pytest.mark.parametrize("keep", ["first", "longest", "cleanest"])
def test_cut__leaves_every_text_once_and_maps_back(run: Callable, put: Callable, keep: str, more: list[str]) -> None:
    texts = {**TEXTS, "f": page(7, body(1) + han(5, 20) + "。\n"), "g": page(8, 7)}
    outcome = run(put("a.jsonl", lines_of(*records(texts))), flags=[*PIECE, "--cut", "--keep", keep, *more])
    kept = {row["page"] for row in outcome.rows("pages") if row["kept"]}
    assert uncut(outcome, texts) == {name: texts[name] for name in texts if name in kept}
    written = expand(outcome.folder / "cut/a.jsonl").decode()
    for seed in range(1, 9):
        paragraphs = body(seed).split("\n")[2:-1]  # those that `edited` leaves alone
        assert all(written.count(paragraph) == 1 for paragraph in paragraphs), seed
    for row in outcome.rows("cuts"):
        assert row["line"] == list(texts).index(row["id"]) + 1 and row["start"] < row["end"]


@pytest.mark.parametrize("more", [[], ["--passages"]])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv.gz", "a.parquet", "texts", "a.jsonl.zst"])
def test_cut__maps_back_in_every_format(
    run: Callable, put: Callable, tmp_path: Path, name: str, more: list[str]
) -> None:
    if name.endswith("parquet"):
        pq.write_table(pa.table({"id": list(TEXTS), "text": list(TEXTS.values())}), tmp_path / name)
    elif name == "texts":
        for file, text in TEXTS.items():
            put(f"texts/{file}.txt", text.encode())
    elif "jsonl" in name:
        put(name, squeeze(lines_of(*records()), ".zst"))
    else:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter="\t" if "tsv" in name else ",").writerows([["id", "text"], *TEXTS.items()])
        put(name, squeeze(buffer.getvalue().encode(), ".gz" if name.endswith("gz") else ""))
    outcome = run(tmp_path / name, flags=[*PIECE, "--cut", *more])
    cut = outcome.folder / "cut"
    if name.endswith("parquet"):
        found = {row["id"]: row["text"] for row in pq.read_table(cut / name).to_pylist()}
    elif name == "texts":
        found = {path.name: path.read_text("utf-8") for path in cut.iterdir()}
    elif "jsonl" in name:
        found = {row["id"]: row["text"] for row in map(json.loads, expand(cut / name).splitlines())}
    else:
        lines = io.StringIO(expand(cut / name).decode(), newline="")
        found = dict(list(csv.reader(lines, delimiter="\t" if "tsv" in name else ","))[1:])
    originals = {f"{file}.txt" if name == "texts" else file: text for file, text in TEXTS.items()}
    assert set(found) == set(originals) - {"c", "c.txt"}
    for record, text in found.items():
        mine = [(row["start"], row["end"]) for row in outcome.rows("cuts") if row["id"] == record]
        assert put_back(text, originals[record], mine) == originals[record]
        assert bool(mine) == record.startswith("b")


def test_cut__of_texts_in_memory_maps_back(tmp_path: Path) -> None:
    texts = {**TEXTS, "n": None, "g": page(1, 7)}
    result = dedup.dedupe(
        pa.table({"id": list(texts), "text": list(texts.values())}), Config(unit="piece", cut=True, audit=0)
    )
    folder = result.save(tmp_path / "out")
    cut = {row["id"]: row["text"] for row in map(json.loads, (folder / "cut/texts.jsonl").read_text().splitlines())}
    rows = [json.loads(line) for line in (folder / "cuts.jsonl").read_text().splitlines()]
    assert set(cut) == {"a", "b", "d", "e", "g"}
    for name, text in cut.items():
        mine = [(row["start"], row["end"]) for row in rows if row["id"] == name]
        assert put_back(text, texts[name] or "", mine) == texts[name]
    assert {row["id"]: row["line"] for row in rows} == {"b": 2, "g": 7}


# -- questions ---------------------------------------------------------------------------------------------------


def test_at__asks_pieces_with_a_higher_threshold(run: Callable, put: Callable) -> None:
    path = put("a.jsonl", lines_of(*records()))
    outcome = run(path, flags=PIECE)
    opened = Result.open(outcome.folder)
    stricter = opened.at(0.99)
    anew = dedup.dedupe(path, Config(unit="piece", audit=0, threshold=0.99, bands=opened.summary["bands"][0],
                                     rows=opened.summary["bands"][1]))  # fmt: skip
    assert stricter.pieces.equals(anew.pieces) and stricter.pages.equals(anew.pages)
    assert kept_as(stricter)["b#2"] == "b#2"


def test_run__gives_the_same_bytes_with_any_threads(run: Callable, put: Callable, tmp_path: Path) -> None:
    texts = {f"p{i}": page(*(i * 7 % 23 + j for j in range(1 + i % 4))) for i in range(40)}
    path = put("a.jsonl", lines_of(*records(texts)))
    found = []
    for threads in ("1", "2", "4"):
        folder = tmp_path / threads
        run(path, flags=[*PIECE, "--cut", "--passages", "--threads", threads], out=folder)
        names = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p.name != "run.json")
        found.append({name: (folder / name).read_bytes() for name in names})
    assert found[0] == found[1] == found[2]


def test_run__gives_the_same_pieces_for_several_files(put: Callable, tmp_path: Path) -> None:
    rows = records({f"p{i}": page(*(i * 7 % 23 + j for j in range(1 + i % 4))) for i in range(40)})
    whole = dedup.dedupe(put("a.jsonl", lines_of(*rows)), Config(unit="piece", audit=0))
    for i, (begin, end) in enumerate([(0, 3), (3, 4), (4, 40)]):
        put(f"parts/{i}.jsonl", lines_of(*rows[begin:end]))
    parts = dedup.dedupe(tmp_path / "parts", Config(unit="piece", audit=0))
    assert parts.pieces.equals(whole.pieces)
    assert parts.pages.column("composition").equals(whole.pages.column("composition"))
