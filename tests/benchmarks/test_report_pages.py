"""What the report says of labels, pieces, boilerplate and passages, from lines written by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report import figures
from benchmarks.report.blocks import at_least, shown, target_of, targets, told_targets
from benchmarks.report.lines import Line, Results, results_of, select
from benchmarks.report.markdown import table, write
from benchmarks.report.sections import boilerplate, labels, passages, pieces
from tests.benchmarks.test_report import line as record

HEADED, BARE = pieces.HEADED, pieces.BARE


def planted(bench: str, measure: str, values: dict[str, Any], **case: Any) -> dict[str, Any]:
    return record(bench, {"part": "planted", "measure": measure, **case}, values)


def boundary(by: str, sort: str, wanted: int, predicted: int, found: int, profile: str = "pages") -> dict[str, Any]:
    values = {"boundaries": wanted, "predicted": predicted, "found": found, "found_twice": 2 * found}
    values |= {"boundaries_and_predicted": wanted + predicted}
    ratios = {"precision": found / predicted, "recall": found / wanted, "f1": 2 * found / (wanted + predicted)}
    return planted("pieces", "boundaries", values | ratios, profile=profile, by=by, pieces=sort)


def label(name: str, of: int, f1: float, **said: int) -> dict[str, Any]:
    counts = {f"said_{other}": said.get(other, 0) for other in labels.SAID}
    on = {"profiles": "mixed, pages", "documents": 100, "seeds": "100, 101, 102"}
    values = {"planted": of, **counts, "precision": 1.0, "recall": 1.0, "f1": f1}
    return planted("labels", "label", values, **on, planted=name)


def lines() -> list[dict[str, Any]]:
    """A line of everything."""
    near = {"pairs": 90, "said_near": 88, "recall": 0.978}
    marked = {"pages": 100, "lines": 900, "templates": 9, "planted": 100, "marked": 92, "right": 90}
    marked |= {"unique_marked": 1, "right_twice": 180, "planted_and_marked": 192}
    runs = {"characters": 1000, "recalled": 1000, "found": 1010, "justified": 1005, "matches": 5, "crowded": 0}
    ends = {"passages": 60, "unseen": 0, "recall": 0.98, "ends": 240, "false_characters": 7}
    ends |= {"share_within_0": 0.4, "share_within_1": 0.6, "share_within_3": 0.8, "share_within_10": 0.9}
    speed = {"mb": 80.0, "seconds": 4.0, "mb_per_s": 20.0, "stages_mb_per_s": 25.0, "peak_mb": 900, "passages": 7}
    over = {"mb": 80.0, "plain_seconds": 2.0, "seconds": 2.5, "ratio": 1.25, "stages_ratio": 1.4, "peak_mb": 300}
    over |= {"plain_peak_mb": 200, "documents": 4000, "removed": 1000, "plain_removed": 3}
    on = {"collection": "pages", "documents": 1000}
    return [
        label("exact", 10, 1.0, exact=10),
        label("near", 90, 0.97, near=88, templated=2),
        label("templated", 50, 0.96, near=4, templated=46),
        planted("labels", "unrelated", {"pairs": 75, "linked": 0, **{f"said_{x}": 0 for x in labels.LABELS}}),
        planted("labels", "near by similarity", near, similarity="0.9-1.0"),
        planted("labels", "all labels", {"macro_f1": 0.9767}),
        boundary("headings", HEADED, 100, 98, 98),
        boundary("headings", BARE, 40, 4, 4),
        boundary("engine", HEADED, 100, 100, 99),
        boundary("engine", BARE, 40, 30, 24),
        planted("pieces", "documents cut", {"documents": 50, "cut": 2}, profile="traps", kind="trap", by="engine"),
        record("pieces", {"part": "overhead", "measure": "overhead", "added": pieces.BOTH, **on}, over),
        planted("boilerplate", "lines", {**marked, "precision": 0.978, "recall": 0.9, "f1": 0.9375}, profile="pages"),
        planted("boilerplate", "kind", {"lines": 60, "found": 60, "recall": 1.0}, profile="pages", kind="footer"),
        planted("boilerplate", "kind", {"lines": 40, "found": 30, "recall": 0.75}, profile="pages", kind="filler"),
        planted("boilerplate", "pairs", {"pairs": 30, "linked_with": 5, "linked_without": 0}, profile="pages"),
        planted(
            "passages", "equal runs", {**runs, "recall": 1.0, "precision": 0.995}, profile="pages", length=50, cap=100
        ),
        planted("passages", "planted passages", ends, case="single edits"),
        record("passages", {"part": "speed", "measure": "speed", "collection": "zh_laws_full", "threads": 1}, speed),
    ]


@pytest.fixture
def results() -> Results:
    return results_of([Line(**one) for one in lines()])


def text_of(results: Results) -> str:
    sections = [module.section(results) for module in (labels, pieces, boilerplate, passages)]
    return write([], sections, "report.html")


def test_targets__stand_beside_their_figures_and_the_missed_ones_are_named(results: Results) -> None:
    text = text_of(results)
    assert "| labels: macro-F1 | ≥ 0.950 | 0.977 | yes |" in text
    assert "| pieces with a heading, `pages`: F1 of boundaries | ≥ 0.950 | 0.990 | yes |" in text
    assert "| pieces and boilerplate add to a run of `pages` | ≤ 30% | 25% | yes |" in text
    assert "| boilerplate: unique lines marked | 0 | 1 | no |" in text
    assert "| edited passages: median error of an end | 0 | 1 | no |" in text
    assert "| passages of zh_laws_full, one core | ≥ 40 MB/s | 20.0 MB/s | no |" in text
    bare = "pieces without a heading, also elsewhere, `pages`: F1 of boundaries"
    assert f"**Targets missed**: {bare} (0.686, ≥ 0.800 is wanted)" in text
    assert text.count("**Targets missed**") == 3


def test_targets__without_a_figure_are_neither_met_nor_missed() -> None:
    rows = [target_of("speed", "≥ 40", None, False, "?"), at_least("recall", 1, None)]
    assert [row[1:] for row in targets(rows).rows] == [
        ("≥ 40", "not measured", "–"),
        ("1.000", "not measured", "–"),
    ]
    assert told_targets(rows) == [] and not targets(rows).lost


def test_targets__nearly_all_is_not_all() -> None:
    assert at_least("recall", 1, 0.999999).met is False and at_least("recall", 1, 1.0).met is True
    assert at_least("recall", 1, 0.999999).measured == "0.9999"


def test_labels__the_matrix_has_a_row_for_each_label_and_one_for_unrelated_pairs(results: Results) -> None:
    matrix = table(labels.confusion(results))
    assert re.search(r"\| near \| 90 \| 0 \| 88 \| 2 \| 0 \| 0 \| 0 \|", matrix)
    assert re.search(r"\| unrelated \| 75 \| 0 \| 0 \| 0 \| 0 \| 0 \| 75 \|", matrix)
    assert "seeds 100–102, 100 documents" in labels.confusion(results).caption
    text = text_of(results)
    assert "of 102 planted pairs called so, 98 (0.961) were planted as copies" in text
    assert "near as templated (2 of 90), templated as near (4 of 50)" in text


def test_labels__seeds_that_follow_each_other_are_a_range() -> None:
    assert [labels.seeds(x) for x in ("100", "100, 101", "100, 101, 102", "100, 102, 104")] == [
        "100",
        "100, 101",
        "100–102",
        "100, 102, 104",
    ]


def test_pieces__documents_that_were_cut_by_mistake_are_told(results: Results) -> None:
    text = text_of(results)
    assert "| traps | trap | 50 | – | 2 |" in text
    assert "**Cut although they are one text**: 2 of 50 by the engine" in text
    assert "a run with pieces and boilerplate takes 25% longer and 300 MB instead of 200" in text


def test_boilerplate__says_what_was_marked_wrongly_and_which_kind_is_missed(results: Results) -> None:
    text = text_of(results)
    assert "Of 92 marked lines, 2 were not planted, 1 of them unique." in text
    assert "5 are linked with these lines and 0 without" in text
    assert "Least is found of `filler` (0.750)" in text


def test_passages__the_median_error_is_where_half_of_the_ends_lie(results: Results) -> None:
    def error(**shares: float) -> str:
        values = {"ends": 10, **{f"share_within_{near}": shares.get(f"w{near}", 0.0) for near in passages.NEAR}}
        return passages.median_error(Line(**record("passages", {}, values)))

    assert [error(w0=0.5), error(w1=0.6), error(w3=0.5, w10=1.0), error()] == ["0", "1", "≤ 3", "> 40"]
    assert "within 10 tokens; beside the planted passages 7 characters are reported" in text_of(results)


def test_passages__a_miss_takes_back_what_would_be_said_of_what_is_not_listed() -> None:
    found = lines()
    assert "does not stand twice" in text_of(results_of([Line(**one) for one in found]))
    next(one for one in found if one["case"]["measure"] == "equal runs")["values"]["recalled"] = 999
    text = text_of(results_of([Line(**one) for one in found]))
    assert "does not stand twice" not in text and "1 were missed.**" in text


def test_sections__without_lines_say_what_to_run() -> None:
    text = text_of(results_of([Line(**record("micro", {"stage": "search"}, {"seconds": 1.0}))]))
    for name in ("labels", "pieces", "boilerplate", "passages"):
        assert f"Not measured yet: `python -m benchmarks run --only {name}`." in text


def test_failures__are_made_good_by_their_own_part_only() -> None:
    failed = record("pieces", {"part": "planted"}, {}, failed="RuntimeError: it fell over")
    later = {"when": "2026-02-01T00:00:00+00:00"}
    overhead, planted_line = ({**one, **later} for one in (lines()[11], lines()[6]))
    assert overhead["case"]["part"] == "overhead" and planted_line["case"]["part"] == "planted"
    for newer, left in ((overhead, 1), (planted_line, 0)):
        kept = select([Line(**failed), Line(**newer)], "full")
        assert len(kept.failed("pieces")) == left


def test_figures__of_pages_have_names_and_no_count_is_shown_as_a_share(results: Results) -> None:
    known = figures(results)
    assert known["labels.macro_f1"] == "0.977" and known["labels.templated.f1"] == "0.960"
    assert known["pieces.engine.without_a_heading_also_elsewhere.f1"] == "0.686"
    assert known["pieces.overhead.pieces_and_boilerplate.pages.added"] == "25%"
    assert known["boilerplate.f1"] == "0.938" and known["boilerplate.unique_marked"] == "1"
    assert known["passages.speed.zh_laws_full.threads_1.mb_per_s"] == "20.0"
    assert known["passages.equal_runs.pages.length_50.cap_100.recalled"] == "1,000"
    assert known["passages.edited.single_edits.median_error"] == "1"
    assert known["table.targets"].count("| yes |") + known["table.targets"].count("| no |") == 13
    assert shown("recalled", 3) == "3" and shown("recall", 1) == "1.000" and shown("macro_f1", 0.5) == "0.500"


def test_lines__of_pages_are_all_told_apart() -> None:
    found = [Line(**one) for one in lines()]
    assert len(select(found, "full").lines) == len(found)


def test_report__of_pages_is_written_as_a_page_too(tmp_path: Path, results: Results) -> None:
    from benchmarks.report import html

    page = html.write([], [labels.section(results), passages.section(results)], figures(results))
    assert "<tr class=\"lost\"><td class='word'>passages of zh_laws_full, one core</td>" in page
    assert "macro-F1 of the five labels of a pair" in page
