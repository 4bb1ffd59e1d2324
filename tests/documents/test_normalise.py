"""The normaliser against the oracle, and its rules one by one."""

from __future__ import annotations

import importlib.util
import random
import unicodedata
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from dedup.documents import kernels, normalise
from dedup.documents.characters import characters
from tests import naive, strategies

ROOT = Path(__file__).parent.parent.parent

# Pairs of figures that a careless normaliser makes equal; the left figure of each must differ from the right one.
DIFFERENT_FIGURES = [
    ("-5", "5"), ("3.5", "35"), ("-3.5", "3.5"), (".5", "5"), ("-.5", ".5"), ("0.5", "05"), ("1.234", "1234"),
    ("1:2", "12"), ("1/2", "12"), ("1-2", "12"), ("1-2", "1.2"), ("2019.1.5", "2019.15"), ("10.05", "100.5"),
    ("12,34", "1234"), ("1,2345", "12345"), ("1234,567", "1234567"), ("2024-1-15", "2024-11-5"), ("08:30", "0830"),
    ("−0.3", "0.3"), ("－12%", "12%"), ("增长-2.1", "增长2.1"), ("3.50", "3.5"),
]  # fmt: skip


def run_kernel(text: str) -> tuple[list[int], list[tuple[int, int]], int]:
    """The token codes, their byte ranges, and the flag of one text, by one call of the kernel."""
    data = np.frombuffer(text.encode(), np.uint8)
    codes = np.empty(len(text.encode()) + 1, np.uint32)
    spans = np.empty((len(text.encode()) + 1, 2), np.int64)
    count, unsure = kernels.normalise_text(data, 0, len(data), *characters(), codes, spans)
    return codes[:count].tolist(), [(a, b) for a, b in spans[:count].tolist()], unsure


def codes_of(text: str) -> list[int]:
    codes, _, unsure = run_kernel(text)
    return run_kernel(normalise.compose(text))[0] if unsure else codes


def check_bijection(texts: Iterable[str]) -> None:
    """Equal tokens have equal codes and different ones different codes, over all of `texts`."""
    code_of: dict[str, int] = {}
    token_of: dict[int, str] = {}
    for text in texts:
        tokens, codes = naive.tokens(text), codes_of(text)
        assert len(tokens) == len(codes), (text, tokens)
        for token, code in zip(tokens, codes, strict=True):
            assert code_of.setdefault(token, code) == code, (text, token)
            assert token_of.setdefault(code, token) == token, (text, token, token_of[code])


def same(a: str, b: str) -> bool:
    """Whether two texts are the same text to the engine, on which engine and oracle must agree."""
    equal = codes_of(a) == codes_of(b)
    assert equal == (naive.tokens(a) == naive.tokens(b)), (a, b)
    return equal


# -- the kernel against the oracle ----------------------------------------------------------------------------------


@settings(max_examples=1500, deadline=None)
@given(strategies.texts)
def test_normalise_text__reads_the_tokens_of_the_oracle(text: str) -> None:
    # The tokens one by one beside the text: a code that depends on what stands around its token shows here.
    check_bijection([text, *(token for token in naive.tokens(text) if token != naive.MASK)])


@settings(max_examples=1500, deadline=None)
@given(strategies.numbers)
def test_normalise_text__reads_the_numbers_of_the_oracle(text: str) -> None:
    check_bijection([text, "5 -5 .5 -.5 20 201 2019 1234 xx"])


@settings(max_examples=400, deadline=None)
@given(strategies.similar_texts())
def test_normalise_text__tells_similar_texts_apart_as_the_oracle_does(texts: list[str]) -> None:
    check_bijection(texts)


def test_normalise_text__gives_every_token_of_many_texts_a_code_of_its_own() -> None:
    # One fixed set, because 30-bit hashes of words may collide by chance in a set drawn anew.
    draw = random.Random(5)
    fragments = [fragment for group in strategies.FRAGMENTS for fragment in group]
    check_bijection("".join(draw.choices(fragments, k=draw.randint(1, 15))) for _ in range(4000))


@settings(max_examples=800, deadline=None)
@given(strategies.texts)
def test_normalise_text__spans_are_those_of_the_oracle(text: str) -> None:
    _, spans, unsure = run_kernel(text)
    if unsure:
        return
    data = text.encode()
    assert [(len(data[:a].decode()), len(data[:b].decode())) for a, b in spans] == naive.spans(text)


@settings(max_examples=200, deadline=None)
@given(strategies.similar_texts())
def test_normalise_rows__gives_each_row_what_it_has_alone(texts: list[str]) -> None:
    offsets = np.cumsum([0, *(len(text.encode()) for text in texts)]).astype(np.int64)
    data = np.frombuffer("".join(texts).encode(), np.uint8)
    codes = np.empty(len(data) + 1, np.uint32)
    ends, unsure = np.empty(len(texts), np.int64), np.empty(len(texts), np.uint8)
    kernels.normalise_rows(data, offsets, *characters(), codes, ends, unsure)
    starts = [0, *ends.tolist()]
    for d, text in enumerate(texts):
        alone, _, flag = run_kernel(text)
        assert (codes[starts[d] : starts[d + 1]].tolist(), unsure[d]) == (alone, flag)


