"""What is found and what is missed, against planted truth and all pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.report.blocks import Block, Plot, Section, Table, count, figure, share
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.plots import Series, draw

TITLE = "Quality"
THRESHOLD = 0.7
Z = 1.959964  # two-sided 95 %
WHAT = (
    "Generated collections in which every copy is known, and all pairs of which were compared by brute force as well: "
    "how much is found at which similarity, whether what is linked is alike, whether clusters are the planted ones, "
    "what each kind of edit and damage does, and what happens in the traps. Profile `unseen` was written after the "
    "rules it measures were frozen."
)
HOW = (
    "`python -m corpus make` with seeds from 100 on (0–9 are for tuning), one run of the default settings each. "
    "Similarity is the Jaccard similarity of sets of 5 consecutive tokens. Precision is counted again, on a sample of "
    "1,000 rows a collection, by a slow twin that shares no code with the engine; so is the truth. Counts of several "
    "seeds are added up."
)


def section(results: Results) -> Section:
    """Every table of the profiles."""
    lines = results.of("quality")
    blocks: list[Block] = [
        totals(lines, "profile"),
        recall_table(lines),
        *recall_plot(lines, "recall", "generated collections"),
        clusters(lines, "profile"),
        labels(lines),
        changes(lines),
        traps(lines),
    ]
    told = [*told_totals(lines), *told_recall(lines), *told_labels(lines), *told_traps(lines)]
    return make_section(results, "quality", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


# -- sums ----------------------------------------------------------------------------------------------------------


def of(lines: Iterable[Line], measure: str) -> list[Line]:
    """Lines of one measure."""
    return [line for line in lines if line.case.get("measure") == measure]


def pooled(lines: Iterable[Line], *by: str) -> dict[tuple[Any, ...], dict[str, float]]:
    """Counts of several profiles added up, by some of what the case says."""
    sums: dict[tuple[Any, ...], dict[str, float]] = {}
    for line in lines:
        counts = sums.setdefault(tuple(line.case[name] for name in by), {})
        for name, value in line.values.items():
            if value is not None:
                counts[name] = counts.get(name, 0) + value
    return sums


def interval(found: float, pairs: float, errors: float = Z) -> tuple[float, float]:
    """Wilson's interval of a share, so many standard errors wide on either side; 95 % if nothing else is asked."""
    if not pairs:
        return math.nan, math.nan
    rate, z = found / pairs, errors * errors / pairs
    middle, half = (rate + z / 2) / (1 + z), errors * math.sqrt(rate * (1 - rate) / pairs + z / pairs / 4) / (1 + z)
    return max(0.0, middle - half) if found else 0.0, middle + half if found < pairs else 1.0


# -- tables --------------------------------------------------------------------------------------------------------


def totals(lines: Sequence[Line], name: str) -> Table:
    """Recall and precision of each collection."""
    rows = []
    recorded = {line.case.get(name): line for line in of(lines, "recorded similarity")}
    for line in of(lines, "totals"):
        cells = [str(line.case.get(name)), count(line["documents"]), figure(line["mb"]), count(line["pairs"])]
        cells += [share(line["recall"]), count(line.number("pairs") - line.number("found"))]
        cells += [share(line["recall_together"]), share(line["precision"])]
        cells += [f"{count(line['recounted_equal'])} of {count(line['recounted'])}"]
        if recorded:
            truth = recorded.get(line.case.get(name))
            cells.append(f"{count(truth['equal'])} of {count(truth['recounted'])}" if truth else "–")
        rows.append((*cells, count(line["unsearched"])))
    columns = [
        name,
        "documents",
        "MB",
        "pairs ≥ .7",
        "recall",
        "missed",
        "or one cluster",
        "precision",
        "similarities right",
    ]
    columns += ["truth right", "unsearched"] if recorded else ["unsearched"]
    caption = (
        "Against all pairs: recall of those at the threshold or above, precision of what is linked. Where hundreds of "
        "documents are alike only some of their pairs are compared, so recall is told a second time for pairs that are "
        "listed or whose documents are in one cluster."
    )
    return Table(caption, tuple(columns), tuple(rows))


def recall_table(lines: Sequence[Line]) -> Table:
    """Recall by true similarity over all collections, beside the formula."""
    rows = []
    for (low, high), counts in sorted(pooled(of(lines, "recall by similarity"), "from", "to").items()):
        found, pairs = counts["found"], counts["pairs"]
        ends = interval(found, pairs)
        cells = (count(pairs), count(found), share(found / pairs if pairs else None))
        formula = share(counts["promised"] / pairs if pairs else None)
        rows.append((f"{low:.2f}–{high:.2f}", *cells, f"{share(ends[0])}–{share(ends[1])}", formula))
    columns = ("similarity", "pairs", "found", "recall", "95 % interval", "formula")
    caption = (
        "Recall by true similarity, all collections together; the formula is what the bands promise for these pairs. "
        "Below the threshold nothing is asked for: there it shows that the search does what the formula says."
    )
    return Table(caption, columns, tuple(rows))


