"""The table of boilerplate: which templates it is, as a file, and which lines of other pages it marks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dedup.errors import InputError, OutputError
from dedup.pages.boilerplate import kernels
from dedup.pages.boilerplate.keys import KINDS, LineKeys, kind_of
from dedup.pages.lines import Lines

FORMAT = 1
EVERYWHERE = ""


class Template(NamedTuple):
    """A template of lines that is boilerplate.

    Attributes
    ----------
    source : str
        On whose pages; "": on those of all sources, also ones that are not in the table.
    key : int
    pages, lines : int
        How many it was found on.
    neighbourhoods : int
        Different pairs of lines before and after it.
    share : float
        Of the pages of the sources it stands on.
    examples : tuple of str
        A few of its lines, which decide nothing.
    """

    source: str
    key: int
    pages: int
    lines: int
    neighbourhoods: int
    share: float
    examples: tuple[str, ...]


@dataclass(frozen=True)
class BoilerplateTable:
    """What is boilerplate.

    Attributes
    ----------
    templates : tuple of Template
        By source, the most frequent first.
    settings : mapping
        The rule they were found by.
    """

    templates: tuple[Template, ...]
    settings: Mapping[str, float]

    def digest(self) -> str:
        """A hash of what decides which lines are marked: sources and keys, not how they were found."""
        decisive = sorted((template.source, template.key) for template in self.templates)
        return hashlib.sha256(json.dumps([FORMAT, decisive]).encode()).hexdigest()

    def mark(self, keys: LineKeys, lines: Lines, sources: np.ndarray, source_names: list[str]) -> np.ndarray:
        """Which lines are boilerplate, about 10 ns a line.

        Parameters
        ----------
        keys : LineKeys
        lines : Lines
        sources : ``[m] int32``
            Number of each page's source.
        source_names : list of str
            By number. On a source that is not in the table only the templates of source "" are boilerplate.

        Returns
        -------
        flags : ``[lines] bool``
        """
        salts = np.array([_salt(name) for name in source_names], np.uint64)
        members = {template.key ^ _salt(template.source) for template in self.templates} - {0}
        slots = np.zeros(1 << max(4, (4 * len(members)).bit_length()), np.uint64)
        kernels.fill_slots(np.array(sorted(members), np.uint64), slots)
        flags = np.zeros(len(lines), np.bool_)
        kernels.mark_lines(keys.whole, keys.weak, lines.first, salts[np.asarray(sources)], slots, flags)
        return flags

    def save(self, path: str | Path) -> None:
        """Write ``boilerplate.jsonl``: a line about the file, then a line per template.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        head = {"format": FORMAT, "templates": len(self.templates), "settings": dict(self.settings)}
        rows = [head, *(_row(template) for template in self.templates)]
        try:
            with Path(path).open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}") from None

    @classmethod
    def load(cls, path: str | Path) -> BoilerplateTable:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the file cannot be read or any line of it is not as `save` writes it.
        """
        try:
            text = Path(path).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot be read: {error}", path) from None
        rows = text.split("\n")
        if rows.pop():
            raise InputError("ends within a line; write the table again", path, len(rows) + 1)
        head = _object(rows[0] if rows else "", path, 1)
        if head.get("format") != FORMAT or isinstance(head.get("format"), bool):
            raise InputError(f"format {head.get('format')!r}; this version reads {FORMAT}", path, 1)
        settings = head.get("settings")
        if not isinstance(settings, dict) or set(head) != {"format", "templates", "settings"}:
            raise InputError("the first line must hold format, templates and settings", path, 1)
        if head["templates"] != len(rows) - 1:
            raise InputError(f"{head['templates']!r} templates are announced, {len(rows) - 1} follow", path, 1)
        seen: dict[tuple[str, int], int] = {}
        templates = []
        for number, row in enumerate(rows[1:], 2):
            template = _template(_object(row, path, number), path, number)
            before = seen.setdefault(template[:2], number)
            if before != number:
                raise InputError(f"the same template as in line {before}", path, number)
            templates.append(template)
        return cls(tuple(templates), settings)


def _salt(source: str) -> int:
    """What a key is combined with so that it counts on one source only; 0 for all of them."""
    return int.from_bytes(hashlib.blake2b(source.encode(), digest_size=8).digest(), "little") if source else 0


def _row(template: Template) -> dict[str, Any]:
    named = {"source": template.source, "key": f"{template.key:016x}", "kind": kind_of(template.key)}
    return {**template._asdict(), **named}


def _object(row: str, path: str | Path, number: int) -> dict[str, Any]:
    try:
        found = json.loads(row)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError("holds no JSON object", path, number)
    return found


def _template(row: dict[str, Any], path: str | Path, number: int) -> Template:
    def check(good: bool, reason: str) -> None:
        if not good:
            raise InputError(reason, path, number)

    names = {*Template._fields, "kind"}
    check(set(row) == names, f"must hold {', '.join(sorted(names))} and nothing else")
    key = row["key"]
    check(isinstance(key, str) and len(key) == 16 and set(key) <= set("0123456789abcdef"), "key is no 16 hex digits")
    kind = KINDS.get(int(key, 16) & 7)
    check(kind is not None and row["kind"] == kind, f"kind is {row['kind']!r}; the key's is {kind!r}")
    check(isinstance(row["source"], str), "source is no string")
    for name in ("pages", "lines", "neighbourhoods"):
        check(type(row[name]) is int and row[name] > 0, f"{name} is no number above 0")
    check(row["lines"] >= row["pages"], "there are fewer lines than pages")
    check(type(row["share"]) in (int, float) and 0 < row["share"] <= 1, "share is not above 0 and at most 1")
    examples = row["examples"]
    check(isinstance(examples, list) and all(isinstance(one, str) for one in examples), "examples are no strings")
    counts = (row["pages"], row["lines"], row["neighbourhoods"])
    return Template(row["source"], int(key, 16), *counts, row["share"], tuple(examples))
