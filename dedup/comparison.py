"""Two texts compared directly, without a search."""

from __future__ import annotations

from typing import NamedTuple

from dedup.config import Config
from dedup.reasons.explain import explain


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
        "exact" (equal text views), "near", "templated", "partial", or "" (none of these).
    tokens_a, tokens_b : int
        Lengths in the text view.
    rule : str
        What gave the label, as a sentence.
    coverage_a, coverage_b : float
        Share of each text that stands in the other in the same order.
    identity : float
        Share of equal tokens among those that stand against each other.
    """

    similarity: float
    containment_a: float
    containment_b: float
    pattern_similarity: float
    label: str
    tokens_a: int
    tokens_b: int
    rule: str
    coverage_a: float
    coverage_b: float
    identity: float


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

    See Also
    --------
    dedup.reasons.explain.explain : also what they share, and where they differ.
    """
    explanation = explain(a, b, config)
    return Comparison(*(getattr(explanation, name) for name in Comparison._fields))
