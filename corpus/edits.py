"""What people do to a text: eight edits, each at a wanted rate.

An edit touches about `rate` of the characters, at least one. It returns the changed text and how many characters it
touched: put in, taken out, replaced, or moved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

from corpus.furniture import Site
from corpus.marked import Change, Text, cut, join, rewrite

SENTENCE = re.compile(r"[^。！？\n]*(?:[。！？]|\n+|$)")
ENGLISH_SENTENCE = re.compile(r"[^\n]*?(?:[.!?](?=\s|$) ?|\n+|$)")
LONGEST_RUN = 4
DRAWS = 6
LETTERS = "abcdefghiklmnoprstuvwy"


class Material(NamedTuple):
    """What an edit may put into a text."""

    stray: str  # a sentence or more on the topic of the text
    site: Site  # whose lines it gets
    english: bool


Edit = Callable[[Text, float, Random, Material], tuple[Text, int]]


def _wanted(text: Text, rate: float) -> int:
    return max(1, round(rate * len(text.string)))


def _letters(material: Material) -> str:
    if material.english:
        return LETTERS
    return "".join(sign for sign in material.stray if sign > "\u4e00" and sign < "\ua000") or "的"


def substituted(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Single characters replaced by others of the same language."""
    letters = _letters(material)
    places = sorted(rng.sample(range(len(text.string)), min(_wanted(text, rate), len(text.string))))
    changes = [(at, at + 1, rng.choice(letters)) for at in places if text.string[at] != "\n"]
    return rewrite(text, changes), len(changes)


def _runs(text: Text, rate: float, rng: Random) -> list[tuple[int, int]]:
    """Where runs of one to four characters begin and how long they are; no two overlap."""
    wanted = _wanted(text, rate)
    cells = range(max(1, len(text.string) // (LONGEST_RUN + 1)))
    lengths: list[int] = []
    while sum(lengths) < wanted and len(lengths) < len(cells):
        lengths.append(min(rng.randint(1, LONGEST_RUN), wanted - sum(lengths)))
    places = sorted(rng.sample(cells, len(lengths)))
    return [(cell * (LONGEST_RUN + 1), length) for cell, length in zip(places, lengths, strict=True)]


def deleted(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Runs of one to four characters left out."""
    changes = [(at, min(at + length, len(text.string)), "") for at, length in _runs(text, rate, rng)]
    return rewrite(text, changes), sum(end - start for start, end, _ in changes)


def inserted(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Runs of one to four characters put in."""
    letters = _letters(material)
    changes: list[Change] = []
    for at, length in _runs(text, rate, rng):
        changes.append((at, at, "".join(rng.choices(letters, k=length))))
    return rewrite(text, changes), sum(len(change[2]) for change in changes)


def sentences(text: Text, english: bool) -> list[Text]:
    """The text cut behind every sentence; together they are the text."""
    pattern = ENGLISH_SENTENCE if english else SENTENCE
    return [cut(text, *match.span()) for match in pattern.finditer(text.string) if match.end() > match.start()]


def reordered(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Sentences moved to other places, as many as it takes."""
    parts = sentences(text, material.english)
    wanted, moved = _wanted(text, rate), 0
    if len(parts) < 2:
        return text, 0
    for _ in range(len(parts)):
        whole = [place for place, part in enumerate(parts) if part.string.strip() and not part.string.endswith("\n")]
        if moved >= wanted or not whole:
            break
        part = parts.pop(rng.choice(whole))
        parts.insert(rng.randrange(len(parts) + 1), part)
        moved += len(part.string)
    return join(parts), moved


def headed(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Lines of the site above the text, one at least."""
    lines = _lines(_wanted(text, rate), rng, material, material.site.head)
    return join([*lines, text], "\n"), sum(len(line.string) + 1 for line in lines)


def footed(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Lines of the site below the text, one at least."""
    lines = _lines(_wanted(text, rate), rng, material, material.site.foot)
    return join([text, *lines], "\n"), sum(len(line.string) + 1 for line in lines)


def _lines(wanted: int, rng: Random, material: Material, draw: Callable[[Random, bool], Text]) -> list[Text]:
    """Different lines of the site, until they are long enough or the site has no more."""
    lines = [draw(rng, material.english)]
    for _ in range(DRAWS):
        if sum(len(line.string) for line in lines) >= wanted:
            break
        line = draw(rng, material.english)
        if all(line.string[:6] != other.string[:6] for other in lines):
            lines.append(line)
    return lines


def truncated(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """The end cut off, or sometimes the beginning, in the middle of a sentence as well."""
    lost = min(_wanted(text, rate), len(text.string) - 1)
    if rng.random() < 0.25:
        return cut(text, lost, len(text.string)), lost
    return cut(text, 0, len(text.string) - lost), lost


def merged(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Paragraphs run together."""
    return _reparagraphed(text, rate, rng, re.finditer(r"\n+", text.string), " " if material.english else "")


def split(text: Text, rate: float, rng: Random, material: Material) -> tuple[Text, int]:
    """Paragraphs broken behind a sentence."""
    return _reparagraphed(text, rate, rng, re.finditer(r"(?<=[。；.;])(?=[^\n\d])", text.string), "\n")


def _reparagraphed(text: Text, rate: float, rng: Random, places: Iterable[re.Match[str]], new: str) -> tuple[Text, int]:
    """Puts `new` at some of the places: one for every ten characters that the rate wants touched."""
    found = [match.span() for match in places]
    if not found:
        return text, 0
    chosen = sorted(rng.sample(found, min(len(found), max(1, _wanted(text, rate) // 10))))
    return rewrite(text, [(start, end, new) for start, end in chosen]), len(chosen)


EDITS: dict[str, Edit] = {
    "substitution": substituted,
    "deletion": deleted,
    "insertion": inserted,
    "reorder": reordered,
    "header": headed,
    "footer": footed,
    "truncation": truncated,
    "merge": merged,
    "split": split,
}


def replaced_sentences(text: Text, share: float, rng: Random, fresh: Callable[[], str], english: bool) -> Text:
    """About `share` of the characters given way to fresh sentences, in whole sentences."""
    parts = sentences(text, english)
    order = list(range(len(parts)))
    rng.shuffle(order)
    left = share * len(text.string)
    for place in order:
        length = len(parts[place].string)
        if not parts[place].string.strip() or length > 1.5 * left:
            continue
        parts[place] = Text(fresh() + ("\n" if parts[place].string.endswith("\n") else ""))
        left -= length
    return join(parts)
