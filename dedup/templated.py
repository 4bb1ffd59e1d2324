"""The stage that makes templates: families → a template of each → the values of all documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dedup.collect import Collection, in_order
from dedup.config import Config
from dedup.decide import Decision, Weighted
from dedup.kin import LEAST_MEMBERS, Kin, families_of
from dedup.labelling import COPIES, UNKNOWN, Labelled, Texts, label_and_decide, labeller
from dedup.matches.audit import draw_sample
from dedup.rawtexts import RawTexts
from dedup.tables import FILLED
from dedup.templates.build import build_template
from dedup.templates.model import Template
from dedup.templates.write import read_templates, write_templates
from dedup.work import TEMPLATES_FILE, WorkFolder

SAMPLE = 100  # texts a template is made from; more of them tell nothing new
# How often families whose members are as alike as copies are taken apart before their templates are made.
ROUNDS = 8
SAMPLE_CHARACTERS = 8_000_000  # of all of them: a family may be one of books
MATCHED = 64  # documents that one piece of work fills in


class Templated(NamedTuple):
    """The templates of a collection.

    Attributes
    ----------
    family : ``[m] int64``
        Of every document, from 1; 0 for what is alone.
    templates : list of Template
        The template of family k is number k - 1; families behind them have none.
    filled : pa.Table
        `dedup.tables.FILLED`; on the way from files it is mapped, not held.
    """

    family: np.ndarray
    templates: list[Template]
    filled: pa.Table

    def template(self) -> np.ndarray:
        """The number of the template each document was filled into, ``[m] int64``; 0: none."""
        found = np.zeros(len(self.family), np.int64)
        found[self.filled.column("doc").to_numpy()] = self.filled.column("template").to_numpy()
        return found

    def save(self, work: WorkFolder) -> None:
        """Keep it in the work folder, where `filled` is already."""
        work.save("families", self.family)
        write_templates(self.templates, [0] * len(self.templates), work.path / TEMPLATES_FILE)

    @classmethod
    def load(cls, work: WorkFolder) -> Templated:
        return cls(work.load("families"), read_templates(work.path / TEMPLATES_FILE), _mapped(work))


def find_templated(
    pages: Collection,
    documents: Collection,
    labelled: Labelled,
    about: Texts,
    config: Config,
    executor: Executor,
    work: WorkFolder | None,
    tell: Callable[[int, int], None],
) -> tuple[Labelled, Decision, Templated, np.ndarray]:
    """Find families and their templates, and label and decide pairs by what these tell.

    Copies are told apart first, if not to the end, so that each text stands for itself in its family; then families say
    which of them are copies, and their templates which links are between copies.

    Parameters
    ----------
    pages, documents : Collection
        The records, and the documents in them.
    labelled : Labelled
    about : Texts
    config : Config
    executor : Executor
    work : WorkFolder or None
        Where the values go; without one they are held.
    tell : function
        Called with how many steps are done, and how many there are.

    Returns
    -------
    labelled : Labelled
    decision : Decision
    templated : Templated
    copies : ``[m] int64``
        The document that each is a copy of, whatever is removed.
    """
    copies = config.with_(remove=COPIES)
    pairs, weighted = labelled.pairs, Weighted.of(labelled.pairs)
    label = labeller(documents.codes, pairs, config, executor)
    if work is not None and work.done("templates") is not None:
        labels, copied = label_and_decide(weighted, work.load("pair_labels"), about, copies, label)
        labels, decision = label_and_decide(weighted, labels, about, config, label)
        return Labelled(pairs, labels), decision, Templated.load(work), copied.kept
    texts = RawTexts(pages, documents)
    labels, copied = label_and_decide(weighted, labelled.labels, about, copies, label, ROUNDS)
    heads = families_of(texts, documents, about.order, copied.kept, config, executor)
    kin = Kin(documents, about.leaders, copied.kept, heads, executor)
    kin.look_again(texts, config.seed, executor)
    apart = _apart(about.leaders, copied, labels)
    templated = make_templates(texts, documents, about, apart, kin, config, executor, work, tell)
    labels = kin.relabel(Labelled(pairs, labels), templated.templates, templated.filled, config.threshold)
    labels, copied = label_and_decide(weighted, labels, about, copies, label)
    labels, decision = label_and_decide(weighted, labels, about, config, label)
    if work is not None:
        templated.save(work)
        work.save("pair_labels", labels)
        work.finish("templates", {})
    return Labelled(pairs, labels), decision, templated, copied.kept


def _apart(leaders: np.ndarray, copied: Decision, labels: np.ndarray) -> np.ndarray:
    """Which documents are not known to be copies of others, ``[m] bool``."""
    every = np.arange(len(leaders))
    unjudged = labels[copied.pair] == UNKNOWN if len(labels) else np.zeros(len(leaders), bool)
    found: np.ndarray = (copied.kept == every) | ((copied.pair >= 0) & unjudged)
    return found & (leaders == every)


def make_templates(
    texts: RawTexts,
    documents: Collection,
    about: Texts,
    apart: np.ndarray,
    kin: Kin,
    config: Config,
    executor: Executor,
    work: WorkFolder | None,
    tell: Callable[[int, int], None],
) -> Templated:
    """Make a template of every family, and fill its documents into it.

    Parameters
    ----------
    texts : RawTexts
    documents : Collection
    about : Texts
    apart : ``[m] bool``
        Which documents are not known to be copies of others.
    kin : Kin
    config : Config
    executor : Executor
    work : WorkFolder or None
        Where the values go; without one they are held.
    tell : function
        Called with how many documents were looked at, and how many there are.
    """
    heads, templated, leaders = kin.heads(), kin.templated(), about.leaders
    threads = config.threads or os.cpu_count() or 1
    rank = np.empty(len(heads), np.int64)
    rank[about.order] = np.arange(len(heads))
    numbers, sizes = np.unique(heads[heads >= 0], return_counts=True)
    numbers = numbers[np.lexsort((rank[numbers], -sizes))]
    by_family = np.argsort(heads, kind="stable")
    begins = np.searchsorted(heads[by_family], numbers)
    ends = np.searchsorted(heads[by_family], numbers, "right")
    members = [np.sort(by_family[begin:end]) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
    tasks = (
        partial(_build, texts, _speakers(docs, apart, leaders) if templated[docs[0]] else docs[:0], config)
        for docs in members
    )
    built: list[Template | None] = []
    total, done = int(sizes.sum()), 0
    for template, docs in zip(in_order(executor, tasks, threads + 2), members, strict=True):
        built.append(template)
        done += len(docs)
        tell(done, 2 * total)
    # Families with a template come first.
    places = sorted(range(len(built)), key=lambda place: built[place] is None)
    family = np.zeros(len(documents), np.int64)
    for number, place in enumerate(places, 1):
        family[members[place]] = number
    templates = [template.with_size(len(members[place])) for place in places if (template := built[place]) is not None]
    reference = documents.reference()
    own = [members[place][~reference[members[place]]] for place in places[: len(templates)]]
    batches = _fill(texts, templates, own, executor, threads, lambda more: tell(done + more, 2 * total))
    return Templated(family, templates, _gather(batches, work))


def _speakers(docs: np.ndarray, apart: np.ndarray, leaders: np.ndarray) -> np.ndarray:
    """The documents that a template is made from: one of every cluster of copies, if that is not too few."""
    found: np.ndarray = docs[apart[docs]]
    return found if len(found) >= LEAST_MEMBERS else docs[leaders[docs] == docs]


def _build(texts: RawTexts, rows: np.ndarray, config: Config) -> Template | None:
    """The template of a family, if it has one that tells its texts in fewer bits than they take."""
    if len(rows) < 2:
        return None
    sample = draw_sample(rows, SAMPLE, config.seed)
    enough = np.searchsorted(np.cumsum(texts.bytes_of(sample)), SAMPLE_CHARACTERS, "right")
    sample = sample[: max(2, int(enough))]
    built = build_template([texts[doc].text for doc in sample.tolist()], sample=SAMPLE, seed=config.seed)
    return built.template


def _fill(
    texts: RawTexts,
    templates: list[Template],
    members: list[np.ndarray],
    executor: Executor,
    threads: int,
    tell: Callable[[int], None],
) -> Iterator[pa.RecordBatch]:
    """The values of all members, some documents at a time."""

    def tasks() -> Iterator[Callable[[], tuple[int, pa.RecordBatch]]]:
        for number, (template, docs) in enumerate(zip(templates, members, strict=True), 1):
            for begin in range(0, len(docs), MATCHED):
                yield partial(_filled, texts, template, number, docs[begin : begin + MATCHED])

    done = 0
    for looked_at, batch in in_order(executor, tasks(), threads + 2):
        done += looked_at
        tell(done)
        if batch.num_rows:
            yield batch


def _filled(texts: RawTexts, template: Template, number: int, docs: np.ndarray) -> tuple[int, pa.RecordBatch]:
    """How many documents were looked at, and what those hold that were filled into the template."""
    rows = []
    for doc in docs.tolist():
        text = texts[doc]
        values = template.match(text.text)
        if values is None:
            continue
        spans = []
        for slot, found in enumerate(values.slots):
            for span in found:
                start, end = text.span(span.start, span.end)
                spans.append({"slot": slot, "start": start, "end": end, "text": span.text})
        spans.sort(key=lambda span: (span["start"], span["slot"]))
        rows.append({"template": number, "doc": doc, "edits": values.edits, "spans": spans})
    return len(docs), pa.RecordBatch.from_pylist(rows, FILLED)


def _gather(batches: Iterator[pa.RecordBatch], work: WorkFolder | None) -> pa.Table:
    """All batches as one table: in the work folder, mapped, or held."""
    if work is None:
        return pa.Table.from_batches(batches, FILLED)
    with pa.OSFile(str(work.path / "filled.arrow"), "wb") as file, pa.ipc.new_file(file, FILLED) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return _mapped(work)


def _mapped(work: WorkFolder) -> pa.Table:
    with pa.memory_map(str(work.path / "filled.arrow")) as source:
        return pa.ipc.open_file(source).read_all()
