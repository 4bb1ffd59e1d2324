"""Labels: the counts and the rules against their twins, and the cases that people care about."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.documents.kernels import MASK_CODE, NUMBER_TAG, WORD_TAG
from dedup.documents.normalise import Codes, normalise_rows
from dedup.reasons import kernels, label
from dedup.reasons.label import HALF, LABELS, PASSAGE, Labels, Overlap, label_pairs, label_rest, why
from tests import naive_reasons as naive
from tests.matches.test_exact import codes_of

TOKENS = [
    *map(ord, "县镇局某某第一二十甲乙丙丁戊己庚辛"),
    naive.MASK,
    *(naive.WORD | h for h in range(4)),
    *(naive.NUMBER | h for h in range(4)),
]
some = st.lists(st.sampled_from(TOKENS), max_size=8)


@st.composite
def versions(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Two fillings of one template: a long text and places in it, some of which hold other tokens."""
    body = draw(st.integers(0x5000, 0x5100))
    values = draw(st.lists(st.tuples(some, some), max_size=10))
    one: list[int] = []
    two: list[int] = []
    for number, (here, there) in enumerate(values):
        constant = list(range(body + 40 * number, body + 40 * number + draw(st.integers(1, 30))))
        one += [*constant, *here]
        two += [*constant, *(there if draw(st.booleans()) else here)]
    more = draw(st.lists(st.integers(0x6000, 0x6100), max_size=60))
    return one, [*two, *more]


def labelled(codes: Codes, similarity: float = 0.0, shared: Overlap | None = None) -> Labels:
    """The first row with each of the others."""
    others = np.arange(1, len(codes.offsets) - 1)
    with ThreadPoolExecutor(2) as executor:
        return label_pairs(
            codes,
            np.zeros(len(others), np.int64),
            others,
            similarity=np.full(len(others), similarity),
            threshold=0.7,
            executor=executor,
            shared=shared,
        )


def label_of(one: str, two: str, similarity: float = 0.0) -> str:
    texts = pa.array([one, two], pa.large_string())
    return labelled(normalise_rows(texts), similarity).names()[0]


@settings(max_examples=400, deadline=None)
@given(st.one_of(versions(), st.tuples(some, some)))
def test_compare_rows__counts_what_the_twin_counts(texts: tuple[list[int], list[int]]) -> None:
    codes = codes_of(list(texts))
    out = np.empty((1, len(kernels.COLUMNS)), np.int32)
    zero, one = np.zeros(1, np.int64), np.ones(1, np.int64)
    kernels.compare_rows(codes.values, codes.offsets, zero, one, WORD_TAG, NUMBER_TAG, MASK_CODE, out)
    counts = {name: count for name, count in zip(kernels.COLUMNS, out[0].tolist(), strict=True) if count}
    assert counts == naive.count_places(*texts, naive.align(*texts))


@settings(max_examples=400, deadline=None)
@given(st.one_of(versions(), st.tuples(some, some)), st.booleans())
def test_label_pairs__gives_the_label_the_twin_gives(texts: tuple[list[int], list[int]], alike: bool) -> None:
    found = labelled(codes_of(list(texts)), 0.9 if alike else 0.1)
    assert found.names()[0] == naive.label(*texts, alike=alike)


@given(versions(), st.tuples(*[st.integers(0, 250)] * 5))
def test_label_pairs__goes_by_the_passages_it_is_given(texts: tuple[list[int], list[int]], given_: tuple) -> None:
    shared = Overlap(*(np.array([tokens]) for tokens in given_))
    wanted = naive.label(*texts, alike=False, covered=given_[:2], longest=given_[2], furniture=given_[3:])
    assert labelled(codes_of(list(texts)), 0.1, shared).names()[0] == wanted


@given(st.lists(versions(), min_size=1, max_size=5))
def test_label_pairs__does_not_depend_on_how_the_work_is_cut(pairs: list[tuple[list[int], list[int]]]) -> None:
    codes = codes_of([text for pair in pairs for text in pair])
    whole = labelled(codes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label, "PIECE_TOKENS", 50)
        cut = labelled(codes)
    for one, two in zip(whole, cut, strict=True):
        assert np.array_equal(one, two)


def test_label_pairs__takes_no_pairs() -> None:
    assert len(labelled(codes_of([[1, 2]])).label) == 0


def test_label_pairs__calls_texts_without_tokens_nothing() -> None:
    assert labelled(codes_of([[], [], [1]])).names().tolist() == ["", ""]


REPORT = (
    "云杉县粮食局上半年共检查库点38个，发现隐患112处，已整改97处，投入资金450万元，培训保管员260人。"
    "全县早稻入库4.2万吨，比去年同期多收3100吨，售粮农户2860户，没有一户排队过夜。"
    "局里请退休的老保管员讲课，把通风和熏蒸的窍门教给年轻人，仓温一直稳在15度上下。"
    "下半年要修好3座旧仓，把烘干机送到8个乡镇，让农民的湿粮随到随烘，不再晒在公路上。"
)
OTHER_COUNTY = (
    REPORT.replace("云杉", "白桦")
    .replace("38个", "51个")
    .replace("112处", "87处")
    .replace("97处", "80处")
    .replace("450万", "620万")
    .replace("260人", "145人")
    .replace("3座", "5座")
)


