"""Rensa 0.5, full-set R-MinHash: every token is looked at, candidates are held against the threshold."""

from __future__ import annotations

from array import array

import numpy as np
from rensa import RMinHash, RMinHashLSH


class RensaFull:
    """`RMinHashDeduplicator` of its README (sketches, bands, check), told about every pair instead of the first."""

    distribution = "rensa"
    recommendation = (
        "https://github.com/beowolx/rensa#keep-unique-documents: num_perm=128, use_lsh=True, 'checks candidates "
        "against the sketch similarity threshold'; its deduplicator takes 16 bands for thresholds from .7 to .8"
    )
    settings = "128 slots, 16 bands of 8, estimate checked"
    sweep = ({}, {"num_bands": 32}, {"num_perm": 256, "num_bands": 64})
    sweep += ({"num_bands": 32, "margin": 0.1}, {"num_perm": 256, "num_bands": 64, "margin": 0.1})

    def __init__(self, threshold: float, num_perm: int = 128, num_bands: int = 16, margin: float = 0.0) -> None:
        self._index = RMinHashLSH(threshold=threshold - margin, num_perm=num_perm, num_bands=num_bands)
        self._num_perm = num_perm
        self._sketches: list[RMinHash] = []
        self._found = array("q")

    def add(self, documents: list[list[str]]) -> None:
        sketches = RMinHash.from_token_sets(documents, num_perm=self._num_perm, seed=42)
        self._index.insert_many(sketches, start_key=len(self._sketches))
        self._sketches += sketches

    def search(self) -> None:
        for i, candidates in enumerate(self._index.query_all(self._sketches)):
            near = (j for j in candidates if j < i and self._index.is_similar(self._sketches[i], self._sketches[j]))
            self._found.extend(number for j in near for number in (j, i))

    def pairs(self) -> np.ndarray:
        return np.array(self._found, np.int64).reshape(-1, 2)
