"""Ours beside other tools: the same documents, the same threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.report.blocks import (
    NONE,
    Block,
    Plot,
    Section,
    Table,
    count,
    figure,
    share,
    spread,
)
from benchmarks.report.blocks import (
    section as make_section,
)
from benchmarks.report.lines import Line, Results
from benchmarks.report.plots import Series, draw

TITLE = "Contenders"
TRUTH = "brute_force"
DEFAULT = "recommended"
SLACK = 0.002
ZOOM = 0.9
# What is compared: the figure, what to call it, whether more is better.
COMPARED = (
    ("recall", "recall", True),
    ("precision", "precision", True),
    ("mb_per_s", "speed", True),
    ("peak_mb", "memory", False),
    ("index_bytes_per_document", "index size", False),
)
WHAT = (
    "The same documents and the same threshold for every tool: how fast, in how much memory, and, against all pairs "
    "compared by brute force, how much of what is there it finds (recall) and how much of what it reports is there "
    "(precision). Whole programs stand apart: they shingle as they were shipped and are not asked the same question."
)
HOW = (
    "Each tool in a process of its own. Libraries get the same sets of five consecutive tokens, ready-made; the time "
    "it takes to make them is told apart and counted in MB/s. Settings are the ones each tool's documentation "
    "recommends; ours are the defaults. Ours reads the files itself, and that is in its seconds. What others are held "
    "against is ours as a library; the command also starts Python, imports, and writes the collection, which none of "
    "the others does."
)


def is_ours(line: Line) -> bool:
    """Whether a line is of this engine, by whatever way it is called."""
    return str(line.case.get("contender", "")).startswith("ours")


def name_of(line: Line) -> str:
    """The contender as the report calls it."""
    name = str(line.case.get("contender", "?"))
    return "brute force (the truth)" if name == TRUTH else name.replace("_", " ")


def main_lines(results: Results) -> list[Line]:
    """Documented settings on the large collection, ours first, then by speed."""
    lines = [x for x in results.of("contenders") if not x.case.get("sweep") and not x.case.get("as_shipped")]
    return sorted(lines, key=lambda line: (not is_ours(line), -_or(line["mb_per_s"], 0)))


def sweep_lines(results: Results) -> list[Line]:
    """One line per setting of a sweep."""
    return results.of("contenders", sweep=True)


def held_against(lines: Sequence[Line]) -> list[Line]:
    """Our lines that did what the contenders did: the library with its defaults, or whatever there is."""
    ours = [line for line in lines if is_ours(line)]
    return [line for line in ours if line.case.get("setting") == DEFAULT] or ours


def beats(line: Line, ours: Sequence[Line]) -> list[str]:
    """In what a contender is better than the worst of these lines; the truth does not compete in being true."""
    found = []
    for value, called, more in COMPARED:
        theirs = line[value]
        own = [x for x in (one[value] for one in ours) if x is not None]
        if theirs is None or not own or (line.case.get("contender") == TRUTH and value in ("recall", "precision")):
            continue
        if theirs > min(own) if more else theirs < max(own):
            found.append(called)
    return found


def section(results: Results) -> Section:
    """Tables, the plot of speed against recall, and every loss."""
    lines, swept = main_lines(results), sweep_lines(results)
    shipped = [line for line in results.of("contenders") if line.case.get("as_shipped")]
    blocks: list[Block] = [
        comparison(lines),
        *plot(swept or lines),
        equal_recall(swept),
        programs(shipped),
        advice(lines),
    ]
    told = [*losses(lines), *equal_recall_told(swept)]
    return make_section(results, "contenders", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


def comparison(lines: Sequence[Line]) -> Table:
    """Everything beside everything; a line that beats ours says in what."""
    ours = held_against(lines)
    rows, lost = [], set()
    for number, line in enumerate(lines):
        better = [] if is_ours(line) else beats(line, ours)
        if better:
            lost.add(number)
        cells = [name_of(line), str(line.case.get("setting", "")), share(line["recall"]), share(line["precision"])]
        cells += [figure(line["mb_per_s"]), figure(line["seconds"]), spread(line, "seconds")]
        cells += [figure(line["shingling_seconds"]), count(line["peak_mb"]), count(line["index_bytes_per_document"])]
        rows.append((*cells, ("beats ours: " + ", ".join(better)) if better else NONE))
    columns = ["contender", "setting", "recall", "precision", "MB/s", "seconds", "min–max", "shingling s", "peak MB"]
    columns += ["index B/doc", "better than ours in"]
    caption = f"{_sizes(lines)}; ours in bold, and a contender that beats ours in anything says so in the last column."
    own = frozenset(number for number, line in enumerate(lines) if is_ours(line))
    return Table(caption, tuple(columns), tuple(rows), 2, own, frozenset(lost))


def losses(lines: Sequence[Line]) -> list[str]:
    """One sentence per contender that is better in something, with the figures, and one if none is."""
    ours = held_against(lines)
    if not ours or all(is_ours(line) for line in lines):
        return []
    told = []
    for line in lines:
        better = [] if is_ours(line) else beats(line, ours)
        if not better:
            continue
        figures = [_versus(line, ours, value, called) for value, called, _ in COMPARED if called in better]
        price = ""
        if "recall" not in better and _or(line["recall"], 1) < min(_or(x["recall"], 0) for x in ours) - SLACK:
            price = f", at a recall of {share(line['recall'])}"
        told.append(f"**Beaten by {name_of(line)}**: {'; '.join(figures)}{price}.")
    return told or ["No contender beats ours in recall, precision, speed, memory or index size."]


def _versus(line: Line, ours: Sequence[Line], value: str, called: str) -> str:
    form = share if value in ("recall", "precision") else figure
    values = [x for x in (one[value] for one in ours) if x is not None]
    own = " and ".join(dict.fromkeys(form(x) for x in values))
    return f"{called} {form(line[value])} against {own}"


def equal_recall(lines: Sequence[Line]) -> Table:
    """Per contender the fastest setting whose recall is ours, or that there is none."""
    rows, lost, goal = [], set(), goal_of(lines)
    own = 0.0
    for number, (name, line) in enumerate(fastest(lines, goal)):
        best = max((x for x in lines if name_of(x) == name), key=lambda x: _or(x["recall"], 0))
        if line is None:
            reached = f"not reached; most: {share(best['recall'])} ({best.case.get('setting', '')})"
            rows.append((name, reached, NONE, NONE, NONE, NONE))
            continue
        if is_ours(line):
            own = line.number("mb_per_s")
        elif line.number("mb_per_s") > own:
            lost.add(number)
        cells = (share(line["recall"]), share(line["precision"]), figure(line["mb_per_s"]))
        ratio = f"{own / line.number('mb_per_s'):.1f}" if own else NONE
        rows.append((name, str(line.case.get("setting", "")), *cells, ratio))
    columns = ("contender", "fastest setting that finds as much", "recall", "precision", "MB/s", "ours is × as fast")
    caption = f"Speed at equal recall (≥ {share(goal)}, ours less {SLACK}); {_sizes(lines)}."
    ours = frozenset(i for i, row in enumerate(rows) if row[0].startswith("ours"))
    return Table(caption, columns, tuple(rows), 2, ours, frozenset(lost))


def equal_recall_told(lines: Sequence[Line]) -> list[str]:
    """Who is faster than ours at the same recall, and who never gets there."""
    found = fastest(lines, goal_of(lines))
    own = next((line.number("mb_per_s") for _, line in found if line is not None and is_ours(line)), math.nan)
    if math.isnan(own):
        return []
    faster = [name for name, line in found if line is not None and line.number("mb_per_s") > own]
    never = [name for name, line in found if line is None]
    told = [f"**Faster than ours at equal recall**: {', '.join(faster)}."] if faster else []
    if not faster:
        told.append("At equal recall no contender is faster than ours.")
    if never:
        told.append(f"No setting that was tried finds as much as ours: {', '.join(never)}.")
    return told


def goal_of(lines: Sequence[Line]) -> float:
    """The recall of our defaults in the sweep, less the slack."""
    return min((line.number("recall") for line in held_against(lines)), default=math.nan) - SLACK


def fastest(lines: Sequence[Line], goal: float) -> list[tuple[str, Line | None]]:
    """Of each contender the fastest line that reaches the goal; ours first, then the fastest."""
    names = dict.fromkeys(name_of(line) for line in lines if line.case.get("contender") != TRUTH)
    found = []
    for name in names:
        reaching = [line for line in lines if name_of(line) == name and _or(line["recall"], 0) >= goal]
        found.append((name, max(reaching, key=lambda line: line.number("mb_per_s"), default=None)))
    return sorted(
        found,
        key=lambda pair: (
            not pair[0].startswith("ours"),
            pair[1] is None,
            -(pair[1].number("mb_per_s") if pair[1] else 0),
        ),
    )


def advice(lines: Sequence[Line]) -> Table:
    """Whose settings they are, so that no one has to take our word."""
    told = {}
    for line in lines:
        if "recommendation" in line.case:
            case = line.case
            told[name_of(line)] = (str(case.get("version", "")), str(case.get("settings", "")), case["recommendation"])
    rows = tuple((name, *cells) for name, cells in told.items())
    return Table("Settings, and where they are recommended.", ("contender", "version", "settings", "advice"), rows, 4)


def programs(lines: Sequence[Line]) -> Table:
    """Whole programs as they were shipped, with what differs."""
    rows = []
    for line in lines:
        cells = (figure(line["seconds"]), figure(line["mb_per_s"]), count(line["peak_mb"]))
        differs = str(line.case.get("differs", line.case.get("setting", "")))
        rows.append((name_of(line), differs, share(line["recall"]), share(line["precision"]), *cells))
    columns = ("program", "as shipped", "recall", "precision", "seconds", "MB/s", "peak MB")
    caption = f"Whole programs as shipped: another definition of alike, and so another recall; {_sizes(lines)}."
    return Table(caption, columns, tuple(rows), 2)


def plot(lines: Sequence[Line]) -> list[Plot]:
    """Speed against recall: up and to the right is better."""
    by_name: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda line: not is_ours(line)):
        if line["recall"] is not None and line["mb_per_s"] and line.case.get("contender") != TRUTH:
            by_name.setdefault(name_of(line), []).append(line)
    if not by_name:
        return []
    series = []
    for name, of in by_name.items():
        points = sorted((line.number("mb_per_s"), line.number("recall")) for line in of)
        series.append(Series(name, [x for x, _ in points], [y for _, y in points], strong=name.startswith("ours")))
    # What matters lies between .9 and 1, and most of what is drawn lies below: both are shown.
    panels, limits = [("", series)], [(0.0, 1.03)]
    if sum(y >= ZOOM for one in series for y in one.y) > 2:
        panels, limits = [("all", series), (f"recall from {ZOOM}", series)], [*limits, (ZOOM, 1.003)]
    drawn = draw("speed-recall", panels, x="MB/s (log scale)", y="recall", log_x=True, limits=limits)
    caption = f"Speed against recall, one point per setting; up and to the right is better. {_sizes(lines)}."
    return [Plot("speed-recall", caption, drawn)]


def _sizes(lines: Sequence[Line]) -> str:
    found = dict.fromkeys((line.case.get("documents"), line.case.get("profile")) for line in lines)
    told = [f"{count(documents)} documents" + (f" of the profile {p}" if p else "") for documents, p in found]
    return " and ".join(told) or "no documents"


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else float(value)
