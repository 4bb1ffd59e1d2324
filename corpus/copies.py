"""Copies of one document, and copies of copies."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from corpus.damage import DAMAGES, ON_ENGLISH, site_damage
from corpus.edits import EDITS, Material, replaced_sentences
from corpus.family import Document, Family, other_site
from corpus.marked import Text
from corpus.unseen import UNSEEN
from corpus.writer import Writer

LEAST_RATE, MOST_RATE = 0.002, 0.1
RATES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
# What happens to a copy in the wild: shares of all copies.
WAYS = {
    "exact": 0.14,
    "edits": 0.30,
    "blanklines": 0.06,
    "rewrap": 0.06,
    "halfwidth": 0.06,
    "traditional": 0.07,
    "pinyin": 0.07,
    "bytes": 0.04,
    "masks": 0.05,
    "site": 0.15,
}
AGAIN = 0.3  # a copy is made from a copy
CHINESE_WAYS = frozenset(("halfwidth", "traditional", "pinyin", "bytes", "site", "masks"))


class Copyist:
    """Makes copies of the documents of one family."""

    def __init__(self, family: Family, writer: Writer, rng: Random) -> None:
        self._family, self._writer, self._rng = family, writer, rng

    def copy(self, parent: int) -> int:
        """A copy as they come about on the web."""
        way = self._rng.choices(list(WAYS), list(WAYS.values()))[0]
        if self._family.documents[parent].report.english and way in CHINESE_WAYS:
            way = "edits"
        if way == "exact":
            return self.made(parent, ())
        if way == "edits":
            rate = LEAST_RATE * (MOST_RATE / LEAST_RATE) ** self._rng.random()
            names = self._rng.sample(list(EDITS), self._rng.choice((1, 1, 2)))
            return self.made(parent, names, rate=rate / len(names))
        if way == "site":
            return self.made(parent, site_damage(self._rng, len(self._family.documents[parent].text.string)))
        if way == "masks":
            return self.made(parent, self._rng.sample(("yearmask", "namemask", "starmask", "figureloss"), 2))
        return self.made(parent, (way,))

    def chain(self, count: int) -> None:
        """So many copies of the first document or of its copies."""
        first = len(self._family.documents)
        for made in range(count):
            again = made and self._rng.random() < AGAIN
            self.copy(self._rng.randrange(first, first + made) if again else 0)

    def made(self, parent: int, changes: Sequence[str], *, rate: float = 0.0) -> int:
        """A copy after the changes named, edits at the rate given; its place in the family."""
        source = self._family.documents[parent]
        site = other_site(self._rng, source.site)
        text, touched, done = source.text, 0, []
        for name in changes:
            before = text.string
            if name in EDITS:
                material = Material(self._writer.sentence(source.report), site, source.report.english)
                text, more = EDITS[name](text, rate, self._rng, material)
                touched += more
            elif not source.report.english or name in ON_ENGLISH or name in UNSEEN:
                text = (DAMAGES.get(name) or UNSEEN[name])(text, self._rng)
            if text.string != before:
                done.append(name)  # a text without years has none to mask
        share = touched / max(1, len(source.text.string)) if rate else None
        kind = "copy" if source.kind in ("clean", "copy", "short") else source.kind
        return self._add(source, text, parent, tuple(done), share, kind=kind, site=site)

    def at_similarity(self, parent: int, similarity: float) -> int:
        """A copy of about that Jaccard similarity: a share of its sentences gives way to fresh ones.

        With a share x of both replaced, 1 - x is common and 1 + x is all: x = (1 - J) / (1 + J).
        """
        source = self._family.documents[parent]
        share = (1 - similarity) / (1 + similarity)
        english = source.report.english
        text = replaced_sentences(source.text, share, self._rng, lambda: self._writer.sentence(source.report), english)
        site = other_site(self._rng, source.site)
        return self._add(source, text, parent, ("sentences",), share, kind="copy", site=site)

    def _add(
        self, source: Document, text: Text, parent: int, changes: tuple[str, ...], rate: float | None, **what: object
    ) -> int:
        copied = source.with_text(text, parent=parent, changes=changes, rate=rate, **what)
        return self._family.add(copied)
