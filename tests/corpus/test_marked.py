"""Marks stay on their characters through every change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corpus.bytepasses import narrowed_and_noted
from corpus.damage import pinyin, traditional
from corpus.marked import Change, Mark, Text, cut, join, rewrite

LENGTH = 30
# Every character of the text is its own, so that it can be told where it went.
OWN = "".join(chr(0x4E00 + at) for at in range(LENGTH))


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    edges = sorted(draw(st.lists(st.integers(0, LENGTH), max_size=8).filter(lambda edges: len(edges) % 2 == 0)))
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if not found or start >= found[-1][1]:
            found.append((start, end, draw(st.text("abc", max_size=3))))
    return found


@st.composite
def marks(draw: st.DrawFn) -> Mark:
    start, end = sorted((draw(st.integers(0, LENGTH)), draw(st.integers(0, LENGTH))))
    return Mark(start, end, None)


@given(changes(), marks())
def test_rewrite__a_mark_keeps_what_is_left_of_its_characters(edits: list[Change], mark: Mark) -> None:
    text = rewrite(Text(OWN, (mark,)), edits)
    kept = [at for at in range(mark.start, mark.end) if not any(start <= at < end for start, end, _ in edits)]
    if not text.marks:
        assert not kept
        return
    (after,) = text.marks
    assert 0 <= after.start <= after.end <= len(text.string)
    assert [sign for sign in text.string[after.start : after.end] if sign in OWN] == [OWN[at] for at in kept]


@given(changes(), marks())
def test_rewrite__a_mark_takes_in_only_what_replaces_its_own_characters(edits: list[Change], mark: Mark) -> None:
    text = rewrite(Text(OWN, (mark,)), edits)
    # What is put in exactly where the mark begins or ends is not of it.
    inside = [
        new
        for start, end, new in edits
        if mark.start <= start and end <= mark.end and (start < end or mark.start < start < mark.end)
    ]
    for after in text.marks:
        added = [sign for sign in text.string[after.start : after.end] if sign not in OWN]
        assert len(added) == sum(map(len, inside))


def test_rewrite__a_value_replaced_by_nothing_stays_as_an_empty_mark() -> None:
    text = rewrite(Text("投资300万元", (Mark(2, 5, "slot"),)), [(2, 5, "")])
    assert text == Text("投资万元", (Mark(2, 2, "slot"),))


def test_rewrite__a_mark_inside_a_longer_part_taken_out_is_gone() -> None:
    assert rewrite(Text("投资300万元", (Mark(2, 5, "slot"),)), [(1, 6, "")]).marks == ()


@given(st.lists(st.text("甲乙", max_size=5), max_size=5), st.integers(0, 12), st.integers(0, 12))
def test_join_and_cut__keep_marks_on_their_parts(parts: list[str], one: int, two: int) -> None:
    whole = join([Text(part, (Mark(0, len(part), part),)) for part in parts], "\n")
    assert whole.string == "\n".join(parts)
    assert [whole.string[mark.start : mark.end] for mark in whole.marks] == parts
    start, end = sorted((one, two))
    part = cut(whole, start, end)
    assert part.string == whole.string[start:end]
    for mark in part.marks:
        assert part.string[mark.start : mark.end] in mark.what


@given(st.text("区乡，。县优工作3万元保基海岛当地", min_size=1, max_size=40), st.data())
def test_narrowed_and_noted__marks_do_not_change_the_text(string: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(string)))
    end = data.draw(st.integers(start, len(string)))
    plain = narrowed_and_noted(traditional(Text(string), None))
    marked = narrowed_and_noted(traditional(Text(string, (Mark(start, end, "x"),)), None))
    assert plain.string == marked.string
    for mark in marked.marks:
        assert 0 <= mark.start <= mark.end <= len(plain.string)


@given(st.text("工作万元三个人民村里", min_size=3, max_size=30), st.integers(0, 10), st.integers(1, 10))
def test_narrowed_and_noted__sound_text_keeps_its_marks_to_the_character(string: str, start: int, size: int) -> None:
    mark = Mark(min(start, len(string) - 1), min(start + size, len(string)), "x")
    if mark.start >= mark.end:
        return
    after = narrowed_and_noted(Text(string, (mark,)))
    if after.string == string:
        assert after.marks == (mark,)


def test_narrowed_and_noted__tears_characters_as_real_pages_show_it() -> None:
    torn = {
        "统一。县里": "統(tǒng)一??h里",
        "确保基本": "確?;",
        "下拨5万元": "下?lián)",
        "当地实际": "當?shù)",
        "变为民": "變?yōu)",
    }
    for clean, seen in torn.items():
        assert seen in narrowed_and_noted(traditional(Text(clean), None)).string, clean


def test_pinyin__the_note_is_of_the_mark_its_character_is_of() -> None:
    text = pinyin(Text("全区工作", (Mark(0, 2, "x"),)), None)
    assert text.string == "全区(qū)工作"
    assert text.string[text.marks[0].start : text.marks[0].end] == "全区(qū)"
