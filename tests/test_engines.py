"""The batch engine against the oracle: same pairs, same clusters, whatever the texts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

import dedup
from tests import naive, strategies

# Bands that make nearly every pair a candidate, so that what is compared is the engine and not its luck.
SURE = {"bands": 128, "rows": 2, "audit": 0}


def naive_outcome(texts: list[str], threshold: float) -> tuple[dict[tuple[int, int], float], list[int]]:
    """Pairs at or above `threshold` - .1 and the kept document of each, by brute force over the oracle's tokens."""
    rows = {(a, b): s for a, b, s in naive.pairs(texts, round(threshold - 0.1, 12))}
    links = [pair for pair, similarity in rows.items() if similarity >= threshold]
    return rows, naive.cluster(len(texts), links, list(range(len(texts))))


def engine_outcome(result: dedup.Result) -> tuple[dict[tuple[int, int], float], list[int]]:
    columns = (result.pairs.column(name).to_pylist() for name in ("doc_a", "doc_b", "similarity"))
    rows = {(a, b): s for a, b, s in zip(*columns, strict=True)}
    return rows, result.documents.column("kept_doc").to_pylist()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.similar_texts())
@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
def test_dedupe__equals_brute_force_by_the_oracle(threshold: float, texts: list[str]) -> None:
    result = dedup.dedupe(texts, dedup.Config(threshold=threshold, remove="exact,near,templated", **SURE))
    rows, kept = naive_outcome(texts, threshold)
    got, got_kept = engine_outcome(result)
    # What was found is right to the last bit; what lies clearly above the floor is found.
    assert all(got[pair] == pytest.approx(rows[pair], abs=1e-12) for pair in got if pair in rows)
    assert {pair for pair in got if pair not in rows} == set()
    assert {pair for pair, s in rows.items() if s >= threshold} <= set(got)
    assert got_kept == kept


def test_dedupe__containments_and_labels_are_those_of_the_oracle(sample_texts: list[str]) -> None:
    texts = sample_texts[:400]
    result = dedup.dedupe(texts, dedup.Config(audit=0))
    checked = 0
    for row in result.pairs.to_pylist():
        similarity, inside_a, inside_b = naive.compare(texts[row["doc_a"]], texts[row["doc_b"]])
        assert row["similarity"] == pytest.approx(similarity, abs=1e-9)
        assert row["containment_a"] == pytest.approx(inside_a, abs=1e-9)
        assert row["containment_b"] == pytest.approx(inside_b, abs=1e-9)
        assert row["linked"] == (similarity >= 0.7)
        same = naive.tokens(texts[row["doc_a"]]) == naive.tokens(texts[row["doc_b"]])
        assert (row["label"] == "exact") == same
        checked += 1
    assert checked > 50


def test_dedupe__every_removed_document_has_a_linked_row_with_its_kept_one(sample_texts: list[str]) -> None:
    result = dedup.dedupe(sample_texts, dedup.Config(audit=0))
    rows = {(r["doc_a"], r["doc_b"]): r for r in result.pairs.to_pylist()}
    removed = [r for r in result.documents.to_pylist() if r["kept_doc"] != r["doc"]]
    assert len(removed) > 300
    for row in removed:
        pair = rows[tuple(sorted((row["doc"], row["kept_doc"])))]
        assert pair["linked"] and pair["label"] == row["label"]


def test_dedupe__takes_files_tables_pairs_and_lists_alike(tmp_path: Path, sample_records: list[dict[str, str]]) -> None:
    import json

    records = sample_records[:300]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    config = dedup.Config(audit=0)
    table = pa.table({name: [r[name] for r in records] for name in ("id", "text")})
    results = [
        dedup.dedupe(path, config),
        dedup.dedupe(str(path), config),
        dedup.dedupe([path], config),
        dedup.dedupe(table, config),
        dedup.dedupe(((r["id"], r["text"]) for r in records), config),
    ]
    wanted = results[0].pairs
    assert len(wanted) > 20
    assert all(result.pairs.equals(wanted) for result in results)
    bare = dedup.dedupe([r["text"] for r in records], config)
    assert bare.pairs.drop_columns(["id_a", "id_b"]).equals(wanted.drop_columns(["id_a", "id_b"]))
    assert bare.documents.column("id").to_pylist()[:2] == ["0", "1"]


def test_dedupe__copies_of_many_texts_are_written_as_one_row_each() -> None:
    """A thousand copies of one text are linear: a row per copy, not one per pair."""
    texts = ["全县农村社区建设工作汇报材料如下"] * 1000 + ["全县农村社区建设工作汇报材料如下所"]
    result = dedup.dedupe(texts, dedup.Config(audit=0, threshold=0.5))
    assert len(result.pairs) == 1000
    assert result.summary["removed"] == 1000


def test_dedupe__empty_texts_are_alike_to_nothing() -> None:
    result = dedup.dedupe(["", "。。。", "", "甲乙丙丁戊己", "甲乙丙丁戊己", "!"], dedup.Config())
    assert result.documents.column("kept_doc").to_pylist() == [0, 1, 2, 3, 3, 5]
    assert result.summary["empty"] == 4


@pytest.mark.parametrize("inputs", [[], pa.table({"text": pa.array([], pa.string())})])
def test_dedupe__nothing_gives_nothing(inputs: object) -> None:
    result = dedup.dedupe(inputs)  # type: ignore[arg-type]
    assert (len(result.documents), len(result.pairs), len(result.clusters), len(result.removed)) == (0, 0, 0, 0)


def test_dedupe__words_make_other_shingles_but_the_same_copies(sample_texts: list[str]) -> None:
    texts = sample_texts[:120]
    auto = dedup.dedupe(texts, dedup.Config(audit=0))
    words = dedup.dedupe(texts, dedup.Config(audit=0, tokens="word", n=3))
    assert words.summary["exact"] == auto.summary["exact"]
    assert words.documents.column("tokens").to_numpy().sum() < auto.documents.column("tokens").to_numpy().sum()


def test_dedupe__stops_when_the_callback_says_so() -> None:
    with pytest.raises(dedup.Cancelled):
        dedup.dedupe(["甲乙丙丁戊己"] * 10, on_progress=lambda progress: progress.stage != "match")


def test_dedupe__can_run_in_several_threads_at_once(sample_texts: list[str]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(_: int) -> dedup.Result:
        return dedup.dedupe(sample_texts[:300], dedup.Config(audit=0, threads=2))

    with ThreadPoolExecutor(4) as executor:
        first, *others = executor.map(work, range(4))
    assert all(other.pairs.equals(first.pairs) for other in others)
