"""Slot types: one planted example of each, what belongs to a value, and strings that no type expects."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.templates.slots import TYPES, Typed, is_mask, joins, splits, type_slot
from tests.strategies import texts

# Values as alignment leaves them, the text before and behind, and (type, unit, head, tail).
PLANTED = [
    (["5245", "347", "12"], "全镇共有", "户，人口", ("number", "户", 0, 1)),
    (["5户", "3个", "12人"], "新增", "，", ("number", "", 0, 0)),
    (["三十二", "五", "十"], "辖", "个行政村", ("number", "个", 0, 1)),
    (["3", "7", "12"], "用时", "个月完成", ("number", "个", 0, 1)),
    (["1.5万-2万", "3万-4万"], "每年", "人次，", ("number", "人次", 0, 2)),
    (["47", "8", "120"], "She held ", " talks with", ("number", "talks", 0, 6)),
    (["38 trees", "2 parks", "9 bins"], "planted ", " in May", ("number", "", 0, 0)),
    (["90.7", "85", "3.25"], "覆盖率为", "％，", ("percentage", "%", 0, 1)),
    (["45", "6.5"], "up by ", " per cent on", ("percentage", "per cent", 0, 9)),
    (["五", "十"], "增长百分之", "，", ("percentage", "%", 3, 0)),
    (["3.53", "1.2"], "总投资", "亿元，", ("money", "亿元", 0, 2)),
    (["198.7万", "2647万", "6.88亿"], "总投资", "元，", ("money", "元", 0, 1)),
    (["487,375", "0.72 million"], "a cost of $", " from", ("money", "$", 1, 0)),
    (["6月16", "5月20", "12月1"], "将于", "日召开", ("date", "", 0, 1)),
    (["6", "7"], "2023年", "月11日起施行", ("date", "", 0, 4)),
    (["16", "20", "3"], "截至6月", "日，", ("date", "", 2, 1)),
    (["2 August", "13 April"], "on ", ", the", ("date", "", 0, 0)),
    (["3月19日0", "2月14日24"], "截至", "时，", ("date", "", 0, 1)),
    (["2023-05-06", "2022-11-30"], "日期：", "\n", ("date", "", 0, 0)),
    (["2023", "2019", "2021"], "", "年工作总结", ("year", "", 0, 0)),
    (["2023", "2019", "2021"], "In ", " the council", ("year", "", 0, 0)),
    (["一", "二", "三"], "农村工作汇报篇", "\n", ("ordinal", "篇", 0, 0)),
    (["三", "十二"], "第", "次会议", ("ordinal", "第", 0, 0)),
    (["五", "八", ""], "第四十", "条 公布", ("ordinal", "第", 2, 0)),
    (["二", "三"], "第", "十条 公布", ("ordinal", "第", 0, 1)),
    (["二", "五"], "辖三十", "个村", ("number", "个", 2, 1)),
    (["二", "五"], "处", "十万元以下", ("money", "万元", 0, 3)),
    (["黍塘村", "石桥镇", "双湖街道"], "走访", "，听取", ("place", "", 0, 0)),
    (["攸", "嘉禾"], "", "县地处", ("place", "", 0, 1)),
    (["湖南", "四川", "广东"], "来自", "的代表", ("place", "", 0, 0)),
    (["Larkford Mill", "Ashcroft Common", "Kellmere"], "crews from ", " came", ("place", "", 0, 0)),
    (["Northmoor", "Wincombe"], "a map of ", "-on-the-Hill. ", ("place", "", 0, 12)),
    (["周克丽", "李文", "欧阳明华"], "局长", "主持", ("person", "", 0, 0)),
    (["Cora Dorrit", "Mark Lunn"], "The clerk, ", ", said", ("person", "", 0, 0)),
    (["Dorrit", "Lunn"], "The clerk, Cora ", ", said", ("person", "", 5, 0)),
    (["县民政局", "市教育局", "省财政厅"], "由", "负责", ("organisation", "", 0, 0)),
    (["德禾", "惠泉"], "与", "律师事务所签约", ("organisation", "", 0, 5)),
    (["民泰建材有限", "惠泉客运"], "委托", "公司负责", ("organisation", "", 0, 2)),
    (["Keystone Estates", "Alder Foundation"], "Talks with ", " on", ("organisation", "", 0, 0)),
    (["信访条例", "农村公路养护办法"], "根据《", "》，", ("title", "", 0, 0)),
    (["汛期", "公路"], "按照《关于加强", "安全的通知》要求", ("title", "", 4, 5)),
    (["稳中有进", "再上台阶", "成效明显"], "各项工作", "。", ("text", "", 0, 0)),
    (["20xx", "xx", "", "**"], "在", "年", ("mask", "", 0, 0)),
]


@pytest.mark.parametrize(("values", "before", "after", "wanted"), PLANTED)
def test_type_slot__tells_the_type_and_where_the_values_end(
    values: list[str], before: str, after: str, wanted: tuple[str, str, int, int]
) -> None:
    assert type_slot(values, before, after) == Typed(*wanted)


def test_planted__has_an_example_of_every_type() -> None:
    assert {wanted[0] for *_, wanted in PLANTED} == {*TYPES, "text", "mask"}


def test_type_slot__counts_masks_apart() -> None:
    assert type_slot(["5245", "xx", "**", ""], "共", "户").type == "number"
    assert type_slot(["攸", "某", "xx"], "", "县地处") == Typed("place", "", 0, 1)


def test_type_slot__lets_a_fifth_of_the_values_be_damaged() -> None:
    damaged = ["90.7", "85.1", "77", "9\ufffd", "62.2"]
    assert type_slot(damaged, "为", "％").type == "percentage"
    assert type_slot(["石桥镇", "黍塘村", "河口乡", "双湖街道", "?h溪"], "在", "召开").type == "place"


def test_type_slot__leaves_mixed_values_text() -> None:
    assert type_slot(["5245", "大幅增加", "石桥镇", "再上台阶"], "共", "，").type == "text"


def test_type_slot__reads_traditional_text_with_pinyin_notes() -> None:
    assert type_slot(["攸", "嘉禾"], "", "縣(xiàn)地處") == Typed("place", "", 0, len("縣(xiàn)"))
    assert type_slot(["3.53", "1.2"], "投資", "萬(wàn)元，") == Typed("money", "万元", 0, len("萬(wàn)元"))
    assert type_slot(["石橋鎮(zhèn)", "河口鄉(xiāng)"], "在", "召開").type == "place"


def test_type_slot__does_not_take_other_words_for_the_end_of_a_place() -> None:
    assert type_slot(["粮食", "蔬菜", "水产"], "", "市场运行").type == "text"


def test_type_slot__completes_words_that_the_values_cut() -> None:
    assert type_slot(["入宣传", "入推进"], "全面深", "。") == Typed("text", "", 1, 0)


JOINED = [
    (["6", "7"], "月", ["16", "9"], "于", "日，"),
    (["汪", "李"], "平", ["欣", "海"], "，", "介绍"),
    (["1.5万", "3万"], "-", ["2万", "5万"], "，", "元"),
    (["1", "3"], "至", ["2", "5"], "，", "个"),
    (["三", "二", "", "四"], "十", ["五", "", "一", "九"], "第", "条 公布"),
    (["Mark", "Ann"], " ", ["Gill", "Lomas"], ". ", " said"),
    (["2", "13"], " ", ["August", "May"], "on ", ","),
    (["0.72", "1.5"], " ", ["million", "billion"], "$", "."),
    (["Keystone", "Atlas"], " ", ["Estates", "Society"], ". ", " said"),
]
APART = [
    (["2023", "2022"], "年", ["6月1日", "7月3日"], "于", "，"),
    (["2023", "2022"], "年", ["6月1", "7月3"], "于", "日，"),
    (["嘉禾", "攸"], "县", ["珠泉镇", "黄镇"], "在", "召开"),
    (["王思平", "刘艳"], "任", ["民政局", "财政局"], "由", "局长"),
    (["5", "6"], "户", ["17", "20"], "有", "人"),
    (["2013", "2014"], " ", ["Mark Gill", "Ann Lomas"], "in ", " said"),
    (["5", "6"], "，共走访", ["7", "8"], "有", "人"),
    (["统", "唯"], "一", ["部署", "标准"], "", "，"),
    (["", "xx"], "月", ["**", "9"], "", "日"),
]


@pytest.mark.parametrize("case", JOINED)
def test_joins__sees_one_value_that_was_cut(case: tuple[list[str], str, list[str], str, str]) -> None:
    assert joins(*case)


@pytest.mark.parametrize("case", APART)
def test_joins__keeps_two_values_apart(case: tuple[list[str], str, list[str], str, str]) -> None:
    assert not joins(*case)


@pytest.mark.parametrize(
    ("values", "before", "after", "words"),
    [
        (["2014 284", "2018 391", "2016 82"], "the end of ", " families left", 1),
        (["5 months 782", "11 months 492"], "the past ", " ", 2),
        (["2015 Mabel", "2014 Sue"], "In ", " ", 1),
        (["12 August 284", "3 May 391"], "On ", " families", 2),
        (["Mark Gill 2013", "Ann Lomas 2014"], "by ", ".", 2),
        (["12 August", "3 May"], "on ", ".", 0),
        (["$3 million", "$4 billion"], "of ", ".", 0),
        (["Keystone Estates", "Alder Foundation"], "with ", ".", 0),
        (["had no owner", "was very slow"], "it ", ".", 0),
        (["2014 284", "5", "12 of them", ""], "", "", 0),
    ],
)
def test_splits__cuts_between_two_values_and_nowhere_else(
    values: list[str], before: str, after: str, words: int
) -> None:
    assert splits(values, before, after) == words


@pytest.mark.parametrize(
    "value", ["", " ", "20xx", "xx", "XX", "**", "＊＊", "××", "某", "某某", "20**", "xx县", "__", "(xx)"]
)
def test_is_mask__knows_what_hides_a_value(value: str) -> None:
    assert is_mask(value)


@pytest.mark.parametrize(
    "value", ["2023", "攸县", "x轴", "1.5", "Max", "exxon mobil", "6月16日", "一", "%", "）", "。"]
)
def test_is_mask__leaves_values_alone(value: str) -> None:
    assert not is_mask(value)


hostile = st.one_of(texts, st.sampled_from(["\u202eשלום", "مرحبا 123", "😀👨‍👩‍👧", "\n\r\n", "县" * 90, "1" * 90, "("]))


@settings(max_examples=150, deadline=None)
@given(st.lists(hostile, max_size=6), hostile, hostile)
def test_type_slot__takes_any_strings(values: list[str], before: str, after: str) -> None:
    found = type_slot(values, before, after)
    assert found.type in {*TYPES, "text", "mask"}
    assert 0 <= found.head <= len(before)
    assert 0 <= found.tail <= len(after)
    assert splits(values, before, after) >= 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(hostile, hostile), max_size=4), hostile, hostile, hostile)
def test_joins__takes_any_strings(pairs: list[tuple[str, str]], between: str, before: str, after: str) -> None:
    joins([a for a, _ in pairs], between[:4], [b for _, b in pairs], before, after)


@pytest.mark.parametrize("char", ["1", "一", "a", "A ", "县", "-", "1-", "x", "，", "January ", "《"])
def test_type_slot__takes_no_longer_for_long_values(char: str) -> None:
    """Patterns that try every way to cut a value would not come back from these."""
    type_slot([char * 3000, char * 2999 + "!"], char * 500, char * 500)


def test_import__does_not_load_the_dictionary() -> None:
    script = "import sys, dedup.templates.slots; assert 'jieba' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
