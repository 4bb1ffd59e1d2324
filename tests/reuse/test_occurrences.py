"""Occurrences: which places hold one passage, and where each of them begins and ends."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.reuse import kernels
from dedup.reuse.matches import Matches
from dedup.reuse.occurrences import SHARE, SLACK, find_occurrences
from tests import naive_reuse as naive
from tests.reuse.texts import LENGTH, Text, fresh, occurrences_of, repetitive, rows_of, standing

spans = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.integers(16, 120)), max_size=12)


def match(*rows: tuple[int, ...]) -> Matches:
    return Matches(*np.array(rows, np.int64).reshape(-1, 7).T.copy())


@given(spans)
@example([(0, 0, 22), (0, 0, 24), (0, 1, 20)])
def test_unite__joins_spans_only_if_they_nearly_coincide_and_each_with_one_that_does(
    drawn: list[tuple[int, int, int]],
) -> None:
    made = sorted((row, start, start + size) for row, start, size in drawn)
    rows, starts, ends = (
        (np.array(column, np.int64) for column in zip(*made, strict=True)) if made else [np.zeros(0, np.int64)] * 3
    )
    parent, roots = np.arange(len(made)), np.empty(len(made), np.int64)
    kernels.unite_spans(rows, starts, ends, parent, SLACK, SHARE)
    kernels.find_roots(parent, roots)
    ties = [
        (a, b)
        for b, two in enumerate(made)
        for a, one in enumerate(made[:b])
        if one[0] == two[0] and naive.nearly_coincide(one[1:], two[1:], SLACK, SHARE)
    ]
    least = naive.classes_of(len(made), ties)
    assert all(least[i] == least[root] for i, root in enumerate(roots.tolist()))
    tied = {i for pair in ties for i in pair}
    assert all(roots.tolist().count(roots[i]) > 1 for i in tied)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_unite__finds_the_classes_of_the_twin(ties: list[tuple[int, int]]) -> None:
    parent, roots = np.arange(21), np.empty(21, np.int64)
    ends = np.array(ties, np.int64).reshape(-1, 2)
    kernels.unite_pairs(ends[:, 0].copy(), ends[:, 1].copy(), parent)
    kernels.find_roots(parent, roots)
    assert roots.tolist() == naive.classes_of(21, ties)


@settings(max_examples=100)
@given(repetitive(), st.sampled_from([0.85, 1.0]))
def test_occurrences__are_two_or_more_by_passage_and_in_order_of_place(texts: list[Text], identity: float) -> None:
    found = rows_of(occurrences_of(texts, identity=identity))
    assert {row[0] for row in found} == set(range(len({row[0] for row in found})))
    for number in {row[0] for row in found}:
        here = [row for row in found if row[0] == number]
        assert len(here) > 1
        assert all(0 <= start < end <= len(texts[row]) for _, row, start, end, _ in here)
        assert all(one[1:3] < two[1:3] for one, two in pairwise(here))
        assert here[0][4] == 1.0 and all(0 < row[4] <= 1 for row in here)


@settings(max_examples=100)
@given(repetitive())
def test_occurrences__of_one_passage_do_not_overlap(texts: list[Text]) -> None:
    for one, two in pairwise(rows_of(occurrences_of(texts))):
        assert one[:2] != two[:2] or one[3] <= two[2]


@settings(max_examples=100)
@given(repetitive())
def test_passages__come_in_order_of_what_cutting_them_would_save(texts: list[Text]) -> None:
    found = occurrences_of(texts)
    saved: dict[int, int] = {}
    for first, (number, _, start, end, _) in zip(found.first().tolist(), rows_of(found), strict=True):
        saved[number] = saved.get(number, 0) + (0 if first else end - start)
    assert list(saved) == sorted(saved) and list(saved.values()) == sorted(saved.values(), reverse=True)


def test_occurrences__of_no_matches_are_none() -> None:
    assert rows_of(find_occurrences(match(), length=LENGTH)) == []


def test_occurrences__of_one_passage_in_three_texts_are_three() -> None:
    found = find_occurrences(match((0, 10, 60, 1, 0, 50, 50), (0, 10, 60, 2, 5, 55, 50)), length=50)
    assert rows_of(found) == [(0, 0, 10, 60, 1.0), (0, 1, 0, 50, 1.0), (0, 2, 5, 55, 1.0)]


def test_occurrences__that_nearly_coincide_are_one_as_long_as_both() -> None:
    found = find_occurrences(match((0, 10, 60, 1, 0, 50, 50), (0, 12, 64, 2, 5, 57, 52)), length=50)
    assert rows_of(found) == [(0, 0, 10, 64, 1.0), (0, 1, 0, 50, 1.0), (0, 2, 5, 57, 1.0)]


def test_occurrences__of_a_passage_within_a_longer_one_are_a_passage_of_their_own() -> None:
    found = find_occurrences(match((0, 0, 500, 1, 0, 500, 500), (0, 200, 260, 2, 9, 69, 60)), length=50)
    assert rows_of(found) == [
        (0, 0, 0, 500, 1.0),
        (0, 1, 0, 500, 1.0),
        (1, 0, 200, 260, 1.0),
        (1, 2, 9, 69, 1.0),
    ]


def test_occurrences__tell_the_share_of_equal_tokens() -> None:
    found = find_occurrences(match((0, 0, 100, 1, 0, 100, 90), (0, 0, 100, 2, 0, 98, 96)), length=50)
    assert [row[4] for row in rows_of(found)] == [1.0, 0.9, 0.96]


# -- texts that repeat themselves ----------------------------------------------------------------------------------


@pytest.mark.parametrize("period", [1, 2, 7, 15, 16, 17, 40])
@pytest.mark.parametrize("size", [31, 32, 33, 50, 79, 80, 200])
def test_occurrences__of_a_periodic_text_are_its_repeats(period: int, size: int) -> None:
    """Whole periods side by side, as many as make the least length."""
    text = (fresh(Random(period), period) * size)[:size]
    found = occurrences_of([text])
    assert standing(found) == naive.repeated([text], LENGTH, 2)
    if period <= LENGTH:
        unit = -(-LENGTH // period) * period
        assert all(one[3] == two[2] for one, two in pairwise(rows_of(found)))
        assert all(end - start >= LENGTH and start % unit == 0 for _, _, start, end, _ in rows_of(found))


def test_occurrences__of_a_text_that_overlaps_itself_and_stands_elsewhere_are_both() -> None:
    """Period 10, 22 tokens: not two runs of 16 side by side, but another text holds the first one."""
    rng = Random(3)
    text = (fresh(rng, 10) * 3)[:26]
    found = occurrences_of([[*text, *fresh(rng, 9)], [*fresh(rng, 9), *text[:16]]])
    assert standing(found) == {(0, i) for i in range(26)} | {(1, i) for i in range(9, 25)}


def test_occurrences__of_a_text_that_only_overlaps_itself_are_none() -> None:
    text = fresh(Random(2), 13)
    assert rows_of(occurrences_of([(text * 3)[:28]])) == []


@pytest.mark.parametrize("identity", [0.5, 0.85, 1.0])
@pytest.mark.parametrize("unit", [[0], [0, 0, 1], [3, 4]])
def test_occurrences__of_a_periodic_text_with_a_flaw_are_found(unit: Text, identity: float) -> None:
    text = ([*unit * 60, 9]) * 4
    found = occurrences_of([text], identity=identity)
    assert len(standing(found)) >= len(text) - 4


@pytest.mark.xfail(strict=True, reason="a rest of a self-repeat too short to be taken apart is lost")
def test_occurrences__of_a_short_self_repeat_beside_a_part_of_it_cover_all_of_it() -> None:
    text = [*[2, 1] * 10, 2, *[2, 1] * 8]
    assert naive.repeated([text], LENGTH, 2) <= standing(occurrences_of([text]))
