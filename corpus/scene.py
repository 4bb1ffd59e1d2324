"""What is particular to one document: its place, people, dates and figures.

A scene is kept apart from the grammar because the members of a template share their wording and differ only in this.
"""

import re
from collections.abc import Callable
from random import Random

from corpus.lexicon import lists

RANGE = re.compile(r"(\d+)\.\.(\d+)")
FIRST_YEAR, LAST_YEAR = 2014, 2024
NEIGHBOURS = 6
OPEN_SLOTS = frozenset(
    (
        "home",
        "county",
        "town",
        "village",
        "org",
        "person",
        "year",
        "date",
        "time",
        "pct",
        "money",
        "en.place",
        "en.person",
    )
)


def is_open(slot: str) -> bool:
    """Whether the slot is a matter of the scene, not of wording."""
    return slot in OPEN_SLOTS or RANGE.fullmatch(slot) is not None


def place_name(rng: Random) -> str:
    """Two characters that name an invented place."""
    words = lists()
    return rng.choice(words["place.first"][0]) + rng.choice(words["place.second"][0])


class Scene:
    """Fills the slots that stand for names, dates and figures."""

    def __init__(self, rng: Random) -> None:
        words = lists()
        self.rng = rng
        self.year = rng.randint(FIRST_YEAR, LAST_YEAR)
        self.home = self._place("county")
        self.people: set[str] = set()
        # A document comes back to its own few towns and villages, as real ones do.
        self.towns = [self._place("town") for _ in range(NEIGHBOURS)]
        self.villages = [self._place("village") for _ in range(NEIGHBOURS)]
        self.percent_sign = rng.choice("％%")
        self._fill: dict[str, Callable[[], str]] = {
            "home": lambda: self.home,
            "county": lambda: self._place("county"),
            "town": lambda: rng.choice(self.towns),
            "village": lambda: rng.choice(self.villages),
            "org": lambda: self.home + rng.choice(words["bureau"]),
            "person": self._person,
            "year": lambda: str(self.year),
            "date": lambda: f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日",
            "time": lambda: f"{rng.randint(7, 20)}时{rng.choice(('', '30分', '10分', '40分'))}",
            "pct": lambda: f"{rng.randint(20, 989) / 10:g}{self.percent_sign}",
            "money": self._money,
            "en.place": lambda: self._english("place", ""),
            "en.person": self._english_person,
        }

    def fill(self, slot: str) -> str:
        """The text for one slot."""
        if bounds := RANGE.fullmatch(slot):
            return str(self.rng.randint(int(bounds[1]), int(bounds[2])))
        return self._fill[slot]()

    def _place(self, rank: str) -> str:
        return place_name(self.rng) + self.rng.choice(lists()[f"place.{rank}"])

    def _person(self) -> str:
        words = lists()
        given = "".join(self.rng.choices(words["person.given"][0], k=self.rng.randint(1, 2)))
        return self._met(self.rng.choice(words["person.surname"]) + given)

    def _english_person(self) -> str:
        return self._met(self._english("person", " "))

    def _english(self, kind: str, joint: str) -> str:
        words = lists()
        return self.rng.choice(words[f"en.{kind}.first"]) + joint + self.rng.choice(words[f"en.{kind}.last"])

    def _met(self, name: str) -> str:
        self.people.add(name)
        return name

    def _money(self) -> str:
        if self.rng.random() < 0.15:
            return f"{self.rng.randint(11, 90) / 10:g}亿元"
        return f"{self.rng.randint(31, 9900) / 10:g}万元"
