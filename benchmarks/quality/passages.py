"""What the search for passages finds: against a suffix array for equal runs, against planted copies for edited ones."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from benchmarks.generated import make, truth
from benchmarks.measurement import Measurement
from benchmarks.quality.tally import Tally, add_up
from corpus.damage import DAMAGES, site_damage
from corpus.marked import Mark, Text, join
from corpus.writer import Writer
from dedup.documents.locate import locate_tokens
from dedup.documents.normalise import Codes, normalise_rows
from dedup.memory import anonymous_mb
from dedup.reuse.matches import Matches, find_matches
from dedup.reuse.occurrences import Occurrences, find_occurrences
from dedup.reuse.prints.groups import group_prints
from dedup.reuse.prints.winnow import winnow

LENGTHS, CAPS = (20, 50, 51), (2, 5, 100)
LENGTH, IDENTITY = 50, 0.85
PROFILES = ("pages", "mixed")
SHORTEST, LONGEST, EDITED = 200, 2000, 0.02
PLANTED = 60  # edited passages of each kind
NEAR = (0, 1, 3, 10, 40)
WIDEST = 8  # times the cap: runs that stand at more places are not looked into
COMMAND = "python -m benchmarks run --only passages"


# -- equal runs -----------------------------------------------------------------------------------------------------


class Repeated(NamedTuple):
    """Which tokens stand in equal runs, ``[tokens] bool`` each.

    Attributes
    ----------
    surely : ndarray
        In a run of exactly the length that stands at two places which do not overlap, in no more texts than the cap:
        all of these must be found.
    perhaps : ndarray
        In such a run of any greater length, too: part of it may be commoner than the cap allows. Nothing but these may
        be found.
    """

    surely: np.ndarray
    perhaps: np.ndarray


class _Suffixes(NamedTuple):
    """All suffixes in order that share `length` tokens with a neighbour.

    `place` counts tokens of all texts, `with_next` is what a suffix shares with the next one of the list.
    """

    place: np.ndarray
    row: np.ndarray
    with_next: np.ndarray


def repeated(codes: Codes, length: int, caps: Iterable[int]) -> dict[int, Repeated]:
    """By cap, the tokens of equal runs, by a suffix array and nothing of the engine's.

    About 5 s and 1.5 GB for 10 MB.
    """
    suffixes = _suffixes(codes, length)
    return {cap: _repeated(suffixes, len(codes.values), length, cap) for cap in caps}


def _suffixes(codes: Codes, length: int) -> _Suffixes:
    from pydivsufsort import divsufsort, kasai

    m = len(codes.offsets) - 1
    rows = np.repeat(np.arange(m), np.diff(codes.offsets))
    # No two texts end alike: so nothing that repeats reaches over an end.
    string = np.arange(len(codes.values) + m)
    kinds = np.unique(codes.values)
    string[np.arange(len(rows)) + rows] = m + np.searchsorted(kinds, codes.values)
    string[codes.offsets[1:] + np.arange(m)] = np.arange(m)
    order = divsufsort(string)
    shared = np.array(kasai(string, order), np.int64)
    shared[-1] = 0
    several = shared >= length
    several[1:] |= several[:-1].copy()
    where = order[several].astype(np.int64)
    # A separator never repeats, so each of these places is a token: as many separators stand before it as texts.
    row = np.searchsorted(codes.offsets[1:] + np.arange(m), where)
    return _Suffixes(where - row, row, shared[several])


def _repeated(suffixes: _Suffixes, tokens: int, length: int, cap: int) -> Repeated:
    place, row, with_next = suffixes
    heads = np.flatnonzero(np.append(True, with_next[:-1] < length)) if len(place) else np.zeros(0, np.int64)
    if not len(place):
        return Repeated(np.zeros(tokens, bool), np.zeros(tokens, bool))
    number = np.repeat(np.arange(len(heads)), np.diff(np.append(heads, len(place))))
    by_text = np.sort(number * (row.max() + 1) + row)
    texts = np.bincount(by_text[np.diff(by_text, prepend=-1) > 0] // (row.max() + 1))
    width = np.maximum.reduceat(place, heads) - np.minimum.reduceat(place, heads)
    good = ((texts > 1) | (width >= length)) & (texts <= cap)
    surely = _covered(place[good[number]], np.full(int(good[number].sum()), length), tokens)
    longest = np.maximum(with_next, np.append(0, with_next[:-1]))
    few = _stands_apart(suffixes, longest, cap)
    return Repeated(surely, surely | _covered(place[few], longest[few], tokens))


def _stands_apart(suffixes: _Suffixes, longest: np.ndarray, cap: int) -> np.ndarray:
    """Whether the longest run that begins at each place and repeats stands at 2 to `cap` places, two of them apart."""
    place, row, with_next = suffixes
    everyone = np.arange(len(place))
    first, last, few = everyone.copy(), everyone.copy(), np.ones(len(place), bool)
    for step, edge in ((-1, first), (1, last)):
        active = everyone
        for _ in range(WIDEST * cap):
            between = edge[active] - (step < 0)
            active, between = active[between >= 0], between[between >= 0]
            active = active[with_next[between] >= longest[active]]
            if not len(active):
                break
            edge[active] += step
        few[active] = False
    # A text counts where it comes first: the suffix of it before that one stands outside.
    order = np.lexsort((everyone, row))
    before = np.full(len(place), -1)
    before[order[1:]] = np.where(row[order[1:]] == row[order[:-1]], order[:-1], -1)
    texts, least, most = np.zeros(len(place), np.int64), place.copy(), place.copy()
    active, at = everyone[few], first[few]
    while len(active):
        texts[active] += before[at] < first[active]
        least[active] = np.minimum(least[active], place[at])
        most[active] = np.maximum(most[active], place[at])
        further = at < last[active]
        active, at = active[further], at[further] + 1
    return few & (texts <= cap) & ((texts > 1) | (most - least >= longest))


def _covered(begins: np.ndarray, lengths: np.ndarray, tokens: int) -> np.ndarray:
    """Tokens of some ranges, ``[tokens] bool``."""
    change = np.zeros(tokens + 1, np.int64)
    np.add.at(change, begins, 1)
    np.add.at(change, begins + lengths, -1)
    covered: np.ndarray = np.cumsum(change)[:tokens] > 0
    return covered


def found_tokens(codes: Codes, found: Occurrences) -> np.ndarray:
    """Tokens of the occurrences of passages, ``[tokens] bool``."""
    return _covered(codes.offsets[found.row] + found.start, found.end - found.start, len(codes.values))


class Located(NamedTuple):
    """Texts, and where each token of all of them stands in its own, in code points."""

    codes: Codes
    start: np.ndarray
    end: np.ndarray

    def tokens(self, row: int, start: int, end: int) -> tuple[int, int]:
        """The tokens of a text that stand from `start` to `end`, as a range of places in all of them."""
        first, last = self.codes.offsets[row], self.codes.offsets[row + 1]
        begin = first + np.searchsorted(self.start[first:last], start)
        return int(begin), int(max(begin, first + np.searchsorted(self.end[first:last], end, "right")))


def located(texts: pa.LargeStringArray) -> Located:
    """All tokens of some texts, notes included."""
    codes = normalise_rows(texts)
    lengths = np.diff(codes.offsets)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    places = locate_tokens(texts, rows, np.arange(len(rows)) - codes.offsets[rows])
    return Located(codes, places.start, places.end)


def equal_runs(
    texts: pa.LargeStringArray, lengths: Sequence[int], caps: Sequence[int], executor: Executor
) -> Iterator[Tally]:
    """Recall and precision of equal runs by characters, for every length and cap."""
    at = located(texts)
    codes, size = at.codes, at.end - at.start
    for length in lengths:
        oracle = repeated(codes, length, caps)
        for cap in caps:
            matches, crowded = find_matches(codes, length=length, cap=cap, identity=1.0, executor=executor)
            found = found_tokens(codes, find_occurrences(matches, length=length))
            true = oracle[cap]
            counts = {
                "characters": size[true.surely].sum(),
                "recalled": size[true.surely & found].sum(),
                "found": size[found].sum(),
                "justified": size[found & true.perhaps].sum(),
                "matches": len(matches.a),
                "crowded": len(crowded.pos),
            }
            ratios = {"recall": ("recalled", "characters"), "precision": ("justified", "found")}
            yield Tally({"measure": "equal runs", "length": length, "cap": cap}, counts, ratios)


def texts_of(folder: Path) -> tuple[list[str], pa.LargeStringArray]:
    """Ids and texts of the JSON lines in a folder, or of one file."""
    files = sorted(folder.glob("*.jsonl")) if folder.is_dir() else [folder]
    options = pyarrow.json.ReadOptions(block_size=64 << 20)
    tables = [pyarrow.json.read_json(file, read_options=options) for file in files]
    named = [table for table in tables if "id" in table.column_names]
    ids = [name for table in named for name in table["id"].to_pylist()]
    texts = [table["text"].cast(pa.large_string()).combine_chunks() for table in tables]
    return ids, pa.concat_arrays(texts)


# -- planted passages -----------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A planted passage: the tokens it is in two texts, counted over all texts."""

    row_a: int
    a: tuple[int, int]
    row_b: int
    b: tuple[int, int]


