"""Two texts → their tokens, and the places where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dedup.documents.normalise import normalise, token_spans
from dedup.reasons.align import places

Stretches = Sequence[tuple[int, int]]

# Tokens of a differing place, start and end in a and in b.
Place = Sequence[int]

# So many tokens that stand elsewhere in the other text are shown as moved.
LEAST_MOVED = 16
# Characters of a long text that are composed at once; see `_spans`.
CHUNK = 1 << 14


class Part(NamedTuple):
    """A place where two texts differ; offsets count code points of each text.

    Attributes
    ----------
    kind : str
        "changed", "only_a", "only_b", "moved" (it stands elsewhere in the other text), or "boilerplate" (set aside, so
        it does not count as a difference).
    start_a, end_a, start_b, end_b : int
        An empty side stands behind the token before it.
    text_a, text_b : str
        As they stand in the texts.
    """

    kind: str
    start_a: int
    end_a: int
    text_a: str
    start_b: int
    end_b: int
    text_b: str


class Tokens(NamedTuple):
    """The tokens of a text and where they stand.

    Attributes
    ----------
    text : str
    codes : ``[m] uint32``
        In the text view, without words.
    start, end : ``[m] int64``
        Code points.
    place : ``[c] int64``
        Which of them count: those outside boilerplate.
    """

    text: str
    codes: np.ndarray
    start: np.ndarray
    end: np.ndarray
    place: np.ndarray

    def all_count(self) -> bool:
        """Whether nothing is left out."""
        return len(self.place) == len(self.codes)

    def counted(self) -> np.ndarray:
        """The codes that count, ``[c] uint32``."""
        return self.codes if self.all_count() else self.codes[self.place]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Code points of tokens `first` to `last`, of all of them; of none, the place behind the one before."""
        if first < last:
            return int(self.start[first]), int(self.end[last - 1])
        at = int(self.end[first - 1]) if first else 0
        return at, at


def read_tokens(text: str, aside: Stretches = ()) -> Tokens:
    """The tokens of a text; those that begin in a stretch of `aside` do not count."""
    codes, start, end = _spans(text)
    place = np.arange(len(codes))
    if len(aside):
        edges = np.array(aside, np.int64).reshape(-1)
        place = np.flatnonzero(np.searchsorted(edges, start, side="right") % 2 == 0)
    return Tokens(text, codes, start, end, place)


