"""What contenders are given, and what their answers are held against.

The truth is exact: every pair of documents whose sets of five-token shingles reach the threshold. Equal texts are
counted so that a text with a thousand copies does not outweigh all the rest: all of them are one *class*; two classes
are one pair, found if any document of the one is reported with any document of the other; and each further copy of a
text counts once, found if it is reported with an earlier one. Documents without tokens count nowhere.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.json

from benchmarks.contenders.documents import TOKENS
from dedup.documents.normalise import Codes, normalise_rows, utf8_buffers
from dedup.matches import audit

FEW = 200
BLOCK = 64 << 20


class Prepared(NamedTuple):
    """A folder that contenders can be sent over: ``collection/``, ``views.txt``, and ``few/`` with the same.

    Attributes
    ----------
    folder : Path
    ids : list of str
    codes : Codes
    text_bytes : int
        UTF-8 of all texts.
    viewing_seconds : float
        From the files to the text views, which those that take shingles are spared.
    """

    folder: Path
    ids: list[str]
    codes: Codes
    text_bytes: int
    viewing_seconds: float


class Truth(NamedTuple):
    """What is to be found.

    Attributes
    ----------
    classes : ``[m] int64``
        Number of the text of each document; -1 without tokens.
    later : ``[m] bool``
        Documents with an earlier equal one.
    pairs : ``[p] uint64``
        Pairs of classes at or above the threshold, the smaller one ``<< 32 |`` the larger one, sorted.
    """

    classes: np.ndarray
    later: np.ndarray
    pairs: np.ndarray

    def total(self) -> int:
        """How many things there are to find."""
        return len(self.pairs) + int(self.later.sum())


class Verdict(NamedTuple):
    """How an answer does: None where there is nothing to find, or nothing was reported."""

    reported: int
    recall: float | None
    precision: float | None


# -- what is given -----------------------------------------------------------------------------------------------


def read_rows(path: Path) -> pa.Table:
    """``id`` and ``text`` of all JSON lines of a folder, file by file in the order of their names."""
    schema = pa.schema([("id", pa.string()), ("text", pa.large_string())])
    parse = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    block = pa.json.ReadOptions(block_size=BLOCK)
    return pa.concat_tables(
        pa.json.read_json(file, read_options=block, parse_options=parse) for file in sorted(path.glob("*.jsonl"))
    )


def read_texts(path: Path) -> pa.LargeStringArray:
    """The texts of a folder."""
    return read_rows(path).column("text").combine_chunks()


def write_views(codes: Codes, path: Path) -> None:
    """One text view a line: characters as they are, words, numbers and masks as codes between spaces."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for d in range(len(codes.offsets) - 1):
            row = codes.row(d)
            if len(row) and int(row.max()) > 0x10FFFF:
                view = "".join(chr(c) if c <= 0x10FFFF else f" {c:x} " for c in row.tolist())
            else:
                view = row.astype("<u4").tobytes().decode("utf-32-le")
            file.write(view + "\n")


def prepare(collection: Path, folder: Path) -> Prepared:
    """Lay out a collection (a folder of JSON lines with ``id`` and ``text``) for contenders."""
    few = folder / "few"
    (few / "collection").mkdir(parents=True)
    (folder / "collection").symlink_to(collection.resolve())
    normalise_rows(pa.array(["一"], pa.large_string()))  # loads the kernels
    begin = time.perf_counter()
    rows = read_rows(folder / "collection")
    texts = rows.column("text").combine_chunks()
    codes = normalise_rows(texts)
    write_views(codes, folder / "views.txt")
    seconds = time.perf_counter() - begin
    ids = rows.column("id").to_pylist()
    with (few / "collection" / "few.jsonl").open("w", encoding="utf-8") as file:
        for name, text in zip(ids[:FEW], texts[:FEW].to_pylist(), strict=True):
            file.write(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n")
    write_views(normalise_rows(texts[:FEW]), few / "views.txt")
    _, offsets = utf8_buffers(texts)
    return Prepared(folder, ids, codes, int(offsets[-1] - offsets[0]), seconds)


# -- what is to be found -----------------------------------------------------------------------------------------


def find_truth(codes: Codes, threshold: float) -> Truth:
    """Compare every text with every other one, exactly."""
    m = len(codes.offsets) - 1
    classes, later = np.full(m, -1, np.int64), np.zeros(m, bool)
    known: dict[bytes, int] = {}
    firsts: list[int] = []
    for d in range(m):
        if len(row := codes.row(d)):
            classes[d] = known.setdefault(row.tobytes(), len(known))
            later[d] = classes[d] < len(firsts)
            if not later[d]:
                firsts.append(d)
    texts = _rows(codes, np.array(firsts, np.int64))
    every = np.arange(len(firsts))
    with ThreadPoolExecutor() as executor:
        found = audit.brute_force(texts, every, n=TOKENS, seed=1, threshold=threshold, executor=executor)
    return Truth(classes, later, class_pairs(every, np.column_stack([found.sample, found.other])))


def _rows(codes: Codes, rows: np.ndarray) -> Codes:
    wanted = np.zeros(len(codes.offsets) - 1, bool)
    wanted[rows] = True
    lengths = np.diff(codes.offsets)
    values = codes.values[: codes.offsets[-1]][np.repeat(wanted, lengths)]
    return Codes(values, np.concatenate([[0], np.cumsum(lengths[wanted])]))


def class_pairs(classes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Distinct pairs of different classes, ``uint64``, sorted."""
    a, b = classes[pairs[:, 0]], classes[pairs[:, 1]]
    use = (a >= 0) & (b >= 0) & (a != b)
    low, high = np.minimum(a, b)[use].astype(np.uint64), np.maximum(a, b)[use].astype(np.uint64)
    return np.unique(low << np.uint64(32) | high)


def judge(pairs: np.ndarray, truth: Truth) -> Verdict:
    """Hold reported pairs of documents ``[p, 2] int64`` against the truth."""
    reported = class_pairs(truth.classes, pairs)
    a, b = truth.classes[pairs[:, 0]], truth.classes[pairs[:, 1]]
    copies = len(np.unique(pairs[(a == b) & (a >= 0)].max(axis=1, initial=-1)))
    right = len(np.intersect1d(reported, truth.pairs, assume_unique=True)) + copies
    return _verdict(len(reported) + copies, right, truth)


def judge_clusters(cluster: np.ndarray, truth: Truth) -> Verdict:
    """The same for clusters ``[m] int64``, of which every two members count as reported; -1 is no cluster.

    Their pairs are counted and not listed, since one wrong link can join thousands.
    """
    first = np.full(int(truth.classes.max(initial=-1)) + 1, -1, np.int64)
    leading = np.flatnonzero((truth.classes >= 0) & ~truth.later)
    first[truth.classes[leading]] = cluster[leading]
    a, b = (truth.pairs >> np.uint64(32)).astype(np.int64), (truth.pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    copies = int((truth.later & (cluster >= 0) & (cluster == first[truth.classes])).sum())
    right = int(((first[a] == first[b]) & (first[a] >= 0)).sum()) + copies
    sizes = np.bincount(first[first >= 0])
    return _verdict(int((sizes * (sizes - 1) // 2).sum()) + copies, right, truth)


def _verdict(reported: int, right: int, truth: Truth) -> Verdict:
    return Verdict(reported, right / truth.total() if truth.total() else None, right / reported if reported else None)
