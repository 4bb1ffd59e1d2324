"""What the read stage keeps of the lines of pages, for the stages that set some aside and cut pages into pieces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import Config
from dedup.documents import kernels as document_kernels
from dedup.documents.characters import characters
from dedup.documents.normalise import Codes, normalise_rows, utf8_buffers
from dedup.fingerprints.sketch import pieces, scratch_for
from dedup.pages.boilerplate.counts import LineCounts
from dedup.pages.boilerplate.keys import LineKeys, line_keys
from dedup.pages.boilerplate.table import BoilerplateTable
from dedup.pages.lines import Lines, split_lines
from dedup.pages.pieces.headings import Cuts, find_cuts
from dedup.work import BOILERPLATE_FILE, WorkFolder, map_array, write_array

COUNTS = (
    ("line_tokens", np.uint32),
    ("line_points", np.uint32),
    ("line_whole", np.uint64),
    ("line_weak", np.uint64),
    ("line_damage", np.uint32),
)
CUT_TYPES = (np.int64, np.int64, np.int64, np.uint8, np.int32, np.int32)


class PageLines(NamedTuple):
    """The lines of some pages; those of page d are ``first[d]`` to ``first[d + 1]``.

    Attributes
    ----------
    first : ``[m + 1] int64``
    text_points : ``[m] int64``
        Code points of each page.
    tokens, points : ``[lines] uint32``
        Tokens of each line, and code points of the page before it.
    whole, weak : ``[lines] uint64``
        Keys of `LineKeys`; empty if boilerplate is not asked for.
    damage : ``[lines] uint32``
        Marks of damage; empty unless pieces are kept by them.
    cuts : Cuts
        Empty if pieces are not asked for.
    """

    first: np.ndarray
    text_points: np.ndarray
    tokens: np.ndarray
    points: np.ndarray
    whole: np.ndarray
    weak: np.ndarray
    damage: np.ndarray
    cuts: Cuts

    def starts(self, aside: np.ndarray | None = None) -> np.ndarray:
        """Where the tokens of each line begin among those of all lines, and where the last end, ``[lines + 1] int64``.

        Lines of `aside` ``[lines] bool`` have none.
        """
        found = np.zeros(len(self.tokens) + 1, np.int64)
        kept = self.tokens if aside is None else np.where(aside, 0, self.tokens)
        np.cumsum(kept, dtype=np.int64, out=found[1:])
        return found

    def columns(self) -> tuple[np.ndarray, ...]:
        """The columns that have a row per line, as `COUNTS` names them."""
        return self.tokens, self.points, self.whole, self.weak, self.damage


class ReadLines(NamedTuple):
    """One block of pages, line by line; `keys` and `lines` are what boilerplate is counted by."""

    page_lines: PageLines
    codes: Codes
    keys: LineKeys | None
    lines: Lines


def by_line(config: Config) -> bool:
    """Whether a run looks at lines."""
    return config.unit == "piece" or config.boilerplate != "off"


def read_lines(texts: pa.LargeStringArray, config: Config) -> ReadLines:
    """Take a block of texts apart into lines; a token never reaches over a line's end."""
    lines = split_lines(texts)
    cut = pieces(lines.texts)
    scratch = scratch_for(lines.texts, cut)
    parts = []
    for a, b in cut:
        part = normalise_rows(lines.texts.slice(a, b - a), tokens=config.tokens, scratch=scratch)
        parts.append(Codes(part.values.copy(), part.offsets))
    codes = join_codes(parts)
    nothing = np.zeros(0, np.uint64)
    keys = None
    if config.boilerplate != "off":
        # A table of lines is good for runs with either tokens.
        keys = line_keys(lines, codes if config.tokens == "auto" else normalise_rows(lines.texts))
    cuts = find_cuts(lines) if config.unit == "piece" else no_cuts()
    page_lines = PageLines(
        lines.first,
        pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64),
        np.diff(codes.offsets).astype(np.uint32),
        lines.points.astype(np.uint32),
        keys.whole if keys else nothing,
        keys.weak if keys else nothing,
        _line_damage(lines, config),
        cuts,
    )
    return ReadLines(page_lines, codes, keys, lines)


def _line_damage(lines: Lines, config: Config) -> np.ndarray:
    if config.unit == "page" or config.keep_rule()[0] != "cleanest":
        return np.zeros(0, np.uint32)
    found = np.empty(len(lines), np.int64)
    data, offsets = utf8_buffers(lines.texts)
    document_kernels.count_damage(data, offsets, characters().table, found)
    return found.astype(np.uint32)


def no_cuts() -> Cuts:
    """No cut at all."""
    return Cuts(*(np.zeros(0, kind) for kind in CUT_TYPES))


