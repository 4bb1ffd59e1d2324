"""The survivor rule: which of several copies stays, decided once for the whole collection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def rank_documents(
    rule: tuple[str, str, Sequence[str]],
    *,
    tokens: np.ndarray,
    reference: np.ndarray,
    damage: np.ndarray | None = None,
    values: pa.ChunkedArray | None = None,
) -> np.ndarray:
    """All documents from the one that is kept first to the one that is kept last.

    Leader, anchor, representative and kept copy are always the first in this order, which is what makes results
    independent of threads and equal between engines. Ties stay in the order of the input; a reference comes first.

    Parameters
    ----------
    rule : (name, field, listed values)
        As `Config.keep_rule` gives it.
    tokens : ``[m] int64``
        Length of each document.
    reference : ``[m] bool``
    damage : ``[m] int64``, for "cleanest"
        Marks of damage in each document; per token, fewer is better, then more tokens.
    values : strings, for "newest" and "order"

    Returns
    -------
    order : ``[m] int64``
    """
    name, _, listed = rule
    m = len(tokens)
    if name == "longest":
        key = -tokens
    elif name == "cleanest" and damage is not None:
        share = damage / np.maximum(tokens, 1)
        _, key = np.unique(np.column_stack([share, -tokens]), axis=0, return_inverse=True)
        key = key.ravel()
    elif name == "order" and values is not None:
        place = pc.index_in(values, value_set=pa.array(list(listed), pa.string()))
        key = pc.fill_null(place, len(listed)).to_numpy().astype(np.int64)
    elif name == "newest" and values is not None:
        key = -_moments(values)
    else:
        key = np.zeros(m, np.int64)
    return np.lexsort((np.arange(m), key, ~reference))


# Year, month, day, hour, minute, second in any notation: 2023-05-01T08:00, 2023年5月1日, 20230501.
_MOMENT = (
    r"^\D*(?P<year>\d{4})\D*(?P<month>\d{1,2})?\D*(?P<day>\d{1,2})?"
    r"\D*(?P<hour>\d{1,2})?\D*(?P<minute>\d{1,2})?\D*(?P<second>\d{1,2})?"
)


def _moments(values: pa.ChunkedArray) -> np.ndarray:
    """A number per value that grows with time, ``int64``; 0 where there is no date. Long numbers are seconds."""
    plain = pc.match_substring_regex(values, r"^\s*\d{9,}(\.\d*)?\s*$")
    numbers = pc.if_else(plain, pc.utf8_trim_whitespace(values), None)
    seconds = pc.fill_null(pc.cast(numbers, pa.float64()), 0.0).to_numpy().clip(0, 2.0**62).astype(np.int64)
    parts = pc.extract_regex(values, _MOMENT)
    moment = np.zeros(len(values), np.int64)
    if isinstance(parts, pa.ChunkedArray):
        parts = parts.combine_chunks()
    for name, width in (("year", 10000), ("month", 100), ("day", 100), ("hour", 100), ("minute", 100), ("second", 100)):
        text = pc.struct_field(parts, name)
        text = pc.if_else(pc.equal(pc.fill_null(text, ""), ""), "0", pc.fill_null(text, "0"))
        moment = moment * width + pc.cast(text, pa.int64()).to_numpy(zero_copy_only=False)
    return np.where(seconds > 0, seconds, moment)
