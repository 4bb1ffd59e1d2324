"""A report as one HTML file that needs nothing else: style, tables, plots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from benchmarks.report.blocks import Plot, Section, Table

STYLE = Path(__file__).with_name("style.css")
# What a reader looks for first: figure, unit, what it is.
GLANCE = (
    ("contenders.ours.recall", "", "of the pairs all-pairs comparison finds, beside the contenders"),
    ("contenders.ours.mb_per_s", " MB/s", "from files to pairs, same documents"),
    ("scaling.1000000.seconds", " s", "for a million documents, read, compared and written"),
    ("scaling.10000.seconds", " s", "for 10,000 documents, read, compared and written"),
    ("scaling.1000000.peak_mb", " MB", "of memory for them"),
    ("quality.recall", "", "recall over all generated collections"),
    ("labels.macro_f1", "", "macro-F1 of the five labels of a pair"),
    ("real.recall", "", "recall over the real collections"),
)


def write(head: Sequence[str], sections: Sequence[Section], figures: Mapping[str, str]) -> str:
    """The page; `head` are the paragraphs of Markdown that say where and when."""
    links = "".join(f'<a href="#{section.name}">{escape(section.title)}</a>' for section in sections)
    cards = _cards(figures)
    body = "\n".join(_section(section) for section in sections)
    intro = "\n".join(f"<p>{inline(part)}</p>" for part in head)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>dedup: benchmark report</title>
<style>
{STYLE.read_text(encoding="utf-8").strip()}
</style>
</head>
<body>
<header>
<h1>Benchmark report</h1>
<div class="cards">{cards}</div>
<div class="head">{intro}</div>
<nav>{links}</nav>
</header>
<main>
{body}
</main>
</body>
</html>
"""


def _cards(figures: Mapping[str, str]) -> str:
    chosen = [(name, unit, told) for name, unit, told in GLANCE if name in figures]
    if any(name.startswith("scaling.1000000") for name, _, _ in chosen):
        chosen = [card for card in chosen if card[0] != "scaling.10000.seconds"]
    return "".join(f"<div><b>{escape(figures[name])}{unit}</b><span>{told}</span></div>" for name, unit, told in chosen)


def _section(section: Section) -> str:
    parts = [f'<section id="{section.name}"><h2>{escape(section.title)}</h2>']
    parts.append(f'<p class="what">{inline(section.what)}</p>')
    if section.make_of_it:
        items = "".join(f"<li>{inline(line)}</li>" for line in section.make_of_it)
        parts.append(f'<div class="verdict"><h3>What to make of it</h3><ul>{items}</ul></div>')
    parts += [f'<p class="failure">{inline(failure)}</p>' for failure in section.failures]
    parts += [_plot(block) if isinstance(block, Plot) else _table(block) for block in section.blocks]
    run = "\n".join(escape(command) for command in section.commands)
    origin = f"<p>{escape(section.origin)}</p>" if section.origin else ""
    parts.append(f'<div class="how"><h3>How</h3><p>{inline(section.how)}</p><pre>{run}</pre>{origin}</div></section>')
    return "\n".join(parts)


def _plot(plot: Plot) -> str:
    return f"<figure>{plot.svg}<figcaption>{inline(plot.caption)}</figcaption></figure>"


def _table(table: Table) -> str:
    columns = enumerate(table.columns)
    head = "".join(f"<th{_word(number, table)}>{escape(column)}</th>" for number, column in columns)
    rows = []
    for number, cells in enumerate(table.rows):
        classes = [name for name, rows_of in (("ours", table.ours), ("lost", table.lost)) if number in rows_of]
        kind = f' class="{" ".join(classes)}"' if classes else ""
        rows.append(f"<tr{kind}>{''.join(f'<td{_word(i, table)}>{inline(c)}</td>' for i, c in enumerate(cells))}</tr>")
    caption = f"<p class='caption'>{inline(table.caption)}</p>"
    body = f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    if len(rows) > 40:  # the whole of a long table is there for whoever asks for it
        body = f"<details><summary>{len(rows)} rows</summary>{body}</details>"
    return caption + body


def _word(number: int, table: Table) -> str:
    last_words = number == len(table.columns) - 1 and table.columns[-1].startswith(("better", "met"))
    return " class='word'" if number < table.words or last_words else ""


def inline(text: str) -> str:
    """The Markdown that sentences use: bold, code, line break."""
    text = escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    return text.replace("  \n", "<br>\n")
