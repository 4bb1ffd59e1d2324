"""What realistic edits do to each contender: `python -m benchmarks.edits [--quick]`.

Originals are 800 Chinese characters at random, so that no two of them share anything; every edit has originals of its
own, and one copy of each. All lie in one collection, over which each contender goes with its recommended setting. The
question is how many of the pairs of an original and its copy it reports.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import load, names
from benchmarks.contenders.documents import read_views, shingles
from benchmarks.contest import RECOMMENDED, THRESHOLD, Run, run_contender
from benchmarks.judge import prepare
from benchmarks.measurement import FULL, QUICK, Measurement

DOCUMENTS = {FULL: 2000, QUICK: 300}
LENGTH = 800
SEED = 100
FIRST, LAST = 0x4E00, 0x9FA5
AT_ONCE = 2  # nothing is timed here

Edit = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def characters(rng: np.random.Generator, count: int) -> np.ndarray:
    """So many Chinese characters, ``uint32``."""
    return rng.integers(FIRST, LAST, count, np.uint32, endpoint=True)


def put_header(text: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """`count` characters before the text."""
    return np.concatenate([characters(rng, count), text])


def swap_halves(text: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The second half first."""
    return np.roll(text, len(text) // 2)


def exchange_paragraphs(text: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The second and the fourth of five paragraphs change places."""
    parts = np.array_split(text, 5)
    return np.concatenate([parts[0], parts[3], parts[2], parts[1], parts[4]])


def cut_end(text: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """The last `count` characters are gone."""
    return text[:-count]


def substitute(text: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Other characters in `count` places."""
    text = text.copy()
    text[rng.choice(len(text), count, replace=False)] = characters(rng, count)
    return text


EDITS: dict[str, Edit] = {
    "20 characters put before": partial(put_header, count=20),
    "halves swapped": swap_halves,
    "10 characters substituted": partial(substitute, count=10),
    "40 characters cut off": partial(cut_end, count=40),
    "2 paragraphs of 5 exchanged": exchange_paragraphs,
    "3 % substituted": partial(substitute, count=LENGTH * 3 // 100),
    "5 % substituted": partial(substitute, count=LENGTH * 5 // 100),
}


def write_collection(folder: Path, count: int) -> None:
    """`count` originals of each edit, then their copies, edit by edit."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(SEED)
    number = 0
    with (folder / "edits.jsonl").open("w", encoding="utf-8") as file:
        for edit in EDITS.values():
            originals = [characters(rng, LENGTH) for _ in range(count)]
            for text in [*originals, *(edit(original, rng) for original in originals)]:
                record = {"id": f"d{number:06d}", "text": text.astype("<u4").tobytes().decode("utf-32-le")}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                number += 1


def true_similarities(views: Path) -> np.ndarray:
    """Jaccard similarities of the sets of shingles that contenders are given, ``[edits, count] float64``."""
    sets = [set(shingles(view)) for batch in read_views(views) for view in batch]
    count = len(sets) // (2 * len(EDITS))
    rows = [sets[i : i + 2 * count] for i in range(0, len(sets), 2 * count)]
    return np.array(
        [[len(a & b) / len(a | b) for a, b in zip(row[:count], row[count:], strict=True)] for row in rows], float
    )


def measure(effort: str, folder: Path) -> Iterator[Measurement]:
    """One line per contender and edit."""
    count = DOCUMENTS[effort]
    made, where = folder / "edits-made", folder / "edits"
    write_collection(made, count)
    prepare(made, where)
    similarities = true_similarities(where / "views.txt")
    with ThreadPoolExecutor(AT_ONCE) as executor:
        runs = {name: executor.submit(run_contender, name, {}, where) for name in names() if name != "brute_force"}
        for name, run in runs.items():
            yield from tell(name, run, similarities, effort)


def tell(name: str, run: Future[Run], similarities: np.ndarray, effort: str) -> Iterator[Measurement]:
    """Every edit of one contender; a crash fails them all."""
    count = similarities.shape[1]
    command = "python -m benchmarks.edits" + (" --quick" if effort == QUICK else "")
    case: dict[str, Any] = {"contender": name, "setting": RECOMMENDED, "documents": count, "seed": SEED}
    pairs, failed = np.empty((0, 2), np.int64), None
    try:
        case["settings"] = load(name).settings
        pairs = run.result().pairs
    except Exception as error:  # whatever it dies of, the others go on
        failed = f"{type(error).__name__}: {error}"
    reported = {(min(a, b), max(a, b)) for a, b in pairs.tolist()}
    for number, (edit, row) in enumerate(zip(EDITS, similarities, strict=True)):
        own = {**case, "edit": edit}
        if failed:
            yield Measurement("edits", own, {}, command, failed=failed)
            continue
        first = 2 * count * number
        found = [(first + i, first + count + i) in reported for i in range(count)]
        wanted = [hit for hit, similarity in zip(found, row.tolist(), strict=True) if similarity >= THRESHOLD]
        values = {
            "recall": sum(wanted) / len(wanted) if wanted else None,
            "jaccard": statistics.fmean(row),
            "reported": sum(found) / count,
            "wanted": len(wanted),
        }
        yield Measurement("edits", own, values, command, n=count)


def table(measured: list[Measurement]) -> str:
    """Edits down, contenders across: recall of pairs at the threshold, or the share reported where none reaches it."""
    contenders = list(dict.fromkeys(one.case["contender"] for one in measured))
    lines = [f"{'edit':<28} {'mean J':>6} " + " ".join(f"{name:>11}" for name in contenders)]
    for edit in EDITS:
        row = {one.case["contender"]: one for one in measured if one.case["edit"] == edit}
        known = next((one.values["jaccard"] for one in row.values() if not one.failed), None)
        cells = []
        for one in row.values():
            recall = one.values.get("recall")
            if one.failed:
                cells.append("failed")
            else:
                cells.append(f"({one.values['reported']:.3f})" if recall is None else f"{recall:.3f}")
        start = f"{edit:<28} {'–' if known is None else format(known, '.3f'):>6} "
        lines.append(start + " ".join(f"{cell:>11}" for cell in cells))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edits", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"{DOCUMENTS[QUICK]} documents an edit")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where the texts lie meanwhile")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="dedup-edits-", dir=options.folder) as folder:
        measured = list(measure(QUICK if options.quick else FULL, Path(folder)))
    print(table(measured))
    print(f"recall of original and copy at threshold {THRESHOLD}; in parentheses: share reported, none reaches it")
    for name, failed in {one.case["contender"]: one.failed for one in measured if one.failed}.items():
        print(f"{name}: {failed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
