"""What the quality benchmark counts, on answers worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.measurement import Measurement
from benchmarks.quality import measure_real, planted
from benchmarks.quality.agreement import agreement
from benchmarks.quality.judged import Pairs, judge
from benchmarks.quality.tally import Tally, add_up
from tests import naive


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


# -- agreement of clusterings --------------------------------------------------------------------------------------


def test_agreement__of_equal_clusterings_is_one_whatever_the_numbers() -> None:
    assert agreement(np.array([5, 5, 2, 9]), np.array([0, 0, 1, 2])) == (1, 1, 1, 1)


def test_agreement__of_nothing_but_single_items_is_one() -> None:
    assert agreement(np.arange(4), np.arange(4)).ari == 1


def test_agreement__is_what_the_definitions_give() -> None:
    # Found {1,2,3}{4,5}, true {1,2}{3,4,5}. Pairs together in both: 12, 45; in found: 12, 13, 23, 45; in true: 12,
    # 34, 35, 45. Of 10 pairs, 4 · 4 / 10 = 1.6 agree by chance: (2 - 1.6) / (4 - 1.6).
    # B³ precision: items 1, 2 have 2/3 of their found class, 3 has 1/3, 4 and 5 all: (2/3 + 2/3 + 1/3 + 1 + 1) / 5;
    # recall: 1, 2 all of their true class, 3 has 1/3, 4 and 5 have 2/3: (1 + 1 + 1/3 + 2/3 + 2/3) / 5.
    found, true = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])
    values = agreement(found, true)
    assert values.ari == pytest.approx(0.4 / 2.4)
    assert values.precision == pytest.approx(11 / 15)
    assert values.recall == pytest.approx(11 / 15)
    assert values.f1 == pytest.approx(11 / 15)


def test_agreement__of_one_class_for_all_has_full_recall_and_little_precision() -> None:
    values = agreement(np.zeros(4, int), np.arange(4))
    assert (values.ari, values.precision, values.recall) == (0, 0.25, 1)


def test_agreement__is_below_zero_for_less_than_chance() -> None:
    assert agreement(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])).ari == pytest.approx(-0.5)


# -- tallies and pairs ---------------------------------------------------------------------------------------------


def test_tallies__are_added_up_before_they_are_divided() -> None:
    ratios = {"recall": ("found", "pairs")}
    counted = [
        Tally({"measure": "totals"}, {"pairs": 10, "found": 10}, ratios),
        Tally({"measure": "totals"}, {"pairs": 90, "found": 45}, ratios),
    ]
    (summed,) = add_up(counted, "quality", {"profile": "mixed"}, "run")
    assert summed == Measurement(
        "quality",
        {"profile": "mixed", "measure": "totals"},
        {"pairs": 100, "found": 55, "recall": 0.55},
        "run",
        n=2,
        spread={"recall": (0.5, 1.0)},
    )


def test_tallies__of_nothing_have_no_share() -> None:
    (summed,) = add_up([Tally({}, {"pairs": 0, "found": 0}, {"recall": ("found", "pairs")})], "quality", {}, "run")
    assert summed.values["recall"] is None


def test_pairs__know_either_order_one_text_and_what_is_not_listed() -> None:
    pairs = Pairs(np.array([3, 1]), np.array([2, 5]), np.array([0.5, 0.75]))
    said = pairs.similarity(np.array([2, 5, 4, 1]), np.array([3, 1, 4, 2]))
    assert said[:3].tolist() == [0.5, 0.75, 1.0] and np.isnan(said[3])
    empty = Pairs(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    assert np.isnan(empty.similarity(np.array([1]), np.array([2]))).all()


def test_rates__fall_into_the_bin_that_names_them() -> None:
    assert [planted.rate_name(n) for n in (-1, 0, 6)] == ["no edits", "≤ 0.2%", "> 10.0%"]


def test_changes__of_a_chain_are_told_by_their_number() -> None:
    assert planted.change_name(["pinyin"]) == "pinyin"
    assert planted.change_name(["pinyin", "pinyin"]) == "pinyin"
    assert planted.change_name(["pinyin", "cut"]) == "2 changes together"
    assert planted.change_name(None) == ""


# -- a collection with truth ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six documents: a text, its exact copy, a light edit, a heavy edit, and two years of one trap."""
    rng = Random(4)

    def text(seed: int) -> str:
        return "".join(Random(seed).choices([chr(0x4E00 + i) for i in range(3000)], k=200))

    first, trap = text(1), text(2)
    heavy = first[:80] + text(3)[:120]
    texts = [first, first + "。", first[:100] + "改" + first[101:], heavy, trap, trap[:190] + text(5)[:10], text(6)]
    ids = [f"d{i}" for i in range(len(texts))]
    folder = tmp_path_factory.mktemp("planted") / "made"
    truth = folder.with_name("made-truth")
    folder.mkdir()
    truth.mkdir()
    order = list(range(len(texts)))
    rng.shuffle(order)
    lines = [json.dumps({"id": ids[i], "text": texts[i]}, ensure_ascii=False) + "\n" for i in order]
    (folder / "notices.jsonl").write_text("".join(lines[:3]), encoding="utf-8")
    (folder / "reports.jsonl").write_text("".join(lines[3:]), encoding="utf-8")
    kinds = ["clean", "copy", "copy", "copy", "trap", "trap", "clean"]
    documents = {
        "id": ids,
        "kind": kinds,
        "trap": [None] * 4 + ["two years"] * 2 + [None],
        "origin": ["d0"] * 4 + ["d4", "d5", "d6"],
    }
    pq.write_table(pa.table(documents), truth / "documents.parquet")
    rows = [
        (0, 1, "exact", ["reformatted"], None),
        (0, 2, "near", ["substitution"], 0.005),
        (0, 3, "near", ["substitution"], 0.6),
        (4, 5, "templated", None, None),
    ]
    pairs = [
        {
            "id_a": ids[a],
            "id_b": ids[b],
            "label": label,
            "jaccard": naive.compare(texts[a], texts[b])[0],
            "changes": changes,
            "rate": rate,
        }
        for a, b, label, changes, rate in rows
    ]
    schema = pa.schema(
        [(name, pa.string()) for name in ("id_a", "id_b", "label")]
        + [("jaccard", pa.float64()), ("changes", pa.list_(pa.string())), ("rate", pa.float64())]
    )
    pq.write_table(pa.Table.from_pylist(pairs, schema), truth / "pairs.parquet")
    return folder


