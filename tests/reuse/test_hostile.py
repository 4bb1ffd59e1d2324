"""Texts made to cost much: what is done must grow with the text, not with its square. Work is counted, not timed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from dedup.reuse.prints.groups import group_prints
from dedup.reuse.prints.winnow import winnow
from tests.reuse.texts import Here, Text, codes_of, fresh, matches_of, occurrences_of, rows_of, standing

Made = Callable[[int], list[Text]]


def one_symbol(n: int) -> list[Text]:
    return [[7] * n]


def one_line(n: int) -> list[Text]:
    return [fresh(Random(1), 60) * (n // 60)]


def one_short_line(n: int) -> list[Text]:
    return [fresh(Random(1), 12) * (n // 12)]


def two_of_one_symbol(n: int) -> list[Text]:
    return [[7] * (n // 2)] * 2


def everywhere(n: int) -> list[Text]:
    rng = Random(2)
    passage = fresh(rng, 80)
    return [fresh(rng, 60) + passage + fresh(rng, 60) for _ in range(n // 200)]


def all_equal(n: int) -> list[Text]:
    return [fresh(Random(3), 300)] * (n // 300)


def two_paragraphs(n: int) -> list[Text]:
    rng = Random(4)
    return [(fresh(rng, 70) + fresh(rng, 90)) * (n // 160)]


def de_bruijn(n: int) -> list[Text]:
    """Every 9-gram of three symbols once, and then again from the middle."""
    order, text = 9, [0] * 9
    seen = {tuple(text)}
    while len(text) < n // 2:
        free = [c for c in (2, 1, 0) if (*text[-order + 1 :], c) not in seen]
        if not free:
            break
        seen.add((*text[-order + 1 :], free[0]))
        text.append(free[0])
    return [text, text[len(text) // 2 :] + text[: len(text) // 2]]


def equal_but_for_flaws(n: int) -> list[Text]:
    """One symbol, and a rare other one: every diagonal is alike for a while."""
    rng = Random(5)
    return [[0 if rng.random() < 0.99 else rng.randrange(1, 4) for _ in range(n)]]


def two_but_for_flaws(n: int) -> list[Text]:
    """Two of these, with flaws of their own."""
    return [equal_but_for_flaws(n // 2)[0], [code % 3 for code in equal_but_for_flaws(n // 2 + 1)[0][::-1]]]


def prefixes(n: int) -> list[Text]:
    """Each text begins as the one before does, and goes on a little longer."""
    whole = fresh(Random(6), 2 * n)
    count = int((n / 40) ** 0.5)
    return [whole[: 60 * (i + 1)] for i in range(count)]


CASES: list[Made] = [
    one_symbol,
    one_line,
    one_short_line,
    two_of_one_symbol,
    everywhere,
    all_equal,
    two_paragraphs,
    de_bruijn,
    equal_but_for_flaws,
    two_but_for_flaws,
]


def work(texts: list[Text], cap: int) -> tuple[int, ...]:
    """Places looked at, pairs of places compared at the most, matches, tokens of the matches."""
    codes = codes_of(texts)
    entries, _ = group_prints(codes, winnow(codes, length=50, executor=Here()), length=50, cap=cap)
    sizes = entries.leader_first[entries.group + 1] - entries.leader_first[entries.group]
    matches, _ = matches_of(texts, length=50, cap=cap, identity=0.85)
    return len(entries.pos), int(sizes.sum()), len(matches.a), int((matches.end_b - matches.start_b).sum())


@pytest.mark.parametrize("made", CASES, ids=lambda made: made.__name__)
@pytest.mark.parametrize("cap", [2, 100, 100_000])
def test_work__of_twice_the_text_is_at_most_three_times_as_much(made: Made, cap: int) -> None:
    # Runs of one symbol between flaws are alike on as many diagonals as there are flaws. Edited passages of such a text
    # overlap one another, and what they add up to grows faster until as many are under way as may be.
    size = 96_000 if made is equal_but_for_flaws else 24_000
    once, twice = work(made(size), cap), work(made(2 * size), cap)
    assert all(b <= 3 * a + 1000 for a, b in zip(once, twice, strict=True)), (once, twice)


@pytest.mark.parametrize("made", CASES, ids=lambda made: made.__name__)
def test_work__does_not_depend_on_the_order_of_the_texts(made: Made) -> None:
    texts = made(12_000)
    there, back = work(texts, 100), work(texts[::-1], 100)
    assert all(b <= 3 * a + 1000 for a, b in zip(there, back, strict=True)), (there, back)


@pytest.mark.parametrize("made", CASES, ids=lambda made: made.__name__)
@pytest.mark.parametrize("identity", [0.85, 1.0])
def test_occurrences__lie_within_their_texts(made: Made, identity: float) -> None:
    texts = made(12_000)
    for _, row, start, end, share in rows_of(occurrences_of(texts, length=50, identity=identity)):
        assert 0 <= start < end <= len(texts[row]) and 0 < share <= 1


def test_a_million_times_one_symbol__is_repeats_of_the_least_length() -> None:
    found = occurrences_of([[7] * 1_000_000], length=50, identity=0.85)
    assert len(found.row) == 20_000
    assert set((found.end - found.start).tolist()) == {50}


@pytest.mark.parametrize("line", [12, 60])
def test_one_line_a_hundred_thousand_times__is_repeats_of_the_line(line: int) -> None:
    text = fresh(Random(1), line) * 100_000
    found = occurrences_of([text], length=50, identity=0.85)
    assert len(found.row) == 100_000 // (1 if line == 60 else 5)
    assert int((found.end - found.start).sum()) == len(text)


def test_two_million_times_one_symbol__in_two_texts_is_covered_in_both() -> None:
    found = occurrences_of([[7] * 1_000_000] * 2, length=50, identity=0.85)
    for row in (0, 1):
        here = found.row == row
        assert int(found.start[here].min()) == 0 and int(found.end[here].max()) == 1_000_000


def test_a_passage_in_every_document__is_left_out_and_said() -> None:
    """A few documents may be linked all the same: those in which a rim of it happens to have the same print."""
    texts = everywhere(5_000 * 200)
    matches, crowded = matches_of(texts, length=50, identity=0.85)
    assert len(matches.a) <= 50
    assert len(crowded.pos) == 5_000 and set(crowded.documents.tolist()) == {5_000}
    assert set((crowded.end - crowded.pos).tolist()) == {80}


def test_two_thousand_equal_documents__are_one_passage_if_the_cap_allows_it() -> None:
    texts = all_equal(2_000 * 300)
    assert not len(occurrences_of(texts, length=50, cap=1_999, identity=0.85).row)
    found = occurrences_of(texts, length=50, cap=2_000, identity=0.85)
    assert set(rows_of(found)) == {(0, row, 0, 300, 1.0) for row in range(2_000)}


def test_two_paragraphs_in_turn__are_repeats_of_both_together() -> None:
    texts = two_paragraphs(160 * 10_000)
    found = occurrences_of(texts, length=50, identity=0.85)
    assert len(found.row) == 10_000 and set((found.end - found.start).tolist()) == {160}


def test_texts_that_begin_alike__are_covered_from_the_first_on() -> None:
    texts = prefixes(40_000)
    found = standing(occurrences_of(texts, length=50, identity=0.85))
    assert {(row, 0) for row in range(len(texts))} <= found
