"""Families → whether their members are one template filled in differently, or one text copied and edited.

Values stand where other members have values; noise stands anywhere. So what tells is *slot concentration*: the share of
edits that fall on columns of a central member where many members were edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.matches.verify import verify_pairs
from dedup.reasons.label import Labels, label_pairs
from dedup.tables import LABELS, NEAR, TEMPLATED
from dedup.templates.families.edits import (
    FEW_TO_FIGURES,
    MANY_FILLED,
    MOST_ADDED,
    SEVERAL,
    Sampled,
    count_filled,
    is_loose,
    measure_edits,
    sample_families,
    stand_in_frames,
)

ALIKE = 0.8  # from which similarity on a pair is one text, whatever the order of its parts

# Concentration + so many times the share of places where figures stand against figures, and places a member fills in:
# of planted families of seeds 0 to 3 whose members have up to 3 % noise, 99 % of the templated ones have a
# concentration of .4 and 1.5 places; 95 % of the near ones have less than .25, and no place.
BY_FIGURES, LEAST_EVIDENCE, LEAST_FILLED = 0.6, 0.48, 1.0
# Of so many others a third is never edited in one place by chance: a single date that not all have is enough.
CROWD, CROWD_EVIDENCE, CROWD_FILLED = 9, 0.3, 0.5
# Copies of one member among few others: half of the pairs, if they are edited in the same places at all.
HALF, AT_ALL = 0.5, 0.05
# Two texts alone are templated too if so many figures and names differ, and are so much of what differs: of planted
# pairs with up to 1 % noise 95 % have 2 and a share of .09, of near ones 90 % one or none.
LEAST_VALUES, VALUE_SHARE = 2, 0.08
# A pair of one template that its own rule calls near is templated if so many of its places are slots that it fills
# differently; some other members show where the slots are.
MOSTLY, WITNESSES = 0.34, 12
NEAR_CODE, TEMPLATED_CODE = LABELS.index(NEAR), LABELS.index(TEMPLATED)


class FamilyLabels(NamedTuple):
    """What families are.

    Attributes
    ----------
    label : ``[f] int8``
        A number of `LABELS`: templated or near; of two members whatever the rule for pairs says; 0 of one.
    concentration : ``[f] float64``
        Slot concentration; 0 of fewer than three members.
    links : list of ``[q] int8``
        By family the labels of the pairs that were asked for.
    """

    label: np.ndarray
    concentration: np.ndarray
    links: list[np.ndarray]


def label_families(
    codes: Codes,
    families: Sequence[np.ndarray],
    links: Sequence[np.ndarray] | None = None,
    *,
    executor: Executor,
    seed: int = 1,
) -> FamilyLabels:
    """Tell families of one template from families of copies.

    Parameters
    ----------
    codes : Codes
        Text views.
    families : sequence of ``[n] int64``
        Members, rows of `codes`, no two of the same text.
    links : sequence of ``[q, 2] int64``, optional
        By family pairs of members to be labelled in the light of it.
    executor : Executor
    seed : int
        Of the sample of `SAMPLE` members that speaks for a large family.

    Returns
    -------
    labels : FamilyLabels

    Notes
    -----
    About 10 ns a token of the sampled members.
    """
    sampled = sample_families(codes, families, seed)
    pairs = _label(codes, sampled.centre, sampled.other, executor)
    templated = np.bincount(sampled.family, pairs == TEMPLATED_CODE, minlength=len(sampled.sizes))
    by_pairs = templated / np.maximum(1, sampled.sizes)
    edits = measure_edits(codes, sampled, executor)
    frames = stand_in_frames(codes, sampled)
    least = np.where((sampled.sizes < SEVERAL) & ~frames, MANY_FILLED, LEAST_FILLED)
    evidence = edits.concentration + BY_FIGURES * edits.exchanged
    slots = (evidence >= LEAST_EVIDENCE) & (edits.filled >= least)
    slots |= (sampled.sizes >= CROWD) & (evidence >= CROWD_EVIDENCE) & (edits.filled >= CROWD_FILLED)
    some = (by_pairs >= HALF) & (edits.concentration >= AT_ALL)
    label = np.where(slots | some, TEMPLATED_CODE, NEAR_CODE).astype(np.int8)
    label[(label == TEMPLATED_CODE) & is_loose(edits, sampled.sizes) & ~frames] = 0
    two = np.flatnonzero(sampled.sizes[sampled.family] == 1)
    label[sampled.family[two]] = _label(codes, sampled.centre[two], sampled.other[two], executor, alone=True)
    label[sampled.sizes == 0] = 0
    several = (label == TEMPLATED_CODE) & (sampled.sizes > 1)
    return FamilyLabels(label, edits.concentration, _label_links(codes, families, links or [], several, executor))


def _label_links(
    codes: Codes, families: Sequence[np.ndarray], links: Sequence[np.ndarray], several: np.ndarray, executor: Executor
) -> list[np.ndarray]:
    """Labels of pairs; in a template, `several`, two copies differ by edits, and two members by a value at least."""
    if not len(links):
        return []
    ends = np.concatenate([np.asarray(link, np.int64).reshape(-1, 2) for link in links])
    family = np.repeat(np.arange(len(links)), [len(link) for link in links])
    found = _label(codes, ends[:, 0].copy(), ends[:, 1].copy(), executor)
    doubtful = np.flatnonzero((found == NEAR_CODE) & several[family])
    if len(doubtful):
        found[doubtful[_differ_by_values(codes, families, ends[doubtful], family[doubtful], executor)]] = TEMPLATED_CODE
    return np.split(found, np.cumsum([len(link) for link in links])[:-1])


def _differ_by_values(
    codes: Codes, families: Sequence[np.ndarray], ends: np.ndarray, family: np.ndarray, executor: Executor
) -> np.ndarray:
    """Which pairs have other values in slots of the first, as some witnesses of the family show them, ``[q] bool``."""
    others = []
    for (a, b), number in zip(ends.tolist(), family.tolist(), strict=True):
        members = np.asarray(families[number], np.int64)
        step = max(1, len(members) // WITNESSES)
        witnesses = members[::step][: WITNESSES + 2]
        others.append(np.append(witnesses[(witnesses != a) & (witnesses != b)][:WITNESSES], b))
    sizes = np.array([len(rows) for rows in others], np.int64)
    of_pair = np.repeat(np.arange(len(ends)), sizes)
    sampled = Sampled(ends[of_pair, 0], np.concatenate(others), of_pair, sizes)
    asked = np.zeros(len(of_pair), np.bool_)
    asked[np.cumsum(sizes) - 1] = True
    filled, elsewhere = count_filled(codes, sampled, asked, executor)
    differ: np.ndarray = (filled > 0) & (filled >= MOSTLY * (filled + elsewhere))
    return differ


def _label(codes: Codes, a: np.ndarray, b: np.ndarray, executor: Executor, *, alone: bool = False) -> np.ndarray:
    """Labels of pairs by their own rule, ``int8``; `alone` if there is no other member to learn from."""
    if not len(a):
        return np.empty(0, np.int8)
    low, high = np.minimum(a, b).astype(np.uint64), np.maximum(a, b).astype(np.uint64)
    keys, back = np.unique(low << np.uint64(32) | high, return_inverse=True)
    rows = np.arange(len(codes.offsets) - 1)
    verified = verify_pairs(codes, rows, keys, n=5, seed=1, floor=0.0, executor=executor)
    similarity = verified.similarity()
    found = label_pairs(codes, verified.a, verified.b, similarity=similarity, threshold=ALIKE, executor=executor)
    label = found.label.astype(np.int8)
    if alone:
        label = _label_alone(found, label)
    return label[back]


def _label_alone(pairs: Labels, label: np.ndarray) -> np.ndarray:
    """The labels of pairs without any other member, by what figures and names stand against others, ``[p] int8``."""
    named = np.maximum(pairs.column("named"), pairs.column("repeated_names"))
    figures = pairs.column("figures") + pairs.column("mixed")
    values = figures + pairs.column("repeated_words") + named
    added = pairs.column("added")
    other = pairs.column("names") - named + pairs.column("words") - pairs.column("repeated_words")
    places = values + other + pairs.column("single") + pairs.column("torn") + added
    held = (values >= LEAST_VALUES) & (values >= VALUE_SHARE * places)
    reworded = added > np.maximum(MOST_ADDED * places, FEW_TO_FIGURES * figures)
    reworded &= (values < MANY_FILLED) & (label == TEMPLATED_CODE)
    return np.select([reworded, held & (label == NEAR_CODE)], [0, TEMPLATED_CODE], label).astype(np.int8)