def planted(case: str, pairs: Sequence[Pair], at: Located, matches: Matches, found: np.ndarray) -> Tally:
    """How much of some planted passages stands in matches of their two texts, and how far off their ends are told."""
    size = at.end - at.start
    counts = dict.fromkeys(("passages", "unseen", "characters", "recalled", "in_any", "ends", "beyond"), 0)
    counts |= {f"within_{near}": 0 for near in NEAR}
    by_rows: dict[tuple[int, int], list[int]] = {}
    for n, rows in enumerate(zip(matches.a.tolist(), matches.b.tolist(), strict=True)):
        by_rows.setdefault(rows, []).append(n)
    spans = np.column_stack([at.codes.offsets[matches.a], matches.start_a, matches.end_a])
    others = np.column_stack([at.codes.offsets[matches.b], matches.start_b, matches.end_b])
    for pair in pairs:
        turned = (pair.row_a, pair.a) > (pair.row_b, pair.b)
        (row_a, a), (row_b, b) = (pair[2:], pair[:2]) if turned else (pair[:2], pair[2:])
        ranges = [
            ((base + s, base + e), (other + u, other + v))
            for n in by_rows.get((row_a, row_b), ())
            for (base, s, e), (other, u, v) in [(spans[n].tolist(), others[n].tolist())]
            if base + s < a[1] and base + e > a[0] and other + u < b[1] and other + v > b[0]
        ]
        counts["passages"] += 1
        counts["unseen"] += not ranges
        for side, (first, last) in enumerate((a, b)):
            inside = _covered(
                np.array([max(0, one[side][0] - first) for one in ranges], np.int64),
                np.array([min(last, one[side][1]) - max(first, one[side][0]) for one in ranges], np.int64),
                last - first,
            )
            counts["characters"] += size[first:last].sum()
            counts["recalled"] += size[first:last][inside].sum()
            counts["in_any"] += size[first:last][found[first:last]].sum()
            if ranges:
                least, most = min(one[side][0] for one in ranges), max(one[side][1] for one in ranges)
                counts["ends"] += 2
                counts["beyond"] += (least < first) + (most > last)
                for near in NEAR:
                    counts[f"within_{near}"] += (abs(least - first) <= near) + (abs(most - last) <= near)
    ratios = {"recall": ("recalled", "characters"), "recall_any": ("in_any", "characters")}
    ratios |= {f"share_within_{near}": (f"within_{near}", "ends") for near in NEAR}
    return Tally({"measure": "planted passages", "case": case}, counts, ratios)


