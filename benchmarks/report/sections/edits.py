"""Known edits of random texts: the table on which fast tools differ most."""

from __future__ import annotations

from benchmarks.report.blocks import NONE, Section, Table, share
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.sections.contenders import is_ours, name_of

TITLE = "Known edits"
WHAT = (
    "Texts of 800 random Chinese characters and one copy of each, edited in one known way: of the pairs of original "
    "and copy, the share that each tool reports. The similarity in the second column is the true one; where it lies "
    "above the threshold of .7, anything below 1 is a miss."
)
HOW = "Sets of 5 consecutive characters, threshold .7, each tool with its recommended bands. The texts share nothing."


def table(results: Results) -> Table:
    """One row per edit, one column per tool, ours first."""
    lines = results.of("edits")
    names = sorted({name_of(x): not is_ours(x) for x in lines}.items(), key=lambda pair: (pair[1], pair[0]))
    tools = [name for name, _ in names]
    rows, lost = [], set()
    for number, edit in enumerate(dict.fromkeys(str(line.case.get("edit")) for line in lines)):
        here = {name_of(line): line for line in lines if str(line.case.get("edit")) == edit}
        own = min((line.number("recall") for line in here.values() if is_ours(line)), default=float("nan"))
        cells, better = [], []
        for tool in tools:
            recall = here[tool]["recall"] if tool in here else None
            ahead = recall is not None and recall > own and not is_ours(here[tool])
            cells.append((share(recall) if recall is not None else _unwanted(here.get(tool))) + (" ▲" if ahead else ""))
            better += [tool] if ahead else []
        if better:
            lost.add(number)
        rows.append((edit, share(next(iter(here.values()))["jaccard"]), *cells))
    caption = (
        "Recall of pairs of original and copy; ▲ marks whoever finds more than ours. In brackets: the share reported "
        "although it is less alike than the threshold."
    )
    return Table(caption, ("edit", "true similarity", *tools), tuple(rows), 1, frozenset(), frozenset(lost))


def _unwanted(line: Line | None) -> str:
    """The share reported where there is nothing to find."""
    return NONE if line is None or line["reported"] is None else f"({share(line['reported'])})"


def section(results: Results) -> Section:
    """The table, our lowest row, and whoever finds more."""
    block = table(results)
    lines = results.of("edits")
    told = []
    ours = [line for line in lines if is_ours(line) and line["recall"] is not None and line.number("jaccard") >= 0.7]
    if ours:
        worst = min(ours, key=lambda line: line.number("recall"))
        most = "every pair" if worst["recall"] == 1 else f"at least {share(worst['recall'])} of the pairs"
        told.append(f"Ours finds {most} in every row at the threshold or above.")
    if block.lost:
        names = ", ".join(block.rows[number][0] for number in sorted(block.lost))
        told.append(f"**Another finds more than ours** in: {names}.")
    elif ours:
        told.append("In no row does another find more than ours.")
    blind: dict[str, list[str]] = {}
    for line in lines:
        if line.number("jaccard") >= 0.7 and line.number("recall") < 0.5:
            blind.setdefault(name_of(line), []).append(f"{line.case.get('edit')} ({share(line['recall'])})")
    for name, edits in blind.items():
        told.append(f"{name} reports less than half of copies that are alike: {', '.join(edits)}.")
    return make_section(results, "edits", TITLE, what=WHAT, how=HOW, blocks=[block], make_of_it=told or [NONE])
