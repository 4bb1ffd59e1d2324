"""FastSketchLSH 1.0: Fast Similarity Sketch (Dahlgaard and others, 2017) in C++; candidates are its answer."""

from __future__ import annotations

import numpy as np
from FastSketchLSH import LSH, FastSimilaritySketch


class Fastsketch:
    """Whatever shares a band is a duplicate to it: it has no verification, and takes no threshold but the bands."""

    distribution = "fastsketchlsh"
    recommendation = (
        "https://pypi.org/project/fastsketchlsh/: 'sketches every document with k=128, and groups the signatures into "
        "16 bands'"
    )
    settings = "128 slots, 16 bands of 8"
    sweep = ({}, {"num_bands": 32}, {"size": 256, "num_bands": 32}, {"size": 256, "num_bands": 64})

    def __init__(self, threshold: float, size: int = 128, num_bands: int = 16) -> None:
        self._sketcher = FastSimilaritySketch(size=size, seed=42)
        self._index = LSH(num_perm=size, num_bands=num_bands)
        self._rows: list[np.ndarray] = []

    def add(self, documents: list[list[str]]) -> None:
        self._rows.append(self._sketcher.batch(documents))
        self._index.insert(self._rows[-1])

    def search(self) -> None:
        self._others, ends = self._index.query(np.concatenate(self._rows), format="csr")
        self._counts = np.diff(ends.astype(np.int64))

    def pairs(self) -> np.ndarray:
        others = self._others.astype(np.int64)
        found = np.column_stack([others, np.repeat(np.arange(len(self._counts)), self._counts)])
        return found[found[:, 0] < found[:, 1]]
