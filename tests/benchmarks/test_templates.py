"""What the benchmark of templates counts, on families and answers worked out by hand; and that all of it runs."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import numpy as np
import pytest

from benchmarks import template_speed
from benchmarks.measurement import FULL, QUICK, TOLD_ASIDE
from benchmarks.quality import templates
from benchmarks.report.lines import Line, Results, results_of
from benchmarks.report.markdown import table, write
from benchmarks.report.sections import templates as report
from benchmarks.templates import Answer, Found
from benchmarks.templates.infoshield import Infoshield
from benchmarks.templates.partial_order import Graph
from benchmarks.templates.planted import (
    CHINESE,
    ENGLISH,
    LINES,
    Family,
    Member,
    Planted,
    asked,
    numbering,
    plant,
    plant_copies,
    plant_line,
)
from benchmarks.templates.scores import count_family, rates
from benchmarks.templates.words import CHARACTERS, WORDS, tokens
from tests.benchmarks.test_report import line as record

# -- what is planted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_plant__marks_hold_the_values_and_everything_else_is_the_same(language: str) -> None:
    family = plant(language, 6, 0.0, Random(3))
    assert len(family.members) == 6 and not any(member.noisy or member.touched.any() for member in family.members)
    columns: dict[int, set[str]] = {}
    for member in family.members:
        assert all(slot.end <= after.start for slot, after in zip(member.slots, member.slots[1:], strict=False))
        for slot in member.slots:
            columns.setdefault(slot.column, set()).add(member.text[slot.start : slot.end])
    assert family.asked == {column for column, held in columns.items() if len(held) > 1} != set()


def test_plant__noise_touches_about_as_many_characters_as_asked_for_and_each_member_by_itself() -> None:
    family = plant(CHINESE, 8, 0.03, Random(4), length=1500)
    shares = [member.touched.mean() for member in family.members]
    # A third of the noise takes characters away, which leaves none to be counted.
    assert all(0.01 < share < 0.03 for share in shares) and len(set(shares)) > 4


def test_plant_line__noise_is_rare_in_a_short_text() -> None:
    noisy = [
        member.noisy for seed in range(20) for member in plant_line("title", CHINESE, 5, 0.01, Random(seed)).members
    ]
    assert 0.02 < np.mean(noisy) < 0.4


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_plant_line__is_one_short_line_with_a_value_that_differs(kind: str, language: str) -> None:
    family = plant_line(kind, language, 4, 0.0, Random(5))
    assert family.asked and all("\n" not in text and len(text) < 400 for text in family.texts)


def test_plant_copies__are_one_report_with_few_edits() -> None:
    texts = plant_copies(CHINESE, 5, Random(6))
    assert len(texts) == 5 and len(set(texts)) > 1
    assert max(map(len, texts)) < 1.2 * min(map(len, texts)) + 80


def test_asked__a_column_that_always_holds_one_value_is_none() -> None:
    family = plant(CHINESE, 2, 0.0, Random(7))
    assert family.asked <= {slot.column for member in family.members for slot in member.slots}
    assert asked([]) == frozenset()


def test_numbering__is_the_number_of_a_list_item_and_not_of_a_sentence() -> None:
    text = "1．修路3里；\n（12）架桥2座。\n2023年全年"
    assert [text[start:end] for start, end in numbering(text)] == ["1", "12"]


# -- what is counted -----------------------------------------------------------------------------------------------

TEXTS = ("甲村有12户，乙年", "丙村有345户，丁年", "戊村有6户，己年")
COUNTS = ("12", "345", "6")


def family(*, touched: int = -1) -> Family:
    """Three texts with a place (of two characters), a number and its unit, and one more character in each."""
    members = []
    for text, number in zip(TEXTS, COUNTS, strict=True):
        end = 3 + len(number) + 1
        slots = (Planted(0, 2, 0, 0, "place"), Planted(3, end, 1, 1, "number"), Planted(end + 1, end + 2, 2, 0, "text"))
        marks = np.zeros(len(text), bool)
        if touched >= 0:
            marks[touched] = True
        members.append(Member(text, slots, marks, touched >= 0))
    return Family(CHINESE, 0.0, members, frozenset((0, 1, 2)))


def answer(made: Family, **types: str) -> Answer:
    """The planted values as found ones; the types of columns given otherwise."""
    said = {0: "place", 1: "number", 2: "text"} | {int(name[1:]): type_ for name, type_ in types.items()}
    members: list[list[Found] | None] = [
        [Found(s.start, s.end, 10 + s.column, s.variable, said[s.column]) for s in member.slots]
        for member in made.members
    ]
    return Answer(members, [True] * 3, [0, 1, 2], 0.5, 0.75, 0.03, 0.06)


def test_count_family__a_perfect_answer_is_all_right() -> None:
    found = rates(count_family(family(), answer(family())))
    for name in ("f1", "span_f1", "type_accuracy", "link_f1", "round_trip"):
        assert found[name] == 1.0, name
    for name in ("exact_template_rate", "exact_member_rate", "exact_column_rate"):
        assert found[name] == 1.0, name
    assert (found["edits_per_member"], found["compression_mean"], found["refused_share"]) == (1.0, 0.5, 0.0)
    assert found["ms_per_member"] == pytest.approx(30) and found["building_ms_per_member"] == pytest.approx(10)


def test_count_family__a_value_without_its_unit_is_not_exact_and_loses_characters() -> None:
    made, said = family(), answer(family())
    for spans in said.members:
        assert spans is not None
        spans[1] = spans[1]._replace(end=spans[1].end - 1)
    counts = count_family(made, said)
    assert (counts["right_characters"], counts["characters"], counts["found_characters"]) == (15, 18, 15)
    assert (counts["right_found_spans"], counts["found_spans"], counts["spans"]) == (6, 9, 9)
    assert (counts["exact_columns"], counts["exact_members"], counts["exact_templates"]) == (2, 0, 0)
    assert counts["matched_columns"] == counts["right_types"] == 3


def test_count_family__a_member_that_is_refused_has_nothing_found() -> None:
    said = answer(family())
    said.members[0] = None
    counts = count_family(family(), said)
    assert counts["refused"] == 1 and counts["right_spans"] == 6 and counts["spans"] == 9
    assert counts["exact_members"] == 2 and counts["exact_templates"] == 0


def test_count_family__values_that_touch_may_be_found_as_one() -> None:
    slots = (Planted(0, 2, 0, 0, "place"), Planted(2, 4, 1, 1, "number"))
    made = Family(CHINESE, 0.0, [Member("甲村12户", slots, np.zeros(5, bool), False)], frozenset((0, 1)))
    counts = count_family(made, Answer([[Found(0, 4, 0)]]))
    assert (counts["right_found_spans"], counts["found_spans"]) == (1, 1)
    assert (counts["right_spans"], counts["spans"], counts["exact_members"]) == (2, 2, 1)


def test_count_family__a_column_nobody_can_see_and_numbers_of_items_count_neither_way() -> None:
    made = family()._replace(asked=frozenset((0, 1)))
    assert count_family(made, answer(made))["found_characters"] == count_family(made, answer(made))["characters"] == 15
    slots = (Planted(2, 3, 0, 0, "text"),)
    listed = Family(CHINESE, 0.0, [Member("1、甲", slots, np.zeros(3, bool), False)], frozenset((0,)))
    counts = count_family(listed, Answer([[Found(0, 1, 0), Found(2, 3, 1)]]))
    assert (counts["found_spans"], counts["found_characters"], counts["exact_members"]) == (1, 1, 1)


def test_count_family__what_noise_touched_does_not_make_a_template_wrong() -> None:
    said = answer(family())
    for spans in said.members:
        assert spans is not None
        spans.append(Found(2, 3, 9))  # a character of the template that is said to be a value
    assert count_family(family(), said)["exact_templates"] == 0
    assert count_family(family(touched=2), said)["exact_templates"] == 1
    assert count_family(family(touched=2), said)["plain_members"] == 0


def test_count_family__types_and_links_are_those_of_the_slot_that_holds_most_of_a_column() -> None:
    counts = count_family(family(), answer(family(), c2="place"))
    assert (counts["matched_columns"], counts["right_types"], counts["type text as place"]) == (3, 2, 1)
    assert (counts["links"], counts["found_links"], counts["right_links"]) == (1, 1, 1)
    said = answer(family())
    for spans in said.members:
        assert spans is not None
        spans[2] = spans[2]._replace(variable=7)
    counts = count_family(family(), said)
    assert (counts["links"], counts["found_links"], counts["right_links"]) == (1, 0, 0)


# -- others --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [WORDS, CHARACTERS])
def test_tokens__stand_where_they_say(unit: str) -> None:
    text = "合作社 3.5 万元，see page 12"
    found = tokens(text, unit)
    assert all(text[token.start : token.end] == token.text for token in found)
    assert "".join(token.text for token in found) == "".join(text.split())
    assert "3.5" in [token.text for token in found] and "page" in [token.text for token in found]


def test_graph__texts_share_nodes_and_the_consensus_is_what_most_have() -> None:
    graph = Graph([1, 2, 3, 4, 5])
    for text in ([1, 2, 9, 4, 5], [1, 2, 8, 4, 5], [0, 1, 2, 4, 5]):
        graph.add(text)
    assert len(graph.keys) == 8
    assert graph.consensus(1) == [1, 2, 4, 5]
    assert graph.align([1, 2, 9, 4, 5]) == [0, 1, 5, 3, 4]


def test_graph__stays_in_order_whatever_is_added() -> None:
    random = Random(1)
    for _ in range(200):
        graph = Graph([random.randrange(4) for _ in range(random.randrange(1, 6))])
        for _ in range(6):
            graph.add([random.randrange(4) for _ in range(random.randrange(1, 6))])
        assert sorted(graph._order) == list(range(len(graph.keys)))
        place = {node: at for at, node in enumerate(graph._order)}
        assert all(place[one] < place[other] for one, other in graph.edges)


@pytest.mark.parametrize("unit", [WORDS, CHARACTERS])
def test_infoshield__finds_the_slots_of_a_plain_family_and_keeps_strangers_out(unit: str) -> None:
    names = ("松林", "柏河", "青山", "白云", "长乐", "永安", "和平", "新建")
    texts = [f"各位代表，现将{name}镇今年以来农村道路养护工作的开展情况向大会报告，请予审议。" for name in names]
    said = Infoshield(unit).read(texts)
    for text, spans, name in zip(texts, said.members, names, strict=True):
        assert spans is not None and any(name in text[span.start : span.end] for span in spans)
    strangers = ["今天天气晴朗，孩子们在操场上放风筝。", "图书馆下周一闭馆，读者可以到分馆借书。"]
    classes = Infoshield(unit).families([*texts, *strangers])
    assert len(set(classes[: len(texts)])) == 1 and len(set(classes[len(texts) :]) | {classes[0]}) == 3


def test_drain__finds_the_wildcards_of_lines_of_equal_length() -> None:
    drain = pytest.importorskip("benchmarks.templates.drain")
    texts = [f"sent {count} bytes to {host} in time" for count, host in ((12, "alpha"), (7, "beta"), (90, "gamma"))]
    said = drain.Drain().read(texts)
    values = [[text[s.start : s.end] for s in spans] for text, spans in zip(texts, said.members, strict=True)]
    assert values == [["12", "alpha"], ["7", "beta"], ["90", "gamma"]]
    assert drain.Drain().families([*texts, "good night"]) == [1, 1, 1, 2]


# -- all of it -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that takes no longer than it takes to see that it works."""
    plan = templates.PLANS[QUICK]._replace(noises=(0.01,))
    monkeypatch.setitem(templates.PLANS, QUICK, plan)
    monkeypatch.setattr(templates, "COPIED_FAMILIES", 2)
    monkeypatch.setitem(template_speed.PLANS, QUICK, template_speed.Plan((5,), 1, 60, 20))


