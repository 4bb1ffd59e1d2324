"""The stages in order, on this machine: `dedupe`."""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.assemble import documents_table, pairs_table
from dedup.collect import Collection, collect_files, collect_texts, digest_file, load_collection
from dedup.config import Config
from dedup.decide import Weighted, decide
from dedup.documents.blocks import join_texts
from dedup.documents.fields import ID_NAMES, TEXT_NAMES
from dedup.documents.sources import COMPRESSIONS, MAGIC, Source, find_sources
from dedup.errors import Cancelled, ConfigError, InputError
from dedup.matches.audit import Found, brute_force, draw_sample, measure_recall
from dedup.matches.bands import Bands, choose_bands
from dedup.matches.candidates import Matches, Search
from dedup.matches.exact import collapse
from dedup.matches.rank import rank_documents
from dedup.matches.verify import Verified
from dedup.memory import anonymous_mb
from dedup.result import Result, check_output, pair_floor
from dedup.work import SPOOL, SPOOL_PART, WorkFolder

MEASURE_S = 0.02  # how often the memory is looked at while a stage runs; it takes about .1 ms


class Progress(NamedTuple):
    """What a progress callback is told: the stage, and how much of it is done (`total` 0: unknown)."""

    stage: str
    done: int
    total: int


class _Run:
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


def dedupe(
    inputs: str | Path | Sequence[Any] | pa.Table | pa.RecordBatch | Iterable[tuple[str, str]],
    config: Config | None = None,
    *,
    on_progress: Callable[[Progress], object] | None = None,
    against: Sequence[str | Path] = (),
    out: str | Path | None = None,
    work: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
) -> Result:
    """Find the copies and near copies in a collection.

    Parameters
    ----------
    inputs : path, list of Path, Arrow table, iterable of (id, text), or list of str
        A ``str`` or ``Path`` by itself is a file, a folder or a pattern, and so is each ``Path`` of a list; the items
        of a list of ``str`` are texts. Of an Arrow table the columns are chosen as those of a file are.
    config : Config, optional
    on_progress : function, optional
        Called with a `Progress` now and then, from this thread; if it returns False the run stops.
    against : sequence of path
        Files that documents are compared with but that are never written: of copies, theirs is the one kept.
        Only for inputs that are files.
    out : path, optional
        Write a run folder, as `Result.save` does, in the same pass.
    work : path, optional
        Folder for intermediate files; a hidden one beside `out` (or in the current folder) if not given. Only files are
        taken through it; it is removed at the end.
    resume : bool
        Go on after the last finished stage of a run over the same inputs with the same config that was stopped.
    force : bool
        Let `out` replace an earlier run folder.

    Returns
    -------
    Result

    Raises
    ------
    ConfigError, InputError, OutputError
        Before anything is read, if something is missing or in the way; after reading, if no document was found.
    Cancelled
        If `on_progress` returned False.

    Notes
    -----
    Safe to call from several threads. Costs about as much as parsing the files; anonymous memory is some 500 bytes a
    document plus about 50 MB a thread, whatever the length of the texts, if these are in files; the codes of texts that
    are in memory take 4 bytes a token more.
    """
    config = config or Config()
    bands = (
        Bands(config.bands, config.rows) if config.bands else choose_bands(config.threshold, config.recall, config.k)
    )
    threads = config.threads or os.cpu_count() or 1
    run = _Run(on_progress)
    with ThreadPoolExecutor(threads, thread_name_prefix="dedup") as executor:
        try:
            if _names_files(inputs):
                engine = _Files(inputs, config, bands, run, executor, threads, against, out, work, resume, force)
                return engine.dedupe()
            if against:
                raise ConfigError("against: inputs must be files as well")
            if out is not None:
                check_output(Path(out), force=force)
            result = _dedupe_texts(inputs, config, bands, run, executor, threads)
            if out is not None:
                result.save(out, force=force)
            return result
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise


def _names_files(inputs: object) -> bool:
    if isinstance(inputs, str | Path):
        return True
    return isinstance(inputs, list | tuple) and bool(inputs) and all(isinstance(item, Path) for item in inputs)


# -- files -------------------------------------------------------------------------------------------------------


