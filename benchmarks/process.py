"""One run of the command line as a process of its own: how long it took, and how much memory it held for itself."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

SAMPLE_EVERY = 0.1


class Finished(NamedTuple):
    """A run that went well.

    Attributes
    ----------
    seconds : float
        From the start of the process to its end, imports and all.
    peak_mb : float
        The most anonymous memory it was seen to hold (MB of 2²⁰ bytes, as in run.json). Mapped files do not count: the
        system takes their pages back whenever it needs them. Where the system does not tell, what run.json says.
    summary : dict
        Of run.json.
    """

    seconds: float
    peak_mb: float
    summary: dict[str, Any]


def run_dedup(
    inputs: Sequence[Path], out: Path, *, threads: int, options: Sequence[str] = (), command: str = "run"
) -> Finished:
    """Run `dedup run` (or `passages`) over `inputs` into the new folder `out`, without the recall check.

    Raises
    ------
    RuntimeError
        If it fails, with what it said.
    """
    called = [sys.executable, "-m", "dedup", command, *map(str, inputs), "-o", str(out), "--threads", str(threads)]
    called += [*(["--audit", "0"] if command == "run" else []), *options]
    begin = time.perf_counter()
    with subprocess.Popen(called, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        meter = Meter(process.pid)
        meter.start()
        _, said = process.communicate()
        seconds = time.perf_counter() - begin
        meter.stop()
    if process.returncode:
        raise RuntimeError(f"dedup {command} ended with exit code {process.returncode}: {said.strip()}")
    summary = json.loads((out / "run.json").read_text(encoding="utf-8"))["summary"]
    return Finished(seconds, meter.peak_mb or summary["peak_mb"], summary)


def show_stages(seconds: dict[str, float]) -> str:
    """Stage seconds in one line."""
    return ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())


class Meter(threading.Thread):
    """Looks at a process ten times a second, from a thread, so that the end of the process is seen at once."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self._done = threading.Event()
        self.peak_mb = 0.0

    def run(self) -> None:
        while not self._done.wait(SAMPLE_EVERY):
            try:
                lines = self._status.read_text().splitlines()
            except OSError:
                return
            for line in lines:
                if line.startswith("RssAnon:"):
                    self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)

    def stop(self) -> None:
        self._done.set()
        self.join()
