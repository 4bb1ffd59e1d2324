"""This engine as a library."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.templates import Answer, Found
from dedup import Config, Result, dedupe
from dedup.templates.build import build_template
from dedup.templates.model import Template, Values


class Ours:
    """`build_template` on the texts of one family, and every text matched."""

    def read(self, texts: Sequence[str]) -> Answer:
        begin = time.perf_counter()
        template = build_template(list(texts)).template
        built = time.perf_counter()
        if template is None:
            return Answer([None] * len(texts), [False] * len(texts), building=built - begin)
        values = [template.match(text) for text in texts]
        matched = time.perf_counter()
        restored = [one is not None and template.fill(one) == text for one, text in zip(values, texts, strict=True)]
        return Answer(
            [found(template, one) for one in values],
            restored,
            [0 if one is None else one.edits for one in values],
            template.compression,
            template.concentration,
            built - begin,
            matched - built,
        )

    def families(self, texts: Sequence[str]) -> list[int]:
        return classes(run(texts))


def run(texts: Sequence[str]) -> Result:
    """Texts in memory: copies, families, templates, labels, with the defaults of a run."""
    return dedupe(list(texts), Config(templates=True, audit=0, write="none"))


def classes(result: Result) -> list[int]:
    """The family of every document; what is in none is with the copy that is kept for it, or alone."""
    families = result.documents.column("family").to_pylist()
    kept = result.documents.column("kept_doc").to_pylist()
    return [-1 - copy if family is None else family for family, copy in zip(families, kept, strict=True)]


def labels(result: Result) -> list[str]:
    """What every document is said to be: near (a copy, or in a family that differs by edits), templated, or nothing."""
    kept = result.documents.column("kept_doc").to_pylist()
    copied = {copy for doc, copy in enumerate(kept) if copy != doc}
    said = []
    for doc, family in enumerate(result.documents.column("family").to_pylist()):
        if kept[doc] != doc or doc in copied:
            said.append("near")
        elif family is None:
            said.append("")
        else:
            said.append("templated" if family <= len(result.templates) else "near")
    return said


def found(template: Template, values: Values | None) -> list[Found] | None:
    """The values that are not empty."""
    if values is None:
        return None
    spans = []
    for slot in template.slots():
        type_ = template.variables[slot.variable].type
        for span in values.slots[slot.number]:
            if span.end > span.start:
                spans.append(Found(span.start, span.end, slot.number, slot.variable, type_))
    return sorted(spans)
