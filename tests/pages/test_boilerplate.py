"""Line keys, counting and the table of boilerplate, against their slow twins and by example."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.documents.normalise import normalise_rows
from dedup.errors import InputError, OutputError
from dedup.pages.boilerplate import counts as counting
from dedup.pages.boilerplate import kernels
from dedup.pages.boilerplate.counts import LineCounts
from dedup.pages.boilerplate.keys import KINDS, LineKeys, kind_of, line_keys
from dedup.pages.boilerplate.table import BoilerplateTable, Template
from dedup.pages.lines import Lines, split_lines
from tests import naive_boilerplate, strategies

SYLLABLES = "山水田林湖草沙路桥灯门窗车船书画琴棋米面油盐酱醋茶风雨雷电云雪霜露春夏秋冬东西南北"
FILLER = "这里收着邻里送来的几页旧文稿，抄写的人早已散去，读者各取所需便是。"
NOTICE = "本馆藏品谢绝翻印，转抄者请先写信给柳荫巷的看门人。"
FRAGMENTS = [
    *("柳荫", "巷口的灯", "木桥", "上", "下", "一", "十二", "篇", "第", "字", "甲乙丙丁戊己庚辛"),
    *("12", "3.5", "2019-05-01", "1,200", "8:30", "20xx", "Lane", "paper boat", "a"),
    *(
        "。",
        "，",
        "：",
        ":",
        "《",
        "》",
        "“",
        "”",
        "【",
        "】",
        " > ",
        " / ",
        "　",
        "|",
        "  ",
        "!",
        "(",
        ")",
        "（",
        "）",
        "<",
    ),
]
tidy_lines = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=24).map("".join)


def keys_of(*texts: str) -> tuple[LineKeys, Lines]:
    lines = split_lines(pa.array(texts, pa.large_string()))
    return line_keys(lines, normalise_rows(lines.texts)), lines


def kinds(line: str) -> tuple[str, str]:
    """The kinds of a line's two keys."""
    keys, _ = keys_of(line)
    whole, weak = int(keys.whole[0]), int(keys.weak[0])
    return kind_of(whole) if whole else "", kind_of(weak) if weak else ""


def same_template(*texts: str) -> bool:
    keys, _ = keys_of(*texts)
    assert keys.whole.all()
    return len(set(keys.whole.tolist())) == 1


def same_weak(*texts: str) -> bool:
    keys, _ = keys_of(*texts)
    assert keys.weak.all()
    return len(set(keys.weak.tolist())) == 1


def story(seed: int, lines: int = 4) -> list[str]:
    """Lines that no other seed has."""
    random = Random(seed)
    return ["".join(random.choices(SYLLABLES, k=random.randint(30, 60))) + "。" for _ in range(lines)]


def table_of(pages: list[str], sources: list[int] | None = None, names: list[str] | None = None) -> BoilerplateTable:
    counts = LineCounts()
    keys, lines = keys_of(*pages)
    counts.add(keys, lines, 0, np.array(sources or [0] * len(pages), np.int32))
    table = counts.table(names or [""])
    counts.close()
    return table


def marked(table: BoilerplateTable, page: str, source: str = "") -> list[str]:
    keys, lines = keys_of(page)
    flags = table.mark(keys, lines, np.zeros(1, np.int32), [source])
    return [line for line, flag in zip(page.split("\n"), flags, strict=True) if flag]


# -- keys ---------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.lists(tidy_lines, min_size=2, max_size=12))
def test_keys__are_equal_exactly_where_the_templates_of_the_slow_twin_are(lines: list[str]) -> None:
    lines = [line for line in lines if line.strip()] or ["柳荫"]
    keys, _ = keys_of("\n".join(lines))
    template_of: dict[int, object] = {}
    key_of: dict[object, int] = {}
    for line, *found in zip(lines, keys.whole.tolist(), keys.weak.tolist(), strict=True):
        for key, template in zip(found, naive_boilerplate.keys(line), strict=True):
            assert (key == 0) == (template is None), (line, KINDS.get(key & 7), template)
            if template is not None:
                assert kind_of(key) == template[0], line
                assert template_of.setdefault(key, template) == template, line
                assert key_of.setdefault(template, key) == key, line


