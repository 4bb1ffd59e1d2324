"""The first stage: inputs → documents, token codes, text hashes and band keys, in one pass over a thread pool."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.documents import kernels as document_kernels
from dedup.documents.blocks import Block, Rejected, Task
from dedup.documents.characters import characters
from dedup.documents.fields import Fields
from dedup.documents.html import extract_tasks
from dedup.documents.normalise import Codes, normalise_rows, utf8_buffers
from dedup.documents.read import read_source
from dedup.documents.sources import Source, check_extra
from dedup.fingerprints.sketch import band_keys, pieces, scratch_for, sketch_rows, text_hashes
from dedup.matches.bands import Bands
from dedup.paged import (
    LineSink,
    PageLines,
    ReadLines,
    by_line,
    join_pages,
    load_table,
    mapped_lines,
    number_sources,
    read_lines,
)
from dedup.pages.boilerplate.counts import LineCounts
from dedup.pages.boilerplate.table import BoilerplateTable
from dedup.work import WorkFolder, map_array, write_array

IN_MEMORY = "texts.jsonl"
# Rows that small files are put together to before they are written down: a piece per file would make every later
# stage as slow as there are files.
PIECE_ROWS = 4096


class Record(NamedTuple):
    """A rejected record: the number of its source, its line (0: the file), why, and its byte range."""

    source: int
    line: int
    reason: str
    byte_start: int
    byte_end: int


@dataclass(slots=True)
class Collection:
    """Everything later stages need to know of the documents.

    Attributes
    ----------
    sources : list of Source
    rows : pa.Table
        ``id string``, ``source int32``, ``line byte_start byte_end int64``, and ``field:NAME string`` columns.
    codes : Codes
        Text view of every document; on the way from files it is mapped, not held.
    hashes : ``[m] uint64``
        Of whole texts, 0 for those without tokens.
    blocks : list of ``[bands, rows of the block] uint64``
        Band keys.
    damage : ``[m] int64``
        Marks of damage, for ``--keep cleanest``; else zeros.
    rejected : list of Record
    notes : list of str
        What was guessed.
    text_bytes : int
        UTF-8 bytes of all texts.
    texts : pa.LargeStringArray or None
        If offsets into them will be asked for, or if they were taken out of HTML; from files it is mapped, not held.
    lines : PageLines or None
        If the run looks at lines: then there are no hashes and no band keys yet.
    boilerplate : BoilerplateTable or None
        What is to be set aside.
    aside : ``[lines] bool`` or None
        Which lines were; their tokens are not in `codes` any more.
    """

    sources: list[Source]
    rows: pa.Table
    codes: Codes
    hashes: np.ndarray
    blocks: list[np.ndarray]
    damage: np.ndarray
    rejected: list[Record] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    text_bytes: int = 0
    texts: pa.LargeStringArray | None = None
    lines: PageLines | None = None
    boilerplate: BoilerplateTable | None = None
    aside: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.codes.offsets) - 1

    def keys_of(self, band: int) -> np.ndarray:
        """The keys of one band, ``[m] uint64``."""
        return np.concatenate([np.empty(0, np.uint64), *[block[band] for block in self.blocks]])

    def text_tokens(self, rows: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """The numbers of tokens in their whole texts, given those among what was not set aside."""
        if self.lines is None or self.aside is None:
            return tokens
        lines = self.lines
        whole, left = lines.starts(), lines.starts(self.aside)
        position = self.codes.offsets[rows] + tokens
        line = np.searchsorted(left, position, side="right") - 1
        found: np.ndarray = whole[line] + position - left[line] - whole[lines.first[rows]]
        return found

    def groups(self, name: str) -> np.ndarray | None:
        """The number of each document's value of a field, ``[m] int64``; only equal ones are compared. None: all."""
        if not name:
            return None
        column = pc.fill_null(self.rows.column(f"field:{name}"), "").combine_chunks()
        numbers: np.ndarray = pc.dictionary_encode(column).indices.to_numpy().astype(np.int64)
        return numbers

    def reference(self) -> np.ndarray:
        """Which documents are only compared with, ``[m] bool``."""
        flags = np.array([source.reference for source in self.sources] or [False])
        source = self.rows.column("source").to_numpy()
        return flags[source] if len(source) else np.zeros(0, bool)


class _Fingerprints(NamedTuple):
    """One block, taken through normalise, sketch and bands by a worker."""

    block: Block
    codes: list[np.ndarray]
    lengths: np.ndarray
    hashes: np.ndarray
    keys: np.ndarray
    damage: np.ndarray
    text_bytes: int
    lines: ReadLines | None


