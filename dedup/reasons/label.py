"""Pairs of texts → what each is to the other: exact, near, templated, partial, boilerplate, or nothing.

The limits were set on planted pairs of seeds 0 to 9 (profiles mixed, edits, templates, pages, traps: 18,928 near,
49,070 templated, 7,968 partial, 2,575 boilerplate), and what separates there is said beside each. Where a few figures
decide, the doubt goes to templated: a copy kept costs less than a report lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.documents.kernels import MASK_CODE, NUMBER_TAG, WORD_TAG
from dedup.documents.normalise import Codes
from dedup.reasons import kernels
from dedup.tables import LABELS

NOTHING, EXACT, NEAR, TEMPLATED, PARTIAL, BOILERPLATE = range(len(LABELS))
RULES = (
    "they have nothing in common that makes a link",
    "their texts are equal",
    "the same text from beginning to end",
    "the same text, parts of it moved, added or left out",
    "the same text with other sentences here and there",
    "the same template: where they differ, values stand against other values",
    "the same template: few values differ, but most of those there are",
    "a passage of one stands in the other",
    "half of one stands in the other",
    "they share nothing but lines of their site",
)
EQUAL, WHOLE, SHUFFLED, REWORKED, VALUES, FEW_VALUES, PASSAGE, HALF, FURNITURE = range(1, 10)
LABEL_OF = np.array([0, EXACT, NEAR, NEAR, NEAR, TEMPLATED, TEMPLATED, PARTIAL, PARTIAL, BOILERPLATE], np.uint8)

PIECE_TOKENS = 1 << 20  # tokens of both texts that one piece of work compares
PAIR_TOKENS = 64  # what a pair costs besides, in tokens
SHORT_TEXT = kernels.SHORT_TEXT

# Coverage is the share of the longer text in equal blocks. Where a window moves over one text, near pairs have .79 and
# more and partial ones .71 and less.
LEAST_WHOLE = 0.75
LEAST_SHUFFLED = 0.55  # of pairs at the threshold: a page that holds one text twice has .5
LEAST_REWORKED, LEAST_PLACES = 0.3, 3  # where other sentences stand between: 4,946 near pairs and 8 partial ones,
LARGEST_GAP, LONGEST_GAP = 0.3, 250  # if no place is a larger share of the shorter text, nor longer: a piece would be

# A template is one body of text,
SAME_BODY = 0.6  # by its coverage; or by a lower one,
LOWER_BODY, LARGEST_EXCHANGE = 0.4, 48  # if no longer stretch gave way to another: in 95 % of boilerplate pairs one did
MANY_VALUES = 8  # or if so many values differ;
CONTAINED, CONTAINER, ITS_VALUES = 0.8, 0.3, 5  # or if one stands in the other with so many values changed;
SHORT_BODY = 0.45  # or if both are notices of a sentence or two;
# and where it differs, values stand against values: figures, names, words of letters that are exchanged repeatedly.
SEVERAL = 3  # so many tell: 92 % of templated pairs have them, .3 % of near ones
LEAST_CERTAIN, CERTAIN = 2, 1 / 3  # of which so many are figures or surely names: 99 % of those, hardly a reworded text
TYPED = 0.5  # of the places but words: 99 % of templated pairs have .8 and more, 90 % of near ones less than .5
TYPED_WORDS = 0.2  # of all places: 99 % have .58 and more, half the near ones less than .2
LEAST_DENSITY = 0.0025  # a token: 99 % have .0046 and more, half the pages that share pieces less than .0011
# One or two tell by how many there are besides: a corrected figure, or the date of another notice?
CHANGED_FIGURES = 0.15  # of all figures: median of one corrected .05, of one filled in otherwise .33; of two .08, .17
FEW_DENSITY = 0.0035  # a token: .0015 and .0043; of two .0028 and .0075
REWORDED = 0.8  # coverage of a notice in which no more than one word gave way to another
WORD_FIGURES = 0.4  # of all figures, where words differ too and may be names

LEAST_PASSAGE = 100  # tokens
LEAST_SHARE = 0.5  # of the shorter text


class Overlap(NamedTuple):
    """What some pairs have in common by passages, wherever it stands, ``[p] int64`` each, in tokens.

    Attributes
    ----------
    covered_a, covered_b
        Tokens of either text in passages they share, lines of the site left out.
    longest
        The longest such passage.
    furniture_a, furniture_b
        Tokens of either in lines of the site that stand in the other too.
    """

    covered_a: np.ndarray
    covered_b: np.ndarray
    longest: np.ndarray
    furniture_a: np.ndarray
    furniture_b: np.ndarray


class Labels(NamedTuple):
    """What pairs are to each other and why, ``[p]`` each.

    Attributes
    ----------
    label : uint8
        Index into `LABELS`.
    rule : uint8
        Index into `RULES`.
    identity : float64
        Equal tokens among those that stand against each other: of blocks, and of places no longer than a value.
    coverage_a, coverage_b : float64
        Share of either text in equal blocks, in order.
    typed : float64
        Share of the differing places where a figure, a mask, nothing instead of a figure, or a name stands.
    counts : ``[p, columns] int32``
        How many of what, as `kernels.COLUMNS` names them.
    """

    label: np.ndarray
    rule: np.ndarray
    identity: np.ndarray
    coverage_a: np.ndarray
    coverage_b: np.ndarray
    typed: np.ndarray
    counts: np.ndarray

    def names(self) -> np.ndarray:
        """The labels as words."""
        return np.array(LABELS, object)[self.label]

    def column(self, name: str) -> np.ndarray:
        """One column of the counts, ``int32``."""
        return self.counts[:, kernels.COLUMNS.index(name)]


def label_pairs(
    codes: Codes,
    a: np.ndarray,
    b: np.ndarray,
    *,
    similarity: np.ndarray,
    threshold: float,
    executor: Executor,
    shared: Overlap | None = None,
) -> Labels:
    """What the texts of some pairs are to each other, and the rule that tells.

    Parameters
    ----------
    codes : Codes
        Text views.
    a, b : ``[p] int64``
        Rows of `codes`.
    similarity : ``[p] float64``
        Jaccard similarities.
    threshold : float
        From which similarity on a pair is the same text, whatever the order of its parts.
    executor : Executor
    shared : Overlap, optional
        Passages; without them equal blocks in order stand in, and no pair is boilerplate.

    Returns
    -------
    labels : Labels

    Notes
    -----
    Costs 2 µs a pair and about 6 ns a token of both texts. The rules are tried in the order exact, templated, near,
    partial, boilerplate; a text without tokens is nothing to any other.
    """
    a, b = np.ascontiguousarray(a, np.int64), np.ascontiguousarray(b, np.int64)
    cost = codes.offsets[a + 1] - codes.offsets[a] + codes.offsets[b + 1] - codes.offsets[b]
    alike = np.asarray(similarity) >= threshold

    def work(rows: slice) -> Labels:
        given = None if shared is None else Overlap(*(column[rows] for column in shared))
        return _label_piece(codes, a[rows], b[rows], alike[rows], given)

    parts = list(executor.map(work, _pieces(cost)))
    return Labels(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _pieces(cost: np.ndarray) -> Iterator[slice]:
    """Pairs that one piece of work takes; one piece at least."""
    total = np.cumsum(cost + PAIR_TOKENS)
    count = int(total[-1] // PIECE_TOKENS) + 1 if len(total) else 1
    edges = np.unique(np.searchsorted(total, np.arange(1, count) * PIECE_TOKENS)).tolist()
    return map(slice, [0, *edges], [*edges, len(cost)])


def _label_piece(codes: Codes, a: np.ndarray, b: np.ndarray, alike: np.ndarray, shared: Overlap | None) -> Labels:
    counts = np.empty((len(a), len(kernels.COLUMNS)), np.int32)
    kernels.compare_rows(codes.values, codes.offsets, a, b, WORD_TAG, NUMBER_TAG, MASK_CODE, counts)
    of = dict(zip(kernels.COLUMNS, counts.T.copy(), strict=True))
    size_a, size_b = (codes.offsets[rows + 1] - codes.offsets[rows] for rows in (a, b))
    rule = _rules(of, size_a, size_b, alike)
    if shared is None:
        none = np.zeros(len(a), np.int64)
        shared = Overlap(of["equal"], of["equal"], of["longest"], none, none)
    rest = label_rest(shared, size_a, size_b)
    # Shingles at the threshold and yet no order, no passage: sentences dealt out anew.
    rest = np.where((rest == NOTHING) & alike, SHUFFLED, rest)
    rule = np.where(rule == NOTHING, rest, rule)
    rule = np.where((size_a == 0) | (size_b == 0), NOTHING, rule).astype(np.uint8)
    typed = of["figures"] + of["named"] + of["mixed"] + of["hidden"] + of["lost"] + of["ordinal"]
    return Labels(
        LABEL_OF[rule],
        rule,
        of["equal"] / np.maximum(1, of["equal"] + of["edits"]),
        of["equal"] / np.maximum(1, size_a),
        of["equal"] / np.maximum(1, size_b),
        typed / np.maximum(1, of["places"] - of["long"] - of["edge"]),
        counts,
    )


def labels_of_rules(rules: np.ndarray) -> np.ndarray:
    """The label each rule gives, ``int8``."""
    return LABEL_OF[rules].astype(np.int8)


def label_rest(shared: Overlap, size_a: np.ndarray, size_b: np.ndarray) -> np.ndarray:
    """The rules for texts that are not the same as a whole: a passage, half of the shorter, or only furniture.

    Parameters
    ----------
    shared : Overlap
    size_a, size_b : ``[p] int64``
        Tokens of the texts.

    Returns
    -------
    rules : ``[p] int64``
        PASSAGE, HALF, FURNITURE or 0.
    """
    covered = np.where(size_a <= size_b, shared.covered_a, shared.covered_b)
    of_shorter = covered / np.maximum(1, np.minimum(size_a, size_b))
    furniture = np.minimum(shared.furniture_a, shared.furniture_b) > 0
    return np.select(
        [shared.longest >= LEAST_PASSAGE, of_shorter >= LEAST_SHARE, furniture], [PASSAGE, HALF, FURNITURE], 0
    )


def _rules(of: dict[str, np.ndarray], size_a: np.ndarray, size_b: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """The rules for texts that are the same as a whole, 0 where none fits."""
    shorter, longer = np.maximum(1, np.minimum(size_a, size_b)), np.maximum(1, np.maximum(size_a, size_b))
    coverage = of["equal"] / longer
    many, few = _templated(of, coverage, shorter, longer)
    whole = coverage >= LEAST_WHOLE
    shuffled = alike & (coverage >= LEAST_SHUFFLED) & (of["gap"] <= LONGEST_GAP)
    reworked = (coverage >= LEAST_REWORKED) & (of["places"] >= LEAST_PLACES)
    reworked &= of["gap"] <= np.minimum(LARGEST_GAP * shorter, LONGEST_GAP)
    return np.select(
        [of["places"] == 0, many, few, whole, shuffled, reworked],
        [EQUAL, VALUES, FEW_VALUES, WHOLE, SHUFFLED, REWORKED],
        NOTHING,
    )


def _templated(
    of: dict[str, np.ndarray], coverage: np.ndarray, shorter: np.ndarray, longer: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where several, and where few but decisive values differ in what is otherwise one body of text."""
    # Words of letters are values only where the same stands against the same again: a name, not an edit.
    values = of["figures"] + of["names"] + of["mixed"] + of["repeated_words"]
    words = of["words"] - of["repeated_words"]
    known = values + of["single"] + of["added"] + of["torn"]
    typed = values / np.maximum(1, known)
    typed_words = values / np.maximum(1, known + words)
    density = values / shorter
    changed = of["figures"] / np.maximum(1, of["figures"] + of["same_figures"])
    # A word stands for another in any text that was reworded; before 县 or 局, or again and again, it is a name.
    names = np.maximum(of["named"], of["repeated_names"])
    certain = of["figures"] + of["mixed"] + of["repeated_words"] + names
    several = (values >= SEVERAL) & (certain >= LEAST_CERTAIN) & (certain >= CERTAIN * values)
    several &= (typed >= TYPED) & (typed_words >= TYPED_WORDS)
    several &= (density >= LEAST_DENSITY) | (of["named"] >= SEVERAL)
    figures = (changed >= CHANGED_FIGURES) & (density >= FEW_DENSITY)
    both = (values == 2) & (certain == 2)
    notice = (longer < SHORT_TEXT) & ((certain > 0) | (values == 2) | (coverage < REWORDED))
    few = (values > 0) & (values < SEVERAL) & (typed >= TYPED) & (typed_words >= TYPED)
    few &= np.where(values == of["figures"], figures, both | notice)
    by_figures = (words > 0) & (of["figures"] > 0) & (changed >= WORD_FIGURES) & (typed_words >= TYPED_WORDS)
    body = (coverage >= SAME_BODY) | ((longer < SHORT_TEXT) & (coverage >= SHORT_BODY))
    body |= (coverage >= LOWER_BODY) & ((of["exchanged"] <= LARGEST_EXCHANGE) | (values >= MANY_VALUES))
    body |= (coverage >= CONTAINER) & (of["equal"] >= CONTAINED * shorter) & (values >= ITS_VALUES)
    return body & several, body & (few | by_figures)


