"""The stream of records: what kind of document comes next, and which site shows it when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from corpus.copyist import Copyist
from corpus.lexicon import lists
from corpus.writer import Page, Writer

SHARES = {"clean": 0.55, "copies": 0.30, "template": 0.10, "short": 0.05}
LEAST_MEMBERS, MOST_MEMBERS = 3, 15
MOST_COPIES, COPIES_SKEW = 11, 1.5
UNCOPIED_KEPT = 64
WAITING = 400
MISFILED_SHARE = 0.1
LONGEST_DELAY_DAYS = 400


@dataclass(frozen=True)
class Record:
    """One document of the collection and the truth about it."""

    id: str
    title: str
    text: str
    source: str
    date: str
    file: str
    origin: str
    kind: str

    def as_json(self) -> dict[str, str]:
        """The fields that go into the collection; the truth about a document does not."""
        return {"id": self.id, "title": self.title, "text": self.text, "source": self.source, "date": self.date}


class Collection:
    """Streams the records of one collection; the same count and seed give the same records."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._rng = Random(seed)
        self._writer = Writer(self._rng)
        self._made = dict.fromkeys(SHARES, 0)
        self._templates = 0
        self._numbers: dict[tuple[int, int], int] = {}
        self._uncopied: list[tuple[Page, Record]] = []

    def records(self) -> Iterator[Record]:
        """Every record once, the members of a family apart from each other as in a real crawl."""
        waiting: list[Record] = []
        while (left := self._count - sum(self._made.values())) > 0:
            family = self._family(left)
            self._made[family[0]] += len(family[1])
            waiting += family[1]
            while len(waiting) > WAITING:
                yield self._taken(waiting)
        while waiting:
            yield self._taken(waiting)

    def _taken(self, waiting: list[Record]) -> Record:
        at = self._rng.randrange(len(waiting))
        waiting[at], waiting[-1] = waiting[-1], waiting[at]
        return waiting.pop()

    def _family(self, left: int) -> tuple[str, list[Record]]:
        """The next records, of the sort that lags furthest behind its share."""
        total = sum(self._made.values()) + 1
        sort = max(SHARES, key=lambda name: SHARES[name] * total - self._made[name])
        if sort == "copies" and self._uncopied:
            return sort, self._copies(left)
        if sort == "template" and left >= LEAST_MEMBERS:
            return sort, self._template(left)
        if sort == "short":
            return sort, [self._record(self._writer.short(), "short")]
        page = self._writer.report()
        record = self._record(page, "clean")
        self._uncopied.append((page, record))
        del self._uncopied[:-UNCOPIED_KEPT]
        return "clean", [record]

    def _copies(self, left: int) -> list[Record]:
        page, original = self._uncopied.pop(self._rng.randrange(len(self._uncopied)))
        sizes = range(1, MOST_COPIES + 1)
        size = min(left, self._rng.choices(sizes, [size**-COPIES_SKEW for size in sizes])[0])
        copyist = Copyist(page, self._writer, self._rng)
        copies = (copyist.copy() for _ in range(size))
        return [self._record(copy, kind, original) for kind, copy in copies]

    def _template(self, left: int) -> list[Record]:
        self._templates += 1
        template = self._writer.template()
        size = min(left, self._rng.randint(LEAST_MEMBERS, MOST_MEMBERS))
        origin = f"template-{self._templates:04}"
        return [self._record(template.member(), "template", origin) for _ in range(size)]

    def _record(self, page: Page, kind: str, origin: Record | str | None = None) -> Record:
        """Puts a page on a site; a copy appears after its original."""
        if isinstance(origin, Record):
            shown = date.fromisoformat(origin.date) + timedelta(days=self._rng.randint(0, LONGEST_DELAY_DAYS))
            origin = origin.id
        else:
            shown = date(page.year, 1, 1) + timedelta(days=self._rng.randrange(365))
        sites = lists()["site"]
        site = self._rng.randrange(len(sites))
        number = self._numbers[site, shown.year] = self._numbers.get((site, shown.year), 0) + 1
        identifier = f"site{site + 1:02}.example/{shown.year}/{number:04}"
        in_notices = page.form.in_notices != (self._rng.random() < MISFILED_SHARE)
        return Record(
            id=identifier,
            title=page.title,
            text=page.text,
            source=sites[site],
            date=shown.isoformat(),
            file="notices.jsonl" if in_notices else "reports.jsonl",
            origin=origin or identifier,
            kind=kind,
        )
