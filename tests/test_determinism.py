"""Threads, the order in which blocks finish, and the cutting of the input over files change no byte of the result."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dedup
from dedup import collect
from dedup.documents import blocks, jsonl


def write(path: Path, records: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path


def files(folder: Path) -> dict[str, bytes]:
    found = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    found.pop("run.json")
    return found


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough blocks to get out of order."""
    monkeypatch.setattr(jsonl, "read_line_blocks", lambda source, *_: blocks.read_line_blocks(source, 20_000))


def test_run__gives_the_same_bytes_with_any_threads_and_block_order(
    tmp_path: Path, sample_records: list[dict[str, str]], small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "in.jsonl", sample_records[:900])
    original: Callable[..., Any] = collect.fingerprint

    def shuffled(*arguments: Any) -> Any:
        time.sleep(random.random() / 50)
        return original(*arguments)

    dedup.dedupe(path, dedup.Config(threads=1), out=tmp_path / "one")
    monkeypatch.setattr(collect, "fingerprint", shuffled)
    for threads in (2, 5):
        dedup.dedupe(path, dedup.Config(threads=threads), out=tmp_path / str(threads))
        assert files(tmp_path / str(threads)) == files(tmp_path / "one")


def test_run__gives_the_same_clusters_for_seven_files(tmp_path: Path, sample_records: list[dict[str, str]]) -> None:
    whole = write(tmp_path / "whole.jsonl", sample_records)
    parts = tmp_path / "parts"
    parts.mkdir()
    cuts = [0, 1, 200, 201, 650, 900, 1400, len(sample_records)]
    for i in range(7):
        write(parts / f"{i}.jsonl", sample_records[cuts[i] : cuts[i + 1]])
    one = dedup.dedupe(whole, out=tmp_path / "one")
    seven = dedup.dedupe(parts, out=tmp_path / "seven")
    assert len(one.clusters) > 100
    assert seven.pairs.equals(one.pairs) and seven.clusters.equals(one.clusters)
    for name in ("pairs.parquet", "clusters.jsonl"):
        assert (tmp_path / "seven" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    kept = b"".join((tmp_path / "seven" / "kept" / f"{i}.jsonl").read_bytes() for i in range(7))
    assert kept == (tmp_path / "one" / "kept" / "whole.jsonl").read_bytes()


def test_run__twice_gives_the_same_bytes(tmp_path: Path, sample_records: list[dict[str, str]]) -> None:
    path = write(tmp_path / "in.jsonl", sample_records[:300])
    dedup.dedupe(path, out=tmp_path / "a")
    dedup.dedupe(path, out=tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")
