"""Two texts → why they are linked or not: likeness, label and rule, shared passages, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dedup.config import Config
from dedup.documents.normalise import Codes, normalise, pattern
from dedup.matches.verify import verify_pairs
from dedup.reasons.align import align
from dedup.reasons.differences import Part, Stretches, Tokens, differing_parts, inside, read_tokens, within
from dedup.reasons.label import Labels, Overlap, label_pairs, why
from dedup.reuse.matches import find_matches

# A text of which so much stands in another is said to stand in it.
STANDS = 0.8
# Passages of two texts that are looked at, longest first.
MOST_PASSAGES = 10_000


class SharedPassage(NamedTuple):
    """A passage that stands in both texts: its tokens, where, and the share of them that are equal."""

    length: int
    start_a: int
    end_a: int
    start_b: int
    end_b: int
    identity: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why two texts are linked, or not.

    Attributes
    ----------
    label : str
        "exact", "near", "templated", "partial", "boilerplate", or "".
    rule : str
        What gave the label, as a sentence.
    similarity, containment_a, containment_b : float
        Of the shingle sets in the text view: their Jaccard similarity, which a run compares with its threshold, and the
        share of each that stands in the other.
    pattern_similarity, pattern_containment_a, pattern_containment_b : float
        The same in the pattern view, where all numbers and masks are alike.
    tokens_a, tokens_b : int
        Lengths in the text view, boilerplate left out.
    coverage_a, coverage_b : float
        Share of each text that stands in the other in the same order.
    share_a, share_b : float
        Share of each text that stands in the other in any order, as far as it was found.
    identity : float
        Share of equal tokens among those that stand against each other.
    direction : str
        For a text that stands in another: which in which, and how much of either.
    passages : tuple of SharedPassage
        Longest first.
    parts : tuple of Part
        What differs, in the order of the texts.
    boilerplate_a, boilerplate_b : tuple of (start, end)
        Stretches that were set aside, in code points.
    advice : str
        What to do about the two.
    """

    label: str
    rule: str
    similarity: float
    containment_a: float
    containment_b: float
    pattern_similarity: float
    pattern_containment_a: float
    pattern_containment_b: float
    tokens_a: int
    tokens_b: int
    coverage_a: float
    coverage_b: float
    share_a: float
    share_b: float
    identity: float
    direction: str
    passages: tuple[SharedPassage, ...]
    parts: tuple[Part, ...]
    boilerplate_a: tuple[tuple[int, int], ...]
    boilerplate_b: tuple[tuple[int, int], ...]
    advice: str

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        values["passages"] = [passage._asdict() for passage in self.passages]
        values["parts"] = [part._asdict() for part in self.parts]
        for side in ("boilerplate_a", "boilerplate_b"):
            values[side] = [list(stretch) for stretch in values[side]]
        return values


def explain(
    a: str, b: str, config: Config | None = None, *, aside_a: Stretches = (), aside_b: Stretches = ()
) -> Explanation:
    """Why two texts are linked, or not.

    Parameters
    ----------
    a, b : str
    config : Config, optional
        Its `threshold`, `n`, `tokens`, `length`, `identity` and `remove` are used.
    aside_a, aside_b : sequence of (start, end), optional
        Boilerplate, in code points, ascending: left out of everything and shown as such.

    Returns
    -------
    Explanation

    Notes
    -----
    About linear: some .3 s a megabyte of each text, most of it for sorting shingles.
    """
    config = config or Config()
    one, two = read_tokens(a, aside_a), read_tokens(b, aside_b)
    likeness = _likeness(one, two, config)
    blocks = align(one.counted(), two.counted())
    passages = shared_passages(one, two, config)
    labels = label_two(one, two, likeness, passages, config)
    label = str(labels.names()[0])
    sizes = len(one.place), len(two.place)
    moved = passages[_are_moved(passages, blocks)]
    shares = tuple(
        float((inside(blocks[:, side], blocks[:, 2], size) | within(moved, side, size)).mean()) if size else 0.0
        for side, size in enumerate(sizes)
    )
    return Explanation(
        label=label,
        rule=why(labels, 0),
        **likeness._asdict(),
        coverage_a=float(labels.coverage_a[0]),
        coverage_b=float(labels.coverage_b[0]),
        share_a=shares[0],
        share_b=shares[1],
        identity=float(labels.identity[0]),
        direction=direction(label, *shares),
        passages=tuple(_in_points(one, two, passages)),
        parts=tuple(differing_parts(one, two, blocks, moved)),
        boilerplate_a=tuple((int(start), int(end)) for start, end in aside_a),
        boilerplate_b=tuple((int(start), int(end)) for start, end in aside_b),
        advice=advise(label, config),
    )


