"""`dedup.repeats.passages`: what two texts share, and what stands several times in one, in code points."""

from __future__ import annotations

import pytest

from dedup.config import Config
from dedup.repeats import Occurrence, Passage, passages

HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
PASSAGE = HAN[:120]


def text_of(passage: Passage, *texts: str) -> list[str]:
    return [texts[place.text][place.start : place.end] for place in passage.occurrences]


def test_passages__of_two_texts_are_told_in_code_points_of_each() -> None:
    a, b = HAN[500:560] + "。" + PASSAGE + "！" + HAN[600:650], "“" + PASSAGE + "”"
    (found,) = passages(a, b)
    assert found == Passage(120, [Occurrence(0, 61, 181, 1.0), Occurrence(1, 1, 121, 1.0)])
    assert text_of(found, a, b) == [PASSAGE, PASSAGE]


def test_passages__of_one_text_are_its_repeats() -> None:
    text = PASSAGE + HAN[500:560] + PASSAGE
    assert passages(text) == [Passage(120, [Occurrence(0, 0, 120, 1.0), Occurrence(0, 180, 300, 1.0)])]


def test_passages__include_the_pinyin_notes_of_their_tokens() -> None:
    a, b = PASSAGE, "𠮷" + "".join(char + "(jīng)" for char in PASSAGE) + "。"
    (found,) = passages(a, b)
    assert [(place.start, place.end) for place in found.occurrences] == [(0, 120), (1, 1 + 7 * 120)]


def test_passages__see_through_width_script_and_case() -> None:
    a = "關於進一步加強農村社區建設工作的通知ＡＢＣ１２３，各縣（市、區）人民政府：" + PASSAGE[:40]
    b = "关于进一步加强农村社区建设工作的通知abc123,各县(市、区)人民政府:" + PASSAGE[:40]
    (found,) = passages(a, b)
    assert text_of(found, a, b) == [a, b]


def test_passages__follow_an_edited_copy() -> None:
    copy = PASSAGE[:60] + HAN[700:703] + PASSAGE[61:]
    (found,) = passages(PASSAGE, copy)
    assert text_of(found, PASSAGE, copy) == [PASSAGE, copy]
    assert found.occurrences[0].identity == 1 and found.occurrences[1].identity == pytest.approx(119 / 122, abs=1e-6)
    assert found.length == 122
    exact = passages(PASSAGE, copy, Config(identity=1.0))
    assert [passage.length for passage in exact] == [60, 59]


def test_passages__that_would_save_most_come_first() -> None:
    one, two = HAN[:60], HAN[100:300]
    found = passages(one + HAN[500:510] + two, HAN[600:603] + two + HAN[700:705] + one)
    assert [passage.length for passage in found] == [200, 60]


@pytest.mark.parametrize(("length", "found"), [(120, 1), (121, 0)])
def test_passages__have_at_least_the_length(length: int, found: int) -> None:
    assert len(passages(PASSAGE, PASSAGE, Config(length=length))) == found


@pytest.mark.parametrize("texts", [("",), ("", ""), ("。", "！"), (PASSAGE,), (PASSAGE[:49], PASSAGE[:49]), ("\0", "")])
def test_passages__of_texts_that_share_nothing_are_none(texts: tuple[str, ...]) -> None:
    assert passages(*texts) == []


@pytest.mark.parametrize(
    "text", ["哈" * 60 + "1" + "哈" * 60, ("哈哈嘿" * 20 + "1") * 4, "0 " * 500 + "1 " + "0 " * 500, "a b " * 300]
)
def test_passages__of_a_monotonous_text_are_repeats_within_it(text: str) -> None:
    for passage in passages(text):
        assert all(0 <= place.start < place.end <= len(text) for place in passage.occurrences)


def test_passages__of_a_composed_text_are_told_in_its_own_code_points() -> None:
    a = "cafe\u0301 ㎡ " + PASSAGE + " e\u0301"
    (found,) = passages(a, PASSAGE)
    assert text_of(found, a, PASSAGE) == [PASSAGE, PASSAGE]