def _spans(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`token_spans`, of a long text chunk by chunk.

    A single combining mark makes it compose all that it is given in Python, which takes 7 s for 5 MB.
    """
    if len(text) <= 2 * CHUNK:
        return token_spans(text)
    cuts = [0]
    while (cut := text.find("\n", cuts[-1] + CHUNK) + 1) > 0:
        cuts.append(cut)
    parts = [token_spans(text[a:b]) for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]
    codes = np.concatenate([part[0] for part in parts])
    if not np.array_equal(codes, normalise(text)):  # a token reaches over a line end
        return token_spans(text)
    start, end = (np.concatenate([part[i] + cut for part, cut in zip(parts, cuts, strict=True)]) for i in (1, 2))
    return codes, start, end


def inside(starts: np.ndarray, lengths: np.ndarray, size: int) -> np.ndarray:
    """Which of `size` tokens stand in one of some stretches, ``bool``."""
    steps = np.zeros(size + 1, np.int64)
    np.add.at(steps, starts, 1)
    np.add.at(steps, starts + lengths, -1)
    return np.cumsum(steps[:-1]) > 0


def within(passages: np.ndarray, side: int, size: int) -> np.ndarray:
    """Which of `size` tokens of one side stand in a passage, ``bool``."""
    starts, ends = passages[:, 2 * side], passages[:, 2 * side + 1]
    return inside(starts, ends - starts, size)


def differing_parts(one: Tokens, two: Tokens, blocks: np.ndarray, moved: np.ndarray) -> Iterator[Part]:
    """The places where two texts differ, in order.

    Parameters
    ----------
    one, two : Tokens
    blocks : ``[k, 3] int64``
        As `dedup.reasons.align.align` gives them for the tokens that count.
    moved : ``[p, 4 or more] int64``
        Start and end in a, start and end in b, of what both texts hold in other places, in tokens that count.
    """
    whole = _whole_blocks(blocks, one, two)
    plain = one.all_count() and two.all_count()
    counts = [_counts(tokens) for tokens in (one, two)]
    gone = _elsewhere(one, moved, 0), _elsewhere(two, moved, 1)
    for place in places(whole, len(one.codes), len(two.codes)).tolist():
        for trimmed in [place] if plain else _split(place, counts):
            for (i, p, j, q), apart in _by_place(trimmed, gone):
                kind = "moved" if apart else _kind(counts[0][p] - counts[0][i], counts[1][q] - counts[1][j])
                (start_a, end_a), (start_b, end_b) = one.span(i, p), two.span(j, q)
                texts = one.text[start_a:end_a], two.text[start_b:end_b]
                yield Part(kind, start_a, end_a, texts[0], start_b, end_b, texts[1])


def _kind(tokens_a: int, tokens_b: int) -> str:
    if not (tokens_a or tokens_b):
        return "boilerplate"
    return "changed" if tokens_a and tokens_b else "only_a" if tokens_a else "only_b"


def _counts(tokens: Tokens) -> np.ndarray:
    """Of every place between tokens: how many before it count, ``[m + 1] int64``."""
    counts = np.zeros(len(tokens.codes) + 1, np.int64)
    counts[tokens.place + 1] = 1
    return np.cumsum(counts)


def _elsewhere(tokens: Tokens, moved: np.ndarray, side: int) -> np.ndarray:
    """Which of all tokens stand in another place of the other text, ``[m] bool``."""
    flags = np.zeros(len(tokens.codes), bool)
    flags[tokens.place] = within(moved, side, len(tokens.place))
    return flags


def _by_place(place: Place, gone: tuple[np.ndarray, np.ndarray]) -> Iterator[tuple[Place, bool]]:
    """A differing place, what stands elsewhere in the other text taken apart: that is told by the flag."""
    left, right = _runs(gone[0], *place[:2]), _runs(gone[1], *place[2:])
    i, j = place[0], place[2]
    while left or right:
        apart = bool(left and left[0][1]), bool(right and right[0][1])
        p = left.pop(0)[0] if left and (apart[0] or not apart[1]) else i
        q = right.pop(0)[0] if right and not apart[0] else j
        yield (i, p, j, q), any(apart)
        i, j = p, q


def _runs(flags: np.ndarray, first: int, last: int) -> list[tuple[int, bool]]:
    """Where each run of equal flags ends between two places; short runs of set ones do not count."""
    if last - first < LEAST_MOVED:
        return [(last, False)] if first < last else []
    mine = np.concatenate([[False], flags[first:last], [False]])
    edges = np.flatnonzero(mine[1:] != mine[:-1]).reshape(-1, 2)
    runs, at = [], 0
    for start, end in edges[edges[:, 1] - edges[:, 0] >= LEAST_MOVED].tolist():
        runs += [(first + start, False)] if start > at else []
        runs.append((first + end, True))
        at = end
    return [*runs, (last, False)] if first + at < last else runs


def _whole_blocks(blocks: np.ndarray, one: Tokens, two: Tokens) -> np.ndarray:
    """Blocks of tokens that count → blocks of all tokens, cut where boilerplate stands between."""
    if one.all_count() and two.all_count():
        return blocks
    cuts = [np.zeros((0, 3), np.int64)]
    for start_a, start_b, length in blocks.tolist():
        a, b = one.place[start_a : start_a + length], two.place[start_b : start_b + length]
        firsts = np.concatenate([[0], np.flatnonzero((np.diff(a) != 1) | (np.diff(b) != 1)) + 1])
        cuts.append(np.column_stack([a[firsts], b[firsts], np.diff(firsts, append=length)]))
    return np.concatenate(cuts)


def _trim(counts: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """Tokens `first` to `last` without those at either end that do not count."""
    begin = min(int(np.searchsorted(counts, counts[first], side="right")) - 1, last)
    return begin, max(int(np.searchsorted(counts, counts[last], side="left")), begin)


def _split(place: Place, counts: list[np.ndarray]) -> Iterator[Place]:
    """A differing place, with boilerplate at its beginning and its end taken apart."""
    i, p, j, q = place
    (begin_a, end_a), (begin_b, end_b) = _trim(counts[0], i, p), _trim(counts[1], j, q)
    for stretch in ((i, begin_a, j, begin_b), (begin_a, end_a, begin_b, end_b), (end_a, p, end_b, q)):
        if stretch[0] < stretch[1] or stretch[2] < stretch[3]:
            yield stretch
