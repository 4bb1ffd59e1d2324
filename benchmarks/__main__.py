"""The command line: `python -m benchmarks run [--quick]` measures, `python -m benchmarks report` tells."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, NoReturn

from benchmarks.measurement import FULL, QUICK, RESULTS, TOLD_ASIDE, Measurement, circumstances, write

ERROR = 2


class Bench(NamedTuple):
    """One benchmark: where its `measure(effort, folder)` stands. Imported only when asked for: one may lack a tool."""

    module: str
    function: str = "measure"

    def load(self) -> Callable[[str, Path], Iterator[Measurement]]:
        return getattr(importlib.import_module(self.module), self.function)


# In the order in which they run: the quick and certain ones first.
BENCHES = {
    "edits": Bench("benchmarks.edits"),
    "contenders": Bench("benchmarks.contest"),
    "quality": Bench("benchmarks.quality"),
    "labels": Bench("benchmarks.pages", "measure_labels"),
    "pieces": Bench("benchmarks.pages", "measure_pieces"),
    "boilerplate": Bench("benchmarks.pages", "measure_boilerplate"),
    "passages": Bench("benchmarks.pages", "measure_passages"),
    "templates": Bench("benchmarks.quality.templates"),
    "real": Bench("benchmarks.quality", "measure_real"),
    "scaling": Bench("benchmarks.scaling"),
    "sketches": Bench("benchmarks.micro", "measure_sketches"),
    "micro": Bench("benchmarks.micro"),
}


class OneLineParser(argparse.ArgumentParser):
    """Ends on a wrong argument with one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave."""
        self.exit(ERROR, f"benchmarks: {message}\n")


def results_path(effort: str) -> Path:
    """Where the lines of today and this commit go."""
    name = f"{datetime.now(UTC):%Y-%m-%d}-{circumstances()['commit']}"
    return RESULTS / f"{name}{'-quick' if effort == QUICK else ''}.jsonl"


def run(names: Sequence[str], effort: str, path: Path, folder: Path) -> int:
    """Run one benchmark after the other; one that falls over leaves a `failed` line and the rest goes on.

    Returns
    -------
    int
        1 if one of them fell over. A contender that is not installed is not that: its own line says so.
    """
    fallen, begin = [], time.perf_counter()
    for name in names:
        began = time.perf_counter()
        say(f"{name} …")
        try:
            for measurement in write(BENCHES[name].load()(effort, folder), path, effort):
                say(f"{name}  {show(measurement)}")
        except Exception as error:  # whatever it is, it must not take the other benchmarks along
            fallen.append(name)
            failed = Measurement(name, {}, {}, command(name, effort), failed=f"{type(error).__name__}: {error}")
            for measurement in write([failed], path, effort):
                say(f"{name}  {show(measurement)}")
        say(f"{name}: {time.perf_counter() - began:.0f} s")
    say(f"{path.name}: all in {time.perf_counter() - begin:.0f} s" + (f"; fell over: {fallen}" if fallen else ""))
    return 1 if fallen else 0


def command(name: str, effort: str) -> str:
    """What runs one benchmark again."""
    return f"python -m benchmarks run --only {name}" + (" --quick" if effort == QUICK else "")


def show(measurement: Measurement) -> str:
    """A measurement in one line."""
    case = " ".join(f"{name}={value}" for name, value in measurement.case.items() if name not in TOLD_ASIDE)
    if measurement.failed:
        return f"{case} FAILED: {measurement.failed.splitlines()[-1]}".strip()
    shown = [f"{name}={value:.4g}" for name, value in measurement.values.items() if value is not None]
    return f"{case}: {' '.join(shown)}"


def say(line: str) -> None:
    """Progress goes to stderr."""
    print(line, file=sys.stderr, flush=True)


def known(text: str) -> list[str]:
    """Names of benchmarks, joined by commas, in the order in which they run."""
    wanted = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := sorted(wanted - BENCHES.keys()):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    if not wanted:
        raise argparse.ArgumentTypeError(f"name one of {', '.join(BENCHES)}")
    return [name for name in BENCHES if name in wanted]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 1 if a benchmark fell over, or 2 if nothing could be done."""
    parser = OneLineParser(prog="python -m benchmarks", description="Measures, and tells what was measured.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=OneLineParser)
    measuring = commands.add_parser("run", help="measure; one JSON line per measurement")
    measuring.add_argument("--quick", action="store_true", help="a few minutes; figures not to be quoted")
    measuring.add_argument("--only", type=known, default=list(BENCHES), metavar="NAMES", help=",".join(BENCHES))
    measuring.add_argument("--results", type=Path, metavar="FILE", help="append to it (results/DATE-COMMIT.jsonl)")
    measuring.add_argument("--folder", type=Path, metavar="DIR", help="where collections lie meanwhile (some GB)")
    telling = commands.add_parser("report", help="REPORT.md and report.html, from the lines alone")
    telling.add_argument("--results", type=Path, nargs="+", metavar="FILE", help="these lines (all of results/)")
    telling.add_argument("--out", type=Path, metavar="DIR", help="where the report goes (benchmarks/, and README.md)")
    options = parser.parse_args(arguments)
    if options.command == "report":
        from benchmarks.report import ReportError, write_reports

        try:
            written = write_reports(options.results, options.out)
        except (ReportError, OSError) as error:
            parser.error(str(error))
        for path in written:
            print(os.path.relpath(path))
        return 0
    effort = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory(prefix="dedup-benchmarks-", dir=options.folder) as folder:
        return run(options.only, effort, options.results or results_path(effort), Path(folder))


if __name__ == "__main__":
    sys.exit(main())
