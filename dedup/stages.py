"""The stages after reading: search, decide, assemble, measure."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.assemble import documents_table, pairs_table
from dedup.collect import Collection, is_extracted
from dedup.composition import kept_records
from dedup.config import Config
from dedup.decide import Weighted
from dedup.errors import Cancelled
from dedup.labelling import Labelled, Texts, label_and_decide, labeller, templates_kept, with_partial
from dedup.matches.audit import Found, brute_force, draw_sample, measure_recall
from dedup.matches.bands import Bands
from dedup.matches.candidates import Search
from dedup.matches.exact import collapse
from dedup.matches.rank import rank_documents
from dedup.matches.verify import Verified, no_pairs
from dedup.memory import anonymous_mb
from dedup.paged import by_line
from dedup.result import Result, pair_floor
from dedup.reuse.matches import Matches
from dedup.shape import cut_pieces, set_aside, set_aside_counts, sketch
from dedup.shared import Shared, copied_stretches, crowded_table, find_shared, passages_table, redundant_tokens
from dedup.tables import LABELS, PARTIAL
from dedup.templated import find_templated
from dedup.templates.lost import count_lost
from dedup.work import WorkFolder

MEASURE_S = 0.02  # how often the memory is looked at while a stage runs; it takes about .1 ms


class Progress(NamedTuple):
    """What a progress callback is told: the stage, and how much of it is done (`total` 0: unknown)."""

    stage: str
    done: int
    total: int


class Run:
    """Clock, memory meter and progress of one run."""

    def __init__(self, on_progress: Callable[[Progress], object] | None) -> None:
        self._on_progress = on_progress
        self.seconds: dict[str, float] = {}
        self.peak_mb = 0.0
        self._measured = -math.inf

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.tell(name, 0, 0)
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begin, 4)
        self.peak_mb = max(self.peak_mb, anonymous_mb())

    def tell(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._measured > MEASURE_S:
            self._measured = now
            self.peak_mb = max(self.peak_mb, anonymous_mb())
        if self._on_progress is not None and self._on_progress(Progress(stage, done, total)) is False:
            raise Cancelled(f"stopped in the stage {stage}")


class Searched(NamedTuple):
    """What the search stage hands on: the order of survival, equal texts, and pairs as document numbers."""

    order: np.ndarray
    leaders: np.ndarray
    pairs: Verified
    candidates: int
    unsearched: int

    def arrays(self) -> dict[str, np.ndarray]:
        return {"order": self.order, "leaders": self.leaders, "pairs": np.stack(self.pairs)}

    @classmethod
    def load(cls, work: WorkFolder, counts: dict[str, Any]) -> Searched:
        return cls(work.load("order"), work.load("leaders"), Verified(*work.load("pairs")), **counts)


def finish(
    pages: Collection,
    config: Config,
    bands: Bands | None,
    run: Run,
    executor: Executor,
    work: WorkFolder | None = None,
    texts: pa.ChunkedArray | None = None,
) -> Result:
    """All stages after reading; with a work folder those that were finished before are not done again.

    Without `bands` only passages are looked for.
    """
    if by_line(config):
        with run.stage("shape"):
            pages = set_aside(pages, config, work)
    shared = matches = None
    if config.unit == "piece" or finds_partial(config):
        with run.stage("passages"):
            shared = _shared(pages, config, executor, work)
            matches = shared.matches
    documents = pages
    if by_line(config):
        with run.stage("shape"):
            if config.unit == "piece" and matches is not None:
                documents, matches = cut_pieces(pages, matches, executor)
            documents = sketch(documents, config, bands, executor)
    found = _searched(documents, config, bands, run, executor, work)
    return conclude(pages, documents, found, shared, matches, config, bands, run, executor, work, texts)


def finds_partial(config: Config) -> bool:
    """Whether pairs that share only passages are told, too."""
    return config.passages or PARTIAL in config.removed_labels()


def _shared(pages: Collection, config: Config, executor: Executor, work: WorkFolder | None) -> Shared:
    if work is None:
        return find_shared(pages, config, executor)
    if work.done("passages") is not None:
        return Shared.load(work)
    shared = find_shared(pages, config, executor)
    shared.save(work)
    work.finish("passages", {})
    return shared


def _searched(
    documents: Collection, config: Config, bands: Bands | None, run: Run, executor: Executor, work: WorkFolder | None
) -> Searched:
    done = work.done("match") if work is not None else None
    if work is not None and done is not None:
        return Searched.load(work, done)
    found = search(documents, config, bands, run, executor)
    if work is not None:
        for name, column in found.arrays().items():
            work.save(name, column)
        work.finish("match", {"candidates": found.candidates, "unsearched": found.unsearched})
    return found


def search(collection: Collection, config: Config, bands: Bands | None, run: Run, executor: Executor) -> Searched:
    """Find copies and near copies; nothing if there are no bands to find them by."""
    if bands is None:
        every = np.arange(len(collection))
        return Searched(every, every, no_pairs(), 0, 0)
    with run.stage("exact"):
        reference = collection.reference()
        field = config.keep_rule()[1]
        order = rank_documents(
            config.keep_rule(),
            tokens=np.diff(collection.codes.offsets),
            reference=reference,
            damage=collection.damage,
            values=collection.rows.column(f"field:{field}") if field else None,
        )
        groups = collection.groups(config.within)
        leaders = collapse(collection.codes, collection.hashes, order, groups)
    with run.stage("match"):
        single = (leaders == np.arange(len(leaders))) & (collection.hashes != 0)
        rows = order[single[order]]
        search = Search(
            codes=collection.codes,
            documents=rows,
            keys_of=lambda band: collection.keys_of(band)[rows],
            bands=bands.bands,
            n=config.n,
            seed=config.seed,
            threshold=config.threshold,
            floor=pair_floor(config.threshold),
            executor=executor,
            groups=groups[rows] if groups is not None else None,
            references=int(reference[rows].sum()),
            on_band=lambda band: run.tell("match", band, bands.bands),
        )
        found = search.run()
    pairs = found.pairs
    return Searched(
        order,
        leaders,
        Verified(rows[pairs.a], rows[pairs.b], pairs.shared, pairs.size_a, pairs.size_b),
        found.candidates,
        found.unsearched,
    )


def conclude(
    pages: Collection,
    collection: Collection,
    found: Searched,
    shared: Shared | None,
    matches: Matches | None,
    config: Config,
    bands: Bands | None,
    run: Run,
    executor: Executor,
    work: WorkFolder | None = None,
    texts: pa.ChunkedArray | None = None,
) -> Result:
    """Label what was found, decide what is kept, and put the tables of the result together.

    `collection` are the documents, `pages` the records they stand in, in which passages are told (`shared`); `matches`
    are those of documents.
    """
    reference = collection.reference()
    tokens = np.diff(collection.codes.offsets)
    with run.stage("label"):
        labelled = Labelled.of(found.pairs)
        if matches is not None and bands is not None and finds_partial(config):
            labelled = with_partial(labelled, collection, found.leaders, matches, config, executor)
        about = Texts(found.order, found.leaders, reference, tokens)
        if bands is None or not config.templates:
            label = labeller(collection.codes, labelled.pairs, config, executor)
            labels, decision = label_and_decide(Weighted.of(labelled.pairs), labelled.labels, about, config, label)
            labelled, templated, copies = Labelled(labelled.pairs, labels), None, decision.kept
    if bands is not None and config.templates:
        with run.stage("templates"):
            tell = partial(run.tell, "templates")
            found_all = find_templated(pages, collection, labelled, about, config, executor, work, tell)
            labelled, decision, templated, copies = found_all
    with run.stage("cluster"):
        pairs = pairs_table(
            collection.rows.column("id"),
            found.leaders,
            labelled.pairs,
            config.threshold,
            reference,
            decision,
            labelled.labels,
        )
        names = [source.name for source in collection.sources]
        labels = decision.labels(labelled.labels)
        none = np.zeros(len(collection), np.int64)
        numbers = (templated.template(), templated.family) if templated else (none, none)
        documents = documents_table(collection.rows, names, tokens, found.order, reference, decision, labels, *numbers)
        passages = crowded = copied = None
        if shared is not None and config.passages:
            passages = passages_table(pages, shared.occurrences, first_documents(collection), config, executor)
            if config.cut:
                copied = copied_stretches(pages, shared.matches, config, executor)
            crowded = crowded_table(pages, shared.crowded, config, executor)
    audit: dict[str, Any] | None = None
    if config.audit:
        with run.stage("audit"):
            audit = _audit(collection, found, pairs, config, executor)
    removed = decision.removed()
    counts = np.bincount(labels[removed], minlength=len(LABELS)).tolist()
    summary: dict[str, Any] = {
        "records": len(pages) - int(pages.reference().sum()),
        "documents": len(collection) - int(reference.sum()),
        "references": int(reference.sum()),
        "rejected": len(collection.rejected),
        "empty": int((collection.hashes == 0).sum()),
        "text_bytes": collection.text_bytes,
        "bands": list(bands or ()),
        "candidates": found.candidates,
        "unsearched": found.unsearched,
        "verified": len(found.pairs.a),
        "pairs": len(pairs),
        "clusters": int(decision.cluster.max(initial=-1)) + 1,
        "chains_cut": decision.chains,
        "removed": len(removed),
        "kept": len(collection) - int(reference.sum()) - len(removed),
        "records_kept": kept_records(documents, decision),
        **dict(zip(LABELS[1:5], counts[1:], strict=False)),
        "templates_kept": templates_kept(labelled.pairs.similarity(), labelled.labels, config),
        "passages": None if passages is None else len(passages),
        "repeated_tokens": redundant_tokens(shared.occurrences) if shared is not None and config.passages else None,
        "tokens": int(tokens.sum()),
        "extracted": any(is_extracted(source, config) for source in pages.sources),
        "boilerplate": None if pages.boilerplate is None else set_aside_counts(pages),
        "crowded": None if crowded is None else len(crowded),
        "families": None if templated is None else int(templated.family.max(initial=0)),
        "templates": None if templated is None else len(templated.templates),
        "filled": None if templated is None else len(templated.filled),
        "lost": None if templated is None else count_lost(templated.templates, templated.filled, copies),
        "repeated_ids": _repeated(collection.rows.column("id")),
        "recall": audit,
        "seconds": run.seconds,
        "peak_mb": round(run.peak_mb, 1),
        "threads": config.threads or os.cpu_count() or 1,
        "versions": versions(),
    }
    return Result(
        documents=documents,
        pairs=pairs,
        config=config,
        summary=summary,
        sources=collection.sources,
        rejected=collection.rejected,
        texts=texts,
        decision=decision,
        passages=passages,
        crowded=crowded,
        boilerplate=pages.boilerplate,
        page_texts=pages.texts,
        copied=copied,
        templates=None if templated is None else templated.templates,
        filled=None if templated is None else lambda: templated.filled,
    )


def first_documents(collection: Collection) -> np.ndarray:
    """The first document of each record, ``int64``: a record is one, or several pieces."""
    if "piece" not in collection.rows.column_names:
        return np.arange(len(collection))
    return np.flatnonzero(collection.rows.column("piece").to_numpy() == 1)


def _repeated(ids: pa.ChunkedArray) -> int:
    """How many documents have an identifier that one before them has."""
    return len(ids) - int(pc.count_distinct(ids).as_py()) if len(ids) else 0


def _audit(
    collection: Collection, found: Searched, pairs: pa.Table, config: Config, executor: Executor
) -> dict[str, Any]:
    """Measure the recall on a sample; see `dedup.matches.audit`."""
    sample = draw_sample(np.flatnonzero(collection.hashes != 0), config.audit, config.seed)
    truth = brute_force(
        collection.codes, sample, n=config.n, seed=config.seed, threshold=config.threshold, executor=executor
    )
    reference = collection.reference()
    # Copies of one text share their pairs: what is proven for the first of them is proven for all, and what is not
    # looked for (two references) is looked for of none.
    first = found.leaders[truth.sample], found.leaders[truth.other]
    comparable = ~(reference[truth.sample] & reference[truth.other])
    comparable &= ~(reference[first[0]] & reference[first[1]]) | (first[0] == first[1])
    groups = collection.groups(config.within)
    if groups is not None:
        comparable &= groups[truth.sample] == groups[truth.other]
    truth = Found(*(column[comparable] for column in truth))
    first = first[0][comparable], first[1][comparable]
    a, b = pairs.column("doc_a").to_numpy(), pairs.column("doc_b").to_numpy()
    rows = a << 32 | b
    keys = np.minimum(*first) << 32 | np.maximum(*first)
    known = np.isin(np.minimum(truth.sample, truth.other) << 32 | np.maximum(truth.sample, truth.other), rows)
    known |= np.isin(keys, rows) | (first[0] == first[1])
    audit = measure_recall(truth, sample, known, int((collection.hashes != 0).sum()))
    ids = collection.rows.column("id")
    return {
        "documents": audit.documents,
        "pairs": audit.pairs,
        "recall": None if np.isnan(audit.recall) else round(audit.recall, 6),
        "low": None if np.isnan(audit.low) else round(audit.low, 6),
        "high": None if np.isnan(audit.high) else round(audit.high, 6),
        "missed": [[ids[a].as_py(), ids[b].as_py()] for a, b in audit.missed[:100].tolist()],
    }


def versions() -> dict[str, str]:
    from importlib.metadata import version

    names = ("numpy", "numba", "pyarrow")
    return {"dedup": version("dedup"), "python": sys.version.split()[0], **{name: version(name) for name in names}}
