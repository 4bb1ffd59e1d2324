"""Documents that have to do with one another, and what each is to each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from random import Random

from corpus.furniture import Line, Site, sites
from corpus.marked import Text
from corpus.writer import Report

ALL_PAIRS = 64
OTHERS = 8


@dataclass(slots=True)
class Document:
    """One document and how it came about.

    Attributes
    ----------
    report : Report
        Title, text and marks, and what the text is about.
    kind : str
        clean, copy, member, page, short, trap.
    same : int
        Documents of one family with equal `same` hold one text, edited or damaged.
    mould : int
        Documents of one family with equal `mould`, not 0, were filled into one template.
    contents : frozenset of int
        Passages in it; a document that shares one with another is partly a copy.
    parent : int or None
        Place in the family of the document it was made from.
    changes : tuple of str
        What happened on the way from the parent.
    rate : float or None
        Share of the characters that edits touched.
    """

    report: Report
    kind: str
    same: int
    site: Site
    mould: int = 0
    contents: frozenset[int] = frozenset()
    parent: int | None = None
    changes: tuple[str, ...] = ()
    rate: float | None = None

    @property
    def text(self) -> Text:
        """The text with its marks."""
        return self.report.text

    @property
    def furnished(self) -> bool:
        """Whether lines of its site stand in it."""
        return any(isinstance(mark.what, Line) for mark in self.text.marks)

    def with_text(self, text: Text, **what: object) -> Document:
        """The same document with another text."""
        return replace(self, report=replace(self.report, text=text), **what)  # type: ignore[arg-type]


@dataclass(slots=True)
class Family:
    """Documents made from one source; documents of different families have nothing to do with each other."""

    trap: str | None = None
    documents: list[Document] = field(default_factory=list)
    near: set[tuple[int, int]] = field(default_factory=set)  # what `same` can't say: A ~ B ~ C, but not A ~ C

    def add(self, document: Document) -> int:
        """Takes in a document and returns its place."""
        self.documents.append(document)
        return len(self.documents) - 1

    def pairs(self) -> Iterator[tuple[int, int]]:
        """All pairs of a small family; of a large one every member with the first and with a few others."""
        count = len(self.documents)
        if count <= ALL_PAIRS:
            yield from combinations(range(count), 2)
            return
        for place in range(1, count):
            others = {place * step // (OTHERS + 1) for step in range(OTHERS + 1)} | {place - 1}
            yield from ((other, place) for other in sorted(others))

    def label(self, a: int, b: int) -> str | None:
        """What the two are to each other, None for nothing; whether a copy is exact only their tokens tell."""
        one, two = self.documents[a], self.documents[b]
        if one.same == two.same or (a, b) in self.near:
            return "near"
        if one.mould and one.mould == two.mould:
            return "templated"
        if one.contents & two.contents:
            return "partial"
        return "boilerplate" if one.site is two.site and one.furnished and two.furnished else None


def other_site(rng: Random, site: Site | None = None) -> Site:
    """A site drawn at random, not the one given."""
    while True:
        drawn = rng.choice(sites())
        if drawn is not site:
            return drawn