@settings(deadline=None)
@given(st.lists(strategies.texts, min_size=1, max_size=6))
def test_keys__depend_on_the_line_alone(texts: list[str]) -> None:
    texts = [text.replace("\n", "") for text in texts]
    together, _ = keys_of("\n".join(texts) + "\n")
    for i, text in enumerate(texts):
        alone, _ = keys_of(text)
        for one, other in zip(together[:3], alone[:3], strict=True):
            assert one[i] == other[0], text


def test_key__is_zero_below_four_and_above_two_hundred_tokens() -> None:
    keys, _ = keys_of("木桥东", "木桥东头", "桥" * 200, "桥" * 201, "")
    assert (keys.whole != 0).tolist() == [False, True, True, False, False]
    assert (keys.near != 0).tolist() == [True, True, True, True, False]


def test_key__is_the_same_whatever_the_figures_masks_and_quoted_titles() -> None:
    assert same_template("藏书楼第3次清点共得旧书120册已登记", "藏书楼第14次清点共得旧书xx册已登记")
    assert same_template("《木桥记》还有一半留在楼上等下次再抄", "《十二月的灯》还有一半留在楼上等下次再抄")


def test_key__is_the_same_through_the_damage_of_sites() -> None:
    assert same_template("这里網(wǎng)羅(luó)舊書與殘卷共分爲七櫃收藏", "这里网罗旧书与残卷共分为七柜收藏")


def test_key__is_one_for_all_titles_of_collections() -> None:
    assert same_template(
        "- 最新柳荫巷灯会致辞(精选12篇)",
        "2023年渡口看守人日记(7篇)",
        "夜航船随笔300字（热门20篇）",
        "- 灯下问答(通用500字)",
    )
    assert kinds("- 最新柳荫巷灯会致辞(精选12篇)") == ("collection", "")
    assert kinds("柳荫巷灯会致辞精选12篇")[0] == "short"


def test_key__folds_the_numeral_beside_pian_but_not_the_links_to_other_pages() -> None:
    assert same_template("渡口看守人日记篇一", "渡口看守人日记篇十二")
    assert same_template("渡口看守人第三篇日记", "渡口看守人第十篇日记")
    assert not same_template("渡口看守人上一篇日记", "渡口看守人上十篇日记")


def test_key__is_zero_for_a_sentence_that_says_little_or_says_it_in_figures() -> None:
    assert kinds("灯会到此结束。") == ("", "")
    assert kinds("灯会自3月5日开始，4月8日结束，共设7处灯棚。") == ("", "")
    assert kinds("热闹的灯棚")[0] == "short"


def test_weak_key__keeps_the_beginning_of_the_way_to_a_page() -> None:
    assert same_weak("藏书楼首页 > 游记 > 渡口", "藏书楼首页 > 书信 > 残卷 > 木桥边的一封信")
    assert kinds("藏书楼首页 > 游记 > 渡口")[1] == "crumb"


def test_weak_key__frees_the_longest_of_several_fields() -> None:
    assert same_weak("前一页：木桥边的一封长信　　后一页：已经没有了", "前一页：渡口看守人的冬天　　后一页：已经没有了")
    assert kinds("前一页：木桥边的一封长信　　后一页：已经没有了")[1] == "fields"


def test_weak_key__frees_the_middle_of_a_sentence_with_fixed_ends() -> None:
    line = "下面由看门人为诸位抄来的是一份{}，抄得潦草之处还望各位看官见谅。"
    assert same_weak(line.format("灯会账目"), line.format("渡船名单"))
    assert kinds(line.format("灯会账目")) == ("whole", "frame")


def test_weak_key__is_none_for_titles_and_numbered_lines() -> None:
    assert kinds("关于柳荫巷灯棚搭设和夜间照看若干办法的说明")[1] == ""
    assert kinds("第三条 灯棚由各家轮流看守，每夜二人，不得无故离开灯棚一步。")[1] == ""