def in_truth(collection: Path, executor: Executor) -> Iterator[Tally]:
    """The passages that pages and copies were made with: those equal to the letter, and those changed on the way."""
    ids, texts = texts_of(collection)
    at = located(texts)
    matches, _ = find_matches(at.codes, length=LENGTH, identity=IDENTITY, executor=executor)
    found = found_tokens(at.codes, find_occurrences(matches, length=LENGTH))
    row_of = {name: row for row, name in enumerate(ids)}
    pairs: dict[str, list[Pair]] = {"equal": [], "changed": []}
    for row in pq.read_table(truth(collection) / "passages.parquet").to_pylist():
        if row["id_a"] not in row_of or row["id_b"] not in row_of:
            continue
        a, b = row_of[row["id_a"]], row_of[row["id_b"]]
        one = Pair(a, at.tokens(a, row["start_a"], row["end_a"]), b, at.tokens(b, row["start_b"], row["end_b"]))
        if min(one.a[1] - one.a[0], one.b[1] - one.b[0]) >= LENGTH:
            pairs["equal" if row["crc_a"] == row["crc_b"] else "changed"].append(one)
    for case, some in pairs.items():
        yield planted(case, some, at, matches, found)


def single_edits(text: Text, rng: Random) -> Text:
    """Single characters exchanged, put in, taken out; what is marked stays marked."""
    (mark,) = text.marks
    made = []
    for at, char in enumerate(text.string):
        if not mark.start <= at < mark.end or not "\u4e00" <= char <= "\u9fff" or rng.random() >= EDITED:
            made.append(char)
            continue
        other = rng.choice(text.string)
        made.append(rng.choice((other, "", char + other)))
    string = "".join(made)
    return Text(string, (Mark(mark.start, mark.end + len(string) - len(text.string), None),))


def damaged(text: Text, rng: Random) -> Text:
    """As a careless site leaves it."""
    for name in site_damage(rng, len(text.string)):
        text = DAMAGES[name](text, rng)
    return text


