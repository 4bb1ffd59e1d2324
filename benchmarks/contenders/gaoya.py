"""gaoya 0.2: MinHash in Rust; what its index returns has been held against the threshold."""

from __future__ import annotations

from array import array

import numpy as np
from gaoya.minhash import MinHashStringIndex


class Gaoya:
    """It is asked with shingles, not with sketches, so each batch is inserted and asked for at once."""

    distribution = "gaoya"
    recommendation = (
        "https://github.com/serega/gaoya/blob/master/py-gaoya/gaoya/minhash.py: the defaults of MinHashStringIndex "
        "(hash_size=32, num_bands=20, band_size=5), a class whose default threshold is .75"
    )
    settings = "100 hashes, 20 bands of 5, estimate checked"
    sweep = ({"num_bands": 12}, {}, {"num_bands": 32}, {"num_bands": 50}, {"num_bands": 50, "margin": 0.1})

    def __init__(self, threshold: float, num_bands: int = 20, band_size: int = 5, margin: float = 0.0) -> None:
        self._index = MinHashStringIndex(
            jaccard_threshold=threshold - margin, num_bands=num_bands, band_size=band_size, analyzer=lambda cut: cut
        )
        self._count = 0
        self._found = array("q")

    def add(self, documents: list[list[str]]) -> None:
        numbers = list(range(self._count, self._count + len(documents)))
        self._index.par_bulk_insert_docs(numbers, documents)
        for i, found in zip(numbers, self._index.par_bulk_query(documents), strict=True):
            self._found.extend(number for j in found if j < i for number in (j, i))
        self._count += len(documents)

    def search(self) -> None:
        """Done while adding."""

    def pairs(self) -> np.ndarray:
        return np.array(self._found, np.int64).reshape(-1, 2)
