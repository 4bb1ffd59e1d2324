"""The stages in order, on this machine: `dedupe`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup.collect import Collection, collect_files, collect_texts, digest_file, load_collection
from dedup.columns import text_columns
from dedup.config import BOILERPLATE, Config
from dedup.documents.sources import COMPRESSIONS, MAGIC, Source, find_sources
from dedup.errors import ConfigError, InputError
from dedup.folder import check_output
from dedup.matches.bands import Bands, choose_bands
from dedup.pages.boilerplate.table import BoilerplateTable
from dedup.result import Result
from dedup.stages import Progress, Run, finish, versions
from dedup.templates.model import Template
from dedup.work import SPOOL, SPOOL_PART, WorkFolder


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
    if config.cut and not config.passages and config.unit == "page":
        raise ConfigError("cut = True: cuts pieces or passages; unit = piece or passages = True (--passages) is needed")
    bands = (
        Bands(config.bands, config.rows) if config.bands else choose_bands(config.threshold, config.recall, config.k)
    )
    return _go(inputs, config, bands, on_progress, against, out, work, resume, force)


def find_passages(
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
    """Find what stands in several places of a collection, in different documents or in one; copies are not looked for.

    Parameters
    ----------
    inputs, config, on_progress, against, out, work, resume, force
        As those of `dedupe`; of the config, `length`, `cap`, `identity`, `boilerplate` and `cut` matter here.

    Returns
    -------
    Result
        Its `passages` are what was found, its `crowded` what the cap left out; all documents are kept.

    Raises
    ------
    ConfigError, InputError, OutputError, Cancelled
        As `dedupe` does.

    Notes
    -----
    About 40 MB/s a thread from files; anonymous memory is some 2 bytes a token, the texts stay on disk.
    """
    config = (config or Config()).with_(passages=True, unit="page", audit=0, write="none")
    return _go(inputs, config, None, on_progress, against, out, work, resume, force)


def find_templates(
    inputs: str | Path | Sequence[Any] | pa.Table | pa.RecordBatch | Iterable[tuple[str, str]],
    config: Config | None = None,
    *,
    on_progress: Callable[[Progress], object] | None = None,
) -> list[Template]:
    """Find the templates that texts of a collection were filled into.

    Parameters
    ----------
    inputs, config, on_progress
        As those of `dedupe`.

    Returns
    -------
    list of Template
        That of the largest family first; `Template.match` tells the values of a text, `Template.members` the
        documents of the family.

    Raises
    ------
    ConfigError, InputError, Cancelled
        As `dedupe` does.

    Notes
    -----
    Copies are found first, and one of each stands for all. With `dedupe` and ``templates = True`` the values of all
    documents are at hand as well: `Result.values`. Some milliseconds per document of a family and 3,000 characters.
    """
    return fill_templates(inputs, config, on_progress=on_progress).templates


def fill_templates(
    inputs: str | Path | Sequence[Any] | pa.Table | pa.RecordBatch | Iterable[tuple[str, str]],
    config: Config | None = None,
    **more: Any,
) -> Result:
    """Find templates and the values of all documents, and write no collection; `more` as `dedupe` takes it."""
    config = (config or Config()).with_(templates=True, audit=0, write="none")
    return dedupe(inputs, config, **more)


def _go(
    inputs: Any,
    config: Config,
    bands: Bands | None,
    on_progress: Callable[[Progress], object] | None,
    against: Sequence[str | Path],
    out: str | Path | None,
    work: str | Path | None,
    resume: bool,
    force: bool,
) -> Result:
    threads = config.threads or os.cpu_count() or 1
    run = Run(on_progress)
    with ThreadPoolExecutor(threads, thread_name_prefix="dedup") as executor:
        try:
            config.digest()  # says what it cannot read before anything else is
            table = None if config.boilerplate in BOILERPLATE else BoilerplateTable.load(config.boilerplate)
            if _names_files(inputs):
                engine = _Files(inputs, config, bands, table, run, executor, threads, against, out, work, resume, force)
                return engine.dedupe()
            if against:
                raise ConfigError("against: inputs must be files as well")
            if out is not None:
                check_output(Path(out), force=force)
            result = _dedupe_texts(inputs, config, bands, run, executor, threads, table)
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
        bands: Bands | None,
        table: BoilerplateTable | None,
        run: Run,
        executor: Executor,
        threads: int,
        against: Sequence[str | Path],
        out: str | Path | None,
        work: str | Path | None,
        resume: bool,
        force: bool,
    ) -> None:
        self.config, self.bands, self.table = config, bands, table
        self.run, self.executor, self.threads = run, executor, threads
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
        bands = list(self.bands or ())
        return {"version": versions()["dedup"], "config": self.config.digest(), "inputs": inputs, "bands": bands}

    def _stages(self, work: WorkFolder) -> Result:
        run, config = self.run, self.config
        # Taken before reading: a file that grows meanwhile differs from its state when it is time to copy it.
        states = [_file_state(source.path) for source in self.sources]
        total = sum(size for size, _ in states)
        with run.stage("read"):
            # In a thread of their own, or the first block would wait for the last digest.
            aside = ThreadPoolExecutor(1, thread_name_prefix="dedup-digest")
            digests = [aside.submit(digest_file, source.path) for source in self.sources]
            aside.shutdown(wait=False)
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
        if self.table is not None:
            collection.boilerplate = self.table
        result = finish(collection, config, self.bands, run, self.executor, work)
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


def _dedupe_texts(
    inputs: Any,
    config: Config,
    bands: Bands | None,
    run: Run,
    executor: Executor,
    threads: int,
    table: BoilerplateTable | None,
) -> Result:
    texts, ids, others = text_columns(inputs, config)
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
    if table is not None:
        collection.boilerplate = table
    result = finish(collection, config, bands, run, executor, texts=texts)
    result.summary["notes"] = []
    return result
