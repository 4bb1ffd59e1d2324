"""What was found in families against what was planted there: characters, spans, types, links, whole templates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from benchmarks.templates import Answer, Found
from benchmarks.templates.planted import Family, Member, Planted, numbering

RATIOS = {
    "precision": ("right_characters", "found_characters"),
    "recall": ("right_characters", "characters"),
    "f1": ("right_characters_twice", "characters_both"),
    "span_precision": ("right_found_spans", "found_spans"),
    "span_recall": ("right_spans", "spans"),
    "span_f1": ("right_spans_both", "spans_both"),
    "type_accuracy": ("right_types", "matched_columns"),
    "exact_template_rate": ("exact_templates", "families"),
    "exact_member_rate": ("exact_members", "scored_members"),
    "exact_column_rate": ("exact_columns", "columns"),
    "link_precision": ("right_links", "found_links"),
    "link_recall": ("right_links", "links"),
    "link_f1": ("right_links_twice", "links_both"),
    "round_trip": ("restored", "plain_members"),
    "refused_share": ("refused", "scored_members"),
    "edits_per_member": ("edits", "scored_members"),
    "compression_mean": ("compression_sum", "compressed"),
    "concentration_mean": ("concentration_sum", "compressed"),
    "ms_per_member": ("milliseconds", "members"),
    "building_ms_per_member": ("building_milliseconds", "members"),
}
MOST_SCORED = 60
"""Members of a large family that are looked at, evenly spread: reading the truth costs more than matching."""


def count_family(family: Family, answer: Answer) -> Counter[str]:
    """All counts of one family; counts of several add up."""
    step = max(1, len(family.members) // MOST_SCORED)
    chosen = range(0, len(family.members), step)
    members = [family.members[at] for at in chosen]
    found = [answer.members[at] or [] for at in chosen]
    counts = Counter(families=1, members=len(family.members), scored_members=len(members))
    counts["refused"] = sum(answer.members[at] is None for at in chosen)
    ignored = [_ignored(member, family.asked) for member in members]
    exact = 0
    for member, spans, ignore in zip(members, found, ignored, strict=True):
        truth = [slot for slot in member.slots if slot.column in family.asked]
        exact += _count_characters(member, truth, spans, ignore, counts)
        _count_spans(truth, spans, ignore, counts)
    counts["exact_members"] = exact
    counts["exact_templates"] = int(exact == len(members))
    _count_columns(family.asked, members, found, counts)
    if answer.restored:
        plain = [at for at in chosen if not family.members[at].noisy]
        counts["plain_members"] = len(plain)
        counts["restored"] = sum(answer.restored[at] for at in plain)
    counts["edits"] = sum(answer.edits[at] for at in chosen) if answer.edits else 0
    if not np.isnan(answer.compression):
        counts["compressed"] = 1
        counts["compression_sum"] = answer.compression
        counts["concentration_sum"] = answer.concentration
    counts["building_milliseconds"] = 1000 * answer.building
    counts["milliseconds"] = 1000 * (answer.building + answer.matching)
    return counts


def finish(counts: Counter[str]) -> Counter[str]:
    """The sums that harmonic means are quotients of."""
    counts["right_characters_twice"] = 2 * counts["right_characters"]
    counts["characters_both"] = counts["characters"] + counts["found_characters"]
    # Where two planted values touch, one found span may be both of them: each side has a count of its own.
    counts["right_spans_both"] = counts["right_spans"] + counts["right_found_spans"]
    counts["spans_both"] = counts["spans"] + counts["found_spans"]
    counts["right_links_twice"] = 2 * counts["right_links"]
    counts["links_both"] = counts["links"] + counts["found_links"]
    for above, below in RATIOS.values():
        counts.setdefault(above, 0)
        counts.setdefault(below, 0)
    return counts


def rates(counts: Counter[str]) -> dict[str, float]:
    """The quotients, nan where nothing is below the line."""
    counts = finish(Counter(counts))
    none = float("nan")
    return {name: counts[above] / counts[below] if counts[below] else none for name, (above, below) in RATIOS.items()}


def _ignored(member: Member, asked: frozenset[int]) -> np.ndarray:
    """Characters that count neither way."""
    ignored = np.zeros(len(member.text), bool)
    for slot in member.slots:
        if slot.column not in asked:
            ignored[slot.start : slot.end] = True
    for start, end in numbering(member.text):
        ignored[start:end] = True
    return ignored


def _mask(size: int, spans: Sequence[Planted | Found]) -> np.ndarray:
    mask = np.zeros(size, bool)
    for span in spans:
        mask[span.start : span.end] = True
    return mask


def _count_characters(
    member: Member, truth: Sequence[Planted], found: Sequence[Found], ignored: np.ndarray, counts: Counter[str]
) -> bool:
    """Counts characters; whether those of slots and those of words are told apart without a mistake, noise aside."""
    planted, said = _mask(len(member.text), truth), _mask(len(member.text), found)
    counts["characters"] += int((planted & ~ignored).sum())
    counts["found_characters"] += int((said & ~ignored).sum())
    counts["right_characters"] += int((planted & said & ~ignored).sum())
    return bool((planted == said)[~ignored & ~member.touched].all())


def _count_spans(truth: Sequence[Planted], found: Sequence[Found], ignored: np.ndarray, counts: Counter[str]) -> None:
    known = {(slot.start, slot.end): 1 for slot in truth}
    for (one_start, one_end), (start, end) in zip(list(known), list(known)[1:], strict=False):
        if one_end == start:
            known[one_start, end] = 2
    spans = {(span.start, span.end) for span in found if span.end > span.start}
    spans = {(start, end) for start, end in spans if not ignored[start:end].all()}
    counts["spans"] += len(truth)
    counts["found_spans"] += len(spans)
    counts["right_found_spans"] += len(spans & known.keys())
    counts["right_spans"] += sum(known[span] for span in spans & known.keys())


def _count_columns(
    asked: frozenset[int], members: Sequence[Member], found: Sequence[Sequence[Found]], counts: Counter[str]
) -> None:
    """Types, links and exact columns: a column is that slot in which more than half of its characters lie."""
    overlap: dict[int, Counter[int]] = defaultdict(Counter)
    size: Counter[int] = Counter()
    slots: dict[int, Found] = {}
    truth: dict[int, Planted] = {}
    broken: set[int] = set()
    for member, spans in zip(members, found, strict=True):
        owner = np.full(len(member.text), -1, np.int64)
        for span in spans:
            owner[span.start : span.end] = span.slot
            slots.setdefault(span.slot, span)
        for planted in member.slots:
            if planted.column in asked:
                truth.setdefault(planted.column, planted)
                size[planted.column] += planted.end - planted.start
                overlap[planted.column].update(owner[planted.start : planted.end].tolist())
        broken |= _broken(member, spans) & asked
    matched: dict[int, Found] = {}
    for column, owners in overlap.items():
        del owners[-1]
        number, most = max(owners.items(), key=lambda item: item[1], default=(-1, 0))
        if 2 * most > size[column]:
            matched[column] = slots[number]
    counts["columns"] += len(truth)
    counts["exact_columns"] += len(truth) - len(broken)
    _count_types(truth, matched, counts)
    _count_links(truth, matched, counts)


def _broken(member: Member, found: Sequence[Found]) -> set[int]:
    """Columns of which a value that no noise touches is not exact."""
    exact = {(span.start, span.end) for span in found}
    return {
        slot.column
        for slot in member.slots
        if (slot.start, slot.end) not in exact and not member.touched[max(0, slot.start - 1) : slot.end + 1].any()
    }


def _count_types(truth: dict[int, Planted], matched: dict[int, Found], counts: Counter[str]) -> None:
    counts["matched_columns"] += len(matched)
    for column, slot in matched.items():
        planted = truth[column].type
        counts["right_types"] += slot.type == planted
        counts[f"type {planted}"] += 1
        counts[f"type {planted} as {slot.type}"] += 1


def _count_links(truth: dict[int, Planted], matched: dict[int, Found], counts: Counter[str]) -> None:
    for a, b in combinations(truth, 2):
        linked = truth[a].variable == truth[b].variable
        both = a in matched and b in matched
        said = both and matched[a].variable == matched[b].variable and matched[a].variable >= 0
        counts["links"] += linked
        counts["found_links"] += said
        counts["right_links"] += linked and said
