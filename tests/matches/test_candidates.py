from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.documents.normalise import Codes
from dedup.matches import candidates, kernels
from dedup.matches.candidates import Matches, PairSet, Search
from tests.matches.test_exact import codes_of


def search(codes: Codes, keys: np.ndarray, **options) -> Matches:
    with ThreadPoolExecutor(2) as executor:
        return Search(
            codes=codes,
            documents=np.arange(len(codes.offsets) - 1),
            keys_of=lambda band: keys[band],
            bands=len(keys),
            n=1,
            seed=1,
            threshold=options.pop("threshold", 0.7),
            floor=options.pop("floor", 0.6),
            executor=executor,
            **options,
        ).run()


def found(matches: Matches) -> set[tuple[int, int]]:
    return set(zip(matches.pairs.a.tolist(), matches.pairs.b.tolist(), strict=True))


@given(st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=2, max_size=20))
def test_search__compares_every_pair_that_shares_a_key(keys: list[list[int]]) -> None:
    """All texts are equal, so what is found is what was compared."""
    m = len(keys)
    # Keys are cut short to make room for row numbers: only their high bits tell.
    matrix = np.array(keys, np.uint64).T << np.uint64(40)
    matches = search(codes_of([[1, 2, 3]] * m), np.ascontiguousarray(matrix))
    wanted = {
        (a, b) for a in range(m) for b in range(a + 1, m) if any(x == y for x, y in zip(keys[a], keys[b], strict=True))
    }
    assert found(matches) == wanted
    assert matches.candidates == len(wanted)


def test_search__never_compares_a_pair_twice() -> None:
    keys = np.zeros((5, 4), np.uint64)
    assert search(codes_of([[1, 2]] * 4), keys).candidates == 6


@pytest.fixture
def no_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large buckets are left to leaders."""
    for name in ("PAIRS_A_ROW", "LEAST_PAIRS"):
        monkeypatch.setattr(candidates, name, 0)


def test_search__lists_all_pairs_of_a_large_bucket_it_can_afford() -> None:
    m = candidates.LARGEST + 44
    texts = [[1, 2, 3, 4 + i % 3] for i in range(m)]
    matches = search(codes_of(texts), np.zeros((2, m), np.uint64), floor=0.6)
    assert found(matches) == {(a, b) for a in range(m) for b in range(a + 1, m)}
    assert matches.candidates == m * (m - 1) // 2
    assert matches.unsearched == 0


@pytest.mark.parametrize("scarce", ["pairs", "tokens"])
def test_search__lists_the_smaller_of_two_large_buckets_if_it_can_afford_one(
    scarce: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = candidates.LARGEST + 1, candidates.LARGEST + 2
    m = small + large
    for name in ("PAIRS_A_ROW", "COMPARED_A_TOKEN"):
        monkeypatch.setattr(candidates, name, 0)
    # Texts are one token long, so the second text of every pair is one token to compare.
    allowed = small * (small - 1) // 2 + large
    monkeypatch.setattr(candidates, "LEAST_PAIRS" if scarce == "pairs" else "LEAST_COMPARED", allowed)
    keys = np.where(np.arange(m) % 2 & (np.arange(m) < 2 * small), np.uint64(1 << 40), np.uint64(2 << 40))
    matches = search(codes_of([[7]] * m), keys[None, :])
    whole = [row for row in range(m) if keys[row] == 1 << 40]
    led = [row for row in range(m) if keys[row] == 2 << 40]
    assert (len(whole), len(led)) == (small, large)
    assert found(matches) == {(a, b) for a in whole for b in whole if a < b} | {(led[0], b) for b in led[1:]}


@given(st.lists(st.integers(0, 2**31), max_size=40, unique=True).map(sorted))
def test_bucket_pairs__are_all_combinations(rows: list[int]) -> None:
    pairs = np.empty(len(rows) * (len(rows) - 1) // 2, np.uint64)
    kernels.bucket_pairs(np.array(rows, np.int64), pairs)
    assert pairs.tolist() == [a << 32 | b for a, b in combinations(rows, 2)]


@pytest.mark.usefixtures("no_allowance")
def test_search__passes_over_a_large_bucket_with_leaders() -> None:
    """Two groups of copies in one bucket: two leaders find both, with one comparison a row each."""
    m = candidates.LARGEST + 100
    texts = [[1, 2, 3] if i % 2 else [7, 8, 9] for i in range(m)]
    matches = search(codes_of(texts), np.zeros((3, m), np.uint64))
    wanted = {(0, b) for b in range(2, m, 2)} | {(1, b) for b in range(3, m, 2)}
    assert found(matches) == wanted
    assert matches.unsearched == 0
    assert matches.candidates < 3 * m


@pytest.mark.usefixtures("no_allowance")
def test_search__counts_rows_left_after_the_last_leader() -> None:
    m = candidates.LARGEST + 50
    matches = search(codes_of([[i + 1] for i in range(m)]), np.zeros((1, m), np.uint64))
    assert found(matches) == set()
    assert matches.unsearched == m - candidates.LEADERS
    assert matches.candidates == sum(m - 1 - i for i in range(candidates.LEADERS))


def test_search__leaves_references_alone_among_themselves() -> None:
    matches = search(codes_of([[1, 2]] * 4), np.zeros((1, 4), np.uint64), references=2)
    assert found(matches) == {(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}


def test_search__compares_within_groups_only() -> None:
    groups = np.array([0, 1, 0, 1])
    assert found(search(codes_of([[1, 2]] * 4), np.zeros((1, 4), np.uint64), groups=groups)) == {(0, 2), (1, 3)}


def test_search__gives_the_same_whether_candidates_are_gathered_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    texts = [rng.integers(1, 5, 6).tolist() for _ in range(200)]
    keys = rng.integers(0, 20, (6, 200)).astype(np.uint64) << np.uint64(40)
    gathered = search(codes_of(texts), keys)
    monkeypatch.setattr(candidates, "GATHER", 1)
    one_by_one = search(codes_of(texts), keys)
    assert all((x == y).all() for x, y in zip(gathered.pairs, one_by_one.pairs, strict=True))
    assert gathered.candidates == one_by_one.candidates


@given(st.lists(st.lists(st.integers(0, 2**64 - 2), max_size=50, unique=True), max_size=6))
def test_pair_set__is_a_set(batches: list[list[int]]) -> None:
    pairs, model = PairSet(), set()
    for batch in batches:
        array = np.array(batch, np.uint64)
        assert pairs.has(array).tolist() == [p in model for p in batch]
        assert pairs.add(array).tolist() == [p for p in batch if p not in model]
        model |= set(batch)
