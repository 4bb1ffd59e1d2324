"""How fast templates are made and texts matched, and how fast `dedup templates` is from start to end."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.measurement import FULL, QUICK, Measurement
from benchmarks.process import Finished, run_dedup
from benchmarks.templates.planted import CHINESE, LINES, line_template, plant
from corpus.writer import Writer

COMMAND = "python -m benchmarks run --only templates"
SEED = 100
LENGTH = 3400
THREADS = 2
LINE_FAMILY = 20
"""Members of a family of short texts on average: as many texts again have nothing to do with each other."""
WARM_UP = "one family of 5, which compiles the kernels and loads the dictionaries"
FEW = 200


class Plan(NamedTuple):
    """Sizes of families that are timed, timings of each, short texts, and members of one large family."""

    sizes: tuple[int, ...]
    runs: int
    lines: int
    large: int


PLANS = {FULL: Plan((20, 200, 1000), 3, 100_000, 100_000), QUICK: Plan((20,), 1, 400, 200)}


def measure(effort: str, folder: Path) -> Iterator[Measurement]:
    """Members of one length apart, then whole runs."""
    plan = PLANS[effort]
    yield from members(plan)
    yield from whole(plan, folder)


def members(plan: Plan) -> Iterator[Measurement]:
    """Milliseconds per member of a family of long reports: making the template, and matching all of them."""
    from benchmarks.templates.ours import Ours

    ours = Ours()
    ours.read(plant(CHINESE, 5, 0.0, Random(SEED), length=LENGTH).texts)
    for size in plan.sizes:
        texts = plant(CHINESE, size, 0.0, Random(f"{SEED} {size}"), length=LENGTH).texts
        answers = [ours.read(texts) for _ in range(plan.runs)]
        building = [1000 * answer.building / size for answer in answers]
        matching = [1000 * answer.matching / size for answer in answers]
        both = [one + other for one, other in zip(building, matching, strict=True)]
        yield Measurement(
            "templates",
            {"measure": "speed", "members": size},
            {
                "characters": round(statistics.mean(map(len, texts))),
                "building_ms": round(statistics.median(building), 4),
                "matching_ms": round(statistics.median(matching), 4),
                "ms_per_member": round(statistics.median(both), 4),
                "ms_per_length": round(statistics.median(both) * LENGTH / statistics.mean(map(len, texts)), 4),
            },
            COMMAND,
            n=plan.runs,
            warm_up=WARM_UP,
            spread={"ms_per_member": ends(both)},
        )


def whole(plan: Plan, folder: Path) -> Iterator[Measurement]:
    """`dedup templates` as a process: many short texts, and one family of many members."""
    few = write(folder / "few.jsonl", lines(FEW))
    once(few, folder)
    for name, texts in (("short texts", lines(plan.lines)), ("one family", one_family(plan.large))):
        path = write(folder / "texts.jsonl", texts)
        begin = time.perf_counter()
        run = once(path, folder)
        seconds = time.perf_counter() - begin
        yield Measurement(
            "templates",
            {"measure": "whole run", "texts": name, "documents": run.summary["documents"], "threads": THREADS},
            {
                "mb": round(path.stat().st_size / 1e6, 3),
                "seconds": round(min(seconds, run.seconds), 3),
                "stages_seconds": round(sum(run.summary["seconds"].values()), 3),
                "templates_found": run.summary.get("templates"),
                "peak_mb": round(run.peak_mb, 1),
            },
            COMMAND,
            warm_up=f"one run of {FEW} texts, which compiles the kernels",
        )
        path.unlink()
    few.unlink()


def lines(count: int) -> Iterator[str]:
    """Titles, notices and items: half of them in families of 2 to some hundred members, half alone."""
    rng = Random(f"{SEED} lines")
    kinds = list(LINES)
    made = 0
    while made < count:
        size = min(count - made, 2 + int(rng.expovariate(1 / LINE_FAMILY)))
        template = line_template(rng.choice(kinds), CHINESE, rng)
        yield from (template.member(rng).text.string for _ in range(size))
        alone = min(count - made - size, size)
        yield from (Writer(rng).short().text.string for _ in range(alone))
        made += size + alone


def one_family(count: int) -> Iterator[str]:
    """Members of one template of a few hundred characters."""
    rng = Random(f"{SEED} one family")
    template = Writer(rng).template(length=330, form="notice", share=0.1)
    return (template.member(rng).text.string for _ in range(count))


def write(path: Path, texts: Iterator[str]) -> Path:
    """The texts as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"id": str(number), "text": text}, ensure_ascii=False) + "\n")
    return path


def once(path: Path, folder: Path) -> Finished:
    """One run, of which nothing stays."""
    out = folder / "out"
    try:
        return run_dedup([path], out, threads=THREADS, command="templates")
    finally:
        shutil.rmtree(out, ignore_errors=True)


def ends(values: Sequence[float]) -> tuple[float, float]:
    """Smallest and largest."""
    return round(min(values), 4), round(max(values), 4)
