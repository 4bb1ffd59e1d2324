"""Contenders on the same documents: `python -m benchmarks.contest [--quick]`.

Every contender runs in a process of its own, with its own recommended setting, over the same shingles and to the same
threshold, and is held against the exact truth. Then each takes a row of settings of rising recall on fewer documents,
so that speeds can be compared at equal recall.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from benchmarks.contenders import load, names
from benchmarks.generated import make
from benchmarks.judge import Prepared, Truth, Verdict, find_truth, judge, prepare
from benchmarks.measurement import FULL, QUICK, ROOT, Measurement
from benchmarks.process import Meter, run_dedup

THRESHOLD = 0.7
# Texts of about 1 KB for the great number, of all kinds and lengths for the rows of settings and the programs.
PROFILES = {"contest": "brief", "sweep": "mixed", "programs": "mixed"}
SEED = 100
CLOSE = 0.002  # so much less recall than ours still counts as equal
REPEATED_BELOW = 8.0  # seconds, shingles included; what takes longer is timed once
TIMEOUT = 900
RECOMMENDED = "recommended"
WARM_UP = "the first 200 documents"


class Size(NamedTuple):
    """How much is measured: documents of each part, timings of what is fast, settings of a row (None: all)."""

    contest: int
    sweep: int
    programs: int
    runs: int
    settings: int | None


SIZES = {FULL: Size(110_000, 10_000, 3_000, 3, None), QUICK: Size(3_000, 1_000, 300, 1, 1)}


class Run(NamedTuple):
    """One run of one contender: what its process told, its pairs, the most memory it held."""

    figures: dict[str, Any]
    pairs: np.ndarray
    peak_mb: float


def measure(effort: str, folder: Path, collection: Path | None = None) -> Iterator[Measurement]:
    """All contenders, then on fewer documents all with their rows of settings, and the whole programs.

    Parameters
    ----------
    effort : {"quick", "full"}
    folder : Path
        Where the collections lie meanwhile.
    collection : Path, optional
        A folder of JSON lines with ``id`` and ``text`` whose first documents are taken instead of generated ones.
    """
    from benchmarks.programs import measure_programs

    size = SIZES[effort]
    with lay_out(folder, "contest", size.contest, collection) as (prepared, truth, case):
        for name in names():
            yield measure_contender(name, {}, prepared, truth, case, effort, size.runs)
        yield from measure_command(prepared, truth, case, effort, size.runs)
    with lay_out(folder, "sweep", size.sweep, collection) as (prepared, truth, case):
        yield from sweep(prepared, truth, {**case, "sweep": True}, effort, size)
    with lay_out(folder, "programs", size.programs, collection) as (prepared, truth, case):
        yield from measure_programs(prepared, truth, case, effort)


@contextlib.contextmanager
def lay_out(
    folder: Path, part: str, documents: int, collection: Path | None = None
) -> Iterator[tuple[Prepared, Truth, dict[str, Any]]]:
    """A collection prepared, its truth, and what a measurement says of it; its files go away afterwards."""
    folder = folder / part
    kind: dict[str, Any]
    if collection:
        made, kind = take_first(collection, folder / "made", documents), {"profile": collection.resolve().name}
    else:
        profile = PROFILES[part]
        made, kind = make(folder / "made", profile, documents, SEED), {"profile": profile, "seed": SEED}
    prepared = prepare(made, folder)
    case = {"documents": len(prepared.ids), "megabytes": round(prepared.text_bytes / 1e6, 1), **kind}
    yield prepared, find_truth(prepared.codes, THRESHOLD), case
    shutil.rmtree(folder)


def take_first(collection: Path, folder: Path, documents: int) -> Path:
    """A folder with the first so many records of another one."""
    folder.mkdir(parents=True)
    lines = (line for file in sorted(collection.glob("*.jsonl")) for line in file.open("rb"))
    with (folder / "first.jsonl").open("wb") as file:
        file.writelines(islice(lines, documents))
    return folder


# -- contenders --------------------------------------------------------------------------------------------------


def sweep(prepared: Prepared, truth: Truth, case: dict[str, Any], effort: str, size: Size) -> Iterator[Measurement]:
    """Each contender with every setting of its row; if not all are asked for, the last ones and our default."""
    for name in names():
        try:
            settings = load(name).sweep
        except ImportError:
            continue  # said already
        if size.settings:
            settings = settings[-size.settings :] if name != "ours" else ({},)
        for setting in settings:
            yield measure_contender(name, setting, prepared, truth, case, effort, size.runs)


def measure_contender(
    name: str,
    settings: dict[str, Any],
    prepared: Prepared,
    truth: Truth,
    case: dict[str, Any],
    effort: str,
    runs: int,
) -> Measurement:
    """One contender with one setting, timed up to `runs` times; a crash is a measurement as well."""
    shown = " ".join(f"{key}={value}" for key, value in settings.items()) or RECOMMENDED
    case = {"contender": name, "setting": shown, **case}
    try:
        kind = load(name)
        case |= {"version": importlib.metadata.version(kind.distribution), "recommendation": kind.recommendation}
        case["settings"] = kind.settings if not settings else shown
        finished = [run_contender(name, settings, prepared.folder)]
        while len(finished) < runs and whole(finished[0]) < REPEATED_BELOW:
            finished.append(run_contender(name, settings, prepared.folder))
    except (ImportError, RuntimeError, subprocess.TimeoutExpired) as error:
        return Measurement("contenders", case, {}, command(effort), failed=f"{type(error).__name__}: {error}")
    seconds = [run.figures["seconds"] for run in finished]
    cutting = statistics.median(run.figures["cutting_seconds"] for run in finished)
    shingling = prepared.viewing_seconds + cutting if cutting else None
    total = statistics.median(seconds) + (shingling or 0)
    index, before = finished[-1].figures["index_bytes"], finished[-1].figures["before_bytes"]
    values = {
        "seconds": statistics.median(seconds),
        "shingling_seconds": shingling,
        "total_seconds": total,
        "mb_per_s": prepared.text_bytes / 1e6 / total,
        "mb_per_s_without_shingling": prepared.text_bytes / 1e6 / statistics.median(seconds) if cutting else None,
        "peak_mb": max(run.peak_mb for run in finished),
        "before_mb": None if before is None else before / 2**20,
        "index_bytes_per_document": None if index is None else index / len(prepared.ids),
        **shares(judge(finished[-1].pairs, truth), truth),
    }
    ends = (min(seconds), max(seconds))
    spread = {"seconds": ends}
    return Measurement("contenders", case, values, command(effort), n=len(finished), warm_up=WARM_UP, spread=spread)


def whole(run: Run) -> float:
    """Seconds of a run, shingles included."""
    return run.figures["seconds"] + run.figures["cutting_seconds"]


def run_contender(name: str, settings: dict[str, Any], folder: Path) -> Run:
    """Send one contender over a prepared folder.

    Raises
    ------
    RuntimeError
        If its process fails or is killed, with the last line it said.
    """
    out = folder / f"{name}.npy"
    line = [sys.executable, "-m", "benchmarks.contenders", name, str(folder), "--threshold", str(THRESHOLD)]
    line += ["--settings", json.dumps(settings), "--out", str(out)]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        meter = Meter(process.pid)
        meter.start()
        try:
            told, said = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            meter.stop()
    if process.returncode:
        last = said.strip().splitlines()[-1:] or ["nothing said"]
        raise RuntimeError(f"exit code {process.returncode}: {last[0]}")
    return Run(json.loads(told), np.load(out), meter.peak_mb)


def shares(verdict: Verdict, truth: Truth) -> dict[str, float | int | None]:
    """How an answer does, as values."""
    return {
        "recall": verdict.recall,
        "precision": verdict.precision,
        "pairs": verdict.reported,
        "true_pairs": truth.total(),
    }


# -- our command -------------------------------------------------------------------------------------------------


def measure_command(
    prepared: Prepared, truth: Truth, case: dict[str, Any], effort: str, runs: int
) -> Iterator[Measurement]:
    """`dedup run` as a process: it reads the files, and writes the collection without its copies and every table."""
    threads = os.cpu_count() or 1
    for shown, options in (("command", ["--audit", "1000"]), ("command, no audit", [])):
        out = prepared.folder / "run"
        own = {"contender": "ours", "setting": shown, **case, "settings": f"defaults, {threads} threads, files written"}
        finished = []
        try:
            for _ in range(runs):
                shutil.rmtree(out, ignore_errors=True)
                finished.append(run_dedup([prepared.folder / "collection"], out, threads=threads, options=options))
        except RuntimeError as error:
            yield Measurement("contenders", own, {}, command(effort), failed=str(error))
            continue
        table = pq.read_table(out / "pairs.parquet", columns=["doc_a", "doc_b", "linked"])
        pairs = np.column_stack([table["doc_a"].to_numpy(), table["doc_b"].to_numpy()])[table["linked"].to_numpy()]
        seconds = [run.seconds for run in finished]
        inside = [sum(run.summary["seconds"].values()) for run in finished]
        values = {
            "seconds": statistics.median(seconds),
            "shingling_seconds": None,
            "total_seconds": statistics.median(seconds),
            "seconds_without_imports": statistics.median(inside),
            "mb_per_s": prepared.text_bytes / 1e6 / statistics.median(seconds),
            "mb_per_s_without_imports": prepared.text_bytes / 1e6 / statistics.median(inside),
            "peak_mb": max(run.peak_mb for run in finished),
            "index_bytes_per_document": 8 * finished[-1].summary["bands"][0],
            **shares(judge(pairs, truth), truth),
        }
        spread = {"seconds": (min(seconds), max(seconds))}
        shutil.rmtree(out)
        yield Measurement("contenders", own, values, command(effort), n=len(finished), spread=spread)


# -- for people --------------------------------------------------------------------------------------------------


def command(effort: str) -> str:
    """What measures it again."""
    return "python -m benchmarks.contest" + (" --quick" if effort == QUICK else "")


def recall_of_ours(measured: Iterable[Measurement]) -> float | None:
    """What our default setting reaches on the documents of the sweep."""
    ours = [one for one in measured if one.case.get("sweep") and one.case["contender"] == "ours" and not one.failed]
    return max((one.values["recall"] or 0 for one in ours if one.case["setting"] == RECOMMENDED), default=None)


def fastest(measured: Iterable[Measurement], recall: float) -> dict[str, Measurement | None]:
    """Per contender of a sweep the fastest setting with at least that recall; None: none has it."""
    best: dict[str, Measurement | None] = {}
    for one in measured:
        if not one.case.get("sweep") or one.failed:
            continue
        before = best.setdefault(one.case["contender"], None)
        if (one.values["recall"] or 0) < recall:
            continue
        if before is None or (one.values["mb_per_s"] or 0) > (before.values["mb_per_s"] or 0):
            best[one.case["contender"]] = one
    return best


HEAD = (
    f"{'contender':<13} {'setting':<34} {'seconds':>8} {'shingling':>9} {'MB/s':>7} {'peak MB':>8} {'bytes/doc':>9} "
    f"{'recall':>7} {'precision':>9} {'pairs':>10}"
)


def row(one: Measurement) -> str:
    """One line of the table."""
    start = f"{one.case['contender']:<13} {one.case['setting'][:34]:<34} "
    if one.failed:
        return start + f"failed: {one.failed}"
    values = one.values

    def cell(name: str, width: int, form: str) -> str:
        value = values.get(name)
        return f"{'–' if value is None else format(value, form):>{width}}"

    cells = [cell("seconds", 8, ".2f"), cell("shingling_seconds", 9, ".2f"), cell("mb_per_s", 7, ".1f")]
    cells += [cell("peak_mb", 8, ",.0f"), cell("index_bytes_per_document", 9, ",.0f"), cell("recall", 7, ".4f")]
    return start + " ".join([*cells, cell("precision", 9, ".4f"), cell("pairs", 10, ",")])


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; or make the environments of the whole programs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contest", description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="?", choices=["programs"], help="make environments for the whole programs")
    parser.add_argument("--quick", action="store_true", help="few documents: shows that everything runs")
    parser.add_argument("--collection", type=Path, metavar="DIR", help="JSON lines with id and text (default: made)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where the collections lie meanwhile")
    options = parser.parse_args(arguments)
    if options.what == "programs":
        from benchmarks.programs import install

        return install()
    effort = QUICK if options.quick else FULL
    measured: list[Measurement] = []
    with tempfile.TemporaryDirectory(prefix="dedup-contest-", dir=options.folder) as folder:
        for one in measure(effort, Path(folder), options.collection):
            if not measured or one.case["documents"] != measured[-1].case["documents"]:
                told = f"{one.case['documents']:,} documents, {one.case['megabytes']} MB, {one.case['profile']}"
                print(f"\n{told}\n{HEAD}", flush=True)
            print(row(one), flush=True)
            measured.append(one)
    aim = recall_of_ours(measured)
    if aim is not None:
        print(f"\nfastest setting with recall ≥ {aim - CLOSE:.4f}")
        for name, best in fastest(measured, aim - CLOSE).items():
            print(row(best) if best else f"{name:<13} not reached")
    return 0


if __name__ == "__main__":
    sys.exit(main())