def recall_plot(lines: Sequence[Line], name: str, called: str) -> list[Plot]:
    """Points with intervals on the curve of the formula."""
    sums = pooled(of(lines, "recall by similarity"), "from", "to")
    bins = sorted((key, counts) for key, counts in sums.items() if counts.get("pairs"))
    if not bins:
        return []
    x = [(low + high) / 2 for (low, high), _ in bins]
    ends = [interval(counts["found"], counts["pairs"]) for _, counts in bins]
    measured = Series(
        f"measured, {called}",
        x,
        [counts["found"] / counts["pairs"] for _, counts in bins],
        [low for low, _ in ends],
        [high for _, high in ends],
        line=False,
        strong=True,
        colour=0,
    )
    promised = [counts["promised"] / counts["pairs"] for _, counts in bins]
    formula = Series("formula of the bands", x, promised, colour=1, marker="")
    drawn = draw(
        name,
        [("", [measured, formula])],
        x="true Jaccard similarity (bins of .05)",
        y="share of pairs found",
        limits=[(0, 1.04)],
        upright=(THRESHOLD, "threshold"),
        height=3.3,
    )
    return [Plot(name, f"Recall against true similarity ({called}), with 95 % intervals, beside the formula.", drawn)]


def clusters(lines: Sequence[Line], name: str) -> Table:
    """How far clusters agree, against labels and against what all pairs would give."""
    rows = []
    for line in of(lines, "clusters"):
        values = (share(line[value]) for value in ("ari", "b3_precision", "b3_recall", "b3_f1"))
        rows.append((str(line.case.get(name)), str(line.case["against"]), *values))
    columns = (name, "against", "ARI", "B³ precision", "B³ recall", "B³ F1")
    caption = (
        "Clusters. A planted class is a report with all its copies, however heavily edited; members of a template, "
        "pages and short texts are classes of their own. The second line of each pair compares with the clusters that "
        "all pairs at the threshold would give: what differs there the search has missed."
    )
    if name != "profile":
        caption = "Clusters, against the labels and against those that all pairs at the threshold would give."
    return Table(caption, columns, tuple(rows), 2)


def labels(lines: Sequence[Line]) -> Table:
    """Planted label × what the run says."""
    rows, lost = [], set()
    for number, ((kind, planted), counts) in enumerate(pooled(of(lines, "labels"), "kind", "planted").items()):
        said = [count(counts[name]) for name in ("exact", "near", "below", "none")]
        rows.append((kind, planted, count(counts["pairs"]), *said, count(counts["above_threshold"])))
        if planted not in ("exact", "near") and counts["exact"] + counts["near"]:
            lost.add(number)
    columns = ("documents", "planted", "pairs", "said exact", "near", "below .7", "not listed", "truly ≥ .7")
    caption = (
        "Planted label against what the run says. It knows two labels: whatever is alike enough is near, also two "
        "members of one template; the last column tells how many pairs the measure itself calls alike."
    )
    return Table(caption, columns, tuple(rows), 2, frozenset(), frozenset(lost))


def changes(lines: Sequence[Line]) -> Table:
    """Recall by what was done to a copy, and how much of it."""
    rows = []
    for (change, rate), counts in sorted(pooled(of(lines, "changes"), "change", "rate").items(), key=_by_rate):
        pairs, above = counts["pairs"], counts["above_threshold"]
        mean = counts["jaccard"] / _lines(lines, change, rate)
        cells = (share(mean), share(counts["linked"] / pairs), count(above))
        rows.append((change, rate, count(pairs), *cells, share(counts["linked_above"] / above if above else None)))
    columns = ("change", "characters edited", "pairs", "mean similarity", "found", "pairs ≥ .7", "recall of these")
    caption = (
        "Pairs of which one is made from the other. Found falls where edits take a copy below the threshold; recall of "
        "pairs at the threshold tells what the search is answerable for."
    )
    return Table(caption, columns, tuple(rows), 2)


def _lines(lines: Sequence[Line], change: str, rate: str) -> int:
    return sum(x.case["change"] == change and x.case["rate"] == rate for x in of(lines, "changes"))


