"""What the kernels that read headings know of characters and words: tables, and the words around pieces."""

from __future__ import annotations

import functools
import unicodedata
from itertools import accumulate, chain, product

import numpy as np

from dedup.documents.characters import characters
from dedup.documents.kernels import SHIFT
from dedup.pages.pieces import kernels

HAN_NUMERALS = "一二三四五六七八九十百零〇两"
LONGEST = kernels.LONGEST_HEADING  # characters of a heading
_SIZE = 1 << 16  # characters in the tables: those of the first plane
_PLAIN_LETTERS, _MARKED_VOWELS = "abcdefghijklmnopqrstuvwxyzü", "āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜ"  # of pinyin
_IDEOGRAPHS, _SYLLABLES = range(0x3400, 0xA000), range(0xAC00, 0xD7A4)
_SURROGATES, _VOWELS_AND_FINALS = range(0xD800, 0xE000), range(0x1160, 0x1200)  # the latter of Hangul

# -- words ---------------------------------------------------------------------------------------------------------


def _after(*parts: str) -> list[str]:
    """Every way to write a word of each part, which are parted by spaces, after one of the part before."""
    return ["".join(words) for words in product(*(part.split(" ") for part in parts))]


_REMARKS = "小编 投稿 本站 本网站 未完全显示 下一页 下载后 点击下载 点击查看 点击阅读 继续往下 只显示部分".split()
# In the order of the sets in the kernels.
_WORDS: dict[str, list[str]] = {
    "samples": "范文 范本 例文 样本 样文 作文 文稿".split(),
    "parts": "Part part Sample sample Essay essay".split(),
    "saluted": "尊敬的 敬爱的 亲爱的 各位 同志们 女士们 老师们 同学们".split(),
    "called": "同志们 各位同事 各位同志 各位代表 各位委员 朋友们".split(),
    "closed with": [
        *"谢谢大家 谢谢各位".split(),
        *_after("特此", "报告 汇报 说明 通知 函复 申请"),
        *_after("汇报 报告 发言", "完毕 完了 到此"),
        *_after("请 请予", "批评指正 审议 审阅 指示"),
    ],
    "closed over": _after("以上", "报告 汇报"),
    "leads": "相关 推荐 热门 最新 更多 精彩 延伸 拓展 可能关注 可能感兴趣 可能喜欢".split(),
    "led to": "文档 文章 阅读 推荐 链接 排行 内容 范文 资料 搜索 标签 专题".split(),
    "guessed": ["猜你"],
    "liked": ["喜欢"],
    "viewed": ["看了"],
    "viewers": ["的人"],
    # Below the last piece only; and remarks of the site between two pieces as well.
    "footers": _REMARKS
    + "转载 版权 备案号 ICP备 技术支持 分享到 扫一扫 返回顶部 上一篇 下一篇 打印本页 关闭窗口 [打印] 网站地图 联系我们 "
    "关于我们 本文地址 本文链接 原文链接".split(),
    "asides": _REMARKS + "编辑提示 请看下一篇 仅供参考 全部内容".split(),
    "bullets": list("-·•●*◆■▪>"),
}


@functools.cache
def words() -> np.ndarray:
    """The words that stand around headings, simplified as cleaned lines are, ``[..] int32``.

    First where each set begins; a set is the words, each after its length, and a 0.
    """
    sets = [[code for word in group for code in (len(word), *map(ord, word))] + [0] for group in _WORDS.values()]
    begins = accumulate(map(len, sets[:-1]), initial=len(sets))
    return np.array([*begins, *chain.from_iterable(sets)], np.int32)


# -- characters ----------------------------------------------------------------------------------------------------


@functools.cache
def letters() -> np.ndarray:
    """What each character of the first plane is cleaned to, and what it is, ``[..] int64``; see the kernels.

    Built once per process, in about 50 ms.
    """
    table = np.arange(_SIZE)
    table[_SURROGATES.start : _SURROGATES.stop] |= kernels.DOUBTFUL
    simple = simplified()
    joining = _joining()
    expansions: list[int] = []
    for point in filter(_is_folded, range(0x80, _SIZE)):
        form = unicodedata.normalize("NFKC", chr(point))
        if not joining.isdisjoint(form):
            table[point] |= kernels.DOUBTFUL
        elif len(form) == 1:
            table[point] = ord(form)
        else:
            table[point] = kernels.SEVERAL | (_SIZE + len(expansions))
            expansions += [*simple[[ord(char) for char in form]].tolist(), 0]
    whole = table < _SIZE
    table[whole] = simple[table[whole]]
    return np.concatenate([table | _traits(), np.array(expansions, np.int64)])


def _is_folded(point: int) -> bool:
    """Whether NFKC may make something else of a character: not of the many that stand for themselves."""
    return point not in _IDEOGRAPHS and point not in _SYLLABLES and point not in _SURROGATES


def _joining() -> set[str]:
    """Characters that NFKC may join to the one before."""
    found = set(map(chr, _VOWELS_AND_FINALS))
    for point in filter(_is_folded, range(_SIZE)):
        char = chr(point)
        if unicodedata.combining(char):
            found.add(char)
        parts = unicodedata.decomposition(char).split(" ")
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return found


@functools.cache
def simplified() -> np.ndarray:
    """Traditional characters as simplified ones, brackets of any shape as one, ``[65536] int64``."""
    table = np.arange(_SIZE)
    entries = characters().table[_IDEOGRAPHS.start : _IDEOGRAPHS.stop]
    plain = (entries < 1 << SHIFT) & (entries != 0)
    table[_IDEOGRAPHS.start : _IDEOGRAPHS.stop][plain] = entries[plain]
    table[[ord(char) for char in "【】〔〕"]] = [ord(char) for char in "[][]"]
    return table


def _traits() -> np.ndarray:
    """What kind of characters each is, ``[65536] int64``."""
    every = [chr(point) for point in range(_SIZE)]
    traits = kernels.SPACE * np.fromiter(map(str.isspace, every), np.int64)
    traits |= kernels.LETTER * np.fromiter(map(str.isalpha, every), np.int64)
    for trait, chars in (
        (kernels.DIGIT, "0123456789"),
        (kernels.HAN_NUMERAL, HAN_NUMERALS),
        (kernels.BEGINS_FOOTER, "".join(word[0] for word in _WORDS["footers"])),
        (kernels.BEGINS_ASIDE, "".join(word[0] for word in _WORDS["asides"])),
        (kernels.PINYIN, _PLAIN_LETTERS),
        (kernels.VOWEL, _MARKED_VOWELS),
    ):
        traits[[ord(char) for char in chars]] |= trait
    return traits


@functools.cache
def numerals() -> np.ndarray:
    """Which characters write numbers, ``[65536] bool``."""
    table = np.zeros(_SIZE, np.bool_)
    table[[ord(char) for char in HAN_NUMERALS + "0123456789"]] = True
    return table
