"""Does time and memory hold up: the same kind of collection in three sizes, `python -m benchmarks run --only scaling`.

Documents are those of the profile `brief` (about 1 KB each), so that a million of them fits into a few minutes. The
exponent of growth is the slope between two sizes on log axes: 1 is ten times the time for ten times the documents.
"""

from __future__ import annotations

import math
import shutil
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.generated import make
from benchmarks.measurement import QUICK, Measurement
from benchmarks.process import Finished, run_dedup

PROFILE, SEED = "brief", 100
THREADS = 2
WARM_UP = 500


class Size(NamedTuple):
    """So many documents, timed so often."""

    documents: int
    runs: int


FULL_SIZES = (Size(10_000, 5), Size(100_000, 3), Size(1_000_000, 1))
QUICK_SIZES = (Size(1_000, 3), Size(3_000, 3), Size(10_000, 2))


def measure(effort: str, folder: Path) -> Iterator[Measurement]:
    """One line per size, and one per step from a size to the next."""
    command = "python -m benchmarks run --only scaling" + (" --quick" if effort == QUICK else "")
    few = make(folder / "few" / "collection", PROFILE, WARM_UP, SEED)
    _run(few, folder / "few", 0)
    medians: list[tuple[int, dict[str, float]]] = []
    for size in QUICK_SIZES if effort == QUICK else FULL_SIZES:
        where = folder / f"{PROFILE}-{size.documents}"
        collection = make(where / "collection", PROFILE, size.documents, SEED)
        written = sum(path.stat().st_size for path in collection.glob("*.jsonl"))
        finished = [_run(collection, where, turn) for turn in range(size.runs)]
        values = _values(finished, size.documents, written)
        case = {"documents": size.documents, "profile": PROFILE, "seed": SEED, "threads": THREADS}
        yield Measurement(
            "scaling",
            case,
            values,
            command,
            n=size.runs,
            warm_up=f"one run of {WARM_UP} documents, which compiles the kernels",
            spread={
                "seconds": _ends([run.seconds for run in finished]),
                "peak_mb": _ends([run.peak_mb for run in finished]),
            },
        )
        medians.append((size.documents, {name: value for name, value in values.items() if value is not None}))
        shutil.rmtree(where)
    for before, after in zip(medians, medians[1:], strict=False):
        yield growth(before, after, command)


def _run(collection: Path, where: Path, turn: int) -> Finished:
    out = where / f"out-{turn}"
    finished = run_dedup([collection], out, threads=THREADS)
    shutil.rmtree(out)
    return finished


def _values(finished: Sequence[Finished], documents: int, size: int) -> dict[str, float | int | None]:
    def median(of: list[float]) -> float:
        return statistics.median(of)

    summary: dict[str, Any] = finished[-1].summary
    seconds, peak = median([run.seconds for run in finished]), median([run.peak_mb for run in finished])
    return {
        "seconds": round(seconds, 3),
        # Without the start of Python and its imports, which a small collection consists of.
        "stages_seconds": round(median([sum(run.summary["seconds"].values()) for run in finished]), 3),
        "mb": round(size / 1e6, 3),
        "mb_per_s": round(size / 1e6 / seconds, 2),
        "documents_per_s": round(documents / seconds),
        "peak_mb": round(peak, 1),
        "bytes_per_document": round(peak * 2**20 / documents),
        "candidates": summary["candidates"],
        "candidates_per_document": round(summary["candidates"] / documents, 3),
        "unsearched": summary["unsearched"],
        "removed": summary["removed"],
    }


def growth(before: tuple[int, dict[str, float]], after: tuple[int, dict[str, float]], command: str) -> Measurement:
    """The exponents between two sizes."""
    step = math.log(after[0] / before[0])

    def slope(name: str) -> float | None:
        small, large = before[1].get(name, 0), after[1].get(name, 0)
        return round(math.log(large / small) / step, 3) if small > 0 and large > 0 else None

    names = ("seconds", "stages_seconds", "peak_mb", "candidates")
    case = {"growth_from": before[0], "growth_to": after[0], "profile": PROFILE, "seed": SEED, "threads": THREADS}
    return Measurement("scaling", case, {f"{name}_exponent": slope(name) for name in names}, command)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    return round(min(values), 3), round(max(values), 3)
