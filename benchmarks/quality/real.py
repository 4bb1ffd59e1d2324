"""Real collections that carry labels of their own, where the folder that `DEDUP_DATA` names holds them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from benchmarks.quality.judged import DEFAULT, Judged, clusters, judge, read, recall_by_similarity, totals
from benchmarks.quality.tally import Tally


class Labelled(NamedTuple):
    """A public collection: what the report calls it, where it comes from, what its labels are."""

    name: str
    file: str
    source: str
    label: str


SETS = (
    Labelled("laws", "zh_laws.jsonl.zst", "LawRefBook/Laws @ 2f4c5c2", "same title (a weak label)"),
    Labelled(
        "manual in three releases",
        "zh_tidb_docs.jsonl.zst",
        "pingcap/docs-cn, releases 5.4 @ 96e70a7, 6.5 @ 2143ded, 8.5 @ a57b643",
        "same file path",
    ),
    Labelled(
        "news flashes", "zh_covid_bulletins.jsonl.zst", "BlankerL/DXY-COVID-19-Data @ 8c18728", "same item, edited"
    ),
)


def tallies(labelled: Labelled, folder: Path, executor: Executor) -> Iterator[Tally]:
    """Against all pairs at the threshold, and against the labels."""
    path = folder / labelled.file
    judged = judge(path, "text", executor)
    yield from totals(judged, DEFAULT.seed)
    yield from recall_by_similarity(judged)
    labels = _labels(path, judged)
    yield clusters(judged, labels, "labels")
    yield clusters(judged, judged.ideal_clusters, "all pairs at the threshold")
    yield pairs(judged, labels)


def _labels(path: Path, judged: Judged) -> np.ndarray:
    """The label of each document as a number; one without is a class of its own."""
    table = read(path, ("id", "cluster"))
    place = pc.index_in(judged.result.documents["id"].combine_chunks(), table["id"].combine_chunks())
    names = pc.coalesce(table["cluster"], table["id"]).take(place).combine_chunks()
    return names.dictionary_encode().indices.to_numpy().astype(np.int64)


def pairs(judged: Judged, labels: np.ndarray) -> Tally:
    """Pairs with one label against pairs that are linked, and how many of the former are alike at all."""
    members: dict[int, list[int]] = {}
    for document, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(document)
    labelled = np.array([pair for group in members.values() for pair in combinations(group, 2)], np.int64)
    labelled = labelled.reshape(-1, 2)
    linked = judged.said.similarity(judged.same[labelled[:, 0]], judged.same[labelled[:, 1]]) >= DEFAULT.threshold
    a, b, similarity = judged.true
    above = similarity >= DEFAULT.threshold
    one_label = labels[a[above]] == labels[b[above]]
    found = judged.said.similarity(judged.same[a[above]], judged.same[b[above]]) >= DEFAULT.threshold
    counts = {
        "labelled": len(labelled),
        "labelled_linked": linked.sum(),
        "labelled_above_threshold": one_label.sum(),
        "linked": found.sum(),
        "linked_one_label": (found & one_label).sum(),
    }
    ratios = {
        "label_recall": ("labelled_linked", "labelled"),
        "label_precision": ("linked_one_label", "linked"),
        # No tool that asks for this similarity can find more of the labelled pairs than these.
        "label_ceiling": ("labelled_above_threshold", "labelled"),
    }
    return Tally({"measure": "label pairs"}, counts, ratios)
