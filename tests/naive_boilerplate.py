"""The slow twin of the line keys, of the counting and of the rule, written from the rules.

It imports nothing of `dedup`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tests import naive

VALUE, TITLE, FREE = "<value>", "<title>", "<free>"
ORDINALS = "一二三四五六七八九十百"
OPENING, CLOSING = "《〈「『“", "》〉」』”"
STEPS, FIELDS, STOPS, COMMAS = ">＞›»", ":：|｜\t\u3000【】", "。！？；!?;", "，,"

Key = tuple[Any, ...]


class Keys(NamedTuple):
    """The templates of a line: its kind and what is fixed, None where there is none."""

    whole: Key | None
    weak: Key | None


def is_word(token: str) -> bool:
    return token not in (VALUE, TITLE, FREE) and (len(token) > 1 or naive.kind(token) in "ax")


def says(tokens: Iterable[str]) -> int:
    """A token counts one, a word of letters two, what is folded nothing."""
    return sum(0 if token in (VALUE, TITLE, FREE) else 1 + is_word(token) for token in tokens)


def marks_of(line: str) -> list[tuple[int, str]]:
    """Where the signs that matter stand, and what they are."""
    found = []
    for at, char in enumerate(line):
        before, after = line[at - 1 : at], line[at + 1 : at + 2]
        if char in ",:，：" and before.isdigit() and after.isdigit():
            continue
        for name, signs in (("open", OPENING), ("close", CLOSING), ("step", STEPS), ("field", FIELDS), ("stop", STOPS)):
            if char in signs:
                found.append((at, name))
        if char in COMMAS:
            found.append((at, "comma"))
        elif char == "<":
            found.append((at, "tag"))
        elif after == " " and char in " ./" and (char != "/" or before == " "):
            found.append((at, {" ": "field", ".": "stop", "/": "step"}[char]))
    return found


def fold(line: str) -> tuple[list[str], list[tuple[int, str]]]:
    """The tokens of a line's template, and the marks by the number of tokens before them."""
    plain, spans = naive.tokens(line), naive.spans(line)
    marks = [(sum(start < at for start, _ in spans), name) for at, name in marks_of(line)]
    titles = {}  # first token → behind the last, of each quoted title
    for k, (first, name) in enumerate(marks):
        last = next((place for place, other in marks[k + 1 :] if other == "close"), first)
        if name == "open" and 0 < last - first <= 60 and first not in titles:
            titles[first] = last
    out: list[str] = []
    new_place = {}
    at = 0
    while at < len(plain):
        new_place[at] = len(out)
        if at in titles:
            for inside in range(at + 1, titles[at]):
                new_place[inside] = len(out)
            out.append(TITLE)
            at = titles[at]
            continue
        token = plain[at]
        out.append(VALUE if token == naive.MASK or re.search("[0-9]", token) else token)
        at += 1
    new_place[len(plain)] = len(out)
    return fold_ordinals(out, [(new_place[place], name) for place, name in marks])


def fold_ordinals(tokens: list[str], marks: list[tuple[int, str]]) -> tuple[list[str], list[tuple[int, str]]]:
    """Numerals right before 篇, or right behind it where none stand before, are one VALUE; not in 上一篇, 下一篇."""
    out: list[str] = []
    place = {}
    at = 0
    while at < len(tokens):
        place[at] = len(out)
        run = at
        while run < len(tokens) and tokens[run] in ORDINALS:
            run += 1
        before = out[-1] if out else ""
        if run > at and run < len(tokens) and tokens[run] == "篇" and before not in ("上", "下", *ORDINALS):
            for inside in range(at, run):
                place[inside] = len(out)
            out += [VALUE, "篇"]
            place[run] = len(out) - 1
            at = run + 1
        elif tokens[at] == "篇" and (not out or out[-1] not in ORDINALS) and tokens[at + 1 : at + 2]:
            out.append("篇")
            at += 1
            run = at
            while run < len(tokens) and tokens[run] in ORDINALS and (run == at or all(p != run for p, _ in marks)):
                place[run] = len(out)
                run += 1
            if run > at and all(p != at for p, _ in marks):
                out.append(VALUE)
                at = run
        else:
            out.append(tokens[at])
            at += 1
    place[len(tokens)] = len(out)
    return out, [(place[at], name) for at, name in marks]


