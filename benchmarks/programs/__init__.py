"""Whole programs as shipped, each in an environment of its own: `python -m benchmarks.contest programs` makes these.

They read the same files, but with tokens of their own, so their answers are to other questions: each row says which.
They give clusters; every two members count as a reported pair. No step of theirs compares texts.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.judge import Prepared, Truth, Verdict, judge_clusters, read_rows
from benchmarks.measurement import QUICK, ROOT, Measurement

VENVS = ROOT / ".venvs"
REASON = "failed.txt"
SAMPLE_EVERY = 0.1
TIMEOUT = 1200


class Program(NamedTuple):
    """A program: what pip installs for it, how it is called, and how its answer is read.

    Attributes
    ----------
    requires : tuple of str
    recommendation, differs : str
        Whose advice the setting is; in what its question is another one than ours.
    line : function
        (python, collection, folder to work in) → the command.
    clusters : function
        (python, collection, folder worked in) → the cluster of each document, -1 for none.
    """

    requires: tuple[str, ...]
    recommendation: str
    differs: str
    line: Callable[[Path, Path, Path], list[str]]
    clusters: Callable[[Path, Path, Path], np.ndarray]


def measure_programs(prepared: Prepared, truth: Truth, case: dict[str, Any], effort: str) -> Iterator[Measurement]:
    """Every program; the quick effort leaves out those that are not installed."""
    for name in PROGRAMS:
        if effort != QUICK or python_of(name).exists():
            yield measure_program(name, prepared, truth, case, effort)


def measure_program(name: str, prepared: Prepared, truth: Truth, case: dict[str, Any], effort: str) -> Measurement:
    """One run of a program, from its start to its end."""
    program, python, work = PROGRAMS[name], python_of(name), prepared.folder / name
    collection = (prepared.folder / "collection").resolve()
    command = "python -m benchmarks.contest" + (" --quick" if effort == QUICK else "")
    case = {"contender": name, "setting": "as shipped", "as_shipped": True, **case}
    case |= {"settings": program.differs, "differs": program.differs, "recommendation": program.recommendation}
    try:
        if not python.exists():
            raise RuntimeError(why_missing(name))
        case["version"] = version_of(python, program.requires[0])
        work.mkdir()
        seconds, peak_mb = run(program.line(python, collection, work), work)
        verdict = judge_clusters(program.clusters(python, collection, work), truth)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return Measurement("contenders", case, {}, command, failed=str(error))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Measurement("contenders", case, values(seconds, peak_mb, verdict, prepared, truth), command)


def values(
    seconds: float, peak_mb: float, verdict: Verdict, prepared: Prepared, truth: Truth
) -> dict[str, float | int | None]:
    """The same figures as of other contenders, as far as they can be told from outside."""
    return {
        "seconds": seconds,
        "shingling_seconds": None,
        "total_seconds": seconds,
        "mb_per_s": prepared.text_bytes / 1e6 / seconds,
        "peak_mb": peak_mb,
        "recall": verdict.recall,
        "precision": verdict.precision,
        "pairs": verdict.reported,
        "true_pairs": truth.total(),
    }


# -- processes ---------------------------------------------------------------------------------------------------


def run(line: list[str], work: Path) -> tuple[float, float]:
    """Run a command to its end: seconds, and the most anonymous memory of all its processes together (MB of 2²⁰).

    Memory that processes still share after a fork counts once for each.

    Raises
    ------
    RuntimeError
        If it fails, with the last line it said.
    """
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(work / "home")}
    begin = time.perf_counter()
    with (
        (work / "said.txt").open("w+", encoding="utf-8") as said,
        subprocess.Popen(
            line, cwd=work, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        done, peaks = threading.Event(), [0.0]
        watching = threading.Thread(target=_watch, args=(process.pid, done, peaks), daemon=True)
        watching.start()
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise RuntimeError(f"stopped after {TIMEOUT} s") from None
        finally:
            done.set()
        seconds = time.perf_counter() - begin
        watching.join()
        said.seek(0)
        last = [text for text in said.read().splitlines() if text.strip()][-1:] or ["nothing said"]
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: {last[0].strip()}")
    return seconds, peaks[0]


def _watch(session: int, done: threading.Event, peaks: list[float]) -> None:
    while not done.wait(SAMPLE_EVERY):
        peaks[0] = max(peaks[0], sum(_anonymous_mb(folder, session) for folder in Path("/proc").glob("[0-9]*")))


def _anonymous_mb(folder: Path, session: int) -> float:
    try:
        # The name, which may hold anything, ends at the last parenthesis; the session is the fourth field after it.
        if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) != session:
            return 0.0
        status = (folder / "status").read_text()
    except (OSError, ValueError, IndexError):
        return 0.0  # it has ended meanwhile
    return sum(int(text.split()[1]) / 1024 for text in status.splitlines() if text.startswith("RssAnon:"))


# -- environments ------------------------------------------------------------------------------------------------


def install() -> int:
    """Make an environment for each program; what pip says when it cannot is kept for the report."""
    failed = 0
    for name, program in PROGRAMS.items():
        folder = VENVS / name
        print(f"{name}: {' '.join(program.requires)} into {folder.relative_to(ROOT)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        line = [str(python_of(name)), "-m", "pip", "install", "--quiet", *program.requires]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            failed = 1
            reasons = [text for text in done.stderr.splitlines() if text.startswith("ERROR")] or [done.stderr.strip()]
            shutil.rmtree(folder)
            folder.mkdir()
            (folder / REASON).write_text(reasons[0], encoding="utf-8")
            print(f"{name}: {reasons[0]}", file=sys.stderr)
    (VENVS / ".gitignore").write_text("*\n", encoding="utf-8")
    return failed


def python_of(name: str) -> Path:
    """The interpreter of a program's environment."""
    return VENVS / name / "bin" / "python"


