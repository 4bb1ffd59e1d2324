"""Families of a wanted size and noise, made with the generator's own classes; where every value stands is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import numpy as np

from corpus.edits import EDITS, Material, deleted, inserted, substituted
from corpus.forms import BY_NAME, FORMS, FRAME, Paragraph
from corpus.furniture import sites
from corpus.grammar import Pen
from corpus.lexicon import topics
from corpus.marked import Mark, Text
from corpus.report import Report
from corpus.scene import Scene, Slot
from corpus.template import Draft, Template
from corpus.writer import Writer

CHINESE, ENGLISH = "zh", "en"
LEAST_SHARE, MOST_SHARE = 0.01, 0.15
LEAST_SHORT_SHARE, MOST_SHORT_SHARE = 0.1, 0.5
LINES = {
    "title": {"zh": ("title.report", "title.plan", "title.notice"), "en": ("en.title",)},
    "notice": {"zh": ("short",), "en": ("en.news", "en.demand")},
    "item": {"zh": ("item",), "en": ("en.item",)},
}
"""Kinds of short lines: a title, a notice of one sentence, an item of a list; and the entries they are drawn from."""
LEAST_RATE, MOST_RATE = 0.002, 0.03
SHORT_REPORT = 200  # characters of a report that only a further sentence on its topic is wanted of
NOISES = (substituted, deleted, inserted)
# Numbers that count the items of a list: neither a value that was planted nor words of the template.
NUMBERING = re.compile(r"^[（(—-]?\s?(\d{1,2})[）)．.、]", re.MULTILINE)


class Planted(NamedTuple):
    """A value as it stands in a text: code points, and which slot of the template it fills."""

    start: int
    end: int
    column: int
    variable: int
    type: str


class Member(NamedTuple):
    """A text filled into a template, and then edited.

    Attributes
    ----------
    text : str
    slots : tuple of Planted
        In order; values that an edit took away as a whole are missing.
    touched : ``[m] bool``
        Of each character, whether an edit put it there.
    noisy : bool
        Whether anything was edited.
    """

    text: str
    slots: tuple[Planted, ...]
    touched: np.ndarray
    noisy: bool


class Family(NamedTuple):
    """The members of one template.

    Attributes
    ----------
    language : str
    noise : float
        Share of the characters that edits touched, in each member by itself.
    members : list of Member
    asked : frozenset of int
        Columns that hold at least two different values. A year that is the same in all members, or a paragraph that
        only one of them has, nobody can tell from words of the template: they count neither way.
    """

    language: str
    noise: float
    members: list[Member]
    asked: frozenset[int]

    @property
    def texts(self) -> list[str]:
        return [member.text for member in self.members]


class _At(NamedTuple):
    """The mark of a single character, which tells afterwards whether it is still there."""

    sign: str


def plant(language: str, members: int, noise: float, rng: Random, *, length: int | None = None) -> Family:
    """A family of that many members, 1 to 15 % of whose characters are values.

    Parameters
    ----------
    language : {"zh", "en"}
    members : int
    noise : float
        Share of the characters of each member that are exchanged, left out or put in, one third each.
    rng : random.Random
    length : int, optional
        Characters of a text, about; the generator's own distribution if not given.
    """
    writer = Writer(rng)
    while True:
        share = rng.uniform(LEAST_SHARE, MOST_SHARE)
        template = writer.template(length=length, form=_form(language, rng), share=share)
        reports = [template.member(rng) for _ in range(members)]
        if asked(reports):
            return Family(language, noise, [edited(report, noise, writer, rng) for report in reports], asked(reports))


def plant_line(
    kind: str, language: str, members: int, noise: float, rng: Random, *, topic: str | None = None
) -> Family:
    """A family of short lines, 10 to 50 % of whose characters are values; at least one column of them is asked for.

    Parameters
    ----------
    kind : {"title", "notice", "item"}
    language : {"zh", "en"}
    members : int
    noise : float
    rng : random.Random
    topic : str, optional
        Families on different topics have different wording; any if not given.
    """
    writer = Writer(rng)
    while True:
        template = line_template(kind, language, rng, topic)
        reports = [template.member(rng) for _ in range(members)]
        if asked(reports):
            return Family(language, noise, [edited(report, noise, writer, rng) for report in reports], asked(reports))


def line_template(kind: str, language: str, rng: Random, topic: str | None = None) -> Template:
    """A template of a single line, laid out by the pens that lay out reports."""
    topic = topic or rng.choice(list(topics(language)))
    draft = Draft(Pen(language, topic, Scene(language, rng.random), rng.random), language, topic)
    entry = rng.choice(LINES[kind][language])
    if kind == "item":
        parts = draft.items(entry, "")[0].parts
    elif language == ENGLISH:
        parts = [draft.capital(entry), "" if kind == "title" else "."]
    else:
        parts = [draft.sentence(entry), "" if kind == "title" else "。"]
    form = BY_NAME["english" if language == ENGLISH else "report"]
    title = draft.sentence("en.title" if language == ENGLISH else "title.report")
    share = rng.uniform(LEAST_SHORT_SHARE, MOST_SHORT_SHARE)
    return Template(form, topic, title, [Paragraph(parts, FRAME)], draft.pen, share)


def plant_copies(language: str, members: int, rng: Random, *, length: int | None = None) -> list[str]:
    """A report and edited copies of it, each by one kind of edit, .2 to 3 % of its characters touched."""
    writer = Writer(rng)
    report = _report(writer, language, rng, length)
    texts = [report.text.string]
    for _ in range(members - 1):
        rate = LEAST_RATE * (MOST_RATE / LEAST_RATE) ** rng.random()
        material = Material(writer.sentence(report), rng.choice(sites()), report.english)
        texts.append(rng.choice(list(EDITS.values()))(report.text, rate, rng, material)[0].string)
    return texts


def unrelated(language: str, count: int, rng: Random, *, line: bool = False) -> list[str]:
    """Reports, or notices and sentences, that have nothing to do with each other."""
    writer = Writer(rng)
    if not line:
        return [_report(writer, language, rng, None).text.string for _ in range(count)]
    texts = []
    for number in range(count):
        if number % 2 and language == CHINESE:
            texts.append(writer.short().text.string)
        else:
            texts.append(writer.sentence(_report(writer, language, rng, SHORT_REPORT)))
    return texts


def _report(writer: Writer, language: str, rng: Random, length: int | None) -> Report:
    return writer.report(form=_form(language, rng), length=length)


def _form(language: str, rng: Random) -> str:
    forms = [form for form in FORMS if (form.name == "english") == (language == ENGLISH)]
    return rng.choices(forms, [form.weight for form in forms])[0].name


def asked(reports: list[Report]) -> frozenset[int]:
    """The columns that hold at least two different values."""
    values: dict[int, set[str]] = {}
    for report in reports:
        for mark in report.text.marks:
            values.setdefault(mark.what.column, set()).add(mark.what.value)
    return frozenset(column for column, held in values.items() if len(held) > 1)


def edited(report: Report, noise: float, writer: Writer, rng: Random) -> Member:
    """The report with noise, and where its values stand now."""
    text = report.text
    if noise:
        signs = tuple(Mark(at, at + 1, _At(sign)) for at, sign in enumerate(text.string))
        text = Text(text.string, text.marks + signs)
        for edit in NOISES:
            rate = noise / len(NOISES)
            if rng.random() < rate * len(text.string):  # an edit touches one character at least: too many of a title
                material = Material(writer.sentence(report), sites()[0], report.english)
                text, _ = edit(text, rate, rng, material)
    touched = np.full(len(text.string), bool(noise))
    for start, end, what in text.marks:
        if isinstance(what, _At) and end == start + 1:
            touched[start] = text.string[start] != what.sign
    slots = sorted(
        Planted(start, end, what.column, what.variable, what.type)
        for start, end, what in text.marks
        if isinstance(what, Slot) and end > start
    )
    return Member(text.string, tuple(slots), touched, text.string != report.text.string)


def numbering(text: str) -> Iterator[tuple[int, int]]:
    """Where the numbers of list items stand."""
    for match in NUMBERING.finditer(text):
        yield match.span(1)
