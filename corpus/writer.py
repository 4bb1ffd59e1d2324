"""Writes clean reports, short texts and templates, each from nothing but the random state it is given.

Nothing is remembered between documents, so ten million of them can stream through; that two of them hardly share a
run of words is a matter of how many ways there are to say things, and is measured.
"""

from __future__ import annotations

import math
from functools import cache
from random import Random

from corpus.forms import BY_NAME, FORMS, lay_out
from corpus.grammar import Pen
from corpus.lexicon import topics
from corpus.marked import Text
from corpus.report import Report
from corpus.scene import Scene
from corpus.template import Draft, Template

__all__ = ["Report", "Template", "Writer"]

MEDIAN_LENGTH, LENGTH_SPREAD, LEAST_LENGTH, MOST_LENGTH = 650, 0.6, 200, 6000
ENGLISH_FACTOR = 2.5
"""English takes so many times the characters to say as much."""
LEAST_SHARE, MOST_SHARE = 0.01, 0.15
LEAST_OPEN = 9
"""Fewer open characters than this cannot come near a wanted share."""
SHORT_MOST = 85


@cache
def _topic_names(language: str) -> tuple[str, ...]:
    return tuple(topics(language))


@cache
def _form_ladder() -> tuple[tuple[float, str], ...]:
    total = sum(form.weight for form in FORMS)
    return tuple((sum(form.weight for form in FORMS[: at + 1]) / total, form.name) for at, form in enumerate(FORMS))


class Writer:
    """Writes documents that have next to nothing in common."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._random = rng.random

    def report(self, *, length: int | None = None, form: str | None = None, topic: str | None = None) -> Report:
        """A clean report, notice, regulation, plan, news text or set of minutes; now and then in English."""
        form = form or self._form()
        pen, topic = self._pen(form, topic)
        page = lay_out(BY_NAME[form], length or self._length(form), pen)
        text = "\n".join(["".join(line.parts) for line in page])
        return self._report(self.title(form, pen), text, form, topic, pen.scene)

    def short(self) -> Report:
        """A notice of one to three sentences."""
        pen, topic = self._pen("short", None)
        text = pen.sentence("short") + "。"
        while self._random() < 0.6 or len(text) < 30:
            more = pen.sentence("short.more") + "。"
            if len(text) + len(more) > SHORT_MOST:
                break
            text += more
        return self._report(self.title("short", pen), text, "short", topic, pen.scene)

    def template(
        self,
        *,
        length: int | None = None,
        form: str | None = None,
        topic: str | None = None,
        share: float | None = None,
    ) -> Template:
        """A report whose names, dates and figures are still open."""
        form = form or self._form()
        share = share or LEAST_SHARE + (MOST_SHARE - LEAST_SHARE) * self._random()
        pen, topic = self._pen(form, topic)
        draft = Draft(pen, "en" if form == "english" else "zh", topic)
        length = length or max(self._length(form), int(LEAST_OPEN / share))
        page = lay_out(BY_NAME[form], length, draft)
        title = draft.sentence("en.title" if form == "english" else f"title.{form}")
        return Template(BY_NAME[form], topic, title, page, pen, share)

    def sentence(self, report: Report) -> str:
        """One more sentence on the report's topic, in its language, with its stop."""
        if report.english:
            return self._on(report).capital("en.measure") + "."
        return self._on(report).sentence("measure") + "。"

    def title(self, form: str, pen: Pen) -> str:
        """A title for a document of that form."""
        written = pen.sentence("en.title" if form == "english" else f"title.{form}")
        return written[:1].upper() + written[1:]

    def _pen(self, form: str, topic: str | None) -> tuple[Pen, str]:
        language = "en" if form == "english" else "zh"
        known = _topic_names(language)
        topic = topic or known[int(self._random() * len(known))]
        return Pen(language, topic, Scene(language, self._random), self._random), topic

    def _on(self, report: Report) -> Pen:
        language = "en" if report.english else "zh"
        return Pen(language, report.topic, Scene(language, self._random, place=report.place), self._random)

    @staticmethod
    def _report(title: str, text: str, form: str, topic: str, scene: Scene) -> Report:
        people = tuple([name for name in scene.people if name in text])
        return Report(title, Text(text), form, topic, scene.home, scene.year, people)

    def _form(self) -> str:
        drawn = self._random()
        for upto, name in _form_ladder():
            if drawn < upto:
                return name
        return FORMS[0].name

    def _length(self, form: str) -> int:
        drawn = self._rng.lognormvariate(math.log(MEDIAN_LENGTH), LENGTH_SPREAD)
        length = int(min(max(drawn, LEAST_LENGTH), MOST_LENGTH))
        return int(length * ENGLISH_FACTOR) if form == "english" else length
