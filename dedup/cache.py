"""Where compiled kernels are kept between runs."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

_log = logging.getLogger("dedup")
_log.addHandler(logging.NullHandler())
_PACKAGE = Path(__file__).parent


def ensure_cache() -> str:
    """See to it that numba finds a folder it can write: a note for the user, or "" if all is as usual.

    numba keeps compiled code beside the source, else in the user's cache folder, and fails at import where neither can
    be written. Then a temporary folder serves this process, and every run compiles anew. Called by the packages that
    hold kernels, before these are imported.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return ""
    beside = _PACKAGE / "documents" / "__pycache__"
    if _writable(beside if beside.exists() else beside.parent) or _writable(_user_cache()):
        return ""
    folder = tempfile.mkdtemp(prefix="dedup-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder
    global _note
    _note = (
        "no folder to keep compiled kernels in: this run compiles them anew; set NUMBA_CACHE_DIR to a writable folder"
    )
    _log.warning(_note)
    return _note


_note = ""


def load_numba() -> None:
    """Import numba without SciPy, which it would load for linear algebra that no kernel here uses: .25 s of a run.

    Only for a process of our own, as the command line's is: elsewhere the caller's kernels may want ``np.dot``.
    """
    if "numba" in sys.modules or "scipy" in sys.modules:
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        import_module("numba.np.arraymath")  # settles whether there is a BLAS
    finally:
        del sys.modules["scipy"]


@contextmanager
def announced(tell: Callable[[], object]) -> Iterator[None]:
    """While this lasts, call `tell` before the first kernel is compiled; not if all that are used are in the cache.

    numba itself says when it compiles: which kernels a run needs, and with which types, nobody has to know beforehand.
    """
    event: Any = import_module("numba.core.event")

    class Once(event.Listener):
        told = False

        def on_start(self, _: object) -> None:
            if not self.told:
                self.told = True
                tell()

        def on_end(self, _: object) -> None:
            """Nothing to say."""

    with event.install_listener("numba:compile", Once()):
        yield


def cache_note() -> str:
    """What `ensure_cache` had to say."""
    return _note


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "numba"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "numba"


def _writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, or it can be made itself."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)
