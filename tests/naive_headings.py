"""The slow twin of the kernels that read headings and cut pages: the same rules as regular expressions.

It imports nothing of `dedup`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

NAMED, NUMBERED, LISTED = 1, 2, 3
HEADED, WEAK, LED, REST = range(4)
FEWEST, FEWEST_UNNAMED = 2, 3
SHORT_PAGE = 20_000
LEAST_BODY, LEAST_UNNAMED_BODY = 30, 100
ALIKE, ALIKE_MASKED = 88, 70
MOST_TITLES = 8
MOST_LOST = 5
LEAST_ENTRIES = 3
LONGEST_LISTED, LONGEST_TORN_OUT = 60, 9
FEW_STRAYS, MOST_STRAYS = 2, 40
WIDEST_SALUTATION, WIDEST_CLOSING, WIDEST_ASIDE, WIDEST_FOOTER, WIDEST_BLANK = 160, 80, 240, 480, 64

HAN_NUMERALS = "一二三四五六七八九十百零〇两"
LONGEST = 60  # characters of a heading
LEAST_TITLE = 5  # characters, Latin letters by half, that two sections of one document hardly share
_NUMBER = rf"(?P<number>[0-9]{{1,3}}|[{HAN_NUMERALS}]{{1,6}})"

# -- cleaned lines -------------------------------------------------------------------------------------------------

_NOTE = re.compile(r"\(?[a-zü]*[āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜ][a-zü]*\)")


def clean(line: str, simple: Mapping[int, int]) -> str:
    """A line as the patterns read it: NFKC, simplified by a table, without pinyin notes and outer white space."""
    line = line.strip()
    if line.isascii():
        return line
    line = unicodedata.normalize("NFKC", line)
    if ")" in line:
        line = _NOTE.sub("", line)
    return line.translate(simple).strip()


_DIGITS = {char: digit for digit, char in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}


def value(numeral: str) -> int:
    """A numeral up to 999 as a number."""
    if numeral.isdecimal():
        return int(numeral)
    total = digit = 0
    for char in numeral:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = digit * 10 + _DIGITS[char]
    return total + digit


# -- forms ------------------------------------------------------------------------------------------------------


class Form(NamedTuple):
    """A way to write headings: `named` if a sign in itself; `whole` if what follows the number is shared, too."""

    pattern: re.Pattern[str]
    named: bool
    whole: bool = True
    sign: str = ""


_PIECE = r"(?P<title>.*?)[\[(<]?"
_SAMPLE = "范文|范本|例文|样本|样文|作文|文稿"
_PART = "[Pp]art|[Ss]ample|[Ee]ssay"
FORMS = (
    Form(re.compile(rf"^{_PIECE}篇\s*\(?{_NUMBER}\)?[\])>]?\s*[:.]?(?P<rest>.*)$"), True, False, "篇"),
    Form(re.compile(rf"^{_PIECE}第\s*{_NUMBER}\s*篇[\])>]?\s*[:.]?(?P<rest>.*)$"), True, sign="篇"),
    Form(re.compile(rf"^(?P<title>.*(?:{_SAMPLE}))\s*[(\[]?{_NUMBER}[)\]]?(?P<rest>)$"), True),
    Form(re.compile(rf"^(?P<title>.+?)\s*[(\[]{_NUMBER}[)\]](?P<rest>)$"), False),
    Form(re.compile(r"^(?:#+\s*)?(?P<number>[0-9]{1,3})\s*[.、:](?![0-9])\s*(?P<title>)(?P<rest>.+[^:])$"), False),
    Form(re.compile(rf"^#+\s*(?P<title>.+?)\s*{_NUMBER}(?P<rest>)$"), False),
    Form(re.compile(rf"^(?P<title>.+\s(?:{_PART}))\s+{_NUMBER}(?P<rest>)$"), False),
)
MASK = "#"
_MASK = re.compile(r"20(?:xx|[*_]+)|[0-9]+|[*_×]{2,}|[xX]{2,}|某某")
_SENTENCE = re.compile(r"[。;!?]")


class Parsed(NamedTuple):
    """What a line says if it is a heading: place of its form in `FORMS`, number, and the title its family shares."""

    form: int
    number: int
    title: str


def parse(text: str) -> Parsed | None:
    """A cleaned line as a heading, in the first form that fits."""
    if len(text) > LONGEST or _SENTENCE.search(text) or _LIST.search(text):
        return None
    for place, form in enumerate(FORMS):
        match = form.pattern.match(text) if form.sign in text else None
        if match is None:
            continue
        rest = match["rest"].strip(" *") if form.whole else ""
        # The number stands between two equal halves; years and masks in a title differ from heading to heading.
        title = _MASK.sub(MASK, f"{match['title'].strip(' #:-*')}\0{rest}")
        number = value(match["number"])
        if number and (form.named or _says_enough(title)):
            return Parsed(place, number, title)
        return None
    return None


def _says_enough(title: str) -> bool:
    return sum(1 if char > "\u2e80" else 0.5 for char in title if char.isalpha()) >= LEAST_TITLE


# -- torn headings -------------------------------------------------------------------------------------------------

# Key words that were links once stand on a line of their own with a false stop: 年度 | 工作总结。 | 篇三.
TORN_OUT = re.compile(r"^.{2,8}。$")
BELOW_TEAR = re.compile(rf"^[(\[]?{_NUMBER}[)\]]?$|^.{{0,12}}(?:篇|第|[(\[]).{{0,8}}$")
ABOVE_TEAR = re.compile(rf"^(?:#+\s*)?{_NUMBER}\s*[.、:]|^[\[(]?(?:篇|第)|^#")

# -- what stands around pieces -------------------------------------------------------------------------------------

_LIST = re.compile(rf"[(\[][^()\[\]]{{0,8}}?(?:[0-9]{{1,3}}|[{HAN_NUMERALS}]{{1,4}})\s*篇[)\]]$")
BULLET = re.compile(r"^[-·•●*◆■▪>]\s*\S")
LEAD_IN = re.compile(
    r"^.{0,4}(?:(?:相关|推荐|热门|最新|更多|精彩|延伸|拓展|可能关注|可能感兴趣|可能喜欢).{0,4}"
    r"(?:文档|文章|阅读|推荐|链接|排行|内容|范文|资料|搜索|标签|专题).{0,4}|猜你.?喜欢|看了.{0,6}的人.{0,6}):?$"
)
# Remarks of the site, between two pieces as well as below the last; and what stands below the last only.
ASIDE = re.compile(
    r"小编|编辑提示|投稿|本站|本网站|未完全显示|下一页|下载后|点击(?:下载|查看|阅读)|继续往下|请看下一篇|仅供参考|全部内容|"
    r"只显示部分"
)
FOOTER = re.compile(
    r"小编|投稿|本站|本网站|未完全显示|下一页|下载后|点击(?:下载|查看|阅读)|继续往下|只显示部分|转载|版权|备案号|ICP备|技术支持|"
    r"分享到|扫一扫|返回顶部|上一篇|下一篇|打印本页|关闭窗口|\[打印\]|网站地图|联系我们|关于我们|本文地址|本文链接|原文链接"
)
SALUTATION = re.compile(
    r"^(?:尊敬的|敬爱的|亲爱的|各位|同志们|女士们|老师们|同学们).{0,24}:$|"
    r"(?:同志们|各位同事|各位同志|各位代表|各位委员|朋友们):$"
)
CLOSING = re.compile(
    r"(?:谢谢大家|谢谢各位|特此(?:报告|汇报|说明|通知|函复|申请)|(?:汇报|报告|发言)(?:完毕|完了|到此)|"
    r"请予?(?:批评指正|审议|审阅|指示)|^敬礼|以上(?:报告|汇报).{0,10})[。!]?$|^(?:20\S\S年)?[0-9]{1,2}月[0-9]{1,2}日$"
)

# -- pages -----------------------------------------------------------------------------------------------------------


class _Page:
    """The lines of one page, decoded and cleaned one by one as they are asked for."""

    def __init__(self, lines: Sequence[str], simple: Mapping[int, int]) -> None:
        self._lines = lines
        self._simple = simple
        self.points = [0]
        for line in lines:
            self.points.append(self.points[-1] + len(line))
        self.size = self.points.pop()

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, line: int) -> str:
        """A line cleaned; "" beyond the end."""
        return clean(self._lines[line], self._simple) if 0 <= line < len(self) else ""

    def _raw(self, line: int) -> str:
        return self._lines[line]

    def is_blank(self, line: int) -> bool:
        """Whether nothing but white space stands in a line."""
        return self.width(line) < WIDEST_BLANK and not self._raw(line).strip()

    def width(self, line: int) -> int:
        """Bytes of a line, without reading it."""
        return len(self._lines[line].encode())

    def is_torn_out(self, line: int) -> bool:
        """Whether a line is one short word with a stop, as a site leaves a key word that was a link."""
        if not 0 <= line < len(self) or not 3 < self.width(line) <= WIDEST_BLANK:
            return False
        return self._raw(line).rstrip().endswith("。") and TORN_OUT.match(self[line]) is not None

    def is_salutation(self, line: int) -> bool:
        """Whether a line is one; only those that end in a colon are cleaned."""
        if self.width(line) > WIDEST_SALUTATION or not self._raw(line).rstrip().endswith((":", "：")):
            return False
        return SALUTATION.search(self[line]) is not None

    def holds(self, line: int, pattern: re.Pattern[str], widest: int) -> bool:
        """Whether a line of at most `widest` bytes holds `pattern`; others are not read."""
        return self.width(line) <= widest and pattern.search(self[line]) is not None

    def below(self, line: int) -> int:
        """The first line after `line` that is not blank."""
        line += 1
        while line < len(self) and self.is_blank(line):
            line += 1
        return line

    def above(self, line: int) -> int:
        """The last line before `line` that is not blank; -1 if there is none."""
        line -= 1
        while line >= 0 and self.is_blank(line):
            line -= 1
        return line

    def between(self, start: int, end: int) -> int:
        """Code points from one line to another."""
        return (self.points[end] if end < len(self) else self.size) - (
            self.points[start] if start < len(self) else self.size
        )


def cuts_of(
    lines: Sequence[str], marks: Sequence[int], keys: Sequence[int], simple: Mapping[int, int]
) -> list[tuple[int, int, int, int, int]]:
    """The rows of one page (line, body, kind, group, number), from its lines with their ends and what they may be."""
    page = _Page(lines, simple)
    named = [line for line, mark in enumerate(marks) if mark == NAMED]
    numbered = [line for line, mark in enumerate(marks) if mark == NUMBERED]
    families = accepted(page, named)
    if not families and len({keys[line] for line in numbered}) < len(numbered):
        families = accepted(page, numbered)
    rows: dict[int, tuple[int, int, int, int, int]] = {}
    for group, family in enumerate(families):
        rows |= {line: (line, line, WEAK, -1, 0) for line in lost(page, family)}
        rows |= {heading.line: (heading.line, heading.body, HEADED, group, heading.number) for heading in family}
    first = min(rows, default=0)
    for line in {page.above(line) for line in rows} - rows.keys():
        if line > first and page.holds(line, ASIDE, WIDEST_ASIDE):
            rows[line] = (line, line, REST, -1, 0)
    end = _end(page, marks, rows[max(rows)][1] if rows else -1)
    if 0 < end < len(page):
        rows.setdefault(end, (end, end, REST, -1, 0))
    if rows and 0 not in rows:
        # Headings get lost: what stands before the second one is a piece, what stands before the first is not.
        _, _, begins, _, number = rows[min(rows)]
        kind = REST if begins == HEADED and number <= 1 else LED
        rows[0] = (0, 0, kind, -1, 0)
    return [rows[line] for line in sorted(rows)]


# -- families ------------------------------------------------------------------------------------------------------


class Heading(NamedTuple):
    """A line that may be the heading of a piece."""

    line: int
    body: int
    form: int  # place in `FORMS`
    number: int
    title: str  # what its family shares: equal but for damage


def read(page: _Page, line: int) -> Iterator[Heading]:
    """The headings that a line may be: as it stands, and put together again if a site tore a key word out of it."""
    text = page[line]
    found = [(parse(text), line, line + 1)]
    if line > 1 and BELOW_TEAR.match(text) and page.is_torn_out(line - 1):
        found.append((parse(page[line - 2] + page[line - 1][:-1] + text), line - 2, line + 1))
    elif ABOVE_TEAR.match(text) and page.is_torn_out(line + 1):
        joined = text + page[line + 1][:-1]
        found.append((parse(joined), line, line + 2))
        found.append((parse(joined + page[line + 2]), line, line + 3))
    for parsed, start, end in found:
        if parsed:
            yield Heading(start, page.below(end - 1), *parsed)


def accepted(page: _Page, candidates: list[int]) -> list[list[Heading]]:
    """The families of headings among candidate lines that are believed, each in order of its lines.

    Of several families that are not `named`, the largest is taken.
    """
    by_form: dict[int, list[Heading]] = defaultdict(list)
    for line in candidates:
        for heading in read(page, line):
            by_form[heading.form].append(heading)
    named: list[list[Heading]] = []
    other: list[list[Heading]] = []
    for form, members in by_form.items():
        for family in _families(members):
            if _believed(page, family):
                (named if FORMS[form].named else other).append(family)
    return named or sorted(other, key=len, reverse=True)[:1]


def _families(headings: list[Heading]) -> Iterator[list[Heading]]:
    """Headings of one form by their titles, which damage and masks may have made different."""
    counts = Counter(heading.title for heading in headings)
    leaders: list[str] = []
    leader_of: dict[str, str] = {}
    for title, _ in counts.most_common():
        found = next((leader for leader in leaders if alike(title, leader)), None)
        if found is None and len(leaders) < MOST_TITLES:
            leaders.append(title)
            found = title
        if found is not None:
            leader_of[title] = found
    for leader in leaders:
        yield [heading for heading in headings if leader_of.get(heading.title) == leader]


def alike(a: str, b: str) -> bool:
    """Whether two titles are one but for damage; a mask may stand for more than it covers."""
    return a == b or fuzz.ratio(a, b) >= (ALIKE_MASKED if MASK in a or MASK in b else ALIKE)


def _believed(page: _Page, family: list[Heading]) -> bool:
    """Whether enough of a family count upwards and have a text below them."""
    named = FORMS[family[0].form].named
    ends = [heading.line for heading in family[1:]] + [len(page)]
    run: list[int] = []
    total = 0
    for heading, end in zip(family, ends, strict=True):
        size = page.between(heading.body, end)
        if size < LEAST_BODY:
            continue
        if run and (heading.number <= run[-1] or heading.number - run[0] > 3 * len(run) + 3):
            run, total = [], 0
        run.append(heading.number)
        total += size
        # Two numbered titles that happen to be alike stand in many a manual; two that count 1, 2 hardly anywhere.
        enough = FEWEST if named or (run == [1, 2] and page.size <= SHORT_PAGE) else FEWEST_UNNAMED
        if len(run) >= enough and (named or total >= LEAST_UNNAMED_BODY * len(run)):
            return True
    return False


def lost(page: _Page, family: list[Heading]) -> Iterator[int]:
    """Where headings that the numbers of a family miss will have stood: below a closing formula, at a salutation.

    Such lines alone begin no piece; but between 篇二 and 篇四 one begins somewhere, and no more than the numbers miss.
    """
    for heading, following in zip(family, family[1:], strict=False):
        missing = following.number - heading.number - 1
        if not 0 < missing <= MOST_LOST:
            continue
        signs = []
        # Under the heading itself stands the opening of its own piece.
        above = page.below(heading.body - 1)
        line = page.below(above)
        while line < following.line:
            opens = page.is_salutation(line)
            closes = page.holds(above, CLOSING, WIDEST_CLOSING)
            if opens or closes:
                signs.append((-opens - closes, line))
            above, line = line, page.below(line)
        yield from (line for _, line in sorted(signs)[:missing])


# -- the end -------------------------------------------------------------------------------------------------------


def _end(page: _Page, marks: Sequence[int], body: int) -> int:
    """Where the last text of a page ends: the first line of the list of titles and the footer below it.

    `body`: the line below which it may be, -1 if the page has no headings; then a list of titles is needed.
    """
    end = len(page)
    strays = listed = 0
    line = page.above(len(page))
    while line > body and strays <= MOST_STRAYS:
        beside = strays <= FEW_STRAYS + listed
        text = page[line] if page.width(line) <= WIDEST_FOOTER and marks[line] != LISTED else ""
        short = 0 < len(text) <= LONGEST_LISTED
        if marks[line] == LISTED and beside:
            end, strays, listed = line, 0, listed + 1
        elif (beside and FOOTER.search(text)) or (short and LEAD_IN.match(text)):
            end, strays = line, 0
        elif not short or (len(text) > LONGEST_TORN_OUT and text.endswith("。")):
            break
        elif not BULLET.match(text):
            strays += 1
        line = page.above(line)
    return end if body >= 0 or listed >= LEAST_ENTRIES else len(page)
