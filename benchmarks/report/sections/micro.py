"""The stages of the similarity core, one by one."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report.blocks import Block, Plot, Section, Table, count, figure
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.plots import Series, draw

TITLE = "Stages of the core"
WHAT = (
    "Each kernel and stage of the similarity core by itself, over text length, language, size of the sketch and number "
    "of documents. MB/s count the bytes of the texts also where a stage reads codes or sketches, so 1/(MB/s) of stages "
    "that follow one another add up; a token is a Chinese character, or a word or number."
)
HOW = (
    "`pytest benchmarks --benchmark-only` (pytest-benchmark), one thread, medians; the first call compiles and is not "
    "counted. Every benchmark also checks a property of what it computed, so that a fast answer cannot be an empty one."
)
# The stages of the plot, by what the report calls them; where there are several sketch sizes, the default one.
DRAWN = {
    "normalise": "normalise",
    "sketch_texts": "normalise + sketch (k = 256)",
    "shingle_sets": "shingle sets",
    "exact_collapse": "exact collapse",
    "verify": "verify",
    "search": "search",
}
LANGUAGES = {"zh": "Chinese", "en": "English"}
K = 256


def section(results: Results) -> Section:
    """Throughput by length, growth with the number of documents, all rows."""
    lines = results.of("micro")
    counted = [line for line in lines if "documents" in line.case]
    plain = [line for line in lines if "documents" not in line.case]
    blocks: list[Block] = [
        *_plot(plain),
        _table(plain, "By text length, language and size of the sketch."),
        _growth(counted),
    ]
    return make_section(results, "micro", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=_told(plain, counted))


def _table(lines: Sequence[Line], caption: str) -> Table:
    rows = []
    for line in lines:
        case = line.case
        extra = ", ".join(f"{k} = {v}" if k == "k" else str(v) for k, v in case.items() if k in ("k", "scheme"))
        low, high = line.spread.get("mb_per_s", (float("nan"),) * 2)
        cells = (str(case.get("stage", "")).replace("_", " "), str(case.get("language", "")), extra)
        numbers = (count(case.get("length")), figure(line["mb_per_s"]), f"{figure(low)}–{figure(high)}")
        rows.append((*cells, *numbers, figure(line["ns_per_token"]), count(line["documents"]), count(line.n)))
    columns = ("stage", "language", "sketch", "characters", "MB/s", "min–max", "ns/token", "documents", "n")
    return Table(caption, columns, tuple(rows), 3)


def _growth(lines: Sequence[Line]) -> Table:
    """Stages that look at all documents at once, by their number."""
    sizes = sorted({int(line.case["documents"]) for line in lines})
    rows = []
    for stage in dict.fromkeys(str(line.case["stage"]) for line in lines):
        by_size = {int(line.case["documents"]): line for line in lines if line.case["stage"] == stage}
        cells = [figure(_per_document(by_size[size])) if size in by_size else "–" for size in sizes]
        rows.append((stage.replace("_", " "), *cells))
    columns = ("stage", *(f"{count(size)} documents" for size in sizes))
    caption = "Nanoseconds per document by number of documents (Chinese, 125 characters): a level row is linear growth."
    return Table(caption, columns, tuple(rows))


def _per_document(line: Line) -> float:
    return line.number("seconds") * 1e9 / line.number("documents")


def _told(plain: Sequence[Line], counted: Sequence[Line]) -> list[str]:
    told = []
    sketching = [x for x in plain if x.case.get("stage") == "sketch_texts" and x.case.get("k") == K]
    for language, name in LANGUAGES.items():
        here = [line for line in sketching if line.case.get("language") == language]
        if here:
            parts = ", ".join(f"{figure(x['mb_per_s'])} MB/s at {count(x.case['length'])} characters" for x in here)
            told.append(f"From {name} text to sketches of {K} values: {parts}.")
    steep = []
    for stage in dict.fromkeys(str(line.case["stage"]) for line in counted):
        lines = sorted((x for x in counted if x.case["stage"] == stage), key=lambda x: x.case["documents"])
        ratio = _per_document(lines[-1]) / _per_document(lines[0])
        if ratio > 2:
            steep.append(f"{stage.replace('_', ' ')} ({ratio:.1f} times)")
    if steep:
        told.append(f"**Dearer per document in large collections than in small ones**: {', '.join(steep)}.")
    return told


def _plot(lines: Sequence[Line]) -> list[Plot]:
    panels = []
    for language, title in LANGUAGES.items():
        series = []
        for number, (stage, name) in enumerate(DRAWN.items()):
            here = [
                line
                for line in lines
                if line.case.get("stage") == stage
                and line.case.get("language") == language
                and line.case.get("k", K) == K
            ]
            here.sort(key=lambda line: line.case["length"])
            if here:
                x, y = [float(line.case["length"]) for line in here], [line.number("mb_per_s") for line in here]
                series.append(Series(name, x, y, strong=stage == "sketch_texts", colour=number))
        if series:
            panels.append((title, series))
    if not panels:
        return []
    ticks = sorted({length for _, series in panels for one in series for length in one.x})
    drawn = draw(
        "throughput", panels, x="characters (log scale)", y="MB/s (log scale)", log_x=True, log_y=True, ticks=ticks
    )
    return [Plot("throughput", "Throughput of the stages by text length, one thread.", drawn)]
