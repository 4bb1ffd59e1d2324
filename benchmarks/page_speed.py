"""How fast `dedup passages` is from start to end, and what pieces and boilerplate add to `dedup run`."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from benchmarks.generated import make
from benchmarks.measurement import FULL, QUICK, Measurement
from benchmarks.process import Finished, run_dedup

COMMAND = "python -m benchmarks run --only {}"
SEED = 100
FEW = 60
WARM_UP = f"one run of {FEW} pages, which compiles the kernels; of several runs one more of the collection"
# Many versions of the same laws: nearly everything in it stands in several places, the hard case for passages.
REAL = "zh_laws_full"
PLAIN = "plain run"
ADDED = {
    "pieces": ("--unit", "piece"),
    "boilerplate": ("--boilerplate", "auto", "--source", "source"),
    "pieces and boilerplate": ("--unit", "piece", "--boilerplate", "auto", "--source", "source"),
}


class Large(NamedTuple):
    """So many documents of a profile: 60 MB and more, so that the start of Python no longer matters."""

    profile: str
    documents: int


class Plan(NamedTuple):
    """What is timed, how often, with how many threads, and how many bytes of the real collection."""

    collections: tuple[Large, ...]
    turns: int
    threads: tuple[int, ...]
    real_bytes: int | None

    @property
    def runs(self) -> int:
        """With the first one, which brings the files into the page cache; not counted where there are several."""
        return self.turns + (self.turns > 1)


PLANS = {
    FULL: Plan((Large("pages", 10_000), Large("mixed", 30_000)), 5, (1, 2), None),
    QUICK: Plan((Large("pages", 100),), 1, (1,), 1_000_000),
}


def passages(effort: str, folder: Path) -> Iterator[Measurement]:
    """`dedup passages` on large generated collections, and on the real one where `DEDUP_DATA` names its folder."""
    plan = PLANS[effort]
    warm_up(folder, {"": ()}, "passages")
    for large in plan.collections:
        collection = made(large, folder)
        case = {"collection": large.profile, "documents": large.documents, "seed": SEED}
        yield from passages_of(collection, case, plan, folder)
    data = os.environ.get("DEDUP_DATA")
    if not data:
        return
    packed, case = Path(data) / f"{REAL}.jsonl.zst", {"collection": REAL}
    if not packed.exists():
        reason = f"no {packed.name} in the folder that DEDUP_DATA names"
        yield Measurement("passages", {"measure": "speed", **case}, {}, COMMAND.format("passages"), failed=reason)
        return
    yield from passages_of(unpacked(packed, folder, plan.real_bytes), case, plan, folder)


def passages_of(collection: Path, case: Mapping[str, Any], plan: Plan, folder: Path) -> Iterator[Measurement]:
    """One line per number of threads; the first of several runs is not counted."""
    size = bytes_of(collection) / 1e6
    for threads in plan.threads:
        runs = [once(collection, folder, (), threads, "passages") for _ in range(plan.runs)][-plan.turns :]
        seconds = [run.seconds for run in runs]
        stages = [sum(run.summary["seconds"].values()) for run in runs]
        values = {
            "mb": round(size, 3),
            "seconds": round(statistics.median(seconds), 3),
            "stages_seconds": round(statistics.median(stages), 3),
            "mb_per_s": round(size / statistics.median(seconds), 2),
            "stages_mb_per_s": round(size / statistics.median(stages), 2),
            "peak_mb": round(max(run.peak_mb for run in runs), 1),
            "documents": runs[-1].summary["documents"],
            "passages": runs[-1].summary["passages"],
        }
        yield Measurement(
            "passages",
            {"measure": "speed", **case, "threads": threads},
            values,
            COMMAND.format("passages"),
            n=plan.turns,
            warm_up=WARM_UP,
            spread={"seconds": ends(seconds), "mb_per_s": ends([size / one for one in seconds])},
        )


def overhead(effort: str, folder: Path) -> Iterator[Measurement]:
    """Runs with pieces, with boilerplate and with both, in turns with plain ones of the same collection.

    A ratio is the median of the ratios of two runs of one turn: it bears a noisy machine better than seconds do.
    """
    plan = PLANS[effort]
    threads = plan.threads[-1]
    options: dict[str, Sequence[str]] = {PLAIN: (), **ADDED}
    warm_up(folder, options, "run")
    for large in plan.collections:
        collection = made(large, folder)
        turns = [
            {name: once(collection, folder, these, threads) for name, these in options.items()}
            for _ in range(plan.runs)
        ][-plan.turns :]
        for name in ADDED:
            case = {"measure": "overhead", "added": name, "collection": large.profile, "documents": large.documents}
            yield Measurement(
                "pieces",
                {**case, "seed": SEED, "threads": threads},
                compared([turn[PLAIN] for turn in turns], [turn[name] for turn in turns], bytes_of(collection)),
                COMMAND.format("pieces"),
                n=plan.turns,
                warm_up=WARM_UP,
                spread={"ratio": ends([turn[name].seconds / turn[PLAIN].seconds for turn in turns])},
            )


def compared(plain: Sequence[Finished], added: Sequence[Finished], size: int) -> dict[str, Any]:
    """The values of runs beside plain ones, turn by turn."""

    def inside(run: Finished) -> float:
        return float(sum(run.summary["seconds"].values()))

    turns = list(zip(added, plain, strict=True))
    return {
        "mb": round(size / 1e6, 3),
        "plain_seconds": round(statistics.median(run.seconds for run in plain), 3),
        "seconds": round(statistics.median(run.seconds for run in added), 3),
        "ratio": round(statistics.median(one.seconds / other.seconds for one, other in turns), 4),
        # Without the start of Python and its imports, which are the same with and without.
        "stages_ratio": round(statistics.median(inside(one) / inside(other) for one, other in turns), 4),
        "plain_peak_mb": round(max(run.peak_mb for run in plain), 1),
        "peak_mb": round(max(run.peak_mb for run in added), 1),
        "documents": added[-1].summary["documents"],
        "removed": added[-1].summary["removed"],
        "plain_removed": plain[-1].summary["removed"],
    }


def made(large: Large, folder: Path) -> Path:
    """A collection, which stays until all benchmarks are through: two of them run on it."""
    collection = folder / f"large-{large.profile}-{large.documents}" / "collection"
    return collection if collection.exists() else make(collection, large.profile, large.documents, SEED)


def unpacked(packed: Path, folder: Path, most: int | None) -> Path:
    """A real collection as JSON lines, so that what is timed is no decompression; `most` bytes of it, if given."""
    path = folder / packed.stem
    with pa.input_stream(str(packed), compression="zstd") as stream, path.open("wb") as file:
        if most is None:
            shutil.copyfileobj(stream, file, 1 << 20)
        else:
            file.write(stream.read(most).rpartition(b"\n")[0] + b"\n")
    return path


def bytes_of(collection: Path) -> int:
    """The size of what is read."""
    files: Iterable[Path] = collection.glob("*.jsonl") if collection.is_dir() else [collection]
    return sum(path.stat().st_size for path in files)


def warm_up(folder: Path, options: Mapping[str, Sequence[str]], which: str) -> None:
    """One run of each kind on a few pages, which compiles the kernels."""
    few = made(Large("pages", FEW), folder)
    for these in options.values():
        once(few, folder, these, 1, which)


def once(collection: Path, folder: Path, options: Sequence[str], threads: int, which: str = "run") -> Finished:
    """One run, of which nothing stays."""
    out = folder / "out"
    try:
        return run_dedup([collection], out, threads=threads, options=options, command=which)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def ends(values: Sequence[float]) -> tuple[float, float]:
    """Smallest and largest."""
    return round(min(values), 4), round(max(values), 4)
