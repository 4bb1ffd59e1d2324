"""What sites do to a text: every kind of damage seen on scraped pages, each a function of its own.

A damage takes a text and gives the text as such a site would show it, its marks moved along.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from random import Random

from corpus.bytepasses import narrowed_and_noted
from corpus.lexicon import data_lines
from corpus.marked import Change, Text, rewrite

Damage = Callable[[Text, Random], Text]

HALF_WIDTH = str.maketrans("，；：？！（）％", ",;:?!()%")
KEYWORDS = re.compile(
    "工作方案|实施方案|活动方案|规章制度|工作计划|工作总结|心得体会|管理办法|实施意见|应急预案|工作报告|管理制度"
)
YEAR = re.compile(r"(?<![\d.])20\d\d(?![\d.%％])")
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
NAMED = re.compile(
    r"[\u4e00-\u9fff]{2}(?=(?:学院|中学|小学|社区|公司|街道|镇|乡|县|村)(?:党|的|、|，|在|有|召|组|开|积))"
)
WATERMARKED = 30_000  # characters of damaged pages to one stray dot
MASKS = ("xx", "XX", "××", "某某")
COMMA = re.compile("[，,]")


@cache
def traditional_table() -> dict[int, str]:
    """Simplified characters and their traditional forms."""
    pairs = "".join(data_lines("traditional.txt"))
    return {ord(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)}


@cache
def notes() -> dict[str, str]:
    """Characters, simplified and traditional, and each with its reading behind it."""
    table = {}
    for simple, traditional, reading in map(str.split, data_lines("pinyin.txt")):
        table[simple], table[traditional] = f"{simple}({reading})", f"{traditional}({reading})"
    return table


def pinyin(text: Text, rng: Random) -> Text:
    """A reading behind every occurrence of 27 characters: 经(jīng)."""
    table = notes()
    if not text.marks:
        return Text(text.string.translate(str.maketrans(table)))
    return rewrite(text, [(at, at + 1, table[sign]) for at, sign in enumerate(text.string) if sign in table])


def traditional(text: Text, rng: Random) -> Text:
    """Simplified characters replaced one by one."""
    return Text(text.string.translate(traditional_table()), text.marks)


def halfwidth(text: Text, rng: Random) -> Text:
    """ASCII for the full-width signs that have an ASCII form."""
    return Text(text.string.translate(HALF_WIDTH), text.marks)


def bytewise(text: Text, rng: Random) -> Text:
    """Traditional characters, then signs narrowed and notes put in byte by byte: some characters are torn."""
    return narrowed_and_noted(traditional(text, rng))


def linkbreaks(text: Text, rng: Random) -> Text:
    """A few key words, once links, on lines of their own with a false full stop."""
    places = [match.span() for match in KEYWORDS.finditer(text.string)]
    chosen = sorted(rng.sample(places, min(len(places), rng.randint(1, 3 + len(places) // 8))))
    return rewrite(text, [change for start, end in chosen for change in ((start, start, "\n"), (end, end, "。\n"))])


def yearmask(text: Text, rng: Random) -> Text:
    """Years struck out, nearly all, and with them whatever looks like one."""
    mask = rng.choice(("20xx", "20xx", "20xx", "20**", "20__"))
    return _replaced(text, YEAR, 0.9, mask, rng)


def namemask(text: Text, rng: Random) -> Text:
    """Some names of places and houses struck out."""
    return _replaced(text, NAMED, rng.uniform(0.2, 0.7), rng.choice(MASKS), rng)


def starmask(text: Text, rng: Random) -> Text:
    """A few names struck out by stars."""
    return _replaced(text, NAMED, rng.uniform(0.05, 0.2), "**", rng)


def figureloss(text: Text, rng: Random) -> Text:
    """Most figures gone, their units left standing."""
    return _replaced(text, FIGURE, rng.uniform(0.6, 1.0), "", rng)


def _replaced(text: Text, pattern: re.Pattern[str], share: float, new: str, rng: Random) -> Text:
    changes: list[Change] = [(*match.span(), new) for match in pattern.finditer(text.string) if rng.random() < share]
    return rewrite(text, changes)


def watermark(text: Text, rng: Random) -> Text:
    """A stray dot behind one 的, as sites plant them against copying."""
    places = [match.end() for match in re.finditer("的", text.string)]
    chosen = sorted(rng.sample(places, min(len(places), 1 + len(places) // 500)))
    return rewrite(text, [(at, at, ".") for at in chosen])


def commaloss(text: Text, rng: Random) -> Text:
    """One line without its commas: its clauses run together."""
    lines = [match.span() for match in re.finditer(r"[^\n]{30,}", text.string)]
    if not lines:
        return text
    start, end = rng.choice(lines)
    return rewrite(text, [(*match.span(), "") for match in COMMA.finditer(text.string, start, end)])


def beheaded(text: Text, rng: Random) -> Text:
    """The first or the last few characters lost in scraping."""
    lost = rng.randint(3, 12)
    if len(text.string) < 10 * lost:
        return text
    size = len(text.string)
    return rewrite(text, [(0, lost, "") if rng.random() < 0.5 else (size - lost, size, "")])


def rewrapped(text: Text, rng: Random) -> Text:
    """Lines of a fixed width."""
    if text.string.isascii():
        width = rng.randint(60, 80)
        breaks = re.compile(rf"(?<=\S{{1}})[^\n]{{{width - 12}}}\S*( )")
        return rewrite(text, [(*match.span(1), "\n") for match in breaks.finditer(text.string)])
    wide = re.compile(rf"[^\n]{{{rng.randint(28, 45)}}}(?=[^\n])")
    return rewrite(text, [(match.end(), match.end(), "\n") for match in wide.finditer(text.string)])


def blanklines(text: Text, rng: Random) -> Text:
    """Empty lines between paragraphs and white space before them."""
    new = rng.choice(("\n\n", "\n \n", "\n\n\n", "\n\n　　", "\n　　"))
    return rewrite(text, [(*match.span(), new) for match in re.finditer(r"\n+", text.string)])


DAMAGES: dict[str, Damage] = {
    "pinyin": pinyin,
    "traditional": traditional,
    "halfwidth": halfwidth,
    "bytes": bytewise,
    "linkbreaks": linkbreaks,
    "yearmask": yearmask,
    "namemask": namemask,
    "starmask": starmask,
    "figureloss": figureloss,
    "watermark": watermark,
    "commaloss": commaloss,
    "beheading": beheaded,
    "rewrap": rewrapped,
    "blanklines": blanklines,
}
ON_ENGLISH = frozenset(("yearmask", "figureloss", "rewrap", "blanklines", "beheading"))


def site_damage(rng: Random, characters: int) -> tuple[str, ...]:
    """What one careless site does to every text, in this order: the mixture of the page all this was seen on."""
    chances = (
        ("yearmask", 0.3),
        ("namemask", 0.35),
        ("starmask", 0.15),
        ("figureloss", 0.025),
        ("linkbreaks", 0.35),
        ("watermark", min(1, characters / WATERMARKED)),
        ("commaloss", 0.06),
        ("beheading", 0.1),
    )
    return (*(name for name, chance in chances if rng.random() < chance), "bytes")
