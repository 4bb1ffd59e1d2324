"""Pages cut into pieces: against the slow twin, and the rules one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.pages.lines import split_lines
from dedup.pages.pieces.headings import HEADED, LED, REST, WEAK, Cuts, find_cuts
from dedup.pages.pieces.split import LEAST_PIECE, PIECE, Pieces, Places, nearest_lines, seams, split
from dedup.pages.pieces.split import REST as REST_OF_PAGE
from tests import naive_split

BODY = "镇里把水渠修到了每一户的田边，秋收以后还要再清一次淤。" * 6


def cuts_of(pages: list[list[tuple[int, int, int]]]) -> Cuts:
    rows = [(page, *cut) for page, cuts in enumerate(pages) for cut in cuts]
    page, line, body, kind = np.array(rows, np.int64).reshape(-1, 4).T.copy()
    zero = np.zeros(len(page), np.int32)
    return Cuts(page, line, body, kind.astype(np.uint8), zero, zero)


def split_texts(texts: list[str], extra: Sequence[tuple[int, int]] = ()) -> Pieces:
    lines = split_lines(pa.array(texts, pa.large_string()))
    places = Places(*np.array(extra, np.int64).reshape(-1, 2).T.copy())
    sizes = np.array([len(text) for text in texts], np.int64)
    return split(lines.first, lines.points, sizes, find_cuts(lines), places)


def parts(text: str, extra: list[int] | None = None) -> list[tuple[str, int]]:
    """The stretches of one page with their kinds."""
    pieces = split_texts([text], [(0, line) for line in extra or ()])
    spans = zip(pieces.start, pieces.end, pieces.kind, strict=True)
    return [(text[start:end], int(kind)) for start, end, kind in spans]


@st.composite
def pages(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int, int]], list[int]]:
    """Lengths of lines, cuts and further lines of one page."""
    lengths = draw(st.lists(st.sampled_from([1, 2, 30, 70, LEAST_PIECE, 150]), min_size=1, max_size=14))
    count = len(lengths)
    cuts = []
    for line in sorted(draw(st.sets(st.integers(0, count - 1), max_size=5))):
        kind = draw(st.sampled_from([HEADED, WEAK, LED, REST]))
        cuts.append((line, min(count, line + draw(st.integers(1, 3))) if kind == HEADED else line, kind))
    if cuts and draw(st.booleans()) and cuts[0][0]:
        cuts.insert(0, (0, 0, draw(st.sampled_from([LED, REST]))))
    return lengths, cuts, draw(st.lists(st.integers(-1, count + 1), max_size=8))


@given(st.lists(pages(), max_size=4))
def test_split__is_what_the_slow_twin_gives(
    made: list[tuple[list[int], list[tuple[int, int, int]], list[int]]],
) -> None:
    starts = [np.cumsum([0, *lengths])[:-1] for lengths, _, _ in made]
    first = np.cumsum([0, *(len(lengths) for lengths, _, _ in made)])
    sizes = np.array([sum(lengths) for lengths, _, _ in made], np.int64)
    points = np.concatenate([np.empty(0, np.int64), *starts])
    extra = [(page, line) for page, (_, _, lines) in enumerate(made) for line in lines]
    places = Places(*np.array(extra, np.int64).reshape(-1, 2).T.copy())
    pieces = split(first, points, sizes, cuts_of([cuts for _, cuts, _ in made]), places)
    assert len(pieces.first) == len(made) + 1 and pieces.first[-1] == len(pieces)
    for page, (lengths, cuts, lines) in enumerate(made):
        a, b = pieces.first[page], pieces.first[page + 1]
        found = list(zip(pieces.line[a:b].tolist(), pieces.kind[a:b].tolist(), strict=True))
        wanted = naive_split.split(
            cuts, [e for e in lines if 0 <= e < len(lengths)], starts[page].tolist(), sum(lengths), LEAST_PIECE
        )
        assert found == wanted
        # Every code point and every line belongs to exactly one piece.
        assert pieces.start[a] == 0 and pieces.end[b - 1] == sum(lengths)
        assert (pieces.start[a + 1 : b] == pieces.end[a : b - 1]).all()
        assert pieces.line_end[b - 1] == len(lengths)
        assert (pieces.line[a + 1 : b] == pieces.line_end[a : b - 1]).all()
        assert (pieces.line[a:b] < pieces.line_end[a:b]).all()
        assert (pieces.kind[a:b] == PIECE).any()
    assert (pieces.page_of() == np.repeat(np.arange(len(made)), np.diff(pieces.first))).all()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.data())
def test_nearest_lines__are_what_the_slow_twin_gives(lengths: list[int], data: st.DataObject) -> None:
    starts, size = np.cumsum([0, *lengths])[:-1], sum(lengths)
    position = np.array(data.draw(st.lists(st.integers(0, size), max_size=6)), np.int64)
    first = np.array([0, len(lengths), 2 * len(lengths)])
    page = np.ones(len(position), np.int64)
    found = nearest_lines(first, np.concatenate([starts, starts]), np.array([size, size]), page, position)
    assert found.line.tolist() == [naive_split.nearest(starts.tolist(), size, p) for p in position.tolist()]


def test_split__leaves_a_page_without_headings_whole() -> None:
    assert parts(f"{BODY}\n{BODY}") == [(f"{BODY}\n{BODY}", PIECE)]


def test_split__gives_an_empty_page_one_empty_piece() -> None:
    assert parts("") == [("", PIECE)]


def test_split__gives_no_pieces_for_no_pages() -> None:
    assert len(split_texts([])) == 0


def test_split__tells_the_introduction_and_the_list_of_titles_from_the_pieces() -> None:
    listed = "相关推荐\n" + "\n".join(f"- 粮站盘库小结(精选{n}篇)" for n in range(5, 12))
    text = f"这里收了两份材料。\n护林员日记篇一\n{BODY}\n护林员日记篇二\n{BODY}\n{listed}"
    kinds = [(part.split("\n")[0], kind) for part, kind in parts(text)]
    assert kinds == [
        ("这里收了两份材料。", REST_OF_PAGE),
        ("护林员日记篇一", PIECE),
        ("护林员日记篇二", PIECE),
        ("相关推荐", REST_OF_PAGE),
    ]


def test_split__counts_a_heading_without_a_body_as_rest() -> None:
    text = f"巡堤记录篇一\n{BODY}\n巡堤记录篇二\n\n巡堤记录篇三\n{BODY}"
    assert [kind for _, kind in parts(text)] == [PIECE, REST_OF_PAGE, PIECE]


def test_split__cuts_where_a_copied_passage_begins_within_a_piece() -> None:
    text = f"巡堤记录篇一\n{BODY}\n{BODY}\n巡堤记录篇二\n{BODY}"
    assert [part.count(BODY) for part, _ in parts(text, [2])] == [1, 1, 1]


def test_split__never_cuts_a_heading_from_its_body() -> None:
    text = f"巡堤记录篇一\n{BODY}\n巡堤记录篇二\n{BODY}"
    assert len(parts(text, [1, 3])) == 2


def test_split__passes_over_a_boundary_that_would_leave_a_sliver_above_a_heading() -> None:
    text = f"巡堤记录篇一\n{BODY}\n谢谢大家。\n巡堤记录篇二\n{BODY}"
    assert len(parts(text, [2])) == 2


def test_split__gives_what_is_short_between_two_copies_to_the_first() -> None:
    text = f"{BODY}\n谢谢大家。\n{BODY}"
    assert [part.count("谢谢大家") for part, _ in parts(text, [1, 2])] == [1, 0]


def test_split__calls_what_is_short_before_the_first_copy_and_behind_the_last_rest() -> None:
    text = f"首页 > 水利\n{BODY}\n{BODY}\n扫一扫"
    assert [kind for _, kind in parts(text, [1, 2, 3])] == [REST_OF_PAGE, PIECE, PIECE, REST_OF_PAGE]


def test_split__cuts_no_list_of_titles_that_was_copied() -> None:
    listed = "\n".join(f"- 粮站盘库小结(精选{n}篇)" for n in range(5, 40))
    text = f"护林员日记篇一\n{BODY}\n护林员日记篇二\n{BODY}\n{listed}"
    assert len(parts(text, [8, 20])) == 3


def test_split__is_the_same_whatever_the_order_of_the_places() -> None:
    text = f"{BODY}\n{BODY}\n{BODY}"
    assert parts(text, [2, 1, 2]) == parts(text, [1, 2])


# -- seams ---------------------------------------------------------------------------------------------------------


def seams_of(headings: list[tuple[int, int, int]], begins: list[int], ends: list[int]) -> list[int]:
    """The seams of page 3, whose headings are (line, group, number); a page before and one behind have headings too."""
    rows = [(2, 0, 0, 1), (2, 9, 0, 2), *((3, *heading) for heading in headings), (4, 0, 0, 3)]
    page, line, group, number = np.array(rows, np.int64).T.copy()
    kind = np.full(len(page), HEADED, np.uint8)
    cuts = Cuts(page, line, line + 1, kind, group.astype(np.int32), number.astype(np.int32))

    def places(lines: list[int]) -> Places:
        return Places(np.full(len(lines), 3), np.array(lines, np.int64))

    found = seams(cuts, places(begins), places(ends))
    assert (found.page == 3).all()
    return found.line.tolist()


def test_seams__are_where_one_copy_ends_and_another_begins() -> None:
    assert seams_of([(0, 0, 1), (50, 0, 2)], [10, 20, 30], [9, 21, 40]) == [10, 20]


def test_seams__of_one_copy_alone_need_a_page_that_has_others() -> None:
    assert seams_of([], [10], [20]) == []
    assert seams_of([], [10, 20], [20]) == [10, 20]


def test_seams__of_one_copy_alone_stand_where_a_heading_is_missing() -> None:
    assert seams_of([(0, 0, 1), (20, 0, 2), (40, 0, 4), (60, 0, 5)], [10, 30, 50, 70], []) == [30, 70]


def test_seams__of_no_passages_are_none() -> None:
    assert seams_of([(0, 0, 1)], [], []) == []
    empty = Places(np.empty(0, np.int64), np.empty(0, np.int64))
    assert len(seams(cuts_of([]), empty, empty).line) == 0
