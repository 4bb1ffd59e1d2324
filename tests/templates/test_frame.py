"""Alignment of texts to frames: against the twin where it is exact, and what it must do everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dedup.templates import kernels
from dedup.templates.frame import LINE, OPENING, OTHER_LINE, SKIP, VALUE, Aligned, Frame, align, places
from dedup.templates.tokens import NEWLINE, SIGN_TAG
from tests import naive_templates as naive

STOP, COMMA = SIGN_TAG | 0x3002, SIGN_TAG | 0x2C
few = st.lists(st.sampled_from([1, 2, 3]), max_size=36)
lined = st.lists(st.sampled_from([1, 2, 3, NEWLINE]), max_size=36)
many = st.lists(st.integers(0x4E00, 0x4E00 + 300) | st.just(NEWLINE), max_size=90)


@st.composite
def framed(draw: st.DrawFn, tokens: st.SearchStrategy[list[int]], least: int = 1) -> Frame:
    """A frame with holes anywhere, some of them before and behind the blocks that may be left out."""
    keys = draw(tokens)
    assume(len(keys) >= least)
    size = len(keys)
    opened = draw(st.lists(st.booleans(), min_size=size + 1, max_size=size + 1))
    numbers = np.cumsum(opened) - 1
    holes = np.where(opened, numbers, -1).astype(np.int32)
    skips = np.full(size + 1, -1, np.int32)
    cuts = sorted(draw(st.sets(st.integers(0, size), max_size=6)))
    for first, stop in list(zip(cuts, cuts[1:], strict=False))[:: draw(st.integers(1, 2))]:
        skips[stop] = first
    return Frame(np.array(keys, np.uint32), holes, skips)


@st.composite
def filled(draw: st.DrawFn) -> tuple[Frame, list[int]]:
    """A frame of many tokens, and a text of it: blocks left out, values put in, a few tokens edited."""
    frame = draw(framed(many, 0))
    text: list[int] = []
    left_out = {
        place
        for stop, first in enumerate(frame.skips.tolist())
        if first >= 0 and draw(st.booleans())
        for place in range(first, stop)
    }
    for place in range(len(frame.keys) + 1):
        if frame.holes[place] >= 0:
            text += draw(st.lists(st.integers(1, 40), max_size=3))
        if place < len(frame.keys) and place not in left_out:
            text.append(int(frame.keys[place]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 3))] = draw(st.lists(st.integers(1, 5), max_size=3))
    return frame, text


# Going back, a differing place is entered from a value that costs less than the equal token beside it.
ENTERED_FROM_A_VALUE = Frame(
    np.array([1, NEWLINE, NEWLINE, NEWLINE, 1, NEWLINE, NEWLINE, 2], np.uint32),
    np.array([0, -1, -1, 1, -1, 2, -1, 3, 4], np.int32),
    np.array([-1, -1, -1, -1, -1, 1, -1, -1, -1], np.int32),
)


def line_prices(frame: Frame) -> list[int]:
    ends = [True, *(frame.keys == NEWLINE).tolist(), True]
    return [LINE if ends[i] and ends[i + 1] else OTHER_LINE for i in range(len(frame.keys) + 1)]


def cost(frame: Frame, text: list[int], opening: int, aligned: Aligned | None = None) -> float:
    found = (tuple(aligned.at.tolist()), tuple(aligned.owner.tolist())) if aligned else None
    breaks = [token == NEWLINE for token in text]
    prices = (opening, VALUE, line_prices(frame), SKIP)
    return naive.least_cost(
        frame.keys.tolist(), frame.holes.tolist(), frame.skips.tolist(), text, breaks, prices, found
    )


def keys_of(tokens: list[int]) -> np.ndarray:
    return np.array(tokens, np.uint32)


@settings(max_examples=500, deadline=None)
@given(framed(few | lined), few | lined, st.sampled_from([0, 5, OPENING]))
@example(ENTERED_FROM_A_VALUE, [1, 1, 1, 1, NEWLINE, 1, 1, 1, NEWLINE, 2, 1], 5)
def test_align__costs_least_where_no_anchor_stands(frame: Frame, text: list[int], opening: int) -> None:
    anchors = naive.unique_grams(frame.keys.tolist(), frame.holes.tolist(), text, kernels.GRAMS[0])
    assume(not anchors)
    aligned = align(frame, keys_of(text), opening=opening)
    assert cost(frame, text, opening, aligned) == cost(frame, text, opening)


@settings(max_examples=500, deadline=None)
@given(filled() | st.tuples(framed(many | few, 0), many | few))
def test_align__matches_equal_tokens_in_rising_order_and_gives_holes_what_stands_in_them(
    pair: tuple[Frame, list[int]],
) -> None:
    frame, text = pair
    at, owner = align(frame, keys_of(text))
    matched = np.flatnonzero(at >= 0)
    assert (np.diff(at[matched]) > 0).all()
    assert all(frame.keys[i] == text[at[i]] for i in matched.tolist())
    assert (owner[at[matched]] == -1).all(), "a token is a word of the frame and part of a value"
    place_of = {int(hole): place for place, hole in enumerate(frame.holes.tolist()) if hole >= 0}
    for token in np.flatnonzero(owner >= 0).tolist():
        place = place_of[int(owner[token])]
        assert (at[:place] < token).all() and ((at[place:] > token) | (at[place:] < 0)).all()


@settings(max_examples=300, deadline=None)
@given(filled())
def test_align__of_a_text_costs_no_more_than_a_tenth_above_the_least(pair: tuple[Frame, list[int]]) -> None:
    """Anchors may take what another alignment would not; but not much, or they are no anchors."""
    frame, text = pair
    aligned = align(frame, keys_of(text))
    least = cost(frame, text, OPENING)
    assert least <= cost(frame, text, OPENING, aligned) <= 1.1 * least + 4 * (OPENING + 10)


@given(st.lists(st.integers(0, 5), max_size=60), st.lists(st.integers(0, 5), max_size=60), st.integers(0, 2**31))
def test_places__are_all_that_is_not_equal(a: list[int], b: list[int], seed: int) -> None:
    at = align(Frame.solid(keys_of(a)), keys_of(b)).at
    outside = {(i, -1) for i in range(len(a)) if at[i] < 0} | {(-1, j) for j in range(len(b)) if j not in at.tolist()}
    found = places(at, len(b))
    inside = {(i, -1) for p in found for i in range(p.first, p.stop)}
    inside |= {(-1, j) for p in found for j in range(p.start, p.end)}
    assert inside == outside
    assert all(p.stop > p.first or p.end > p.start for p in found)


@settings(max_examples=300, deadline=None)
@given(filled() | st.tuples(framed(few, 0), few), st.sampled_from([1, 2, 3, 6]))
def test_unique_grams__equal_the_twin(pair: tuple[Frame, list[int]], k: int) -> None:
    frame, text = pair
    pairs = np.empty((max(1, len(frame.keys)), 3), np.int32)
    keys = keys_of(text)
    count = kernels.unique_grams(frame.keys, frame.holes, 0, len(frame.keys), keys, 0, len(keys), k, pairs)
    assert [(i, j) for i, j, _ in pairs[:count].tolist()] == naive.unique_grams(
        frame.keys.tolist(), frame.holes.tolist(), text, k
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=50, unique=True))
def test_longest_rise__marks_as_many_as_the_twin_counts(second: list[int]) -> None:
    pairs = np.array([(i, j, 7) for i, j in enumerate(second)], np.int32).reshape(-1, 3)
    kernels.longest_rise(pairs, len(pairs))
    marked = pairs[pairs[:, 2] == 1, 1]
    assert (np.diff(marked) > 0).all() and set(pairs[:, 2].tolist()) <= {0, 1}
    assert len(marked) == naive.longest_rise(list(enumerate(second)))


@given(framed(few | many, 0))
def test_find_bounds__equals_the_twin(frame: Frame) -> None:
    assert [tuple(row) for row in kernels.find_bounds(frame.skips).tolist()] == naive.block_around(frame.skips.tolist())


WORD = 0xA0000001  # a hash with the bit of signs set, which is a word all the same
sentences = st.lists(st.sampled_from([1, 1, WORD, COMMA, STOP, NEWLINE]), max_size=30)


@settings(max_examples=500, deadline=None)
@given(sentences, sentences)
@example([1, STOP, 1, STOP], [1, STOP])
@example([1, COMMA, *[WORD] * 5], [1, COMMA, *[WORD] * 4])
@example([1, NEWLINE, 2, NEWLINE, 2, 1], [1, NEWLINE, 2, 1])
def test_slide__equals_the_twin_and_keeps_equal_tokens_together(a: list[int], b: list[int]) -> None:
    at = align(Frame.solid(keys_of(a)), keys_of(b)).at
    wanted = naive.slide(at.tolist(), a, b, NEWLINE, STOP)
    before = int((at >= 0).sum())
    kernels.slide(at, keys_of(a), keys_of(b), NEWLINE, STOP, SIGN_TAG)
    assert at.tolist() == wanted
    matched = np.flatnonzero(at >= 0)
    assert len(matched) == before and (np.diff(at[matched]) > 0).all()
    assert all(a[i] == b[at[i]] for i in matched.tolist())


@settings(max_examples=500, deadline=None)
@given(sentences, sentences, st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.integers(0, 8))
def test_part_lines__equals_the_twin(a: list[int], b: list[int], share: float, longest: int) -> None:
    at = align(Frame.solid(keys_of(a)), keys_of(b)).at
    wanted = naive.part_lines(at.tolist(), a, b, NEWLINE, share, longest)
    kernels.part_lines(at, keys_of(a), keys_of(b), NEWLINE, share, longest)
    assert at.tolist() == wanted


@given(st.lists(st.integers(-1, 4), max_size=40))
def test_span_values__equals_the_twin(owner: list[int]) -> None:
    spans = np.empty((5, 3), np.int64)
    kernels.span_values(np.array(owner, np.int32), spans)
    assert [tuple(row) for row in spans.tolist()] == naive.spans(owner, 5)


def test_align__leaves_out_a_block_and_finds_the_value_behind_it() -> None:
    words = list(range(100, 140))
    holes, skips = np.full(41, -1, np.int32), np.full(41, -1, np.int32)
    holes[30], skips[20] = 0, 10
    text = words[:10] + words[20:30] + [7, 8, 9] + words[30:]
    at, owner = align(Frame(keys_of(words), holes, skips), keys_of(text))
    assert at.tolist() == [*range(10), *[-1] * 10, *range(10, 20), *range(23, 33)]
    assert owner.tolist() == [-1] * 20 + [0] * 3 + [-1] * 10


@pytest.mark.parametrize("size", [2_000, 60_000])
def test_align__of_texts_too_large_and_too_even_for_anchors_keeps_their_equal_ends(size: int) -> None:
    """A million cells is the most of one gap; what is left has no anchor and no end in common."""
    frame = Frame.solid(keys_of([5, 6, *[1] * size, 7, 8]))
    at, owner = align(frame, keys_of([5, 6, *[2] * (size + 1), 7, 8]))
    assert at[:2].tolist() == [0, 1] and at[-2:].tolist() == [size + 3, size + 4]
    assert (at[2:-2] == -1).all() and (owner == -1).all()


def test_align__of_one_token_again_and_again_gives_the_value_to_the_hole() -> None:
    """Nothing in it is unique; the middle is a hole, and what is left over stands in it or nowhere."""
    size = 30_000
    holes = np.full(size + 1, -1, np.int32)
    holes[size // 2] = 0
    frame = Frame(keys_of([1] * size), holes, np.full(size + 1, -1, np.int32))
    at, owner = align(frame, keys_of([1] * (size + 100)))
    matched = np.flatnonzero(at >= 0)
    assert (np.diff(at[matched]) > 0).all() and set(owner.tolist()) <= {-1, 0}


CHECKED = """
import numpy as np
from dedup.templates import kernels
from dedup.templates.frame import Frame, align
random = np.random.default_rng(5)
for size in (0, 1, 5, 30, 200):
    for kinds in (2, 300):
        keys = random.integers(1, kinds + 1, size).astype(np.uint32)
        holes = np.where(random.random(size + 1) < .2, np.arange(size + 1), -1).astype(np.int32)
        skips = np.full(size + 1, -1, np.int32)
        skips[2 * size // 3] = size // 3
        text = np.delete(np.insert(keys, random.integers(0, size + 1, 5), 7), slice(size // 4, size // 3))
        at, owner = align(Frame(keys, holes, skips), text.astype(np.uint32))
        kernels.part_lines(at, keys, text.astype(np.uint32), 1, .3, 8)
        kernels.slide(at, keys, text.astype(np.uint32), 1, 2, 8)
        spans = np.empty((size + 1, 3), np.int64)
        kernels.span_values(owner, spans)
print("in bounds")
"""


def test_kernels__stay_within_their_arrays(tmp_path: Path) -> None:
    """numba checks no bounds unless asked; then it must compile everything anew."""
    settings = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", CHECKED], env=settings, capture_output=True, text=True, timeout=280)
    assert done.stdout == "in bounds\n", done.stderr
