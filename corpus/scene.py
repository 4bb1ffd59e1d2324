"""What is particular to one document: its places, people, organisations and year.

A scene is kept apart from the grammar because the members of a template share their wording and differ only in this
and in their figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import cycle, product
from random import Random
from typing import NamedTuple

from corpus.lexicon import lists

SCENE_KEYS = ("home", "town", "village", "person", "org", "year", "last", "next", "seat")
SCENE_TYPES = ("place", "place", "place", "person", "organisation", "year", "year", "year", "")
"""The slot type of each scene key; the word for the seat (县, 区, 市) belongs to the wording."""
ONE_ONLY = ("home", "year", "last", "next", "seat")
"""The keys that a scene has only one word for."""
FIRST_YEAR, YEARS = 2012, 13
TOWNS, VILLAGES, PEOPLE, ORGANISATIONS = 5, 4, 3, 2
SHORT_NAME_SHARE = 0.12


class Slot(NamedTuple):
    """What the mark of a slot in a template member says."""

    column: int
    """0-based number of the slot within its template, in order of appearance."""
    variable: int
    """Equal for columns that always hold the same value: a county named five times is one variable."""
    type: str
    """number, percentage, money, date, year, place, person, organisation, title or text."""
    value: str
    """What the writer put there."""


class Names(NamedTuple):
    """What the names of one language are made of."""

    homes: tuple[str, ...]
    seats: tuple[str, ...]
    towns: tuple[str, ...]
    villages: tuple[str, ...]
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    firms: tuple[str, ...]
    kinds: tuple[str, ...]


@cache
def names(language: str) -> Names:
    """The name parts of "zh" or "en"."""
    words = lists()
    if language == "en":
        stems = _joined(words["en.place.first"], words["en.place.last"])
        return Names(
            stems,
            words["en.seat"],
            _joined(stems, ("", *(name if name[0] == "-" else f" {name}" for name in words["en.town"]))),
            _joined(stems, ("", *(f" {name}" for name in words["en.village"]))),
            tuple(f" {name}" for name in words["en.surname"]),
            words["en.given"],
            words["en.firm"],
            tuple(f" {name}" for name in words["en.kind"]),
        )
    stems = _joined(words["place.first"][0], words["place.second"][0])
    singles = words["person.given"][0]
    return Names(
        stems,
        words["place.seat"],
        _joined(stems, words["place.town"]),
        _joined(stems, words["place.village"]),
        words["person.surname"],
        tuple(first + last for first, last in product(singles, singles[::3]) if first != last),
        _joined(words["firm.first"][0], words["firm.second"][0]),
        words["firm.kind"],
    )


def _joined(firsts: Iterable[str], lasts: Iterable[str]) -> tuple[str, ...]:
    return tuple([first + last for first, last in product(firsts, lasts)])


class Scene:
    """The names and the year of one document, as `words`: what stands for each of SCENE_KEYS."""

    __slots__ = ("home", "people", "seat", "words", "year")

    def __init__(
        self,
        language: str,
        random: Callable[[], float],
        *,
        place: str | None = None,
        year: int | None = None,
        seat: str | None = None,
    ) -> None:
        known = names(language)
        self.year = year or FIRST_YEAR + int(random() * YEARS)
        # A county has the towns it has, whatever the year: they hang on its name.
        near = Random(place).random if place else random
        if place:
            self.seat = seat or next((word for word in known.seats if place.endswith(word)), known.seats[0])
            self.home = place
        else:
            self.seat = seat or _one(known.seats, random)
            self.home = _one(known.homes, random) + ("" if language == "en" else self.seat)
        towns, villages, firms, kinds = known.towns, known.villages, known.firms, known.kinds
        self.words = (
            (self.home,),
            tuple([towns[int(near() * len(towns))] for _ in range(TOWNS)]),
            tuple([villages[int(near() * len(villages))] for _ in range(VILLAGES)]),
            tuple([_person(known, random, language) for _ in range(PEOPLE)]),
            tuple([firms[int(random() * len(firms))] + _one(kinds, random) for _ in range(ORGANISATIONS)]),
            (str(self.year),),
            (str(self.year - 1),),
            (str(self.year + 1),),
            (self.seat,),
        )
        self.people = self.words[3]

    def says(self) -> list:
        """For each of SCENE_KEYS its word, or, if there are several, what to call for one after the other."""
        (home,), towns, villages, people, firms, (year,), (last,), (next_,), (seat,) = self.words
        return [
            home,
            cycle(towns).__next__,
            cycle(villages).__next__,
            cycle(people).__next__,
            cycle(firms).__next__,
            year,
            last,
            next_,
            seat,
        ]


def _one(words: tuple[str, ...], random: Callable[[], float]) -> str:
    return words[int(random() * len(words))]


def _person(known: Names, random: Callable[[], float], language: str) -> str:
    surname = known.surnames[int(random() * len(known.surnames))]
    given = known.given[int(random() * len(known.given))]
    if language == "en":
        return given + surname
    return surname + (given[0] if random() < SHORT_NAME_SHARE else given)
