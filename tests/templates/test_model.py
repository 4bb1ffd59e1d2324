"""Templates as data: filled, matched, written and read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dedup.errors import InputError
from dedup.templates.model import Block, Slot, Span, Template, Values, Variable, Words
from tests import naive_templates as naive
from tests.strategies import nasty, texts

HAN = [chr(0x4E00 + 7 * i) for i in range(600)]  # of constant text
OTHERS = [*"0123456789", *"кошка", "אב", "é", "x", "ひ"]  # of values: none of the constant characters
Shape = list[str | list[str | int]]


def template_of(*parts: str | int | Sequence[str | int], most: int = 1) -> Template:
    """A string is words, a number a slot, a sequence a block of both; slots are numbered as they come."""
    slots = iter(range(1000))
    blocks = iter(range(1000))

    def inner(part: str | int) -> Words | Slot:
        if isinstance(part, str):
            return Words(part)
        number = next(slots)
        return Slot(number, number)

    segments: list[Words | Slot | Block] = []
    for part in parts:
        if isinstance(part, str | int):
            segments.append(inner(part))
        else:
            segments.append(Block(next(blocks), tuple(map(inner, part)), 0, most, 0.5))
    count = next(slots)
    variables = tuple(Variable(f"text_{i}", "text", "", 2, ()) for i in range(count))
    return Template(tuple(segments), variables, 5, 5, 0.5, 0.9)


@st.composite
def shapes(draw: st.DrawFn, least: int = 8, rims: bool = False) -> tuple[list[Any], list[list[str]], list[int]]:
    """Parts of a template, the values of each slot, how often each block stands: words are never twice the same.

    With `rims`, blocks may begin and end with slots.
    """
    vocabulary = iter(HAN)
    words = st.integers(least, least + 4).map(lambda size: "".join(next(vocabulary) for _ in range(size)))
    value = st.lists(st.sampled_from(OTHERS), min_size=1, max_size=12).map("".join)
    parts: list[Any] = [draw(words)]
    values: list[list[str]] = []
    times: list[int] = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["slot", "slot", "optional", "list"]))
        if kind == "slot":
            parts.append(len(values))
            values.append([draw(value)])
            parts.append(draw(words))
            continue
        most = 1 if kind == "optional" else 3
        times.append(draw(st.integers(0, most)))
        block: list[Any] = [f"\n{draw(words)}", len(values), draw(words)]
        if rims:
            block = draw(st.sampled_from([block, block[1:], block[:2], block[1:2]]))
        values.append([draw(value) for _ in range(times[-1])])
        parts += [(most, block), f"\n{draw(words)}"]
    return parts, values, times


def made(parts: list[Any]) -> Template:
    segments: list[Words | Slot | Block] = []
    blocks = 0
    for part in parts:
        if isinstance(part, tuple):
            most, inner = part
            done = tuple(Words(each) if isinstance(each, str) else Slot(each, each) for each in inner)
            segments.append(Block(blocks, done, 0, most, 0.5))
            blocks += 1
        else:
            segments.append(Words(part) if isinstance(part, str) else Slot(part, part))
    count = sum(isinstance(segment, Slot) for segment in segments) + blocks
    variables = tuple(Variable(f"text_{i}", "text", "", 2, ("a",)) for i in range(count))
    return Template(tuple(segments), variables, 5, 5, 0.5, 0.9)


def written(parts: list[Any], values: list[list[str]], times: list[int]) -> str:
    plain = [part[1] if isinstance(part, tuple) else [part] for part in parts]
    turns = iter(times)
    every = [next(turns) if isinstance(part, tuple) else 1 for part in parts]
    return naive.filled(plain, values, every)


def raw(values: Values) -> list[list[str]]:
    return [[span.text for span in spans] for spans in values.slots]


@settings(max_examples=300, deadline=None)
@given(shapes())
def test_match__gives_back_the_values_that_were_filled_in(shape: tuple[list[Any], list[list[str]], list[int]]) -> None:
    parts, values, times = shape
    template, text = made(parts), written(*shape)
    found = template.match(text)
    assert found is not None
    assert (raw(found), list(found.blocks), found.edits) == (values, times, 0)
    assert template.fill(found) == text
    for spans in found.slots:
        assert all(text[span.start : span.end] == span.text for span in spans)


@settings(max_examples=300, deadline=None)
@given(shapes(least=1) | shapes(rims=True), st.integers(0, 200), st.integers(0, 40), nasty)
def test_fill__of_values_without_edits_is_the_text_they_were_taken_from(
    shape: tuple[list[Any], list[list[str]], list[int]], at: int, cut: int, put: str
) -> None:
    """Whatever the text is: short words, or a text that someone has edited."""
    text = written(*shape)
    edited = text[: at % (len(text) + 1)] + put + text[at % (len(text) + 1) + cut :]
    template = made(shape[0])
    for given_text in (text, edited):
        found = template.match(given_text)
        if found is None:
            continue
        assert found.edits or template.fill(found) == given_text
        assert all(given_text[span.start : span.end] == span.text for spans in found.slots for span in spans)


@settings(max_examples=500, deadline=None)
@given(st.lists(nasty, min_size=1, max_size=6), nasty)
@example(["a", " b"], "x")
@example(["\r", "\n"], "")
@example(["\ud83d", "\ude00"], "1")
@example(["经", "(jīng)"], "济")
@example(["e", "\u0301"], "5")
def test_fill__gives_the_text_back_even_where_words_and_values_run_into_one_token(words: list[str], value: str) -> None:
    """``a`` and `` b`` are words; filled with a space, the space before b is one run with it."""
    parts: list[str | int] = []
    for each in words:
        parts += [each, 0]
    template = template_of(*parts)
    text = "".join(each + value for each in words)
    found = template.match(text)
    assert found is None or found.edits or template.fill(found) == text


@settings(max_examples=300, deadline=None)
@given(texts)
def test_match__takes_no_text_that_has_none_of_the_words(text: str) -> None:
    template = template_of("建筑面积共计", 0, "平方米，位于", 1, "东侧")
    assume(not set(text) & set("建筑面积共计平方米位于东侧"))
    assert template.match(text) is None


def test_match__of_the_empty_text_is_none() -> None:
    assert template_of("本县地处", 0, "东南部").match("") is None


def test_match__of_a_template_of_slots_alone_is_none() -> None:
    assert template_of(0).match("anything") is None


def test_match__counts_a_sign_that_is_spelled_otherwise_as_an_edit() -> None:
    template = template_of("本县地处湖南省，", 0, "东南部地区")
    found = template.match("本县地处湖南省,衡阳东南部地区")
    assert found is not None and raw(found) == [["衡阳"]] and found.edits == 1
    assert template.fill(found) == "本县地处湖南省，衡阳东南部地区"


def test_match__gives_an_empty_value_its_place() -> None:
    found = template_of("本县现有人口", 0, "万人，耕地若干").match("本县现有人口万人，耕地若干")
    assert found is not None and found.slots == ((Span(6, 6, ""),),) and found.edits == 0


def test_match__finds_items_of_a_list_beyond_those_that_were_seen() -> None:
    template = template_of("名单如下：", ["\n第", 0, "名获奖者是"], "\n以上公布完毕", most=2)
    found = template.match("名单如下：" + "".join(f"\n第{i}名获奖者是" for i in range(1, 5)) + "\n以上公布完毕")
    assert found is not None
    assert (raw(found), found.blocks, found.edits) == ([["1", "2", "3", "4"]], (4,), 0)


@pytest.mark.parametrize(
    "text", ["本县\0地处{}衡阳东南部", "本县\0地处{}{place}东南部", "本县\0地处{}\\d+(东南部", "本县\0地处{} \0 东南部"]
)
def test_match__takes_braces_and_nul_and_metacharacters_for_what_they_are(text: str) -> None:
    template = template_of("本县\0地处{}", 0, "东南部")
    found = template.match(text)
    assert found is not None and found.edits == 0 and template.fill(found) == text


def test_match__of_mixed_and_right_to_left_scripts() -> None:
    template = template_of("ישוב בצפון הארץ ", 0, " תושבים ועוד 地处中部 ", 1, " km² سكان المدينة")
    text = "ישוב בצפון הארץ 5,300 תושבים ועוד 地处中部 عمان km² سكان المدينة"
    found = template.match(text)
    assert found is not None and (raw(found), found.edits) == ([["5,300"], ["عمان"]], 0)


def test_match__of_a_value_that_is_longer_than_all_the_words() -> None:
    template = template_of("本县简要情况介绍：", 0, "（全文完）")
    value = "".join(HAN[i % 97 + 100] + HAN[i % 89 + 200] for i in range(5000))
    found = template.match(f"本县简要情况介绍：{value}（全文完）")
    assert found is not None and (raw(found), found.edits) == ([[value]], 0)


def test_by_variable__gathers_the_values_of_all_slots_of_a_variable() -> None:
    segments = (Words("我县"), Slot(0, 0), Words("地处"), Slot(1, 1), Words("东南部的"), Slot(2, 0), Words("人民"))
    place, number = Variable("place", "place", "", 2, ()), Variable("number", "number", "", 2, ())
    template = Template(segments, (place, number), 2, 2, 0.5, 1.0)
    found = template.match("我县攸县地处5东南部的攸县人民")
    assert found is not None
    assert template.by_variable(found) == {"place": ["攸县", "攸县"], "number": ["5"]}


@pytest.mark.parametrize(
    "values",
    [
        Values((), (0,), 0),
        Values(((), ()), (0,), 0),
        Values(((),), (), 0),
        Values(((),), (0, 0), 0),
    ],
)
def test_fill__refuses_values_of_another_template(values: Values) -> None:
    with pytest.raises(InputError, match="the template has"):
        template_of("本县", ["\n共", 0, "人"], "完").fill(values)


@settings(max_examples=200, deadline=None)
@given(shapes(least=1))
def test_from_json__gives_back_what_to_json_wrote(shape: tuple[list[Any], list[list[str]], list[int]]) -> None:
    template = made(shape[0])
    record = json.loads(json.dumps(template.to_json(), ensure_ascii=False))
    again = Template.from_json(record | {"template": 7, "family": 7, "other": None})
    assert again == template
    assert again.to_json() == record
    text = written(*shape)
    assert again.match(text) == template.match(text)


def _record() -> dict[str, Any]:
    return template_of("本县", 0, "地处", ["\n共", 0, "人"], "完").to_json()


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in _record().items() if name != key}


def _changed(key: str, value: Any) -> dict[str, Any]:
    return _record() | {key: value}


BLOCK_IN_BLOCK = {
    "optional": [{"optional": [{"text": "a"}], "block": 1, "least": 0, "most": 1, "share": 0.5}],
    "block": 0,
    "least": 0,
    "most": 1,
    "share": 0.5,
}


@pytest.mark.parametrize(
    "record",
    [
        {},
        *(_without(key) for key in ("size", "sample", "segments", "variables", "compression", "concentration")),
        _changed("segments", None),
        _changed("segments", 5),
        _changed("segments", [{}]),
        _changed("segments", ["text"]),
        _changed("segments", [None]),
        _changed("segments", [{"slot": 0, "variable": 2}]),
        _changed("segments", [{"slot": 0, "variable": -1}]),
        _changed("segments", [{"slot": 1, "variable": 0}]),
        _changed("segments", [{"slot": "one", "variable": 0}]),
        _changed("segments", [{"slot": None, "variable": 0}]),
        _changed("segments", [{"slot": 0}]),
        _changed("segments", [{"slot": 0, "variable": 0}, {"slot": 0, "variable": 0}]),
        _changed("segments", [{"optional": [{"text": "a"}], "least": 0, "most": 1, "share": 0.5}]),
        _changed("segments", [{"list": [{"text": "a"}], "block": 1, "least": 0, "most": 2, "share": 0.5}]),
        _changed("segments", [{"list": 5, "block": 0, "least": 0, "most": 2, "share": 0.5}]),
        _changed("segments", [BLOCK_IN_BLOCK]),
        _changed("variables", None),
        _changed("variables", [{}]),
        _changed("variables", ["place"]),
        _changed("variables", [{"name": "a", "type": "text", "unit": "", "distinct": 2, "examples": None}]),
    ],
    ids=str,
)
def test_from_json__refuses_what_is_no_template(record: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no template"):
        Template.from_json(record)


@pytest.mark.parametrize("record", [None, 5, "template", [], [1]])
def test_from_json__refuses_what_is_no_record(record: Any) -> None:
    with pytest.raises(InputError, match="no template"):
        Template.from_json(record)


@pytest.mark.parametrize(
    "record",
    [
        _changed("size", "many"),
        _changed("compression", None),
        _changed("segments", [{"text": None}]),
        _changed("variables", [{"name": 5, "type": "text", "unit": "", "distinct": 2, "examples": []}]),
    ],
    ids=str,
)
def test_from_json__of_other_kinds_of_values_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="no template"):
        Template.from_json(record)


def test_match__of_a_block_that_is_gone_leaves_no_value_of_it_behind() -> None:
    """The slot a block begins with stands where the words before the block end."""
    template = template_of("本县地处湖南省东部山区", [0, "公里长的公路贯穿全境各乡镇村组"], "\n以上情况属实，请予审阅")
    text = "本县地处湖南省东部山区衡阳长的公\n以上情况属实，请予审阅"
    found = template.match(text)
    assert found is not None and found.blocks == (0,) and found.slots == ((),) and found.edits > 0


def test_with_size__changes_nothing_else() -> None:
    template = template_of("本县", 0, "完")
    larger = template.with_size(900)
    assert larger.size == 900 and larger.with_size(5) == template
