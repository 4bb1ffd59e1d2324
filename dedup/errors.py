"""Every error this package raises on purpose. Each message says what, where, and what to do now."""

from __future__ import annotations

from pathlib import Path


class DedupError(Exception):
    """The root of the tree: catch this to catch them all."""


class ConfigError(DedupError, ValueError):
    """An option has a value that cannot be used."""


class InputError(DedupError, ValueError):
    """Something to be read cannot be read.

    Attributes
    ----------
    path : Path or None
        The file, if it is about one.
    line : int or None
        Its line, counted from 1.
    """

    def __init__(self, message: str, path: str | Path | None = None, line: int | None = None) -> None:
        self.path = Path(path) if path is not None else None
        self.line = line
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(place + message)


class OutputError(DedupError, OSError):
    """A result cannot be written where it was asked for."""


class MissingExtra(DedupError, ImportError):
    """An optional dependency is not installed."""


class Cancelled(DedupError):
    """The caller's progress callback asked to stop."""
