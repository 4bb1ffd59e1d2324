"""Whole runs that look for templates: `dedup templates` and `dedup run --templates`."""

from __future__ import annotations

import csv
import json
import re
import signal
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedup
from dedup import Config, ConfigError, InputError, Result, dedupe, find_templates
from dedup.tables import DOCUMENTS, FAMILIES
from tests.conftest import Outcome, han, lines_of, prose, squeeze
from tests.sample import FOLDER as SAMPLE
from tests.test_interrupt import result_of, start, without_times

TRUTH = SAMPLE.parent / "sample-truth"
PLACES = ["嘉禾县", "攸县", "安仁县", "桂东县", "临武县", "汝城县", "永兴县", "宜章县"]
HEAD, MIDDLE, TAIL = han(1, 60), han(2, 50), han(3, 70)


def report(i: int, *, place: str | None = None, households: str | None = None) -> str:
    """A report filled into one template: place, households, date, place again."""
    where = PLACES[i % len(PLACES)] if place is None else place
    count = f"{1000 + 137 * i}" if households is None else households
    return (
        f"{where}农村社区建设工作汇报\n{HEAD}，全县共有{count}户，{MIDDLE}。\n"
        f"自{i % 12 + 1}月{2 * i + 1}日起，{where}抓紧落实各项工作。\n{TAIL}。\n"
    )


# Six reports, an equal copy of one, one that lost its place and number, one in traditional characters, two others.
TEXTS = {
    **{f"r{i}": report(i) for i in range(6)},
    "copy": report(1),
    "masked": report(2, place="xx", households="**"),
    "alone": han(9, 200),
    "other": prose(4),
}


