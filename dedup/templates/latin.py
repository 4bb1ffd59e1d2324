"""Organisations, persons and places in Latin letters, as English writes them."""

from __future__ import annotations

import re
from functools import partial

from dedup.templates.figures import Fit, share
from dedup.templates.figures import most_names as most
from dedup.templates.reading import Seen
from dedup.templates.wordlists import section, wordlist

KNOWN_GIVEN = 0.3  # share of given names that the list must know; no list has them all

_CAPITAL = r"(?:(?:[A-Z]|St|Mt|Dr|Mr|Mrs|Ms)\.|[A-ZÀ-ÖØ-Þ][\w'’]*(?:[-.&][\w'’]+)*)"
_PROPER = re.compile(rf"(?:the |The )?{_CAPITAL}(?:(?: (?:of|the|and|upon|on|in|de|la|le|von|van|for|&))* {_CAPITAL})*")
_MORE_BEHIND = re.compile(rf"(?:-[\w'’]+)*(?: {_CAPITAL}){{0,3}}")
_TOWARDS = re.compile(
    r"\b(?:in|at|from|to|near|around|across|for|between|towards|outside|over|of)(?: the)? \Z", re.IGNORECASE
)
_TOPONYM = re.compile(
    r"(?:ton|ham|ley|leigh|ford|bury|borough|burgh|worth|field|by|thorpe|wick|wich|minster|mouth|pool|port|dale|den|combe"
    r"|cote|hurst|holme?|mere|moor|sey|stead|stow|well|wood|bridge|haven|brook|croft|gate|fell|land|shire|stan|ville|burg"
    r"|strand|march|chester|caster|cester|hithe|stoke|beck|firth|ness|by-the-Sea|ington|ingham)\Z"
)


def written(seen: Seen) -> bool:
    """Whether the values are written in Latin letters."""
    return most(seen, lambda v: re.match(r"[A-Za-zÀ-ɏ]", v))


def _names(seen: Seen) -> bool:
    return most(seen, _PROPER.fullmatch)


def _behind(seen: Seen) -> list[str]:
    """Capitalised words right behind the slot, as many as there may belong to the name, fewest first."""
    found = _MORE_BEHIND.match(seen.after)
    text = found[0] if found else ""
    hyphened = re.match(r"(?:-[\w'’]+)*", text)
    cuts = {0 if hyphened is None else hyphened.end(), *(m.end() for m in re.finditer(r"\S(?= |\Z)", text))}
    return [text[:k] for k in sorted(cuts)]


def _first(tails: list[str], seen: Seen, ends: frozenset[str]) -> str | None:
    """The first tail with which the values end in one of the words."""
    return next((tail for tail in tails if most(seen, partial(_goes_on_to, ends, tail))), None)


def _goes_on_to(ends: frozenset[str], tail: str, value: str) -> bool:
    return _ends_in(value + tail, ends)


def _ends_in(value: str, words: frozenset[str]) -> bool:
    parts = re.split(r"[ ]", value)
    return len(parts) > 1 and parts[-1].strip(".") in words


def organisation(seen: Seen) -> Fit | None:
    """``Keystone Estates``: ends in what an organisation is."""
    if not _names(seen):
        return None
    ends = section("english", "organisation")
    tail = _first(_behind(seen), seen, ends)
    if tail is None:
        return None
    alone = " " not in tail and most(seen, lambda v: " " not in v)
    return Fit("", _head_word(seen) if alone else 0, len(tail))


def person(seen: Seen) -> Fit | None:
    """``Cora Dorrit``: a given name that a list has, then another word."""
    if not _names(seen):
        return None
    given = wordlist("given")
    if share(seen, lambda v: v.split(" ")[0] in given and 2 <= len(v.split(" ")) <= 3) >= KNOWN_GIVEN:
        return Fit()
    found = re.search(r"\b([A-Z][a-z]+) \Z", seen.before)
    if found and found[1] in given and most(seen, lambda v: " " not in v):
        return Fit("", len(found[0]))
    more = re.match(r" [A-Z][a-z]+", seen.after)
    if more and most(seen, lambda v: v in given):
        return Fit("", 0, len(more[0]))
    return None


def place(seen: Seen) -> Fit | None:
    """``Larkford Mill``: ends as places do, or one word behind ``in`` or ``from``."""
    if not _names(seen) or not most(seen, lambda v: len(v) > 2 and v not in section("english", "month")):
        return None
    ends = section("english", "place")
    tails = _behind(seen)
    tail = _first(tails[::-1], seen, ends)
    if tail is not None:
        return Fit("", 0, len(tail))
    if most(seen, lambda v: _ends_in(v + tails[0], ends) or _is_toponym(v + tails[0])):
        return Fit("", 0, len(tails[0]))
    if most(seen, lambda v: " " not in v) and _TOWARDS.search(seen.before):
        return Fit("", 0, len(tails[0]))
    return None


def _is_toponym(value: str) -> bool:
    return _TOPONYM.search(re.split("[ -]", value)[0]) is not None or "-on-" in value or "-upon-" in value


def _head_word(seen: Seen) -> int:
    """Characters of the capitalised word right before the slot, with the space between."""
    found = re.search(rf"(?:^|[a-z,;] )({_CAPITAL} )\Z", seen.before)
    return len(found[1]) if found else 0
