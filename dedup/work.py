"""The work folder of a run: what its finished stages left, so that a run that was stopped can go on."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import IO, Any

import numpy as np

from dedup.errors import OutputError

STATE = "state.json"
# What stands in a work folder; one that holds anything else is never touched.
SPOOL, SPOOL_PART = "stdin.jsonl", "stdin.part"
BOILERPLATE_FILE, TEMPLATES_FILE = "boilerplate.jsonl", "templates.jsonl"
FILES = (
    *("codes.u32", "keys.u64", "rows.arrow", "rejected.json", "texts.utf8", "kept.u32", BOILERPLATE_FILE),
    *(TEMPLATES_FILE, "filled.arrow"),
    *(f"line_{name}.raw" for name in ("tokens", "points", "whole", "weak", "damage")),
)
ARRAYS = (
    *("page_lines", "page_points", "cuts"),
    *("lengths", "hashes", "damage", "text_ends"),
    *("order", "leaders", "pairs"),
    *("matches", "crowded", "occurrences", "identity"),
    *("families", "pair_labels"),
)
OWN = frozenset({"lock", SPOOL, SPOOL_PART, STATE, STATE + ".new", *FILES, *(f"{name}.npy" for name in ARRAYS)})


class WorkFolder:
    """A folder beside the output that only one run uses at a time.

    Parameters
    ----------
    path : Path
        Made if it does not exist.

    Raises
    ------
    OutputError
        If another run holds it, or something is in it that is none of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        for entry in path.iterdir():
            if entry.name not in OWN or entry.is_dir() or entry.is_symlink():
                raise OutputError(f"{path}: holds {entry.name}, so it is no work folder; name a new one (--work)")
        self._lock: IO[str] = (path / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise OutputError(
                f"{path}: another run is using this work folder; wait for it or name another (--work)"
            ) from None
        self.state: dict[str, Any] = {}

    @property
    def identity(self) -> dict[str, Any]:
        """What the run was told by when its first stage was finished."""
        found: dict[str, Any] = self.state["identity"]
        return found

    def resume(self, identity: dict[str, Any]) -> None:
        """Take up the finished stages of an earlier run, if it was told by the same `identity`."""
        try:
            state = json.loads((self.path / STATE).read_text())
        except (OSError, ValueError):
            return
        if isinstance(state, dict) and state.get("identity") == identity:
            self.state = state

    def clear(self) -> None:
        """Remove what an earlier run left, standard input apart."""
        for entry in self.path.iterdir():
            if entry.name not in ("lock", SPOOL):
                entry.unlink()
        self.state = {}

    def start(self, identity: dict[str, Any]) -> None:
        """Write down what this run is told by, before its first stage is finished."""
        self.state = {"identity": identity, "stages": {}}

    def done(self, stage: str) -> dict[str, Any] | None:
        """What a finished stage left in the state, or None."""
        found: dict[str, Any] | None = self.state.get("stages", {}).get(stage)
        return found

    def finish(self, stage: str, values: dict[str, Any]) -> None:
        """Write down that a stage is finished; its files are complete by now."""
        self.state["stages"][stage] = values
        beside = self.path / (STATE + ".new")
        with beside.open("w") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path / STATE)

    def save(self, name: str, array: np.ndarray) -> None:
        """Keep an array; `name` is one of `ARRAYS`."""
        # Not np.save: for a full disk it raises an error without errno.
        array = np.ascontiguousarray(array)
        with (self.path / f"{name}.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
            file.write(array.reshape(-1).view(np.uint8).data)

    def load(self, name: str) -> np.ndarray:
        """An array that was kept."""
        array: np.ndarray = np.load(self.path / f"{name}.npy")
        return array

    def close(self, *, remove: bool) -> None:
        """Let go of the folder, and remove it if nothing in it is needed any more."""
        if remove:
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def write_array(file: IO[bytes], array: np.ndarray) -> None:
    """Append the bytes of an array to a file."""
    if array.size:
        file.write(np.ascontiguousarray(array).data.cast("B"))


def map_array(path: Path, kind: type) -> np.ndarray:
    """A file of `kind` as an array, mapped, not held."""
    return np.memmap(path, kind, "r") if path.stat().st_size else np.zeros(0, kind)
