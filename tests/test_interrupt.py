"""A run that is stopped, in whatever stage and by whatever means, leaves nothing half done, and can go on."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dedup import Cancelled, Config, OutputError, dedupe
from dedup.work import WorkFolder
from tests.conftest import digests, lines_of, prose

STAGES = ["read", "exact", "match", "cluster", "audit", "write"]
# Stops itself when a stage is announced; `python -m dedup` with a hook in the place of the progress bars.
DRIVER = """
import os, signal, sys
from dedup import cli, console
stage, number, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
seen = 0
def hook(self, progress):
    global seen
    if progress.stage == stage:
        seen += 1
        if seen == times:
            os.kill(os.getpid(), number)
console.ProgressBars.__call__ = hook
sys.argv = ["dedup", *sys.argv[4:]]
cli.main()
"""


def records() -> list[dict[str, str]]:
    rows = []
    for i in range(400):
        text = prose(i - (i % 4 == 3), 30)
        rows.append({"id": f"d{i}", "text": text + (" dadada" if i % 8 == 7 else "")})
    return rows


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(lines_of(*records()[:300], b"bad"))
    (tmp_path / "in/b.jsonl").write_bytes(lines_of(*records()[300:]))
    return tmp_path / "in"


def result_of(out: Path) -> dict[str, str]:
    """The digests of a run folder's files; run.json without what differs from run to run."""
    found = {str(Path(name).relative_to(out)): digest for name, digest in digests(out).items()}
    run = json.loads((out / "run.json").read_bytes())
    for name in ("seconds", "peak_mb"):
        run["summary"].pop(name)
    found["run.json"] = hashlib.sha256(json.dumps(run, sort_keys=True).encode()).hexdigest()
    return found


def start(stage: str, number: int, *arguments: str | Path, times: int = 1, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, stage, str(number), str(times), *map(str, arguments)],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


def arguments_for(out: Path, *more: str) -> list[str | Path]:
    return ["run", "in", "-o", out, "--audit", "50", *more]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("undisturbed")
    (home / "in").mkdir()
    (home / "in/a.jsonl").write_bytes(lines_of(*records()[:300], b"bad"))
    (home / "in/b.jsonl").write_bytes(lines_of(*records()[300:]))
    before = Path.cwd()
    os.chdir(home)
    try:
        dedupe([Path("in")], Config(audit=50), out="out")
    finally:
        os.chdir(before)
    return result_of(home / "out")


def without_times(found: dict[str, str]) -> dict[str, str]:
    """run.json holds the time of each input, so it is compared by its own test."""
    return {name: digest for name, digest in found.items() if name != "run.json"}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_run__goes_on_after_it_was_stopped(run_cli: Callable, source, tmp_path, undisturbed, stage, number) -> None:
    out, work = tmp_path / "out", tmp_path / ".out.dedup-work"
    before = digests(source)
    process = start(stage, number, *arguments_for(out), cwd=tmp_path, times=2 if stage in ("read", "match") else 1)
    _, stderr = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130, stderr
        said = stderr.decode().splitlines()[-1]
        assert said == "dedup: interrupted; the same command with --resume goes on after the last finished stage"
        assert b"Traceback" not in stderr
        assert {p.name for p in tmp_path.iterdir()} <= {"in", ".out.dedup-work"}
    else:
        assert process.returncode == -signal.SIGKILL
    assert not out.exists(), "no half-written output"
    assert digests(source) == before
    finished = list(json.loads((work / "state.json").read_bytes())["stages"]) if (work / "state.json").exists() else []
    assert finished == {"read": [], "exact": ["read"], "match": ["read"]}.get(stage, ["read", "match"])
    stamps = {p.name: p.stat().st_mtime_ns for p in work.iterdir() if p.suffix != ".json"} if finished else {}
    resumed: list[tuple[str, dict[str, int]]] = []

    def watch(progress) -> None:
        if work.exists():
            resumed.append((progress.stage, {p.name: p.stat().st_mtime_ns for p in work.iterdir()}))

    home = Path.cwd()
    os.chdir(tmp_path)
    try:
        dedupe([Path("in")], Config(audit=50), out=out, resume=True, on_progress=watch)
    finally:
        os.chdir(home)
    assert without_times(result_of(out)) == without_times(undisturbed)
    assert not work.exists()
    stages = [stage for stage, _ in resumed]
    if "match" in finished:
        assert "match" not in stages, "a finished stage is not done again"
        assert all(files["order.npy"] == stamps["order.npy"] for _, files in resumed)
    if "read" in finished:
        assert all(files["codes.u32"] == stamps["codes.u32"] for _, files in resumed)
        assert stages.count("read") == 1, "announced, but no block was read"


