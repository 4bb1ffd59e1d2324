"""What the benchmarks of labels, pieces, boilerplate and passages count, on answers worked out by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import page_speed, pages
from benchmarks.measurement import FULL, QUICK, Measurement
from benchmarks.page_speed import compared, unpacked
from benchmarks.process import Finished
from benchmarks.quality import boilerplate
from benchmarks.quality.passages import Located, Pair, planted
from benchmarks.quality.pieces import ALONE, BARE, HEADED, Planted, boundaries, count_page, planted_pages
from corpus.truth import SCHEMAS
from dedup.documents.normalise import Codes
from dedup.reuse.matches import Matches

# -- pieces --------------------------------------------------------------------------------------------------------

# Ten lines of ten code points each, the line end counted.
TEXT = "".join(f"第{n}行有十个字符。\n" for n in "甲乙丙丁戊己庚辛壬癸")


def counted(pieces: list[Planted], found: list[int]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {HEADED: Counter(), BARE: Counter(), ALONE: Counter()}
    count_page(TEXT, pieces, found, counts)
    return counts


def test_pieces__a_boundary_is_found_within_one_line_and_no_further() -> None:
    made = [Planted(0, 30, True, False), Planted(30, 100, True, False)]
    assert len(TEXT) == 100
    for found, hits in ([30], 1), ([20], 1), ([40], 1), ([50], 0), ([], 0):
        assert counted(made, found)[HEADED]["found"] == hits
    assert counted(made, [50])[HEADED] == Counter(boundaries=1, predicted=1)


def test_pieces__one_prediction_counts_for_one_boundary_and_the_nearest_one_first() -> None:
    made = [Planted(0, 30, True, False), Planted(30, 40, True, False), Planted(40, 100, True, False)]
    assert counted(made, [30])[HEADED] == Counter(boundaries=2, predicted=1, found=1)
    assert counted(made, [20, 30, 50])[HEADED] == Counter(boundaries=2, predicted=3, found=2)


def test_pieces__both_ends_of_the_page_are_no_boundaries() -> None:
    assert not any(sum(counts.values()) for counts in counted([Planted(0, 100, True, False)], [0, 100]).values())


def test_pieces__an_end_with_nothing_below_it_is_a_boundary_of_its_own() -> None:
    made = [Planted(10, 30, True, False), Planted(60, 80, False, True)]
    assert boundaries(made, list(range(0, 100, 10)), 10) == {1: HEADED, 3: HEADED, 6: BARE, 8: BARE}


def test_pieces__a_seam_below_a_copied_piece_can_be_told_from_its_end() -> None:
    made = [Planted(0, 30, False, True), Planted(30, 60, False, False), Planted(60, 100, False, False)]
    assert boundaries(made, list(range(0, 100, 10)), 10) == {3: BARE, 6: ALONE}


def test_pieces__a_wrong_cut_counts_against_headings_where_the_page_has_one() -> None:
    bare, headed = Planted(0, 50, False, True), Planted(50, 100, True, False)
    assert counted([bare, headed], [50, 80])[HEADED] == Counter(boundaries=1, predicted=2, found=1)
    assert counted([bare, bare._replace(start=50, end=100)], [50, 80])[BARE]["predicted"] == 2


def test_pieces__stand_elsewhere_if_half_of_them_is_in_a_passage(tmp_path: Path) -> None:
    truth = tmp_path / "made-truth"
    truth.mkdir()
    stretches = [(1, 0, 40, 0, 0), (2, 40, 100, 40, 50), (3, 100, 160, 100, 100)]
    rows = [
        {"id": "p", "piece": n, "start": a, "end": b, "heading_start": c, "heading_end": d, "origin": None, "crc": 0}
        for n, a, b, c, d in stretches
    ]
    shared = {"id_a": "q", "start_a": 0, "end_a": 90, "id_b": "p", "start_b": 20, "end_b": 110, "crc_a": 0, "crc_b": 0}
    pq.write_table(pa.Table.from_pylist(rows, SCHEMAS["pieces"]), truth / "pieces.parquet")
    pq.write_table(pa.Table.from_pylist([shared], SCHEMAS["passages"]), truth / "passages.parquet")
    sorts = [piece.sort for piece in planted_pages(tmp_path / "made")["p"]]
    assert sorts == [BARE, HEADED, ALONE]


# -- boilerplate ---------------------------------------------------------------------------------------------------


def test_boilerplate__counts_planted_lines_and_nothing_of_a_text(tmp_path: Path) -> None:
    folder, truth = tmp_path / "made", tmp_path / "made-truth"
    folder.mkdir()
    truth.mkdir()
    footer, signs = "版权归本站所有，转载请注明出处", [chr(0x4E00 + n) for n in range(3000)]
    rows, marked = [], []
    for n in range(20):
        body = ["".join(Random(f"{n} {line}").choices(signs, k=30)) + "。\n" for line in range(4)]
        text = "".join(body) + footer
        rows.append({"id": f"d{n}", "text": text, "source": "一站"})
        # Of the last page nobody recorded the footer: marking it counts as wrong, yet not as anybody's text.
        if n < 19:
            marked.append(
                {"id": f"d{n}", "start": len(text) - len(footer), "end": len(text), "kind": "footer", "value": footer}
            )
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "reports.jsonl").write_text("".join(lines), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(marked, SCHEMAS["boilerplate"]), truth / "boilerplate.parquet")
    pair = {"id_a": "d0", "id_b": "d1", "label": "boilerplate"}
    pq.write_table(pa.Table.from_pylist([{**pair}]), truth / "pairs.parquet")
    by_measure = {tally.case["measure"]: tally.counts for tally in boilerplate.tallies(folder)}
    all_lines = by_measure["lines"]
    assert (all_lines["lines"], all_lines["planted"], all_lines["unique_marked"]) == (100, 19, 0)
    assert (all_lines["marked"], all_lines["right"]) == (20, 19)
    assert (by_measure["kind"]["lines"], by_measure["kind"]["found"]) == (19, 19)
    assert (by_measure["pairs"]["pairs"], by_measure["pairs"]["linked_without"]) == (1, 0)


# -- passages ------------------------------------------------------------------------------------------------------


def test_passages__recall_counts_characters_and_errors_count_tokens() -> None:
    # Two texts of 100 tokens, each two characters wide; tokens 10 to 60 of the first are 20 to 70 of the second.
    codes = Codes(np.arange(200, dtype=np.uint32), np.array([0, 100, 200]))
    start = np.tile(np.arange(0, 200, 2), 2)
    at = Located(codes, start, start + 2)
    pair = Pair(0, (10, 60), 1, (120, 170))
    found = Matches(*(np.array([value]) for value in (0, 10, 57, 1, 20, 68, 45)))
    tally = planted("by hand", [pair], at, found, np.zeros(200, bool))
    counts = tally.counts
    assert (counts["passages"], counts["unseen"], counts["ends"]) == (1, 0, 4)
    assert (counts["characters"], counts["recalled"]) == (200, 2 * (47 + 48))
    assert [counts[f"within_{near}"] for near in (0, 1, 3)] == [2, 2, 4] and counts["beyond"] == 0
    nothing = Matches(*(np.zeros(0, np.int64) for _ in range(7)))
    assert planted("by hand", [pair], at, nothing, np.zeros(200, bool)).counts["unseen"] == 1


# -- speed ---------------------------------------------------------------------------------------------------------


def finished(seconds: float, inside: float, peak: float = 100.0) -> Finished:
    return Finished(seconds, peak, {"seconds": {"read": inside}, "documents": 9, "removed": 2})


def test_overhead__is_the_median_of_the_ratios_of_turns() -> None:
    plain = [finished(1.0, 0.5), finished(2.0, 1.0), finished(4.0, 3.0)]
    added = [finished(1.5, 1.0), finished(2.2, 1.1), finished(4.8, 3.9, 120.0)]
    values = compared(plain, added, 2_000_000)
    assert (values["ratio"], values["stages_ratio"], values["mb"]) == (1.2, 1.3, 2.0)
    assert (values["peak_mb"], values["plain_peak_mb"]) == (120.0, 100.0)


def test_unpacked__a_part_of_a_collection_ends_with_a_whole_line(tmp_path: Path) -> None:
    packed = tmp_path / "some.jsonl.zst"
    with pa.output_stream(str(packed), compression="zstd") as stream:
        stream.write(b'{"text": "a"}\n' * 10)
    (tmp_path / "out").mkdir()
    assert unpacked(packed, tmp_path / "out", 40).read_bytes() == b'{"text": "a"}\n' * 2
    assert unpacked(packed, tmp_path / "out", None).read_bytes() == b'{"text": "a"}\n' * 10


# -- all of it -----------------------------------------------------------------------------------------------------


def test_parts__one_that_falls_over_leaves_a_line_and_not_the_others_without() -> None:
    def good() -> Iterator[Measurement]:
        yield Measurement("pieces", {"measure": "overhead"}, {"ratio": 1.1}, "by hand")

    def bad() -> Iterator[Measurement]:
        raise ImportError("absent")

    failed, passed = pages.parts("pieces", QUICK, {"planted": bad, "overhead": good})
    assert failed.failed == "ImportError: absent" and failed.case == {"part": "planted"}
    assert passed.case == {"part": "overhead", "measure": "overhead"}
    assert passed.command == failed.command == "python -m benchmarks run --only pieces --quick"


def test_plans__report_nothing_that_rules_were_tuned_on() -> None:
    for effort in (FULL, QUICK):
        assert all(min(plan.seeds) >= 100 for plan in pages.PLANS[effort].values())
    assert pages.PLANS[FULL]["labels"].seeds == tuple(range(100, 110))
    assert page_speed.SEED >= 100