class _Files:
    """One run over files, with its work folder."""

    def __init__(
        self,
        inputs: Any,
        config: Config,
        bands: Bands,
        run: _Run,
        executor: Executor,
        threads: int,
        against: Sequence[str | Path],
        out: str | Path | None,
        work: str | Path | None,
        resume: bool,
        force: bool,
    ) -> None:
        self.config, self.bands, self.run, self.executor, self.threads = config, bands, run, executor, threads
        self.out = Path(out) if out is not None else None
        if self.out is not None and not self.out.name:
            self.out = Path(os.path.abspath(self.out))
        self.resume, self.force = resume, force
        named = [inputs] if isinstance(inputs, str | Path) else list(inputs)
        if self.out is not None:
            check_output(self.out, force=force)
            _check_apart(self.out, [*named, *against])
        files = [item for item in named if str(item) != "-"]
        found = [find_sources(against, skip=self.out, reference=True)] if against else []
        if files or len(named) == len(files):
            found.append(find_sources(files, skip=self.out))
        self.sources: list[Source] = [source for part in found for source in part.sources]
        self.notes = [note for part in found for note in part.notes]
        if work is not None:
            self.work_path = Path(work)
        elif self.out is not None:
            self.work_path = self.out.absolute().with_name(f".{self.out.name}.dedup-work")
        else:
            self.work_path = Path(tempfile.mkdtemp(prefix=".dedup-work-", dir="."))
        self.standard_input = len(files) < len(named)

    def dedupe(self) -> Result:
        work = WorkFolder(self.work_path)
        needed = True
        try:
            if self.standard_input:
                self.sources.append(_spool(self.work_path, resume=self.resume))
            self.sources = _with_names_of_their_own(self.sources)
            result = self._stages(work)
            needed = False
            return result
        except (InputError, ConfigError):
            needed = False  # the same input would end the same way
            raise
        finally:
            # After a fault the finished stages stay for --resume; without an output nobody could ask for them.
            work.close(remove=not needed or self.out is None or not work.state.get("stages"))

    def _identity(self, states: list[list[int]], digests: list[Future[str]]) -> dict[str, Any]:
        """What a run is told by: version, settings, and name, path, size, time and SHA-256 of each file."""
        inputs = [
            [source.name, str(source.path), *state, digest.result()]
            for source, state, digest in zip(self.sources, states, digests, strict=True)
        ]
        bands = list(self.bands)
        return {"version": _versions()["dedup"], "config": self.config.digest(), "inputs": inputs, "bands": bands}

    def _stages(self, work: WorkFolder) -> Result:
        run, config = self.run, self.config
        # Taken before reading: a file that grows meanwhile differs from its state when it is time to copy it.
        states = [_file_state(source.path) for source in self.sources]
        total = sum(size for size, _ in states)
        with run.stage("read"):
            digests = [self.executor.submit(digest_file, source.path) for source in self.sources]
            if self.resume:
                work.resume(self._identity(states, digests))
            if work.done("read") is None:
                work.clear()
                left = collect_files(
                    self.sources,
                    config,
                    self.bands,
                    work,
                    self.executor,
                    self.threads,
                    lambda documents, done: run.tell("read", done, total),
                )
                work.start(self._identity(states, digests))
                work.finish("read", left)
            inputs = work.identity["inputs"]
            collection = load_collection(self.sources, work)
        _check_any(collection, self.sources)
        searched = work.done("match")
        if searched is None:
            found = _search(collection, config, self.bands, run, self.executor)
            for name, column in found.arrays().items():
                work.save(name, column)
            work.finish("match", {"candidates": found.candidates, "unsearched": found.unsearched})
        else:
            found = _Found.load(work, searched)
        result = _conclude(collection, found, config, self.bands, run, self.executor)
        summary = result.summary
        summary["notes"] = [*self.notes, *collection.notes]
        summary["inputs"] = {path: [size, moment, digest] for _, path, size, moment, digest in inputs}
        summary["input_bytes"] = total
        if self.out is not None:
            with run.stage("write"):
                summary["seconds"], summary["peak_mb"] = run.seconds, round(run.peak_mb, 1)
                begin = time.perf_counter()

                def on_file(name: str) -> None:
                    run.seconds["write"] = round(time.perf_counter() - begin, 4)
                    run.tell("write", 0, 0)

                result.save(self.out, force=self.force, on_file=on_file)
                run.seconds.pop("write")
        return result


def _file_state(path: Path) -> list[int]:
    """Size and time of a file; zeros if it is not there."""
    try:
        state = path.stat()
        return [state.st_size, state.st_mtime_ns]
    except OSError:
        return [0, 0]


def _spool(folder: Path, *, resume: bool) -> Source:
    """Standard input as a file, since it is read twice; that of a run that was stopped is still there."""
    path = folder / SPOOL
    if not (resume and path.exists()):
        partial = folder / SPOOL_PART
        with partial.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        partial.replace(path)
    with path.open("rb") as file:
        head = file.read(4)
    for magic, compression in MAGIC.items():
        if head.startswith(magic):
            ending = next(end for end, name in COMPRESSIONS.items() if name == compression)
            return Source(path, f"stdin.jsonl{ending}", "jsonl", compression)
    return Source(path, "stdin.jsonl", "jsonl")


