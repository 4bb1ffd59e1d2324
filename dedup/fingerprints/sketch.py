"""Shingles → sketches → band keys: what lets similar texts be found without comparing all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dedup.documents.normalise import Codes, normalise_rows
from dedup.fingerprints import kernels

if TYPE_CHECKING:
    from datasketch import LeanMinHash

# Scattered rounds before the bins still empty are filled one by one; part of the sketch's definition. For texts of 125
# characters 8 to 12 were equally fast, 4 and 16 slower by 10 to 40 %; below 50 characters fewer are better.
ROUNDS = 8

# Texts are taken through normalise and sketch together in pieces whose codes stay in the second-level cache.
PIECE_BYTES = 192 << 10


def sketch_rows(codes: Codes, *, n: int = 5, k: int = 256, seed: int = 1, scheme: str = "fast") -> np.ndarray:
    """Sketches of texts: the share of equal values of two sketches estimates their Jaccard similarity without bias.

    Parameters
    ----------
    codes : Codes
    n : int
        Tokens per shingle.
    k : int
        Values per sketch; a power of two for "fast".
    seed : int
    scheme : {"fast", "affine32"}
        Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup, FOCS 2017, section 2): one pass for long texts, the
        accuracy of k-permutation MinHash for short ones. "affine32" is that MinHash, equal bit for bit to
        ``datasketch.MinHash(num_perm=k, seed=seed, scheme="affine32")`` fed with the upper 32 bits of each shingle
        hash; k times the work.

    Returns
    -------
    sketches : ``[m, k] uint32``
        A text without tokens has all ones, and must not be compared.
    """
    out = np.empty((len(codes.offsets) - 1, k), np.uint32)
    if scheme == "affine32":
        multipliers, increments = _permutations(k, seed)
        kernels.affine32_rows(codes.values, codes.offsets, n, seed, multipliers, increments, out)
    else:
        kernels.sketch_rows(codes.values, codes.offsets, n, seed, ROUNDS, out)
    return out


def sketch_texts(
    texts: pa.Array,
    *,
    n: int = 5,
    k: int = 256,
    seed: int = 1,
    tokens: str = "auto",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Sketches ``[m, k] uint32`` straight from an Arrow string array without nulls, into `out` if it is given."""
    if out is None:
        out = np.empty((len(texts), k), np.uint32)
    cut = pieces(texts)
    scratch = scratch_for(texts, cut)
    for a, b in cut:
        codes = normalise_rows(texts.slice(a, b - a), tokens=tokens, scratch=scratch)
        kernels.sketch_rows(codes.values, codes.offsets, n, seed, ROUNDS, out[a:b])
    return out


def pieces(texts: pa.Array) -> list[tuple[int, int]]:
    """Row ranges of about `PIECE_BYTES` each; a longer text is a piece of its own."""
    if not len(texts):
        return []
    offsets = _offsets(texts)
    cuts = np.searchsorted(offsets, np.arange(offsets[0], offsets[-1], PIECE_BYTES)[1:])
    edges = np.unique(np.concatenate([[0], cuts, [len(texts)]])).tolist()
    return list(zip(edges, edges[1:], strict=False))


def scratch_for(texts: pa.Array, cut: list[tuple[int, int]]) -> np.ndarray:
    """Room for the codes of the largest of some `pieces`."""
    offsets = _offsets(texts)
    return np.empty(max((int(offsets[b] - offsets[a]) for a, b in cut), default=0), np.uint32)


def _offsets(texts: pa.Array) -> np.ndarray:
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    if not len(texts):
        return np.zeros(1, np.int64)
    return np.frombuffer(texts.buffers()[1], width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)


def band_keys(sketches: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """Keys ``[bands, m] uint64``: two texts share key b exactly if all `rows` values of band b agree (but for 2⁻⁶⁴)."""
    out = np.empty((bands, len(sketches)), np.uint64)
    kernels.band_keys(sketches, rows, out)
    return out


def text_hashes(codes: Codes) -> np.ndarray:
    """A hash of each whole text, ``[m] uint64``; 0 where there is no token."""
    out = np.empty(len(codes.offsets) - 1, np.uint64)
    kernels.text_hashes(codes.values, codes.offsets, out)
    return out


def minhashes(texts: Sequence[str] | pa.Array, num_perm: int = 128, seed: int = 1) -> list[LeanMinHash]:
    """datasketch sketches of texts, some 80 times faster than ``MinHash.update_batch``.

    For users of datasketch: the slow step is exchanged, and MinHashLSH, MinHashLSHForest, MinHashLSHEnsemble and their
    storages go on working with the result. The shingles are five tokens of the text view.

    Parameters
    ----------
    texts : sequence of str, or Arrow string array
    num_perm : int
        Permutations, as in datasketch.
    seed : int
        Of the permutations, as in datasketch: only sketches of one seed can be compared.

    Returns
    -------
    list of datasketch.LeanMinHash
        One per text; that of a text without tokens is empty.

    Raises
    ------
    ValueError
        If a text is null or not valid Unicode.
    """
    from datasketch import LeanMinHash

    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = pa.array(list(texts), pa.large_string())
    if texts.null_count:
        raise ValueError(f"{texts.null_count} of the texts are null")
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    sketches = sketch_rows(normalise_rows(texts.cast(pa.large_string())), k=num_perm, seed=seed, scheme="affine32")
    return [LeanMinHash(seed=seed, hashvalues=row, scheme="affine32") for row in sketches]


def _permutations(k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of datasketch's permutations h → a h + b mod 2³², drawn as it draws them."""
    from datasketch import MinHash

    multipliers, increments = MinHash(num_perm=k, seed=seed, scheme="affine32").permutations
    return np.ascontiguousarray(multipliers, np.uint32), np.ascontiguousarray(increments, np.uint32)
