"""The only place that prints: progress and summary on stderr, data on stdout."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from dedup.stages import Progress

STAGES = {
    "read": "reading, normalising, sketching",
    "exact": "equal texts",
    "match": "near copies",
    "cluster": "clusters",
    "audit": "measuring recall",
    "write": "writing",
}


def say(message: str) -> None:
    """A line for the person at the terminal."""
    print(f"dedup: {message}", file=sys.stderr, flush=True)


def put(text: str) -> None:
    """Data for whoever reads our output."""
    print(text, flush=True)


def put_json(value: Any) -> None:
    """Data as one JSON object."""
    put(json.dumps(value, ensure_ascii=False))


class ProgressBars:
    """A bar per stage on a terminal; nothing where stderr is piped."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._tasks: dict[str, Any] = {}
        self._last = 0.0

    def __enter__(self) -> ProgressBars:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bars = Progress(
                TextColumn("{task.description:<32}"),
                BarColumn(),
                TextColumn("{task.fields[amount]}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        if self._bars is None:
            return
        now = time.monotonic()
        if progress.stage not in self._tasks:
            for task in self._tasks.values():
                self._bars.update(task, total=1, completed=1)
            name = STAGES.get(progress.stage, progress.stage)
            self._tasks[progress.stage] = self._bars.add_task(name, total=None, amount="")
        elif now - self._last < 0.05:
            return
        self._last = now
        amount = ""
        if progress.stage == "read" and progress.done:
            amount = f"{progress.done / 1e6:,.0f} of up to {progress.total / 1e6:,.0f} MB of text"
        elif progress.total:
            amount = f"{progress.done} of {progress.total} bands"
        self._bars.update(
            self._tasks[progress.stage], completed=progress.done, total=progress.total or None, amount=amount
        )


def put_summary(summary: dict[str, Any], out: str, seconds: float) -> None:
    """The end of a run, for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column()
    for name, value in summary_rows(summary, out, seconds):
        table.add_row(name, value)
    # Not wider than the terminal, but a pipe gets whole lines.
    console = Console(
        stderr=True, highlight=False, markup=False, emoji=False, width=None if sys.stderr.isatty() else 160
    )
    console.print(table)


def summary_rows(summary: dict[str, Any], out: str, seconds: float) -> list[tuple[str, str]]:
    """Name and value of each line of the summary."""
    count = summary["documents"]
    text_mb = summary["text_bytes"] / 1e6
    rows = [("read", f"{count:,} documents, {text_mb:,.1f} MB of text")]
    if summary["references"]:
        rows[0] = ("read", rows[0][1] + f", and {summary['references']:,} documents to compare with")
    if summary["rejected"]:
        rows.append(("rejected", f"{summary['rejected']:,} records that could not be read; see rejected.jsonl"))
    if summary["empty"]:
        rows.append(("empty", f"{summary['empty']:,} documents without a letter or digit; never alike to anything"))
    if summary["repeated_ids"]:
        rows.append(
            ("identifiers", f"{summary['repeated_ids']:,} stand more than once; documents are told apart by `doc`")
        )
    rows += [
        ("candidates", f"{summary['candidates']:,} pairs compared exactly, {summary['verified']:,} of them alike"),
        ("clusters", f"{summary['clusters']:,}" + _chains(summary)),
        (
            "removed",
            f"{summary['removed']:,} ({_share(summary['removed'], count)}): "
            f"{summary['exact']:,} exact, {summary['near']:,} near",
        ),
        ("kept", f"{summary['kept']:,}"),
        ("recall", _recall(summary)),
    ]
    if summary["unsearched"]:
        rows.append(("unsearched", f"{summary['unsearched']:,} places in crowded buckets were left unsearched"))
    stages = ", ".join(f"{name} {value:.2f}" for name, value in summary["seconds"].items())
    rows += [
        ("time", f"{seconds:.2f} s{_speed(text_mb, seconds)} ({stages})"),
        ("memory", f"{summary['peak_mb']:,.0f} MB at most"),
    ]
    if out:
        rows += [("written", f"{out}/: {_files(summary)}"), ("next", f"head -3 {out}/clusters.jsonl")]
    return rows


def _speed(text_mb: float, seconds: float) -> str:
    """Megabytes of text per second, where there are enough of them to say anything."""
    return f", {text_mb / seconds:,.0f} MB/s" if text_mb >= 20 else ""


def _chains(summary: dict[str, Any]) -> str:
    cut = summary["chains_cut"]
    return f", {cut:,} links between clusters cut" if cut else ""


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def _recall(summary: dict[str, Any]) -> str:
    audit = summary["recall"]
    if audit is None:
        return "not measured (--audit 0)"
    if audit["recall"] is None:
        return f"no pair at the threshold in a brute-force check of {audit['documents']:,} documents"
    return (
        f"{audit['recall']:.3f} (95 %: {audit['low']:.3f}–{audit['high']:.3f}), measured by brute force on "
        f"{audit['documents']:,} documents, {audit['pairs']:,} pairs"
    )


def _files(summary: dict[str, Any]) -> str:
    from dedup.tables import FILES

    wanted = summary.get("write", "kept")
    left_out = {
        "kept": {"annotated/"},
        "annotated": {"kept/", "removed/"},
        "both": set(),
        "none": {"kept/", "removed/", "annotated/"},
    }[wanted]
    return " ".join(name for name in FILES if name not in left_out)


def put_comparison(values: dict[str, Any], threshold: float) -> None:
    """Two texts compared, for people."""
    verdict = {"exact": "the same text", "near": "near copies", "": "different texts"}[values["label"]]
    put(f"{verdict} (similarity {values['similarity']:.4f}, threshold {threshold:g})")
    put(f"  share of the first text that stands in the second   {values['containment_a']:.4f}")
    put(f"  share of the second text that stands in the first   {values['containment_b']:.4f}")
    put(f"  similarity with all numbers and masks taken alike   {values['pattern_similarity']:.4f}")
    put(f"  tokens                                              {values['tokens_a']:,} and {values['tokens_b']:,}")


def put_bounds(values: dict[str, Any]) -> None:
    """The forecast of `dedup bounds`, for people."""
    put(
        f"threshold {values['threshold']:g}, recall {values['recall']:g}, k = {values['k']}: "
        f"{values['bands']} bands of {values['rows']} rows"
    )
    put("")
    put("similarity   found")
    for similarity, probability in values["curve"]:
        bar = "█" * round(40 * probability)
        mark = "  ← threshold" if abs(similarity - values["threshold"]) < 0.025 else ""
        put(f"      {similarity:.2f}   {probability:.4f}  {bar}{mark}")
    put("")
    put(f"for {values['documents']:,} documents of {values['length']:,} characters:")
    put(f"  expected candidates   {values['candidates']:,.0f}, besides the copies themselves")
    put(f"  anonymous memory      {values['memory_mb']:,.0f} MB")
    put(f"  work folder           {values['work_mb']:,.0f} MB of disk, until the run ends")
    put(f"  output                {values['output_mb']:,.0f} MB of disk")