# -- the rule -----------------------------------------------------------------------------------------------------


def test_filler__that_stands_on_five_different_pages_is_boilerplate() -> None:
    pages = ["\n".join([*story(n)[:2], FILLER, *story(n)[2:]]) for n in range(5)]
    assert marked(table_of(pages), pages[0]) == [FILLER]
    assert table_of(pages[:4]).templates == ()


def test_line__that_stands_on_less_than_half_a_percent_of_the_pages_is_none() -> None:
    pages = ["\n".join([*story(n), FILLER]) for n in range(6)] + ["\n".join(story(n, 1)) for n in range(10, 1300)]
    assert table_of(pages).templates == ()
    assert table_of(pages[:1200]).templates != ()


def test_text__that_many_collections_print_is_none() -> None:
    copied = story(999, 8)
    pages = ["\n".join([*story(n, 7), *copied, *story(100 + n, 7)]) for n in range(30)]
    assert table_of(pages).templates == ()


def test_page__that_was_crawled_many_times_holds_none() -> None:
    assert table_of(["\n".join(story(1, 9))] * 40).templates == ()


def test_form__that_many_offices_fill_in_is_none() -> None:
    lines = [line[:-1] for line in story(5, 12)]

    def filled(n: int) -> str:
        random = Random(n)
        name = "".join(random.choices(SYLLABLES, k=3))
        return "\n".join(
            f"{line[:10]}{name}{line[10:]}{random.randint(1, 9999)}户。" if k % 2 else f"{line}计{n}处。"
            for k, line in enumerate(lines)
        )

    assert table_of([filled(n) for n in range(60)]).templates == ()


def test_block__of_lines_that_always_stand_together_is_boilerplate() -> None:
    block = ["藏书楼开放至黄昏掌灯时分为止恕不留宿", NOTICE, "看门人住在木桥东头第二间草屋里敲门即应"]
    pages = ["\n".join([*story(n), *block]) for n in range(12)]
    assert marked(table_of(pages), pages[3]) == block


def test_short_line__is_boilerplate_only_beside_some() -> None:
    titles = ["".join(Random(n).choices(SYLLABLES, k=6)) for n in range(60)]
    lists = [[f"- {title}(精选{n + 3}篇)" for n, title in enumerate(titles[k : k + 5])] for k in range(0, 60, 5)]
    pages = ["\n".join([*story(n), "各位乡亲", *story(50 + n), "巷口还在传抄", *lists[n]]) for n in range(12)]
    assert marked(table_of(pages), pages[0]) == ["巷口还在传抄", *lists[0]]


def test_pages__that_hold_little_besides_the_lines_of_their_site_are_told_apart_by_that() -> None:
    pages = ["\n".join([FILLER, *story(n, 1), NOTICE]) for n in range(10)]
    assert marked(table_of(pages), pages[0]) == [FILLER, NOTICE]


def test_template__of_one_source_is_none_on_another() -> None:
    pages = ["\n".join([*story(n)[:2], FILLER, *story(n)[2:]]) for n in range(8)]
    pages += ["\n".join(story(n)) for n in range(100, 108)]
    table = table_of(pages, [0] * 8 + [1] * 8, ["north", "south"])
    assert [template.source for template in table.templates] == ["north"] * len(table.templates)
    assert marked(table, pages[0], "north") == [FILLER]
    assert marked(table, pages[0], "south") == marked(table, pages[0], "elsewhere") == []


def test_template__that_stands_on_several_sources_is_one_on_all() -> None:
    pages = ["\n".join([*story(n)[:2], FILLER, *story(n)[2:]]) for n in range(12)]
    table = table_of(pages, [n % 4 for n in range(12)], ["a", "b", "c", "d"])
    assert {template.source for template in table.templates} == {""}
    assert marked(table, pages[0], "elsewhere") == [FILLER]