def test_run__leaves_no_hidden_folder_beside_the_output_after_it_was_killed_and_resumed(source, tmp_path) -> None:
    process = start("write", signal.SIGKILL, *arguments_for(tmp_path / "out"), cwd=tmp_path, times=4)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    done = subprocess.run(
        [sys.executable, "-m", "dedup", *map(str, arguments_for(tmp_path / "out", "--resume"))],
        cwd=tmp_path, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"in", "out"}


def test_run__goes_on_from_the_command_line_with_equal_counts(run_cli, source, tmp_path) -> None:
    whole = run_cli(*arguments_for(tmp_path / "whole"), out=tmp_path / "whole")
    process = start("cluster", signal.SIGKILL, *arguments_for(tmp_path / "out"), cwd=tmp_path)
    process.communicate(timeout=60)
    outcome = run_cli(*arguments_for(tmp_path / "out", "--resume"))
    assert outcome.code == 0
    assert result_of(tmp_path / "out") == result_of(tmp_path / "whole")
    assert "match" in whole.summary["seconds"]
    assert "match" not in outcome.summary["seconds"]


@pytest.mark.parametrize("change", ["config", "input", "nothing_was_stopped"])
def test_run__starts_afresh_where_there_is_nothing_to_resume(run_cli, source, tmp_path, change) -> None:
    if change != "nothing_was_stopped":
        start("cluster", signal.SIGKILL, *arguments_for(tmp_path / "out"), cwd=tmp_path).communicate(timeout=60)
    if change == "input":
        (source / "a.jsonl").write_bytes(lines_of(*records()[:7]))
    more = ["--threshold", "0.8"] if change == "config" else []
    outcome = run_cli(*arguments_for(tmp_path / "out", "--resume", *more))
    fresh = run_cli(*arguments_for(tmp_path / "fresh", *more), out=tmp_path / "fresh")
    assert outcome.code == 0
    assert result_of(tmp_path / "out") == result_of(tmp_path / "fresh")
    assert len(fresh.ids) == (107 if change == "input" else 400)


def test_run__does_not_trust_a_torn_state_file(run_cli, source, tmp_path) -> None:
    start("cluster", signal.SIGKILL, *arguments_for(tmp_path / "out"), cwd=tmp_path).communicate(timeout=60)
    state = tmp_path / ".out.dedup-work/state.json"
    state.write_bytes(state.read_bytes()[:50])
    outcome = run_cli(*arguments_for(tmp_path / "out", "--resume"))
    assert (outcome.code, len(outcome.ids)) == (0, 400)


def test_run__keeps_an_earlier_result_until_the_new_one_is_complete(run_cli, source, tmp_path) -> None:
    run_cli(*arguments_for(tmp_path / "out"))
    before = digests(tmp_path / "out")
    for stage, number in (("match", signal.SIGINT), ("write", signal.SIGKILL)):
        process = start(stage, number, *arguments_for(tmp_path / "out", "--force", "--seed", "5"), cwd=tmp_path)
        process.communicate(timeout=60)
        assert digests(tmp_path / "out") == before


def test_run__refuses_a_work_folder_that_another_run_holds(run_cli, source, tmp_path) -> None:
    process = start("cluster", signal.SIGSTOP, *arguments_for(tmp_path / "out"), cwd=tmp_path)
    try:
        deadline = time.monotonic() + 30
        state = tmp_path / ".out.dedup-work/state.json"
        while time.monotonic() < deadline and not (state.exists() and "match" in state.read_text()):
            time.sleep(0.05)
        outcome = run_cli(*arguments_for(tmp_path / "out"))
        assert outcome.code == 2
        assert "another run" in outcome.said[0]
        assert "match" in json.loads(state.read_bytes())["stages"], "the work of the other run is untouched"
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_dedupe__stops_when_the_callback_says_so_and_goes_on_later(source, tmp_path) -> None:
    with pytest.raises(Cancelled, match="cluster"):
        dedupe(source, Config(audit=0), out=tmp_path / "out", on_progress=lambda p: p.stage != "cluster")
    assert not (tmp_path / "out").exists()
    result = dedupe(source, Config(audit=0), out=tmp_path / "out", resume=True)
    assert len(result.documents) == 400


# -- standard input ----------------------------------------------------------------------------------------------


def test_run__goes_on_with_the_standard_input_it_had_read(run_cli, tmp_path) -> None:
    data = lines_of(*records())
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, "cluster", "9", "1", "run", "-", "-o", "out2", "--audit", "0"],
        cwd=tmp_path, input=data, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    outcome = run_cli("run", "-", "-o", "out2", "--audit", "0", "--resume", out=tmp_path / "out2", stdin=b"")
    assert (outcome.code, len(outcome.ids)) == (0, 400)


