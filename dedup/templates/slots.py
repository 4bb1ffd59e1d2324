"""What a slot holds: a type told from its values and the constant text on both sides, and where its values really end.

Alignment hands over values without what all of them share: of 攸县 and 嘉禾县 it leaves 攸 and 嘉禾 before a constant
县. A type says how much of the text beside the slot belongs to the values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dedup.templates.figures import MAJORITY, Fit, date, is_han_figure, money, number, ordinal, percentage, year
from dedup.templates.names import is_kind, organisation, person, place, title, words
from dedup.templates.reading import Seen, is_mask, see

__all__ = ["TYPES", "Typed", "is_mask", "joins", "splits", "type_slot"]

TYPES: dict[str, Callable[[Seen], Fit | None]] = {
    "percentage": percentage,
    "money": money,
    "date": date,
    "year": year,
    "ordinal": ordinal,
    "number": number,
    "title": title,
    "organisation": organisation,
    "place": place,
    "person": person,
}
"""In the order in which they are asked; the first that four fifths of the values fit is the type."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The type of a slot.

    Attributes
    ----------
    type : str
        A name in `TYPES`, ``mask`` if every value is one, or ``text``.
    unit : str
        What numbers and amounts are counted in; empty if nothing says it.
    head, tail : int
        Raw characters of the text before and behind that belong to the values.
    """

    type: str
    unit: str
    head: int
    tail: int


def type_slot(values: Sequence[str], before: str, after: str) -> Typed:
    """Tell the type of a slot.

    Parameters
    ----------
    values : sequence of str
        What some texts have in the slot, raw; masks and empty values do not decide.
    before, after : str
        Constant raw text beside the slot; 24 characters are enough for all but long titles.

    Returns
    -------
    typed : Typed

    Notes
    -----
    About a millisecond; the first Chinese name in a process loads jieba's dictionary in about a second.
    """
    seen, left, right = see(values, before, after)
    if not seen.values:
        return Typed("mask" if values else "text", "", 0, 0)
    for name, read in TYPES.items():
        fit = read(seen)
        if fit is not None:
            return Typed(name, fit.unit, left.head(fit.head), right.tail(fit.tail))
    fit = words(seen)
    return Typed("text", "", left.head(fit.head), right.tail(fit.tail))


LONGEST_BETWEEN = 4
_RANGE_SIGNS = frozenset("-–—~～－至到.:/,")
_AMOUNTS = frozenset({"number", "percentage", "money"})
_NAMES = frozenset({"organisation", "place", "person"})
_OWN = frozenset({"year", "date", "percentage", "money", *_NAMES})
"""What a slot is whole as: another one beside it is another value."""


def joins(left: Sequence[str], between: str, right: Sequence[str], before: str = "", after: str = "") -> bool:
    """Whether two neighbouring slots are one value that was cut at characters all values share.

    Parameters
    ----------
    left, right : sequence of str
        Raw values of the same texts, in the same order.
    between : str
        Constant raw text between the two slots.
    before, after : str
        Constant raw text beside the pair.
    """
    if is_han_figure(between):
        # 三|十|五, 二|十| and |十|一: nothing on one side hides no value.
        sides = [*left, *right]
        numerals = sum(not one or is_han_figure(one) for one in sides)
        return numerals >= MAJORITY * len(sides) and _is_counted(
            [a + between + b for a, b in zip(left, right, strict=False)], before, after
        )
    pairs = [(a, b) for a, b in zip(left, right, strict=False) if not is_mask(a) and not is_mask(b)]
    if len(between) > LONGEST_BETWEEN or not pairs:
        return False
    whole = type_slot([a + between + b for a, b in pairs], before, after).type
    if whole in ("text", "mask", "ordinal", "year"):
        return False
    if between.strip() in _RANGE_SIGNS and whole in _AMOUNTS:
        return True
    if whole == "number":
        return False
    one = type_slot([a for a, _ in pairs], before, between).type
    two = type_slot([b for _, b in pairs], between, after).type
    if not between.strip() or between == "-":  # words of one name, date or amount in Latin letters
        if whole in _AMOUNTS:
            return two == "text"
        return "year" not in (one, two) and (whole in _NAMES or whole not in (one, two))
    if whole == "title":
        return one == "text" or two == "text"
    if whole == "organisation" and one == "person" and two not in _OWN:
        return is_kind(between) and all(len(a) == 2 for a, _ in pairs)
    return one not in _OWN and two not in _OWN


def _is_counted(values: Sequence[str], before: str, after: str) -> bool:
    return type_slot(values, before, after).type in ("number", "ordinal", "money", "percentage")


MOST_WORDS, SAME_COUNT = 8, 0.9


def splits(values: Sequence[str], before: str, after: str) -> int:
    """After how many words a slot is to be cut, because two values stand in it with white space between; 0: it is one.

    ``2014 284`` before a constant ``families`` is a year and a number, ``5 months 492`` two numbers. What is behind the
    cut may be two values again, or begin one that the next slot ends (`joins`).

    Parameters
    ----------
    values : sequence of str
        Raw values; at least nine tenths of them with one number of words, or it is one value.
    before, after : str
        Constant raw text beside the slot.
    """
    rows = [value.split() for value in values if not is_mask(value)]
    if not rows:
        return 0
    count = Counter(map(len, rows)).most_common(1)[0][0]
    whole = [row for row in rows if len(row) == count]
    if not 2 <= count <= MOST_WORDS or len(whole) < SAME_COUNT * len(rows):
        return 0
    if type_slot([" ".join(row) for row in whole], before, after).type != "text":
        return 0
    for k in range(count - 1, 0, -1):
        left = type_slot([" ".join(row[:k]) for row in whole], before, " ")
        right = type_slot([" ".join(row[k:]) for row in whole], " ", after)
        if _is_whole_figure(left) or (left.type in _NAMES and _is_whole_figure(right)):
            return k
    return 0


def _is_whole_figure(typed: Typed) -> bool:
    """Whether nothing can follow that belongs to it."""
    return typed.type in ("year", "date", "percentage", "money") or (typed.type == "number" and typed.unit != "")
