"""A collection, what a run says of it, and what is true: all pairs of it compared, not a sample."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from benchmarks.quality.agreement import agreement
from benchmarks.quality.tally import Tally
from dedup.batch import dedupe
from dedup.config import Config
from dedup.documents.normalise import Codes, normalise_rows
from dedup.matches.audit import brute_force
from dedup.matches.bands import Bands, choose_bands
from dedup.result import Result
from tests import naive

DEFAULT = Config(audit=0)
LEAST = 0.3
RECOUNTED = 1000


class Pairs:
    """Similarities by pair of texts; copies to the letter count as one text."""

    def __init__(self, a: np.ndarray, b: np.ndarray, similarity: np.ndarray) -> None:
        keys, first = np.unique(_keys(a, b), return_index=True)
        self._keys, self._similarity = keys, similarity[first]

    def similarity(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Of each pair, ``float64``; 1 for one text, nan for what is not listed."""
        keys = _keys(a, b)
        at = np.searchsorted(self._keys, keys).clip(max=max(0, len(self._keys) - 1))
        listed = self._keys[at] == keys if len(self._keys) else np.zeros(len(keys), bool)
        found = np.where(listed, self._similarity[at] if len(self._keys) else 0.0, np.nan)
        return np.where(a == b, 1.0, found)


def _keys(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.minimum(a, b) << 32 | np.maximum(a, b)


@dataclass
class Judged:
    """One collection under the default settings.

    Attributes
    ----------
    result : Result
        Of the run.
    texts : list of str
        In the order of the result's documents.
    codes : Codes
        Of the texts.
    same : ``[m] int64``
        The first document with the same text in the text view: copies to the letter are one text.
    executor : Executor
    """

    result: Result
    texts: list[str]
    codes: Codes
    same: np.ndarray
    executor: Executor

    @property
    def documents(self) -> int:
        return len(self.texts)

    @property
    def bands(self) -> Bands:
        return choose_bands(DEFAULT.threshold, DEFAULT.recall, DEFAULT.k)

    @cached_property
    def said(self) -> Pairs:
        """What the run lists."""
        return self._listed(self.result)

    @cached_property
    def wide(self) -> Pairs:
        """What the same bands put together with everything from .3 on listed: below its threshold a run is silent."""
        config = DEFAULT.with_(threshold=LEAST + 0.1, bands=self.bands.bands, rows=self.bands.rows)
        table = pa.table({"id": pa.array(range(self.documents)).cast(pa.string()), "text": self.texts})
        return self._listed(dedupe(table, config))

    def _listed(self, result: Result) -> Pairs:
        a, b = result.pairs["doc_a"].to_numpy(), result.pairs["doc_b"].to_numpy()
        return Pairs(self.same[a], self.same[b], result.pairs["similarity"].to_numpy())

    @cached_property
    def true(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every pair of documents with a similarity of .3 or more, by brute force: a, b, similarity; a < b."""
        found = brute_force(
            self.codes,
            np.flatnonzero(np.diff(self.codes.offsets) > 0),
            n=DEFAULT.n,
            seed=DEFAULT.seed,
            threshold=LEAST,
            executor=self.executor,
        )
        once = found.sample < found.other
        return found.sample[once], found.other[once], found.similarity[once]

    @cached_property
    def clusters(self) -> np.ndarray:
        """The run's cluster of each document; one alike to no other is one by itself."""
        numbers = self.result.documents["cluster"]
        alone = pa.array(-1 - np.arange(self.documents))
        return pc.coalesce(numbers, alone).to_numpy()

    @cached_property
    def ideal_clusters(self) -> np.ndarray:
        """The clusters that the project's rule makes of *all* pairs at the threshold: what no search could improve."""
        a, b, similarity = self.true
        links = similarity >= DEFAULT.threshold
        rank = self.result.documents["rank"].to_numpy().tolist()
        kept = naive.cluster(self.documents, zip(a[links].tolist(), b[links].tolist(), strict=True), rank)
        return np.array(kept)


def judge(collection: Path, text: str, executor: Executor) -> Judged:
    """Run over a folder of JSON lines, or a file of them, and read its texts again for the truth."""
    result = dedupe(collection, DEFAULT.with_(text=text))
    table = read(collection, ("id", text))
    place = pc.index_in(result.documents["id"].combine_chunks(), table["id"].combine_chunks())
    texts = table[text].take(place).cast(pa.large_string()).combine_chunks()
    array = texts if isinstance(texts, pa.Array) else pa.concat_arrays(texts.chunks)
    codes = normalise_rows(array)
    return Judged(result, array.to_pylist(), codes, _same(codes), executor)


def read(collection: Path, fields: Iterable[str]) -> pa.Table:
    """Some fields of all records of a folder of JSON lines, or a file of them, possibly compressed."""
    files = sorted(collection.glob("*.jsonl")) if collection.is_dir() else [collection]
    schema = pa.schema([(field, pa.string()) for field in fields])
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    parts = []
    for file in files:
        with pa.input_stream(str(file), compression="detect") as stream:
            parts.append(pa.json.read_json(stream, pa.json.ReadOptions(block_size=64 << 20), options))
    return pa.concat_tables(parts)


def _same(codes: Codes) -> np.ndarray:
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(codes.row(d).tobytes(), d) for d in range(len(codes.offsets) - 1)], np.int64)


