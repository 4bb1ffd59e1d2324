"""Named figures for README, and the marks between which they stand there.

In README `<!-- figure: NAME -->…<!-- /figure -->` holds a figure or, across lines, a table; `python -m benchmarks
report` writes what stands between the marks anew, and a test compares it. Names are listed by `python -m
benchmarks.report`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report.blocks import Table, count, figure, share, shown, targets
from benchmarks.report.lines import Line, ReportError, Results
from benchmarks.report.markdown import table
from benchmarks.report.sections import (
    boilerplate,
    contenders,
    edits,
    labels,
    passages,
    pieces,
    quality,
    real,
    scaling,
    sketches,
    templates,
)
from benchmarks.report.sections.quality import of

PARTS = (labels, pieces, boilerplate, passages, templates)
MARK = re.compile(r"(<!-- figure: (?P<name>\S+) -->)(?P<text>.*?)(<!-- /figure -->)", re.DOTALL)


def figures(results: Results) -> dict[str, str]:
    """Every figure by name, as it is printed; tables as Markdown."""
    found = dict(_figures(results))
    for name, block in _tables(results).items():
        if block.rows:
            found[f"table.{name}"] = f"\n\n{table(block)}\n\n"
    return found


def _figures(results: Results) -> Iterator[tuple[str, str]]:
    for line in contenders.main_lines(results):
        setting = [] if line.case.get("setting") == contenders.DEFAULT else [line.case.get("setting")]
        yield from _of_line(line, "contenders", line.case.get("contender"), *setting)
    for line in results.of("edits"):
        yield from _of_line(line, "edits", line.case.get("contender"), line.case.get("edit"))
    for line in scaling.sizes(results):
        yield from _of_line(line, "scaling", line.case["documents"])
    for line in results.of("scaling"):
        if "growth_from" in line.case:
            yield from _of_line(line, "scaling", "from", line.case["growth_from"])
    for line in results.of("sketches"):
        yield from _of_line(line, "sketches", line.case["length"])
    for bench, name in (("quality", "profile"), ("real", "set")):
        lines = results.of(bench)
        for line in of(lines, "totals"):
            yield from _of_line(line, bench, line.case[name])
        for line in of(lines, "clusters"):
            yield from _of_line(line, bench, line.case[name], line.case["against"].split()[0])
        if every := of(lines, "totals"):
            sums = quality.pooled(every)[()]
            yield f"{bench}.recall", share(sums["found"] / sums["pairs"] if sums["pairs"] else None)
            for value in ("pairs", "documents", "recounted", "recounted_equal"):
                yield f"{bench}.{value}", count(sums[value])
            yield f"{bench}.missed", count(sums["pairs"] - sums["found"])
    yield from _pages(results)
    yield from _templates(results)
    for line in results.of("micro"):
        case = [value for name, value in line.case.items() if name != "scheme" or value != "fast"]
        yield from _of_line(line, "micro", *case)
    own = contenders.held_against(contenders.main_lines(results))
    for line in contenders.main_lines(results) if own else []:
        if not contenders.is_ours(line) and line["mb_per_s"]:
            ratio = min(x.number("mb_per_s") for x in own) / line.number("mb_per_s")
            yield _name("contenders", line.case["contender"], "ours_is_times_as_fast"), figure(ratio)


def _pages(results: Results) -> Iterator[tuple[str, str]]:
    """Labels, pieces, boilerplate and passages; sums are over all profiles."""
    lines = {name: results.of(name) for name in ("labels", "pieces", "boilerplate", "passages")}
    for line in of(lines["labels"], "all labels"):
        yield from _of_line(line, "labels")
    for line in of(lines["labels"], "label"):
        yield from _of_line(line, "labels", line.case["planted"])
    for line in of(lines["labels"], "unrelated"):
        yield from _of_line(line, "labels", "unrelated")
    for (by, sort), counts in pieces.pooled_boundaries(lines["pieces"]).items():
        yield _name("pieces", by, sort, "f1"), share(pieces.f1(counts))
        yield _name("pieces", by, sort, "recall"), share(pieces.recall(counts))
        yield _name("pieces", by, sort, "boundaries"), count(counts["boundaries"])
    for line in of(lines["pieces"], "overhead"):
        which = "pieces", "overhead", line.case["added"], line.case["collection"]
        yield from _of_line(line, *which)
        yield _name(*which, "added"), f"{pieces.added(line):.0%}"
    if marked := boilerplate.sums(lines["boilerplate"], "lines"):
        yield "boilerplate.f1", share(boilerplate.f1(marked))
        for value in ("lines", "planted", "marked", "right", "unique_marked"):
            yield f"boilerplate.{value}", count(marked[value])
    for value, number in boilerplate.sums(lines["boilerplate"], "pairs").items():
        yield f"boilerplate.pairs.{value}", count(number)
    for line in of(lines["passages"], "equal runs"):
        at = f"length {line.case['length']}", f"cap {line.case['cap']}"
        yield from _of_line(line, "passages", "equal runs", line.case["profile"], *at)
    for line in of(lines["passages"], "planted passages"):
        case = "passages", line.case.get("profile", "edited"), line.case["case"]
        yield from _of_line(line, *case)
        yield _name(*case, "median_error"), passages.median_error(line)
    for line in of(lines["passages"], "speed"):
        yield from _of_line(line, "passages", "speed", line.case["collection"], f"threads {line.case['threads']}")


def _templates(results: Results) -> Iterator[tuple[str, str]]:
    """Values of planted families, by the targets' groups; families, labels, other tools and speed."""
    lines = results.of("templates")
    for name in (*templates.LEAST_F1, "no noise"):
        cells = templates.group(lines, name)
        for value in (*templates.COLUMNS, *templates.RATES, "span_precision") if cells else ():
            yield _name("templates", name, value), share(templates.rate(cells, value))
    for measure, by in (("families", ("tool", "texts", "language", "noise")), ("labels", ("members",))):
        for line in of(lines, measure):
            yield from _of_line(line, "templates", measure, *(line.case[part] for part in by))
    for line in of(lines, "speed"):
        yield from _of_line(line, "templates", "speed", line.case["members"])
    for line in of(lines, "whole run"):
        yield from _of_line(line, "templates", line.case["texts"])
    every = of(lines, "others")
    for texts, tool in dict.fromkeys((line.case["texts"], line.case["tool"]) for line in every):
        cells = [line for line in every if (line.case["texts"], line.case["tool"]) == (texts, tool)]
        for value in ("f1", "span_f1"):
            yield _name("templates", texts, tool, value), share(templates.rate(cells, value))
        yield _name("templates", texts, tool, "ms_per_member"), figure(templates.rate(cells, "ms_per_member"))


