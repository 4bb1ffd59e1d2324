"""Which fields of a record hold its text, its identifier, and what the run's rules ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dedup.errors import InputError

TEXT_NAMES = ("text", "content", "body", "article", "raw_content", "正文", "内容", "全文")
ID_NAMES = ("id", "_id", "doc_id", "docid", "uid", "uuid", "url", "key", "编号", "网址")

# Arrow types that a JSON scalar may be read as; anything else goes through the strict parser line by line, also numbers
# with a point, which Arrow would write down in another way than they stand (1.50 as 1.5).
PROBED = {str: "string", int: "int64", bool: "bool"}


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a run's records.

    Attributes
    ----------
    text : tuple of str
        Joined by line ends; empty until guessed.
    id : str
        Empty until guessed, and for good where records have none.
    others : tuple of str
        Those that ``--within`` and ``--keep`` need.
    types : tuple of (name, type)
        The type each field had in the first records: a value of `PROBED`.
    html : bool
        Whether the text is HTML, of which the main text is taken (``--html``).
    """

    text: tuple[str, ...]
    id: str = ""
    others: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    html: bool = False

    def names(self) -> tuple[str, ...]:
        """Every field to be read, each once."""
        return tuple(dict.fromkeys((*self.text, *((self.id,) if self.id else ()), *self.others)))

    def type_of(self, name: str) -> str:
        """The Arrow type to read `name` as."""
        return dict(self.types).get(name, "string")


def settle_fields(wanted: Fields, records: Sequence[dict[str, object]], file: str) -> tuple[Fields, list[str]]:
    """`wanted` with its gaps filled from a file's first records, and a note for each guess.

    Raises
    ------
    InputError
        If no field can be taken for the text, or one that was asked for stands in none of the records.
    """
    notes: list[str] = []
    names = list(dict.fromkeys(name for record in records for name in record))
    text = wanted.text
    if not text:
        text = (_guess_text(names, records),)
        if not text[0]:
            raise InputError(f"no field looks like the text; name it with --text (fields: {_listed(names)})", file)
        if text[0] != "text":
            notes.append(f"{file}: text is read from the field {text[0]!r} (guessed; --text names it)")
    elif records and not any(name in names for name in text):
        raise InputError(f"no field {' or '.join(map(repr, text))}; the fields are {_listed(names)}", file)
    ident = wanted.id
    if not ident:
        ident = next((name for name in ID_NAMES if name in names and name not in text), "")
        if ident and ident != "id":
            notes.append(f"{file}: identifiers are read from the field {ident!r} (guessed; --id names it)")
    elif records and ident not in names:
        raise InputError(f"no field {ident!r} for identifiers; the fields are {_listed(names)}", file)
    for name in wanted.others:
        if records and name not in names:
            notes.append(f"{file}: no field {name!r} in the first records")
    return replace(wanted, text=text, id=ident, types=_types((ident, *wanted.others), records)), notes


def _guess_text(names: list[str], records: Sequence[dict[str, object]]) -> str:
    """A usual name, else the string field with the most characters in the first records."""
    for name in TEXT_NAMES:
        if any(isinstance(record.get(name), str) for record in records):
            return name
    lengths = {name: sum(len(v) for r in records if isinstance(v := r.get(name), str)) for name in names}
    best = max(lengths, key=lambda name: lengths[name], default="")
    return best if best and lengths[best] > 0 else ""


def _types(names: tuple[str, ...], records: Sequence[dict[str, object]]) -> tuple[tuple[str, str], ...]:
    types = {}
    for name in names:
        for record in records:
            value = record.get(name)
            if value is not None:
                types[name] = PROBED.get(type(value), "string")
                break
    return tuple(types.items())


def _listed(names: list[str]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "") if names else "none"
