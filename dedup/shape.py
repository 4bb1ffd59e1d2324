"""Pages → the documents of a run: lines of the site set aside, pages cut into pieces, and their sketches."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.collect import Collection
from dedup.config import Config
from dedup.documents.normalise import Codes
from dedup.fingerprints.sketch import band_keys, sketch_rows, text_hashes
from dedup.matches.bands import Bands
from dedup.paged import PageLines, number_sources
from dedup.pages import kernels as page_kernels
from dedup.pages.boilerplate.keys import LineKeys
from dedup.pages.boilerplate.table import BoilerplateTable
from dedup.pages.lines import Lines
from dedup.pages.pieces.split import PIECE, Places, seams, split
from dedup.reasons.label import label_pairs
from dedup.reuse import kernels as reuse_kernels
from dedup.reuse.matches import Matches
from dedup.tables import EXACT, LABELS, NEAR, TEMPLATED
from dedup.work import WorkFolder

BLOCK_LINES = 1 << 20
SKETCHED_TOKENS = 1 << 20
# A copied passage of fewer tokens says nothing about where texts begin and end; one that goes on after a gap of no
# more than GAP on both sides is one copy, edited.
LEAST_COPY = 150
GAP, WIDE_GAP = 300, 1000
# A boundary of a copy is one of a piece if a line begins within so many tokens.
SNAP = 16
SAME_BODY = 0.3  # share of the longer of two texts that has to be copied for both to be one text
LEAST_PART = 8  # tokens of a match in a piece


def set_aside(pages: Collection, config: Config, work: WorkFolder | None) -> Collection:
    """The same pages without the tokens of boilerplate lines."""
    table = pages.boilerplate
    if pages.lines is None or table is None or not table.templates:
        return pages
    aside = mark_pages(pages, table, config)
    lines = pages.lines
    starts = lines.starts(aside)
    total = int(starts[-1])
    if work is None or not total:
        values = np.empty(total, np.uint32)
    else:
        values = np.memmap(work.path / "kept.u32", np.uint32, "w+", shape=(total,))
    page_kernels.gather_kept(pages.codes.values, lines.tokens, aside, values)
    return replace(pages, codes=Codes(values, starts[lines.first]), aside=aside)


def set_aside_counts(pages: Collection) -> dict[str, int]:
    """How many templates there are, and the lines and tokens that were set aside."""
    found = {"templates": len(pages.boilerplate.templates) if pages.boilerplate else 0, "lines": 0, "tokens": 0}
    if pages.lines is not None and pages.aside is not None:
        found["lines"] = int(pages.aside.sum())
        found["tokens"] = int(pages.lines.tokens[pages.aside].sum())
    return found


def mark_pages(pages: Collection, table: BoilerplateTable, config: Config) -> np.ndarray:
    """Which lines of all pages are boilerplate, ``[lines] bool``; keys are read some at a time."""
    assert pages.lines is not None
    lines = pages.lines
    names: dict[str, int] = {}
    sources = number_sources(pages.rows, config.source, names)
    flags = np.empty(len(lines.tokens), np.bool_)
    edges = np.searchsorted(lines.first, np.arange(0, lines.first[-1], BLOCK_LINES)[1:])
    edges = np.unique(np.concatenate([[0], edges, [len(lines.first) - 1]])).tolist()
    for begin, end in zip(edges, edges[1:], strict=False):
        a, b = lines.first[begin], lines.first[end]
        whole, weak = np.array(lines.whole[a:b]), np.array(lines.weak[a:b])
        keys = LineKeys(whole, weak, whole, np.empty((0, 0), np.uint64))
        block = Lines(pa.array([], pa.large_string()), lines.first[begin : end + 1] - a, np.empty(b - a, np.int64))
        flags[a:b] = table.mark(keys, block, sources[begin:end], list(names))
    return flags


def cut_pieces(pages: Collection, matches: Matches, executor: Executor) -> tuple[Collection, Matches]:
    """Cut pages at their headings and where copied passages begin or end.

    Returns
    -------
    pieces : Collection
        One row per piece, without sketches.
    matches : Matches
        Those of the pages, cut and numbered as the pieces are.
    """
    assert pages.lines is not None
    lines = pages.lines
    table = np.stack(matches, axis=1) if len(matches.a) else np.zeros((0, 7), np.int64)
    starts = lines.starts(pages.aside)
    extra = copied_edges(table, lines, starts, pages.codes, executor)
    found = split(lines.first, lines.points.astype(np.int64), lines.text_points, lines.cuts, extra)
    page = found.page_of()
    first_line = lines.first[page] + found.line
    offsets = np.append(starts[first_line], starts[-1])
    # Positions of the pieces within their pages.
    begin = offsets[:-1] - pages.codes.offsets[page]
    end = offsets[1:] - pages.codes.offsets[page]
    count = reuse_kernels.split_matches(table, found.first, begin, end, LEAST_PART, np.zeros((0, 7), np.int64))
    parts = np.empty((count, 7), np.int64)
    reuse_kernels.split_matches(table, found.first, begin, end, LEAST_PART, parts)
    number = np.arange(len(page)) - found.first[page] + 1
    ids = pages.rows.column("id").combine_chunks().take(pa.array(page))
    rows = pages.rows.take(pa.array(page))
    numbers = pa.array(number)
    named = pc.binary_join_element_wise(ids, numbers.cast(pa.string()), "#")
    rows = rows.set_column(rows.schema.get_field_index("id"), "id", named)
    for name, column in (
        ("page", ids),
        ("piece", numbers),
        ("start", found.start),
        ("end", found.end),
        ("kind", pa.array(["piece", "rest"]).take(pa.array(found.kind != PIECE).cast(pa.int8()))),
    ):
        rows = rows.append_column(name, column if isinstance(column, pa.Array) else pa.array(column))
    damage = pages.damage[page]
    if len(lines.damage):
        marks = np.concatenate([[0], np.cumsum(lines.damage, dtype=np.int64)])
        damage = np.diff(np.append(marks[first_line], marks[-1]))
    pieces = replace(pages, rows=rows, codes=Codes(pages.codes.values, offsets), damage=damage, lines=None, aside=None)
    return pieces, Matches(*parts.T.copy())


def copied_edges(table: np.ndarray, lines: PageLines, starts: np.ndarray, codes: Codes, executor: Executor) -> Places:
    """Lines at which what stands elsewhere begins or ends."""
    order = np.lexsort((table[:, 1], table[:, 3], table[:, 0]))
    ends = np.empty((len(table), 6), np.int64)
    ends = ends[: reuse_kernels.chain_ends(table, order, GAP, WIDE_GAP, ends)]
    ends = ends[np.minimum(ends[:, 2] - ends[:, 1], ends[:, 5] - ends[:, 4]) >= LEAST_COPY]
    ends = ends[~_same_texts(ends, codes, executor)]
    # Two texts that begin, or end, with a few other words each are the same text, edited there.
    sizes = np.diff(codes.offsets)
    before = ends[:, 1], ends[:, 4]
    behind = sizes[ends[:, 0]] - ends[:, 2], sizes[ends[:, 3]] - ends[:, 5]
    starts_apart, ends_apart = ((np.minimum(*rest) <= SNAP) | (np.maximum(*rest) > GAP) for rest in (before, behind))
    heads, tails = ends[starts_apart], ends[ends_apart]
    begins = _at_lines(heads[:, [0, 3]], heads[:, [1, 4]], lines, starts, codes)
    stops = _at_lines(tails[:, [0, 3]], tails[:, [2, 5]], lines, starts, codes)
    return seams(lines.cuts, begins, stops)


def _at_lines(pages: np.ndarray, tokens: np.ndarray, lines: PageLines, starts: np.ndarray, codes: Codes) -> Places:
    """The lines that begin within `SNAP` tokens of some tokens of pages."""
    page = pages.ravel()
    position = codes.offsets[page] + tokens.ravel()
    line = np.searchsorted(starts, position)  # the first line that begins at or behind it
    before = np.maximum(line - 1, 0)
    line = np.where(starts[line] - position > position - starts[before], before, line)
    near = np.abs(starts[line] - position) <= SNAP
    near &= (line > lines.first[page]) & (line < lines.first[page + 1])
    return Places(page[near], line[near] - lines.first[page][near])


def _same_texts(chains: np.ndarray, codes: Codes, executor: Executor) -> np.ndarray:
    """Which chains lie between copies, or texts from one template: where these differ no piece ends, ``[n] bool``."""
    keys, pair = np.unique(chains[:, 0] << 32 | chains[:, 3], return_inverse=True)
    a, b = keys >> 32, keys & 0xFFFFFFFF
    sizes = np.diff(codes.offsets)
    shared = np.bincount(pair, np.minimum(chains[:, 2] - chains[:, 1], chains[:, 5] - chains[:, 4]), len(keys))
    asked = np.flatnonzero((a != b) & (shared >= SAME_BODY * np.maximum(sizes[a], sizes[b])))
    none = np.zeros(len(asked))
    labels = label_pairs(codes, a[asked], b[asked], similarity=none, threshold=1.0, executor=executor).label
    same = np.zeros(len(keys), bool)
    same[asked] = np.isin(labels, [LABELS.index(name) for name in (EXACT, NEAR, TEMPLATED)])
    return same[pair]


def sketch(collection: Collection, config: Config, bands: Bands | None, executor: Executor) -> Collection:
    """The same documents with the hashes of their texts and, if there are bands, their keys."""
    codes = collection.codes
    edges = np.searchsorted(codes.offsets, np.arange(0, codes.offsets[-1], SKETCHED_TOKENS)[1:])
    edges = np.unique(np.concatenate([[0], edges, [len(collection)]])).tolist()

    def sketch_part(begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        a, b = codes.offsets[begin], codes.offsets[end]
        part = Codes(np.array(codes.values[a:b]), codes.offsets[begin : end + 1] - a)
        if bands is None:
            return text_hashes(part), np.empty((0, end - begin), np.uint64)
        sketches = sketch_rows(part, n=config.n, k=config.k, seed=config.seed)
        return text_hashes(part), band_keys(sketches, bands.bands, bands.rows)

    parts = list(executor.map(lambda ends: sketch_part(*ends), zip(edges, edges[1:], strict=False)))
    hashes = np.concatenate([np.zeros(0, np.uint64), *(part[0] for part in parts)])
    return replace(collection, hashes=hashes, blocks=[part[1] for part in parts])
