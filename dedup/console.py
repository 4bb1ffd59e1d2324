"""The only place that prints: progress and summary on stderr, data on stdout."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from dedup.config import LABELS

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console
    from rich.progress import Progress as Bars

    from dedup.pair import Fate, Pair
    from dedup.reasons.explain import Explanation
    from dedup.stages import Progress
    from dedup.templates.model import Template

STAGES = {
    "read": "reading, normalising, sketching",
    "exact": "equal texts",
    "shape": "boilerplate, pieces",
    "passages": "passages",
    "match": "near copies",
    "label": "labels",
    "templates": "templates",
    "cluster": "clusters",
    "audit": "measuring recall",
    "write": "writing",
}


PASSAGE_ROWS = ("read", "rejected", "empty", "identifiers", "boilerplate", "time", "memory", "written")
BEGINNING = 60  # characters of a template that are shown
VALUES = "values/00001.csv"  # of the largest template
TEMPLATE_ROWS = (*PASSAGE_ROWS, "clusters", "templates", "lost")


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
            unit = "" if progress.stage == "templates" else " bands"
            amount = f"{progress.done:,} of {progress.total:,}{unit}"
        self._bars.update(
            self._tasks[progress.stage], completed=progress.done, total=progress.total or None, amount=amount
        )


def put_summary(summary: dict[str, Any], out: str, seconds: float) -> None:
    """The end of a run, for people."""
    _put_rows(summary_rows(summary, out, seconds))


def _put_rows(rows: list[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column()
    for name, value in rows:
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
    noun = "pieces" if summary["unit"] == "piece" else "documents"
    cut = f"{summary['records']:,} pages, cut into " if noun == "pieces" else ""
    rows = [("read", f"{cut}{count:,} {noun}, {text_mb:,.1f} MB of text")]
    if summary["references"]:
        rows[0] = ("read", rows[0][1] + f", and {summary['references']:,} {noun} to compare with")
    if summary["rejected"]:
        rows.append(("rejected", f"{summary['rejected']:,} records that could not be read; see rejected.jsonl"))
    if summary["empty"]:
        rows.append(("empty", f"{summary['empty']:,} {noun} without a letter or digit; never alike to anything"))
    if summary["repeated_ids"]:
        rows.append(
            ("identifiers", f"{summary['repeated_ids']:,} stand more than once; documents are told apart by `doc`")
        )
    if summary["boilerplate"] is not None:
        rows.append(("boilerplate", _boilerplate(summary)))
    rows += [
        ("candidates", f"{summary['candidates']:,} pairs compared exactly, {summary['verified']:,} of them alike"),
        ("clusters", f"{summary['clusters']:,}" + _chains(summary)),
        (
            "removed",
            f"{summary['removed']:,} ({_share(summary['removed'], count)}): "
            + ", ".join(f"{summary[name]:,} {name}" for name in LABELS if summary[name] or name in LABELS[:2]),
        ),
        ("kept", f"{summary['kept']:,}" + _pages(summary) + _templates(summary)),
        ("recall", _recall(summary, noun)),
    ]
    if summary["passages"] is not None:
        rows.append(("passages", _passages(summary)))
    rows += _templates_found(summary)
    if summary["unsearched"]:
        rows.append(("unsearched", f"{summary['unsearched']:,} places in crowded buckets were left unsearched"))
    stages = ", ".join(f"{name} {value:.2f}" for name, value in summary["seconds"].items())
    rows += [
        ("time", f"{seconds:.2f} s{_speed(text_mb, seconds)} ({stages})"),
        ("memory", f"{summary['peak_mb']:,.0f} MB at most"),
    ]
    if out:
        shown = "pages" if noun == "pieces" else "clusters"
        rows += [("written", f"{out}/: {_files(summary)}"), ("next", f"head -3 {out}/{shown}.jsonl")]
    return rows


def _boilerplate(summary: dict[str, Any]) -> str:
    found = summary["boilerplate"]
    if not found["templates"]:
        return "no line of the site was found"
    share = _share(found["tokens"], found["tokens"] + summary["tokens"])
    counts = f"{found['lines']:,} lines of {found['templates']:,} templates ({share} of the text)"
    return f"{counts} set aside, see boilerplate.jsonl; they are written all the same"


def _pages(summary: dict[str, Any]) -> str:
    """How many pages have a piece that is kept."""
    if summary["unit"] == "page":
        return ""
    kept, gone = summary["records_kept"], summary["records"] - summary["records_kept"]
    return f", on {kept:,} pages" + (f"; {gone:,} pages hold nothing new and are in removed/" if gone else "")


def _templates(summary: dict[str, Any]) -> str:
    if not summary["templates_kept"]:
        return ""
    pairs = summary["templates_kept"]
    return f"; {pairs:,} pairs from one template are no copies (--remove exact,near,templated removes them)"


def _passages(summary: dict[str, Any]) -> str:
    share = _share(summary["repeated_tokens"], summary["tokens"])
    said = f"{summary['passages']:,}, each in several places; {share} of the text repeats what stands before it"
    if not summary["passages"]:
        said = "none that stands in several places"
    if summary["crowded"]:
        said += f"; {summary['crowded']:,} more in too many documents (--cap), see crowded.jsonl"
    return said


def _templates_found(summary: dict[str, Any]) -> list[tuple[str, str]]:
    if summary["templates"] is None:
        return []
    count, families = summary["templates"], summary["families"]
    if not count:
        return [("templates", f"none; {families:,} families of texts alike" if families else "none")]
    said = f"{count:,}, and {summary['filled']:,} documents filled into them; see templates.jsonl and values/"
    rows = [("templates", said)]
    if summary["lost"]:
        rows.append(("lost", f"{summary['lost']:,} values that one copy lost stand in another; see `lost` in values/"))
    return rows


def put_templates(summary: dict[str, Any], templates: list[Template], out: str, seconds: float) -> None:
    """The end of a search for templates, for people: the largest ones, and the counts."""
    rows = []
    for name, value in summary_rows(summary, out, seconds):
        if name in TEMPLATE_ROWS:
            rows.append((name, value))
        if name == "templates":
            for template in templates[:5]:
                said = " ".join(template.readable()[:BEGINNING].split())
                rows.append(("", f"{template.size:,} × {said}…"))
    rows.append(("next", f"head -3 {out}/{VALUES}" if templates else f"head -3 {out}/clusters.jsonl"))
    _put_rows(rows)


def put_passages(summary: dict[str, Any], passages: pa.Table, crowded: pa.Table, out: str, seconds: float) -> None:
    """The end of a search for passages, for people: what would save most, and the counts."""
    rows = []
    for name, value in summary_rows(summary, out, seconds):
        if name == "time":
            rows += [("passages", _passages(summary)), *_examples(passages, crowded)]
        if name in PASSAGE_ROWS:
            rows.append((name, value))
    rows.append(("next", f"head -3 {out}/passages.jsonl"))
    _put_rows(rows)


def _examples(passages: pa.Table, crowded: pa.Table) -> list[tuple[str, str]]:
    """What would save most, and what is too common, a line each."""
    rows = []
    for row in passages.slice(0, 5).to_pylist():
        first = row["occurrences"][0]
        rows.append(("", f"{row['copies']:,} × {row['length']:,} tokens, first in {first['id']}: {row['begins']}…"))
    for row in crowded.slice(0, 3).to_pylist():
        rows.append(("crowded", f"in {row['documents']:,} documents, first in {row['id']}: {row['begins']}…"))
    return rows


def _speed(text_mb: float, seconds: float) -> str:
    """Megabytes of text per second, where there are enough of them to say anything."""
    return f", {text_mb / seconds:,.0f} MB/s" if text_mb >= 20 else ""


def _chains(summary: dict[str, Any]) -> str:
    cut = summary["chains_cut"]
    return f", {cut:,} links between clusters cut" if cut else ""


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def _recall(summary: dict[str, Any], noun: str) -> str:
    audit = summary["recall"]
    if audit is None:
        return "not measured (--audit 0)"
    if audit["recall"] is None:
        return f"no pair at the threshold in a brute-force check of {audit['documents']:,} {noun}"
    return (
        f"{audit['recall']:.3f} (95 %: {audit['low']:.3f}–{audit['high']:.3f}), measured by brute force on "
        f"{audit['documents']:,} {noun}, {audit['pairs']:,} pairs"
    )


def _files(summary: dict[str, Any]) -> str:
    from dedup.tables import FILES

    wanted = summary.get("write", "kept")
    absent = set()
    if not summary["cut"]:
        absent |= {"cut/", "cuts.jsonl"}
    if not summary["extracted"]:
        absent.add("text/")
    if summary["passages"] is None:
        absent |= {"passages.jsonl", "crowded.jsonl"}
    if summary["templates"] is None:
        absent |= {"templates.jsonl", "values/"}
    if summary["unit"] == "page":
        absent |= {"pieces.jsonl", "pages.jsonl"}
    if summary["boilerplate"] is None:
        absent.add("boilerplate.jsonl")
    if not summary["bands"]:  # nothing was looked for that they could hold
        absent |= {"pairs.parquet", "clusters.jsonl", "removed.jsonl"}
    left_out = {
        "kept": {"annotated/"},
        "annotated": {"kept/", "removed/"},
        "both": set(),
        "none": {"kept/", "removed/", "annotated/"},
    }[wanted]
    return " ".join(name for name in FILES if name not in left_out | absent)


def put_explanation(
    why: Explanation, texts: tuple[str, str], names: tuple[str, str], threshold: float, facts: list[tuple[str, str]]
) -> None:
    """Why two texts are linked or not, and where they differ, for people; `facts` are further lines of the table."""
    from shutil import get_terminal_size

    from rich.console import Console
    from rich.text import Text

    # A pipe is as wide as COLUMNS says, or a page.
    screen = Console(width=max(60, get_terminal_size((120, 40)).columns), highlight=False, markup=False, emoji=False)
    for name, value in [*zip("AB", names, strict=True), *explanation_rows(why, threshold), *facts]:
        lines = Text(value.translate(_visible())).wrap(screen, screen.width - 13)
        for number, line in enumerate(lines):
            line.rstrip()
            screen.print(Text("" if number else name, "bold") + " " * (13 if number else 13 - len(name)) + line)
    _put_differences(screen, why, texts)
    _put_passages(screen, why, texts)
    screen.print(f"\nWhat to do: {why.advice}.", soft_wrap=True)


def put_pair(pair: Pair) -> None:
    """Two documents of a run explained, for people."""
    facts = [("run", "linked" if pair.linked else "not linked"), ("compared", pair.candidate)]
    facts += [(f"fate of {side}", _fate(fate)) for side, fate in zip("AB", (pair.a, pair.b), strict=True)]
    put_explanation(pair.explanation, pair.texts, (_named(pair.a), _named(pair.b)), pair.threshold, facts)


def _named(fate: Fate) -> str:
    piece = "" if fate.start is None else f", code points {fate.start:,} to {fate.end:,} of it"
    return f"{fate.id}  ({fate.file}:{fate.line}{piece})"


def _fate(fate: Fate) -> str:
    cluster = "in no cluster" if fate.cluster is None else f"cluster {fate.cluster}"
    if fate.reference:
        return f"{cluster}; only compared with"
    return f"{cluster}; " + (f"removed as {fate.label}, kept is {fate.kept}" if fate.label else "kept")


def explanation_rows(why: Explanation, threshold: float) -> list[tuple[str, str]]:
    """Name and value of each line above the two texts."""
    rows = [
        ("label", f"{why.label or 'none'}: {why.rule}"),
        (
            "similarity",
            f"{why.similarity:.4f} (threshold {threshold:g}); {why.pattern_similarity:.4f} with all numbers and masks "
            "taken alike",
        ),
        (
            "containment",
            f"{why.containment_a:.4f} of A stands in B, {why.containment_b:.4f} of B in A; "
            f"{why.pattern_containment_a:.4f} and {why.pattern_containment_b:.4f} with numbers taken alike",
        ),
        ("tokens", f"{why.tokens_a:,} and {why.tokens_b:,}"),
        (
            "aligned",
            f"{why.coverage_a:.4f} of A and {why.coverage_b:.4f} of B in the same order, identity {why.identity:.4f}; "
            f"in any order {why.share_a:.4f} and {why.share_b:.4f}",
        ),
    ]
    if why.direction:
        rows.append(("direction", why.direction))
    if why.boilerplate_a or why.boilerplate_b:
        counts = f"{len(why.boilerplate_a):,} stretches of A and {len(why.boilerplate_b):,} of B"
        rows.append(("boilerplate", f"{counts} are set aside"))
    return rows


def _put_differences(screen: Console, why: Explanation, texts: tuple[str, str]) -> None:
    """Both texts side by side; what differs in colour, or between signs where there is no colour."""
    from rich.text import Text

    from dedup.reasons.sidebyside import Half, line_numbers, line_of, side_by_side

    marks = screen.color_system is None or screen.no_color
    if not why.parts:
        screen.print("\nno token differs" if why.tokens_a else "\nno token to compare")
        return
    lines = [line_numbers(text) for text in texts]
    margins = [len(str(len(starts))) + 1 + len(f"{len(text):,}") for starts, text in zip(lines, texts, strict=True)]
    width = (screen.width - sum(margins) - 5) // 2
    count = sum(part.kind != "boilerplate" for part in why.parts)
    said = f"{count:,} differing part{'s' * (count != 1)} (line, code point)"
    if marks:
        kinds = {part.kind for part in why.parts}
        said += f": [-in A-] {{+in B+}}{''.join(text for kind, text in LEGEND.items() if kind in kinds)}"
    screen.print(f"\n{said}\n", soft_wrap=True)

    def half(side: int, shown: Half) -> Text:
        line, at = len(str(len(lines[side]))), len(f"{len(texts[side]):,}")
        margin = f"{line_of(lines[side], shown.at):>{line}} {shown.at:>{at},}" if shown.at >= 0 else ""
        text = Text(f"{margin:<{margins[side]}} ", "dim")
        for piece, kind in shown.runs:
            text.append(piece, STYLES.get(kind, ("bold red", "bold green")[side]))
        return text.append(" " * (width - shown.used))

    for row in side_by_side(*texts, why.parts, width=width, marks=marks):
        if row.left_out:
            what = "equal tokens" if row.left_out == "equal" else "more differing parts; --json lists them"
            line = Text(f"{'':<{margins[0]}} … {row.amount:,} {what} …", "dim")
        else:
            line = half(0, row.left).append(" │ ", "dim").append_text(half(1, row.right))
        line.rstrip()
        screen.print(line, soft_wrap=True)


def _put_passages(screen: Console, why: Explanation, texts: tuple[str, str], limit: int = 20) -> None:
    """The passages that two texts share."""
    if not why.passages:
        return
    count = len(why.passages)
    screen.print(f"\n{count:,} shared passage{'s' * (count != 1)} (tokens, equal share, code points in A and in B)")
    for one in why.passages[:limit]:
        places = f"[{one.start_a:,}, {one.end_a:,}) ~ [{one.start_b:,}, {one.end_b:,})"
        screen.print(f"  {one.length:>7,}  {one.identity:.4f}  {places}", soft_wrap=True)
    if count > limit:
        screen.print(f"  … {count - limit:,} more; --json lists them")


STYLES = {"equal": "", "moved": "bold magenta", "boilerplate": "dim italic"}
LEGEND = {"moved": " [~elsewhere in the other~]", "boilerplate": " [=boilerplate=]"}


def _visible() -> dict[int, str]:
    """Signs for what a terminal would obey."""
    from dedup.reasons.sidebyside import VISIBLE

    return VISIBLE


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