def why_missing(name: str) -> str:
    """Why a program has no environment."""
    reason = VENVS / name / REASON
    if reason.exists():
        return f"cannot be installed: {reason.read_text(encoding='utf-8').strip()}"
    return "not installed: python -m benchmarks.contest programs"


def version_of(python: Path, requirement: str) -> str:
    """The version of what a requirement such as ``datatrove[io]==0.10.1`` names."""
    name = requirement.partition("==")[0].partition("[")[0]
    line = [str(python), "-c", f"import importlib.metadata as m; print(m.version({name!r}))"]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


# -- text-dedup --------------------------------------------------------------------------------------------------

# Its clusters lie in a pickle of a class of its own, so its own Python has to read it.
READ_UNION_FIND = (
    "import json, pickle, sys; uf = pickle.load(open(sys.argv[1], 'rb')); "
    "print(json.dumps([(i, uf.find(i)) for i in list(uf.parent)]))"
)


def text_dedup_line(python: Path, collection: Path, work: Path) -> list[str]:
    """Its command; `--debug` keeps the clusters."""
    line = [str(python), "-m", "text_dedup.minhash", "--path", "json", "--data_files", str(collection / "*.jsonl")]
    line += ["--split", "train", "--column", "text", "--ngram", "5", "--threshold", "0.7", "--debug"]
    line += ["--idx_column", "id"]
    return [*line, "--cache_dir", str(work / "cache"), "--output", str(work / "out")]


def text_dedup_clusters(python: Path, collection: Path, work: Path) -> np.ndarray:
    """Its clusters name documents by their identifiers."""
    line = [str(python), "-c", READ_UNION_FIND, str(work / "out" / "uf.pkl")]
    told = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
    numbers = {name: number for number, name in enumerate(read_rows(collection).column("id").to_pylist())}
    cluster = np.full(len(numbers), -1, np.int64)
    for name, first in told:
        cluster[numbers[name]] = numbers[first]
    return cluster


# -- datatrove ---------------------------------------------------------------------------------------------------


def datatrove_line(python: Path, collection: Path, work: Path) -> list[str]:
    """Its four stages, as many tasks at a time as there are cores; a file is one task."""
    script = Path(__file__).with_name("run_datatrove.py")
    return [str(python), str(script), str(collection), str(work), str(os.cpu_count() or 1)]


def datatrove_clusters(python: Path, collection: Path, work: Path) -> np.ndarray:
    """A document is known by its file and its place among those of the file that have a text."""
    parts = []
    for number, file in enumerate(sorted(collection.glob("*.jsonl"))):
        with file.open(encoding="utf-8") as lines:
            filled = np.array([bool(json.loads(line)["text"]) for line in lines], bool)
        cluster = np.full(len(filled), -1, np.int64)
        told = work / "clusters" / f"{number:06d}.clusters"
        if told.exists():
            rows = np.array(list(struct.iter_unpack("<II", told.read_bytes())), np.int64).reshape(-1, 2)
            cluster[np.flatnonzero(filled)[rows[:, 0]]] = rows[:, 1]
        parts.append(cluster)
    return np.concatenate(parts)


PROGRAMS = {
    "text-dedup": Program(
        ("text-dedup==0.4.0",),
        "https://pypi.org/project/text-dedup/0.4.0/: python -m text_dedup.minhash with its defaults, ngram 5, "
        "threshold .7, num_perm 250",
        "tokens are what stands between signs that are no letters, so a Chinese clause is one; 250 permutations, "
        "25 bands of 10; texts of fewer than 5 tokens are left out",
        text_dedup_line,
        text_dedup_clusters,
    ),
    "datatrove": Program(
        ("datatrove[io,processing]==0.10.1", "spacy", "jieba"),
        "https://github.com/huggingface/datatrove/blob/main/examples/minhash_deduplication.py: 14 buckets of 8 hashes "
        "of 64 bits, n_grams 5",
        "tokens are words cut by spaCy and jieba, figures made equal; no threshold but 14 bands of 8, half of whose "
        "curve lies at .68",
        datatrove_line,
        datatrove_clusters,
    ),
}