def fingerprint(block: Block, config: Config, bands: Bands | None) -> _Fingerprints:
    """The work of one block; pieces of it stay in the processor's cache from the text to the keys.

    Without `bands` there are no keys: passages are all that is looked for.
    """
    texts = block.rows.column("text").combine_chunks()
    m = len(texts)
    lines = None
    if by_line(config):
        lines = read_lines(texts, config)
        bands = None
    lengths, hashes = np.zeros(m, np.int64), np.zeros(m, np.uint64)
    keys = np.empty((bands.bands if bands else 0, m), np.uint64)
    codes: list[np.ndarray] = []
    if lines is not None:
        codes.append(lines.codes.values)
        lengths = np.diff(lines.codes.offsets[lines.page_lines.first])
    cut = pieces(texts) if lines is None else []
    scratch = scratch_for(texts, cut)
    for a, b in cut:
        part = normalise_rows(texts.slice(a, b - a), tokens=config.tokens, scratch=scratch)
        codes.append(part.values.copy())
        lengths[a:b] = np.diff(part.offsets)
        hashes[a:b] = text_hashes(part)
        if bands:
            sketches = sketch_rows(part, n=config.n, k=config.k, seed=config.seed)
            keys[:, a:b] = band_keys(sketches, bands.bands, bands.rows)
    damage = np.zeros(m, np.int64)
    data, offsets = utf8_buffers(texts)
    if config.keep_rule()[0] == "cleanest":
        document_kernels.count_damage(data, offsets, characters().table, damage)
    return _Fingerprints(block, codes, lengths, hashes, keys, damage, int(offsets[-1] - offsets[0]) if m else 0, lines)


def _numbered(number: int, task: Task, config: Config, bands: Bands | None) -> tuple[int, _Fingerprints]:
    return number, fingerprint(task(), config, bands)


def in_order(executor: Executor, tasks: Iterable[Callable[[], Any]], ahead: int) -> Iterator[Any]:
    """Results of tasks in their order; at most `ahead` are under way, so blocks bound the memory, not files."""
    waiting: deque[Future[Any]] = deque()
    try:
        for task in tasks:
            waiting.append(executor.submit(task))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes; "" if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def collect_files(
    sources: list[Source],
    config: Config,
    bands: Bands | None,
    work: WorkFolder,
    executor: Executor,
    threads: int,
    on_block: Callable[[int, int], None],
) -> dict[str, Any]:
    """Read, normalise and sketch files into the work folder: what `load_collection` needs to know besides.

    Parameters
    ----------
    on_block : function
        Called with the documents and the text bytes read so far.
    """
    wanted = Fields(config.text_fields(), config.id, config.other_fields(), html=config.html)
    notes: list[str] = []
    rejected: list[Record] = []
    sizes: list[int] = []
    columns: list[list[np.ndarray]] = [[], [], []]
    rows: list[pa.Table] = []
    places: list[tuple[int, int, int]] = []  # of each of `rows`: source, lines before it, how many
    band_blocks: list[np.ndarray] = []
    total, written, text_bytes = 0, 0, 0

    def tasks() -> Iterator[Callable[[], tuple[int, _Fingerprints]]]:
        for number, source in enumerate(sources):
            found, said = read_source(source, wanted, config.encoding)
            for task in found:
                yield partial(_numbered, number, task, config, bands)
            notes.extend(said)  # complete by now

    keep_texts = config.passages or config.templates or any(is_extracted(source, config) for source in sources)
    text_sizes: list[np.ndarray] = []
    lined = LineSink(work, config) if by_line(config) else None
    with (
        (work.path / "codes.u32").open("wb") as codes,
        (work.path / "texts.utf8").open("wb") as texts,
        (work.path / "keys.u64").open("wb") as keys,
        pa.OSFile(str(work.path / "rows.arrow"), "wb") as file,
        pa.ipc.new_file(file, _row_schema(wanted)) as writer,
    ):

        def write_down() -> None:
            nonlocal written
            numbers, offsets, counts = np.array(places, np.int64).T
            number, line = (np.repeat(column, counts) for column in (numbers, offsets))
            table = pa.concat_tables(rows).combine_chunks()
            for batch in _place(table, number, line, sources, wanted).to_batches():
                writer.write_batch(batch)
            write_array(keys, np.concatenate(band_blocks, axis=1))
            sizes.append(total - written)
            written = total
            rows.clear()
            places.clear()
            band_blocks.clear()

        current, line = -1, 0
        for number, part in in_order(executor, tasks(), threads + 2):
            if number != current:
                current, line = number, 0
            rejected += [_placed(number, line, r) for r in part.block.rejected]
            if lined is not None and part.lines is not None:
                lined.add(part.lines, part.block.rows)
            if keep_texts:
                data, offsets = utf8_buffers(part.block.rows.column("text").combine_chunks())
                write_array(texts, data[offsets[0] : offsets[-1]])
                text_sizes.append(np.diff(offsets))
            rows.append(part.block.rows.drop_columns("text"))
            places.append((number, line, len(part.hashes)))
            band_blocks.append(part.keys)
            line += part.block.lines
            for piece in part.codes:
                write_array(codes, piece)
            for column, values in zip(columns, (part.lengths, part.hashes, part.damage), strict=True):
                column.append(values)
            total += len(part.hashes)
            text_bytes += part.text_bytes
            if total - written >= PIECE_ROWS:
                write_down()
            on_block(total, text_bytes)
        if total > written:
            write_down()
    for name, column, kind in zip(("lengths", "hashes", "damage"), columns, "iui", strict=True):
        work.save(name, np.concatenate([np.empty(0, np.dtype(f"{kind}8")), *column]))
    if lined is not None:
        lined.close()
    if keep_texts:
        work.save("text_ends", np.cumsum(np.concatenate([np.zeros(1, np.int64), *text_sizes])))
    (work.path / "rejected.json").write_text(json.dumps(rejected))
    width = bands.bands if bands and not by_line(config) else 0
    return {"blocks": sizes, "notes": notes, "text_bytes": text_bytes, "bands": width}


