"""Contenders: other tools that look for near copies, one file each.

A file `foo_bar.py` here holds a class `FooBar` that keeps to `Contender`; nothing else has to be told of it. Those that
take shingles get them from `documents.shingles`, all the same ones; those that read files do that for themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

# Files of this folder that are no contenders.
_OTHERS = {"__main__", "documents"}


class Contender(Protocol):
    """One tool with one setting, from nothing to pairs.

    What `add` (or `read`) and `search` do is timed; `pairs` only turns the tool's own answer into an array. A document
    is known by its number, in the order in which it came.

    Attributes
    ----------
    distribution : str
        The name under which pip knows it.
    recommendation : str
        Whose advice the default settings are: the page, and the words.
    settings : str
        The default settings in few words.
    sweep : tuple of dict
        Settings of rising recall.
    """

    distribution: ClassVar[str]
    recommendation: ClassVar[str]
    settings: ClassVar[str]
    sweep: ClassVar[tuple[dict[str, Any], ...]]

    def __init__(self, threshold: float, **settings: Any) -> None: ...

    def search(self) -> None:
        """Whatever has to wait until all documents are in."""

    def pairs(self) -> np.ndarray:
        """What the tool reports as near copies at its threshold: ``[p, 2] int64``, each pair once or more."""


class TakesShingles(Contender, Protocol):
    """A contender that is given shingles."""

    def add(self, documents: list[list[str]]) -> None:
        """Take some more documents, each as its distinct shingles in the order of the text."""


class ReadsFiles(Contender, Protocol):
    """A contender that reads the files itself."""

    def read(self, path: Path) -> None:
        """Take the documents of a folder of JSON lines."""

    def index_bytes(self) -> int | None:
        """What its index holds; None if it has none. (Of the others it is what they leave in memory.)"""


def names() -> list[str]:
    """All contenders."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _OTHERS)


def load(name: str) -> type[Contender]:
    """The class of one contender; an ImportError if its tool is not installed."""
    return getattr(importlib.import_module(f"{__name__}.{name}"), name.title().replace("_", ""))
