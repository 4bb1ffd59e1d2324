"""The oracle: everything the engine computes, slowly, in plain Python, written from the rules and not from the engine.

It imports nothing of `dedup`. It needs the same Unicode version as the shipped table only where a test feeds it
characters newer than Unicode 3.2; `tests.strategies` does not.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

NUMBER = "<number>"
MASK = "<mask>"

# -- characters ---------------------------------------------------------------------------------------------------

# Keys as they stand after NFKC, which has already folded the full-width and small forms.
SEPARATORS = {".": ".", ",": ",", ":": ":", "/": "/", "-": "-", "‐": "-", "–": "-", "−": "-"}
MASKS = {"*": "*", "_": "_", "×": "×", "✕": "×", "╳": "×"}
SINGLE = ("CJK ", "IDEOGRAPHIC ", "HIRAGANA ", "KATAKANA", "VERTICAL KANA ", "HANGUL ", "BOPOMOFO ", "YI ")
CLUSTERED = ("THAI ", "LAO ", "KHMER ", "MYANMAR ")
TONES = "\u0304\u0301\u030c\u0300"


@functools.cache
def traditional() -> dict[str, str]:
    """The traditional → simplified pairs, read as data."""
    path = Path(__file__).parent.parent / "dedup" / "documents" / "traditional.tsv"
    return dict(line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())


def is_transparent(char: str) -> bool:
    """Format characters and variation selectors: read as if they were not there."""
    return unicodedata.category(char) == "Cf" or "VARIATION SELECTOR" in unicodedata.name(char, "")


def is_han(char: str) -> bool:
    return unicodedata.name(char, "").startswith(("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH")) or char in "々〇"


def is_toned(letter: str) -> bool:
    """Whether a Latin letter is a pinyin vowel (or n, m) under one of the four tone marks."""
    base = unicodedata.normalize("NFD", letter)
    return base[-1] in TONES and base[:-1] in {"a", "e", "i", "o", "u", "u\u0308", "n", "m"}


def kind(char: str) -> str:
    """The class of one composed character, as one character.

    Itself for ASCII digits, separators and mask characters; ``x`` for x, ``a`` for any other letter that joins those
    beside it, ``'`` for a combining mark, ``b`` for a base of a script without spaces, ``h`` for a character that is a
    token alone, a space for all that is left out.
    """
    category = unicodedata.category(char)
    if char in SEPARATORS:
        return SEPARATORS[char]
    if char in MASKS:
        return MASKS[char]
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category[0] == "N":
        return "h"
    if category[0] == "M":
        return "'"
    if category[0] != "L":
        return " "
    name = unicodedata.name(char, "")  # Python knows no names of Tangut
    if name.startswith(SINGLE):
        return "h"
    if name.startswith(CLUSTERED):
        return "b"
    return "x" if char == "x" else "a"


# -- the text view ------------------------------------------------------------------------------------------------


def fold(text: str) -> str:
    """NFKC, case folding, NFKC."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def compose(text: str) -> str:
    """The text without transparent characters, folded between its No characters (², ½, ①), which stay themselves."""
    done, segment = "", ""
    for char in text:
        if unicodedata.category(char) == "No":
            done += fold(segment) + char
            segment = ""
        elif not is_transparent(char):
            segment += char
    return done + fold(segment)


def drop_notes(text: str) -> list[int]:
    """The positions of a composed text that remain when the pinyin notes are dropped."""
    dropped: set[int] = set()
    for note in re.finditer(r"\(([^()]{1,6})\)", text):
        letters = note.group(1)
        latin = all(c.isalpha() and unicodedata.name(c, "").startswith("LATIN ") for c in letters)
        if note.start() > 0 and is_han(text[note.start() - 1]) and latin and any(map(is_toned, letters)):
            dropped.update(range(*note.span()))
    return [i for i in range(len(text)) if i not in dropped]


