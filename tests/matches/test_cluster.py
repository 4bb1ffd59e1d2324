from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.decide import Weighted, decide
from dedup.matches.cluster import cluster
from tests import naive


@st.composite
def links(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    m = draw(st.integers(1, 25))
    ends = st.tuples(st.integers(0, m - 1), st.integers(0, m - 1)).filter(lambda e: e[0] < e[1])
    return m, draw(st.lists(ends, max_size=60, unique=True)) if m > 1 else []


@given(links())
def test_cluster__joins_the_first_anchor_it_is_linked_to(case: tuple[int, list[tuple[int, int]]]) -> None:
    m, pairs = case
    lower, higher = (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))
    assert cluster(m, lower, higher).tolist() == naive.cluster(m, pairs, list(range(m)))


def test_cluster__cuts_a_chain() -> None:
    """0~1~2 but 0≁2: 2 is kept, not removed for a text it is unlike."""
    assert cluster(3, np.array([0, 1]), np.array([1, 2])).tolist() == [0, 0, 2]


@given(links(), st.randoms(use_true_random=False))
def test_decide__every_removed_document_has_a_link_to_its_kept_one(case, random) -> None:
    m, pairs = case
    order = list(range(m))
    random.shuffle(order)
    similarity = np.array([random.choice([0.6, 0.7, 0.8]) for _ in pairs])
    weighted = Weighted(
        *(np.array([p[i] for p in pairs], np.int64) for i in (0, 1)), similarity, similarity, similarity
    )
    decision = decide(np.array(order), np.arange(m), weighted, weighted.similarity >= 0.7, np.zeros(m, bool))
    linked = [p for p, s in zip(pairs, similarity, strict=True) if s >= 0.7]
    rank = [order.index(d) for d in range(m)]
    assert decision.kept.tolist() == naive.cluster(m, linked, rank)
    for doc in decision.removed().tolist():
        ends = sorted((doc, int(decision.kept[doc])))
        assert tuple(ends) in linked
        assert decision.similarity[doc] == similarity[pairs.index(tuple(ends))]
    assert decision.chains == sum(decision.kept[a] != decision.kept[b] for a, b in linked)


def test_decide__numbers_clusters_by_size() -> None:
    weighted = Weighted(np.array([0, 2, 2]), np.array([1, 3, 4]), np.ones(3), np.ones(3), np.ones(3))
    decision = decide(np.arange(6), np.arange(6), weighted, weighted.similarity >= 0.7, np.zeros(6, bool))
    assert decision.cluster.tolist() == [1, 1, 0, 0, 0, -1]
