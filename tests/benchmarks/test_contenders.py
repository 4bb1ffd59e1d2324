"""Contenders are judged right, find what is planted, and fall alone."""

from __future__ import annotations

import importlib.metadata
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import contenders, contest, edits, judge, programs
from benchmarks.contenders.__main__ import take
from benchmarks.contenders.documents import shingles
from benchmarks.measurement import QUICK
from dedup.documents.normalise import normalise_rows
from tests import naive

DOCUMENTS = 30
COPY_OF, COPY = 3, 17


def texts() -> list[str]:
    """Thirty unrelated texts; two of them alike but for a word, two of them equal, an empty one, a short one."""
    rng = random.Random(5)
    clauses = [["".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(5)) for _ in range(60)] for _ in range(30)]
    made = ["，".join(parts) for parts in clauses]
    made[COPY] = made[COPY_OF][:179] + "， Version 2 ，" + made[COPY_OF][180:]
    made[21] = made[9] + "。\n"
    made[25], made[26] = "", "短文"
    return made


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> judge.Prepared:
    folder = tmp_path_factory.mktemp("contest")
    (folder / "made").mkdir()
    halves = (("a.jsonl", range(15)), ("b.jsonl", range(15, DOCUMENTS)))
    for name, numbers in halves:
        with (folder / "made" / name).open("w", encoding="utf-8") as file:
            for number in numbers:
                record = {"id": f"d{number}", "title": "x", "text": texts()[number], "source": "s"}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return judge.prepare(folder / "made", folder)


def installed(name: str) -> type[contenders.Contender]:
    try:
        return contenders.load(name)
    except ImportError as error:
        pytest.skip(f"{name} is not installed: {error}")


def test_names__are_all_that_issue_three_asks_for() -> None:
    wanted = {"brute_force", "datasketch", "fastsketch", "gaoya", "ours", "rensa_full", "rensa_rho"}
    assert wanted <= set(contenders.names())


@pytest.mark.parametrize("name", contenders.names())
def test_contender__finds_a_planted_pair_and_nothing_else(name: str, prepared: judge.Prepared) -> None:
    kind = installed(name)
    run = contest.run_contender(name, {}, prepared.folder)
    found = {(min(a, b), max(a, b)) for a, b in run.pairs.tolist()}
    if name == "rensa_rho":  # it samples positions, and words in the middle move them all
        found.add((COPY_OF, COPY))
    assert found == {(COPY_OF, COPY), (9, 21)}
    assert run.figures["seconds"] > 0
    assert run.peak_mb > 0 or sys.platform != "linux"
    assert importlib.metadata.version(kind.distribution)
    assert kind.recommendation and kind.settings


@pytest.mark.parametrize("name", contenders.names())
def test_contender__takes_every_setting_of_its_row(name: str, prepared: judge.Prepared) -> None:
    kind = installed(name)
    truth = judge.find_truth(prepared.codes, 0.7)
    for settings in kind.sweep:
        contender = kind(0.7, **settings)
        take(contender, prepared.folder)
        recall = judge.judge(contender.pairs(), truth).recall
        assert recall == 1.0 or (name == "rensa_rho" and recall == 0.5)


def test_adapters__are_short() -> None:
    for name in contenders.names():
        lines = Path(contenders.__file__).with_name(f"{name}.py").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40, name


def test_process__of_a_contender_never_loads_the_engine() -> None:
    code = (
        "import sys; from benchmarks.contenders import documents, __main__\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('dedup', 'numba', 'pyarrow')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=contest.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- what all are given ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "短", "一二三四五", "一二三四五六一二三四五六", "see chapter 3.5 of the 2021 report 一二三"]
)
def test_shingles__are_as_many_as_the_engine_has(text: str, tmp_path: Path) -> None:
    import pyarrow as pa

    codes = normalise_rows(pa.array([text], pa.large_string()))
    judge.write_views(codes, tmp_path / "views.txt")
    (view,) = (tmp_path / "views.txt").read_text(encoding="utf-8").split("\n")[:-1]
    row = codes.row(0).tolist()
    wanted = {tuple(row[i : i + 5]) for i in range(max(1, len(row) - 4))} if row else set()
    assert len(shingles(view)) == len(wanted)


def test_shingles__of_a_mixed_text_agree_with_those_of_a_plain_one() -> None:
    plain, mixed = "一二三四五六", "一二三四五六 80000001 七"
    assert set(shingles(plain)) < set(shingles(mixed))


# -- the judge ---------------------------------------------------------------------------------------------------


def test_find_truth__is_all_pairs_by_hand(prepared: judge.Prepared) -> None:
    truth = judge.find_truth(prepared.codes, 0.2)
    classes = truth.classes.tolist()
    near = [(classes[a], classes[b]) for a, b, _ in naive.pairs(texts(), 0.2) if classes[a] != classes[b]]
    wanted = {(min(pair), max(pair)) for pair in near}
    found = {(int(key) >> 32, int(key) & 0xFFFFFFFF) for key in truth.pairs}
    assert found == wanted
    assert classes[25] == -1 and classes[21] == classes[9] and truth.later.nonzero()[0].tolist() == [21]


def three_classes() -> judge.Truth:
    """Documents 0, 1, 2 are one text, 3 and 4 another, 5 a third, 6 empty; the first two texts are alike."""
    classes = np.array([0, 0, 0, 1, 1, 2, -1])
    later = np.array([False, True, True, False, True, False, False])
    return judge.Truth(classes, later, np.array([1], np.uint64))


