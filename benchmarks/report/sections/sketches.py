"""Texts to sketches, in turns with tools that do the same."""

from __future__ import annotations

from benchmarks.report.blocks import Section, Table, count, figure
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results

TITLE = "Sketch speed"
WHAT = (
    "Chinese texts in Arrow to sketches of 256 values, normalisation included, in one thread, beside three others: "
    "Python decoding the same bytes to `str`, which any tool that wants strings pays first; datasketch 2 "
    "(`update_batch` of the distinct 5-grams); Rensa 0.5 (`RMinHash` of the set of 5-grams)."
)
HOW = (
    "The tools take turns, ours before each of the others, and a ratio is the median of the ratios of two turns that "
    "follow each other: it bears a noisy machine better than a speed does. The last two get texts that are already "
    "decoded, and build the 5-grams in their time, on a sample of the texts."
)
OTHERS = {"decode": "decoding", "datasketch": "datasketch", "rensa": "Rensa"}


def table(results: Results) -> Table:
    """One row per text length, longest first; a row in which another is faster is marked."""
    lines = sorted(results.of("sketches"), key=lambda line: -line.case["length"])
    rows, lost = [], set()
    for number, line in enumerate(lines):
        low, high = line.spread.get("ours_mb_per_s", (float("nan"),) * 2)
        ratios = [figure(line[f"ours_over_{other}"]) for other in OTHERS]
        speed = (count(line["ours_mb_per_s"]), f"{count(low)}–{count(high)}")
        rows.append((count(line.case["length"]), *speed, *ratios))
        if faster(line):
            lost.add(number)
    columns = ("characters", "MB/s", "min–max", *(f"× {name}" for name in OTHERS.values()))
    caption = "Ours, and how many times as fast as each of the others it was; below 1 the other is faster."
    return Table(caption, columns, tuple(rows), 1, frozenset(), frozenset(lost))


def faster(line: Line) -> list[str]:
    """Who is faster than ours."""
    return [name for other, name in OTHERS.items() if line.number(f"ours_over_{other}") < 1]


def section(results: Results) -> Section:
    """The table, and who is faster."""
    lines = sorted(results.of("sketches"), key=lambda line: -line.case["length"])
    told = []
    for name in OTHERS.values():
        lost = [count(line.case["length"]) for line in lines if name in faster(line)]
        if lost:
            told.append(f"**{name.capitalize()} is faster** than sketching at {', '.join(lost)} characters.")
    if lines and not any(set(faster(line)) - {OTHERS["decode"]} for line in lines):
        told.append("At no length does another tool sketch faster than ours.")
    return make_section(results, "sketches", TITLE, what=WHAT, how=HOW, blocks=[table(results)], make_of_it=told)
