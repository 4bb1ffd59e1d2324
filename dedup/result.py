"""What a run found: `Result`, in memory or as a run folder, and questions to it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.assemble import clusters_table, removed_table, with_decision
from dedup.collect import IN_MEMORY, Record
from dedup.config import Config
from dedup.decide import Decision, Weighted, decide
from dedup.documents.annotate import annotate_source
from dedup.documents.sources import Source
from dedup.documents.write import Records, write_source
from dedup.errors import ConfigError, InputError
from dedup.folder import check_output, replace_folder
from dedup.jsonlines import write_json_lines
from dedup.tables import EXACT, FORMAT, REJECTED


class Result:
    """The outcome of a deduplication.

    Obtained from `dedup.dedupe` or `Result.open`, not built by hand. All tables are Arrow tables: ``to_pandas()``,
    ``polars.from_arrow``, DuckDB and Hugging Face datasets take them as they are. Columns: `dedup.tables`.

    Attributes
    ----------
    documents : pa.Table
        One row per document, in the order of the input.
    pairs : pa.Table
        Every proven pair with similarity ≥ threshold − .1.
    config : Config
    summary : dict
        Counts, seconds and memory of the run, the measured recall, and notes.
    """

    def __init__(
        self,
        *,
        documents: pa.Table,
        pairs: pa.Table,
        config: Config,
        summary: dict[str, Any],
        sources: list[Source],
        rejected: list[Record],
        texts: pa.ChunkedArray | None = None,
        decision: Decision | None = None,
    ) -> None:
        self.documents = documents
        self.pairs = pairs
        self.config = config
        self.summary = summary
        self._sources = sources
        self._rejected = rejected
        self._texts = texts
        if decision is not None:
            self.__dict__["_decision"] = decision  # known already; else worked out from the tables when asked for

    def __repr__(self) -> str:
        kept = len(self.documents) - len(self.removed)
        return f"Result({len(self.documents)} documents, {kept} kept, {len(self.clusters)} clusters)"

    @cached_property
    def _decision(self) -> Decision:
        """The fates, told from the tables alone."""
        return self._decide(self.config.threshold)

    @cached_property
    def _leaders(self) -> np.ndarray:
        """The first document in rank order with the same text: every other one has an exact pair with it."""
        m = len(self.documents)
        rank = self.documents.column("rank").to_numpy()
        equal = self.pairs.filter(pc.equal(self.pairs.column("label"), EXACT))
        a, b = equal.column("doc_a").to_numpy(), equal.column("doc_b").to_numpy()
        lowest = rank.copy()
        np.minimum.at(lowest, a, rank[b])
        np.minimum.at(lowest, b, rank[a])
        order = np.empty(m, np.int64)
        order[rank] = np.arange(m)
        return order[lowest]

    def _decide(self, threshold: float) -> Decision:
        m = len(self.documents)
        rank = self.documents.column("rank").to_numpy()
        order = np.empty(m, np.int64)
        order[rank] = np.arange(m)
        a, b = self.pairs.column("doc_a").to_numpy(), self.pairs.column("doc_b").to_numpy()
        heads = self._leaders == np.arange(m)
        which = np.flatnonzero(heads[a] & heads[b])
        weighted = Weighted(a[which], b[which], self.pairs.column("similarity").to_numpy()[which])
        reference = self.documents.column("reference").to_numpy()
        return decide(order, self._leaders, weighted, threshold, reference)

    @cached_property
    def clusters(self) -> pa.Table:
        """Clusters of two and more documents, largest first, with their members."""
        return clusters_table(self.documents, self._decision)

    @cached_property
    def kept(self) -> pa.Table:
        """Rows of `documents` that are kept, references left out.

        For an Arrow table ``t`` that was passed to `dedupe` without nulls, ``t.take(result.kept["doc"])`` is the
        collection without the copies.
        """
        own = pc.equal(self.documents.column("doc"), self.documents.column("kept_doc"))
        return self.documents.filter(pc.and_not(own, self.documents.column("reference")))

    @cached_property
    def removed(self) -> pa.Table:
        """Removed documents, each with the one that is kept for it."""
        return removed_table(self.documents, self._decision)

    @property
    def rejected(self) -> pa.Table:
        """What could not be read: file, line (null: the file), reason."""
        names = [source.name for source in self._sources]
        rows = [(names[r.source], r.line or None, r.reason) for r in self._rejected]
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, REJECTED, strict=True)], schema=REJECTED)

    def at(self, threshold: float) -> Result:
        """The result of a run with a higher threshold, from the pairs of this one: nothing is searched again.

        Equal to a new run with that threshold and the bands of this one; but of a text with more than 256 copies not
        every pair is listed, and those that only the new clusters would name are missing.

        Raises
        ------
        ConfigError
            If `threshold` is below the run's: pairs down there were never looked for.
        """
        if threshold < self.config.threshold:
            raise ConfigError(f"threshold {threshold} is below the run's {self.config.threshold}; run anew with it")
        decision = self._decide(threshold)
        documents = with_decision(self.documents, self._leaders, decision)
        floor = pair_floor(threshold)
        pairs = self.pairs.filter(pc.greater_equal(self.pairs.column("similarity"), floor))
        a, b = pairs.column("doc_a").to_numpy(), pairs.column("doc_b").to_numpy()
        near = (decision.kept[a] == b) | (decision.kept[b] == a)
        label = pc.if_else(
            pc.fill_null(pc.equal(pairs.column("label"), EXACT), False), EXACT, pc.if_else(pa.array(near), "near", None)
        )
        linked = pc.greater_equal(pairs.column("similarity"), threshold)
        pairs = pairs.set_column(7, "label", label.cast(pa.string())).set_column(8, "linked", linked)
        removed = decision.removed()
        exact = int((decision.pair[removed] < 0).sum())
        summary = {
            **self.summary,
            "pairs": len(pairs),
            "clusters": int(decision.cluster.max(initial=-1)) + 1,
            "chains_cut": decision.chains,
            "removed": len(removed),
            "kept": int((~self.documents.column("reference").to_numpy()).sum()) - len(removed),
            "exact": exact,
            "near": len(removed) - exact,
            "recall": None,
        }
        return Result(
            documents=documents,
            pairs=pairs,
            config=self.config.with_(threshold=threshold),
            summary=summary,
            sources=self._sources,
            rejected=self._rejected,
            texts=self._texts,
        )

    def borderline(self, n: int = 10) -> pa.Table:
        """The `n` pairs nearest the threshold, on both sides of it: what a threshold decides is best seen there."""
        distance = pc.abs(pc.subtract(self.pairs.column("similarity"), self.config.threshold))
        order = pc.sort_indices(
            pa.table({"distance": distance, "a": self.pairs["doc_a"], "b": self.pairs["doc_b"]}),
            sort_keys=[("distance", "ascending"), ("a", "ascending"), ("b", "ascending")],
        )
        return self.pairs.take(order.slice(0, n))

    # -- run folder ----------------------------------------------------------------------------------------------

    def save(self, folder: str | Path, *, force: bool = False, on_file: Callable[[str], None] | None = None) -> Path:
        """Write a run folder: the collections, the tables, the settings. README lists its files.

        It is written beside `folder` and renamed when complete.

        Parameters
        ----------
        folder : path
        force : bool
            Replace an earlier run folder; anything else that is there is never replaced.
        on_file : function, optional
            Called with the name of each file that is about to be written.

        Raises
        ------
        OutputError
            If the folder exists, or cannot be written; what was there is still there then.
        InputError
            If an input file has changed since it was read.
        """
        folder = Path(folder)
        check_output(folder, force=force)
        folder = Path(os.path.abspath(folder))
        beside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir(parents=True)
            self._write(beside, on_file or (lambda name: None))
            replace_folder(beside, folder)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        return folder

    def _write(self, folder: Path, on_file: Callable[[str], None]) -> None:
        """Write every file, several at a time: they are independent, and most of the work is done outside Python."""
        tasks: list[tuple[str, Callable[[], object]]] = [
            ("documents.parquet", partial(write_table, self.documents, folder / "documents.parquet")),
            ("pairs.parquet", partial(write_table, self.pairs, folder / "pairs.parquet")),
        ]
        tasks += [
            (f"{name}.jsonl", partial(self._write_lines, name, folder)) for name in ("clusters", "removed", "rejected")
        ]
        if self._texts is not None:
            tasks.append((IN_MEMORY, partial(self._write_texts, folder)))
        else:
            for number, source in enumerate(self._sources):
                if not source.reference:
                    tasks.append((source.name, partial(self._write_source, number, folder)))
        # Once, before several threads ask for them.
        _ = self._ranges, self._places, self._rejected_by_source, self._decision, self._cluster_sizes
        with ThreadPoolExecutor(self.config.threads or os.cpu_count() or 1) as executor:
            try:
                for (name, _), done in zip(tasks, [executor.submit(task) for _, task in tasks], strict=True):
                    on_file(name)
                    done.result()
            except BaseException:
                executor.shutdown(wait=True, cancel_futures=True)
                raise
        on_file("run.json")
        with (folder / "run.json").open("w", encoding="utf-8") as file:
            json.dump(self._run(), file, ensure_ascii=False, indent=2)
            file.write("\n")

    def _write_lines(self, name: str, folder: Path) -> None:
        with (folder / f"{name}.jsonl").open("wb") as file:
            write_json_lines(getattr(self, name), file)

    def _write_source(self, number: int, folder: Path) -> None:
        source, write = self._sources[number], self.config.write
        records, ends, docs = self._records(number)
        if records.rejected and not os.access(source.path, os.R_OK):
            return  # said in rejected.jsonl
        self._check_unchanged(source)
        if write in ("kept", "both"):
            write_source(source, records, folder / "kept", folder / "removed", self.config.encoding)
        if write in ("annotated", "both") and not records.rejected:
            annotate_source(source, records, ends, self._notes(docs), folder / "annotated", self.config.encoding)

    def _run(self) -> dict[str, Any]:
        sources = [
            {
                "path": str(s.path),
                "name": s.name,
                "format": s.format,
                "compression": s.compression,
                "reference": s.reference,
            }
            for s in self._sources
        ]
        rejected = [list(record) for record in self._rejected]
        return {
            "format": FORMAT,
            "config": self.config.as_dict(),
            "summary": self.summary,
            "sources": sources if self._texts is None else None,
            "rejected": rejected,
        }

    def _write_texts(self, folder: Path) -> None:
        assert self._texts is not None
        lines = self.documents.column("line").to_numpy() - 1
        ids = self.documents.column("id")
        records = pa.table({"id": ids, "text": self._texts.take(pa.array(lines))})
        own = self.documents.column("kept_doc").to_numpy() == np.arange(len(lines))
        for name, mask in (("kept", own), ("removed", ~own)):
            path = folder / name / IN_MEMORY
            path.parent.mkdir()
            with path.open("wb") as file:
                write_json_lines(records.filter(pa.array(mask)), file)

    def _check_unchanged(self, source: Source) -> None:
        known = self.summary.get("inputs", {}).get(str(source.path))
        try:
            state = source.path.stat()
        except OSError as error:
            raise InputError(f"cannot be read any more: {error.strerror}", source.path) from None
        if known and [state.st_size, state.st_mtime_ns] != known[:2]:
            raise InputError("has changed since it was read; run again", source.path)

    @cached_property
    def _ranges(self) -> dict[str, tuple[int, int]]:
        """First and last document of each file: those of a file stand together."""
        column = self.documents.column("file").combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0)
        indices, names = column.indices.to_numpy(), column.dictionary.to_pylist()
        edges = np.concatenate([[0], np.flatnonzero(np.diff(indices)) + 1, [len(indices)]]).tolist()
        pairs = zip(edges, edges[1:], strict=False)
        return {names[indices[a]]: (a, b) for a, b in pairs if a < b}

    @cached_property
    def _places(self) -> list[np.ndarray]:
        """First byte, line, end and kept document of every document, taken out of the table once for all files."""
        return [self.documents.column(name).to_numpy() for name in ("byte_start", "line", "byte_end", "kept_doc")]

    @cached_property
    def _cluster_sizes(self) -> np.ndarray:
        number = self._decision.cluster
        return np.bincount(number[number >= 0])

    @cached_property
    def _rejected_by_source(self) -> dict[int, list[Record]]:
        groups: dict[int, list[Record]] = {}
        for record in self._rejected:
            groups.setdefault(record.source, []).append(record)
        return groups

    def _records(self, number: int) -> tuple[Records, np.ndarray, np.ndarray]:
        """The records of one file with the rejected ones among them; where each ends; its document (-1: rejected)."""
        first, last = self._ranges.get(self._sources[number].name, (0, 0))
        mine = np.arange(first, last)
        rejected = [r for r in self._rejected_by_source.get(number, ()) if r.line]
        odd = np.array([[r.byte_start, r.line, r.byte_end] for r in rejected], np.int64).reshape(-1, 3)
        *places, kept = self._places
        start, line, end = (np.concatenate([place[first:last], odd[:, i]]) for i, place in enumerate(places))
        docs = np.concatenate([mine, np.full(len(odd), -1)])
        keep = np.concatenate([kept[first:last] == mine, np.zeros(len(odd), bool)])
        order = np.lexsort((line, start))
        whole = not len(order) and number in self._rejected_by_source
        return Records(start[order], line[order], keep[order], whole), end[order], docs[order]

    def _notes(self, docs: np.ndarray) -> list[dict[str, Any] | None]:
        decision = self._decision
        sizes = self._cluster_sizes
        wanted = pa.array(np.maximum(docs, 0))
        labels = self.documents.column("label").take(wanted).to_pylist()
        kept_ids = self.documents.column("id").take(pa.array(decision.kept[np.maximum(docs, 0)])).to_pylist()
        notes: list[dict[str, Any] | None] = []
        for doc, label, kept in zip(docs.tolist(), labels, kept_ids, strict=True):
            if doc < 0:
                notes.append(None)
                continue
            number = int(decision.cluster[doc])
            notes.append(
                {
                    "cluster": number if number >= 0 else None,
                    "size": int(sizes[number]) if number >= 0 else 1,
                    "kept": kept,
                    "label": label,
                    "similarity": float(decision.similarity[doc]),
                }
            )
        return notes

    @classmethod
    def open(cls, folder: str | Path) -> Result:
        """Read a run folder.

        Raises
        ------
        InputError
            If it is no run folder, or one of a newer format.
        """
        folder = Path(folder)
        try:
            run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            documents = pq.read_table(folder / "documents.parquet")
            pairs = pq.read_table(folder / "pairs.parquet")
        except (OSError, ValueError, pa.ArrowException) as error:
            raise InputError(f"is no complete run folder: {error}", folder) from None
        if run.get("format", 0) > FORMAT:
            raise InputError(f"was written in format {run['format']}; this version reads up to {FORMAT}", folder)
        file = documents.column("file")
        if not pa.types.is_dictionary(file.type):
            documents = documents.set_column(2, "file", pc.dictionary_encode(file))
        documents = documents.unify_dictionaries()
        sources = run["sources"]
        return cls(
            documents=documents,
            pairs=pairs,
            config=Config(**run["config"]),
            summary=run["summary"],
            sources=[Source(**{**s, "path": Path(s["path"])}) for s in sources] if sources else [],
            rejected=[Record(*record) for record in run["rejected"]],
        )


def write_table(table: pa.Table, path: Path) -> None:
    """A Parquet file; dictionaries only where values repeat, since building one over row numbers costs most of it."""
    repeated = [name for name in ("file", "label") if name in table.column_names]
    pq.write_table(table, path, compression="zstd", compression_level=1, use_dictionary=repeated)


def pair_floor(threshold: float) -> float:
    """Least similarity of the pairs that are reported: .1 below the threshold, to show what the threshold decides."""
    return max(round(threshold - 0.1, 12), 0.01)
