"""Sites and their furniture: the lines a site puts around every text it shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import NamedTuple

from corpus.lexicon import WORDS
from corpus.marked import Mark, Text

FIXED = {"masthead": 2, "filler": 2, "editor": 1, "pagination": 1, "related": 1, "footer": 3}
ENGLISH_NAMES = ("Riverside", "Northgate", "Hollow Lane", "Elmsworth", "Saltmarsh", "Greenfold")
ENGLISH_TOPICS = ("Housing", "Transport", "Schools", "Public health", "Planning", "Parks", "Waste", "Budget")


class Line(NamedTuple):
    """The `what` of a mark on a line of the site: which kind it is."""

    kind: str


@cache
def phrases() -> dict[str, tuple[str, ...]]:
    """The lists of words/furniture.txt."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (WORDS / "furniture.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return {name: tuple(lines) for name, lines in found.items()}


@dataclass(frozen=True, slots=True)
class Site:
    """One site: the lines it always uses are drawn once, from its number."""

    number: int
    name: str
    english_name: str
    lines: dict[str, tuple[str, ...]]

    def line(self, kind: str, rng: Random, *, title: str = "", topic: str = "", english: bool = False) -> Text:
        """One of the site's lines of that kind, marked."""
        if english:
            pattern = rng.choice(phrases()[f"english {kind}"])
            filled = _fill(pattern, rng, self.english_name, title, rng.choice(ENGLISH_TOPICS))
        else:
            filled = _fill(rng.choice(self.lines[kind]), rng, self.name, title or "文章", topic or "工作材料")
        return Text(filled, (Mark(0, len(filled), Line(kind)),))

    def head(self, rng: Random, english: bool) -> Text:
        """A line that stands above texts."""
        return self.line("masthead" if english or rng.random() < 0.6 else "filler", rng, english=english)

    def foot(self, rng: Random, english: bool) -> Text:
        """A line that stands below texts."""
        return self.line("footer", rng, english=english)

    def listed(self, rng: Random, title: str, topic: str) -> str:
        """One line of a list of other texts."""
        lists = phrases()
        return "- " + rng.choice(lists["listed"]).format(
            title=title,
            topic=topic,
            qualifier=rng.choice(lists["qualifier"]),
            n=rng.randint(3, 23),
            year=rng.randint(2018, 2024),
            words=rng.choice((200, 300, 500, 800, 1000)),
        )


def _fill(pattern: str, rng: Random, site: str, title: str, topic: str) -> str:
    date = f"{rng.randint(2014, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return pattern.format(site=site, title=title, topic=topic, n=rng.randint(11, 9800), date=date)


@cache
def sites() -> tuple[Site, ...]:
    """All sites, the same in every collection."""
    lists = phrases()
    made = []
    for number, name in enumerate(lists["site"]):
        rng = Random(f"site {number}")
        lines = {kind: tuple(rng.sample(lists[kind], count)) for kind, count in FIXED.items()}
        made.append(Site(number, name, f"{rng.choice(ENGLISH_NAMES)} Council", lines))
    return tuple(made)
