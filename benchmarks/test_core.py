"""The similarity core, stage by stage: `pytest benchmarks --benchmark-only`.

Every benchmark also checks one property of what it computed, so that a fast answer cannot be an empty one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
import pytest

from benchmarks.conftest import Batch, Measure
from benchmarks.texts import LANGUAGES
from dedup.config import Config
from dedup.documents.normalise import normalise_rows
from dedup.fingerprints.shingle import shingle_sets
from dedup.fingerprints.sketch import band_keys, sketch_rows, sketch_texts, text_hashes
from dedup.matches import kernels
from dedup.matches.bands import choose_bands
from dedup.matches.candidates import Search
from dedup.matches.cluster import cluster
from dedup.matches.exact import collapse
from dedup.matches.verify import verify_pairs

DEFAULT = Config()
N, SEED, THRESHOLD, FLOOR = DEFAULT.n, DEFAULT.seed, DEFAULT.threshold, 0.5

lengths = pytest.mark.parametrize("length", [125, 437, 3000])
languages = pytest.mark.parametrize("language", LANGUAGES)
sketch_values = pytest.mark.parametrize("k", [128, 256])


def neighbours(batch: Batch, each: int = 4) -> np.ndarray:
    """Pairs ``a << 32 | b`` of every document with the next few: a fixed number of comparisons per document."""
    a = np.repeat(np.arange(batch.documents), each)
    b = a + np.tile(np.arange(1, each + 1), batch.documents)
    inside = b < batch.documents
    return a[inside].astype(np.uint64) << np.uint64(32) | b[inside].astype(np.uint64)


@pytest.mark.benchmark(group="normalise: text → token codes")
@languages
@lengths
def test_normalise(measure: Measure, batch: Batch) -> None:
    codes = measure(lambda: normalise_rows(batch.texts), batch)
    assert (np.diff(codes.offsets) > 0).all()


@pytest.mark.benchmark(group="shingle sets: codes → distinct 5-gram hashes")
@languages
@lengths
def test_shingle_sets(measure: Measure, batch: Batch) -> None:
    every = np.arange(batch.documents)
    sets = measure(lambda: shingle_sets(batch.codes, every, n=N, seed=SEED), batch)
    assert (np.diff(sets.offsets) > 0).all()


@pytest.mark.benchmark(group="sketch: codes → k values")
@pytest.mark.parametrize("scheme", ["fast", "affine32"])
@sketch_values
@languages
@lengths
def test_sketch(measure: Measure, batch: Batch, scheme: str, k: int) -> None:
    sketches = measure(lambda: sketch_rows(batch.codes, n=N, k=k, seed=SEED, scheme=scheme), batch)
    assert sketches.shape == (batch.documents, k)
    assert (sketches.min(axis=1) < sketches.max(axis=1)).all()


@pytest.mark.benchmark(group="sketch of texts: Arrow buffer → k values")
@sketch_values
@languages
@lengths
def test_sketch_texts(measure: Measure, batch: Batch, k: int) -> None:
    sketches = measure(lambda: sketch_texts(batch.texts, n=N, k=k, seed=SEED), batch)
    assert sketches.shape == (batch.documents, k)


@pytest.mark.benchmark(group="text hashes: codes → one hash")
@languages
@lengths
def test_text_hashes(measure: Measure, batch: Batch) -> None:
    assert measure(lambda: text_hashes(batch.codes), batch).all()


@pytest.mark.benchmark(group="band keys: sketches → keys")
@sketch_values
@pytest.mark.parametrize("language", ["zh"])
@lengths
def test_band_keys(measure: Measure, batch: Batch, k: int) -> None:
    sketches = sketch_rows(batch.codes, n=N, k=k, seed=SEED)
    bands = choose_bands(THRESHOLD, DEFAULT.recall, k)
    keys = measure(lambda: band_keys(sketches, *bands), batch)
    assert keys.shape == (bands.bands, batch.documents)


@pytest.mark.benchmark(group="exact collapse: hashes → equal texts")
@languages
@lengths
def test_exact_collapse(measure: Measure, copied: Batch, rows: np.ndarray) -> None:
    hashes = text_hashes(copied.codes)
    leaders = measure(lambda: collapse(copied.codes, hashes, rows), copied)
    assert 0 < (leaders != rows).sum() < copied.documents / 2


@pytest.mark.benchmark(group="verify: given pairs → exact similarities")
@languages
@lengths
def test_verify(measure: Measure, copied: Batch, rows: np.ndarray, executor: Executor) -> None:
    pairs = neighbours(copied)
    found = measure(
        lambda: verify_pairs(copied.codes, rows, pairs, n=N, seed=SEED, floor=FLOOR, executor=executor), copied
    )
    assert (found.similarity() >= FLOOR).all()


@pytest.mark.benchmark(group="intersect: sets of given pairs → shared shingles, none given up")
@languages
@lengths
def test_intersect(measure: Measure, batch: Batch) -> None:
    sets = shingle_sets(batch.codes, np.arange(batch.documents), n=N, seed=SEED)
    pairs = neighbours(batch)
    a, b = (pairs >> np.uint64(32)).astype(np.int64), (pairs & kernels.LOW).astype(np.int64)
    shared = np.empty(len(pairs), np.int64)
    measure(lambda: kernels.intersect(sets.values, sets.offsets, a, b, 0.0, shared), batch)
    assert (shared >= 0).all()


def searching(batch: Batch, executor: Executor) -> Callable[[], int]:
    """A search over all documents of a batch; it returns how many pairs it found."""
    bands = choose_bands(THRESHOLD, DEFAULT.recall, DEFAULT.k)
    keys = band_keys(sketch_rows(batch.codes, n=N, k=DEFAULT.k, seed=SEED), *bands)

    def search() -> int:
        found = Search(
            codes=batch.codes,
            documents=np.arange(batch.documents),
            keys_of=lambda band: keys[band],
            bands=bands.bands,
            n=N,
            seed=SEED,
            threshold=THRESHOLD,
            floor=FLOOR,
            executor=executor,
        )
        return len(found.run().pairs.a)

    return search


@pytest.mark.benchmark(group="search: band keys → candidates → verified pairs")
@languages
@lengths
def test_search(measure: Measure, copied: Batch, executor: Executor) -> None:
    assert measure(searching(copied, executor), copied) > 0


def clustering(batch: Batch) -> Callable[[], np.ndarray]:
    """Clusters from links between neighbours, every fifth pair of them."""
    pairs = neighbours(batch)
    linked = pairs[np.random.default_rng(1).random(len(pairs)) < 0.2]
    lower, higher = (linked >> np.uint64(32)).astype(np.int64), (linked & kernels.LOW).astype(np.int64)
    return lambda: cluster(batch.documents, lower, higher)


@pytest.mark.benchmark(group="cluster: links → anchors")
@pytest.mark.parametrize("language", ["zh"])
@pytest.mark.parametrize("length", [437])
def test_cluster(measure: Measure, copied: Batch, rows: np.ndarray) -> None:
    anchors = measure(clustering(copied), copied)
    assert (anchors <= rows).all() and (anchors[anchors] == anchors).all()


# -- by number of documents: the stages that look at all of them at once -----------------------------------------


@pytest.mark.benchmark(group="by number of documents")
def test_band_keys_of_many(measure: Measure, many: Batch) -> None:
    sketches = sketch_rows(many.codes, n=N, k=DEFAULT.k, seed=SEED)
    bands = choose_bands(THRESHOLD, DEFAULT.recall, DEFAULT.k)
    assert measure(lambda: band_keys(sketches, *bands), many).shape == (bands.bands, many.documents)


@pytest.mark.benchmark(group="by number of documents")
def test_exact_collapse_of_many(measure: Measure, many: Batch) -> None:
    hashes, order = text_hashes(many.codes), np.arange(many.documents)
    leaders = measure(lambda: collapse(many.codes, hashes, order), many)
    assert 0 < (leaders != order).sum() < many.documents / 2


@pytest.mark.benchmark(group="by number of documents")
def test_verify_of_many(measure: Measure, many: Batch, executor: Executor) -> None:
    pairs, order = neighbours(many), np.arange(many.documents)
    found = measure(
        lambda: verify_pairs(many.codes, order, pairs, n=N, seed=SEED, floor=FLOOR, executor=executor), many
    )
    assert (found.similarity() >= FLOOR).all()


@pytest.mark.benchmark(group="by number of documents")
def test_search_of_many(measure: Measure, many: Batch, executor: Executor) -> None:
    assert measure(searching(many, executor), many) > 0


@pytest.mark.benchmark(group="by number of documents")
def test_cluster_of_many(measure: Measure, many: Batch) -> None:
    anchors = measure(clustering(many), many)
    assert (anchors[anchors] == anchors).all()
