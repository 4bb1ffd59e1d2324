"""Where a run folder may go, and how it takes the place of an older one."""

from __future__ import annotations

import shutil
from pathlib import Path

from dedup.errors import OutputError


def check_output(folder: Path, *, force: bool) -> None:
    """Whether a run folder may be written to `folder`.

    Raises
    ------
    OutputError
        If something is there that must not be replaced.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError(f"{folder}: exists and is no folder; name another with -o")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not force:
        raise OutputError(
            f"{folder}: exists and is not empty; --force replaces an earlier run, or name another with -o"
        )
    if not (folder / "run.json").is_file():
        raise OutputError(
            f"{folder}: exists and is no run folder, so --force does not replace it; name another with -o"
        )


def replace_folder(new: Path, target: Path) -> None:
    """Put a complete folder in the place of an older one (or of nothing); the old one is there until the new one is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        new.rename(target)
        return
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    target.rename(old)
    try:
        new.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
