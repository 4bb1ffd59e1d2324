"""Make the two character files that `dedup.documents.normalise` loads.

``traditional.tsv``   traditional → simplified pairs, one character each, read out of OpenCC's data (needs `opencc`)
``characters.npz``    one uint32 per Unicode character: its class and its folded form (needs only `unicodedata`)

The second file is built once and shipped, not built at start: it takes seconds, and built from the running Python's
`unicodedata` the same text would get other tokens under another Python version.

usage: python tools/make_characters.py [--traditional]
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import numpy as np

from dedup.documents import kernels as ch

FOLDER = Path(__file__).parent.parent / "dedup" / "documents"

# Scripts written without spaces in which one token is one base character with its marks.
CLUSTERED = ("THAI ", "LAO ", "KHMER ", "MYANMAR ")
SINGLE = ("CJK ", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "YI ", "IDEOGRAPHIC ", "VERTICAL KANA", "KANGXI ")
SEPARATORS = {
    ".": ".", "．": ".", "﹒": ".", ",": ",", "，": ",", "﹐": ",", ":": ":", "：": ":", "﹕": ":", "/": "/", "／": "/",
    "-": "-", "－": "-", "﹣": "-", "‐": "-", "‑": "-", "–": "-", "−": "-",
}  # fmt: skip
MASKS = {"*": "*", "＊": "*", "﹡": "*", "_": "_", "＿": "_", "×": "×", "✕": "×", "╳": "×"}
# Codes or letters that one character may fold to; U+FDFA, a sentence, has more and is composed.
WIDTH = 8
TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"


def fold(char: str) -> str:
    """NFKC, case folding, NFKC of one character: what it is outside any context."""
    nfkc = unicodedata.normalize
    return nfkc("NFKC", nfkc("NFKC", char).casefold())


def traditional_pairs() -> list[tuple[str, str]]:
    """Every character that OpenCC's t2s maps to one other character."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    pairs = []
    for point in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x32000)):
        char = unicodedata.normalize("NFKC", chr(point))
        simple = convert(char)
        if simple != chr(point) and len(simple) == 1 and char == chr(point):
            pairs.append((char, simple))
    return pairs


def composing() -> set[int]:
    """Characters that NFC may join to the one before: the second halves of all canonical pairs."""
    seconds = set()
    for point in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(int(parts[1], 16))
    return seconds


def classify(char: str, simple: dict[str, str], expansions: dict[str, int]) -> int:
    """The table entry of one character: class in the high byte, payload below."""
    category = unicodedata.category(char)
    sign = char if category == "No" else fold(char)
    if sign in MASKS:
        return ch.MASK << ch.SHIFT | ord(MASKS[sign])
    if sign in SEPARATORS:
        kind = ch.SIGN if SEPARATORS[sign] in "-." else ch.SEPARATOR
        return kind << ch.SHIFT | ord(SEPARATORS[sign])
    if sign == "(":
        return ch.OPEN << ch.SHIFT
    if category == "Nd":
        return ch.DIGIT << ch.SHIFT | ord("0") + unicodedata.digit(char)
    if category == "No":  # ², ½, ①: stay themselves; NFKC would make figures of them
        return ord(char)
    folded = fold(char)
    if category == "Cf" or "VARIATION SELECTOR" in unicodedata.name(char, ""):
        return ch.TRANSPARENT << ch.SHIFT
    jamo = 0x1100 <= ord(folded[:1] or "\0") <= 0x11FF or 0xA960 <= ord(char) <= 0xA97F or 0xD7B0 <= ord(char) <= 0xD7FF
    if jamo and category[0] == "L":
        return ch.COMPOSE << ch.SHIFT | ord(folded[0])
    if category[0] == "M" or char in "\uff9e\uff9f":
        return ch.MARK << ch.SHIFT | ord(char)
    kinds = {unicodedata.category(c) for c in folded}
    if not folded or not any(kind[0] in "LN" for kind in kinds):
        # Signs and spaces. A lone accent (´) folds to a space and a mark that could join the next letter: look at it.
        return ch.COMPOSE << ch.SHIFT if any(kind[0] == "M" for kind in kinds) and category[0] != "S" else 0
    name = unicodedata.name(char, "")
    if len(folded) == 1:
        last = simple.get(folded, folded)
        name = unicodedata.name(last, name)
        if name.startswith(CLUSTERED):
            return ch.BASE << ch.SHIFT | ord(last)
        if name.startswith(SINGLE) or unicodedata.category(last) in ("Nl", "No"):
            return ord(last)
        if unicodedata.category(last) == "Nd":
            return ch.COMPOSE << ch.SHIFT
        entry = ch.LETTER << ch.SHIFT | ord(last)
        if name.startswith("LATIN"):
            entry |= ch.LATIN
        if char in TONES or char.lower() in TONES:
            entry |= ch.TONE
        return entry
    letters = all(unicodedata.category(c)[0] in "LM" for c in folded)
    if letters and len(folded) <= 4 and not any(unicodedata.name(c, "").startswith(SINGLE + CLUSTERED) for c in folded):
        return ch.LETTERS << ch.SHIFT | expansions.setdefault(folded, len(expansions))
    return ch.COMPOSE << ch.SHIFT  # ㎡, ㈱, ℃: several kinds at once; the text is composed before it is read


