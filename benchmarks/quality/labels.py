"""What planted pairs are to each other, against what they are called: the confusion of the five labels, and F1."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.generated import make, truth
from benchmarks.measurement import Measurement
from benchmarks.quality.tally import Tally, add_up
from dedup.documents.normalise import Codes, normalise_rows
from dedup.matches.verify import verify_pairs
from dedup.pages.boilerplate.counts import LineCounts
from dedup.pages.boilerplate.keys import line_keys
from dedup.pages.lines import Lines, split_lines
from dedup.reasons.label import LABELS, Labels, Overlap, label_pairs
from dedup.reuse.coverage import measure_coverage
from dedup.reuse.matches import find_matches

PROFILES = ("mixed", "edits", "templates", "pages", "traps")
COMMAND = "python -m benchmarks run --only labels"
THRESHOLD = 0.7
UNRELATED = 0.5  # pairs of different families drawn to one planted pair
LINKS = ("exact", "near", "templated", "partial")
VALUES = ("figures", "names", "mixed", "words")
RATIOS = {"precision": ("both", "said"), "recall": ("both", "planted"), "f1": ("both_twice", "planted_and_said")}


class Pairs(NamedTuple):
    """The texts of a collection, and some pairs of them.

    Attributes
    ----------
    texts, sources : list of str
    family : ``[m] int64``
        Of each text.
    codes : Codes
    a, b : ``[p] int64``
    similarity : ``[p] float64``
    planted : ``[p] object``
        Labels; empty for pairs of different families.
    """

    texts: list[str]
    sources: list[str]
    codes: Codes
    a: np.ndarray
    b: np.ndarray
    similarity: np.ndarray
    planted: np.ndarray


Sharer = Callable[[Pairs, Executor], Overlap]
"""Finds what pairs share by passages and by lines of their site."""


def by_engine(pairs: Pairs, executor: Executor) -> Overlap:
    """The engine's own passages, and its own boilerplate, which it counts in the same collection."""
    lines = split_lines(pa.array(pairs.texts, pa.large_string()))
    codes = normalise_rows(lines.texts)
    keys = line_keys(lines, codes)
    names = sorted(set(pairs.sources))
    source = np.searchsorted(names, pairs.sources).astype(np.int32)
    counts = LineCounts()
    counts.add(keys, lines, 0, source)
    flags = counts.table(names).mark(keys, lines, source, names)
    counts.close()
    matches, _ = find_matches(_without(codes, flags, lines.first), executor=executor)
    coverage = measure_coverage(matches)
    columns = np.array([coverage.covered_a, coverage.covered_b, coverage.longest])
    swapped = pairs.a > pairs.b
    low, high = np.minimum(pairs.a, pairs.b), np.maximum(pairs.a, pairs.b)
    place = np.searchsorted(coverage.a << 32 | coverage.b, low << 32 | high)
    known = np.append(coverage.a << 32 | coverage.b, -1)[place] == (low << 32 | high)
    first, second, longest = np.where(known, np.column_stack([columns, np.zeros(3, np.int64)])[:, place], 0)
    covered = np.where(swapped, second, first), np.where(swapped, first, second)
    return Overlap(*covered, longest, *_furniture(pairs, keys.whole, keys.weak, np.diff(codes.offsets), lines, flags))


def _without(codes: Codes, flags: np.ndarray, first: np.ndarray) -> Codes:
    """The codes of texts without those of their lines that are marked."""
    sizes = np.diff(codes.offsets)
    kept = codes.values[: codes.offsets[-1]][np.repeat(~flags, sizes)]
    tokens = np.concatenate([[0], np.cumsum(np.where(flags, 0, sizes))])
    return Codes(kept, tokens[first])


