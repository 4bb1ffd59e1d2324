"""Many documents: `python -m benchmarks.many --documents 1000000` times one run, and watches its memory.

The documents are made on the spot: about 350 Chinese characters (1 KB of UTF-8) each, 30 % of them copies of earlier
ones. A third of the copies is equal to the letter, a third has other line breaks, a third has one or two sentences
exchanged (similarities of about .75 to .9).
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.process import run_dedup, show_stages
from corpus.lexicon import lists

POOL = 1 << 16
LEAST_CHARACTERS, MOST_CHARACTERS = 12, 22
LEAST_SENTENCES, MOST_SENTENCES = 17, 22
COPIES = 0.3
CHUNK = 20_000
WARM_UP = 500
HAN = re.compile("[一-鿿]")


def sentence_pool(rng: np.random.Generator) -> list[bytes]:
    """Sentences of 12 to 22 characters; common characters come often, as in any language.

    With 65,536 of them two documents of 17 to 22 share a sentence once in some 170 pairs, and one shared sentence is a
    Jaccard similarity of .02; it takes five for .1, which among all pairs of a million documents happens about never.
    So what is found is what was put in.
    """
    characters = sorted({char for entries in lists().values() for entry in entries for char in HAN.findall(entry)})
    weights = 1 / (10 + rng.permutation(len(characters)))
    lengths = rng.integers(LEAST_CHARACTERS, MOST_CHARACTERS, POOL, endpoint=True)
    drawn = rng.choice(np.array(characters), int(lengths.sum()), p=weights / weights.sum())
    whole = "".join(drawn.tolist())
    ends = np.cumsum(lengths).tolist()
    marks = np.array(["，", "。"])[rng.integers(0, 2, POOL)].tolist()
    return [(whole[a:b] + mark).encode() for a, b, mark in zip([0, *ends], ends, marks, strict=False)]


def documents(count: int, seed: int) -> Iterator[bytes]:
    """The text of each document as it stands between the quotes of a JSON string.

    A document is a row of sentence numbers. All originals are drawn first (2 bytes a sentence), so that a copy needs
    only the number of its original; sentences are joined chunk by chunk.
    """
    rng = np.random.default_rng(seed)
    pool = sentence_pool(rng)
    copy = rng.random(count) < COPIES
    copy[:1] = False
    original = np.cumsum(~copy) - 1
    originals = rng.integers(0, POOL, (int(original[-1]) + 1, MOST_SENTENCES), np.uint16)
    lengths = rng.integers(LEAST_SENTENCES, MOST_SENTENCES, len(originals), endpoint=True)
    source = np.where(copy, (rng.random(count) * (original + 1)).astype(np.int64), original)
    kind = np.where(copy, rng.integers(0, 3, count), 0)
    for begin in range(0, count, CHUNK):
        of = source[begin : begin + CHUNK]
        rows = originals[of]
        changed = np.flatnonzero(kind[begin : begin + CHUNK] == 2)
        for _ in range(2):  # the same place may be drawn twice: one sentence exchanged or two
            rows[changed, rng.integers(0, LEAST_SENTENCES, len(changed))] = rng.integers(0, POOL, len(changed))
        joints = np.array([b"", b"\\n", b""])[kind[begin : begin + CHUNK]].tolist()
        for row, length, joint in zip(rows.tolist(), lengths[of].tolist(), joints, strict=True):
            yield joint.join([pool[i] for i in row[:length]])


def write_collection(path: Path, count: int, seed: int = 1) -> int:
    """Write so many documents as JSON lines; the size of the file."""
    with path.open("wb", buffering=1 << 20) as file:
        for i, text in enumerate(documents(count, seed)):
            file.write(b'{"id": "d%08d", "text": "%b"}\n' % (i, text))
    return path.stat().st_size


def measure(folder: Path, count: int, *, seed: int, threads: int) -> dict[str, Any]:
    """Write the collection into `folder`, run once for the kernels' sake over a few documents, then over all."""
    path, few = folder / "many.jsonl", folder / "few.jsonl"
    write_collection(few, min(count, WARM_UP), seed)
    begin = time.perf_counter()
    size = write_collection(path, count, seed)
    written = time.perf_counter() - begin
    run_dedup([few], folder / "few", threads=threads)
    run = run_dedup([path], folder / "out", threads=threads)
    names = ("documents", "bands", "candidates", "unsearched", "pairs", "clusters", "removed", "exact", "near", "kept")
    return {
        "file_mb": round(size / 1e6, 3),
        "making_seconds": round(written, 3),
        "threads": threads,
        "seconds": round(run.seconds, 3),
        "stages": run.summary["seconds"],
        "peak_mb": round(run.peak_mb, 1),
        "mb_per_s": round(size / 1e6 / run.seconds, 3),
        "bytes_per_document": round(run.peak_mb * 2**20 / count, 1),
        **{name: run.summary[name] for name in names},
    }


def main(arguments: list[str] | None = None) -> int:
    """Make, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many", description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=1_000_000, metavar="N", help="how many (1000000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed makes the same documents (1)")
    parser.add_argument("--threads", type=int, default=2, metavar="T", help="worker threads of the run (2)")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="where the files lie meanwhile, some 3 KB a document"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    if options.documents < 1:
        parser.error("--documents: 1 or more")
    with tempfile.TemporaryDirectory(prefix="dedup-many-", dir=options.folder) as folder:
        result = measure(Path(folder), options.documents, seed=options.seed, threads=options.threads)
    if options.json:
        print(json.dumps(result))
        return 0
    print(
        f"documents  {result['documents']:,} in {result['file_mb']:,.1f} MB, made in {result['making_seconds']:.1f} s"
    )
    print(f"run        {result['seconds']:.2f} s, {result['mb_per_s']:.0f} MB/s, {result['threads']} threads")
    print(f"stages     {show_stages(result['stages'])}")
    print(
        f"memory     {result['peak_mb']:.0f} MB anonymous at most, {result['bytes_per_document']:,.0f} bytes a document"
    )
    print(
        f"search     {result['candidates']:,} candidates, {result['unsearched']:,} unsearched, bands {result['bands']}"
    )
    print(f"found      {result['pairs']:,} pairs, {result['clusters']:,} clusters")
    print(
        f"removed    {result['removed']:,}: {result['exact']:,} exact, {result['near']:,} near; kept {result['kept']:,}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
