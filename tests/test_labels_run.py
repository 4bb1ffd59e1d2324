"""Whole runs and their labels: what is removed is what was asked for, and each removal has its proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

import dedup
from dedup import Config, InputError, Result
from tests.conftest import Outcome, han, lines_of, rejoin

ALL = "exact,near,templated,partial"


def form(seed: int) -> str:
    """One template with figures and names of its own."""
    random = Random(seed)
    parts = []
    for i in range(12):
        figure = f"{random.randrange(100, 99_999)}元、增长{random.randrange(1, 999) / 10}%"
        parts.append(
            f"{han(4000 + i, 34)}{figure}，{han(4100 + i, 28)}{random.randrange(2, 99)}个{han(4200 + i, 12)}。\n"
        )
    return "".join(parts)


def edited(text: str, seed: int) -> str:
    """A text with a few other characters."""
    random = Random(seed)
    points = list(text)
    for _ in range(4):
        points[random.randrange(len(points))] = "兀"
    return "".join(points)


WHOLE = "".join(f"{han(100 + i, 80)}。\n" for i in range(6))
PART = "".join(f"{han(200 + i, 80)}。\n" for i in range(4))
TEXTS = {
    "whole": WHOLE,
    "equal": WHOLE.replace("。", "！"),
    "near": edited(WHOLE, 1),
    "form1": form(1),
    "form2": form(2),
    "form3": form(3),
    "part": PART,
    "page": PART + "".join(f"{han(300 + i, 80)}。\n" for i in range(9)),
    "alone": "".join(f"{han(400 + i, 80)}。\n" for i in range(5)),
}
GONE = {
    "exact": {"equal": ("whole", "exact")},
    "exact,near": {"equal": ("whole", "exact"), "near": ("whole", "near")},
    "exact,templated": {
        "equal": ("whole", "exact"),
        "form2": ("form1", "templated"),
        "form3": ("form1", "templated"),
    },
    "exact,partial": {"equal": ("whole", "exact"), "part": ("page", "partial")},
    ALL: {
        "equal": ("whole", "exact"),
        "near": ("whole", "near"),
        "form2": ("form1", "templated"),
        "form3": ("form1", "templated"),
        "part": ("page", "partial"),
    },
}
# What the forms share is less than the default asks for.
FLAGS = ["--threshold", "0.45", "--passages"]


def records(texts: dict[str, str] | None = None) -> list[dict[str, str]]:
    return [{"id": name, "text": text} for name, text in (texts or TEXTS).items()]


def removed(outcome: Outcome) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["kept_id"], row["label"]) for row in outcome.rows("removed")}


def check_proofs(outcome: Outcome) -> None:
    """Every removed document has a row with its kept one, of its label; that one is kept."""
    documents = {row["doc"]: row for row in outcome.documents}
    pairs = {(row["doc_a"], row["doc_b"]): row for row in outcome.pairs}
    for doc, row in documents.items():
        kept = row["kept_doc"]
        assert documents[kept]["kept_doc"] == kept, "what a document is removed for is kept"
        if kept != doc:
            pair = pairs[min(doc, kept), max(doc, kept)]
            assert pair["label"] == row["label"]
            if row["label"] == "partial":
                assert pair["containment_a" if doc < kept else "containment_b"] >= 0.9
            else:
                assert pair["linked"]


@pytest.mark.parametrize("remove", GONE)
def test_remove__takes_out_what_was_asked_for_and_proves_it(run: Callable, put: Callable, remove: str) -> None:
    path = put("a.jsonl", lines_of(*records()))
    outcome = run(path, flags=[*FLAGS, "--remove", remove])
    assert removed(outcome) == GONE[remove]
    check_proofs(outcome)
    assert rejoin(outcome, path, "a.jsonl") == path.read_bytes()
    for label in ALL.split(","):
        assert outcome.summary[label] == sum(said == label for _, said in GONE[remove].values())


def test_remove__keeps_templated_and_partial_by_default_and_says_so(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=FLAGS)
    assert removed(outcome) == GONE["exact,near"]
    labels = {(row["id_a"], row["id_b"]): row["label"] for row in outcome.pairs}
    assert labels["form1", "form2"] == "templated" and labels["part", "page"] == "partial"
    assert "from one template" in outcome.err
    assert outcome.summary["templates_kept"] >= 2


def test_clusters__hold_what_is_kept_as_one(run: Callable, put: Callable) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=[*FLAGS, "--remove", ALL])
    clusters = {row["kept"]: row for row in outcome.rows("clusters")}
    members = {kept: [member["id"] for member in row["members"]] for kept, row in clusters.items()}
    assert members == {
        "whole": ["whole", "equal", "near"],
        "form1": ["form1", "form2", "form3"],
        "page": ["page", "part"],
    }
    assert {kept: row["label"] for kept, row in clusters.items()} == {
        "whole": "near",
        "form1": "templated",
        "page": "partial",
    }
    assert all(row["members"][0]["id"] == kept for kept, row in clusters.items())


@pytest.mark.parametrize("share", [0.8, 0.88, 0.93, 1.0])
def test_partial__is_removed_only_if_nine_tenths_stand_in_the_other(share: float) -> None:
    own = "".join(f"{han(600 + i, 50)}。\n" for i in range(20))
    size = round(share * 400)
    part = PART.replace("。\n", "")[: round(size * 0.8)] + han(650, 400 - size)
    page = "".join([own, PART.replace("。\n", ""), own[::-1]])
    result = dedup.dedupe([part, page], Config(passages=True, remove=ALL, audit=0))
    [pair] = result.pairs.to_pylist()
    assert pair["label"] == "partial"
    assert (len(result.removed) == 1) == (pair["containment_a"] >= 0.9)


def test_partial__a_chain_of_parts_leaves_the_largest_and_every_removal_its_proof(run: Callable, put: Callable) -> None:
    paragraphs = [f"{han(700 + i, 80)}。\n" for i in range(24)]
    texts = {"small": "".join(paragraphs[:4]), "medium": "".join(paragraphs[:10]), "large": "".join(paragraphs)}
    outcome = run(put("a.jsonl", lines_of(*records(texts))), flags=["--passages", "--remove", ALL])
    check_proofs(outcome)
    assert set(removed(outcome)) == {"small", "medium"}


def test_partial__of_a_copy_goes_with_the_copy(run: Callable, put: Callable) -> None:
    """Both copies of the part stand in the page; the kept one of them proves it for itself, the other one too."""
    texts = {**{name: TEXTS[name] for name in ("part", "page")}, "copy": edited(PART, 3), "equal": PART}
    outcome = run(put("a.jsonl", lines_of(*records(texts))), flags=["--passages", "--remove", ALL])
    check_proofs(outcome)
    assert set(removed(outcome)) == {"part", "copy", "equal"}


def test_partial__reference_pages_take_the_parts_of_new_ones(run: Callable, put: Callable) -> None:
    old = put("old.jsonl", lines_of({"id": "page", "text": TEXTS["page"]}))
    new = put("new.jsonl", lines_of({"id": "part", "text": PART}))
    outcome = run(new, flags=["--passages", "--remove", ALL, "--against", old])
    assert removed(outcome) == {"part": ("page", "partial")}
    swapped = run(old, flags=["--passages", "--remove", ALL, "--against", new, "--force"])
    assert removed(swapped) == {}, "a reference is never removed, and no page because a part of it is known"


@pytest.mark.parametrize("value", ["", "near", "exact,nearly", "exact;near"])
def test_remove__that_cannot_be_meant_is_one_line(run: Callable, put: Callable, value: str) -> None:
    outcome = run(put("a.jsonl", lines_of(*records())), flags=["--remove", value])
    assert outcome.code == 2 and "remove" in outcome.said[0]


# -- other thresholds --------------------------------------------------------------------------------------------


def tables(result: Result) -> list[Any]:
    # A pair that decided with the lower threshold keeps its label, also where it decides no more.
    return [result.documents, result.pairs.drop_columns("label"), result.clusters, result.removed]


@pytest.mark.parametrize("remove", ["exact,near", ALL])
@pytest.mark.parametrize("unit", ["page", "piece"])
def test_at__is_what_a_run_with_that_threshold_gives(put: Callable, tmp_path: Path, remove: str, unit: str) -> None:
    path = put("a.jsonl", lines_of(*records()))
    config = Config(threshold=0.4, passages=True, remove=remove, unit=unit, audit=0, bands=64, rows=2)
    result = dedup.dedupe(path, config, out=tmp_path / "out")
    memory = dedup.dedupe(pa.Table.from_pylist(records()), config)
    for threshold in (0.4, 0.6, 0.8, 0.95):
        anew = dedup.dedupe(path, config.with_(threshold=threshold))
        for other in (result, Result.open(tmp_path / "out")):
            found = other.at(threshold)
            for one, two in zip(tables(found), tables(anew), strict=True):
                assert one.to_pylist() == two.to_pylist(), threshold
            names = ["removed", "kept", "records_kept", "exact", "near", "templated", "partial", "clusters"]
            assert {name: found.summary[name] for name in names} == {name: anew.summary[name] for name in names}
        assert memory.at(threshold).removed.column("id").equals(anew.removed.column("id"))


def test_at__says_so_where_the_texts_it_needs_are_gone(put: Callable, tmp_path: Path) -> None:
    texts = {**TEXTS, "second": edited(edited(edited(WHOLE, 5), 6), 7)}
    path = put("a.jsonl", lines_of(*records(texts)))
    dedup.dedupe(path, Config(threshold=0.3, audit=0, bands=64, rows=2), out=tmp_path / "out")
    path.write_bytes(lines_of(*records()))
    opened = Result.open(tmp_path / "out")
    try:
        opened.at(0.7)
    except InputError as error:
        assert "a.jsonl" in str(error)
