"""Texts to measure on: cut to an exact length out of reports that the project's own corpus generator writes.

What texts cost depends on their language (bytes per character, tokens per character) and on their length, so both are
chosen here and nothing is left to whatever files happen to lie around.
"""

from __future__ import annotations

import functools
from random import Random

import pyarrow as pa

from corpus.writer import Writer

LANGUAGES = ("zh", "en")
REPORT_CHARACTERS = 1000
# Of a near copy, this share is replaced in one piece: Jaccard similarities of .7 to .95.
LEAST_REPLACED, MOST_REPLACED = 0.02, 0.15


class Reports:
    """An endless text in one language: one report after the other."""

    def __init__(self, language: str, seed: int) -> None:
        self._writer = Writer(Random(f"{language} {seed}"))
        self._english = language == "en"
        self._parts: list[str] = []
        self._length = 0

    def first(self, characters: int) -> str:
        """So many characters from the beginning; asking for more later goes on where writing stopped."""
        while self._length < characters:
            report = self._report() + "\n"
            self._parts.append(report)
            self._length += len(report)
        self._parts = ["".join(self._parts)]
        return self._parts[0][:characters]

    def _report(self) -> str:
        form = "english" if self._english else None
        report = self._writer.report(length=REPORT_CHARACTERS, form=form)
        while report.english is not self._english:
            report = self._writer.report(length=REPORT_CHARACTERS, form=form)
        return report.text.string


@functools.cache
def _reports(language: str, seed: int) -> Reports:
    return Reports(language, seed)


def passages(language: str, length: int, size: int, seed: int = 1) -> list[str]:
    """Unrelated texts of `length` characters each, about `size` bytes of UTF-8 together, two at least."""
    begin = _reports(language, seed).first(2 * length)
    return some(language, length, max(2, size // (len(begin.encode()) // 2)), seed)


def some(language: str, length: int, count: int, seed: int = 1) -> list[str]:
    """`count` unrelated texts of `length` characters each."""
    whole = _reports(language, seed).first(count * length)
    return [whole[at : at + length] for at in range(0, count * length, length)]


def with_copies(texts: list[str], share: float, seed: int = 1) -> list[str]:
    """The same number of texts, `share` of them copies of ones before them: every other to the letter, the rest nearly.

    Which ones are copies is fixed, not drawn, so that even a handful of texts holds some.
    """
    rng = Random(seed)
    out: list[str] = []
    copies = 0
    for i, text in enumerate(texts):
        if i and int((i + 1) * share) > copies:
            other, text = text, rng.choice(out)
            if copies % 2:
                size = max(1, round(len(text) * rng.uniform(LEAST_REPLACED, MOST_REPLACED)))
                at = rng.randrange(len(text) - size + 1)
                text = text[:at] + other[at : at + size] + text[at + size :]
            copies += 1
        out.append(text)
    return out


def arrow(texts: list[str]) -> pa.LargeStringArray:
    """The texts as the engine takes them."""
    return pa.array(texts, pa.large_string())
