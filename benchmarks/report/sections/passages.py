"""What stands in several places: whether all of it is found, how exactly, and how fast."""

from __future__ import annotations

from collections.abc import Sequence

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

TITLE = "Passages"
LENGTH, CAP = 50, 100  # the defaults of a run
REAL = "zh_laws_full"
LEAST_PRECISION, LEAST_EDITED, LEAST_SPEED, MOST_MEMORY = 0.99, 0.97, 40, 2048
EDITS = "single edits"
NEAR = (0, 1, 3, 10, 40)
WHAT = (
    "Runs of tokens that stand in several places, in different texts or in one: against a suffix array that lists all "
    "equal ones, against the passages that the generator planted in pages and copies, and against long passages "
    "planted on purpose with 2 % of their characters edited, damaged as sites damage them, or both. And `dedup "
    "passages` from start to end, on generated pages and on a collection of many versions of the same laws."
)
HOW = (
    "Recall and precision by characters, counts of several seeds added up. Equal runs: identity 1, several least "
    "lengths and caps; what stands in more texts than the cap is left out, and where a run just above it is found in "
    "part, precision pays. Edited ones: identity .85, passages of 200 characters and more in texts on one topic. The "
    "error of an end is how many tokens it is off, of passages that are found at all. Speed: a process of its own, "
    "start and imports counted; memory is looked at ten times a second, mapped files do not count."
)


def section(results: Results) -> Section:
    """The targets, equal runs, planted and edited passages, speed."""
    lines = results.of("passages")
    asked = targets_of(results)
    blocks: list[Block] = [targets(asked), equal_runs(results), planted(results), speed(results)]
    told = [*told_targets(asked), *told_runs(lines), *told_ends(lines), *told_speed(lines)]
    return make_section(results, "passages", TITLE, what=WHAT, how=HOW, blocks=blocks, make_of_it=told)


def targets_of(results: Results) -> list[Target]:
    """What issue 4 asks of passages."""
    lines = results.of("passages")
    rows = []
    if runs := default_runs(lines):
        rows.append(at_least("equal runs: recall", 1, _quotient(runs, "recalled", "characters")))
        rows.append(at_least("equal runs: precision", LEAST_PRECISION, _quotient(runs, "justified", "found")))
    for line in (line for line in of(lines, "planted passages") if line.case["case"] == EDITS):
        error = median_error(line)
        rows.append(at_least("edited passages (2 %): recall", LEAST_EDITED, line["recall"]))
        rows.append(target_of("edited passages: median error of an end", "0", line["ends"], error == "0", error))
    for line in of(lines, "speed"):
        if line.case["collection"] == REAL and line.case["threads"] == 1:
            fast, small = line.number("mb_per_s") >= LEAST_SPEED, line.number("peak_mb") <= MOST_MEMORY
            said = f"{figure(line['mb_per_s'])} MB/s"
            rows.append(target_of(f"passages of {REAL}, one core", f"≥ {LEAST_SPEED} MB/s", line["mb"], fast, said))
            said, wanted = f"{count(line['peak_mb'])} MB", f"≤ {count(MOST_MEMORY)} MB"
            rows.append(target_of(f"passages of {REAL}: anonymous memory", wanted, line["mb"], small, said))
    return rows


def default_runs(lines: Sequence[Line]) -> dict[str, float]:
    """Counts of equal runs over all profiles, with the settings a run has if nothing else is asked."""
    here = [x for x in of(lines, "equal runs") if (x.case["length"], x.case["cap"]) == (LENGTH, CAP)]
    return pooled(here).get((), {})


def _quotient(counts: dict[str, float], above: str, below: str) -> float | None:
    return counts[above] / counts[below] if counts[below] else None


def median_error(line: Line) -> str:
    """The least of the measured distances within which half of the ends lie."""
    within = [near for near in NEAR if line.number(f"share_within_{near}") >= 0.5]
    if not line["ends"]:
        return NONE
    if not within:
        return f"> {NEAR[-1]}"
    return str(within[0]) if within[0] <= 1 else f"≤ {within[0]}"


def equal_runs(results: Results) -> Table:
    """One row per profile, least length and cap."""
    rows = []
    for line in of(results.of("passages"), "equal runs"):
        if not line["characters"] and not line["found"]:
            continue
        names = (str(line.case["profile"]), count(line.case["length"]), count(line.case["cap"]))
        cells = (count(line["characters"]), share(line["recall"]), count(line["found"]), share(line["precision"]))
        rows.append((*names, *cells))
    columns = ("profile", "least length", "cap", "characters that repeat", "recall", "characters found", "precision")
    return Table("Equal runs, against a suffix array.", columns, tuple(rows))


