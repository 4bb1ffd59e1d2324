"""Slots with no words between them: one holds what looks like a year or a number, and its neighbour the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dedup.templates.model import Slot

FORMS = {"year": r"(?:19|20)(?:\d\d|[xX×*]{2})年", "number": r"\d+(?:[.,]\d+)*"}
_HEAD = {form: re.compile(pattern) for form, pattern in FORMS.items()}
_TAIL = {form: re.compile(f"(?:{pattern})\\Z") for form, pattern in FORMS.items()}

ENDS_ALIKE = 0.8  # share of the values that end in a number, from which on it is a value of its own
LEAST_OPTIONAL, LEAST_YEARS = 0.05, 3  # share of the values that begin with a year, and how many, that make it one


def find_forms(values: Sequence[str]) -> tuple[str, str]:
    """What the values of a slot begin and end with that is a value of its own.

    Parameters
    ----------
    values : sequence of str

    Returns
    -------
    head, tail : str
        A name in `FORMS`, or empty.
    """
    there = [value for value in values if value]
    rest = [value[: -len(found)] for value, found in zip(there, map(_number, there), strict=True) if found]
    tail = "number" if len(rest) >= max(2, ENDS_ALIKE * len(there)) and len(set(filter(None, rest))) > 1 else ""
    years = [value for value in there if (found := _HEAD["year"].match(value)) and found.end() < len(value)]
    head = "year" if len(years) >= max(LEAST_YEARS, LEAST_OPTIONAL * len(there)) else ""
    return head, tail


def _number(value: str) -> str:
    found = _TAIL["number"].search(value)
    return found[0] if found else ""


def take_apart(value: str, slots: Sequence[Slot]) -> list[str]:
    """What each of some slots side by side holds of a value: one with a form what looks like it, the other the rest."""
    taken = [""] * len(slots)
    free = next((place for place, slot in enumerate(slots) if not slot.form), len(slots) - 1)
    for place in range(free):
        found = _HEAD[slots[place].form].match(value)
        taken[place] = found[0] if found else ""
        value = value[len(taken[place]) :]
    for place in range(len(slots) - 1, free, -1):
        found = _TAIL[slots[place].form].search(value)
        taken[place] = found[0] if found else ""
        value = value[: len(value) - len(taken[place])]
    taken[free] = value
    return taken