# -- how alike -----------------------------------------------------------------------------------------------------


class Likeness(NamedTuple):
    """Similarities and containments of two texts in both views, and their lengths."""

    similarity: float
    containment_a: float
    containment_b: float
    pattern_similarity: float
    pattern_containment_a: float
    pattern_containment_b: float
    tokens_a: int
    tokens_b: int


def _likeness(one: Tokens, two: Tokens, config: Config) -> Likeness:
    a, b = (measured_codes(tokens, config) for tokens in (one, two))
    return Likeness(*_overlap(a, b, config), *_overlap(pattern(a), pattern(b), config), len(a), len(b))


def measured_codes(tokens: Tokens, config: Config) -> np.ndarray:
    """The codes that a run compares."""
    if config.tokens == "auto":
        return tokens.counted()
    left = np.ones(len(tokens.codes), bool)
    left[tokens.place] = False
    gone = zip(tokens.start[left].tolist(), tokens.end[left].tolist(), strict=True)
    text, at, kept = tokens.text, 0, []
    for start, end in gone:
        kept.append(text[at:start])
        at = end
    return normalise("".join([*kept, text[at:]]), tokens=config.tokens)


def _overlap(a: np.ndarray, b: np.ndarray, config: Config) -> tuple[float, float, float]:
    """Jaccard similarity and both containments of two texts' shingle sets, as a run proves them; 0 without tokens."""
    with ThreadPoolExecutor(1) as executor:
        pair = np.array([1], np.uint64)  # row 0 and row 1
        found = verify_pairs(
            _two_rows(a, b), np.arange(2), pair, n=config.n, seed=config.seed, floor=0.0, executor=executor
        )
    shared, size_a, size_b = (int(column[0]) for column in found[2:])
    return shared / max(1, size_a + size_b - shared), shared / max(1, size_a), shared / max(1, size_b)


def _two_rows(a: np.ndarray, b: np.ndarray) -> Codes:
    return Codes(np.concatenate([a, b]), np.array([0, len(a), len(a) + len(b)]))


# -- passages ------------------------------------------------------------------------------------------------------