def planted(results: Results) -> Table:
    """One row per kind of planted passage."""
    rows = []
    for line in of(results.of("passages"), "planted passages"):
        if not line["passages"]:
            continue
        names = (str(line.case.get("profile", "on one topic")), str(line.case["case"]))
        cells = [count(line["passages"]), count(line["unseen"]), share(line["recall"]), median_error(line)]
        cells += [share(line[f"share_within_{near}"]) for near in NEAR]
        rows.append((*names, *cells, count(line["false_characters"])))
    columns = ["collection", "passages", "planted", "unseen", "recall", "median error", "ends exact"]
    columns += [f"within {near}" for near in NEAR[1:]]
    return Table(
        "Planted passages, and how far off their ends are.", (*columns, "characters beside them"), tuple(rows), 2
    )


def speed(results: Results) -> Table:
    """One row per collection and number of threads."""
    rows = []
    for line in of(results.of("passages"), "speed"):
        names = (str(line.case["collection"]), count(line.case["threads"]), count(line["mb"]))
        cells = [figure(line["mb_per_s"]), spread(line, "mb_per_s"), figure(line["stages_mb_per_s"])]
        rows.append((*names, *cells, figure(line["seconds"]), count(line["peak_mb"]), count(line["passages"])))
    columns = ("collection", "threads", "MB", "MB/s", "min–max", "stages alone MB/s", "seconds", "peak MB", "passages")
    return Table("`dedup passages` from start to end.", columns, tuple(rows))


# -- what to make of it --------------------------------------------------------------------------------------------


def told_runs(lines: Sequence[Line]) -> list[str]:
    """What the guarantee is worth."""
    every, runs = pooled(of(lines, "equal runs")).get((), {}), default_runs(lines)
    if not runs or not every["characters"]:
        return []
    missed = every["characters"] - every["recalled"]
    told = [
        f"Of {count(every['characters'])} characters in equal runs no commoner than the cap, over all lengths and "
        f"caps, {count(missed)} were missed."
    ]
    told[0] = f"**{told[0]}**" if missed else told[0]
    if not missed:
        told[0] += " What is not listed does not stand twice, unless `crowded.jsonl` names it as commoner than `--cap`."
    low = min(of(lines, "equal runs"), key=lambda line: line["precision"] if line["precision"] is not None else 1)
    if low["precision"] is not None and low["precision"] < 1:
        told.append(
            f"Least precise is cap {low.case['cap']} at length {low.case['length']} ({share(low['precision'])}): a run "
            "just above the cap is found in part, where its surroundings differ."
        )
    return told


def told_ends(lines: Sequence[Line]) -> list[str]:
    """How far the offsets of edited passages can be trusted."""
    told = []
    for line in of(lines, "planted passages"):
        if line.case["case"] == EDITS and line["ends"]:
            beside = ""
            if line["false_characters"] is not None:
                beside = f"; beside the planted passages {count(line['false_characters'])} characters are reported"
            told.append(
                f"Of the ends of edited passages {share(line['share_within_0'])} are exact and "
                f"{share(line['share_within_10'])} within 10 tokens{beside}. Who cuts at them (`--cut`) should look at "
                "the first rows of `passages.jsonl`."
            )
    return told


def told_speed(lines: Sequence[Line]) -> list[str]:
    """What a second thread brings, and the real collection."""
    told = []
    by_threads = {(line.case["collection"], line.case["threads"]): line for line in of(lines, "speed")}
    for name in dict.fromkeys(name for name, _ in by_threads):
        one, two = by_threads.get((name, 1)), by_threads.get((name, 2))
        if one and two:
            times = two.number("mb_per_s") / one.number("mb_per_s")
            told.append(
                f"`{name}` ({count(one['mb'])} MB): {figure(one['mb_per_s'])} MB/s on one thread, "
                f"{figure(two['mb_per_s'])} on two ({times:.2f} times), {count(two['peak_mb'])} MB of memory at most."
            )
    if by_threads and not any(name == REAL for name, _ in by_threads):
        told.append(f"`{REAL}` was not measured: `DEDUP_DATA` was not set. Nothing else needs it.")
    return told
