"""Real collections with labels of their own."""

from __future__ import annotations

from benchmarks.report.blocks import Block, Section, Table, count, share
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Results
from benchmarks.report.sections.quality import clusters, of, recall_plot, told_recall, told_totals, totals

TITLE = "Real collections"
WHAT = (
    "Public collections that nobody here wrote or labelled: against all pairs of them compared by brute force, and "
    "against their own labels. A label is not a similarity: where two documents with one label are less alike than the "
    "threshold, no setting of this measure links them, and the ceiling says how often that is so."
)
HOW = (
    "Files `zh_laws`, `zh_tidb_docs` and `zh_covid_bulletins` (`.jsonl.zst` with the fields id, text, cluster), made "
    "from the public sources named below, in the folder that `DEDUP_DATA` names. One run of the default settings each."
)


def section(results: Results) -> Section:
    """Tables of the sets, or that they were not at hand."""
    lines = results.of("real")
    sources = tuple(
        dict.fromkeys((x.case["set"], x.case["source"], x.case["label"]) for x in lines if "source" in x.case)
    )
    blocks: list[Block] = [
        Table("Where they come from.", ("set", "public source", "label"), sources, 3),
        totals(lines, "set"),
        labels(results),
        clusters(lines, "set"),
        *recall_plot(lines, "recall-real", "real collections"),
    ]
    told = [*told_totals(lines), *told_recall(lines)]
    for line in of(lines, "label pairs"):
        told.append(
            f"{line.case['set']}: {share(line['label_recall'])} of the pairs with one label are linked, "
            f"{share(line['label_ceiling'])} is the most that a threshold of .7 allows."
        )
    built = make_section(results, "real", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)
    if lines:
        return built
    told = ["Not measured: `DEDUP_DATA` was not set, so these collections were not at hand. Nothing else needs them."]
    return Section(built.name, built.title, built.what, built.how, built.commands, (), tuple(told), "", built.failures)


def labels(results: Results) -> Table:
    """Pairs with one label against linked pairs."""
    rows = []
    for line in of(results.of("real"), "label pairs"):
        cells = (count(line["labelled"]), share(line["label_recall"]), share(line["label_ceiling"]))
        rows.append((str(line.case["set"]), *cells, count(line["linked"]), share(line["label_precision"])))
    columns = ("set", "pairs with one label", "linked", "ceiling (truly ≥ .7)", "linked pairs", "with one label")
    return Table("Against the labels, by pairs.", columns, tuple(rows))
