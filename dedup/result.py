"""What a run found: `Result`, in memory or as a run folder, and questions to it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.assemble import (
    clusters_table,
    families_table,
    label_codes,
    members_of,
    removed_table,
    with_decision,
    with_labels,
)
from dedup.collect import IN_MEMORY, Record
from dedup.composition import kept_records, pages_table, pieces_table
from dedup.config import Config
from dedup.decide import Decision, Weighted
from dedup.documents.fields import Fields
from dedup.documents.lookup import Place, texts_of
from dedup.documents.normalise import normalise_rows
from dedup.documents.sources import Source
from dedup.errors import ConfigError, InputError
from dedup.folder import check_output, replace_folder
from dedup.jsonlines import read_json_table
from dedup.labelling import COPIES, UNKNOWN, Texts, label_and_decide, templates_kept
from dedup.pages.boilerplate.table import BoilerplateTable
from dedup.reasons.label import label_pairs
from dedup.save import RunFolder, read_extracted, read_texts
from dedup.tables import CROWDED, EXACT, FILLED, FORMAT, LABELS, NEAR, PARTIAL, PASSAGES, REJECTED
from dedup.templates.lost import count_lost
from dedup.templates.model import Template
from dedup.templates.write import TEMPLATES, VALUES, read_templates, read_values
from dedup.valuetables import ValueTables


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
        passages: pa.Table | None = None,
        crowded: pa.Table | None = None,
        boilerplate: BoilerplateTable | None = None,
        page_texts: pa.LargeStringArray | None = None,
        copied: np.ndarray | None = None,
        templates: list[Template] | None = None,
        filled: Callable[[], pa.Table] | None = None,
    ) -> None:
        self.documents = documents
        self.pairs = pairs
        self.config = config
        self.summary = summary
        self._sources = sources
        self._rejected = rejected
        self._texts = texts
        self._passages, self._crowded, self._boilerplate = passages, crowded, boilerplate
        self._page_texts, self._copied = page_texts, copied
        self._templates, self._read_filled = templates, filled
        if decision is not None:
            self.__dict__["_decision"] = decision  # known already; else worked out from the tables when asked for

    def __repr__(self) -> str:
        kept = len(self.documents) - len(self.removed)
        return f"Result({len(self.documents)} documents, {kept} kept, {len(self.clusters)} clusters)"

    @cached_property
    def _decision(self) -> Decision:
        """The fates, told from the tables alone."""
        return self._decide(self.config.threshold)[0]

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

    def _decide(self, threshold: float, remove: str = "") -> tuple[Decision, np.ndarray, np.ndarray]:
        """The fates with some threshold; which rows of the pairs are pairs of texts, and the labels of these.

        `remove` are the labels of what is removed, if not those of the run.
        """
        m = len(self.documents)
        rank = self.documents.column("rank").to_numpy()
        order = np.empty(m, np.int64)
        order[rank] = np.arange(m)
        a, b = self.pairs.column("doc_a").to_numpy(), self.pairs.column("doc_b").to_numpy()
        heads = self._leaders == np.arange(m)
        which = np.flatnonzero(heads[a] & heads[b])
        labels = label_codes(self.pairs.column("label"))[which]
        labels[labels == 0] = UNKNOWN
        about = Texts(
            order,
            self._leaders,
            self.documents.column("reference").to_numpy(),
            self.documents.column("tokens").to_numpy(),
        )
        names = ("doc_a", "doc_b", "similarity", "containment_a", "containment_b")
        pairs = Weighted(*(self.pairs.column(name).to_numpy()[which] for name in names))
        config = self.config.with_(threshold=threshold, remove=remove or self.config.remove)
        labels, decision = label_and_decide(pairs, labels, about, config, self._labeller(pairs, config))
        return decision, which, labels

    def _labeller(self, pairs: Weighted, config: Config) -> Callable[[np.ndarray], np.ndarray]:
        """Labels pairs from their texts, which are read again. Without lines that were set aside they are not known."""

        def label(which: np.ndarray) -> np.ndarray:
            if config.boilerplate != "off" or (self._texts is None and not self._sources):
                return np.full(len(which), LABELS.index(NEAR), np.int8)
            docs, place = np.unique(np.concatenate([pairs.a[which], pairs.b[which]]), return_inverse=True)
            codes = normalise_rows(pa.array(self._texts_of(docs), pa.large_string()), tokens=config.tokens)
            a, b = place.reshape(2, -1)
            similarity = pairs.similarity[which]
            with ThreadPoolExecutor(config.threads or os.cpu_count() or 1) as executor:
                found = label_pairs(codes, a, b, similarity=similarity, threshold=config.threshold, executor=executor)
            return found.label.astype(np.int8)

        return label

    def _texts_of(self, docs: np.ndarray) -> list[str]:
        """The texts of some documents."""
        names = ["file", "line", "byte_start", "byte_end", "start", "end"]
        rows = self.documents.select(names).take(pa.array(docs)).to_pylist()
        if self._texts is not None:
            texts, records = self._texts, np.array([row["line"] for row in rows], np.int64) - 1
            if self.config.html and self._page_texts is not None:
                found = np.unique(self.documents.column("line").to_numpy())  # several pieces are one record
                texts, records = self._page_texts, np.searchsorted(found - 1, records)
            whole = texts.take(pa.array(records)).to_pylist()
            return [text[row["start"] : row["end"]] for text, row in zip(whole, rows, strict=True)]
        numbers = {source.name: number for number, source in enumerate(self._sources)}
        places = [
            Place(numbers[row["file"]], row["line"], row["byte_start"], row["byte_end"])
            if row["end"] is None
            else Place(numbers[row["file"]], *(row[name] for name in names[1:]))
            for row in rows
        ]
        config = self.config
        fields = Fields(config.text_fields(), config.id, config.other_fields(), html=config.html)
        return texts_of(self._sources, places, fields, encoding=config.encoding, inputs=self.summary.get("inputs"))

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

    @cached_property
    def pieces(self) -> pa.Table:
        """The pieces of every page and what each is kept as, `dedup.tables.PIECES`; no row unless they are the unit."""
        return pieces_table(self.documents, self._decision)

    @cached_property
    def pages(self) -> pa.Table:
        """Every page as the list of its pieces, `dedup.tables.PAGES`; no row unless pieces are the unit."""
        return pages_table(self.documents, self._decision)

    @property
    def rejected(self) -> pa.Table:
        """What could not be read: file, line (null: the file), reason."""
        names = [source.name for source in self._sources] or [IN_MEMORY]
        rows = [(names[r.source], r.line or None, r.reason) for r in self._rejected]
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, REJECTED, strict=True)], schema=REJECTED)

    def at(self, threshold: float) -> Result:
        """The result of a run with a higher threshold, from the pairs of this one: nothing is searched again.

        Equal to a new run with that threshold and the bands of this one; but of a text with more than 256 copies not
        every pair is listed, and those that only the new clusters would name are missing. Pairs that decided in this
        run keep their labels, and its templates stay. Texts of pairs that decide now are read again; with `boilerplate`
        these count as near.

        Raises
        ------
        ConfigError
            If `threshold` is below the run's: pairs down there were never looked for.
        InputError
            If the input has changed, or is gone, and texts of it are needed.
        """
        if threshold < self.config.threshold:
            raise ConfigError(f"threshold {threshold} is below the run's {self.config.threshold}; run anew with it")
        decision, which, pair_labels = self._decide(threshold)
        labels = decision.labels(pair_labels)
        documents = with_decision(self.documents, decision, labels)
        pairs = with_labels(self.pairs, self._leaders, which, pair_labels)
        linked = pc.greater_equal(pairs.column("similarity"), threshold)
        enough = pc.greater_equal(pairs.column("similarity"), pair_floor(threshold))
        pairs = pairs.set_column(8, "linked", linked).filter(
            pc.or_(enough, pc.fill_null(pc.equal(pairs["label"], PARTIAL), False))
        )
        removed = decision.removed()
        counts = np.bincount(labels[removed], minlength=len(LABELS)).tolist()
        summary = {
            **self.summary,
            "pairs": len(pairs),
            "clusters": int(decision.cluster.max(initial=-1)) + 1,
            "chains_cut": decision.chains,
            "removed": len(removed),
            "kept": int((~self.documents.column("reference").to_numpy()).sum()) - len(removed),
            "records_kept": kept_records(self.documents, decision),
            **dict(zip(LABELS[1:5], counts[1:], strict=False)),
            "templates_kept": templates_kept(
                self.pairs.column("similarity").to_numpy()[which], pair_labels, self.config.with_(threshold=threshold)
            ),
            "lost": self._count_lost(threshold),
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
            passages=self._passages,
            crowded=self._crowded,
            boilerplate=self._boilerplate,
            page_texts=self._page_texts,
            copied=self._copied,
            templates=self._templates,
            filled=lambda: self._filled,
        )

    @property
    def passages(self) -> pa.Table:
        """What stands in several places, one row per passage, what would save most first: `dedup.tables.PASSAGES`.

        Raises
        ------
        ConfigError
            If the run looked for none.
        """
        return self._asked(self._passages)

    @property
    def crowded(self) -> pa.Table:
        """What stands in more documents than `Config.cap`, and so is no passage: `dedup.tables.CROWDED`."""
        return self._asked(self._crowded)

    @property
    def boilerplate(self) -> BoilerplateTable | None:
        """What was set aside; None if the run did not ask for it."""
        return self._boilerplate

    @cached_property
    def templates(self) -> list[Template]:
        """The templates, that of the largest family first; that of family k is number k - 1.

        Raises
        ------
        ConfigError
            If the run looked for none.
        """
        if self._templates is None:
            raise ConfigError("this run looked for no templates; run it with templates = True (--templates)")
        members = members_of(self.documents, len(self._templates))
        return [replace(template, members=ids) for template, ids in zip(self._templates, members, strict=True)]

    @cached_property
    def families(self) -> pa.Table:
        """Texts that have their wording in common, one row per family of two and more: `dedup.tables.FAMILIES`."""
        return families_table(self.documents, len(self.templates))

    def values(self, template: int) -> pa.Table:
        """What every document has in the slots of a template, as `values/` has it: one row per document.

        Parameters
        ----------
        template : int
            From 1, as in `documents`.

        Raises
        ------
        ConfigError
            If there is no such template, or the run looked for none.
        """
        if not 1 <= template <= len(self.templates):
            raise ConfigError(f"template {template}: there are {len(self.templates)}, from 1")
        values = self._value_tables
        assert values is not None
        return values.table(template)

    @cached_property
    def _value_tables(self) -> ValueTables | None:
        if self._templates is None:
            return None
        return ValueTables(self.documents, self._templates, self._filled, self._copies)

    @cached_property
    def _copies(self) -> np.ndarray:
        """The document that each is a copy of, whatever is removed."""
        same = set(self.config.removed_labels()) == set(COPIES.split(","))
        return self._decision.kept if same else self._decide(self.config.threshold, COPIES)[0].kept

    def _count_lost(self, threshold: float) -> int | None:
        if self._templates is None:
            return None
        return count_lost(self._templates, self._filled, self._decide(threshold, COPIES)[0].kept)

    @cached_property
    def _filled(self) -> pa.Table:
        return self._read_filled() if self._read_filled is not None else FILLED.empty_table()

    def _asked(self, table: pa.Table | None) -> pa.Table:
        if table is None:
            raise ConfigError("this run looked for no passages; run it with passages = True (--passages)")
        return table

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

        It is written beside `folder` and renamed when complete. Of a result that was opened passages are not cut any
        more: what each was copied from is known to the run itself only.

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
            self._folder().write(beside, on_file or (lambda name: None))
            replace_folder(beside, folder)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        return folder

    def _folder(self) -> RunFolder:
        names = ["clusters", "removed", "rejected"]
        names += ["passages", "crowded"] if self._passages is not None else []
        names += ["pieces", "pages"] if self.config.unit == "piece" else []
        return RunFolder(
            lines={name: getattr(self, name) for name in names},
            documents=self.documents,
            pairs=self.pairs,
            copied=self._copied,
            boilerplate=self._boilerplate,
            decision=self._decision,
            config=self.config,
            summary=self.summary,
            sources=self._sources,
            rejected=self._rejected,
            texts=self._texts,
            page_texts=self._page_texts,
            values=self._value_tables,
        )

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
        sources, config = run["sources"], Config(**run["config"])
        extracted = read_extracted(folder) if config.html and not sources else None
        templates = read_templates(folder / TEMPLATES) if (folder / TEMPLATES).exists() else None
        return cls(
            documents=documents,
            pairs=pairs,
            config=config,
            summary=run["summary"],
            sources=[Source(**{**s, "path": Path(s["path"])}) for s in sources] if sources else [],
            rejected=[Record(*record) for record in run["rejected"]],
            texts=None if sources or (config.html and extracted is None) else read_texts(folder, documents),
            page_texts=extracted,
            passages=read_json_table(folder / "passages.jsonl", PASSAGES),
            crowded=read_json_table(folder / "crowded.jsonl", CROWDED),
            boilerplate=BoilerplateTable.load(table) if (table := folder / "boilerplate.jsonl").exists() else None,
            templates=templates,
            filled=partial(read_values, folder / VALUES, len(templates)) if templates is not None else None,
        )


def pair_floor(threshold: float) -> float:
    """Least similarity of the pairs that are reported: .1 below the threshold, to show what the threshold decides."""
    return max(round(threshold - 0.1, 12), 0.01)
