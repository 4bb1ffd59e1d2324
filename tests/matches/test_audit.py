from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.matches.audit import Found, brute_force, draw_sample, measure_recall
from tests import naive
from tests.matches.test_exact import codes_of


@given(
    st.lists(st.lists(st.integers(1, 5), max_size=25), min_size=2, max_size=15),
    st.sampled_from([0.2, 0.5, 0.8]),
    st.integers(1, 3),
)
def test_brute_force__finds_what_comparing_all_pairs_finds(texts: list[list[int]], threshold: float, n: int) -> None:
    sample = np.array([i for i, text in enumerate(texts) if text], np.int64)
    with ThreadPoolExecutor(2) as executor:
        found = brute_force(codes_of(texts), sample, n=n, seed=2, threshold=threshold, executor=executor)
    sets = [naive.shingles(text, n) for text in texts]
    wanted = {
        (a, b): naive.jaccard(sets[a], sets[b])
        for a in sample.tolist()
        for b in sample.tolist()
        if a != b and naive.jaccard(sets[a], sets[b]) >= threshold
    }
    got = dict(zip(zip(found.sample.tolist(), found.other.tolist(), strict=True), found.similarity, strict=True))
    assert got == wanted


def test_draw_sample__is_seeded_sorted_and_without_repeats() -> None:
    everyone = np.arange(100, 1100)
    sample = draw_sample(everyone, 50, 3)
    assert len(set(sample.tolist())) == 50 and (np.diff(sample) > 0).all()
    assert (sample == draw_sample(everyone, 50, 3)).all()
    assert not (sample == draw_sample(everyone, 50, 4)).all()


def test_measure_recall__covers_the_true_recall_in_95_of_100() -> None:
    """Pairs of a cluster are missed together; the interval has to allow for that."""
    rng = np.random.default_rng(11)
    population, covered, trials = 4000, 0, 300
    for _ in range(trials):
        clusters = rng.integers(2, 12, 400)
        pairs, known = [], []
        first = 0
        for size in clusters.tolist():
            lost = rng.random() < 0.05
            for a in range(first, first + size):
                for b in range(a + 1, first + size):
                    pairs.append((a, b))
                    known.append(not (lost and rng.random() < 0.5))
            first += size
        ends, hit = np.array(pairs), np.array(known)
        both = np.concatenate([ends, ends[:, ::-1]])
        hits = np.concatenate([hit, hit])
        sample = draw_sample(np.arange(population), 1000, int(rng.integers(1 << 30)))
        inside = np.isin(both[:, 0], sample)
        found = Found(both[inside, 0], both[inside, 1], np.ones(inside.sum()))
        audit = measure_recall(found, sample, hits[inside], population)
        covered += audit.low <= hit.mean() <= audit.high
    assert covered >= 0.92 * trials


def test_measure_recall__without_pairs_claims_nothing() -> None:
    nothing = np.zeros(0, np.int64)
    audit = measure_recall(Found(nothing, nothing, np.zeros(0)), np.arange(10), np.zeros(0, bool), 100)
    assert np.isnan(audit.recall) and audit.pairs == 0


def test_measure_recall__without_misses_does_not_claim_certainty() -> None:
    ends = np.arange(20)
    audit = measure_recall(Found(ends, ends + 100, np.ones(20)), np.arange(50), np.ones(20, bool), 1000)
    assert audit.recall == audit.high == 1 and 0.8 < audit.low < 1