def test_label_pairs__calls_a_text_in_other_width_and_script_exact() -> None:
    assert label_of(REPORT, REPORT.replace("，", ",").replace("县", "縣")) == "exact"


def test_label_pairs__calls_an_edited_copy_near() -> None:
    edited = REPORT.replace("窍门", "办法").replace("没有一户排队过夜", "没有人排队").replace("一直稳在", "稳定在")
    assert label_of(REPORT, edited) == "near"


def test_label_pairs__calls_a_copy_with_one_corrected_figure_near() -> None:
    assert label_of(REPORT, REPORT.replace("2860", "2680")) == "near"


def test_label_pairs__calls_the_report_of_another_county_templated() -> None:
    assert label_of(REPORT, OTHER_COUNTY, 0.9) == "templated"


def test_label_pairs__calls_the_same_report_of_another_year_templated() -> None:
    one = "今年1月至6月，全镇接待游客2.4万人次，民宿入住率61%，卖出山货380万元，新开农家乐14家，老街修旧如旧。"
    two = "今年1月至6月，全镇接待游客3.1万人次，民宿入住率68%，卖出山货455万元，新开农家乐9家，老街修旧如旧。"
    assert label_of(one, two, 0.8) == "templated"


@pytest.mark.parametrize("mask", ["xx", "**", "某某", ""])
def test_label_pairs__calls_a_copy_near_whose_figures_and_names_are_masked_or_lost(mask: str) -> None:
    masked = REPORT.replace("云杉", mask or "云杉").replace("38", mask).replace("112", mask).replace("450", mask)
    assert label_of(REPORT, masked) == "near"


def test_label_pairs__calls_notices_of_one_sentence_with_other_names_templated() -> None:
    one = "兹聘请河湾镇农技站站长陆永昌同志为本社技术顾问，聘期两年。"
    two = "兹聘请石桥乡兽医站站长何秀珍同志为本社技术顾问，聘期两年。"
    assert label_of(one, two) == "templated"


def test_label_pairs__calls_a_renumbered_clause_near() -> None:
    one = "第三十二条 驻车场应当公示收费标准、投诉电话和营业时间，不得拒收现金，也不得以抹零为由多收。"
    assert label_of(one, one.replace("三十二", "四十")) == "near"


def test_label_pairs__takes_a_name_exchanged_everywhere_for_another_value() -> None:
    one = (
        "The Harbour Trust lends tools to anyone in town. Members of the Harbour Trust may keep a ladder for a week, "
        "and the Harbour Trust asks for no deposit. Broken tools go back to the Harbour Trust in the yellow crate."
    )
    assert label_of(one, one.replace("Harbour", "Orchard"), 0.7) == "templated"
    edited = one.replace("ladder", "saw").replace("anyone", "everybody").replace("yellow", "green")
    assert label_of(one, edited, 0.7) == "near"


def test_label_pairs__calls_a_report_in_a_larger_page_partial() -> None:
    page = "".join(chr(0x4E00 + 37 * x % 5000) for x in range(900)) + REPORT
    assert label_of(REPORT, page) == "partial"


def test_label_pairs__calls_two_texts_of_one_topic_nothing() -> None:
    assert label_of(REPORT, "粮库的墙刷白了，门口挂着新牌子，司磅员小夏说，今年的稻子颗粒饱满，价钱也好。" * 2) == ""


def test_label_rest__takes_a_passage_half_of_the_shorter_or_furniture() -> None:
    shared = Overlap(*np.array([[99, 100, 60, 30, 0], [99, 100, 10, 30, 0], [99, 100, 60, 30, 0], [0, 0, 5, 9, 9],
                               [0, 0, 5, 9, 0]]))  # fmt: skip
    rules = label_rest(shared, np.array([900, 900, 100, 100, 100]), np.array([900, 900, 200, 200, 200]))
    assert [LABELS[label.LABEL_OF[rule]] for rule in rules] == ["", "partial", "partial", "boilerplate", ""]
    assert rules.tolist()[1:3] == [PASSAGE, HALF]


def test_why__says_what_stands_against_what() -> None:
    texts = pa.array([REPORT, OTHER_COUNTY], pa.large_string())
    said = why(labelled(normalise_rows(texts)), 0)
    assert said.startswith("the same template: ")
    assert "0.95 and 0.95 of their tokens are equal" in said
    assert said.endswith("of 7 differing places: 6 other figures, 1 at the ends")


def test_why__has_a_sentence_for_every_rule() -> None:
    assert len(label.RULES) == len(label.LABEL_OF) == len(set(label.RULES))
    assert why(labelled(codes_of([[1, 2], [1, 2]])), 0) == "their texts are equal"
