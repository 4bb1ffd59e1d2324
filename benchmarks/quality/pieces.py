"""Where the pieces of planted collection pages begin and end, against where they were found to."""

from __future__ import annotations

import json
import shutil
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.generated import make, truth
from benchmarks.measurement import Measurement
from benchmarks.quality.tally import Tally, add_up
from dedup.batch import dedupe
from dedup.config import Config
from dedup.pages.lines import split_lines
from dedup.pages.pieces.headings import find_cuts
from dedup.pages.pieces.split import split

PROFILES = ("pages", "mixed", "templates", "traps")
COMMAND = "python -m benchmarks run --only pieces"
NEAR = 1  # lines
ELSEWHERE = 0.5  # share of a piece that must stand in another place as well for anything to tell where it begins
HEADED, BARE, ALONE = "with a heading", "without a heading, also elsewhere", "without a heading, nowhere else"
RATIOS = {
    "precision": ("found", "predicted"),
    "recall": ("found", "boundaries"),
    "f1": ("found_twice", "boundaries_and_predicted"),
}

Boundaries = dict[str, list[int]]
"""By the id of a document the code points at which a stretch of it begins or ends; its own two ends do not count."""
Finder = Callable[[Mapping[str, str]], Boundaries]
"""Finds boundaries in texts by id."""


def by_headings(texts: Mapping[str, str]) -> Boundaries:
    """What the page itself tells, without any other."""
    strings = pa.array(texts.values(), pa.large_string())
    lines = split_lines(strings)
    sizes = np.array([len(text) for text in texts.values()], np.int64)
    pieces = split(lines.first, lines.points, sizes, find_cuts(lines))
    starts = [pieces.start[a:b].tolist() for a, b in zip(pieces.first, pieces.first[1:], strict=False)]
    return {key: found[1:] for key, found in zip(texts, starts, strict=True) if len(found) > 1}


def by_engine(texts: Mapping[str, str]) -> Boundaries:
    """What a run with pieces as the unit says: headings, and the ends of what stands elsewhere."""
    pieces = dedupe(list(texts.items()), Config(unit="piece", audit=0)).pieces
    found: dict[str, set[int]] = defaultdict(set)
    columns = (pieces[name].to_pylist() for name in ("page", "start", "end"))
    for page, start, end in zip(*columns, strict=True):
        found[page].update((start, end))
    return {page: sorted(places) for page, places in found.items()}


FINDERS: dict[str, Finder] = {"headings": by_headings, "engine": by_engine}


def measure(
    seeds: Iterable[int], documents: int, folder: Path, finders: Mapping[str, Finder] = FINDERS
) -> Iterator[Measurement]:
    """Boundaries in planted collection pages, and documents of other profiles that were cut although they are one.

    Seeds below 10 are for tuning and never reported.
    """
    seeds = tuple(seeds)
    for profile in PROFILES:
        counted: dict[str, list[Tally]] = {name: [] for name in finders}
        for seed in seeds:
            where = folder / f"pieces-{profile}-{seed}"
            collection = make(where / "collection", profile, documents, seed)
            try:
                for name, find in finders.items():
                    counted[name] += tallies(collection, find(texts_of(collection)))
            finally:
                shutil.rmtree(where)
        for name, of in counted.items():
            on = {"profile": profile, "documents": documents, "seeds": ", ".join(map(str, seeds)), "by": name}
            yield from add_up(of, "pieces", on, COMMAND)