def test_run__never_takes_half_a_standard_input_for_the_whole(run_cli, tmp_path) -> None:
    data = lines_of(*records())
    process = subprocess.Popen(
        [sys.executable, "-m", "dedup", "run", "-", "-o", "out", "--audit", "0"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(data * 40)  # more than the copying buffer, so that some of it is on disk
    process.stdin.flush()
    work = tmp_path / ".out.dedup-work"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not any(p.stat().st_size for p in work.glob("stdin*")):
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=20)
    assert any(work.glob("stdin*"))
    outcome = run_cli("run", "-", "-o", "out", "--audit", "0", "--resume", stdin=data)
    assert (outcome.code, len(outcome.ids)) == (0, 400)


# -- full disks --------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    where = tmp_path / "disk"
    where.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", where], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small file system could be mounted: {mounted.stderr.decode().strip()}")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def enlarge(where: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", where], check=True)


@pytest.fixture
def bigger(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(lines_of(*[{"id": str(i), "text": prose(i // 2, 60)} for i in range(4000)]))
    return tmp_path / "in"


@pytest.mark.parametrize("fill", [0, 1000])
def test_run__says_that_the_work_folder_is_full_and_goes_on_after_room_is_made(
    run_cli, bigger, small_disk, tmp_path, fill
) -> None:
    (small_disk / "ballast").write_bytes(bytes(fill << 10))
    before = digests(bigger)
    arguments = ["run", "in", "-o", "out", "--audit", "0", "--work", "disk/work"]
    outcome = run_cli(*arguments)
    assert outcome.code == 2
    assert "No space left on device" in outcome.said[0]
    assert "make room" in outcome.said[0]
    assert not (tmp_path / "out").exists()
    enlarge(small_disk)
    again = run_cli(*arguments, "--resume")
    assert (again.code, len(again.ids), again.summary["removed"]) == (0, 4000, 2000)
    assert not (small_disk / "work").exists()
    assert digests(bigger) == before


@pytest.mark.parametrize(("fill", "write"), [(0, "kept"), (900, "annotated")])
def test_run__says_that_the_output_is_full_and_goes_on_after_room_is_made(
    run_cli, bigger, small_disk, tmp_path_factory, fill, write
) -> None:
    work = tmp_path_factory.mktemp("work")
    (small_disk / "ballast").write_bytes(bytes(fill << 10))
    out = small_disk / "out"
    arguments = ["run", "in", "-o", out, "--audit", "0", "--work", work, "--write", write]
    outcome = run_cli(*arguments, out=out)
    assert outcome.code == 2
    assert "No space left on device" in outcome.said[0]
    assert {p.name for p in small_disk.iterdir()} == {"ballast"}, "no half-written output"
    finished = json.loads((work / "state.json").read_bytes())["stages"]
    assert list(finished) == ["read", "match"]
    enlarge(small_disk)
    again = run_cli(*arguments, "--resume", out=out)
    assert (again.code, len(again.ids), again.summary["removed"]) == (0, 4000, 2000)
    assert "match" not in again.summary["seconds"]


def test_run__says_that_the_disk_is_full_for_parquet_and_compressed_output(run_cli, small_disk, tmp_path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [prose(i // 2, 60) for i in range(4000)]
    pq.write_table(pa.table({"id": list(range(4000)), "text": rows}), tmp_path / "a.parquet")
    packed = pa.output_stream(str(tmp_path / "b.jsonl.gz"), compression="gzip")
    packed.write(lines_of(*[{"id": str(i), "text": row} for i, row in enumerate(rows)]))
    packed.close()
    (small_disk / "ballast").write_bytes(bytes(900 << 10))
    for name in ("a.parquet", "b.jsonl.gz"):
        out = small_disk / "out"
        outcome = run_cli("run", name, "-o", out, "--audit", "0", "--work", f"work-{name}", out=out)
        assert outcome.code == 2
        assert "No space left on device" in outcome.said[0]
        assert {p.name for p in small_disk.iterdir()} == {"ballast"}


# -- the work folder ---------------------------------------------------------------------------------------------


def test_work_folder__is_left_alone_if_anything_in_it_is_not_its_own(tmp_path) -> None:
    for name in ("precious.txt", "deep"):
        folder = tmp_path / f"with {name}"
        (folder / "deep").mkdir(parents=True) if name == "deep" else folder.mkdir()
        if name != "deep":
            (folder / name).write_text("precious")
        with pytest.raises(OutputError, match="no work folder"):
            WorkFolder(folder)
        assert [p.name for p in folder.iterdir()] == [name]


def test_work_folder__takes_up_only_the_state_of_the_same_run(tmp_path) -> None:
    folder = WorkFolder(tmp_path / "w")
    folder.start({"a": 1})
    folder.finish("read", {"x": 5})
    folder.close(remove=False)
    again = WorkFolder(tmp_path / "w")
    again.resume({"a": 2})
    assert again.done("read") is None
    again.resume({"a": 1})
    assert again.done("read") == {"x": 5} and again.identity == {"a": 1}
    again.clear()
    assert again.done("read") is None
    assert not (tmp_path / "w" / "state.json").exists()
    again.close(remove=True)
    assert not (tmp_path / "w").exists()