@pytest.mark.parametrize(
    ("pairs", "reported", "recall", "precision"),
    [
        ([], 0, 0.0, None),
        ([(0, 1)], 1, 1 / 4, 1.0),
        ([(0, 3), (1, 4), (2, 3)], 1, 1 / 4, 1.0),
        ([(0, 1), (2, 0), (4, 3), (1, 3)], 4, 1.0, 1.0),
        ([(0, 5), (1, 5), (0, 6), (0, 3)], 2, 1 / 4, 1 / 2),
    ],
)
def test_judge__counts_texts_and_not_their_copies(
    pairs: list[tuple[int, int]], reported: int, recall: float, precision: float | None
) -> None:
    verdict = judge.judge(np.array(pairs, np.int64).reshape(-1, 2), three_classes())
    assert verdict == judge.Verdict(reported, recall, precision)


def test_judge_clusters__counts_every_two_members() -> None:
    everything = judge.judge_clusters(np.zeros(7, np.int64), three_classes())
    assert everything == judge.Verdict(6, 1.0, 4 / 6)  # three pairs of texts, one of them right, and three copies
    apart = judge.judge_clusters(np.array([0, 0, -1, 1, 1, 2, 3]), three_classes())
    assert apart == judge.Verdict(2, 1 / 2, 1.0)


# -- one that falls ----------------------------------------------------------------------------------------------


def test_contest__goes_on_when_a_contender_crashes_or_is_missing(
    prepared: judge.Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = contest.load

    def load(name: str) -> type[contenders.Contender]:
        if name == "gaoya":
            raise ModuleNotFoundError("No module named 'gaoya'")
        return real(name)

    def run(name: str, settings: dict[str, object], folder: Path) -> contest.Run:
        if name == "brute_force":
            raise RuntimeError("exit code -11: nothing said")
        return run_contender(name, settings, folder)

    run_contender = contest.run_contender
    monkeypatch.setattr(contest, "load", load)
    monkeypatch.setattr(contest, "run_contender", run)
    truth = judge.find_truth(prepared.codes, 0.7)
    case = {"documents": DOCUMENTS}
    rows = [
        contest.measure_contender(name, {}, prepared, truth, case, QUICK, 1)
        for name in ("brute_force", "gaoya", "ours")
    ]
    assert [bool(one.failed) for one in rows] == [True, True, False]
    assert rows[0].failed == "RuntimeError: exit code -11: nothing said"
    assert rows[2].values["recall"] == 1.0 and rows[2].values["precision"] == 1.0
    assert all(one.case["contender"] in contest.row(one) for one in rows)


def test_process__that_dies_says_its_last_line(prepared: judge.Prepared) -> None:
    with pytest.raises(RuntimeError, match="exit code 1: TypeError"):
        contest.run_contender("ours", {"colour": "red"}, prepared.folder)


def test_program__without_its_environment_is_a_failed_row(
    prepared: judge.Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "VENVS", tmp_path)
    (tmp_path / "datatrove").mkdir()
    (tmp_path / "datatrove" / programs.REASON).write_text("ERROR: no matching distribution", encoding="utf-8")
    truth = judge.find_truth(prepared.codes, 0.7)
    rows = list(programs.measure_programs(prepared, truth, {}, "full"))
    assert [one.case["contender"] for one in rows] == list(programs.PROGRAMS)
    assert all(one.case["as_shipped"] and one.failed for one in rows)
    assert rows[1].failed == "cannot be installed: ERROR: no matching distribution"
    assert list(programs.measure_programs(prepared, truth, {}, QUICK)) == []


@pytest.mark.parametrize("name", list(programs.PROGRAMS))
def test_program__names_the_documents_as_we_do(name: str, prepared: judge.Prepared) -> None:
    if not programs.python_of(name).exists():
        pytest.skip(programs.why_missing(name))
    truth = judge.find_truth(prepared.codes, 0.7)
    one = programs.measure_program(name, prepared, truth, {"documents": DOCUMENTS}, QUICK)
    assert one.failed is None
    assert one.values["precision"] == 1.0
    assert one.values["recall"] == 1.0


# -- edits -------------------------------------------------------------------------------------------------------


def test_edits__do_what_they_say() -> None:
    rng = np.random.default_rng(1)
    text = edits.characters(rng, edits.LENGTH)
    made = {name: edit(text, rng) for name, edit in edits.EDITS.items()}
    assert len(made["20 characters put before"]) == edits.LENGTH + 20
    assert len(made["40 characters cut off"]) == edits.LENGTH - 40
    assert (made["halves swapped"][:400] == text[400:]).all()
    assert sorted(made["2 paragraphs of 5 exchanged"]) == sorted(text)
    assert 0 < (made["10 characters substituted"] != text).sum() <= 10
    assert 0 < (made["5 % substituted"] != text).sum() <= 40


def test_edits__ours_finds_every_copy_at_the_threshold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(edits.DOCUMENTS, QUICK, 20)
    monkeypatch.setattr(edits, "names", lambda: ["ours", "unheard_of"])
    measured = list(edits.measure(QUICK, tmp_path))
    ours = {one.case["edit"]: one.values for one in measured if one.case["contender"] == "ours"}
    assert list(ours) == list(edits.EDITS)
    assert all(values["recall"] in (None, 1.0) for values in ours.values())
    assert ours["20 characters put before"]["jaccard"] == pytest.approx(0.975, abs=0.002)
    assert all(one.failed for one in measured if one.case["contender"] == "unheard_of")
    assert "failed" in edits.table(measured)
