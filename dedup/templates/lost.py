"""Copies of one document filled into one template: what one of them lost, and another kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.templates.model import Template
from dedup.templates.values import Spans, is_lost, listed, row_values
from dedup.templates.write import rows_of


class Lost(NamedTuple):
    """A value that is masked, empty or without its figures in one row, and stands in a copy: what, and in which row."""

    variable: str
    value: str
    row: int


def find_lost(template: Template, filled: pa.Table, kept: np.ndarray) -> dict[int, list[Lost]]:
    """What documents lost of their values and a copy of them has, by row.

    Parameters
    ----------
    template : Template
    filled : pa.Table
        `dedup.tables.FILLED`, the rows of the template.
    kept : ``[rows] int64``
        The document each is a copy of, itself if it is kept.

    Returns
    -------
    lost : dict of row → list of Lost
        Of several copies the kept one is asked first, then the others in their order.

    Notes
    -----
    Looks only at documents that have copies; lists are left out, whose items cannot be told apart.
    """
    _, group, sizes = np.unique(kept, return_inverse=True, return_counts=True)
    several = np.flatnonzero(sizes[group] > 1)
    if not len(several):
        return {}
    docs = filled.column("doc").to_numpy()
    # The kept one of each group first.
    order = several[np.lexsort((several, docs[several] != kept[several], group[several]))]
    values = [row_values(template, spans) for spans in _spans(filled, order)]
    single = [number for number, in_list in enumerate(listed(template)) if not in_list]
    found: dict[int, list[Lost]] = {}
    edges = [0, *(np.flatnonzero(np.diff(group[order])) + 1).tolist(), len(order)]
    for begin, end in zip(edges, edges[1:], strict=False):
        members = range(begin, end)
        for number in single:
            variable = template.variables[number]
            whole = {i: [value for value in values[i][number] if not is_lost(value, variable)] for i in members}
            having = next((i for i in members if whole[i]), None)
            if having is None:
                continue
            for i in members:
                if values[i][number] and not whole[i]:
                    said = Lost(variable.name, whole[having][0], int(order[having]))
                    found.setdefault(int(order[i]), []).append(said)
    return found


def count_lost(templates: Sequence[Template], filled: pa.Table, kept: np.ndarray) -> int:
    """How many values were lost that a copy has; `kept` [m] int64 are those of all documents."""
    count = 0
    for number, template in enumerate(templates, 1):
        rows = rows_of(filled, number)
        found = find_lost(template, rows, kept[rows.column("doc").to_numpy()])
        count += sum(map(len, found.values()))
    return count


def _spans(filled: pa.Table, rows: np.ndarray) -> list[Spans]:
    """The spans of some rows; batch by batch, since one array of all of them may be too much."""
    found: dict[int, Spans] = {}
    begin = 0
    wanted = np.sort(rows)
    for batch in filled.select(["spans"]).to_batches():
        end = begin + batch.num_rows
        mine = wanted[np.searchsorted(wanted, begin) : np.searchsorted(wanted, end)]
        found.update(zip(mine.tolist(), batch.column("spans").take(pa.array(mine - begin)).to_pylist(), strict=True))
        begin = end
    return [found[row] for row in rows.tolist()]
