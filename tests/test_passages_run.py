"""Whole runs that look for passages: `dedup passages` and `dedup run --passages`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import dedup
from dedup import Config, ConfigError, Result, dedupe, find_passages
from dedup.tables import CROWDED, PASSAGES
from tests import naive
from tests.conftest import Outcome, digests, expand, han, lines_of, prose
from tests.test_interrupt import DRIVER, result_of, without_times

SHARED, SHORTER = han(1, 300), han(2, 120)


def around(text: str, seed: int, size: int = 150) -> str:
    """A text of its own around another."""
    return f"{han(10 * seed + 3, size)}。\n{text}。\n{han(10 * seed + 4, size)}。\n"


# Two long copies and one inside a document, a shorter one, a document that is a copy, and one that stands alone.
TEXTS = {
    "a": around(SHARED, 1),
    "b": around(SHORTER, 2),
    "c": around(SHARED + "。\n" + han(5, 60) + "。\n" + SHORTER, 3),
    "d": around(SHARED[:200] + "兀" + SHARED[201:], 4),
    "e": around(SHARED, 1),
    "f": han(6, 400),
}


def records(texts: dict[str, str] | None = None) -> list[dict[str, str]]:
    return [{"id": name, "text": text} for name, text in (texts or TEXTS).items()]


def places(row: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [(one["id"], one["start"], one["end"]) for one in row["occurrences"]]


@pytest.fixture
def find(run_cli: Callable, tmp_path: Path) -> Callable[..., Outcome]:
    """``dedup passages INPUTS -o out FLAGS``."""

    def call(*inputs: str | Path, flags: tuple[str, ...] | list[str] = (), out: Path | None = None) -> Outcome:
        folder = out or tmp_path / "out"
        return run_cli("passages", *inputs, "-o", folder, *flags, out=folder)

    return call


# -- the table ---------------------------------------------------------------------------------------------------


def test_passages__tell_every_place_the_first_one_first_and_what_saves_most_first(
    find: Callable, put: Callable
) -> None:
    outcome = find(put("a.jsonl", lines_of(*records())))
    rows = outcome.rows("passages")
    assert list(rows[0]) == PASSAGES.names and [row["passage"] for row in rows] == list(range(len(rows)))
    for row in rows:
        assert row["copies"] == len(row["occurrences"]) >= 2
        numbers = [(one["doc"], one["start"]) for one in row["occurrences"]]
        assert numbers == sorted(numbers)
        assert row["occurrences"][0]["identity"] == 1
        first, start, end = places(row)[0]
        assert row["begins"] == " ".join(TEXTS[first][start:end][:40].split())
    saved = [row["length"] * (row["copies"] - 1) for row in rows]
    assert saved == sorted(saved, reverse=True)
    assert {name for row in rows for name, _, _ in places(row)} == {"a", "b", "c", "d", "e"}
    assert [TEXTS[name][start:end] for name, start, end in places(rows[-1])] == [SHORTER] * 2


def alike(row: dict[str, Any], texts: dict[str, str], least: float = 0.85) -> bool:
    """Whether the places of a passage hold nearly equal texts, by the oracle."""
    shingles = [naive.shingles(naive.tokens(texts[name][start:end]), 3) for name, start, end in places(row)]
    return all(naive.containment(one, shingles[0]) > least - 0.3 for one in shingles)


@pytest.mark.parametrize("furniture", [False, True])
@pytest.mark.parametrize("tokens", ["auto", "word"])
def test_passages__offsets_are_those_of_the_text_as_it_was_read(furniture: bool, tokens: str) -> None:
    """With lines of the site in the middle of a copy, notes, combining marks, and signs that NFKC takes apart."""
    noisy = SHARED[:100] + "经(jīng)济" + SHARED[100:200] + "㎡e\u0301　か\u3099" + SHARED[200:]
    lines = ["首页 > 新闻 > 正文", "上一页 下一页 打印本页 关闭本窗口 返回首页", "版权所有 未经书面许可任何人不得转载"]
    texts = {}
    for i in range(48):
        random = Random(i)
        inner = noisy if i % 12 == 0 else han(9000 + i, 300)
        own = [han(90 * i + j + 9, 40 + random.randrange(60)) for j in range(6)]
        parts = [*own[:3], inner[:150], inner[150:], *own[3:]]
        if furniture:
            for line in lines:
                parts.insert(random.randrange(len(parts) + 1), line)
        texts[f"p{i}"] = "\n".join(parts)
    config = Config(boilerplate="auto" if furniture else "off", tokens=tokens, length=30)
    result = find_passages(iter(texts.items()), config)
    assert bool(furniture) == (result.boilerplate is not None and len(result.boilerplate.templates) >= 3)
    rows = result.passages.to_pylist()
    assert {name for name, _, _ in places(rows[0])} == {"p0", "p12", "p24", "p36"}
    for name, start, end in places(rows[0]):
        found = texts[name][start:end]
        for line in lines:
            found = found.replace(f"{line}\n", "")
        found = found.replace("\n", "")
        # What stands beside two copies may be equal by chance.
        assert noisy in found and len(found) <= len(noisy) + 4


def test_passages__of_a_slice_of_a_larger_table_refer_to_their_texts() -> None:
    table = pa.table({"id": list(TEXTS), "text": list(TEXTS.values())})
    whole = find_passages(table)
    part = find_passages(pa.concat_tables([table, table]).slice(len(table)))
    assert part.passages.equals(whole.passages)


@pytest.mark.parametrize("text", ["jing㎡20" * 60, "㍿" * 200, "각" * 300, "ﷺ" * 40, "e\u0301" * 200, "경" * 90])
def test_passages__of_texts_that_compose_to_other_lengths_stay_within_them(text: str) -> None:
    texts = [text, "另" + text + "文", text[::-1]]
    for row in find_passages(texts, Config(length=16)).passages.to_pylist():
        for one in row["occurrences"]:
            assert 0 <= one["start"] < one["end"] <= len(texts[one["doc"]])


def test_passages__within_one_document_are_found() -> None:
    text = around(SHARED, 1) + around(SHARED, 2)
    [row] = find_passages([text]).passages.to_pylist()
    assert [text[one["start"] : one["end"]] for one in row["occurrences"]] == [SHARED, SHARED]
    assert [one["doc"] for one in row["occurrences"]] == [0, 0]


def test_passages__of_two_texts_are_those_of_a_run_over_both() -> None:
    a, b = TEXTS["a"], TEXTS["d"]
    [found] = dedup.passages(a, b)
    [row] = find_passages([a, b]).passages.to_pylist()
    assert found.length == row["length"]
    assert [(o.text, o.start, o.end, o.identity) for o in found.occurrences] == [
        (o["doc"], o["start"], o["end"], o["identity"]) for o in row["occurrences"]
    ]


def test_passages__are_as_long_as_asked(find: Callable, put: Callable) -> None:
    path = put("a.jsonl", lines_of(*records()))
    outcome = find(path, flags=["--length", "121", "--identity", "1"])
    rows = outcome.rows("passages")
    assert rows and all(row["length"] >= 121 for row in rows)
    assert all(one["identity"] == 1 for row in rows for one in row["occurrences"])


def test_result__tells_that_no_passages_were_looked_for() -> None:
    result = dedupe(["一二三"], Config(audit=0))
    with pytest.raises(ConfigError, match="--passages"):
        _ = result.passages
    with pytest.raises(ConfigError, match="--passages"):
        _ = result.crowded


@pytest.mark.parametrize("driver", [dedupe, find_passages])
def test_open__gives_the_same_passages(tmp_path: Path, put: Callable, driver: Callable) -> None:
    path = put("a.jsonl", lines_of(*records(), *({"id": f"c{i}", "text": han(7, 90) + han(50 + i)} for i in range(5))))
    result = driver(path, Config(passages=True, cap=3, audit=0), out=tmp_path / "out")
    again = Result.open(tmp_path / "out")
    assert len(result.passages) and len(result.crowded)
    assert again.passages.equals(result.passages) and again.crowded.equals(result.crowded)
    assert result.crowded.schema == CROWDED and result.passages.schema == PASSAGES
    assert (
        again.save(tmp_path / "anew").joinpath("passages.jsonl").read_bytes()
        == (tmp_path / "out/passages.jsonl").read_bytes()
    )
    assert again.at(0.9).passages.equals(result.passages)


# -- the cap -----------------------------------------------------------------------------------------------------


def test_cap__what_stands_in_more_documents_is_said_on_the_screen_and_in_a_file(find: Callable, put: Callable) -> None:
    texts = {f"d{i}": around(SHARED, i) if i < 12 else around(SHORTER, i) for i in range(14)}
    path = put("a.jsonl", lines_of(*records(texts)))
    outcome = find(path, flags=["--cap", "11"])
    rows = outcome.rows("crowded")
    assert [row["documents"] for row in rows] == [12]
    assert texts[rows[0]["id"]][rows[0]["start"] : rows[0]["end"]] == SHARED and rows[0]["id"] == "d0"
    assert rows[0]["length"] == len(SHARED) and SHARED.startswith(rows[0]["begins"])
    assert [places(row)[0][0] for row in outcome.rows("passages")] == ["d12"]
    assert "in 12 documents" in outcome.err and "--cap" in outcome.err
    assert outcome.summary["crowded"] == 1
    assert find(path, flags=["--cap", "12", "--force"]).rows("crowded") == []


# -- what is cut -------------------------------------------------------------------------------------------------


def cut_texts(outcome: Outcome, name: str = "a.jsonl") -> dict[str, str]:
    return {row["id"]: row["text"] for row in map(json.loads, expand(outcome.folder / "cut" / name).splitlines())}


def cuts_of(outcome: Outcome) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for row in outcome.rows("cuts"):
        found.setdefault(row["id"], []).append((row["start"], row["end"]))
    return found


def put_back(text: str, original: str, cuts: list[tuple[int, int]]) -> str:
    for start, end in sorted(cuts):
        text = text[:start] + original[start:end] + text[start:]
    return text


def test_cut__keeps_the_first_occurrence_and_maps_back(find: Callable, put: Callable) -> None:
    outcome = find(put("a.jsonl", lines_of(*records())), flags=["--cut"])
    texts, cuts = cut_texts(outcome), cuts_of(outcome)
    assert {name: put_back(text, TEXTS[name], cuts.get(name, [])) for name, text in texts.items()} == TEXTS
    assert texts["a"] == TEXTS["a"] and texts["b"] == TEXTS["b"] and texts["f"] == TEXTS["f"]
    whole = "".join(texts.values())
    assert whole.count(SHARED[:90]) == whole.count(SHARED[210:]) == whole.count(SHORTER) == 1
    assert texts["e"].strip("。\n") == ""
    assert not (outcome.folder / "kept").exists(), "nothing is removed, so nothing is written twice"


def test_cut__of_a_run_keeps_what_a_removed_document_held_first(run: Callable, put: Callable) -> None:
    """The first place of the passage goes with a document that is removed; the next one is the first then."""
    long = around(SHARED, 1)
    texts = {"a": long, "b": around(SHARED, 2), "c": long + han(9, 20), "d": around(SHORTER, 3) + han(8, 30)}
    path = put("a.jsonl", lines_of(*records(texts)))
    for keep, kept in (("first", "a"), ("longest", "c")):
        outcome = run(path, flags=["--passages", "--cut", "--keep", keep, "--force"])
        assert {row["id"] for row in outcome.rows("removed")} == {"a", "c"} - {kept}
        found, cuts = cut_texts(outcome), cuts_of(outcome)
        assert set(found) == {kept, "b", "d"}
        assert "".join(found.values()).count(SHARED) == 1
        assert {name: put_back(text, texts[name], cuts.get(name, [])) for name, text in found.items()} == {
            name: text for name, text in texts.items() if name in found
        }


def test_cut__takes_nothing_that_stands_in_later_places_only(run: Callable, put: Callable) -> None:
    """The second place goes on for eight characters that the first one lacks, and the third has them too."""
    tail = han(61, 8)
    texts = {
        "a": SHARED[:110],
        "b": han(62, 70) + SHARED[:110] + tail + han(63, 70),
        "c": han(64, 70) + SHARED[:110] + tail,
    }
    outcome = run(put("a.jsonl", lines_of(*records(texts))), flags=["--passages", "--cut"])
    left = cut_texts(outcome)
    assert SHARED[:110] in left["a"] and SHARED[40:80] not in left["b"] + left["c"]
    assert tail in left["b"], "the first place that has it keeps it"


def test_cut__leaves_every_token_of_pieces_and_passages_once(run: Callable, put: Callable) -> None:
    """Whatever overlaps what: a window of the input that stands in no cut file would be lost."""
    random = Random(3)
    parts = [han(500 + i, 110) + "。" for i in range(14)]
    texts = {}
    for i in range(30):
        chosen = random.choices(parts, k=random.randint(1, 5))
        headed = random.random() < 0.6
        pieces = [f"学习体会篇{'一二三四五'[n]}\n{part}" if headed else part for n, part in enumerate(chosen)]
        texts[f"d{i}"] = "\n".join([*pieces, han(800 + i, 30 * random.randint(0, 3))])
    path = put("a.jsonl", lines_of(*records(texts)))
    for flags in ([], ["--keep", "longest"], ["--unit", "piece"], ["--unit", "piece", "--keep", "longest"]):
        outcome = run(path, flags=["--passages", "--cut", "--force", *flags])
        left = "\n".join(cut_texts(outcome).values())
        for i, part in enumerate(parts):
            assert part[:60] in left or part[50:] in left, (flags, i)


# -- removal -----------------------------------------------------------------------------------------------------


def test_against__what_stands_in_old_files_is_told_but_old_files_are_not_cut(
    run_cli: Callable, put: Callable, tmp_path: Path
) -> None:
    old = put("old.jsonl", lines_of({"id": "old", "text": around(SHARED, 9)}))
    new = put("new.jsonl", lines_of(*records({"n": around(SHARED, 8)})))
    outcome = run_cli("passages", new, "-o", tmp_path / "out", "--against", old, "--cut")
    [row] = outcome.rows("passages")
    assert [name for name, _, _ in places(row)] == ["old", "n"]
    assert [path.name for path in (outcome.folder / "cut").iterdir()] == ["new.jsonl"]
    assert SHARED not in cut_texts(outcome, "new.jsonl")["n"]
    assert set(cuts_of(outcome)) == {"n"}


def test_within__no_pair_of_documents_kept_apart_is_told(run: Callable, put: Callable) -> None:
    rows = [{"id": f"d{i}", "text": around(SHARED, 0, 20), "site": f"s{i % 2}"} for i in range(4)]
    outcome = run(put("a.jsonl", lines_of(*rows)), flags=["--passages", "--within", "site"])
    assert {(row["id_a"], row["id_b"]) for row in outcome.pairs} == {("d0", "d2"), ("d1", "d3")}
    assert outcome.summary["removed"] == 2


# -- determinism -------------------------------------------------------------------------------------------------


def many(count: int = 60) -> list[dict[str, str]]:
    """Texts put together from few parts, some of them edited, some under headings, with lines of a site."""
    random = Random(1)
    parts = [han(700 + i, 130) for i in range(40)]
    rows = []
    for i in range(count):
        chosen = [parts[random.randrange(40)] for _ in range(random.randint(1, 5))]
        chosen = [part if random.random() < 0.7 else part[:60] + "兀" + part[61:] for part in chosen]
        headed = [f"学习体会篇{'一二三四五'[n]}\n{part}" for n, part in enumerate(chosen)]
        lines = [f"当前位置:首页 > 栏目{i % 7}", *(headed if i % 2 else chosen), "版权所有 未经许可不得转载"]
        rows.append({"id": f"m{i}", "text": "\n".join(lines)})
    return rows


MODES = {
    "passages": Config(passages=True, audit=0, cut=True, cap=4),
    "pieces": Config(passages=True, audit=0, cut=True, unit="piece"),
    "boilerplate": Config(
        passages=True, audit=0, cut=True, unit="piece", boilerplate="auto", remove="exact,near,partial"
    ),
}


@pytest.mark.parametrize("mode", MODES)
def test_run__gives_the_same_bytes_with_any_threads(put: Callable, tmp_path: Path, mode: str) -> None:
    path = put("a.jsonl", lines_of(*many()))
    found = []
    for threads in (1, 2, 4):
        folder = tmp_path / f"out{threads}"
        dedupe(path, MODES[mode].with_(threads=threads), out=folder)
        found.append({str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()})
        found[-1].pop("run.json")
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("mode", MODES)
def test_run__gives_the_same_passages_for_several_files_and_in_memory(put: Callable, tmp_path: Path, mode: str) -> None:
    rows = many()
    whole = dedupe(put("a.jsonl", lines_of(*rows)), MODES[mode])
    for i, (begin, end) in enumerate([(0, 1), (1, 20), (20, 60)]):
        put(f"parts/{i}.jsonl", lines_of(*rows[begin:end]))
    parts = dedupe(tmp_path / "parts", MODES[mode])
    memory = dedupe(pa.Table.from_pylist(rows), MODES[mode])
    for other in (parts, memory):
        assert other.passages.equals(whole.passages) and other.crowded.equals(whole.crowded)
        assert other.pairs.equals(whole.pairs) and other.pieces.equals(whole.pieces)


# -- faults ------------------------------------------------------------------------------------------------------

STAGES = ["read", "shape", "passages", "match", "label", "cluster", "write"]
FLAGS = ["--unit", "piece", "--passages", "--boilerplate", "auto", "--cut", "--audit", "0"]
BEFORE = {"read": [], "shape": ["read"], "passages": ["read"], "match": ["read", "passages"]}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("undisturbed")
    (home / "in").mkdir()
    (home / "in/a.jsonl").write_bytes(lines_of(*many()))
    before = Path.cwd()
    os.chdir(home)
    try:
        dedupe([Path("in")], Config(unit="piece", passages=True, boilerplate="auto", cut=True, audit=0), out="out")
    finally:
        os.chdir(before)
    return result_of(home / "out")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_run__goes_on_after_it_was_stopped(
    run_cli: Callable, put: Callable, tmp_path: Path, undisturbed: dict[str, str], stage: str, number: int
) -> None:
    put("in/a.jsonl", lines_of(*many()))
    out, work = tmp_path / "out", tmp_path / ".out.dedup-work"
    arguments = ["run", "in", "-o", str(out), *FLAGS]
    process = subprocess.run(
        [sys.executable, "-c", DRIVER, stage, str(int(number)), "1", *arguments],
        cwd=tmp_path, capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert process.returncode == (130 if number == signal.SIGINT else -number), process.stderr
    assert not out.exists()
    state = work / "state.json"
    finished = list(json.loads(state.read_bytes())["stages"]) if state.exists() else []
    assert finished == BEFORE.get(stage, ["read", "passages", "match"])
    outcome = run_cli(*arguments, "--resume")
    assert outcome.code == 0, outcome.err
    assert without_times(result_of(out)) == without_times(undisturbed)
    assert not work.exists()
    assert ("match" in outcome.summary["seconds"]) == ("match" not in finished)


def test_passages__go_on_after_they_were_stopped(find: Callable, put: Callable, tmp_path: Path) -> None:
    path = put("a.jsonl", lines_of(*many()))
    whole = find(path, flags=["--cut"], out=tmp_path / "whole")
    for stage in ("passages", "cluster", "write"):
        arguments = ["passages", str(path), "-o", "out", "--cut", "--force"]
        process = subprocess.run(
            [sys.executable, "-c", DRIVER, stage, "9", "1", *arguments],
            cwd=tmp_path, capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
        assert process.returncode == -9, process.stderr
        outcome = find(path, flags=["--cut", "--force", "--resume"])
        assert outcome.code == 0, outcome.err
        assert outcome.rows("passages") == whole.rows("passages") and outcome.rows("cuts") == whole.rows("cuts")


def test_dedupe__stops_in_every_stage_when_the_callback_says_so(put: Callable, tmp_path: Path) -> None:
    path = put("a.jsonl", lines_of(*many()))
    before = digests(tmp_path)
    for stage in STAGES:
        with pytest.raises(dedup.Cancelled, match=stage):
            dedupe(path, MODES["boilerplate"], on_progress=lambda p, stage=stage: p.stage != stage, out=tmp_path / "o")
    result = dedupe(path, MODES["boilerplate"], out=tmp_path / "o", resume=True)
    assert len(result.pages) == 60
    assert digests(tmp_path, skip=[tmp_path / "o"]) == before


# -- bad input ---------------------------------------------------------------------------------------------------


def test_passages__of_nothing_but_empty_texts_are_none(find: Callable, put: Callable) -> None:
    outcome = find(put("a.jsonl", lines_of(*records({"x": "", "y": "。", "z": "\n"}))), flags=["--cut"])
    assert outcome.code == 0 and outcome.rows("passages") == [] and outcome.rows("crowded") == []
    assert cut_texts(outcome) == {"x": "", "y": "。", "z": "\n"}


HOSTILE = {
    "one character": lambda n: ["一" * n],
    "one character twice": lambda n: ["一" * n, "一" * n],
    "one line": lambda n: [(han(1, 30) + "\n") * (n // 31)],
    "two characters": lambda n: ["一二" * (n // 2)],
    "pieces": lambda n: ["".join(f"学习体会篇{i}\n{han(i % 200, 200)}\n" for i in range(1, n // 206))],
    "headings": lambda n: ["".join(f"学习体会篇{i}\n" for i in range(1, n // 8))],
    "passage": lambda n: [han(1, 80) + han(2 + i, 220) for i in range(n // 300)],
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("unit", ["page", "piece"])
def test_hostile__four_times_the_text_takes_little_more_than_four_times_as_long(name: str, unit: str) -> None:
    config = Config(unit=unit, passages=True, cut=True, audit=0, threads=1)
    dedupe(HOSTILE[name](5_000), config)
    sizes = (100_000, 400_000)
    seconds = []
    for size in sizes:
        texts = HOSTILE[name](size)
        begin = time.process_time()
        dedupe(texts, config)
        seconds.append(time.process_time() - begin)
    # Quadratic work would take sixteen times as long; of little work, the share that is the same for all is large.
    assert seconds[1] < 9 * seconds[0] + 0.5, seconds


def test_hostile__a_passage_in_every_document_is_crowded(find: Callable, put: Callable) -> None:
    texts = {f"d{i}": han(1, 80) + f" number{i} " + prose(i, 40) for i in range(5000)}
    outcome = find(put("a.jsonl", lines_of(*records(texts))))
    [row] = outcome.rows("crowded")
    assert (row["documents"], row["id"], row["start"], row["end"]) == (5000, "d0", 0, len(han(1, 80) + " number"))
    assert outcome.rows("passages") == []
    assert "in 5,000 documents" in outcome.err


def test_first_documents__are_the_records_of_the_passages() -> None:
    texts = [f"学习体会篇一\n{han(11, 200)}\n学习体会篇二\n{SHARED}\n", han(2, 300), around(SHARED, 3)]
    result = dedupe(texts, Config(unit="piece", passages=True, audit=0))
    [row] = result.passages.to_pylist()
    documents = result.documents.to_pylist()
    for one in row["occurrences"]:
        assert documents[one["doc"]]["page"] == one["id"] and documents[one["doc"]]["piece"] == 1
    assert np.diff([one["doc"] for one in row["occurrences"]]).min() > 0
