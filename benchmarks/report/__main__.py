"""The names that README's marks can use, and what they stand for: `python -m benchmarks.report`."""

import sys

from benchmarks.report import ReportError, figures, read_results

try:
    known = figures(read_results())
except ReportError as error:
    sys.exit(f"benchmarks: {error}")
for name, text in known.items():
    print(f"{name}  {text.strip().splitlines()[0]}")
