"""HTML → documents: files of one page, and records whose text is a page; the text is the page's main text.

Taking a page apart costs milliseconds of pure Python: threads gain next to nothing by it (measured: 1.0 to 1.1 times
on two cores), so each worker thread has a process of its own to ask (1.8 times). It is started from this package's
file and not by `multiprocessing`, which would run a caller's main script anew; and a page that brings the parser down
costs that page, not the run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import IO

import numpy as np
import pyarrow as pa

from dedup.documents.blocks import Block, Rejected, StreamEnds, Task, make_rows, no_rows, read_chunks
from dedup.documents.fields import Fields
from dedup.documents.sources import Source
from dedup.documents.textfiles import decode_page
from dedup.jsonlines import write_json_lines

# Pages of a task: enough to be worth handing over, few enough that the last ones keep all threads busy.
PAGES = 64
# Pages a thread takes apart itself before it starts a process, which takes as long as some 50 of them.
FEW = 16
BROKEN = "the HTML parser broke down over this page"


def read_html_file(source: Source, fields: Fields, encoding: str) -> Block:
    """The document of one file, called by the file's name: the main text of the page in it."""
    try:
        raw = b"".join(bytes(piece) for piece in read_chunks(source))
        text = extract(decode_page(raw, encoding))
    except (StreamEnds, ValueError) as error:
        return Block(no_rows(fields), 1, [Rejected(0, str(error))], extracted=True)
    one = np.ones(1, np.int64)
    others = dict.fromkeys(fields.others, pa.nulls(1, pa.string()))
    size = np.array([len(raw)], np.int64)
    texts = pa.array([text], pa.large_string())
    return Block(make_rows(fields, pa.array([source.name]), texts, one, one * 0, size, others), 1, extracted=True)


def extract_tasks(tasks: Iterator[Task]) -> Iterator[Task]:
    """The tasks of a reader, each cut into such of `PAGES` records whose text is replaced by its main text.

    A reader's own task is done here, in the thread that asks for the next one: next to extraction it costs nothing.
    """
    for task in tasks:
        block = task()
        count = block.rows.num_rows
        lines = block.rows.column("line").to_numpy()
        before = -1
        for a in range(0, max(count, 1), PAGES):
            end = a + PAGES >= count
            last = np.iinfo(np.int64).max if end else int(lines[a + PAGES - 1])
            rejected = [record for record in block.rejected if before < record.line <= last]
            before = last
            yield partial(extract_block, Block(block.rows.slice(a, PAGES), block.lines if end else 0, rejected))


def extract_block(block: Block) -> Block:
    """A block with the main text of every text; records without one are rejected."""
    texts: list[str] = []
    kept: list[int] = []
    rejected = list(block.rejected)
    places = [block.rows.column(name).to_pylist() for name in ("line", "byte_start", "byte_end")]
    for row, page in enumerate(block.rows.column("text").to_pylist()):
        try:
            texts.append(extract(page))
            kept.append(row)
        except ValueError as error:
            line, start, end = (column[row] for column in places)
            rejected.append(Rejected(line, str(error), start, end))
    rows = block.rows.take(pa.array(kept, pa.int64()))
    at = rows.schema.get_field_index("text")
    rows = rows.set_column(at, "text", pa.array(texts, pa.large_string()))
    return Block(rows, block.lines, sorted(rejected, key=lambda record: record.line), extracted=True)


def write_extracted(ids: pa.Array | pa.ChunkedArray, texts: pa.Array | pa.ChunkedArray, sink: IO[bytes]) -> None:
    """Append documents as ``{"id", "text"}`` lines: what was taken out of pages, for offsets to refer to.

    Parameters
    ----------
    ids, texts : ``[m] string``
        As they are after `extract_block` and the naming of documents without an identifier.
    """
    write_json_lines(pa.table({"id": ids, "text": texts}), sink)


def extract(page: str) -> str:
    """The main text of a page, found by this thread's process once there are more than `FEW` pages.

    Raises
    ------
    ValueError
        Saying why there is none.
    """
    from dedup.documents.maintext import main_text

    if threading.current_thread() is threading.main_thread():
        return main_text(page)
    _own.pages += 1
    if _own.pages > FEW and _own.process is None:
        _own.process = _Process()
    if _own.process is None or not _own.process.alive:
        return main_text(page)
    try:
        return _own.process.ask(page)
    except (OSError, EOFError):
        _own.process = None
        raise ValueError(BROKEN) from None


class _Process:
    """A Python that takes pages apart; it ends with the thread that holds it, or with this process."""

    def __init__(self) -> None:
        from dedup.documents import maintext

        # -P: or the files beside that one would stand before the standard library's of the same name.
        command = [sys.executable, "-P", str(maintext.__file__)]
        paths = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.alive = False
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError, EOFError):  # none can be started here: the thread does it all itself
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=paths
            )
            self._receive()
            self.alive = True

    def _receive(self) -> tuple[bool, str]:
        from dedup.documents.maintext import receive

        assert self._process is not None and self._process.stdout is not None
        return receive(self._process.stdout)

    def ask(self, page: str) -> str:
        """The main text of a page; raises ValueError as `main_text` does, EOFError or OSError if the process died."""
        from dedup.documents.maintext import send

        assert self._process is not None and self._process.stdin is not None
        send(self._process.stdin, True, page)
        good, text = self._receive()
        if not good:
            raise ValueError(text)
        return text

    def __del__(self) -> None:
        process = self._process
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Own(threading.local):
    """What each thread has of its own; gone when it ends."""

    pages: int = 0
    process: _Process | None = None


_own = _Own()
