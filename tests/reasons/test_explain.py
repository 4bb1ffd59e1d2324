"""What two texts share and where they differ is told in the offsets of the texts as they stand."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len

import dedup
from dedup.config import Config
from dedup.documents.normalise import normalise
from dedup.reasons.differences import read_tokens
from dedup.reasons.explain import Explanation, explain
from dedup.reasons.sidebyside import CONTEXT, LEFT_OUT, VISIBLE, Row, line_numbers, line_of, side_by_side
from tests import naive
from tests.conftest import han, prose
from tests.strategies import similar_texts

REPORT = "全县农村社区建设工作汇报：2023年投入资金3.5万元，建成社区12个，受益群众5600人，各项工作取得明显成效。"


def differing(why: Explanation) -> list[tuple[str, str, str]]:
    return [(part.kind, part.text_a, part.text_b) for part in why.parts]


def edited(text: str, seed: int, share: float) -> str:
    random = Random(seed)
    return "".join("某" if random.random() < share else char for char in text)


@given(similar_texts(2))
def test_parts__leave_equal_tokens_on_both_sides(texts: list[str]) -> None:
    a, b = texts[0], texts[-1]
    why = explain(a, b)
    left: list[list[int]] = []
    for side, text in zip("ab", (a, b), strict=True):
        spans = [(getattr(part, f"start_{side}"), getattr(part, f"end_{side}")) for part in why.parts]
        assert [text[start:end] for start, end in spans] == [getattr(part, f"text_{side}") for part in why.parts]
        edges = [0, *(edge for span in spans for edge in span), len(text)]
        assert edges == sorted(edges)
        tokens = read_tokens(text)
        # A character may compose into the end of one token and all of the next.
        assume(np.all(tokens.start[1:] >= tokens.end[:-1]))
        inside = np.zeros(len(tokens.codes), bool)
        for start, end in spans:
            inside |= (tokens.start >= start) & (tokens.end <= end)
        left.append(tokens.codes[~inside].tolist())
    assert left[0] == left[1]
    assert (why.label == "exact") == (why.tokens_a > 0 and not why.parts)


@given(similar_texts(2))
def test_similarity__is_that_of_the_definition(texts: list[str]) -> None:
    a, b = texts[0], texts[-1]
    why = explain(a, b)
    assert (why.similarity, why.containment_a, why.containment_b) == pytest.approx(naive.compare(a, b))
    assert (why.tokens_a, why.tokens_b) == (len(normalise(a)), len(normalise(b)))
    found = dedup.compare(a, b)
    assert all(getattr(why, name) == value for name, value in found._asdict().items())


def test_parts__are_shown_as_they_stand_and_only_where_tokens_differ() -> None:
    a = "农村社区建设工作取得明显成效，投入资金３．５万元。（完）"
    b = "農村社區(qū)建設工作取得顯著成效:投入资金3.6万元!"
    why = explain(a, b)
    assert differing(why) == [("changed", "明显", "顯著"), ("changed", "３．５", "3.6"), ("only_a", "完", "")]
    assert [(part.start_a, part.start_b) for part in why.parts] == [(10, 14), (19, 23), (26, 28)]


def test_labels__are_those_of_a_run_with_the_rule_in_words() -> None:
    same = explain(REPORT, REPORT.replace("，", ","))
    assert (same.label, same.parts, same.identity) == ("exact", (), 1)
    near = explain(REPORT, REPORT.replace("明显", "显著"))
    assert near.label == "near" and differing(near) == [("changed", "明显", "显著")]
    filled = explain(REPORT, REPORT.replace("2023", "2021").replace("3.5", "80").replace("56", "9"))
    assert filled.label == "templated" and "template" in filled.rule and filled.pattern_similarity == 1
    nothing = explain(han(1), prose(1))
    assert nothing.label == "" and nothing.rule


@pytest.mark.parametrize("label", ["exact", "near", "templated", ""])
def test_advice__says_what_the_settings_do_with_such_documents(label: str) -> None:
    other = {"exact": REPORT, "near": REPORT.replace("明显", "显著"), "": "无关"}.get(
        label, REPORT.replace("2023", "2021").replace("3.5", "80").replace("56", "9")
    )
    usual, all_kept, all_removed = (
        explain(REPORT, other, Config(remove=remove)) for remove in ("exact,near", "exact", "exact,near,templated")
    )
    assert usual.label == label
    template = "kept; --remove exact,near,templated ", "kept; --remove exact,templated "
    said = {
        "exact": ("removed", "removed", "removed"),
        "near": ("removed; --remove exact ", "kept; --remove exact,near ", "removed; --remove exact,templated "),
        "templated": (*template, "removed; --remove exact,near keeps"),
        "": ("nothing to do", "nothing to do", "nothing to do"),
    }[label]
    for why, words in zip((usual, all_kept, all_removed), said, strict=True):
        assert words in why.advice


def test_passage__stands_where_it_was_put_and_gives_the_direction() -> None:
    passage = han(1, 400)
    a, b = han(2, 300) + "\n" + passage + "\n" + han(3, 500), passage + "\n" + han(4, 20)
    why = explain(a, b)
    assert why.label == "partial" and why.direction.startswith("B stands in A: 0.9")
    (found,) = why.passages
    assert abs(found.start_a - 301) <= 3 and abs(found.end_a - 701) <= 3 and found.start_b == 0
    assert abs(found.end_b - 400) <= 3 and found.identity > 0.98
    assert why.share_b > 0.9 > 0.4 > why.share_a > 0.3
    assert explain(b, a).direction.startswith("A stands in B: 0.9")


def test_passage__that_changed_its_place_is_moved_and_not_new() -> None:
    one, two, three = (han(i, 300) for i in range(3))
    why = explain(one + two + three, two + three + one)
    assert [part.kind for part in why.parts] == ["moved", "moved"]
    assert why.parts[0].text_a == one and why.parts[0].text_b == ""
    assert why.share_a == why.share_b == 1 > why.coverage_a
    assert len(why.passages) == 2


def test_edited_passage__is_no_moved_one() -> None:
    text = han(5, 600)
    why = explain(text, edited(text, 1, 0.02))
    assert why.parts and {part.kind for part in why.parts} == {"changed"}
    assert len(why.passages) == 1 and 0.95 < why.passages[0].identity < 1


def test_boilerplate__is_left_out_and_shown_as_such() -> None:
    head, foot = "首页 > 范文大全 > 工作汇报 第12页\n", "\n责任编辑：小王 更多范文请关注"
    body = han(6, 200)
    a, b = head + body + foot, body[:100] + "\n点击下一页继续阅读全文\n" + edited(body[100:], 1, 0.05)
    cut = b.index("\n点击") + 1
    aside_a = [(0, len(head)), (len(head) + len(body) + 1, len(a))]
    aside_b = [(cut, b.index("\n", cut) + 1)]
    why = explain(a, b, aside_a=aside_a, aside_b=aside_b)
    plain = explain(body, b[: cut - 1] + b[aside_b[0][1] :])
    assert (why.similarity, why.label, why.tokens_a) == (plain.similarity, plain.label, plain.tokens_a)
    aside = [part for part in why.parts if part.kind == "boilerplate"]
    assert [part.text_a for part in aside] == ["首页 > 范文大全 > 工作汇报 第12页", "", "责任编辑：小王 更多范文请关注"]
    assert aside[1].text_b == "点击下一页继续阅读全文"
    assert [part.kind for part in why.parts if part.kind != "boilerplate"] == ["changed"] * len(plain.parts)
    assert why.boilerplate_a == tuple(aside_a)


def test_texts__that_share_only_boilerplate_are_told_so() -> None:
    line = "本文由范文网整理发布，转载请注明出处\n"
    a, b = line + han(7, 200), line + han(8, 200)
    why = explain(a, b, aside_a=[(0, len(line))], aside_b=[(0, len(line))])
    assert why.label == "boilerplate" and why.similarity < 0.05


@pytest.mark.parametrize("tokens", ["auto", "word"])
def test_explanation__is_json(tokens: str) -> None:
    values = explain(REPORT, REPORT.replace("明显", "显著"), Config(tokens=tokens)).as_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["parts"][0]["text_a"] == "明显" and set(dedup.Comparison._fields) <= set(values)


@pytest.mark.parametrize("a", ["", "。，！", "\n\n\t", "a", "中"])
@pytest.mark.parametrize("b", ["", "…", "b", "中"])
def test_texts__of_next_to_nothing_are_explained(a: str, b: str) -> None:
    why = explain(a, b)
    assert why.label == ("exact" if a == b == "中" else "")
    assert len(why.parts) <= 1 and why.passages == ()
    list(side_by_side(a, b, why.parts, width=20))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("中" * 333_000, "中" * 100_000 + "国" + "中" * 232_000),
        (edited("中" * 200_000, 1, 0.01), edited("中" * 200_000, 2, 0.01)),
        ("同一行文字反复出现。\n" * 20_000, "同一行文字反复出现。\n" * 19_000 + "尾"),
        (han(1, 200_000), edited(han(1, 200_000), 2, 0.05)),
        (han(1, 200_000), han(2, 200_000)),
        ("e\u0301 ü\n" * 30_000, "e\u0301 ö\n" * 30_000),
    ],
    ids=["one_character", "one_character_with_flaws", "one_line", "edited", "unrelated", "marks"],
)
def test_large_texts__come_to_an_end_and_do_not_flood_the_screen(a: str, b: str) -> None:
    why = explain(a, b)
    rows = list(side_by_side(a, b, why.parts, width=40))
    assert len(rows) < 2500


def test_passages__of_texts_that_say_the_same_over_and_over_are_found_in_any_order() -> None:
    lines = [han(seed, 60) + "\n" for seed in range(6)]
    a, b = "".join(lines) * 30, "".join(lines[::-1]) * 30
    why = explain(a, b)
    # Every line of B is paired with its first place in A.
    assert why.coverage_b < 0.1 and why.share_b > 0.95
    assert {b[passage.start_b : passage.end_b].strip() for passage in why.passages} == set(map(str.strip, lines))


def test_tokens__of_a_long_text_are_those_of_the_whole() -> None:
    lines = "".join(f"{prose(i, 9)} cafe\u0301 区(qū) 3\n" for i in range(1500))
    for text in (lines, lines.replace("\n", ""), lines.replace("3\n", "3\n.5")):
        assert len(text) > 1 << 16
        tokens = read_tokens(text)
        assert np.array_equal(tokens.codes, normalise(text))
        assert np.all(tokens.start < tokens.end) and np.all(np.diff(tokens.start) > 0)
        assert text[tokens.start[5] : tokens.end[5]] in text


# -- side by side ------------------------------------------------------------------------------------------------


def shown(row: Row, side: int) -> str:
    return "".join(run.text for run in row[side].runs)


@given(similar_texts(2), st.integers(8, 60))
def test_rows__hold_short_texts_whole_and_keep_to_their_width(texts: list[str], width: int) -> None:
    a, b = texts[0][:60], texts[-1][:60]
    why = explain(a, b)
    rows = list(side_by_side(a, b, why.parts, width=width))
    assert all(cell_len(shown(row, side)) == row[side].used <= width for row in rows for side in (0, 1))
    if why.parts and not any(row.left_out for row in rows):
        for side, text in enumerate((a, b)):
            assert "".join(shown(row, side) for row in rows) == text.translate(VISIBLE)
            at = [row[side].at for row in rows if row[side].at >= 0]
            assert at == sorted(at) and at[:1] in ([0], [])


def test_rows__shorten_what_is_equal_and_name_where_they_stand() -> None:
    text = han(1, 500)
    a, b = text[:200] + "甲" + text[201:], text[:200] + "乙" + text[201:]
    first, *changed, last = side_by_side(a, b, explain(a, b).parts, width=80)
    assert (first.left_out, first.amount) == ("equal", 200 - CONTEXT)
    assert (last.left_out, last.amount) == ("equal", 299 - CONTEXT)
    (row,) = changed
    assert row.left.at == row.right.at == 200 - CONTEXT
    assert [run.kind for run in row.left.runs] == ["equal", "changed", "equal"]
    assert [shown(row, side)[CONTEXT] for side in (0, 1)] == ["甲", "乙"]


def test_rows__begin_anew_together_after_a_difference_and_a_line_end() -> None:
    a, b = "开头\n甲\n结尾完", "开头\n" + "乙丙丁" * 9 + "\n结尾完"
    rows = list(side_by_side(a, b, explain(a, b).parts, width=16))
    assert (shown(rows[0], 0), shown(rows[0], 1)) == ("开头↵", "开头↵")
    assert (shown(rows[-1], 0), shown(rows[-1], 1)) == ("结尾完", "结尾完")
    assert shown(rows[1], 0) == "甲" and len(rows) == 2 + -(-27 // 8) and shown(rows[2], 0) == ""


def test_rows__mark_differences_where_no_colour_can() -> None:
    a, b = "同样的开头甲同样的结尾", "同样的开头乙丙同样的结尾"
    (row,) = side_by_side(a, b, explain(a, b).parts, width=60, marks=True)
    assert shown(row, 0) == "同样的开头[-甲-]同样的结尾" and shown(row, 1) == "同样的开头{+乙丙+}同样的结尾"


def test_rows__stop_after_a_limit_and_shorten_a_long_difference() -> None:
    text = han(3, 4000)
    a, b = text, edited(text, 4, 0.02)
    why = explain(a, b)
    rows = list(side_by_side(a, b, why.parts, width=40, limit=5))
    assert (rows[-1].left_out, rows[-1].amount) == ("more", len(why.parts) - 5)
    a, b = han(5, 5000), han(6, 20)
    rows = list(side_by_side(a, b, explain(a, b).parts, width=40))
    assert len(rows) < 20 + LEFT_OUT and any("characters" in shown(row, 0) for row in rows)


def test_rows__show_control_characters_instead_of_sending_them() -> None:
    a, b = "标题\x1b[31m正文\u202e结尾\x07甲", "标题\x1b[31m正文\u202e结尾\x07乙"
    text = "".join(shown(row, 0) for row in side_by_side(a, b, explain(a, b).parts, width=60))
    assert text == "标题␛[31m正文\ufffd结尾␇甲"


def test_lines__are_counted_from_one() -> None:
    starts = line_numbers("一\n\U00020000\n\n三")
    assert [line_of(starts, at) for at in range(6)] == [1, 1, 2, 2, 3, 4]
    assert line_of(line_numbers(""), 0) == 1
