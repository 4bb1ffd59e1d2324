"""Damage that no rule of the engine was made for, written after those rules were frozen: how does it take surprises?"""

from __future__ import annotations

import html
import re
from random import Random

from corpus.damage import Damage
from corpus.marked import Text, rewrite

# Characters that optical recognition takes for one another.
ALIKE = (
    "己已 未末 土士 日曰 人入 大太 干千 天夫 王玉 目自 白百 刀力 田由 甲申 住往 侯候 折拆 困因 师帅 拔拨 徒徙 茶荼 "
    "免兔 鸟乌 辨辩 竟竞"
)
# Characters that one reading of the keyboard gives for one another.
SOUNDS = (
    ("的", "地得"), ("在", "再"), ("做", "作"), ("像", "象"), ("须", "需"), ("以", "已"), ("化", "划"), ("及", "即"),
    ("制", "治"), ("定", "订"), ("度", "渡"), ("带", "代"), ("坐", "座"), ("分", "份"), ("帐", "账"), ("记", "计"),
    ("建", "健"), ("成", "城"), ("公", "工"), ("力", "利"), ("实", "时"), ("事", "是"), ("情", "清"), ("现", "线"),
)  # fmt: skip
VARIANTS = str.maketrans("户为着够群峰里略闲周", "戶爲著夠羣峯裏畧閒週")
DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
NUMERALS = str.maketrans("0123456789", "〇一二三四五六七八九")
QUOTES = str.maketrans("“”《》", "「」〈〉")
ENTITIES = {"“": "&ldquo;", "”": "&rdquo;", "—": "&mdash;", "·": "&middot;", "…": "&hellip;", "、": "&#12289;"}
RATE = 0.01


LIKES = {pair[at]: pair[1 - at] for pair in ALIKE.split() for at in (0, 1)}
SAME_SOUND = dict(SOUNDS) | {other: one for one, others in SOUNDS for other in others}


def _swapped(text: Text, rng: Random, table: dict[str, str], share: float) -> Text:
    return rewrite(
        text,
        [
            (at, at + 1, rng.choice(table[sign]))
            for at, sign in enumerate(text.string)
            if sign in table and rng.random() < share
        ],
    )


def misread(text: Text, rng: Random) -> Text:
    """Optical recognition took characters for similar ones."""
    return _swapped(text, rng, LIKES, 0.2)


def mistyped(text: Text, rng: Random) -> Text:
    """Typed again from hearing: other characters of the same sound."""
    return _swapped(text, rng, SAME_SOUND, 0.15)


def variant_forms(text: Text, rng: Random) -> Text:
    """Variant forms of characters, as other regions write them."""
    return Text(text.string.translate(VARIANTS), text.marks)


def wide_digits(text: Text, rng: Random) -> Text:
    """Full-width digits."""
    return Text(text.string.translate(DIGITS), text.marks)


def han_digits(text: Text, rng: Random) -> Text:
    """Years and figures in Chinese numerals, digit by digit."""
    return Text(text.string.translate(NUMERALS), text.marks)


def other_quotes(text: Text, rng: Random) -> Text:
    """Corner brackets for quotation marks."""
    return Text(text.string.translate(QUOTES), text.marks)


def entities(text: Text, rng: Random) -> Text:
    """Signs left as HTML entities, and paragraphs as tags."""
    changes = [
        (at, at + 1, "<br/>\n" if sign == "\n" else ENTITIES.get(sign) or html.escape(sign))
        for at, sign in enumerate(text.string)
        if sign == "\n" or sign in ENTITIES or sign in "<>&"
    ]
    return rewrite(text, changes)


def zero_width(text: Text, rng: Random) -> Text:
    """Invisible characters strewn in against copying."""
    count = max(1, round(RATE * len(text.string)))
    places = sorted(rng.sample(range(len(text.string)), min(count, len(text.string))))
    return rewrite(text, [(at, at, rng.choice("\u200b\u200c\u2060\ufeff")) for at in places])


def spaced(text: Text, rng: Random) -> Text:
    """A space between all Chinese characters of some lines, as justified text comes out of PDF files."""
    changes = []
    for line in re.finditer(r"[^\n]+", text.string):
        if rng.random() < 0.4:
            places = re.finditer(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", text.string[line.start() : line.end()])
            changes += [(line.start() + place.start(), line.start() + place.start(), " ") for place in places]
    return rewrite(text, changes)


def numbered_lines(text: Text, rng: Random) -> Text:
    """Line numbers and page footers of a printed copy."""
    changes = []
    for number, line in enumerate(re.finditer(r"^", text.string, re.MULTILINE), 1):
        page = f"－ {number // 12} －\n" if number % 12 == 0 else ""
        changes.append((line.start(), line.start(), f"{page}{number} "))
    return rewrite(text, changes)


def plain_notes(text: Text, rng: Random) -> Text:
    """Readings without tone marks, in square brackets."""
    table = {"重": "zhong", "行": "hang", "长": "zhang", "调": "diao", "率": "lv", "处": "chu", "数": "shu"}
    return rewrite(text, [(at + 1, at + 1, f"[{table[sign]}]") for at, sign in enumerate(text.string) if sign in table])


UNSEEN: dict[str, Damage] = {
    "misread": misread,
    "mistyped": mistyped,
    "variants": variant_forms,
    "wide digits": wide_digits,
    "han digits": han_digits,
    "quotes": other_quotes,
    "entities": entities,
    "zero width": zero_width,
    "spaced": spaced,
    "line numbers": numbered_lines,
    "plain notes": plain_notes,
}
UNSEEN_ON_ENGLISH = frozenset(("zero width", "entities", "line numbers", "wide digits"))
