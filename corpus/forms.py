"""How each form of document is laid out: which sections, in which shares, under which headings and frames.

The layout asks a pen for sentences and does not care whether it gets strings (a clean report) or parts of which some
are still blank (a template); `len` of a part is its length, or the length to expect of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import NamedTuple, Protocol

NUMERALS = "一二三四五六七八九十"
HEADED_FROM = 420
HEADED_SHARE, FRAMED_SHARE, SIGNED_SHARE, LEAD_SHARE, LIST_SHARE = 0.72, 0.6, 0.5, 0.55, 0.3
CHAPTERS_FROM = 1400
SEAT_SHARE = 0.02
LEAST_SECTION, LEAST_BLOCK, LONG_REST = 60, 110, 500
OVERSHOT = 90
"""Sections end with their last sentence, so many characters beyond what was wanted."""
FRAME, BODY = "frame", "body"


class Paragraph(NamedTuple):
    """One line of a document."""

    parts: list
    kind: str
    """FRAME stands in every member of a template, BODY may be left out, anything else numbers the items of a list."""


class Ink(Protocol):
    """What the layout needs of a pen."""

    random: Callable[[], float]

    def sentence(self, section: str) -> Sized:
        """One sentence, without its stop; its `len` is its length."""

    def capital(self, section: str) -> Sized:
        """The same with a capital at its head."""

    def items(self, section: str, numbering: str) -> list[Paragraph]:
        """Some lines made after the same pattern."""


class Form(NamedTuple):
    """One form of document: its name, how often it is drawn, its sections with their shares, its frames."""

    name: str
    weight: float
    parts: tuple[tuple[str, float], ...]
    intro: str = "intro"
    greeted: str = ""
    signed: bool = False


FORMS = (
    Form("report", 0.28, (("measure", 0.42), ("result", 0.24), ("problem", 0.16), ("plan", 0.18)), greeted="greeting"),
    Form("plan", 0.14, (("problem", 0.12), ("measure", 0.18), ("plan", 0.48), ("demand", 0.22)), signed=True),
    Form("notice", 0.16, (("measure", 0.16), ("demand", 0.6), ("plan", 0.24)), greeted="addressee", signed=True),
    Form("regulation", 0.11, (("clause", 1.0),), intro=""),
    Form("minutes", 0.12, (("minutes", 0.72), ("problem", 0.1), ("plan", 0.18)), intro="minutes.top"),
    Form("news", 0.11, (("news", 0.72), ("result", 0.28)), intro="news"),
    Form("english", 0.08, ()),
)
BY_NAME = {form.name: form for form in FORMS}
POINTS = {"problem": "point.bad", "plan": "point.plan", "measure": "point", "result": "result", "demand": "demand"}
ENGLISH_FORMS = (
    ("en.intro", (("en.measure", 0.4), ("en.result", 0.25), ("en.problem", 0.15), ("en.plan", 0.2))),
    ("en.intro", (("en.problem", 0.25), ("en.plan", 0.5), ("en.demand", 0.25))),
    ("en.minutes", (("en.minutes", 0.8), ("en.plan", 0.2))),
    ("en.news", (("en.news", 0.75), ("en.result", 0.25))),
    ("en.demand", (("en.demand", 0.6), ("en.measure", 0.4))),
)


def lay_out(form: Form, length: int, ink: Ink) -> list[Paragraph]:
    """A document of about `length` characters."""
    if form.name == "english":
        return _english(length, ink)
    if form.name == "regulation":
        return _regulation(length, ink)
    random = ink.random
    page: list[Paragraph] = []
    if form.greeted and random() < FRAMED_SHARE:
        page.append(Paragraph([ink.sentence(form.greeted)], FRAME))
    page.append(_opening(form, ink))
    headed = length >= HEADED_FROM and form.name != "news" and random() < HEADED_SHARE
    number = carried = 0
    left = max(LEAST_SECTION, length - OVERSHOT - sum(map(len, page[-1].parts)))
    for section, share in form.parts:
        wanted = carried + int(left * share * (0.7 + 0.6 * random()))
        if wanted < LEAST_SECTION and section != form.parts[-1][0]:
            carried = wanted  # too little for a section of its own: the next one gets it
            continue
        carried = 0
        if headed and section in POINTS:
            heading = [f"{NUMERALS[number]}、", ink.sentence(f"heading.{section}")]
            page.append(Paragraph(heading, FRAME))
            number += 1
        _section(section, wanted, ink, page)
    while length < HEADED_FROM and sum(sum(map(len, line.parts)) for line in page) < length - OVERSHOT // 3:
        _plain(form.parts[-1][0], OVERSHOT, ink, page)
    if random() < FRAMED_SHARE:
        page.append(Paragraph([ink.sentence(f"{form.name}.end"), "。"], FRAME))
    if form.signed and random() < SIGNED_SHARE:
        page.append(Paragraph([ink.sentence("signer")], FRAME))
        page.append(Paragraph([ink.sentence("year.sign")], FRAME))
    return page


def _opening(form: Form, ink: Ink) -> Paragraph:
    parts = [ink.sentence(form.intro)]
    if form.name == "news":
        return Paragraph([ink.sentence("news.lead"), "　", *parts, "。"], FRAME)
    if ink.random() < 0.4:
        parts += ["。", ink.sentence(form.parts[0][0])]
    if ink.random() < LEAD_SHARE:
        colon = "：" if ink.random() < 0.8 else "。"
        return Paragraph([*parts, "。", ink.sentence(f"{form.name}.lead"), colon], FRAME)
    return Paragraph([*parts, "。"], FRAME)


def _section(section: str, length: int, ink: Ink, page: list[Paragraph]) -> None:
    """Puts the paragraphs of one section."""
    left = length - _block(section, length, ink, page)
    while left > 0:
        manner = _block if left > LONG_REST else _plain
        left -= manner(section, left, ink, page)


def _block(section: str, length: int, ink: Ink, page: list[Paragraph]) -> int:
    """Puts some paragraphs in one of the manners that such sections have, and tells their length."""
    if section in POINTS and length > LEAST_BLOCK:
        manner = ink.random()
        if manner < 0.2:
            return _run_of_points(section, length, ink, page)
        if manner < 0.45:
            return _numbered(section, length, ink, page)
        if manner < 0.55:
            return _listed(section, length, ink, page)
    return _plain(section, length, ink, page)


def _plain(section: str, length: int, ink: Ink, page: list[Paragraph], before: tuple = ()) -> int:
    """Puts a paragraph of one to five sentences and tells its length."""
    random = ink.random
    parts = list(before)
    size = 0
    for number in range(1 + int(random() * 5)):
        if size > length:
            break
        seat = number and random() < SEAT_SHARE
        sentence = ink.sentence("seatline" if seat else section)
        parts.append(sentence)
        parts.append("。" if random() < 0.985 or section == "problem" else "！")
        size += len(sentence) + 1
    page.append(Paragraph(parts, BODY))
    return size


def _run_of_points(section: str, length: int, ink: Ink, page: list[Paragraph]) -> int:
    """一是……；二是…… in one paragraph, or a paragraph each."""
    random = ink.random
    apart = random() < 0.4
    words = (("一是", "二是", "三是", "四是", "五是", "六是"), ("首先，", "其次，", "再次，", "此外，", "最后，"))[
        random() < 0.25
    ]
    parts: list = []
    size = 0
    for number, word in enumerate(words):
        sentence = ink.sentence(POINTS[section])
        size += len(sentence) + 3
        last = size >= length or number == len(words) - 1
        parts += [word, sentence, "。" if apart or last or random() < 0.4 else "；"]
        if apart:
            page.append(Paragraph(parts, FRAME))
            parts = []
        if last:
            break
    if parts:
        page.append(Paragraph(parts, BODY))
    return size


def _numbered(section: str, length: int, ink: Ink, page: list[Paragraph]) -> int:
    """（一）, 1、 or 第一, with a heading of its own before each paragraph."""
    random = ink.random
    style = int(random() * 5)
    number = size = 0
    while size < length and number < 9:
        mark = (
            f"（{NUMERALS[number]}）",
            f"{number + 1}、",
            f"{number + 1}．",
            f"第{NUMERALS[number]}，",
            f"（{number + 1}）",
        )[style]
        headed = random() < 0.7
        before = (mark, ink.sentence("numbered"), "。") if headed else (mark,)
        size += _plain(section, min(length - size, 60 + int(random() * 160)), ink, page, before)
        page[-1] = Paragraph(page[-1].parts, FRAME)
        number += 1
    return size


def _listed(section: str, length: int, ink: Ink, page: list[Paragraph]) -> int:
    """A sentence and lines of figures under it."""
    size = _plain(section, length // 2, ink, page)
    numbering = ("", "{}．", "（{}）", "—", "{}、")[int(ink.random() * 5)]
    rows = ink.items("item", numbering)
    page += rows
    return size + sum(sum(map(len, row.parts)) for row in rows)


def _regulation(length: int, ink: Ink) -> list[Paragraph]:
    random = ink.random
    style = int(random() * 4)
    chapters = length > CHAPTERS_FROM and style == 0
    page: list[Paragraph] = []
    lead = [ink.sentence("regulation.lead"), "。"]
    number = chapter = 0
    left = length - OVERSHOT // 2
    while left > 0:
        if chapters and (not number or random() < 0.2):
            title = ink.sentence("chapter") if chapter else "总则"
            page.append(Paragraph([f"第{numeral(chapter + 1)}章　", title], FRAME))
            chapter += 1
        number += 1
        mark = (f"第{numeral(number)}条　", f"第{numeral(number)}条 ", f"{number}．", f"{numeral(number)}、")[style]
        if number == 1:
            page.append(Paragraph([mark, *lead], FRAME))
        else:
            _plain("clause", int(random() * 90), ink, page, (mark,))
            page[-1] = Paragraph(page[-1].parts, FRAME)
        left -= sum(map(len, page[-1].parts))
        if random() < 0.04:
            page += ink.items("item", "（{}）")
    if random() < FRAMED_SHARE:
        page.append(Paragraph([ink.sentence("regulation.end"), "。"], FRAME))
    return page


def numeral(number: int) -> str:
    """A number as Chinese articles count, from 1,000 on in digits."""
    if number <= 10:
        return NUMERALS[number - 1]
    if number >= 1000:
        return str(number)
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{NUMERALS[hundreds - 1]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else NUMERALS[tens - 1]) + "十"
    elif ones:
        text += "零"
    return text + (NUMERALS[ones - 1] if ones else "")


def _english(length: int, ink: Ink) -> list[Paragraph]:
    random = ink.random
    opening, sections = ENGLISH_FORMS[int(random() * len(ENGLISH_FORMS))]
    page = [Paragraph([ink.capital(opening), "."], FRAME)]
    headed = length >= 2 * HEADED_FROM and random() < HEADED_SHARE
    for section, share in sections:
        left = int((length - 2 * OVERSHOT) * share * (0.7 + 0.6 * random()))
        if headed:
            page.append(Paragraph([ink.capital("en.heading")], FRAME))
        while left > 0:
            parts: list = []
            for _ in range(1 + int(random() * 5)):
                sentence = ink.capital(section)
                parts += [" " if parts else "", sentence, "."]
                left -= len(sentence) + 2
                if left <= 0:
                    break
            page.append(Paragraph(parts, BODY))
        if random() < LIST_SHARE / 2:
            page += ink.items("en.item", ("", "{}. ", "- ", "({}) ")[int(random() * 4)])
    return page
