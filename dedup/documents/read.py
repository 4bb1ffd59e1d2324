"""Files → blocks of documents: the registry of formats, and the fields each file is read by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from dedup.documents.blocks import Task, broken
from dedup.documents.fields import Fields, settle_fields
from dedup.documents.html import extract_tasks, read_html_file
from dedup.documents.jsonl import probe_jsonl, read_jsonl
from dedup.documents.parquet import probe_parquet, read_parquet
from dedup.documents.sources import WHOLE, Source, check_extra
from dedup.documents.tabular import probe_tabular, read_tabular
from dedup.documents.textfiles import read_text_file
from dedup.documents.warc import read_warc
from dedup.errors import InputError


class Format(NamedTuple):
    """A format: its first records, and its blocks."""

    probe: Callable[[Source, str], list[dict[str, object]]]
    read: Callable[[Source, Fields, str], Iterator[Task]]


def _no_probe(source: Source, encoding: str) -> list[dict[str, object]]:
    return []


def _one_text(source: Source, fields: Fields, encoding: str) -> Iterator[Task]:
    yield partial(read_html_file if fields.html else read_text_file, source, fields, encoding)


def _one_page(source: Source, fields: Fields, encoding: str) -> Iterator[Task]:
    yield partial(read_html_file, source, fields, encoding)


FORMATS = {
    "jsonl": Format(probe_jsonl, read_jsonl),
    "csv": Format(probe_tabular, read_tabular),
    "tsv": Format(probe_tabular, read_tabular),
    "parquet": Format(probe_parquet, read_parquet),
    "text": Format(_no_probe, _one_text),
    "html": Format(_no_probe, _one_page),
    "warc": Format(_no_probe, read_warc),
}


def read_source(source: Source, wanted: Fields, encoding: str) -> tuple[Iterator[Task], list[str]]:
    """The blocks of a file, still to be parsed, and notes on what was guessed.

    Whatever is wrong with the file is said by the blocks, never raised. The notes are complete when the last block has
    been taken: what a WARC file holds besides pages is known by then.

    Raises
    ------
    MissingExtra
        If HTML is to be taken apart and cannot be.
    """
    if wanted.html:
        check_extra(["html"])
    notes: list[str] = []
    form = FORMATS[source.format]
    if source.format == "warc":
        return read_warc(source, wanted, encoding, notes), notes
    if source.format in WHOLE:
        return form.read(source, wanted, encoding), notes
    records = form.probe(source, encoding)
    try:
        fields, notes = settle_fields(wanted, records, source.name)
    except InputError as error:
        reason = str(error).removeprefix(f"{source.name}: ")
        # A file whose first records cannot even be probed is read all the same: the strict parser says what is wrong.
        if records:
            return iter([broken(wanted, reason)]), []
        fields = replace(wanted, text=wanted.text or ("text",))
    tasks = form.read(source, fields, encoding)
    return (extract_tasks(tasks) if wanted.html else tasks), notes
