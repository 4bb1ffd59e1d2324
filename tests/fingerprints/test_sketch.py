from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.documents.normalise import normalise, normalise_rows
from dedup.fingerprints.shingle import shingle_hashes, shingle_sets
from dedup.fingerprints.sketch import pieces, sketch_rows, sketch_texts
from tests import strategies

texts = st.lists(strategies.texts, min_size=1, max_size=5)


def rows_of(items: list[str]) -> pa.LargeStringArray:
    return pa.array(items, pa.large_string())


def by_datasketch(text: str, num_perm: int, seed: int) -> MinHash:
    minhash = MinHash(num_perm=num_perm, seed=seed, hashfunc=int, scheme="affine32")
    hashes = shingle_hashes(normalise(text), seed=seed) >> np.uint64(32)
    minhash.update_batch([int(h) for h in np.unique(hashes)])
    return minhash


@given(texts, st.sampled_from([16, 100, 128]), st.integers(0, 5))
def test_minhashes__are_datasketchs_bit_for_bit(items: list[str], num_perm: int, seed: int) -> None:
    for ours, text in zip(dedup.minhashes(items, num_perm=num_perm, seed=seed), items, strict=True):
        theirs = by_datasketch(text, num_perm, seed)
        assert ours.digest().tolist() == theirs.digest().tolist()
        assert (ours.seed, len(ours), ours.scheme) == (seed, num_perm, "affine32")
        assert ours.jaccard(theirs) == 1


def test_minhashes__go_into_datasketchs_index() -> None:
    base = "中华人民共和国居民委员会组织法规定居民委员会是居民自我管理自我教育自我服务的基层群众性自治组织"
    index = MinHashLSH(threshold=0.5, num_perm=128)
    first, second = dedup.minhashes([base, base.replace("基层", "基屋")])
    index.insert("first", first)
    assert index.query(second) == ["first"]


def test_minhashes__refuse_nulls() -> None:
    with pytest.raises(ValueError, match="null"):
        dedup.minhashes(pa.array(["a", None]))


@given(texts)
def test_sketch_texts__equal_sketches_of_the_codes(items: list[str]) -> None:
    array = rows_of(items)
    assert (sketch_texts(array, k=64) == sketch_rows(normalise_rows(array), k=64)).all()
    assert (sketch_texts(array.slice(1), k=64) == sketch_rows(normalise_rows(array.slice(1)), k=64)).all()


@given(st.lists(st.integers(0, 400_000), max_size=12), st.sampled_from([pa.string(), pa.large_string()]))
def test_pieces__cover_every_row_once(lengths: list[int], kind: pa.DataType) -> None:
    found = pieces(pa.array(["x" * n for n in lengths], kind))
    assert [i for a, b in found for i in range(a, b)] == list(range(len(lengths)))


@given(texts, st.integers(1, 7))
def test_shingle_sets__hold_each_hash_once(items: list[str], n: int) -> None:
    codes = normalise_rows(rows_of(items))
    order = np.arange(len(items))[::-1].copy()
    sets = shingle_sets(codes, order, n=n)
    for i, d in enumerate(order.tolist()):
        values = sets.values[sets.offsets[i] : sets.offsets[i + 1]].tolist()
        hashes = np.maximum(shingle_hashes(codes.row(d), n=n), 1).tolist()
        assert values == list(dict.fromkeys(hashes))


def test_shingle__a_short_text_is_no_shingle_of_a_long_one() -> None:
    """[3] under n = 2 once had the hash of (3, 2): the length made up for the difference."""
    for seed in range(50):
        short = shingle_hashes(np.array([3], np.uint32), n=2, seed=seed)[0]
        others = [shingle_hashes(np.array([3, c], np.uint32), n=2, seed=seed)[0] for c in range(1, 50)]
        assert short not in others
