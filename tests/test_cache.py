from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dedup import cache


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
