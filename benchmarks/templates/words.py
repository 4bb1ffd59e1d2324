"""What other tools are given for tokens: words, or characters; each with where it stands."""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

WORDS, CHARACTERS = "words", "characters"
UNITS = (WORDS, CHARACTERS)
_RUNS = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_㐀-鿿]+|\S")


class Token(NamedTuple):
    """A token and where it begins; white space is none."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokens(text: str, unit: str) -> list[Token]:
    """Words as jieba cuts them, or single Chinese characters; numbers and Latin words are one token either way."""
    if unit == CHARACTERS:
        return [Token(match.group(), match.start()) for match in _RUNS.finditer(text)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its patterns are older than the warning
        import jieba
    jieba.setLogLevel("ERROR")
    found, at = [], 0
    for word in jieba.cut(text):
        if not word.isspace():
            found.append(Token(word, at))
        at += len(word)
    return found
