"""A result → the files of its run folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.collect import IN_MEMORY, Record, is_extracted
from dedup.config import Config
from dedup.decide import Decision
from dedup.documents.annotate import annotate_source
from dedup.documents.cut import Cut, Extracted, cut_source
from dedup.documents.fields import Fields
from dedup.documents.html import write_extracted
from dedup.documents.lookup import Place, texts_of
from dedup.documents.sources import Source
from dedup.documents.write import Records, write_source
from dedup.errors import InputError
from dedup.jsonlines import read_json_table, write_json_lines
from dedup.pages.boilerplate.table import BoilerplateTable
from dedup.tables import CUTS, FORMAT
from dedup.templates.write import VALUES
from dedup.valuetables import ValueTables


class Pages(NamedTuple):
    """The records documents stand in: each is a document, or several pieces of one.

    Attributes
    ----------
    first : ``[r + 1] int64``
        The first document of each record.
    start, line, end : ``[r] int64``
        First byte, line and last byte.
    keep : ``[r] bool``
        Whether any document of it is kept.
    """

    first: np.ndarray
    start: np.ndarray
    line: np.ndarray
    end: np.ndarray
    keep: np.ndarray


TEXTS = pa.schema([("id", pa.string()), ("text", pa.large_string())])


@dataclass(kw_only=True)
class RunFolder:
    """What is written of a result.

    Attributes
    ----------
    lines : dict of pa.Table
        What becomes ``NAME.jsonl``, by name.
    documents, pairs : pa.Table
    copied : ``[n, 6] int64`` or None
        See `dedup.shared.copied_stretches`; None if nothing is to be cut, or if the run is not at hand any more.
    boilerplate : BoilerplateTable or None
    decision : Decision
    config : Config
    summary : dict
    sources : list of Source
    rejected : list of Record
    texts : pa.ChunkedArray or None
        Of inputs that are no files.
    page_texts : pa.LargeStringArray or None
        Of every record, where texts were taken out of what was read, if they are at hand.
    values : ValueTables or None
        None if the run looked for no templates.
    """

    lines: dict[str, pa.Table]
    documents: pa.Table
    pairs: pa.Table
    copied: np.ndarray | None
    boilerplate: BoilerplateTable | None
    decision: Decision
    config: Config
    summary: dict[str, Any]
    sources: list[Source]
    rejected: list[Record]
    texts: pa.ChunkedArray | None
    page_texts: pa.LargeStringArray | None
    values: ValueTables | None

    def write(self, folder: Path, on_file: Callable[[str], None]) -> None:
        """Write every file, several at a time: they are independent, and most of the work is done outside Python."""
        tasks: list[tuple[str, Callable[[], object]]] = [
            ("documents.parquet", partial(write_table, self.documents, folder / "documents.parquet")),
            ("pairs.parquet", partial(write_table, self.pairs, folder / "pairs.parquet")),
        ]
        for name, table in self.lines.items():
            tasks.append((f"{name}.jsonl", partial(put_lines, table, folder / f"{name}.jsonl")))
        if self.boilerplate is not None:
            tasks.append(("boilerplate.jsonl", partial(self.boilerplate.save, folder / "boilerplate.jsonl")))
        if self.values is not None:
            tasks.append((VALUES, partial(self.values.write, folder)))
        if self.texts is not None:
            tasks.append((IN_MEMORY, partial(self._write_texts, folder)))
        else:
            written = [number for number, source in enumerate(self.sources) if not source.reference]
            tasks += [(self.sources[number].name, partial(self._write_source, number, folder)) for number in written]
        # Once, before several threads ask for them.
        _ = self._ranges, self._pages, self._rejected_of, self._cluster_sizes
        if self.config.cut:
            _ = self._stretches
        with ThreadPoolExecutor(self.config.threads or os.cpu_count() or 1) as executor:
            try:
                cuts = []
                for (name, _), done in zip(tasks, [executor.submit(task) for _, task in tasks], strict=True):
                    on_file(name)
                    cuts.append(done.result())
            except BaseException:
                executor.shutdown(wait=True, cancel_futures=True)
                raise
        if self.config.cut:
            on_file("cuts.jsonl")
            parts = [CUTS.empty_table(), *(table for table in cuts if isinstance(table, pa.Table))]
            put_lines(pa.concat_tables(parts), folder / "cuts.jsonl")
        on_file("run.json")
        with (folder / "run.json").open("w", encoding="utf-8") as file:
            json.dump(self._run(), file, ensure_ascii=False, indent=2)
            file.write("\n")

    def _run(self) -> dict[str, Any]:
        names = ("name", "format", "compression", "reference")
        sources = [{"path": str(s.path), **{name: getattr(s, name) for name in names}} for s in self.sources]
        return {
            "format": FORMAT,
            "config": self.config.as_dict(),
            "summary": self.summary,
            "sources": sources if self.texts is None else None,
            "rejected": [list(record) for record in self.rejected],
        }

    # -- one file of the collection ----------------------------------------------------------------------------------

    def _write_source(self, number: int, folder: Path) -> pa.Table | None:
        """The records of a file on their sides, its texts if they were extracted; what was cut, if that is asked."""
        source, write = self.sources[number], self.config.write
        records, ends, pages = self._records(number)
        if records.rejected and not os.access(source.path, os.R_OK):
            return None  # said in rejected.jsonl
        self._check_unchanged(source)
        if write in ("kept", "both"):
            write_source(source, records, folder / "kept", folder / "removed", self.config.encoding)
        if write in ("annotated", "both") and not records.rejected:
            annotate_source(source, records, ends, self._notes(pages), folder / "annotated", self.config.encoding)
        extracted = is_extracted(source, self.config)
        if extracted and not records.rejected:
            self._write_extracted(number, folder / "text")
        if not self.config.cut or records.rejected:
            return None
        return self._write_cut(number, folder / "cut", extracted)

    def _write_extracted(self, number: int, folder: Path) -> None:
        """The texts that offsets refer to, beside the files they were taken out of."""
        path = folder / f"{self.sources[number].name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as sink:
            for begin, texts in self._extracted_batches(number):
                write_extracted(self._page_ids.slice(begin, len(texts)), texts, sink)

    def _extracted(self, number: int) -> Iterator[Extracted]:
        """The texts of a file's pages."""
        for begin, texts in self._extracted_batches(number):
            lines = self._pages.line[begin : begin + len(texts)].tolist()
            ids = self._page_ids.slice(begin, len(texts)).to_pylist()
            for line, name, text in zip(lines, ids, texts.to_pylist(), strict=True):
                yield Extracted(line, name, text)

    def _extracted_batches(self, number: int) -> Iterator[tuple[int, pa.Array]]:
        """The first page and the texts of some of a file's pages at a time."""
        first, last = self._ranges.get(self.sources[number].name, (0, 0))
        for begin in range(first, last, 256):
            end = min(begin + 256, last)
            if self.page_texts is not None:
                yield begin, self.page_texts.slice(begin, end - begin)
            else:
                columns = (self._pages.line, self._pages.start, self._pages.end)
                places = zip(*(column[begin:end].tolist() for column in columns), strict=True)
                found = [Place(number, *place) for place in places]
                texts = texts_of(self.sources, found, self._fields, encoding=self.config.encoding)
                yield begin, pa.array(texts, pa.large_string())

    @property
    def _fields(self) -> Fields:
        config = self.config
        return Fields(config.text_fields(), config.id, config.other_fields(), html=config.html)

    def _check_unchanged(self, source: Source) -> None:
        known = self.summary.get("inputs", {}).get(str(source.path))
        try:
            state = source.path.stat()
        except OSError as error:
            raise InputError(f"cannot be read any more: {error.strerror}", source.path) from None
        if known and [state.st_size, state.st_mtime_ns] != known[:2]:
            raise InputError("has changed since it was read; run again", source.path)

    # -- what is cut ---------------------------------------------------------------------------------------------

    @cached_property
    def _stretches(self) -> np.ndarray:
        """What is cut out of records that are kept, ``[c, 3] int64``: record, start, end in code points.

        Pieces that are not kept, and what matches something that stands before it and is kept: so each stretch that
        goes stands in one that stays, or that goes for another that stands still earlier.
        """
        documents, keep = self.documents, self._pages.keep
        parts = [np.zeros((0, 3), np.int64)]
        removed = documents.column("kept_doc").to_numpy() != np.arange(len(documents))
        if self.config.unit == "piece":
            start, end = (documents.column(name).to_numpy() for name in ("start", "end"))
            page = np.repeat(np.arange(len(keep)), np.diff(self._pages.first))
            parts.append(np.column_stack([page, start, end])[removed & keep[page]])
        if self.copied is not None:
            from_page, from_start, from_end, page, start, end = self.copied.T
            # What a copy was taken from has to stay, and goes where a piece is removed.
            stays = keep[from_page] & ~self._touch(removed, from_page, from_start, from_end) & keep[page]
            stays &= ~documents.column("reference").to_numpy()[self._pages.first[page]]
            parts.append(np.column_stack([page, start, end])[stays])
        return np.concatenate(parts)

    def _touch(self, removed: np.ndarray, page: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Which stretches of records reach into a piece that is removed, ``[c] bool``."""
        if self.config.unit != "piece":
            return np.zeros(len(page), bool)
        pages = np.repeat(np.arange(len(self._pages.keep)), np.diff(self._pages.first))
        begins = pages << 40 | self.documents.column("start").to_numpy()
        counts = np.concatenate([[0], np.cumsum(removed)])
        first, last = np.searchsorted(begins, page << 40 | start, "right"), np.searchsorted(begins, page << 40 | end)
        found: np.ndarray = counts[last] > counts[first - 1]
        return found

    def _write_cut(self, number: int, folder: Path, extracted: bool) -> pa.Table:
        first, last = self._ranges.get(self.sources[number].name, (0, 0))
        mine = (self._stretches[:, 0] >= first) & (self._stretches[:, 0] < last)
        page, start, end = self._stretches[mine].T
        lines = self._pages.line
        cut = cut_source(
            self.sources[number],
            self._fields,
            lines[page],
            start,
            end,
            lines[first:last][~self._pages.keep[first:last]],
            folder,
            self.config.encoding,
            self._extracted(number) if extracted else None,
        )
        return self._cut_rows(first, last, cut, self.sources[number].name)

    def _cut_rows(self, first: int, last: int, cut: Cut, name: str) -> pa.Table:
        """The map back, `CUTS`."""
        lines = self._pages.line[first:last]
        order = np.argsort(lines)
        page = first + order[np.searchsorted(lines, cut.line, sorter=order)] if len(cut.line) else cut.line
        ids = self._page_ids.take(pa.array(page))
        files = pa.array([name] * len(page), pa.string())
        columns = [ids, files, pa.array(cut.line), pa.array(cut.start), pa.array(cut.end)]
        return pa.table(columns, schema=CUTS)

    # -- texts in memory -----------------------------------------------------------------------------------------

    def _write_texts(self, folder: Path) -> pa.Table | None:
        """The texts on their sides, as they were given; those taken out of HTML, which are what can be cut."""
        texts = self.texts
        assert texts is not None
        lines, keep = self._pages.line, self._pages.keep
        records = pa.table({"id": self._page_ids, "text": texts.take(pa.array(lines - 1))})
        for name, mask in (("kept", keep), ("removed", ~keep)):
            if self.config.write in ("kept", "both"):
                put_lines(records.filter(pa.array(mask)), folder / name / IN_MEMORY)
        if self.config.html:
            records = records.set_column(1, "text", self.page_texts)
            put_lines(records, folder / "text" / IN_MEMORY)
        if not self.config.cut:
            return None
        pages, start, end = self._stretches.T
        beside = folder / "cut" / f".{IN_MEMORY}"
        put_lines(records, beside)
        source = Source(beside, IN_MEMORY, "jsonl")
        drop = np.flatnonzero(~keep) + 1
        cut = cut_source(source, Fields(("text",), "id", ()), pages + 1, start, end, drop, folder / "cut", "")
        beside.unlink()
        rows = self._cut_rows(0, len(keep), cut._replace(line=lines[cut.line - 1]), IN_MEMORY)
        return rows

    # -- records -------------------------------------------------------------------------------------------------

    @cached_property
    def _pages(self) -> Pages:
        """The records, taken out of the table of documents once for all files."""
        documents = self.documents
        m = len(documents)
        start, line, end, kept = (
            documents.column(name).to_numpy() for name in ("byte_start", "line", "byte_end", "kept_doc")
        )
        own = kept == np.arange(m)
        heads = np.arange(m)
        if self.config.unit == "piece":
            heads = np.flatnonzero(documents.column("piece").to_numpy() == 1)
            own = np.logical_or.reduceat(own, heads) if m else own
        return Pages(np.append(heads, m), start[heads], line[heads], end[heads], own)

    @cached_property
    def _page_ids(self) -> pa.Array:
        """The identifiers of the records."""
        documents = self.documents
        column = documents.column("page" if self.config.unit == "piece" else "id")
        return column.take(pa.array(self._pages.first[:-1])).combine_chunks()

    @cached_property
    def _ranges(self) -> dict[str, tuple[int, int]]:
        """First and last record of each file: those of a file stand together."""
        column = self.documents.column("file").take(pa.array(self._pages.first[:-1])).combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0)
        indices, names = column.indices.to_numpy(), column.dictionary.to_pylist()
        edges = np.concatenate([[0], np.flatnonzero(np.diff(indices)) + 1, [len(indices)]]).tolist()
        pairs = zip(edges, edges[1:], strict=False)
        return {names[indices[a]]: (a, b) for a, b in pairs if a < b}

    @cached_property
    def _cluster_sizes(self) -> np.ndarray:
        number = self.decision.cluster
        return np.bincount(number[number >= 0])

    @cached_property
    def _rejected_of(self) -> dict[int, list[Record]]:
        groups: dict[int, list[Record]] = {}
        for record in self.rejected:
            groups.setdefault(record.source, []).append(record)
        return groups

    def _records(self, number: int) -> tuple[Records, np.ndarray, np.ndarray]:
        """The records of one file with the rejected ones among them; where each ends; its page (-1: rejected)."""
        first, last = self._ranges.get(self.sources[number].name, (0, 0))
        rejected = [r for r in self._rejected_of.get(number, ()) if r.line]
        odd = np.array([[r.byte_start, r.line, r.byte_end] for r in rejected], np.int64).reshape(-1, 3)
        places = (self._pages.start, self._pages.line, self._pages.end)
        start, line, end = (np.concatenate([place[first:last], odd[:, i]]) for i, place in enumerate(places))
        pages = np.concatenate([np.arange(first, last), np.full(len(odd), -1)])
        keep = np.concatenate([self._pages.keep[first:last], np.zeros(len(odd), bool)])
        order = np.lexsort((line, start))
        whole = not len(order) and number in self._rejected_of
        return Records(start[order], line[order], keep[order], whole), end[order], pages[order]

    def _notes(self, pages: np.ndarray) -> list[dict[str, Any] | None]:
        """What `annotated/` says of records; of one that is several pieces, what it says of each."""
        notes: list[dict[str, Any] | None] = []
        for page in pages.tolist():
            if page < 0:
                notes.append(None)
            elif self.config.unit == "page":
                notes.append(self._note(page))
            else:
                notes.append(self._note_of_pieces(page))
        return notes

    def _note_of_pieces(self, page: int) -> dict[str, Any]:
        """The note of a page; it is itself kept if one of its pieces is."""
        begin, end = self._pages.first[page : page + 2].tolist()
        places = self.documents.slice(begin, end - begin).select(["piece", "start", "end"]).to_pylist()
        pieces = [{**place, **self._note(doc)} for doc, place in enumerate(places, begin)]
        kept = self._page_ids[page].as_py() if self._pages.keep[page] else pieces[0]["kept"]
        label = None if self._pages.keep[page] else pieces[0]["label"]
        return {"cluster": None, "size": None, "kept": kept, "label": label, "similarity": None, "pieces": pieces}

    def _note(self, doc: int) -> dict[str, Any]:
        decision = self.decision
        number = int(decision.cluster[doc])
        return {
            "cluster": number if number >= 0 else None,
            "size": int(self._cluster_sizes[number]) if number >= 0 else 1,
            "kept": self._ids[int(decision.kept[doc])],
            "label": self._labels[doc],
            "similarity": float(decision.similarity[doc]),
        }

    @cached_property
    def _ids(self) -> list[str]:
        return self.documents.column("id").to_pylist()

    @cached_property
    def _labels(self) -> list[str | None]:
        return self.documents.column("label").to_pylist()


def write_table(table: pa.Table, path: Path) -> None:
    """A Parquet file; dictionaries only where values repeat, since building one over row numbers costs most of it."""
    repeated = [name for name in ("file", "label", "page", "kind", "template", "family") if name in table.column_names]
    pq.write_table(table, path, compression="zstd", compression_level=1, use_dictionary=repeated)


def put_lines(table: pa.Table, path: Path) -> None:
    """A file of JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_json_lines(table, file)


def read_extracted(folder: Path) -> pa.LargeStringArray | None:
    """The texts taken out of HTML that was in memory, one per record; None if they were not written."""
    table = read_json_table(folder / "text" / IN_MEMORY, TEXTS)
    return table.column("text").combine_chunks() if table is not None else None


def read_texts(folder: Path, documents: pa.Table) -> pa.ChunkedArray | None:
    """The texts of a run over texts in memory, each at its line; None if they were not written."""
    parts = [read_json_table(folder / side / IN_MEMORY, TEXTS) for side in ("kept", "removed")]
    own = pc.equal(documents.column("kept_doc"), documents.column("doc")).to_numpy()
    lines = documents.column("line").to_numpy()
    if documents.column("piece").null_count < len(documents):
        heads = np.flatnonzero(documents.column("piece").to_numpy() == 1)
        own, lines = np.logical_or.reduceat(own, heads), lines[heads]
    sides = [lines[own], lines[~own]]
    if any(part is None or len(part) != len(side) for part, side in zip(parts, sides, strict=True)):
        return None
    texts = pa.concat_tables([part for part in parts if part is not None]).column("text").combine_chunks()
    place = np.zeros(int(lines.max(initial=0)), np.int64)
    place[np.concatenate(sides) - 1] = np.arange(len(lines))
    known = np.zeros(len(place), bool)
    known[lines - 1] = True
    return pa.chunked_array([texts.take(pa.array(place, mask=~known))])
