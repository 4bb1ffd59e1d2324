"""Whole runs with `--boilerplate`: lines of the site link nothing, and stay in what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

import dedup
from dedup import Config, DedupError, Result
from tests.conftest import Outcome, expand, han, lines_of
from tests.test_interrupt import result_of, without_times

AUTO = ["--boilerplate", "auto"]
FOOTER = "主办单位：某某市人民政府办公室 版权所有 未经许可不得转载"


def furniture(i: int) -> tuple[str, list[str]]:
    """The line above and those below what a page of the site says."""
    above = f"当前位置：首页 > 栏目{i % 7} > 正文"
    return above, [FOOTER, f"浏览次数：{37 * i}次 打印本页 关闭窗口 返回顶部"]


def story(i: int) -> list[str]:
    """Paragraphs of one page alone."""
    random = Random(i)
    return [han(100 * i + j, 60 + random.randrange(60)) + "。" for j in range(random.randrange(3, 7))]


def page(i: int, paragraphs: list[str] | None = None) -> str:
    above, below = furniture(i)
    return "\n".join([above, *(story(i) if paragraphs is None else paragraphs), *below])


def records(count: int = 40, **extra: str) -> list[dict[str, str]]:
    """Pages of one site; those named in `extra` beside them."""
    rows = [{"id": f"s{i}", "text": page(i)} for i in range(count)]
    return rows + [{"id": name, "text": text} for name, text in extra.items()]


def marked(outcome: Outcome) -> set[str]:
    """The examples of every template that was found."""
    return {example for row in outcome.rows("boilerplate")[1:] for example in row["examples"]}


# Pages that say next to nothing: what they share is the site's.
SHORT = {"x": page(1000, ["会议改期。"]), "y": page(1001, ["今日无事可报。"])}


def test_auto__marks_the_lines_of_the_site_and_no_other(run: Callable, put: Callable) -> None:
    rows = records()
    outcome = run(put("a.jsonl", lines_of(*rows)), flags=AUTO)
    lines = {line for i in range(40) for line in (furniture(i)[0], *furniture(i)[1])}
    assert {"当前位置", "主办单位", "浏览次数"} == {example[:4] for example in marked(outcome)}
    assert marked(outcome) <= lines
    found = outcome.summary["boilerplate"]
    assert (found["templates"], found["lines"]) == (3, 120)
    assert 0 < found["tokens"] < 0.3 * outcome.summary["tokens"]
    assert outcome.kept("a.jsonl") == lines_of(*rows), "what was set aside is written as it was"


def test_auto__links_no_pages_that_share_only_the_lines_of_their_site(run: Callable, put: Callable) -> None:
    path = put("a.jsonl", lines_of(*records(**SHORT)))
    plain = run(path, flags=["--threshold", "0.5"])
    assert [(row["id_a"], row["id_b"]) for row in plain.pairs if row["linked"]] == [("x", "y")]
    outcome = run(path, flags=[*AUTO, "--threshold", "0.5", "--passages", "--force"])
    assert outcome.summary["removed"] == 0
    assert outcome.pairs == [] and outcome.rows("passages") == []


def test_auto__still_finds_copies_under_other_lines(run: Callable, put: Callable) -> None:
    bare = "\n".join(story(3))
    outcome = run(put("a.jsonl", lines_of(*records(bare=bare, other=page(900, story(5))))), flags=AUTO)
    assert {(row["id"], row["kept_id"], row["label"]) for row in outcome.rows("removed")} == {
        ("bare", "s3", "exact"),
        ("other", "s5", "exact"),
    }


def test_run__tells_on_the_screen_what_was_set_aside(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=AUTO)
    [said] = [line for line in outcome.said if line.startswith("boilerplate")]
    assert "3" in said and "120 lines" in said and "boilerplate.jsonl" in said


@pytest.mark.parametrize("unit", ["page", "piece"])
def test_frozen_table__gives_the_same_result_on_the_same_input(
    run: Callable, put: Callable, tmp_path: Path, unit: str
) -> None:
    path = put("a.jsonl", lines_of(*records(**SHORT)))
    flags = ["--unit", unit, "--passages", "--cut"]
    first = run(path, flags=[*AUTO, *flags], out=tmp_path / "first")
    table = first.folder / "boilerplate.jsonl"
    second = run(path, flags=["--boilerplate", table, *flags], out=tmp_path / "second")
    assert without_times(result_of(first.folder)) == without_times(result_of(second.folder))
    assert first.run["config"]["boilerplate"] == "auto"
    assert Config(**first.run["config"]).digest() != Config(**second.run["config"]).digest()


def test_frozen_table__is_good_for_pages_that_alone_would_show_none(
    run: Callable, put: Callable, tmp_path: Path
) -> None:
    table = run(put("a.jsonl", lines_of(*records())), flags=AUTO, out=tmp_path / "first").folder / "boilerplate.jsonl"
    few = put("b.jsonl", lines_of(*({"id": name, "text": text} for name, text in SHORT.items())))
    alone = run(few, flags=[*AUTO, "--threshold", "0.5"], out=tmp_path / "alone")
    assert alone.summary["boilerplate"]["templates"] == 0 and len(alone.pairs) == 1
    for tokens in ("auto", "word"):
        flags = ["--boilerplate", table, "--threshold", "0.5", "--tokens", tokens]
        outcome = run(few, flags=flags, out=tmp_path / tokens)
        assert outcome.pairs == [] and outcome.summary["boilerplate"]["lines"] == 6


def test_digest__is_that_of_the_table_and_not_of_its_name(run: Callable, put: Callable, tmp_path: Path) -> None:
    table = run(put("a.jsonl", lines_of(*records())), flags=AUTO).folder / "boilerplate.jsonl"
    moved = put("moved.jsonl", table.read_bytes())
    fewer = table.read_text("utf-8").splitlines(keepends=True)[:-1]
    fewer[0] = fewer[0].replace('"templates": 3', '"templates": 2')
    other = put("fewer.jsonl", "".join(fewer).encode())
    digest = Config(boilerplate=str(table)).digest()
    assert Config(boilerplate=str(moved)).digest() == digest != Config(boilerplate=str(other)).digest()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "off, auto or a file"),
        (b"", "JSON"),
        (b"{}\n", "format"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'{"id": "a", "text": "b"}\n', "format"),
        (b"[" * 100_000 + b"\n", "JSON"),
        (b'{"format": 99, "templates": 0, "settings": {}}\n', "99"),
        (b'{"format": 1, "templates": 3, "settings": {}}\n', "3 templates"),
        (b'{"format": 1, "templates": 0, "settings": {}}', "write the table again"),
    ],
)
@pytest.mark.parametrize("command", ["run", "passages"])
def test_frozen_table__that_is_none_ends_the_run_before_anything_is_read(
    run_cli: Callable, put: Callable, tmp_path: Path, command: str, data: bytes | None, said: str
) -> None:
    path = put("a.jsonl", lines_of(*records(3)))
    table = tmp_path / "table.jsonl" if data is None else put("table.jsonl", data)
    outcome = run_cli(command, path, "-o", tmp_path / "out", "--boilerplate", table)
    assert outcome.code == 2
    assert said in outcome.said[0] and "table.jsonl" in outcome.said[0]
    assert {p.name for p in tmp_path.iterdir()} <= {"a.jsonl", "table.jsonl"}
    with pytest.raises(DedupError, match=r"table\.jsonl"):
        dedup.dedupe(["一"], Config(boilerplate=str(table), audit=0))


def test_source__keeps_what_each_site_says_apart(run: Callable, put: Callable, tmp_path: Path) -> None:
    """What is furniture on one site is a text on the other."""
    rows = [{**row, "site": "one"} for row in records()]
    rows += [{"id": f"t{i}", "text": "\n".join(story(500 + i)), "site": "two"} for i in range(20)]
    flags = ["--source", "site"]
    first = run(put("a.jsonl", lines_of(*rows)), flags=[*AUTO, *flags], out=tmp_path / "first")
    assert {row["source"] for row in first.rows("boilerplate")[1:]} == {"one"}
    assert first.summary["boilerplate"]["lines"] == 120
    table = first.folder / "boilerplate.jsonl"
    new = put("b.jsonl", lines_of(*({"id": site, "text": page(950), "site": site} for site in ("one", "two", "three"))))
    later = run(new, flags=["--boilerplate", table, *flags], out=tmp_path / "later")
    assert later.summary["boilerplate"]["lines"] == 3
    assert {row["id"]: row["tokens"] for row in later.documents}["one"] < later.documents[1]["tokens"]


def test_source__that_no_record_has_is_said(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=[*AUTO, "--source", "sight"])
    assert outcome.code == 0 and any("sight" in line for line in outcome.said)


def test_source__may_be_missing_here_and_there(run: Callable, put: Callable) -> None:
    rows = [{**row, **({"site": "one"} if i % 4 else {})} for i, row in enumerate(records())]
    outcome = run(put("a.jsonl", lines_of(*rows)), flags=[*AUTO, "--source", "site"])
    assert outcome.code == 0
    assert outcome.summary["boilerplate"]["templates"] == 3


def test_dedupe__finds_the_same_in_memory_and_in_several_files(put: Callable, tmp_path: Path) -> None:
    rows = [{**row, "site": "ab"[i % 2]} for i, row in enumerate(records(**SHORT))]
    config = Config(boilerplate="auto", source="site", passages=True, audit=0)
    whole = dedup.dedupe(put("a.jsonl", lines_of(*rows)), config, out=tmp_path / "out")
    for i, (begin, end) in enumerate([(0, 1), (1, 30), (30, 42)]):
        put(f"parts/{i}.jsonl", lines_of(*rows[begin:end]))
    for other in (
        dedup.dedupe(tmp_path / "parts", config),
        dedup.dedupe(pa.Table.from_pylist(rows), config),
        Result.open(tmp_path / "out"),
    ):
        assert other.boilerplate == whole.boilerplate
        assert other.pairs.equals(whole.pairs) and other.passages.equals(whole.passages)


def test_cut__leaves_the_lines_of_the_site_that_stand_around_a_copy(run: Callable, put: Callable) -> None:
    """Set aside is not cut out; what stands between two halves of a copy goes with it."""
    rows = records(copy=page(901, [*story(3), *story(777)]))
    outcome = run(put("a.jsonl", lines_of(*rows)), flags=[*AUTO, "--passages", "--cut"])
    texts = {row["id"]: row["text"] for row in map(json.loads, expand(outcome.folder / "cut/a.jsonl").splitlines())}
    above, below = furniture(901)
    assert texts["copy"].split("\n")[0] == above and texts["copy"].split("\n")[-2:] == below
    assert all(paragraph in texts["copy"] for paragraph in story(777))
    assert not any(paragraph in texts["copy"] for paragraph in story(3))
    assert {name: text for name, text in texts.items() if name != "copy"} == {
        row["id"]: row["text"] for row in rows if row["id"] != "copy"
    }


@pytest.mark.parametrize("texts", [[""], ["", ""], ["一行"], ["\n\n"], [FOOTER] * 30, ["\n".join([FOOTER] * 500)]])
@pytest.mark.parametrize("unit", ["page", "piece"])
def test_auto__takes_pages_that_say_nothing(texts: list[str], unit: str) -> None:
    result = dedup.dedupe(texts, Config(boilerplate="auto", unit=unit, passages=True, cut=True, audit=0))
    assert len(result.documents) == len(texts)
    assert result.boilerplate is not None


def test_auto__of_pages_of_nothing_but_furniture_sets_all_aside_and_links_none(run: Callable, put: Callable) -> None:
    rows = records(**{f"e{i}": page(2000 + i, []) for i in range(6)})
    outcome = run(put("a.jsonl", lines_of(*rows)), flags=[*AUTO, "--unit", "piece", "--passages"])
    assert outcome.summary["empty"] == 6 and outcome.summary["removed"] == 0
    assert all(row["kept"] for row in outcome.rows("pages"))
