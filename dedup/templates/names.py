"""Slot types that are names: quoted titles, organisations, places, persons; each function answers as a figure's."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from dedup.templates import latin, lexicon
from dedup.templates.figures import Fit, share
from dedup.templates.figures import most_names as most
from dedup.templates.reading import Seen
from dedup.templates.wordlists import HAN, alternatives, surnames, wordlist

_QUOTES = {"《": "》", "〈": "〉", "「": "」", "『": "』"}
_DIRECT_QUOTES = {"“": "”", '"': '"', "‘": "’"}
_SEVERAL_CAPITALS = re.compile(r"[A-Z].* [A-Z]")
_HAN_WORD = re.compile(rf"[{HAN}]+")


# -- titles ---------------------------------------------------------------------------------------------------------


def title(seen: Seen) -> Fit | None:
    """What stands in 《》, without them; also where the titles share words at either end."""
    opened = max((seen.before.rfind(sign), sign) for sign in _QUOTES)
    if opened[0] >= 0:
        closing = _QUOTES[opened[1]]
        head = len(seen.before) - opened[0] - 1
        tail = seen.after.find(closing)
        inner = seen.before[opened[0] + 1 :]
        if tail >= 0 and closing not in inner and opened[1] not in seen.after[:tail]:
            return Fit("", head, tail)
    sign = seen.before[-1:]
    if sign in _DIRECT_QUOTES and seen.after[:1] == _DIRECT_QUOTES[sign]:
        # Chinese quotes words in these signs, and titles in 《》.
        return Fit() if most(seen, _SEVERAL_CAPITALS.match) else None
    return Fit() if most(seen, lambda v: v[:1] in _QUOTES and v[-1:] == _QUOTES[v[:1]]) else None


# -- organisations --------------------------------------------------------------------------------------------------

MOST_CUT, BESIDE = 12, 6  # values that are cut into words, and the characters beside them
LONGEST_NAME, LONGEST_STEM = 12, 5  # characters
_STRONG_END = re.compile("(?:股份|责任)?(?:有限)?(?:责任)?(?:公司|集团)(?:有限公司)?")
LONGEST_KIND = 10  # characters: 社会工作服务中心
_LAST_WORDS = ("公司", "集团", "有限", "责任")
_BARE_ENDS = "局厅厂店院所站馆部处科办委会社队"


@functools.cache
def _organisation_end() -> re.Pattern[str]:
    return re.compile(rf"(?:{alternatives(wordlist('organisations'))})\Z")


def _is_organisation(value: str) -> bool:
    if not _HAN_WORD.fullmatch(value.replace("(", "").replace(")", "")) or len(value) < 3:
        return False
    return bool(_organisation_end().search(value)) or (len(value) >= 4 and value[-1] in _BARE_ENDS)


def organisation(seen: Seen) -> Fit | None:
    """``县民政局``, ``Keystone Estates``: with the word that says what it is."""
    if latin.written(seen):
        return latin.organisation(seen)
    strong = _STRONG_END.match(seen.after)
    if strong and most(seen, lambda v: _HAN_WORD.fullmatch(v) and len(v) <= LONGEST_NAME):
        return Fit("", 0, strong.end())
    if most(seen, _is_organisation):
        return Fit()
    if _place_end(seen) or most(seen, _is_place) or not _proper(seen):
        return None
    if most(seen, _is_person) and any(len(value) > 2 for value, _ in seen.values):
        return None
    return _organisation_behind(seen)


def _organisation_behind(seen: Seen) -> Fit | None:
    """Names that go on behind the slot with what all of them are: 德禾 before 律师事务所."""
    at = tail = 0
    for word, tag in lexicon.tagged(seen.after[:LONGEST_KIND]):
        if not _HAN_WORD.fullmatch(word) or tag[0] not in "nvabjlisz" or (tail and not word.endswith(_LAST_WORDS)):
            break
        if not at and len(word) == 1 and not _organisation_end().search(word):
            break  # what is left of a person's name, or a verb
        at += len(word)
        if _organisation_end().search(seen.after[:at]):
            tail = at
    return Fit("", 0, tail) if tail else None


def is_kind(text: str) -> bool:
    """Whether a few characters are nouns, as those in the middle of 德禾机械制造公司."""
    return all(_HAN_WORD.fullmatch(word) and tag[0] in "nbj" for word, tag in lexicon.tagged(text))


def _proper(seen: Seen) -> bool:
    """Whether most values may be what sets an organisation apart: short, and no words that a dictionary has."""
    if not most(seen, lambda v: _HAN_WORD.fullmatch(v) and len(v) <= LONGEST_STEM):
        return False
    return share(seen, lambda v: len(v) <= 3) >= 0.5 and share(seen, lexicon.is_common) < 0.5


# -- places ---------------------------------------------------------------------------------------------------------

_PLACE_WORDS = (
    *"自治区 自治州 自治县 自治旗 开发区 高新区 新区 街道 社区 行政村".split(),
    *"省市县区州盟旗乡镇村屯",
)
# Words that begin with the end of a place but go on otherwise.
_OTHER_WORDS = re.compile(
    "市场|市民|市容|市政|市值|区域|区间|乡亲|乡贤|乡愁|乡土|乡音|村民主|旗下|旗帜|旗袍|旗舰|县域|省去|省钱|省下|州际|屯粮|盟友|盟约"
)
_GENERIC_STEM = re.compile(
    "[全各本我该每某此那这两外老新小大]?[全各本我该外城农乡老新小大山园景厂校矿库灾牧林片辖郊市县区每某邻此那这两](?:个|些)?|我们|同一|邻近|周边|贫困|示范|试点|重点|后进|先进|特色|美丽|城市|行政|自然|中心|一般"
)


@functools.cache
def _place_ends() -> re.Pattern[str]:
    return re.compile(rf"(?:{alternatives(wordlist('places'))})\Z")


def _is_place(value: str) -> bool:
    if value in wordlist("regions"):
        return True
    end = _place_ends().search(value)
    if not end or not _HAN_WORD.fullmatch(value) or len(value) > 16:
        return False
    stem = value[: end.start()]
    return bool(stem) and not _GENERIC_STEM.fullmatch(stem)


def _place_end(seen: Seen) -> str:
    """The end of a place that the text behind begins with."""
    if _OTHER_WORDS.match(seen.after):
        return ""
    if seen.after[1:2] == "长" and most(seen, lambda v: len(v) > 2 and _is_person(v)):
        return ""
    # Of 福墩县 and 榆墩县 the slot holds 福 and 榆.
    at = int(all(len(value) == 1 for value, _ in seen.values) and seen.after[:1] not in _PLACE_WORDS)
    end = next((word for word in _PLACE_WORDS if seen.after.startswith(word, at)), "")
    return seen.after[: at + len(end)] if end and _HAN_WORD.fullmatch(seen.after[: at + 1]) else ""


def place(seen: Seen) -> Fit | None:
    """``黍塘村``, ``Larkford Mill``: with its suffix."""
    if latin.written(seen):
        return latin.place(seen)
    end = _place_end(seen)
    if end and not most(seen, lambda v: v.endswith(_PLACE_WORDS)):
        stems = most(seen, lambda v: _HAN_WORD.fullmatch(v) and len(v) <= 8 and not _GENERIC_STEM.fullmatch(v))
        if stems and share(seen, lexicon.is_common) <= 0.5:
            return Fit("", _shared_stem(seen, end), len(end))
    if most(seen, _is_place):
        return Fit("", _shared_stem(seen, ""), 0)
    if most(seen, lambda v: v in wordlist("regions") or lexicon.tag(v) == "ns"):
        return Fit()
    return None


def _shared_stem(seen: Seen, end: str) -> int:
    """1 if the places share their first character, which then stands before the slot.

    A stem of one character is rare but for counties (攸县); the character before is taken for the other half of the
    name when a segmenter leaves it alone and it is no word of grammar.
    """
    stems = [_place_ends().sub("", value + end) for value, _ in seen.values]
    if any(len(stem) > 1 for stem in stems) or not seen.before or end in ("县", "市", "区", "省", "州"):
        return 0
    return int(_stands_alone(seen.before))


_GRAMMAR = (
    "在和与对向从由把将为给以按经于到被让使及或并也都就又还而但各本该全我是有的了着过等赴去来帮请派令称说报送抓查访"
)


def _stands_alone(before: str) -> bool:
    """Whether the last character is a word of its own, and none of grammar."""
    last = lexicon.tagged(before[-10:])[-1][0]
    return len(last) == 1 and _HAN_WORD.fullmatch(last) is not None and last not in _GRAMMAR


# -- persons --------------------------------------------------------------------------------------------------------

_FOREIGN = re.compile(rf"[{HAN}]{{1,6}}(?:·[{HAN}]{{1,8}}){{1,3}}")
_TITLED = re.compile(
    "(?:同志|先生|女士|书记|主任|县长|市长|镇长|乡长|局长|副?所长|院长|校长|老师|教授|会长|经理|医生)\\Z"
)


def _is_person(value: str) -> bool:
    if _FOREIGN.fullmatch(value):
        return True
    value = _TITLED.sub("", value)
    family = 2 if value[:2] in surnames() and len(value) > 2 else 1
    if value[:family] not in surnames() or not 1 <= len(value) - family <= 2 or not _HAN_WORD.fullmatch(value):
        return False
    return not lexicon.is_common(value)


def person(seen: Seen) -> Fit | None:
    """``周克丽``, ``Cora Dorrit``: the bare name, with a family name that all share."""
    if latin.written(seen):
        return latin.person(seen)
    if most(seen, _is_person):
        return Fit("", 0, _shared_given(seen))
    family = seen.before[-1:]
    if family in surnames() and _HAN_WORD.fullmatch(family):
        given = most(seen, lambda v: _is_person(family + v) and not lexicon.is_common(v))
        if given and _stands_alone(seen.before) and _tagged_person(seen, family):
            return Fit("", 1, 0)
    return None


def _tagged_person(seen: Seen, family: str) -> bool:
    names = sum(lexicon.tagged(family + value + seen.after[:4])[0][1].startswith("nr") for value, _ in seen.values[:20])
    return names * 2 >= len(seen.values[:20])


def _shared_given(seen: Seen) -> int:
    """1 if two-character names go on with a character that all share."""
    if not _HAN_WORD.match(seen.after) or share(seen, lambda v: len(v) == 2) < 1:
        return 0
    values = seen.values[:20]
    longer = sum(lexicon.tagged(value + seen.after[:6])[0] == (value + seen.after[0], "nr") for value, _ in values)
    return int(longer * 5 >= len(values) * 3)


# -- words ----------------------------------------------------------------------------------------------------------


def words(seen: Seen) -> Fit:
    """How much of the text beside the slot is the rest of words that the values cut: 深 before 入宣传 and 化联防."""
    values = [value for value, _ in seen.values[:MOST_CUT] if _HAN_WORD.fullmatch(value[:1] + value[-1:])]
    if len(values) < len(seen.values[:MOST_CUT]):
        return Fit()
    head = tail = 0
    if _HAN_WORD.fullmatch(seen.before[-1:]):
        near = seen.before[-BESIDE:]
        head = _agreed(_into_word(near + value, len(near))[0] for value in values)
    if _HAN_WORD.match(seen.after):
        tail = _agreed(_into_word(value + seen.after[:BESIDE], len(value))[1] for value in values)
    return Fit("", head, tail)


def _agreed(counts: Iterable[int]) -> int:
    """The number that all are, or 0; asks no further than to the first that differs."""
    counts = iter(counts)
    first = next(counts, 0)
    return first if first and all(count == first for count in counts) else 0


def _into_word(text: str, at: int) -> tuple[int, int]:
    """How far the word that lies across `at` reaches before and behind it; (0, 0) if a word ends there."""
    begin = 0
    for word, _ in lexicon.tagged(text):
        if begin < at < begin + len(word):
            return at - begin, begin + len(word) - at
        begin += len(word)
    return 0, 0
