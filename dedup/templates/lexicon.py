"""What a dictionary says of Chinese words: jieba's, loaded at the first question, which takes about a second."""

from __future__ import annotations

import functools
import logging
import warnings
from typing import Any

from dedup.templates.wordlists import HAN


@functools.cache
def _tagger() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
        import jieba.posseg
    jieba.setLogLevel(logging.WARNING)
    jieba.posseg.dt.initialize()  # not in `tag`: each call reads the whole dictionary again
    return jieba.posseg.dt


@functools.lru_cache(maxsize=1 << 14)
def tagged(text: str) -> list[tuple[str, str]]:
    """The words of a few characters, each with its part of speech; a word at least."""
    return [(pair.word, pair.flag or "x") for pair in _tagger().cut(text)] or [("", "x")]


def tag(word: str) -> str:
    """Part of speech of a word that the dictionary has; empty for any other."""
    return str(_tagger().word_tag_tab.get(word, ""))


def is_common(word: str) -> bool:
    """Whether the dictionary has the word, and as no name."""
    if len(word) < 2 or not all(char >= HAN[0] for char in word):
        return False
    found = tag(word)
    return bool(found) and found[:2] not in ("nr", "ns", "nt", "nz")