@pytest.mark.usefixtures("small")
def test_templates__every_part_leaves_its_measures(tmp_path: Any) -> None:
    lines = list(templates.measure(QUICK, tmp_path))
    fallen = [line.failed for line in lines if line.failed and "drain3" not in line.failed]
    assert not fallen
    wanted = {"values", "type", "families", "label", "labels", "others", "speed", "whole run"}
    assert {line.case["measure"] for line in lines} == wanted
    identities = [json.dumps({k: v for k, v in line.case.items() if k not in TOLD_ASIDE}) for line in lines]
    assert len(set(identities)) == len(lines), "two measurements of one case: the report would lose the first"
    assert not list(tmp_path.iterdir())


def test_plans__report_nothing_that_rules_were_tuned_on() -> None:
    for effort in (FULL, QUICK):
        assert min(templates.PLANS[effort].seeds) >= 100
    assert templates.PLANS[FULL].seeds == tuple(range(100, 110)) and template_speed.SEED >= 100


# -- what is told --------------------------------------------------------------------------------------------------


def cell(language: str, members: int, noise: float, right: int, measure: str = "values", **case: Any) -> dict[str, Any]:
    counts = count_family(family(), answer(family()))
    counts |= {"right_characters": right, "characters": 100, "found_characters": 100}
    case = {"language": language, "members": members, "noise": noise, **case}
    one = templates.tally({"measure": measure, **case}, counts)
    values = {name: value for name, value in one.counts.items() if not name.endswith("_sum")}
    values |= {name: one.counts[a] / one.counts[b] if one.counts[b] else None for name, (a, b) in one.ratios.items()}
    return record("templates", {"part": measure, "measure": measure, **case}, values)