def keys(line: str) -> Keys:
    """The keys of one line, its line end included or not."""
    count = len(naive.tokens(line))
    if not 4 <= count <= 200:
        return Keys(None, None)
    tokens, marks = fold(line.rstrip("\n"))
    names = Counter(name for _, name in marks)
    closed = line.rstrip(" \n\r").endswith((")", "）"))
    if 3 <= len(tokens) <= 80 and tokens[-1] in "篇字" and tokens[-2] == VALUE and closed:
        return Keys(("collection",), None)
    sentence = names["stop"] + names["comma"] > 0
    said = says(tokens) - (2 * max(0, tokens.count(VALUE) - 1) if sentence else 0)
    if sentence and said < 13:
        return Keys(None, None)
    return Keys(("whole" if said >= 13 else "short", *tokens), weak(tokens, marks, sentence))


def weak(tokens: list[str], marks: list[tuple[int, str]], sentence: bool) -> Key | None:
    """The key of a line's template with one part free."""
    if len(tokens) > 80:
        return None
    if sentence:
        return frame(tokens)
    steps = [place for place, name in marks if name == "step"]
    if len(steps) >= 2 and all(name != "tag" for _, name in marks):
        end = steps[0] if says(tokens[: steps[0]]) >= 4 else steps[1]
        if says(tokens[:end]) >= 4:
            return ("crumb", *tokens[:end])
    edges = [place for place, name in marks if name in ("step", "field")]
    if len(edges) < 2:
        return None
    spans = [(a, b) for a, b in zip([0, *edges], [*edges, len(tokens)], strict=True) if b > a]
    if len(spans) < 3:
        return None
    a, b = max(spans, key=lambda span: span[1] - span[0])
    return ("fields", *tokens[:a], FREE, *tokens[b:]) if says(tokens[:a] + tokens[b:]) >= 8 else None


def frame(tokens: list[str]) -> Key | None:
    """Both ends of a sentence that does not begin with a number."""
    size = 8 if len(tokens) <= 32 else 12
    ends = tokens[:size] + tokens[-size:]
    if not 17 <= len(tokens) <= 48 or tokens[0] in (VALUE, "第", *ORDINALS) or says(ends) < 13:
        return None
    return ("frame", *tokens[:size], FREE, *tokens[-size:])


# -- counting -----------------------------------------------------------------------------------------------------


def count(pages: Sequence[Sequence[tuple[int, int, Any]]], sources: Sequence[int]) -> dict[tuple[int, int], list[int]]:
    """Pages, lines and neighbourhoods of every (source, key); a line is its whole key, its weak one, its name.

    Keys are 0 where there is none; a name of None is a blank line, which neighbours look past.
    """
    seen: dict[tuple[int, int], list[tuple[int, Any]]] = defaultdict(list)
    for number, (page, source) in enumerate(zip(pages, sources, strict=True)):
        lines = [line for line in page if line[2] is not None]
        names = [None, *(line[2] for line in lines), None]
        for at, line in enumerate(lines):
            for key in line[:2]:
                if key:
                    seen[source, key].append((number, (names[at], names[at + 2])))
    return {
        group: [len({number for number, _ in found}), len(found), len({around for _, around in found})]
        for group, found in seen.items()
    }


def variety(values: Iterable[Any]) -> float:
    """As how many equally frequent values these are mixed: Simpson's index."""
    counts = Counter(values)
    return sum(counts.values()) ** 2 / sum(number**2 for number in counts.values())


def likeness_variety(pages: Sequence[set[Any]]) -> float:
    """The same of pages that are alike if they share a value, or if one of them has none."""
    alike = sum(a is b or not a or not b or bool(a & b) for a in pages for b in pages)
    return len(pages) ** 2 / alike