def _of_line(line: Line, *parts: object) -> Iterator[tuple[str, str]]:
    for value, number in line.values.items():
        yield _name(*parts, value), shown(value, number)


def _name(*parts: object) -> str:
    return ".".join(re.sub(r"[^\w]+", "_", str(part).lower()).strip("_") for part in parts)


def _tables(results: Results) -> dict[str, Table]:
    lines = contenders.main_lines(results)
    return {
        "contenders": contenders.comparison(lines),
        "equal_recall": contenders.equal_recall(contenders.sweep_lines(results)),
        "edits": edits.table(results),
        "scaling": scaling.table(results),
        "sketches": sketches.table(results),
        "quality": quality.totals(results.of("quality"), "profile"),
        "recall": quality.recall_table(results.of("quality")),
        "labels": labels.confusion(results),
        "pieces": pieces.boundaries(results),
        "overhead": pieces.overhead(results),
        "boilerplate": boilerplate.profiles(results),
        "equal_runs": passages.equal_runs(results),
        "passages": passages.planted(results),
        "passage_speed": passages.speed(results),
        "templates": templates.values(results),
        "template_types": templates.types(results),
        "template_families": templates.families(results),
        "template_labels": templates.labels(results),
        "template_others": templates.others(results),
        "template_agreement": templates.agreement(results),
        "template_speed": templates.speed(results),
        "template_runs": templates.whole(results),
        "targets": targets([row for part in PARTS for row in part.targets_of(results)]),
        "real": real.labels(results),
    }


def filled(text: str, results: Results) -> str:
    """A text with what stands between the marks written anew.

    Raises
    ------
    ReportError
        If a mark names no figure.
    """
    known = figures(results)

    def written(match: re.Match[str]) -> str:
        if match["name"] not in known:
            raise ReportError(f"README asks for the figure {match['name']!r}, which the results do not hold")
        return f"{match[1]}{known[match['name']]}{match[4]}"

    return MARK.sub(written, text)


def renew(path: Path, results: Results) -> bool:
    """Write a file's figures anew; whether it changed."""
    before = path.read_text(encoding="utf-8")
    after = filled(before, results)
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before
