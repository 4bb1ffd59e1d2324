"""Lines of the site: which are marked, and whether anything else is."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report.blocks import (
    Block,
    Section,
    Table,
    Target,
    at_least,
    count,
    share,
    target_of,
    targets,
    told_targets,
)
from benchmarks.report.blocks import section as make_section
from benchmarks.report.lines import Line, Results
from benchmarks.report.sections.quality import of, pooled

TITLE = "Boilerplate"
LEAST = 0.95
WHAT = (
    "Pages around whose texts the generator put lines of their site: mastheads, fillers, notes of the editor, "
    "pagination, lists of related titles, footers. Which of these `--boilerplate auto` marks, and what else; and "
    "whether pages that share nothing but such lines are still alike once the lines are set aside."
)
HOW = (
    "By line, the source of a page given, counts of several seeds added up. A line counts as unique if it stands on "
    "one page only, letter for letter: what is marked of these would be somebody's text. Pairs are those planted with "
    "the label boilerplate; linked means a similarity of .7 or more."
)


def section(results: Results) -> Section:
    """The targets, lines by profile and by kind."""
    lines = results.of("boilerplate")
    asked = targets_of(results)
    blocks: list[Block] = [targets(asked), profiles(results), kinds(lines)]
    told = [*told_targets(asked), *told_lines(lines), *told_kinds(lines)]
    return make_section(results, "boilerplate", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


def sums(lines: Sequence[Line], measure: str) -> dict[str, float]:
    """Counts of one measure over all profiles."""
    return pooled(of(lines, measure)).get((), {})


def f1(counts: dict[str, float]) -> float | None:
    """Of pooled counts."""
    below = counts.get("planted_and_marked", 0)
    return counts["right_twice"] / below if below else None


def targets_of(results: Results) -> list[Target]:
    """What issue 4 asks of boilerplate."""
    lines = results.of("boilerplate")
    marked, pairs = sums(lines, "lines"), sums(lines, "pairs")
    rows = [
        at_least(f"boilerplate, `{line.case['profile']}`: F1 by line", LEAST, line["f1"])
        for line in of(lines, "lines")
        if line["planted"]
    ]
    if marked:
        unique = marked["unique_marked"]
        rows.append(target_of("boilerplate: unique lines marked", "0", unique, not unique, count(unique)))
    if pairs:
        wrong = pairs["linked_without"]
        measured = f"{count(wrong)} of {count(pairs['pairs'])}"
        rows.append(target_of("pairs that share only boilerplate: linked", "0", wrong, not wrong, measured))
    return rows


def profiles(results: Results) -> Table:
    """One row per profile."""
    lines = results.of("boilerplate")
    pairs = {line.case["profile"]: line for line in of(lines, "pairs")}
    rows = []
    for line in of(lines, "lines"):
        profile = line.case["profile"]
        cells = [count(line[name]) for name in ("lines", "planted", "marked", "right", "unique_marked")]
        cells += [share(line[name]) for name in ("precision", "recall", "f1")]
        if profile in pairs:
            cells += [count(pairs[profile][name]) for name in ("pairs", "linked_with", "linked_without")]
        rows.append((str(profile), *cells, *("",) * (11 - len(cells))))
    columns = ["profile", "lines", "planted", "marked", "rightly", "unique marked", "precision", "recall", "F1"]
    columns += ["pairs that share only these", "linked with them", "linked without"]
    return Table("Lines of the site, and pairs that share nothing else.", tuple(columns), tuple(rows))


def by_kind(lines: Sequence[Line]) -> dict[str, dict[str, float]]:
    """Lines of each kind over all profiles, the most frequent first."""
    every = {str(kind): counts for (kind,), counts in pooled(of(lines, "kind"), "kind").items()}
    return dict(sorted(every.items(), key=lambda item: -item[1]["lines"]))


def kinds(lines: Sequence[Line]) -> Table:
    """One row per kind of line."""
    rows = [
        (kind, count(counts["lines"]), count(counts["found"]), share(counts["found"] / counts["lines"]))
        for kind, counts in by_kind(lines).items()
        if counts["lines"]
    ]
    return Table("By kind of line, all profiles.", ("kind", "lines", "found", "recall"), tuple(rows))


# -- what to make of it --------------------------------------------------------------------------------------------


def told_lines(lines: Sequence[Line]) -> list[str]:
    """Whether marking is safe, and what it does to links."""
    marked, pairs = sums(lines, "lines"), sums(lines, "pairs")
    if not marked:
        return []
    wrong = marked["marked"] - marked["right"]
    told = [
        f"Of {count(marked['marked'])} marked lines, {count(wrong)} were not planted, "
        f"{count(marked['unique_marked'])} of them unique. Marked lines leave the comparison only, never the output, "
        "and `boilerplate.jsonl` lists them with counts: read it once, take out what you want compared, and pass it on "
        "as `--boilerplate FILE`."
    ]
    if pairs.get("linked_with"):
        told.append(
            f"Of {count(pairs['pairs'])} pairs that share only lines of their site, {count(pairs['linked_with'])} are "
            f"linked with these lines and {count(pairs['linked_without'])} without."
        )
    return told


def told_kinds(lines: Sequence[Line]) -> list[str]:
    """Which kind is missed most."""
    found = {kind: counts["found"] / counts["lines"] for kind, counts in by_kind(lines).items() if counts["lines"]}
    if not found or min(found.values()) == 1:
        return []
    kind = min(found, key=lambda name: found[name])
    return [
        f"Least is found of `{kind}` ({share(found[kind])}): a line must stand on enough pages of its site to be told "
        "from a text, so give `--source` and whole sites."
    ]
