"""From result lines alone to REPORT.md, report.html and the figures that README quotes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measurement import FULL, QUICK, RESULTS, ROOT
from benchmarks.report import html, markdown
from benchmarks.report.blocks import origin
from benchmarks.report.figures import figures, renew
from benchmarks.report.lines import ReportError, Results, read_lines, results_of, select
from benchmarks.report.sections import (
    boilerplate,
    contenders,
    edits,
    labels,
    micro,
    passages,
    pieces,
    quality,
    real,
    scaling,
    sketches,
    templates,
)

__all__ = ["ReportError", "Results", "figures", "read_results", "write_reports"]

PAGES = (labels, pieces, boilerplate, passages, templates)
SECTIONS = (contenders, edits, quality, *PAGES, real, scaling, sketches, micro)
README = ROOT / "README.md"


def read_results(files: Sequence[Path] | None = None, effort: str | None = None) -> Results:
    """The lines that count: those of the files, or of all in `benchmarks/results`."""
    return results_of(read_lines(_files(files)), effort)


def write_reports(files: Sequence[Path] | None = None, out: Path | None = None) -> list[Path]:
    """Write the report of the full lines, and beside it one of the quick lines where there are any; their paths.

    With `out` they go there, and README stays as it is.

    Raises
    ------
    ReportError
        If there is no line to tell of, or one that is no measurement.
    """
    lines = read_lines(_files(files))
    folder = out or ROOT / "benchmarks"
    written = []
    for effort, ending in ((FULL, ""), (QUICK, "-quick")):
        results = select(lines, effort)
        if not results.lines:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        text, page = folder / f"REPORT{ending}.md", folder / f"report{ending}.html"
        sections = [module.section(results) for module in SECTIONS]
        head = heading(results)
        text.write_text(markdown.write(head, sections, page.name), encoding="utf-8")
        page.write_text(html.write(head, sections, figures(results)), encoding="utf-8")
        written += [text, page]
        if effort == FULL and out is None and files is None and renew(README, results):
            written.append(README)
    if not written:
        results_of(lines)
    return written


def _files(files: Sequence[Path] | None) -> list[Path]:
    if files is not None:
        return list(files)
    return sorted(RESULTS.glob("*.jsonl"))


def heading(results: Results) -> list[str]:
    """What holds of the whole: where, when, of which code."""
    parts = []
    if results.effort == QUICK:
        parts.append(
            "**A quick run.** It shows that everything works, on collections that fit into a few minutes. "
            "Its figures are not to be quoted."
        )
    machines = dict.fromkeys(f"{m['processor']}, {m['cores']} cores, {m['system']}" for m in _machines(results))
    versions: dict[str, dict[str, None]] = {}
    for line in results.lines:
        for name, version in line.versions.items():
            versions.setdefault(name, {})[version] = None
    shown = ", ".join(f"{name} {' and '.join(seen)}" for name, seen in versions.items())
    parts.append(
        f"Machine: {'; '.join(machines)}.  \nVersions: {shown}.  \n{origin(results.lines)}  \n"
        f"{len(results.lines)} measurements, {sum(bool(line.failed) for line in results.lines)} of them failed."
    )
    parts.append(
        "Everything below is computed from the lines in `benchmarks/results/` by `python -m benchmarks report`; "
        "sentences, marks and the lists of losses too. Speeds of shared machines drift: the smallest and largest "
        "timing stand beside the median wherever there was more than one. MB are 10⁶ bytes; memory is in MB of 2²⁰."
    )
    return parts


def _machines(results: Results) -> list[dict[str, object]]:
    return [line.machine for line in results.lines]
