"""The fingerprint kernels against their twins, and the statistics of the sketch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.fingerprints import kernels
from tests import naive, strategies

SIZES = (1, 2, 3, 5, 10, 30, 100, 300, 1000, 10_000)
SIMILARITIES = (0, 0.3, 0.5, 0.7, 0.9, 1)
K, ROUNDS, TRIALS = 256, 12, 250


def hash_codes(codes: list[int], n: int, seed: int, before: int = 0) -> list[int]:
    """One call of the kernel, the row `before` codes into its array."""
    array = np.array([7] * before + codes + [7], np.uint32)
    hashes = np.empty(max(1, len(codes)), np.uint64)
    count = kernels.hash_shingles(array, before, before + len(codes), n, np.uint64(seed), hashes)
    return hashes[:count].tolist()


def sketch(hashes: np.ndarray, k: int, rounds: int) -> np.ndarray:
    m = len(hashes)
    row = np.empty(k, np.uint32)
    low, mixed, bins = np.empty(m + 16, np.uint32), np.empty(m + 16, np.uint32), np.empty(k, np.uint64)
    kernels.fast_similarity_sketch(hashes, m, rounds, low, mixed, np.empty(k, np.uint32), bins, row)
    return row


@settings(max_examples=400, deadline=None)
@given(strategies.token_codes, st.integers(1, 12), st.integers(0, 2**64 - 1), st.integers(0, 3))
def test_hash_shingles__equals_the_twin(codes: list[int], n: int, seed: int, before: int) -> None:
    assert hash_codes(codes, n, seed, before) == naive.hash_shingles(codes, n, seed)


@settings(max_examples=200, deadline=None)
@given(strategies.token_codes, st.integers(1, 6))
def test_hash_shingles__gives_equal_shingles_equal_hashes_and_no_others(codes: list[int], n: int) -> None:
    hashes = hash_codes(codes, n, 1)
    grams = [tuple(codes[i : i + n]) for i in range(len(hashes))]
    assert len(set(hashes)) == len(set(grams)) == len(naive.shingles(codes, n))
    assert len(set(zip(hashes, grams, strict=True))) == len(set(grams))


def test_hash_shingles__tells_short_texts_of_different_length_apart() -> None:
    assert len({hash_codes([0] * m, 5, 1)[0] for m in range(1, 6)}) == 5


def test_hash_shingles__finds_none_in_an_empty_row() -> None:
    assert hash_codes([], 5, 1) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60),
    st.sampled_from([16, 32, 64, 128, 256, 512]),
    st.integers(1, 14),
)
def test_fast_similarity_sketch__equals_the_twin(hashes: list[int], k: int, rounds: int) -> None:
    assert sketch(np.array(hashes, np.uint64), k, rounds).tolist() == naive.fast_similarity_sketch(hashes, k, rounds)


@pytest.mark.parametrize(("m", "k"), [(1, 512), (200, 16), (700, 256), (1000, 512), (3000, 256), (4000, 64)])
def test_fast_similarity_sketch__equals_the_twin_for_long_texts(m: int, k: int) -> None:
    hashes = np.random.default_rng(m).integers(0, 2**64, m, np.uint64)
    expected = naive.fast_similarity_sketch(hashes.tolist(), k, ROUNDS)
    assert sketch(hashes, k, ROUNDS).tolist() == expected


def test_fast_similarity_sketch__knows_neither_order_nor_repetition() -> None:
    hashes = np.random.default_rng(1).integers(0, 2**64, 90, np.uint64)
    assert (sketch(hashes, K, ROUNDS) == sketch(np.repeat(hashes[::-1], 2), K, ROUNDS)).all()


def estimates(n: int, similarity: float, trials: int) -> tuple[np.ndarray, float]:
    """Estimates for pairs of random sets whose union has `n` elements, and their true similarity."""
    draw = np.random.default_rng([n, int(similarity * 10)])
    both = round(n * similarity)
    left = both + (n - both) // 2
    found = np.empty(trials)
    for t in range(trials):
        union = draw.integers(0, 2**64, n, np.uint64)
        a, b = union[:left], np.concatenate([union[:both], union[left:]])
        found[t] = np.mean(sketch(a, K, ROUNDS) == sketch(b, K, ROUNDS))
    return found, both / n


@pytest.mark.parametrize("n", SIZES[1:])
@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_fast_similarity_sketch__is_unbiased_and_spreads_at_most_as_permutations_would(
    n: int, similarity: float
) -> None:
    found, true = estimates(n, similarity, TRIALS)
    variance = true * (1 - true) / K
    if variance == 0:
        # Equal sets are always equal; disjoint ones meet where two least hashes share all 27 bits that are kept.
        assert abs(found.mean() - true) < 1e-4
        return
    assert abs(found.mean() - true) <= 3 * (variance / TRIALS) ** 0.5
    assert found.var(ddof=1) <= variance * (1 + 3 * (2 / (TRIALS - 1)) ** 0.5)


def test_fast_similarity_sketch__of_single_different_elements_share_nothing() -> None:
    hashes = np.random.default_rng(2).integers(0, 2**64, 300, np.uint64)
    rows = [sketch(hashes[i : i + 1], K, ROUNDS) for i in range(len(hashes))]
    shared = [np.mean(a == b) for a, b in pairwise(rows)]
    assert np.mean(shared) < 1e-4


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_minhash__of_the_oracle_is_that_of_datasketch(hashes: list[int], num_perm: int, seed: int) -> None:
    datasketch = pytest.importorskip("datasketch")
    sketch = datasketch.MinHash(num_perm=num_perm, seed=seed, hashfunc=lambda h: h, scheme="affine32")
    sketch.update_batch(hashes)
    assert naive.minhash(hashes, num_perm, seed) == sketch.hashvalues.tolist()
