"""Writes clean reports, short texts and templates."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from corpus.forms import ENGLISH, FORMS, SHORT, Form, lay_out
from corpus.grammar import fill_scene, fill_wording
from corpus.lexicon import lists, topics
from corpus.scene import Scene
from corpus.sentences import UsedSentences

ENGLISH_SHARE = 0.08
LONG_SHARE = 0.006
MEDIAN_LENGTH, LENGTH_SPREAD, LEAST_LENGTH, MOST_LENGTH = 350, 0.38, 270, 1500
LONG_LENGTHS = (3000, 4500)
SHORT_LENGTHS = (38, 65)
TRIES = 200


@dataclass(frozen=True)
class Page:
    """A document as its site shows it, with what the changes need to know of it."""

    title: str
    text: str
    form: Form
    topic: str
    year: int
    people: tuple[str, ...]

    @property
    def english(self) -> bool:
        """Whether the text is English, which leaves only some of the changes to make."""
        return self.form is ENGLISH


class Draft:
    """Draws the sentences of one document; no pattern comes twice before all of its section were used."""

    def __init__(self, rng: Random, topic: str, finish: Callable[[str], str | None]) -> None:
        self._rng = rng
        self._topic = topic
        self._finish = finish
        self._decks: dict[str, list[str]] = {}

    def sentence(self, section: str) -> str:
        """The next sentence of a section; draws again while `finish` refuses what was drawn."""
        for _ in range(TRIES):
            deck = self._decks.setdefault(section, [])
            if not deck:
                deck.extend(lists()[section])
                self._rng.shuffle(deck)
            if sentence := self._finish(fill_wording(deck.pop(), self._topic, self._rng)):
                return sentence
        raise RuntimeError(f"no unused sentence of section {section} found in {TRIES} draws")


@dataclass(frozen=True)
class Template:
    """A report whose names, dates and figures are still open."""

    title: str
    text: str
    form: Form
    topic: str
    rng: Random

    def member(self) -> Page:
        """The template filled in once more, for another place."""
        scene = Scene(self.rng)
        title, text = fill_scene(self.title, scene), fill_scene(self.text, scene)
        return Page(title, text, self.form, self.topic, scene.year, tuple(sorted(scene.people)))


class Writer:
    """Writes documents that share no sentence beyond the stock phrases."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used = UsedSentences()

    def report(self) -> Page:
        """A clean report, notice, regulation, plan, news text or set of minutes; now and then in English."""
        if self._rng.random() < ENGLISH_SHARE:
            return self._page(ENGLISH, 2 * self._length())
        return self._page(self._form(), self._length())

    def short(self) -> Page:
        """A notice of one to three sentences."""
        return self._page(SHORT, self._rng.randint(*SHORT_LENGTHS))

    def template(self) -> Template:
        """A template no other document was written from."""
        form, topic = self._form(), self._rng.choice(topics())
        draft = Draft(self._rng, topic, self._claimed)
        text = lay_out(form, self._length(), draft.sentence, self._rng)
        return Template(self._title(form, topic), text, form, topic, self._rng)

    def stray_sentence(self, page: Page) -> str:
        """A sentence of that page's topic which no document holds yet."""
        draft = Draft(self._rng, page.topic, self._claimed_in(Scene(self._rng)))
        return draft.sentence("en.sentence") + "." if page.english else draft.sentence("measure") + "。"

    def _page(self, form: Form, length: int) -> Page:
        scene, topic = Scene(self._rng), self._rng.choice(topics())
        draft = Draft(self._rng, topic, self._claimed_in(scene))
        text = lay_out(form, length, draft.sentence, self._rng)
        title = fill_scene(self._title(form, topic), scene)
        return Page(title, text, form, topic, scene.year, tuple(sorted(scene.people)))

    def _claimed(self, text: str) -> str | None:
        text = text[:1].upper() + text[1:]
        return text if self._used.claim(text) else None

    def _claimed_in(self, scene: Scene) -> Callable[[str], str | None]:
        return lambda wording: self._claimed(fill_scene(wording, scene))

    def _form(self) -> Form:
        return self._rng.choices(FORMS, [form.weight for form in FORMS])[0]

    def _title(self, form: Form, topic: str) -> str:
        name = "en.title" if form is ENGLISH else f"title.{form.name}"
        title = fill_wording(self._rng.choice(lists()[name]), topic, self._rng)
        return title[:1].upper() + title[1:]

    def _length(self) -> int:
        if self._rng.random() < LONG_SHARE:
            return self._rng.randint(*LONG_LENGTHS)
        drawn = self._rng.lognormvariate(math.log(MEDIAN_LENGTH), LENGTH_SPREAD)
        return int(min(max(drawn, LEAST_LENGTH), MOST_LENGTH))
