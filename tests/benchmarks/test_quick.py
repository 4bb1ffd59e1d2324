"""The benchmarks still run. How fast anything is, no test asks: it depends on the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest

from benchmarks import page_speed, quality, scaling
from benchmarks.__main__ import BENCHES
from benchmarks.many import documents
from benchmarks.measurement import QUICK, TOLD_ASIDE
from benchmarks.micro import measurement
from benchmarks.quality import boilerplate, labels, passages, pieces

ROOT = Path(__file__).parents[2]


def run_module(*arguments: str, **environment: str) -> str:
    """What `python -m …` prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_core__runs_on_the_quick_path_and_tells_speeds(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run_module("pytest", "benchmarks", "--benchmark-only", "-q", f"--benchmark-json={report}", DEDUP_BENCH_QUICK="1")
    records = json.loads(report.read_text(encoding="utf-8"))["benchmarks"]
    assert len(records) > 50
    assert all(record["extra_info"]["mb_per_s"] > 0 and record["extra_info"]["ns_per_token"] > 0 for record in records)
    measured = [measurement(record, quick=True) for record in records]
    assert len({json.dumps(one.case) for one in measured}) == len(records)
    for name in ("length", "language", "k", "scheme", "documents"):
        assert len({one.case[name] for one in measured if name in one.case}) > 1, name
    assert all(one.n > 0 and one.spread["seconds"][0] <= one.values["seconds"] for one in measured)


def test_core__saves_a_run_and_compares_the_next_one_with_it(tmp_path: Path) -> None:
    command = ["pytest", "benchmarks", "--benchmark-only", "-q", "-k", "cluster and zh"]
    command += ["--benchmark-autosave", f"--benchmark-storage={tmp_path}"]
    run_module(*command, DEDUP_BENCH_QUICK="1")
    output = run_module(*command, "--benchmark-compare", DEDUP_BENCH_QUICK="1")
    assert len(list(tmp_path.rglob("*.json"))) == 2
    assert "(NOW)" in output and "(0001_" in output


def test_sketch_speed__compares_on_generated_texts_and_on_a_file(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    lines = [
        json.dumps({"text": text, "n": i}) for i, text in enumerate(["今天天气很好，大家去公园。", "短", None] * 50)
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    output = run_module("benchmarks.sketch_speed", "--quick", "--json")
    output += run_module("benchmarks.sketch_speed", "--quick", "--json", str(file))
    results = [json.loads(line) for line in output.splitlines()]
    assert [result["median_chars"] for result in results[:3]] == [3000, 437, 125]
    assert (results[3]["file"], results[3]["documents"]) == ("texts.jsonl", 100)
    for result in results:
        assert all(value > 0 for name, value in result.items() if name != "file")


def test_many__finds_the_copies_it_put_in() -> None:
    result = json.loads(run_module("benchmarks.many", "--documents", "2000", "--json"))
    assert result["documents"] == 2000 == result["kept"] + result["removed"]
    assert 0.25 * 2000 < result["removed"] < 0.33 * 2000
    assert result["seconds"] > 0 and result["peak_mb"] > 0


def test_whole_run__compares_with_parsing(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_bytes(b"".join(b'{"text": "%b"}\n' % text for text in documents(200, seed=3)))
    result = json.loads(run_module("benchmarks.whole_run", str(file), "--runs", "2", "--json"))
    assert result["documents"] == 200 and result["run_over_parse"] > 0


def test_many__documents_are_copies_or_share_next_to_nothing() -> None:
    texts = [text.decode().replace("\\n", "") for text in documents(400, seed=2)]
    assert 1000 < sum(len(text.encode()) for text in texts) / len(texts) < 1100
    sets = [{text[i : i + 5] for i in range(len(text) - 4)} for text in texts]
    similarities = [len(a & b) / len(a | b) for a, b in combinations(sets, 2)]
    # Two copies of one text, each with two sentences of its own, may be no more than .5 alike.
    assert sum(similarity > 0.45 for similarity in similarities) > 0.25 * len(texts)
    assert not [similarity for similarity in similarities if 0.1 < similarity <= 0.45]


def test_quality__of_a_generated_collection_leaves_every_measure_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "QUICK_PLANS", (quality.Plan("mixed", 120, (100, 101)),))
    lines = list(quality.measure(QUICK, tmp_path))
    assert not [line.failed for line in lines if line.failed]
    measures = {"totals", "recorded similarity", "recall by similarity", "clusters", "labels", "changes", "traps"}
    assert {line.case["measure"] for line in lines} >= measures - {"traps"}
    by_measure = {line.case["measure"]: line for line in lines}
    assert by_measure["totals"].values["precision"] == by_measure["recorded similarity"].values["share_equal"] == 1
    assert by_measure["totals"].values["documents"] == 240 and by_measure["totals"].n == 2
    assert not list(tmp_path.iterdir())


def test_quality__a_profile_that_cannot_be_made_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        quality, "QUICK_PLANS", (quality.Plan("nonsense", 50, (100,)), quality.Plan("ladder", 50, (100,)))
    )
    lines = list(quality.measure(QUICK, tmp_path))
    assert [line.case["profile"] for line in lines if line.failed] == ["nonsense"]
    assert "ladder" in {line.case["profile"] for line in lines if not line.failed}


def test_scaling__tells_sizes_and_the_steps_between_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "QUICK_SIZES", (scaling.Size(100, 1), scaling.Size(400, 1)))
    lines = list(scaling.measure(QUICK, tmp_path))
    assert [line.case.get("documents") for line in lines] == [100, 400, None]
    assert all(line.values["seconds"] > 0 and line.values["peak_mb"] > 0 for line in lines[:2])
    assert lines[2].case["growth_to"] == 400 and lines[2].values["candidates_exponent"] is not None


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick plans that take no longer than it takes to see that they work."""
    monkeypatch.delenv("DEDUP_DATA", raising=False)
    monkeypatch.setattr(labels, "measure", partial(labels.measure, profiles=("mixed",)))
    for module in (pieces, boilerplate, passages):
        monkeypatch.setattr(module, "PROFILES", ("pages",))
    monkeypatch.setattr(passages, "PLANTED", 6)
    monkeypatch.setitem(page_speed.PLANS, QUICK, page_speed.Plan((page_speed.Large("pages", 60),), 1, (1,), None))


MEASURES = {
    "labels": {"label", "unrelated", "templated by differing values", "near by similarity", "all labels"},
    "pieces": {"boundaries", "documents cut", "overhead"},
    "boilerplate": {"lines", "kind", "pairs"},
    "passages": {"equal runs", "planted passages", "speed"},
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("bench", MEASURES)
def test_pages__every_benchmark_leaves_its_measures(bench: str, tmp_path: Path) -> None:
    if bench == "passages":
        pytest.importorskip("pydivsufsort")
    lines = list(BENCHES[bench].load()(QUICK, tmp_path))
    assert not [line.failed for line in lines if line.failed]
    assert {line.case["measure"] for line in lines} == MEASURES[bench] and {line.bench for line in lines} == {bench}
    identities = [json.dumps({k: v for k, v in line.case.items() if k not in TOLD_ASIDE}) for line in lines]
    assert len(set(identities)) == len(lines), "two measurements of one case: the report would lose the first"
    assert all(line.command == f"python -m benchmarks run --only {bench} --quick" for line in lines)
