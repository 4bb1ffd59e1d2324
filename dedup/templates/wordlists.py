"""The word lists that tell what a value is, read from the text files in words/ when they are first asked for."""

from __future__ import annotations

import functools
import re
from pathlib import Path

FOLDER = Path(__file__).with_name("words")
HAN = "㐀-鿿豈-\ufaff𠀀-\U000323af々〇"


@functools.cache
def wordlist(name: str) -> frozenset[str]:
    """Every word of one file, without its comments."""
    return frozenset(word for line in _lines(name) if not line.startswith("#") for word in line.split())


@functools.cache
def section(name: str, title: str) -> frozenset[str]:
    """The words of one file below the comment that begins with `title`."""
    lines, found, inside = _lines(name), set(), False
    for line in lines:
        if line.startswith("#"):
            inside = line.removeprefix("#").strip().startswith(title)
        elif inside:
            found |= set(line.split())
    return frozenset(found)


@functools.cache
def surnames() -> frozenset[str]:
    """Chinese family names: single characters, and the compound ones."""
    found: set[str] = set()
    for line in _lines("surnames"):
        if not line.startswith("#"):
            found |= set(line.split()) if " " in line else set(line)
    return frozenset(found)


def alternatives(words: frozenset[str]) -> str:
    """The words as a part of a regular expression, longer ones first."""
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))


def _lines(name: str) -> list[str]:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip()]
