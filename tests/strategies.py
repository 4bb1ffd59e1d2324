"""Hypothesis strategies: the texts that break normalisers, lists of similar texts, token codes."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

SIGNS = [*".,:/-", *"．，：／－", *"﹒﹐﹕﹣", *"‐‑–−", "︐", "︓", "⁻", "…", "︰"]
HIDDEN = ["*", "**", "＊", "_", "__", "＿", "﹏", "×", "××", "✕", "x", "X", "xx", "XXX", "ｘ", "Ⅹ"]
FIGURES = [*"0123456789", *"０５９", "٣", "𝟘", "19", "20", "201", "999", "000", "1,234", "2019", "㋀"]
INVISIBLE = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\ufe0f", "\u180b", "\U000e0100"]
NOTES = [
    *("(jīng)", "（jì）", "﹙ǜ﹚", "︵é︶", "(lǜé)", "（Ē）", "(ｊīng)", "(ji\u0304ng)"),
    *("(sync)", "(jing)", "()", "(ā", "ā)", "(ā b)", "(āīōūēǖā)", "(jīng5)", "[ā]", "(", "（", ")", "）"),
]
HAN = [*"经济體發发〇々年月日工作龍龙國国", "⼀", "\uf90a", "㊀", "𠮷", "䷀", "㆒"]
OTHER_SINGLE = [*"かカがガーｶﾊ゛ゞ", "ﾞ", "ﾟ", "\u3099", "ー", *"가각ㄱㅏﾡ", "\u1100", "\u1161", "\u11a8", "ㄅ", "ꀀ"]
LETTERS = [*"aeinpqzABCZ", *"éÅñǆßİıſŉσςяЯъأש", "ﬁ", "ﬀ", "Ⅱ", "№", "™", "Ｋ", "K", "ª", "ⓐ"]
MARKS = ["\u0301", "\u0308", "\u0323", "\u0345", "\u20e3", "e\u0301", "x\u0304", "´", "¨", "‾"]
CLUSTERED = [*"กขำา", "\u0e31", "\u0e49", "ກ", "ໜ", "ម", "\u17d2", "က", "\u1039"]
KEPT = ["²", "½", "①", "⒈", "㉑", "Ⅰ", "㎡", "㈱", "℃", "⒜", "㏘"]
LEFT_OUT = [*" 。、！“·;'%\n\t", "\0", "\ue000", "\U000f0000", "😀", "\U0001f469", "\uffff", "\u0378"]
FRAGMENTS = (SIGNS, HIDDEN, FIGURES, INVISIBLE, NOTES, HAN, OTHER_SINGLE, LETTERS, MARKS, CLUSTERED, KEPT, LEFT_OUT)

# Characters newer than Unicode 3.2 are other things in other versions of Python.
any_character = st.characters(exclude_categories=["Cs"]).filter(
    lambda char: unicodedata.ucd_3_2_0.category(char) != "Cn" or unicodedata.category(char) == "Cn"
)


def joined(*fragments: list[str], most: int = 12) -> st.SearchStrategy[str]:
    """Up to `most` fragments side by side: each list as likely as the next, however long it is."""
    one = st.one_of([st.sampled_from(group) for group in fragments])
    return st.lists(one, max_size=most).map("".join)


numbers = joined(SIGNS, HIDDEN, FIGURES, FIGURES, FIGURES, ["a", "年", " ", "ก", "é", "²", "\u200b"])
notes = joined(NOTES, HAN, HAN, SIGNS, INVISIBLE, ["5", "a"])
words = joined(LETTERS, MARKS, CLUSTERED, OTHER_SINGLE, INVISIBLE, ["x", "5", " ", "-"])
nasty = joined(*FRAGMENTS, most=20)
arbitrary = st.text(any_character, max_size=12)
alone = st.sampled_from(["", *(fragment for group in FRAGMENTS for fragment in group)])
texts = st.one_of(nasty, numbers, notes, words, arbitrary, alone)


@st.composite
def similar_texts(draw: st.DrawFn, most: int = 8) -> list[str]:
    """A base text and copies of it with a few fragments put in, taken out or repeated; copies may be equal."""
    base = draw(nasty)
    copies = [base]
    for _ in range(draw(st.integers(1, most - 1))):
        copy = draw(st.sampled_from(copies))
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(copy)))
            cut = draw(st.integers(0, 2))
            copy = copy[:at] + draw(st.one_of(st.just(""), nasty)) + copy[at + cut :]
        copies.append(copy)
    return copies


token_codes = st.lists(
    st.one_of(st.integers(0, 3), st.integers(0x4E00, 0x9FFF), st.integers(0, 0xFFFFFFFF)), max_size=60
)
