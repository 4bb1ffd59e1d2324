"""Families that no template finder expects: never a crash, never more work than the texts are long."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.templates import kernels
from dedup.templates.build import SAMPLE, Built, build_template
from dedup.templates.model import Template
from tests.conftest import han, prose
from tests.strategies import similar_texts, texts

METACHARACTERS = r"^(a+)+$ [x]* \d{3,} a|b \Z (?P<name>.) {place} {{}} %s $1 \1"


def hold(built: Built, members: Sequence[str]) -> None:
    """What is true of every family, whatever came of it."""
    assert 0 <= built.concentration <= 1
    template = built.template
    if template is None:
        return
    assert template.size == len(members) and 2 <= template.sample <= min(SAMPLE, len(members))
    assert template.slots() and 0 < template.compression < 1
    assert {slot.variable for slot in template.slots()} == set(range(len(template.variables)))
    assert len({variable.name for variable in template.variables}) == len(template.variables)
    assert all(variable.name.isidentifier() for variable in template.variables)
    record = json.dumps(template.to_json(), ensure_ascii=True)
    assert Template.from_json(json.loads(record)) == template
    assert isinstance(template.readable(), str)
    re.compile(template.regex())
    for text in members[:40]:
        values = template.match(text)
        if values is None:
            continue
        assert values.edits or template.fill(values) == text
        assert all(text[span.start : span.end] == span.text for spans in values.slots for span in spans)


def built_of(members: Sequence[str], **more: Any) -> Built:
    built = build_template(members, **more)
    hold(built, members)
    return built


@settings(max_examples=120, deadline=None)
@given(similar_texts())
@example(["\ud800", "\udfff"])
@example(["\0", "\0\0"])
@example(["", "", "a"])
@example(["\n", "\n\n", " "])
def test_build_template__of_any_similar_texts_holds_what_it_promises(members: list[str]) -> None:
    built_of(members)


@settings(max_examples=80, deadline=None)
@given(texts, texts, st.lists(texts, min_size=2, max_size=6), st.booleans())
def test_build_template__of_any_values_between_any_words_holds_what_it_promises(
    before: str, behind: str, values: list[str], lined: bool
) -> None:
    end = "\n" if lined else "，"
    words = "本镇农技站今年继续举办种植技术培训班", "请各村组织骨干农户按时参加并做好签到"
    built_of([f"{words[0]}{before}{value}{behind}{end}{words[1]}{value}" for value in values])


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=8))
def test_build_template__of_any_texts_holds_what_it_promises(members: list[str]) -> None:
    built_of(members)


@pytest.mark.parametrize("members", [[], [""], ["", ""], ["text"], ["", "text"]], ids=repr)
def test_build_template__of_less_than_two_texts_is_none(members: list[str]) -> None:
    assert build_template(members) == Built(None, 0.0)


@pytest.mark.parametrize("count", [2, 3, 10, 300])
@pytest.mark.parametrize("text", [han(1, 200), prose(2), "\n".join(han(3, 60)), "5", "a\n" * 50], ids=range(5))
def test_build_template__of_equal_texts_is_none(text: str, count: int) -> None:
    assert build_template([text] * count) == Built(None, 0.0)


def test_build_template__of_texts_that_differ_in_white_space_and_width_only_has_no_template() -> None:
    text = "本镇共有，农户；耕地：山林。" + han(4, 100)
    wide = text.replace("，", ",").replace("；", ";").replace("：", ":")
    assert built_of([text, wide, text.replace("。", "。\r\n"), wide, text]).template is None


def test_build_template__of_texts_with_nothing_in_common_has_no_template() -> None:
    assert built_of([prose(seed) for seed in range(6)]).template is None


def filled(count: int, words: Sequence[str], values: Sequence[Sequence[str]], end: str = "") -> list[str]:
    """Texts of a template: words and, behind each but the last, a value of its own."""
    made = []
    for number in range(count):
        parts = [word + value[number % len(value)] for word, value in zip(words, values, strict=False)]
        made.append("".join(parts) + words[-1] + end)
    return made


def edits_of(built: Built, members: Sequence[str]) -> list[int]:
    assert built.template is not None
    found = [built.template.match(text) for text in members]
    assert all(values is not None for values in found)
    return [values.edits for values in found if values is not None]


def numbers(seed: int, count: int = 40) -> list[str]:
    return [str(number) for number in Random(seed).sample(range(1000, 90_000), count)]


def test_build_template__of_texts_with_one_token_per_line() -> None:
    members = [
        "\n".join([*han(5, 40), number, *han(6, 40), other])
        for number, other in zip(numbers(1, 12), numbers(2, 12), strict=True)
    ]
    assert max(edits_of(built_of(members), members)) == 0


def test_build_template__of_thousands_of_lines_of_one_token() -> None:
    words = prose(7, 5000).split()
    members = []
    for seed in range(6):
        changed = list(words)
        for at in range(0, 5000, 500):
            changed[at] = numbers(seed * 100 + at, 1)[0]
        members.append("\n".join(changed))
    built_of(members)


def test_build_template__of_right_to_left_and_mixed_scripts() -> None:
    words = "يبلغ عدد سكان المدينة ", " נפש לפי הלשכה המרכזית לסטטיסטיקה, 其中农户 ", " 户 по данным переписи"
    members = filled(12, words, [numbers(3), numbers(4)])
    built = built_of(members)
    assert built.template is not None and len(built.template.variables) >= 2
    assert max(edits_of(built, members)) == 0


def test_build_template__of_values_longer_than_all_the_words() -> None:
    words = "关于近期工作情况的说明如下：", "（以上情况请予审阅）"
    members = filled(10, words, [[han(seed, 3000) for seed in range(10)]])
    built_of(members)
    built_of(filled(10, words, [[prose(seed, 400) for seed in range(10)]]))


def test_build_template__of_members_from_ten_to_a_hundred_thousand_characters() -> None:
    words = "本镇共有农户", "户，其余情况说明如下：", "。完"
    long = ["".join(han(50 * size + i, 2000) for i in range(size)) for size in (50, 8)]
    short = [han(seed, 10) for seed in range(5)]
    members = filled(7, words, [numbers(5), [*short, *long]])
    assert max(map(len, members)) > 100_000
    built_of(members)


@pytest.mark.parametrize("letter", ["a", "经", "5", " ", "\n", "，", "*", "א", "5，"])
def test_build_template__of_a_hundred_thousand_times_one_character(letter: str) -> None:
    """Nothing in them is unique, and nothing small enough to be aligned as a whole."""
    size = 100_000 // len(letter)
    built_of([letter * size, letter * (size - 7), letter * 10])
    template = built_of(filled(6, ("本镇共有农户", "户，耕地若干亩"), [[letter * size, *numbers(6)]])).template
    if template is not None:
        template.match(letter * size)


def test_build_template__of_ten_thousand_equal_lines() -> None:
    line = "a\n"
    built_of([line * 10_000, line * 9_993, line * 10])
    built_of(filled(6, ("本镇共有农户", "户，耕地若干亩"), [[line * 10_000, *numbers(6)]]))


def test_build_template__of_a_line_again_and_again_with_other_values() -> None:
    """Thousands of items: the list is told once."""
    members = []
    for seed, count in enumerate([2000, 3, 1500, 40, 7]):
        items = "".join(f"\n第{number}户领取补贴{number[:2]}元整" for number in numbers(seed, count))
        members.append(f"种粮补贴发放名单如下{items}\n以上名单张榜公布")
    built_of(members)


def test_build_template__of_texts_with_braces_nul_and_metacharacters() -> None:
    words = f"\0{METACHARACTERS}\0：", f"}}\0{{{METACHARACTERS}", "\\"
    values = [f"{{{number}}}" for number in numbers(7)], [f"\\d{number}\0" for number in numbers(8)]
    members = filled(10, words, values)
    built = built_of(members)
    assert built.template is not None and max(edits_of(built, members)) == 0


def test_build_template__of_line_ends_of_two_kinds() -> None:
    text = "今年全镇农户增收情况\n共有{}户农民报名参加技术培训\n请各村按时上报\n"
    members = [text.format(number) for number in numbers(9, 6)]
    members += [text.format(number).replace("\n", "\r\n") for number in numbers(10, 4)]
    built = built_of(members)
    assert built.template is not None
    edits = edits_of(built, members)
    assert edits[:6] == [0] * 6 and min(edits[6:]) > 0, "a line end that is spelled otherwise counts as an edit"


def test_build_template__of_texts_with_halves_of_surrogate_pairs() -> None:
    words = "\ud83d本镇共有农户", "户\udfff，耕地若干亩\ud800"
    members = filled(8, words, [[f"\ude00{number}" for number in numbers(11)]])
    built = build_template(members)
    assert built.template is not None
    for text in members:
        values = built.template.match(text)
        assert values is not None and (values.edits or built.template.fill(values) == text)


def test_build_template__of_thousands_of_short_members_looks_at_no_more_than_the_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is done for each text is done for those of the sample only, however many there are."""
    calls = 0
    real = kernels.align_text

    def counted(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        real(*arguments)

    monkeypatch.setattr(kernels, "align_text", counted)
    words = "您好，您的验证码是", "，请在", "分钟内完成验证"
    done = []
    for count in (2 * SAMPLE, 5000):
        calls = 0
        members = filled(count, words, [numbers(12, 4000), numbers(13, 900)])
        template = build_template(members).template
        assert template is not None and template.sample == SAMPLE
        done.append(calls)
    assert done[1] <= 1.5 * done[0]


def test_match__aligns_a_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    template = built_of(filled(10, ("本镇共有农户", "户，耕地", "亩"), [numbers(14), numbers(15)])).template
    assert template is not None
    calls = 0
    real = kernels.align_text

    def counted(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        real(*arguments)

    monkeypatch.setattr(kernels, "align_text", counted)
    for text in ("", "本镇", han(8, 5000), "本镇共有农户5户，耕地6亩" * 300):
        template.match(text)
    assert calls <= 4


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "a" * 100_000, "户" * 100_000, "\n" * 100_000, "5，" * 50_000])
def test_match__of_any_text_ends(text: str) -> None:
    template = built_of(filled(10, ("本镇共有农户", "户，耕地", "亩"), [numbers(14), numbers(15)])).template
    assert template is not None and template.match(text) is None


def test_match__of_a_text_of_the_template_again_and_again_says_nothing_wrong() -> None:
    """All between the first words and the last is a value, if a strange one."""
    template = built_of(filled(10, ("本镇共有农户", "户，耕地", "亩"), [numbers(14), numbers(15)])).template
    assert template is not None
    text = "本镇共有农户5户，耕地6亩" * 2000
    values = template.match(text)
    assert values is None or values.edits or template.fill(values) == text
