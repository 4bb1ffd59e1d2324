from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from dedup import cache
from dedup.reasons import explain
from tests.conftest import NOTE, lines_of, prose


def test_ensure_cache__says_nothing_where_a_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(cache, "_writable", lambda folder: True)
    assert cache.ensure_cache() == ""
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_ensure_cache__keeps_to_the_folder_that_was_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "_writable", lambda folder: False)
    assert cache.ensure_cache() == ""
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path)


def test_ensure_cache__serves_this_process_where_no_folder_can_be_written(tmp_path: Path) -> None:
    """In a process of its own: numba reads the setting once."""
    script = (
        "import os, dedup.cache as cache\n"
        "cache._writable = lambda folder: False\n"
        "import dedup\n"
        "print(dedup.normalise('甲乙').tolist())\n"
        "print(os.environ['NUMBA_CACHE_DIR'])\n"
        "print(cache.cache_note())\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    codes, folder, note = done.stdout.splitlines()
    assert codes == str([ord("甲"), ord("乙")])
    assert folder.startswith(str(tmp_path)) and not Path(folder).exists()
    assert "NUMBA_CACHE_DIR" in note


def test_writable__asks_the_nearest_folder_that_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(Path(path)) or False)
    assert not cache._writable(tmp_path / "a" / "b")
    assert asked == [tmp_path]


def test_load_numba__leaves_scipy_importable() -> None:
    script = "from dedup.cache import load_numba\nload_numba()\nimport numba, scipy.linalg\nprint('ok')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "ok", done.stderr


def compile_something() -> int:
    """Two kernels that no cache holds, one called by the other."""

    @numba.njit
    def inner(x: int) -> int:
        return x + 1

    @numba.njit
    def outer(x: int) -> int:
        return inner(x) + 1

    return outer(1) + outer(2)


def test_announced__tells_once_of_any_kernel_that_is_compiled_while_it_lasts() -> None:
    told: list[str] = []
    with cache.announced(lambda: told.append("now")):
        assert told == []
        assert compile_something() == 7
        compile_something()
    assert told == ["now"]
    compile_something()
    assert told == ["now"]


def test_announced__says_nothing_of_kernels_that_the_cache_holds(tmp_path: Path) -> None:
    """In processes of their own: a kernel that was called is in memory."""
    script = (
        "import numpy as np\nfrom dedup.cache import announced\nfrom dedup.matches import kernels\n"
        "with announced(lambda: print('compiling')):\n"
        "    print(kernels.slot_of(np.zeros(8, np.uint64), np.uint64(7)) >= 0)"
    )
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = [subprocess.check_output([sys.executable, "-c", script], env=env, text=True).split() for _ in range(2)]
    assert said == [["compiling", "True"], ["True"]]


def test_run__says_that_it_compiles_at_most_once_on_a_machine(run_cli: Callable, put: Callable, tmp_path: Path) -> None:
    texts = [prose(i // 2, 200) for i in range(8)]
    path = put("a.jsonl", lines_of(*({"id": str(i), "text": text} for i, text in enumerate(texts))))
    flags = ["--unit", "piece", "--passages", "--boilerplate", "auto", "--force"]
    for said in ((0, 1), (0,)):
        outcome = run_cli("run", path, "-o", tmp_path / "out", *flags, real=True, seconds=400)
        assert outcome.code == 0 and outcome.err.count(NOTE) in said


@pytest.mark.parametrize("command", ["compare", "explain"])
def test_command__says_that_it_compiles(
    run_cli: Callable, put: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    given = [str(put("a.txt", prose(1).encode())), str(put("b.txt", prose(1).encode()))]
    if command == "explain":
        assert run_cli("run", *given, "-o", tmp_path / "out").code == 0
        given = [str(tmp_path / "out"), "a.txt", "b.txt"]
    original = explain.read_tokens
    monkeypatch.setattr(explain, "read_tokens", lambda *values: (compile_something(), original(*values))[1])
    outcome = run_cli(command, *given)
    assert outcome.code == 0 and outcome.err.count(NOTE) == 1 and outcome.said == []
