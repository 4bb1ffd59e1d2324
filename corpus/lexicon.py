"""The words and sentence patterns, read from the text files in words/.

They are data, not code, so that a list can grow without a program being read again.
"""

from functools import cache
from pathlib import Path

WORDS = Path(__file__).parent / "words"
LISTS_IN = ("lists.txt", "topics.txt", "sentences.txt", "forms.txt", "english.txt", "names.txt")
SENTENCE_SECTIONS = (
    "opening",
    "measure",
    "result",
    "problem",
    "plan",
    "demand",
    "clause",
    "minutes",
    "news",
    "heading",
    "short",
    "en.sentence",
)


def data_lines(name: str) -> list[str]:
    """The lines of one file in words/, without comments and blank lines."""
    lines = (line.strip() for line in (WORDS / name).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@cache
def lists() -> dict[str, tuple[str, ...]]:
    """Every named list of every file, as `name -> entries`."""
    found: dict[str, list[str]] = {}
    for file in LISTS_IN:
        current: list[str] | None = None
        for line in data_lines(file):
            if line.startswith("[") and line.endswith("]"):
                current = found.setdefault(line[1:-1], [])
            elif current is None:
                raise ValueError(f"{file}: an entry stands before the first [list]")
            else:
                current.extend(entry for entry in line.split(";") if entry)
    return {name: tuple(entries) for name, entries in found.items()}


@cache
def topics() -> tuple[str, ...]:
    """The names of the topics, in the order of topics.txt."""
    return tuple(name.removesuffix(".term") for name in lists() if name.endswith(".term"))


@cache
def stock_phrases() -> frozenset[str]:
    """The formulae that clean reports may share; every other sentence belongs to one report alone."""
    return frozenset(entry for name, entries in lists().items() if name.startswith("stock.") for entry in entries)


def sentence_patterns() -> list[str]:
    """All sentence patterns, Chinese and English."""
    return [pattern for section in SENTENCE_SECTIONS for pattern in lists()[section]]
