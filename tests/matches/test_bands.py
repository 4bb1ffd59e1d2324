from __future__ import annotations

import numpy as np
import pytest

from dedup.errors import ConfigError
from dedup.fingerprints import kernels
from dedup.fingerprints.sketch import ROUNDS, band_keys
from dedup.matches.bands import Bands, choose_bands, expected_candidates
from tests import naive


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("recall", [0.9, 0.99, 0.999])
def test_choose_bands__reaches_the_recall_within_k_values(threshold: float, recall: float) -> None:
    if (threshold, recall) == (0.3, 0.999):
        pytest.skip("needs more than 256 values: see the next test")
    bands = choose_bands(threshold, recall, 256)
    assert bands.bands * bands.rows <= 256
    assert bands.probability(threshold) >= recall
    assert bands.probability(threshold) == pytest.approx(
        naive.bands_probability(threshold, bands.bands, bands.rows), abs=1e-12
    )


def test_choose_bands__says_when_k_is_too_small() -> None:
    with pytest.raises(ConfigError, match="raise k"):
        choose_bands(0.02, 0.999, 16)


def test_choose_bands__the_default_is_37_bands_of_6() -> None:
    assert choose_bands(0.7, 0.99, 256) == Bands(37, 6)


def test_expected_candidates__falls_with_more_rows() -> None:
    counts = [expected_candidates(Bands(20, rows), 10**6) for rows in range(2, 10)]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("n", [12, 100, 1_000, 10_000])
@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8, 0.9])
def test_band_keys__find_pairs_no_less_often_than_the_s_curve(n: int, similarity: float) -> None:
    """Recall is not below the curve by more than three binomial standard deviations, for short texts and long ones."""
    bands, trials = Bands(37, 6), 400 if n < 10_000 else 60
    rng = np.random.default_rng([n, int(similarity * 100)])
    shared = round(n * similarity)
    hit = 0
    buffers = *(np.empty(n + 256, np.uint32) for _ in range(3)), np.empty(256, np.uint64)
    for _ in range(trials):
        union = rng.integers(1, 2**63, n, dtype=np.uint64)
        cut = shared + (n - shared) // 2
        sketches = np.empty((2, 256), np.uint32)
        for row, members in enumerate((union[:cut], np.concatenate([union[:shared], union[cut:]]))):
            members = np.ascontiguousarray(members)
            kernels.fast_similarity_sketch(members, len(members), ROUNDS, *buffers, sketches[row])
        keys = band_keys(sketches, *bands)
        hit += bool((keys[:, 0] == keys[:, 1]).any())
    expected = bands.probability(shared / n)
    assert hit >= trials * expected - 3 * np.sqrt(trials * expected * (1 - expected)) - 1e-9


def test_band_keys__agree_exactly_where_all_values_of_a_band_agree() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(0, 2**32, (1, 24), dtype=np.uint32)
    b = a.copy()
    b[0, [0, 7, 8, 23]] ^= 1
    keys = band_keys(np.vstack([a, b]), 6, 4)
    assert (keys[:, 0] == keys[:, 1]).tolist() == [False, False, False, True, True, False]
