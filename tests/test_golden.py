"""Frozen values: whoever changes them makes every stored sketch and index unreadable, and must say so in CHANGELOG."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from dedup.documents.normalise import normalise, normalise_rows
from dedup.fingerprints.shingle import shingle_hashes
from dedup.fingerprints.sketch import band_keys, sketch_rows, text_hashes

TEXTS = pa.array(
    [
        "经(jīng)济發展３．５万元，同比-5%",
        "Notice no. 12: the office moves on 2023-05-01.",
        "20xx年**乡",
        "",
        "ｶﾞｽ料金①②㎡",
    ],
    pa.large_string(),
)


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def test_golden__token_codes() -> None:
    assert [hex(c) for c in normalise(TEXTS[0].as_py()).tolist()] == [
        "0x7ecf",
        "0x6d4e",
        "0x53d1",
        "0x5c55",
        "0xe4c1db1f",
        "0x4e07",
        "0x5143",
        "0x540c",
        "0x6bd4",
        "0xc02afb56",
    ]
    assert digest(normalise_rows(TEXTS).values) == "564d57d3da3d8dec"


def test_golden__shingles_sketches_and_keys() -> None:
    codes = normalise_rows(TEXTS)
    assert digest(shingle_hashes(codes.values)) == "d352fd7ccb6d01dd"
    sketches = sketch_rows(codes)
    assert digest(sketches) == "12ea38b173969bd7"
    assert digest(band_keys(sketches, 37, 6)) == "d1a9cba6f59dc5f6"
    assert digest(text_hashes(codes)) == "4ed3116d712b199b"
