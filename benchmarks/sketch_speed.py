"""Sketch speed in one run, one thread: `python -m benchmarks.sketch_speed [FILE.jsonl …] [--quick] [--json]`.

Ours is `dedup.fingerprints.sketch.sketch_texts`, from an Arrow string array to sketches of 256 values: normalisation,
shingles, sketch. It is held against

(a) decode: CPython's ``bytes.decode()`` of the same bytes as one blob, which any tool that wants ``str`` pays first;
(b) datasketch: ``MinHash(num_perm=256).update_batch`` of the distinct encoded character 5-grams of each ``str``;
(c) Rensa: ``RMinHash(256, seed).update`` of the set of character 5-grams of each ``str``, and its digest.

(b) and (c) take the text with its white space removed; the time they need to build the 5-grams is counted, as it is for
ours, and the decoding is not. They run on a sample of the documents (2 MB or more, or all), and bytes per second make
the sizes comparable. The contenders take turns, ours before each of the others, so that a machine that slows down slows
both of a pair: speeds are medians of the turns, ratios are medians of the ratios of such pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("RAYON_NUM_THREADS", "1")  # before Rensa is imported: one thread for all

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from datasketch import MinHash
from rensa import RMinHash

from benchmarks.texts import arrow, passages
from dedup.documents.normalise import utf8_buffers
from dedup.fingerprints.sketch import sketch_texts

K, N, SEED = 256, 5, 1
LENGTHS = (3000, 437, 125)
LEAST_SECONDS = 0.05  # a timing lasts so long at least: a small file is gone through several times


class Effort(NamedTuple):
    """How much is measured."""

    generated_bytes: int
    sample_bytes: int
    turns: int
    slow_turns: int


FULL = Effort(8_000_000, 2_000_000, 7, 3)
QUICK = Effort(150_000, 40_000, 3, 1)


def read_texts(path: Path, field: str) -> pa.LargeStringArray:
    """One field of a JSON lines file, nulls left out."""
    schema = pa.schema([(field, pa.string())])
    try:
        table = pa.json.read_json(
            path,
            read_options=pa.json.ReadOptions(block_size=64 << 20),
            parse_options=pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise SystemExit(f"sketch_speed: {path}: {error}") from None
    texts = pc.drop_null(table.column(field)).cast(pa.large_string()).combine_chunks()
    if not len(texts):
        raise SystemExit(f"sketch_speed: {path}: no record has a string in the field {field!r}")
    return texts


def text_bytes(texts: pa.LargeStringArray) -> bytes:
    """The UTF-8 of all texts as one blob."""
    data, offsets = utf8_buffers(texts)
    return data[offsets[0] : offsets[-1]].tobytes()


def draw_sample(texts: pa.LargeStringArray, size: int) -> list[str]:
    """Documents drawn without order until they hold `size` bytes, or all of them."""
    _, offsets = utf8_buffers(texts)
    order = np.random.default_rng(SEED).permutation(len(texts))
    count = int(np.searchsorted(np.cumsum(np.diff(offsets)[order]), size)) + 1
    return texts.take(pa.array(np.sort(order[:count]))).to_pylist()


def grams(text: str) -> set[str]:
    """The distinct character 5-grams of a text without its white space; a shorter text is one."""
    text = "".join(text.split())
    return {text[i : i + N] for i in range(max(1, len(text) - N + 1))}


def sketch_datasketch(texts: list[str]) -> None:
    """What users of datasketch write."""
    for text in texts:
        MinHash(num_perm=K).update_batch([gram.encode() for gram in grams(text)])


def sketch_rensa(texts: list[str]) -> None:
    """What users of Rensa write; the digest makes sure that nothing is put off."""
    for text in texts:
        sketch = RMinHash(K, SEED)
        sketch.update(grams(text))
        sketch.digest()


class Contender:
    """Something that goes through so many bytes, and the speeds it reached."""

    def __init__(self, work: Callable[[], Any], size: int, turns: int) -> None:
        begin = time.perf_counter()
        work()  # warm-up: compiles or loads the kernels
        if time.perf_counter() - begin < 10 * LEAST_SECONDS:
            begin = time.perf_counter()
            work()
        self._times = max(1, round(LEAST_SECONDS / (time.perf_counter() - begin)))
        self._work, self._size, self.turns = work, size, turns
        self.speeds: list[float] = []

    def take_turn(self) -> float:
        """Work once more: MB/s."""
        begin = time.perf_counter()
        for _ in range(self._times):
            self._work()
        self.speeds.append(self._times * self._size / 1e6 / (time.perf_counter() - begin))
        return self.speeds[-1]

    @property
    def speed(self) -> float:
        """MB/s, the median of its turns."""
        return statistics.median(self.speeds)


def measure(name: str, texts: pa.LargeStringArray, effort: Effort) -> dict[str, Any]:
    """All contenders on one set of texts."""
    blob = text_bytes(texts)
    sample = draw_sample(texts, effort.sample_bytes)
    sample_size = sum(len(text.encode()) for text in sample)
    out = np.zeros((len(texts), K), np.uint32)  # a run reuses its buffers too: it keeps band keys, never all sketches
    ours = Contender(lambda: sketch_texts(texts, n=N, k=K, seed=SEED, out=out), len(blob), effort.turns)
    others = {
        "decode": Contender(blob.decode, len(blob), effort.turns),
        "datasketch": Contender(lambda: sketch_datasketch(sample), sample_size, effort.slow_turns),
        "rensa": Contender(lambda: sketch_rensa(sample), sample_size, effort.slow_turns),
    }
    ratios: dict[str, list[float]] = {key: [] for key in others}
    for turn in range(effort.turns):
        for key, other in others.items():
            if turn < other.turns:
                ratios[key].append(ours.take_turn() / other.take_turn())
    result: dict[str, Any] = {
        "file": name,
        "documents": len(texts),
        "mb": round(len(blob) / 1e6, 3),
        "median_chars": float(np.median(pc.utf8_length(texts).to_numpy(zero_copy_only=False))),
        "sample_documents": len(sample),
        "sample_mb": round(sample_size / 1e6, 3),
        "ours_mb_per_s": round(ours.speed, 1),
        "ours_min": round(min(ours.speeds), 1),
        "ours_max": round(max(ours.speeds), 1),
        "turns": len(ours.speeds),
    }
    for key, other in others.items():
        result[f"{key}_mb_per_s"] = round(other.speed, 3)
        result[f"ours_over_{key}"] = round(statistics.median(ratios[key]), 3)
    return result


HEAD = (
    f"{'file':<24} {'documents':>9} {'MB':>8} {'chars':>6} {'ours MB/s (min–max)':>24} "
    f"{'ours/decode':>11} {'ours/datasketch':>15} {'ours/Rensa':>10} {'sample MB':>9}"
)


def row(result: dict[str, Any]) -> str:
    """One line of the table."""
    speed = f"{result['ours_mb_per_s']:.0f} ({result['ours_min']:.0f}–{result['ours_max']:.0f})"
    return (
        f"{result['file'][-24:]:<24} {result['documents']:>9,} {result['mb']:>8.2f} {result['median_chars']:>6.0f} "
        f"{speed:>24} {result['ours_over_decode']:>11.2f} {result['ours_over_datasketch']:>15.1f} "
        f"{result['ours_over_rensa']:>10.1f} {result['sample_mb']:>9.2f}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sketch_speed", description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.jsonl", help="default: generated Chinese texts")
    parser.add_argument("--field", default="text", help="field of the text (text)")
    parser.add_argument("--quick", action="store_true", help="little text, few turns: shows that it runs")
    parser.add_argument("--json", action="store_true", help="one JSON object per file instead of a table")
    options = parser.parse_args(arguments)
    effort = QUICK if options.quick else FULL
    sets: list[tuple[str, Callable[[], pa.LargeStringArray]]] = [
        (path.name, lambda path=path: read_texts(path, options.field)) for path in options.files
    ] or [
        (f"generated {length}", lambda length=length: arrow(passages("zh", length, effort.generated_bytes)))
        for length in LENGTHS
    ]
    if not options.json:
        print(HEAD, flush=True)
    for name, texts in sets:
        result = measure(name, texts(), effort)
        print(json.dumps(result, ensure_ascii=False) if options.json else row(result), flush=True)
    if not options.json:
        print("ours/x: how many times the speed of x; datasketch and Rensa on the sample, scaled by bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
