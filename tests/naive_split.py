"""The slow twins of the kernels that find headings and split pages, written from the rules.

It imports nothing of `dedup`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMERALS = "0123456789一二三四五六七八九十百零〇两"
NONE, NAMED, NUMBERED, LISTED = range(4)
HEADED, WEAK, LED, REST = range(4)
PIECE = 0

_N = f"[{NUMERALS}]"
_BLANKS = frozenset(map(chr, range(33))) | {"\u3000", "\xa0"}


def narrow(char: str) -> str:
    """ASCII for full-width signs, one shape of brackets, one kind of space."""
    if "！" <= char <= "～":
        char = chr(ord(char) - 0xFEE0)
    char = {"【": "[", "〔": "[", "】": "]", "〕": "]"}.get(char, char)
    return " " if char in _BLANKS else char


def heading(line: str, broken: bool, longest: int) -> tuple[int, int]:
    """What a line may be the heading of, and the key that its family shares."""
    line = line.rstrip("".join(map(chr, range(33))))
    if not line or len(line.encode()) > (longest if line.isascii() else 5 * longest) or line[-1] in ".,;!。；，！":
        return NONE, 0
    begin = line.lstrip(" ")[:1]
    looked_at = begin in "0123456789#" or begin.encode()[:1] == b"\xef" or narrow(line[-1]) in NUMERALS + ")]"
    if not looked_at and "篇" not in line.lstrip(" "):
        return NONE, 0
    spread = "".join(map(narrow, line))
    text = spread.replace(" ", "")
    if re.search(rf"(?:{_N}|[(\[]{_N}+[)\]])篇[)\]]$", text) and not re.search(rf"第{_N}+篇[)\]]$", text):
        return LISTED, 0
    if re.search(rf"篇[(\[]?{_N}|第{_N}+篇", text):
        return NAMED, 0
    if re.search("[。,;]", text):
        return NONE, 0
    if re.search(rf"^(?:{_N}+|[(\[]{_N}+[)\]])$", text):
        return (NUMBERED if broken else NONE), 1
    bracketed = re.search(rf"[(\[]({_N}{{1,7}})[)\]]$", text)
    if bracketed:
        return NUMBERED, key(text[: bracketed.start(1)])
    plain = re.search(rf"(?<!{_N})({_N}{{1,7}})$", text)
    if plain:
        before = text[: plain.start(1)]
        word = before[-2:-1] if before[-1:] in ("(", "[") else before[-1:]
        # The last blank of the line stands right before the number.
        apart = " " in spread.strip(" ") and spread.strip(" ").rindex(" ") == len(spread.strip(" ")) - len(plain[1]) - 1
        if word in ("文", "本", "稿", "例") or (apart and (text[0] == "#" or "a" <= word <= "z")):
            return NUMBERED, key(before)
    if re.search(rf"^#*\d[#{NUMERALS}]*[.、:]", text) and text[-1] != ":":
        after = re.search(rf"^[ #]*\d[ #{NUMERALS}]*[.、:](?![0-9])", spread)
        if after:
            return NUMBERED, key(text)
    return NONE, 0


def key(text: str) -> int:
    """The last six characters, ten bits each."""
    value = 0
    for char in text:
        value = (value << 10 ^ ord(char)) % 2**60
    return value | 1


def page_marks(lines: Sequence[str], longest: int) -> list[tuple[int, int]]:
    """`heading` of every line of a page."""
    marks = []
    torn = False
    for line in lines:
        marks.append(heading(line, torn, longest))
        bare = line.rstrip("".join(map(chr, range(33))))
        torn = bool(bare) and bare[-1] in ".,;!。；，！" and len(bare.encode()) < min(64, 5 * longest + 1)
    return marks


def split(
    cuts: Sequence[tuple[int, int, int]], extras: Sequence[int], points: Sequence[int], size: int, least: int
) -> list[tuple[int, int]]:
    """The stretches of one page, (first line, kind), from its cuts (line, body, kind) and more lines."""
    ends = [*points, size]
    bounds = list(cuts) if cuts and cuts[0][0] == 0 else [(0, 0, LED), *cuts]
    stretches: list[tuple[int, int]] = []
    short_end = False
    for at, (line, body, kind) in enumerate(bounds):
        is_last = at == len(bounds) - 1
        following = len(points) if is_last else bounds[at + 1][0]
        if kind == REST or (kind == HEADED and body >= following):
            stretches.append((line, REST))
            continue
        inside = [e for e in sorted(set(extras)) if body < e < following]
        if not is_last:
            inside = [e for e in inside if ends[following] - ends[e] >= least]
        if len(bounds) > len(cuts) and at == 0:  # a page that does not begin with a cut
            if inside and ends[inside[0]] < least:
                kind = REST
        else:
            inside = [e for e in inside if ends[e] - ends[body] >= least]
        chosen: list[int] = []
        for e in inside:
            if chosen and ends[e] - ends[chosen[-1]] < least:
                chosen.pop()
            chosen.append(e)
        stretches += [(line, kind), *((e, LED) for e in chosen)]
        short_end = is_last and bool(chosen) and size - ends[chosen[-1]] < least
    if short_end:
        stretches[-1] = (stretches[-1][0], REST)
    merged: list[tuple[int, int]] = []
    for line, kind in stretches:
        if not (merged and kind == REST == merged[-1][1]):
            merged.append((line, REST if kind == REST else PIECE))
    return merged if len(merged) > 1 else [(0, PIECE)]


def nearest(points: Sequence[int], size: int, position: int) -> int:
    """The line that begins nearest to a code point, of two the upper; the end of the page is one."""
    ends = [*points, size]
    return min(range(len(ends)), key=lambda line: (abs(ends[line] - position), line))
