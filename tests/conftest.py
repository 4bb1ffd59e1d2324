"""What the tests of whole runs share: the command, made-up texts, and readers of a run folder."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup import cli

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]
NOTE = "compiling the kernels"


def prose(seed: int, words: int = 40) -> str:
    """A text unlike that of every other seed."""
    random = Random(seed)
    return " ".join("".join(random.choices(SYLLABLES, k=3)) for _ in range(words))


def han(seed: int, characters: int = 120) -> str:
    """A Chinese text unlike that of every other seed; its characters stand in GB18030 and Big5."""
    common = "的一是不了在人有我他中大到以要就出可也你下自之年用道行所然家事成方多去法如都同看天分好小部本前因想日"
    return "".join(Random(seed).choices(common, k=characters))


def lines_of(*records: Any) -> bytes:
    """Records as JSON lines; bytes are lines as they are."""
    return b"".join(
        (r if isinstance(r, bytes) else json.dumps(r, ensure_ascii=False).encode()) + b"\n" for r in records
    )


def squeeze(data: bytes, ending: str) -> bytes:
    """`data` compressed as a file name ending says."""
    if ending == ".zst":
        stream = pa.BufferOutputStream()
        with pa.CompressedOutputStream(stream, "zstd") as file:
            file.write(data)
        return stream.getvalue().to_pybytes()
    return {".gz": gzip.compress, ".bz2": bz2.compress, "": bytes}[ending](data)


def expand(path: Path) -> bytes:
    """The decompressed bytes of a file."""
    compression = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}.get(path.suffix)
    with pa.input_stream(str(path), compression=compression) as stream:
        return bytes(stream.read())


def digests(folder: Path, skip: Iterable[Path] = ()) -> dict[str, str]:
    """SHA-256 of every regular file below `folder`, those below `skip` left out."""
    barred = [str(path) for path in skip]
    found = {}
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.join(here, name) not in barred]  # noqa: PTH118
        for name in names:
            path = Path(here, name)
            if path.is_file():
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@dataclass
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str
    folder: Path
    said: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.said = [line for line in self.err.splitlines() if NOTE not in line]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a JSON lines file of the run folder."""
        return [json.loads(line) for line in (self.folder / f"{name}.jsonl").read_bytes().split(b"\n")[:-1]]

    @property
    def rejected(self) -> list[tuple[str, int | None, str]]:
        return [(r["file"], r["line"], r["reason"]) for r in self.rows("rejected")]

    @property
    def reasons(self) -> list[str]:
        return [reason for _, _, reason in self.rejected]

    @property
    def documents(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / "documents.parquet").to_pylist()

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.documents]

    @property
    def pairs(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / "pairs.parquet").to_pylist()

    @property
    def run(self) -> dict[str, Any]:
        return json.loads((self.folder / "run.json").read_bytes())

    @property
    def summary(self) -> dict[str, Any]:
        return self.run["summary"]

    def kept(self, name: str) -> bytes:
        """The decompressed bytes of a file's kept side."""
        return expand(self.folder / "kept" / name)

    def removed(self, name: str) -> bytes:
        """The decompressed bytes of a file's removed side, nothing if there is none."""
        path = self.folder / "removed" / name
        return expand(path) if path.exists() else b""


def call_main(arguments: list[str], cwd: Path) -> tuple[int, str, str]:
    """The command line in this process; an exception other than SystemExit is a traceback, and fails the test."""
    out, err = io.StringIO(), io.StringIO()
    before, home = sys.argv, Path.cwd()
    sys.argv = ["dedup", *arguments]
    os.chdir(cwd)
    code: Any = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = before
        os.chdir(home)
    return int(code), out.getvalue(), err.getvalue()


