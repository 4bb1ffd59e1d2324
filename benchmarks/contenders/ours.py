"""This engine as a library: files in, proven pairs out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from dedup import Config, dedupe


class Ours:
    """`dedup.dedupe` with its defaults, the recall check included; `read` is the whole run."""

    distribution = "dedup"
    recommendation = "README.md: the defaults of `Config`"
    settings = "defaults: 256 values, bands for recall .99, exact check, recall audited on 1,000 documents"
    sweep = ({"recall": 0.5}, {"recall": 0.8}, {"recall": 0.9}, {}, {"recall": 0.999})

    def __init__(self, threshold: float, **settings: Any) -> None:
        self._config = Config(text="text", threshold=threshold, write="none", **settings)

    def read(self, path: Path) -> None:
        self._result = dedupe(path, self._config)

    def search(self) -> None:
        """Done while reading."""

    def index_bytes(self) -> int | None:
        return 8 * self._result.summary["bands"][0] * len(self._result.documents)

    def pairs(self) -> np.ndarray:
        pairs = self._result.pairs
        pairs = pairs.filter(pc.greater_equal(pairs["similarity"], self._config.threshold))
        return np.column_stack([pairs["doc_a"].to_numpy(), pairs["doc_b"].to_numpy()])
