"""Slot types that are figures: percentages, money, dates, years, ordinals and numbers with what they count.

Each function says how a slot would be read as its type (`Fit`), or that it would not (`None`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from dedup.templates.reading import Seen
from dedup.templates.wordlists import alternatives, section, wordlist

MAJORITY, MAJORITY_OF_FEW, FEW = 0.8, 0.65, 4
"""Share of the values that must be of a type; what damage leaves of a value is of none. Of three or four one
may be damaged."""
UNDAMAGED = 0.5
"""Share of the figures that must be undamaged."""
LONGEST_UNIT = 24  # characters: `percentage points`, `square kilometres`


class Fit(NamedTuple):
    """A slot read as one type: folded characters of the text before and behind that belong to the values."""

    unit: str = ""
    head: int = 0
    tail: int = 0


_HAN_DIGIT = "〇零一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟几数"
_ONE = rf"(?:[+-]?\.?\d[\d,]*(?:\.\d+)*(?:[:/]\d+)*|[{_HAN_DIGIT}]+(?:点[{_HAN_DIGIT}]+)?|半)"
_SCALE = r"(?:[十百千]?[万亿]|[百千万]亿|[百千]万)"
_RANGE = rf"{_ONE}{_SCALE}?(?: ?(?:[-–—~]+|至|到|to) ?{_ONE}{_SCALE}?)?"
_ABOUT = "(?:余|多|来)?"
_ENGLISH_SCALE = r"(?: ?(?:million|billion|trillion|thousand|hundred|dozen|bn|mn|m|k)\b)"
_PERCENT = r"%|‰|个百分点|百分点|成(?![立为员果本效交长就])| ?per ?cent\b| ?percentage points?\b| ?percent\b| ?pct\b"
_SIGN = r"(?:(?:US|HK|NT|A|C)?\$|¥|€|£|RMB ?|USD ?|人民币|CNY ?|EUR ?|GBP ?)"


def share(seen: Seen, test: Callable[[str], object], least: float = 0.0) -> float:
    """How many of the values pass; 0 as soon as they cannot be `least`: most slots are of most types not at all."""
    passed = seen.total
    for value, count in seen.values:
        if not test(value):
            passed -= count
            if passed < least * seen.total:
                return 0.0
    return passed / max(1, seen.total)


def most(seen: Seen, test: Callable[[str], object]) -> bool:
    """Whether so many of the values pass that they are what the slot holds."""
    needed = MAJORITY if seen.total > FEW else MAJORITY_OF_FEW
    whole = share(seen, test, UNDAMAGED)
    if whole >= needed or whole < UNDAMAGED:
        return whole >= needed
    # Of two values one may be damaged: figures with one foreign character in them speak for the type of the others.
    return share(seen, lambda value: test(value) or _repaired(value, test), needed) >= needed


def most_names(seen: Seen, test: Callable[[str], object]) -> bool:
    """The same of names: they are told by less than figures are, so of few values none may differ."""
    return share(seen, test, MAJORITY) >= MAJORITY


def _repaired(value: str, test: Callable[[str], object]) -> bool:
    """Whether a figure would pass without one character that no figure has, or with a digit for it."""
    if not any(char.isdigit() for char in value):
        return False
    foreign = (i for i, char in enumerate(value) if not char.isascii() or char.isalpha())
    return any(test(value[:i] + digit + value[i + 1 :]) for i in foreign for digit in ("", "1"))


def _prefixes(after: str, pattern: re.Pattern[str]) -> list[str]:
    """The beginnings of the text behind that the pattern matches whole, longest first, and none of it."""
    room = after[:LONGEST_UNIT]
    return [room[:k] for k in range(len(room), 0, -1) if pattern.fullmatch(room, 0, k) and _word_ends(room, k)] + [""]


def _word_ends(text: str, k: int) -> bool:
    return not (k < len(text) and text[k - 1].isascii() and text[k - 1].isalpha() and text[k].isalpha())


def _with_tail(seen: Seen, tails: list[str], whole: re.Pattern[str], head: str = "") -> str | None:
    """The first of `tails` with which four fifths of the values match whole."""
    return next((tail for tail in tails if most(seen, partial(_is_whole, whole, head, tail))), None)


def _is_whole(whole: re.Pattern[str], head: str, tail: str, value: str) -> bool:
    return whole.fullmatch(head + value + tail) is not None


# -- percentages and money ------------------------------------------------------------------------------------------


_PERCENTAGE = re.compile(rf"{_RANGE}{_ABOUT}(?:{_PERCENT})|百分之{_RANGE}|{_ONE}%? ?[-–—~至到]+ ?{_ONE}%")
_PERCENT_SIGN = re.compile(_PERCENT)


def percentage(seen: Seen) -> Fit | None:
    """``90.7％``, ``45 per cent``, ``3个百分点``, ``百分之五``: with its sign."""
    head = "百分之" if seen.before.endswith("百分之") else ""
    tail = _with_tail(seen, _prefixes(seen.after, _PERCENT_SIGN), _PERCENTAGE, head)
    if tail is None:
        return None
    return Fit(tail.strip() or "%", len(head), len(tail))


@functools.cache
def _money() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    coin = rf"(?:美元|欧元|港元|日元|英镑|港币|元|块钱|元人民币| ?(?:{alternatives(section('english', 'money'))})\b)"
    amount = rf"{_RANGE}{_ENGLISH_SCALE}?{_SCALE}?{_ABOUT}"
    return (
        re.compile(rf"{_SIGN}{amount}{coin}?|{amount}{coin}", re.IGNORECASE),
        re.compile(rf"{_SCALE}?{_ABOUT}{coin}|{_SCALE}|{_ENGLISH_SCALE}{coin}?", re.IGNORECASE),
        re.compile(rf"{_SIGN}\Z"),
    )


def money(seen: Seen) -> Fit | None:
    """``3.53亿元``, ``$4.2 million``: with currency and scale."""
    whole, behind, sign = _money()
    found = sign.search(seen.before)
    tens, rest = _shared_numerals(seen)
    tails = [rest + tail for tail in _prefixes(seen.after[len(rest) :], behind)]
    for head in ([found[0]] if found else []) + [tens] + ([""] if tens else []):
        tail = _with_tail(seen, tails, whole, head)
        if tail is not None:
            return Fit(_money_unit(seen, head if found else "", tail[len(rest) :]), len(head), len(tail))
    return None


def _money_unit(seen: Seen, head: str, tail: str) -> str:
    return (head or tail or _common_rest(seen)).strip()


# -- time -----------------------------------------------------------------------------------------------------------


_MONTH_AND_DAY = r"\d{1,2}月(?:\d{1,2}[日号]|[上中下]旬|初|底|末)"
_HAN_MONTH_AND_DAY = r"[一二三四五六七八九十正腊]{1,2}月[初一二三四五六七八九十廿]{1,3}[日号]?"


class _Dates(NamedTuple):
    whole: re.Pattern[str]
    behind: re.Pattern[str]
    before: tuple[re.Pattern[str], ...]


@functools.cache
def _dates() -> _Dates:
    months = alternatives(section("english", "month"))
    return _Dates(
        re.compile(
            rf"(?:\d{{2,4}}年)?(?:{_MONTH_AND_DAY}|{_HAN_MONTH_AND_DAY})"
            r"(?:(?:至|到|[-–—~]+)(?:\d{1,2}月)?\d{1,2}[日号])?(?:[上下]午|\d{1,2}[时点](?:\d{1,2}分)?|\d{1,2}:\d\d)?|\d{4}年\d{1,2}月(?:份)?"
            r"|(?:19|20)\d\d([-./])\d{1,2}\1\d{1,2}|\d{1,2}([/.-])\d{1,2}\2(?:19|20)\d\d"
            rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{months})\.?,?(?: (?:19|20)\d\d)?"
            rf"|(?:{months})\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? (?:19|20)\d\d)?"
        ),
        re.compile(rf"月(?:\d{{1,2}}[日号])?|[日号]|[时点](?:\d{{1,2}}分)?|(?:st|nd|rd|th)?(?: of)? (?:{months})"),
        (
            re.compile(r"(?<!\d)(\d{1,2}月)\Z"),
            re.compile(rf"\b((?:{months}) )\Z"),
            re.compile(r"(?<!\d)(\d\d? )\Z"),
        ),
    )


def date(seen: Seen) -> Fit | None:
    """``6月16日``, ``2 August``, ``2023-05-06``: what names a day, or the month of a year that it names."""
    dates = _dates()
    if most(seen, dates.whole.fullmatch):
        return Fit()
    for head in [*(found[1] for pattern in dates.before if (found := pattern.search(seen.before))), ""]:
        tail = _with_tail(seen, _prefixes(seen.after, dates.behind), dates.whole, head)
        if tail is not None:
            return Fit("", len(head), len(tail))
    return None


_YEAR = re.compile(r"(?:1[5-9]|20)\d\d|[一二][〇零九八七一二三四五六○]{3}")
_NEAR_YEAR = re.compile(r"(?:19[5-9]|20[0-4])\d")
_SCHOOL_YEAR = re.compile(r"(?:19|20)\d\d ?[-–—~/至] ?(?:(?:19|20)\d\d|\d\d)")
_BEHIND_YEAR = re.compile(r"(?:财|学)?年(?!时间|来|内|间|以[上后])")


def year(seen: Seen) -> Fit | None:
    """``2023`` before 年, or standing alone: the figures without 年."""
    if _BEHIND_YEAR.match(seen.after):
        if most(seen, _NEAR_YEAR.fullmatch):
            return Fit()
        return Fit() if most(seen, lambda v: _YEAR.fullmatch(v) or _SCHOOL_YEAR.fullmatch(v)) else None
    if seen.after[:1].strip() and _figure_goes_on(seen.after):
        return None
    if most(seen, lambda v: _NEAR_YEAR.fullmatch(v) or _SCHOOL_YEAR.fullmatch(v)):
        return Fit()
    return Fit() if most(seen, lambda v: v.endswith("年") and _YEAR.fullmatch(v[:-1])) else None


def _figure_goes_on(after: str) -> bool:
    """Whether a Chinese unit, a percent sign or more figures stand right behind."""
    return bool(_unit().match(after) or _PERCENT_SIGN.match(after) or (after[0].isalnum() and after[0].isascii()))


# -- ordinals and numbers -------------------------------------------------------------------------------------------


_COUNT = re.compile(r"\d{1,4}|[〇零一二三四五六七八九十百]{1,5}|[A-Z]|[IVX]{1,5}|[①-⑳㈠-㈩]")
_ORDINAL = re.compile(
    r"第(?:\d{1,4}|[〇零一二三四五六七八九十百]{1,5})"
    r"|\d{1,3}(?:st|nd|rd|th)|[(]?[一二三四五六七八九十]{1,3}[)]|[一二三四五六七八九十]是"
)
_NAMED = re.compile(r"(?:第|之|篇|卷之|(?i:\b(?:no|chapter|part|section|article|appendix|volume|item)\.? ?))\Z")
_ITEM_BEFORE = re.compile(r"(?:^|\n|[。;；:：] ?)[(]?\Z")
_ITEM_BEHIND = re.compile(r"[)、]|[.] ?\D|是(?!否)")
# Characters of a Han numeral that all share stand beside the slot: of 第三十五条 and 第三十八条 it holds 五 and 八.
_HAN_ORDINAL = re.compile(rf"第([{_HAN_DIGIT}]*)\Z")
_HAN_REST = re.compile(rf"[十百千][{_HAN_DIGIT}]*")
_TENS_BEFORE = re.compile(rf"[{_HAN_DIGIT}]*[十百千万零]\Z")
_TITLE_ENDS = re.compile(r"[\s。)、，,；;:：]|\Z")


def ordinal(seen: Seen) -> Fit | None:
    """``第三``, ``篇三``, ``(二)``, ``一是``, ``21st``: which of a row; what all share stays outside."""
    if most(seen, _ORDINAL.fullmatch):
        return Fit()
    if not most(seen, _COUNT.fullmatch):
        return None
    cut = _HAN_ORDINAL.search(seen.before)
    if cut and most(seen, is_han_figure):
        behind = _HAN_REST.match(seen.after)
        return Fit("第", len(cut[1]), len(behind[0]) if behind else 0)
    named = _NAMED.search(seen.before)
    if named and (named[0] == "第" or named[0].isascii() or _TITLE_ENDS.match(seen.after)):
        return Fit(named[0].strip())
    if _ITEM_BEHIND.match(seen.after) and _ITEM_BEFORE.search(seen.before):
        return Fit()
    if seen.before.endswith("(") and seen.after.startswith(")") and most(seen, lambda v: not v.isdigit()):
        return Fit()
    return None


_ENGLISH_UNIT = re.compile(r"[ -]([A-Za-z][A-Za-z'’]+|[a-z]{1,2}\d?)(?![\w'’])")


@functools.cache
def _unit() -> re.Pattern[str]:
    return re.compile(rf"{_SCALE}?{_ABOUT}(?:{alternatives(wordlist('units'))})|{_SCALE}{_ABOUT}", re.IGNORECASE)


@functools.cache
def _number() -> re.Pattern[str]:
    counted = r"[ -][a-z][A-Za-z'’]+"
    return re.compile(rf"{_RANGE}{_ENGLISH_SCALE}?{_SCALE}?{_ABOUT}(?:(?i:{_unit().pattern})|{counted})?")


def number(seen: Seen) -> Fit | None:
    """``5245户``, ``47 talks``, ``1.5万``: with what it counts."""
    english = _counted(seen.after)
    tails = ([english] if english else []) + _prefixes(seen.after, _unit())
    if not most(seen, _is_figure):
        return None
    head, rest = _shared_numerals(seen)
    if rest:
        tails = [rest + tail for tail in _prefixes(seen.after[len(rest) :], _unit())]
    tail = _with_tail(seen, tails, _number(), head)
    return None if tail is None else Fit(tail[len(rest) :].strip() or _common_rest(seen), len(head), len(tail))


def _shared_numerals(seen: Seen) -> tuple[str, str]:
    """The Han numerals beside the slot that go on in its values."""
    if not most(seen, lambda value: is_han_figure(value[:1])):
        return "", ""
    tens, behind = _TENS_BEFORE.search(seen.before), _HAN_REST.match(seen.after)
    return tens[0] if tens else "", behind[0] if behind else ""


def is_han_figure(value: str) -> bool:
    """Whether a value is written in Han numerals alone."""
    return bool(value) and all(char in _HAN_DIGIT for char in value)


def _is_figure(value: str) -> bool:
    """Han numerals of two characters also begin words (一些, 十分): a value must be a figure to its end."""
    return any(char.isdigit() for char in value) or value[:1] in _HAN_DIGIT or value[:1] == "半"


def _counted(after: str) -> str:
    """The counted word behind an English number: a plural, or a unit."""
    found = _ENGLISH_UNIT.match(after)
    if not found:
        return ""
    word = found[1].lower()
    listed = section("english", "counted")
    plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    if word in section("english", "uncounted"):
        return ""
    return found[0] if plural or word in listed or found[1] in listed else ""


_REST = re.compile(rf"^{_RANGE}")


def _common_rest(seen: Seen) -> str:
    """What follows the figures of the most frequent value, if most have it."""
    if not seen.values:
        return ""
    rest = _REST.sub("", seen.values[0][0])
    return rest.strip() if rest and most(seen, lambda value: value.endswith(rest)) else ""
