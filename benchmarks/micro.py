"""The stages of the similarity core, as measurements: pytest-benchmark's own file, line by line.

`pytest benchmarks --benchmark-only` is the benchmark itself and compares with runs of other commits
(`--benchmark-autosave`, `--benchmark-compare`); this puts the same figures beside all others, for the report.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measurement import QUICK, ROOT, Measurement

# How a case is told; whatever else a benchmark is parametrised by comes behind.
ORDER = ("stage", "language", "length", "documents", "scheme", "k")


def measure(effort: str, folder: Path) -> Iterator[Measurement]:
    """Run the suite in a process of its own and read its file.

    Raises
    ------
    RuntimeError
        At the end, if one of the benchmarks failed; the others are told before.
    """
    file = folder / "micro.json"
    quick = effort == QUICK
    command = [sys.executable, "-m", "pytest", "benchmarks", "--benchmark-only", "-q", f"--benchmark-json={file}"]
    command += ["-p", "no:cacheprovider"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DEDUP_BENCH_QUICK": "1" if quick else ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if file.exists():
        for record in json.loads(file.read_text(encoding="utf-8"))["benchmarks"]:
            yield measurement(record, quick)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR", "E  "))]
        raise RuntimeError("; ".join(lines[-3:]) or (done.stdout + done.stderr).strip()[-300:])


def measurement(record: dict[str, Any], quick: bool) -> Measurement:
    """One record of pytest-benchmark's file."""
    stage, _, _ = record["name"].partition("[")
    parameters = {"stage": stage.removeprefix("test_").removesuffix("_of_many"), **(record["params"] or {})}
    ordered = sorted(parameters, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    stats, extra = record["stats"], record["extra_info"]
    values = {"seconds": stats["median"], **extra}
    speeds = [extra["bytes"] / 1e6 / stats[end] for end in ("max", "min")]
    wanted = f"pytest benchmarks --benchmark-only -k '{record['name']}'"
    return Measurement(
        "micro",
        {name: parameters[name] for name in ordered},
        values,
        f"DEDUP_BENCH_QUICK=1 {wanted}" if quick else wanted,
        n=stats["rounds"] * stats["iterations"],
        warm_up="one call, which compiles or loads the kernels",
        spread={"seconds": (stats["min"], stats["max"]), "mb_per_s": (speeds[0], speeds[1])},
    )


def measure_sketches(effort: str, folder: Path) -> Iterator[Measurement]:
    """Sketching in turns with other tools (`benchmarks.sketch_speed`), in a process of its own: it sets threads.

    Raises
    ------
    RuntimeError
        If it fails, with the last line it said.
    """
    quick = ["--quick"] if effort == QUICK else []
    line = [sys.executable, "-m", "benchmarks.sketch_speed", "--json", *quick]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["nothing said"])[-1])
    for text in done.stdout.splitlines():
        found = json.loads(text)
        low, high = found.pop("ours_min"), found.pop("ours_max")
        length = int(found.pop("median_chars"))
        del found["file"]
        turns = found.pop("turns")
        yield Measurement(
            "sketches",
            {"language": "zh", "length": length, "k": 256},
            found,
            " ".join(["python -m benchmarks.sketch_speed", *quick]),
            n=turns,
            warm_up="one turn",
            spread={"ours_mb_per_s": (low, high)},
        )
