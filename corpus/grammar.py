"""Turns the patterns of the word files into functions once, and functions into text as often as needed.

A pattern is first split into parts, and every part says by its class what stands there:

    str      this string
    int      a word of the topic (`do`, `thing`, ...) or of the scene (`home`, `town`, ...) at hand
    Choice   one of these; each is a string or a pattern again
    Open     one of these, as above, and a member of a template may hold another one

The parts of a pattern are then written down as one f-string and compiled: a choice costs a call of `random` and an
index, three times less than walking the parts. Templates walk them, since they need to know where a slot begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import chain, cycle
from random import Random

from corpus.forms import FRAME, Paragraph
from corpus.lexicon import TOPIC_KEYS, lists, topics
from corpus.scene import ONE_ONLY, SCENE_KEYS, Scene

BRACES = re.compile(r"\{([^{}]+)\}")
BOUNDS = re.compile(r"(\d+(?:\.\d)?)\.\.(\d+(?:\.\d)?)(.*)")
MOST_VALUES = 160
ORDERS = 5
"""In so many orders the words of a topic are gone through."""
WORDS_AT = {key: at for at, key in enumerate((*TOPIC_KEYS, *SCENE_KEYS))}
"""Where each topic and scene key has its words; scene keys come last."""
SCENE_FROM = len(TOPIC_KEYS)
ONE_ONLY_AT = {WORDS_AT[key] for key in ONE_ONLY}
STRIDES = (101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199)
LEAST_ITEMS, MOST_ITEMS = 2, 6
ITEM_STOP = {"item": "；", "en.item": "."}


class Pattern:
    """A pattern with something left to choose."""

    __slots__ = ("parts", "write")

    def __init__(self, parts: tuple) -> None:
        self.parts = parts
        self.write = _function(parts)
        """Fills it: `write(random, words)`, both of a pen."""


class Choice(tuple):
    """Strings and patterns, one of which is drawn."""

    drawn: tuple
    """The same, with each pattern's function in its stead."""
    mixed: bool
    """Whether there are patterns among them."""

    def __new__(cls, entries_: tuple) -> Choice:
        made = super().__new__(cls, entries_)
        made.mixed = any(entry.__class__ is Pattern for entry in made)
        made.drawn = tuple([e.write if e.__class__ is Pattern else e for e in made]) if made.mixed else tuple(made)
        return made


class Open(Choice):
    """A choice that gives the value of a slot of that type."""

    type: str


def opened(entries_: tuple, type_: str) -> Open:
    """The entries as values of a slot."""
    values = Open(entries_)
    values.type = type_
    return values


def _function(parts: tuple) -> Callable[[Callable[[], float], list], str]:
    known: dict[str, tuple] = {}
    pieces = []
    for at, part in enumerate(parts):
        if part.__class__ is str:
            pieces.append(part.replace("\\", "\\\\").replace("'", "\\'"))
        elif part.__class__ is int:
            if part in ONE_ONLY_AT:
                pieces.append(f"{{w[{part}]}}")
            elif part < SCENE_FROM:
                pieces.append(f"{{(e if (e := w[{part}]()).__class__ is str else e(r, w))}}")
            else:
                pieces.append(f"{{w[{part}]()}}")
        else:
            known[f"c{at}"] = part.drawn
            drawn = f"c{at}[int(r() * {len(part)})]"
            pieces.append(f"{{(e if (e := {drawn}).__class__ is str else e(r, w))}}" if part.mixed else f"{{{drawn}}}")
    # The source holds only words of the package's own files.
    return eval(f"lambda r, w: f'{''.join(pieces)}'", known)


@cache
def entries(name: str) -> Choice:
    """A named list, compiled."""
    return Choice(tuple([compiled(entry) for entry in lists()[name]]))


@cache
def topic_words(language: str, topic: str) -> tuple[Choice, ...]:
    """What a topic says for each of TOPIC_KEYS."""
    return tuple([Choice(tuple([compiled(entry) for entry in topics(language)[topic][key]])) for key in TOPIC_KEYS])


@cache
def _orders(language: str, topic: str) -> tuple[tuple[tuple, ...], ...]:
    """ORDERS orders of what a topic says for each of TOPIC_KEYS."""
    shuffle = Random(topic).shuffle
    orders = []
    for words in topic_words(language, topic):
        mine = []
        for _ in range(ORDERS):
            drawn = list(words.drawn)
            shuffle(drawn)
            mine.append(tuple(drawn))
        orders.append(tuple(mine))
    return tuple(orders)


