"""Raw tokens: they are the text again, and equal where texts mean the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.documents.normalise import token_spans
from dedup.templates.tokens import NEWLINE, SPACE, is_sign, is_value, tokenise
from tests.strategies import similar_texts, texts

broken = st.lists(
    st.sampled_from(["\ud83d", "\ude00", "\ud800", "\udfff", "\0", "\r\n", "\u2028", "\u202e", "אב", "😀", "㎡", "经"]),
    max_size=20,
).map("".join)


@settings(max_examples=1000, deadline=None)
@given(texts | broken | similar_texts().map("\n".join))
@example("")
@example("\ud800")
@example("5㎡(jīng)\r\n\r\n 经(jīng)济")
@example("\u0301\u0301")
@example("ﬁﬀ½")
def test_tokenise__tiles_the_text(text: str) -> None:
    tokens = tokenise(text)
    assert "".join(text[a:b] for a, b in zip(tokens.start, tokens.end, strict=True)) == text
    assert tokens.start.tolist() == [0, *tokens.end.tolist()][: len(tokens.keys)]
    assert (tokens.end > tokens.start).all()
    assert tokens.keys.dtype == np.uint32 and tokens.start.dtype == tokens.end.dtype == np.int64
    assert len(tokens.keys) == len(tokens.start) == len(tokens.end)


@settings(max_examples=300, deadline=None)
@given(texts | broken, st.integers(0, 30), st.integers(0, 30))
def test_raw__of_neighbouring_ranges_is_the_text_between_them(text: str, first: int, stop: int) -> None:
    tokens = tokenise(text)
    size = len(tokens.keys)
    first, stop = min(first, size), min(stop, size)
    assert tokens.raw(0, size) == text
    assert tokens.raw(0, first) + tokens.raw(first, size) == text
    assert tokens.raw(first, stop) == "".join(tokens.raw(i, i + 1) for i in range(first, stop))


@settings(max_examples=500, deadline=None)
@given(texts)
def test_tokenise__has_the_codes_of_the_text_view_in_their_order(text: str) -> None:
    """Where no two of them share a character; those are made one."""
    codes, start, end = token_spans(text)
    if (start[1:] >= end[:-1]).all():
        tokens = tokenise(text)
        assert tokens.keys[~is_sign(tokens.keys)].tolist() == codes.tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ，１２３。", "ABC,123。"),
        ("发展经济", "發展經濟"),
        ("经(jīng)济", "经济"),
        ("经（jīng）济", "经(jīng)济"),
        ("a b", "a\u3000b"),
        ("a b", "a \t \xa0b"),
        ("a\r\nb", "a\nb"),
        ("a\n \n\nb", "a\nb"),
        ("a\u2028b", "a\nb"),
        ("Straße", "STRASSE"),
        ("（5）", "(5)"),
        ("：", ":"),
    ],
)
def test_tokenise__gives_equal_keys_to_what_is_written_otherwise(one: str, other: str) -> None:
    assert tokenise(one).keys.tolist() == tokenise(other).keys.tolist()


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "a\nb"), ("ab", "a b"), ("5", "6"), ("5.5", "55"), (",", "."), ("经", "济"), ("", " ")]
)
def test_tokenise__gives_other_keys_to_other_texts(one: str, other: str) -> None:
    assert tokenise(one).keys.tolist() != tokenise(other).keys.tolist()


def test_tokenise__makes_a_run_of_white_space_one_token() -> None:
    tokens = tokenise("a \t b \r\n\n c\n")
    assert [tokens.raw(i, i + 1) for i in range(len(tokens.keys))] == ["a", " \t ", "b", " \r\n\n ", "c", "\n"]
    assert tokens.keys[[1, 3, 5]].tolist() == [SPACE, NEWLINE, NEWLINE]


def test_tokenise__leaves_a_note_with_its_character() -> None:
    tokens = tokenise("经(jīng)济")
    assert [tokens.raw(i, i + 1) for i in range(len(tokens.keys))] == ["经(jīng)", "济"]


def test_is_value__is_true_of_numbers_and_masks_only() -> None:
    tokens = tokenise("共5户，20xx年**元x")
    kinds = dict(zip([tokens.raw(i, i + 1) for i in range(len(tokens.keys))], is_value(tokens.keys), strict=True))
    assert kinds["5"] and not kinds["户"] and not kinds["，"] and not kinds["共"]
    assert kinds["**"]


def test_is_sign__is_true_of_what_is_no_token_of_the_text_view() -> None:
    tokens = tokenise("共 5\n户，😀。")
    assert is_sign(tokens.keys).tolist() == [False, True, False, True, False, True, True, True]