def expand(table: np.ndarray, rows: list[list[int]]) -> None:
    """Turn characters that fold to several tokens from COMPOSE to EXPAND, their codes into new `rows`.

    Not those that begin with a figure or hold marks or jamo, which may join what stands before them in other ways than
    letters do; nor those that end in a token of another kind, after which a point leads no number; nor those with more
    codes than bytes, for which callers leave no room.
    """
    words = np.array([row + [0] * (WIDTH - len(row)) for row in rows], np.uint32)
    for point in np.flatnonzero(table == ch.COMPOSE << ch.SHIFT).tolist():
        folded = fold(chr(point))
        kinds = [int(table[ord(c)]) >> ch.SHIFT for c in folded]
        if not folded or ch.DIGIT in kinds[:-1] or not {ch.MARK, ch.COMPOSE, ch.BASE, ch.SIGN}.isdisjoint(kinds):
            continue
        if kinds[-1] not in (ch.LETTER, ch.LETTERS, ch.DIGIT) and table[ord(folded[-1])] != 0:
            continue
        data = np.frombuffer(folded.encode(), np.uint8)
        codes = np.zeros(len(data) + 1, np.uint32)
        count, unsure = ch.normalise_text(data, 0, len(data), table, words, codes, np.empty((0, 2), np.int64))
        if unsure or not 0 < count <= min(WIDTH, len(chr(point).encode())):
            continue
        entry = ch.EXPAND << ch.SHIFT | len(rows)
        entry |= ch.LETTER_FIRST if kinds[0] in (ch.LETTER, ch.LETTERS) else 0
        entry |= ch.LETTER_LAST if kinds[-1] in (ch.LETTER, ch.LETTERS) else 0
        entry |= ch.DIGIT_LAST if kinds[-1] == ch.DIGIT else 0
        rows.append(codes[:WIDTH].tolist())
        table[point] = entry


def build(simple: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """The table [0x110000] uint32 and the expansions [m, WIDTH] uint32, zero-padded."""
    expansions: dict[str, int] = {}
    table = np.zeros(0x110000, np.uint32)
    for point in range(0x110000):
        if not 0xD800 <= point <= 0xDFFF:
            table[point] = classify(chr(point), simple, expansions)
    for point in composing():
        if unicodedata.category(chr(point))[0] != "M" and table[point] >> ch.SHIFT not in (ch.COMPOSE, ch.MARK):
            raise SystemExit(f"U+{point:04X} composes with the character before it but would take the fast path")
    rows = [[ord(c) for c in text] for text in expansions]
    expand(table, rows)
    return table, np.array([row + [0] * (WIDTH - len(row)) for row in rows], np.uint32)


def main() -> None:
    path = FOLDER / "traditional.tsv"
    if "--traditional" in sys.argv:
        pairs = traditional_pairs()
        path.write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
        print(f"{path.name}: {len(pairs)} pairs")
    simple = dict(line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    table, expansions = build(simple)
    np.savez_compressed(FOLDER / "characters.npz", table=table, expansions=expansions)
    print(f"characters.npz: Unicode {unicodedata.unidata_version}, {np.count_nonzero(table)} characters")


if __name__ == "__main__":
    main()