def load_collection(sources: list[Source], work: WorkFolder) -> Collection:
    """What the read stage left in the work folder; texts' codes and band keys stay on disk, mapped."""
    state = work.done("read") or {}
    lengths = work.load("lengths")
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    values = map_array(work.path / "codes.u32", np.uint32)
    keys = map_array(work.path / "keys.u64", np.uint64)
    blocks, at, bands = [], 0, state["bands"]
    for size in state["blocks"]:
        blocks.append(keys[at : at + size * bands].reshape(bands, size))
        at += size * bands
    with pa.memory_map(str(work.path / "rows.arrow")) as source:
        rows = pa.ipc.open_file(source).read_all()
    rejected = [Record(*values) for values in json.loads((work.path / "rejected.json").read_text())]
    return Collection(
        sources=sources,
        rows=rows,
        codes=Codes(values, offsets),
        hashes=work.load("hashes"),
        blocks=blocks,
        damage=work.load("damage"),
        rejected=rejected,
        notes=state["notes"],
        text_bytes=state["text_bytes"],
        texts=_mapped_texts(work),
        lines=mapped_lines(work),
        boilerplate=load_table(work),
    )


def is_extracted(source: Source, config: Config) -> bool:
    """Whether the texts of a file do not stand in it as they are read: they are taken out of HTML."""
    return source.format in ("html", "warc") or config.html


def _mapped_texts(work: WorkFolder) -> pa.LargeStringArray | None:
    """The texts the read stage wrote down, if it did."""
    if not (work.path / "text_ends.npy").exists():
        return None
    ends = work.load("text_ends")
    data = pa.memory_map(str(work.path / "texts.utf8")).read_buffer() if ends[-1] else pa.py_buffer(b"")
    return pa.LargeStringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), data)


