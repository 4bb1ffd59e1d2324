from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.documents.normalise import Codes
from dedup.fingerprints.sketch import text_hashes
from dedup.matches.exact import collapse


def codes_of(rows: list[list[int]]) -> Codes:
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return Codes(np.array([c for row in rows for c in row], np.uint32), offsets)


rows_of_few_values = st.lists(st.lists(st.integers(1, 3), max_size=3), min_size=1, max_size=30)


def slow_leaders(rows: list[list[int]], order: list[int], groups: list[int] | None) -> list[int]:
    leaders = list(range(len(rows)))
    for i, doc in enumerate(order):
        for other in order[:i]:
            same = groups is None or groups[doc] == groups[other]
            if rows[doc] and rows[doc] == rows[other] and same:
                leaders[doc] = other
                break
    return leaders


@given(rows_of_few_values, st.randoms(use_true_random=False), st.booleans())
def test_collapse__gives_the_first_equal_text_in_rank_order(rows: list[list[int]], random, grouped: bool) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    groups = [random.randrange(2) for _ in rows] if grouped else None
    codes = codes_of(rows)
    leaders = collapse(
        codes, text_hashes(codes), np.array(order), np.array(groups, np.int64) if groups is not None else None
    )
    assert leaders.tolist() == slow_leaders(rows, order, groups)


@given(rows_of_few_values)
def test_collapse__a_collision_of_hashes_joins_nothing(rows: list[list[int]]) -> None:
    codes = codes_of(rows)
    colliding = np.array([7 if row else 0 for row in rows], np.uint64)
    leaders = collapse(codes, colliding, np.arange(len(rows)))
    assert leaders.tolist() == slow_leaders(rows, list(range(len(rows))), None)


def test_collapse__documents_without_tokens_equal_none() -> None:
    codes = codes_of([[], [], [1]])
    assert collapse(codes, text_hashes(codes), np.arange(3)).tolist() == [0, 1, 2]
