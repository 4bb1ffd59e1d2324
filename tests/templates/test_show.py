"""Templates as people and as regular expressions read them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.templates.model import Block, Slot, Template, Variable, Words
from tests.strategies import nasty
from tests.templates.test_model import HAN, made, shapes, template_of, written

SIGNS = r".^$*+?{}[]\|()#&~- " + "\t\n\r\v\f\0"


@settings(max_examples=300, deadline=None)
@given(shapes(least=4))
def test_regex__matches_what_is_filled_into_the_template(shape: tuple[list[Any], list[list[str]], list[int]]) -> None:
    parts, values, _ = shape
    template, text = made(parts), written(*shape)
    found = re.fullmatch(template.regex(), text)
    assert found
    repeated = {part[1][1] for part in parts if isinstance(part, tuple) and part[0] > 1}
    for number, spans in enumerate(values):
        if number not in repeated:
            assert found[f"text_{number}"] == (spans[0] if spans else None)
    assert re.fullmatch(template.regex(), text + "又") is None or isinstance(template.segments[-1], Slot)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SIGNS) | nasty, min_size=1, max_size=8).map("".join), nasty)
def test_regex__takes_words_for_what_they_are(words: str, value: str) -> None:
    template = template_of(f"经济{words}", 0, f"发展{words}")
    found = re.fullmatch(template.regex(), f"经济{words}{value}发展{words}")
    if f"发展{words}" not in value + f"发展{words}"[:-1]:
        assert found and found["text_0"] == value


def test_regex__does_not_match_another_text() -> None:
    pattern = template_of("本县地处", 0, "东南部，辖", 1, "个乡镇").regex()
    assert re.fullmatch(pattern, "本县地处湖南东南部，辖5个乡镇")
    for text in ("", "本县地处湖南东南部", "本县地处湖南东南部，辖5个乡镇。", "我县地处湖南东南部，辖5个乡镇"):
        assert re.fullmatch(pattern, text) is None


def test_regex__takes_line_ends_in_values() -> None:
    found = re.fullmatch(template_of("本县", 0, "完").regex(), "本县a\n\r\u2028b完")
    assert found and found["text_0"] == "a\n\r\u2028b"


def test_regex__names_the_first_slot_of_a_variable_only() -> None:
    segments = (Words("我县"), Slot(0, 0), Words("地处"), Slot(1, 1), Words("部的"), Slot(2, 0), Words("人民"))
    place, number = Variable("place", "place", "", 2, ()), Variable("number", "number", "", 2, ())
    template = Template(segments, (place, number), 2, 2, 0.5, 1.0)
    found = re.fullmatch(template.regex(), "我县攸县地处5部的茶陵人民")
    assert found and found.groupdict() == {"place": "攸县", "number": "5"}


def test_regex__matches_values_at_both_ends() -> None:
    template = template_of(0, "地处", 1)
    found = re.fullmatch(template.regex(), "攸县地处湖南")
    assert found and found.groupdict() == {"text_0": "攸县", "text_1": "湖南"}
    assert re.fullmatch(template.regex(), "地处")


def test_regex__stops_a_value_at_the_block_that_may_follow_it() -> None:
    template = template_of("本县地处", 0, ["\n另辖", 1, "个乡"])
    both = re.fullmatch(template.regex(), "本县地处湖南\n另辖5个乡")
    assert both and both.groupdict() == {"text_0": "湖南", "text_1": "5"}
    one = re.fullmatch(template.regex(), "本县地处湖南")
    assert one and one.groupdict() == {"text_0": "湖南", "text_1": None}


def test_regex__passes_over_any_of_several_blocks_that_may_be_left_out() -> None:
    template = template_of("本县", 0, ["\n辖", 1, "个乡"], ["\n共", 2, "人"], "\n完")
    for text in ("本县攸\n完", "本县攸\n辖5个乡\n完", "本县攸\n共5人\n完", "本县攸\n辖5个乡\n共6人\n完"):
        found = re.fullmatch(template.regex(), text)
        assert found and found["text_0"] == "攸", text


def test_regex__of_lists_matches_any_number_of_items() -> None:
    template = template_of("名单：", ["\n第", 0, "名是", 1], "\n完", most=3)
    for count in (0, 1, 7, 200):
        assert re.fullmatch(template.regex(), "名单：" + "".join(f"\n第{i}名是甲{i}" for i in range(count)) + "\n完")


def test_regex__of_three_hundred_slots_compiles_and_matches() -> None:
    parts: list[str | int] = []
    for i in range(300):
        parts += [HAN[i] + HAN[i + 100], 0]
    template = template_of(*parts, "完")
    text = "".join(f"{HAN[i]}{HAN[i + 100]}{i}" for i in range(300)) + "完"
    found = re.fullmatch(template.regex(), text)
    assert found and found["text_299"] == "299"
    matched = template.match(text)
    assert matched is not None and (matched.edits, template.fill(matched)) == (0, text)


NEAR_MATCHES = """
import re, sys
from dedup.templates.model import Block, Slot, Template, Variable, Words
sys.path.insert(0, {root!r})
from tests.templates.test_model import template_of
size = 20_000
shapes = {{
    "letters": (template_of(*["a", 0] * 60, "b"), "a" * size),
    "long words": (template_of("a", 0, "a" * 400 + "b", 1, "c"), "a" * size),
    "lists": (template_of("a", ["a", 0, "a"], ["a", 0, "aa"], "b", most=9), "a" * size),
    "lists of values": (template_of("x", [0, "a"], [0, "aa"], [0], "b", most=9), "x" + "a" * size),
    "nothing but values": (template_of("x", [0], [0], [0], [0], "b", most=9), "x" + "a" * size),
    "blocks": (template_of("x", *[["a", 0, "c"]] * 60, "b"), "x" + "a" * size),
    "blocks with values first": (template_of("x", 0, *[[0, "c"]] * 40, "b"), "x" + "ac" * size),
    "spaces": (template_of(*[" ", 0] * 60, "!"), " " * size + "?"),
    "lines": (template_of(*["\\n", 0] * 60, "!"), "\\na" * (size // 2)),
}}
template, text = shapes[sys.argv[1]]
assert re.compile(template.regex()).fullmatch(text) is None
assert re.compile(template.regex()).search(text) is None
print("ended")
"""


@pytest.mark.parametrize(
    "shape",
    [
        "letters",
        "long words",
        "lists",
        "lists of values",
        "nothing but values",
        "blocks",
        "blocks with values first",
        "spaces",
        "lines",
    ],
)
def test_regex__ends_on_texts_that_nearly_match(shape: str) -> None:
    """One way back too many, and 20,000 characters take longer than the sun will burn."""
    root = str(Path(__file__).parent.parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", NEAR_MATCHES.format(root=root), shape], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "ended\n", done.stderr


def test_regex__of_a_million_characters_needs_no_stack() -> None:
    template = template_of("本县", 0, "完", ["\n共", 1, "人"])
    found = re.fullmatch(template.regex(), "本县" + "甲" * 1_000_000 + "完")
    assert found and found.end("text_0") == 1_000_002


def test_readable__shows_names_and_blocks() -> None:
    place, number = Variable("place", "place", "", 2, ()), Variable("number", "number", "个", 2, ())
    item = Block(1, (Words("\n第"), Slot(2, 1), Words("名")), 0, 5, 1.0)
    optional = Block(0, (Words("，辖"), Slot(1, 1), Words("个乡镇")), 0, 1, 0.5)
    template = Template((Slot(0, 0), Words("地处湖南"), optional, item), (place, number), 2, 2, 0.5, 1.0)
    assert template.readable() == "{place}地处湖南[，辖{number}个乡镇][\n第{number}名]*"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (template_of("{text_0}"), template_of(0)),
        (template_of("a{", 0, "}b"), template_of("a", 0, "b")),
        (template_of("{{"), template_of("{")),
        (template_of("a[b]", 0), template_of("a", ["b"], 0)),
        (template_of("a", ["b"], 0, most=4), template_of("a", ["b"], "*", 0)),
        (template_of("a", ["[b"], 0), template_of("a[", ["b"], 0)),
        (template_of("a\\", ["b"], 0), template_of("a\\[b]", 0)),
    ],
    ids=lambda template: repr(template.segments)[:60],
)
def test_readable__is_not_the_same_for_two_templates(one: Template, other: Template) -> None:
    """Web texts are full of [1] and {{}}; they must not look like blocks and slots."""
    assert one.readable() != other.readable()
