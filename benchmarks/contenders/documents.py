"""The same shingles for everyone: text views from a file, cut into runs of five tokens.

Nothing here imports the engine, so that the memory of a contender's process is the contender's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

TOKENS = 5
BATCH = 1000
# A view holds characters as they are and words and numbers as their code between spaces; the view has no other spaces.
_TOKEN = re.compile(" [0-9a-f]+ |.")


def shingles(view: str) -> list[str]:
    """The distinct runs of five tokens in the order of the text; a shorter text is one, one without tokens has none."""
    tokens = _TOKEN.findall(view) if " " in view else view
    count = len(tokens) - TOKENS + 1
    if count < 2:
        return [view] if view else []
    if isinstance(tokens, str):
        return list(dict.fromkeys([tokens[i : i + TOKENS] for i in range(count)]))
    return list(dict.fromkeys(["".join(tokens[i : i + TOKENS]) for i in range(count)]))


def read_views(path: Path) -> Iterator[list[str]]:
    """The views of a file, a thousand at a time."""
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = (line[:-1] for line in file)
        while batch := list(islice(lines, BATCH)):
            yield batch
