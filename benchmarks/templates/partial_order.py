"""Partial order alignment (Lee, Grasso, Sharlow, 2002): sequences that agree in places share nodes of one graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

MATCH, MISMATCH, GAP = 1, -1, -2
_STEP, _SKIP, _PUT = 0, 1, 2  # where the best score came from: both sides move on, only the graph does, only the text


@njit(cache=True)
def _align(keys, first, before, last, text):
    """Global alignment of a text to a graph in topological order.

    keys, last : ``[v]`` token of each node, and whether nothing follows it
    first : ``[v + 1]`` where the predecessors of each node begin in `before`; -1 stands for the beginning
    Returns ``[m]`` the node each token stands at, -1 for none.
    """
    nodes, size = len(keys), len(text)
    score = np.zeros((nodes + 1, size + 1), np.int32)
    way = np.zeros((nodes + 1, size + 1), np.uint8)
    source = np.zeros((nodes + 1, size + 1), np.int32)
    for j in range(1, size + 1):
        score[0, j], way[0, j] = GAP * j, _PUT
    for i in range(1, nodes + 1):
        for j in range(size + 1):
            best, best_way, best_source = -(2**30), _SKIP, 0
            for at in range(first[i - 1], first[i]):
                row = before[at] + 1
                skipped = score[row, j] + GAP
                if skipped > best:
                    best, best_way, best_source = skipped, _SKIP, row
                if j:
                    stepped = score[row, j - 1] + (MATCH if keys[i - 1] == text[j - 1] else MISMATCH)
                    if stepped > best:
                        best, best_way, best_source = stepped, _STEP, row
            if j and score[i, j - 1] + GAP > best:
                best, best_way, best_source = score[i, j - 1] + GAP, _PUT, i
            score[i, j], way[i, j], source[i, j] = best, best_way, best_source
    i, best = 0, -(2**30)
    for node in range(nodes):
        if last[node] and score[node + 1, size] > best:
            i, best = node + 1, score[node + 1, size]
    found = np.full(size, -1, np.int32)
    j = size
    while i or j:
        if way[i, j] == _PUT:
            j -= 1
        else:
            row = source[i, j]
            if way[i, j] == _STEP:
                j -= 1
                found[j] = i - 1
            i = row
    return found


class Graph:
    """Nodes are tokens; each text is a path, and a node knows how many texts go through it."""

    def __init__(self, text: Sequence[int]) -> None:
        self.keys = list(text)
        self.beside: list[list[int]] = [[node] for node in range(len(text))]
        """Nodes at one place of the alignment with other tokens; they share one list."""
        self.edges = {(node, node + 1) for node in range(len(text) - 1)}
        self.texts = [1] * len(text)
        """How many texts go through each node."""
        self._order = list(range(len(text)))

    def align(self, text: Sequence[int]) -> list[int]:
        """The node each token of the text stands at, of its own token or another; -1 for none."""
        place = {node: at for at, node in enumerate(self._order)}
        before: list[list[int]] = [[] for _ in self._order]
        last = np.ones(len(self._order), np.bool_)
        for one, other in self.edges:
            before[place[other]].append(place[one])
            last[place[one]] = False
        flat = [at for ats in before for at in (ats or [-1])]
        first = np.concatenate([[0], np.cumsum([max(1, len(ats)) for ats in before])])
        keys = np.array([self.keys[node] for node in self._order], np.int64)
        found = _align(keys, first, np.array(flat, np.int64), last, np.array(text, np.int64))
        return [self._order[at] if at >= 0 else -1 for at in found.tolist()]

    def add(self, text: Sequence[int]) -> None:
        """Lead one more text through the graph."""
        path = []
        for key, node in zip(text, self.align(text), strict=True):
            if node < 0:
                path.append(self._node(key, []))
                continue
            same = [other for other in self.beside[node] if self.keys[other] == key]
            path.append(same[0] if same else self._node(key, self.beside[node]))
        self.edges.update(zip(path, path[1:], strict=False))
        for node in path:
            self.texts[node] += 1
        self._sort()

    def consensus(self, support: int) -> list[int]:
        """Tokens of the nodes that more than so many texts go through, in order."""
        return [self.keys[node] for node in self._order if self.texts[node] > support]

    def _node(self, key: int, beside: list[int]) -> int:
        self.keys.append(key)
        self.texts.append(0)
        beside.append(len(self.keys) - 1)
        self.beside.append(beside)
        return len(self.keys) - 1

    def _sort(self) -> None:
        """Topological order; nodes beside each other have one place, or a cycle could arise later."""
        group = {}
        for node, beside in enumerate(self.beside):
            group[node] = min(beside)
        following: dict[int, set[int]] = {}
        waiting: dict[int, int] = dict.fromkeys(group.values(), 0)
        for one, other in self.edges:
            a, b = group[one], group[other]
            if b not in following.setdefault(a, set()):
                following[a].add(b)
                waiting[b] += 1
        ready = [place for place, count in waiting.items() if not count]
        order: list[int] = []
        while ready:
            place = ready.pop()
            order += self.beside[place]
            for other in following.get(place, ()):
                waiting[other] -= 1
                if not waiting[other]:
                    ready.append(other)
        self._order = order
