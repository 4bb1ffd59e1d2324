"""Generated collections, made by the generator's own command line: what is measured is what anyone can make."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measurement import ROOT


def make(out: Path, profile: str, documents: int, seed: int) -> Path:
    """Write a collection and, beside it, its truth; the folder.

    Raises
    ------
    RuntimeError
        If the generator fails, with what it said.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "corpus", "make", str(out), "--documents", str(documents)]
    command += ["--seed", str(seed), "--profile", profile]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing said"]
        raise RuntimeError(f"corpus make ended with exit code {done.returncode}: {said[0]}")
    return out


def truth(collection: Path) -> Path:
    """The folder of a collection's truth."""
    return collection.with_name(f"{collection.name}-truth")
