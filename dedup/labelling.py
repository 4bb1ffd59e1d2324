"""Verified pairs and passages → the label of every pair that decides something, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.collect import Collection
from dedup.config import Config
from dedup.decide import Contained, Decision, Weighted, decide
from dedup.documents.normalise import Codes
from dedup.matches.verify import Verified, verify_pairs
from dedup.reasons.label import Overlap, label_pairs, label_rest, labels_of_rules
from dedup.reuse.coverage import Coverage, measure_coverage
from dedup.reuse.matches import Matches
from dedup.tables import EXACT, LABELS, NEAR, PARTIAL, TEMPLATED

# Share of a document's shingles that must stand in another for it to be removed as a part of that.
CONTAINED = 0.9
# Share of the longer text that passages must cover for the two to be looked at as one text.
LEAST_BODY = 0.25
UNKNOWN = -1
# Labels of copies: texts of one template are none, and a part is no copy of the whole.
COPIES = f"{EXACT},{NEAR}"


class Labelled(NamedTuple):
    """Verified pairs of leaders, and the label of each: a number of `LABELS`, or UNKNOWN.

    Attributes
    ----------
    pairs : Verified
    labels : ``[p] int8``
    """

    pairs: Verified
    labels: np.ndarray

    @classmethod
    def of(cls, pairs: Verified) -> Labelled:
        """Pairs that were not labelled yet."""
        return cls(pairs, np.full(len(pairs.a), UNKNOWN, np.int8))


def with_partial(
    labelled: Labelled,
    collection: Collection,
    leaders: np.ndarray,
    matches: Matches,
    config: Config,
    executor: Executor,
) -> Labelled:
    """Add the pairs of documents that share passages, with their exact similarities and labels.

    A pair that turns out to be similar enough to be linked is one that the bands missed; it is labelled later, as all
    links are.
    """
    coverage = _of_leaders(measure_coverage(matches), leaders)
    reference = collection.reference()
    tokens = np.diff(collection.codes.offsets)
    shared = shared_tokens(coverage)
    labels = labels_of_rules(label_rest(shared, tokens[coverage.a], tokens[coverage.b]))
    compared = ~(reference[coverage.a] & reference[coverage.b])
    groups = collection.groups(config.within)
    if groups is not None:
        compared &= groups[coverage.a] == groups[coverage.b]
    worth = np.flatnonzero((labels > 0) & compared)
    coverage, labels = Coverage(*(column[worth] for column in coverage)), labels[worth]
    verified = verify_pairs(
        collection.codes,
        np.arange(len(leaders)),
        coverage.a.astype(np.uint64) << np.uint64(32) | coverage.b.astype(np.uint64),
        n=config.n,
        seed=config.seed,
        floor=0.0,
        executor=executor,
    )
    # Of two texts that share little more than a passage the passage is all there is to say.
    longer = np.maximum(tokens[coverage.a], tokens[coverage.b])
    body = np.flatnonzero(np.minimum(coverage.covered_a, coverage.covered_b) >= LEAST_BODY * longer)
    labels[body] = label_pairs(
        collection.codes,
        coverage.a[body],
        coverage.b[body],
        similarity=verified.similarity()[body],
        threshold=config.threshold,
        shared=shared_tokens(Coverage(*(column[body] for column in coverage))),
        executor=executor,
    ).label
    labels[verified.similarity() >= config.threshold] = UNKNOWN
    return _merged(labelled, Labelled(verified, labels))


def shared_tokens(coverage: Coverage) -> Overlap:
    """What pairs have in common by passages; lines of the site were left out before these were looked for."""
    none = np.zeros(len(coverage.a), np.int64)
    return Overlap(coverage.covered_a, coverage.covered_b, coverage.longest, none, none)


def _of_leaders(coverage: Coverage, leaders: np.ndarray) -> Coverage:
    """The coverage of the leaders of pairs, each pair once: documents with equal texts share the same with others."""
    a, b = leaders[coverage.a], leaders[coverage.b]
    swap = a > b
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    covered_a = np.where(swap, coverage.covered_b, coverage.covered_a)
    covered_b = np.where(swap, coverage.covered_a, coverage.covered_b)
    keys = np.where(a == b, -1, a << 32 | b)
    _, first = np.unique(keys, return_index=True)
    first = first[keys[first] >= 0]
    return Coverage(a[first], b[first], covered_a[first], covered_b[first], coverage.longest[first])


def _merged(one: Labelled, two: Labelled) -> Labelled:
    """All pairs of both, sorted; of a pair that stands in both the label of the second."""
    columns = [np.concatenate(column) for column in zip(two.pairs, one.pairs, strict=True)]
    labels = np.concatenate([two.labels, one.labels])
    _, first = np.unique(columns[0] << 32 | columns[1], return_index=True)
    return Labelled(Verified(*(column[first] for column in columns)), labels[first])


class Texts(NamedTuple):
    """What is decided about: order, leaders and references as `decide` takes them, and the tokens of each text."""

    order: np.ndarray
    leaders: np.ndarray
    reference: np.ndarray
    tokens: np.ndarray


def label_and_decide(
    pairs: Weighted,
    labels: np.ndarray,
    texts: Texts,
    config: Config,
    label: Callable[[np.ndarray], np.ndarray],
    rounds: int = 0,
) -> tuple[np.ndarray, Decision]:
    """Decide, label the links that decided, and decide anew while one of them turns out to be no copy.

    Labels cost more than links, so only those a removal rests on are worked out.

    Parameters
    ----------
    pairs : Weighted
    labels : ``[p] int8``
        Those known before.
    texts : Texts
    config : Config
    label : function
        The labels ``int8`` of some of the pairs, by their numbers ``int64``.
    rounds : int
        How often at most; links that decide then and have no label count as near. 0: until all have one.

    Returns
    -------
    labels : ``[p] int8``
    decision : Decision
    """
    labels = labels.copy()
    while True:
        links = are_links(pairs.similarity, labels, config)
        contained = contained_documents(pairs, labels, texts.tokens) if PARTIAL in config.removed_labels() else None
        decision = decide(texts.order, texts.leaders, pairs, links, texts.reference, contained)
        deciding = np.unique(decision.pair[decision.pair >= 0])
        deciding = deciding[labels[deciding] == UNKNOWN]
        if not len(deciding) or rounds == 1:
            return labels, decision
        rounds -= 1
        labels[deciding] = label(deciding)
        # A document of a template goes from link to link: in a family of thousands that would be hundreds of rounds.
        freed = deciding[~are_links(pairs.similarity[deciding], labels[deciding], config)]
        documents = np.zeros(len(texts.order), bool)
        documents[pairs.a[freed]] = documents[pairs.b[freed]] = True
        others = links & (labels == UNKNOWN) & documents[pairs.a] & documents[pairs.b]
        following = np.flatnonzero(others)
        labels[following] = label(following)


def labeller(codes: Codes, pairs: Verified, config: Config, executor: Executor) -> Callable[[np.ndarray], np.ndarray]:
    """A function that labels some of the pairs, whose rows are those of `codes`."""
    similarity = pairs.similarity()

    def label(which: np.ndarray) -> np.ndarray:
        a, b = pairs.a[which], pairs.b[which]
        found = label_pairs(codes, a, b, similarity=similarity[which], threshold=config.threshold, executor=executor)
        return found.label.astype(np.int8)

    return label


def are_links(similarity: np.ndarray, labels: np.ndarray, config: Config) -> np.ndarray:
    """Which pairs make one document a copy of the other, ``[p] bool``; what is not labelled yet counts as near."""
    copies = np.array([label in config.removed_labels() and label != PARTIAL for label in LABELS])
    return (similarity >= config.threshold) & (np.where(labels == UNKNOWN, True, copies[labels]))


def templates_kept(similarity: np.ndarray, labels: np.ndarray, config: Config) -> int:
    """How many pairs would be links if they were not from one template; 0 if these are removed."""
    if TEMPLATED in config.removed_labels():
        return 0
    return int(((labels == LABELS.index(TEMPLATED)) & (similarity >= config.threshold)).sum())


def contained_documents(pairs: Weighted, labels: np.ndarray, tokens: np.ndarray) -> Contained:
    """The documents of partial pairs that stand in the other one as good as whole, largest first."""
    share = np.maximum(pairs.containment_a, pairs.containment_b)
    partial = np.flatnonzero((labels == LABELS.index(PARTIAL)) & (share >= CONTAINED))
    a, b = pairs.a[partial], pairs.b[partial]
    a_inside = pairs.containment_a[partial] >= pairs.containment_b[partial]
    inside, whole = np.where(a_inside, a, b), np.where(a_inside, b, a)
    by_size = np.lexsort((whole, -tokens[whole], inside, -tokens[inside]))
    return Contained(inside[by_size], whole[by_size], partial[by_size])
