"""Families against their twins, and against families that are known."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.documents.normalise import Codes, normalise_rows
from dedup.reasons.align import align
from dedup.tables import LABELS, NEAR, TEMPLATED
from dedup.templates.concentration import label_families
from dedup.templates.families import find_families
from dedup.templates.families.anchors import anchor_families, drop_small, join_frames
from dedup.templates.families.edits import measure_edits, sample_families
from dedup.templates.families.short import framed, sign_views
from tests import naive_families as naive

TOPICS = "社区养老 春季植树 安全生产 河道清淤 冬季供暖 图书漂流 校园足球 垃圾分类 老街改造 防汛值守".split()
KINDS = ("模板", "优秀", "精选", "")


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


def rows_of(texts: list[list[int]]) -> Codes:
    offsets = np.cumsum([0, *map(len, texts)])
    return Codes(np.array([code for text in texts for code in text], np.uint32), offsets.astype(np.int64))


def codes_of(texts: list[str]) -> Codes:
    return normalise_rows(pa.array(texts, pa.large_string()))


def families_of(texts: list[str], pool: Executor, **options: object) -> list[set[int]]:
    """The families of some texts, by their numbers."""
    found = find_families(
        codes_of(texts), np.arange(len(texts)), executor=pool, texts=lambda rows: [texts[x] for x in rows], **options
    )
    return [set(members.tolist()) for members in found.members()]


# -- twins

token = st.sampled_from([*range(0x4E00, 0x4E00 + 30), naive.MASK, naive.NUMBER | 7, naive.NUMBER | 8, ord("三")])


@st.composite
def relatives(draw: st.DrawFn) -> list[list[int]]:
    """A text and some made of it by edits, in the same places or elsewhere."""
    text = draw(st.lists(token, min_size=1, max_size=90))
    spots = draw(st.lists(st.integers(0, len(text)), min_size=1, max_size=4))
    family = [text]
    for _ in range(draw(st.integers(1, 6))):
        other = list(text)
        for at in sorted(draw(st.sets(st.sampled_from(spots))), reverse=True):
            other[at : at + draw(st.integers(0, 3))] = draw(st.lists(token, max_size=15))
        family.append(other)
    return family


def blocks(a: list[int], b: list[int]) -> list[tuple[int, int, int]]:
    return [tuple(row) for row in align(np.array(a, np.uint32), np.array(b, np.uint32)).tolist()]


@settings(max_examples=300, deadline=None)
@given(st.lists(relatives(), min_size=1, max_size=3))
def test_measure_edits__equals_the_twin(families: list[list[list[int]]]) -> None:
    texts = [text for family in families for text in family]
    ends = np.cumsum([0, *map(len, families)])
    members = [np.arange(a, b) for a, b in zip(ends, ends[1:], strict=False)]
    codes = rows_of(texts)
    sampled = sample_families(codes, members)
    with ThreadPoolExecutor(2) as pool:
        found = measure_edits(codes, sampled, pool)
    for number in range(len(families)):
        of = sampled.family == number
        centre, others = texts[sampled.centre[of][0]], [texts[x] for x in sampled.other[of]]
        assert tuple(column[number] for column in found) == pytest.approx(naive.measure(centre, others, blocks))


line = st.lists(
    st.sampled_from([naive.NUMBER, naive.SIGN | ord("("), naive.SIGN | ord(","), ord("篇"), ord("年"), 1, 2]),
    max_size=7,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(line, max_size=12))
def test_framed__equals_the_twin(lines: list[list[int]]) -> None:
    found: dict[int, set[int]] = {}
    for number, frame in enumerate(framed(rows_of(lines)).tolist()):
        if frame >= 0:
            found.setdefault(frame, set()).add(number)
    # Of two frames with as many lines either may have one; what they hold together is the same.
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, naive.framed(lines)))


@given(st.integers(1, 14), st.data())
def test_anchor_families__equals_the_twin(rows: int, data: st.DataObject) -> None:
    ends = st.tuples(st.integers(0, rows - 1), st.integers(0, rows - 1)).filter(lambda pair: pair[0] < pair[1])
    links = data.draw(st.sets(ends, max_size=30)) if rows > 1 else set()
    refused = data.draw(st.sets(ends, max_size=20)) if rows > 1 else set()
    lower, higher = (np.array([pair[x] for pair in sorted(links)], np.int64) for x in (0, 1))

    def verify(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.array([pair not in refused for pair in zip(a.tolist(), b.tolist(), strict=True)], bool)

    expected = naive.anchors(rows, links, lambda a, b: (a, b) not in refused)
    assert anchor_families(rows, lower, higher, verify).tolist() == expected


def test_join_frames__takes_a_family_in_as_a_whole_or_not_at_all() -> None:
    anchor = np.array([0, 0, 0, 3, 3, 3, 6])
    frame = np.array([1, 1, -1, 1, -1, -1, 1])
    assert join_frames(anchor, frame).tolist() == [0, 0, 0, 3, 3, 3, 0]


def test_drop_small__leaves_long_pairs() -> None:
    anchor, short = np.array([0, 0, 2, 2]), np.array([True, True, False, True])
    assert drop_small(anchor, short, 3).tolist() == [0, 1, 2, 2]


# -- families


def report(name: str, rng: random.Random) -> str:
    """A report of a county, filled in."""
    figure = [rng.randint(10, 9999) for _ in range(8)]
    return (
        f"{name}地处山区，辖{figure[0]}个行政村，总人口{figure[1]}万人。今年以来，{name}坚持问题导向，新建硬化道路{figure[2]}公里，"
        f"改造危旧房屋{figure[3]}户，投入各类资金{figure[4]}万元。在饮水工程方面，全年铺设管线{figure[5]}公里，解决了沿线群众的吃水困难。"
        f"在产业发展方面，{name}引导农户种植中药材{figure[6]}亩，户均增收{figure[7]}元。下一步，将继续完善基础设施，把好事办好、实事办实。"
    )


NAMES = "青石县 白沙镇 云溪乡 黑水县 赤岗镇 绿洲县 红岩乡 金坪县 银滩镇 玉泉县".split()


def test_find_families__keeps_members_of_two_templates_apart(pool: Executor) -> None:
    rng = random.Random(4)
    texts = [report(name, rng) for name in NAMES]
    others = [
        f"关于做好{name}防火工作的通知。各单位要在{rng.randint(1, 12)}月前排查隐患，逐级签订责任书，明确到人，"
        f"对重点林区安排{rng.randint(3, 90)}名护林员昼夜巡查，发现火情立即上报，不得迟报、漏报和瞒报。"
        for name in NAMES
    ]
    assert families_of(texts + others, pool) == [set(range(10)), set(range(10, 20))]


def test_find_families__furniture_makes_no_family(pool: Executor) -> None:
    rng = random.Random(2)
    head = "首页 新闻 公告 服务 互动 关于我们 当前位置 首页 新闻中心 工作动态 正文 字号 大 中 小 打印 关闭窗口\n"
    foot = "\n主办单位 信息中心 备案号 网站地图 联系我们 版权所有 未经许可不得转载 技术支持 建议使用新版浏览器\n"
    body = ["".join(chr(rng.randint(0x4E00, 0x4E00 + 3000)) for _ in range(150)) for _ in range(6)]
    assert families_of([head + text + foot for text in body], pool) == []


def test_find_families__titles_in_one_frame_are_one_family(pool: Executor) -> None:
    rng = random.Random(3)
    titles = [f"{topic}工作总结({rng.choice(KINDS)}{rng.randint(5, 30)}篇)" for topic in TOPICS]
    titles += [f"2023年{topic}心得体会（{rng.choice(KINDS)}{rng.randint(5, 30)}篇）" for topic in TOPICS]
    assert families_of(titles, pool) == [set(range(20))]


def test_find_families__numbered_headings_are_one_family(pool: Executor) -> None:
    headings = [f"街道文化站工作汇报篇{numeral}" for numeral in "一二三四五六七八"]
    assert families_of(headings, pool) == [set(range(8))]


def test_find_families__messages_are_a_family_from_three_on(pool: Executor) -> None:
    rng = random.Random(5)
    messages = [
        f"【速递】您的包裹{rng.randint(10**6, 10**7)}已到{name}驿站，取件码{rng.randint(1000, 9999)}，请及时领取"
        for name in NAMES
    ]
    assert families_of(messages, pool) == [set(range(10))]
    assert families_of(messages[:2], pool) == []


def test_find_families__sentences_that_begin_alike_are_no_family(pool: Executor) -> None:
    rng = random.Random(6)
    articles = [
        f"第{numeral}条 " + "".join(chr(rng.randint(0x4E00, 0x4E00 + 3000)) for _ in range(30)) + "。"
        for numeral in "一二三四五六七八九十"
    ]
    assert families_of(articles, pool) == []


def test_find_families__compares_only_within_a_group(pool: Executor) -> None:
    rng = random.Random(4)
    texts = [report(name, rng) for name in NAMES]
    groups = np.arange(10) % 2
    assert families_of(texts, pool, groups=groups) == [{0, 2, 4, 6, 8}, {1, 3, 5, 7, 9}]


def test_find_families__numbers_alone_are_no_family(pool: Executor) -> None:
    assert families_of([f"{x}.{x}" for x in range(20)], pool) == []


def test_find_families__takes_empty_and_single_texts(pool: Executor) -> None:
    assert families_of([], pool) == []
    assert families_of(["", "", "。", "7"], pool) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lambda x, rng: "请勿告诉他人，您的验证码马上失效", id="all equal"),
        pytest.param(lambda x, rng: f"验证码{x}，请勿告诉他人，十分钟内有效", id="one family"),
        pytest.param(lambda x, rng: str(x), id="one token"),
        pytest.param(lambda x, rng: "\n".join(rng.choices(NAMES, k=9)), id="one token a line"),
        pytest.param(lambda x, rng: f"{rng.choice(TOPICS)}{x % 97}总结({x % 31}篇)", id="titles"),
    ],
)
def test_find_families__is_about_linear(text, pool: Executor) -> None:
    def seconds(count: int) -> float:
        rng = random.Random(1)
        texts = [text(x, rng) for x in range(count)]
        codes = codes_of(texts)
        begin = time.perf_counter()
        find_families(codes, np.arange(count), executor=pool, texts=lambda rows: [texts[x] for x in rows])
        return time.perf_counter() - begin

    seconds(100)
    small = seconds(2000)
    assert seconds(16000) < 40 * small + 0.5


# -- labels


def noisy(text: str, rng: random.Random, rate: float) -> str:
    """The text with characters exchanged for others, figures left alone."""
    hit = [not char.isdigit() and rng.random() < rate for char in text]
    return "".join(chr(rng.randint(0x4E00, 0x5E00)) if yes else char for char, yes in zip(text, hit, strict=True))


def label_of(texts: list[str], pool: Executor) -> str:
    return LABELS[label_families(codes_of(texts), [np.arange(len(texts))], executor=pool).label[0]]


@pytest.mark.parametrize("count", [3, 5, 10])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.03])
def test_label_families__tells_values_from_noise(count: int, rate: float, pool: Executor) -> None:
    rng = random.Random(count)
    assert label_of([noisy(report(name, rng), rng, rate) for name in NAMES[:count]], pool) == TEMPLATED
    one = report("青石县", rng)
    assert label_of([noisy(one, rng, rate + 0.005) for _ in range(count)], pool) == NEAR


def test_label_families__titles_are_templated(pool: Executor) -> None:
    assert label_of([f"{topic}总结({x}篇)" for x, topic in enumerate(TOPICS)], pool) == TEMPLATED


def test_label_families__same_thing_in_other_words_is_neither(pool: Executor) -> None:
    texts = [
        "第四十三条 违反本条例规定的行为，法律、法规已规定法律责任的，适用其规定。",
        "第三十一条 对违反本条例规定的行为，其他法律法规已有处罚规定的，从其规定。",
        "第五十条 违反本条例的其他行为，有关法律、法规另有规定的，依照其规定处罚。",
        "第二十二条 违反本条例规定的，法律、行政法规已经作出处罚规定的，按照其规定执行。",
        "第六十条 凡违反本条例规定的，国家法律、法规有法律责任规定的，从其规定处理。",
    ]
    assert label_of(texts, pool) != TEMPLATED


def test_label_families__a_copy_of_a_member_is_near_to_it_and_templated_to_the_rest(pool: Executor) -> None:
    rng = random.Random(8)
    texts = [report(name, rng) for name in NAMES]
    texts.append(noisy(texts[3], rng, 0.01))
    links = [np.array([[3, 10], [3, 4], [2, 10]])]
    found = label_families(codes_of(texts), [np.arange(11)], links, executor=pool)
    assert [LABELS[label] for label in found.links[0]] == [NEAR, TEMPLATED, TEMPLATED]


def test_label_families__takes_families_of_none_one_and_two(pool: Executor) -> None:
    rng = random.Random(8)
    texts = [report(name, rng) for name in NAMES[:2]]
    found = label_families(codes_of(texts), [np.array([0]), np.array([0, 1])], executor=pool)
    assert [LABELS[label] for label in found.label] == ["", TEMPLATED]
    assert len(label_families(codes_of(texts), [], executor=pool).label) == 0


def test_sign_views__number_what_is_counted_in_any_script() -> None:
    views = sign_views(["第三章 总则", "第12章  总则", "某某（2023）", "某某(20xx)"])
    assert views.row(0).tolist() == views.row(1).tolist()
    assert views.row(2).tolist() == views.row(3).tolist()