def call_real(arguments: list[str], cwd: Path, stdin: bytes | None, seconds: float) -> tuple[int, str, str]:
    """The command line in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "dedup", *arguments], input=stdin or b"", cwd=cwd, capture_output=True, timeout=seconds
    )
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


@pytest.fixture
def run_cli(tmp_path: Path) -> Callable[..., Outcome]:
    """``dedup ARGUMENTS`` in the test's folder; whatever the case, what stood there before must stand there after."""

    def call(
        *arguments: str | Path,
        out: Path | None = None,
        stdin: bytes | None = None,
        real: bool = False,
        seconds: float = 60,
        cwd: Path | None = None,
    ) -> Outcome:
        folder = out or tmp_path / "out"
        ours = [folder, folder.with_name(f".{folder.name}.dedup-work")]
        before = digests(tmp_path, skip=ours)
        given = [str(argument) for argument in arguments]
        if real or stdin is not None:
            code, stdout, stderr = call_real(given, cwd or tmp_path, stdin, seconds)
        else:
            code, stdout, stderr = call_main(given, cwd or tmp_path)
        outcome = Outcome(code, stdout, stderr, folder)
        after = digests(tmp_path, skip=ours)
        assert {path: after.get(path) for path in before} == before, "an input, or something else, was touched"
        assert "Traceback" not in stderr, stderr
        assert code in (0, 1, 2, 130), stderr
        if code == 2 and not (folder / "run.json").exists():
            assert len(outcome.said) == 1, stderr
        return outcome

    return call


@pytest.fixture
def run(run_cli: Callable[..., Outcome], tmp_path: Path) -> Callable[..., Outcome]:
    """``dedup run INPUTS -o out --audit 0 FLAGS``: nothing but OUT may be left."""

    def call(*inputs: str | Path, flags: Iterable[str | Path] = (), out: Path | None = None, **more: Any) -> Outcome:
        folder = out or tmp_path / "out"
        names = {path.name for path in folder.parent.iterdir()} if folder.parent.exists() else set()
        outcome = run_cli("run", *inputs, "-o", folder, "--audit", "0", *flags, out=folder, **more)
        left = {path.name for path in folder.parent.iterdir()} - names if folder.parent.exists() else set()
        # After exit code 2 a work folder may be left for --resume; see test_run__leaves_nothing_where_no_document_was.
        allowed = {folder.name, f".{folder.name}.dedup-work"} if outcome.code == 2 else {folder.name}
        assert left <= allowed, f"left beside the output: {left}"
        if outcome.code == 2 and not outcome.said[0].startswith("dedup: "):
            raise AssertionError(outcome.err)
        return outcome

    return call


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Write a file below the test's folder."""

    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write


def rejoin(outcome: Outcome, path: Path, name: str, header: int = 0) -> bytes:
    """A byte format's input, put together again from both sides and the places of its records.

    Everything before the first record stands on the kept side; the header, on both.
    """
    data = expand(path)
    number = next(i for i, s in enumerate(outcome.run["sources"]) if s["name"] == name and not s["reference"])
    records = [
        (row["byte_start"], row["line"], row["kept_doc"] == row["doc"])
        for row in outcome.documents
        if row["file"] == name and not row["reference"]
    ]
    records += [(start, line, False) for n, line, _, start, _ in outcome.run["rejected"] if n == number and line]
    records.sort()
    sides = {True: outcome.kept(name), False: outcome.removed(name)}
    at = {True: 0, False: 0}
    if header and sides[False]:
        assert sides[False][:header] == data[:header], "the removed side begins with the header"
        at[False] = header
    starts = [0, *(start for start, _, _ in records), len(data)]
    joined = []
    for (start, end), keep in zip(
        zip(starts, starts[1:], strict=False), [True, *(k for *_, k in records)], strict=True
    ):
        size = end - start
        joined.append(sides[keep][at[keep] : at[keep] + size])
        at[keep] += size
    assert at[True] == len(sides[True]), "the kept side holds more than the records"
    assert at[False] == len(sides[False]), "the removed side holds more than the records"
    return b"".join(joined)
