"""The guarantee: every run of `length` tokens that stands at two places, in no more documents than the cap, is found.

On small texts of few symbols all of them are listed slowly. benchmarks/quality/passages.py asks the same of megabytes,
with a suffix array that is compared here with the slow list.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import naive_reuse as naive
from tests.reuse.texts import (
    LENGTH,
    Text,
    codes_of,
    covered,
    matches_of,
    occurrences_of,
    repetitive,
    rows_of,
    standing,
)

caps = st.sampled_from([2, 3, 5, 100])


@settings(max_examples=100)
@given(repetitive(), caps)
def test_matches__cover_every_run_that_stands_twice(texts: list[Text], cap: int) -> None:
    matches, _ = matches_of(texts, cap=cap)
    assert naive.repeated(texts, LENGTH, cap) <= covered(matches)


@settings(max_examples=100)
@given(repetitive(most=30, size=20), caps)
def test_matches__cover_runs_of_more_places_than_there_are_leaders(texts: list[Text], cap: int) -> None:
    matches, _ = matches_of(texts, cap=cap)
    assert naive.repeated(texts, LENGTH, cap) <= covered(matches)


@settings(max_examples=100)
@given(repetitive(), st.integers(16, 24), caps)
def test_matches__cover_runs_of_any_length(texts: list[Text], length: int, cap: int) -> None:
    matches, _ = matches_of(texts, length=length, cap=cap)
    assert naive.repeated(texts, length, cap) <= covered(matches)


@settings(max_examples=60)
@given(repetitive(), caps)
def test_matches__are_equal_runs_that_cannot_be_made_longer(texts: list[Text], cap: int) -> None:
    matches, _ = matches_of(texts, cap=cap)
    runs = [naive.Run(*row) for row in rows_of(matches[:6])]
    assert len(set(runs)) == len(runs)
    assert set(runs) <= naive.equal_runs(texts, LENGTH)
    assert matches.equal.tolist() == [run.end_a - run.start_a for run in runs]


@settings(max_examples=60)
@given(repetitive(most=4), caps)
def test_matches__list_every_pair_of_runs_in_few_places(texts: list[Text], cap: int) -> None:
    """As long as no run stands at more than two places there is nothing to leave to others."""
    runs = naive.runs_of(texts, LENGTH)
    assume(all(len(places) <= 2 for places in runs.values()))
    matches, _ = matches_of(texts, cap=cap)
    assert {naive.Run(*row) for row in rows_of(matches[:6])} == naive.equal_runs(texts, LENGTH)


@settings(max_examples=100)
@given(repetitive(), caps)
def test_occurrences__cover_every_run_that_stands_twice(texts: list[Text], cap: int) -> None:
    """Periodic texts apart, which are taken to pieces; see test_occurrences.py."""
    matches, _ = matches_of(texts, cap=cap)
    assume(not np.any((matches.a == matches.b) & (matches.end_a > matches.start_b)))
    assert naive.repeated(texts, LENGTH, cap) <= standing(occurrences_of(texts, cap=cap))


@settings(max_examples=60)
@given(repetitive())
def test_occurrences__hold_nothing_that_does_not_stand_twice(texts: list[Text]) -> None:
    matches, _ = matches_of(texts)
    assume(not np.any((matches.a == matches.b) & (matches.end_a > matches.start_b)))
    assert standing(occurrences_of(texts)) <= naive.repeated(texts, LENGTH, len(texts))


@settings(max_examples=100)
@given(repetitive(most=12), caps)
def test_suffix_array__finds_what_the_slow_list_finds(texts: list[Text], cap: int) -> None:
    pytest.importorskip("pydivsufsort")
    passages = pytest.importorskip("benchmarks.quality.passages")
    codes = codes_of(texts)
    found = passages.repeated(codes, LENGTH, (cap,))[cap]
    rows = np.repeat(np.arange(len(texts)), np.diff(codes.offsets))
    places = np.arange(len(rows)) - codes.offsets[rows]
    surely = set(zip(rows[found.surely].tolist(), places[found.surely].tolist(), strict=True))
    assert surely == naive.repeated(texts, LENGTH, cap)
    longer = set()
    for length in range(LENGTH, max(map(len, texts), default=0) + 1):
        longer |= naive.repeated(texts, length, cap)
    assert set(zip(rows[found.perhaps].tolist(), places[found.perhaps].tolist(), strict=True)) <= longer


def test_suffix_array__weighs_tokens_by_their_characters() -> None:
    passages = pytest.importorskip("benchmarks.quality.passages")
    texts = pa.array(["经(jīng)济 20 pages", "", "體"], pa.large_string())
    at = passages.located(texts)
    assert (at.end - at.start).tolist() == [7, 1, 2, 5, 1]
