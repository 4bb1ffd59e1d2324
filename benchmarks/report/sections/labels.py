"""What pairs are called, against what they were planted as."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report.blocks import Block, Section, Table, Target, at_least, count, share, targets, told_targets
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.sections.quality import of

TITLE = "Labels"
LABELS = ("exact", "near", "templated", "partial", "boilerplate")
COPIES = ("exact", "near")
SAID = (*LABELS, "nothing")
LEAST = 0.95
WHAT = (
    "Every pair of documents that the generator planted, by what they are to each other: exact (equal but for layout "
    "and script), near (the same text, edited or damaged), templated (one template, other values), partial (a piece in "
    "common), boilerplate (nothing but lines of their site in common); and half as many pairs that have nothing to do "
    "with each other. Against what they are called from the two texts, the passages and the lines of the site."
)
HOW = (
    "Generated collections of five profiles, counts of several seeds added up. The rules were fixed on seeds 0–9. F1 "
    "is the harmonic mean of precision (of planted pairs called so, those planted so) and recall; macro-F1 is the mean "
    "of the five, however rare a label is. Copies count however little alike they are, also where no run would list "
    "them."
)


def section(results: Results) -> Section:
    """The targets, the confusion matrix, and copies by how alike they are."""
    lines = results.of("labels")
    asked = targets_of(results)
    blocks: list[Block] = [targets(asked), confusion(results), by_similarity(lines)]
    told = [*told_targets(asked), *told_copies(lines), *told_confusions(lines), *told_unrelated(lines)]
    return make_section(results, "labels", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


def targets_of(results: Results) -> list[Target]:
    """What issue 4 asks of labels."""
    return [at_least("labels: macro-F1", LEAST, line["macro_f1"]) for line in of(results.of("labels"), "all labels")]


def confusion(results: Results) -> Table:
    """Planted label × what the pair is called, and how good each label is."""
    lines = results.of("labels")
    rows = []
    for line in of(lines, "label"):
        cells = [count(line[f"said_{said}"]) for said in SAID]
        marks = [share(line[name]) for name in ("precision", "recall", "f1")]
        rows.append((str(line.case["planted"]), count(line["planted"]), *cells, *marks))
    for line in of(lines, "unrelated"):
        said = sum(line.number(f"said_{label}") for label in LABELS)
        cells = [count(line[f"said_{label}"]) for label in LABELS]
        rows.append(("unrelated", count(line["pairs"]), *cells, count(line.number("pairs") - said), *("",) * 3))
    on = next((line.case for line in of(lines, "label")), {})
    caption = (
        "Pairs by what they were planted as (down) and what they are called (across); seeds "
        f"{seeds(on.get('seeds', ''))}, {count(on.get('documents'))} documents of each profile ({on.get('profiles')})."
    )
    return Table(caption, ("planted", "pairs", *SAID, "precision", "recall", "F1"), tuple(rows))


def seeds(text: str) -> str:
    """Seeds that follow each other as a range."""
    numbers = [int(number) for number in text.split(",") if number.strip()]
    follow = len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return f"{numbers[0]}–{numbers[-1]}" if follow else text


def by_similarity(lines: Sequence[Line]) -> Table:
    """Which of the copies are called copies, by how alike they are."""
    rows = []
    for line in of(lines, "near by similarity"):
        if line["pairs"]:
            cells = (count(line["pairs"]), count(line["said_near"]), share(line["recall"]))
            rows.append((str(line.case["similarity"]).replace("-", "–"), *cells))
    return Table("Near copies by their similarity.", ("similarity", "pairs", "called near", "share"), tuple(rows))


# -- what to make of it --------------------------------------------------------------------------------------------


def told_copies(lines: Sequence[Line]) -> list[str]:
    """How far one can trust what a run removes by default."""
    planted = of(lines, "label")
    called = sum(line.number(f"said_{said}") for line in planted for said in COPIES)
    if not called:
        return []
    right = sum(line.number(f"said_{said}") for line in planted for said in COPIES if line.case["planted"] in COPIES)
    return [
        f"A run removes what is called exact or near: of {count(called)} planted pairs called so, {count(right)} "
        f"({share(right / called)}) were planted as copies. Whoever wants one of each template as well asks for "
        "`--remove exact,near,templated`; `dedup explain` shows the differing values of any pair before that."
    ]


def told_confusions(lines: Sequence[Line]) -> list[str]:
    """The most frequent wrong name of each label."""
    found = []
    for line in of(lines, "label"):
        wrong = {said: line.number(f"said_{said}") for said in SAID if said != line.case["planted"]}
        said, most = max(wrong.items(), key=lambda pair: pair[1])
        if most:
            found.append(f"{line.case['planted']} as {said} ({count(most)} of {count(line['planted'])})")
    if found:
        return [f"Most often mistaken: {', '.join(found)}."]
    return ["No planted pair is called by a wrong name."] if of(lines, "label") else []


def told_unrelated(lines: Sequence[Line]) -> list[str]:
    """Whether anything is linked that has nothing to do with each other."""
    told = []
    for line in of(lines, "unrelated"):
        linked, pairs = count(line["linked"]), count(line["pairs"])
        strong = "**" if line["linked"] else ""
        told.append(f"{strong}Of {pairs} pairs that have nothing to do with each other, {linked} are linked.{strong}")
    return told
