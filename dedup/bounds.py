"""What a run will find and need, before anyone starts it."""

from __future__ import annotations

from typing import Any

from dedup.config import Config
from dedup.matches.bands import Bands, choose_bands, expected_candidates

# Bytes of anonymous memory per document (arrays of the stages, measured at 10⁵ and 10⁶ documents), and for the process
# itself with two threads.
DOCUMENT_BYTES = 330
PROCESS_MB = 220
# Bytes a document takes in the work folder besides its token codes and band keys: identifier, positions, lengths.
ROW_BYTES = 110
# Bytes of UTF-8 in one character of mostly Chinese text.
CHARACTER_BYTES = 2.9


def forecast(config: Config, documents: int, length: int) -> dict[str, Any]:
    """Bands, S-curve, expected candidates, memory and disk of a run.

    Parameters
    ----------
    config : Config
    documents : int
    length : int
        Characters per document.

    Returns
    -------
    dict
        With the keys that `dedup bounds --json` prints; MB are 10⁶ bytes.
    """
    bands = (
        Bands(config.bands, config.rows) if config.bands else choose_bands(config.threshold, config.recall, config.k)
    )
    curve = [(i / 20, bands.probability(i / 20)) for i in range(4, 21)]
    text_mb = documents * length * CHARACTER_BYTES / 1e6
    return {
        "threshold": config.threshold,
        "recall": config.recall,
        "k": config.k,
        "bands": bands.bands,
        "rows": bands.rows,
        "at_threshold": bands.probability(config.threshold),
        "curve": curve,
        "documents": documents,
        "length": length,
        "candidates": expected_candidates(bands, documents),
        "memory_mb": PROCESS_MB + documents * DOCUMENT_BYTES / 1e6,
        "work_mb": documents * (4 * length * 0.9 + 8 * bands.bands + ROW_BYTES) / 1e6,
        "output_mb": text_mb + documents * ROW_BYTES / 1e6,
    }
