"""Copies → representatives → families, and what these say about which links are between copies."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.collect import Collection
from dedup.config import Config
from dedup.labelling import UNKNOWN, Labelled
from dedup.matches.audit import draw_sample
from dedup.rawtexts import RawTexts
from dedup.tables import LABELS, NEAR, TEMPLATED
from dedup.templates.build import build_template
from dedup.templates.concentration import label_families
from dedup.templates.families import find_families
from dedup.templates.model import Template
from dedup.templates.values import differing, listed, value_keys
from dedup.templates.write import rows_of

LEAST_MEMBERS = 3  # that show whether they differ by values or by edits
NEAR_CODE, TEMPLATED_CODE = LABELS.index(NEAR), LABELS.index(TEMPLATED)
# Share of the variables of two texts of one template that differ, from which on they are no copies. Of planted pairs
# (seeds 0 and 1) 99 % of copies have .25 and less, all others .3 and more.
OTHER_VALUES = 0.26
# Slot concentration from which on a family that is near by its label is looked at again, members that are looked at,
# and the share of them that have to have values of their own in a slot. Of planted families with 1 % noise and 3 to 10
# members (seeds 0 to 2) that told 40 of 40 templated ones from 144 of 144 near ones.
DOUBTFUL = 0.3
LOOKED_AT = 50
MOSTLY = 0.5
OWN_VALUES = 0.6


def representatives(documents: Collection, kept: np.ndarray, order: np.ndarray) -> np.ndarray:
    """One of every cluster of copies, in rank order, ``int64``; what a page puts around its texts is none."""
    own = _bodies(documents) & (kept == np.arange(len(kept)))
    found: np.ndarray = order[own[order]]
    return found


def _bodies(documents: Collection) -> np.ndarray:
    """Which documents are texts, ``[m] bool``."""
    found: np.ndarray = np.diff(documents.codes.offsets) > 0
    if "kind" in documents.rows.column_names:
        found &= pc.equal(documents.rows.column("kind"), "piece").to_numpy()
    return found


def families_of(
    texts: RawTexts, documents: Collection, order: np.ndarray, kept: np.ndarray, config: Config, executor: Executor
) -> np.ndarray:
    """The first representative of each document's family, ``[m] int64``; -1 for what is alone."""
    rows = representatives(documents, kept, order)
    groups = documents.groups(config.within)
    found = find_families(
        documents.codes,
        rows,
        n=config.n,
        k=config.k,
        seed=config.seed,
        executor=executor,
        groups=groups[rows] if groups is not None else None,
        texts=lambda some: [texts[doc].text for doc in some.tolist()],
    )
    sizes = np.bincount(found.anchor, minlength=len(rows))
    heads = np.full(len(documents), -1, np.int64)
    heads[rows] = np.where(sizes[found.anchor] > 1, rows[found.anchor], -1)
    family: np.ndarray = heads[kept]
    return family


def speaks(template: Template, texts: int) -> bool:
    """Whether so many texts fill a slot with values of their own: a figure or a name, and not just in a list."""
    least = max(LEAST_MEMBERS, OWN_VALUES * texts)
    told = zip(template.variables, listed(template), strict=True)
    return any(
        one.type not in ("text", "mask", "ordinal") and one.distinct >= least for one, in_list in told if not in_list
    )


