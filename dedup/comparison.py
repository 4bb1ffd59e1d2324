"""Two texts compared directly, without a search."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dedup.config import Config
from dedup.documents.normalise import normalise, pattern
from dedup.fingerprints.shingle import shingle_hashes
from dedup.tables import EXACT, NEAR


class Comparison(NamedTuple):
    """How alike two texts are.

    Attributes
    ----------
    similarity : float
        Jaccard similarity of the shingle sets in the text view: what a run compares with its threshold.
    containment_a, containment_b : float
        Share of one text's shingles that stand in the other.
    pattern_similarity : float
        Jaccard similarity in the pattern view, where every number is the same: high above `similarity` for two texts
        made from one template.
    label : str
        "exact" (equal text views), "near" (similarity ≥ threshold), or "" (neither).
    tokens_a, tokens_b : int
        Lengths in the text view.
    """

    similarity: float
    containment_a: float
    containment_b: float
    pattern_similarity: float
    label: str
    tokens_a: int
    tokens_b: int


def compare(a: str, b: str, config: Config | None = None) -> Comparison:
    """Compare two texts exactly.

    Parameters
    ----------
    a, b : str
    config : Config, optional
        Its `threshold`, `n` and `tokens` are used.

    Returns
    -------
    Comparison
        Texts without a single token are alike to none.
    """
    config = config or Config()
    codes = normalise(a, tokens=config.tokens), normalise(b, tokens=config.tokens)
    shared, size_a, size_b = _overlap(*codes, config)
    similarity = shared / max(1, size_a + size_b - shared)
    pattern_shared, pattern_a, pattern_b = _overlap(pattern(codes[0]), pattern(codes[1]), config)
    label = ""
    if len(codes[0]) and np.array_equal(*codes):
        label = EXACT
    elif similarity >= config.threshold:
        label = NEAR
    return Comparison(
        similarity=similarity,
        containment_a=shared / max(1, size_a),
        containment_b=shared / max(1, size_b),
        pattern_similarity=pattern_shared / max(1, pattern_a + pattern_b - pattern_shared),
        label=label,
        tokens_a=len(codes[0]),
        tokens_b=len(codes[1]),
    )


def _overlap(a: np.ndarray, b: np.ndarray, config: Config) -> tuple[int, int, int]:
    """Sizes of what two texts' shingle sets share, and of the sets."""
    left = np.unique(shingle_hashes(a, n=config.n, seed=config.seed))
    right = np.unique(shingle_hashes(b, n=config.n, seed=config.seed))
    return len(np.intersect1d(left, right, assume_unique=True)), len(left), len(right)
