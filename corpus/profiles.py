"""What a collection is made of: for every profile the share of its documents that each kind of family supplies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from corpus.copies import RATES, Copyist
from corpus.damage import DAMAGES, site_damage
from corpus.edits import EDITS
from corpus.family import Document, Family, other_site
from corpus.pages import PageMaker
from corpus.traps import TRAPS
from corpus.unseen import UNSEEN, UNSEEN_ON_ENGLISH
from corpus.writer import Report, Writer

MOST_COPIES, COPIES_SKEW = 11, 1.5
MOST_MEMBERS, MEMBERS_SKEW = 1000, 1.3
SIMILARITIES = tuple(percent / 100 for percent in range(30, 100, 5))
ENGLISH_SHARE = 0.08


class Request(NamedTuple):
    """What a family is asked to be."""

    writer: Writer
    rng: Random
    room: int  # documents it may have at most
    length: int | None  # of its texts, None for the writer's own choice


def _report(request: Request) -> Report:
    form = "english" if request.rng.random() < ENGLISH_SHARE else None
    return request.writer.report(length=request.length, form=form)


def clean(request: Request) -> Family:
    """A report that stands alone."""
    family = Family()
    family.add(Document(_report(request), "clean", same=1, site=other_site(request.rng)))
    return family


def _copied(request: Request) -> tuple[Family, Copyist]:
    family = clean(request)
    return family, Copyist(family, request.writer, request.rng)


def copies(request: Request) -> Family:
    """A report, its copies, and copies of those."""
    family, copyist = _copied(request)
    sizes = range(1, MOST_COPIES + 1)
    size = request.rng.choices(sizes, [size**-COPIES_SKEW for size in sizes])[0]
    copyist.chain(min(size, request.room - 1))
    return family


def templates(request: Request) -> Family:
    """2 to 1,000 reports filled into one template, most often few; some are copied and damaged in their turn."""
    rng, family = request.rng, Family()
    template = request.writer.template(length=request.length)
    size = min(MOST_MEMBERS, request.room, int(2 * (1 - rng.random()) ** (-1 / MEMBERS_SKEW)))
    copyist = Copyist(family, request.writer, rng)
    copied = rng.random() < 0.3
    while len(family.documents) < size:
        place = family.add(
            Document(template.member(rng), "member", same=len(family.documents), site=other_site(rng), mould=1)
        )
        if copied and len(family.documents) < size and rng.random() < 0.3:
            copyist.made(place, rng.choice((("yearmask", "namemask"), ("figureloss",), ("traditional",), ("pinyin",))))
    return family


def pages(request: Request) -> Family:
    """Collection pages and the reports in them."""
    family = Family()
    PageMaker(family, request.writer, request.rng).make(min(request.room, request.rng.randint(3, 12)), request.length)
    return family


def short(request: Request) -> Family:
    """A notice of one to three sentences."""
    family = Family()
    family.add(Document(request.writer.short(), "short", same=1, site=other_site(request.rng)))
    return family


def traps(request: Request) -> Family:
    """One of the traps."""
    make = TRAPS[request.rng.choice(list(TRAPS))]
    return make(request.writer, request.rng, min(request.room, request.rng.randint(3, 6)))


def edits(request: Request) -> Family:
    """A report and one kind of edit at every rate."""
    family, copyist = _copied(request)
    name = request.rng.choice(list(EDITS))
    for rate in RATES[: request.room - 1]:
        copyist.made(0, (name,), rate=rate)
    return family


def damages(request: Request) -> Family:
    """A Chinese report and every kind of damage, and all of them together as one careless site does them."""
    family = Family()
    report = request.writer.report(length=request.length)
    while report.english:
        report = request.writer.report(length=request.length)
    family.add(Document(report, "clean", same=1, site=other_site(request.rng)))
    copyist = Copyist(family, request.writer, request.rng)
    for changes in [*((name,) for name in DAMAGES), site_damage(request.rng, len(report.text.string))][
        : request.room - 1
    ]:
        copyist.made(0, changes)
    return family


def unseen(request: Request) -> Family:
    """A report and every kind of damage that no rule was made for."""
    family, copyist = _copied(request)
    english = family.documents[0].report.english
    names = [name for name in UNSEEN if not english or name in UNSEEN_ON_ENGLISH]
    for name in names[: request.room - 1]:
        copyist.made(0, (name,))
    return family


def ladder(request: Request) -> Family:
    """A report and versions of it, each less like it than the one before."""
    family, copyist = _copied(request)
    for similarity in SIMILARITIES[::-1][: request.room - 1]:
        copyist.at_similarity(0, similarity)
    return family


FAMILIES: dict[str, Callable[[Request], Family]] = {
    "clean": clean,
    "copies": copies,
    "templates": templates,
    "pages": pages,
    "short": short,
    "traps": traps,
    "edits": edits,
    "damages": damages,
    "unseen": unseen,
    "ladder": ladder,
}
# Documents of a family of that kind on average: shares are of documents, families are what is drawn.
MEAN_SIZE = {
    "clean": 1,
    "copies": 3.4,
    "templates": 7,
    "pages": 7.5,
    "short": 1,
    "traps": 4.5,
    "edits": 7,
    "damages": 16,
    "unseen": 12,
    "ladder": 15,
}


@dataclass(frozen=True)
class Profile:
    """One mixture.

    Attributes
    ----------
    said : str
        What it is for, in one line.
    shares : dict of str to float
        Of the documents, by kind of family.
    length : int or None
        Median characters of a text; None for the writer's own.
    """

    said: str
    shares: dict[str, float]
    length: int | None = None

    def weights(self) -> tuple[list[str], list[float]]:
        """Kinds of families and how often each is drawn."""
        return list(self.shares), [share / MEAN_SIZE[kind] for kind, share in self.shares.items()]


PROFILES = {
    "mixed": Profile(
        "as a crawl brings it: half unrelated reports, copies, templates, pages, traps",
        {"clean": 0.46, "copies": 0.26, "templates": 0.14, "pages": 0.05, "short": 0.05, "traps": 0.04},
    ),
    "brief": Profile(
        "the same without pages, in texts of 1 KB: for large counts",
        {"clean": 0.55, "copies": 0.28, "templates": 0.12, "short": 0.05},
        length=330,
    ),
    "edits": Profile("every edit at every rate", {"clean": 0.2, "edits": 0.8}),
    "damage": Profile("every kind of damage of scraped pages", {"clean": 0.2, "damages": 0.8}),
    "templates": Profile("families filled into templates, among other texts", {"clean": 0.2, "templates": 0.8}),
    "pages": Profile("collection pages and the reports in them", {"clean": 0.3, "pages": 0.7}),
    "traps": Profile("families that look like copies, or do not", {"clean": 0.2, "traps": 0.8}),
    "ladder": Profile("pairs at planted similarities from .3 to .95", {"clean": 0.1, "ladder": 0.9}),
    "unseen": Profile("damage that no rule was made for", {"clean": 0.2, "unseen": 0.8}),
}