@pytest.fixture
def results() -> Results:
    agreed = {"documents": 20, "ari": 0.98, "b3_precision": 1.0, "b3_recall": 0.9, "b3_f1": 0.95}
    said = {"planted": 10, "said_near": 1, "said_templated": 9, "said_nothing": 0}
    said |= {"precision": 1.0, "recall": 0.9, "f1": 0.95}
    speed = {"characters": 3400, "building_ms": 2.0, "matching_ms": 1.5, "ms_per_member": 3.5, "ms_per_length": 3.5}
    run = {"mb": 1.0, "seconds": 50.0, "stages_seconds": 45.0, "peak_mb": 300.0, "templates_found": 9}

    def one(measure: str, values: dict[str, Any], **case: Any) -> dict[str, Any]:
        return record("templates", {"part": measure, "measure": measure, **case}, values)

    on = {"texts": "lines", "language": "zh", "noise": 0.0}
    written = [
        cell("zh", 5, 0.0, 98),
        cell("zh", 5, 0.01, 96),
        cell("en", 20, 0.03, 94),
        cell("zh", 2, 0.01, 80),
        one("type", {"columns": 10, "said_place": 8, "said_text": 2}, planted="place"),
        one("families", agreed, tool="ours", **on),
        one("families", agreed | {"ari": 0.99}, tool="drain, words", **on),
        one("label", said, members="2", planted="templated"),
        one("labels", {"macro_f1": 0.94}, members="2"),
        cell("zh", 5, 0.0, 90, "others", tool="ours", texts="lines"),
        cell("zh", 5, 0.0, 60, "others", tool="drain, words", texts="lines"),
        one("speed", speed, members=20),
        one("whole run", run, texts="short texts", documents=100_000, threads=2),
    ]
    return results_of([Line(**line) for line in written])


