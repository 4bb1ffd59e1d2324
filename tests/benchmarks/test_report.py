"""The report: from lines alone, the same bytes every time, losses told like wins."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command_line
from benchmarks.measurement import RESULTS, ROOT, Measurement, without_places, write
from benchmarks.report import ReportError, figures, read_results, write_reports
from benchmarks.report.blocks import figure, share
from benchmarks.report.figures import MARK, filled
from benchmarks.report.lines import Line, results_of, select
from benchmarks.scaling import growth

PAGES = ("Labels", "Pieces", "Boilerplate", "Passages", "Templates")
TITLES = (
    *("Contenders", "Known edits", "Quality", *PAGES),
    *("Real collections", "Scaling", "Sketch speed", "Stages of the core"),
)
MACHINE = {"processor": "a processor", "cores": 2, "system": "Linux"}


def line(bench: str, case: dict[str, Any], values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A result line as it stands in a file."""
    return {
        "bench": bench,
        "case": case,
        "values": values,
        "command": f"python -m benchmarks run --only {bench}",
        "n": 3,
        "warm_up": "none",
        "spread": {},
        "failed": None,
        "effort": "full",
        "when": "2026-01-02T03:04:05+00:00",
        "commit": "0123456789ab",
        "changed": False,
        "versions": {"python": "3.11.7", "dedup": "0.1.0"},
        "machine": MACHINE,
        **more,
    }


def contender(name: str, speed: float, recall: float, **case: Any) -> dict[str, Any]:
    values = {"seconds": 100 / speed, "mb_per_s": speed, "peak_mb": 500, "recall": recall, "precision": 1.0}
    case = {"contender": name, "setting": "recommended", "documents": 1000, "profile": "mixed", **case}
    return line("contenders", case, values, spread={"seconds": [99 / speed, 101 / speed]})


def quality(measure: str, values: dict[str, Any], **case: Any) -> dict[str, Any]:
    return line("quality", {"profile": "mixed", "documents": 1000, "seeds": "100", "measure": measure, **case}, values)


TOTALS = {"documents": 1000, "mb": 2.5, "pairs": 200, "found": 199, "recall": 0.995, "precision": 1.0, "unsearched": 0}
RECOUNTED = {"recounted": 150, "recounted_equal": 150, "recounted_linked": 140, "rightly_linked": 140}


