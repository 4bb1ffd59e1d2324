"""Links → clusters around anchors."""

from __future__ import annotations

import numpy as np

from dedup.matches import kernels


def cluster(rows: int, lower: np.ndarray, higher: np.ndarray) -> np.ndarray:
    """Each row's anchor.

    In rank order, a row joins the first anchor it has a verified link to, else it becomes one. So every row of a
    cluster is proven similar to the one that is kept; chains A~B~C with A≁C are cut instead of followed.

    Parameters
    ----------
    rows : int
        Rows, in rank order.
    lower, higher : ``[p] int64``
        Links, ``lower < higher``.

    Returns
    -------
    kept : ``[rows] int64``
        Itself for anchors.
    """
    order = np.lexsort((lower, higher))
    kept = np.empty(rows, np.int64)
    kernels.cluster(lower[order].astype(np.int64), higher[order].astype(np.int64), kept)
    return kept
