"""What was filled into one template: the values, the families, copies told from them, other tools, and speed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from benchmarks.report.blocks import (
    NONE,
    Block,
    Section,
    Table,
    Target,
    at_least,
    count,
    figure,
    share,
    spread,
    target_of,
    targets,
    told_targets,
)
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.sections.quality import of, pooled
from benchmarks.templates.scores import RATIOS

TITLE = "Templates"
MOST_MS, MOST_SECONDS, MANY = 3, 60, 100_000
LEAST_ROUND_TRIP, LEAST_ARI, LEAST_SPANS, LEAST_TYPES = 0.8, 0.97, 0.9, 0.92
LEAST_F1 = {"n ≥ 5, at most 1 % noise": 0.96, "n = 2 and 3, 1 % noise": 0.88, "n ≥ 20, 3 % noise": 0.95}
LEAST_LABELS = {"3 and more": 0.97, "2": 0.93}
COLUMNS = ("f1", "precision", "recall", "span_f1", "type_accuracy", "link_f1")
RATES = ("exact_template_rate", "exact_member_rate", "exact_column_rate", "round_trip")
MEANS = ("edits_per_member", "compression_mean")
WHAT = (
    "Families of reports filled into one planted template each, 1 to 15 % of their characters values, with noise of 0, "
    "1 and 3 % of the characters of each member (exchanged, left out, put in), Chinese and English apart: whether the "
    "characters of values are told from those of the template, whether values begin and end where they should, what "
    "type they have, which slots hold one value, and whether the template filled with the values of a text is that "
    "text. Then families in a collection of as many other texts, copies told from members of a template, other tools "
    "on the same families, and speed."
)
HOW = (
    "Counts of several seeds added up; the rules were fixed on seeds 0–9. A planted slot counts if it holds two "
    "different values in its family: nobody can see one that is always the same. Numbers of list items count neither "
    "way. A value is exact if it begins and ends where the planted one does, unit and suffix (5245户, 黍塘村) being "
    "part of it; where two planted values touch, one found value that is both counts as both. Types are compared where "
    "more than half of the characters of a planted slot lie in one found slot. A template is exact if in every member "
    "exactly the planted characters are values, those that noise touched aside; a column if all its values are exact "
    "where no noise touches them. Links: pairs of slots that always hold one value. Round trip: members without noise "
    "that are given back character for character. Documents are near if they were planted as edited copies (one of "
    "nine kinds of edits, .2 to 3 % of the characters), templated if as members of a template, half of these with 1 % "
    "noise; they are said to be near if they are copies or in a family that has no template, templated if it has one."
)


def section(results: Results) -> Section:
    """The targets, values, types, families, labels, other tools, speed."""
    lines = results.of("templates")
    asked = targets_of(results)
    blocks: list[Block] = [targets(asked), values(results), types(results), families(results), labels(results)]
    blocks += [others(results), agreement(results), speed(results), whole(results)]
    told = [*told_targets(asked), *told_values(lines), *told_types(lines), *told_others(lines), *told_labels(lines)]
    return make_section(results, "templates", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


# -- sums ----------------------------------------------------------------------------------------------------------


def group(lines: Iterable[Line], name: str) -> list[Line]:
    """The cells of a target."""
    inside = {
        "n ≥ 5, at most 1 % noise": lambda n, noise: n >= 5 and noise <= 0.01,
        "n = 2 and 3, 1 % noise": lambda n, noise: n in (2, 3) and noise == 0.01,
        "n ≥ 20, 3 % noise": lambda n, noise: n >= 20 and noise == 0.03,
        "no noise": lambda n, noise: noise == 0,
    }[name]
    return [line for line in of(lines, "values") if inside(line.case["members"], line.case["noise"])]


def rate(lines: Iterable[Line], name: str) -> float | None:
    """A quotient over several cells, its counts added up first."""
    above, below = RATIOS[name]
    sums = pooled(lines).get((), {})
    return sums[above] / sums[below] if sums.get(below) else None


def mean(lines: Sequence[Line], name: str) -> float | None:
    """The mean of a quotient whose counts are not told."""
    known = [line.number(name) for line in lines if line[name] is not None]
    return sum(known) / len(known) if known else None


def told_rate(lines: Sequence[Line], name: str) -> float | None:
    return mean(lines, name) if name in ("compression_mean", "concentration_mean") else rate(lines, name)


# -- targets -------------------------------------------------------------------------------------------------------


def targets_of(results: Results) -> list[Target]:
    """What issue 5 asks of templates."""
    lines = results.of("templates")
    if not lines:
        return []
    rows = []
    for name, least in LEAST_F1.items():
        rows.append(at_least(f"values, {name}: F1 of characters", least, rate(group(lines, name), "f1")))
    many = group(lines, "n ≥ 5, at most 1 % noise")
    rows.append(at_least("values, n ≥ 5, at most 1 % noise: F1 of exact values", LEAST_SPANS, rate(many, "span_f1")))
    rows.append(at_least("types, n ≥ 5, at most 1 % noise: accuracy", LEAST_TYPES, rate(many, "type_accuracy")))
    plain = group(lines, "no noise")
    rows.append(at_least("members without noise given back", LEAST_ROUND_TRIP, rate(plain, "round_trip")))
    for texts in ("reports", "lines"):
        here = [line for line in of(lines, "families") if line.case["tool"] == "ours" and line.case["texts"] == texts]
        rows.append(at_least(f"families of {texts}: adjusted Rand index", LEAST_ARI, mean(here, "ari")))
    for line in of(lines, "labels"):
        members = str(line.case["members"])
        rows.append(at_least(f"near and templated, n = {members}: macro-F1", LEAST_LABELS[members], line["macro_f1"]))
    slowest = max((line.number("ms_per_length") for line in of(lines, "speed")), default=math.nan)
    told = f"{figure(slowest)} ms"
    rows.append(target_of("a member of 3,400 characters", f"≤ {MOST_MS} ms", slowest, slowest <= MOST_MS, told))
    for line in of(lines, "whole run"):
        if line.case["texts"] == "short texts":
            fast = line.number("seconds") <= MOST_SECONDS and line.case["documents"] >= MANY
            what, told = f"{count(line.case['documents'])} short texts", f"{figure(line['seconds'])} s"
            rows.append(target_of(what, f"≤ {MOST_SECONDS} s", line["seconds"], fast, told))
    return rows


# -- tables --------------------------------------------------------------------------------------------------------


def values(results: Results) -> Table:
    """One row per language, size and noise."""
    rows = []
    for line in of(results.of("templates"), "values"):
        names = (str(line.case["language"]), count(line.case["members"]), f"{100 * line.case['noise']:.0f} %")
        cells = [*(share(line[name]) for name in (*COLUMNS, *RATES)), *(figure(line[name]) for name in MEANS)]
        rows.append((*names, *cells, figure(line["ms_per_member"])))
    columns = ("language", "n", "noise", "F1", "precision", "recall", "F1 of exact values", "type", "links F1")
    columns += ("exact templates", "exact members", "exact columns", "round trip", "edits", "compression", "ms")
    return Table("Values of planted families, by members (n) and noise.", columns, tuple(rows))


def types(results: Results) -> Table:
    """One row per planted type."""
    rows = []
    for line in of(results.of("templates"), "type"):
        name, columns = str(line.case["planted"]), line.number("columns")
        right = line[f"said_{name}"] or 0
        wrong = {said: number for said, number in line.values.items() if said not in ("columns", f"said_{name}")}
        most = sorted(wrong.items(), key=lambda pair: -(pair[1] or 0))[:3]
        told = ", ".join(f"{said.removeprefix('said_') or NONE} {count(number)}" for said, number in most) or NONE
        rows.append((name, told, count(columns), count(right), share(right / columns if columns else None)))
    return Table("Types of slots.", ("planted", "otherwise", "slots", "right", "share"), tuple(rows), 2)


def families(results: Results) -> Table:
    """One row per kind of texts, language and noise."""
    rows = []
    for line in of(results.of("templates"), "families"):
        if line.case["tool"] == "ours":
            names = (str(line.case["texts"]), str(line.case["language"]), f"{100 * line.case['noise']:.0f} %")
            cells = [share(line[name]) for name in ("ari", "b3_precision", "b3_recall", "b3_f1")]
            rows.append((*names, count(line["documents"]), *cells))
    columns = ("texts", "language", "noise", "documents", "ARI", "B³ precision", "B³ recall", "B³ F1")
    return Table("Families found in a collection of which half is in no family.", columns, tuple(rows), 3)


def labels(results: Results) -> Table:
    """Planted × said, for families of two and larger ones."""
    lines = results.of("templates")
    said = ("near", "templated", "nothing")
    rows = [
        (
            str(line.case["members"]),
            str(line.case["planted"]),
            count(line["planted"]),
            *(count(line[f"said_{name}"]) for name in said),
            *(share(line[name]) for name in ("precision", "recall", "f1")),
        )
        for line in of(lines, "label")
    ]
    columns = ("n", "planted", "documents", *said, "precision", "recall", "F1")
    return Table("Copies and members of a template.", columns, tuple(rows), 2)


def others(results: Results) -> Table:
    """One row per kind of texts and tool, all languages, sizes and noises added up."""
    lines = of(results.of("templates"), "others")
    rows, ours, lost = [], set(), set()
    for texts in dict.fromkeys(line.case["texts"] for line in lines):
        here = [line for line in lines if line.case["texts"] == texts]
        tools = list(dict.fromkeys(line.case["tool"] for line in here))
        own = rate([line for line in here if line.case["tool"] == "ours"], "f1") or 0.0
        for tool in tools:
            of_tool = [line for line in here if line.case["tool"] == tool]
            plain = [line for line in of_tool if line.case["noise"] == 0]
            noisy = [line for line in of_tool if line.case["noise"] > 0]
            if tool == "ours":
                ours.add(len(rows))
            elif (rate(of_tool, "f1") or 0.0) > own:
                lost.add(len(rows))
            cells = [share(rate(part, name)) for part in (plain, noisy) for name in ("f1", "span_f1")]
            rows.append((str(texts), str(tool), *cells, figure(rate(of_tool, "ms_per_member"))))
    columns = ("texts", "tool", "F1, no noise", "exact values", "F1, 1 % noise", "exact values", "ms per member")
    caption = "The same families given to others; sizes and languages added up."
    return Table(caption, columns, tuple(rows), 2, frozenset(ours), frozenset(lost))


def agreement(results: Results) -> Table:
    """ARI of every tool, mean over languages and seeds; only collections without noise, which all tools had."""
    lines = [line for line in of(results.of("templates"), "families") if line.case["noise"] == 0]
    rows, ours, lost = [], set(), set()
    for texts in dict.fromkeys(line.case["texts"] for line in lines):
        here = [line for line in lines if line.case["texts"] == texts]
        tools = list(dict.fromkeys(line.case["tool"] for line in here))
        own = mean([line for line in here if line.case["tool"] == "ours"], "ari") or 0.0
        for tool in tools if len(tools) > 1 else ():
            of_tool = [line for line in here if line.case["tool"] == tool]
            if tool == "ours":
                ours.add(len(rows))
            elif (mean(of_tool, "ari") or 0.0) > own:
                lost.add(len(rows))
            cells = [share(mean(of_tool, name)) for name in ("ari", "b3_precision", "b3_recall")]
            rows.append((str(texts), str(tool), *cells))
    columns = ("texts", "tool", "ARI", "B³ precision", "B³ recall")
    return Table("Families found by others.", columns, tuple(rows), 2, frozenset(ours), frozenset(lost))


def speed(results: Results) -> Table:
    """One row per size of a family."""
    rows = []
    for line in of(results.of("templates"), "speed"):
        cells = [figure(line[name]) for name in ("building_ms", "matching_ms", "ms_per_member", "ms_per_length")]
        rows.append((count(line.case["members"]), count(line["characters"]), *cells, spread(line, "ms_per_member")))
    columns = (
        "members",
        "characters",
        "building ms",
        "matching ms",
        "ms per member",
        "per 3,400 characters",
        "min–max",
    )
    return Table("Milliseconds per member of a family of long reports, one thread.", columns, tuple(rows), 0)


def whole(results: Results) -> Table:
    """One row per collection."""
    rows = []
    for line in of(results.of("templates"), "whole run"):
        names = (str(line.case["texts"]), count(line.case["documents"]))
        cells = [figure(line["mb"]), figure(line["seconds"]), figure(line["stages_seconds"]), count(line["peak_mb"])]
        rows.append((*names, *cells, count(line["templates_found"])))
    columns = ("texts", "documents", "MB", "seconds", "stages alone", "peak MB", "templates")
    return Table("`dedup templates` from start to end, two threads.", columns, tuple(rows))


# -- what to make of it --------------------------------------------------------------------------------------------


def told_values(lines: Sequence[Line]) -> list[str]:
    """How much of a table of values one may believe."""
    many, two = group(lines, "n ≥ 5, at most 1 % noise"), group(lines, "n = 2 and 3, 1 % noise")
    told = []
    if (spans := rate(many, "span_precision")) is not None:
        told.append(
            f"Of the values listed for families of five and more {share(spans)} begin and end exactly where a planted "
            f"one does, and {share(rate(many, 'precision'))} of their characters are of one. Without a single mistake "
            f"in any member are {share(rate(many, 'exact_template_rate'))} of the templates."
        )
    if (spans := rate(two, "span_precision")) is not None:
        told.append(
            f"With two or three members and 1 % noise {share(spans)} of the values are exact: no majority tells a "
            "typing error from a value. Look at `edits` and at the number of members before such a table is used."
        )
    return told


def told_types(lines: Sequence[Line]) -> list[str]:
    """The most frequent wrong type."""
    wrong = [
        (number or 0, str(line.case["planted"]), said.removeprefix("said_"))
        for line in of(lines, "type")
        for said, number in line.values.items()
        if said not in ("columns", f"said_{line.case['planted']}")
    ]
    worst = sorted(wrong, reverse=True)[:3]
    if not worst:
        return []
    return [
        "Types most often mistaken: " + ", ".join(f"{a} as {b or 'nothing'} ({count(n)})" for n, a, b in worst) + "."
    ]


def told_others(lines: Sequence[Line]) -> list[str]:
    """Ours beside the best of the others."""
    told = []
    every = of(lines, "others")
    for texts in dict.fromkeys(line.case["texts"] for line in every):
        here = [line for line in every if line.case["texts"] == texts]
        rates = {
            tool: rate([line for line in here if line.case["tool"] == tool], "f1") or 0.0
            for tool in dict.fromkeys(line.case["tool"] for line in here)
        }
        own = rates.pop("ours", None)
        if own is None or not rates:
            continue
        best = max(rates, key=lambda tool: rates[tool])
        strong = "**" if rates[best] > own else ""
        told.append(
            f"{strong}On {texts} the F1 of characters is {share(own)}; the best of the others is {best} with "
            f"{share(rates[best])}.{strong}"
        )
    return told


def told_labels(lines: Sequence[Line]) -> list[str]:
    """What a run would remove although it was filled in anew."""
    planted = [line for line in of(lines, "label") if line.case["planted"] == "templated"]
    every, wrong = (sum(line.number(name) for line in planted) for name in ("planted", "said_near"))
    if not every:
        return []
    strong = "**" if wrong else ""
    return [
        f"{strong}Of {count(every)} members of templates {count(wrong)} are called copies of another{strong}, which a "
        "run would remove: `dedup explain` shows the values that differ."
    ]
