"""How many bands of how many rows: recall first, then the least work."""

from __future__ import annotations

import math
from typing import NamedTuple

from dedup.errors import ConfigError

# What a band costs for a document (its key, its place in a sort), and what verifying a candidate costs, in seconds;
# measured on texts of 125 to 1,400 characters. Only their ratio decides.
BAND_S = 25e-9
VERIFY_S = 5e-6

# Similarities of pairs that are no copies. Unrelated texts of one topic: exponential with this mean (largest seen among
# pieces of one page .0125). Related ones (one template, one law in other versions): so many per document, spread evenly
# over 0 to 1, as counted in law articles.
BACKGROUND = 0.002
RELATED = 8.0
COLLECTION = 1_000_000


class Bands(NamedTuple):
    """`bands` bands of `rows` values each: a pair is a candidate if all values of some band agree."""

    bands: int
    rows: int

    def probability(self, similarity: float) -> float:
        """With which probability a pair of this Jaccard similarity becomes a candidate: 1 - (1 - s^rows)^bands.

        Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4.
        """
        return -math.expm1(self.bands * math.log1p(-min(similarity**self.rows, 1 - 1e-16)))


def choose_bands(threshold: float, recall: float, k: int) -> Bands:
    """The bands that find a pair at the threshold with probability ≥ `recall` at the least expected work.

    Balancing misses against false candidates, as is usual, gives 9 bands of 13 rows at .8, which find 40 % of the pairs
    at .8. Every candidate is verified here, so false ones cost time and nothing else.

    Raises
    ------
    ConfigError
        If k values are too few for that recall.
    """
    choices = []
    for rows in range(1, k + 1):
        hit = threshold**rows
        bands = 1 if hit >= 1 else math.ceil(math.log(1 - recall) / math.log1p(-hit))
        if bands * rows > k:
            break
        choices.append(Bands(bands, rows))
        if hit >= 1:
            choices.append(Bands(1, min(k, 8)))
            break
    if not choices:
        raise ConfigError(f"recall = {recall} at threshold {threshold} needs more than k = {k} values; raise k")
    return min(choices, key=_work)


def _work(bands: Bands) -> float:
    """Seconds for a collection of `COLLECTION` documents."""
    return COLLECTION * bands.bands * BAND_S + expected_candidates(bands, COLLECTION) * VERIFY_S


def expected_candidates(bands: Bands, documents: int) -> float:
    """Pairs that become candidates in a collection without copies, under the similarities assumed above."""
    # E[s^r] of an exponential variable is r! mean^r.
    background = documents * (documents - 1) / 2 * bands.bands
    background *= math.exp(math.lgamma(bands.rows + 1) + bands.rows * math.log(BACKGROUND))
    steps = 100
    related = documents * RELATED / 2 * sum(bands.probability((i + 0.5) / steps) for i in range(steps)) / steps
    return background + related