def collect_texts(
    texts: pa.ChunkedArray,
    ids: pa.ChunkedArray,
    others: dict[str, pa.ChunkedArray],
    config: Config,
    bands: Bands | None,
    executor: Executor,
    threads: int,
    on_block: Callable[[int, int], None],
) -> Collection:
    """Normalise and sketch texts that are in memory; null ones are rejected, `line` counts them from 1.

    With ``config.html`` they are pages: main texts are what is collected, and a page without one is rejected.

    Raises
    ------
    MissingExtra
        If HTML is to be taken apart and cannot be.
    """
    if config.html:
        check_extra(["html"])
    source = Source(Path(IN_MEMORY), IN_MEMORY, "jsonl")
    present = pc.is_valid(texts).to_numpy()
    places = np.flatnonzero(present)
    rejected = [Record(0, row + 1, "the text is null", 0, 0) for row in np.flatnonzero(~present).tolist()]
    table = pa.table(
        {
            "id": ids,
            "text": texts.cast(pa.large_string()),
            "line": pa.array(np.arange(1, len(texts) + 1)),
            "byte_start": pa.array(np.zeros(len(texts), np.int64)),
            "byte_end": pa.array(np.zeros(len(texts), np.int64)),
            **{f"field:{name}": column.cast(pa.string()) for name, column in others.items()},
        }
    )
    if rejected:
        table = table.take(places)
    wanted = Fields(("text",), "id", tuple(others))
    step = 4096
    slices = [table.slice(a, step) for a in range(0, table.num_rows, step)]
    tasks: Iterator[Task] = (partial(Block, rows, len(rows)) for rows in slices)
    if config.html:
        tasks = extract_tasks(tasks)
    rows, parts = [], []
    total, text_bytes = 0, 0
    counts = LineCounts() if config.boilerplate == "auto" else None
    names: dict[str, int] = {}
    for _, part in in_order(executor, (partial(_numbered, 0, task, config, bands) for task in tasks), threads + 2):
        parts.append(part)
        rejected += [_placed(0, 0, record) for record in part.block.rejected]
        if counts is not None and part.lines is not None and part.lines.keys is not None:
            sources = number_sources(part.block.rows, config.source, names)
            counts.add(part.lines.keys, part.lines.lines, total, sources)
        nothing = np.zeros(len(part.hashes), np.int64)
        rows.append(_place(part.block.rows, nothing, nothing, [source], wanted))
        total += len(part.hashes)
        text_bytes += part.text_bytes
        on_block(total, text_bytes)
    lengths = np.concatenate([np.zeros(0, np.int64), *[p.lengths for p in parts]])
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return Collection(
        sources=[source],
        rows=pa.concat_tables([_row_schema(wanted).empty_table(), *rows]),
        codes=Codes(np.concatenate([np.zeros(0, np.uint32), *[piece for p in parts for piece in p.codes]]), offsets),
        hashes=np.concatenate([np.zeros(0, np.uint64), *[p.hashes for p in parts]]),
        blocks=[p.keys for p in parts],
        damage=np.concatenate([np.zeros(0, np.int64), *[p.damage for p in parts]]),
        rejected=sorted(rejected, key=lambda record: record.line),
        text_bytes=text_bytes,
        texts=_held_texts(table, [part.block.rows for part in parts], config),
        lines=join_pages([p.lines.page_lines for p in parts if p.lines]) if by_line(config) else None,
        boilerplate=counts.table(list(names)) if counts is not None else None,
    )


def _held_texts(given: pa.Table, collected: list[pa.Table], config: Config) -> pa.LargeStringArray | None:
    """The texts of documents in memory, if offsets into them will be asked for, or if they are not the given ones."""
    if config.html:
        return pa.concat_tables([given.slice(0, 0), *collected]).column("text").combine_chunks()
    return given.column("text").combine_chunks() if config.passages or config.templates else None


def _row_schema(fields: Fields) -> pa.Schema:
    columns = [("id", pa.string()), ("source", pa.int32())]
    columns += [(name, pa.int64()) for name in ("line", "byte_start", "byte_end")]
    return pa.schema([*columns, *((f"field:{name}", pa.string()) for name in fields.others)])


def _place(rows: pa.Table, number: np.ndarray, line: np.ndarray, sources: list[Source], fields: Fields) -> pa.Table:
    """Rows of blocks as rows of the collection: absolute lines, and an identifier for every document.

    Parameters
    ----------
    number, line : ``[r] int64``
        Of each row: its source, and how many lines of that stand before its block.
    """
    lines = pa.array(rows.column("line").to_numpy() + line)
    ids = rows.column("id")
    if ids.null_count:
        used, which = np.unique(number, return_inverse=True)
        names = pa.array([sources[i].name for i in used.tolist()], pa.string()).take(pa.array(which))
        whole = np.array([sources[i].format == "text" for i in used.tolist()])[which]
        numbered = pc.binary_join_element_wise(names, lines.cast(pa.string()), ":")
        ids = pc.if_else(pc.is_null(ids), pc.if_else(pa.array(whole), names, numbered), ids)
    columns = {
        "id": ids,
        "source": pa.array(number.astype(np.int32)),
        "line": lines,
        "byte_start": rows.column("byte_start"),
        "byte_end": rows.column("byte_end"),
    }
    columns |= {f"field:{name}": rows.column(f"field:{name}") for name in fields.others}
    return pa.table(columns, schema=_row_schema(fields))


def _placed(number: int, line: int, rejected: Rejected) -> Record:
    absolute = rejected.line + line if rejected.line else 0
    return Record(number, absolute, rejected.reason, rejected.byte_start, rejected.byte_end)
