"""One kind of collection in three sizes."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report.blocks import NONE, Block, Plot, Section, Table, count, figure, spread
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.plots import Series, pair

TITLE = "Scaling"
STEEP = 1.1
WHAT = (
    "The same kind of collection, ten times and a hundred times as large: seconds from JSON lines to the written "
    "collection, the most anonymous memory, candidates compared, and the exponent of growth between neighbouring sizes "
    "(1: ten times the documents take ten times as long)."
)
HOW = (
    "`dedup run` as a process of its own, two threads, the recall check off; start of Python and imports counted in "
    "seconds and left out in stages. Memory is looked at ten times a second; mapped files do not count."
)


def sizes(results: Results) -> list[Line]:
    """Lines of the sizes, smallest first."""
    lines = [line for line in results.of("scaling") if "documents" in line.case]
    return sorted(lines, key=lambda line: line.case["documents"])


def table(results: Results) -> Table:
    """One row per size."""
    rows = []
    for line in sizes(results):
        cells = [count(line.case["documents"]), figure(line["mb"]), figure(line["seconds"]), spread(line, "seconds")]
        cells += [figure(line["stages_seconds"]), figure(line["mb_per_s"]), count(line["peak_mb"])]
        cells += [count(line["bytes_per_document"]), figure(line["candidates_per_document"])]
        rows.append((*cells, count(line["unsearched"])))
    columns = ["documents", "MB", "seconds", "min–max", "stages s", "MB/s", "peak MB", "B/document"]
    columns += ["candidates/document", "unsearched"]
    return Table("Time and memory by size.", tuple(columns), tuple(rows))


def growth(results: Results) -> Table:
    """One row per step from a size to the next."""
    rows = []
    for line in results.of("scaling"):
        if "growth_from" in line.case:
            step = f"{count(line.case['growth_from'])} → {count(line.case['growth_to'])}"
            names = ("seconds", "stages_seconds", "peak_mb", "candidates")
            rows.append((step, *(exponent(line[f"{name}_exponent"]) for name in names)))
    columns = ("step", "seconds", "stages", "memory", "candidates")
    return Table("Exponents of growth: 1 is linear, 2 quadratic.", columns, tuple(rows))


def exponent(value: float | None) -> str:
    """Two decimals: more would be noise."""
    return NONE if value is None else f"{value:.2f}"


def section(results: Results) -> Section:
    """Tables, the plot on log axes, and the exponent that matters."""
    lines = sizes(results)
    blocks: list[Block] = [table(results), growth(results), *_plot(lines)]
    steps = [line for line in results.of("scaling") if "growth_from" in line.case]
    told = []
    if steps:
        last = max(steps, key=lambda line: line.case["growth_to"])
        told.append(
            f"From {count(last.case['growth_from'])} to {count(last.case['growth_to'])} documents the stages grow with "
            f"exponent {exponent(last['stages_seconds_exponent'])}, memory with {exponent(last['peak_mb_exponent'])} "
            f"and candidates with {exponent(last['candidates_exponent'])}."
        )
    steep = [one for line in steps for one in _steep(line)]
    if steep:
        told.append(f"**Steeper than linear** (exponent above {STEEP}): {', '.join(steep)}.")
    if lines and lines[-1]["unsearched"]:
        left = count(lines[-1]["unsearched"])
        told.append(f"**{left} rows of large buckets were left unsearched** at the largest size.")
    return make_section(results, "scaling", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


def _steep(line: Line) -> list[str]:
    """What grows faster than the documents in one step."""
    step = f"{count(line.case['growth_from'])} → {count(line.case['growth_to'])}"
    named = (("time", "stages_seconds"), ("memory", "peak_mb"), ("candidates", "candidates"))
    found = [(name, line[f"{value}_exponent"]) for name, value in named]
    return [f"{name} {step} ({exponent(value)})" for name, value in found if value is not None and value > STEEP]


def _plot(lines: Sequence[Line]) -> list[Plot]:
    if len(lines) < 2:
        return []
    x = [float(line.case["documents"]) for line in lines]
    panels = []
    for title, label, value in (("time", "seconds", "seconds"), ("memory", "peak MB", "peak_mb")):
        y = [line.number(value) for line in lines]
        # Through the largest size, so that what start-up costs shows at the small ones.
        guide = Series(
            "linear, for comparison", x, [y[-1] * one / x[-1] for one in x], colour=6, marker="", dashed=True
        )
        panels.append((title, label, [Series("dedup run", x, y, strong=True, colour=0), guide]))
    drawn = pair("scaling", panels, x="documents (log scale)")
    return [Plot("scaling", "Time and memory by number of documents, both axes logarithmic.", drawn)]
