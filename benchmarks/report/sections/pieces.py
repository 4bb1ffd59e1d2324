"""Where pages were cut into pieces, against where they were put together; and what looking for that costs."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report.blocks import (
    Block,
    Section,
    Table,
    Target,
    at_least,
    count,
    figure,
    share,
    target_of,
    targets,
    told_targets,
)
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.sections.quality import of, pooled

TITLE = "Pieces"
HEADED, BARE, ALONE = "with a heading", "without a heading, also elsewhere", "without a heading, nowhere else"
BY = {"headings": "headings alone", "engine": "the engine (`--unit piece`)"}
BOTH = "pieces and boilerplate"
LEAST_HEADED, LEAST_BARE, MOST_ADDED = 0.95, 0.8, 0.3
WHAT = (
    "Collection pages that the generator put together from pieces, some under headings, some without, with furniture "
    "around them: where a piece begins, and where one ends with no other below it. Cut by their headings alone, and by "
    "the engine, which also knows what stands elsewhere. Documents that are no pages must not be cut at all."
)
HOW = (
    "A boundary counts as found within one line, and every predicted one counts for one boundary at most; counts of "
    "several seeds are added up. A piece without a heading stands elsewhere if half of it is in another place of the "
    "collection: then its boundaries can be told from there, else from nothing. Overhead: whole runs in turns with "
    "plain ones, and the median of the ratios of two runs of one turn, less one."
)


def section(results: Results) -> Section:
    """The targets, boundaries, documents that were cut by mistake, and the price."""
    lines = results.of("pieces")
    asked = targets_of(results)
    blocks: list[Block] = [targets(asked), boundaries(results), cut(lines), overhead(results)]
    told = [*told_targets(asked), *told_boundaries(lines), *told_cut(lines), *told_overhead(lines)]
    return make_section(results, "pieces", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


def targets_of(results: Results) -> list[Target]:
    """What issue 4 asks of pieces, and of what they and boilerplate add to a run."""
    lines = results.of("pieces")
    rows = []
    for sort, least in ((HEADED, LEAST_HEADED), (BARE, LEAST_BARE)):
        for line in of(lines, "boundaries"):
            if (line.case["by"], line.case["pieces"]) == ("engine", sort) and line["boundaries"]:
                rows.append(at_least(f"pieces {sort}, `{line.case['profile']}`: F1 of boundaries", least, line["f1"]))
    for line in (line for line in of(lines, "overhead") if line.case["added"] == BOTH):
        what = f"pieces and boilerplate add to a run of `{line.case['collection']}`"
        met = added(line) <= MOST_ADDED
        rows.append(target_of(what, f"≤ {MOST_ADDED:.0%}", line["ratio"], met, f"{added(line):.0%}"))
    return rows


def pooled_boundaries(lines: Sequence[Line]) -> dict[tuple[str, str], dict[str, float]]:
    """Counts of boundaries over all profiles, by finder and sort of piece."""
    return {(key[0], key[1]): sums for key, sums in pooled(of(lines, "boundaries"), "by", "pieces").items()}


def f1(counts: dict[str, float]) -> float | None:
    """Of pooled counts."""
    below = counts["boundaries_and_predicted"]
    return counts["found_twice"] / below if below else None


def recall(counts: dict[str, float]) -> float | None:
    """Of pooled counts."""
    return counts["found"] / counts["boundaries"] if counts["boundaries"] else None


def added(line: Line) -> float:
    """What a run takes longer than a plain one, as a share of that."""
    return line.number("ratio") - 1


def longer(line: Line) -> str:
    """The same in words."""
    return f"{abs(added(line)):.0%} {'longer' if added(line) >= 0 else 'less'}"


def boundaries(results: Results) -> Table:
    """One row per profile, finder and sort of piece."""
    rows = []
    for line in of(results.of("pieces"), "boundaries"):
        if not line["boundaries_and_predicted"]:
            continue
        names = (str(line.case["profile"]), str(line.case["pieces"]), BY[line.case["by"]])
        cells = (count(line["boundaries"]), count(line["predicted"]), count(line["found"]))
        rows.append((*names, *cells, *(share(line[name]) for name in ("precision", "recall", "f1"))))
    rows.sort(key=lambda row: (row[0] != "pages", row[0], (HEADED, BARE, ALONE).index(row[1])))
    columns = ("profile", "pieces", "cut by", "boundaries", "predicted", "found", "precision", "recall", "F1")
    return Table("Boundaries of pieces.", columns, tuple(rows), 3)


def cut(lines: Sequence[Line]) -> Table:
    """Documents of one text, and how many of them were cut."""
    every = of(lines, "documents cut")
    rows, lost = [], set()
    for profile, kind in dict.fromkeys((line.case["profile"], line.case["kind"]) for line in every):
        here = {x.case["by"]: x for x in every if (x.case["profile"], x.case["kind"]) == (profile, kind)}
        wrong = [here[by]["cut"] if by in here else None for by in BY]
        rows.append((str(profile), str(kind), count(next(iter(here.values()))["documents"]), *map(count, wrong)))
        if any(wrong):
            lost.add(len(rows) - 1)
    columns = ("profile", "kind", "documents", "cut by headings", "cut by the engine")
    return Table(
        "Documents that are one text, and were cut all the same.", columns, tuple(rows), 2, frozenset(), frozenset(lost)
    )


def overhead(results: Results) -> Table:
    """What each addition costs, by collection."""
    rows = []
    for line in of(results.of("pieces"), "overhead"):
        names = (str(line.case["collection"]), str(line.case["added"]))
        low, high = line.spread.get("ratio", (float("nan"),) * 2)
        cells = [count(line["mb"]), figure(line["plain_seconds"]), figure(line["seconds"]), f"{added(line):+.0%}"]
        cells += [f"{low - 1:+.0%} to {high - 1:+.0%}", f"{line.number('stages_ratio') - 1:+.0%}"]
        rows.append((*names, *cells, count(line["plain_peak_mb"]), count(line["peak_mb"])))
    columns = ["collection", "added", "MB", "plain s", "s", "added time", "min to max", "of the stages alone"]
    columns += ["plain peak MB", "peak MB"]
    return Table("What is added to a plain run.", tuple(columns), tuple(rows), 2)


# -- what to make of it --------------------------------------------------------------------------------------------


def told_boundaries(lines: Sequence[Line]) -> list[str]:
    """Where headings suffice, and what cannot be seen."""
    sums = pooled_boundaries(lines)
    told = []
    wanted = [(by, sort) for by in BY for sort in (HEADED, BARE)]
    if all(key in sums for key in wanted):
        headed, bare, engine_headed, engine_bare = (share(recall(sums[key])) for key in wanted)
        told.append(
            f"Headings alone give {headed} of the boundaries of pieces that have one, and {bare} of those without one "
            f"that stand elsewhere; the engine {engine_headed} and {engine_bare}. So cut a whole collection at once, "
            "not page by page: seams without a heading show by the copies of what stands beside them."
        )
    alone = sums.get(("engine", ALONE), {})
    if alone.get("boundaries"):
        told.append(
            f"Of {count(alone['boundaries'])} boundaries between pieces that have no heading and stand nowhere else, "
            f"{count(alone['found'])} are found: the others stay in one piece until a copy of one of the two turns up."
        )
    return told


def told_cut(lines: Sequence[Line]) -> list[str]:
    """Whether single texts were taken for collections."""
    sums = pooled(of(lines, "documents cut"), "by")
    wrong = [f"{count(x['cut'])} of {count(x['documents'])} by {BY[by]}" for (by,), x in sums.items() if x["cut"]]
    if wrong:
        return [f"**Cut although they are one text**: {', '.join(wrong)}. `pages.jsonl` names the pages that were cut."]
    return ["No document that is one text was cut."] if sums else []


def told_overhead(lines: Sequence[Line]) -> list[str]:
    """What to expect of a run with pieces."""
    told = []
    for line in of(lines, "overhead"):
        if line.case["added"] == BOTH:
            told.append(
                f"On `{line.case['collection']}` a run with pieces and boilerplate takes {longer(line)} and "
                f"{count(line['peak_mb'])} MB instead of {count(line['plain_peak_mb'])}, and removes "
                f"{count(line['removed'])} of {count(line['documents'])} pieces where the plain one removes "
                f"{count(line['plain_removed'])} pages."
            )
    return told
