"""Small collections of every profile, made once for all tests of this folder."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from corpus.__main__ import main
from corpus.block import FILES
from corpus.truth import SCHEMAS


class Made(NamedTuple):
    """A collection with its truth."""

    folder: Path
    records: dict[str, dict[str, str]]
    rows: dict[str, list[dict[str, Any]]]


def read(folder: Path) -> Made:
    """A collection from its folder and the one beside it."""
    lines = [line for name in FILES for line in (folder / name).read_text("utf-8").splitlines()]
    records = [json.loads(line) for line in lines]
    assert len({record["id"] for record in records}) == len(records)
    truth = folder.with_name(f"{folder.name}-truth")
    rows = {name: pq.read_table(truth / f"{name}.parquet").to_pylist() for name in SCHEMAS}
    return Made(folder, {record["id"]: record for record in records}, rows)


@functools.cache
def made(profile: str, documents: int = 400, seed: int = 3) -> Made:
    """A collection of that profile."""
    folder = Path(tempfile.mkdtemp(prefix="corpus-")) / "out"
    assert main(["make", str(folder), "--documents", str(documents), "--seed", str(seed), "--profile", profile]) == 0
    return read(folder)