# Over the string of kinds. A sign or point leads a number only where it cannot belong to what stands before it: a mask
# hides a value, so what follows a mask is read as what follows digits.
_NOT_AFTER = r"(?<![xa'\d])(?<!\*\*)(?<!__)(?<!××)"
_LEAD = rf"(?:{_NOT_AFTER}-\.?|{_NOT_AFTER}(?<![hb.,:/-])\.)?"
_XS = r"x{2,}+(?![xa'])"
_HIDDEN = rf"(?:{_XS}|\*{{2,}}+|_{{2,}}+|×{{2,}}+)"
_YEAR = r"(?:19|20)\dx(?![xa'\d])"
_DIGITS = rf"(?!{_YEAR})\d++(?!{_HIDDEN})"
_TOKEN = re.compile(
    rf"(?P<mask>{_LEAD}(?:{_YEAR}|\d++{_HIDDEN})|{_HIDDEN})"
    rf"|(?P<number>{_LEAD}{_DIGITS}(?:[.,:/-]{_DIGITS})*)"
    rf"|(?P<word>[xa][xa']*+|b'*+|h)"
)


def parse(text: str) -> list[tuple[str, int, int]]:
    """The tokens of a composed text and where each stands in it; a note belongs to the character before it."""
    kept = drop_notes(text)
    # A mark on nothing is left out: NFKC makes one of every spacing accent (´), which is a sign.
    kinds = re.sub(r"(?<![xabh'\d])'+", lambda run: " " * len(run[0]), "".join(kind(text[i]) for i in kept))
    chars = "".join(traditional().get(text[i], text[i]) for i in kept)
    ends = [*kept[1:], len(text)]  # where what follows a kept character begins: behind its note, if it has one
    found = []
    for match in _TOKEN.finditer(kinds):
        first, last = match.start(), match.end() - 1
        token = chars[first : last + 1]
        if match.lastgroup == "mask":
            token = MASK
        elif match.lastgroup == "number":
            token = ungroup(kinds[first : last + 1])
        found.append((token, kept[first], ends[last]))
    return found


def ungroup(number: str) -> str:
    """A number without the commas that group its thousands: ``1,234,567.5`` → ``1234567.5``."""
    lead, head, rest = re.fullmatch(r"(-?\.?)(\d+(?:,\d+)*)(.*)", number).groups()  # type: ignore[union-attr]
    if re.fullmatch(r"\d{1,3}(,\d{3})+", head):
        head = head.replace(",", "")
    return lead + head + rest


def tokens(text: str) -> list[str]:
    """The text view."""
    return [token for token, _, _ in parse(compose(text))]


def spans(text: str) -> list[tuple[int, int]]:
    """The code-point range of every token of the text view in the original.

    Raises
    ------
    ValueError
        If composing changes more than single characters, so that positions cannot be told.
    """
    composed = compose(text)
    origin = [i for i, char in enumerate(text) for _ in compose(char)]
    if "".join(map(compose, text)) != composed:
        raise ValueError("characters join when this text is composed")
    return [(origin[start], origin[end - 1] + 1) for _, start, end in parse(composed)]


def normalise(text: str, *, view: str = "text") -> list[str]:
    return pattern(text) if view == "pattern" else tokens(text)


def pattern(text: str) -> list[str]:
    """The pattern view: every number one token, every mask another. Only numbers hold ASCII digits."""
    return [NUMBER if re.search("[0-9]", token) else token for token in tokens(text)]


# -- similarity ---------------------------------------------------------------------------------------------------


def shingles(tokens: Sequence[Any], n: int) -> set[tuple[Any, ...]]:
    """Every `n` consecutive tokens; of fewer the whole text; of none nothing."""
    if not tokens:
        return set()
    return {tuple(tokens[i : i + n]) for i in range(max(1, len(tokens) - n + 1))}


