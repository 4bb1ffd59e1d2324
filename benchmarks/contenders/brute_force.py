"""The truth: every pair at or above the threshold, by exact comparison of shingle sets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.judge import read_texts
from dedup.documents.normalise import normalise_rows
from dedup.matches import audit


class BruteForce:
    """Prefix filtering instead of all against all: nothing that reaches the threshold can slip through it."""

    distribution = "dedup"
    recommendation = "Bayardo, Ma, Srikant, Scaling Up All Pairs Similarity Search (WWW 2007); exact, so no setting"
    settings = "exact"
    sweep = ({},)

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def read(self, path: Path) -> None:
        self._codes = normalise_rows(read_texts(path))

    def search(self) -> None:
        every = np.arange(len(self._codes.offsets) - 1)
        with ThreadPoolExecutor() as executor:
            found = audit.brute_force(self._codes, every, n=5, seed=1, threshold=self._threshold, executor=executor)
        self._found = np.column_stack([found.sample, found.other])

    def index_bytes(self) -> int | None:
        return None

    def pairs(self) -> np.ndarray:
        return self._found[self._found[:, 0] < self._found[:, 1]]
