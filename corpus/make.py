"""Writes a collection and its truth, block by block, with as many processes as there are processors."""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.block import FILES, Block, Plan, make_block
from corpus.truth import SCHEMAS

AHEAD = 2  # blocks a process may be ahead of what is written
# Rows of small blocks are gathered: a row group of a few rows costs more than it holds.
ROW_GROUP = 1 << 16
COLLECT_EVERY = 200_000
RECORD = "make.json"


class Made(NamedTuple):
    """What was written."""

    documents: int
    bytes: int


def truth_folder(out: Path) -> Path:
    """The truth lies beside the collection, not in it, so that no one reads it as documents."""
    return out.with_name(f"{out.name}-truth")


def make(out: Path, plan: Plan, *, processes: int | None = None) -> Made:
    """The collection in folder `out`, its truth beside it; neither is there before both are complete.

    Files of the same names are written over, others in the two folders are left alone.

    Raises
    ------
    OSError
        If something cannot be written.
    """
    folders = out, truth_folder(out)
    partials = [folder.with_name(f".{folder.name}-partial") for folder in folders]
    try:
        for partial_folder in partials:
            shutil.rmtree(partial_folder, ignore_errors=True)
            partial_folder.mkdir(parents=True)
        made = _write(*partials, plan, processes or os.cpu_count() or 1)
        for folder, partial_folder in zip(folders, partials, strict=True):
            folder.mkdir(exist_ok=True)
            for file in sorted(partial_folder.iterdir()):
                file.replace(folder / file.name)
    finally:
        for partial_folder in partials:
            shutil.rmtree(partial_folder, ignore_errors=True)
    return made


def _write(records: Path, truth: Path, plan: Plan, processes: int) -> Made:
    lines = dict.fromkeys(FILES, 0)
    with ExitStack() as stack:
        files = {name: stack.enter_context((records / name).open("wb")) for name in FILES}
        writers = {
            name: stack.enter_context(pq.ParquetWriter(truth / f"{name}.parquet", schema, compression="zstd"))
            for name, schema in SCHEMAS.items()
        }
        waiting: dict[str, list[pa.Table]] = {name: [] for name in SCHEMAS}
        for block in _blocks(plan, processes):
            documents = _further_down(block.truth["documents"], lines)
            for name, data in block.records.items():
                files[name].write(data)
                lines[name] += block.lines[name]
            for name, table in {**block.truth, "documents": documents}.items():
                waiting[name].append(table)
            _write_out(waiting, writers, ROW_GROUP)
        _write_out(waiting, writers, 1)
        size = sum(file.tell() for file in files.values())
    summary = {"profile": plan.profile, "seed": plan.seed, "documents": plan.documents, "bytes": size}
    (truth / RECORD).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return Made(sum(lines.values()), size)


def _further_down(documents: pa.Table, lines: dict[str, int]) -> pa.Table:
    """The table of a block whose lines stand below so many lines of each file."""
    above = [lines[name] for name in documents.column("file").to_pylist()]
    place = documents.schema.get_field_index("line")
    return documents.set_column(place, "line", pc.add(documents.column("line"), pa.array(above, pa.int64())))


def _write_out(waiting: dict[str, list[pa.Table]], writers: dict[str, pq.ParquetWriter], least: int) -> None:
    for name, parts in waiting.items():
        if sum(part.num_rows for part in parts) >= least:
            writers[name].write_table(pa.concat_tables(parts))
            parts.clear()


def _collect_rarely() -> None:
    """Blocks are many small objects in no cycles: looking for garbage among them took a fifth of the time."""
    gc.set_threshold(COLLECT_EVERY)


def _blocks(plan: Plan, processes: int) -> Iterator[Block]:
    """All blocks in order."""
    if processes == 1 or plan.blocks == 1:
        yield from map(partial(make_block, plan), range(plan.blocks))
        return
    with ProcessPoolExecutor(processes, initializer=_collect_rarely) as pool:
        ahead: deque[Future[Block]] = deque()
        for block in range(plan.blocks):
            ahead.append(pool.submit(make_block, plan, block))
            if len(ahead) > AHEAD * processes:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