def join_codes(parts: list[Codes]) -> Codes:
    """The rows of all parts, one after the other."""
    lengths = [np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)]
    values = np.concatenate([np.zeros(0, np.uint32), *(part.values for part in parts)])
    return Codes(values, np.cumsum(np.concatenate(lengths)))


def join_cuts(parts: Iterable[tuple[int, Cuts]]) -> Cuts:
    """The cuts of blocks, each with the number of its first page."""
    moved = [cuts._replace(page=cuts.page + page) for page, cuts in parts]
    return Cuts(*(np.concatenate(columns) for columns in zip(no_cuts(), *moved, strict=True)))


def join_pages(blocks: list[PageLines]) -> PageLines:
    """The pages of all blocks, one after the other."""
    counts = [np.zeros(1, np.int64), *(np.diff(block.first) for block in blocks)]
    firsts = np.cumsum([0, *(len(block.text_points) for block in blocks)]).tolist()
    columns = zip(*(block.columns() for block in blocks), strict=True) if blocks else ((),) * len(COUNTS)
    joined = [np.concatenate([np.zeros(0, kind), *column]) for (_, kind), column in zip(COUNTS, columns, strict=True)]
    return PageLines(
        np.cumsum(np.concatenate(counts)),
        np.concatenate([np.zeros(0, np.int64), *(block.text_points for block in blocks)]),
        *(joined[0], joined[1], joined[2], joined[3], joined[4]),
        join_cuts(zip(firsts, (block.cuts for block in blocks), strict=False)),
    )


class LineSink:
    """Takes the lines of blocks to the work folder, and counts them if boilerplate is to be found."""

    def __init__(self, work: WorkFolder, config: Config) -> None:
        self._work, self._source = work, config.source
        self._files = [(work.path / f"{name}.raw").open("wb") for name, _ in COUNTS]
        self._lines: list[np.ndarray] = [np.zeros(1, np.int64)]
        self._points: list[np.ndarray] = [np.zeros(0, np.int64)]
        self._cuts: list[tuple[int, Cuts]] = []
        self._pages = 0
        self._names: dict[str, int] = {}
        self._counts = LineCounts(work.path) if config.boilerplate == "auto" else None

    def add(self, read: ReadLines, rows: pa.Table) -> None:
        """Take in the next block: its lines, and what else is known of its records."""
        pages = read.page_lines
        for file, column in zip(self._files, pages.columns(), strict=True):
            write_array(file, column)
        self._lines.append(np.diff(pages.first))
        self._points.append(pages.text_points)
        self._cuts.append((self._pages, pages.cuts))
        if self._counts is not None and read.keys is not None:
            numbers = number_sources(rows, self._source, self._names)
            self._counts.add(read.keys, read.lines, self._pages, numbers)
        self._pages += len(pages.text_points)

    def close(self) -> None:
        """Write down what is known of the pages as wholes, and the table of boilerplate."""
        for file in self._files:
            file.close()
        self._work.save("page_lines", np.cumsum(np.concatenate(self._lines)))
        self._work.save("page_points", np.concatenate(self._points))
        self._work.save("cuts", np.stack([column.astype(np.int64) for column in join_cuts(self._cuts)]))
        if self._counts is not None:
            self._counts.table(list(self._names)).save(self._work.path / BOILERPLATE_FILE)
            self._counts.close()


def number_sources(rows: pa.Table, name: str, names: dict[str, int]) -> np.ndarray:
    """The number of each row's source, ``int32``; new names get the next numbers."""
    if not name:
        names.setdefault("", 0)
        return np.zeros(len(rows), np.int32)
    column = pc.dictionary_encode(pc.fill_null(rows.column(f"field:{name}"), "")).combine_chunks()
    known = np.array([names.setdefault(value, len(names)) for value in column.dictionary.to_pylist()], np.int32)
    return known[column.indices.to_numpy()] if len(known) else np.zeros(0, np.int32)


def mapped_lines(work: WorkFolder) -> PageLines | None:
    """The lines the read stage wrote down, if it did; on disk, mapped."""
    if not (work.path / "page_lines.npy").exists():
        return None
    tokens, points, whole, weak, damage = (map_array(work.path / f"{name}.raw", kind) for name, kind in COUNTS)
    cuts = Cuts(*(column.astype(kind) for column, kind in zip(work.load("cuts"), CUT_TYPES, strict=True)))
    return PageLines(work.load("page_lines"), work.load("page_points"), tokens, points, whole, weak, damage, cuts)


def load_table(work: WorkFolder) -> BoilerplateTable | None:
    """The table of boilerplate the read stage made, if it did."""
    path = work.path / BOILERPLATE_FILE
    return BoilerplateTable.load(path) if path.exists() else None
