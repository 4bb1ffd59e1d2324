"""Families that a careless engine gets wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from corpus.edits import sentences
from corpus.family import Document, Family, other_site
from corpus.marked import Mark, Text, join, rewrite
from corpus.pages import Passage
from corpus.scene import Scene
from corpus.writer import Writer

CHAIN_SHIFT = 0.15  # neighbours share .85 of their text: J = .85 / 1.15 = .74; two steps apart .54
CHAIN_WINDOW = 26  # sentences
NEAR_COVERAGE = 0.8
DECIMAL = re.compile(r"\d+\.\d+")
FIGURE = re.compile(r"(?<!\d)[1-9]\d{1,3}(?=[万亿元户人亩公个名次项家%％])")
SHORT_FRAMES = (
    "经研究，决定任命{person}同志为{place}{office}主任，试用期一年。",
    "因设备检修，{place}{day}停水一天，请居民提前储水，不便之处敬请谅解。",
    "{place}{office}{day}召开例会，请有关人员准时参加，不得缺席。",
    "兹有{place}居民{person}遗失身份证一张，声明作废。",
    "{place}{day}空气质量为良，首要污染物为细颗粒物。",
    "现将{place}{office}{day}值班安排予以公布，联系人{person}。",
)
OFFICES = ("办公室", "财政所", "司法所", "卫生院", "文化站", "水利站", "便民服务中心", "综治中心", "民政办")


def furniture_only(writer: Writer, rng: Random, count: int) -> Family:
    """Short texts of one site that share nothing but its furniture, which is as long as they are."""
    family = Family("furniture")
    site = other_site(rng)
    above = [site.line(kind, rng, title="工作动态", topic="工作动态") for kind in ("masthead", "filler")]
    below = [site.line(kind, rng, title="工作动态", topic="工作动态") for kind in ("footer", "footer", "pagination")]
    below = list({line.string: line for line in below}.values())
    for number in range(count):
        report = writer.report(length=rng.randint(120, 260), form="news")
        text = join([*above, Text(report.text.string), *below], "\n")
        family.add(Document(replace(report, text=text), "trap", same=number, site=site))
    return family


def chain(writer: Writer, rng: Random, count: int) -> Family:
    """Each text is near the one before it, yet the first and the last are not: a window moves over one long text."""
    family = Family("chain")
    report = writer.report(length=int(50 * CHAIN_WINDOW * (1 + CHAIN_SHIFT * count)), form="report")
    parts = [part for part in sentences(Text(report.text.string), report.english) if part.string.strip()]
    size = sum(len(part.string) for part in parts)
    window = size / (1 + CHAIN_SHIFT * (count - 1))
    starts, at = [], 0
    for part in parts:
        starts.append(at)
        at += len(part.string)
    for number in range(count):
        first = CHAIN_SHIFT * number * window
        inside = [
            Text(part.string, (Mark(0, len(part.string), Passage(1, place)),))
            for place, (part, start) in enumerate(zip(parts, starts, strict=True))
            if first <= start + len(part.string) / 2 < first + window
        ]
        contents = frozenset(mark.what.part for part in inside for mark in part.marks)
        family.add(
            Document(
                replace(report, text=join(inside), title=report.title),
                "trap",
                same=number,
                site=other_site(rng),
                contents=contents,
            )
        )
        for other in range(number):
            if 1 - CHAIN_SHIFT * (number - other) >= NEAR_COVERAGE:
                family.near.add((other, number))
    return family


def two_years(writer: Writer, rng: Random, count: int) -> Family:
    """One county's report of several years: one template, the same place, other figures."""
    family = Family("two years")
    template = writer.template(form="report", share=rng.uniform(0.05, 0.15))
    place = Scene("zh", rng.random).home
    first = rng.randint(2015, 2022)
    site = other_site(rng)
    for number in range(count):
        report = template.member(rng, place=place, year=first + number)
        family.add(Document(report, "trap", same=number, mould=1, site=site))
    return family


def short_texts(writer: Writer, rng: Random, count: int) -> Family:
    """Notices of one sentence that differ in a name or a day."""
    family = Family("short")
    frame, report = rng.choice(SHORT_FRAMES), writer.short()
    for number in range(count):
        scene = Scene("zh", rng.random)
        day = f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日"
        string = frame.format(person=scene.people[0], place=scene.home, office=rng.choice(OFFICES), day=day)
        one = replace(report, text=Text(string))
        family.add(Document(one, "trap", same=number, mould=1, site=other_site(rng)))
    return family


def decimal_points(writer: Writer, rng: Random, count: int) -> Family:
    """Copies in which one figure has its decimal point elsewhere: nearly the same text, never exactly."""
    family = Family("decimal point")
    report = writer.report(form="report")
    while not (DECIMAL.search(report.text.string) or FIGURE.search(report.text.string)):
        report = writer.report(form="report")
    family.add(Document(report, "trap", same=1, site=other_site(rng)))
    string = report.text.string
    places = [match.span() for match in DECIMAL.finditer(string)] or [match.span() for match in FIGURE.finditer(string)]
    rng.shuffle(places)
    for start, end in places[: count - 1]:
        whole, _, part = string[start:end].partition(".")
        digits = whole + part
        point = rng.choice([at for at in range(1, len(digits) + 1) if at != len(whole)])
        new = f"{digits[:point]}.{digits[point:]}" if point < len(digits) else digits
        family.add(
            Document(
                replace(report, text=rewrite(report.text, [(start, end, new)])),
                "trap",
                same=1,
                site=other_site(rng),
                parent=0,
                changes=("decimal point",),
            )
        )
    return family


TRAPS: dict[str, Callable[[Writer, Random, int], Family]] = {
    "furniture": furniture_only,
    "chain": chain,
    "two years": two_years,
    "short": short_texts,
    "decimal point": decimal_points,
}