def compiled(text: str) -> str | Pattern:
    """The pattern that a text notes down; a text without braces stays a string."""
    pieces = BRACES.split(text)
    if len(pieces) == 1:
        return text
    if any("{" in piece or "}" in piece for piece in pieces):
        raise ValueError(f"braces within braces: {text}")
    return Pattern(tuple([_part(piece) if at % 2 else piece for at, piece in enumerate(pieces) if piece]))


def _part(name: str) -> int | Choice:
    if name in WORDS_AT:
        return WORDS_AT[name]
    if "|" in name:
        return Choice(tuple(name.split("|")))
    return _open(name) or entries(name)


@cache
def _open(name: str) -> Open | None:
    if bounds := BOUNDS.fullmatch(name):
        return opened(tuple(number + bounds[3] for number in _numbers(bounds[1], bounds[2])), "number")
    match name.removeprefix("en."):
        case "pct":
            sign = " per cent" if name.startswith("en.") else "％"
            return opened(tuple(f"{n / 10:g}{sign}" for n in range(18, 989)), "percentage")
        case "pct.low":
            return opened(tuple(f"{n / 10:g}％" for n in range(181, 589)), "percentage")
        case "pct.high":
            return opened(tuple(f"{n / 10:g}％" for n in range(603, 999)), "percentage")
        case "money":
            return opened(_english_money() if name.startswith("en.") else _money(), "money")
        case "date":
            months = lists()["en.month"]
            return opened(
                tuple(
                    f"{day} {months[month - 1]}" if name.startswith("en.") else f"{month}月{day}日"
                    for month in range(1, 13)
                    for day in range(1, 29)
                ),
                "date",
            )
        case "title" | "text":
            return opened(entries(f"{name}s"), name.removeprefix("en."))
    return None


def _numbers(low: str, high: str) -> tuple[str, ...]:
    """At most MOST_VALUES numbers between the bounds, scattered like figures that were counted, not chosen."""
    scale = 10 if "." in low else 1
    first, span = round(float(low) * scale), round((float(high) - float(low)) * scale) + 1
    chosen = range(span) if span <= MOST_VALUES else [n * 7919 % span for n in range(MOST_VALUES)]
    return tuple(f"{(first + n) / scale:g}" if scale > 1 else str(first + n) for n in chosen)


def _money() -> tuple[str, ...]:
    small = [f"{n * 7919 % 9000 + 31}" for n in range(300)]
    tenths = [f"{(n * 7919 % 9900 + 31) / 10:.1f}" for n in range(500)]
    return (
        *(f"{n}万元" for n in (*small, *tenths)),
        *(f"{(n * 37 % 790 + 11) / 100:g}亿元" for n in range(120)),
        *(f"{n * 797 % 9000 + 2000}元" for n in range(20)),
    )


def _english_money() -> tuple[str, ...]:
    return (
        *(f"${(n * 37 % 790 + 11) / 100:g} million" for n in range(300)),
        *(f"${n * 797 % 900 + 12},{n * 613 % 900 + 100}" for n in range(500)),
    )


class Pen:
    """Chooses the words of one document.

    Words of a topic are not drawn but taken in turn: a document does not say the same thing twice before the topic has
    said everything. So are the patterns of a section.
    """

    __slots__ = ("random", "scene", "start", "stride", "turns", "words")

    def __init__(self, language: str, topic: str, scene: Scene, random: Callable[[], float]) -> None:
        self.random = random
        self.scene = scene
        self.words = []
        for orders in _orders(language, topic):
            order = orders[int(random() * ORDERS)]
            self.words.append(chain(order[int(random() * len(order)) :], cycle(order)).__next__)
        self.words += scene.says()
        self.start = int(random() * 1_000_003)
        self.stride = STRIDES[int(random() * len(STRIDES))]
        self.turns: dict[str, int] = {}

    def sentence(self, section: str) -> str:
        """The next entry of a named list."""
        found = entries(section).drawn
        turns = self.turns
        turns[section] = turn = turns.get(section, self.start) + self.stride
        chosen = found[turn % len(found)]
        return chosen if chosen.__class__ is str else chosen(self.random, self.words)

    def capital(self, section: str) -> str:
        """The same with a capital at its head, behind an opening quote if there is one."""
        text = self.sentence(section)
        return text[:1].upper() + text[1:] if text[0] != "“" else text[:2].upper() + text[2:]

    def items(self, section: str, numbering: str) -> list[Paragraph]:
        """Two to six lines after one pattern."""
        found = entries(section)
        pattern = found[int(self.random() * len(found))]
        count = LEAST_ITEMS + int(self.random() * (MOST_ITEMS - LEAST_ITEMS + 1))
        return [
            Paragraph([numbering.format(n + 1), pattern.write(self.random, self.words), ITEM_STOP[section]], FRAME)
            for n in range(count)
        ]