def count_again(a: str, b: str) -> float:
    """The similarity of two texts, by the slow twin."""
    return naive.jaccard(_shingles(a), _shingles(b))


@functools.lru_cache(4096)  # a family's texts come up again and again
def _shingles(text: str) -> set[tuple[str, ...]]:
    return naive.shingles(naive.tokens(text), DEFAULT.n)


# -- what holds of any collection ----------------------------------------------------------------------------------


def recall_by_similarity(judged: Judged) -> list[Tally]:
    """Of all pairs of a similarity, the share that the bands put together, and the share that they promise."""
    a, b, similarity = judged.true
    found = ~np.isnan(judged.wide.similarity(judged.same[a], judged.same[b]))
    promised = 1 - (1 - np.minimum(similarity, 1) ** judged.bands.rows) ** judged.bands.bands
    # The last bin holds pairs of 1 as well; 1e-9 keeps .35 = .7/2 out of the bin below it.
    bins = np.minimum((similarity * 20 + 1e-9).astype(int), 19)
    tallies = []
    for number in range(round(LEAST * 20), 20):
        inside = bins == number
        counts = {"pairs": inside.sum(), "found": found[inside].sum(), "promised": promised[inside].sum()}
        ratios = {"recall": ("found", "pairs"), "formula": ("promised", "pairs")}
        case = {"measure": "recall by similarity", "from": number / 20, "to": (number + 1) / 20}
        tallies.append(Tally(case, counts, ratios))
    return tallies


def totals(judged: Judged, seed: int) -> list[Tally]:
    """Recall over all pairs at the threshold, and precision of a sample of what was linked, counted by hand."""
    a, b, similarity = judged.true
    at = similarity >= DEFAULT.threshold
    found = judged.said.similarity(judged.same[a[at]], judged.same[b[at]]) >= DEFAULT.threshold
    # In a bucket of more than 256 rows only pairs with its leaders are compared: the others come together all the same.
    together = found | (judged.clusters[a[at]] == judged.clusters[b[at]])
    rows = judged.result.pairs.to_pylist()
    sample = Random(seed).sample(rows, min(RECOUNTED, len(rows)))
    counted = [count_again(judged.texts[row["doc_a"]], judged.texts[row["doc_b"]]) for row in sample]
    linked = [similarity for row, similarity in zip(sample, counted, strict=True) if row["linked"]]
    equal = [abs(row["similarity"] - own) < 1e-12 for row, own in zip(sample, counted, strict=True)]
    summary = judged.result.summary
    counts = {
        "documents": judged.documents,
        "mb": summary["text_bytes"] / 1e6,
        "removed": summary["removed"],
        "unsearched": summary["unsearched"],
        "pairs": at.sum(),
        "found": found.sum(),
        "together": together.sum(),
        "recounted": len(sample),
        "recounted_equal": sum(equal),
        "recounted_linked": len(linked),
        "rightly_linked": sum(similarity >= DEFAULT.threshold for similarity in linked),
    }
    ratios = {"recall": ("found", "pairs"), "recall_together": ("together", "pairs")}
    ratios |= {"precision": ("rightly_linked", "recounted_linked")}
    return [Tally({"measure": "totals"}, counts, ratios)]


def clusters(judged: Judged, true: np.ndarray, against: str) -> Tally:
    """How far the run's clusters are the true ones."""
    values = agreement(judged.clusters, true)
    names = {"ari": values.ari, "b3_precision": values.precision, "b3_recall": values.recall, "b3_f1": values.f1}
    counts = {"collections": 1.0, **{f"{name}_sum": value for name, value in names.items()}}
    ratios = {name: (f"{name}_sum", "collections") for name in names}
    return Tally({"measure": "clusters", "against": against}, counts, ratios)
