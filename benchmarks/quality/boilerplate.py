"""Lines that are marked as boilerplate, against the lines that the generator planted around the texts."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.generated import make, truth
from benchmarks.measurement import Measurement
from benchmarks.quality.tally import Tally, add_up
from dedup.config import Config
from dedup.documents.normalise import normalise_rows
from dedup.matches.verify import verify_pairs
from dedup.pages.boilerplate.counts import LineCounts
from dedup.pages.boilerplate.keys import line_keys
from dedup.pages.lines import Lines, split_lines

PROFILES = ("pages", "mixed", "traps", "templates")
COMMAND = "python -m benchmarks run --only boilerplate"
DEFAULT = Config()
BODY = ""


class Marked(NamedTuple):
    """A collection line by line: what was planted (`BODY`: nothing), what was marked, on how many pages it stands."""

    ids: list[str]
    lines: Lines
    planted: np.ndarray
    flags: np.ndarray
    standing: np.ndarray
    templates: int


def measure(seeds: Iterable[int], documents: int, folder: Path) -> Iterator[Measurement]:
    """Precision and recall by line for every profile; `documents` of each seed. `folder` is for the collections."""
    seeds = tuple(seeds)
    for profile in PROFILES:
        counted: list[Tally] = []
        for seed in seeds:
            collection = make(folder / f"boilerplate-{profile}-{seed}" / "collection", profile, documents, seed)
            try:
                counted += tallies(collection)
            finally:
                shutil.rmtree(collection.parent)
        on = {"profile": profile, "documents": documents, "seeds": ", ".join(map(str, seeds))}
        yield from add_up(counted, "boilerplate", on, COMMAND)


def tallies(collection: Path) -> Iterator[Tally]:
    """All that is counted in one collection: lines, lines by kind, and pairs that share nothing else."""
    marked = mark(collection)
    yield total(marked)
    for kind in sorted(set(marked.planted.tolist()) - {BODY}):
        here = marked.planted == kind
        counts = {"lines": here.sum(), "found": (here & marked.flags).sum()}
        yield Tally({"measure": "kind", "kind": kind}, counts, {"recall": ("found", "lines")})
    yield false_links(collection, marked)


def mark(collection: Path) -> Marked:
    """Count a collection and mark its own lines, by the field `source`."""
    records = [json.loads(line) for file in sorted(collection.glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    names = sorted({record["source"] for record in records})
    sources = np.searchsorted(names, [record["source"] for record in records]).astype(np.int32)
    lines = split_lines(pa.array([record["text"] for record in records], pa.large_string()))
    keys = line_keys(lines, normalise_rows(lines.texts))
    counts = LineCounts(collection.parent)
    try:
        counts.add(keys, lines, 0, sources)
        table = counts.table(names)
    finally:
        counts.close()
    ids = [record["id"] for record in records]
    flags = table.mark(keys, lines, sources, names)
    return Marked(ids, lines, planted_kinds(collection, ids, lines), flags, pages_of_lines(lines), len(table.templates))


def planted_kinds(collection: Path, ids: list[str], lines: Lines) -> np.ndarray:
    """What kind of boilerplate was planted in each line; a line of the site that was torn apart is several."""
    kinds = np.full(len(lines), BODY, object)
    place = {identifier: d for d, identifier in enumerate(ids)}
    for row in pq.read_table(truth(collection) / "boilerplate.parquet").to_pylist():
        if row["start"] == row["end"]:
            continue
        begin, end = lines.first[place[row["id"]] :][:2]
        first, last = np.searchsorted(lines.points[begin:end], (row["start"], row["end"] - 1), "right") - 1
        kinds[begin + first : begin + last + 1] = row["kind"]
    return kinds


def pages_of_lines(lines: Lines) -> np.ndarray:
    """On how many pages the text of each line stands, letter for letter."""
    names = pc.utf8_trim_whitespace(lines.texts).dictionary_encode().indices.to_numpy()
    standing = Counter(name for name, _ in set(zip(names.tolist(), lines.text_of().tolist(), strict=True)))
    return np.array([standing[name] for name in names.tolist()])


def total(marked: Marked) -> Tally:
    """All kinds together; a body line that stands on one page only must never be marked."""
    planted = marked.planted != BODY
    right = (planted & marked.flags).sum()
    counts = {
        "collections": 1,
        "pages": len(marked.ids),
        "lines": len(marked.flags),
        "templates": marked.templates,
        "planted": planted.sum(),
        "marked": marked.flags.sum(),
        "right": right,
        "unique_marked": (marked.flags & ~planted & (marked.standing == 1)).sum(),
        "right_twice": 2 * right,
        "planted_and_marked": planted.sum() + marked.flags.sum(),
    }
    ratios = {
        "precision": ("right", "marked"),
        "recall": ("right", "planted"),
        "f1": ("right_twice", "planted_and_marked"),
    }
    return Tally({"measure": "lines"}, counts, ratios)


def false_links(collection: Path, marked: Marked) -> Tally:
    """Pairs that share the lines of a site and nothing else: how many are alike with these lines, and without."""
    rows = pq.read_table(truth(collection) / "pairs.parquet", columns=["id_a", "id_b", "label"])
    rows = rows.filter(pc.equal(rows["label"], "boilerplate"))
    place = {identifier: d for d, identifier in enumerate(marked.ids)}
    pairs = np.array(
        sorted({min(ends) << 32 | max(ends) for ends in _ends(rows, place)}),
        np.uint64,
    )
    texts = marked.lines.texts.to_pylist()
    bare = ["".join(line for line, flag in _page(marked, texts, d) if not flag) for d in range(len(marked.ids))]
    full = ["".join(line for line, _ in _page(marked, texts, d)) for d in range(len(marked.ids))]
    counts = {"pairs": len(pairs), "linked_with": _linked(full, pairs), "linked_without": _linked(bare, pairs)}
    return Tally({"measure": "pairs"}, counts, {"wrong": ("linked_without", "pairs")})


def _ends(rows: pa.Table, place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for a, b in zip(rows["id_a"].to_pylist(), rows["id_b"].to_pylist(), strict=True):
        if a in place and b in place:
            yield place[a], place[b]


def _page(marked: Marked, texts: list[str], d: int) -> Iterator[tuple[str, bool]]:
    begin, end = marked.lines.first[d : d + 2].tolist()
    yield from zip(texts[begin:end], marked.flags[begin:end].tolist(), strict=True)


def _linked(texts: list[str], pairs: np.ndarray) -> int:
    """How many of the pairs are similar enough to be linked."""
    codes = normalise_rows(pa.array(texts, pa.large_string()))
    rows = np.arange(len(texts))
    with ThreadPoolExecutor(1) as executor:
        found = verify_pairs(
            codes, rows, pairs, n=DEFAULT.n, seed=DEFAULT.seed, floor=DEFAULT.threshold, executor=executor
        )
    return len(found.a)
