"""The command that makes collections."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corpus.__main__ import main
from corpus.block import FILES, SIZE
from corpus.truth import SCHEMAS
from tests.corpus.collections import read

SAMPLE = Path(__file__).parents[2] / "corpus" / "sample"
README = SAMPLE.with_name("README.md")
REMAKE = re.compile(r"^python -m corpus make corpus/sample (.+)$", re.MULTILINE)


def make(out: Path, *arguments: str) -> Path:
    assert main(["make", str(out), *arguments]) == 0
    return out


def truth(out: Path) -> list[list[dict[str, object]]]:
    folder = out.with_name(f"{out.name}-truth")
    return [pq.read_table(folder / f"{name}.parquet").to_pylist() for name in SCHEMAS]


def test_make__the_command_in_the_readme_remakes_the_sample(tmp_path: Path) -> None:
    command = REMAKE.search(README.read_text("utf-8"))
    assert command is not None
    out = make(tmp_path / "sample", *command[1].replace("--force", "").split())
    for name in FILES:
        assert (out / name).read_bytes() == (SAMPLE / name).read_bytes()
    assert truth(out) == truth(SAMPLE)


def test_make__the_sample_is_small_enough_to_commit() -> None:
    folders = SAMPLE, SAMPLE.with_name("sample-truth")
    assert sum(path.stat().st_size for folder in folders for path in folder.iterdir()) <= 5_000_000
    assert read(SAMPLE).records


def test_make__processes_change_nothing(tmp_path: Path) -> None:
    count = str(2 * SIZE + 100)
    outs = [make(tmp_path / n, "--documents", count, "--profile", "brief", "--processes", n) for n in ("1", "3")]
    for name in FILES:
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()
    assert truth(outs[0]) == truth(outs[1])


def test_make__later_blocks_copy_reports_of_earlier_ones(tmp_path: Path) -> None:
    made = read(make(tmp_path / "out", "--documents", str(2 * SIZE), "--profile", "brief"))
    late = [row for row in made.rows["documents"] if int(row["id"].removesuffix(".html").split("-")[-1]) >= SIZE]
    assert len(late) > 20
    written = {row["id"]: row for row in made.rows["documents"]}
    for row in late:
        assert row["kind"] == "copy" and row["parent"] == row["origin"]
        assert written[row["origin"]]["family"] == row["family"]
    recorded = {frozenset((row["id_a"], row["id_b"])) for row in made.rows["pairs"]}
    assert all(frozenset((row["id"], row["origin"])) in recorded for row in late)


def test_make__another_seed_gives_other_documents(tmp_path: Path) -> None:
    outs = [make(tmp_path / seed, "--documents", "50", "--seed", seed) for seed in ("1", "2")]
    assert (outs[0] / FILES[0]).read_bytes() != (outs[1] / FILES[0]).read_bytes()


@pytest.mark.parametrize("count", [1, 2, 7, 333])
def test_make__gives_exactly_as_many_documents_as_asked_for(count: int, tmp_path: Path) -> None:
    made = read(make(tmp_path / "out", "--documents", str(count)))
    assert len(made.records) == len(made.rows["documents"]) == count
    summary = json.loads((tmp_path / "out-truth" / "make.json").read_text("utf-8"))
    assert summary["documents"] == count
    assert summary["bytes"] == sum((tmp_path / "out" / name).stat().st_size for name in FILES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["make"], "required: OUT"),
        (["make", "OUT", "--documents", "-3"], "at least 1"),
        (["make", "OUT", "--documents", "0"], "at least 1"),
        (["make", "OUT", "--documents", "many"], "at least 1"),
        (["make", "OUT", "--seed", "-1"], "at least 0"),
        (["make", "OUT", "--processes", "0"], "at least 1"),
        (["make", "OUT", "--profile", "odd"], "mixed"),
        (["make", "OUT", "--size", "3"], "--size"),
        (["bake", "OUT"], "bake"),
    ],
)
def test_make__wrong_arguments_end_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "out") if argument == "OUT" else argument for argument in arguments])
    complaint = capsys.readouterr().err
    assert stop.value.code == 2
    assert complaint.count("\n") == 1
    assert said in complaint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("lost", ["out", "out-truth"])
def test_make__a_full_folder_is_written_over_only_by_force(
    lost: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = make(tmp_path / "out", "--documents", "20")
    (out / "mine.txt").write_text("kept", "utf-8")
    before = (out / FILES[0]).read_bytes()
    with pytest.raises(SystemExit) as stop:
        main(["make", str(out), "--documents", "20", "--seed", "8"])
    assert stop.value.code == 2
    assert "--force" in capsys.readouterr().err
    assert (out / FILES[0]).read_bytes() == before
    make(out, "--documents", "20", "--seed", "8", "--force")
    assert (out / FILES[0]).read_bytes() != before
    assert (out / "mine.txt").read_text("utf-8") == "kept"


def test_make__a_file_in_the_way_is_refused_even_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("kept", "utf-8")
    with pytest.raises(SystemExit) as stop:
        main(["make", str(tmp_path / "out"), "--force"])
    assert stop.value.code == 2
    assert "not a folder" in capsys.readouterr().err
    assert (tmp_path / "out").read_text("utf-8") == "kept"


def test_make__an_interrupted_one_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("corpus.make.make_block", interrupted)
    assert main(["make", str(tmp_path / "out"), "--documents", "20"]) == 130
    assert not list(tmp_path.iterdir())
