"""What a generated collection's own truth says, against what a run says."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.generated import truth
from benchmarks.quality.judged import (
    DEFAULT,
    RECOUNTED,
    Judged,
    clusters,
    count_again,
    judge,
    recall_by_similarity,
    totals,
)
from benchmarks.quality.tally import Tally

LABELS = ("exact", "near", "templated", "partial", "boilerplate")
COPIES = ("exact", "near")
SAID = ("exact", "near", "below", "none")
RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
FIELDS = ("id", "kind", "trap", "origin")


@dataclass
class Planted:
    """The planted pairs, as document numbers of the run, and what it said of each."""

    a: np.ndarray
    b: np.ndarray
    label: np.ndarray
    jaccard: np.ndarray
    kind: np.ndarray
    trap: np.ndarray
    change: np.ndarray
    rate: np.ndarray
    said: np.ndarray

    @property
    def linked(self) -> np.ndarray:
        return np.isin(self.said, ("exact", "near"))


def tallies(collection: Path, seed: int, executor: Executor) -> Iterator[Tally]:
    """All that is counted in one collection."""
    judged = judge(collection, "text", executor)
    documents = _documents(collection, judged)
    planted = _planted(collection, judged, documents)
    yield from totals(judged, seed)
    yield recorded(collection, judged, seed)
    yield from recall_by_similarity(judged)
    classes = planted_classes(documents)
    if np.bincount(classes).max() > 1:  # nothing but single documents has nothing to agree with
        yield clusters(judged, classes, "planted copies")
    yield clusters(judged, judged.ideal_clusters, "all pairs at the threshold")
    yield from confusion(planted)
    yield from changes(planted)
    yield from traps(planted)


def _documents(collection: Path, judged: Judged) -> pa.Table:
    """The truth about each document, in the order of the run."""
    table = pq.read_table(truth(collection) / "documents.parquet", columns=list(FIELDS))
    place = pc.index_in(judged.result.documents["id"].combine_chunks(), table["id"].combine_chunks())
    if place.null_count:
        raise ValueError(f"{place.null_count} documents of the run are not in the truth of {collection.name}")
    return table.take(place)


def planted_classes(documents: pa.Table) -> np.ndarray:
    """A report and all its copies are one class; a member of a template, a page, a short text is one by itself."""
    copied = pc.is_in(documents["kind"], pa.array(["clean", "copy"]))
    names = pc.if_else(copied, documents["origin"], documents["id"]).combine_chunks()
    return names.dictionary_encode().indices.to_numpy().astype(np.int64)


def _planted(collection: Path, judged: Judged, documents: pa.Table) -> Planted:
    table = pq.read_table(truth(collection) / "pairs.parquet")
    ids = documents["id"].combine_chunks()
    a, b = (pc.index_in(table[name].combine_chunks(), ids).to_numpy().astype(np.int64) for name in ("id_a", "id_b"))
    kinds = np.array(documents["kind"].to_pylist(), object)
    traps_of = np.array(documents["trap"].to_pylist(), object)
    pairs = [" & ".join(sorted(pair)) for pair in zip(kinds[a], kinds[b], strict=True)]
    changes_of = [change_name(names) for names in table["changes"].to_pylist()]
    similarity = judged.said.similarity(judged.same[a], judged.same[b])
    said = np.full(len(a), "none", object)
    said[similarity > 0] = "below"
    said[similarity >= DEFAULT.threshold] = "near"
    said[judged.same[a] == judged.same[b]] = "exact"
    trap = traps_of[a]
    trap[trap != traps_of[b]] = None
    return Planted(
        a,
        b,
        np.array(table["label"].to_pylist(), object),
        table["jaccard"].to_numpy(),
        np.array(pairs, object),
        trap,
        np.array(changes_of, object),
        pc.fill_null(table["rate"], np.nan).to_numpy(),
        said,
    )


def recorded(collection: Path, judged: Judged, seed: int) -> Tally:
    """Is the truth true: the recorded similarity of a sample of planted pairs, counted again by the slow twin."""
    table = pq.read_table(truth(collection) / "pairs.parquet", columns=["id_a", "id_b", "jaccard"])
    rows = sorted(Random(seed).sample(range(len(table)), min(RECOUNTED, len(table))))
    texts = dict(zip(judged.result.documents["id"].to_pylist(), judged.texts, strict=True))
    equal = [
        abs(count_again(texts[row["id_a"]], texts[row["id_b"]]) - row["jaccard"]) < 1e-9
        for row in table.take(rows).to_pylist()
    ]
    counts = {"recounted": len(rows), "equal": sum(equal)}
    return Tally({"measure": "recorded similarity"}, counts, {"share_equal": ("equal", "recounted")})


def confusion(planted: Planted) -> list[Tally]:
    """Planted label × what the run says, by the kinds of the two documents."""
    out = []
    for kind in sorted(set(planted.kind)):
        for label in LABELS:
            here = (planted.kind == kind) & (planted.label == label)
            if not here.any():
                continue
            above = here & (planted.jaccard >= DEFAULT.threshold)
            counts = {"pairs": here.sum(), **{said: (planted.said[here] == said).sum() for said in SAID}}
            counts["above_threshold"] = above.sum()
            case = {"measure": "labels", "kind": kind, "planted": label}
            out.append(Tally(case, counts, {"linked": ("linked_pairs", "pairs")}))
            counts["linked_pairs"] = planted.linked[here].sum()
    return out


def changes(planted: Planted) -> list[Tally]:
    """Pairs of which one is made from the other, by what was done to it and how much of it the edits touch."""
    bins = np.searchsorted(RATES, np.nan_to_num(planted.rate) - 1e-9)
    out = []
    for change in sorted(set(planted.change) - {""}):
        for number in range(-1, len(RATES) + 1):
            at_rate = np.isnan(planted.rate) if number < 0 else ~np.isnan(planted.rate) & (bins == number)
            here = (planted.change == change) & at_rate
            if not here.any():
                continue
            above = here & (planted.jaccard >= DEFAULT.threshold)
            counts = {
                "pairs": here.sum(),
                "linked": planted.linked[here].sum(),
                "jaccard_sum": planted.jaccard[here].sum(),
                "above_threshold": above.sum(),
                "linked_above": planted.linked[above].sum(),
            }
            ratios = {
                "share_found": ("linked", "pairs"),
                "jaccard": ("jaccard_sum", "pairs"),
                "recall": ("linked_above", "above_threshold"),
            }
            case = {"measure": "changes", "change": change, "rate": rate_name(number)}
            out.append(Tally(case, counts, ratios))
    return out


def change_name(names: list[str] | None) -> str:
    """What lies between two texts; chains, which are all different, by their length."""
    distinct = list(dict.fromkeys(names or []))
    if len(distinct) > 1:
        return f"{len(distinct)} changes together"
    return distinct[0] if distinct else ""


def rate_name(number: int) -> str:
    """A bin of edited shares; changes that are no edits have none."""
    if number < 0:
        return "no edits"
    if number == len(RATES):
        return f"> {RATES[-1]:.1%}"
    return f"≤ {RATES[number]:.1%}"


def traps(planted: Planted) -> list[Tally]:
    """Per trap, what was linked although it was planted as something else than a copy, and what was missed."""
    out = []
    copies = np.isin(planted.label, COPIES)
    for trap in sorted({name for name in planted.trap if name is not None}):
        here = planted.trap == trap
        counts = {
            "pairs": here.sum(),
            "no_copies": (here & ~copies).sum(),
            "wrongly_linked": (here & ~copies & planted.linked).sum(),
            # No fault of the search: the measure itself calls these alike, and only a finer label could tell.
            "no_copies_above_threshold": (here & ~copies & (planted.jaccard >= DEFAULT.threshold)).sum(),
            "copies": (here & copies).sum(),
            "copies_linked": (here & copies & planted.linked).sum(),
        }
        out.append(Tally({"measure": "traps", "trap": trap}, counts, {"wrong": ("wrongly_linked", "no_copies")}))
    return out
