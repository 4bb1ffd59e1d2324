"""What a run finds and what it misses, against planted truth and against all pairs compared by brute force."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks.generated import make
from benchmarks.measurement import QUICK, Measurement
from benchmarks.quality import planted, real
from benchmarks.quality.tally import Tally, add_up

THREADS = 2


class Plan(NamedTuple):
    """So many documents of a profile, of each seed. Seeds below 10 are for tuning and never reported."""

    profile: str
    documents: int
    seeds: tuple[int, ...]


FULL_PLANS = (
    Plan("mixed", 10_000, (100, 101, 102)),
    Plan("ladder", 5_000, (100, 101, 102)),
    Plan("edits", 5_000, (100, 101)),
    Plan("damage", 5_000, (100, 101)),
    Plan("templates", 5_000, (100, 101)),
    Plan("pages", 2_000, (100, 101)),
    Plan("traps", 3_000, (100, 101)),
    Plan("unseen", 5_000, (100, 101, 102)),
)
QUICK_PLANS = (Plan("mixed", 600, (100,)), Plan("ladder", 400, (100,)), Plan("traps", 200, (100,)))


def measure(effort: str, folder: Path) -> Iterator[Measurement]:
    """Generated collections, profile by profile; one that cannot be made leaves a failed line."""
    command = "python -m benchmarks run --only quality" + (" --quick" if effort == QUICK else "")
    for plan in QUICK_PLANS if effort == QUICK else FULL_PLANS:
        on = {"profile": plan.profile, "documents": plan.documents, "seeds": _span(plan.seeds)}
        try:
            counted = [tally for seed in plan.seeds for tally in _planted(plan, seed, folder)]
        except Exception as error:  # the other profiles are still worth having
            yield Measurement("quality", on, {}, command, failed=f"{type(error).__name__}: {error}")
            continue
        yield from add_up(counted, "quality", on, command)


def _planted(plan: Plan, seed: int, folder: Path) -> list[Tally]:
    where = folder / f"quality-{plan.profile}-{seed}"
    collection = make(where / "collection", plan.profile, plan.documents, seed)
    try:
        with ThreadPoolExecutor(THREADS) as executor:
            return list(planted.tallies(collection, seed, executor))
    finally:
        shutil.rmtree(where)


def measure_real(effort: str, folder: Path) -> Iterator[Measurement]:
    """The labelled real collections; nothing where `DEDUP_DATA` is not set, and the report says so."""
    data = os.environ.get("DEDUP_DATA")
    if not data:
        return
    command = "DEDUP_DATA=FOLDER python -m benchmarks run --only real"
    for labelled in real.SETS:
        on = {"set": labelled.name, "source": labelled.source, "label": labelled.label}
        if not (Path(data) / labelled.file).exists():
            yield Measurement("real", on, {}, command, failed=f"no {labelled.file} in the folder that DEDUP_DATA names")
            continue
        try:
            with ThreadPoolExecutor(THREADS) as executor:
                counted = list(real.tallies(labelled, Path(data), executor))
        except Exception as error:  # a set that is not there must not take the others along
            yield Measurement("real", on, {}, command, failed=f"{type(error).__name__}: {error}")
            continue
        yield from add_up(counted, "real", on, command)


def _span(seeds: tuple[int, ...]) -> str:
    return f"{seeds[0]}-{seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
