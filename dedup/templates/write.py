"""Templates and what documents have in their slots → `templates.jsonl` and `values/`, and back."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from dedup.errors import InputError
from dedup.tables import FILLED
from dedup.templates.model import Template
from dedup.templates.values import ROWS, Spans, row_values

TEMPLATES, VALUES = "templates.jsonl", "values"
NEEDS_QUOTES = re.compile('[,"\r\n]')
SPAN_COLUMNS = ("doc", "id", "slot", "variable", "start", "end", "value")


def values_name(number: int) -> str:
    """The file of the values of a template."""
    return f"{number:05d}.csv"


def spans_name(number: int) -> str:
    """The file that says where they stand."""
    return f"{number:05d}.spans.csv"


# -- templates ---------------------------------------------------------------------------------------------------


def write_templates(templates: Sequence[Template], filled: Sequence[int], path: Path) -> None:
    """One template per line; `filled` tells how many documents were filled into each."""
    with path.open("w", encoding="utf-8") as file:
        for number, (template, documents) in enumerate(zip(templates, filled, strict=True), 1):
            record = {
                "template": number,
                "family": number,
                "filled": documents,
                **template.to_json(),
                "regex": template.regex(),
                "readable": template.readable(),
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def read_templates(path: Path) -> list[Template]:
    """The templates of a file that `write_templates` wrote.

    Raises
    ------
    InputError
        If a line holds none.
    """
    templates = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                templates.append(Template.from_json(json.loads(line)))
            except ValueError as error:
                raise InputError(f"holds no template: {error}", path, number) from None
    return templates


# -- values ------------------------------------------------------------------------------------------------------


def cell(values: Sequence[str]) -> str:
    """The values of a variable in one field: the one there is as it stands, several as a JSON list.

    What begins with ``["`` is always a list, also of one.
    """
    if not values:
        return ""
    if len(values) == 1 and not values[0].startswith('["'):
        return values[0]
    return json.dumps(list(values), ensure_ascii=False)


def values_of(field: str) -> list[str]:
    """The values in a field that `cell` wrote."""
    if not field.startswith('["'):
        return [field] if field else []
    found: list[str] = json.loads(field)
    return found


def value_rows(
    template: Template, filled: pa.Table, heads: pa.Table, lost: Mapping[int, Sequence[str]]
) -> Iterator[list[str]]:
    """The table of the values of a template, its header first.

    Parameters
    ----------
    template : Template
    filled : pa.Table
        `FILLED`, the rows of the template.
    heads : pa.Table
        What else is known of the same documents: its columns come first.
    lost : mapping of row → what it lost
    """
    names = [variable.name for variable in template.variables]
    yield ["doc", *heads.column_names, "edits", "lost", *names]
    for begin in range(0, len(filled), ROWS):
        rows = filled.slice(begin, ROWS).to_pylist()
        for number, (row, head) in enumerate(zip(rows, heads.slice(begin, ROWS).to_pylist(), strict=True), begin):
            known = ["" if value is None else str(value) for value in head.values()]
            fields = [cell(values) for values in row_values(template, row["spans"])]
            yield [str(row["doc"]), *known, str(row["edits"]), cell(lost.get(number, ())), *fields]


def span_rows(template: Template, filled: pa.Table, ids: pa.Array) -> Iterator[list[Any]]:
    """Where the values stand, the header first; `ids` are the identifiers of the documents of `filled`."""
    names = [template.variables[slot.variable].name for slot in template.slots()]
    yield list(SPAN_COLUMNS)
    for begin in range(0, len(filled), ROWS):
        rows = filled.slice(begin, ROWS).to_pylist()
        for row, name in zip(rows, ids.slice(begin, ROWS).to_pylist(), strict=True):
            for span in row["spans"]:
                place = (span["slot"], names[span["slot"]], span["start"], span["end"], span["text"])
                yield [row["doc"], name, *place]


def write_rows(rows: Iterable[Sequence[Any]], path: Path) -> None:
    """A CSV file; line ends and quotes in a field come back as they were."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(",".join(map(_quoted, row)) + "\n" for row in rows)


def _quoted(value: Any) -> str:
    """A field; with lines that end in \\n the csv of Python would leave a \\r bare, and read two rows."""
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if NEEDS_QUOTES.search(text) else text


def rows_of(filled: pa.Table, number: int) -> pa.Table:
    """The rows of one template."""
    numbers = filled.column("template").to_numpy()
    begin, end = np.searchsorted(numbers, [number, number + 1]).tolist()
    return filled.slice(begin, end - begin)


def counts_of(filled: pa.Table, templates: int) -> list[int]:
    """How many documents were filled into each template."""
    counts: list[int] = np.bincount(filled.column("template").to_numpy(), minlength=templates + 1)[1:].tolist()
    return counts


def read_values(folder: Path, templates: int) -> pa.Table:
    """What the files of `values/` hold, as `FILLED`.

    Raises
    ------
    InputError
        If a file is missing or was changed by hand.
    """
    tables = [FILLED.empty_table()]
    for number in range(1, templates + 1):
        path = folder / spans_name(number)
        try:
            with (folder / values_name(number)).open(encoding="utf-8", newline="") as file:
                edits = {int(row["doc"]): int(row["edits"]) for row in csv.DictReader(_unlimited(file))}
            spans: dict[int, Spans] = {doc: [] for doc in edits}
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(_unlimited(file)):
                    place = {name: int(row[name]) for name in ("slot", "start", "end")}
                    spans[int(row["doc"])].append({**place, "text": row["value"]})
        except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
            raise InputError(f"is no file of values: {error!r}", path) from None
        columns = [[number] * len(edits), list(edits), list(edits.values()), list(spans.values())]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, FILLED, strict=True)]
        tables.append(pa.table(arrays, schema=FILLED))
    return pa.concat_tables(tables)


def _unlimited(file: IO[str]) -> IO[str]:
    """The same file, once csv takes fields of any length: a value may be as long as a text."""
    csv.field_size_limit(2**31 - 1)
    return file