def _furniture(
    pairs: Pairs, whole: np.ndarray, weak: np.ndarray, sizes: np.ndarray, lines: Lines, flags: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of marked lines of either text whose template stands in the other."""
    of: list[dict[int, int]] = []
    for begin, end in zip(lines.first, lines.first[1:], strict=False):
        rows = begin + np.flatnonzero(flags[begin:end])
        of.append({int(key): int(sizes[row]) for row in rows for key in (whole[row], weak[row]) if key})
    shared = np.zeros((2, len(pairs.a)), np.int64)
    for pair, (a, b) in enumerate(zip(pairs.a.tolist(), pairs.b.tolist(), strict=True)):
        both = of[a].keys() & of[b].keys()
        shared[:, pair] = sum(of[a][key] for key in both), sum(of[b][key] for key in both)
    return shared[0], shared[1]


def measure(
    seeds: Iterable[int],
    documents: int,
    folder: Path,
    share: Sharer = by_engine,
    profiles: Iterable[str] = PROFILES,
) -> list[Measurement]:
    """The confusion of labels over all profiles, precision, recall and F1 of each label, and their mean F1.

    Seeds below 10 are for tuning and never reported.

    Parameters
    ----------
    seeds : of int
    documents : int
        Of each collection.
    folder : Path
        Where collections are made, and removed again.
    share : callable, optional
    profiles : of str, optional
    """
    seeds, profiles = tuple(seeds), tuple(profiles)
    counted: list[Tally] = []
    for profile in profiles:
        for seed in seeds:
            where = folder / f"labels-{profile}-{seed}"
            collection = make(where / "collection", profile, documents, seed)
            try:
                with ThreadPoolExecutor(1) as executor:
                    counted += tallies(collection, seed, share, executor)
            finally:
                shutil.rmtree(where)
    on = {"profiles": ", ".join(profiles), "documents": documents, "seeds": ", ".join(map(str, seeds))}
    measured = add_up(counted, "labels", on, COMMAND)
    each = [one.values["f1"] for one in measured if "f1" in one.values]
    known = [value for value in each if value is not None]
    mean = round(sum(known) / len(known), 6) if known else None
    return [*measured, Measurement("labels", {**on, "measure": "all labels"}, {"macro_f1": mean}, COMMAND)]


def tallies(collection: Path, seed: int, share: Sharer, executor: Executor) -> Iterator[Tally]:
    """All that is counted in one collection."""
    pairs = planted_pairs(collection, seed, executor)
    labels = label_pairs(
        pairs.codes,
        pairs.a,
        pairs.b,
        similarity=pairs.similarity,
        threshold=THRESHOLD,
        executor=executor,
        shared=share(pairs, executor),
    )
    said, related = labels.names(), pairs.planted != ""
    for name in LABELS[1:]:
        planted = pairs.planted == name
        both = int((planted & (said == name)).sum())
        counts = {"planted": int(planted.sum()), "said": int((related & (said == name)).sum()), "both": both}
        counts["both_twice"] = 2 * both
        counts["planted_and_said"] = counts["planted"] + counts["said"]
        counts |= {f"said_{other or 'nothing'}": int((planted & (said == other)).sum()) for other in LABELS}
        yield Tally({"measure": "label", "planted": name}, counts, RATIOS)
    yield _unrelated(pairs, said)
    yield _untellable(pairs, labels)
    yield from _by_similarity(pairs, said)


def _unrelated(pairs: Pairs, said: np.ndarray) -> Tally:
    """Pairs of different families: none may be linked; that they share lines of their site may be said of them."""
    here = pairs.planted == ""
    counts = {"pairs": int(here.sum()), "linked": int((here & np.isin(said, LINKS)).sum())}
    counts |= {f"said_{name}": int((here & (said == name)).sum()) for name in LABELS[1:]}
    return Tally({"measure": "unrelated"}, counts, {"share_linked": ("linked", "pairs")})


def _untellable(pairs: Pairs, labels: Labels) -> Tally:
    """Templated pairs in which no value, one, or two stand against others: what tells them from a copy?"""
    values = sum(labels.column(name) for name in VALUES)
    here = pairs.planted == "templated"
    other = here & (labels.names() != "templated")
    counts = {f"{name}_{count}": int((which & (values == count)).sum()) for count in range(3) for name, which in
              (("pairs", here), ("called_otherwise", other))}  # fmt: skip
    counts |= {"pairs": int(here.sum()), "called_otherwise": int(other.sum())}
    return Tally({"measure": "templated by differing values"}, counts, {})


def _by_similarity(pairs: Pairs, said: np.ndarray) -> Iterator[Tally]:
    """Near pairs by their similarity."""
    tenth = np.minimum(9, (pairs.similarity * 10).astype(np.int64))
    for low in range(10):
        here = (pairs.planted == "near") & (tenth == low)
        counts = {"pairs": int(here.sum()), "said_near": int((here & (said == "near")).sum())}
        case = {"measure": "near by similarity", "similarity": f"{low / 10:.1f}-{(low + 1) / 10:.1f}"}
        yield Tally(case, counts, {"recall": ("said_near", "pairs")})


def planted_pairs(collection: Path, seed: int, executor: Executor) -> Pairs:
    """All pairs of the truth, and half as many of documents that have nothing to do with each other."""
    rows: dict[str, dict[str, str]] = {}
    for path in sorted(collection.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            rows |= {row["id"]: row for row in map(json.loads, file)}
    documents = pq.read_table(truth(collection) / "documents.parquet", columns=["id", "family"])
    ids, family = documents["id"].combine_chunks(), documents["family"].to_numpy()
    table = pq.read_table(truth(collection) / "pairs.parquet", columns=["id_a", "id_b", "label"])
    a, b = (pc.index_in(table[name].combine_chunks(), ids).to_numpy().astype(np.int64) for name in ("id_a", "id_b"))
    drawn = np.random.default_rng(seed).integers(0, len(ids), (2, int(UNRELATED * len(a))))
    drawn = np.sort(drawn[:, family[drawn[0]] != family[drawn[1]]], axis=0)
    planted = np.array([*table["label"].to_pylist(), *[""] * drawn.shape[1]], object)
    a, b = np.concatenate([a, drawn[0]]), np.concatenate([b, drawn[1]])
    texts = [rows[key]["text"] for key in ids.to_pylist()]
    codes = normalise_rows(pa.array(texts, pa.large_string()))
    sources = [rows[key].get("source") or "" for key in ids.to_pylist()]
    return Pairs(texts, sources, codes, a, b, _similarity(codes, a, b, executor), planted)


def _similarity(codes: Codes, a: np.ndarray, b: np.ndarray, executor: Executor) -> np.ndarray:
    packed = np.minimum(a, b).astype(np.uint64) << np.uint64(32) | np.maximum(a, b).astype(np.uint64)
    distinct, back = np.unique(packed, return_inverse=True)
    found = verify_pairs(
        codes, np.arange(len(codes.offsets) - 1), distinct, n=5, seed=1, floor=0.0, executor=executor
    ).similarity()
    return found[back]
