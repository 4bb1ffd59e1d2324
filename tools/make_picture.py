"""Make README's picture: the real screen of `make demo`'s command and the head of what it wrote, as SVG.

usage: python tools/make_picture.py
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
WIDTH = 124


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = ["dedup", "run", "corpus/sample", "-o", "demo"]
        run = [sys.executable, "-m", "dedup", "run", str(ROOT / "corpus" / "sample"), "-o", "demo"]
        screen = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True).stderr
        lines = (Path(folder) / "demo" / "clusters.jsonl").read_text(encoding="utf-8").splitlines()
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(f"[bold green]$[/] {' '.join(command)}", highlight=False)
    for line in screen.splitlines():
        name, _, value = line.rstrip().partition("  ")
        console.print(Text.assemble((f"{name:<12}", "bold"), value.strip()), overflow="fold")
    console.print("\n[bold green]$[/] head -1 demo/clusters.jsonl", highlight=False)
    cluster = json.loads(lines[0])
    cluster["members"] = cluster["members"][:3]
    text = json.dumps(cluster, ensure_ascii=False)
    console.print(text.removesuffix("]}") + f", … {cluster['size'] - 3} more]}}", overflow="fold")
    console.save_svg(str(ROOT / "docs" / "demo.svg"), title="dedup run")


if __name__ == "__main__":
    main()