def why(labels: Labels, pair: int) -> str:
    """The rule that gave a pair its label, in a sentence."""
    of = {name: int(count) for name, count in zip(kernels.COLUMNS, labels.counts[pair].tolist(), strict=True)}
    rule = int(labels.rule[pair])
    said = RULES[rule]
    if rule in (NOTHING, EQUAL, FURNITURE):
        return said
    covered = f"{labels.coverage_a[pair]:.2f} and {labels.coverage_b[pair]:.2f} of their tokens are equal, in order"
    parts = [f"{of[name]:,} {what}" for name, what in _SAID.items() if of[name]]
    if not parts:
        return f"{said}; {covered}"
    places = of["places"]
    again = f"; {of['repeated']:,} of them the same substitution again" if of["repeated"] else ""
    what = f"of {places:,} differing places: " if places > 1 else "the one differing place: "
    return f"{said}; {covered}; {what}{', '.join(parts)}{again}"


_SAID = {
    "figures": "other figures",
    "names": "other names",
    "mixed": "other figures and names",
    "words": "other words",
    "hidden": "masked",
    "lost": "figures lost",
    "single": "other characters",
    "added": "added or left out",
    "torn": "damaged",
    "ordinal": "renumbered",
    "edge": "at the ends",
    "long": "longer stretches",
}