def test_nameless_source__beside_named_ones_never_speaks_for_all() -> None:
    pages = ["\n".join([*story(n)[:2], FILLER, *story(n)[2:]]) for n in range(8)] + ["\n".join(story(50))]
    assert table_of(pages, [0] * 8 + [1], ["", "south"]).templates == ()


# -- counting -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=6)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 4),
)
def test_counts__are_those_of_the_slow_twin(drawn: list[tuple[int, list[tuple[int, int, int]]]], block: int) -> None:
    sources = [source for source, _ in drawn]
    pages = [
        [(8 * whole, 8 * (weak + 4 * (weak > 0)), near or None) for whole, weak, near in page] for _, page in drawn
    ]
    pages = [[(w if n else 0, k if n and w else 0, n) for w, k, n in page] for page in pages]
    counts = LineCounts()
    for begin in range(0, len(pages), block):
        part = pages[begin : begin + block]
        first = np.cumsum([0, *map(len, part)])
        whole, weak = (np.array([line[i] for page in part for line in page], np.uint64) for i in range(2))
        near = np.array([(line[2] or 0) * ((1 << 32) + 1) for page in part for line in page], np.uint64)
        lines = Lines(pa.array(["" for _ in whole], pa.large_string()), first, np.zeros(len(whole), np.int64))
        keys = LineKeys(whole, weak, near, np.zeros((len(part), 6), np.uint64))
        counts.add(keys, lines, begin, np.array(sources[begin : begin + block], np.int32))
    expected = naive_boilerplate.count(pages, sources)
    found = [counts._groups(records) for records in counts._partitions()]
    told = {
        (int(source), int(key)): row.tolist()
        for groups in found
        for source, key, row in zip(groups.source, groups.key, groups.counts, strict=True)
        if source >= 0
    }
    assert told == {group: row for group, row in expected.items() if row[1] >= 5}


def test_counts__are_the_same_in_blocks_and_through_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pages = ["\n".join([*story(n)[:2], FILLER, *story(n)[2:], NOTICE]) for n in range(40)]
    whole = table_of(pages)
    monkeypatch.setattr(counting, "BUFFERED", 50)
    counts = LineCounts(tmp_path)
    for begin in range(0, 40, 7):
        keys, lines = keys_of(*pages[begin : begin + 7])
        counts.add(keys, lines, begin, np.zeros(len(lines.first) - 1, np.int32))
    assert counts._spilled
    assert counts.table([""]) == whole
    assert list(tmp_path.iterdir()) == []
    counts.close()


def test_counts__refuse_pages_out_of_order() -> None:
    keys, lines = keys_of(FILLER)
    with pytest.raises(ValueError, match="page 0 comes next, not 3"):
        LineCounts().add(keys, lines, 3, np.zeros(1, np.int32))


def test_counts__of_nothing_make_an_empty_table() -> None:
    assert LineCounts().table([]).templates == ()


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_variety__is_that_of_the_slow_twin(values: list[int]) -> None:
    distinct, found = kernels.variety(np.array(values, np.uint64))
    assert distinct == len(set(values))
    assert found == pytest.approx(naive_boilerplate.variety(values))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 6), max_size=4), min_size=1, max_size=12))
def test_contents__are_as_various_as_the_slow_twin_says(pages: list[list[int]]) -> None:
    contents = np.zeros((len(pages), 6), np.uint64)
    for d, page in enumerate(pages):
        contents[d, : len(page)] = page
    found = np.empty(1)
    sample = np.zeros((1, 48), np.int64)
    sample[0, : len(pages)] = range(len(pages))
    kernels.weigh_contents(sample, np.array([len(pages)]), contents, np.zeros(16, np.uint64), found)
    assert found[0] == pytest.approx(naive_boilerplate.likeness_variety([set(page) for page in pages]))


def test_line__repeated_a_hundred_thousand_times_is_counted_in_linear_time() -> None:
    page = "\n".join([FILLER] * 100_000)
    assert table_of([page, "柳" * 1_000_000]).templates == ()


# -- the table ----------------------------------------------------------------------------------------------------


