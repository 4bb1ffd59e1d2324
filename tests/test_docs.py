"""README is the front door: every command in it runs, every option stands in it, its lists are the code's."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main

import dedup
from dedup.cli import app
from dedup.tables import FILES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, sample_records: list[dict[str, str]]) -> Path:
    """A folder with the files that README's commands name."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "corpus" / "sample", folder / "corpus" / "sample")
    (folder / "more").mkdir()
    lines = [json.dumps({**r, "body": r["text"]}, ensure_ascii=False) + "\n" for r in sample_records[:60]]
    (folder / "pages.jsonl").write_text("".join(lines[:40]), encoding="utf-8")
    (folder / "today.jsonl").write_text("".join(lines[30:]), encoding="utf-8")
    import gzip

    rows = "".join(f'{i},标题,"第{i}号通知，内容如下"\n' for i in range(3))
    (folder / "more" / "a.csv.gz").write_bytes(gzip.compress(("id,title,body\n" + rows).encode()))
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text("关于召开农村工作会议的通知", encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_readme__every_command_runs(command: str, place: Path) -> None:
    python = f"{shlex.quote(sys.executable)} -m dedup"
    shell = re.sub(r"(^|\| )dedup ", rf"\g<1>{python} ", command)
    assert shell != command
    done = subprocess.run(["bash", "-c", shell], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_readme__has_commands_and_code() -> None:
    assert len(COMMANDS) >= 8 and len(blocks("python")) >= 3


def test_readme__the_python_in_it_runs_and_prints_what_it_says(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "\n".join(blocks("python"))
    done = subprocess.run([sys.executable, "-c", script], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for said in re.findall(r"print\(.*\)\s+# (?!who)(.+)$", script, re.MULTILINE):
        assert said in done.stdout


def test_readme__make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_readme__lists_every_file_of_a_run_folder() -> None:
    for name, meaning in FILES.items():
        assert f"| `{name}` | {meaning}" in README


def options(command: str) -> set[str]:
    group = typer.main.get_command(app)
    return {o for p in group.commands[command].params for o in p.opts if o.startswith("--")} - {"--help"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", ["run", "passages", "templates", "explain", "compare", "bounds"])
def test_readme__documents_every_flag(command: str) -> None:
    missing = {flag for flag in options(command) if f"`{flag}" not in README}
    assert not missing


def test_flags__are_the_settings() -> None:
    """Every setting has its flag, under the same name."""
    assert {field.name for field in fields(dedup.Config)} <= {flag.removeprefix("--") for flag in options("run")}


def test_help__names_the_default_of_every_setting() -> None:
    text = subprocess.run(
        [sys.executable, "-m", "dedup", "run", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "PATH": ""},
    ).stdout
    text = re.sub(r"\s+", " ", text)
    names = ("threshold", "recall", "n", "k", "keep", "write", "audit", "tokens", "seed")
    for name in (*names, "unit", "boilerplate", "length", "cap", "identity", "remove"):
        default = getattr(dedup.Config(), name)
        assert re.search(rf"--{name} [^\[]*\[default: {default}\]", text), name


def test_package__version_is_the_projects() -> None:
    declared = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert declared and declared[1] == dedup.__version__


def test_repository__names_no_machine_and_no_data_outside() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".sh", "") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert "/" + "work/" not in text and "/" + "root/" not in text, name