def jaccard(a: set[Any], b: set[Any]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def containment(a: set[Any], b: set[Any]) -> float:
    """How much of `a` stands in `b`."""
    return len(a & b) / len(a) if a else 0.0


def compare(a: str, b: str, n: int = 5) -> tuple[float, float, float]:
    """Similarity, how much of `a` stands in `b`, and how much of `b` in `a`."""
    left, right = shingles(tokens(a), n), shingles(tokens(b), n)
    return jaccard(left, right), containment(left, right), containment(right, left)


def pairs(texts: Sequence[str], threshold: float, n: int = 5) -> list[tuple[int, int, float]]:
    """Every (i, j, similarity) with i < j and a similarity of `threshold` or more, in order."""
    sets = [shingles(tokens(text), n) for text in texts]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    found = []
    for j, own in enumerate(sets):
        shared: Counter[int] = Counter()
        for shingle in own:
            shared.update(holders[shingle])
            holders[shingle].append(j)
        for i, common in shared.items():
            similarity = common / (len(sets[i]) + len(own) - common)
            if similarity >= threshold:
                found.append((i, j, similarity))
    return sorted(found)


def bands_probability(similarity: float, bands: int, rows: int) -> float:
    """How probably two sketches agree in all rows of at least one band."""
    return 1 - (1 - similarity**rows) ** bands


def cluster(count: int, links: Iterable[tuple[int, int]], rank: Sequence[int]) -> list[int]:
    """The anchor each document joins: the lowest-ranked anchor it has a link to, or itself, which makes it one."""
    linked: dict[int, set[int]] = defaultdict(set)
    for a, b in links:
        linked[a].add(b)
        linked[b].add(a)
    kept: dict[int, int] = {}
    for doc in sorted(range(count), key=lambda d: rank[d]):
        anchors = [other for other in linked[doc] if kept.get(other) == other]
        kept[doc] = min(anchors, key=lambda d: rank[d], default=doc)
    return [kept[doc] for doc in range(count)]


# -- input --------------------------------------------------------------------------------------------------------


def read_jsonl_line(line: bytes, text_field: str, id_field: str | None) -> tuple[Any, str]:
    """The id (as it stands; None if there is none) and the text of one line.

    Raises
    ------
    ValueError
        Not UTF-8; not one JSON object; a key twice in it; no text field; its text no string; a lone surrogate.
    """
    try:
        decoded = line.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    # Python's parser keeps the last of two equal keys, so the outermost pairs, which come last, are kept to look at.
    outermost: list[list[tuple[str, Any]]] = [[]]

    def note(found: list[tuple[str, Any]]) -> dict[str, Any]:
        outermost[0] = found
        return dict(found)

    try:
        record = json.loads(decoded, object_pairs_hook=note, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise ValueError("not one JSON object") from None
    if not isinstance(record, dict):
        raise ValueError("not one JSON object")
    if len(record) < len(outermost[0]):
        raise ValueError("a key stands twice")
    if text_field not in record:
        raise ValueError("no text field")
    text = record[text_field]
    if not isinstance(text, str):
        raise ValueError("text is not a string")
    key = None if id_field is None else record.get(id_field)
    if any("\ud800" <= char <= "\udfff" for value in (text, key) if isinstance(value, str) for char in value):
        raise ValueError("a lone surrogate")
    return key, text


# -- hashes -------------------------------------------------------------------------------------------------------

# Shared with dedup/fingerprints/kernels.py: stored sketches depend on every one of them.
SHINGLE_BASE = 0x9E3779B97F4A7C15  # of the polynomial over the token codes
SHINGLE_MIX = (0xD6E8FEB86659FD93, 0xCA5A826395121157)
MURMUR_MIX = (0x85EBCA6B, 0xC2B2AE35)  # MurmurHash3's 32-bit finaliser
ROUND_STEP = 0x9E3779B9  # added to the lower half of a hash once per round, so that every round throws anew
VALUE_BITS = 27
DIRECT_ROUND = 31

U32 = 0xFFFFFFFF
U64 = 0xFFFFFFFFFFFFFFFF


def hash_shingles(codes: Sequence[int], n: int, seed: int) -> list[int]:
    """64-bit hashes of the shingles in order: mix(key + Σ code · base ^ (n - 1 - position)).

    The key is mix(seed + base); for a text shorter than `n` it is mixed once more with the length, and raised with the
    codes by Horner's rule: else a short text could equal a shingle that happens to sum to the same.
    """

    def mix(h: int) -> int:
        h ^= h >> 32
        h = h * SHINGLE_MIX[0] & U64
        h ^= h >> 29
        h = h * SHINGLE_MIX[1] & U64
        return h ^ h >> 32

    if not codes:
        return []
    key = mix(seed + SHINGLE_BASE & U64)
    if len(codes) < n:
        h = mix(key + len(codes) & U64)
        for code in codes:
            h = h * SHINGLE_BASE + code & U64
        return [mix(h)]
    powers = [SHINGLE_BASE ** (n - 1 - i) for i in range(n)]
    return [
        mix(key + sum(c * p for c, p in zip(codes[i : i + n], powers, strict=True)) & U64)
        for i in range(len(codes) - n + 1)
    ]


def fmix32(h: int) -> int:
    h ^= h >> 16
    h = h * MURMUR_MIX[0] & U32
    h ^= h >> 13
    h = h * MURMUR_MIX[1] & U32
    return h ^ h >> 16


def fast_similarity_sketch(hashes64: Sequence[int], k: int, rounds: int) -> list[int]:
    """Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup 2017): `k` values of 32 bits, `k` a power of two.

    As a definition: every element offers each bin one (round, value), and a bin takes the least offer. Element h offers
    the bin its hash of round r points to (round, hash); if no element was thrown into a bin in any of the `rounds`
    rounds, all offer it (31, hash of its own). Round 0 uses the 64-bit hash itself, bin from the top and value from the
    lower 32 bits; round r the finaliser of the lower 32 bits moved by r steps. Kept: the round in the upper 5 bits and
    27 bits of the value: the lower ones, or in a bin filled directly the upper ones.
    """
    bits = k.bit_length() - 1

    def moved(h: int, steps: int) -> int:
        return fmix32(h + steps * ROUND_STEP & U32)

    offers: dict[int, tuple[int, int]] = {}
    for h in hashes64:
        thrown = [(h >> (64 - bits), (0, h & U32))]
        for r in range(1, rounds):
            x = moved(h, r)
            thrown.append((x >> (32 - bits), (r, x)))
        for j, offer in thrown:
            offers[j] = min(offers.get(j, offer), offer)
    row = []
    for j in range(k):
        if j in offers:
            r, value = offers[j]
            row.append(r << VALUE_BITS | value & (1 << VALUE_BITS) - 1)
        else:
            least = min(moved(h, rounds + j) for h in hashes64)
            row.append(DIRECT_ROUND << VALUE_BITS | least >> (32 - VALUE_BITS))
    return row


def minhash(hashes32: Iterable[int], num_perm: int, seed: int) -> list[int]:
    """``datasketch.MinHash(num_perm, seed, hashfunc=identity, scheme="affine32")`` of datasketch 2.

    The finaliser once, then for every permutation the least a · h + b mod 2^32; a is odd.
    """
    import numpy as np  # only for its generator, from which datasketch draws a and b

    draw = np.random.RandomState(seed)
    a = [2 * int(x) + 1 for x in draw.randint(0, 1 << 31, num_perm, dtype=np.uint32)]
    b = [int(x) for x in draw.randint(0, 1 << 32, num_perm, dtype=np.uint32)]
    mixed = [fmix32(h) for h in set(hashes32)]
    return [min((p * h + q & U32 for h in mixed), default=U32) for p, q in zip(a, b, strict=True)]
