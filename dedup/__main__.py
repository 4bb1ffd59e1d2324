"""``python -m dedup``, and the command ``dedup``."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from dedup import cli


def main() -> None:
    """Run the command line and leave at once: taking numba and LLVM apart piece by piece costs .3 s."""
    # Imports and kernels make some 500,000 objects, none of them garbage: looking for it costs .08 s.
    gc.set_threshold(100_000)
    code: object = cli.DONE
    try:
        cli.main()
    except SystemExit as stop:
        code = stop.code
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else cli.DONE if code is None else cli.FAILED)


if __name__ == "__main__":
    main()
