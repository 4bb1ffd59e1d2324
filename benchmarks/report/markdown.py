"""A report as Markdown: everything but the plots."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report.blocks import Plot, Section, Table


def write(head: Sequence[str], sections: Sequence[Section], html: str) -> str:
    """The text of REPORT.md; `html` is the name of the file that shows the plots."""
    parts = ["# Benchmark report", *head]
    links = [f"[{section.title}](#{anchor(section.title)})" for section in sections]
    parts.append("Sections: " + " · ".join(links) + ".")
    for section in sections:
        parts += _section(section, html)
    return "\n\n".join(parts) + "\n"


def anchor(title: str) -> str:
    """As GitHub names a heading."""
    kept = "".join(char for char in title.lower() if char.isalnum() or char in " -")
    return kept.replace(" ", "-")


def _section(section: Section, html: str) -> list[str]:
    parts = [f"## {section.title}", f"**What.** {section.what}", f"**How.** {section.how}"]
    run = "\n".join(f"    {command}" for command in section.commands)
    parts.append(f"**Command.**\n\n{run}")
    if section.origin:
        parts.append(section.origin)
    for block in section.blocks:
        if isinstance(block, Plot):
            parts.append(f"*Plot: {block.caption} (in [{html}]({html}#{section.name}))*")
        else:
            parts.append(f"*{block.caption}*\n\n{table(block)}")
    parts += [f"- **{failure}**" for failure in section.failures]
    if section.make_of_it:
        parts.append("**What to make of it.**\n\n" + "\n".join(f"- {line}" for line in section.make_of_it))
    return parts


def table(block: Table) -> str:
    """A table; ours in bold, and a sign at the name of whoever beats ours."""
    rule = ["---"] * block.words + ["---:"] * (len(block.columns) - block.words)
    rows = [" | ".join(block.columns), " | ".join(rule)]
    for number, cells in enumerate(block.rows):
        # A | inside a cell would end it.
        clean = [cell.replace("|", "\\|").replace("\n", " ") for cell in cells]
        if number in block.ours:
            clean = [f"**{cell}**" for cell in clean]
        rows.append(" | ".join(clean))
    return "\n".join(f"| {row} |" for row in rows)