def _by_rate(item: tuple[tuple[Any, ...], Any]) -> tuple[bool, str, float]:
    (change, rate), _ = item
    digits = "".join(char for char in rate if char in "0123456789.")
    return "together" in change, change, float(digits or 0) + (1 if rate.startswith(">") else 0)


def traps(lines: Sequence[Line]) -> Table:
    """What was linked although it was planted as no copy."""
    rows, lost = [], set()
    for number, ((trap,), counts) in enumerate(sorted(pooled(of(lines, "traps"), "trap").items())):
        names = ("pairs", "no_copies", "wrongly_linked", "no_copies_above_threshold", "copies", "copies_linked")
        rows.append((trap, *(count(counts[name]) for name in names)))
        if counts["wrongly_linked"]:
            lost.add(number)
    columns = ("trap", "pairs", "no copies", "wrongly linked", "no copies but ≥ .7", "copies", "copies linked")
    return Table("Traps: families made to be linked by mistake.", columns, tuple(rows), 1, frozenset(), frozenset(lost))


# -- what to make of it --------------------------------------------------------------------------------------------


def told_totals(lines: Sequence[Line]) -> list[str]:
    """Recall over everything, and whether every similarity was right."""
    every = of(lines, "totals")
    if not every:
        return []
    sums = pooled(every)[()]
    missed = count(sums["pairs"] - sums["found"])
    told = [
        f"Of {count(sums['pairs'])} pairs at the threshold or above, {missed} were missed: "
        f"recall {share(sums['found'] / sums['pairs'] if sums['pairs'] else None)}.",
        f"Of {count(sums['recounted'])} listed similarities counted again, {count(sums['recounted_equal'])} were "
        f"right; of {count(sums['recounted_linked'])} links, {count(sums['rightly_linked'])} are at the threshold or "
        "above.",
    ]
    if sums["pairs"] > sums["found"]:
        least = min((line for line in every if line["pairs"]), key=lambda line: line.number("recall"))
        told.append(
            f"Least is found in {least.case.get('profile', least.case.get('set'))}: {share(least['recall'])}, or "
            f"{share(least['recall_together'])} counting pairs whose documents are in one cluster."
        )
    if sums["unsearched"]:
        told.append(f"**{count(sums['unsearched'])} rows of large buckets were left unsearched.**")
    return told


def told_recall(lines: Sequence[Line]) -> list[str]:
    """Bins in which the search finds less than the formula promises, by more than three standard errors."""
    asked: list[str] = []
    unasked: list[str] = []
    for (low, high), counts in sorted(pooled(of(lines, "recall by similarity"), "from", "to").items()):
        pairs = counts["pairs"]
        # Three, as fourteen bins are looked at, and the pairs of one family are found or missed together.
        if pairs and interval(counts["found"], pairs, 3)[1] < counts["promised"] / pairs:
            measured, promised = share(counts["found"] / pairs), share(counts["promised"] / pairs)
            into = asked if low >= THRESHOLD else unasked
            into.append(f"{low:.2f}–{high:.2f} ({measured} against {promised})")
    told = []
    if asked:
        told.append(f"**Less than the formula promises** at the threshold or above, in: {', '.join(asked)}.")
    elif lines:
        told.append("At the threshold and above no bin finds less than the formula promises.")
    if unasked:
        told.append(
            f"Below the threshold, where nothing is promised, less than the formula in: {', '.join(unasked)}. The "
            "intervals take pairs as independent, which those of one family are not."
        )
    return told


def told_labels(lines: Sequence[Line]) -> list[str]:
    """What was linked that was planted as something else than a copy, and whether the measure excuses it."""
    told = []
    sums = pooled(of(lines, "labels"), "planted")
    for (planted,), counts in sums.items():
        linked = counts["exact"] + counts["near"]
        if planted not in ("exact", "near") and linked:
            told.append(
                f"**{count(linked)} of {count(counts['pairs'])} pairs planted as {planted} are linked** "
                f"({count(counts['above_threshold'])} of them are at the threshold or above)."
            )
    return told


def told_traps(lines: Sequence[Line]) -> list[str]:
    """The traps that were fallen into."""
    every = pooled(of(lines, "traps"), "trap")
    fallen = [_trap(trap, counts) for (trap,), counts in sorted(every.items()) if counts["wrongly_linked"]]
    if fallen:
        return [f"**Traps fallen into** (wrongly linked pairs): {', '.join(fallen)}."]
    return ["No trap was fallen into."] if every else []


def _trap(trap: str, counts: dict[str, float]) -> str:
    return f"{trap} {count(counts['wrongly_linked'])} of {count(counts['no_copies'])}"
