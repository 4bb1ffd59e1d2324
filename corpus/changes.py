"""The changes that texts suffer from one site to the next: everything but damaged bytes (see damage.py)."""

import re
import textwrap
from dataclasses import replace
from functools import cache
from random import Random

from corpus.grammar import fill_scene, fill_wording
from corpus.lexicon import data_lines, lists
from corpus.scene import Scene
from corpus.writer import Page

HALF_WIDTH = str.maketrans("，；：？！（）％", ",;:?!()%")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
YEAR = re.compile(r"(?<!\d)20\d\d(?=年|\b)")
MASKS = ("xx", "**", "××", "某某")
LEAST_EDITED, MOST_EDITED = 0.005, 0.03
LEAST_SENTENCE = 6
ENGLISH_LETTERS = "abcdefghijklmnoprstuvwy"


@cache
def traditional_table() -> dict[int, str]:
    """Simplified characters and their traditional forms."""
    pairs = "".join(data_lines("traditional.txt"))
    return {ord(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)}


@cache
def pinyin_notes() -> dict[str, str]:
    """Characters and the reading that some sites put behind each of them."""
    return {simple: reading for simple, _, reading in map(str.split, data_lines("pinyin.txt"))}


def reformatted(page: Page, rng: Random) -> Page:
    """The same words under other punctuation, line breaks and blank lines."""
    text = page.text
    ways = rng.sample(("punctuation", "lines", "blanks"), rng.randint(1, 3))
    if "punctuation" in ways:
        text = text.translate(HALF_WIDTH)
    if "lines" in ways:
        width = rng.randint(60, 80) if page.english else rng.randint(28, 45)
        text = "\n".join(line for paragraph in text.split("\n") for line in _wrapped(paragraph, width, page.english))
    if "blanks" in ways:
        indent = rng.choice(("", "　　", "  "))
        text = rng.choice(("\n\n", "\n \n", "\n\n\n")).join(indent + line for line in text.split("\n"))
    return replace(page, text=text)


def _wrapped(paragraph: str, width: int, english: bool) -> list[str]:
    if english:
        return textwrap.wrap(paragraph, width)
    return [paragraph[at : at + width] for at in range(0, len(paragraph), width)]


def traditional(page: Page, _: Random) -> Page:
    """Title and text in traditional characters, as far as the table goes."""
    return replace(page, title=page.title.translate(traditional_table()), text=page.text.translate(traditional_table()))


def annotated(page: Page, _: Random) -> Page:
    """A reading behind every occurrence of certain characters, for example 经(jīng)."""
    notes = pinyin_notes()
    noted = re.compile(f"[{''.join(notes)}](?!\\()")

    def with_notes(text: str) -> str:
        return noted.sub(lambda match: f"{match[0]}({notes[match[0]]})", text)

    return replace(page, title=with_notes(page.title), text=with_notes(page.text))


def masked(page: Page, rng: Random) -> Page:
    """Names and years struck out, the way model texts are offered for copying."""
    mask, year_mask = rng.choice(MASKS), rng.choice(("20xx", "20**", "xxxx"))

    def struck(text: str) -> str:
        for name in sorted(page.people, key=len, reverse=True):
            text = text.replace(name, mask)
        return YEAR.sub(year_mask, text)

    return replace(page, title=struck(page.title), text=struck(page.text))


def edited(page: Page, rng: Random, stray_sentence: str) -> Page:
    """Small changes to the words, one sentence gained or lost, and the site's own line above or below."""
    text = page.text
    way = rng.choice(("characters", "sentence lost", "sentence gained"))
    if way == "characters":
        text = _mistyped(text, rng, ENGLISH_LETTERS if page.english else "".join(CHINESE.findall(stray_sentence)))
    else:
        text = _resentenced(text, rng, stray_sentence if way == "sentence gained" else "")
    where = rng.choice(("mast", "foot"))
    line = fill_scene(fill_wording(rng.choice(lists()[where]), page.topic, rng), Scene(rng))
    return replace(page, text=f"{line}\n{text}" if where == "mast" else f"{text}\n{line}")


def _mistyped(text: str, rng: Random, letters: str) -> str:
    """0.5 to 3 per cent of the characters replaced, dropped or doubled by another."""
    characters = list(text)
    count = max(1, round(len(characters) * rng.uniform(LEAST_EDITED, MOST_EDITED)))
    for at in rng.sample(range(len(characters)), count):
        other = rng.choice(letters)
        characters[at] = rng.choice((other, "", characters[at] + other))
    return "".join(characters)


def _resentenced(text: str, rng: Random, gained: str) -> str:
    """The text with one sentence more, or, when none is gained, with one of its own left out."""
    pieces = re.findall(r"[^。\n.]*(?:。|\n|\.(?!\d) ?|\.)", text + "\n")
    at = rng.choice([place for place, piece in enumerate(pieces) if len(piece) >= LEAST_SENTENCE])
    pieces[at : at + (not gained)] = [gained] if gained else []
    return "".join(pieces).removesuffix("\n")