def small_table() -> BoilerplateTable:
    pages = ["\n".join([*story(n)[:2], FILLER, *story(n)[2:]]) for n in range(8)]
    return table_of(pages, names=["藏书楼"])


def test_table__is_read_as_it_was_written(tmp_path: Path) -> None:
    table = small_table()
    table.save(tmp_path / "boilerplate.jsonl")
    again = BoilerplateTable.load(tmp_path / "boilerplate.jsonl")
    assert again == table
    assert again.digest() == table.digest()
    assert table.templates[0].examples == (FILLER,)
    assert table.templates[0].pages == table.templates[0].neighbourhoods == 8


def test_digest__changes_with_what_decides_and_with_nothing_else() -> None:
    table = small_table()
    first, *rest = table.templates
    other = BoilerplateTable((first._replace(pages=9, examples=()), *rest), {})
    assert other.digest() == table.digest()
    assert BoilerplateTable((first._replace(source="x"), *rest), {}).digest() != table.digest()
    assert BoilerplateTable(tuple(rest), {}).digest() != table.digest()


def template_row(**changes: object) -> dict[str, object]:
    key = (5 << 40) | kernels.WHOLE
    template = Template("", key, 7, 8, 6, 0.25, ("木桥",))
    return {**template._asdict(), "key": f"{key:016x}", "kind": "whole", **changes}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": "12"}, "16 hex digits"),
        ({"key": "00000000000000FF"}, "16 hex digits"),
        ({"kind": "frame"}, "kind is 'frame'"),
        ({"kind": ["whole"]}, "kind is"),
        ({"key": "0000050000000000"}, "kind is 'whole'"),
        ({"source": None}, "source is no string"),
        ({"pages": 0}, "pages is no number above 0"),
        ({"pages": True}, "pages is no number above 0"),
        ({"lines": 6}, "fewer lines than pages"),
        ({"share": 1.5}, "share"),
        ({"share": float("nan")}, "share"),
        ({"examples": "木桥"}, "examples"),
        ({"surplus": 1}, "nothing else"),
    ],
)
def test_load__refuses_a_malformed_template(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    head = {"format": 1, "templates": 1, "settings": {}}
    path = tmp_path / "boilerplate.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (head, template_row(**changes))))
    with pytest.raises(InputError, match=reason) as caught:
        BoilerplateTable.load(path)
    assert (caught.value.path, caught.value.line) == (path, 2)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", 1, "no JSON object"),
        ("[]\n", 1, "no JSON object"),
        ('{"format": 2, "templates": 0, "settings": {}}\n', 1, "format 2; this version reads 1"),
        ('{"format": true, "templates": 0, "settings": {}}\n', 1, "format True"),
        ('{"format": 1, "templates": 0}\n', 1, "format, templates and settings"),
        ('{"format": 1, "templates": 2, "settings": {}}\n', 1, "2 templates are announced, 0 follow"),
        ('{"format": 1, "templates": 0, "settings": {}}', 1, "ends within a line"),
        ('{"format": 1, "templates": 1, "settings": {}}\n{"pages": 1\n', 2, "no JSON object"),
    ],
)
def test_load__refuses_a_malformed_file(tmp_path: Path, content: str, line: int, reason: str) -> None:
    path = tmp_path / "boilerplate.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match=reason) as caught:
        BoilerplateTable.load(path)
    assert caught.value.line == line


def test_load__refuses_the_same_template_twice_and_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "boilerplate.jsonl"
    head = {"format": 1, "templates": 2, "settings": {}}
    path.write_text("".join(json.dumps(row) + "\n" for row in (head, template_row(), template_row())))
    with pytest.raises(InputError, match="same template as in line 2"):
        BoilerplateTable.load(path)
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError, match="cannot be read"):
        BoilerplateTable.load(path)
    with pytest.raises(InputError, match="cannot be read"):
        BoilerplateTable.load(tmp_path / "missing.jsonl")


def test_save__says_where_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        small_table().save(tmp_path / "missing" / "boilerplate.jsonl")