@settings(max_examples=300, deadline=None)
@given(strategies.texts)
def test_compose__changes_no_token_of_the_oracle_and_leaves_nothing_to_compose(text: str) -> None:
    composed = normalise.compose(text)
    assert naive.tokens(composed) == naive.tokens(text)
    assert normalise.compose(composed) == composed


@settings(max_examples=80, deadline=None)
@given(strategies.similar_texts())
def test_normalise_rows__of_an_arrow_array_composes_the_rows_that_need_it(texts: list[str]) -> None:
    rows = normalise.normalise_rows(pa.array(["before", *texts, "after"], pa.large_string()).slice(1, len(texts)))
    assert [rows.row(d).tolist() for d in range(len(texts))] == [codes_of(text) for text in texts]


@settings(max_examples=400, deadline=None)
@given(strategies.texts)
def test_token_spans__gives_the_codes_of_the_text_and_the_spans_of_the_oracle(text: str) -> None:
    codes, start, end = normalise.token_spans(text)
    assert codes.tolist() == codes_of(text)
    try:
        spans = naive.spans(text)
    except ValueError:  # characters join: the oracle cannot tell; the engine may, but never out of order
        assert all(0 <= a < b <= len(text) for a, b in zip(start.tolist(), end.tolist(), strict=True))
        assert (np.diff(start) >= 0).all()
        return
    if not run_kernel(text)[2]:
        assert list(zip(start.tolist(), end.tolist(), strict=True)) == spans


@settings(max_examples=300, deadline=None)
@given(strategies.similar_texts(most=4))
def test_pattern__makes_equal_what_the_oracle_makes_equal(texts: list[str]) -> None:
    for a, b in combinations(texts, 2):
        patterns = [normalise.normalise(text, view="pattern").tolist() for text in (a, b)]
        assert (patterns[0] == patterns[1]) == (naive.pattern(a) == naive.pattern(b)), (a, b)


# -- pinyin notes ---------------------------------------------------------------------------------------------------


def test_normalise__drops_a_pinyin_note() -> None:
    assert same("經(jīng)濟", "经济")
    assert same("经（jīng）济﹙jì﹚", "经济")
    assert same("经(ji\u0304ng)济", "经济")


def test_normalise__keeps_parentheses_without_a_tone_mark() -> None:
    assert not same("同步(sync)", "同步")
    assert same("同步(sync)", "同步 sync")


def test_normalise__keeps_a_note_that_follows_no_han_character() -> None:
    assert not same("a(jīng)", "a")
    assert not same("5(wǔ)", "5")


def test_normalise__keeps_a_note_of_more_than_six_letters_or_of_other_things() -> None:
    for note in ("(jīngjīn)", "(jīng jì)", "(jī5)", "(jīng", "[jīng]", "(яā)"):
        assert not same(f"经{note}", "经")


def test_normalise__reads_what_follows_a_note_as_if_the_note_were_not_there() -> None:
    assert same("工作(zuò).5月", "工作.5月")


def test_normalise__drops_the_note_of_a_kangxi_radical() -> None:
    assert same("⼀(yī)定", "一定")


# -- numbers --------------------------------------------------------------------------------------------------------


def test_normalise__pairs_of_figures_that_differ_only_by_sign_or_point_are_never_equal() -> None:
    assert len(DIFFERENT_FIGURES) >= 20
    for a, b in DIFFERENT_FIGURES:
        assert not same(a, b), (a, b)
        assert not same(f"增长 {a}万元", f"增长 {b}万元"), (a, b)


def test_normalise__drops_the_commas_that_group_thousands() -> None:
    assert same("1,234", "1234")
    assert same("12，345，678.90元", "12345678.90元")
    assert same("1,234-5,678", "1234-5,678")


def test_normalise__keeps_commas_that_group_no_thousands() -> None:
    for text in ("12,34", "1,23", "1234,567", "1,234,56", "1,2,3"):
        assert not same(text, text.replace(",", ""))


def test_normalise__reads_a_dash_after_a_word_a_figure_or_a_mask_as_no_sign() -> None:
    assert same("covid-19", "covid 19")
    assert same("20××-5", "20xx-5")
    assert same("20××.5", "20××。5")
    assert not same("气温-5", "气温5")


def test_normalise__reads_a_full_stop_after_a_character_as_no_point() -> None:
    for before in ("工作", "ก", "ㄱ", "..", "…", "**"):
        assert same(f"{before}.5", f"{before} 5")
    assert not same("约 .5", "约 5")


def test_normalise__reads_every_form_of_digits_and_separators_alike() -> None:
    assert same("１２．５", "12.5")
    assert same("٣:٥", "3:5")
    assert same("𝟘－１", "0-1")
    for minus in "-－﹣‐‑–−⁻":
        assert same(f"{minus}5", "-5")