class Kin:
    """Families, and the clusters of copies that are no part of one, with what their members are to each other.

    Of three and more texts it shows whether they differ in the same places, as values do, or each somewhere else, as
    edits do; of two alone it does not. So what families say counts before what pairs said.

    Parameters
    ----------
    documents : Collection
    leaders : ``[m] int64``
        The first document with the same text.
    kept, heads : ``[m] int64``
        The document each is a copy of, and the first one of its family (-1: none).
    executor : Executor
    """

    def __init__(
        self, documents: Collection, leaders: np.ndarray, kept: np.ndarray, heads: np.ndarray, executor: Executor
    ) -> None:
        self._given, self._group = heads, np.where(heads >= 0, heads, kept)
        texts = np.flatnonzero((leaders == np.arange(len(leaders))) & _bodies(documents))
        by_group = texts[np.argsort(self._group[texts], kind="stable")]
        groups, first, sizes = np.unique(self._group[by_group], return_index=True, return_counts=True)
        asked = np.flatnonzero(sizes >= 2)
        members = [by_group[first[i] : first[i] + sizes[i]] for i in asked.tolist()]
        found = label_families(documents.codes, members, executor=executor)
        self._label = np.full(len(kept), UNKNOWN, np.int8)  # by group
        self._label[groups[asked]] = found.label
        # What has little wording in common was linked by nobody; if it was, it may have lost that to noise.
        linked = np.array([(kept[docs] != docs).mean() >= MOSTLY for docs in members], bool)
        doubtful = (found.label == NEAR_CODE) | (linked & (found.label != TEMPLATED_CODE))
        doubtful &= (found.concentration >= DOUBTFUL) & (sizes[asked] >= LEAST_MEMBERS)
        self._doubtful = [(int(groups[asked[i]]), members[i]) for i in np.flatnonzero(doubtful).tolist()]
        self._pairs = np.zeros(len(kept), bool)
        self._pairs[groups[sizes == 2]] = True

    def look_again(self, texts: RawTexts, seed: int, executor: Executor) -> None:
        """Make a template of families that seem to be near, but not quite: one that has values tells otherwise."""

        def has_values(docs: np.ndarray) -> bool:
            sample = [texts[doc].text for doc in draw_sample(docs, LOOKED_AT, seed).tolist()]
            template = build_template(sample, seed=seed).template
            return template is not None and speaks(template, len(sample))

        found = executor.map(has_values, [docs for _, docs in self._doubtful])
        for (group, _), templated in zip(self._doubtful, found, strict=True):
            if templated:
                self._label[group] = TEMPLATED_CODE

    def heads(self) -> np.ndarray:
        """The first one of each document's family, ``[m] int64``: clusters that turned out to be one are among them."""
        return np.where(self.templated(), self._group, self._given)

    def templated(self) -> np.ndarray:
        """Of which documents the family was filled into one template, ``[m] bool``."""
        found: np.ndarray = self._label[self._group] == TEMPLATED_CODE
        return found

    def relabel(self, labelled: Labelled, templates: list[Template], filled: pa.Table, threshold: float) -> np.ndarray:
        """The labels of pairs, and of links what their families say, ``[p] int8``.

        Within a family of copies links are near. Texts of one template are copies if they have the same values, too.

        Parameters
        ----------
        labelled : Labelled
        templates : list of Template
        filled : pa.Table
            `dedup.tables.FILLED`.
        threshold : float
        """
        pairs, labels = labelled.pairs, labelled.labels.copy()
        linked = pairs.similarity() >= threshold
        linked &= np.isin(labels, (UNKNOWN, NEAR_CODE, TEMPLATED_CODE))
        group = self._group[pairs.a]
        linked &= group == self._group[pairs.b]
        of_group = self._label[group]
        told = linked & ((of_group == NEAR_CODE) | (self._pairs[group] & (of_group == TEMPLATED_CODE)))
        labels[told] = of_group[told]
        row = np.full(len(self._group), -1, np.int64)
        row[filled.column("doc").to_numpy()] = np.arange(len(filled))
        first = np.searchsorted(filled.column("template").to_numpy(), np.arange(1, len(templates) + 2))
        a, b = row[pairs.a], row[pairs.b]
        asked = np.flatnonzero(linked & (of_group == TEMPLATED_CODE) & (a >= 0) & (b >= 0))
        number = np.searchsorted(first, a[asked], "right")
        asked = asked[np.argsort(number, kind="stable")]
        number.sort()
        for one in np.unique(number).tolist():
            mine = asked[np.searchsorted(number, one) : np.searchsorted(number, one, "right")]
            keys = value_keys(templates[one - 1], rows_of(filled, one))
            differ, known = differing(keys, a[mine] - first[one - 1], b[mine] - first[one - 1])
            told = known > 0
            other = differ >= np.maximum(1, OTHER_VALUES * known)
            labels[mine[told]] = np.where(other, TEMPLATED_CODE, NEAR_CODE)[told]
        return labels
