"""Damage at the level of bytes, as sites make it that edit GBK text with tools that know only bytes.

Such a tool looks for two-byte codes anywhere, also where the second byte of one character meets the first byte of the
next. A hit there tears both characters apart, and the reader then drops or misreads bytes up to the next ASCII sign.
"""

import re
from dataclasses import replace
from functools import cache
from random import Random

from corpus.lexicon import data_lines
from corpus.writer import Page

FULL_WIDTH = re.compile(rb"\xa3([\xa1-\xfe])")
HIGH_BIT = 0x80


@cache
def noted_codes() -> tuple[tuple[bytes, bytes], ...]:
    """Codes of the characters that carry notes, simplified and traditional, and each code with its note behind."""
    pairs = []
    for simple, traditional, reading in map(str.split, data_lines("pinyin.txt")):
        note = f"({reading})".encode("gbk")
        pairs += [(code, code + note) for code in (simple.encode("gbk"), traditional.encode("gbk"))]
    return tuple(pairs)


def damage(text: str) -> str:
    """The text after full-width signs were narrowed and notes put in, byte by byte and blind to characters."""
    data = text.encode("gbk", errors="ignore")
    data = FULL_WIDTH.sub(lambda match: bytes([match[1][0] - HIGH_BIT]), data)
    for code, with_note in noted_codes():
        data = data.replace(code, with_note)
    return data.decode("gbk", errors="replace").replace("\ufffd", "")


def damaged(page: Page, _: Random) -> Page:
    """The page with its title and text put through that process."""
    return replace(page, title=damage(page.title), text=damage(page.text))
