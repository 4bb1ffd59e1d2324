"""One measurement, as a line of JSON: what was measured, on what, under which code and machine.

The report is made from these lines alone, so a line holds all that a sceptic asks for: the command that gives it again,
the commit, the versions, the machine, how often it was timed and how far the timings lie apart.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = (
    *("dedup", "numpy", "numba", "pyarrow"),
    *("datasketch", "rensa", "gaoya", "fastsketchlsh", "pydivsufsort", "drain3"),
)
# What measures, or is measured; what merely comes out of it must not make the code look changed.
MADE = ("benchmarks/results", "benchmarks/REPORT*", "benchmarks/report*.html")
CODE = ("dedup", "corpus", "benchmarks", "tests/naive.py", *(f":(exclude){name}" for name in MADE))
QUICK, FULL = "quick", "full"
# What a case tells besides what it is: a newer version of a tool takes the place of the older one.
TOLD_ASIDE = ("version", "recommendation", "settings", "megabytes", "differs", "source", "label")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one timing or count gave.

    Attributes
    ----------
    bench : str
        The benchmark, as `--only` names it.
    case : dict
        On what: contender, documents, damage, length …; with `bench` it names the measurement.
    values : dict
        Figures by name, units in the names (`seconds`, `peak_mb`, `recall`); None where there is none to give.
    command : str
        What measures it again.
    n : int
        Timings the values are the medians of.
    warm_up : str
        What went before the first timing and is not in it.
    spread : dict
        Smallest and largest of the timings, for those of the values that have them.
    failed : str or None
        Why there are no values.
    """

    bench: str
    case: dict[str, Any]
    values: dict[str, float | int | None]
    command: str
    n: int = 1
    warm_up: str = "none"
    spread: dict[str, tuple[float, float]] = field(default_factory=dict)
    failed: str | None = None


@functools.cache
def circumstances() -> dict[str, Any]:
    """Commit, versions and machine, the same for all measurements of one process."""
    return {
        "commit": _git("rev-parse", "--short=12", "HEAD") or "unknown",
        "changed": bool(_git("status", "--porcelain", "--", *CODE)),
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.system()},
    }


def write(measurements: Iterable[Measurement], path: Path, effort: str = FULL) -> Iterator[Measurement]:
    """Append every measurement as it comes, so that an interrupted run keeps what it has, and pass it on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for measurement in measurements:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            record = {**asdict(measurement), "effort": effort, "when": when, **circumstances()}
            if measurement.failed:
                record["failed"] = without_places(measurement.failed)
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            yield measurement


def without_places(text: str) -> str:
    """A message without the folders of this machine, which are nobody's business and differ in every run."""
    return re.sub(r"(?<![\w:/])(?:/[\w.+@-]+)+/(?=[\w.+@-])", "…/", text)


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or sys.platform
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
