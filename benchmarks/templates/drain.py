"""Drain3: log lines of equally many tokens that share most of them (He et al., ICWS 2017).

Chinese lines get spaces between their tokens and numbers are masked first, as its manual advises: without that it
would see one token a line. Settings are its defaults.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Sequence

from drain3.drain import Drain as Tree

from benchmarks.templates import Answer, Found
from benchmarks.templates.words import WORDS, Token, tokens

DEPTH, ALIKE, CHILDREN = 4, 0.4, 100
MOST_TOKENS = 10_000
ANY, NUMBER = "<*>", "<NUM>"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class Drain:
    """A tree of fixed depth over all lines in their order; the template of a line is that of its cluster at the end."""

    def __init__(self, unit: str = WORDS) -> None:
        self._unit = unit

    def read(self, texts: Sequence[str]) -> Answer:
        cut = [tokens(text, self._unit) for text in texts]
        begin = time.perf_counter()
        clusters, templates = _parse(cut)
        seconds = time.perf_counter() - begin
        masks = _varying(cut, clusters)
        members: list[list[Found] | None] = [
            _values(line, templates[cluster], cluster, masks[cluster])
            for line, cluster in zip(cut, clusters, strict=True)
        ]
        return Answer(members, building=seconds)

    def families(self, texts: Sequence[str]) -> list[int]:
        return _parse([tokens(text, self._unit) for text in texts])[0]


def _parse(cut: Sequence[Sequence[Token]]) -> tuple[list[int], dict[int, Sequence[str]]]:
    """The cluster of each line, and the template of each cluster."""
    tree = Tree(depth=DEPTH, sim_th=ALIKE, max_children=CHILDREN, param_str=ANY)
    clusters = []
    for line in cut:
        masked = [NUMBER if _NUMBER.fullmatch(token.text) else token.text for token in line]
        cluster, _ = tree.add_log_message(" ".join(masked))
        clusters.append(cluster.cluster_id)
    return clusters, {cluster.cluster_id: cluster.log_template_tokens for cluster in tree.clusters}


def _varying(cut: Sequence[Sequence[Token]], clusters: Sequence[int]) -> dict[int, set[int]]:
    """Places of each cluster at which the lines differ: a masked number that is always the same is no value."""
    seen: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line, cluster in zip(cut, clusters, strict=True):
        for place, token in enumerate(line):
            seen[cluster][place].add(token.text)
    return {cluster: {place for place, held in places.items() if len(held) > 1} for cluster, places in seen.items()}


def _values(line: Sequence[Token], template: Sequence[str], cluster: int, varying: set[int]) -> list[Found]:
    """Wildcards and masked numbers; neighbours are one value, as nothing stands between them."""
    found: list[Found] = []
    before = False
    for place, (token, said) in enumerate(zip(line, template, strict=True)):
        open_ = said in (ANY, NUMBER) and place in varying
        if open_ and before:
            found[-1] = found[-1]._replace(end=token.end)
        elif open_:
            found.append(Found(token.start, token.end, cluster * MOST_TOKENS + place))
        before = open_
    return found
