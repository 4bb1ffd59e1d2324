"""One contender in a process of its own: `python -m benchmarks.contenders NAME FOLDER`, as `benchmarks.judge` made it.

Prints one JSON object: seconds from ready shingles to pairs, seconds of cutting shingles, memory before the first
document and after the last. `--out` keeps the pairs.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any, cast

import numpy as np

from benchmarks.contenders import Contender, ReadsFiles, TakesShingles, load, names
from benchmarks.contenders.documents import read_views, shingles


def take(contender: Contender, folder: Path) -> tuple[float, float]:
    """Give it all documents and let it search: seconds of the contender, and of cutting shingles."""
    cutting = 0.0
    begin = time.perf_counter()
    if hasattr(contender, "read"):
        cast(ReadsFiles, contender).read(folder / "collection")
    else:
        reading = read_views(folder / "views.txt")
        while True:
            began = time.perf_counter()
            documents = [shingles(view) for view in next(reading, [])]
            cutting += time.perf_counter() - began
            if not documents:
                break
            cast(TakesShingles, contender).add(documents)
    contender.search()
    return time.perf_counter() - begin - cutting, cutting


def anonymous_bytes() -> int | None:
    """Memory of this process that is its own, after everything that can be given back was; None without /proc."""
    gc.collect()
    if sys.platform != "linux":
        return None
    ctypes.CDLL(None).malloc_trim(0)
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return None


def measure(name: str, folder: Path, threshold: float, settings: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
    """Warm up on the first documents, then take all of them."""
    kind = load(name)
    take(kind(threshold, **settings), folder / "few")
    before = anonymous_bytes()
    contender = kind(threshold, **settings)
    seconds, cutting = take(contender, folder)
    if hasattr(contender, "index_bytes"):
        index = cast(ReadsFiles, contender).index_bytes()
    else:
        after = anonymous_bytes()
        index = None if before is None or after is None else max(0, after - before)
    figures = {"seconds": seconds, "cutting_seconds": cutting, "before_bytes": before, "index_bytes": index}
    return figures, contender.pairs()


def main() -> None:
    """Measure one contender."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contenders", description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=names())
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threshold", type=float, default=0.7)
    parser.add_argument("--settings", type=json.loads, default={}, metavar="JSON")
    parser.add_argument("--out", type=Path, metavar="PAIRS.npy")
    options = parser.parse_args()
    figures, pairs = measure(options.name, options.folder, options.threshold, options.settings)
    if options.out:
        np.save(options.out, pairs)
    print(json.dumps({**figures, "pairs": len(pairs)}))


if __name__ == "__main__":
    main()
