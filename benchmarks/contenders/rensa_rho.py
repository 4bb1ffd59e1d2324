"""Rensa 0.5, the sampled path "rho" behind its headline speeds: some token positions stand for the document."""

from __future__ import annotations

import numpy as np
from rensa import RMinHash, RMinHashLSH


class RensaRho:
    """It flags documents; as its pairs count the flagged ones that agree in a band, empty bands left out."""

    distribution = "rensa"
    recommendation = (
        "https://github.com/beowolx/rensa/blob/main/benchmarks/full_benchmark.py, the 'rho pipeline': num_perm=128, "
        "probes=4, flags in one shot; not its 8 bands for .8 but 16, which its deduplicator takes from .7 to .8"
    )
    settings = "128 slots, 4 probes, 16 bands of 8, positions sampled"
    sweep = ({}, {"num_bands": 32}, {"num_perm": 256, "num_bands": 64}, {"num_perm": 512, "num_bands": 128})

    def __init__(self, threshold: float, num_perm: int = 128, num_bands: int = 16) -> None:
        self._index = RMinHashLSH(threshold=threshold, num_perm=num_perm, num_bands=num_bands)
        self._num_perm, self._bands = num_perm, num_bands
        self._documents: list[list[str]] = []

    def add(self, documents: list[list[str]]) -> None:
        self._documents += documents  # the call takes them all at once

    def search(self) -> None:
        self._rows = RMinHash.digest_matrix_from_token_sets_rho(self._documents, self._num_perm, 42, probes=4)
        self._documents.clear()
        self._flags = np.array(self._index.query_duplicate_flags_matrix_one_shot(self._rows), bool)

    def pairs(self) -> np.ndarray:
        digests = np.array(self._rows.to_rows(), np.uint32).reshape(-1, self._num_perm)
        buckets: dict[tuple[int, bytes], list[int]] = {}
        for at, band in enumerate(np.split(digests, self._bands, axis=1)):
            for d in np.flatnonzero(self._flags & (band < 2**32 - 1).any(axis=1)).tolist():
                buckets.setdefault((at, band[d].tobytes()), []).append(d)
        found = {(a, b) for bucket in buckets.values() for a in bucket for b in bucket if a < b}
        return np.array(sorted(found), np.int64).reshape(-1, 2)