def test_report__targets_stand_beside_their_figures(results: Results) -> None:
    text = write([], [report.section(results)], "report.html")
    assert "| values, n ≥ 5, at most 1 % noise: F1 of characters | ≥ 0.960 | 0.970 | yes |" in text
    assert "| values, n = 2 and 3, 1 % noise: F1 of characters | ≥ 0.880 | 0.800 | no |" in text
    assert "| values, n ≥ 20, 3 % noise: F1 of characters | ≥ 0.950 | 0.940 | no |" in text
    assert "| families of reports: adjusted Rand index | ≥ 0.970 | not measured | – |" in text
    assert "| near and templated, n = 2: macro-F1 | ≥ 0.930 | 0.940 | yes |" in text
    assert "| a member of 3,400 characters | ≤ 3 ms | 3.50 ms | no |" in text
    assert "| 100,000 short texts | ≤ 60 s | 50.0 s | yes |" in text


def test_report__tells_what_is_mistaken_and_where_others_are_better(results: Results) -> None:
    text = write([], [report.section(results)], "report.html")
    assert "| place | text 2 | 10 | 8 | 0.800 |" in text
    assert "Types most often mistaken: place as text (2)." in text
    assert "On lines the F1 of characters is 0.900; the best of the others is drain, words with 0.600." in text
    assert "**Of 10 members of templates 1 are called copies of another**" in text
    assert report.agreement(results).lost == {1} and report.agreement(results).ours == {0}
    assert "drain, words" in table(report.others(results))


def test_report__without_lines_says_what_to_run() -> None:
    text = write([], [report.section(Results((), FULL))], "report.html")
    assert "Not measured yet: `python -m benchmarks run --only templates`." in text