def lines() -> list[dict[str, Any]]:
    """A line of everything."""
    size = {"stages_seconds": 1.0, "mb": 1, "mb_per_s": 1, "peak_mb": 200, "bytes_per_document": 9, "candidates": 9}
    speed = {"seconds": 0.001, "mb_per_s": 300.0, "ns_per_token": 7.0, "documents": 100, "bytes": 1, "tokens": 1}
    found = [
        contender("ours", 60, 0.999),
        contender("slow_tool", 5, 0.99),
        contender("rash_tool", 90, 0.4),
        contender("ours", 60, 0.999, sweep=True),
        contender("slow_tool", 5, 0.99, sweep=True),
        contender("slow_tool", 2, 1.0, sweep=True, setting="bands=64"),
        line("edits", {"contender": "ours", "edit": "halves swapped"}, {"recall": 1.0, "jaccard": 0.99}),
        line("edits", {"contender": "rash_tool", "edit": "halves swapped"}, {"recall": 0.0, "jaccard": 0.99}),
        quality("totals", {**TOTALS, **RECOUNTED}),
        quality("recorded similarity", {"recounted": 100, "equal": 100}),
        quality("recall by similarity", {"pairs": 50, "found": 20, "promised": 21.5}, **{"from": 0.5, "to": 0.55}),
        quality("recall by similarity", {"pairs": 200, "found": 199, "promised": 199.5}, **{"from": 0.7, "to": 0.75}),
        quality(
            "clusters", {"ari": 0.9, "b3_precision": 1.0, "b3_recall": 0.9, "b3_f1": 0.947}, against="planted copies"
        ),
        quality(
            "labels",
            {"pairs": 9, "exact": 0, "near": 4, "below": 5, "none": 0, "above_threshold": 4},
            kind="member & member",
            planted="templated",
        ),
        quality(
            "changes",
            {"pairs": 9, "linked": 9, "jaccard": 0.91, "above_threshold": 9, "linked_above": 9},
            change="substitution",
            rate="≤ 1.0%",
        ),
        quality(
            "traps",
            {
                "pairs": 9,
                "no_copies": 9,
                "wrongly_linked": 4,
                "no_copies_above_threshold": 4,
                "copies": 0,
                "copies_linked": 0,
            },
            trap="two years",
        ),
        line("scaling", {"documents": 1000, "profile": "brief"}, {"seconds": 1.5, **size}),
        line("scaling", {"documents": 10_000, "profile": "brief"}, {"seconds": 4.5, **size}),
    ]
    ratios = {"ours_mb_per_s": 300.0, "ours_over_decode": 0.5, "ours_over_datasketch": 150.0, "ours_over_rensa": 20.0}
    found.append(line("sketches", {"language": "zh", "length": 437, "k": 256}, ratios))
    for length in (125, 3000):
        found.append(line("micro", {"stage": "sketch_texts", "language": "zh", "length": length, "k": 256}, speed))
    found.append(line("micro", {"stage": "search", "documents": 1000}, speed))
    return found


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write result lines to a file."""

    def write_lines(records: list[dict[str, Any]], name: str = "results.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return path

    return write_lines


@pytest.fixture
def told(put: Callable[..., Path], tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """The Markdown and the HTML of a report from some lines."""

    def report(records: list[dict[str, Any]], out: str = "out") -> tuple[str, str]:
        text, page = write_reports([put(records)], tmp_path / out)
        return text.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")

    return report


# -- the report ----------------------------------------------------------------------------------------------------


def test_report__has_every_section_and_all_four_plots(told: Callable[..., tuple[str, str]]) -> None:
    text, page = told(lines())
    for title in TITLES:
        assert f"## {title}\n" in text and f"<h2>{title}</h2>" in page
    assert set(re.findall(r'data-name="([\w-]+)"', page)) == {"speed-recall", "recall", "scaling", "throughput"}
    for piece in ("a processor, 2 cores", "0123456789ab", "2026-01-02", "python 3.11.7", "What to make of it"):
        assert piece in text and piece in page
    assert text.count("**Command.**") == len(TITLES)


def test_report__needs_nothing_from_anywhere(told: Callable[..., tuple[str, str]]) -> None:
    _, page = told(lines())
    assert not re.search(r'(src|href)="(?!#)|url\((?!#)|@import|<script', page)


def test_report__is_the_same_bytes_twice(told: Callable[..., tuple[str, str]]) -> None:
    assert told(lines(), "one") == told(lines(), "two")


def test_report__does_not_depend_on_the_order_of_files(put: Callable[..., Path], tmp_path: Path) -> None:
    records = lines()
    one, two = put(records[:9], "a.jsonl"), put(records[9:], "b.jsonl")
    for name, files in (("x", [one, two]), ("y", [two, one])):
        write_reports(files, tmp_path / name)
    for file in ("REPORT.md", "report.html"):
        assert (tmp_path / "x" / file).read_bytes() == (tmp_path / "y" / file).read_bytes()


def test_report__marks_a_loss(told: Callable[..., tuple[str, str]]) -> None:
    text, page = told(lines())
    assert "**Beaten by rash tool**: speed 90.0 against 60.0, at a recall of 0.400." in text
    assert re.search(r"\| rash tool .*\| beats ours: speed \|", text)
    assert "<tr class=\"lost\"><td class='word'>rash tool</td>" in page
    assert "Beaten by slow tool" not in text
    assert "**Decoding is faster** than sketching at 437 characters." in text
    assert "**4 of 9 pairs planted as templated are linked**" in text and "two years 4 of 9" in text


def test_report__a_contender_that_is_better_in_everything_is_told_in_everything(
    told: Callable[..., tuple[str, str]],
) -> None:
    better = contender("better_tool", 70, 1.0)
    better["values"]["peak_mb"] = 100
    text, _ = told([*lines(), better, contender("better_tool", 70, 1.0, sweep=True)])
    assert (
        "**Beaten by better tool**: recall 1.000 against 0.999; speed 70.0 against 60.0; memory 100 against 500."
        in text
    )
    assert "**Faster than ours at equal recall**: better tool." in text


def test_report__names_who_never_finds_as_much(told: Callable[..., tuple[str, str]]) -> None:
    text, _ = told([*lines(), contender("rash_tool", 90, 0.4, sweep=True)])
    assert "No setting that was tried finds as much as ours: rash tool." in text
    assert re.search(r"\| slow tool \| bands=64 \| 1.000 \|.*\| 30.0 \|", text)


def test_report__shows_a_failure(told: Callable[..., tuple[str, str]]) -> None:
    case = {"contender": "odd_tool", "setting": "recommended", "documents": 1000}
    text, page = told([*lines(), line("contenders", case, {}, failed="ImportError: No module named 'odd'")])
    assert "odd_tool, recommended failed: ImportError: No module named 'odd'" in text
    assert "odd_tool" in page and "1 of them failed" in text


def test_report__a_failure_that_was_made_good_is_gone(told: Callable[..., tuple[str, str]]) -> None:
    failure = line("scaling", {}, {}, failed="RuntimeError: it fell over", when="2026-01-01T00:00:00+00:00")
    text, _ = told([failure, *lines()])
    assert "fell over" not in text
    text, _ = told([*lines(), {**failure, "when": "2026-02-01T00:00:00+00:00"}])
    assert "fell over" in text


def test_report__says_so_where_lines_are_of_several_commits(told: Callable[..., tuple[str, str]]) -> None:
    records = lines()
    records[0] |= {"commit": "ffffffffffff", "when": "2026-01-03T00:00:00+00:00"}
    text, _ = told(records)
    assert "Not of one commit: of 6 lines 5 of 0123456789ab, 1 of ffffffffffff; 2026-01-02 to 2026-01-03." in text


def test_report__says_so_where_files_were_changed(told: Callable[..., tuple[str, str]]) -> None:
    text, _ = told([{**record, "changed": True} for record in lines()])
    assert "0123456789ab with uncommitted changes" in text


def test_report__of_one_benchmark_says_what_to_run_for_the_others(told: Callable[..., tuple[str, str]]) -> None:
    text, page = told([contender("ours", 60, 1.0)])
    for title in TITLES:
        assert f"## {title}\n" in text and f"<h2>{title}</h2>" in page
    assert "Not measured yet: `python -m benchmarks run --only scaling`." in text
    assert "`DEDUP_DATA` was not set" in text


def test_report__never_mixes_quick_and_full(put: Callable[..., Path], tmp_path: Path) -> None:
    quick = {**contender("ours", 9990, 1.0), "effort": "quick", "when": "2027-01-01T00:00:00+00:00"}
    written = write_reports([put([*lines(), quick])], tmp_path)
    assert [path.name for path in written] == ["REPORT.md", "report.html", "REPORT-quick.md", "report-quick.html"]
    full, short = written[0].read_text("utf-8"), written[2].read_text("utf-8")
    assert "9,990" not in full and "9,990" in short
    assert "A quick run" in short and "not to be quoted" in short and "A quick run" not in full


# -- which lines count ---------------------------------------------------------------------------------------------


def test_lines__of_one_case_the_newest_counts_also_if_a_tool_is_newer() -> None:
    old = Line(**contender("ours", 10, 1.0, version="1.0"))
    new = Line(**{**contender("ours", 20, 1.0, version="2.0"), "when": "2026-05-01T00:00:00+00:00"})
    assert [found.values["mb_per_s"] for found in select([old, new], "full").lines] == [20]


def test_lines__what_is_no_measurement_is_named(put: Callable[..., Path], tmp_path: Path) -> None:
    path = put(lines()[:1])
    path.write_text(path.read_text() + '{"bench": "micro"}\n')
    with pytest.raises(ReportError, match=r"results\.jsonl:2: not a measurement"):
        write_reports([path], tmp_path)


def test_command__without_results_ends_in_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    for files in ([str(empty)], [str(tmp_path / "missing.jsonl")]):
        with pytest.raises(SystemExit) as end:
            command_line.main(["report", "--results", *files, "--out", str(tmp_path / "out")])
        assert end.value.code == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


# -- numbers -------------------------------------------------------------------------------------------------------


def test_numbers__less_than_all_is_never_shown_as_all() -> None:
    assert [share(x) for x in (1, 1.0, 0.99999, 0.9996, 0.5, 0, None)] == [
        "1.000",
        "1.000",
        "0.9999",
        "0.9996",
        "0.500",
        "0.000",
        "–",
    ]


def test_numbers__keep_three_digits() -> None:
    assert [figure(x) for x in (0.01234, 1.234, 12.34, 123.4, 12345, 0, None)] == [
        "0.0123",
        "1.23",
        "12.3",
        "123",
        "12,300",
        "0",
        "–",
    ]


def test_growth__is_the_slope_on_log_axes() -> None:
    step = growth(
        (10, {"seconds": 1.0, "peak_mb": 5.0, "candidates": 0}), (1000, {"seconds": 100.0, "peak_mb": 50.0}), ""
    )
    assert step.values["seconds_exponent"] == 1 and step.values["peak_mb_exponent"] == 0.5
    assert step.values["candidates_exponent"] is None and step.values["stages_seconds_exponent"] is None


# -- README --------------------------------------------------------------------------------------------------------


def test_figures__fill_the_marks_of_a_text_in_lines_and_as_tables() -> None:
    results = results_of([Line(**record) for record in lines()])
    text = "It takes <!-- figure: scaling.10000.seconds -->?<!-- /figure --> s.\n\n"
    text += "<!-- figure: table.scaling -->old<!-- /figure -->\n"
    out = filled(text, results)
    assert "It takes <!-- figure: scaling.10000.seconds -->4.50<!-- /figure --> s." in out
    assert "| 10,000 |" in out and "old" not in out
    assert filled(out, results) == out
    assert figures(results)["contenders.slow_tool.ours_is_times_as_fast"] == "12.0"
    with pytest.raises(ReportError, match=r"no\.such"):
        filled("<!-- figure: no.such --><!-- /figure -->", results)


def test_readme__its_numbers_are_the_reports() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if not MARK.search(readme):
        pytest.skip("README quotes no figure")
    assert filled(readme, read_results(effort="full")) == readme, "run: python -m benchmarks report"


def test_report__the_committed_one_is_that_of_the_committed_lines(tmp_path: Path) -> None:
    committed = ROOT / "benchmarks" / "REPORT.md"
    listed = subprocess.run(
        ["git", "ls-files", "benchmarks/results"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    files = [ROOT / name for name in listed if (ROOT / name).exists()]
    if not committed.exists() or not files:
        pytest.skip("no results are committed")
    text, *_ = write_reports(files, tmp_path)
    assert text.read_bytes() == committed.read_bytes(), "run: python -m benchmarks report"


# -- the runner ----------------------------------------------------------------------------------------------------


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two benchmarks in the place of the real ones: one falls over on its way."""

    def good(effort: str, folder: Path) -> Iterator[Measurement]:
        yield Measurement("edits", {"contender": "ours"}, {"recall": 1.0}, "again")
        yield Measurement("edits", {"contender": "absent"}, {}, "again", failed="ImportError: absent")

    def bad(effort: str, folder: Path) -> Iterator[Measurement]:
        yield Measurement("scaling", {"documents": 10}, {"seconds": 1.0}, "again")
        raise RuntimeError("no such file: /some/place/file.txt")

    class Ready(command_line.Bench):
        def load(self) -> Any:
            return {"good": good, "bad": bad}[self.module]

    monkeypatch.setattr(command_line, "BENCHES", {"scaling": Ready("bad"), "edits": Ready("good")})


