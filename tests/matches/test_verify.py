from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.documents.normalise import Codes
from dedup.matches import verify
from dedup.matches.verify import verify_pairs
from tests import naive
from tests.matches.test_exact import codes_of

rows = st.lists(st.lists(st.integers(1, 6), max_size=40), min_size=2, max_size=12)


def every_pair(m: int) -> np.ndarray:
    return np.array([a << 32 | b for a in range(m) for b in range(a + 1, m)], np.uint64)


def check(codes: Codes, texts: list[list[int]], n: int, floor: float) -> None:
    with ThreadPoolExecutor(2) as executor:
        found = verify_pairs(
            codes, np.arange(len(texts)), every_pair(len(texts)), n=n, seed=3, floor=floor, executor=executor
        )
    got = {
        (a, b): (shared, size_a, size_b)
        for a, b, shared, size_a, size_b in zip(*(column.tolist() for column in found), strict=True)
    }
    wanted = {}
    for a in range(len(texts)):
        for b in range(a + 1, len(texts)):
            left, right = naive.shingles(texts[a], n), naive.shingles(texts[b], n)
            if (left or right) and naive.jaccard(left, right) >= floor:
                wanted[a, b] = (len(left & right), len(left), len(right))
    assert got == wanted


@given(rows, st.integers(1, 6), st.sampled_from([0.01, 0.3, 0.5, 0.6, 1.0]))
def test_verify__counts_as_sets_do(texts: list[list[int]], n: int, floor: float) -> None:
    check(codes_of(texts), texts, n, floor)


@given(rows)
def test_verify__does_not_depend_on_how_the_work_is_cut(texts: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "PIECE_TOKENS", 50)
        check(codes_of(texts), texts, 2, 0.4)


@pytest.mark.parametrize(("shared", "only"), [(7, 3), (3, 2), (9, 1), (1, 1)])
def test_verify__keeps_a_pair_at_exactly_the_threshold(shared: int, only: int) -> None:
    """`shared` tokens in common and `only` in one of the two: their similarity is the threshold itself."""
    texts = [list(range(1, shared + 1)), list(range(1, shared + only + 1))]
    threshold = shared / (shared + only)
    with ThreadPoolExecutor(1) as executor:
        found = verify_pairs(
            codes_of(texts), np.arange(2), every_pair(2), n=1, seed=1, floor=threshold, executor=executor
        )
    assert found.similarity().tolist() == [threshold]
