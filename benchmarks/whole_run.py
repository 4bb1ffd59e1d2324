"""A whole run against parsing: `python -m benchmarks.whole_run [FILE.jsonl …] [--runs 5]`.

`dedup run` as a process of its own, from its start to its end, is held against the least that any tool must do with
JSON lines: parse them. That is `pyarrow.json.read_json` of the same files, timed inside this process with as many
threads, imports not counted. The two take turns; the first run and the first parse are not counted (they compile the
kernels and bring the files into the page cache).
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from benchmarks.many import write_collection
from benchmarks.process import Finished, run_dedup, show_stages

GENERATED = 20_000
PARSES_PER_RUN = 3


def parse_seconds(files: Sequence[Path]) -> float:
    """How long `pyarrow.json.read_json` takes for all files.

    Blocks are as large as pyarrow's default until a record does not fit into one; then they are 64 MB.
    """
    begin = time.perf_counter()
    for path in files:
        try:
            pa.json.read_json(path)
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error):
                raise SystemExit(f"whole_run: pyarrow cannot read {path}: {error}") from None
            pa.json.read_json(path, read_options=pa.json.ReadOptions(block_size=64 << 20))
    return time.perf_counter() - begin


def measure(files: Sequence[Path], folder: Path, *, runs: int, threads: int) -> dict[str, Any]:
    """Take turns, `runs` runs in all, the first of them not counted."""
    pa.set_cpu_count(threads)
    parse_seconds(files)
    finished: list[Finished] = []
    parses: list[float] = []
    for turn in range(runs):
        out = folder / f"out-{turn}"
        run = run_dedup(files, out, threads=threads)
        shutil.rmtree(out)
        if turn:
            finished.append(run)
            parses += [parse_seconds(files) for _ in range(PARSES_PER_RUN)]
    seconds, parsing = statistics.median(run.seconds for run in finished), statistics.median(parses)
    stages = finished[-1].summary["seconds"]
    inside = [sum(run.summary["seconds"].values()) for run in finished]
    size = sum(path.stat().st_size for path in files)
    return {
        "files": [path.name for path in files],
        "mb": round(size / 1e6, 3),
        "documents": finished[-1].summary["documents"],
        "removed": finished[-1].summary["removed"],
        "threads": threads,
        "runs": len(finished),
        "seconds": round(seconds, 3),
        "seconds_min": round(min(run.seconds for run in finished), 3),
        "seconds_max": round(max(run.seconds for run in finished), 3),
        "stages": {name: round(statistics.median(r.summary["seconds"][name] for r in finished), 4) for name in stages},
        "stages_seconds": round(statistics.median(inside), 3),
        "parse_seconds": round(parsing, 4),
        "run_over_parse": round(seconds / parsing, 3),
        "stages_over_parse": round(statistics.median(inside) / parsing, 3),
        "peak_mb": round(max(run.peak_mb for run in finished), 1),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_run", description=__doc__.split("\n")[0])
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE.jsonl", help=f"one collection (default: {GENERATED:,} generated)"
    )
    parser.add_argument("--runs", type=int, default=5, metavar="R", help="runs, the first of which is not counted (5)")
    parser.add_argument("--threads", type=int, default=2, metavar="T", help="threads of both (2)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where the output lies meanwhile")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    if options.runs < 2:
        parser.error("--runs: 2 or more, as the first is not counted")
    with tempfile.TemporaryDirectory(prefix="dedup-whole-run-", dir=options.folder) as name:
        folder = Path(name)
        files: list[Path] = options.files
        if not files:
            files = [folder / "generated.jsonl"]
            write_collection(files[0], GENERATED)
        result = measure(files, folder, runs=options.runs, threads=options.threads)
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
        return 0
    spread = f"{result['seconds_min']:.2f}–{result['seconds_max']:.2f}"
    print(f"collection {', '.join(result['files'])}: {result['documents']:,} documents, {result['mb']:,.1f} MB")
    print(f"run        {result['seconds']:.2f} s ({spread}, {result['runs']} runs), {result['threads']} threads")
    print(f"stages     {show_stages(result['stages'])}: {result['stages_seconds']:.2f} s")
    print(f"parse      {result['parse_seconds']:.3f} s (pyarrow.json.read_json)")
    print(f"run/parse  {result['run_over_parse']:.2f}; stages alone {result['stages_over_parse']:.2f}")
    print(f"memory     {result['peak_mb']:.0f} MB anonymous at most")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