def shared_passages(one: Tokens, two: Tokens, config: Config) -> np.ndarray:
    """Passages of at least ``config.length`` tokens that stand in both texts, ``[p, 5] int64``, longest first.

    Columns: start and end in a, start and end in b, equal tokens; all in tokens that count.
    """
    codes = _two_rows(one.counted(), two.counted())
    with ThreadPoolExecutor(1) as executor:
        found, _ = find_matches(codes, length=config.length, cap=2, identity=config.identity, executor=executor)
    found = found.take(found.a != found.b)
    table = np.column_stack([found.start_a, found.end_a, found.start_b, found.end_b, found.equal])
    table = table[np.lexsort((table[:, 2], table[:, 0], -table[:, 4]))]
    return _without_echoes(table, (len(one.place), len(two.place)), config.length // 2)


def _without_echoes(passages: np.ndarray, sizes: tuple[int, int], least: int) -> np.ndarray:
    """Passages that say something the longer ones before them do not.

    A text that repeats itself matches the other at every distance of its repeats.
    """
    seen = [np.zeros(size, bool) for size in sizes]
    kept = []
    for number, (start_a, end_a, start_b, end_b, _) in enumerate(passages[:MOST_PASSAGES].tolist()):
        sides = seen[0][start_a:end_a], seen[1][start_b:end_b]
        if any(len(side) - np.count_nonzero(side) >= least for side in sides):
            kept.append(number)
            for side in sides:
                side[:] = True
    return passages[kept]


def _are_moved(passages: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Which passages stand elsewhere in the other text than the alignment says, ``[p] bool``."""
    flags = np.zeros(len(passages), bool)
    first = np.searchsorted(blocks[:, 0] + blocks[:, 2], passages[:, 0], side="right").tolist()
    last = np.searchsorted(blocks[:, 0], passages[:, 1]).tolist()
    for number, (start_a, end_a, start_b, end_b, equal) in enumerate(passages.tolist()):
        near = blocks[first[number] : last[number]]
        begin = np.maximum(np.maximum(start_a - near[:, 0], start_b - near[:, 1]), 0)
        end = np.minimum(np.minimum(end_a - near[:, 0], end_b - near[:, 1]), near[:, 2])
        flags[number] = 2 * np.maximum(end - begin, 0).sum() < equal
    return flags


def _in_points(one: Tokens, two: Tokens, passages: np.ndarray) -> Iterator[SharedPassage]:
    for start_a, end_a, start_b, end_b, equal in passages.tolist():
        a, b = one.place[start_a:end_a], two.place[start_b:end_b]
        length = max(end_a - start_a, end_b - start_b)
        yield SharedPassage(length, *one.span(a[0], a[-1] + 1), *two.span(b[0], b[-1] + 1), round(equal / length, 4))


# -- label ---------------------------------------------------------------------------------------------------------


def label_two(one: Tokens, two: Tokens, likeness: Likeness, passages: np.ndarray, config: Config) -> Labels:
    """The label of two texts, by the rules that a run goes by."""
    sizes = len(one.place), len(two.place)
    covered = [int(within(passages, side, size).sum()) for side, size in enumerate(sizes)]
    longest = int((passages[:, 1] - passages[:, 0]).max(initial=0))
    furniture = _furniture(one), _furniture(two)
    both = set(furniture[0]) & set(furniture[1])
    common = [sum(size for key, size in lines.items() if key in both) for lines in furniture]
    shared = Overlap(*(np.array([value]) for value in (*covered, longest, *common)))
    with ThreadPoolExecutor(1) as executor:
        return label_pairs(
            _two_rows(one.counted(), two.counted()),
            np.array([0]),
            np.array([1]),
            similarity=np.array([likeness.similarity]),
            threshold=config.threshold,
            executor=executor,
            shared=shared,
        )


def _furniture(tokens: Tokens) -> dict[bytes, int]:
    """The stretches that were set aside, in the pattern view, and their tokens."""
    gone = np.ones(len(tokens.codes), bool)
    gone[tokens.place] = False
    edges = np.flatnonzero(np.diff(gone, prepend=False, append=False)).reshape(-1, 2).tolist()
    return {pattern(tokens.codes[first:last]).tobytes(): last - first for first, last in edges}


def direction(label: str, share_a: float, share_b: float) -> str:
    """Which text stands in which, in words, where one does."""
    if label != "partial":
        return ""
    inner, outer, of_inner, of_outer = (
        ("B", "A", share_b, share_a) if share_b >= share_a else ("A", "B", share_a, share_b)
    )
    verb = "stands" if of_inner >= STANDS else "stands in part"
    return f"{inner} {verb} in {outer}: {of_inner:.3f} of {inner}, {of_outer:.3f} of {outer}"


def advise(label: str, config: Config) -> str:
    """What to do about two documents with this label, in one sentence."""
    removed = config.removed_labels()
    if label == "exact":
        return "equal texts are removed but for one"
    if label in removed:
        left = ",".join(name for name in removed if name != label)
        return f"{NAMES[label]} are removed; --remove {left} keeps them"
    if label in NAMES:
        wanted = ",".join(dict.fromkeys([*removed, label]))
        more = "; `dedup passages --cut` cuts out what is said twice" if label == "partial" else ""
        return f"{NAMES[label]} are kept; --remove {wanted} removes them{more}"
    if label == "boilerplate":
        return "both are kept; --boilerplate auto sets lines of the site aside before anything is compared"
    return "both are kept; nothing to do"


NAMES = {"near": "near copies", "templated": "templated documents", "partial": "documents that stand in others"}
