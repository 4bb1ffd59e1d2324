"""Headings of pieces: which lines are some, which only look like it, and what the damage of a site changes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from dedup.documents.normalise import utf8_buffers
from dedup.pages.lines import split_lines
from dedup.pages.pieces import forms, kernels
from dedup.pages.pieces.families import kernels as family_kernels
from dedup.pages.pieces.headings import HEADED, LED, REST, WEAK, Block, find_cuts
from dedup.pages.pieces.marks import kernels as mark_kernels
from tests import naive_headings, naive_split

BODY = "渠首的闸门换了新的，守闸的老人每天记两次水位，雨天记四次。" * 6
HAN = "零一二三四五六七八九十"


def cuts(text: str) -> list[tuple[int, int, int]]:
    """Line, kind and number of every cut of one page."""
    found = find_cuts(split_lines(pa.array([text], pa.large_string())))
    return list(zip(found.line.tolist(), found.kind.tolist(), found.number.tolist(), strict=True))


def numbers(text: str) -> list[int]:
    """The numbers of the headings found."""
    return [number for _, kind, number in cuts(text) if kind == HEADED]


def collection(heading: Callable[[int], str], counted: tuple[int, ...] = (1, 2, 3), body: str = BODY) -> str:
    return "\n".join(f"{heading(number)}\n{body}" for number in counted)


# -- the kernel ----------------------------------------------------------------------------------------------------

SIGNS = [
    "篇",
    "第",
    "(",
    ")",
    "（",
    "）",
    "【",
    "】",
    "[",
    "]",
    "#",
    ".",
    "．",
    "、",
    ":",
    "：",
    "。",
    "，",
    ",",
    ";",
    "！",
]
OTHERS = [
    "一",
    "三",
    "十",
    "1",
    "2",
    "30",
    "９",
    "范文",
    "样本",
    "稿",
    "水库",
    "库",
    "工作",
    "a",
    "Part",
    " ",
    "　",
    "\xa0",
    "\t",
    "é",
]
line = st.lists(st.sampled_from([*SIGNS, *OTHERS, *OTHERS]), max_size=12).map("".join)
page = st.lists(
    st.one_of(line, st.sampled_from(["工作方案。", "", "甲乙丙丁戊己（3）", "3. 甲乙丙"])), min_size=1, max_size=8
)


@given(st.lists(page, max_size=4))
@example([["1. 2 x"], ["第三 篇", "(三)篇)"], ["#3.2", "# 3 4"]])
def test_mark_headings__is_what_the_slow_twin_gives(pages: list[list[str]]) -> None:
    lines = split_lines(pa.array(["\n".join(page) + "\n" for page in pages], pa.large_string()))
    data, starts = utf8_buffers(lines.texts)
    marks, keys = np.empty(len(lines), np.uint8), np.empty(len(lines), np.int64)
    wanted = np.empty(len(pages), np.uint8)
    mark_kernels.mark_headings(data, starts, lines.first, 12, forms.numerals(), marks, keys, wanted)
    for number, page in enumerate(pages):
        expected = naive_split.page_marks(page, 12)
        stretch = slice(lines.first[number], lines.first[number + 1])
        assert list(zip(marks[stretch].tolist(), keys[stretch].tolist(), strict=True)) == expected, page
        count = [sum(mark == wish for mark, _ in expected) for wish in range(4)]
        numbered = [key for mark, key in expected if mark == naive_split.NUMBERED]
        if count[naive_split.NAMED] > 1 or count[naive_split.LISTED] > 2 or len(set(numbered)) < len(numbered):
            assert wanted[number]
        else:
            assert not wanted[number]


def simple() -> dict[int, int]:
    """What the twin cleans characters to that NFKC leaves alone."""
    table = forms.simplified()
    return {point: int(table[point]) for point in np.flatnonzero(table != np.arange(len(table))).tolist()}


def cleaned(text: str) -> tuple[str, bool]:
    """A line as the kernel cleans it, and whether it is doubtful."""
    data = np.frombuffer(text.encode(), np.uint8)
    doubtful = np.zeros(1, np.bool_)
    block = Block(data, np.array([0, len(data)]), np.zeros(1, np.int64), doubtful)
    out = np.empty(kernels.BUFFER, np.int32)
    return "".join(map(chr, out[: kernels.clean_line(block, forms.letters(), 0, out)])), bool(doubtful[0])


NOTES = [
    "(",
    "（",
    ")",
    "）",
    "⑴",
    "︶",
    "a",
    "zh",
    "è",
    "ā",
    "ü",
    "區",
    "区",
    " ",
    "\u3000",
    "Ａ",
    "…",
    "😀",
    "🈁",
    "가",
    "é",
]


@given(st.lists(st.one_of(st.sampled_from(NOTES), st.characters(codec="utf-8")), max_size=20).map("".join))
@example("區(qū)(ěě)(ab")
@example("e\u0301")
def test_clean_line__is_what_the_slow_twin_gives_or_doubtful(text: str) -> None:
    found, doubtful = cleaned(text)
    assert doubtful or found == naive_headings.clean(text, simple())


@given(st.characters(codec="utf-8"), st.characters(codec="utf-8"))
def test_clean_line__doubts_nothing_that_is_composed(one: str, other: str) -> None:
    """Composed lines are cleaned as they stand, doubtful or not."""
    text = unicodedata.normalize("NFKC", one + other)
    assert cleaned(text)[0] == naive_headings.clean(text, simple())


title = st.text("ab水库范#", max_size=60)


@given(title, title)
@example("", "")
@example("水" * 60, "水" * 59 + "a")
def test_are_alike__is_what_the_ratio_of_their_edits_says(one: str, other: str) -> None:
    one, other = one + "\0", other + "\0"
    least = naive_headings.ALIKE_MASKED if "#" in one + other else naive_headings.ALIKE
    codes = [np.array([ord(char) for char in text], np.int32) for text in (one, other)]
    assert family_kernels.are_alike(*codes) == (fuzz.ratio(one, other) >= least)


WORDS = [
    "篇",
    "第",
    "范文",
    "工作总结",
    "水库除险",
    "年度",
    "Part",
    "Essay",
    "20xx",
    "20__",
    "2016",
    "某某",
    "**",
    "x",
    "×",
]
STOPS = ["。", "!", ";", "?", "<", ">", "-", "*", "百", "零", "十二", "两"]
text = st.lists(st.sampled_from([*SIGNS, *OTHERS, *WORDS, *STOPS]), max_size=14).map("".join)


@given(text)
@settings(max_examples=500)
@example("#1. 3")
@example("# 一二三四五六七八九十一")
@example("报告(第1篇)")
@example("水库除险加固(3 篇)")
def test_read_form__is_what_the_slow_twin_gives(text: str) -> None:
    clean = naive_headings.clean(text, simple())
    codes = np.array([ord(char) for char in clean], np.int32)
    title = np.empty(200, np.int32)
    form, number, size = kernels.read_form(codes, len(codes), forms.letters(), forms.words(), title)
    expected = naive_headings.parse(clean)
    found = None if form == kernels.NO_FORM else (form, number, "".join(map(chr, title[:size])))
    assert found == expected


AROUND = [
    "",
    "　",
    "各位代表：",
    "尊敬的领导：",
    "谢谢大家！",
    "以上报告，请审议。",
    "特此报告",
    "20xx年7月2日",
    "小结。",
    "年度工作总结。",
    "本文由会员投稿，与本站无关。",
    "您可能关注的文档",
    "猜你喜欢",
    "看了本文的人还看了：",
    "- 乡镇供水小结(精选9篇)",
    "乡镇供水小结(精选10篇)",
    "● 林场申请书",
    "护林员的一天",
    "版权声明",
    "e\u0301tude",
]
TITLES = [
    "防汛工作总结",
    "防(fáng)汛工作總結",
    "2016年xx镇防汛总结",
    "20xx年某某镇防汛总结",
    "林场护林小结",
    "e\u0301tude",
    "",
]
WAYS = "{0}篇{1},{0}（{1}）,{1}. {0},第{1}篇：{0},## {0} {1},{0}范文({1}),篇{1},{0}".split(",")
NUMBERS = "123456一二三四五六"
body = st.sampled_from([BODY, BODY, BODY[:29], BODY * 3])
around = st.one_of(st.sampled_from(AROUND), text)


@st.composite
def whole_page(draw: st.DrawFn) -> list[str]:
    """A page with headings of few sorts: of many, no family would come together."""
    titles = st.sampled_from(draw(st.lists(st.sampled_from(TITLES), min_size=1, max_size=3)))
    ways = st.sampled_from(draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3)))
    heading = st.builds(str.format, ways, titles, st.sampled_from(NUMBERS))
    return draw(st.lists(st.one_of(heading, heading, body, around), max_size=24))


@given(st.lists(whole_page(), max_size=3))
@settings(max_examples=500, deadline=None)
@example([["防汛工作总结篇一", BODY, "e\u0301 小编", "防汛工作总结篇二", BODY]])
@example([["年度", "工作总结。", "年度", "工作总结。", "篇一", BODY, "篇二", "工作总结。", "篇三", BODY]])
def test_find_cuts__is_what_the_slow_twin_gives(pages: list[list[str]]) -> None:
    texts = ["\n".join(page) for page in pages]
    lines = split_lines(pa.array(texts, pa.large_string()))
    found = find_cuts(lines)
    rows = list(zip(*(column.tolist() for column in found), strict=True))
    expected = []
    for number, whole in enumerate(texts):
        parts = whole.splitlines(keepends=True) if whole else [""]
        read = naive_split.page_marks([part.removesuffix("\n") for part in parts], forms.LONGEST)
        marks, keys = [mark for mark, _ in read], [key for _, key in read]
        numbered = [key for mark, key in read if mark == naive_split.NUMBERED]
        shared = len(set(numbered)) < len(numbered)
        if marks.count(naive_split.NAMED) > 1 or marks.count(naive_split.LISTED) > 2 or shared:
            expected += [(number, *row) for row in naive_headings.cuts_of(parts, marks, keys, simple())]
    assert rows == expected


# -- what is a heading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        lambda n: f"护林员值班小结篇{HAN[n]}",
        lambda n: f"护林员值班小结篇{n}",
        lambda n: f"第{HAN[n]}篇",
        lambda n: f"第{n}篇：护林员值班小结",
        lambda n: f"护林员值班小结 第{HAN[n]}篇",
        lambda n: f"护林防火范文（{HAN[n]}）",
        lambda n: f"护林防火范文{HAN[n]}",
        lambda n: f"护林员值班小结（{n}）",
        lambda n: f"## 护林员值班小结 {n}",
        lambda n: f"### 护林员值班小结篇{n}",
        lambda n: f"{n}. 护林员值班小结",
        lambda n: f"{n}、护林员值班小结",
        lambda n: f"【篇{HAN[n]}】护林员值班小结",
        lambda n: f"篇{HAN[n]}：{'水渠' * n}清淤纪实",
        lambda n: f"Notes of a forest warden Part {n}",
    ],
)
def test_find_cuts__knows_the_ways_to_write_headings(heading: Callable[[int], str]) -> None:
    assert numbers(collection(heading)) == [1, 2, 3]


@pytest.mark.parametrize(
    "heading",
    [
        lambda n: f"{HAN[n]}、{'巡山扑火育苗'[2 * n - 2 : 2 * n]}工作情况",
        lambda n: f"{n}. {('Install the pump', 'Start the engine', 'Read the gauge')[n - 1]}",
        lambda n: f"第{HAN[n]}条　{'巡山扑火育苗'[2 * n - 2 : 2 * n]}",
        lambda n: f"第{HAN[n]}篇　{('总则', '水土保持', '林木种苗管理')[n - 1]}",
        lambda n: f"（{HAN[n]}）{'巡山扑火育苗'[2 * n - 2 : 2 * n]}",
        lambda n: f"## {('Installation', 'Configuration', 'Upgrade')[n - 1]}",
        lambda n: f"附件{n}",
        lambda n: f"表（{n}）",
        lambda n: f"护林员日记，写到第{HAN[n]}篇为止。",
        lambda n: f"护林防火材料(精选{n}篇)",
        lambda n: f"1.{n} 护林员值班小结",
    ],
)
def test_find_cuts__takes_no_section_of_one_document_for_a_piece(heading: Callable[[int], str]) -> None:
    assert numbers(collection(heading)) == []


def test_find_cuts__believes_no_heading_alone() -> None:
    assert cuts(f"护林员值班小结篇一\n{BODY}\n{BODY}") == []


def test_find_cuts__believes_no_family_that_counts_downwards() -> None:
    assert cuts(collection(lambda n: f"护林员值班小结篇{n}", (3, 2, 1))) == []


def test_find_cuts__believes_no_headings_without_bodies() -> None:
    assert cuts("\n".join(f"护林员值班小结篇{n}" for n in range(1, 30))) == []


def test_find_cuts__asks_for_three_equal_titles_that_do_not_begin_with_one_and_two() -> None:
    def step(number: int) -> str:
        return f"{number}. 把水泵的阀门关上"

    assert numbers(collection(step, (4, 5))) == []
    assert numbers(collection(step, (4, 5, 6))) == [4, 5, 6]


def test_find_cuts__takes_numbered_titles_within_named_pieces_for_sections() -> None:
    sections = f"1. 护林防火的几点体会\n{BODY}\n2. 护林防火的几点体会\n{BODY}"
    text = collection(lambda n: f"护林员值班小结篇{HAN[n]}", (1, 2), sections)
    assert numbers(text) == [1, 2]


# -- damage --------------------------------------------------------------------------------------------------------


def test_find_cuts__reads_through_notes_traditional_characters_and_width() -> None:
    titles = ["鎮(zhèn)區(qū)苗圃小結篇一", "鎮區苗圃小結篇二", "镇区苗圃小结篇三"]
    assert numbers("\n".join(f"{title}\n{BODY}" for title in titles)) == [1, 2, 3]
    titles = ["水库除险加固总结（1）", "水库除险加固总结(2)", "水庫除險加固總結（３）"]
    assert numbers("\n".join(f"{title}\n{BODY}" for title in titles)) == [1, 2, 3]


def test_find_cuts__takes_titles_with_other_years_and_masks_for_equal() -> None:
    titles = ["2016年柳河镇防汛工作总结篇一", "20xx年柳河镇防汛工作总结篇二", "20__年xx镇防汛工作总结篇三"]
    assert numbers("\n".join(f"{title}\n{BODY}" for title in titles)) == [1, 2, 3]


def test_find_cuts__puts_headings_together_that_lost_a_link() -> None:
    text = f"柳河镇年度工作总结篇一\n{BODY}\n柳河镇年度\n工作总结。\n篇二\n{BODY}\n柳河镇年度工作总结篇三\n{BODY}"
    assert cuts(text) == [(0, HEADED, 1), (2, HEADED, 2), (6, HEADED, 3)]


def test_find_cuts__allows_gaps_and_finds_the_salutation_of_a_piece_that_lost_its_heading() -> None:
    piece = f"各位代表：\n{BODY}\n{BODY}"
    text = f"防汛工作总结篇一\n{piece}\n谢谢大家。\n{piece}\n防汛工作总结篇三\n{piece}"
    assert cuts(text) == [(0, HEADED, 1), (5, WEAK, 0), (8, HEADED, 3)]


def test_find_cuts__takes_what_stands_before_the_second_heading_for_a_piece() -> None:
    assert cuts(f"{BODY}\n{collection(lambda n: f'防汛工作总结篇{n}', (2, 3))}")[0] == (0, LED, 0)
    assert cuts(f"{BODY}\n{collection(lambda n: f'防汛工作总结篇{n}', (1, 2))}")[0] == (0, REST, 0)


# -- the end -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [
        "您可能关注的文档\n- 乡镇供水小结(精选9篇)\n- 最新林场申请书(通用12篇)",
        "猜你喜欢\n乡镇供水小结\n林场申请书\n护林员的一天",
        "相关推荐\n- 乡镇供水小结(精选9篇)\n- 林场\n工作总结。\n(通用8篇)\n版权声明：内容来自会员上传",
        "本文共三页，点击下一页继续阅读\n本文地址：转载请注明出处",
    ],
)
def test_find_cuts__finds_where_the_last_piece_ends(end: str) -> None:
    text = collection(lambda n: f"防汛工作总结篇{n}")
    assert cuts(f"{text}\n{end}")[3:] == [(6, REST, 0)]


def test_find_cuts__leaves_the_signature_to_the_last_piece() -> None:
    text = collection(lambda n: f"防汛工作总结篇{n}") + "\n柳河镇人民政府\n7月2日"
    assert numbers(text) == [1, 2, 3] and len(cuts(text)) == 3


def test_find_cuts__tells_a_list_of_titles_on_a_page_without_headings() -> None:
    listed = "\n".join(f"- 乡镇供水小结(精选{n}篇)" for n in range(3, 9))
    assert cuts(f"{BODY}\n{BODY}\n{listed}") == [(0, LED, 0), (2, REST, 0)]


def test_find_cuts__sets_a_remark_of_the_site_between_two_pieces_apart() -> None:
    text = f"防汛工作总结篇1\n{BODY}\n本文由会员投稿，与本站无关。\n防汛工作总结篇2\n{BODY}"
    assert cuts(text) == [(0, HEADED, 1), (2, REST, 0), (3, HEADED, 2)]


# -- shape ---------------------------------------------------------------------------------------------------------


def test_find_cuts__numbers_the_pages_of_a_block_and_joins_by_adding_to_them() -> None:
    texts = ["", BODY, collection(lambda n: f"防汛工作总结篇{n}"), BODY, collection(lambda n: f"{n}. 护林员值班小结")]
    found = find_cuts(split_lines(pa.array(texts, pa.large_string())))
    assert found.page.tolist() == [2, 2, 2, 4, 4, 4]
    assert found.body.tolist() == [1, 3, 5] * 2
    assert [column.dtype.name for column in found] == ["int64", "int64", "int64", "uint8", "int32", "int32"]


def test_find_cuts__gives_nothing_for_no_texts() -> None:
    assert len(find_cuts(split_lines(pa.array([], pa.large_string()))).line) == 0


@pytest.mark.parametrize(
    "text",
    [
        "水" * 1_000_000,
        "天气晴，无火情。\n" * 100_000,
        "篇一\n" * 20_000,
        "3. 天气晴，无火情\n" * 20_000,
        "\n" * 100_000,
        "- 护林材料(精选9篇)\n" * 20_000,
        "".join(f"护林员值班小结篇{n % 900}\n" for n in range(5_000)),
        "".join(f"{n % 900}. {chr(0x5000 + n)}的记录第{n}号\n{n}. 防汛防汛\n" for n in range(5_000)),
        "".join(f"{n % 900}. {chr(0x5000 + n)}e\u0301的记录第{n}号\n" for n in range(10_000)),
        "年度\n工作总结。\n篇二\n" * 20_000,
    ],
    ids="line,line repeated,heading,title,blank,list,no bodies,many titles,composed,torn".split(","),
)
@pytest.mark.timeout(60)
def test_find_cuts__takes_any_page_in_linear_time(text: str) -> None:
    assert all(kind in (REST, LED) for _, kind, _ in cuts(text))


def test_find_cuts__finds_five_thousand_pieces() -> None:
    text = "".join(f"护林员值班小结篇{n % 900 + 1}\n{BODY}\n" for n in range(5_000))
    assert len(numbers(text)) == 5_000


def test_lines_longer_than_a_heading_are_none() -> None:
    title = "水" * forms.LONGEST
    assert cuts(collection(lambda n: f"{title}篇{n}")) == []
