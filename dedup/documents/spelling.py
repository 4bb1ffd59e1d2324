"""How a text is spelt in the bytes of its file, so that a part of it can be taken out and the rest stays as it stands.

Between a text and its bytes stand an encoding, and in a record the escapes of JSON or the quotes of CSV. A `Cell` is
where a text stands among the characters of its record.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from dedup.documents.blocks import is_utf8
from dedup.documents.stretches import Edit, Stretch, edited, without

# Encodings that may be told by a byte order mark; the mark of UTF-16 is the head of that of UTF-32.
MARKED = ("utf-8", "utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be", "gb18030")
# Bytes that a decoder may hold back.
PENDING = 8


class Cell(NamedTuple):
    """Where a text stands in the characters of its record, quotes left out.

    Attributes
    ----------
    start, end : int
    escape : re.Pattern or None
        What stands for one character there, as its only group; None in a CSV field without quotes.
    value : str
    alone : bool
        Whether it is the whole record, which must not become a blank line.
    """

    start: int
    end: int
    escape: re.Pattern[str] | None
    value: str
    alone: bool = False

    def edits(self, record: str, stretches: Sequence[Stretch]) -> list[Edit]:
        """What to do to the record so that the text loses these merged stretches."""
        points = np.array(stretches, np.int64).reshape(-1, 2) + self.start
        if self.escape is not None:
            # Split, and not searched for one by one: a text may be nothing but escapes.
            sizes = np.array([len(part) for part in self.escape.split(record[self.start : self.end])])
            plain, escapes = sizes[:-1:2], sizes[1::2]
            longer = np.concatenate([[0], np.cumsum(escapes - 1)])
            points += longer[np.searchsorted(np.cumsum(plain + 1) - 1, points - self.start)]
        elif stretches:
            rest = without(self.value, stretches)
            # What stood inside the field may now stand where a quote opens it, or a byte order mark is left out.
            if '"' in rest or rest[:1] == "\ufeff" or (self.alone and not rest.strip()):
                return [(self.start, self.end, '"' + rest.replace('"', '""') + '"')]
        return [(start, end, "") for start, end in points.tolist()]


# -- JSON --------------------------------------------------------------------------------------------------------

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_MEMBER = re.compile(_STRING + r"|[{}\[\],]", re.DOTALL)
_NESTED = re.compile(_STRING + r"|[{}\[\]]", re.DOTALL)
_ESCAPE = re.compile(r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.)")


def json_cells(names: tuple[str, ...], record: str) -> dict[str, Cell]:
    """The cells of the members `names` of an object that are strings.

    Python's parser is no help: it does not say where a value stands, and refuses fields, nested a thousand deep, that
    the reader passes over. `record` was read, so its strings and brackets are all there is to find.

    Raises
    ------
    ValueError
        If there is none.
    """
    cells: dict[str, Cell] = {}
    depth, key, at = 0, None, 0
    while len(cells) < len(names) and (found := (_MEMBER if depth == 1 else _NESTED).search(record, at)):
        start, at = found.span()
        sign = record[start]
        if sign == '"' and depth == 1:
            if key is None:
                key = json.loads(found[0])
            elif key in names:
                cells[key] = Cell(start + 1, at - 1, _ESCAPE, json.loads(found[0]))
        elif sign == ",":
            key = None
        elif sign != '"':
            depth += 1 if sign in "{[" else -1
    if not cells:
        raise ValueError(f"no text in the field {names[0]!r}")
    return cells


# -- CSV and TSV -------------------------------------------------------------------------------------------------

_TWO_QUOTES = re.compile('("")')


def record_pattern(delimiter: str) -> re.Pattern[bytes]:
    """What matches a record with its line end, wherever one begins."""
    mark = re.escape(delimiter.encode())
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"|(?!")[^\r\n%b]*+)' % mark
    return re.compile(rb"%b(?:%b%b)*+\r*+(?:\n|\Z)" % (cell, mark, cell))


def table_cells(names: tuple[str, ...], columns: tuple[str, ...], delimiter: str, record: str) -> dict[str, Cell]:
    """The cells of the columns `names`.

    Raises
    ------
    ValueError
        If the record has not as many fields as there are columns.
    """
    one = re.compile(rf'"([^"]*+(?:""[^"]*+)*+)"|((?!")[^\r\n{re.escape(delimiter)}]*+)')
    cells: dict[str, Cell] = {}
    at = 0
    for i, name in enumerate(columns):
        found = one.match(record, at)
        behind = (delimiter,) if i + 1 < len(columns) else ("\r", "\n", "")
        if not found or record[found.end() : found.end() + 1] not in behind:
            raise ValueError(f"not the {len(columns)} fields of the header")
        at = found.end() + 1
        if name not in names:
            continue
        if found[1] is not None:
            cells[name] = Cell(*found.span(1), _TWO_QUOTES, found[1].replace('""', '"'))
        else:
            cells[name] = Cell(*found.span(2), None, found[2], len(columns) == 1)
    return cells


# -- encodings ---------------------------------------------------------------------------------------------------


def characters(raw: bytes, encoding: str) -> str:
    """A record decoded. In UTF-8, bytes that are none are carried along: fields that are not read may hold any."""
    return raw.decode("utf-8", "surrogateescape") if is_utf8(encoding) else raw.decode(encoding)


def with_edits(raw: bytes, text: str, edits: Sequence[Edit], encoding: str) -> bytes:
    """`raw` with edits to `text`, which is what it spells; all other bytes stay.

    Raises
    ------
    UnicodeEncodeError
        If the encoding has no bytes for what is left.
    """
    wanted = edited(text, edits)
    if is_utf8(encoding):
        return wanted.encode("utf-8", "surrogateescape")
    # Big5 has several codes for some characters: encoding anew would change what was not cut.
    places = byte_places(raw, [point for start, end, _ in edits for point in (start, end)], encoding)
    parts, at = [], 0
    for (*_, new), start, end in zip(edits, places[::2], places[1::2], strict=True):
        parts += [raw[at:start], new.encode(encoding)]
        at = end
    out = b"".join([*parts, raw[at:]])
    with suppress(UnicodeError):
        if out.decode(encoding) == wanted:
            return out
    return wanted.encode(encoding)  # the encoding has shift states, or a code for two characters that were parted


def byte_places(raw: bytes, points: Sequence[int], encoding: str) -> list[int]:
    """Where code points, in ascending order, begin in bytes of any encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    places, at, count = [], 0, 0
    for point in points:
        while count < point and at < len(raw):
            # No byte makes more than one character, but for those pending: this many cannot go too far.
            step = max(1, point - count - PENDING)
            count += len(decoder.decode(raw[at : at + step]))
            at = min(at + step, len(raw))
        places.append(at)
    return places


def encoding_of(raw: bytes, text: str, encoding: str) -> tuple[bytes, str]:
    """The byte order mark and the encoding by which `raw` was read as `text`; `encoding` is what the run was given.

    The mark may stand twice: a decoder takes one, and the reader what looks like one.

    Raises
    ------
    ValueError
        If there are none.
    """
    heads = [(("\ufeff" * times).encode(name), name) for name in MARKED for times in (1, 2)]
    heads += [(b"", name) for name in (encoding, "utf-8", "gb18030", "big5hkscs") if name]
    for head, name in heads:
        with suppress(UnicodeError):
            if raw.startswith(head) and raw[len(head) :].decode(name) == text:
                return head, name
    raise ValueError("its encoding cannot be told")
