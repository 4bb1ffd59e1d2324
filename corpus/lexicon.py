"""The words and sentence patterns, read from the text files in words/.

They are data, not code, so that a list can grow without a program being read again.
"""

import re
from functools import cache
from itertools import product
from pathlib import Path

WORDS = Path(__file__).parent / "words"
LISTS_IN = ("general.txt", "deeds.txt", "sentences.txt", "forms.txt", "names.txt", "english.txt")
TOPICS_IN = {"zh": ("land.txt", "trade.txt", "people.txt", "offices.txt"), "en": ("english-topics.txt",)}
OFTEN = re.compile(r"(\d+)\*")
VARIANTS = 6
"""A verb goes with its object directly, or with so many of the words that may stand in between."""
TOPIC_KEYS = ("topic", "thing", "do", "count", "gain", "fault", "who", "where", "office")


def data_lines(name: str) -> list[str]:
    """The lines of one file in words/, without comments and blank lines."""
    lines = (line.strip() for line in (WORDS / name).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def crossed(line: str, between: tuple[str, ...] = ()) -> list[str]:
    """The entries of a line; `a/b×c/d` stands for the four entries ac, ad, bc, bd, and `3*a` for a three times.

    If there are words to put in between, each of ac, ad, ... stands there as it is and with VARIANTS of them.
    """
    entries: list[str] = []
    for entry in line.split(";"):
        entry = entry.strip()
        if often := OFTEN.match(entry):
            entries += [entry[often.end() :]] * int(often[1])
        elif "×" in entry:
            joint = " " if " × " in entry else ""
            factors = [factor.strip().split("/") for factor in entry.split("×")]
            crosses = list(product(*factors))
            entries += [joint.join(words) for words in crosses]
            for words in crosses if between else ():
                if words[1].startswith("the "):
                    continue
                at = len(entries) * 7
                words = (words[0] + joint, joint + words[1])
                entries += [between[(at + n * 11) % len(between)].join(words) for n in range(VARIANTS)]
        elif entry:
            entries.append(entry)
    return entries


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
                current += crossed(line)
    return {name: tuple(entries) for name, entries in found.items()}


@cache
def topics(language: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """The topics of one language, "zh" or "en": `name -> key -> entries`, with the keys of TOPIC_KEYS."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in TOPICS_IN[language]:
        for line in data_lines(file):
            if line.startswith("["):
                current = found.setdefault(line[1:-1], {"topic": (line[1:-1],)})
            else:
                key, _, entries = line.partition(":")
                between = lists()["between" if language == "zh" else "en.between"] if key == "do" else ()
                current[key] = tuple(crossed(entries, between))
    for name, entries in found.items():
        if missing := set(TOPIC_KEYS) - set(entries):
            raise ValueError(f"topic {name} lacks {', '.join(sorted(missing))}")
    return found
