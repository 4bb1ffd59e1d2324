"""Text files → documents, one a file; encodings are told from the bytes, those of pages also from what they say."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa

from dedup.documents.blocks import Block, Rejected, StreamEnds, make_rows, no_rows, read_chunks
from dedup.documents.fields import Fields
from dedup.documents.sources import Source
from dedup.errors import InputError

# The most frequent characters of running Chinese, simplified and traditional: about half of any text is made of these.
COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
    "解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件"
    "計畫這個們來國時為說會對過發後裡經麼學現當沒動還樣實無長機門東聲認條別變數報結務開關點業應戰頭體見產與問間"
    "万亿元市县区镇乡村社省局委办府党组织管理工作会议通知规定农村建设服务项目资金企业单位加强推进落实情况"
)
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# <meta charset>, <meta http-equiv … content="…; charset=…"> and <?xml encoding?>, among the first bytes.
DECLARED = re.compile(rb"""<(?:meta\b[^>]*?charset|\?xml\b[^>]*?encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
DECLARED_WITHIN = 4096
# What browsers take these names for: the wider encoding, which is what pages are written in.
WIDER = {
    "gb18030": ("gb2312", "gbk", "x-gbk", "gb_2312-80", "hz-gb-2312", "cp936", "ms936", "chinese"),
    "big5hkscs": ("big5", "big5-hkscs", "big5-tw", "x-x-big5", "cn-big5", "cp950"),
    "cp932": ("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji"),
    "cp949": ("euc-kr", "euckr", "ks_c_5601-1987", "ksc5601", "korean"),
    "utf-8": ("utf8", "utf-8", "unicode", "utf-8-sig", "utf_8"),
    "cp1252": ("iso-8859-1", "iso8859-1", "latin1", "latin-1", "l1", "us-ascii", "ascii", "windows-1252", "cp1252"),
}
PYTHON_NAMES = {name: wide for wide, names in WIDER.items() for name in names}
# Encodings of Python that no page is written in; some take quadratic time.
ODD = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
# Servers send this by default, and it decodes everything.
DEFAULT = "cp1252"
# Damaged characters among those that are not ASCII, at most, where nothing decodes the whole page.
DAMAGED = 0.01

# Share of common characters among the Han ones: real text has .45 to .65, a wrong decoding under .1.
CONVINCING = 0.25


def read_text_file(source: Source, fields: Fields, encoding: str) -> Block:
    """The document of one file; its identifier is left to be made from its name.

    Strips nothing: the text is the whole file, decoded.
    """
    try:
        raw = b"".join(bytes(piece) for piece in read_chunks(source))
        text = decode(raw, encoding)
    except (StreamEnds, ValueError) as error:
        return Block(no_rows(fields), 1, [Rejected(0, str(error))])
    one = np.ones(1, np.int64)
    nothing = pa.nulls(1, pa.string())
    others = dict.fromkeys(fields.others, nothing)
    size = np.array([len(raw)], np.int64)
    return Block(make_rows(fields, nothing, pa.array([text], pa.large_string()), one, one * 0, size, others), 1)


def load_text(path: Path, encoding: str = "") -> str:
    """The text of one file.

    Raises
    ------
    InputError
        If it cannot be read or decoded.
    """
    try:
        return decode(path.read_bytes(), encoding)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path) from None
    except ValueError as error:
        raise InputError(str(error), path) from None


def decode(raw: bytes, encoding: str = "") -> str:
    """The text of a file.

    UTF-8, UTF-16 with a byte order mark; else GB18030 and Big5 are both tried, because every Big5 text decodes as
    GB18030 without an error, and the one whose Han characters are mostly common ones wins.

    Raises
    ------
    ValueError
        If no decoding is convincing.
    """
    if encoding:
        try:
            return _clean(raw.decode(encoding))
        except (UnicodeDecodeError, LookupError) as error:
            raise ValueError(f"cannot be decoded as {encoding}: {error}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return _clean(raw.decode("utf-16"))
        except UnicodeDecodeError:
            pass
    best, share = "", 0.0
    for name in ("gb18030", "big5hkscs"):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        found = common_share(text)
        if found > share:
            best, share = text, found
    if share < CONVINCING:
        raise ValueError("neither UTF-8, UTF-16, GB18030 nor Big5 text; --encoding names another encoding")
    return best


def decode_page(raw: bytes, encoding: str = "", declared: str = "") -> str:
    """The text of an HTML page.

    A byte order mark is believed, and so is UTF-8 without an error; then the server, and what the page itself says.
    Where both are wrong the page is decoded as `decode` does it; some damage (a character cut in half) is passed over.

    Parameters
    ----------
    encoding : str
        Of pages that say nothing of theirs, instead of telling it from their bytes.
    declared : str
        The encoding the server named.

    Raises
    ------
    ValueError
        If no decoding is convincing.
    """
    for mark, name in MARKS.items():
        if raw.startswith(mark):
            return raw.decode(name, errors="replace")
    found = DECLARED.search(raw[:DECLARED_WITHIN])
    said = [_known(name, raw) for name in (declared, found[1].decode("ascii", errors="replace") if found else "")]
    names = [name for name in dict.fromkeys(said) if name]
    if encoding and not names:
        return decode(raw, encoding)
    for name in ("utf-8", *(name for name in names if name != DEFAULT)):
        try:
            return _clean(raw.decode(name))
        except ValueError:
            continue
    try:
        return decode(raw)
    except ValueError:
        for name in (*names, "utf-8"):
            text = raw.decode(name, errors="replace")
            odd = text.count("\ufffd")
            if odd <= 1 + DAMAGED * sum(not char.isascii() for char in text):
                return text
        raise


def _known(name: str, raw: bytes) -> str:
    """Python's name of an encoding that a page or a server names; "" if it cannot be that of `raw`."""
    name = name.strip().strip("\"'").lower()
    name = PYTHON_NAMES.get(name, name)
    try:
        "".encode(name)  # raises for what Python has under this name beside encodings
        name = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    wide = name.startswith(("utf-16", "utf-32")) and b"\0" not in raw[:256]  # it could not be read if it were true
    return "" if wide or name in ODD else name


def common_share(text: str) -> float:
    """The share of common characters among the Han characters of `text`; 0 if it has none."""
    counts = Counter(text)
    han = {char: count for char, count in counts.items() if "㐀" <= char <= "鿿" or "豈" <= char <= "﫿"}
    total = sum(han.values())
    # Private-use and other rare characters are the mark of a wrong decoding: they count against it.
    odd = sum(count for char, count in counts.items() if "\ue000" <= char <= "\uf8ff")
    common = sum(count for char, count in han.items() if char in COMMON)
    return common / (total + odd) if total else 0.0


def _clean(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair, which is no character") from None
    return text.removeprefix("\ufeff")
