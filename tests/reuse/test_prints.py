"""Prints: at which places equal runs are looked for, against the slow twin and against what is promised."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.reuse.prints import kernels, winnow
from tests import naive_reuse as naive
from tests.reuse.texts import Here, Text, codes_of, fresh, repetitive, rows_of


@given(st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=40))
def test_hash__is_that_of_the_twin(tokens: Text) -> None:
    codes = codes_of([tokens])
    made = [np.empty(1, kind) for kind in (np.int64, np.uint64, np.int32, np.int64)]
    assert kernels.winnow(codes.values, codes.offsets, 0, 1, len(tokens), 1, *made) == 1
    assert int(made[1][0]) == naive.hash_of(tokens)


@given(repetitive(), st.integers(1, 9), st.integers(1, 9))
def test_winnow__chooses_the_least_print_of_every_window(texts: list[Text], k: int, w: int) -> None:
    codes = codes_of(texts)
    room = len(codes.values)
    pos, hashes, rows, begins = (np.empty(room, kind) for kind in (np.int64, np.uint64, np.int32, np.int64))
    count = kernels.winnow(codes.values, codes.offsets, 0, len(texts), k, w, pos, hashes, rows, begins)
    made = zip(pos.tolist(), rows.tolist(), hashes.tolist(), begins.tolist(), strict=True)
    assert list(made)[:count] == naive.winnow(texts, k, w)


@given(repetitive(), st.integers(2, 20))
def test_winnow__gives_equal_runs_a_print_at_the_same_place(texts: list[Text], length: int) -> None:
    found = winnow.winnow(codes_of(texts), length=length, executor=Here())
    starts = np.cumsum([0, *map(len, texts)]).tolist()
    places = {int(p) for p in found.pos}
    for runs in naive.runs_of(texts, length).values():
        inside = [{p - starts[d] - s for p in places if 0 <= p - starts[d] - s < length} for d, s in runs]
        assert set.intersection(*inside)


@given(repetitive())
def test_winnow__does_not_depend_on_how_the_rows_are_dealt_out(texts: list[Text]) -> None:
    codes = codes_of(texts)
    whole = winnow.winnow(codes, length=16, executor=Here())
    parts = [winnow._winnow_rows(codes, d, d + 1, 8, 9) for d in range(len(texts))]
    assert rows_of(whole) == [row for part in parts for row in rows_of(part)]


def test_winnow__cuts_large_collections_into_ranges_of_whole_rows() -> None:
    offsets = np.arange(8) * (winnow.PIECE_TOKENS // 2 + 1)
    codes = codes_of([])._replace(offsets=offsets)
    ranges = list(winnow.row_ranges(codes))
    assert ranges[0][0] == 0 and ranges[-1][1] == 7 and len(ranges) > 2
    assert all(last == first for (_, last), (first, _) in zip(ranges, ranges[1:], strict=False))


def test_winnow__of_nothing_is_nothing() -> None:
    for texts in ([], [[]], [[], [1] * 15, []]):
        assert rows_of(winnow.winnow(codes_of(texts), length=16, executor=Here())) == []


def test_winnow__chooses_about_two_of_every_window() -> None:
    """The expected density of winnowing is 2 / (w + 1)."""
    found = winnow.winnow(codes_of([fresh(Random(3), 20_000)]), length=50, executor=Here())
    assert 0.9 < len(found.pos) / 20_000 * (50 - winnow.gram_of(50) + 2) / 2 < 1.1
