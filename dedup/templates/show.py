"""A template as a person reads it, and as a regular expression."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dedup.templates.model import Block, Slot, Template, Words
from dedup.templates.sidebyside import FORMS


def readable(template: Template) -> str:
    """The words with ``{name}`` for every slot, ``[…]`` around what may be left out, ``[…]*`` around lists.

    Brackets and braces of the words themselves have a backslash before them.
    """
    parts: list[str] = []

    def show(segment: Words | Slot) -> str:
        if isinstance(segment, Slot):
            return "{" + template.variables[segment.variable].name + "}"
        text = "".join("\\" + sign if sign in "{}[]\\" else sign for sign in segment.text)
        # A star of the words behind a block would make a list of it.
        return "\\" + text if text.startswith("*") and parts and parts[-1].endswith("]") else text

    for segment in template.segments:
        if isinstance(segment, Block):
            inner = "".join(map(show, segment.segments))
            parts.append(f"[{inner}]*" if segment.kind == "list" else f"[{inner}]")
        else:
            parts.append(show(segment))
    return "".join(parts)


def regex(template: Template) -> str:
    """A regular expression that matches the texts filled into the template without edits, from end to end.

    It cannot backtrack catastrophically: a value is taken as short as the words behind it allow and never given back
    (possessive quantifiers: Python 3.11 and later, and PCRE). So the time it takes is linear in
    the text for every slot; a text whose value holds the very words that follow the slot is not matched, which
    `Template.match` does.

    Every first slot of a variable is a group of its name; slots of lists have none, they stand for many values.
    """
    named: set[int] = set()
    segments = template.segments
    parts = []
    for place, segment in enumerate(segments):
        behind = _next_words(template, place + 1)
        if isinstance(segment, Block):
            parts.append(_block(segment, behind, template, named))
        else:
            parts.append(_inner(segment, behind, template, named, form=_form(segments[place + 1 : place + 2])))
    return "".join(["(?s)\\A", *parts, "\\Z"])


def _form(following: Sequence[Words | Slot | Block]) -> str:
    """What may stand between a value and the words behind it, in the slot beside its own."""
    beside = following[0] if following else None
    return f"(?:{FORMS[beside.form]})?" if isinstance(beside, Slot) and beside.form else ""


def _next_words(template: Template, start: int) -> list[str]:
    """What may stand behind a slot: the words that follow, and those behind every block that may be left out."""
    found: list[str] = []
    for segment in template.segments[start:]:
        inner = segment.segments[0] if isinstance(segment, Block) else segment
        if isinstance(inner, Words):
            found.append(inner.text)
        if isinstance(segment, Words) or (isinstance(segment, Block) and segment.least):
            return found
    return [*found, ""]


def _block(block: Block, behind: list[str], template: Template, named: set[int]) -> str:
    inner = []
    repeated = block.kind == "list"
    for place, segment in enumerate(block.segments):
        following = block.segments[place + 1 :]
        words = [part.text for part in following if isinstance(part, Words)][:1]
        if not words:
            first = block.segments[0]
            words = [*behind, *([first.text] if repeated and isinstance(first, Words) else [])]
        inner.append(_inner(segment, words, template, named, form=_form(following), hidden=repeated))
    times = "?+" if not repeated else "*+"
    return f"(?:{''.join(inner)}){times}"


def _inner(
    segment: Words | Slot,
    behind: list[str],
    template: Template,
    named: set[int],
    *,
    form: str = "",
    hidden: bool = False,
) -> str:
    if isinstance(segment, Words):
        return re.escape(segment.text)
    name = ""
    if not hidden and segment.variable not in named:
        named.add(segment.variable)
        name = f"?P<{template.variables[segment.variable].name}>"
    if segment.form:
        return f"({name}{FORMS[segment.form]})?+" if name else f"(?:{FORMS[segment.form]})?+"
    ahead = "|".join(sorted(form + re.escape(words) for words in set(behind) - {""}))
    if not ahead:
        return f"({name}.*+)" if name else "(?:.*+)"
    value = f"(?:(?!{ahead}).)*+"
    return f"({name}{value})" if name else f"(?:{value})"