def texts_of(collection: Path) -> dict[str, str]:
    """The texts of a generated collection by id."""
    texts = {}
    for path in sorted(collection.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            texts.update({row["id"]: row["text"] for row in map(json.loads, file)})
    return texts


def tallies(collection: Path, found: Boundaries) -> Iterator[Tally]:
    """All that is counted in one collection."""
    texts = texts_of(collection)
    pages = planted_pages(collection)
    counts: dict[str, Counter[str]] = {HEADED: Counter(), BARE: Counter(), ALONE: Counter()}
    for key, pieces in pages.items():
        count_page(texts[key], pieces, found.get(key, []), counts)
    for name, counted in counts.items() if pages else ():
        counted["found_twice"] = 2 * counted["found"]
        counted["boundaries_and_predicted"] = counted["boundaries"] + counted["predicted"]
        names = {name: counted[name] for ratio in RATIOS.values() for name in ratio}
        yield Tally({"measure": "boundaries", "pieces": name}, names, RATIOS)
    kinds = pq.read_table(truth(collection) / "documents.parquet", columns=["id", "kind"]).to_pylist()
    others = Counter(row["kind"] for row in kinds if row["id"] not in pages)
    cut_ids = {
        key for key, points in found.items() if any(0 < point < len(texts[key]) for point in points)
    } - pages.keys()
    cut = Counter(row["kind"] for row in kinds if row["id"] in cut_ids)
    for kind, count in sorted(others.items()):
        yield Tally(
            {"measure": "documents cut", "kind": kind},
            {"documents": count, "cut": cut[kind]},
            {"share_cut": ("cut", "documents")},
        )


class Planted(NamedTuple):
    """One piece of a planted page: its code points, whether a heading stands over it, and whether it stands elsewhere.

    That is what a boundary without a heading can be told from; where neither holds, nothing can.
    """

    start: int
    end: int
    headed: bool
    elsewhere: bool

    @property
    def sort(self) -> str:
        return HEADED if self.headed else BARE if self.elsewhere else ALONE


def planted_pages(collection: Path) -> dict[str, list[Planted]]:
    """The pieces of each page, in order."""
    copied: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in pq.read_table(truth(collection) / "passages.parquet").to_pylist():
        for side in "ab":
            copied[row[f"id_{side}"]].append((row[f"start_{side}"], row[f"end_{side}"]))
    pages: dict[str, list[Planted]] = defaultdict(list)
    for row in pq.read_table(truth(collection) / "pieces.parquet").to_pylist():
        start, end = row["start"], row["end"]
        shared = max((min(end, last) - max(start, first) for first, last in copied[row["id"]]), default=0)
        headed = row["heading_end"] > row["heading_start"]
        pages[row["id"]].append(Planted(start, end, headed, shared >= ELSEWHERE * (end - start)))
    return pages


def count_page(text: str, pieces: list[Planted], found: list[int], counts: dict[str, Counter[str]]) -> None:
    """Adds one page to the counts of each sort of piece.

    A boundary is found where one that was predicted stands within a line of it; each prediction finds one at most. A
    prediction that finds none counts against the pieces with a heading, on a page without any against those without.
    """
    points = [0]
    for written in text.split("\n")[:-1]:
        points.append(points[-1] + len(written) + 1)
    size = len(points) - (points[-1] == len(text))
    wanted = boundaries(pieces, points, size)
    left = sorted({bisect_right(points, point) - 1 for point in found if 0 < point < len(text)} - {0})
    for away in (0, *(sign * step for step in range(1, NEAR + 1) for sign in (1, -1))):
        for line in [line for line in wanted if line + away in left]:
            left.remove(line + away)
            counts[wanted.pop(line)].update(("found", "boundaries", "predicted"))
    for sort in wanted.values():
        counts[sort]["boundaries"] += 1
    counts[HEADED if any(piece.headed for piece in pieces) else BARE]["predicted"] += len(left)


def boundaries(pieces: list[Planted], points: list[int], size: int) -> dict[int, str]:
    """The lines at which a piece begins, or ends with no other directly below it, and which sort of piece it is.

    Where one without a heading begins directly below one that stands elsewhere, the end of that one tells it too.
    """
    wanted: dict[int, str] = {}
    above: dict[int, str] = {}
    for piece in pieces:
        above[bisect_right(points, piece.end - 1)] = piece.sort
    for piece in reversed(pieces):
        begin = bisect_right(points, piece.start) - 1
        wanted.setdefault(bisect_right(points, piece.end - 1), piece.sort)
        wanted[begin] = BARE if piece.sort == ALONE and above.get(begin) == BARE else piece.sort
    return {line: name for line, name in wanted.items() if 0 < line < size}
