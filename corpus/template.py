"""Templates: the wording of a report whose slots every member fills anew.

A template is sketched once, by the same layout that writes clean reports: where a pen would put a name or a figure,
the sketch leaves a blank. Blanks are then opened until the wanted share of the characters is open; the others are
filled for good.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from corpus.forms import BODY, FRAME, Form, Paragraph
from corpus.grammar import (
    ITEM_STOP,
    LEAST_ITEMS,
    MOST_ITEMS,
    SCENE_FROM,
    WORDS_AT,
    Open,
    Pattern,
    Pen,
    entries,
    topic_words,
)
from corpus.marked import Mark, Text
from corpus.report import Report
from corpus.scene import SCENE_TYPES, Scene, Slot

YEAR_AT = WORDS_AT["year"]
YEARS_AT = {WORDS_AT[key] for key in ("year", "last", "next")}
HOME_AT, SEAT_AT = WORDS_AT["home"], WORDS_AT["seat"]
PHRASES_AT = {WORDS_AT[key] for key in ("do", "gain", "thing", "fault", "who", "where")}
LEAST_PHRASE, MOST_PHRASE = 4, 12
OPTIONAL_SHARE, LEAST_CHANCE, MOST_CHANCE = 0.4, 0.3, 0.8
MEAN_ITEMS = (LEAST_ITEMS + MOST_ITEMS) / 2
FULL, OVER = 0.96, 1.1
PATTERN_LENGTH = 9
TRIALS, TRIAL_MEMBERS, NEAR = 5, 6, 0.86
LEAST_CHOICE = 8


class Blank:
    """A place in a sketch that a name, a figure or a phrase will fill."""

    __slots__ = ("at", "column", "default", "loose", "neighbour", "nth", "size", "source", "type", "variable")

    def __init__(self, type_: str, source: tuple, default: str, *, at: int = -1, nth: int = -1, loose: bool = False):
        self.type = type_
        self.source = source
        """What may stand here; empty if the scene says it."""
        self.default = default
        self.at = at
        """Which words of the scene, or -1."""
        self.nth = nth
        """Which of them, always the same within a member; -1 for any."""
        self.loose = loose
        """A phrase that real templates seldom exchange."""
        self.neighbour: Blank | None = None
        """The blank right beside it: two open ones in a row could not be told apart."""
        self.column = self.variable = -1
        self.size = len(default) if nth >= 0 or not source else _mean_length(source)

    def __len__(self) -> int:
        return self.size


def _mean_length(source: tuple) -> int:
    probe = source[:: max(1, len(source) // 12)]
    lengths = [len(entry) if entry.__class__ is str else PATTERN_LENGTH for entry in probe]
    return max(1, round(sum(lengths) / len(lengths)))


class Sketch:
    """A sentence of a template: strings and blanks."""

    __slots__ = ("parts", "size")

    def __init__(self, parts: list) -> None:
        self.parts = parts
        self.size = sum(map(len, parts))

    def __len__(self) -> int:
        return self.size


class Draft:
    """A pen that leaves names, figures and some phrases blank."""

    def __init__(self, pen: Pen, language: str, topic: str) -> None:
        self.pen = pen
        self.random = pen.random
        self._words = (*topic_words(language, topic), *pen.scene.words)
        self._turns = [pen.start] * len(self._words)
        self._in_item = False

    def sentence(self, section: str) -> Sketch:
        """The next entry of a named list, parts of it blank."""
        pen = self.pen
        found = entries(section)
        pen.turns[section] = turn = pen.turns.get(section, pen.start) + pen.stride
        return Sketch(self._sketched(found[turn % len(found)]))

    def capital(self, section: str) -> Sketch:
        """The same with a capital at its head; a blank that stands there begins with one."""
        sketch = self.sentence(section)
        first = sketch.parts[0]
        if first.__class__ is str:
            bare = first.lstrip("“")
            sketch.parts[0] = first[: len(first) - len(bare)] + bare[:1].upper() + bare[1:]
            if not bare:
                _capitalise(sketch.parts, 1)
        else:
            _capitalise(sketch.parts, 0)
        return sketch

    def items(self, section: str, numbering: str) -> list[Paragraph]:
        """One line, which members repeat."""
        self._in_item = True
        parts = self._sketched(self._one(entries(section)))
        self._in_item = False
        return [Paragraph([*parts, ITEM_STOP[section]], numbering or " ")]

    def _sketched(self, pattern: str | Pattern) -> list:
        if pattern.__class__ is str:
            return [pattern]
        parts: list = []
        for part in pattern.parts:
            if part.__class__ is str:
                parts.append(part)
            elif part.__class__ is int:
                parts += self._word(part)
            elif part.__class__ is Open:
                chosen = self._one(part)
                filled = chosen if chosen.__class__ is str else chosen.write(self.random, self.pen.words)
                parts.append(Blank(part.type, part, filled))
            else:
                chosen = self._one(part)
                phrase = len(part) >= LEAST_CHOICE and _is_phrase(chosen)
                parts += [Blank("text", _phrases(part), chosen, loose=True)] if phrase else self._sketched(chosen)
        return parts

    def _word(self, at: int) -> list:
        found = self._words[at]
        self._turns[at] = turn = self._turns[at] + self.pen.stride
        nth = turn % len(found)
        if at >= SCENE_FROM and at != SEAT_AT:
            type_ = SCENE_TYPES[at - SCENE_FROM]
            anyone = self._in_item and len(found) > 1
            return [Blank(type_, found if anyone else (), found[nth], at=at, nth=-1 if anyone else nth)]
        phrase = found[nth]
        if at in PHRASES_AT and _is_phrase(phrase):
            return [Blank("text", _phrases(found), phrase, loose=True)]
        return self._sketched(phrase)

    def _one(self, found: tuple) -> str | Pattern:
        return found[int(self.random() * len(found))]


def _flat(parts: list) -> tuple:
    flat: list = []
    for part in parts:
        flat += part.parts if part.__class__ is Sketch else [part]
    return tuple(flat)


def _capitalise(parts: list, at: int) -> None:
    """Gives the words that stand at the head of an English sentence a capital."""
    part = parts[at] if at < len(parts) else ""
    if part.__class__ is Blank:
        part.default = part.default[:1].upper() + part.default[1:]
        if part.loose:
            part.source = tuple([phrase[:1].upper() + phrase[1:] for phrase in part.source])
    else:
        parts[at : at + 1] = [part[:1].upper() + part[1:]]


def _phrases(found: tuple) -> tuple[str, ...]:
    return tuple([entry for entry in found if _is_phrase(entry)])


def _is_phrase(entry: str | Pattern) -> bool:
    return entry.__class__ is str and LEAST_PHRASE <= len(entry) <= MOST_PHRASE


class Part(NamedTuple):
    """A paragraph of a template."""

    parts: tuple
    chance: float
    """How probable it is that a member has it."""
    numbering: str
    """Of a list item; empty if the paragraph is none."""


class Template:
    """A report whose names, dates and figures are still open."""

    def __init__(self, form: Form, topic: str, title: Sketch, page: list[Paragraph], pen: Pen, share: float) -> None:
        self.share = share
        self.form = form.name
        self.topic = topic
        self._language = "en" if form.name == "english" else "zh"
        self._scene = pen.scene
        random = pen.random
        drafts = [
            Part(_flat(line.parts), _chance(before, line, random), _numbering(line))
            for before, line in zip((None, *page[:-1]), page, strict=True)
        ]
        wanted = share
        for _ in range(TRIALS):
            shut = _open_some(drafts, wanted, random)
            _number_columns(drafts)
            self._lines = [_settled_line(line) for line in drafts]
            off = self._share_of_trial(random) / share
            if NEAR < off < 1 / NEAR:
                break
            wanted /= max(off, 0.4)
        title_parts = _flat([title])
        for part in title_parts:
            if part.__class__ is Blank and part.nth >= 0 and _key(part) not in shut:
                part.column = 0
        self._title = _settled(title_parts)
        self._home_shut = (HOME_AT, 0) in shut
        self._year_shut = (YEAR_AT, 0) in shut

    def member(self, rng: Random, *, place: str | None = None, year: int | None = None) -> Report:
        """The template filled in once more; at that place and in that year if its wording has them open."""
        mine = self._scene
        scene = Scene(self._language, rng.random, place=place, year=year, seat=mine.seat)
        pen = Pen(self._language, self.topic, scene, rng.random)
        text, strings = self._filled(pen)
        title, _ = _fill(self._title, pen, 0, [])
        written = "".join(title)
        return Report(
            title=written[:1].upper() + written[1:],
            text=text,
            form=self.form,
            topic=self.topic,
            place=mine.home if self._home_shut else scene.home,
            year=mine.year if self._year_shut else scene.year,
            people=tuple([name for name in dict.fromkeys((*scene.people, *mine.people)) if name in strings]),
        )

    def _share_of_trial(self, random: Callable[[], float]) -> float:
        """The share of slots in some members: lengths were only guessed when the blanks were opened."""
        slotted = written = 0
        for _ in range(TRIAL_MEMBERS):
            scene = Scene(self._language, random, seat=self._scene.seat)
            pen = Pen(self._language, self.topic, scene, random)
            text, string = self._filled(pen)
            slotted += sum([end - start for start, end, _ in text.marks])
            written += len(string)
        return slotted / written

    def _filled(self, pen: Pen) -> tuple[Text, str]:
        random = pen.random
        strings: list[str] = []
        marks: list[Mark] = []
        at = 0
        for parts, chance, numbering in self._lines:
            if chance < 1 and random() >= chance:
                continue
            times = LEAST_ITEMS + int(random() * (MOST_ITEMS - LEAST_ITEMS + 1)) if numbering else 1
            for number in range(1, times + 1):
                if strings:
                    strings.append("\n")
                    at += 1
                if numbering:
                    mark = numbering.format(number).lstrip(" ")
                    strings.append(mark)
                    at += len(mark)
                filled, at = _fill(parts, pen, at, marks)
                strings += filled
        string = "".join(strings)
        return Text(string, tuple(marks)), string


def _chance(before: Paragraph | None, line: Paragraph, random: Callable[[], float]) -> float:
    # The first paragraph under a heading stays, or the heading would stand alone.
    if before and before.kind == line.kind == BODY and random() < OPTIONAL_SHARE:
        return LEAST_CHANCE + (MOST_CHANCE - LEAST_CHANCE) * random()
    return 1.0


def _numbering(line: Paragraph) -> str:
    return "" if line.kind in (BODY, FRAME) else line.kind


def _key(blank: Blank) -> tuple[int, int]:
    """What opens together: this year and the one before go up and down together."""
    return (YEAR_AT if blank.at in YEARS_AT else blank.at, blank.nth)


def _open_some(lines: list[Part], share: float, random: Callable[[], float]) -> set[tuple[int, int]]:
    """Opens blanks until their share of the text is reached; tells which words of the scene stayed shut."""
    groups: dict[tuple[int, int], list[tuple[Blank, float]]] = {}
    total = 0.0
    for line in lines:
        weight = line.chance * (MEAN_ITEMS if line.numbering else 1)
        before = None
        for part in line.parts:
            total += len(part) * weight
            if part.__class__ is Blank:
                part.column = -1
                key = _key(part) if part.nth >= 0 else (-1, len(groups))
                groups.setdefault(key, []).append((part, weight))
                if before.__class__ is Blank:
                    part.neighbour, before.neighbour = before, part
            before = part if len(part) else before

    def rank(key: tuple[int, int]) -> float:
        if key[0] in (YEAR_AT, HOME_AT):
            return -2 if key[0] == YEAR_AT else -1
        return random() + (0.8 if groups[key][0][0].loose else 0)

    wanted = share * total
    filled = 0.0
    opened: set[tuple[int, int]] = set()
    for key in sorted(groups, key=rank):
        size = sum(blank.size * weight for blank, weight in groups[key])
        beside_open = any(blank.neighbour and blank.neighbour.column >= 0 for blank, _ in groups[key])
        if filled + size > wanted * OVER or (beside_open and key[0] < 0):
            continue
        for blank, _ in groups[key]:
            blank.column = 0
        filled += size
        opened.add(key)
        if filled >= wanted * FULL:
            break
    return {key for key in groups if key[0] >= 0} - opened


def _number_columns(lines: list[Part]) -> None:
    variables: dict[tuple[int, int], int] = {}
    column = 0
    for line in lines:
        for part in line.parts:
            if part.__class__ is Blank and part.column >= 0:
                part.column = column
                key = (part.at, part.nth) if part.nth >= 0 else (-1, column)
                part.variable = variables.setdefault(key, len(variables))
                column += 1


def _settled_line(line: Part) -> Part:
    parts = _settled(line.parts)
    if line.numbering and not any(part.__class__ is Blank for part in parts):
        # Items without a slot would all read the same: one is enough.
        return Part((line.numbering.format(1).lstrip(" "), *parts), line.chance, "")
    return Part(parts, line.chance, line.numbering)


def _settled(parts: tuple) -> tuple:
    """The parts with every blank that stayed shut filled for good, and neighbouring strings joined."""
    settled: list = []
    for part in parts:
        if part.__class__ is Blank and part.column < 0:
            part = part.default
        if part.__class__ is str and settled and settled[-1].__class__ is str:
            settled[-1] += part
        elif part.__class__ is Blank or part:
            settled.append(part)
    return tuple(settled)


def _fill(parts: tuple, pen: Pen, at: int, marks: list[Mark]) -> tuple[list[str], int]:
    """The strings of the parts, which begin at character `at`; their marks go to `marks`."""
    random, words = pen.random, pen.words
    names = pen.scene.words
    strings: list[str] = []
    for part in parts:
        if part.__class__ is str:
            strings.append(part)
            at += len(part)
            continue
        if part.nth >= 0:
            value = names[part.at - SCENE_FROM][part.nth]
        else:
            source = names[part.at - SCENE_FROM] if part.at >= 0 else part.source
            value = source[int(random() * len(source))]
            if value.__class__ is not str:
                value = value.write(random, words)
        strings.append(value)
        end = at + len(value)
        marks.append(Mark(at, end, Slot(part.column, part.variable, part.type, value)))
        at = end
    return strings, at
