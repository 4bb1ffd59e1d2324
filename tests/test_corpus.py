"""The generator keeps its promises, and the committed sample is what it makes."""

import json
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from corpus.__main__ import FILES, main
from corpus.changes import pinyin_notes, traditional_table
from corpus.collection import SHARES
from corpus.copyist import KINDS
from corpus.damage import damage
from corpus.grammar import SLOT
from corpus.lexicon import lists, sentence_patterns, stock_phrases, topics
from corpus.sentences import split_sentences

SAMPLE = Path(__file__).parents[1] / "corpus" / "sample"
SAMPLE_TRUTH = SAMPLE.with_name("sample-truth.tsv")
README = SAMPLE.with_name("README.md")
REMAKE = re.compile(r"^python -m corpus make corpus/sample (.+)$", re.MULTILINE)
PAIRS = 20_000
HAN = re.compile(r"[\u4e00-\u9fff]")

Documents = dict[str, dict[str, str]]
Truth = dict[str, tuple[str, str]]


def read_documents(folder: Path) -> Documents:
    lines = [line for name in FILES for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    documents = [json.loads(line) for line in lines]
    assert len({document["id"] for document in documents}) == len(documents)
    return {document["id"]: document for document in documents}


def read_truth(path: Path) -> Truth:
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    assert header == "id\tsource\tkind"
    return {identifier: (source, kind) for identifier, source, kind in (row.split("\t") for row in rows)}


@pytest.fixture(scope="module")
def documents() -> Documents:
    return read_documents(SAMPLE)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return read_truth(SAMPLE_TRUTH)


@pytest.fixture(scope="module")
def clean(documents: Documents, truth: Truth) -> list[str]:
    return [documents[identifier]["text"] for identifier, (_, kind) in truth.items() if kind == "clean"]


def copies_of(kind: str, documents: Documents, truth: Truth) -> list[tuple[str, str]]:
    """Pairs of original and copy."""
    return [
        (documents[source]["text"], documents[identifier]["text"])
        for identifier, (source, found) in truth.items()
        if found == kind
    ]


def shingles(text: str) -> set[str]:
    return {text[at : at + 5] for at in range(len(text) - 4)}


def word_shingles(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[at : at + 3]) for at in range(len(words) - 2)}


def background(sets: list[set[str]]) -> list[float]:
    """The sorted Jaccard similarities of random pairs."""
    rng = Random(1)
    pairs = (rng.sample(sets, 2) for _ in range(PAIRS))
    return sorted(len(one & other) / len(one | other) for one, other in pairs)


def test_the_command_in_the_readme_remakes_the_same_bytes(tmp_path: Path) -> None:
    command = REMAKE.search(README.read_text(encoding="utf-8"))
    assert command is not None
    assert main(["make", str(tmp_path / "sample"), *command[1].split()]) == 0
    for name in FILES:
        assert (tmp_path / "sample" / name).read_bytes() == (SAMPLE / name).read_bytes()
    assert (tmp_path / "sample-truth.tsv").read_bytes() == SAMPLE_TRUTH.read_bytes()