@pytest.mark.usefixtures("benches")
def test_run__goes_on_after_a_benchmark_that_fell_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.jsonl"
    assert command_line.main(["run", "--quick", "--results", str(path), "--folder", str(tmp_path)]) == 1
    records = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    assert [(record["bench"], bool(record["failed"])) for record in records] == [
        ("scaling", False),
        ("scaling", True),
        ("edits", False),
        ("edits", True),
    ]
    assert records[1]["failed"] == "RuntimeError: no such file: …/file.txt"
    assert all(record["effort"] == "quick" and record["commit"] and record["machine"]["cores"] for record in records)
    said = capsys.readouterr().err
    assert "FAILED" in said and "fell over: ['scaling']" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["results.jsonl"]


@pytest.mark.usefixtures("benches")
def test_run__a_contender_that_is_absent_is_no_failure_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    assert command_line.main(["run", "--only", "edits", "--results", str(path)]) == 0


def test_run__an_unknown_benchmark_is_one_line_and_exit_code_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "run", "--only", "speed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "micro" in done.stderr


def test_results__are_named_by_day_commit_and_effort() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\w+\.jsonl", command_line.results_path("full").name)
    assert command_line.results_path("quick").name.endswith("-quick.jsonl")
    assert command_line.results_path("full").parent == RESULTS


def test_write__appends_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    stream = write((Measurement("edits", {"n": n}, {"recall": 1.0}, "again") for n in range(2)), path)
    next(stream)
    assert len(path.read_text().splitlines()) == 1
    list(stream)
    assert len(path.read_text().splitlines()) == 2


def test_failures__keep_no_place_of_the_machine() -> None:
    assert without_places("[Errno 2] No such file: '/tmp/x-1/made/a.jsonl'") == "[Errno 2] No such file: '…/a.jsonl'"
    assert without_places("see https://example.org/a/b and 14/8") == "see https://example.org/a/b and 14/8"
