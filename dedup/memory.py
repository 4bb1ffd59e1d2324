"""How much memory this process holds for itself."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def anonymous_mb() -> float:
    """Anonymous resident memory in MB; mapped files belong to the page cache and do not count.

    Where the system does not tell (macOS), the peak resident size including mapped files.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024
