"""What texts have in the slots of their template: by variable, what of it was lost, and whether two have the same."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.documents.normalise import normalise_rows
from dedup.fingerprints.sketch import text_hashes
from dedup.templates.model import Block, Slot, Template, Variable
from dedup.templates.slots import is_mask

ROWS = 4096  # that are Python objects at a time
FIGURES = ("number", "percentage", "money", "date", "year", "ordinal")
FIGURE = re.compile(r"[\d〇零一二三四五六七八九十两]|[^\W\d_\u3400-\u9fff]")  # a word may be a number, too
HOLLOW_DATE = re.compile(r"(?<![\d〇零一二三四五六七八九十元正腊])[月日号]")  # 5月日

MASKED = re.compile(r"(?<![a-z])x{2,}(?![a-z])|[*×＊_]{2,}", re.IGNORECASE)
LONGEST_MASKED = 12  # characters of a value that a mask in it makes worthless: 20xx人, XX镇

Spans = list[dict[str, Any]]  # of one document: slot, start, end and text of each, as `FILLED` has them


def is_lost(value: str, variable: Variable) -> bool:
    """Whether a value is a mask or nothing, or a figure of which only the unit is left: 户, 万元, 5月日."""
    if is_mask(value) or (len(value) <= LONGEST_MASKED and MASKED.search(value)):
        return True
    if variable.type not in FIGURES:
        return False
    if not FIGURE.search(value) or value.strip() == variable.unit:
        return True
    return variable.type == "date" and bool(HOLLOW_DATE.search(value))


def listed(template: Template) -> list[bool]:
    """Which variables stand in a list, so that a document has as many values as the list has items."""
    found = [False] * len(template.variables)
    for segment in template.segments:
        if isinstance(segment, Block) and segment.most > 1:
            for inner in segment.segments:
                if isinstance(inner, Slot):
                    found[inner.variable] = True
    return found


def row_values(template: Template, spans: Spans) -> list[list[str]]:
    """The values of one document by variable: none where it has no such slot.

    A variable that stands in many places has one value if they agree; of places that disagree each value is there
    once, and what is masked or lost only if nothing else is left. Items of lists are all there.
    """
    variables = [slot.variable for slot in template.slots()]
    found: list[list[str]] = [[] for _ in template.variables]
    for span in spans:
        found[variables[span["slot"]]].append(span["text"])
    for number, in_list in enumerate(listed(template)):
        if not in_list and len(found[number]) > 1:
            distinct = list(dict.fromkeys(found[number]))
            variable = template.variables[number]
            found[number] = [value for value in distinct if not is_lost(value, variable)] or distinct[:1]
    return found


def value_keys(template: Template, filled: pa.Table) -> np.ndarray:
    """Keys of the values of documents, ``[rows, variables] uint64``; equal for values that differ in spelling only.

    0 where a value is masked, lost or not there. `filled` are the rows of the template, `dedup.tables.FILLED`.
    """
    width = len(template.variables)
    keys = np.zeros((len(filled), width), np.uint64)
    for begin in range(0, len(filled), ROWS):
        fields: list[str] = []
        for spans in filled.column("spans").slice(begin, ROWS).to_pylist():
            for variable, values in zip(template.variables, row_values(template, spans), strict=True):
                fields.append("\n".join(value for value in values if not is_lost(value, variable)))
        hashes = text_hashes(normalise_rows(pa.array(fields, pa.large_string())))
        keys[begin : begin + ROWS] = hashes.reshape(-1, width)
    return keys


def differing(keys: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """In how many variables some pairs of rows differ, and how many they both know, ``[p] int64`` each."""
    differ, known = np.empty(len(a), np.int64), np.empty(len(a), np.int64)
    for begin in range(0, len(a), ROWS):
        one, two = keys[a[begin : begin + ROWS]], keys[b[begin : begin + ROWS]]
        both = (one != 0) & (two != 0)
        known[begin : begin + ROWS] = both.sum(axis=1)
        differ[begin : begin + ROWS] = (both & (one != two)).sum(axis=1)
    return differ, known