def test_normalise__keeps_superscripts_fractions_and_circled_figures() -> None:
    assert naive.tokens("x²½①") == ["x", "²", "½", "①"]
    assert not same("x²", "x2")
    assert not same("½", "1/2")
    assert not same("①", "1")
    assert same("100㎡", "100m2")


# -- masks ----------------------------------------------------------------------------------------------------------


def test_normalise__reads_every_form_of_a_hidden_value_as_one_mask() -> None:
    for mask in ("xx", "XXX", "ｘｘ", "**", "＊＊＊", "××", "____", "20xx", "20××", "20**", "201x", "199X", "201xx"):
        assert naive.tokens(f"在{mask}年") == ["在", naive.MASK, "年"]
        assert same(f"在{mask}年", "在xx年"), mask


def test_normalise__reads_no_mask_in_words_single_signs_or_products() -> None:
    text = "x taxx 20xxa 100x 201x5 3×4 5*"
    assert naive.tokens(text) == ["x", "taxx", "20", "xxa", "100", "x", "201", "x", "5", "3", "4", "5"]
    check_bijection([text])


def test_normalise__ends_a_number_before_a_mask() -> None:
    assert same("2019-20xx", "2019 xx")
    assert same("1,234,20xx", "1234 xx")
    assert same("3.201x", "3 xx")


def test_normalise__makes_no_mask_equal_to_a_value() -> None:
    assert not same("20xx年", "2019年")
    assert not same("xx", "x")


# -- characters -----------------------------------------------------------------------------------------------------


def test_normalise__reads_composed_and_decomposed_text_alike() -> None:
    for text in ("Épée", "ガギグ", "각각", "ÅÄÖ", "Việt"):
        assert same(unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))


def test_normalise__reads_full_and_half_width_alike() -> None:
    assert same("ＡＢＣ　１２３", "abc 123")
    assert same("ｶﾞﾊﾟ", "ガパ")
    assert same("ﾡ", "ㄱ")


def test_normalise__reads_traditional_and_simplified_alike() -> None:
    assert same("經濟發展", "经济发展")


def test_normalise__folds_case_and_ligatures() -> None:
    assert same("STRASSE ﬁn ΣΑΣ", "straße FIN σας")


def test_normalise__leaves_punctuation_spaces_and_private_characters_out() -> None:
    assert same("“经 济”，\n发\u3000展。\ue000😀\0", "经济发展")
    assert naive.tokens("。，、 ") == codes_of("。，、 ") == []


def test_normalise__looks_through_invisible_characters() -> None:
    for invisible in strategies.INVISIBLE:
        for text in (
            *("co{}py", "经{}(jīng)", "经(jī{}ng)", "经(jīng){}.5", "-{}5", "a{}-5", ".{}5", "1{}23", "1{},234"),
            *("*{}*", "20x{}x", "2{}0xx", "**{}-5", "ก{}\u0e49"),
        ):
            assert same(text.format(invisible), text.format("")), ascii(text.format(invisible))
        assert same(f"e{invisible}\u0301", "é")


def test_normalise__reads_words_of_spaced_scripts_and_characters_of_the_others() -> None:
    assert len(codes_of("near duplicate détecté привет")) == 4
    assert len(codes_of("近似かなカナ가나")) == 8


def test_normalise__reads_thai_by_base_character_with_its_marks() -> None:
    assert len(codes_of("น้ำใจ")) == 4
    check_bijection(["น้ำใจ", "น", "น้", "กา", "ก้า"])
    assert not same("กา", "ก้า")


def test_normalise__spans_slice_back_to_the_characters_of_each_token() -> None:
    text = "經(jīng)濟\u200b增长 -1,234.5万，ﬁn 20xx年 co\u00adpy。"
    sliced = [text[a:b] for a, b in naive.spans(text)]
    assert sliced == ["經(jīng)", "濟", "增", "长", "-1,234.5", "万", "ﬁn", "20xx", "年", "co\u00adpy"]
    _, start, end = normalise.token_spans(text)
    assert [text[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)] == sliced


def test_token_spans__of_a_composed_text_slice_back_too() -> None:
    text = "cafe\u0301 约100㎡ 경제"
    _, start, end = normalise.token_spans(text)
    sliced = [text[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]
    assert sliced[:4] == ["cafe\u0301", "约", "100", "㎡"]


# -- the shipped table ----------------------------------------------------------------------------------------------


def test_characters__agrees_with_opencc_for_every_traditional_character() -> None:
    convert = pytest.importorskip("opencc").OpenCC("t2s").convert
    table = characters().table
    wrong = [(a, b) for a, b in naive.traditional().items() if convert(a) != b or chr(table[ord(a)]) != b]
    assert not wrong


def test_characters__are_those_that_the_tool_builds() -> None:
    if unicodedata.unidata_version != "14.0.0":
        pytest.skip("the shipped table is built from Unicode 14")
    spec = importlib.util.spec_from_file_location("make_characters", ROOT / "tools" / "make_characters.py")
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    table, expansions = tool.build(naive.traditional())
    shipped = characters()
    assert np.flatnonzero(table != shipped.table).tolist() == []
    assert expansions.tolist() == shipped.expansions.tolist()
