"""The sample page: a collection of eight texts of which two are copies, with no heading between two of them.

Named by the environment variable DEDUP_DATA; skipped where it is not set. The offsets are those of FACTS A: code points
of the page as it was scraped.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import dedup
from dedup import Config
from dedup.documents.normalise import normalise_rows
from dedup.pages.boilerplate.keys import line_keys
from dedup.pages.lines import split_lines
from dedup.reasons.explain import explain
from tests.conftest import Outcome

DATA = os.environ.get("DEDUP_DATA", "")
pytestmark = pytest.mark.skipif(not DATA, reason="DEDUP_DATA names no folder with the sample page")

HEADING = re.compile(r"^.{2,30}?篇[一二三四五六七八]\s*$", re.MULTILINE)
PASSAGES = [[(2303, 9700), (9719, 17122)], [(17124, 21552), (21554, 25984)]]
MIDDLE = 17124  # between the two texts below the fourth heading


@pytest.fixture(scope="module")
def page() -> str:
    return (Path(DATA) / "sample_page.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def headings(page: str) -> list[int]:
    found = [match.start() for match in HEADING.finditer(page)]
    assert len(found) == 8
    return found


def section(page: str, headings: list[int], number: int) -> str:
    """What stands below a heading, from 1, up to the next."""
    return page[headings[number - 1] : headings[number]]


@pytest.fixture(scope="module")
def pieces(page: str) -> list[dict[str, Any]]:
    return dedup.dedupe([page], Config(unit="piece", audit=0)).pieces.to_pylist()


def test_pieces__begin_at_the_eight_headings_and_inside_the_fourth(
    pieces: list[dict[str, Any]], headings: list[int]
) -> None:
    starts = [row["start"] for row in pieces if row["kind"] == "piece"]
    assert starts == sorted([*headings, MIDDLE])
    assert pieces[0]["start"] == 0 and pieces[-1]["end"] == 31_931


def test_pieces__copies_are_near_and_nothing_else_is_linked(pieces: list[dict[str, Any]], headings: list[int]) -> None:
    starts = {row["start"]: row for row in pieces}
    third, copy, middle, fifth = (starts[at] for at in (headings[2], headings[3], MIDDLE, headings[4]))
    linked = [row for row in pieces if row["label"]]
    assert linked == [copy, fifth]
    assert all(row["label"] == "near" and row["similarity"] > 0.98 for row in linked)
    assert copy["kept_as"] == f"{third['page']}#{third['number']}"
    assert fifth["kept_as"] == f"{middle['page']}#{middle['number']}"


def test_run__tells_the_page_as_the_list_of_its_texts(run: Callable[..., Outcome], page: str, tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(page, encoding="utf-8")
    outcome = run(path, flags=["--unit", "piece"])
    [row] = outcome.rows("pages")
    assert row["composition"] == "A + B + C + C' + D + D' + E + F + G"
    assert (row["page"], row["kept"], row["pieces"]) == ("page.txt", 10, 12)


def test_passages__are_the_two_copies_and_nothing_else(page: str) -> None:
    found = [[(one.start, one.end) for one in passage.occurrences] for passage in dedup.passages(page)]
    assert np.abs(np.array(found) - np.array(PASSAGES)).max() <= 3


def test_command__passages_are_the_two_copies_and_nothing_else(
    run_cli: Callable[..., Outcome], page: str, tmp_path: Path
) -> None:
    path = tmp_path / "page.txt"
    path.write_text(page, encoding="utf-8")
    outcome = run_cli("passages", path, "-o", tmp_path / "out", "--cut")
    rows = outcome.rows("passages")
    found = [[(one["start"], one["end"]) for one in row["occurrences"]] for row in rows]
    assert np.abs(np.array(found) - np.array(PASSAGES)).max() <= 3
    assert outcome.rows("crowded") == []
    cut = (outcome.folder / "cut/page.txt").read_text(encoding="utf-8")
    removed = sum(row["end"] - row["start"] for row in outcome.rows("cuts"))
    assert len(cut) == len(page) - removed and 0.36 < removed / len(page) < 0.38


def test_run__finds_the_third_section_in_the_fourth(
    run: Callable[..., Outcome], page: str, headings: list[int], tmp_path: Path
) -> None:
    for number in (3, 4):
        (tmp_path / f"{number}.txt").write_text(section(page, headings, number), encoding="utf-8")
    outcome = run(tmp_path / "3.txt", tmp_path / "4.txt", flags=["--passages"])
    [pair] = outcome.pairs
    assert (pair["id_a"], pair["id_b"], pair["label"], pair["linked"]) == ("3.txt", "4.txt", "partial", False)
    assert pair["containment_a"] >= 0.99 and pair["containment_b"] < 0.65
    assert pair["similarity"] == pytest.approx(0.6184, abs=0.01)
    assert outcome.summary["removed"] == 0
    asked = run(tmp_path / "3.txt", tmp_path / "4.txt", flags=["--passages", "--remove", "exact,partial", "--force"])
    assert [(row["id"], row["kept_id"], row["label"]) for row in asked.rows("removed")] == [
        ("3.txt", "4.txt", "partial")
    ]


def test_compare__says_that_the_third_section_stands_in_the_fourth(
    run_cli: Callable[..., Outcome], page: str, headings: list[int], tmp_path: Path
) -> None:
    a, b = section(page, headings, 3), section(page, headings, 4)
    why = explain(a, b)
    assert why.label == dedup.compare(a, b).label == "partial"
    assert why.containment_a >= 0.99
    (tmp_path / "3.txt").write_text(a, encoding="utf-8")
    (tmp_path / "4.txt").write_text(b, encoding="utf-8")
    outcome = run_cli("compare", tmp_path / "3.txt", tmp_path / "4.txt", "--json")
    said = json.loads(outcome.out)
    assert said["label"] == "partial" and said["containment_a"] == why.containment_a


def test_lines__the_list_of_titles_is_one_template(page: str) -> None:
    lines = split_lines(pa.array([page], pa.large_string()))
    keys = line_keys(lines, normalise_rows(lines.texts))
    titles = [line for line, text in enumerate(lines.texts.to_pylist()) if re.search(r"篇\)?\s*$", text)]
    found = keys.whole[titles[-30:]]
    assert len(set(found.tolist())) == 1 and found[0]
    assert lines.points[titles[-30]] >= 31_176


def cleaned(page: str) -> str:
    """The page as it was before a site changed it: simplified, full width, without notes."""
    opencc = pytest.importorskip("opencc")
    plain = re.sub(r"(?<=[\u4e00-\u9fff])\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]{1,6}\)", "", page)
    plain = opencc.OpenCC("t2s").convert(plain)
    return plain.translate({ord(sign): ord(sign) + 0xFEE0 for sign in ",;:?!()%"})


def test_pieces__of_the_cleaned_page_are_linked_to_their_twins(page: str) -> None:
    other = cleaned(page)
    table = pa.table({"id": ["scraped", "cleaned"], "text": [page, other], "site": ["one", "two"]})
    result = dedup.dedupe(table, Config(unit="piece", audit=0, boilerplate="auto", source="site"))
    rows = result.pieces.to_pylist()
    scraped, clean = ([row for row in rows if row["page"] == name] for name in ("scraped", "cleaned"))
    assert [row["kind"] for row in scraped] == [row["kind"] for row in clean]
    similarities = {}
    for one, twin in zip(scraped, clean, strict=True):
        if one["kind"] == "piece":
            assert twin["kept_as"] == one["kept_as"], (one["number"], twin)
            text = page[one["start"] : one["end"]]
            similarities[one["number"]] = dedup.compare(text, other[twin["start"] : twin["end"]]).similarity
    # Also where bytes were lost: what is left of them is folded alike in both.
    assert len(similarities) == 9 and min(similarities.values()) >= 0.99, similarities
    composed = result.pages.column("composition").to_pylist()
    assert composed[0] == "A + B + C + C' + D + D' + E + F + G"
