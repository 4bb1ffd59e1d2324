"""Representatives of copies → families around anchors."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

import numpy as np

from dedup.documents.kernels import NUMBER_TAG, WORD_TAG
from dedup.documents.normalise import Codes, pattern
from dedup.templates.families.anchors import anchor_families, drop_small, join_frames
from dedup.templates.families.bodies import share_body, share_words
from dedup.templates.families.candidates import Finder, Links, join_links, take_rows
from dedup.templates.families.edits import is_loose, measure_edits, sample_families
from dedup.templates.families.short import LEAST_MEMBERS, SHORT, Texts, framed, sign_views

# Least Jaccard similarity of the pattern shingles of two members. Of planted pairs 99 % have .41, 99.9 % .34; of pairs
# of other families none has more than .05 (seed 0), short notices apart.
FLOOR = 0.35
# Values of a band. Three, and as many bands as the sketch has room for, find 97 % of the pairs at the floor.
ROWS = 3
# Texts of fewer tokens than `SHORT`, and words of letters, are compared by smaller shingles at a lower floor: a value
# spoils less, and 1 % of the letters damaged less than 5 % of the words.
SHORT_N, SHORT_FLOOR = 3, 0.25
LEAST_TOKENS = 24  # of a text that is compared by large ones
# Families whose members say the same in their own words are taken apart into such as share so much of their tokens.
TIGHTER = (0.75, 0.88)
TIGHT_FLOOR, TIGHT_ROWS = 0.5, 4


class Families(NamedTuple):
    """Which representatives are of one family.

    Attributes
    ----------
    anchor : ``[r] int64``
        For every representative the number, among the representatives, of the first of its family; itself if alone.
    links : int
        Pairs whose shingles are alike enough to be of one family.
    candidates : int
        Pairs that were compared.
    unsearched : int
        Rows left over in crowded buckets.
    """

    anchor: np.ndarray
    links: int
    candidates: int
    unsearched: int

    def members(self) -> Iterator[np.ndarray]:
        """The families of two and more, each its numbers in rank order, the largest first."""
        order = np.argsort(self.anchor, kind="stable")
        heads, first, sizes = np.unique(self.anchor[order], return_index=True, return_counts=True)
        for place in np.lexsort((heads, -sizes)).tolist():
            if sizes[place] > 1:
                yield order[first[place] : first[place] + sizes[place]]


def find_families(
    codes: Codes,
    documents: np.ndarray,
    *,
    executor: Executor,
    n: int = 5,
    k: int = 256,
    seed: int = 1,
    floor: float = FLOOR,
    groups: np.ndarray | None = None,
    texts: Texts | None = None,
) -> Families:
    """Group texts that may have been filled into one template.

    Parameters
    ----------
    codes : Codes
        Text views.
    documents : ``[r] int64``
        The representatives, one of every cluster of copies, in rank order: rows of `codes`.
    executor : Executor
    n, k, seed : int
        Tokens of a shingle, values of a sketch, and their seed.
    floor : float
        Least Jaccard similarity of two pattern views of one family.
    groups : ``[r] int64``, optional
        Only representatives of one group are compared.
    texts : function of ``[s] int64``, optional
        The texts of some rows of `codes`, asked for those of fewer than `SHORT` tokens. Their punctuation tells much;
        without it titles of one form are not found.

    Returns
    -------
    families : Families

    Notes
    -----
    Linear in tokens, about .1 µs each: a family of 100,000 is one star, and only the links it rests on are verified.
    """
    finder = partial(Finder, k=k, seed=seed, executor=executor)
    views = Views.of(codes, documents, texts)
    long, small = finder(n=n, floor=floor, rows=ROWS), finder(n=SHORT_N, floor=SHORT_FLOOR, rows=ROWS)
    worded = np.flatnonzero(views.has_words())
    links = views.links(worded, None if groups is None else groups[worded], long, small)
    verify = partial(views.verify, executor=executor)
    anchor = anchor_families(len(documents), links.lower, links.higher, verify)
    long, small = (finder(n=size, floor=TIGHT_FLOOR, rows=TIGHT_ROWS) for size in (n, SHORT_N))
    for tight in TIGHTER:
        loose = np.flatnonzero(_loose(codes, documents, anchor, executor))
        inside = views.links(loose, anchor[loose], long, small)
        anew = anchor_families(len(documents), inside.lower, inside.higher, partial(verify, tight=tight))
        anchor[loose] = anew[loose]
    frame = np.full(len(documents), -1)
    frame[views.short] = framed(views.signs, groups[views.short] if groups is not None else None)
    anchor = drop_small(join_frames(anchor, frame), views.sizes() < SHORT, LEAST_MEMBERS)
    return Families(anchor, len(links.lower), links.candidates, links.unsearched)


def _loose(codes: Codes, documents: np.ndarray, anchor: np.ndarray, executor: Executor) -> np.ndarray:
    """Which rows are in a family of three and more that say the same in their own words, ``[r] bool``."""
    families = [members for members in Families(anchor, 0, 0, 0).members() if len(members) >= LEAST_MEMBERS]
    sampled = sample_families(codes, [documents[members] for members in families])
    edits = measure_edits(codes, sampled, executor)
    found = np.zeros(len(documents), np.bool_)
    for family in np.flatnonzero(is_loose(edits, sampled.sizes)).tolist():
        found[families[family]] = True
    return found


class Views(NamedTuple):
    """What texts are compared by.

    Attributes
    ----------
    whole : Codes
        Pattern views.
    signs : Codes
        Those of short texts, with their punctuation.
    short : ``[s] int64``
        Which rows of `whole` these are.
    place : ``[r] int64``
        Which row of `signs` each row is, -1: none.
    """

    whole: Codes
    signs: Codes
    short: np.ndarray
    place: np.ndarray

    @classmethod
    def of(cls, codes: Codes, documents: np.ndarray, texts: Texts | None) -> Views:
        """The views of `documents`, rows of the text views `codes`."""
        taken = take_rows(codes, documents)
        whole = Codes(pattern(taken.values), taken.offsets)
        sizes = np.diff(whole.offsets)
        short = np.flatnonzero((sizes > 0) & (sizes < SHORT))
        signs = sign_views(texts(documents[short])) if texts is not None else take_rows(whole, short)
        place = np.full(len(documents), -1)
        place[short] = np.arange(len(short))
        return cls(whole, signs, short, place)

    def sizes(self) -> np.ndarray:
        """Tokens of each row, ``[r] int64``."""
        return np.diff(self.whole.offsets)

    def are_spaced(self) -> np.ndarray:
        """Which rows are mostly words of letters, ``[r] bool``: where one letter is damaged a whole word is another."""
        found: np.ndarray = 2 * self._count(self.whole.values >= np.uint32(WORD_TAG)) > self.sizes()
        return found

    def has_words(self) -> np.ndarray:
        """Which rows are more than figures, ``[r] bool``: a list of numbers is of no template."""
        found: np.ndarray = self._count(self.whole.values < np.uint32(NUMBER_TAG)) > 0
        return found

    def _count(self, tokens: np.ndarray) -> np.ndarray:
        """How many of some `tokens`, ``bool``, each row has, ``[r] int64``."""
        total = np.concatenate([[0], np.cumsum(tokens)])
        found: np.ndarray = np.diff(total[self.whole.offsets])
        return found

    def links(self, which: np.ndarray, groups: np.ndarray | None, long: Finder, small: Finder) -> Links:
        """The links among some rows; `groups` are theirs."""
        fit, spaced = self.sizes()[which] >= LEAST_TOKENS, self.are_spaced()[which]
        parts = []
        for rows, finder in ((fit & ~spaced, long), (fit & spaced, small)):
            parts.append(finder.find(self.whole, which[rows], None if groups is None else groups[rows]))
        short = self.place[which] >= 0
        more = small.find(self.signs, self.place[which[short]], None if groups is None else groups[short])
        parts.append(more._replace(lower=self.short[more.lower], higher=self.short[more.higher]))
        return join_links(parts)

    def verify(self, a: np.ndarray, b: np.ndarray, *, executor: Executor, tight: float = 0.0) -> np.ndarray:
        """Which pairs of rows are one body of text, or one message, ``[p] bool``."""
        both = (self.place[a] >= 0) & (self.place[b] >= 0)
        accepted = np.empty(len(a), np.bool_)
        accepted[both] = share_words(self.signs, self.place[a[both]], self.place[b[both]], executor, tight)
        accepted[~both] = share_body(self.whole, a[~both], b[~both], executor, tight)
        return accepted
