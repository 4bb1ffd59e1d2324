"""How texts lie in a grown sequence → which of its tokens are constant, where values stand, what may be left out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.templates.frame import Aligned, places
from dedup.templates.growth import line_starts
from dedup.templates.tokens import NEWLINE, Tokens, is_value

CONSTANT = (
    0.65  # share of the texts that have a place in which a constant token stands; two of three, not three of five
)
FIGURE = 0.85  # the same where a figure or a mask stands
INSERTED = 0.35  # share of them that have something more there
FEW = 4  # texts, among which one that leaves out a part of a line is enough
LEAST_BLOCK = 8  # tokens that are left out together
SMOOTH = 0.8  # of a line that is there, or is not: then all of it is, or is not


class Columns(NamedTuple):
    """What the texts say about each token of the sequence.

    Attributes
    ----------
    constant : ``[t] bool``
    value : ``[t + 1] bool``
        Before which tokens (or behind the last) something is put in that the sequence has not.
    absent : ``[n, t] bool``
        Which tokens a text leaves out with the block they are in.
    """

    constant: np.ndarray
    value: np.ndarray
    absent: np.ndarray


def count_columns(keys: np.ndarray, sample: list[Tokens], aligned: list[Aligned]) -> Columns:
    """Count the votes of the texts.

    Parameters
    ----------
    keys : ``[t] uint32``
        The sequence.
    sample : list of Tokens
    aligned : list of Aligned

    Returns
    -------
    columns : Columns
    """
    if not len(keys):
        return Columns(np.zeros(0, bool), np.ones(1, bool), np.zeros((len(sample), 0), bool))
    equal = np.stack([one.at >= 0 for one in aligned])
    absent = np.zeros(equal.shape, bool)
    inserted = np.zeros(len(keys) + 1, np.int64)
    starts = line_starts(keys)
    for row, (one, tokens) in enumerate(zip(aligned, sample, strict=True)):
        for place in places(one.at, len(tokens.keys)):
            if place.first == place.stop:
                inserted[place.first] += 1
            elif place.stop - place.first >= LEAST_BLOCK and _is_left_out(keys, place.first, place.stop, place):
                absent[row, place.first : place.stop] = True
        _smooth(absent[row], equal[row], starts)
    present = (~absent).sum(axis=0)
    votes = (equal & ~absent).sum(axis=0)
    # A figure that one text in six has otherwise may be a value: what the texts have there decides.
    constant = votes >= np.where(is_value(keys), FIGURE, CONSTANT) * present
    # Of the texts that have the tokens on either side.
    around = np.minimum(np.append(present, present[-1:]), np.insert(present, 0, present[:1]))
    value = inserted > np.maximum(INSERTED * around, np.minimum(1, around - 1))
    return Columns(constant, value, absent & (votes < len(sample)))


def _is_left_out(keys: np.ndarray, first: int, stop: int, place: tuple[int, int, int, int]) -> bool:
    """Whether tokens give way to nothing, or whole lines to other lines."""
    there = place[3] - place[2]
    whole = keys[first] == NEWLINE and (stop == len(keys) or keys[stop] == NEWLINE)
    return there == 0 or bool(whole) or 4 * there < stop - first


def _smooth(absent: np.ndarray, equal: np.ndarray, starts: np.ndarray) -> None:
    """Lines that are as good as left out are; of what is left out beside a line, the line that is there keeps its ends.

    Where a paragraph gave way, alignment takes a token or two of the one behind it for its own.
    """
    if not absent.any():
        return
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        line = absent[start:end]
        if not line.any():
            continue
        if line.mean() >= SMOOTH or (end - start >= LEAST_BLOCK and equal[start:end].mean() < 1 - SMOOTH):
            absent[start:end] = True
            continue
        there = np.flatnonzero(~line)
        if 2 * there[0] < end - start:
            line[: there[0]] = False
        if 2 * (end - start - 1 - there[-1]) < end - start:
            line[there[-1] + 1 :] = False


class Run(NamedTuple):
    """Tokens of the sequence that stand together or not at all, and which texts have them."""

    first: int
    stop: int
    texts: np.ndarray


def optional_runs(keys: np.ndarray, columns: Columns) -> list[Run]:
    """The blocks that some texts leave out, in order and apart.

    Parameters
    ----------
    keys : ``[t] uint32``
    columns : Columns

    Returns
    -------
    runs : list of Run
        Each begins with a constant token.
    """
    absent = columns.absent
    if not absent.any():
        return []
    changes = np.flatnonzero((absent[:, 1:] != absent[:, :-1]).any(axis=0)) + 1
    bounds = [0, *changes.tolist(), absent.shape[1]]
    runs = []
    for first, stop in zip(bounds, bounds[1:], strict=False):
        out = absent[:, first]
        there = int((~out).sum())
        lines = keys[first] == NEWLINE and (stop == len(keys) or keys[stop] == NEWLINE)
        least = 1 if lines or len(absent) <= FEW else 2
        while first < stop and not columns.constant[first]:
            first += 1
        if out.sum() >= least and there and stop - first >= LEAST_BLOCK:
            runs.append(Run(first, stop, ~out))
    return runs
