"""Two documents of a finished run: found by name, read again, explained, and what the run decided about them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.collect import IN_MEMORY
from dedup.documents.fields import Fields
from dedup.documents.lookup import Record, find_documents, places_of, records_of, texts_beside
from dedup.documents.normalise import Codes, normalise_rows
from dedup.fingerprints.sketch import band_keys, sketch_rows
from dedup.matches.bands import Bands
from dedup.pages.boilerplate.keys import line_keys
from dedup.pages.boilerplate.table import BoilerplateTable
from dedup.pages.lines import split_lines
from dedup.reasons.differences import Tokens, read_tokens
from dedup.reasons.explain import Explanation, explain, measured_codes
from dedup.result import Result, pair_floor
from dedup.work import BOILERPLATE_FILE


@dataclass(frozen=True, slots=True)
class Fate:
    """What a run decided about one document.

    Attributes
    ----------
    id, file : str
    line : int
    others : int
        Documents with the same identifier.
    reference : bool
    cluster : int or None
    kept : str
        Identifier of the document kept for this one; its own if it is kept.
    label : str
        Why it was removed; "" for a kept one.
    start, end : int or None
        Code points of the record's text, if it is a piece of it; all offsets of the explanation count from there.
    """

    id: str
    file: str
    line: int
    others: int
    reference: bool
    cluster: int | None
    kept: str
    label: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two documents of a run, why they are linked or not, and what became of them.

    Attributes
    ----------
    a, b : Fate
    texts : tuple of str
    explanation : Explanation
    linked : bool
        Whether the run linked the two with one another: a proven pair at the threshold.
    threshold : float
        The run's.
    candidate : str
        Whether the run compared them, as a sentence.
    """

    a: Fate
    b: Fate
    texts: tuple[str, str]
    explanation: Explanation
    linked: bool
    threshold: float
    candidate: str

    def as_dict(self) -> dict[str, Any]:
        """Everything but the texts, as JSON can hold it."""
        return {
            "a": asdict(self.a),
            "b": asdict(self.b),
            "linked": self.linked,
            "threshold": self.threshold,
            "candidate": self.candidate,
            **self.explanation.as_dict(),
        }


def explain_pair(folder: str | Path, a: str, b: str) -> Pair:
    """Why two documents of a run are linked, or not.

    Parameters
    ----------
    folder : path
        A run folder.
    a, b : str
        Identifiers, or ``FILE:LINE``. Of several documents with one identifier the first is taken.

    Raises
    ------
    InputError
        If it is no run folder, a name is unknown, or the input has changed.
    """
    folder = Path(folder)
    result = Result.open(folder)
    found = [find_documents(result.documents, name) for name in (a, b)]
    rows = int(found[0][0]), int(found[1][0])
    one, two = _records(result, folder, rows)
    aside = _aside(result, folder, one), _aside(result, folder, two)
    explanation = explain(one.text, two.text, result.config, aside_a=aside[0], aside_b=aside[1])
    fates = [_fate(result, row, len(same) - 1) for row, same in zip(rows, found, strict=True)]
    listed = _listed(result.pairs, *rows)
    tokens = read_tokens(one.text, aside[0]), read_tokens(two.text, aside[1])
    return Pair(
        fates[0],
        fates[1],
        (one.text, two.text),
        explanation,
        linked=bool(listed and listed["linked"]),
        threshold=result.config.threshold,
        candidate=_candidate(result, rows, (one, two), tokens, explanation.similarity, listed is not None),
    )


def _records(result: Result, folder: Path, rows: tuple[int, int]) -> tuple[Record, Record]:
    config, sources = result.config, result._sources
    if not sources:
        texts = texts_beside(folder, IN_MEMORY, result.documents, rows, extracted=config.html)
        one, two = (Record(text, {}) for text in texts)
        return one, two
    wanted = Fields(config.text_fields(), config.id, config.other_fields(), html=config.html)
    places = places_of(result.documents, rows, sources)
    inputs = result.summary.get("inputs")
    one, two = records_of(sources, places, wanted, encoding=config.encoding, inputs=inputs)
    return one, two


def _aside(result: Result, folder: Path, record: Record) -> list[tuple[int, int]]:
    """The lines of a document that the run set aside, in code points."""
    path = folder / BOILERPLATE_FILE
    if result.config.boilerplate == "off" or not path.exists():
        return []
    lines = split_lines(pa.array([record.text], pa.large_string()))
    keys = line_keys(lines, normalise_rows(lines.texts, tokens=result.config.tokens))
    source = record.fields.get(result.config.source) or ""
    flags = BoilerplateTable.load(path).mark(keys, lines, np.zeros(1, np.int32), [source])
    ends = [*lines.points[1:].tolist(), len(record.text)]
    return [(start, end) for start, end, flag in zip(lines.points.tolist(), ends, flags, strict=True) if flag]


def _fate(result: Result, row: int, others: int) -> Fate:
    document = result.documents.slice(row, 1).to_pylist()[0]
    return Fate(
        id=document["id"],
        file=document["file"],
        line=document["line"],
        others=others,
        reference=document["reference"],
        cluster=document["cluster"],
        kept=result.documents.column("id")[document["kept_doc"]].as_py(),
        label=document["label"] or "",
        start=document.get("start"),
        end=document.get("end"),
    )


def _listed(pairs: pa.Table, row_a: int, row_b: int) -> dict[str, Any] | None:
    """The row of pairs.parquet about two documents."""
    low, high = sorted((row_a, row_b))
    found = pairs.filter(pc.and_(pc.equal(pairs.column("doc_a"), low), pc.equal(pairs.column("doc_b"), high)))
    return found.to_pylist()[0] if len(found) else None


def _candidate(
    result: Result,
    rows: tuple[int, int],
    records: tuple[Record, Record],
    tokens: tuple[Tokens, Tokens],
    similarity: float,
    listed: bool,
) -> str:
    """Whether a run compared two documents, and why. Their band keys are made again, as the run made them."""
    config = result.config
    codes = tuple(measured_codes(one, config) for one in tokens)
    if rows[0] == rows[1]:
        return "they are one document"
    if not all(map(len, codes)):
        return "never: a text without a letter or digit is compared with none"
    within = [record.fields.get(config.within) or "" for record in records]
    if within[0] != within[1]:
        return f"never: --within {config.within} keeps {within[0]!r} and {within[1]!r} apart"
    if all(result.documents.column("reference")[row].as_py() for row in rows):
        return "never: both are references"
    if np.array_equal(codes[0], codes[1]):
        return "equal texts, found by their hash"
    if not result.summary.get("bands"):
        return "never: this run looked for passages only"
    bands = Bands(*result.summary["bands"])
    offsets = np.array([0, len(codes[0]), len(codes[0]) + len(codes[1])])
    sketches = sketch_rows(Codes(np.concatenate(codes), offsets), n=config.n, k=config.k, seed=config.seed)
    keys = band_keys(sketches, bands.bands, bands.rows)
    shared = int((keys[:, 0] == keys[:, 1]).sum())
    chance = f"of pairs of this similarity {100 * bands.probability(similarity):.3g} % share one or more"
    if not shared:
        return f"never by their sketches: they share none of {bands.bands} bands ({chance})"
    said = f"they share {shared} of {bands.bands} bands ({chance})"
    floor = pair_floor(config.threshold)
    if listed or similarity < floor:
        return f"exactly{'' if listed else f', and dropped below {floor:g}'}: {said}"
    return f"{said}, yet their pair is not listed: of a text with more than 256 copies only some pairs are"