def _with_names_of_their_own(sources: list[Source]) -> list[Source]:
    """Sources whose names tell them apart: a reference, or standard input, may be called as another file is."""
    taken: set[str] = set()
    named = []
    for source in sorted(sources, key=lambda source: source.reference):  # files that are written keep theirs
        name, count = source.name, 1
        while name in taken:
            count += 1
            path = Path(source.name)
            name = path.with_name(f"{path.name.partition('.')[0]}-{count}{''.join(path.suffixes)}").as_posix()
        taken.add(name)
        named.append(replace(source, name=name))
    return [source for source in named if source.reference] + [source for source in named if not source.reference]


def _check_apart(out: Path, inputs: Sequence[str | Path]) -> None:
    """An output that holds an input would replace it, or be read as input by the next run."""
    target = os.path.realpath(out)
    for item in inputs:
        path = os.path.realpath(item)
        if path == target or path.startswith(target + os.sep):
            raise ConfigError(f"the output {out} holds the input {item}; name another with -o")


def _check_any(collection: Collection, sources: list[Source]) -> None:
    """Stop if there is not one document: then a reason is what the user needs."""
    if len(collection):
        return
    if collection.rejected:
        first = collection.rejected[0]
        more = f" (and {len(collection.rejected) - 1} more)" if len(collection.rejected) > 1 else ""
        raise InputError(
            f"no document could be read: {first.reason}{more}", sources[first.source].path, first.line or None
        )
    raise InputError("no document: the input is empty", sources[0].path)


# -- texts in memory ---------------------------------------------------------------------------------------------


def _dedupe_texts(inputs: Any, config: Config, bands: Bands, run: _Run, executor: Executor, threads: int) -> Result:
    texts, ids, others = _columns(inputs, config)
    with run.stage("read"):
        collection = collect_texts(
            texts,
            ids,
            others,
            config,
            bands,
            executor,
            threads,
            lambda documents, done: run.tell("read", documents, len(texts)),
        )
    found = _search(collection, config, bands, run, executor)
    result = _conclude(collection, found, config, bands, run, executor, texts)
    result.summary["notes"] = []
    return result


def _columns(inputs: Any, config: Config) -> tuple[pa.ChunkedArray, pa.ChunkedArray, dict[str, pa.ChunkedArray]]:
    """Texts, identifiers and other fields of what a caller passed."""
    if isinstance(inputs, pa.RecordBatch):
        inputs = pa.Table.from_batches([inputs])
    if not isinstance(inputs, pa.Table):
        items = list(inputs)
        if all(isinstance(item, str) or item is None for item in items):
            items = [(str(i), text) for i, text in enumerate(items)]
        bad = next((i for i, t in enumerate(items) if not (isinstance(t, tuple | list) and len(t) == 2)), None)
        if bad is not None:
            raise InputError(f"item {bad} is {type(items[bad]).__name__}; texts or (id, text) pairs are needed")
        try:
            texts = pa.array([text for _, text in items], pa.large_string())
            ids = pa.array([None if name is None else str(name) for name, _ in items], pa.string())
        except (pa.ArrowException, UnicodeEncodeError, TypeError) as error:
            raise InputError(f"a text or an identifier is no valid string: {error}") from None
        inputs = pa.table({"id": ids, "text": texts})
    names = inputs.schema.names
    wanted = config.text_fields() or tuple(name for name in TEXT_NAMES if name in names)[:1]
    missing = [name for name in (*wanted, *config.other_fields(), *filter(None, [config.id])) if name not in names]
    if missing or not wanted:
        what = f"no column {missing[0]!r}" if missing else "no column looks like the text; set Config(text=…)"
        raise InputError(f"{what}; the columns are {', '.join(names)}")
    columns = [_strings(inputs, name, pa.large_string()) for name in wanted]
    text = columns[0]
    if len(columns) > 1:
        text = pa.chunked_array([join_texts([column.combine_chunks() for column in columns])])
    ident = config.id or next((name for name in ID_NAMES if name in names and name not in wanted), "")
    places = pa.array(np.arange(len(inputs))).cast(pa.string())
    ids = pa.chunked_array([places])
    if ident:
        ids = _strings(inputs, ident, pa.string())
        ids = pc.if_else(pc.is_null(ids), places, ids)
    return text, ids, {name: _strings(inputs, name, pa.string()) for name in config.other_fields()}