def test_another_seed_gives_other_documents(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        main(["make", str(tmp_path / seed), "--documents", "50", "--seed", seed])
    assert (tmp_path / "1" / FILES[0]).read_bytes() != (tmp_path / "2" / FILES[0]).read_bytes()


def test_the_sample_is_small_and_whole(documents: Documents, truth: Truth) -> None:
    assert 1600 <= len(documents) <= 2500
    assert sum(path.stat().st_size for path in [*SAMPLE.iterdir(), SAMPLE_TRUTH]) <= 3_000_000
    assert sorted(path.name for path in SAMPLE.iterdir()) == sorted(FILES)
    assert documents.keys() == truth.keys()
    for document in documents.values():
        assert list(document) == ["id", "title", "text", "source", "date"]
        assert all(document.values())
        assert not SLOT.search(document["text"] + document["title"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", document["date"])


def test_every_kind_has_its_share(truth: Truth) -> None:
    kinds = Counter(kind for _, kind in truth.values())
    found = {name: kinds[name] for name in ("clean", "template", "short")}
    found["copies"] = sum(kinds[kind] for kind in KINDS)
    assert set(kinds) == {*KINDS, "clean", "template", "short"}
    for name, share in SHARES.items():
        assert found[name] / len(truth) == pytest.approx(share, abs=0.01)


def test_copies_name_a_clean_report_and_templates_a_template(truth: Truth) -> None:
    members: Counter[str] = Counter()
    for identifier, (source, kind) in truth.items():
        if kind in KINDS:
            assert truth[source][1] == "clean"
            members[source] += 1
        elif kind == "template":
            assert source.startswith("template-")
            members[source] += 1
        else:
            assert source == identifier
    templates = [size for source, size in members.items() if source.startswith("template-")]
    clusters = [size + 1 for source, size in members.items() if not source.startswith("template-")]
    assert len(templates) >= 12
    assert min(templates) >= 3 and max(templates) <= 15
    assert min(clusters) == 2 and max(clusters) <= 12
    assert Counter(clusters).most_common(1)[0][0] == 2


def test_no_two_clean_reports_share_a_sentence(clean: list[str]) -> None:
    owner: dict[str, int] = {}
    for number, text in enumerate(clean):
        for sentence in set(split_sentences(text)) - stock_phrases():
            assert owner.setdefault(sentence, number) == number, sentence


def test_unrelated_chinese_reports_share_few_shingles(clean: list[str]) -> None:
    found = background([shingles(text) for text in clean if HAN.search(text)])
    assert sum(found) / PAIRS <= 0.01
    assert found[int(PAIRS * 0.999)] <= 0.05


def test_unrelated_english_reports_share_few_words_in_a_row(clean: list[str]) -> None:
    english = [text for text in clean if not HAN.search(text)]
    assert 0.05 <= len(english) / len(clean) <= 0.11
    found = background([word_shingles(text) for text in english])
    assert sum(found) / PAIRS <= 0.02


def test_the_grammar_is_rich() -> None:
    patterns = sentence_patterns()
    assert len(patterns) >= 120
    assert len(set(patterns)) == len(patterns)
    assert all(len(SLOT.findall(pattern)) >= 3 for pattern in patterns)
    assert all(len(lists()[f"{topic}.term"]) >= 12 for topic in topics())


def test_lengths_spread_from_one_sentence_to_long_reports(documents: Documents, clean: list[str]) -> None:
    lengths = [len(document["text"]) for document in documents.values()]
    assert 40 <= min(lengths) < 60
    assert max(lengths) > 3000
    chinese = [len(text) for text in clean if HAN.search(text)]
    assert sum(300 <= length <= 1500 for length in chinese) / len(chinese) > 0.85


def test_exact_copies_equal_their_original_and_no_other_copy_does(documents: Documents, truth: Truth) -> None:
    for kind in KINDS:
        pairs = copies_of(kind, documents, truth)
        assert pairs
        assert all((original == copy) == (kind == "exact") for original, copy in pairs), kind


def test_reformatted_copies_keep_every_word(documents: Documents, truth: Truth) -> None:
    narrow = str.maketrans("，；：？！（）％", ",;:?!()%")
    for original, copy in copies_of("reformatted", documents, truth):
        bare = ["".join(text.translate(narrow).split()) for text in (original, copy)]
        assert bare[0] == bare[1]


def test_traditional_copies_differ_by_the_table_only(documents: Documents, truth: Truth) -> None:
    assert len(traditional_table()) >= 150
    for original, copy in copies_of("traditional", documents, truth):
        assert original.translate(traditional_table()) == copy


def test_pinyin_copies_note_every_occurrence(documents: Documents, truth: Truth) -> None:
    notes = pinyin_notes()
    for original, copy in copies_of("pinyin", documents, truth):
        assert "".join(f"{sign}({notes[sign]})" if sign in notes else sign for sign in original) == copy


def test_masked_copies_lose_names_or_years(documents: Documents, truth: Truth) -> None:
    for original, copy in copies_of("masked", documents, truth):
        assert any(mask in copy and mask not in original for mask in ("x", "**", "××", "某某"))


def test_damage_narrows_signs_adds_notes_and_tears_characters() -> None:
    assert damage("工作，报告") == "工作,报告"
    assert damage("经") == damage("經").replace("經", "经") == "经(jīng)"
    # 海 ends in the byte A3, so it and the first byte of 岛 look like a full-width 5: neither survives.
    assert damage("上海岛上，").startswith("上5")
    assert not set("海岛") & set(damage("上海岛上，"))


def test_damaged_copies_keep_most_of_the_text(documents: Documents, truth: Truth) -> None:
    for original, copy in copies_of("damaged", documents, truth):
        assert "\ufffd" not in copy
        kept = Counter(original) & Counter(copy)
        assert kept.total() > 0.5 * len(original)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["make"], "required: OUT"),
        (["make", "OUT", "--documents", "-3"], "at least 1"),
        (["make", "OUT", "--documents", "0"], "at least 1"),
        (["make", "OUT", "--documents", "many"], "at least 1"),
        (["make", "OUT", "--size", "3"], "--size"),
        (["bake", "OUT"], "bake"),
    ],
)
def test_wrong_arguments_end_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "out") if argument == "OUT" else argument for argument in arguments])
    complaint = capsys.readouterr().err
    assert stop.value.code == 2
    assert complaint.count("\n") == 1
    assert said in complaint
    assert not (tmp_path / "out").exists()


def test_a_full_folder_is_written_over_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["make", str(tmp_path / "out"), "--documents", "20"]
    assert main(arguments) == 0
    before = (tmp_path / "out" / FILES[0]).read_bytes()
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--seed", "8"])
    assert stop.value.code == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "out" / FILES[0]).read_bytes() == before
    assert main([*arguments, "--seed", "8", "--force"]) == 0
    assert (tmp_path / "out" / FILES[0]).read_bytes() != before


def test_a_file_in_the_way_is_refused_even_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("kept", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        main(["make", str(tmp_path / "out"), "--force"])
    assert stop.value.code == 2
    assert "not a folder" in capsys.readouterr().err
    assert (tmp_path / "out").read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize("count", [1, 2, 7, 333])
def test_exactly_as_many_documents_as_asked_for(count: int, tmp_path: Path) -> None:
    main(["make", str(tmp_path / "out"), "--documents", str(count)])
    assert len(read_documents(tmp_path / "out")) == count
    assert len(read_truth(tmp_path / "out-truth.tsv")) == count
