"""What a report is made of, whatever it is written as: sections of tables, plots and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.report.lines import Line, Results

NONE = "–"
LONGEST_MESSAGE = 240


@dataclass(frozen=True)
class Table:
    """Rows of text; the last columns are numbers, and `lost` are the rows in which another beats ours."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    ours: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Plot:
    """A drawing as SVG, which only the HTML shows."""

    name: str
    caption: str
    svg: str


Block = Table | Plot


@dataclass(frozen=True)
class Target:
    """What was asked for, and what was measured; `met` is None where nothing was."""

    what: str
    wanted: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class Section:
    """One benchmark: what was measured, how, the command, the figures, and what to make of it."""

    name: str
    title: str
    what: str
    how: str
    commands: tuple[str, ...]
    blocks: tuple[Block, ...] = ()
    make_of_it: tuple[str, ...] = ()
    origin: str = ""
    failures: tuple[str, ...] = field(default=())


# -- numbers -------------------------------------------------------------------------------------------------------


def share(value: float | None) -> str:
    """A share of one; what is not all is never shown as 1."""
    if value is None or math.isnan(value):
        return NONE
    if value == 1:
        return "1.000"
    return f"{min(value, 0.9999):.4f}" if value > 0.999 else f"{value:.3f}"


def count(value: float | None) -> str:
    """A whole number."""
    return NONE if value is None or math.isnan(value) else f"{value:,.0f}"


def figure(value: float | None) -> str:
    """Three digits that count; large ones whole."""
    if value is None or math.isnan(value):
        return NONE
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:,.{max(0, digits)}f}"


def spread(line: Line, name: str) -> str:
    """Smallest to largest, where there is more than one timing."""
    ends = line.spread.get(name)
    return f"{figure(ends[0])}–{figure(ends[1])}" if ends and line.n > 1 else NONE


def shown(name: str, value: float | int | None) -> str:
    """A value as its name asks for."""
    kinds = ("recall", "precision", "ari", "b3_", "share", "label_", "jaccard", "formula", "wrong", "f1", "macro_")
    if name.startswith(kinds) and not name.startswith(("wrongly", "recalled")):
        return share(value)
    return count(value) if isinstance(value, int) else figure(value)


# -- targets -------------------------------------------------------------------------------------------------------


def target_of(what: str, wanted: str, value: float | None, met: bool, measured: str) -> Target:
    """A target beside its figure; without a value there is none to be met."""
    if value is None or math.isnan(value):
        return Target(what, wanted, "not measured", None)
    return Target(what, wanted, measured, met)


def at_least(what: str, least: float, value: float | None) -> Target:
    """A share that must not be smaller."""
    number = math.nan if value is None else value
    return target_of(what, "1.000" if least == 1 else f"≥ {share(least)}", value, number >= least, share(value))


def targets(rows: Sequence[Target]) -> Table:
    """Targets beside figures; one that was missed says so and is marked."""
    cells = tuple((row.what, row.wanted, row.measured, {True: "yes", False: "no", None: NONE}[row.met]) for row in rows)
    lost = frozenset(number for number, row in enumerate(rows) if row.met is False)
    return Table("Targets and figures.", ("what", "target", "measured", "met"), cells, 1, frozenset(), lost)


def told_targets(rows: Sequence[Target]) -> list[str]:
    """Which targets are missed, or that none of those measured is."""
    missed = [f"{row.what} ({row.measured}, {row.wanted} is wanted)" for row in rows if row.met is False]
    if missed:
        return [f"**Targets missed**: {'; '.join(missed)}."]
    return ["All targets that were measured are met."] if any(row.met for row in rows) else []


# -- where lines come from -----------------------------------------------------------------------------------------


def origin(lines: Sequence[Line]) -> str:
    """Commit and days of some lines; several commits are told apart by how many lines each gave."""
    if not lines:
        return ""
    by_code: dict[str, list[Line]] = {}
    for line in lines:
        by_code.setdefault(line.code, []).append(line)
    days = sorted({line.when[:10] for line in lines})
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    if len(by_code) == 1:
        return f"Commit {next(iter(by_code))}, {span}."
    parts = ", ".join(f"{len(of)} of {code}" for code, of in by_code.items())
    return f"Not of one commit: of {len(lines)} lines {parts}; {span}."


def commands(lines: Iterable[Line]) -> tuple[str, ...]:
    """Each command once."""
    return tuple(dict.fromkeys(line.command for line in lines))


def failures(results: Results, bench: str) -> tuple[str, ...]:
    """What failed, each in a sentence."""
    return tuple(f"{told(line) or bench} failed: {_short(str(line.failed))}" for line in results.failed(bench))


def _short(message: str) -> str:
    """A message as one line; the whole of it stands in the results."""
    message = " ".join(message.split())
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …"


def told(line: Line) -> str:
    """A case in a few words: what it is, not on how much."""
    return ", ".join(str(value) for value in line.identity.values() if isinstance(value, str))


def section(
    results: Results,
    bench: str,
    title: str,
    *,
    what: str,
    how: str,
    blocks: Sequence[Block],
    make_of_it: Sequence[str],
) -> Section:
    """A section of one benchmark; one without lines says what to run."""
    lines = results.every(bench)
    run = f"python -m benchmarks run --only {bench}" + (" --quick" if results.effort == "quick" else "")
    given = commands(lines) if len(commands(lines)) <= 4 else (run,)
    if not lines:
        make_of_it = [f"Not measured yet: `{run}`."]
    return Section(
        bench,
        title,
        what,
        how,
        given or (run,),
        tuple(block for block in blocks if not isinstance(block, Table) or block.rows),
        tuple(make_of_it),
        origin(lines),
        failures(results, bench),
    )
