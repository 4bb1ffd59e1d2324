"""Two thousand documents at a time, each block a function of the seed and its number alone.

So blocks can be made by as many processes as there are, in any order, and a collection of any size needs the memory of
a few blocks. A block also holds late copies: of reports of earlier blocks, which are written once more to copy them.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa

from corpus.copies import Copyist
from corpus.family import Document, Family
from corpus.furniture import Line
from corpus.pages import Heading, Passage, Piece
from corpus.profiles import FAMILIES, PROFILES, Profile, Request, clean
from corpus.scene import Slot
from corpus.truth import likeness, no_rows, tables
from corpus.writer import Writer

SIZE = 2048
FAMILIES_AT_MOST = 1 << 12
FILES = ("reports.jsonl", "notices.jsonl")
IN_NOTICES = frozenset(("notice", "regulation", "minutes", "short"))
MISFILED = 0.1
# Every fourth of the first families of a block is one report with copies, so that later blocks know where to find some.
COPIED_EVERY, COPIED_BELOW = 4, 32
LATE = 0.05
LATEST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made."""

    profile: str
    seed: int
    documents: int

    @property
    def blocks(self) -> int:
        """How many blocks that takes."""
        return -(-self.documents // SIZE)

    def size(self, block: int) -> int:
        """Documents of one block."""
        return min(SIZE, self.documents - block * SIZE)


class Block(NamedTuple):
    """Records as JSON lines by file, how many, and the truth; `line` counts from 1 in the block's part of a file."""

    records: dict[str, bytes]
    lines: dict[str, int]
    truth: dict[str, pa.Table]


class Placed(NamedTuple):
    """A document with its place in the world; `written` is false for one that stands in an earlier block."""

    id: str
    day: date
    document: Document
    written: bool


class _Maker:
    """Makes one block."""

    def __init__(self, plan: Plan, block: int) -> None:
        self._plan, self._block = plan, block
        self._profile: Profile = PROFILES[plan.profile]
        self._rows = no_rows()
        self._placed: list[Placed] = []
        self._texts: list[str] = []
        self._pairs: list[tuple[int, int]] = []
        self._labels: list[dict[str, Any]] = []

    def make(self) -> Block:
        left = self._plan.size(self._block)
        for number in range(FAMILIES_AT_MOST):
            if left <= 0:
                break
            left -= self._family(number, left)
        self._label()
        return self._write()

    def _family(self, number: int, room: int) -> int:
        """One more family; how many documents of it are of this block."""
        rng = self._rng(self._block, number)
        copied = number % COPIED_EVERY == 0 and number < COPIED_BELOW and "copies" in self._profile.shares
        if self._block and not copied and "copies" in self._profile.shares and rng.random() < LATE:
            return self._late(rng, number)
        kinds, weights = self._profile.weights()
        kind = "copies" if copied else rng.choices(kinds, weights)[0]
        family = FAMILIES[kind](self._request(rng, room))
        placed = [self._place(document, self._block, number, at) for at, document in enumerate(family.documents)]
        self._keep(family, placed, self._block, number)
        return len(placed)

    def _late(self, rng: Random, here: int) -> int:
        block = rng.randrange(self._block)
        number = rng.randrange(0, COPIED_BELOW, COPIED_EVERY)
        family = clean(self._request(self._rng(block, number), SIZE))
        first = self._place(family.documents[0], block, number, 0)._replace(written=False)
        Copyist(family, Writer(rng), rng).copy(0)
        # Ids count members; those of late copies begin where no family ends, and no two are alike.
        member = SIZE + self._block * FAMILIES_AT_MOST + here
        late = self._place(family.documents[1], block, number, member, first.day)
        self._keep(family, [first, late], block, number)
        return 1

    def _rng(self, block: int, number: int) -> Random:
        return Random(f"{self._plan.profile} {self._plan.seed} {block} {number}")

    def _request(self, rng: Random, room: int) -> Request:
        return Request(Writer(rng), rng, room, self._profile.length)

    def _place(self, document: Document, block: int, number: int, at: int, after: date | None = None) -> Placed:
        rng = Random(f"{self._plan.seed} {block} {number} {at}")
        start = after or date(document.report.year, 1, 1)
        day = start + timedelta(days=rng.randrange(LATEST_DAYS if after else 365))
        name = f"t{day:%Y%m%d}_{block:x}-{number}-{at}.html"
        return Placed(f"site{document.site.number + 1:02}.example/{day:%Y/%m}/{name}", day, document, True)

    def _keep(self, family: Family, placed: list[Placed], block: int, number: int) -> None:
        """Takes a family in: its documents, its pairs, its passages."""
        begin = len(self._placed)
        self._placed += placed
        self._texts += [one.document.text.string for one in placed]
        family_number = block * FAMILIES_AT_MOST + number
        for at, one in enumerate(placed):
            if one.written:
                self._document(family, placed, at, family_number)
                self._spans(one, family_number, placed)
        for a, b in family.pairs():
            label = family.label(a, b)
            if label is None:
                continue
            two = placed[b].document
            made = two.parent == a
            self._pairs.append((begin + a, begin + b))
            self._labels.append(
                {
                    "id_a": placed[a].id,
                    "id_b": placed[b].id,
                    "family": family_number,
                    "label": label,
                    "changes": list(two.changes) if made else None,
                    "rate": two.rate if made else None,
                }
            )
        self._passages(placed)

    def _document(self, family: Family, placed: list[Placed], at: int, family_number: int) -> None:
        one = placed[at]
        document, report = one.document, one.document.report
        origin = at
        while (before := placed[origin].document.parent) is not None:
            origin = before
        self._rows["documents"].append(
            {
                "id": one.id,
                "language": "en" if report.english else "zh",
                "form": report.form,
                "topic": report.topic,
                "kind": document.kind,
                "trap": family.trap,
                "family": family_number,
                "origin": placed[origin].id,
                "parent": None if document.parent is None else placed[document.parent].id,
                "changes": list(document.changes),
                "rate": document.rate,
                "characters": len(document.text.string),
            }
        )

    def _spans(self, one: Placed, family_number: int, placed: list[Placed]) -> None:
        string = one.document.text.string
        marks = one.document.text.marks
        headings = {mark.what.number: mark[:2] for mark in marks if isinstance(mark.what, Heading)}
        for start, end, what in marks:
            if isinstance(what, Slot):
                self._rows["slots"].append(_slot_row(one.id, family_number, string, start, end, what))
            elif isinstance(what, Line):
                row = {"id": one.id, "start": start, "end": end, "kind": what.kind, "value": string[start:end]}
                self._rows["boilerplate"].append(row)
            elif isinstance(what, Piece):
                alone = [other.id for other in placed if other.document.same == -what.key]
                heading = headings.get(what.number, (start, start))
                self._rows["pieces"].append(_piece_row(one.id, string, start, end, what.number, heading, alone))

    def _passages(self, placed: list[Placed]) -> None:
        runs = [(one, run) for one in placed for run in _runs(one.document)]
        for at, (a, one) in enumerate(runs):
            for b, two in runs[at + 1 :]:
                if one.key == two.key and (a.written or b.written):
                    self._passage(a, one, b, two)

    def _passage(self, a: Placed, one: _Run, b: Placed, two: _Run) -> None:
        common = sorted(one.places.keys() & two.places.keys())
        if not common:
            return
        first, last = common[0], common[-1]
        start_a, end_a = one.places[first][0], one.places[last][1]
        start_b, end_b = two.places[first][0], two.places[last][1]
        self._rows["passages"].append(
            {
                "id_a": a.id,
                "start_a": start_a,
                "end_a": end_a,
                "id_b": b.id,
                "start_b": start_b,
                "end_b": end_b,
                "crc_a": _crc(a.document.text.string[start_a:end_a]),
                "crc_b": _crc(b.document.text.string[start_b:end_b]),
            }
        )

    def _label(self) -> None:
        """Similarities of all pairs at once, and with them which copies are exact."""
        found = likeness(self._texts, self._pairs)
        columns = zip(*(column.tolist() for column in found), self._labels, strict=True)
        for jaccard, containment_a, containment_b, equal, row in columns:
            row.update(jaccard=jaccard, containment_a=containment_a, containment_b=containment_b)
            if equal:
                row["label"] = "exact"
            self._rows["pairs"].append(row)

    def _write(self) -> Block:
        """The records in an order in which relatives stand apart."""
        order = [at for at, one in enumerate(self._placed) if one.written]
        rows = dict(zip(order, self._rows["documents"], strict=True))
        rng = Random(f"{self._plan.seed} {self._block}")
        rng.shuffle(order)
        records: dict[str, list[str]] = {file: [] for file in FILES}
        for at in order:
            one = self._placed[at]
            report = one.document.report
            in_notices = (report.form in IN_NOTICES) != (rng.random() < MISFILED)
            file = FILES[in_notices]
            source = one.document.site.english_name if report.english else one.document.site.name
            record = {"id": one.id, "title": report.title, "text": report.text.string, "source": source}
            records[file].append(json.dumps({**record, "date": one.day.isoformat()}, ensure_ascii=False))
            rows[at].update(file=file, line=len(records[file]))
        self._rows["documents"] = [rows[at] for at in order]
        return Block(
            {file: "".join(line + "\n" for line in lines).encode() for file, lines in records.items()},
            {file: len(lines) for file, lines in records.items()},
            tables(self._rows),
        )


class _Run(NamedTuple):
    """Consecutive parts of one passage as they stand in one document: part → start, end."""

    key: int
    places: dict[int, tuple[int, int]]


def _runs(document: Document) -> list[_Run]:
    """The passages of a document; one that stands in it twice is two runs."""
    marks = sorted((mark for mark in document.text.marks if isinstance(mark.what, Passage)), key=lambda mark: mark[:2])
    runs: list[_Run] = []
    last = None
    for start, end, what in marks:
        if start == end:
            continue
        if last is None or last.key != what.key or last.part >= what.part:
            runs.append(_Run(what.key, {}))
        runs[-1].places[what.part] = start, end
        last = what
    return runs


def _slot_row(identifier: str, family: int, string: str, start: int, end: int, slot: Slot) -> dict[str, Any]:
    value = string[start:end]
    if value == slot.value:
        state = "kept"
    elif not value.strip():
        state = "lost"
    else:
        state = "masked" if any(mask in value for mask in ("xx", "XX", "××", "某某", "**", "__")) else "damaged"
    return {
        "id": identifier,
        "family": family,
        "column": slot.column,
        "variable": slot.variable,
        "type": slot.type,
        "value": value,
        "meant": slot.value,
        "state": state,
        "start": start,
        "end": end,
    }


def _piece_row(
    identifier: str, string: str, start: int, end: int, number: int, heading: tuple[int, int], alone: list[str]
) -> dict[str, Any]:
    return {
        "id": identifier,
        "piece": number,
        "start": start,
        "end": end,
        "heading_start": heading[0],
        "heading_end": heading[1],
        "origin": alone[0] if alone else None,
        "crc": _crc(string[start:end]),
    }


def _crc(string: str) -> int:
    return zlib.crc32(string.encode())


def make_block(plan: Plan, block: int) -> Block:
    """Block number `block`: the same documents whoever makes it, and whatever was made before."""
    return _Maker(plan, block).make()
