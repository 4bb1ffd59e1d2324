"""datasketch 2: MinHash, bands balanced between false and missed candidates. Candidates are its answer."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from datasketch import MinHash, MinHashLSH


class Datasketch:
    """Its documentation has no step that verifies what a query returns."""

    distribution = "datasketch"
    recommendation = (
        "https://ekzhu.github.io/datasketch/lsh.html: the example, MinHash(num_perm=128) and MinHashLSH(threshold, "
        "num_perm=128), which 'will be optimized for the threshold', false and missed candidates weighing the same"
    )
    settings = "128 permutations, 14 bands of 9"
    sweep: tuple[dict[str, Any], ...] = tuple({"weights": (round(1 - w, 1), w)} for w in (0.5, 0.6, 0.8, 0.9))
    sweep += ({"params": (25, 5)}, {"num_perm": 256, "params": (51, 5)})

    def __init__(self, threshold: float, **settings: Any) -> None:
        self._index = MinHashLSH(threshold=threshold, **settings)
        self._sketches: list[MinHash] = []
        self._found = array("q")

    def add(self, documents: list[list[str]]) -> None:
        rows = ([shingle.encode() for shingle in shingles] for shingles in documents)
        for sketch in MinHash.generator(rows, num_perm=self._index.h):
            self._index.insert(len(self._sketches), sketch, check_duplication=False)
            self._sketches.append(sketch)

    def search(self) -> None:
        for i, sketch in enumerate(self._sketches):
            self._found.extend(number for j in self._index.query(sketch) if j < i for number in (j, i))

    def pairs(self) -> np.ndarray:
        return np.array(self._found, np.int64).reshape(-1, 2)
