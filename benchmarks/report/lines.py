"""Result lines: which of them count, and what they say of where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measurement import FULL, QUICK, TOLD_ASIDE


class ReportError(ValueError):
    """There is nothing to tell, or a line is none: one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Line:
    """One measurement as it was written; see `benchmarks.measurement.Measurement`."""

    bench: str
    case: dict[str, Any]
    values: dict[str, float | int | None]
    command: str
    n: int
    warm_up: str
    spread: dict[str, list[float]]
    failed: str | None
    effort: str
    when: str
    commit: str
    changed: bool
    versions: dict[str, str]
    machine: dict[str, Any]

    @property
    def identity(self) -> dict[str, Any]:
        """The case without what it tells aside."""
        return {name: value for name, value in self.case.items() if name not in TOLD_ASIDE}

    def __getitem__(self, name: str) -> float | int | None:
        return self.values.get(name)

    def number(self, name: str) -> float:
        """A value that is asked for; nan where there is none."""
        value = self.values.get(name)
        return float("nan") if value is None else float(value)

    @property
    def code(self) -> str:
        """The commit, and whether files differed from it."""
        return f"{self.commit} with uncommitted changes" if self.changed else self.commit


@dataclass(frozen=True)
class Results:
    """The lines of one effort, each case once, in the order of their writing."""

    lines: tuple[Line, ...]
    effort: str

    def of(self, bench: str, **case: Any) -> list[Line]:
        """Lines of a benchmark that went well, whose case says all this."""
        return [
            line
            for line in self.lines
            if line.bench == bench and not line.failed and all(line.case.get(k) == v for k, v in case.items())
        ]

    def failed(self, bench: str) -> list[Line]:
        """Lines of a benchmark that say why there is nothing."""
        return [line for line in self.lines if line.bench == bench and line.failed]

    def every(self, bench: str) -> list[Line]:
        """All lines of a benchmark."""
        return [line for line in self.lines if line.bench == bench]


def read_lines(files: Sequence[Path]) -> list[Line]:
    """Every line of the files, oldest first.

    Raises
    ------
    ReportError
        If a line is no measurement.
    """
    found = []
    for file in sorted(files, key=lambda file: file.name):
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                record = json.loads(text)
                found.append(Line(**{"effort": FULL, **record}))
            except (ValueError, TypeError):
                raise ReportError(f"{file.name}:{number}: not a measurement; remove the line") from None
    return sorted(found, key=lambda line: line.when)  # stable: lines of one second stay as they were written


def select(lines: Iterable[Line], effort: str) -> Results:
    """The lines of one effort: of each case the newest, and no failure that something newer has made good."""
    newest: dict[str, Line] = {}
    for line in lines:
        if line.effort == effort:
            key = json.dumps([line.bench, line.identity], sort_keys=True)
            newest.pop(key, None)  # goes to the end: order is age
            newest[key] = line
    kept = list(newest.values())
    stale = {id(line) for at, line in enumerate(kept) if line.failed and any(_mends(line, new) for new in kept[at:])}
    return Results(tuple(line for line in kept if id(line) not in stale), effort)


def _mends(failure: Line, newer: Line) -> bool:
    """A failed benchmark or profile has a wider case than the lines it would have given."""
    return not newer.failed and newer.bench == failure.bench and failure.identity.items() <= newer.identity.items()


def results_of(lines: Sequence[Line], effort: str | None = None) -> Results:
    """Full lines if there are any, else quick ones: never both in one report.

    Raises
    ------
    ReportError
        If there are none.
    """
    efforts = [effort] if effort else [FULL, QUICK]
    for wanted in efforts:
        results = select(lines, wanted)
        if results.lines:
            return results
    raise ReportError("no results; measure first: python -m benchmarks run --quick")
