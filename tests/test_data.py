"""Real collections, named by the environment variable DEDUP_DATA; skipped where it is not set.

A set is a file ``NAME.jsonl.zst`` with the fields ``id`` and ``text``.
"""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import dedup
from dedup.documents.normalise import normalise_rows
from dedup.matches.audit import brute_force
from dedup.matches.cluster import cluster
from tests import naive

DATA = os.environ.get("DEDUP_DATA", "")
pytestmark = pytest.mark.skipif(not DATA, reason="DEDUP_DATA names no folder with real collections")
LEAST_PAIRS = 200


@cache
def lines(name: str) -> list[bytes]:
    with pa.input_stream(str(Path(DATA) / f"{name}.jsonl.zst"), compression="zstd") as stream:
        return stream.read().splitlines()


@cache
def truth(name: str, threshold: float) -> tuple[np.ndarray, int]:
    """Every pair (as a << 32 | b) of the text view at the threshold, by brute force; the number of documents."""
    texts = pa.array([json.loads(line)["text"] for line in lines(name)], pa.large_string())
    codes = normalise_rows(texts)
    everyone = np.flatnonzero(np.diff(codes.offsets))
    with ThreadPoolExecutor(2) as executor:
        found = brute_force(codes, everyone, n=5, seed=1, threshold=threshold, executor=executor)
    keys = np.minimum(found.sample, found.other) << 32 | np.maximum(found.sample, found.other)
    return np.unique(keys), len(texts)


def run(name: str, threshold: float, **options: object) -> dedup.Result:
    path = Path(DATA) / f"{name}.jsonl.zst"
    return dedup.dedupe(path, dedup.Config(threshold=threshold, **{"audit": 0, **options}))  # type: ignore[arg-type]


def rows_of(result: dedup.Result) -> np.ndarray:
    return result.pairs.column("doc_a").to_numpy() << 32 | result.pairs.column("doc_b").to_numpy()


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("name", ["zh_laws", "zh_tidb_docs", "zh_covid_bulletins"])
def test_recall__pairs_of_brute_force_are_rows(name: str, threshold: float) -> None:
    wanted, count = truth(name, threshold)
    result = run(name, threshold)
    if len(wanted) >= LEAST_PAIRS:
        assert np.isin(wanted, rows_of(result)).mean() >= 0.99
    linked = result.pairs.column("linked").to_numpy(zero_copy_only=False)
    assert np.isin(rows_of(result)[linked], wanted).all()
    # A link to a text of one template, or that shares no more than a passage, is no copy.
    labels = result.pairs.column("label").to_pylist()
    apart = rows_of(result)[np.array([label in ("templated", "partial") for label in labels], bool)]
    copies = wanted[~np.isin(wanted, apart)]
    kept = cluster(count, copies >> 32, copies & 0xFFFFFFFF)
    removable = np.flatnonzero(kept != np.arange(count))
    left = result.documents.column("kept_doc").to_numpy()[removable] == removable
    assert left.sum() <= 0.01 * len(removable)


@pytest.mark.parametrize("name", ["zh_covid_bulletins", "zh_xwlb_news", "zh_laws"])
def test_precision__rows_are_what_the_oracle_counts_from_the_raw_lines(name: str) -> None:
    result = run(name, 0.7)
    rows = result.pairs.to_pylist()
    if name == "zh_laws":  # long texts: a seeded part of the rows
        rows = [rows[i] for i in np.random.default_rng(1).choice(len(rows), 60, replace=False)]

    @cache
    def shingles(doc: int) -> set[tuple[str, ...]]:
        _, text = naive.read_jsonl_line(lines(name)[doc], "text", "id")
        return naive.shingles(naive.tokens(text), 5)

    for row in rows:
        a, b = shingles(row["doc_a"]), shingles(row["doc_b"])
        assert row["similarity"] == pytest.approx(naive.jaccard(a, b), abs=1e-6)
        assert row["containment_a"] == pytest.approx(naive.containment(a, b), abs=1e-6)
        assert row["containment_b"] == pytest.approx(naive.containment(b, a), abs=1e-6)
    assert len(rows) >= 50


def test_audit__the_printed_interval_covers_brute_force_in_18_of_20_seeds() -> None:
    """With bands that miss on purpose, so that there is something to cover."""
    wanted, _ = truth("zh_covid_bulletins", 0.5)
    covered = 0
    for seed in range(1, 21):
        result = run("zh_covid_bulletins", 0.5, seed=seed, bands=16, rows=3, audit=1000)
        recall = np.isin(wanted, rows_of(result)).mean()
        covered += result.summary["recall"]["low"] <= recall <= result.summary["recall"]["high"]
    assert covered >= 18


def test_sample_page__split_at_its_headings_links_nothing_false() -> None:
    """The page's pieces: 三 and the first half of 四 are copies, but as wholes they are only .62 alike."""
    page = (Path(DATA) / "sample_page.txt").read_text(encoding="utf-8")
    cuts = [m.start() for m in re.finditer(r"^.{2,30}?篇[一二三四五六七八]\s*$", page, re.MULTILINE)]
    assert len(cuts) == 8
    pieces = [page[a:b] for a, b in zip(cuts, [*cuts[1:], len(page)], strict=True)]
    assert len(dedup.dedupe(pieces).clusters) == 0
    half = dedup.dedupe(pieces, dedup.Config(threshold=0.6))
    linked = half.pairs.filter(half.pairs.column("linked"))
    assert [(r["doc_a"], r["doc_b"]) for r in linked.to_pylist()] == [(2, 3)]
    assert linked.column("similarity")[0].as_py() == pytest.approx(naive.compare(pieces[2], pieces[3])[0], abs=1e-9)
    assert linked.column("containment_a")[0].as_py() > 0.98
