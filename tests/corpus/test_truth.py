"""What the generator says about its documents is so."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from itertools import combinations
from random import Random
from typing import Any

import pytest

from corpus.profiles import PROFILES
from corpus.traps import TRAPS
from tests import naive
from tests.corpus.collections import made

PLANTED = 1000


@pytest.mark.parametrize("profile", PROFILES)
def test_spans__every_recorded_span_holds_its_value(profile: str) -> None:
    records, rows = made(profile)[1:]

    def piece(identifier: str, start: int, end: int) -> str:
        text = records[identifier]["text"]
        assert 0 <= start <= end <= len(text)
        return text[start:end]

    for row in (*rows["slots"], *rows["boilerplate"]):
        assert piece(row["id"], row["start"], row["end"]) == row["value"]
    for row in rows["pieces"]:
        assert zlib.crc32(piece(row["id"], row["start"], row["end"]).encode()) == row["crc"]
        assert row["start"] <= row["heading_start"] <= row["heading_end"] <= row["end"]
    for row in rows["passages"]:
        for side in "ab":
            if row[f"id_{side}"] in records:  # the original of a late copy stands in another block
                there = piece(row[f"id_{side}"], row[f"start_{side}"], row[f"end_{side}"])
                assert zlib.crc32(there.encode()) == row[f"crc_{side}"]


def test_pairs__brute_force_by_the_oracle_gives_what_is_recorded() -> None:
    planted: list[tuple[str, str, dict[str, Any]]] = []
    for profile in ("mixed", "edits", "damage", "ladder", "traps", "unseen", "templates"):
        records, rows = made(profile)[1:]
        known = [row for row in rows["pairs"] if row["id_a"] in records and row["id_b"] in records]
        chosen = Random(1).sample(known, min(len(known), PLANTED // 7 + 1))
        planted += [(records[row["id_a"]]["text"], records[row["id_b"]]["text"], row) for row in chosen]
    assert len(planted) >= PLANTED
    for one, two, row in planted:
        sets = [naive.shingles(naive.tokens(text), 5) for text in (one, two)]
        assert naive.jaccard(*sets) == pytest.approx(row["jaccard"], abs=1e-12)
        assert naive.containment(*sets) == pytest.approx(row["containment_a"], abs=1e-12)
        assert naive.containment(*sets[::-1]) == pytest.approx(row["containment_b"], abs=1e-12)
        if row["label"] == "exact":
            assert naive.tokens(one) == naive.tokens(two)


@pytest.mark.parametrize("profile", ["brief", "templates", "edits"])
def test_pairs__every_pair_of_a_small_family_is_recorded_once(profile: str) -> None:
    rows = made(profile).rows
    members = defaultdict(list)
    for row in rows["documents"]:
        members[row["family"]].append(row["id"])
    recorded = Counter(frozenset((row["id_a"], row["id_b"])) for row in rows["pairs"])
    assert set(recorded.values()) <= {1}
    for identifiers in members.values():
        if len(identifiers) <= 64:
            assert all(frozenset(pair) in recorded for pair in combinations(identifiers, 2))


def test_documents__of_other_families_are_unrelated() -> None:
    records, rows = made("mixed", 1000)[1:]
    families = defaultdict(list)
    for row in rows["documents"]:
        # Pages and one of the traps carry the furniture of their site, others of that site do too.
        if row["kind"] != "page" and row["trap"] != "furniture" and not {"header", "footer"} & set(row["changes"]):
            families[row["family"]].append(row["id"])
    first = [identifiers[0] for identifiers in families.values()][:150]
    sets = [naive.shingles(naive.tokens(records[identifier]["text"]), 5) for identifier in first]
    similarities = [naive.jaccard(one, two) for one, two in combinations(sets, 2)]
    assert sum(similarities) / len(similarities) < 0.005
    assert sum(similarity > 0.1 for similarity in similarities) < 0.001 * len(similarities)


def test_documents__say_where_they_stand_and_where_they_come_from() -> None:
    folder, records, rows = made("mixed")
    lines = {
        name: (folder / name).read_text("utf-8").splitlines() for name in {row["file"] for row in rows["documents"]}
    }
    ids = {row["id"] for row in rows["documents"]}
    assert ids == records.keys()
    for row in rows["documents"]:
        assert f'"id": "{row["id"]}"' in lines[row["file"]][row["line"] - 1]
        assert row["characters"] == len(records[row["id"]]["text"])
        assert (row["parent"] is None) == (row["origin"] == row["id"])
        assert row["kind"] != "copy" or row["parent"] in ids
        assert (row["trap"] is not None) == (row["kind"] == "trap")


@pytest.mark.parametrize("profile", ["damage", "templates", "unseen"])
def test_documents__name_a_change_only_where_the_text_changed(profile: str) -> None:
    records, rows = made(profile)[1:]
    copies = [row for row in rows["documents"] if row["parent"] in records]
    assert copies
    for row in copies:
        same = records[row["id"]]["text"] == records[row["parent"]]["text"]
        assert same == (not row["changes"])


def test_slots__of_a_family_share_columns_and_types() -> None:
    rows = made("templates", 600).rows
    types: dict[tuple[int, int], set[str]] = defaultdict(set)
    for row in rows["slots"]:
        types[row["family"], row["column"]].add(row["type"])
        assert (row["state"] == "kept") == (row["value"] == row["meant"])
        assert (row["state"] == "lost") == (not row["value"].strip() and row["meant"] != row["value"])
    assert all(len(found) == 1 for found in types.values())
    states = Counter(row["state"] for row in rows["slots"])
    assert set(states) == {"kept", "masked", "lost", "damaged"}
    assert {row["type"] for row in rows["slots"]} == {
        "number", "percentage", "money", "date", "year", "place", "person", "organisation", "title", "text",
    }  # fmt: skip


def test_passages__hold_the_same_text_up_to_edits_and_damage() -> None:
    records, rows = made("pages")[1:]
    assert rows["passages"]
    inside = 0
    for row in Random(1).sample(rows["passages"], 150):
        one = records[row["id_a"]]["text"][row["start_a"] : row["end_a"]]
        two = records[row["id_b"]]["text"][row["start_b"] : row["end_b"]]
        inside += row["id_a"] == row["id_b"]
        if min(len(one), len(two)) > 100:
            sets = [naive.shingles(naive.tokens(text), 3) for text in (one, two)]
            assert naive.jaccard(*sets) > 0.5
    assert inside, "no page repeats a piece of itself"


def test_pieces__cover_their_pages_but_for_the_furniture() -> None:
    records, rows = made("pages")[1:]
    covered: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in (*rows["pieces"], *rows["boilerplate"]):
        covered[row["id"]].append((row["start"], row["end"]))
    pages = [row for row in rows["documents"] if row["kind"] == "page"]
    assert pages
    for row in pages:
        text, at = records[row["id"]]["text"], 0
        for start, end in sorted(covered[row["id"]]):
            assert not text[at:start].strip("\n 。"), "text of a page that is nothing"
            at = max(at, end)
        assert not text[at:].strip()


def test_traps__all_five_are_set_and_labelled() -> None:
    rows = made("traps", 600).rows
    traps = {row["family"]: row["trap"] for row in rows["documents"]}
    labels = defaultdict(Counter)
    likeness = defaultdict(list)
    for row in rows["pairs"]:
        labels[traps[row["family"]]][row["label"]] += 1
        likeness[traps[row["family"]], row["label"]].append(row["jaccard"])
    assert set(TRAPS) <= set(labels)
    assert set(labels["furniture"]) == {"boilerplate"}
    assert set(labels["two years"]) == {"templated"}
    assert set(labels["short"]) <= {"templated", "exact"}
    assert set(labels["decimal point"]) == {"near"}
    assert set(labels["chain"]) == {"near", "partial"}
    assert max(likeness["chain", "partial"]) < 0.7 < sum(likeness["chain", "near"]) / len(likeness["chain", "near"])


def test_ladder__similarities_are_spread_from_low_to_high() -> None:
    planted = [row["jaccard"] for row in made("ladder").rows["pairs"] if row["changes"]]
    tenths = Counter(int(10 * similarity) for similarity in planted)
    assert all(tenths[tenth] for tenth in range(3, 10))
