"""How each form of document is laid out: which sections, in which shares, under which frames."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from corpus.lexicon import lists

HEADED_FROM = 520
HEADED_SHARE, ADDRESSED_SHARE, SIGNED_SHARE, STOCK_SHARE = 0.6, 0.7, 0.6, 0.5
NUMERALS = "一二三四五六七八九十"
ARTICLE_MARKS = ("第{}条　", "第{}条 ", "{}．", "（{}）", "{}、", "[{}]")


@dataclass(frozen=True)
class Form:
    """One form of document."""

    name: str
    weight: float
    parts: tuple[tuple[str, float], ...]
    opening: str = "opening"
    addressed: bool = False
    signed: bool = False
    numbered: bool = False
    stock_first: bool = False
    in_notices: bool = False


FORMS = (
    Form("report", 0.30, (("measure", 0.40), ("result", 0.28), ("problem", 0.16), ("plan", 0.16)), signed=True),
    Form("plan", 0.16, (("problem", 0.15), ("plan", 0.50), ("measure", 0.15), ("demand", 0.20)), signed=True),
    Form(
        "notice",
        0.18,
        (("demand", 0.55), ("measure", 0.20), ("plan", 0.25)),
        addressed=True,
        signed=True,
        in_notices=True,
    ),
    Form("regulation", 0.12, (("clause", 1.0),), opening="clause", numbered=True, stock_first=True, in_notices=True),
    Form("minutes", 0.12, (("minutes", 0.70), ("problem", 0.12), ("plan", 0.18)), opening="minutes", in_notices=True),
    Form("news", 0.12, (("news", 0.70), ("result", 0.30)), opening="news", stock_first=True),
)
ENGLISH = Form("english", 0.0, (("en.sentence", 1.0),), opening="en.sentence")
SHORT = Form("short", 0.0, (), opening="short", in_notices=True)


def lay_out(form: Form, length: int, draw: Callable[[str], str], rng: Random) -> str:
    """A text of about `length` characters in that form; `draw` gives the sentences, one section at a time."""
    if form is ENGLISH:
        return "\n".join(_grouped(_drawn("en.sentence", length, draw), " ", ".", rng))
    if form is SHORT:
        told = "".join(f"{sentence}。" for sentence in _drawn("short", length, draw))
        return told + ("\n" + draw("sign") if rng.random() < SIGNED_SHARE else "")
    paragraphs = [draw("head")] if form.addressed and rng.random() < ADDRESSED_SHARE else []
    first, stock = draw(form.opening) + "。", _stock(f"stock.{form.name}.lead", rng)
    paragraphs.append(stock + first if form.stock_first else first + stock)
    headed = length >= HEADED_FROM and not form.numbered and rng.random() < HEADED_SHARE
    for number, (section, share) in enumerate(form.parts):
        sentences = _drawn(section, int(length * share), draw)
        if form.numbered:
            paragraphs += _articles(_grouped(sentences, "", "。", rng), rng)
            continue
        if headed:
            paragraphs.append(f"{NUMERALS[number]}、{draw('heading')}")
        paragraphs += _grouped(sentences, "", "。", rng)
    if closing := _stock(f"stock.{form.name}.end", rng):
        paragraphs.append(closing)
    if form.signed and rng.random() < SIGNED_SHARE:
        paragraphs.append(draw("sign"))
    return "\n".join(paragraphs)


def _drawn(section: str, length: int, draw: Callable[[str], str]) -> list[str]:
    sentences: list[str] = []
    while sum(map(len, sentences)) < length:
        sentences.append(draw(section))
    return sentences


def _grouped(sentences: list[str], joint: str, stop: str, rng: Random) -> list[str]:
    """Paragraphs of two to five sentences."""
    paragraphs: list[str] = []
    while sentences:
        size = rng.randint(2, 5)
        paragraphs.append(joint.join(sentence + stop for sentence in sentences[:size]))
        sentences = sentences[size:]
    return paragraphs


def _articles(paragraphs: list[str], rng: Random) -> list[str]:
    """Numbered paragraphs; every regulation numbers its articles in its own way."""
    mark = rng.choice(ARTICLE_MARKS)
    return [mark.format(number) + paragraph for number, paragraph in enumerate(paragraphs, 1)]


def _stock(name: str, rng: Random) -> str:
    return rng.choice(lists()[name]) + "。" if rng.random() < STOCK_SHARE else ""
