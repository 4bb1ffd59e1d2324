"""Tokens are found where `token_spans` says they stand."""

from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.documents.locate import locate_tokens
from dedup.documents.normalise import normalise_rows, token_spans
from tests.strategies import texts


def located(strings: list[str], rows: list[int], tokens: list[int]) -> list[tuple[int, int]]:
    array = pa.array(strings, pa.large_string())
    places = locate_tokens(array, np.array(rows, np.int64), np.array(tokens, np.int64))
    return list(zip(places.start.tolist(), places.end.tolist(), strict=True))


@given(st.lists(texts, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_locate__says_what_token_spans_says_in_any_order(strings: list[str], rng: Random) -> None:
    spans = [list(zip(*(column.tolist() for column in token_spans(text)[1:]), strict=True)) for text in strings]
    wanted = [(row, token) for row, some in enumerate(spans) for token in range(len(some)) if rng.random() < 0.7]
    wanted += rng.sample(wanted, len(wanted) // 2)  # some of them twice
    rng.shuffle(wanted)
    rows, tokens = [row for row, _ in wanted], [token for _, token in wanted]
    assert located(strings, rows, tokens) == [spans[row][token] for row, token in wanted]


@given(st.lists(texts, min_size=2, max_size=6))
def test_locate__reads_a_slice_of_a_larger_array(strings: list[str]) -> None:
    array = pa.array(strings, pa.large_string())[1:]
    lengths = np.diff(normalise_rows(array).offsets)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    tokens = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    places = locate_tokens(array, rows, tokens)
    spans = [token_spans(text)[1:] for text in strings[1:]]
    assert places.start.tolist() == [int(x) for start, _ in spans for x in start]
    assert places.end.tolist() == [int(x) for _, end in spans for x in end]


def test_locate__of_no_tokens_is_nothing() -> None:
    assert located(["", "一"], [], []) == []
    assert located([], [], []) == []


@pytest.mark.parametrize(
    ("text", "token", "place"),
    [
        ("经(jīng)济", 0, (0, 7)),
        ("经(jīng)济", 1, (7, 8)),
        ("𠮷𠮷", 1, (1, 2)),
        ("。。2,000 元", 0, (2, 7)),
        ("e\u0301cole 一", 1, (7, 8)),
        ("㎡一", 0, (0, 1)),
    ],
)
def test_locate__counts_code_points_of_the_text_as_written(text: str, token: int, place: tuple[int, int]) -> None:
    assert located(["一二三", text], [1], [token]) == [place]


def test_locate__has_room_for_texts_that_shrink_when_they_are_composed() -> None:
    """Three jamo are three tokens until they are put together: a buffer for the composed ones is too small."""
    syllables = "\u1100\u1161\u11a8。" * 20_000
    _, start, end = token_spans(syllables)
    assert located([syllables], [0, 0], [0, 19_999]) == [(0, 3), (start[-1], end[-1])]