@pytest.fixture(scope="module")
def measured(collection: Path, executor: Executor) -> list[Measurement]:
    return add_up(planted.tallies(collection, 100, executor), "quality", {}, "run")


def of(measured: list[Measurement], **case: object) -> Measurement:
    (found,) = [one for one in measured if case.items() <= one.case.items()]
    return found


def test_judge__true_pairs_are_those_of_the_slow_twin(collection: Path, executor: Executor) -> None:
    judged = judge(collection, "text", executor)
    a, b, similarity = judged.true
    wanted = [(i, j) for i, j, _ in naive.pairs(judged.texts, 0.3)]
    assert sorted(zip(a.tolist(), b.tolist(), strict=True)) == wanted
    assert similarity.tolist().count(1.0) == 1


def test_planted__counts_recall_precision_and_the_truth_itself(measured: list[Measurement]) -> None:
    totals = of(measured, measure="totals").values
    assert (totals["documents"], totals["pairs"], totals["recall"], totals["precision"]) == (7, 4, 1, 1)
    assert totals["recounted"] == totals["recounted_equal"]
    assert of(measured, measure="recorded similarity").values["share_equal"] == 1


def test_planted__puts_every_pair_into_the_bin_of_its_similarity(measured: list[Measurement]) -> None:
    bins = [one for one in measured if one.case["measure"] == "recall by similarity"]
    assert len(bins) == 14 and (bins[0].case["from"], bins[-1].case["to"]) == (0.3, 1.0)
    assert sum(one.values["pairs"] or 0 for one in bins) == 4
    assert (bins[-1].values["pairs"], bins[-1].values["recall"]) == (3, 1)


def test_planted__shows_each_label_beside_what_was_said(measured: list[Measurement]) -> None:
    exact = of(measured, measure="labels", kind="clean & copy", planted="exact").values
    near = of(measured, measure="labels", kind="clean & copy", planted="near").values
    templated = of(measured, measure="labels", kind="trap & trap", planted="templated").values
    assert [exact["exact"], near["near"], near["none"], templated["near"]] == [1, 1, 1, 1]
    assert (near["above_threshold"], templated["above_threshold"]) == (1, 1)


def test_planted__finds_light_edits_and_not_heavy_ones(measured: list[Measurement]) -> None:
    light = of(measured, measure="changes", change="substitution", rate="≤ 0.5%").values
    heavy = of(measured, measure="changes", change="substitution", rate="> 10.0%").values
    assert (light["share_found"], light["recall"], heavy["share_found"], heavy["recall"]) == (1, 1, 0, None)
    assert of(measured, measure="changes", change="reformatted", rate="no edits").values["share_found"] == 1


def test_planted__a_trap_that_is_fallen_into_is_counted(measured: list[Measurement]) -> None:
    trap = of(measured, measure="traps", trap="two years").values
    assert (trap["no_copies"], trap["wrongly_linked"], trap["no_copies_above_threshold"]) == (1, 1, 1)


def test_planted__clusters_are_compared_with_the_copies_and_with_all_pairs(measured: list[Measurement]) -> None:
    # Found {0, 1, 2}{3}{4, 5}{6}; planted {0, 1, 2, 3}{4}{5}{6}.
    against = of(measured, measure="clusters", against="planted copies").values
    assert against["b3_precision"] == pytest.approx(6 / 7, abs=1e-6)
    assert against["b3_recall"] == pytest.approx((3 * 3 / 4 + 1 / 4 + 3) / 7, abs=1e-6)
    assert of(measured, measure="clusters", against="all pairs at the threshold").values["ari"] == 1


def test_real__is_silent_without_data_and_says_what_it_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEDUP_DATA", raising=False)
    assert list(measure_real("quick", tmp_path)) == []
    monkeypatch.setenv("DEDUP_DATA", str(tmp_path))
    missing = list(measure_real("quick", tmp_path))
    assert len(missing) == 3 and all(one.failed for one in missing)
    assert not any(str(tmp_path) in json.dumps(one.case) for one in missing)
