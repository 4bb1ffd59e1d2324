"""What finds templates: this engine and others, one file each, and the families they are given.

Every one of them takes the texts of one family and answers, for each text, which of its characters lie in which slot.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

NAMES = ("ours", "drain", "infoshield")


class Found(NamedTuple):
    """A value that was found in a text.

    Attributes
    ----------
    start, end : int
        Code points.
    slot : int
        Number of the slot within its template.
    variable : int
        Equal for slots that are said to hold one value; -1 where nothing is said.
    type : str
        Empty where nothing is said.
    """

    start: int
    end: int
    slot: int
    variable: int = -1
    type: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was made of the texts of one family.

    Attributes
    ----------
    members : list
        For each text the values found, None if it was said not to be of the template.
    restored : list of bool
        For each text, whether the template filled with its values is that text again; empty if nothing can be filled.
    edits : list of int
        For each text, what is neither of the template nor a value, in tokens.
    compression, concentration : float
        As the template says; nan where it does not.
    building, matching : float
        Seconds.
    """

    members: list[list[Found] | None]
    restored: list[bool] = field(default_factory=list)
    edits: list[int] = field(default_factory=list)
    compression: float = float("nan")
    concentration: float = float("nan")
    building: float = 0.0
    matching: float = 0.0


class Finder(Protocol):
    """One tool. `read` has the texts of one family, `families` those of many and of none."""

    def read(self, texts: Sequence[str]) -> Answer:
        """The values of every text."""

    def families(self, texts: Sequence[str]) -> list[int]:
        """A class number per text; texts that are in no family have one of their own."""


def load(name: str) -> type[Finder]:
    """The class of one of them; an ImportError if its tool is not installed."""
    return getattr(importlib.import_module(f"{__name__}.{name}"), name.title())
