"""Alignment against its twin, and what it must do whatever the twin does."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.documents.normalise import normalise
from dedup.reasons.align import align, places
from tests import naive_reasons as naive

few = st.lists(st.integers(1, 3), max_size=60)
many = st.lists(st.integers(0x4E00, 0x4E00 + 400), min_size=20, max_size=120)
figures = st.lists(st.sampled_from([0x5E74, 0x6708, naive.MASK, naive.NUMBER | 7, naive.NUMBER | 8]), max_size=40)


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """A text and one made of it: parts of it moved, taken out, or exchanged for others."""
    text = draw(many)
    other = list(text)
    for _ in range(draw(st.integers(0, 6))):
        at, length = draw(st.integers(0, len(other))), draw(st.integers(0, 40))
        part, other = other[at : at + length], other[:at] + other[at + length :]
        put = draw(st.integers(0, len(other)))
        other[put:put] = draw(st.one_of(st.just(part), st.just([]), few, figures))
    return text, other


def blocks_of(a: list[int], b: list[int]) -> list[tuple[int, int, int]]:
    return [tuple(block) for block in align(np.array(a, np.uint32), np.array(b, np.uint32)).tolist()]


@settings(max_examples=400, deadline=None)
@given(st.one_of(edited(), st.tuples(few, few), st.tuples(figures, figures), st.tuples(many, many)))
@example(([], []))
@example(([], [1]))
@example(([1] * 30, [1] * 20 + [2] + [1] * 30))
def test_align__equals_the_twin(texts: tuple[list[int], list[int]]) -> None:
    assert blocks_of(*texts) == naive.align(*texts)


@settings(max_examples=300, deadline=None)
@given(st.one_of(edited(), st.tuples(few, few)))
def test_align__gives_equal_blocks_in_order_and_apart(texts: tuple[list[int], list[int]]) -> None:
    a, b = texts
    blocks = blocks_of(a, b)
    for x, y, n in blocks:
        assert n > 0 and a[x : x + n] == b[y : y + n]
    for (x, y, n), (next_x, next_y, _) in zip(blocks, blocks[1:], strict=False):
        assert next_x >= x + n and next_y >= y + n and (next_x, next_y) != (x + n, y + n)


@given(edited())
def test_places__are_all_that_is_in_no_block(texts: tuple[list[int], list[int]]) -> None:
    a, b = texts
    blocks = align(np.array(a, np.uint32), np.array(b, np.uint32))
    found = places(blocks, len(a), len(b))
    assert [tuple(row) for row in found.tolist()] == naive.places(blocks.tolist(), len(a), len(b))
    inside = blocks[:, 2].sum() if len(blocks) else 0
    assert (found[:, 1] - found[:, 0]).sum() + inside == len(a)
    assert (found[:, 3] - found[:, 2]).sum() + inside == len(b)


def test_align__sets_each_figure_of_a_date_against_its_own() -> None:
    one, two = normalise("例会定于2月14日上午召开"), normalise("例会定于11月3日上午召开")
    found = places(align(one, two), len(one), len(two))
    assert found.tolist() == [[4, 5, 4, 5], [6, 7, 6, 7]]


def test_align__passes_over_a_paragraph_that_only_one_text_has() -> None:
    rng = np.random.default_rng(1)
    text = rng.integers(0x4E00, 0x6000, 600).astype(np.uint32)
    more = np.insert(text, 300, rng.integers(0x6000, 0x7000, 200).astype(np.uint32))
    assert align(text, more).tolist() == [[0, 0, 300], [300, 500, 300]]


def test_align__leaves_what_changed_its_place_in_no_block() -> None:
    text = np.arange(0x4E00, 0x4E00 + 300, dtype=np.uint32)
    moved = np.concatenate([text[:50], text[100:], text[50:100]])
    assert align(text, moved).tolist() == [[0, 0, 50], [100, 50, 200]]


def timed(a: np.ndarray, b: np.ndarray) -> float:
    before = time.process_time()
    align(a, b)
    return time.process_time() - before


@pytest.mark.parametrize("kind", ["one character", "two characters", "other periods", "nothing in common"])
def test_align__stays_linear_on_a_million_tokens(kind: str) -> None:
    rng = np.random.default_rng(2)
    m = 1_000_000
    if kind == "one character":
        a, b = np.full(m, 0x4E00), np.full(m - 7, 0x4E00)
    elif kind == "two characters":
        a, b = rng.integers(0x4E00, 0x4E02, m), rng.integers(0x4E00, 0x4E02, m)
    elif kind == "other periods":
        a, b = 0x4E00 + np.arange(m) % 7, 0x4E00 + np.arange(m) % 11
    else:
        a, b = rng.integers(0x4E00, 0x6000, m), rng.integers(0x6000, 0x7000, m)
    align(a[:9], b[:9])
    assert timed(a.astype(np.uint32), b.astype(np.uint32)) < 2
