"""Templates and values as files: what is written comes back, whatever the values hold."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import InputError
from dedup.tables import FILLED
from dedup.templates.lost import Lost, count_lost, find_lost
from dedup.templates.model import Block, Slot, Template, Variable, Words
from dedup.templates.values import differing, is_lost, value_keys
from dedup.templates.write import (
    VALUES,
    cell,
    counts_of,
    read_templates,
    read_values,
    rows_of,
    span_rows,
    spans_name,
    value_rows,
    values_name,
    values_of,
    write_rows,
    write_templates,
)


def variable(name: str) -> Variable:
    return Variable(name, name.partition("_")[0], "", 2, ("a",))


# {place}有{number}户。{person}负责。  (at will)  {place}的{title}  (again and again)
TEMPLATE = Template(
    (
        Slot(0, 0),
        Words("有"),
        Slot(1, 1),
        Words("户。"),
        Block(0, (Slot(2, 2), Words("负责。")), 0, 1, 0.5),
        Block(1, (Slot(3, 0), Words("的"), Slot(4, 3), Words("；")), 0, 3, 0.8),
    ),
    (variable("place"), variable("number"), variable("person"), variable("title")),
    3,
    3,
    0.4,
    0.9,
)
PLAIN = Template((Words("关于"), Slot(0, 0), Words("的通知")), (variable("text"),), 2, 2, 0.5, 1.0)


def spans(*values: tuple[int, str]) -> list[dict[str, Any]]:
    """Slots with their texts, one behind the other."""
    found, at = [], 3
    for slot, text in values:
        found.append({"slot": slot, "start": at, "end": at + len(text), "text": text})
        at += len(text) + 2
    return found


def filled(*rows: tuple[int, int, list[dict[str, Any]]]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"template": t, "doc": doc, "edits": doc % 3, "spans": found} for t, doc, found in rows], FILLED
    )


def heads(rows: int) -> pa.Table:
    return pa.table({"id": [f"d{i}" for i in range(rows)], "copy_of": pa.array([None] * rows, pa.string())})


def fields(template: Template, table: pa.Table) -> list[dict[str, str]]:
    header, *rows = value_rows(template, table, heads(len(table)), {})
    return [dict(zip(header, row, strict=True)) for row in rows]


# -- fields ------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=4))
def test_cell__gives_back_every_value(values: list[str]) -> None:
    assert values_of(cell(values)) == values


@pytest.mark.parametrize("value", ['["', '["a", "b"]', "[", '"', "a,b", "a\r\nb", "\x1f", "=1+1", " "])
def test_cell__of_one_value_is_never_taken_for_several(value: str) -> None:
    assert values_of(cell([value])) == [value]
    assert values_of(cell([value, "b"])) == [value, "b"]


def test_cell__of_one_plain_value_is_that_value() -> None:
    assert cell(["嘉禾县"]) == "嘉禾县"
    assert cell([]) == ""


def test_values__of_a_variable_that_agrees_stand_once_and_items_of_a_list_all() -> None:
    [row] = fields(PLAIN, filled((1, 0, spans((0, "开会")))))
    assert row == {"doc": "0", "id": "d0", "copy_of": "", "edits": "0", "lost": "", "text": "开会"}
    twice = Template((Slot(0, 0), Words("和"), Slot(1, 0)), (variable("place"),), 2, 2, 0.5, 1.0)
    table = filled(
        (1, 0, spans((0, "攸县"), (1, "攸县"))),
        (1, 1, spans((0, "攸县"), (1, "嘉禾县"))),
        (1, 2, spans((0, "**"), (1, "攸县"))),
        (1, 3, spans((0, "**"), (1, "**"))),
    )
    assert [row["place"] for row in fields(twice, table)] == ["攸县", '["攸县", "嘉禾县"]', "攸县", "**"]
    items = filled((1, 0, spans((0, "甲镇"), (1, "3"), (3, "乙镇"), (4, "计划"), (3, "乙镇"), (4, "总结"))))
    [row] = fields(TEMPLATE, items)
    assert json.loads(row["place"]) == ["甲镇", "乙镇", "乙镇"]
    assert json.loads(row["title"]) == ["计划", "总结"]
    assert row["person"] == "" and row["number"] == "3"


# -- files -------------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SPANS = st.lists(st.tuples(st.integers(0, 4), TEXT), max_size=5).map(lambda found: spans(*found))


@given(st.lists(SPANS, max_size=4), st.lists(TEXT, max_size=3))
def test_values__come_back_from_their_files(tmp_path_factory: pytest.TempPathFactory, rows: list, plain: list) -> None:
    folder = tmp_path_factory.mktemp("values")
    table = filled(
        *((1, 2 * doc, found) for doc, found in enumerate(rows)),
        *((2, doc, spans((0, text))) for doc, text in enumerate(plain)),
    )
    for number, template in enumerate((TEMPLATE, PLAIN), 1):
        mine = rows_of(table, number)
        write_rows(value_rows(template, mine, heads(len(mine)), {}), folder / values_name(number))
        ids = heads(len(mine)).column("id")
        write_rows(span_rows(template, mine, ids), folder / spans_name(number))
    assert read_values(folder, 2).to_pylist() == table.to_pylist()
    assert counts_of(table, 2) == [len(rows), len(plain)]


def test_values__are_read_by_any_reader_of_csv(tmp_path: Path) -> None:
    value = 'a "quoted"\r\nvalue, with\nlines'
    table = filled((1, 0, spans((0, value))), (1, 5, spans((0, "b"))))
    write_rows(value_rows(PLAIN, table, heads(2), {1: ["text=a (from d0)"]}), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [value, "b"]
    assert rows[1]["lost"] == "text=a (from d0)" and rows[1]["doc"] == "5" and rows[1]["edits"] == "2"


def test_values__of_a_folder_without_them_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="values"):
        read_values(tmp_path, 1)
    (tmp_path / values_name(1)).write_text("doc,edits\nx,1\n")
    with pytest.raises(InputError, match="values"):
        read_values(tmp_path, 1)
    assert read_values(tmp_path, 0).num_rows == 0
    assert VALUES == "values"


def test_templates__come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "templates.jsonl"
    write_templates([TEMPLATE, PLAIN], [7, 2], path)
    assert read_templates(path) == [TEMPLATE, PLAIN]
    first = json.loads(path.read_text("utf-8").splitlines()[0])
    assert list(first)[:4] == ["template", "family", "filled", "size"]
    assert {"segments", "variables", "compression", "concentration", "regex", "readable"} < set(first)
    assert first["template"] == first["family"] == 1 and first["filled"] == 7
    path.write_text("{}\n")
    with pytest.raises(InputError, match=r"templates.jsonl:1"):
        read_templates(path)


# -- what was lost -----------------------------------------------------------------------------------------------


FLAT = Template((Slot(0, 0), Words("有"), Slot(1, 1), Words("户")), TEMPLATE.variables[:2], 2, 2, 0.5, 1.0)


def test_lost__tells_what_a_copy_kept() -> None:
    table = filled(
        (1, 0, spans((0, "嘉禾县"), (1, "3"))),
        (1, 1, spans((0, "xx"), (1, ""))),  # a copy of 0
        (1, 2, spans((0, "**"), (1, "4"))),  # alone
        (1, 3, spans((0, ""), (1, "5"))),  # kept for 4 and 5
        (1, 4, spans((0, "攸县"), (1, "xx"))),
        (1, 5, spans((0, "xx"), (1, "**"))),
    )
    kept = np.array([0, 0, 2, 3, 3, 3])
    found = find_lost(FLAT, table, kept)
    assert found == {
        1: [Lost("place", "嘉禾县", 0), Lost("number", "3", 0)],
        3: [Lost("place", "攸县", 4)],
        4: [Lost("number", "5", 3)],
        5: [Lost("place", "攸县", 4), Lost("number", "5", 3)],
    }
    assert count_lost([FLAT], table, kept) == 6


@pytest.mark.parametrize(
    ("kind", "unit", "lost", "whole"),
    [
        ("number", "户", ["户", "", "xx户", "20XX户", "**"], ["3户", "三户", "十户", "３户"]),
        ("money", "万元", ["万元", "元"], ["3.5万元", "8元"]),
        ("date", "", ["月日", "5月日", "月3日"], ["5月3日", "五月三日", "元月1日", "3 May", "2月"]),
        ("number", "talks", ["talks", "xx"], ["47 talks", "ten talks"]),
        ("place", "", ["xx", "**", ""], ["攸县", "嘉禾县"]),
    ],
)
def test_lost__is_a_mask_or_a_unit_without_its_figure(kind: str, unit: str, lost: list[str], whole: list[str]) -> None:
    one = Variable(kind, kind, unit, 2, ())
    assert [value for value in lost if not is_lost(value, one)] == []
    assert [value for value in whole if is_lost(value, one)] == []


def test_values__of_copies_are_equal_whatever_their_spelling() -> None:
    table = filled(
        (1, 0, spans((0, "嘉禾县"), (1, "３户"))),
        (1, 1, spans((0, "嘉禾縣"), (1, "3户"))),
        (1, 2, spans((0, "嘉禾县"), (1, "4户"))),
        (1, 3, spans((0, "xx"), (1, "4户"))),
    )
    keys = value_keys(FLAT, table)
    differ, known = differing(keys, np.array([0, 0, 0, 2]), np.array([1, 2, 3, 3]))
    assert (differ.tolist(), known.tolist()) == ([0, 1, 1, 0], [2, 2, 1, 1])


def test_lost__is_the_same_however_the_rows_are_batched() -> None:
    rows = [filled((1, i, spans((0, "**" if i % 2 else "攸县"), (1, "1")))) for i in range(6)]
    kept = np.arange(6) // 2 * 2
    wanted = find_lost(FLAT, pa.concat_tables(rows).combine_chunks(), kept)
    assert find_lost(FLAT, pa.concat_tables(rows), kept) == wanted
    assert sorted(wanted) == [1, 3, 5]


def test_lost__a_block_that_is_left_out_is_no_loss() -> None:
    table = filled((1, 0, spans((0, "攸县"), (2, "张三"))), (1, 1, spans((0, "攸县"))))
    assert find_lost(TEMPLATE, table, np.array([0, 0])) == {}


def test_lost__items_of_lists_are_left_out() -> None:
    table = filled((1, 0, spans((4, "计划"), (4, "总结"))), (1, 1, spans((4, "**"), (4, "总结"))))
    assert find_lost(TEMPLATE, table, np.array([0, 0])) == {}