def _strings(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """A column as valid UTF-8: the kernels trust it."""
    if table.schema.names.count(name) > 1:
        raise InputError(f"the column {name!r} stands twice; rename one")
    try:
        column = table.column(name).cast(kind)
        column.validate(full=True)
    except pa.ArrowException as error:
        raise InputError(f"the column {name!r} cannot be read as strings: {error}") from None
    return column


# -- the stages after reading ------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """What the search stage hands on: the order of survival, equal texts, and pairs as document numbers."""

    order: np.ndarray
    leaders: np.ndarray
    pairs: Verified
    candidates: int
    unsearched: int

    def arrays(self) -> dict[str, np.ndarray]:
        return {"order": self.order, "leaders": self.leaders, "pairs": np.stack(self.pairs)}

    @classmethod
    def load(cls, work: WorkFolder, counts: dict[str, Any]) -> _Found:
        return cls(work.load("order"), work.load("leaders"), Verified(*work.load("pairs")), **counts)


def _search(collection: Collection, config: Config, bands: Bands, run: _Run, executor: Executor) -> _Found:
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
        groups = None
        if config.within:
            column = pc.fill_null(collection.rows.column(f"field:{config.within}"), "").combine_chunks()
            groups = pc.dictionary_encode(column).indices.to_numpy().astype(np.int64)
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
        matches: Matches = search.run()
    pairs = matches.pairs
    return _Found(
        order,
        leaders,
        Verified(rows[pairs.a], rows[pairs.b], pairs.shared, pairs.size_a, pairs.size_b),
        matches.candidates,
        matches.unsearched,
    )


def _conclude(
    collection: Collection,
    found: _Found,
    config: Config,
    bands: Bands,
    run: _Run,
    executor: Executor,
    texts: pa.ChunkedArray | None = None,
) -> Result:
    reference = collection.reference()
    with run.stage("cluster"):
        weighted = Weighted(found.pairs.a, found.pairs.b, found.pairs.similarity())
        decision = decide(found.order, found.leaders, weighted, config.threshold, reference)
        pairs = pairs_table(
            collection.rows.column("id"), found.leaders, found.pairs, config.threshold, reference, decision
        )
        documents = documents_table(
            collection.rows,
            [source.name for source in collection.sources],
            np.diff(collection.codes.offsets),
            found.order,
            found.leaders,
            reference,
            decision,
        )
    audit: dict[str, Any] | None = None
    if config.audit:
        with run.stage("audit"):
            audit = _audit(collection, found, pairs, config, executor)
    removed = decision.removed()
    summary: dict[str, Any] = {
        "documents": len(collection) - int(reference.sum()),
        "references": int(reference.sum()),
        "rejected": len(collection.rejected),
        "empty": int((collection.hashes == 0).sum()),
        "text_bytes": collection.text_bytes,
        "bands": list(bands),
        "candidates": found.candidates,
        "unsearched": found.unsearched,
        "verified": len(found.pairs.a),
        "pairs": len(pairs),
        "clusters": int(decision.cluster.max(initial=-1)) + 1,
        "chains_cut": decision.chains,
        "removed": len(removed),
        "kept": len(collection) - int(reference.sum()) - len(removed),
        "exact": int((decision.pair[removed] < 0).sum()),
        "near": int((decision.pair[removed] >= 0).sum()),
        "repeated_ids": _repeated(collection.rows.column("id")),
        "recall": audit,
        "seconds": run.seconds,
        "peak_mb": round(run.peak_mb, 1),
        "threads": config.threads or os.cpu_count() or 1,
        "versions": _versions(),
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
    )


def _repeated(ids: pa.ChunkedArray) -> int:
    """How many documents have an identifier that one before them has."""
    return len(ids) - int(pc.count_distinct(ids).as_py()) if len(ids) else 0


def _audit(
    collection: Collection, found: _Found, pairs: pa.Table, config: Config, executor: Executor
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
    if config.within:
        values = collection.rows.column(f"field:{config.within}")
        same = pc.equal(
            pc.fill_null(values.take(pa.array(truth.sample)), ""), pc.fill_null(values.take(pa.array(truth.other)), "")
        )
        comparable &= same.to_numpy()
    truth = Found(*(column[comparable] for column in truth))
    a, b = pairs.column("doc_a").to_numpy(), pairs.column("doc_b").to_numpy()
    rows = a << 32 | b
    first = found.leaders[truth.sample], found.leaders[truth.other]
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


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    names = ("numpy", "numba", "pyarrow")
    return {"dedup": version("dedup"), "python": sys.version.split()[0], **{name: version(name) for name in names}}
