"""The language of the corpus: what the writer writes, and that its documents have next to nothing in common."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from itertools import pairwise
from random import Random

import numpy as np
import pytest

import dedup
from corpus.grammar import compiled
from corpus.lexicon import crossed, topics
from corpus.scene import Slot
from corpus.writer import Report, Writer

FORMS = ("report", "plan", "notice", "regulation", "minutes", "news", "english")
TYPES = {"number", "percentage", "money", "date", "year", "place", "person", "organisation", "title", "text"}
LOOKS = {
    "number": r"\d+(\.\d)?\D*",
    "percentage": r"\d+(\.\d)?(％| per cent)",
    "money": r"\d+(\.\d+)?(万元|亿元|元)|\$[\d.,]+( million)?",
    "date": r"\d{1,2}月\d{1,2}日|\d{1,2} [A-Z][a-z]+",
    "year": r"(19|20)\d\d",
    "place": r"[\u4e00-\u9fff]{2}(县|市|区|镇|乡|街道|村|社区)|[A-Z][A-Za-z \-]+",
    "person": r"[\u4e00-\u9fff]{2,3}|[A-Z][a-z]+ [A-Z][a-z]+",
    "organisation": r"[\u4e00-\u9fff]{4,14}|[A-Z][A-Za-z ]+",
    "title": r"[^《》]+",
    "text": r"[^，。《》]{4,12}|[A-Za-z].*",
}
NOTED = "区乡业镇发规现统经联协优医创卫网据环态监养节续稳执数战"


def reports(count: int, seed: int, **wish: str | int) -> list[Report]:
    writer = Writer(Random(seed))
    return [writer.report(**wish) for _ in range(count)]


def shingles(text: str) -> np.ndarray:
    """The different runs of five tokens, as hashes."""
    codes = dedup.normalise(text).astype(np.uint64)
    hashes = np.zeros(len(codes) - 4, np.uint64)
    for at in range(5):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + codes[at : len(codes) - 4 + at]
        hashes ^= hashes >> np.uint64(29)
    return np.unique(hashes)


def background(texts: list[str], pairs: int) -> np.ndarray:
    """The Jaccard similarity of random pairs of different texts."""
    sets = [set(shingles(text).tolist()) for text in texts]
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, len(sets), (2, pairs))
    shared = np.array([len(sets[a] & sets[b]) for a, b in zip(left, right, strict=True)])
    sizes = np.array([len(one) for one in sets])
    return (shared / (sizes[left] + sizes[right] - shared))[left != right]


def digest(seed: int) -> str:
    """One hash over some of everything the writer writes."""
    writer = Writer(Random(seed))
    written = [writer.report() for _ in range(40)] + [writer.short() for _ in range(10)]
    template = writer.template()
    written += [template.member(Random(n)) for n in range(5)]
    return hashlib.sha256(repr(written).encode()).hexdigest()


def test_the_same_random_state_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    code = "from tests.corpus.test_language import digest; print(digest(5))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "1234")
    }
    assert found == {digest(5)}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_and_a_length_can_be_wished_for(form: str) -> None:
    for report in reports(20, 3, form=form, length=2000):
        assert report.form == form
        assert report.english == (form == "english")
        assert 1300 < len(report.text.string) < 3400
        assert not report.text.marks
        assert all(name in report.text.string for name in report.people)


def test_a_report_of_any_length_can_be_had() -> None:
    for form in ("report", "english", "regulation"):
        (report,) = reports(1, 1, form=form, length=60_000)
        assert len(report.text.string) > 42_000


def test_lengths_are_drawn_around_650_characters() -> None:
    lengths = [len(report.text.string) for report in reports(600, 2) if not report.english]
    assert 550 < np.median(lengths) < 780
    assert np.percentile(lengths, 1) > 120


def test_short_texts_are_short_and_in_chinese() -> None:
    writer = Writer(Random(1))
    for _ in range(300):
        short = writer.short()
        assert short.form == "short"
        assert 25 <= len(short.text.string) <= 115, short.text.string


@pytest.mark.parametrize("form", [form for form in FORMS if form != "english"])
def test_chinese_texts_hold_no_letters_and_no_stray_braces(form: str) -> None:
    for report in reports(60, 4, form=form):
        assert not re.search(r"[A-Za-z{}|×*/;]", report.title + report.text.string)
        assert "，，" not in report.text.string


def test_english_sentences_begin_with_a_capital() -> None:
    for report in reports(60, 4, form="english"):
        assert not re.search(r"(^|\. )[a-z]", report.text.string, re.MULTILINE), report.text.string
        assert not re.search(r"[{}|×*]|  ", report.text.string)


def test_the_characters_that_carry_notes_are_as_frequent_as_on_real_pages() -> None:
    text = "".join(report.text.string for report in reports(800, 6) if not report.english)
    han = re.findall(r"[\u4e00-\u9fff]", text)
    assert 55 <= 1000 * sum(text.count(character) for character in NOTED) / len(han) <= 90
    assert all(character in text for character in NOTED)
    assert 0.2 < 1000 * text.count("。县") / len(text) < 0.9


@pytest.mark.parametrize("form", ["", "english"])
def test_unrelated_texts_share_next_to_nothing(form: str) -> None:
    texts = [report.text.string for report in reports(300, 9, **({"form": form} if form else {}))]
    similar = background(texts, 20_000)
    assert similar.mean() <= 0.005
    assert np.quantile(similar, 0.999) <= 0.03


def test_every_mark_of_a_member_holds_its_value_and_looks_like_its_type() -> None:
    writer = Writer(Random(7))
    seen = set()
    for number in range(150):
        template = writer.template()
        for member in (template.member(Random(n)) for n in range(3)):
            for start, end, slot in member.text.marks:
                assert isinstance(slot, Slot)
                assert member.text.string[start:end] == slot.value
                assert re.fullmatch(LOOKS[slot.type], slot.value), (number, slot)
                seen.add(slot.type)
            assert all(name in member.text.string for name in member.people)
            assert all(left.end <= right.start for left, right in pairwise(member.text.marks))
    assert seen == TYPES


def test_columns_of_one_variable_hold_one_value_and_are_numbered_by_appearance() -> None:
    writer = Writer(Random(8))
    for _ in range(60):
        template = writer.template()
        columns: dict[int, tuple[int, str]] = {}
        for member in (template.member(Random(n)) for n in range(4)):
            values: dict[int, str] = {}
            shown = [slot for _, _, slot in member.text.marks]
            items = {slot.column for slot in shown if [other.column for other in shown].count(slot.column) > 1}
            for slot in shown:
                assert columns.setdefault(slot.column, (slot.variable, slot.type)) == (slot.variable, slot.type)
                if slot.column not in items:
                    assert values.setdefault(slot.variable, slot.value) == slot.value
            first_seen = list(dict.fromkeys(slot.column for slot in shown))
            assert first_seen == sorted(first_seen)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.15])
def test_slots_take_the_wanted_share_of_the_characters(share: float) -> None:
    writer = Writer(Random(11))
    for _ in range(25):
        template = writer.template(share=share)
        members = [template.member(Random(n)) for n in range(20)]
        slotted = sum(end - start for member in members for start, end, _ in member.text.marks)
        assert 0.7 <= slotted / sum(len(member.text.string) for member in members) / share <= 1.3


def test_one_county_in_two_years_keeps_its_places_and_changes_its_figures() -> None:
    template = Writer(Random(12)).template(form="report", length=1500, share=0.12)
    one = template.member(Random(1), place="清溪县", year=2021)
    other = template.member(Random(2), place="清溪县", year=2022)
    assert (one.place, one.year, other.place, other.year) == ("清溪县", 2021, "清溪县", 2022)

    def values(member: Report, type_: str) -> list[str]:
        return sorted({slot.value for _, _, slot in member.text.marks if slot.type == type_})

    assert values(one, "number") != values(other, "number")
    assert "清溪县" in values(one, "place")
    assert "清溪县" in values(other, "place")


def test_one_more_sentence_is_of_the_report_and_ends_in_its_stop() -> None:
    writer = Writer(Random(13))
    for form, stop in (("news", "。"), ("english", ".")):
        report = writer.report(form=form)
        assert writer.sentence(report).endswith(stop)


def test_there_are_sixty_topics_and_each_has_all_its_words() -> None:
    assert len(topics("zh")) >= 60
    assert len(topics("en")) >= 15


def test_a_word_file_notes_crossed_and_repeated_entries() -> None:
    assert crossed("a/b×c/d;e") == ["ac", "ad", "bc", "bd", "e"]
    assert crossed("2*a×b") == ["a×b", "a×b"]


def test_braces_within_braces_are_refused() -> None:
    with pytest.raises(ValueError, match="braces within braces"):
        compiled("{3..20 {who}}")
