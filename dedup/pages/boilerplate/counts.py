"""The lines of a site: which templates of lines stand on many of its pages, among other lines on each.

A template is boilerplate if it stands on enough pages of one source, if these pages have little else in common, and if
its lines have different neighbours. The first alone would take the sentences of a form that a hundred offices fill in,
the second rules those out, the third a text that many collections print.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.pages.boilerplate import kernels
from dedup.pages.boilerplate.keys import CONTENT_LINES, LineKeys
from dedup.pages.boilerplate.table import EVERYWHERE, BoilerplateTable, Template
from dedup.pages.lines import Lines

# The rule. Five pages must all differ; among more some may be copies of one another.
LEAST_PAGES = 5
LEAST_SHARE = 0.005  # of the source's pages
LEAST_PER_SOURCE = 2  # pages, of a template that stands on several
LEAST_NEIGHBOURHOODS = 5
LEAST_VARIETY = 3.5  # neighbourhoods, and contents of pages, are as mixed as so many equally frequent ones
BESIDE, SHORT_BESIDE = 0.5, 0.8  # of a template's lines stand beside boilerplate: so it is some, too
STUCK = 0.8  # of its lines stand beside one and the same line: it is what that is
ROUNDS = 2  # blocks of up to six lines that always stand together are found; longer ones are texts
SETTINGS = {
    "least_pages": LEAST_PAGES,
    "least_share": LEAST_SHARE,
    "least_per_source": LEAST_PER_SOURCE,
    "least_neighbourhoods": LEAST_NEIGHBOURHOODS,
    "least_variety": LEAST_VARIETY,
    "beside": BESIDE,
    "short_beside": SHORT_BESIDE,
    "stuck": STUCK,
    "rounds": ROUNDS,
}

RECORD = np.dtype([("key", "u8"), ("before", "u8"), ("after", "u8"), ("page", "u4"), ("source", "u4")])
BUFFERED = 2 << 20  # records held in memory
PARTITIONS = 256
SAMPLED_PAGES = 48
TOPS = 4  # frequent neighbours that are looked at
SAMPLE_BITS, SAMPLE_LINES = 20, 1 << 20  # counters of repeated keys; lines after which they begin anew
EXAMPLES, EXAMPLE_LENGTH, REMEMBERED = 3, 200, 1 << 17


class Groups(NamedTuple):
    """The lines of one template and source each, and what they tell.

    Attributes
    ----------
    key : ``[g] uint64``
    source : ``[g] int64``
        -1 for all sources together.
    total : ``[g] int64``
        Pages of the sources it stands on.
    counts : ``[g, 3] int64``
        Pages, lines, different neighbourhoods.
    variety : ``[g] float64``
        As how many equally frequent ones its neighbourhoods are mixed.
    tops, shares : ``[g, 2, 4] uint64``, ``int64``
        The most frequent lines before and after it, by a hash of their template, and how often they stand there.
    sample : ``[g, 48] int64``
        Some of the pages.
    """

    key: np.ndarray
    source: np.ndarray
    total: np.ndarray
    counts: np.ndarray
    variety: np.ndarray
    tops: np.ndarray
    shares: np.ndarray
    sample: np.ndarray


class LineCounts:
    """Counts the templates of the lines of a collection, block by block in the order of its pages.

    Every key of a line is a record of 32 bytes (1 to 2 a line). 64 MB of them are held, the rest goes to a file
    without a name, so that lines that stand once take no memory for long. What stays is 48 bytes a page and up to
    50 MB of examples; the table is made from one of 256 parts of the keys at a time, 20 MB for 100 million lines.

    Parameters
    ----------
    folder : path or None
        Where that file is made; None: where temporary files go.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (it lives as long as the counts)
        self._spilled: list[np.ndarray] = []
        self._buffer: list[np.ndarray] = []
        self._buffered = self._pages = self._sampled = 0
        self._contents: list[np.ndarray] = []
        self._pages_of = np.zeros(0, np.int64)
        self._seen = np.zeros(1 << SAMPLE_BITS, np.uint8)
        self._examples: dict[int, list[str]] = {}

    def add(self, keys: LineKeys, lines: Lines, first_page: int, sources: np.ndarray) -> None:
        """Count the lines of the next pages, about 100 ns a line, most of it for the examples.

        Parameters
        ----------
        keys : LineKeys
        lines : Lines
        first_page : int
            Number of the first of these pages; blocks come in order.
        sources : ``[m] int32``
            Number of each page's source.
        """
        if first_page != self._pages:
            raise ValueError(f"page {self._pages} comes next, not {first_page}")
        size = int(np.count_nonzero(keys.whole) + np.count_nonzero(keys.weak))
        key, before, after = (np.empty(size, np.uint64) for _ in range(3))
        pages = np.empty(size, np.int64)
        kernels.collect_keys(keys.whole, keys.weak, keys.near, lines.first, key, before, after, pages)
        records = np.empty(size, RECORD)
        columns = (key, before, after, pages + first_page, np.asarray(sources)[pages])
        for name, column in zip(RECORD.names or (), columns, strict=True):
            records[name] = column
        self._buffer.append(records)
        self._buffered += size
        self._contents.append(keys.contents)
        self._pages += len(sources)
        pages_of = np.bincount(sources, minlength=len(self._pages_of))
        pages_of[: len(self._pages_of)] += self._pages_of
        self._pages_of = pages_of
        self._sample(keys, lines)
        if self._buffered > BUFFERED:
            self._spill()

    def table(self, source_names: list[str]) -> BoilerplateTable:
        """What is boilerplate among the lines that were added.

        Parameters
        ----------
        source_names : list of str
            By number. Templates found on several sources together are those of source ""; pages of a nameless source
            beside named ones only add to these.
        """
        contents = np.concatenate([*self._contents, np.empty((0, CONTENT_LINES), np.uint64)])
        parts = [self._groups(records) for records in self._partitions()]
        groups = Groups(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        chosen = _chosen(groups, contents)
        everywhere = set(groups.key[chosen & (groups.source < 0)].tolist())
        templates = []
        for g in np.flatnonzero(chosen).tolist():
            key, source = int(groups.key[g]), int(groups.source[g])
            name = EVERYWHERE if source < 0 else source_names[source]
            if source >= 0 and (key in everywhere or (not name and len(source_names) > 1)):
                continue
            pages, lines, neighbourhoods = groups.counts[g].tolist()
            share = round(pages / int(groups.total[g]), 6)
            examples = tuple(self._examples.get(key, ()))
            templates.append(Template(name, key, pages, lines, neighbourhoods, share, examples))
        templates.sort(key=lambda template: (template.source, -template.pages, template.key))
        return BoilerplateTable(tuple(templates), SETTINGS)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _sample(self, keys: LineKeys, lines: Lines) -> None:
        """Remember a few lines of templates that repeat."""
        rows = np.empty(len(lines), np.int64)
        rows = rows[: kernels.sample_lines(keys.whole, keys.weak, self._seen, rows)]
        texts = lines.texts.take(pa.array(rows)).to_pylist()
        for text, *both in zip(texts, keys.whole[rows].tolist(), keys.weak[rows].tolist(), strict=True):
            example = text[:EXAMPLE_LENGTH].strip()
            for key in both:
                known = self._examples.get(key)
                full = len(self._examples) >= REMEMBERED if known is None else len(known) >= EXAMPLES
                if not key or full:
                    continue
                if known is None:
                    self._examples[key] = [example]
                elif example not in known:
                    known.append(example)
        self._sampled += len(lines)
        if self._sampled >= SAMPLE_LINES:
            self._seen[:] = 0
            self._sampled = 0

    def _spill(self) -> None:
        records = np.concatenate([*self._buffer, np.empty(0, RECORD)])
        part = (records["key"] >> np.uint64(56)).astype(np.uint8)
        order = np.argsort(part, kind="stable")
        begin = self._file.seek(0, 2)
        self._file.write(records[order].view(np.uint8).data)
        edges = np.zeros(PARTITIONS + 1, np.int64)
        np.cumsum(np.bincount(part, minlength=PARTITIONS), out=edges[1:])
        self._spilled.append(begin + edges * RECORD.itemsize)
        self._buffer, self._buffered = [], 0

    def _partitions(self) -> Iterator[np.ndarray]:
        """All records of some keys at a time, in the order of the pages."""
        if not self._spilled:
            yield np.concatenate([*self._buffer, np.empty(0, RECORD)])
            return
        self._spill()
        for part in range(PARTITIONS):
            pieces = []
            for edges in self._spilled:
                self._file.seek(int(edges[part]))
                pieces.append(self._file.read(int(edges[part + 1] - edges[part])))
            yield np.frombuffer(b"".join(pieces), RECORD)

    def _groups(self, records: np.ndarray) -> Groups:
        """The templates of a partition that stand on enough pages, by source and by all sources together."""
        # Most lines stand once: a count by some bits of the key drops them before anything is sorted.
        bits = max(10, len(records).bit_length() + 2)
        slot = ((records["key"] >> np.uint64(8)) & np.uint64((1 << bits) - 1)).astype(np.int64)
        records = records[(np.bincount(slot, minlength=1 << bits) >= LEAST_PAGES)[slot]]
        records = records[np.lexsort((records["source"], records["key"]))]
        key, source = records["key"], records["source"].astype(np.int64)
        new_key = np.diff(key, prepend=~key[:1]) != 0
        runs = np.flatnonzero(new_key | (np.diff(source, prepend=-1) != 0))
        firsts = np.flatnonzero(new_key[runs])  # runs that begin a key
        of_run = self._pages_of[source[runs]]
        several = np.diff(firsts, append=len(runs)) > 1
        begins = np.concatenate([runs, runs[firsts][several]])
        ends = np.concatenate([np.append(runs[1:], len(key)), np.append(runs[firsts][1:], len(key))[several]])
        # What a site says it says on several of its pages; a sentence everyone uses stands on one here and one there.
        sources = np.concatenate([np.ones(len(runs), np.int64), np.diff(firsts, append=len(runs))[several]])
        total = np.concatenate([of_run, np.add.reduceat(of_run, firsts)[several] if len(firsts) else of_run])
        where = np.concatenate([source[runs], np.full(int(several.sum()), -1)])
        enough = ends - begins >= np.maximum(_least_pages(total), LEAST_PER_SOURCE * sources)
        begins, ends, total, where = begins[enough], ends[enough], total[enough], where[enough]
        count = len(begins)
        found = Groups(
            key[begins],
            where,
            total,
            np.empty((count, 3), np.int64),
            np.empty(count),
            np.empty((count, 2, TOPS), np.uint64),
            np.empty((count, 2, TOPS), np.int64),
            np.empty((count, SAMPLED_PAGES), np.int64),
        )
        before, after = (np.ascontiguousarray(records[name]) for name in ("before", "after"))
        pages = records["page"].astype(np.int64)
        _, _, _, *told = found
        kernels.weigh_groups(begins, ends, before, after, pages, *told)
        return found


def _least_pages(total: np.ndarray) -> np.ndarray:
    return np.maximum(LEAST_PAGES, LEAST_SHARE * total)


def _chosen(groups: Groups, contents: np.ndarray) -> np.ndarray:
    """The rule, ``[g] bool``."""
    pages, lines, neighbourhoods = groups.counts.T
    kind = groups.key & np.uint64(7)
    varied = (neighbourhoods >= LEAST_NEIGHBOURHOODS) & (groups.variety >= LEAST_VARIETY)
    possible = pages >= _least_pages(groups.total)
    possible &= _contents_variety(groups, contents) >= LEAST_VARIETY
    chosen = possible & varied & (kind != kernels.SHORT)
    beside = np.where(kind == kernels.SHORT, SHORT_BESIDE, BESIDE) * lines
    for _ in range(ROUNDS):
        found = np.where(_marked(groups, chosen), groups.shares, 0).sum(axis=2).max(axis=1)
        chosen = chosen | (possible & (found >= beside))
    stuck = (groups.shares[:, :, 0] >= STUCK * lines[:, None]) & (groups.tops[:, :, 0] != 0)
    while True:
        alone = (stuck & ~_marked(groups, chosen)[:, :, 0]).any(axis=1)
        if not (chosen & alone).any():
            return chosen
        chosen = chosen & ~alone


def _contents_variety(groups: Groups, contents: np.ndarray) -> np.ndarray:
    """As how many unlike ones the pages of each template are mixed, ``[g] float64``.

    By what they say besides the templates of all groups: short pages of one site are alike in nothing but its lines.
    """
    members = np.unique(groups.key >> np.uint64(32)) | np.uint64(1 << 32)
    slots = np.zeros(1 << max(4, (4 * len(members)).bit_length()), np.uint64)
    kernels.fill_slots(members, slots)
    found = np.empty(len(groups.key))
    kernels.weigh_contents(groups.sample, np.minimum(groups.counts[:, 0], SAMPLED_PAGES), contents, slots, found)
    return found


def _marked(groups: Groups, chosen: np.ndarray) -> np.ndarray:
    """Which of the frequent neighbours are chosen, on the same source or on all, ``[g, 2, 4] bool``."""
    template = groups.key >> np.uint64(32)
    here = (groups.source + 1).astype(np.uint64) << np.uint64(32)
    ids = (template | here)[chosen]
    near = groups.tops | here[:, None, None]
    anywhere = np.isin(groups.tops, template[chosen]) & (groups.source < 0)[:, None, None]
    return np.isin(near, ids) | np.isin(groups.tops, ids) | anywhere
