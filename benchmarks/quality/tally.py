"""Counts of several collections, added up before anything is divided by anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measurement import Measurement


@dataclass(frozen=True)
class Tally:
    """What was counted in one collection, and which quotients of the counts are to be told.

    Attributes
    ----------
    case : dict
        Of what; tallies of the same case add up.
    counts : dict
    ratios : dict
        Numerator and denominator by name of the quotient.
    """

    case: dict[str, Any]
    counts: dict[str, Any]
    ratios: dict[str, tuple[str, str]]


def add_up(tallies: Iterable[Tally], bench: str, on: dict[str, Any], command: str) -> list[Measurement]:
    """One measurement per case, in the order in which the cases first came; the spread is that over the collections."""
    by_case: dict[tuple[Any, ...], list[Tally]] = {}
    for tally in tallies:
        by_case.setdefault(tuple(tally.case.items()), []).append(tally)
    return [_sum(group, bench, on, command) for group in by_case.values()]


def _sum(group: Sequence[Tally], bench: str, on: dict[str, Any], command: str) -> Measurement:
    counts = {name: sum(tally.counts.get(name, 0) for tally in group) for name in group[0].counts}
    values: dict[str, float | int | None] = {
        name: _number(value) for name, value in counts.items() if not name.endswith("_sum") and name != "collections"
    }
    spread = {}
    for name, (above, below) in group[0].ratios.items():
        values[name] = _quotient(counts[above], counts[below])
        each = [_quotient(tally.counts[above], tally.counts[below]) for tally in group]
        known = [value for value in each if value is not None]
        if len(group) > 1 and known:
            spread[name] = (min(known), max(known))
    return Measurement(bench, {**on, **group[0].case}, values, command, n=len(group), spread=spread)


def _quotient(above: float, below: float) -> float | None:
    return round(float(above) / float(below), 6) if below else None


def _number(value: Any) -> float | int:
    return int(value) if float(value).is_integer() else round(float(value), 6)
