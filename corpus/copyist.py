"""Makes the copies of one report, and copies of those copies."""

from collections.abc import Callable
from random import Random

from corpus.changes import annotated, edited, masked, reformatted, traditional
from corpus.damage import damaged
from corpus.writer import Page, Writer

# Every kind of copy with its share of all copies.
KINDS = {
    "exact": 0.14,
    "reformatted": 0.18,
    "traditional": 0.10,
    "pinyin": 0.12,
    "edited": 0.20,
    "masked": 0.10,
    "damaged": 0.06,
    "mixed": 0.10,
}
CHINESE_ONLY = frozenset(("traditional", "pinyin", "damaged"))
# Changes that undo or repeat each other are not laid on top of one another.
EXCLUDES = {
    "pinyin": frozenset(("pinyin", "damaged")),
    "damaged": frozenset(("pinyin", "damaged")),
    "masked": frozenset(("masked",)),
    "traditional": frozenset(("traditional", "damaged")),
    "reformatted": frozenset(("damaged",)),
    "edited": frozenset(("edited",)),
}
MIXED_CHANGES = 2


class Copyist:
    """Copies one report as often as it is asked to."""

    def __init__(self, report: Page, writer: Writer, rng: Random) -> None:
        self._writer = writer
        self._rng = rng
        self._report = report
        # Everything that can be copied from, with the changes it went through.
        self._versions: list[tuple[Page, frozenset[str]]] = [(report, frozenset())]
        self._changes: dict[str, Callable[[Page, Random], Page]] = {
            "reformatted": reformatted,
            "traditional": traditional,
            "pinyin": annotated,
            "edited": self._edited,
            "masked": masked,
            "damaged": damaged,
        }

    def copy(self) -> tuple[str, Page]:
        """One more copy and its kind; only an exact copy has the text of the report."""
        while True:
            kind = self._rng.choices(list(KINDS), list(KINDS.values()))[0]
            if self._report.english and kind in CHINESE_ONLY:
                continue
            if kind == "exact":
                return kind, self._report
            page, changes = self._mixed() if kind == "mixed" else self._changed(kind, self._report, frozenset())
            if page.text != self._report.text:
                self._versions.append((page, changes))
                return kind, page

    def _changed(self, kind: str, page: Page, before: frozenset[str]) -> tuple[Page, frozenset[str]]:
        return self._changes[kind](page, self._rng), before | {kind}

    def _mixed(self) -> tuple[Page, frozenset[str]]:
        """Up to two further changes on top of the latest version of the report."""
        page, changes = self._versions[-1]
        for _ in range(MIXED_CHANGES):
            possible = [
                kind
                for kind in self._changes
                if changes.isdisjoint(EXCLUDES[kind]) and not (page.english and kind in CHINESE_ONLY)
            ]
            if not possible:
                break
            page, changes = self._changed(self._rng.choice(possible), page, changes)
        return page, changes

    def _edited(self, page: Page, rng: Random) -> Page:
        return edited(page, rng, self._writer.stray_sentence(self._report))