def edited_passages(seed: int, executor: Executor) -> Iterator[Tally]:
    """Passages planted in texts on one topic, one copy edited; and what is found that nobody planted."""
    for case, change in (("single edits", single_edits), ("site damage", damaged), ("both", _both)):
        rng = Random(f"{case} {seed}")
        writer = Writer(rng)
        topic = writer.report(form="report").topic
        texts, marks = [], []
        for _ in range(PLANTED):
            passage = writer.report(length=rng.randint(SHORTEST, LONGEST), form="report", topic=topic).text.string
            for copied in (False, True):
                around = [
                    writer.report(length=rng.randint(100, 900), form="plan", topic=topic).text.string for _ in range(2)
                ]
                whole = join([around[0], Text(passage, (Mark(0, len(passage), None),)), around[1]], "\n")
                whole = change(whole, rng) if copied else whole
                texts.append(whole.string)
                marks.append(next(iter(whole.marks), Mark(0, 0, None)))
        at = located(pa.array(texts, pa.large_string()))
        matches, _ = find_matches(at.codes, length=LENGTH, identity=IDENTITY, executor=executor)
        found = found_tokens(at.codes, find_occurrences(matches, length=LENGTH))
        spans = [at.tokens(row, *mark[:2]) for row, mark in enumerate(marks)]
        pairs = [Pair(row, spans[row], row + 1, spans[row + 1]) for row in range(0, len(texts), 2)]
        tally = planted(case, pairs, at, matches, found)
        for first, last in spans:
            found[first:last] = False
        false = {"false_characters": (at.end - at.start)[found].sum(), "identity_sum": matches.identity().sum()}
        counts = {**tally.counts, **false, "matches": len(matches.a)}
        yield Tally(tally.case, counts, {**tally.ratios, "identity": ("identity_sum", "matches")})


def _both(text: Text, rng: Random) -> Text:
    return damaged(single_edits(text, rng), rng)


# -- all of it ------------------------------------------------------------------------------------------------------


def measure(seeds: Sequence[int], documents: int, folder: Path) -> Iterator[Measurement]:
    """Equal runs, planted passages and edited ones of some seeds; those below 10 are for tuning, never reported."""
    with ThreadPoolExecutor(1) as executor:
        for profile in PROFILES:
            counted: list[Tally] = []
            for seed in seeds:
                where = folder / f"passages-{profile}-{seed}"
                collection = make(where / "collection", profile, documents, seed)
                try:
                    counted += equal_runs(texts_of(collection)[1], LENGTHS, CAPS, executor)
                    counted += in_truth(collection, executor)
                finally:
                    shutil.rmtree(where)
            on = {"profile": profile, "documents": documents, "seeds": ", ".join(map(str, seeds))}
            yield from add_up(counted, "passages", on, COMMAND)
        counted = [tally for seed in seeds for tally in edited_passages(seed, executor)]
        yield from add_up(counted, "passages", {"seeds": ", ".join(map(str, seeds))}, COMMAND)


def speed(path: Path) -> Measurement:
    """MB/s of each stage on one thread for a file of JSON lines, and the most memory between two stages."""
    megabytes = path.stat().st_size / 1e6
    seconds: dict[str, float] = {}
    memory: list[float] = []

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        result = work()
        seconds[stage] = time.perf_counter() - begin
        memory.append(anonymous_mb())
        return result

    with ThreadPoolExecutor(1) as executor:
        texts = timed("parse", lambda: texts_of(path)[1])
        codes = timed("normalise", lambda: normalise_rows(texts))
        prints = timed("winnow", lambda: winnow(codes, length=LENGTH, executor=executor))
        timed("group", lambda: group_prints(codes, prints, length=LENGTH, cap=CAPS[-1]))
        matches, _ = timed("match", lambda: find_matches(codes, length=LENGTH, executor=executor))
        seconds["match"] -= seconds["winnow"] + seconds["group"]
        found = timed("occurrences", lambda: find_occurrences(matches, length=LENGTH))
        rows, tokens = np.tile(found.row, 2), np.concatenate([found.start, found.end - 1])
        timed("locate", lambda: locate_tokens(texts, rows, tokens))
    rates = {f"{stage}_mb_per_s": round(megabytes / taken, 1) for stage, taken in seconds.items()}
    values: dict[str, float | int | None] = {**rates}
    values["all_mb_per_s"] = round(megabytes / sum(seconds.values()), 1)
    values |= {"megabytes": round(megabytes, 1), "anonymous_mb": round(max(memory)), "matches": len(matches.a)}
    return Measurement("passages", {"measure": "speed", "file": path.name}, values, COMMAND)
