"""The shipped character tables that the normaliser looks every character up in."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Characters(NamedTuple):
    """What each character is; the bits of an entry are explained at the head of `dedup.documents.kernels`.

    table
        ``[0x110000] uint32``, one entry per code point.
    expansions
        ``[m, 8] uint32``, zero-padded: the letters, or the codes, of characters that fold to several.
    """

    table: np.ndarray
    expansions: np.ndarray


@functools.cache
def characters() -> Characters:
    """Read the tables once per process (4.4 MB, about 10 ms).

    They are built by ``tools/make_characters.py`` and shipped: built from the running Python's `unicodedata`, the same
    text would get other tokens under another version of Python.
    """
    with np.load(Path(__file__).with_name("characters.npz")) as file:
        return Characters(file["table"], file["expansions"])