def records(texts: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
    return [{"id": name, "text": text, **more} for name, text in (texts or TEXTS).items()]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def values(folder: Path, number: int = 1) -> dict[str, dict[str, str]]:
    """The rows of a table of values by identifier."""
    return {row["id"]: row for row in read_csv(folder / "values" / f"{number:05d}.csv")}


def spans(folder: Path, number: int = 1) -> list[dict[str, str]]:
    return read_csv(folder / "values" / f"{number:05d}.spans.csv")


def templates_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "templates.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def find(run_cli: Callable, tmp_path: Path) -> Callable[..., Outcome]:
    """``dedup templates INPUTS -o out FLAGS``."""

    def call(*inputs: str | Path, flags: tuple[str, ...] | list[str] = (), out: Path | None = None, **more: Any) -> Any:
        folder = out or tmp_path / "out"
        return run_cli("templates", *inputs, "-o", folder, *flags, out=folder, **more)

    return call


# -- what is found -----------------------------------------------------------------------------------------------


def test_templates__tell_words_slots_and_every_value(find: Callable, put: Callable) -> None:
    outcome = find(put("a.jsonl", lines_of(*records())))
    assert outcome.code == 0
    [template] = templates_in(outcome.folder)
    assert (template["template"], template["family"], template["size"], template["filled"]) == (1, 1, 8, 8)
    words = "".join(segment.get("text", "") for segment in template["segments"])
    assert HEAD in words and TAIL in words and not any(place in words for place in PLACES)
    rows = values(outcome.folder)
    assert set(rows) == {*(f"r{i}" for i in range(6)), "copy", "masked"}
    assert list(next(iter(rows.values())))[:5] == ["doc", "id", "copy_of", "edits", "lost"]
    for i in range(6):
        mine = list(rows[f"r{i}"].values())[5:]
        assert PLACES[i] in mine and any(f"{1000 + 137 * i}" in value for value in mine), mine
        assert rows[f"r{i}"]["edits"] == "0"
    assert {name: row["copy_of"] for name, row in rows.items() if row["copy_of"]} == {"copy": "r1", "masked": "r2"}
    documents = {row["id"]: row for row in outcome.documents}
    assert {name for name, row in documents.items() if row["template"] == 1} == set(rows)
    assert {name for name, row in documents.items() if row["family"] == 1} == set(rows)
    assert documents["alone"]["family"] is documents["alone"]["template"] is None
    assert "1, and 8 documents filled into" in outcome.err


def test_templates__write_no_collection_and_run_does(find: Callable, run: Callable, put: Callable) -> None:
    path = put("a.jsonl", lines_of(*records()))
    alone = find(path)
    assert not (alone.folder / "kept").exists()
    both = run(path, flags=["--templates", "--force"])
    assert both.kept("a.jsonl").count(b"\n") == 8 and both.removed("a.jsonl").count(b"\n") == 2
    assert "filled into" in both.err
    assert {p.name for p in (both.folder / "values").iterdir()} == {"00001.csv", "00001.spans.csv"}


def test_spans__are_code_points_of_the_record(find: Callable, put: Callable) -> None:
    outcome = find(put("a.jsonl", lines_of(*records())))
    rows = spans(outcome.folder)
    assert len(rows) >= 8 * 3
    for row in rows:
        assert TEXTS[row["id"]][int(row["start"]) : int(row["end"])] == row["value"]
    order = [(int(row["doc"]), int(row["start"])) for row in rows]
    assert order == sorted(order)


def test_template__gives_back_its_texts_and_its_expression_matches_them(find: Callable, put: Callable) -> None:
    [template] = find_templates(list(TEXTS.items()))
    pattern = re.compile(template.regex())
    assert template.members == (*(f"r{i}" for i in range(6)), "copy", "masked")
    for i in range(6):
        found = template.match(report(i))
        assert found is not None and template.fill(found) == report(i)
        assert pattern.fullmatch(report(i))
    assert template.match(han(77, 300)) is None
    unseen = template.match(report(7))
    assert unseen is not None and template.fill(unseen) == report(7)


def test_lost__says_which_copy_kept_a_value(find: Callable, put: Callable) -> None:
    outcome = find(put("a.jsonl", lines_of(*records())))
    lost = {name: row["lost"] for name, row in values(outcome.folder).items() if row["lost"]}
    assert set(lost) == {"masked"}
    assert "=安仁县 (from r2)" in lost["masked"] and "1274" in lost["masked"]
    assert outcome.summary["lost"] == len(json.loads(lost["masked"])) >= 2
    assert "that one copy lost stand in another" in outcome.err


# -- what families say about copies ----------------------------------------------------------------------------------


def single(i: int) -> str:
    """Long texts that differ in few values: by themselves two of them look like one text, edited."""
    where = PLACES[i % len(PLACES)]
    return f"{where}{han(21, 300)}。\n{han(22, 300)}自{2000 + i}年，{where}{han(23, 300)}。\n"


def test_families__texts_with_other_values_are_no_copies(find: Callable, run: Callable, put: Callable) -> None:
    noisy = single(3).replace("的", "地", 3)
    texts = {**{f"s{i}": single(i) for i in range(8)}, "noisy": noisy}
    path = put("a.jsonl", lines_of(*records(texts)))
    outcome = run(path, flags=["--templates"])
    assert [(row["id"], row["kept_id"], row["label"]) for row in outcome.rows("removed")] == [("noisy", "s3", "near")]
    assert len(values(outcome.folder)) == 9


def test_families__texts_with_other_values_are_none_however_damaged(run: Callable, put: Callable) -> None:
    random = Random(5)
    texts = {}
    for i in range(8):
        characters = list(single(i) + report(i))
        for at in random.sample(range(len(characters)), len(characters) // 100):
            characters[at] = random.choice("兀兆兇兌")
        texts[f"d{i}"] = "".join(characters)
    outcome = run(put("a.jsonl", lines_of(*records(texts))), flags=["--templates"])
    assert outcome.rows("removed") == []
    assert {row["template"] for row in outcome.documents} == {1}


def test_families__copies_that_were_edited_are_no_template(find: Callable, put: Callable) -> None:
    base = han(31, 600)
    texts = {f"e{i}": base[: 50 * i + 20] + "兀" * (i % 3 + 1) + base[50 * i + 20 + i % 2 :] for i in range(9)}
    outcome = find(put("a.jsonl", lines_of(*records(texts))))
    assert templates_in(outcome.folder) == [] and outcome.summary["removed"] == 8
    assert list((outcome.folder / "values").iterdir()) == []
    assert "none" in outcome.err


@pytest.mark.parametrize("remove", ["exact", "exact,near,templated", "exact,near,templated,partial"])
def test_remove__never_changes_the_templates(find: Callable, run: Callable, put: Callable, remove: str) -> None:
    path = put("a.jsonl", lines_of(*records()))
    plain = find(path).folder.joinpath("templates.jsonl").read_bytes()
    outcome = run(path, flags=["--templates", "--remove", remove, "--force"])
    assert outcome.folder.joinpath("templates.jsonl").read_bytes() == plain
    copies = {name: row["copy_of"] for name, row in values(outcome.folder).items() if row["copy_of"]}
    assert copies == {"copy": "r1", "masked": "r2"}


# -- inputs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".bz2"])
def test_templates__are_the_same_from_compressed_files(find: Callable, put: Callable, ending: str) -> None:
    outcome = find(put(f"a.jsonl{ending}", squeeze(lines_of(*records()), ending)))
    assert len(values(outcome.folder)) == 8


def test_templates__from_standard_input(find: Callable) -> None:
    outcome = find("-", stdin=lines_of(*records()))
    assert outcome.code == 0 and len(values(outcome.folder)) == 8


def test_templates__lines_that_cannot_be_read_are_listed(find: Callable, put: Callable) -> None:
    path = put("a.jsonl", lines_of(b"{", *records(), {"id": "x"}, {"id": "e", "text": ""}))
    outcome = find(path)
    assert outcome.code == 0 and len(outcome.rejected) == 2 and len(values(outcome.folder)) == 8
    assert find(path, flags=["--strict", "--force"]).code == 2


@pytest.mark.parametrize("data", [b"", b"{\n"])
def test_templates__of_nothing_end_in_one_line(find: Callable, put: Callable, data: bytes) -> None:
    outcome = find(put("a.jsonl", data))
    assert outcome.code == 2 and not outcome.folder.exists()


@pytest.mark.parametrize("texts", [["一"], ["", ""], ["同"] * 50, ["同一行" * 30] * 50, ["a\n" * 500, "b\n" * 400]])
def test_templates__of_texts_without_values_are_none(texts: list[str]) -> None:
    assert find_templates(texts) == []


HOSTILE = {
    "right to left": [
        f"תיק מספר {1000 + 7 * i} נפתח ביום {i + 1} במאי והועבר לבית המשפט בעיר حيفا {i}" for i in range(8)
    ],
    "a token a line": ["\n".join([*map(str, range(30)), str(i), *map(str, range(30))]) for i in range(8)],
    "longer values than words": [f"甲{han(70 + i, 900)}乙{han(90 + i, 700)}丙" for i in range(6)],
    "other lengths": [report(i) + (han(40 + i, 4000) if i % 2 else "") for i in range(8)],
    "signs": ["\u202e🙂\u0301" * (i + 1) + "*" * 50 + "_" * i for i in range(8)],
    "white space": [" \t\u3000\n" * (i + 3) for i in range(8)],
    "one character": ["的" * (100 + i) for i in range(8)],
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_templates__of_whatever_texts_give_back_what_they_match(name: str) -> None:
    texts = HOSTILE[name]
    result = dedupe(texts, Config(templates=True, audit=0))
    for template in result.templates:
        pattern = re.compile(template.regex())
        for text in texts:
            values = template.match(text)
            if values is not None and not values.edits:
                assert template.fill(values) == text
                assert pattern.fullmatch(text)
    for number in range(1, len(result.templates) + 1):
        assert result.values(number).num_rows > 0


def test_find_templates__takes_texts_pairs_tables_and_paths(put: Callable) -> None:
    path = put("a.jsonl", lines_of(*records()))
    table = pa.table({"id": list(TEXTS), "text": list(TEXTS.values())})
    wanted = [template.readable() for template in find_templates(path)]
    assert len(wanted) == 1
    for given in (table, list(TEXTS.items()), list(TEXTS.values()), [path], str(path)):
        assert [template.readable() for template in find_templates(given)] == wanted
    assert find_templates(list(TEXTS.values()))[0].members[:2] == ("0", "1")


def test_templates__of_csv_keep_identifiers_that_repeat_and_have_commas(find: Callable, put: Callable) -> None:
    names = ["a,1", 'b"2', "same", "same", "c\nd", "e"]
    rows = "".join(f'"{name.replace(chr(34), chr(34) * 2)}","{report(i)}"\n' for i, name in enumerate(names))
    outcome = find(put("a.csv", ("id,text\n" + rows).encode()))
    found = read_csv(outcome.folder / "values/00001.csv")
    assert [(row["doc"], row["id"]) for row in found] == [(str(i), name) for i, name in enumerate(names)]


def test_within__keeps_families_apart(find: Callable, put: Callable) -> None:
    rows = [{"id": f"r{i}", "text": report(i), "site": "ab"[i % 2]} for i in range(8)]
    outcome = find(put("a.jsonl", lines_of(*rows)), flags=["--within", "site"])
    assert [set(values(outcome.folder, number)) for number in (1, 2)] == [
        {f"r{i}" for i in range(first, 8, 2)} for first in (0, 1)
    ]


def test_against__what_is_only_compared_with_has_no_row(find: Callable, put: Callable) -> None:
    old = put("old.jsonl", lines_of(*records({f"o{i}": report(i) for i in range(4)})))
    new = put("new.jsonl", lines_of(*records({f"n{i}": report(i) for i in (3, 4, 5)})))
    outcome = find(new, flags=["--against", str(old)])
    rows = values(outcome.folder)
    assert set(rows) == {"n3", "n4", "n5"} and rows["n3"]["copy_of"] == "o3"


# -- pages -------------------------------------------------------------------------------------------------------


def test_pieces__are_filled_in_with_their_place_on_the_page(find: Callable, put: Callable) -> None:
    def page(*numbers: int) -> str:
        return "".join(f"工作汇报篇{'一二三'[n]}\n{report(i)}" for n, i in enumerate(numbers))

    pages = {"p": page(0, 1), "q": page(2, 3, 4), "s": report(5)}
    outcome = find(put("a.jsonl", lines_of(*records(pages))), flags=["--unit", "piece"])
    found = spans(outcome.folder)
    rows = values(outcome.folder)
    assert {"p#1", "p#2", "q#1", "q#2", "q#3"} <= set(rows)
    assert (rows["q#2"]["page"], rows["q#2"]["piece"]) == ("q", "2")
    for row in found:
        text = pages[rows[row["id"]]["page"]]
        assert text[int(row["start"]) : int(row["end"])] == row["value"]
    assert PLACES[3] in rows["q#2"].values()


def test_boilerplate__that_is_set_aside_moves_no_offset(find: Callable, put: Callable) -> None:
    line = "首页 > 新闻 > 正文 上一页 下一页 打印本页 关闭本窗口 返回首页"
    texts = {f"r{i}": "\n".join([line, *report(i).splitlines(), line, ""]) for i in range(8)}
    texts |= {f"x{i}": "\n".join([han(100 + i, 90), line, han(200 + i, 90), line]) for i in range(60)}
    outcome = find(put("a.jsonl", lines_of(*records(texts))), flags=["--boilerplate", "auto"])
    assert outcome.summary["boilerplate"]["lines"] > 60
    [template] = [t for t in templates_in(outcome.folder) if t["size"] == 8]
    assert "打印本页" not in template["readable"]
    for row in spans(outcome.folder, template["template"]):
        assert texts[row["id"]][int(row["start"]) : int(row["end"])] == row["value"]


def test_html__offsets_are_those_of_the_text_beside_it(find: Callable, put: Callable) -> None:
    pytest.importorskip("trafilatura")
    for i in range(6):
        body = "".join(f"<p>{line}</p>" for line in report(i).splitlines())
        page = f"<html><head><meta charset='utf-8'></head><body><nav>首页</nav><article>{body}</article></body></html>"
        put(f"in/{i}.html", page.encode())
    outcome = find("in")
    texts = {}
    for path in (outcome.folder / "text").rglob("*.jsonl"):
        texts |= {row["id"]: row["text"] for row in map(json.loads, path.read_text("utf-8").splitlines())}
    rows = spans(outcome.folder)
    assert len(values(outcome.folder)) == len(texts) == 6
    for row in rows:
        assert texts[row["id"]][int(row["start"]) : int(row["end"])] == row["value"]


@pytest.mark.parametrize("unit", ["page", "piece"])
def test_templates__go_with_every_other_option(run: Callable, put: Callable, unit: str) -> None:
    path = put("a.jsonl", lines_of(*records(), *records({f"x{i}": report(i % 4) + han(60 + i, 150) for i in range(5)})))
    flags = ["--templates", "--passages", "--cut", "--boilerplate", "auto", "--unit", unit, "--write", "both"]
    outcome = run(path, flags=[*flags, "--keep", "longest", "--length", "30", "--threads", "2"])
    texts = {record["id"]: record["text"] for record in map(json.loads, path.read_text("utf-8").splitlines())}
    assert outcome.code == 0 and len(outcome.rows("passages")) > 0
    for row in spans(outcome.folder):
        text = texts[row["id"].partition("#")[0]]
        assert text[int(row["start"]) : int(row["end"])] == row["value"]
    assert {"templates.jsonl", "values", "cut", "annotated", "kept"} < {p.name for p in outcome.folder.iterdir()}


def test_templates__of_a_search_for_passages_are_not_looked_for(put: Callable) -> None:
    result = dedup.find_passages(put("a.jsonl", lines_of(*records())), Config(templates=True))
    with pytest.raises(ConfigError, match="--templates"):
        _ = result.templates


# -- the result --------------------------------------------------------------------------------------------------


def test_result__tells_families_and_values_as_tables(tmp_path: Path) -> None:
    result = dedupe(list(TEXTS.items()), Config(templates=True, audit=0))
    assert result.documents.schema == DOCUMENTS and result.families.schema == FAMILIES
    [family] = result.families.to_pylist()
    assert (family["family"], family["size"], family["template"], family["filled"]) == (1, 8, 1, 8)
    assert [member["id"] for member in family["members"]] == list(result.templates[0].members)
    table = result.values(1)
    folder = result.save(tmp_path / "out")
    assert [{k: str(v) for k, v in row.items()} for row in table.to_pylist()] == list(values(folder).values())
    for number in (0, 2):
        with pytest.raises(ConfigError, match="there are 1"):
            result.values(number)


def test_result__of_a_run_without_templates_says_so() -> None:
    result = dedupe(["一二三"], Config(audit=0))
    for ask in (lambda: result.templates, lambda: result.families, lambda: result.values(1)):
        with pytest.raises(ConfigError, match="--templates"):
            ask()


@pytest.mark.parametrize("unit", ["page", "piece"])
def test_open__gives_the_same_templates_and_saves_the_same_files(put: Callable, tmp_path: Path, unit: str) -> None:
    path = put("a.jsonl", lines_of(*records()))
    result = dedupe(path, Config(templates=True, audit=0, unit=unit), out=tmp_path / "out")
    again = Result.open(tmp_path / "out")
    assert again.templates == result.templates and again.families.equals(result.families)
    assert again.values(1).equals(result.values(1))
    again.save(tmp_path / "anew")
    assert without_times(result_of(tmp_path / "anew")) == without_times(result_of(tmp_path / "out"))
    stricter = again.at(0.99)
    assert stricter.templates == result.templates and stricter.values(1).num_rows == result.values(1).num_rows
    assert stricter.summary["lost"] <= result.summary["lost"]


def test_open__says_what_is_missing_of_a_folder(put: Callable, tmp_path: Path) -> None:
    dedupe(put("a.jsonl", lines_of(*records())), Config(templates=True, audit=0), out=tmp_path / "out")
    (tmp_path / "out/values/00001.spans.csv").unlink()
    again = Result.open(tmp_path / "out")
    assert len(again.templates) == 1
    with pytest.raises(InputError, match="values"):
        again.values(1)


# -- determinism and interruption ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed sample with templates, on two threads."""
    out = tmp_path_factory.mktemp("sample") / "out"
    dedupe(SAMPLE, Config(templates=True, audit=0, threads=2), out=out)
    return out


def test_run__gives_the_same_bytes_again_and_on_one_thread(sample_run: Path, tmp_path: Path) -> None:
    dedupe(SAMPLE, Config(templates=True, audit=0, threads=1), out=tmp_path / "out")
    names = {name for name in result_of(sample_run) if name != "run.json"}
    one, two = result_of(tmp_path / "out"), result_of(sample_run)
    assert {name: one[name] for name in names} == {name: two[name] for name in names}


@pytest.mark.parametrize("stage", ["templates", "cluster", "write"])
def test_run__goes_on_after_it_was_stopped(run_cli: Callable, put: Callable, tmp_path: Path, stage: str) -> None:
    put("in/a.jsonl", lines_of(*records()))
    arguments = ["templates", "in", "-o"]
    whole = run_cli(*arguments, tmp_path / "whole", out=tmp_path / "whole")
    process = start(stage, signal.SIGKILL, *arguments, tmp_path / "out", cwd=tmp_path)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL and not (tmp_path / "out").exists()
    outcome = run_cli(*arguments, tmp_path / "out", "--resume")
    assert outcome.code == 0 and whole.code == 0
    assert without_times(result_of(tmp_path / "out")) == without_times(result_of(tmp_path / "whole"))
    assert (outcome.summary["seconds"]["templates"] < 0.2) or stage == "templates"
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


# -- the committed sample ------------------------------------------------------------------------------------------


def truth(name: str) -> list[dict[str, Any]]:
    return pq.read_table(TRUTH / f"{name}.parquet").to_pylist()


def test_sample__members_of_a_family_are_found_together(sample_run: Path) -> None:
    planted = {row["id"]: row for row in truth("documents")}
    families: dict[int, list[str]] = defaultdict(list)
    for row in pq.read_table(sample_run / "documents.parquet").to_pylist():
        if row["template"] is not None:
            families[row["template"]].append(row["id"])
    mixed = sum(len({planted[name]["family"] for name in names}) > 1 for names in families.values())
    assert mixed <= 0.02 * len(families)
    members = [name for name, row in planted.items() if row["kind"] == "member"]
    sizes = Counter(planted[name]["family"] for name in members)
    several = [name for name in members if sizes[planted[name]["family"]] >= 5]
    filled = {name for names in families.values() for name in names}
    assert len(filled & set(several)) >= 0.95 * len(several)


def test_sample__values_are_those_that_were_planted(sample_run: Path, sample_records: list[dict[str, str]]) -> None:
    texts = {record["id"]: record["text"] for record in sample_records}
    planted: dict[str, set[tuple[int, int]]] = defaultdict(set)
    documents = {row["id"]: row for row in truth("documents")}
    for row in truth("slots"):
        if documents[row["id"]]["kind"] == "member":
            planted[row["id"]].add((row["start"], row["end"]))
    found: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for path in sorted((sample_run / "values").glob("*.spans.csv")):
        for row in read_csv(path):
            place = int(row["start"]), int(row["end"])
            assert texts[row["id"]][slice(*place)] == row["value"]
            found[row["id"]].add(place)
    hits = sum(len(planted[name] & found[name]) for name in planted)
    assert hits >= 0.7 * sum(map(len, planted.values()))


def test_sample__texts_filled_in_otherwise_are_kept(sample_run: Path) -> None:
    """What families say counts: hardly a member is removed for another one."""
    planted = {row["id"]: row for row in truth("documents")}
    removed = [json.loads(line) for line in (sample_run / "removed.jsonl").read_text("utf-8").splitlines()]
    wrong = [row for row in removed if planted[row["id"]]["origin"] != planted[row["kept_id"]]["origin"]]
    right = len(removed) - len(wrong)
    members = [row for row in wrong if planted[row["id"]]["kind"] == planted[row["kept_id"]]["kind"] == "member"]
    assert len(members) <= 0.02 * right


def test_public__template_is_exported() -> None:
    assert dedup.Template.__name__ == "Template"
