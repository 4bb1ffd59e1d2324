from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import dedup
from dedup import tables

WHEN_ASKED = {
    *("annotated/", "cut/", "text/", "cuts.jsonl", "passages.jsonl", "crowded.jsonl", "pieces.jsonl", "pages.jsonl"),
    *("boilerplate.jsonl", "templates.jsonl", "values/"),
}
PINNED = {"bands": 37, "rows": 6}


@pytest.fixture(scope="module")
def result(sample_records: list[dict[str, str]]) -> dedup.Result:
    table = pa.table({name: [r[name] for r in sample_records] for name in ("id", "text", "date", "source")})
    return dedup.dedupe(table, dedup.Config(**PINNED))


def same(a: dedup.Result, b: dedup.Result) -> None:
    for name in ("documents", "clusters", "kept", "removed"):
        assert getattr(a, name).equals(getattr(b, name)), name
    # Pairs that decided on the way to one of the results have labels there.
    assert a.pairs.drop_columns("label").equals(b.pairs.drop_columns("label"))
    both = zip(a.pairs["label"].to_pylist(), b.pairs["label"].to_pylist(), strict=True)
    assert all(one == two for one, two in both if one and two)


@pytest.mark.parametrize("threshold", [0.7, 0.75, 0.8, 0.9, 0.97, 1.0])
def test_at__equals_a_new_run_with_these_bands(
    result: dedup.Result, sample_records: list[dict[str, str]], threshold: float
) -> None:
    table = pa.table({name: [r[name] for r in sample_records] for name in ("id", "text")})
    again = dedup.dedupe(table, dedup.Config(threshold=threshold, audit=0, **PINNED))
    higher = result.at(threshold)
    same(higher, again)
    for name in ("clusters", "removed", "kept", "exact", "near", "pairs", "chains_cut"):
        assert higher.summary[name] == again.summary[name]


def test_at__refuses_a_threshold_below_the_runs(result: dedup.Result) -> None:
    with pytest.raises(dedup.ConfigError, match="below"):
        result.at(0.6)


def test_borderline__gives_the_pairs_nearest_the_threshold(result: dedup.Result) -> None:
    near = np.abs(result.borderline(12).column("similarity").to_numpy() - 0.7)
    everything = np.sort(np.abs(result.pairs.column("similarity").to_numpy() - 0.7))
    assert near.tolist() == everything[:12].tolist()


def test_save__and_open_give_the_result_back(result: dedup.Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out")
    back = dedup.Result.open(folder)
    same(back, result)
    assert back.config == result.config
    same(back.at(0.8), result.at(0.8))


def test_save__writes_every_listed_file_and_no_other(result: dedup.Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out")
    assert {p.name + "/" * p.is_dir() for p in folder.iterdir()} == set(tables.FILES) - WHEN_ASKED
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_save__texts_in_memory_are_all_in_kept_or_removed(
    result: dedup.Result, sample_records: list[dict[str, str]], tmp_path: Path
) -> None:
    folder = result.save(tmp_path / "out")
    sides = [
        [json.loads(line) for line in (folder / side / "texts.jsonl").read_text("utf-8").splitlines()]
        for side in ("kept", "removed")
    ]
    assert len(sides[0]) == result.summary["kept"] and len(sides[1]) == result.summary["removed"]
    wanted = [{"id": r["id"], "text": r["text"]} for r in sample_records]
    assert sorted(sides[0] + sides[1], key=str) == sorted(wanted, key=str)


def test_save__json_lines_hold_what_the_tables_hold(result: dedup.Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out")
    for name in ("clusters", "removed"):
        lines = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert lines == getattr(result, name).to_pylist()
        assert len(lines) > 100


def test_tables__have_the_declared_schemas(result: dedup.Result) -> None:
    assert result.documents.schema == tables.DOCUMENTS
    assert result.pairs.schema == tables.PAIRS
    assert result.clusters.schema == tables.CLUSTERS
    assert result.removed.schema == tables.REMOVED
    assert result.rejected.schema == tables.REJECTED


def test_clusters__are_sorted_by_size_and_hold_their_members_in_rank_order(result: dedup.Result) -> None:
    clusters = result.clusters.to_pylist()
    assert [c["size"] for c in clusters] == sorted((c["size"] for c in clusters), reverse=True)
    for cluster in clusters:
        first, *others = cluster["members"]
        assert first["id"] == cluster["kept"] and first["similarity"] is None and first["label"] is None
        assert [m["doc"] for m in others] == sorted(m["doc"] for m in others)
        assert all(m["similarity"] >= 0.7 for m in others)
        assert cluster["label"] == ("near" if any(m["label"] == "near" for m in others) else "exact")


def test_kept__is_the_input_without_the_removed(result: dedup.Result) -> None:
    kept, removed = set(result.kept.column("id").to_pylist()), set(result.removed.column("id").to_pylist())
    assert not kept & removed
    assert len(kept) + len(removed) == len(result.documents)


def test_open__refuses_what_is_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(dedup.InputError, match="run folder"):
        dedup.Result.open(tmp_path)


def test_open__refuses_a_newer_format(result: dedup.Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out")
    run = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**run, "format": tables.FORMAT + 1}))
    with pytest.raises(dedup.InputError, match="format"):
        dedup.Result.open(folder)


def test_save__refuses_a_folder_in_use_and_leaves_it_alone(result: dedup.Result, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(dedup.OutputError):
            result.save(tmp_path, force=force)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_save__replaces_an_earlier_run_with_force_only(result: dedup.Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out")
    (folder / "mark").write_text("old")
    with pytest.raises(dedup.OutputError, match="--force"):
        result.save(folder)
    assert (folder / "mark").exists()
    result.save(folder, force=True)
    assert not (folder / "mark").exists()


def test_compare__tells_equal_near_and_different_texts() -> None:
    base = "全县农村社区建设工作汇报：2023年投入资金3.5万元，建成社区12个，受益群众5600人，各项工作取得明显成效。"
    assert dedup.compare(base, base.replace("：", ":").replace("，", ",")).label == "exact"
    near = dedup.compare(base, base.replace("明显", "显著"))
    assert near.label == "near" and 0.7 <= near.similarity < 1
    other = dedup.compare(base, base.replace("2023", "2021").replace("3.5", "80").replace("12", "7").replace("56", "9"))
    assert other.label == "templated" and other.pattern_similarity == 1 > 0.7 > other.similarity
    nothing = dedup.compare("", "。")
    assert nothing.label == "" and nothing.similarity == 0


def test_compare__gives_the_containment_of_each_in_the_other() -> None:
    part = "居民委员会应当向居民会议负责并报告工作"
    found = dedup.compare(part, part + "街道办事处给予指导支持和帮助")
    assert found.containment_a == 1 > found.containment_b > 0.4
