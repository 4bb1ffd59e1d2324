"""What is seen in scraped pages: labels of pairs, pieces of pages, lines of the site, passages; and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks import page_speed
from benchmarks.measurement import FULL, QUICK, Measurement
from benchmarks.quality import boilerplate, labels, passages, pieces


class Plan(NamedTuple):
    """So many documents a collection, of each seed. Seeds below 10 are for tuning and never reported."""

    documents: int
    seeds: tuple[int, ...]


PLANS = {
    FULL: {
        "labels": Plan(1_000, tuple(range(100, 110))),
        "pieces": Plan(1_000, (100, 101, 102)),
        "boilerplate": Plan(2_000, (100, 101, 102)),
        "passages": Plan(1_000, (100, 101, 102)),
    },
    QUICK: {
        "labels": Plan(100, (100,)),
        "pieces": Plan(100, (100,)),
        "boilerplate": Plan(100, (100,)),
        "passages": Plan(60, (100,)),
    },
}
Part = Callable[[], Iterable[Measurement]]


def measure_labels(effort: str, folder: Path) -> Iterator[Measurement]:
    """The label of every planted pair, against what it is called."""
    yield from parts("labels", effort, {"planted": lambda: labels.measure(*_plan("labels", effort), folder)})


def measure_pieces(effort: str, folder: Path) -> Iterator[Measurement]:
    """Where pieces begin and end, by headings alone and by the engine, and what looking for them adds to a run."""
    planted = lambda: pieces.measure(*_plan("pieces", effort), folder)  # noqa: E731
    yield from parts("pieces", effort, {"planted": planted, "overhead": lambda: page_speed.overhead(effort, folder)})


def measure_boilerplate(effort: str, folder: Path) -> Iterator[Measurement]:
    """Lines that are marked, against those the generator planted around the texts."""
    yield from parts(
        "boilerplate", effort, {"planted": lambda: boilerplate.measure(*_plan("boilerplate", effort), folder)}
    )


def measure_passages(effort: str, folder: Path) -> Iterator[Measurement]:
    """Passages found, against a suffix array and planted ones, and how fast."""
    planted = lambda: passages.measure(*_plan("passages", effort), folder)  # noqa: E731
    yield from parts("passages", effort, {"planted": planted, "speed": lambda: page_speed.passages(effort, folder)})


def parts(bench: str, effort: str, of: dict[str, Part]) -> Iterator[Measurement]:
    """The parts of a benchmark; one that falls over leaves a failed line, and the others are still worth having."""
    command = f"python -m benchmarks run --only {bench}" + (" --quick" if effort == QUICK else "")
    for name, part in of.items():
        try:
            # The part stands in every case, so that lines of a later run make good the failure of their own part only.
            for measurement in part():
                yield replace(measurement, case={"part": name, **measurement.case}, command=command)
        except Exception as error:
            yield Measurement(bench, {"part": name}, {}, command, failed=f"{type(error).__name__}: {error}")


def _plan(bench: str, effort: str) -> tuple[tuple[int, ...], int]:
    plan = PLANS[effort][bench]
    return plan.seeds, plan.documents
