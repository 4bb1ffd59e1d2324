"""Prints → groups of equal ones: the places at which texts may hold the same passage."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import Codes
from dedup.reuse.prints import kernels
from dedup.reuse.prints.winnow import Prints

# Prints of a larger group are compared with those in its first rows only: as candidates in a large bucket are.
LEADERS = 16
PARTS = 4  # that are grouped side by side


class Entries(NamedTuple):
    """Places that are compared, in order of position, and what they are compared with.

    Attributes
    ----------
    pos, row, group : ``[e] int64``
    before : ``[e] int64``
        The place before it in its group and row; -1.
    leader_first : ``[g + 1] int64``
        Group g is compared with the leaders ``leader_first[g]`` to ``leader_first[g + 1]``.
    leader_pos, leader_row : ``int64``
    whole : int
        Groups from this one on are of equal runs of the whole length, those before of equal prints.
    """

    pos: np.ndarray
    row: np.ndarray
    group: np.ndarray
    before: np.ndarray
    leader_first: np.ndarray
    leader_pos: np.ndarray
    leader_row: np.ndarray
    whole: int


class Crowded(NamedTuple):
    """Runs of at least the length that stand in more documents than the cap, and so are left out.

    Attributes
    ----------
    pos, end : ``[c] int64``
        Where each begins and ends in the codes' values; each run of every text is listed.
    row : ``[c] int64``
    documents : ``[c] int64``
        How many the commonest part of it stands in.
    key : ``[c] uint64``
        Equal for runs that begin alike.
    """

    pos: np.ndarray
    end: np.ndarray
    row: np.ndarray
    documents: np.ndarray
    key: np.ndarray


class _Grouped(NamedTuple):
    group: np.ndarray
    before: np.ndarray
    spread: np.ndarray
    leader_first: np.ndarray
    leader_pos: np.ndarray
    leader_row: np.ndarray


def group_prints(
    codes: Codes, prints: Prints, *, length: int, cap: int, executor: Executor | None = None
) -> tuple[Entries, Crowded]:
    """Find equal prints; of frequent ones look at the whole runs they stand for.

    A print that stands in many places says little: the runs around it may be rarer, and differ. So every run of
    `length` tokens it is the print of is hashed whole and grouped anew, and only runs that stand in more than `cap`
    documents themselves are left out.

    Costs a sort of the prints, and about 20 times that for frequent ones.
    """
    plain = _group(prints.hashes, prints.row, prints.pos, cap, executor, whole=False)
    counts = np.empty(len(prints.pos), np.int64)
    kernels.count_windows(plain.group, prints.row, prints.begin, codes.offsets, length, counts)
    total = int(counts.sum())
    pos, hashes, rows = np.empty(total, np.int64), np.empty(total, np.uint64), np.empty(total, np.int32)
    kernels.expand_windows(codes.values, plain.group, prints.row, prints.begin, counts, length, pos, hashes, rows)
    whole = _group(hashes, rows, pos, cap, executor, whole=True)
    wanted = np.empty(total, np.bool_)
    kernels.thin_windows(pos, whole.group, whole.leader_first, whole.leader_pos, whole.before, wanted)
    crowded = _crowded(pos, rows, hashes, whole, length)
    return _joined((prints.pos, prints.row, plain, plain.group >= 0), (pos, rows, whole, wanted)), crowded


def _group(
    hashes: np.ndarray, rows: np.ndarray, pos: np.ndarray, cap: int, executor: Executor | None, *, whole: bool
) -> _Grouped:
    """Group prints, or whole runs, in `PARTS` that have nothing in common."""
    n = len(hashes)
    low = np.uint64((1 << max(1, n - 1).bit_length()) - 1)
    group, before, spread = np.full(n, kernels.SINGLE, np.int64), np.full(n, -1, np.int64), np.ones(n, np.int64)

    def group_part(part: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        numbers = np.empty(n, np.int64)
        table = np.zeros(max(1 << 10, 1 << n.bit_length()), np.uint8)
        numbers = numbers[: kernels.sieve_prints(hashes, part, PARTS, table, numbers)]
        keys = hashes[numbers] & ~low | numbers.astype(np.uint64)
        keys.sort()
        m = len(keys)
        first = np.zeros(m // 2 + 2, np.int64)
        leader_pos, leader_row = np.empty(m, np.int64), np.empty(m, np.int32)
        groups, used = kernels.group_prints(
            keys, low, rows, pos, cap, LEADERS, whole, group, before, first, leader_pos, leader_row, spread
        )
        return numbers, first[: groups + 1], leader_pos[:used].copy(), leader_row[:used].astype(np.int64)

    parts = list((executor.map if executor else map)(group_part, range(PARTS)))
    groups, leaders, firsts = 0, 0, [np.zeros(1, np.int64)]
    for numbers, first, leader_pos, _ in parts:
        if groups:
            mine = group[numbers]
            group[numbers] = np.where(mine >= 0, mine + groups, mine)
        firsts.append(first[1:] + leaders)
        groups, leaders = groups + len(first) - 1, leaders + len(leader_pos)
    leader_pos, leader_row = (np.concatenate([part[i] for part in parts]) for i in (2, 3))
    return _Grouped(group, before, spread, np.concatenate(firsts), leader_pos, leader_row)


def _joined(*parts: tuple[np.ndarray, np.ndarray, _Grouped, np.ndarray]) -> Entries:
    """The wanted entries of prints and of whole runs, groups numbered one after the other."""
    pos, row, group, before = [], [], [], []
    leader_first, leader_pos, leader_row = [np.zeros(1, np.int64)], [], []
    groups, leaders = 0, 0
    for places, rows, found, wanted in parts:
        pos.append(places[wanted])
        row.append(rows[wanted].astype(np.int64))
        group.append(found.group[wanted] + groups)
        before.append(found.before[wanted])
        leader_first.append(found.leader_first[1:] + leaders)
        leader_pos.append(found.leader_pos)
        leader_row.append(found.leader_row)
        groups += len(found.leader_first) - 1
        leaders += len(found.leader_pos)
    columns = [np.concatenate(column) for column in (pos, row, group, before)]
    if len(pos[1]):
        # Both parts are in order: where those of the second go among the first.
        place = np.arange(len(columns[0]))
        place[: len(pos[0])] += np.searchsorted(pos[1], pos[0])
        place[len(pos[0]) :] = np.searchsorted(pos[0], pos[1], side="right") + np.arange(len(pos[1]))
        columns = [_placed(column, place) for column in columns]
    first, places, rows = (np.concatenate(column) for column in (leader_first, leader_pos, leader_row))
    whole = len(parts[0][2].leader_first) - 1
    return Entries(columns[0], columns[1], columns[2], columns[3], first, places, rows, whole)


def _placed(column: np.ndarray, place: np.ndarray) -> np.ndarray:
    moved = np.empty_like(column)
    moved[place] = column
    return moved


def _crowded(pos: np.ndarray, rows: np.ndarray, hashes: np.ndarray, found: _Grouped, length: int) -> Crowded:
    """Windows that are left out, those that follow each other joined to one run."""
    out = np.flatnonzero(found.group == kernels.CROWDED)
    places = pos[out]
    begins = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    stops = np.append(begins[1:], len(out)) - 1
    if not len(out):
        nothing = np.zeros(0, np.int64)
        return Crowded(nothing, nothing, nothing, nothing, np.zeros(0, np.uint64))
    return Crowded(
        places[begins],
        places[stops] + length,
        rows[out][begins].astype(np.int64),
        np.maximum.reduceat(found.spread[out], begins),
        hashes[out][begins],
    )
