"""The benchmarks still run. How fast anything is, no test asks: it depends on the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

from benchmarks.many import documents

ROOT = Path(__file__).parents[1]


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
