"""Collection pages: two to twenty pieces that stand elsewhere too, between the furniture of a site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from corpus.copies import LEAST_RATE
from corpus.damage import DAMAGES, site_damage
from corpus.edits import EDITS, Material
from corpus.family import Document, Family, other_site
from corpus.furniture import Line, Site
from corpus.marked import Mark, Text, cut, join
from corpus.writer import Report, Writer

NUMERALS = "一二三四五六七八九十"
FEWEST_PIECES, MOST_PIECES = 2, 20
UNHEADED = 0.12  # a piece follows another with no heading between them
REPEATED = 0.10  # a piece stands twice on its page
CUT_SHORT = 0.10
TITLED = 40  # characters of a report that is written for its title only
EDITED = 0.3
FURNISHED = {"masthead": 0.5, "filler": 0.8, "editor": 0.3, "pagination": 0.3, "related": 0.35, "footer": 0.6}


class Piece(NamedTuple):
    """The `what` of a mark on a piece of a page, its heading included."""

    number: int
    key: int  # of the passage it is


class Heading(NamedTuple):
    """The `what` of a mark on the heading of a piece."""

    number: int


class Passage(NamedTuple):
    """The `what` of a mark on a part of a text that stands elsewhere as well: wherever there is the same mark."""

    key: int
    part: int


class Pooled(NamedTuple):
    """A report that pages draw from.

    Wherever it is cut short it is cut at the same point, at the end of a sentence, and keeps the same part: so its two
    parts are all that ever stands elsewhere.
    """

    key: int
    report: Report
    point: int
    kept: int

    def whole(self) -> Text:
        """Both parts, marked."""
        string = self.report.text.string
        edges = (0, self.point, len(string))
        parts = zip(edges, edges[1:], strict=False)
        return Text(string, tuple(Mark(*span, Passage(self.key, part)) for part, span in enumerate(parts)))

    def cut_short(self) -> Text:
        """The part that is kept."""
        start, end, _ = self.whole().marks[self.kept]
        return cut(self.whole(), start, end)


def headings(rng: Random, title: str, topic: str) -> Callable[[int], str]:
    """How a page names its pieces: number from 1 → heading line."""

    def numeral(number: int) -> str:
        tens, ones = divmod(number, 10)
        return ("" if tens == 0 else "十" if tens == 1 else NUMERALS[tens - 1] + "十") + NUMERALS[ones - 1][
            : bool(ones)
        ]

    ways: tuple[Callable[[int], str], ...] = (
        lambda number: f"{title}篇{numeral(number)}",
        lambda number: f"第{numeral(number)}篇",
        lambda number: f"第{numeral(number)}篇：{title}",
        lambda number: f"{topic}范文({numeral(number)})",
        lambda number: f"{title}（{number}）",
        lambda number: f"## {title} {number}",
        lambda number: f"{number}. {title}",
        lambda number: f"【篇{numeral(number)}】{title}",
    )
    return rng.choice(ways)


class PageMaker:
    """Makes a family of pages around a pool of reports, some of which are documents themselves."""

    def __init__(self, family: Family, writer: Writer, rng: Random) -> None:
        self._family, self._writer, self._rng = family, writer, rng
        self._topic: str | None = None
        self._pool: list[Pooled] = []

    def make(self, documents: int, length: int | None) -> None:
        """A family of that many documents: some reports, the rest pages of them."""
        reports = max(1, round(documents * self._rng.uniform(0.3, 0.6)))
        first = self._fresh(length)
        self._topic = first.topic
        self._stand_alone(first)
        for _ in range(reports - 1):
            self._stand_alone(self._fresh(length))
        while len(self._family.documents) < documents:
            self._page(length)

    def _fresh(self, length: int | None) -> Report:
        if self._topic and self._rng.random() < 0.7:
            return self._writer.report(length=length, topic=self._topic, form="report")
        return self._writer.report(length=length, form=self._rng.choice(("report", "plan", "news")))

    def _stand_alone(self, report: Report) -> None:
        pooled = self._pooled(report)
        marked = replace(report, text=pooled.whole())
        site, contents = other_site(self._rng), frozenset((pooled.key,))
        self._family.add(Document(marked, "clean", same=-pooled.key, site=site, contents=contents))

    def _pooled(self, report: Report) -> Pooled:
        kept = int(self._rng.random() < 0.3)
        size = len(report.text.string)
        wanted = self._rng.uniform(0.05, 0.4) if kept else self._rng.uniform(0.6, 0.95)
        point = report.text.string.find("\u3002", int(wanted * size)) + 1 or size
        self._pool.append(Pooled(len(self._pool) + 1, report, point, kept))
        return self._pool[-1]

    def _page(self, length: int | None) -> None:
        rng, site = self._rng, other_site(self._rng)
        count = min(MOST_PIECES, FEWEST_PIECES + int(rng.expovariate(1 / 5)))
        pieces = self._chosen(count, length)
        lead = rng.choice(pieces).report
        title, topic = lead.title, self._topic or lead.topic
        heading = headings(rng, title, topic)
        unheaded = rng.random() < 0.2  # a page without any headings
        parts: list[Text] = [*self._above(site, title, topic)]
        for number, piece in enumerate(pieces, 1):
            bare = unheaded or (number > 1 and rng.random() < UNHEADED)
            parts.append(self._piece(number, piece, site, "" if bare else heading(number)))
            if rng.random() < FURNISHED["editor"] / count:
                parts.append(site.line("editor", rng, title=title, topic=topic))
        parts += self._below(site, title, topic)
        text = join(parts, "\n")
        changes = []
        for name in site_damage(rng, len(text.string)) if rng.random() < 0.5 else ():
            before = text.string
            text = DAMAGES[name](text, rng)
            if text.string != before:
                changes.append(name)
        year = "" if "年" in title else f"{lead.year}年"
        page_title = f"{year}{title}({rng.choice(('精选', '通用', '汇总', '优秀'))}{count}篇)"
        report = replace(lead, title=page_title, text=text, form="report", people=())
        self._family.add(
            Document(
                report,
                "page",
                same=len(self._family.documents) + 1,
                site=site,
                contents=frozenset(piece.key for piece in pieces),
                changes=tuple(changes),
            )
        )

    def _chosen(self, count: int, length: int | None) -> list[Pooled]:
        rng = self._rng
        chosen: list[Pooled] = []
        while len(chosen) < count:
            if chosen and rng.random() < REPEATED:
                chosen.append(rng.choice(chosen))
                continue
            pick = rng.choice(self._pool) if rng.random() < 0.6 else None
            if pick is None or pick in chosen:
                pick = self._pooled(self._fresh(length))
            chosen.append(pick)
        return chosen

    def _piece(self, number: int, pooled: Pooled, site: Site, heading: str) -> Text:
        """The report as this page shows it: its heading, sometimes cut short, sometimes edited."""
        rng, report = self._rng, pooled.report
        body = pooled.cut_short() if rng.random() < CUT_SHORT else pooled.whole()
        if rng.random() < EDITED:
            material = Material(self._writer.sentence(report), site, report.english)
            name = rng.choice(("substitution", "deletion", "insertion", "merge", "split"))
            body, _ = EDITS[name](body, LEAST_RATE * 10 ** rng.random(), rng, material)
        head = [Text(heading, (Mark(0, len(heading), Heading(number)),)), "\n"] if heading else []
        piece = join([*head, body])
        return Text(piece.string, (*piece.marks, Mark(0, len(piece.string), Piece(number, pooled.key))))

    def _above(self, site: Site, title: str, topic: str) -> list[Text]:
        kinds = [kind for kind in ("masthead", "filler") if self._rng.random() < FURNISHED[kind]]
        return [site.line(kind, self._rng, title=title, topic=topic) for kind in kinds]

    def _below(self, site: Site, title: str, topic: str) -> list[Text]:
        rng = self._rng
        parts = []
        if rng.random() < FURNISHED["pagination"]:
            parts.append(site.line("pagination", rng, title=title, topic=topic))
        if rng.random() < FURNISHED["related"]:
            parts.append(site.line("related", rng))
            for _ in range(rng.randint(5, 30)):
                other = self._writer.report(length=TITLED, form="report").title
                listed = site.listed(rng, other, topic)
                parts.append(Text(listed, (Mark(0, len(listed), Line("listed")),)))
        if rng.random() < FURNISHED["footer"]:
            parts.append(site.line("footer", rng, title=title, topic=topic))
        return parts
